"""PyTorch with another default dtype, or on another device: what a program leaves open is another thing than usual.

Each program is first run with the usual defaults, to see whether its outcome hangs on them: whether it draws random numbers,
which are other ones, and which of its steps raise, or answer yes or no. Where that is not the same the program is not
supported; all others are compared.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from conformance.interpreter.interpreter import Session, run
from conformance.interpreter.namespace import DTYPES
from conformance.program import Program
from conformance.subjects.base import SubjectUnavailable, SubjectUnsupported
from conformance.subjects.inprocess import InProcess, observable
from conformance.trace import FACETS, StepTrace, Trace

_BY_DTYPE = frozenset(["dtype", "repr", "message", "graph", "version", "alias", "identity"])
"""What follows from where a result is converted from one dtype to the other."""

_BY_DEVICE = frozenset(["repr", "message", "graph", "warning", "hooks"])
"""What names the device, or the kernels that it has of its own; and what overrides are given, as a mode stands before them."""


class WithDefault(InProcess):
    """A module, with something that `choose` sets before every program, and `restore` sets back."""

    def __init__(
        self,
        module: types.ModuleType,
        name: str,
        hidden: frozenset[str],
        choose: Callable[[], Any],
        restore: Callable[[], Any],
    ) -> None:
        super().__init__(module, name, frozenset(observable(module) or FACETS) - hidden)
        self._choose, self._restore = choose, restore

    def run(self, program: Program) -> Trace:
        usual, draws = self._begun(program, frozenset({"raised"}), lambda: None)
        if draws:
            raise SubjectUnsupported("no random numbers")
        try:
            made, _ = self._begun(program, self.facets, self._choose)
        finally:
            self._restore()
        for number, (one, other) in enumerate(zip(usual.steps, made.steps, strict=True)):
            if _ended(one) != _ended(other):
                raise SubjectUnsupported(f"the outcome of step {number} hangs on the default")
        return made

    def _begun(self, program: Program, facets: frozenset[str] | None, choose: Callable[[], None]) -> tuple[Trace, bool]:
        """What a program does after `choose`, and whether it drew random numbers."""
        state = None

        def begin(_: Session, number: int) -> None:
            # Not earlier: a session begins by bringing everything to where PyTorch has it.
            nonlocal state
            if not number:
                state = self.module.get_rng_state()
                choose()

        trace = run(program, self.module, facets, before=begin)
        return trace, state is not None and not bool((state == self.module.get_rng_state()).all())


def _ended(step: StepTrace) -> tuple[Any, ...]:
    answer = step.result if isinstance(step.result, bool) else None
    return step.outcome, step.error and step.error.code, answer


def with_dtype(module: types.ModuleType, name: str, value: str) -> InProcess:
    """What a program makes without saying of which dtype has this one. The tensors that it begins with say theirs."""
    dtype = getattr(module, value, None) if value in DTYPES else None
    if dtype is None:
        raise SubjectUnavailable(f"torchstone: {name!r} names no dtype, as torch:dtype=float64 does")
    usual = module.get_default_dtype()
    try:
        module.set_default_dtype(dtype)
    except TypeError as error:
        raise SubjectUnavailable(f"torchstone: {value} cannot be the default dtype: {error}") from error
    module.set_default_dtype(usual)
    # Sessions set the usual one back themselves.
    return WithDefault(module, name, _BY_DTYPE, lambda: module.set_default_dtype(dtype), lambda: None)


def on_device(module: types.ModuleType, name: str, value: str) -> InProcess:
    """Everything that a program makes is made there."""
    try:
        numbers = module.ones(2, device=value).cpu().tolist()
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise SubjectUnavailable(
            f"torchstone: {name!r}: PyTorch cannot compute on {value or 'no device'!r} here: {reason}"
        ) from error
    assert numbers == [1.0, 1.0]
    return WithDefault(
        module, name, _BY_DEVICE, lambda: module.set_default_device(value), lambda: module.set_default_device(None)
    )
