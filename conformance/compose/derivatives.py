"""Programs of the derivatives of every operator: a case an operator and way to differentiate.

The operators are those of `conformance.operators.expressions`, and `variations` has further expressions of them. What a formula
that is wrong in one term would do is seen only by who asks for just that derivative, so the ways are gone through, and the rest
is drawn: which operands have a derivative at all, which are complex or of single precision, values between the kinks and on
them, how operands are laid out, dimensions that are empty or of size 1, gradients of nothing, and a few expressions. Random
programs reach few second derivatives, and few operators twice.

| way | |
|---|---|
| once | the gradient; over raw arrays, as far as the subject has such a thing |
| twice | the gradient of the gradient, by the operands and the incoming gradient, and maybe a graph of that, too |
| forward | the tangent; of operands that require grad or not, and then the tangent's gradient, too |
| across | the tangent of the gradient, of which some operands, or the incoming gradient, have one |
| within | the gradient by torch.func, or its tangent: within a transform a formula may not ask for numbers |
| along | the tangent by torch.func, of one direction or of a batch of them; or the gradient of that |
| written | the gradient once the results, or the operands, were written to: what a formula saved is refused, nothing else |
| into | the gradient of a write, where an operator has a form in place |
| summed | the gradient of a sum, and maybe a graph of it, at which nobody looks until it is over: nodes that nobody has seen |
| over | the tangent of a write, of which the target, or only other operands are duals; and the tangent's gradient |
| batched | the same of a batch by torch.func.vmap: nor may it write to what is no batch; or of a batch of incoming gradients |
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from conformance.case import Case
from conformance.generate import encode
from conformance.operators import TABLE
from conformance.operators.expressions import expressions
from conformance.operators.variations import variations
from conformance.program import TensorLiteral

AT_A_TIME = {
    "once": 6,
    "twice": 3,
    "forward": 6,
    "across": 3,
    "within": 3,
    "along": 3,
    "written": 3,
    "batched": 3,
    "into": 4,
    "over": 4,
    "summed": 6,
}
"""Expressions of an operator in one program, so that it stays one that can be read."""

OF_MANY = 3
"""Programs that go through all expressions of an operator which has many, if each begins where the last one ended."""

NUMBERS = {way: ["real", "complex", "mixed", "single", "real", "complex", "real"] for way in AT_A_TIME}
"""What operands are of: nothing but complex numbers, some of them, some of single precision."""
NUMBERS["once"] = ["real", "complex", "single", "real", "mixed", "real", "real", "real"]  # over raw arrays, if real
NUMBERS["into"] = NUMBERS["summed"] = NUMBERS["once"]

SHAPES = {"x": (2, 3), "y": (2, 3), "v": (3,), "w": (2,), "m": (3, 2), "b": (2, 2, 3), "e": (2, 3, 2), "s": ()}
"""The leaves whose values may be any."""

SIZES = ({2: 0}, {3: 0}, {2: 1}, {3: 1}, {2: 1, 3: 1})
"""What sizes of the leaves may be instead, in one program of five: none, so that they are empty, or one."""

SOME: dict[str, tuple[list[float], ...]] = {
    "u": ([0.31, -0.62, 0.14, 0.83, -0.27, 0.55], [-0.44, 0.08, 0.91, -0.73, 0.36, -0.19]),  # between -1 and 1
    "q": (  # well-conditioned
        [2.31, 0.42, -0.53, 0.38, 1.77, 0.61, -0.24, 0.35, 2.68],
        [1.13, -0.64, 0.27, 0.59, 2.42, -0.31, 0.18, 0.77, -1.95],
    ),
    "c": ([1.5, 0.7, 2.2, 0.9, 1.1, 3.1], [0.6, 1.9, 0.8, 2.7, 1.3, 0.5]),
}
"""Values of those that an operator's domain is narrow for."""

ONE_OF_SEVERAL = frozenset(
    ["max_dim", "min_dim", "median_dim", "kthvalue", "sort", "sort_stable", "topk", "cummax", "cummin", "nanmedian_dim"]
    + ["mode", "frexp"]
)
"""Operators that return a tuple, of which only the first has a derivative."""

BOTH = frozenset(["aminmax", "var_mean", "std_mean", "unbind", "split", "split_with_sizes", "linalg_qr"])
"""Those of which the first two have."""


USED = {"mask": [[True, False, True], [False, False, True]], "i": [1, 0], "j": [[0, 1, 1], [1, 0, 0]]}
"""What expressions index with."""


CONSTANT = "c"
"""A leaf without a derivative: weights and targets, of which a loss refuses to have one."""

KINKS = (0.0, 1.0, 0.0, -1.0, 0.5, 0.0, 2.0, -0.5, -2.0, 3.0)
"""Where derivatives jump, and what ties: each of these is drawn several times."""

SPECIAL = (math.inf, -math.inf, math.nan, 0.0, -0.0, 1e-310, 1.0)

KINDS = ("smooth", "kinks", "edges", "smooth", "kinks", "edges", "finite", "kinks", "smooth", "special")
"""What values are like. On edges those are on kinks, too, that an operator's domain is narrow for: at its end and beyond.

Huge numbers are drawn seldom: replays with other roundings overflow, and any difference is inconclusive.
"""


def by_chance(function: Callable[[Random], Any]) -> st.SearchStrategy[Any]:
    """What a function makes of random numbers.

    Hypothesis likes to draw again what it has drawn, which helps who shrinks: of its first 16 tangents of xlogy four had the
    same values, and two had a zero among them. So it draws one number, and chance what a program is of.
    """
    return st.integers(0, 2**62).map(lambda seed: function(Random(seed)))


def number_of(random: Random, kind: str) -> float:
    """One value."""
    if kind in ("kinks", "edges"):
        return random.choice(KINKS)
    if kind == "special" and random.random() < 0.3:
        return random.choice(SPECIAL)
    if kind == "positive":
        return round(random.uniform(0.2, 3), 3)
    small = round(random.uniform(-3, 3), 3) or 0.25
    return small * 10.0 ** random.randint(-9, 9) if kind == "finite" else small


def values_of(random: Random, names: Sequence[str]) -> tuple[TensorLiteral, ...]:
    """Values for all leaves, all of one kind and of the same sizes."""
    kind = random.choice(KINDS)
    sizes = random.choice(SIZES) if random.random() < 0.2 else {}
    return tuple([of(random, name, kind, sizes) for name in names])


def of(random: Random, name: str, kind: str, sizes: Mapping[int, int]) -> TensorLiteral:
    """Values for a leaf."""
    shape = (3, 3) if name == "q" else tuple([sizes.get(size, size) for size in SHAPES.get(name, (2, 3))])
    count = math.prod(shape)
    if name in SOME and (kind != "edges" or name in ("q", CONSTANT)):
        return TensorLiteral("float64", shape, encode(random.choice(SOME[name])[:count], "float64"))
    if name == "p" and kind != "edges":
        kind = "positive"
    return TensorLiteral("float64", shape, encode([number_of(random, kind) for _ in range(count)], "float64"))


SECOND, TANGENT = 0.7, 1.1
"""Where the numbers of a second gradient's weights and of tangents begin. With those of an incoming gradient, which mostly has
the same shape, it would not show which of them a formula takes."""


def unlike(torch: Any, like: Any, turned: bool = False, start: float = 0.3) -> Any:
    """A tensor of this shape, of which no two elements are alike; if it is turned, complex where the other one is.

    Of another start it has other numbers, and some that are larger than one.
    """
    real = (torch.linspace(start, 9.0, like.numel(), dtype=torch.float64).cos() * (start + 0.7)).view_as(like)
    if not turned:
        return real
    known = like.detach()
    return real + (known - known.conj()).sgn() * real.sin()


def results(torch: Any, operator: str, text: str, leaves: dict[str, Any]) -> list[Any]:
    """What an expression gives of some leaves, as far as it has a derivative."""
    known = {name: torch.tensor(values) for name, values in USED.items() if name in names_in(text)}
    out = eval(text, {"torch": torch, "F": torch.nn.functional, "inf": math.inf, "nan": math.nan, **known, **leaves})
    return [out[0]] if operator in ONE_OF_SEVERAL else [out[0], out[1]] if operator in BOTH else [out]


@cache
def names_in(text: str) -> tuple[str, ...]:
    """The names that an expression looks up."""
    return compile(text, "", "eval").co_names


def grads(torch: Any, outs: list[Any], inputs: list[Any], seeds: list[Any], **options: Any) -> list[Any]:
    """The gradient by each input. (How many there are need not be asked of PyTorch.)"""
    found = torch.autograd.grad(outs, inputs, seeds, **options)
    return [found[number] for number in range(len(inputs))]


def once(torch: Any, outs: list[Any], leaves: list[Any], turned: bool, more: bool, which: slice) -> None:
    """The gradient, of incoming gradients that may be laid out column by column."""
    seeds = [unlike(torch, out, turned) for out in outs]
    if more:
        seeds = [seed.mT.contiguous().mT if len(seed.shape) > 1 else seed for seed in seeds]
    grads(torch, outs, leaves, seeds, allow_unused=True)


def twice(torch: Any, outs: list[Any], leaves: list[Any], turned: bool, more: bool, which: slice) -> None:
    """The gradient of the gradient, or of that by one operand."""
    seeds = [unlike(torch, out, turned).requires_grad_() for out in outs]
    firsts = grads(torch, outs, leaves, seeds, create_graph=True)
    firsts = firsts[which] or firsts
    weights = [unlike(torch, first, turned, SECOND) for first in firsts]
    grads(torch, firsts, [*leaves, *seeds], weights, allow_unused=True, create_graph=more)


def forward(torch: Any, outs: list[Any], leaves: list[Any], turned: bool, more: bool, which: slice) -> None:
    """The tangent, and maybe its gradient."""
    for out in outs:
        primal, tangent = torch.autograd.forward_ad.unpack_dual(out)
        if more and leaves:
            grads(torch, [tangent], leaves, [unlike(torch, out, turned)], allow_unused=True)


def across(torch: Any, outs: list[Any], leaves: list[Any], turned: bool, more: bool, which: slice) -> None:
    """The tangent of the gradient, of which there may be a graph; maybe the incoming gradient has one, too."""
    seeds = [unlike(torch, out, turned) for out in outs]
    if more:
        seeds = [torch.autograd.forward_ad.make_dual(seed, seed.sin()) for seed in seeds]
    for first in grads(torch, outs, leaves, seeds, create_graph=which != slice(None)):
        primal, tangent = torch.autograd.forward_ad.unpack_dual(first)


def within(torch: Any, function: Callable[[Any], Any], leaf: Any, more: bool, whole: bool) -> None:
    """The gradient within a transform, or the tangent of that within another one."""
    if more:
        torch.func.jvp(torch.func.grad(function), (leaf,), (leaf.cos(),))
    else:
        torch.func.grad(function)(leaf)


def along(torch: Any, function: Callable[[Any], Any], leaf: Any, more: bool, whole: bool) -> None:
    """The tangent within a transform, its gradient, or that of each direction, for which nothing else is a batch."""
    if not more:
        torch.func.jvp(function, (leaf,), (leaf.cos(),))
    elif whole:
        torch.func.jacfwd(function)(leaf)
    else:
        torch.func.grad(lambda leaf: torch.func.jvp(function, (leaf,), (leaf.cos(),))[1])(leaf)


def batched(torch: Any, function: Callable[[Any], Any], leaf: Any, more: bool, whole: bool) -> None:
    """The gradients of a batch, within two transforms; or a batch of gradients, for which nothing else is one.

    Each with a graph, as transforms make one, or without, as they do not in no_grad.
    """

    def without_graph(leaf: Any) -> Any:
        out, pull = torch.func.vjp(function, leaf)
        with torch.no_grad():
            return torch.func.vmap(pull)(torch.stack([out, out + 1])) if more else pull(out)

    if more:
        (torch.func.jacrev(function) if whole else without_graph)(leaf)
    else:
        torch.func.vmap(torch.func.grad(function) if whole else without_graph)(torch.stack([leaf, leaf * 0.5]))


def written(torch: Any, outs: list[Any], leaves: list[Any], turned: bool, more: bool, which: slice) -> None:
    """The gradient by what was written to since."""
    with torch.no_grad():
        for tensor in leaves[which] if more else outs:
            tensor.mul_(1)
    once(torch, outs, leaves, turned, more, which)


def into(torch: Any, outs: list[Any], leaves: list[Any], turned: bool, more: bool, which: slice) -> None:
    """The gradient of a write, or that of the gradient."""
    (twice if more else once)(torch, outs, leaves, turned, False, which)


def summed(torch: Any, outs: list[Any], leaves: list[Any], turned: bool, more: bool, which: slice) -> None:
    """The gradient of a sum of the results, accumulated or not, and maybe with a graph of its own."""
    for out in outs:
        loss = (out * unlike(torch, out, turned)).sum().real  # of what is real the same
        if more:
            grads(torch, [loss], leaves, [None], allow_unused=True, create_graph=which == slice(0, 1))
        else:
            loss.backward(retain_graph=True)


def over(torch: Any, outs: list[Any], leaves: list[Any], turned: bool, more: bool, which: slice) -> None:
    """The tangent of a write, and maybe the gradient of it, and of what was written."""
    for out in outs:
        primal, tangent = torch.autograd.forward_ad.unpack_dual(out)
        if more:
            grads(torch, [tangent], leaves, [unlike(torch, tangent, turned)], allow_unused=True, retain_graph=True)
    if more:
        across(torch, outs, leaves, turned, False, which)


WAYS = {
    "once": once,
    "twice": twice,
    "forward": forward,
    "across": across,
    "written": written,
    "into": into,
    "over": over,
    "summed": summed,
}
"""Those that are given the results of an expression."""

TRANSFORMS = {"within": within, "along": along, "batched": batched}
"""Those that are given the expression as a function of one leaf."""


PUSHED = ("forward", "over")
"""Those that ask for tangents, of operands that require grad or not."""

IN_PLACE = {row.inplace for row in TABLE.values()}
WRITTEN = ("into", "over")
"""Ways to differentiate what is written in place."""

VIEWED = 2
"""Expressions of an operator that are written through a view of all, too."""

OF_SEVERAL_DIMS = [
    name for name, shape in {**SHAPES, **dict.fromkeys(("p", "u", "q", "c"), (2, 3))}.items() if len(shape) > 1
]
"""Leaves that may be laid out column by column."""

OF_NOTHING = ("once", "twice", "into")
"""Ways in which what arrives may be zeros, for which a subject may have no memory: the gradient of a sign."""

SYMBOLS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.Mod: "remainder"}


def in_place(text: str) -> str:
    """An expression of which the outermost operator writes to a copy of its first operand; empty if it has no such form."""
    match ast.parse(text, mode="eval").body:
        case ast.BinOp(left, op, right) if type(op) in SYMBOLS:
            name, operands = SYMBOLS[type(op)], [left, right]
        case ast.Call(ast.Attribute(value, name), args, keywords):
            of_module = ast.unparse(value).partition(".")[0] in ("torch", "F")
            operands = [*([] if of_module else [value]), *args, *keywords]
        case _:
            return ""
    if f"{name}_" not in IN_PLACE or not operands or isinstance(operands[0], ast.Constant):
        return ""
    first, *rest = [ast.unparse(operand) for operand in operands]
    return f"({first}).clone().{name}_({', '.join(rest)})"


def some_of(random: Random, names: Sequence[str]) -> dict[str, bool]:
    """True or False for each name."""
    return {name: random.random() < 0.5 for name in names}


def chosen(random: Random, names: Sequence[str], texts: Sequence[str], way: str) -> tuple[Any, ...]:
    """All that a program is made of: values, what they are numbers of, which have a derivative, and what is asked."""
    values = values_of(random, names)
    numbers, odd = random.choice(NUMBERS[way]), some_of(random, names)
    active = some_of(random, names) if random.random() < 0.5 else dict.fromkeys(names, True)
    start = random.randrange(len(texts))
    which = random.choice((slice(None), slice(None), slice(0, 1), slice(1, 2)))
    laid = some_of(random, names) if random.random() < 0.25 else dict.fromkeys(names, False)
    moving = some_of(random, names) if random.random() < 0.5 else dict.fromkeys(names, True)
    return values, numbers, odd, active, start, which, random.random() < 0.5, laid, random.random() < 0.1, moving


def case_of(operator: str, texts: list[str], way: str) -> Case:
    """The case of one operator, differentiated in one way."""
    names = [name for name in ("p", *SHAPES, *SOME) if any(name in names_in(text) for text in texts)]
    tracked = [name for name in names if name != CONSTANT]

    def derivatives(torch, drawn: by_chance(lambda random: chosen(random, names, texts, way))):
        values, numbers, odd, active, start, which, more, laid, nothing, moving = drawn
        turns = {n: numbers == "complex" or (numbers == "mixed" and odd[n]) for n in names}
        turned = any(turns.values())
        leaves = {}
        for name, leaf in zip(names, values, strict=True):
            if turns[name]:
                leaf = torch.complex(leaf, unlike(torch, leaf) * leaf.sign())  # a zero is one as a complex number, too
            elif numbers == "single" and odd[name]:
                leaf = leaf.to(torch.float32)
            leaves[name] = leaf.mT.contiguous().mT if laid[name] and name in OF_SEVERAL_DIMS else leaf
        some = [(texts * 2)[start + n] for n in range(min(len(texts), max(AT_A_TIME[way], len(texts) // OF_MANY)))]
        wanted = [name for name in tracked if active[name]]
        if not any(name in names_in(text) for name in wanted for text in some):
            wanted = tracked
        with_grad = [] if way in TRANSFORMS or (way in PUSHED and not more) else wanted[way == "forward" :]
        for name in with_grad:
            leaves[name].requires_grad_()
        duals = wanted if way in PUSHED else [name for name in wanted if moving[name]]
        with torch.autograd.forward_ad.dual_level() if way in ("across", *PUSHED) else nullcontext() as level:
            for name in duals if level is not None else ():
                tangent = unlike(torch, leaves[name], turned, TANGENT).to(leaves[name].dtype)
                leaves[name] = torch.autograd.forward_ad.make_dual(leaves[name], tangent)
            for number, text in enumerate(some):
                used = [name for name in wanted if name in names_in(text)]
                if way in TRANSFORMS:
                    for name in (used * 2)[(start + number) % (len(used) or 1) :][: min(len(used), 2)]:
                        function = product_of(torch, text, leaves, name, turned)
                        TRANSFORMS[way](torch, function, leaves[name], more, which == slice(None))
                elif used:
                    outs = results(torch, operator, text, leaves)
                    if nothing and way in OF_NOTHING:
                        outs = [out.sgn() for out in outs]
                    by = used if way != "forward" else [name for name in used if name in with_grad]
                    WAYS[way](torch, outs[which] or outs, [leaves[name] for name in by], turned, more, which)

    def product_of(torch, text, leaves, name, turned):
        def product(given):
            out = results(torch, operator, text, {**leaves, name: given})[0]
            return (out * unlike(torch, out, turned)).sum().real  # of what is real the same

        return product

    derivatives.__name__ = f"{operator}_{way}"
    derivatives.__doc__ = f"The derivative of {operator} ({way}): {' | '.join(texts)}"
    return Case(derivatives, requires=["backward", "create_graph"], observe="last" if way == "summed" else "every")


def texts_of(operator: str, way: str = "") -> list[str]:
    """All expressions of an operator that can be differentiated in a way."""
    texts = expressions()[operator] + variations().get(operator, [])
    if way not in WRITTEN:
        return texts
    written = [changed for text in texts if (changed := in_place(text))]
    return written + [text.replace(".clone().", ".clone()[...].", 1) for text in written[:VIEWED]]


globals().update(
    {
        f"{name}_{way}": case_of(name, texts, way)
        for name in expressions()
        for way in AT_A_TIME
        if (texts := texts_of(name, way))
    }
)
