"""MyGrad: tensors and a backward method, but gradients of the first order only."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.workload import LEARNING_RATE, WATCHED, Array, Function, Mode, Step, Unsupported


class MyGrad:
    """MyGrad 2; a leaf's gradient is forgotten as soon as the leaf is used again."""

    name = "mygrad"
    keeps_dtype = False

    def __init__(self) -> None:
        """Import MyGrad."""
        self.mygrad = import_module("mygrad")
        self.version = version("mygrad")

    def step(self, mode: Mode, function: Function, leaves: Sequence[Array], data: Sequence[Array]) -> Step:
        """Return the step of that mode, over leaves of its own."""
        if mode in ("hessian_vector", "jacobian"):
            raise Unsupported("no gradient of a gradient, and a graph serves one backward")
        if mode in WATCHED:
            raise Unsupported("no hooks, and functions of the user's are another thing there")
        made = [self.mygrad.tensor(leaf.copy()) for leaf in leaves]
        step: Step = getattr(self, f"_{mode}")(function, made, list(data))
        return step

    def to_numpy(self, value: Any) -> Array:
        """Return the numbers of a tensor, or of a gradient, which is an array already."""
        return np.asarray(value.data if isinstance(value, self.mygrad.Tensor) else value)

    def _forward(self, function: Function, leaves: list[Any], data: list[Array]) -> Step:
        mygrad = self.mygrad
        return Step(lambda _: [function(mygrad, *leaves, *data)])

    def _gradients(self, function: Function, leaves: list[Any], data: list[Array]) -> Step:
        mygrad = self.mygrad

        def run(_: Any) -> list[Any]:
            function(mygrad, *leaves, *data).backward()
            return [leaf.grad for leaf in leaves]

        return Step(run)

    def _train(self, function: Function, leaves: list[Any], data: list[Array]) -> Step:
        mygrad = self.mygrad

        def run(_: Any) -> list[Any]:
            function(mygrad, *leaves, *data).backward()
            for leaf in leaves:
                leaf.data -= np.float32(LEARNING_RATE) * leaf.grad
            return leaves

        return Step(run)

    def _build(self, function: Function, leaves: list[Any], data: list[Array]) -> Step:
        mygrad = self.mygrad

        def run(graph: list[Any]) -> list[Any]:
            graph.append(function(mygrad, *leaves, *data))
            return graph

        return Step(run, prepare=list)

    def _backward(self, function: Function, leaves: list[Any], data: list[Array]) -> Step:
        mygrad = self.mygrad

        def run(graph: list[Any]) -> list[Any]:
            graph[0].backward()
            return [leaf.grad for leaf in leaves]

        return Step(run, prepare=lambda: [function(mygrad, *leaves, *data)])

    def _free(self, function: Function, leaves: list[Any], data: list[Array]) -> Step:
        raise Unsupported("its graphs are cycles, which the garbage collector frees at a time of its own")
