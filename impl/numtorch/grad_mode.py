"""Whether operations are recorded: per thread, with a global count so that the usual answer costs one comparison.

`disabled` counts the threads in which grad mode is off. While it is 0, which is nearly always, an operator does not look
at thread-local state at all.
"""

from __future__ import annotations

import threading

disabled = 0
_lock = threading.Lock()


class _State(threading.local):
    grad = True
    inference = False


state = _State()


def is_grad_enabled() -> bool:
    """Whether grad mode is on in this thread."""
    return state.grad


def set_grad(mode: bool) -> None:
    """Switch grad mode in this thread."""
    global disabled
    if state.grad is not mode:
        state.grad = mode
        with _lock:
            disabled += -1 if mode else 1


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on in this thread."""
    return state.inference
