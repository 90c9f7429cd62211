"""A Program in double precision: what the oracle would have computed, had it not rounded to float32.

Floating-point literals, dtypes and the default dtype become float64 and complex128. Random numbers, and the initial weights of
modules, stay those that the oracle drew the first time, since a double-precision stream is another one. A random function that
is differentiable (dropout) draws anew; where that matters the two runs disagree, and the verdict says inconclusive.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import numpy as np

from conformance.numbers import elements
from conformance.program import Bind, Call, Enter, Global, Method, Program, Ref, Step, TensorLiteral
from conformance.trace import Array, Trace

_DTYPES = {
    "float16": "float64",
    "bfloat16": "float64",
    "float32": "float64",
    "complex32": "complex128",
    "complex64": "complex128",
}

_GLOBALS = {
    **{f"torch.{narrow}": f"torch.{wide}" for narrow, wide in _DTYPES.items()},
    "torch.half": "torch.float64",
    "torch.float": "torch.float64",
    "torch.chalf": "torch.complex128",
    "torch.cfloat": "torch.complex128",
}

_CASTS = {"float": "double", "half": "double", "bfloat16": "double", "cfloat": "cdouble", "chalf": "cdouble"}
"""Methods that cast, and what casts to double."""

_RANDOM = frozenset(
    "torch." + name
    for name in (
        ["rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like"]
        + ["bernoulli", "normal", "multinomial", "poisson", "empty", "empty_like"]
    )
)
_RANDOM_METHODS = frozenset(["bernoulli", "multinomial", "new_empty"])
_RANDOM_IN_PLACE = frozenset(
    ["bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "normal_", "random_", "uniform_"]
)

_MODULE = re.compile(r"torch\.nn\.(modules\.\w+\.)?[A-Z]\w*$")
"""A class of modules."""

_PRELUDE = Call(function=Global("torch.set_default_dtype"), args=(Global("torch.float64"),))
_ROUNDING = Ref("torchstone_rounding")


def to_double(program: Program, trace: Trace) -> Program:
    """The program in double precision, with one step more in front (the default dtype).

    `trace` is the oracle's of `program`: the random numbers are taken from it.
    """
    steps = [_fixed(step, number, trace) for number, step in enumerate(program.steps)]
    return msgspec.structs.replace(program, steps=(_PRELUDE, *(_lift(step) for step in steps)))


def rounded_otherwise(double: Program, seed: int, dtype: str) -> Program:
    """What `to_double` made, with every operation off by a unit in the last place of `dtype` (`interpreter/rounding.py`)."""
    begin = Call(function=Global("conformance.rounded"), args=(seed, dtype), out=_ROUNDING.name)
    enter = Enter(context=_ROUNDING, drops=(_ROUNDING.name,))
    return msgspec.structs.replace(double, steps=(double.steps[0], begin, enter, *double.steps[1:]))


def without_prelude(trace: Trace, steps: int = 1) -> Trace:
    """The trace of what `to_double` made, with the steps numbered as in the program it was made from."""
    return msgspec.structs.replace(trace, steps=trace.steps[steps:])


def array_at(trace: Trace, place: tuple[int, ...], name: str) -> Array | None:
    """What a tensor held after the step at `place` (see `Difference.step`); None if it was not seen."""
    return _array_at(trace.steps, place, name, {})


def _array_at(steps: Any, place: tuple[int, ...], name: str, held: dict[str, Any]) -> Array | None:
    number, *rest = place
    if rest:
        if number >= len(steps) or rest[0] >= len(steps[number].calls):
            return None
        call = steps[number].calls[rest[0]]
        return _array_at(call.steps, (*rest[1:],) or (-1,), name, call.changes)
    found = held[name].value if name in held else None
    for step in steps[: number + 1]:
        change = step.changes.get(name)
        if change is not None and change.value is not msgspec.UNSET:
            found = change.value
    return found if isinstance(found, Array) else None


def _fixed(step: Step, number: int, trace: Trace) -> Step:
    """The step with its random numbers replaced by those that were drawn."""
    out = getattr(step, "out", None)
    if isinstance(step, Method) and step.name in _RANDOM_IN_PLACE:
        name = step.self.name if isinstance(step.self, Ref) else out
        drawn = array_at(trace, (number,), out or name or "")
        if drawn is not None:
            return msgspec.structs.replace(step, name="copy_", args=(_literal(drawn),), kwargs={})
    is_random = (isinstance(step, Call) and isinstance(step.function, Global) and step.function.path in _RANDOM) or (
        isinstance(step, Method) and step.name in _RANDOM_METHODS
    )
    if is_random and out is not None:
        assert isinstance(step, Call | Method)
        drawn = array_at(trace, (number,), out)
        if drawn is not None:
            literal = _literal(drawn)
            flag = step.kwargs.get("requires_grad", False)
            if flag is False:
                return Bind(out=out, value=literal, drops=step.drops)
            return Method(self=literal, name="requires_grad_", args=(flag,), out=out, drops=step.drops)
    return step


def _draws(path: str) -> bool:
    """Whether a function draws numbers, where those that it drew are not known: nobody looked, or they are weights."""
    return path in ("torch.rand", "torch.randn", "torch.normal") or _MODULE.match(path) is not None


def _filled(method: Method) -> Call:
    """What a method that draws in place is in double precision: it draws in single, and casts."""
    args = (method.self, method.name, *method.args)
    fill = Global("conformance.fill_widened")
    return Call(function=fill, args=args, kwargs=method.kwargs, out=method.out, drops=method.drops)


def _literal(array: Array) -> TensorLiteral:
    return TensorLiteral(array.dtype, array.shape, array.data)


def _lift(node: Any) -> Any:
    """A step or operand, and all inside it, in double precision."""
    if isinstance(node, TensorLiteral):
        return _lifted(node)
    if isinstance(node, Global):
        path = _GLOBALS.get(node.path)
        return node if path is None else Global(path)
    if isinstance(node, Call) and isinstance(node.function, Global) and _draws(node.function.path):
        # It makes in single precision, whatever dtype it is asked for, and casts to double.
        return msgspec.structs.replace(node, function=Global("conformance.widened"), args=(node.function, *node.args))
    if isinstance(node, msgspec.Struct):
        new = {}
        for field in node.__struct_fields__:
            value = getattr(node, field)
            lifted = _lift(value)
            if lifted is not value:
                new[field] = lifted
        if isinstance(node, Method) and node.name in _CASTS:
            new["name"] = _CASTS[node.name]
        if isinstance(node, Method) and node.name in _RANDOM_IN_PLACE:
            return _filled(msgspec.structs.replace(node, **new))
        return msgspec.structs.replace(node, **new) if new else node
    if isinstance(node, tuple):
        items = tuple([_lift(item) for item in node])
        return items if any(a is not b for a, b in zip(items, node, strict=True)) else node
    if isinstance(node, dict):
        return {key: _lift(value) for key, value in node.items()}
    return node


def _lifted(literal: TensorLiteral) -> TensorLiteral:
    wide = _DTYPES.get(literal.dtype)
    if wide is None:
        return literal
    values = elements(literal.dtype, literal.shape, literal.data)
    return TensorLiteral(wide, literal.shape, values.astype(np.dtype("<f8" if wide == "float64" else "<c16")).tobytes())
