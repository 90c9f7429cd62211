"""Steps of training: a loss, its gradients, and SGD's update."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.workload import Array, Workload, floats


def linear_regression(torch: Any, weight: Any, bias: Any, x: Any, target: Any) -> Any:
    """Mean squared error of one linear layer."""
    error = x @ weight + bias - target
    return (error * error).mean()


def perceptron(torch: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, one_hot: Any) -> Any:
    """Cross entropy of two linear layers with tanh between them."""
    scores = torch.tanh(x @ w1 + b1) @ w2 + b2
    return (torch.log(torch.exp(scores).sum(1)) - (scores * one_hot).sum(1)).mean()


def sum_of_squares(torch: Any, *leaves: Any) -> Any:
    """One small term a leaf."""
    total = (leaves[0] * leaves[0]).sum()
    for leaf in leaves[1:]:
        total = total + (leaf * leaf).sum()
    return total


def perceptron_data(batch: int, inputs: int, classes: int) -> Any:
    """Inputs, and their classes as one-hot rows."""

    def draw(rng: np.random.Generator) -> Sequence[Array]:
        x = rng.standard_normal((batch, inputs), dtype=np.float32)
        return [x, np.eye(classes, dtype=np.float32)[rng.integers(classes, size=batch)]]

    return draw


def workloads(*, tiny: bool) -> Iterator[Workload]:
    """Yield one step of each model."""
    inputs, hidden, classes, leaves = (7, 5, 3, 10) if tiny else (784, 128, 10, 1000)
    yield Workload(
        "training/linear",
        f"linear regression step {inputs} → {classes}",
        0.35,
        "train",
        linear_regression,
        floats((inputs, classes), (classes,), scale=0.05),
        floats((32, inputs), (32, classes)),
    )
    for batch, goal in (32, 0.70), (256, 0.80):
        yield Workload(
            f"training/mlp-{batch}",
            f"MLP step, batch {batch}",
            goal,
            "train",
            perceptron,
            floats((inputs, hidden), (hidden,), (hidden, classes), (classes,), scale=0.05),
            perceptron_data(batch, inputs, classes),
        )
    yield Workload(
        "training/leaves", f"{leaves:,} leaves with SGD", 0.45, "train", sum_of_squares, floats(*[(4,)] * leaves)
    )
