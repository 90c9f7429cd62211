"""Random graphs, which programs about the engine are made of: some leaves, what is computed of them, and who watches.

Whoever builds one knows shapes only, and whether numbers are complex; all else the program finds out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

Shape = tuple[int, ...]

SHAPES: tuple[Shape, ...] = (
    (2, 3),
    (3,),
    (),
    (2, 3),
    (3, 2),
    (1,),
    (2, 1),
    (3,),
    (2, 2),
    (1, 3),
    (2, 2, 3),
    (),
    (0, 2),
)
TYPES = ("float32",) * 14 + ("float64",) * 4 + ("float16", "bfloat16")

ANY = ("sin", "cos", "tanh", "neg", "clone", "square", "contiguous", "sinh", "conj", "detach_and_attach")
"""Functions of one operand, whatever its numbers are."""

REAL = ("abs", "relu", "sigmoid", "exp_of_sine", "softplus", "to_double", "to_float", "cumsum", "softmax", "half")
TWO = ("mul", "add", "sub", "mul", "add", "div")
TWO_REAL = ("maximum", "atan2", "hypot", "where", "lerp")


@dataclass(frozen=True)
class Value:
    """A tensor, and what is known of it."""

    tensor: Any
    shape: Shape
    leaf: bool = False
    complex: bool = False


class Graph:
    """What a program has computed so far."""

    def __init__(self, torch: Any, random: Random) -> None:
        self.torch, self.random = torch, random
        self.leaves: list[Value] = []
        self.live: list[Value] = []
        self.handles: list[Any] = []
        self.holders: list[Any] = []
        """Whose gradients are what hooks keep."""
        self.seeds: list[Any] = []
        """The incoming gradients."""
        self.memory: Any = None
        """Of which several gradients of the user's are parts."""

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def keep(self, value: Value) -> Value:
        self.live.append(value)
        return value

    def pick(self, fits: Callable[[Value], bool] = lambda value: True) -> Value | None:
        """One of those that fit, the younger the likelier."""
        found = [value for value in self.live if fits(value)]
        if not found:
            return None
        return found[-1 - min(int(self.random.expovariate(0.4)), len(found) - 1)]

    def numbers(self, shape: Shape, kind: str = "float32", complex: bool = False) -> Any:
        """A tensor of numbers that are not alike."""
        torch, random = self.torch, self.random
        some = [round(random.uniform(-2, 2), 2) or 0.5 for _ in range(math.prod(shape))]
        if 0 in shape:
            tensor = torch.ones(shape, dtype=getattr(torch, kind))
        else:
            tensor = torch.tensor(nested(some, shape), dtype=getattr(torch, kind))
        return torch.complex(tensor, tensor * 0.5 + 0.25) if complex else tensor

    def laid_out(self, shape: Shape, kind: str, complex: bool = False) -> tuple[Any, Shape]:
        """Numbers, mostly as they were made, now and then laid out otherwise, with holes, repeated, or as a part of others."""
        random = self.random
        match random.randrange(12):
            case 0 if len(shape) > 1:
                return self.numbers((*shape[:-2], shape[-1], shape[-2]), kind, complex).mT, shape
            case 1 if shape:
                return self.numbers((*shape, 2), kind, complex)[..., 0], shape
            case 2 if shape and shape[0]:
                return self.numbers((1, *shape[1:]), kind, complex).expand(2, *shape[1:]), (2, *shape[1:])
            case 3 if shape:
                return self.numbers((shape[0] + 2, *shape[1:]), kind, complex)[1:-1], shape
            case _:
                return self.numbers(shape, kind, complex), shape

    def leaf(self, kind: str | None = None, complex: bool = False) -> Value:
        """A leaf."""
        random = self.random
        kind = "float32" if complex else kind or random.choice(TYPES)
        tensor, shape = self.laid_out(random_shape(random), kind, complex)
        tensor = tensor.detach().requires_grad_() if self.chance(0.3) else tensor.requires_grad_()
        value = self.keep(Value(tensor, shape, True, complex))
        self.leaves.append(value)
        return value

    def constant(self, shape: Shape, complex: bool = False) -> Value:
        """What needs no gradient, and is nobody's view: as often as not a part of larger memory, or turned."""
        kind = self.random.choice(TYPES) if self.chance(0.1) and not complex else "float32"
        if self.chance(0.3) and shape:
            tensor = self.numbers((shape[0] + 2, *shape[1:]), kind, complex)[1:-1]
        elif self.chance(0.3) and len(shape) > 1:
            tensor = self.numbers((*shape[:-2], shape[-1], shape[-2]), kind, complex).mT
        else:
            tensor, shape = self.laid_out(shape, kind, complex)
        return Value(tensor.detach(), shape, False, complex)

    # ------------------------------------------------------------------------------------------------------- operators

    def one(self) -> None:
        """A function of one operand."""
        value = self.pick()
        assert value is not None
        name = self.random.choice(ANY if value.complex else ANY + REAL)
        x, torch = value.tensor, self.torch
        match name:
            case "exp_of_sine":
                out = x.sin().exp()
            case "softplus":
                out = torch.nn.functional.softplus(x)
            case "to_double":
                out = x.to(torch.float64)
            case "to_float":
                out = x.to(torch.float32)
            case "half":
                out = x / 2
            case "detach_and_attach":
                out = x * 1 + x.detach()
            case "cumsum" | "softmax" if value.shape:
                out = getattr(x, name)(self.dim(value.shape))
            case "cumsum" | "softmax":
                out = x * x
            case _:
                out = getattr(x, name)()
        self.keep(Value(out, value.shape, False, value.complex))

    def two(self) -> None:
        """A function of two operands, which may be one, or of different shapes."""
        first = self.pick()
        assert first is not None
        second = self.pick(lambda value: fits_together(first.shape, value.shape))
        if second is None or self.chance(0.1):
            self.number(first)
            return
        if self.chance(0.15):
            second = self.constant(first.shape)
            if not fits_together(first.shape, second.shape):
                second = first
        self.both(first, second)

    def both(self, first: Value, second: Value) -> None:
        """A function of these two."""
        either = first.complex or second.complex
        name = self.random.choice(TWO if either else TWO + TWO_REAL)
        torch, x, y = self.torch, first.tensor, second.tensor
        match name:
            case "div":
                out = x / (y * y.conj() + 1) if second.complex else x / (y * y + 1)
            case "where":
                out = torch.where(x.detach() > 0, x, y)
            case "lerp":
                out = torch.lerp(x.to(torch.float64), y.to(torch.float64), 0.25)
            case _:
                out = getattr(torch, name)(x, y)
        return self.put(Value(out, together(first.shape, second.shape), False, either))

    def put(self, value: Value) -> None:
        self.live.append(value)

    def chain(self) -> None:
        """What was computed is used several times in a row, each time with what was made of it before."""
        first = self.pick()
        assert first is not None
        if self.chance(0.5):
            self.number(first)
            first = self.live[-1]
        self.one()
        for _ in range(self.random.choice((1, 2, 2, 3))):
            last = self.live[-1]
            if not fits_together(first.shape, last.shape):
                return
            one, other = (first, last) if self.chance(0.5) else (last, first)
            self.both(one, other)

    def buffer(self) -> None:
        """Memory that needs no gradient is written to, so that it has a history."""
        other = self.pick()
        assert other is not None
        target = known = self.constant(other.shape, other.complex)
        if self.chance(0.5):
            target = viewed(self.random, target)
            if self.chance(0.4):
                self.keep(target)
        self.written(target, known)
        self.keep(known)

    def number(self, value: Value) -> None:
        number = self.random.choice((2, -1, 0.5, 3.0, 0))
        x = value.tensor
        out = self.random.choice((lambda: x * number, lambda: x + number, lambda: number - x, lambda: number * x))()
        self.keep(replace(value, tensor=out, leaf=False))

    def matrices(self) -> None:
        """A product of matrices, or something linear."""
        first = self.pick(lambda value: len(value.shape) == 2)
        second = first and self.pick(lambda value: 1 <= len(value.shape) <= 2 and value.shape[0] == first.shape[1])
        if first is None or second is None:
            return self.two()
        if first.complex is not second.complex:
            return self.one()
        out = first.tensor.to(self.torch.complex64 if first.complex else self.torch.float64) @ second.tensor.to(
            self.torch.complex64 if first.complex else self.torch.float64
        )
        return self.put(Value(out, (first.shape[0], *second.shape[1:]), False, first.complex))

    def reduced(self) -> None:
        """A sum, a mean, or another reduction."""
        value = self.pick(lambda value: 0 not in value.shape)
        if value is None:
            return
        names = ("sum", "sum", "mean") if value.complex else ("sum", "sum", "mean", "amax", "logsumexp", "norm", "prod")
        name, x = self.random.choice(names), value.tensor
        if not value.shape or self.chance(0.4):
            out = x.logsumexp(tuple(range(len(value.shape)))) if name == "logsumexp" else getattr(x, name)()
            self.keep(Value(out, (), False, value.complex))
            return
        dim, keepdim = self.dim(value.shape), self.chance(0.4)
        shape = tuple([1 if n == dim else s for n, s in enumerate(value.shape) if keepdim or n != dim])
        out = x.norm(2, dim, keepdim) if name == "norm" else getattr(x, name)(dim, keepdim)
        self.keep(Value(out, shape, False, value.complex))

    def view(self) -> Value | None:
        """A view of something."""
        value = self.pick()
        assert value is not None
        return self.keep(viewed(self.random, value))

    def several(self) -> None:
        """A function of which some results are used, or one of several operands."""
        torch, random = self.torch, self.random
        value = self.pick(lambda value: bool(value.shape) and 0 not in value.shape and not value.complex)
        if value is None:
            return
        x, shape = value.tensor, value.shape
        dim = self.dim(shape)
        match random.randrange(9):
            case 0:
                parts = x.unbind(dim)
                some = random.sample(range(shape[dim]), random.randint(1, shape[dim]))
                for n in some:
                    self.keep(Value(parts[n], (*shape[:dim], *shape[dim + 1 :])))
            case 1:
                parts = x.split(1, dim)
                for n in random.sample(range(shape[dim]), min(2, shape[dim])):
                    self.keep(Value(parts[n], (*shape[:dim], 1, *shape[dim + 1 :])))
            case 2:
                name = random.choice(("max", "min", "sort"))
                self.keep(
                    Value(getattr(x, name)(dim)[0], shape if name == "sort" else (*shape[:dim], *shape[dim + 1 :]))
                )
            case 3:
                both = torch.var_mean(x, dim, correction=0)
                rest = (*shape[:dim], *shape[dim + 1 :])
                for n in random.choice(((0,), (1,), (0, 1), (1, 0))):
                    self.keep(Value(both[n], rest))
            case 4:
                both = torch.aminmax(x)
                for n in random.choice(((0,), (1,), (0, 1))):
                    self.keep(Value(both[n], ()))
            case 5:
                parts = torch.tensor_split(x, 2, dim)
                self.keep(Value(parts[0], (*shape[:dim], (shape[dim] + 1) // 2, *shape[dim + 1 :])))
            case _:
                others = [
                    one
                    for one in (self.pick(lambda one: one.shape == shape and not one.complex) for _ in range(2))
                    if one is not None
                ]
                tensors = [x, *[one.tensor for one in others]]
                if random.random() < 0.5:
                    new = (*shape[:dim], shape[dim] * len(tensors), *shape[dim + 1 :])
                    self.keep(Value(torch.cat(tensors, dim), new))
                else:
                    self.keep(Value(torch.stack(tensors, dim), (*shape[:dim], len(tensors), *shape[dim:])))

    def write(self) -> None:
        """A write to something that is no leaf, or to a view of it; seldom to a leaf, which is refused."""
        target = self.pick(lambda value: not value.leaf)
        if target is None or self.chance(0.03):
            target = self.pick()
        assert target is not None
        known = target
        if self.chance(0.5):
            target = viewed(self.random, target)
            if self.chance(0.4):
                self.keep(target)
        if self.chance(0.2):
            target = viewed(self.random, target)
        self.written(target, known)

    def written(self, target: Value, known: Value) -> None:
        """A write to a value, of which `known` is a base."""
        other = self.pick(
            lambda value: (
                value is not known
                and fits_together(value.shape, target.shape)
                and together(value.shape, target.shape) == target.shape
                and value.complex <= target.complex
            )
        )
        x, random = target.tensor, self.random
        match random.randrange(14):
            case 0:
                x.mul_(2)
            case 1:
                x.sin_()
            case 2:
                x.add_(1)
            case 3:
                x.zero_()
            case 4:
                x.fill_(0.5)
            case 5 if other:
                x.fill_(other.tensor.sum())
            case 6 | 7 if other:
                x.copy_(other.tensor)
            case 8 | 9 if other:
                x.mul_(other.tensor)
            case 10 if other:
                x.add_(other.tensor, alpha=2)
            case 11 if target.shape and target.shape[0] and other:
                x[0] = other.tensor.sum()
            case 12 if target.shape:
                x[..., :1] = 0.25
            case 13:
                x.masked_fill_(x.detach() != x.detach(), 1.0)
            case _:
                x.neg_()

    def dim(self, shape: Shape) -> int:
        return self.random.randrange(len(shape))

    # ------------------------------------------------------------------------------------------------------------ ends

    def scalar(self) -> Any:
        """A real number that depends on some of what is alive, and mostly on the last."""
        total: Any = None
        count = self.random.choice((1, 1, 2, 3))
        some = [self.live[-1], *self.random.sample(self.live, min(count, len(self.live)))][:count]
        for value in some:
            term = value.tensor
            if value.complex:
                term = self.random.choice((lambda t: t.abs(), lambda t: t.real, lambda t: t.imag))(term)
            if value.shape or self.chance(0.1):
                if self.chance(0.5):
                    term = term * self.numbers(value.shape)
                term = self.random.choice((term.sum, term.sum, term.mean))()
            total = term if total is None else total + term
        return total


def nested(numbers: list[float], shape: Shape) -> Any:
    """Numbers as lists in lists."""
    if not shape:
        return numbers[0]
    step = len(numbers) // shape[0]
    return [nested(numbers[n * step : (n + 1) * step], shape[1:]) for n in range(shape[0])]


def random_shape(random: Random) -> Shape:
    return random.choice(SHAPES)


def fits_together(one: Shape, other: Shape) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(reversed(one), reversed(other), strict=False))


def together(one: Shape, other: Shape) -> Shape:
    """The shape that two operands are widened to."""
    count = max(len(one), len(other))
    sizes = zip((1,) * (count - len(one)) + one, (1,) * (count - len(other)) + other, strict=True)
    return tuple([b if a == 1 else a for a, b in sizes])


def viewed(random: Random, value: Value) -> Value:
    """A view of a value."""
    x, shape = value.tensor, value.shape
    count = len(shape)
    dim = random.randrange(count) if count else 0
    match random.randrange(14):
        case 0 if count > 1:
            x, shape = x.mT, (*shape[:-2], shape[-1], shape[-2])
        case 1 | 2 if count and shape[dim]:
            x, shape = x.select(dim, random.randrange(shape[dim])), (*shape[:dim], *shape[dim + 1 :])
        case 3 if count and shape[0] > 1:
            x, shape = x[1:], (shape[0] - 1, *shape[1:])
        case 4 if count and shape[-1] > 1:
            x, shape = x[..., ::2], (*shape[:-1], (shape[-1] + 1) // 2)
        case 5:
            x, shape = x.unsqueeze(dim), (*shape[:dim], 1, *shape[dim:])
        case 6 if count < 3:
            x, shape = x.expand(2, *shape), (2, *shape)
        case 7:
            x, shape = x.reshape(-1), (math.prod(shape),)
        case 8 if count == 2:
            x, shape = x.diagonal(), (min(shape),)
        case 9 if math.prod(shape) == 1:
            x, shape = x.reshape(()), ()
        case 9:
            x = x.view_as(x)
        case 10 if count and shape[dim]:
            x, shape = x.narrow(dim, 0, 1), (*shape[:dim], 1, *shape[dim + 1 :])
        case 11 if count > 1:
            x, shape = x.movedim(0, -1), (*shape[1:], shape[0])
        case 12 if value.complex:
            return Value(x.real, shape)
        case 13 if value.complex:
            return Value(x.conj(), shape, False, True)
        case _:
            x, shape = x[...], shape
    return Value(x, shape, False, value.complex)
