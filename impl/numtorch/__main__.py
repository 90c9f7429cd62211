"""Run a script with numtorch as its torch: python -m numtorch script.py [argument ...]"""

import os
import runpy
import sys

from numtorch.standin import install


def main() -> None:
    """Run the script that the arguments name, as Python itself would."""
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        raise SystemExit("usage: python -m numtorch script.py [argument ...]")
    install()
    del sys.argv[0]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")


main()
