"""A case: a few lines of PyTorch, and strategies for the data that they start from.

    @case(lecture="accumulation", requires=["backward", "pow"], covers=["acc.sum"])
    def backward_adds_to_grad(torch, x: floats(min_dims=1)):
        \"\"\"Tensor.backward() adds to the grad of the leaves.\"\"\"
        u = x.requires_grad_().pow(3).sum()
        u.backward(retain_graph=True)
        u.backward()

A parameter named as a host module (``torch``, ``builtins``, ``copy``, ``gc`` …) receives a recording one and has no
annotation. Every other parameter is annotated with what it is drawn from:

- a Hypothesis strategy of tensor literals, numbers, strings, or lists and tuples of those;
- or, where it depends on parameters before it, a function of them that returns a strategy:
  ``def f(torch, x: floats(), g: lambda x: cotangent(x))``. It is given what was drawn, a `TensorLiteral` for a tensor.

Defining a case imports neither PyTorch nor any other implementation, and recording it runs nothing.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Literal as OneOf

from hypothesis import HealthCheck, Phase, given, seed as seeded, settings, strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.program import HOST_MODULES, Operand, Program
from conformance.recorder import record

Drawn = SearchStrategy[Any] | Callable[..., SearchStrategy[Any]]


class Case:
    """One behaviour, and the programs that show it."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        lecture: str = "",
        requires: Iterable[str] = (),
        covers: Iterable[str] = (),
        observe: OneOf["every", "last"] = "every",
        by_processor: bool = False,
        left_out: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self.function = function
        self.module = function.__module__
        self.file = function.__code__.co_filename
        """Where its source is; empty of a case that is made of what stands elsewhere."""
        self.feature = self.module.rpartition(".")[2]
        self.name = function.__name__
        self.id = f"{self.feature}/{self.name}"
        """Never used again for another behaviour: expectations and recorded traces refer to it."""
        self.sentence = inspect.cleandoc(function.__doc__ or "")
        self.lecture = lecture
        self.requires = (*function.__globals__.get("REQUIRES", ()), *requires)
        self.covers = tuple(covers)
        self.observe: OneOf["every", "last"] = observe
        self.by_processor = by_processor
        """Whether PyTorch answers otherwise on another processor, by more than last digits: nothing of it is recorded."""
        self.left_out = left_out
        """Of a case whose programs are made of others' data: how many of those no program can say, by reason."""

    @cached_property
    def source(self) -> str:
        """The Python source, as its author wrote it."""
        return textwrap.dedent(inspect.getsource(self.function))

    @cached_property
    def drawn(self) -> Mapping[str, Drawn]:
        """What each parameter is drawn from, in order."""
        parameters = inspect.signature(self.function, eval_str=True).parameters
        found: dict[str, Drawn] = {}
        for name, parameter in parameters.items():
            if parameter.annotation is not inspect.Parameter.empty:
                found[name] = parameter.annotation
            elif name not in HOST_MODULES:
                raise TypeError(f"case {self.id}: the parameter `{name}` is not annotated with what it is drawn from")
        return found

    def inputs(self) -> SearchStrategy[dict[str, Any]]:
        """Strategy: a value for every parameter that is drawn."""
        drawn = self.drawn
        if all(isinstance(strategy, SearchStrategy) for strategy in drawn.values()):
            return st.fixed_dictionaries(dict(drawn))  # type: ignore[arg-type]

        @st.composite
        def dependent(draw: st.DrawFn) -> dict[str, Any]:
            values: dict[str, Any] = {}
            for name, strategy in drawn.items():
                if not isinstance(strategy, SearchStrategy):
                    strategy = strategy(**{needed: values[needed] for needed in inspect.signature(strategy).parameters})
                values[name] = draw(strategy)
            return values

        return dependent()

    def record(self, inputs: Mapping[str, Operand]) -> Program:
        """The case on given inputs."""
        return record(self.function, inputs, observe=self.observe)

    def programs(self) -> SearchStrategy[Program]:
        """Strategy: the case as a Program, on data that shrinks towards small and simple."""
        return self.inputs().map(self.record)

    def example(self, seed: int = 0) -> Program:
        """One typical program, always the same for a seed."""
        # Not the first that Hypothesis draws: that is the simplest there is, often an all-zero or empty one.
        found: list[Program] = []

        @seeded(seed)
        @settings(
            max_examples=8,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(self.programs())
        def draw(program: Program) -> None:
            found.append(program)

        draw()
        return found[-1]

    def __repr__(self) -> str:
        return f"<case {self.id}>"


def case(
    *,
    lecture: str = "",
    requires: Iterable[str] = (),
    covers: Iterable[str] = (),
    observe: OneOf["every", "last"] = "every",
    by_processor: bool = False,
) -> Callable[[Callable[..., Any]], Case]:
    """Makes a function a case of the catalogue.

    `lecture` is the part of the course it belongs to, if any; `requires` names features that a subject may lack, beside those
    that the module's REQUIRES names for all its cases; `covers` lists behaviours of the checklist that it shows; `observe` is
    the Program's; `by_processor` says that PyTorch answers otherwise on another processor.
    """
    return lambda function: Case(
        function, lecture=lecture, requires=requires, covers=covers, observe=observe, by_processor=by_processor
    )
