"""Actions that call an operator of the table, in any of its forms."""

from __future__ import annotations

import math
from typing import Any

from conformance.compose.composer import LARGEST, Choices, Composer, Known
from conformance.generate import Shape
from conformance.operators import TABLE, Argument, Form, Operator, Unfit
from conformance.program import Call, Global, List, Method, Operand, Operator as OperatorStep, Ref, Unpack

INPLACE: tuple[Form, ...] = ("inplace", "inplace_symbol")
_POINTWISE = [row for row in TABLE.values() if row.kind == "pointwise" and row.forms != ("inplace",)]
_VIEWS = [row for row in TABLE.values() if row.kind == "view"]
_OTHERS = [row for row in TABLE.values() if row.kind not in ("pointwise", "view", "loss")]
_LOSSES = [row for row in TABLE.values() if row.kind == "loss"]
_UNARY = [row for row in _POINTWISE if not row.arguments and row.differentiable and row.forms != ("inplace",)]
_SMOOTH = [
    row for row in TABLE.values() if row.differentiable and row.kind in ("pointwise", "reduction", "view", "copy")
]
_WRITING = [row for row in TABLE.values() if any(form in INPLACE for form in row.forms)]


def pointwise(composer: Composer, choices: Choices) -> None:
    call(composer, choices, _POINTWISE[choices.number(len(_POINTWISE))])


def view(composer: Composer, choices: Choices) -> None:
    call(composer, choices, _VIEWS[choices.number(len(_VIEWS))])


def other(composer: Composer, choices: Choices) -> None:
    call(composer, choices, _OTHERS[choices.number(len(_OTHERS))])


def loss(composer: Composer, choices: Choices) -> None:
    call(composer, choices, _LOSSES[choices.number(len(_LOSSES))])


def write(composer: Composer, choices: Choices) -> None:
    """An in-place form."""
    row = _WRITING[choices.number(len(_WRITING))]
    call(composer, choices, row, tuple(form for form in row.forms if form in INPLACE))


def unary(composer: Composer, choices: Choices) -> None:
    """An operator of one operand, whose result has its shape."""
    call(composer, choices, _UNARY[choices.number(len(_UNARY))])


def smooth(composer: Composer, choices: Choices) -> None:
    """A differentiable operator of any kind that most operands fit."""
    call(composer, choices, _SMOOTH[choices.number(len(_SMOOTH))])


def call(
    composer: Composer, choices: Choices, row: Operator, forms: tuple[Form, ...] = (), x: Known | None = None
) -> None:
    """Calls an operator on `x` or on what is alive, and on new tensors. Raises Unfit."""
    possible = forms or tuple(form for form in row.forms if form not in INPLACE) or row.forms
    form = possible[choices.number(len(possible))]
    if x is None:
        integers = row.dtypes != "float" or choices.chance(8)
        x = composer.pick(choices, lambda known: known.dtype != "bool" and (known.floating or integers))
    composer.done.append(f"operator {row.name}")
    if (row.name in _FOREIGN and x.overlaps) or (form in INPLACE and not defined(row, x)):
        raise Unfit
    apply(composer, choices, row, form, x, _arguments(composer, choices, row, x, form))


def apply(composer: Composer, choices: Choices, row: Operator, form: Form, x: Known, given: Given) -> None:
    """Calls an operator in one form on operands that were chosen."""
    shapes = row.results(x.shape, given.seen)
    if sum(math.prod(shape) for shape in shapes) > LARGEST:
        raise Unfit
    requires = x.grad or any(known.grad for known in given.tensors)
    if form in INPLACE:
        _write(composer, choices, row, form, x, given, requires)
        return
    grad = requires and composer.recording and row.differentiable
    out = composer.name("t" if row.several else "y")
    composer.append(_step(row, form, x, given, out))
    alone = not x.leaf and x.name not in (known.name for known in given.tensors)
    if alone and not row.several and not choices.number(8):  # `x = x.sin()`: the operand is let go by the call itself
        composer.drop(x.name)
    dtype = "bool" if row.kind == "comparison" else x.dtype
    # (Of a result whose shape is not known there is nothing in `made`: it is observed, and not used again.)
    base = x.memory if row.kind == "view" else ""
    overlaps = (row.name if row.name in _OVERLAPPING else x.overlaps) if base else ""
    made = [
        Known(composer.name("y") if row.several else out, shape, dtype, grad, not grad, base, overlaps)
        for shape in shapes
    ]
    if row.several:
        composer.append(Unpack(value=Ref(out), outs=tuple([known.name for known in made]), drops=(out,)))
    for number, known in enumerate(reversed(made)):
        positions = row.kind == "reduction" and row.several and row.name not in _BOTH and number == 0
        composer.alive(Known(known.name, known.shape, "int64", False) if positions else known)


_OVERLAPPING = frozenset({"expand", "expand_as", "broadcast_to", "unfold", "as_strided"})
"""Views that show an element more than once."""

_FOREIGN = frozenset({"median", "median_dim", "nanmedian", "nanmedian_dim"})
"""Operators that read memory of others where their operand is expanded."""

_BOTH = frozenset({"aminmax", "std_mean", "var_mean"})
"""Reductions with two results of which neither is a position."""


def defined(row: Operator, x: Known, operand: Known | None = None) -> bool:
    """Whether PyTorch defines what a write leaves: it does not where the memory written shows an element twice or is read.

    Pointwise operators refuse both where they see them, which is behaviour: they see what is expanded, and not what is
    unfolded. The same tensor as an operand they take.
    """
    if row.kind == "view":
        return True
    if row.kind == "pointwise" or row.kind == "comparison":
        return x.overlaps != "unfold"
    return not x.overlaps and (operand is None or operand.memory != x.memory)


class Given:
    """The arguments of a call."""

    def __init__(self) -> None:
        self.positional: list[Operand] = []
        self.keywords: dict[str, Operand] = {}
        self.seen: tuple[Any, ...] = ()
        """As the row's rule for shapes sees them: of a tensor, its shape."""
        self.tensors: list[Known] = []


def _arguments(composer: Composer, choices: Choices, row: Operator, x: Known, form: Form) -> Given:
    given = Given()
    for argument in row.arguments:
        if argument.optional and (not choices.number(2) or form.endswith("symbol")):
            continue
        number = choices.number()
        if argument.tensor and row.without("broadcast"):
            number = 0
        chosen: Operand | Shape = argument.choose(x.shape, number)
        given.seen = (*given.seen, chosen)
        operand: Operand = chosen  # type: ignore[assignment]
        if argument.tensor:
            known = _tensor(composer, choices, row, argument, chosen, x, given.seen[:-1], form)  # type: ignore[arg-type]
            given.tensors.append(known)
            operand = known.ref
        if argument.keyword:
            given.keywords[argument.keyword] = operand
        else:
            given.positional.append(operand)
    return given


def _tensor(
    composer: Composer,
    choices: Choices,
    row: Operator,
    argument: Argument,
    shape: Shape,
    x: Known,
    before: tuple[Any, ...],
    form: Form,
) -> Known:
    def fits(known: Known) -> bool:
        return form not in INPLACE or defined(row, x, known)

    if argument.tensor == "float":
        once = row.without("twice")
        if shape == x.shape and not choices.number(4) and fits(x) and not once:
            return x  # the same tensor twice in one call
        dtype = x.dtype if choices.number(8) or row.without("mixed") else "float32"
        values = "positive" if row.without("signs") else argument.values
        known = composer.tensor(choices, shape, dtype, values, reuse=not once)
        if not fits(known):
            known = composer.tensor(choices, shape, dtype, values, reuse=False)
        if composer.tracking and known.leaf and not known.grad and known.floating and choices.chance(40):
            composer.method(known.ref, "requires_grad_")
            known = composer.update(known, grad=True)
        return known
    if argument.tensor == "mask":
        return composer.tensor(choices, shape, "bool", reuse=bool(choices.number(2)))
    below = argument.below(x.shape, before) if argument.below else 1
    return composer.indices(choices, shape, below)


def _step(row: Operator, form: Form, x: Known, given: Given, out: str | None) -> Any:
    arguments = tuple(given.positional)
    if form == "symbol" or form == "inplace_symbol":
        if given.keywords:
            raise Unfit
        return OperatorStep(operator=row.form(form), args=(x.ref, *arguments), out=out)
    if form == "function":
        first: tuple[Operand, ...] = (x.ref, *arguments)
        if row.takes_list:
            first = (List((x.ref, arguments[0])), *arguments[1:])
        return Call(function=Global(row.function), args=first, kwargs=given.keywords, out=out)
    return Method(self=x.ref, name=row.form(form), args=arguments, kwargs=given.keywords, out=out)


def _write(
    composer: Composer, choices: Choices, row: Operator, form: Form, x: Known, given: Given, requires: bool
) -> None:
    grad = x.grad or (requires and composer.recording)
    if form == "inplace":
        composer.append(_step(row, form, x, given, None))
        composer.update(x, grad=grad, leaf=x.leaf and not grad, shape=_after(row, x, given))
        return
    out = composer.name("y")  # `y *= 2` binds a name anew, to the same tensor
    composer.append(_step(row, form, x, given, out))
    if not any(known.name == x.name for known in given.tensors):
        composer.drop(x.name)
    composer.alive(Known(out, x.shape, x.dtype, grad, x.leaf and not grad, x.memory, x.overlaps))


def _after(row: Operator, x: Known, given: Given) -> Shape:
    """The shape of the tensor itself after an in-place form, which views change and nothing else does."""
    return row.results(x.shape, given.seen)[0] if row.kind == "view" else x.shape
