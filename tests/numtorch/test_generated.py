"""What is generated is fresh."""

import subprocess
import sys
from pathlib import Path

CODEGEN = Path(__file__).parents[2] / "impl" / "numtorch" / "codegen.py"


def test_dispatch_is_what_the_rows_say() -> None:
    done = subprocess.run([sys.executable, str(CODEGEN), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
