"""Training steps of a small model that users have a hand in: hooks, and a function with a backward of their own.

The arrays are small, so that what is measured is what each of these costs; the first row is the same model left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.workload import Function, Workload, floats
from benchmarks.workloads.training import perceptron, perceptron_data


def loss(torch: Any, scores: Any, one_hot: Any) -> Any:
    """Cross entropy."""
    return (torch.log(torch.exp(scores).sum(1)) - (scores * one_hot).sum(1)).mean()


def with_tensor_hook(torch: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, one_hot: Any) -> Any:
    """Cross entropy of two layers, with the gradient between them clipped."""
    hidden = torch.tanh(x @ w1 + b1)
    hidden.register_hook(lambda grad: grad.clamp(-0.01, 0.01))
    return loss(torch, hidden @ w2 + b2, one_hot)


def with_own_tanh() -> Function:
    """Cross entropy of two layers, with a tanh of the user's between them; a class for each library."""
    classes: dict[Any, Any] = {}

    def function(torch: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, one_hot: Any) -> Any:
        if torch not in classes:
            classes[torch] = own_tanh(torch)
        return loss(torch, classes[torch].apply(x @ w1 + b1) @ w2 + b2, one_hot)

    return function


def own_tanh(torch: Any) -> Any:
    """A Function that saves its result."""

    class Tanh(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = torch.tanh(x)
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            (y,) = ctx.saved_tensors
            return grad * (1 - y * y)

    return Tanh


def with_module_hook() -> Function:
    """Cross entropy of two layers, the gradients of which a hook of the module between them has seen."""
    modules: dict[Any, Any] = {}

    def function(torch: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, one_hot: Any) -> Any:
        if torch not in modules:
            modules[torch] = torch.nn.Tanh()
            modules[torch].register_full_backward_hook(lambda module, grad_input, grad_output: None)
        return loss(torch, modules[torch](x @ w1 + b1) @ w2 + b2, one_hot)

    return function


def workloads(*, tiny: bool) -> Iterator[Workload]:
    """Yield one step of the model for each way to have a hand in it."""
    inputs, hidden, classes = (7, 5, 3) if tiny else (16, 16, 4)
    leaves = floats((inputs, hidden), (hidden,), (hidden, classes), (classes,), scale=0.05)
    data = perceptron_data(8, inputs, classes)
    yield Workload("watched/none", "small MLP step, not watched", None, "train", perceptron, leaves, data)
    for name, title, goal, function in (
        ("hook", "a tensor hook", None, with_tensor_hook),
        ("module", "a full backward hook of a module", None, with_module_hook()),
        ("function", "a Function of the user's", None, with_own_tanh()),
    ):
        yield Workload(f"watched/{name}", f"small MLP step, {title}", goal, "train_watched", function, leaves, data)
    title = "small MLP step, SGD in post-accumulate hooks"
    yield Workload("watched/leaves", title, None, "train_in_hooks", perceptron, leaves, data)
