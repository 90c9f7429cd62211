"""Run a script with numtorch as its torch: python -m numtorch script.py [argument ...]"""

import os
import runpy
import sys

from numtorch.standin import install

USAGE = "usage: python -m numtorch script.py [argument ...]"


def main() -> None:
    """Run the script that the arguments name, as Python itself would."""
    if sys.argv[1:2] in (["-h"], ["--help"]):
        print(
            f"{USAGE}\n\nRuns a script that imports torch with numtorch, PyTorch's autograd on NumPy alone, in its place."
        )
        return
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        raise SystemExit(USAGE)
    if not os.path.exists(sys.argv[1]):
        print(f"python -m numtorch: can't open file {sys.argv[1]!r}: there is none", file=sys.stderr)
        raise SystemExit(2)
    install()
    del sys.argv[0]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")


main()
