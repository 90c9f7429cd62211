"""What the table of operators says of each: how it is called, on what, and what shape comes out.

A row is about PyTorch alone; no subject is asked. The cases of the operators and the random programs are made from the same
rows, so an operator is added in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal as OneOf

from conformance.generate import Shape, Values
from conformance.operators.left_out import LEFT_OUT
from conformance.program import Operand

Form = OneOf["function", "method", "symbol", "inplace", "inplace_symbol"]
FORMS: tuple[Form, ...] = ("function", "method", "symbol", "inplace", "inplace_symbol")

Kind = OneOf["pointwise", "reduction", "view", "copy", "index", "product", "loss", "comparison"]


class Unfit(Exception):
    """An operator takes no operand of this shape."""


@dataclass(frozen=True)
class Argument:
    """What follows the first operand: how it is chosen for an operand of some shape.

    `choose` is given the shape of the first operand and a number of 0 or more that says which of the possible ones to take; 0
    is the simplest. For a tensor it gives the shape that the operand must have. It raises Unfit if there is none.
    """

    choose: Callable[[Shape, int], Operand | Shape]
    tensor: OneOf["", "float", "index", "mask"] = ""
    """Whether it is a tensor, and of which dtype; empty for a plain value."""
    values: Values = "any"
    below: Callable[[Shape, tuple[Operand, ...]], int] | None = None
    """For a tensor of indices: the number that they stay below, from the shape and the plain arguments before it."""
    keyword: str = ""
    optional: bool = False
    """Whether it may be left out: then one program in two does."""


@dataclass(frozen=True)
class Operator:
    """One operator in all its forms."""

    name: str
    kind: Kind
    arguments: tuple[Argument, ...] = ()
    function: str = ""
    """``torch.add``; empty if there is only the method."""
    method: str = ""
    symbol: str = ""
    """The key of `program.OPERATORS`."""
    inplace: str = ""
    inplace_symbol: str = ""
    values: Values = "any"
    """What the first operand is drawn from where nothing odd is wanted."""
    dtypes: OneOf["float", "integer", "any", "bool"] = "float"
    shape: Callable[[Shape, tuple[Any, ...]], Any] = field(default=lambda x, _: x)
    """The shape of the result, or of each of several, from that of the first operand and the arguments (of tensors, their
    shape). It raises Unfit, or returns it, where PyTorch raises. Asked by `results`."""
    kinks: tuple[float, ...] = ()
    """Where the derivative jumps or is a convention."""
    finite: bool = False
    """Whether an infinity or nan gives what the library's algorithm happens to make of it: then its case draws none."""
    differentiable: bool = True
    several: bool = False
    """Whether the result is a tuple of tensors."""
    by_values: bool = False
    """Whether the shape of the result depends on the values: `masked_select`. Nothing is said of it then."""
    takes_list: bool = False
    """Whether the first operand stands in a list: ``torch.cat([x, y])``."""

    def without(self, what: str) -> bool:
        """Whether its calls leave something out, by the words of `left_out`."""
        return what in LEFT_OUT.get(self.name, ())

    def fits(self, shape: Shape) -> bool:
        """Whether its case draws operands of a shape."""
        left_out = ("scalar", not shape), ("one", 1 in shape), ("empty", 0 in shape)
        return not any(holds and self.without(what) for what, holds in left_out)

    def results(self, shape: Shape, arguments: tuple[Any, ...]) -> tuple[Shape, ...]:
        """The shape of each result, none where only the values can say. Raises Unfit where PyTorch raises."""
        if self.by_values:
            return ()
        try:
            found = self.shape(shape, arguments)
        except (IndexError, ZeroDivisionError) as error:  # the operand has fewer dimensions than the rule reads
            raise Unfit from error
        if found is Unfit:
            raise Unfit
        return tuple(found) if self.several else (tuple(found),)

    def form(self, form: Form) -> str:
        """What the form is written with; empty if the operator does not have it."""
        return str(getattr(self, form))

    @property
    def forms(self) -> tuple[Form, ...]:
        return tuple(form for form in FORMS if self.form(form))


TABLE: dict[str, Operator] = {}
"""Every operator by name, in the order of definition."""


def add(operator: Operator) -> None:
    """Puts an operator into the table."""
    if operator.name in TABLE:
        raise ValueError(f"two rows are called {operator.name}")
    TABLE[operator.name] = operator


# ---------------------------------------------------------------------------------------------------------- arguments


def constants(*values: Operand, **options: object) -> Argument:
    """One of some values, the simplest first."""
    return Argument(lambda _, number: values[number % len(values)], **options)  # type: ignore[arg-type]


def like(values: Values = "any", **options: object) -> Argument:
    """A tensor that broadcasts with the first operand."""
    return Argument(_broadcastable, "float", values, **options)  # type: ignore[arg-type]


def same(values: Values = "any", tensor: OneOf["float", "mask"] = "float", **options: object) -> Argument:
    """A tensor of the shape of the first operand."""
    return Argument(lambda shape, _: shape, tensor, values, **options)  # type: ignore[arg-type]


def dim(**options: object) -> Argument:
    """A dimension, counted from the front or the back."""

    def choose(shape: Shape, number: int) -> int:
        count = max(len(shape), 1)
        every: list[int] = [*range(count), *range(-1, -count - 1, -1)]
        return every[number % len(every)]

    return Argument(choose, **options)  # type: ignore[arg-type]


def flag(**options: object) -> Argument:
    return constants(False, True, **options)


def computed(choices: Callable[[Shape], list[Operand]], **options: object) -> Argument:
    """One of the values that fit a shape; Unfit if there is none."""

    def choose(shape: Shape, number: int) -> Operand:
        found = choices(shape)
        if not found:
            raise Unfit
        return found[number % len(found)]

    return Argument(choose, **options)  # type: ignore[arg-type]


STRETCHED = 1
"""The numbers that `like` makes a stretched tensor of have this remainder by 8."""


def everywhere(shape: Shape) -> int:
    """The number of which `like` makes a tensor that is stretched along every dimension, or stretches the first operand."""
    return STRETCHED + 8 * (2 ** len(shape) - 2) if shape else 0


def _broadcastable(shape: Shape, number: int) -> Shape:
    match number % 8:
        case 1 | 2 if shape:  # `STRETCHED`
            # Each axis for itself: a gradient that is summed over one stretched axis may be forgotten over the next. Where
            # the first operand has size 1 it is the one that is stretched.
            chosen = 1 + number // 8 % (2 ** len(shape) - 1)
            return tuple(
                [
                    size if not chosen >> at & 1 else 2 + at % 2 if size == 1 else 1  # never the same twice in a row
                    for at, size in enumerate(shape)
                ]
            )
        case 3 if shape:
            return shape[number // 8 % len(shape) + 1 :]
        case 4:
            return (1, *shape)
        case 5:
            return ()
    return shape


# ------------------------------------------------------------------------------------------------------------- shapes


def broadcast(shape: Shape, arguments: tuple[Operand | Shape, ...]) -> Shape:
    """The shape of the first operand and of the tensors among the arguments, broadcast."""
    result = shape
    for other in arguments:
        if not isinstance(other, tuple):
            continue
        longer = max(len(result), len(other))
        pairs = zip((1,) * (longer - len(result)) + result, (1,) * (longer - len(other)) + other, strict=True)
        sizes = []
        for a, b in pairs:
            if a != b and 1 not in (a, b):
                raise Unfit
            sizes.append(b if a == 1 else a)
        result = tuple(sizes)
    return result


def at(shape: Shape, dim: Any) -> int:
    """A dimension counted from the front. Raises Unfit if the shape has none such."""
    count = max(len(shape), 1)
    if not isinstance(dim, int) or not -count <= dim < count:
        raise Unfit
    return int(dim) % count


def reduced(shape: Shape, arguments: tuple[Operand | Shape, ...]) -> Shape:
    """Without the dimension that the first argument names (all, if it names none), or with size 1 if the second says so."""
    if not arguments or arguments[0] is None:
        return ()
    where, keep = at(shape, arguments[0]), len(arguments) > 1 and arguments[1] is True and shape
    return (*shape[:where], *((1,) if keep else ()), *shape[where + 1 :])


def to_scalar(shape: Shape, arguments: tuple[Operand | Shape, ...]) -> Shape:
    return ()
