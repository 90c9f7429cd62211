"""The two ways into the engine, `backward` and `grad`, with their checks."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from .. import grad_mode
from ..aliasing.views import edge, mark_inference
from ..backward.capture import of_scalar
from ..backward.engine import run_backward
from ..calls import torch_function
from ..levels import wrapped_of
from ..memory.descriptor import Size
from ..memory.geometry import laid_out
from ..nodes.graph import GraphRoot, Node, NotPlain, next_sequence_nr
from ..tensor import Tensor, wrap
from ..warning import warn


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of the roots, summed, to the leaves."""
    if grad_variables is not None:
        warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. "
                "Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    targets = None if inputs is None else input_tuple(inputs, "backward")
    tensors = (tensors,) if isinstance(tensors, Tensor) or _is_edge(tensors) else tuple(tensors)
    grads = make_grads(tensors, grad_list(grad_tensors, len(tensors)))
    if retain_graph is None:
        retain_graph = create_graph
    call_engine(tensors, grads, retain_graph, create_graph, targets, True, True)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of the outputs, summed, with respect to the inputs; `.grad` is not touched."""
    found = None
    if (
        grad_outputs is None
        and type(outputs) is Tensor
        and type(inputs) is Tensor
        and type(create_graph) is bool
        and only_inputs is True
        and allow_unused is None
        and type(keep := create_graph if retain_graph is None else retain_graph) is bool
        and not (is_grads_batched or materialize_grads or torch_function.asking)
    ):
        found = of_scalar(outputs, inputs, keep, create_graph)
        if type(found) is Tensor:
            return (found,)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if allow_unused is None:
        allow_unused = materialize_grads
    outputs = (outputs,) if isinstance(outputs, Tensor) or _is_edge(outputs) else tuple(outputs)
    targets = input_tuple(inputs, "grad")
    if torch_function.asking:
        from ..overrides import handle_torch_function, has_torch_function

        if has_torch_function(outputs + targets):
            answer = handle_torch_function(
                grad,
                outputs + targets,
                outputs,
                targets,
                grad_outputs=grad_outputs,
                retain_graph=retain_graph,
                create_graph=create_graph,
                only_inputs=only_inputs,
                allow_unused=allow_unused,
                is_grads_batched=is_grads_batched,
                materialize_grads=materialize_grads,
            )
            return dict(zip(inputs, answer, strict=True)) if type(inputs) is dict else answer
    if not only_inputs:
        warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient "
            "for other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
        )
    seeds = make_grads(outputs, grad_list(grad_outputs, len(outputs)), is_grads_batched)
    if retain_graph is None:
        retain_graph = create_graph
    given = outputs, seeds, retain_graph, create_graph, targets, allow_unused, False
    result = batched(*given) if is_grads_batched else call_engine(*given, tried=found is NotPlain)
    if materialize_grads:
        if any(g is None and not isinstance(i, Tensor) for g, i in zip(result, targets, strict=True)):
            raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
        from ..creation import zeros_like

        result = tuple(
            [
                zeros_like(i, requires_grad=bool(create_graph)) if g is None else g
                for g, i in zip(result, targets, strict=True)
            ]
        )
    return dict(zip(inputs, result, strict=True)) if type(inputs) is dict else result


def input_tuple(inputs: Any, who: str) -> tuple:
    """What to differentiate with respect to, one or several or the values of a dict."""
    if isinstance(inputs, Tensor) or _is_edge(inputs):
        return (inputs,)
    if type(inputs) is dict:
        found = tuple(inputs.values())
    elif isinstance(inputs, Mapping):
        raise TypeError(
            f"`inputs` argument to `{who}()` must be a dict, not {type(inputs).__name__}. Other Mapping types are not "
            "supported."
        )
    else:
        found = tuple(inputs)
    if not found:
        raise RuntimeError(f"`inputs` argument to `{who}()` cannot be empty.")
    return found


def batched(
    outputs: Sequence[Any],
    seeds: Sequence[Any],
    retain_graph: Any,
    create_graph: Any,
    inputs: Any,
    allow_unused: Any,
    accumulate: bool,
) -> tuple:
    """One pass for the batch of the seeds' first dimension."""
    from .._functorch import legacy_vmap

    def vjp(*seeds: Any) -> tuple:
        return call_engine(outputs, seeds, retain_graph, create_graph, inputs, allow_unused, accumulate)

    return legacy_vmap.vmap(vjp, seeds)


def _is_edge(value: Any) -> bool:
    return type(value).__name__ == "GradientEdge"


def grad_list(grads: Any, count: int) -> Sequence[Any]:
    """The seeds as a sequence, one for each root."""
    if isinstance(grads, Tensor):
        return (grads,)
    return (None,) * count if grads is None else tuple(grads)


def make_grads(outputs: Sequence[Any], grads: Sequence[Any], is_batched: bool = False) -> list[Any]:
    """Seeds checked against their roots, a surplus ignored; ones where a one-element root has none."""
    new = []
    for out, seed in zip(outputs, grads, strict=False):
        if isinstance(out, Tensor):
            desc = out._desc
        elif _is_edge(out):
            desc = out.node.descriptors()[out.output_nr]
        else:
            raise AssertionError("Expected output to be a torch.Tensor")
        if isinstance(seed, Tensor):
            first = seed[0] if is_batched else seed
            if first._desc.shape != desc.shape:
                raise shape_mismatch(outputs, grads, out, seed, is_batched)
            if seed._desc.dtype.is_complex != desc.dtype.is_complex:
                raise RuntimeError(
                    "For complex Tensors, both grad_output and output are required to have the same dtype."
                    f" Mismatch in dtype: grad_output[{grads.index(seed)}] has a dtype of {seed._desc.dtype} and "
                    f"output[{outputs.index(out)}] has a dtype of {desc.dtype}."
                )
            new.append(seed)
        elif seed is None:
            if not isinstance(out, Tensor) or out.requires_grad:
                if desc.numel != 1:
                    raise RuntimeError("grad can be implicitly created only for scalar outputs")
                if not desc.dtype.is_floating_point:
                    raise RuntimeError(
                        f"grad can be implicitly created only for real scalar outputs but got {desc.dtype}"
                    )
                if isinstance(out, Tensor) and wrapped_of(out) is not None:
                    from ..creation import ones_like

                    new.append(ones_like(out))
                    continue
                one = desc.dtype.numpy.type(1)
                if desc.ndim:
                    one = laid_out(tuple(desc.shape), desc.strides, desc.dtype.numpy)  # ones_like, strides and all
                    one[...] = 1
                seed = wrap(one)
                if grad_mode.state.inference:
                    mark_inference(seed)
                new.append(seed)
            else:
                new.append(None)
        else:
            raise TypeError(f"gradients can be either Tensors or None, but got {type(seed).__name__}")
    return new


def shape_mismatch(outputs: Any, grads: Any, out: Any, seed: Any, is_batched: bool) -> RuntimeError:
    """The error for a seed of another shape than its root. The positions are searched for with ==, as PyTorch does."""
    shape = out.shape if isinstance(out, Tensor) else Size(out.node.descriptors()[out.output_nr].shape)
    if not is_batched:
        return RuntimeError(
            f"Mismatch in shape: grad_output[{grads.index(seed)}] has a shape of {seed.shape} and "
            f"output[{outputs.index(out)}] has a shape of {shape}."
        )
    if not isinstance(out, Tensor):
        return RuntimeError("Batched grads are not supported with GradientEdge")
    return RuntimeError(
        "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. The "
        "sizes of the remaining dimensions are expected to match the shape of corresponding output, but a mismatch "
        # The batch dimension is left out twice.
        f"was detected: grad_output[{grads.index(seed)}] has a shape of {seed.shape[2:]} and "
        f"output[{outputs.index(out)}] has a shape of {shape}. "
        "If you only want some tensors in `grad_output` to be considered batched, consider using vmap."
    )


def call_engine(
    roots: Sequence[Any],
    grads: Sequence[Any],
    retain_graph: Any,
    create_graph: Any,
    inputs: Any,
    allow_unused: Any,
    accumulate: bool,
    tried: bool = False,
) -> tuple:
    """Turn tensors into edges, run, and report the inputs that were not reached."""
    # C++ parses flags as integers; bool() also takes a text.
    retain_graph, create_graph, allow_unused = map(operator.index, (retain_graph, create_graph, allow_unused))
    if len(grads) != len(roots):  # too few: surplus ones were left out in `make_grads`
        raise RuntimeError(f"got {len(roots)} tensors and {len(grads)} gradients")
    edges = []
    for i, root in enumerate(roots):
        node, nr = edge(root) if isinstance(root, Tensor) else (root.node, root.output_nr)
        if node is None:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        edges.append((node, nr))
    targets = None if inputs is None else [target(i, accumulate) for i in inputs]
    if accumulate and create_graph:
        warn(
            "Using backward() with create_graph=True will create a reference cycle between the parameter and "
            "its gradient which can cause a memory leak. We recommend using autograd.grad when creating the "
            "graph to avoid this. If you have to use this function, make sure to reset the .grad fields of "
            "your parameters to None after use to break the cycle and avoid the leak.",
        )
    captured = run_backward(edges, list(grads), bool(retain_graph), bool(create_graph), targets, accumulate, tried)
    if captured is None:
        return ()
    if not allow_unused:
        for i, g in enumerate(captured):
            if g is None:
                raise RuntimeError(
                    f"The differentiated Tensor at index {i} appears to not have been used in the graph. "
                    "Set allow_unused=True if this is the desired behavior."
                )
    return tuple(captured)


def target(wanted: Any, accumulate: bool) -> tuple[Node, int]:
    """The edge of an input, which for backward(inputs=) also gets to retain its gradient."""
    if not isinstance(wanted, Tensor):
        if not _is_edge(wanted):
            raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type(wanted).__name__}")
        return wanted.node, wanted.output_nr
    if accumulate:
        wanted.retain_grad()
    if not wanted.requires_grad:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    fn = wanted.grad_fn
    if fn is None:
        ref = wanted._accumulator
        fn = ref() if ref is not None else None
    if fn is None:
        fn = object.__new__(GraphRoot)
        fn.seq, fn.desc = next_sequence_nr(), wanted._desc
    return fn, wanted._output_nr
