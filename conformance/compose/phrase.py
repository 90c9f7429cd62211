"""Phrases: what takes several steps to say, written as cases are written and recorded once.

    @phrase
    def backward_twice(torch, x: tracked, retain: one_of(True, False)):
        out = x * x
        out.sum().backward(retain_graph=retain)
        out.sum().backward()

Each parameter is annotated with how it is picked: a tensor that is alive, a new one, a function of random operators, or a plain
value, for each of which the phrase is recorded anew. A tensor called `out` is alive afterwards, in the shape of the first
tensor picked; all else that the phrase bound ends with it. Hooks and Functions are phrases, too.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from conformance.compose.composer import Choices, Composer, Known
from conformance.generate import Shape, encode
from conformance.program import (
    Bind,
    Delete,
    Function,
    Operand,
    Step,
    TensorLiteral,
    bound,
    names_read,
    operands,
    outs,
    renamed,
    walk,
)
from conformance.recorder import record

Picked = Known | Function
Pick = Callable[[Composer, Choices, Mapping[str, Picked]], Picked]
"""Picks for a parameter; what was picked for those before it is known."""


@dataclass(frozen=True)
class OneOf:
    """A parameter that is one of some plain values, the simplest first."""

    values: tuple[Operand, ...]


def one_of(*values: Operand) -> OneOf:
    return OneOf(values)


class Phrase:
    """A phrase. Called as an action is."""

    def __init__(self, function: Callable[..., None], shape: Callable[[Shape], Shape], grad: bool) -> None:
        self.__name__ = function.__name__
        self._function, self._shape, self._grad = function, shape, grad
        hosts = ("torch", "builtins", "copy", "gc")
        parameters = inspect.signature(function).parameters.values()
        self._picks: dict[str, OneOf | Pick] = {one.name: one.annotation for one in parameters if one.name not in hosts}
        self._recorded = cache(self._record)

    def __call__(self, composer: Composer, choices: Choices) -> None:
        picked: dict[str, Picked] = {}
        plain: list[tuple[str, Operand]] = []
        for name, pick in self._picks.items():
            if isinstance(pick, OneOf):
                plain.append((name, pick.values[choices.number(len(pick.values))]))
            else:
                picked[name] = pick(composer, choices, picked)
        steps = self._recorded(tuple(plain), tuple([(name, type(one)) for name, one in picked.items()]))
        self._say(composer, steps, picked)

    def _record(self, plain: tuple[tuple[str, Operand], ...], picked: tuple[tuple[str, type], ...]) -> tuple[Step, ...]:
        """The steps, with the parameters' names for what is picked."""
        inputs: dict[str, Operand] = dict(plain)
        for name, kind in picked:
            inputs[name] = _FUNCTION if kind is Function else _TENSOR
        steps = record(self._function, inputs).steps
        given = {name for name, _ in picked}
        return tuple([step for step in steps if not (isinstance(step, Bind) and step.out in given)])

    def _say(self, composer: Composer, steps: tuple[Step, ...], picked: Mapping[str, Picked]) -> None:
        names: dict[str, str] = {}
        for name, one in picked.items():
            if isinstance(one, Known):
                names[name] = one.name
            else:
                names[name] = composer.name("f")
                composer.append(Bind(out=names[name], value=one))
        # Inside bodies only temporaries need new names: the others end without a digit, as no name of a program does.
        top = {name for step in steps for name in outs(step)}
        made = [name for name in dict.fromkeys(bound(steps)) if name in top or name[-1].isdigit()]
        names.update({name: composer.name(re.sub(r"[\d_]*$", "", name) or "t") for name in made})
        said = [renamed(step, names) for step in steps]
        composer.steps += said
        kept = [name for name in made if name == "out"]
        gone = [names[name] for name, one in picked.items() if isinstance(one, Function)]
        over = {name for step in steps for name in step.drops}
        gone += [names[name] for name in made if name in top and name not in kept and name not in over]
        # What a function of the phrase reads, the last step may still need while it runs.
        needed = set(_read_within(said))
        composer.drop(*[name for name in gone if name not in needed])
        if late := tuple([name for name in gone if name in needed]):
            composer.append(Delete(drops=late))
        first = next((one for one in picked.values() if isinstance(one, Known)), None)
        for name in kept:
            assert first is not None, f"{self.__name__} makes `out`, and picks no tensor that says its shape"
            grad = first.grad and composer.recording and self._grad
            composer.alive(Known(names[name], self._shape(first.shape), first.dtype, grad, not grad))


def _read_within(steps: list[Step]) -> Iterator[str]:
    """The names that the bodies of functions read."""
    for step in steps:
        for operand in operands(step):
            for part in walk(operand):
                if isinstance(part, Function):
                    yield from names_read(part)


def phrase(
    function: Callable[..., None] | None = None,
    *,
    shape: Callable[[Shape], Shape] = lambda shape: shape,
    grad: bool = True,
) -> Any:
    """Makes a function a phrase. `shape` says the shape of `out`, `grad` whether it can require grad."""
    if function is None:
        return lambda function: Phrase(function, shape, grad)
    return Phrase(function, shape, grad)


_TENSOR = TensorLiteral("float32", (), encode([1], "float32"))
_FUNCTION = Function(name="f", parameters=("*a",), steps=(), result=None)
"""What stands for what is picked, while a phrase is recorded."""


# ----------------------------------------------------------------------------------------------------------------- picks


def _one(fits: Callable[[Known], bool]) -> Pick:
    def pick(composer: Composer, choices: Choices, picked: Mapping[str, Picked]) -> Known:
        return composer.pick(choices, fits)

    return pick


floating = _one(lambda known: known.floating)
tracked = _one(lambda known: known.floating and known.grad)
leaf = _one(lambda known: known.floating and known.leaf)
tracked_leaf = _one(lambda known: known.floating and known.grad and known.leaf)
result = _one(lambda known: known.floating and known.grad and not known.leaf)
matrix = _one(lambda known: known.floating and len(known.shape) > 1)
writable = _one(lambda known: known.floating and known.overlaps != "unfold")
vector = _one(lambda known: known.floating and len(known.shape) > 0 and 0 not in known.shape)
"""Tensors that are alive. Of what `unfold` made PyTorch does not define what a write leaves (`calls.defined`)."""


def like(other: str, values: str = "any", *, reuse: bool = False) -> Pick:
    """A tensor in the shape and dtype of what was picked for `other`, and most often a new one."""

    def pick(composer: Composer, choices: Choices, picked: Mapping[str, Picked]) -> Known:
        one = picked[other]
        assert isinstance(one, Known)
        return composer.tensor(choices, one.shape, one.dtype, values, reuse=reuse)

    return pick


def seed_for(other: str) -> Pick:
    """A gradient to start from: distinct numbers."""
    return like(other, "distinct")


def function_of(*others: str, act: str = "smooth", most: int = 3) -> Pick:
    """A function of tensors like those picked for `others`, made of random operators."""

    def pick(composer: Composer, choices: Choices, picked: Mapping[str, Picked]) -> Function:
        from conformance.compose import calls

        given = [one for name in others if isinstance(one := picked[name], Known)]
        return composer.body(choices, given, getattr(calls, act), most)[0]

    return pick


def tracking(pick: Pick) -> Pick:
    """What `pick` picks, and makes it require grad if it is a leaf that does not."""

    def picked(composer: Composer, choices: Choices, before: Mapping[str, Picked]) -> Picked:
        one = pick(composer, choices, before)
        assert isinstance(one, Known)
        if one.leaf and not one.grad:
            composer.method(one.ref, "requires_grad_")
            return composer.update(one, grad=True)
        return one

    return picked


__all__ = [
    "Phrase",
    "floating",
    "function_of",
    "leaf",
    "like",
    "matrix",
    "one_of",
    "phrase",
    "result",
    "seed_for",
    "tracked",
    "tracked_leaf",
    "tracking",
    "vector",
    "writable",
]
