"""`sin` sleeps for ever, as a deadlocked thread pool does.

Caught by any case that calls sin, with status TIMEOUT.
"""

from __future__ import annotations

import threading
from typing import Any

from tests.fakes.base import names

globals().update(names)


def sin(x: Any) -> Any:
    threading.Event().wait()
