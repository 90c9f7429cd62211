"""PyTorch and numtorch: the same code drives both, so nothing but the library differs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.workload import LEARNING_RATE, Array, Function, Mode, Step


class TorchLike:
    """A library that has PyTorch's API."""

    keeps_dtype = True

    def __init__(self, name: str) -> None:
        """Import the library, and keep it to one thread where it has more."""
        self.torch = import_module(name)
        self.name = name
        self.version = str(getattr(self.torch, "__version__", "in this repository"))
        if hasattr(self.torch, "set_num_threads"):
            self.torch.set_num_threads(1)

    def step(self, mode: Mode, function: Function, leaves: Sequence[Array], data: Sequence[Array]) -> Step:
        """Return the step of that mode, over leaves of its own."""
        made = [self.torch.tensor(leaf, requires_grad=True) for leaf in leaves]
        given = [self.torch.tensor(array) for array in data]
        step: Step = getattr(self, f"_{mode}")(function, made, given)
        return step

    def to_numpy(self, value: Any) -> Array:
        """Return a tensor's numbers."""
        return np.asarray(value.detach().numpy())

    def _forward(self, function: Function, leaves: list[Any], data: list[Any]) -> Step:
        torch = self.torch
        return Step(lambda _: [function(torch, *leaves, *data)])

    def _gradients(self, function: Function, leaves: list[Any], data: list[Any]) -> Step:
        torch = self.torch

        def run(_: Any) -> list[Any]:
            for leaf in leaves:
                leaf.grad = None
            function(torch, *leaves, *data).backward()
            return [leaf.grad for leaf in leaves]

        return Step(run)

    def _train(self, function: Function, leaves: list[Any], data: list[Any]) -> Step:
        torch = self.torch

        def run(_: Any) -> list[Any]:
            for leaf in leaves:
                leaf.grad = None
            function(torch, *leaves, *data).backward()
            with torch.no_grad():
                for leaf in leaves:
                    leaf.sub_(leaf.grad, alpha=LEARNING_RATE)
            return leaves

        return Step(run)

    _train_watched = _train

    def _train_in_hooks(self, function: Function, leaves: list[Any], data: list[Any]) -> Step:
        torch = self.torch

        def update(leaf: Any) -> None:
            with torch.no_grad():
                leaf.sub_(leaf.grad, alpha=LEARNING_RATE)
            leaf.grad = None

        for leaf in leaves:
            leaf.register_post_accumulate_grad_hook(update)

        def run(_: Any) -> list[Any]:
            function(torch, *leaves, *data).backward()
            return leaves

        return Step(run)

    def _build(self, function: Function, leaves: list[Any], data: list[Any]) -> Step:
        torch = self.torch

        def run(graph: list[Any]) -> list[Any]:
            graph.append(function(torch, *leaves, *data))
            return graph

        return Step(run, prepare=list)

    def _backward(self, function: Function, leaves: list[Any], data: list[Any]) -> Step:
        torch = self.torch

        def prepare() -> list[Any]:
            for leaf in leaves:
                leaf.grad = None
            return [function(torch, *leaves, *data)]

        def run(graph: list[Any]) -> list[Any]:
            graph[0].backward()
            return [leaf.grad for leaf in leaves]

        return Step(run, prepare)

    def _free(self, function: Function, leaves: list[Any], data: list[Any]) -> Step:
        torch = self.torch

        def run(graph: list[Any]) -> list[Any]:
            graph.clear()
            return []

        return Step(run, prepare=lambda: [function(torch, *leaves, *data)])

    def _hessian_vector(self, function: Function, leaves: list[Any], data: list[Any]) -> Step:
        torch = self.torch
        (x,), (vector, *rest) = leaves, data

        def run(_: Any) -> list[Any]:
            (first,) = torch.autograd.grad(function(torch, x, *rest), x, create_graph=True)
            return list(torch.autograd.grad((first * vector).sum(), x))

        return Step(run)

    def _jacobian(self, function: Function, leaves: list[Any], data: list[Any]) -> Step:
        torch = self.torch
        (x,) = leaves

        def run(_: Any) -> list[Any]:
            y = function(torch, x, *data)
            rows = [torch.autograd.grad(y[i], x, retain_graph=True)[0] for i in range(len(y))]
            return [torch.stack(rows)]

        return Step(run)
