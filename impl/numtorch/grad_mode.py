"""Whether operations are recorded: per thread, with a global count so that the usual answer costs one comparison.

`disabled` counts, by its length, the threads in which grad mode is off, and the saved-tensor hooks in force (which whoever
sets `before_write` has set, too). While it is empty, which is nearly always, an operator does not look at thread-local
state at all. A list grows and shrinks without a lock, which takes longer than all else that `no_grad` does. A thread that
ends takes what it counts for along: workers that switch grad mode off for good slow nobody down once they are gone.
"""

from __future__ import annotations

import threading
from typing import Any

disabled: list[None] = []
watches = False  # whether some thread ever set `before_write`


class _Ending:
    """What happens as a thread ends: it dies then, while the modes that the thread has set are still to be seen."""

    def __init__(self, modes: dict[str, Any]) -> None:
        self.modes = modes

    def __del__(self, counted: list[None] = disabled) -> None:
        own = (not self.modes.get("grad", True)) + len(self.modes.get("pack_hooks", ()))
        del counted[:own]


_ends = threading.local()  # not a part of the modes: there, it and the modes would keep each other alive


class _State(threading.local):
    grad: bool  # whether operations are recorded: grad mode is on, and inference mode is off
    mode: bool  # grad mode, as it was set
    multithreading: bool  # set_multithreading_enabled: the engine runs in the thread that calls it either way
    forward: bool | None  # whether forward mode may be used; None while its own rules compute
    grad = mode = multithreading = forward = True  # in a new thread
    inference = False
    below_inference = False  # an operator runs below a transform that began in inference mode (_functorch/inference.py)
    pack_hooks: tuple[Any, ...] = ()  # pairs of saved_tensors_hooks, innermost last
    results_later: Any = None  # saved_hooks.Results, which are packed when their tangents are there
    before_write: Any = None  # what is told of each tensor before it is written to
    hooks_disabled: str | None = None  # what to say to whoever uses them, while they are disabled
    outside_rules: bool | None = None  # grad mode as it is for all but a rule of forward mode that has set its own

    def __init__(self) -> None:  # in each thread that asks
        _ends.ending = _Ending(self.__dict__)


state = _State()


def is_grad_enabled() -> bool:
    """Whether grad mode is on in this thread; in inference mode nothing is recorded even so."""
    return state.mode


def set_grad(mode: bool) -> bool:
    """Switch grad mode in this thread; what it was."""
    modes = state.__dict__  # those of this thread that were ever set, found once
    was: bool = modes.get("mode", _State.mode)
    modes["mode"] = mode
    records = mode and not modes.get("inference", _State.inference)
    if modes.get("grad", _State.grad) is not records:
        modes["grad"] = records
        be_careful(not records)
    return was


def is_fwd_grad_enabled() -> bool:
    """Whether forward mode may be used in this thread."""
    return bool(state.forward)


def set_fwd_grad_enabled(mode: bool) -> None:
    """Allow or forbid forward mode in this thread."""
    state.forward = mode


def set_inference(inference: bool, mode: bool, forward: bool) -> None:
    """Switch inference mode, and grad mode and forward mode with it, in this thread."""
    state.inference, state.forward = inference, forward
    set_grad(mode)


def be_careful(more: bool) -> None:
    """One reason more, or less, for operators to look at what is in force."""
    if more:
        disabled.append(None)
    else:
        disabled.pop()


def watched() -> bool:
    """Whether somebody is to be told before a tensor is written to."""
    return watches and state.before_write is not None


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on in this thread."""
    return state.inference


def snapshot() -> dict[str, Any]:
    """The modes of this thread."""
    return dict(state.__dict__)


def restore(modes: dict[str, Any]) -> None:
    """Give this thread the modes of another."""
    was = state.grad
    state.__dict__.clear()
    state.__dict__.update(modes)
    if state.grad is not was:
        be_careful(was)
