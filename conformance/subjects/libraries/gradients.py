"""The derivatives of a library that differentiates functions: of the function that repeats what made the outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from conformance.interpreter.namespace import Missing
from conformance.subjects.libraries.library import Functional, Value
from conformance.subjects.libraries.tensors import Node, Tensor, numpy_dtype

if TYPE_CHECKING:
    from conformance.subjects.libraries.shim import Shim


def gradients(
    shim: Shim,
    outputs: Sequence[Tensor],
    cotangents: Sequence[Tensor | None],
    inputs: Sequence[Tensor],
    create_graph: bool,
    retain_graph: bool | None = None,
) -> list[Tensor | None]:
    """The gradient of every input, None for one that the outputs do not depend on.

    A function can be differentiated any number of times. So there is nothing to say of a program that does it twice where
    PyTorch may have let go of the graph: that is unsupported. So is a gradient of a gradient that is zero: of what is linear
    PyTorch has none, or no graph at all, and a function does not say so.
    """
    derivatives = shim.library.derivatives
    assert isinstance(derivatives, Functional)
    if not all(isinstance(one, Tensor) for one in (*outputs, *inputs)) or len(cotangents) != len(outputs):
        raise Missing("torch.autograd.grad of what is no list of tensors")
    if any(not output.needs for output in outputs):
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    met = reachable(outputs)
    nodes = [tensor.node for tensor in met if tensor.node is not None]
    if any(node.spent for node in nodes):
        raise Missing("a graph that was let go of")
    if not (create_graph if retain_graph is None else retain_graph):
        for node in nodes:
            node.spent = True
    used = [tensor for tensor in inputs if any(tensor is one for one in met)]
    given = [_cotangent(shim, output, one) for output, one in zip(outputs, cotangents, strict=True)]
    # An input in the middle of the graph gets something of its own added, which is zero: the derivative by that is the
    # input's, and the graph behind it stays whole for the others.
    middle = [tensor for tensor in used if tensor.node is not None]
    zeros = [shim.library.array(np.zeros_like(tensor.numpy())) for tensor in middle]
    leaves = [tensor for tensor in used if tensor.node is None]
    # A gradient depends on all that the outputs depend on, and not on the inputs alone.
    if create_graph:
        leaves += [t for t in met if t.node is None and t.needs and all(t is not one for one in inputs)]
    repeat = _repeated(outputs, leaves, middle)

    def pulled(values: Sequence[Value]) -> tuple[Value, ...]:
        pull = derivatives.vjp(repeat, [*values[: len(leaves)], *zeros])
        found = pull(tuple(values[len(leaves) :]))
        by_input = {id(t): v for t, v in zip([*leaves, *middle], found, strict=True)}
        return tuple([by_input[id(tensor)] for tensor in used])

    parents = [*leaves, *given]
    try:
        values = pulled([parent.value for parent in parents])
    except Exception as error:
        shim.raise_if_lack(error)
        raise
    if any(node.is_gradient for node in nodes) and not all(np.any(shim.library.numpy(value)) for value in values):
        raise Missing("a gradient of a gradient that is zero, or none")
    made_by = Node(pulled, parents, is_gradient=True) if create_graph else None
    by_tensor = {id(tensor): shim.wrap(v, made_by, n) for n, (tensor, v) in enumerate(zip(used, values, strict=True))}
    return [by_tensor.get(id(tensor)) for tensor in inputs]


def _cotangent(shim: Shim, output: Tensor, given: Tensor | None) -> Tensor:
    if given is None:
        if output.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if output.dtype.is_complex:
            raise RuntimeError("grad can be implicitly created only for real scalar outputs")
        return shim.from_array(np.ones(output.shape, numpy_dtype(output.dtype.name)))
    if not isinstance(given, Tensor):
        raise Missing("a cotangent that is no tensor")
    if given.dtype is output.dtype:
        return given
    return shim.from_array(given.numpy().astype(numpy_dtype(output.dtype.name)))


def reachable(outputs: Iterable[Tensor]) -> list[Tensor]:
    """The tensors that the outputs were made of, themselves included, parents before children."""
    order: list[Tensor] = []
    met: set[int] = set()
    stack = [(tensor, False) for tensor in reversed(list(outputs))]
    while stack:
        tensor, done = stack.pop()
        if done:
            order.append(tensor)
        elif id(tensor) not in met:
            met.add(id(tensor))
            stack.append((tensor, True))
            if tensor.node is not None:
                stack.extend((parent, False) for parent in reversed(tensor.node.parents))
    return order


def _repeated(
    outputs: Sequence[Tensor], leaves: Sequence[Tensor], middle: Sequence[Tensor]
) -> Callable[..., tuple[Value, ...]]:
    """The function from the values of the leaves, and from what is added to those in the middle, to those of the outputs."""
    order = reachable(outputs)

    def repeat(*values: Value) -> tuple[Value, ...]:
        known = {id(tensor): value for tensor, value in zip(leaves, values[: len(leaves)], strict=True)}
        added = {id(tensor): value for tensor, value in zip(middle, values[len(leaves) :], strict=True)}
        made: dict[int, Sequence[Value]] = {}
        for tensor in order:
            node = tensor.node
            if id(tensor) in known:
                continue
            if node is None:
                known[id(tensor)] = tensor.value
                continue
            if id(node) not in made:
                made[id(node)] = node.function([known[id(parent)] for parent in node.parents])
            value = made[id(node)][tensor.index]
            known[id(tensor)] = value + added[id(tensor)] if id(tensor) in added else value
        return tuple([known[id(output)] for output in outputs])

    return repeat
