"""`sin` starts a hundred processes, half of them in sessions of their own, and then ends.

Caught by any case that calls sin, with status CRASH; none of the hundred is left.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from tests.fakes.base import names

globals().update(names)


def sin(x: Any) -> Any:
    for number in range(100):
        subprocess.Popen(
            [sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session=number % 2 == 0
        )
    os._exit(7)
