"""A random program under way: its steps, what is alive, and the choices that the next steps are made of.

A program is drawn as a list of blocks of bytes, a block an action. Each byte answers one question, 0 with the simplest answer,
and operands are named by how long ago they were made. So whatever Hypothesis does to shrink (it deletes blocks, and makes
bytes smaller) leaves a program that is simpler and still means something. (Rejected: a strategy a question. It draws ten times
slower, and deleting one answer gives the next ones to other questions.)

Nothing runs while a program is composed: the shapes follow from the rows of the table, and whether a tensor requires grad is
guessed. Where the guess is wrong, or a row's operand is out of its domain, the step raises, on both sides or on one.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import msgspec

from conformance.generate import POOL, Shape, Values, encode, fill
from conformance.operators import Unfit
from conformance.program import Bind, Call, Function, Get, Global, Method, Operand, Program, Ref, Step, TensorLiteral

LARGEST = 48
"""Elements of a tensor. Nothing that goes wrong needs more, and traces hold every element."""


class Choices:
    """The answers of one block, in order; 0 where there are none left. Of more than 256 answers, one takes two bytes."""

    def __init__(self, block: bytes) -> None:
        self._block, self._at = block, 0

    def number(self, below: int = POOL) -> int:
        """A number from 0 to `below` - 1."""
        width = 1 if below <= POOL else 2
        answer = int.from_bytes(self._block[self._at : self._at + width], "little")
        self._at += width
        return answer % below if below > 1 else 0

    def one(self, of: Sequence[Operand] | Sequence[object]) -> object:
        return of[self.number(len(of))]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred; the simplest answer is False."""
        return self.number() >= POOL - POOL * percent // 100


@dataclass(frozen=True)
class Known:
    """A tensor that is alive."""

    name: str
    shape: Shape
    dtype: str = "float32"
    grad: bool = False
    """Whether it requires grad, as far as can be told."""
    leaf: bool = True
    base: str = ""
    """The tensor whose memory it shows; empty if it has its own."""
    overlaps: str = ""
    """The view that shows elements of it more than once, if one does: expand, unfold."""

    @property
    def memory(self) -> str:
        return self.base or self.name

    @property
    def ref(self) -> Ref:
        return Ref(self.name)

    @property
    def floating(self) -> bool:
        return self.dtype.startswith(("float", "bfloat", "complex"))

    @property
    def complex(self) -> bool:
        return self.dtype.startswith("complex")


class Context(NamedTuple):
    """A block that was entered and not left."""

    leaving: Step
    """What leaves it."""
    recording: bool
    """Whether grad mode was on around it."""
    forward: bool = False
    """Whether forward mode is on in it."""


class Composer:
    """Collects the steps of one program."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.live: list[Known] = []
        self.contexts: list[Context] = []
        """The blocks that are open, innermost last."""
        self.handles: list[str] = []
        """Names of hooks' handles."""
        self.recording = True
        """Whether grad mode is on, as far as can be told."""
        self.tracking = True
        """Whether new operands may require grad."""
        self.observe: Literal["every", "last"] = "every"
        self.done: list[str] = []
        """What was done, by name: ``action backward``, ``operator sin``, ``phrase leaves_by_an_error``."""
        self._count: dict[str, int] = {}

    def name(self, stem: str) -> str:
        number = self._count[stem] = self._count.get(stem, -1) + 1
        return f"{stem}{number}"

    def append(self, step: Step) -> None:
        self.steps.append(step)

    def call(self, path: str, *args: Operand, out: str | None = None, **kwargs: Operand) -> None:
        """``out = path(*args, **kwargs)``"""
        self.append(Call(function=Global(path), args=args, kwargs=kwargs, out=out))

    def method(self, this: Operand, name: str, *args: Operand, out: str | None = None, **kwargs: Operand) -> None:
        """``out = this.name(*args, **kwargs)``"""
        self.append(Method(self=this, name=name, args=args, kwargs=kwargs, out=out))

    def drop(self, *names: str) -> None:
        """The last step lets these values go."""
        last = self.steps[-1]
        self.steps[-1] = msgspec.structs.replace(last, drops=(*last.drops, *names))
        self.live = [known for known in self.live if known.name not in names]

    def alive(self, known: Known) -> Known:
        """A tensor that the last step made."""
        self.live.append(known)
        return known

    def update(self, known: Known, **changes: object) -> Known:
        """A tensor is not what it was: it requires grad now, or has another shape."""
        new = replace(known, **changes)  # type: ignore[arg-type]
        self.live = [new if one.name == known.name else one for one in self.live]
        return new

    def pick(self, choices: Choices, fits: Callable[[Known], bool] = lambda known: True) -> Known:
        """One that is alive, 0 being the last that was made. Raises Unfit if none fits."""
        found = [known for known in reversed(self.live) if fits(known)]
        if not found:
            raise Unfit
        return found[choices.number(len(found))]

    def tensor(
        self,
        choices: Choices,
        shape: Shape,
        dtype: str = "float32",
        values: Values | str = "any",
        *,
        reuse: bool = True,
        grad: bool = False,
    ) -> Known:
        """A tensor of a shape: every second time one that is alive, if one fits, else a new one."""
        if reuse and not choices.number(2):
            fitting = [one for one in reversed(self.live) if one.shape == shape and one.dtype == dtype]
            if fitting:
                return fitting[choices.number(len(fitting))]
        name = self.name("x" if dtype.startswith(("float", "bfloat", "complex")) else "i")
        self.append(Bind(out=name, value=self.literal(choices, shape, dtype, values)))
        return self.alive(Known(name, shape, dtype, grad))

    def indices(self, choices: Choices, shape: Shape, below: int) -> Known:
        """A new tensor of positions, duplicates included."""
        if math.prod(shape) > LARGEST:
            raise Unfit
        start, step = choices.number(), 1 + choices.number(3)
        numbers = [(start + index * step) % max(below, 1) for index in range(math.prod(shape))]
        name = self.name("i")
        self.append(Bind(out=name, value=TensorLiteral("int64", shape, encode(numbers, "int64"))))
        return self.alive(Known(name, shape, "int64"))

    def literal(self, choices: Choices, shape: Shape, dtype: str, values: Values | str) -> TensorLiteral:
        """The elements follow from one byte; 0 gives 1, 2, 3."""
        if math.prod(shape) > LARGEST:
            raise Unfit
        start, count = choices.number(), math.prod(shape) * (2 if dtype.startswith("complex") else 1)
        picks = bytes([(start * (7 * index + 1)) % POOL for index in range(count)])
        if dtype == "bool":
            return TensorLiteral(dtype, shape, bytes([(pick + index) & 1 for index, pick in enumerate(picks)]))
        real = dtype.startswith(("float", "bfloat", "complex"))
        return TensorLiteral(dtype, shape, fill(picks, values if real else "integers", dtype))

    def body(
        self, choices: Choices, parameters: Sequence[Known], act: Callable[[Composer, Choices], None], most: int = 3
    ) -> tuple[Function, Known]:
        """A function of tensors like `parameters`, which does `act` a few times and returns the last tensor made."""
        steps, live = self.steps, self.live
        own = [replace(known, name=self.name("a")) for known in parameters]
        self.steps, self.live = [], list(own)
        try:
            for _ in range(1 + choices.number(most)):
                with contextlib.suppress(Unfit):
                    act(self, choices)
            last = next(known for known in reversed(self.live) if known.floating)
            names = tuple([known.name for known in own])
            return Function(name=self.name("f"), parameters=names, steps=tuple(self.steps), result=last.ref), last
        finally:
            self.steps, self.live = steps, live

    def attempt(self, action: Callable[[Composer, Choices], None], block: bytes) -> bool:
        """Does something, or nothing if it does not fit."""
        before = {name: value.copy() if isinstance(value, list | dict) else value for name, value in vars(self).items()}
        try:
            action(self, Choices(block))
        except Unfit:
            vars(self).update(before)
            return False
        self.done.append(f"action {action.__name__}")
        return True

    def program(self) -> Program:
        """What was composed. Names that no step binds any more cannot occur: what failed was taken back as a whole."""
        steps = tuple(self.steps) if self.observe == "every" else tuple(self._looked_at())
        return Program(steps=steps, observe=self.observe)

    def _looked_at(self) -> Iterator[Step]:
        """The steps, a tensor's `grad_fn` read before a hook is put on it, as the look after every step does: PyTorch dies of a
        hook on a view that a write to its base has outdated, unless somebody asked for it."""
        nodes = {step.out for step in self.steps if isinstance(step, Get) and step.name == "grad_fn"}
        for step in self.steps:
            of = step.self if isinstance(step, Method) and step.name == "register_hook" else None
            if isinstance(of, Ref) and of.name not in nodes:
                node = f"{of.name}_node"
                yield Get(self=of, name="grad_fn", out=node, drops=(node,))
            yield step
