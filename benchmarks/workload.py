"""What a workload is: one function of a namespace, the arrays it is given, and what is asked of an engine."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
#: ``function(torch, *leaves, *data)``, in operators that every engine spells alike.
Function = Callable[..., Any]
Arrays = Callable[[np.random.Generator], Sequence[Array]]

#: What an engine does with the function. `build`, `backward` and `free` are the phases of one graph's life, timed apart.
#: `train_watched` trains what asks for hooks or Functions, and `train_in_hooks` where each gradient is accumulated.
Mode = Literal[
    "forward",
    "gradients",
    "build",
    "backward",
    "free",
    "train",
    "train_watched",
    "train_in_hooks",
    "hessian_vector",
    "jacobian",
]
#: Modes that only PyTorch's API has.
WATCHED = frozenset(("train_watched", "train_in_hooks"))

LEARNING_RATE = 0.01


class Unsupported(Exception):
    """An engine has no way to do what a workload asks; the message says why."""


def no_arrays(rng: np.random.Generator) -> Sequence[Array]:
    """No data: every array of the workload is a leaf."""
    return ()


@dataclass(frozen=True)
class Workload:
    """One row of the table, before it is measured."""

    id: str
    title: str
    goal: float | None
    mode: Mode
    function: Function
    leaves: Arrays
    data: Arrays = no_arrays

    def arrays(self) -> tuple[list[Array], list[Array]]:
        """Draw leaves and data, the same for every engine and in every run."""
        rng = np.random.default_rng(zlib.crc32(self.id.encode()))
        return list(self.leaves(rng)), list(self.data(rng))


def nothing() -> Any:
    """The default preparation of a step."""
    return None


@dataclass(frozen=True)
class Step:
    """What is timed: `run`, given what `prepare` made off the clock."""

    run: Callable[[Any], Any]
    prepare: Callable[[], Any] | None = None

    def once(self) -> Any:
        """Run once, off the clock, for its result."""
        return self.run(self.prepare() if self.prepare else None)


class Engine(Protocol):
    """A library that is measured; each method named after a Mode turns a function into a Step."""

    name: str
    version: str
    #: False where a Python number turns float32 into float64, so that the results' dtype cannot be compared.
    keeps_dtype: bool

    def step(self, mode: Mode, function: Function, leaves: Sequence[Array], data: Sequence[Array]) -> Step:
        """Return the step of that mode, with fresh leaves; raises Unsupported."""

    def to_numpy(self, value: Any) -> Array:
        """Return a result's numbers."""


def floats(*shapes: tuple[int, ...], scale: float = 1.0) -> Arrays:
    """Standard normal float32 arrays of these shapes, times `scale`."""

    def draw(rng: np.random.Generator) -> Sequence[Array]:
        return [np.asarray(rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)) for shape in shapes]

    return draw
