"""HIPS autograd: a library of functions, which hands out no tensors and no graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.workload import LEARNING_RATE, WATCHED, Array, Function, Mode, Step, Unsupported


class Hips:
    """HIPS autograd; what a tensor's graph is elsewhere is here the function that `make_vjp` returns."""

    name = "autograd"
    keeps_dtype = True

    def __init__(self) -> None:
        """Import autograd, and its stand-in for NumPy."""
        self.autograd = import_module("autograd")
        self.numpy = import_module("autograd.numpy")
        self.make_vjp: Callable[..., Any] = import_module("autograd").make_vjp
        self.version = version("autograd")

    def step(self, mode: Mode, function: Function, leaves: Sequence[Array], data: Sequence[Array]) -> Step:
        """Return the step of that mode, over leaves of its own."""
        if mode in WATCHED:
            raise Unsupported("no hooks, and functions of the user's are another thing there")
        numpy = self.numpy

        def objective(*leaves: Any) -> Any:
            return function(numpy, *leaves, *data)

        step: Step = getattr(self, f"_{mode}")(objective, [leaf.copy() for leaf in leaves], list(data), function)
        return step

    def to_numpy(self, value: Any) -> Array:
        """Return an array as it is."""
        return np.asarray(value)

    def _traced(self, objective: Function, leaves: list[Array]) -> Callable[[], tuple[Callable[..., Any], Any]]:
        trace = self.make_vjp(objective, argnum=tuple(range(len(leaves))))
        return lambda: trace(*leaves)

    def _forward(self, objective: Function, leaves: list[Array], data: list[Array], function: Function) -> Step:
        traced = self._traced(objective, leaves)
        return Step(lambda _: [traced()[1]])

    def _gradients(self, objective: Function, leaves: list[Array], data: list[Array], function: Function) -> Step:
        gradient = self.autograd.grad(objective, tuple(range(len(leaves))))
        return Step(lambda _: list(gradient(*leaves)))

    def _train(self, objective: Function, leaves: list[Array], data: list[Array], function: Function) -> Step:
        gradient = self.autograd.grad(objective, tuple(range(len(leaves))))

        def run(_: Any) -> list[Array]:
            for leaf, slope in zip(leaves, gradient(*leaves), strict=True):
                leaf -= np.float32(LEARNING_RATE) * slope
            return leaves

        return Step(run)

    def _build(self, objective: Function, leaves: list[Array], data: list[Array], function: Function) -> Step:
        traced = self._traced(objective, leaves)

        def run(graph: list[Any]) -> list[Any]:
            graph.extend(traced())
            return graph[1:]

        return Step(run, prepare=list)

    def _backward(self, objective: Function, leaves: list[Array], data: list[Array], function: Function) -> Step:
        traced = self._traced(objective, leaves)

        def prepare() -> list[Any]:
            return list(traced())

        return Step(lambda graph: list(graph[0](np.ones_like(graph[1]))), prepare)

    def _free(self, objective: Function, leaves: list[Array], data: list[Array], function: Function) -> Step:
        traced = self._traced(objective, leaves)

        def run(graph: list[Any]) -> list[Any]:
            graph.clear()
            return []

        return Step(run, prepare=lambda: list(traced()))

    def _hessian_vector(self, objective: Function, leaves: list[Array], data: list[Array], function: Function) -> Step:
        numpy, (vector, *rest) = self.numpy, data
        product = self.autograd.hessian_vector_product(lambda x: function(numpy, x, *rest))
        return Step(lambda _: [product(leaves[0], vector)])

    def _jacobian(self, objective: Function, leaves: list[Array], data: list[Array], function: Function) -> Step:
        jacobian = self.autograd.jacobian(objective)
        return Step(lambda _: [jacobian(leaves[0])])
