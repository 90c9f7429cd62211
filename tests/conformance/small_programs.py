"""Programs written by hand, a line a step: what the tests of the interpreter and of the comparison run."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest

from conformance.interpreter.interpreter import run
from conformance.program import (
    Bind,
    Call,
    Delete,
    Enter,
    Exit,
    Float,
    Function,
    Get,
    Global,
    List,
    Method,
    Operand,
    Operator,
    Program,
    Raise,
    Ref,
    Set,
    Step,
    TensorLiteral,
    Tuple,
)
from conformance.trace import StepTrace


def tensor(values: Any, dtype: str = "float32") -> TensorLiteral:
    array = np.asarray(values, dtype=dtype)
    return TensorLiteral(dtype, array.shape, array.tobytes())


def operand(value: Any) -> Operand:
    """Strings that begin with ``$`` are names; numbers, lists and tuples stand for themselves."""
    if isinstance(value, str) and value.startswith("$"):
        return Ref(value[1:])
    if isinstance(value, float):
        return Float.of(value)
    if isinstance(value, tuple):
        return Tuple(tuple(map(operand, value)))
    if isinstance(value, list):
        return List(tuple(map(operand, value)))
    return value  # type: ignore[no-any-return]


def bind(out: str, value: Any) -> Step:
    return Bind(out=out, value=operand(value))


def call(path: str, *args: Any, out: str | None = None, drops: tuple[str, ...] = (), **kwargs: Any) -> Step:
    function = operand(path) if path.startswith("$") else Global(path)
    return Call(
        function=function,
        args=tuple(map(operand, args)),
        kwargs={key: operand(value) for key, value in kwargs.items()},
        out=out,
        drops=drops,
    )


def method(
    self: Any, name: str, *args: Any, out: str | None = None, drops: tuple[str, ...] = (), **kwargs: Any
) -> Step:
    return Method(
        self=operand(self),
        name=name,
        args=tuple(map(operand, args)),
        kwargs={key: operand(value) for key, value in kwargs.items()},
        out=out,
        drops=drops,
    )


def op(operator: str, *args: Any, out: str | None = None, drops: tuple[str, ...] = ()) -> Step:
    return Operator(operator=operator, args=tuple(map(operand, args)), out=out, drops=drops)


def get(self: Any, name: str, out: str | None = None, drops: tuple[str, ...] = ()) -> Step:
    return Get(self=operand(self), name=name, out=out, drops=drops)


def set_(self: Any, name: str, value: Any) -> Step:
    return Set(self=operand(self), name=name, value=operand(value))


def enter(context: Any, out: str | None = None) -> Step:
    return Enter(context=operand(context), out=out)


def exit_(context: Any, error: Raise | None = None) -> Step:
    return Exit(context=operand(context), error=error)


def delete(*names: str) -> Step:
    return Delete(drops=names)


def function(
    name: str,
    parameters: tuple[str, ...],
    *steps: Step,
    result: Any = None,
    raises: Raise | None = None,
    generator: bool = False,
) -> Function:
    return Function(name, parameters, steps, operand(result), raises, generator)


def program(*steps: Step, seed: int = 0, observe: Literal["every", "last"] = "every") -> Program:
    made = Program(steps=steps, seed=seed, observe=observe)
    made.validate()
    # What is run is what another process would read.
    return Program.from_json(made.to_json())


def steps(*of: Step, **options: Any) -> tuple[StepTrace, ...]:
    """What PyTorch does in each of the steps."""
    return run(program(*of, **options), pytest.importorskip("torch")).steps


def value(trace: StepTrace, name: str) -> bytes:
    return trace.changes[name].value.data  # type: ignore[union-attr]


def leaf(name: str, values: Any, dtype: str = "float32") -> tuple[Step, Step]:
    """Two steps that bind `name` to a leaf that requires grad."""
    return bind(f"{name}_", tensor(values, dtype)), method(f"${name}_", "requires_grad_", out=name, drops=(f"{name}_",))
