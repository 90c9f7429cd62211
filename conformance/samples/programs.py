"""A case an operator: of PyTorch's calls one is drawn, with how it is made and what is asked of it.

| way | |
|---|---|
| value | what comes out |
| backward | the gradient, of an incoming one that is drawn |
| twice | the gradient of the gradient |
| tangent | forward mode |
| across | the tangent of the gradient |

Only what PyTorch's database says that the operator has is asked for. What comes out of a call, of which shape and whether it
has a derivative, the recorder's guide is asked.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal as OneOf

import numpy as np
from hypothesis import reject, strategies as st

from conformance.case import Case
from conformance.generate import encode
from conformance.program import TensorLiteral
from conformance.recorder.recording import Recording
from conformance.recorder.symbols import Path, Symbol, bind
from conformance.samples import database
from conformance.samples.calls import Variant, is_its_own, rebound, variants
from conformance.samples.operands import Leaf, leaf, said, tensors_of

UNINITIALISED = frozenset(["empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided"])
UNINITIALISED |= {"resize_", "resize_as_"}
"""Operators that return memory as it was found: everything but the numbers is compared, which are written over first."""

SETS_OF_NUMBERS = 2
"""How often the calls of an operator and dtype are made, each time of other numbers: as many times the seconds that takes."""


@dataclass(frozen=True)
class Drawn:
    """A call to be recorded."""

    call: Any
    """PyTorch's SampleInput."""
    leaves: tuple[Leaf, ...]
    """Of the tensors in it, in order."""
    variant: Variant
    way: str = "value"
    unknown: bool = False
    """Whether its numbers are whatever there was in memory."""
    numbers: int = 0
    """What incoming gradients and tangents are made of."""


def ways_of(entry: Any, dtype: str) -> list[str]:
    """What can be asked of an operator."""
    if not database.is_differentiable(entry, dtype):
        return ["value"]
    has = {
        "value": True,
        "backward": True,
        "tangent": entry.supports_forward_ad,
        "twice": entry.supports_gradgrad,
        "across": entry.supports_fwgrad_bwgrad,
    }
    return [way for way, is_there in has.items() if is_there]


@st.composite
def samples(draw: st.DrawFn, name: str) -> Drawn:
    """Strategy: a call of an operator that it is to answer."""
    entry = database.operators()[name]
    dtype = draw(st.sampled_from(database.dtypes_of(entry)))
    more = database.has_more(entry) and draw(st.booleans())
    made = database.samples(name, dtype, draw(st.integers(0, SETS_OF_NUMBERS - 1)), more)
    if not made.calls:
        reject()
    call = draw(st.sampled_from(made.calls))
    if draw(st.booleans()):
        call = call.noncontiguous()
    leaves = [leaf(tensor) for tensor in tensors_of((call.input, call.args, call.kwargs))]
    tracked = [number for number, one in enumerate(leaves) if one.requires_grad]
    unknown = entry.name in UNINITIALISED
    way = draw(st.sampled_from(ways_of(entry, dtype) if tracked and not unknown else ["value"]))
    active = draw(st.sampled_from([tracked, *([number] for number in tracked if len(tracked) > 1)])) if tracked else []
    leaves = [replace(one, requires_grad=number in active) for number, one in enumerate(leaves)]
    variant = draw(st.sampled_from(_variants(entry, call)))
    return Drawn(call, tuple(leaves), variant, way, unknown, draw(st.integers(0, 3)))


@st.composite
def errors(draw: st.DrawFn, name: str) -> Drawn:
    """Strategy: a call of an operator that it is to refuse."""
    call = draw(st.sampled_from(database.errors(name).calls))
    leaves = tuple([leaf(tensor) for tensor in tensors_of((call.input, call.args, call.kwargs))])
    return Drawn(call, leaves, draw(st.sampled_from(_variants(database.operators()[name], call))))


def _variants(entry: Any, call: Any) -> list[Variant]:
    return [one for one in variants(entry) if one.fits(call)]


def case_of(
    name: str,
    feature: str,
    sentence: str,
    drawn: st.SearchStrategy[Drawn],
    left_out: Callable[[str], Mapping[str, int]],
) -> Case:
    """The case of an operator, in the module of a feature."""

    def calls(  # type: ignore[no-untyped-def]
        torch,
        call: drawn,  # type: ignore[valid-type]
        x: lambda call: st.just([leaf.literal for leaf in call.leaves]),  # type: ignore[valid-type]
    ):
        return recorded(torch, call, x)

    calls.__name__, calls.__doc__, calls.__module__ = name, sentence, feature
    observe: OneOf["every", "last"] = "last" if database.operators()[name].name in UNINITIALISED else "every"
    return Case(calls, observe=observe, left_out=partial(left_out, name))


def recorded(torch: Path, drawn: Drawn, x: list[Any]) -> Any:
    """Records the program of a call. Returns what it made, of which nothing is to end before the program does."""
    forward = drawn.way in ("tangent", "across")
    tensors = tensors_of((drawn.call.input, drawn.call.args, drawn.call.kwargs))
    leaves = []
    for tensor, how in zip(x, drawn.leaves, strict=True):
        leaves.append(replace(how, requires_grad=how.requires_grad and drawn.way != "tangent").made(tensor))
    active = [number for number, how in enumerate(drawn.leaves) if how.requires_grad]
    stream = np.random.RandomState(drawn.numbers)
    with torch.autograd.forward_ad.dual_level() if forward else nullcontext():
        operands = list(leaves)
        for number in active if forward else ():
            tangent = like(drawn.leaves[number].literal.dtype, tuple(tensors[number].shape), stream)
            operands[number] = torch.autograd.forward_ad.make_dual(leaves[number], tangent)
        out = called(torch, drawn, {id(tensor): one for tensor, one in zip(tensors, operands, strict=True)})
        made = []
        if drawn.way != "value":
            outs = processed(torch, drawn.call.output_process_fn_grad, out)
            made = [outs, WAYS[drawn.way](torch, outs, [leaves[number] for number in active], stream)]
        if drawn.unknown and isinstance(out, Symbol):
            with torch.no_grad():
                out.zero_()
    return leaves, operands, out, made


def called(torch: Path, drawn: Drawn, operands: dict[int, Any]) -> Any:
    """The call itself."""
    call, variant = drawn.call, drawn.variant

    def named(name: str) -> Path:
        return Path(f"torch.{name}")

    first = said(call.input, named, operands)
    if variant.writes and isinstance(first, Symbol):
        first = first.clone()  # a leaf that requires grad cannot be written to
    args = [said(value, named, operands) for value in call.args]
    kwargs = {key: said(value, named, operands) for key, value in call.kwargs.items()}
    return variant.call(torch, first, *args, **kwargs)


def processed(torch: Path, process: Any, out: Any) -> Any:
    """What of the results has a derivative that is the same for everybody: of eigenvectors not their signs, say."""
    return rebound(process, torch)(out) if is_its_own(process) else process(out)


# ------------------------------------------------------------------------------------------------------------------- ways


def backward(torch: Path, out: Any, leaves: list[Any], stream: Any) -> Any:
    outs = differentiable(out, "requires_grad")
    if not outs or not leaves:
        return outs, [], []
    seeds = [given(dtype, shape, stream) for _, dtype, shape in outs]
    grads = torch.autograd.grad([one for one, _, _ in outs], leaves, seeds, allow_unused=True)
    return outs, seeds, grads


def twice(torch: Path, out: Any, leaves: list[Any], stream: Any) -> Any:
    outs = differentiable(out, "requires_grad")
    if not outs or not leaves:
        return outs
    seeds = [given(dtype, shape, stream) for _, dtype, shape in outs]
    for seed in seeds:
        seed.requires_grad_()
    firsts = torch.autograd.grad([one for one, _, _ in outs], leaves, seeds, allow_unused=True, create_graph=True)
    again = differentiable(firsts, "requires_grad")
    if not again:
        return outs, seeds, firsts
    weights = [given(dtype, shape, stream) for _, dtype, shape in again]
    seconds = torch.autograd.grad([one for one, _, _ in again], [*leaves, *seeds], weights, allow_unused=True)
    return outs, seeds, firsts, again, weights, seconds


def tangent(torch: Path, out: Any, leaves: list[Any], stream: Any) -> Any:
    return [(one, torch.autograd.forward_ad.unpack_dual(one)) for one, _, _ in differentiable(out, "")]


def across(torch: Path, out: Any, leaves: list[Any], stream: Any) -> Any:
    outs, seeds, grads = backward(torch, out, leaves, stream)
    return outs, seeds, grads, tangent(torch, grads, leaves, stream)


WAYS = {"backward": backward, "twice": twice, "tangent": tangent, "across": across}


def differentiable(value: Any, flag: str) -> list[tuple[Any, str, tuple[int, ...]]]:
    """The tensors in what came out that have a derivative, or, without a flag, could have; each with dtype and shape."""
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in differentiable(item, flag)]
    if not isinstance(value, Symbol):
        return []
    found = []
    for path, dtype, shape in Recording.active.ask(value, lambda known: _found(known, flag), "what comes") or ():
        one = value
        for number in path:
            one = one[number]
        found.append((one, dtype, shape))
    return found


def _found(value: Any, flag: str) -> list[tuple[tuple[int, ...], str, tuple[int, ...]]]:
    if isinstance(value, (list, tuple)):
        return [((number, *path), *rest) for number, item in enumerate(value) for path, *rest in _found(item, flag)]  # type: ignore[misc]
    dtype = getattr(value, "dtype", None)
    if dtype is None or not (dtype.is_floating_point or dtype.is_complex) or (flag and not getattr(value, flag)):
        return []
    return [((), str(dtype).removeprefix("torch."), tuple(value.shape))]


def given(dtype: str, shape: tuple[int, ...], stream: Any) -> Symbol:
    """A tensor of the program's own."""
    scope = Recording.active.scope
    return bind(scope, scope.name("g"), like(dtype, shape, stream))


def like(dtype: str, shape: tuple[int, ...], stream: Any) -> TensorLiteral:
    """A tensor of some dtype and shape, of numbers that have no meaning."""
    count = math.prod(shape) * (2 if dtype.startswith("complex") else 1)
    return TensorLiteral(dtype, shape, encode(stream.standard_normal(count).round(2).tolist(), dtype))
