"""The global state that a program starts from, and how it is brought back: modes, the default dtype, the random stream.

A program may leave gradients disabled, a dual level open, hooks on saved tensors pushed: the next one must not notice.
Whatever a namespace does not have is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.interpreter.namespace import Namespace
from conformance.program import Program


class Fresh:
    """Brings the global state of one namespace to where every program starts."""

    def __init__(self, names: Namespace) -> None:
        find = names.find
        self._set_grad = _one_of(find, "_C._set_grad_enabled", "set_grad_enabled")
        self._float32 = find("float32")
        self._default_dtype = _pair(find, "get_default_dtype", "set_default_dtype")
        generator = find("default_generator")
        # Where the generator is at hand: torch.manual_seed also visits every device, and takes 100 times as long.
        self._seed: Callable[[int], Any] | None = getattr(generator, "manual_seed", None) or find("manual_seed")
        self._is_anomaly = find("is_anomaly_enabled")
        self._set_anomaly = find("set_anomaly_enabled")
        self._multithreading = _pair(find, "_C._is_multithreading_enabled", "_C._set_multithreading_enabled")
        self._forward_mode = _pair(find, "_C._is_fwd_grad_enabled", "_C._set_fwd_grad_enabled")
        self._warn_always = _pair(find, "is_warn_always_enabled", "set_warn_always")
        self._dual_levels = find("autograd.forward_ad")
        self._warned_always = False

    def start(self, program: Program) -> None:
        """Brings every program to the same start, and lets PyTorch repeat what it warns of once per process."""
        self.restore()
        if self._warn_always is not None:
            self._warned_always = self._warn_always[0]()
            self._warn_always[1](True)
        if self._seed is not None:
            self._seed(program.seed)

    def finish(self) -> None:
        """Undoes what the program left behind, after its open contexts were closed."""
        if self._warn_always is not None:
            self._warn_always[1](self._warned_always)
        self.restore()

    def restore(self) -> None:
        if self._set_grad is not None:
            self._set_grad(True)
        if self._default_dtype is not None and self._default_dtype[0]() != self._float32:
            self._default_dtype[1](self._float32)
        if self._is_anomaly is not None and self._set_anomaly is not None and self._is_anomaly():
            self._set_anomaly(False)
        for pair in (self._multithreading, self._forward_mode):
            if pair is not None and not pair[0]():
                pair[1](True)
        levels = self._dual_levels
        while getattr(levels, "_current_level", -1) >= 0:
            before = levels._current_level
            levels.exit_dual_level()
            if levels._current_level >= before:
                break


def _one_of(find: Callable[[str], Any], *paths: str) -> Any:
    return next((found for found in map(find, paths) if found is not None), None)


def _pair(find: Callable[[str], Any], get: str, set_: str) -> tuple[Callable[[], Any], Callable[[Any], Any]] | None:
    getter, setter = find(get), find(set_)
    return None if getter is None or setter is None else (getter, setter)
