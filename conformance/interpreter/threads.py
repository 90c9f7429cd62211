"""The threads of a program: each runs to its end within its `start`, so that what it does is the same in every run.

What a thread changes is seen after the step that started it, and its calls are recorded there. If it ran beside the
program, a look at a tensor would find the gradient now before and now after. Whether several passes at once disturb one
another is no question for a program: tests of the subject ask that.
"""

from __future__ import annotations

import threading
from typing import Any


class Thread(threading.Thread):
    """A thread that `start` waits for. What ends it is part of its calls' record, and goes no further."""

    def start(self) -> None:
        super().start()
        super().join()

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:
            error.__traceback__ = None  # which would keep what the function held


HOST: dict[str, Any] = {"threading.Thread": Thread}
"""What a program gets for a name of a host module in the place of Python's own."""
