"""torch.autograd.functional: products with Jacobians and Hessians, and the whole of them.

All six work alike: the inputs are taken into a graph of their own (so that the caller's tensors, and the caller's grad
mode, do not matter), the function is run, its outputs are checked, and `autograd.grad` does the rest. Products with
vectors on the right (jvp, hvp) come from the double backward trick: a vjp is linear in its vector, so the derivative of
the vjp with respect to that vector is the jvp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..aliasing.views import bump
from ..creation import zeros_like
from ..creation.options import finish
from ..dispatch import stack
from ..functions.shape import expand, permute, reshape, split, view, view_as
from ..grad_mode import is_grad_enabled
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .entry import grad
from .grad_mode import enable_grad, set_grad_enabled

Tensors = tuple[Any, ...]

# What strict mode says of a tensor that does not require grad, by what the tensor is.
_NO_GRAD = {
    "outputs": "Output {} of the user-provided function does not require gradients. The outputs must be computed in a "
    "differentiable manner from the input when running in strict mode.",
    "grad_inputs": "The gradient with respect to input {} is independent of the inputs of the user-provided function. "
    "This is not allowed in strict mode.",
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided function with respect to "
    "input {} is independent of the input. This is not allowed in strict mode. You should ensure that your "
    "function is twice differentiable and that the jacobian depends on the inputs (this would be violated by "
    "a linear function for example).",
    "hessian": "The hessian of the user-provided function with respect to input {} is independent of the input. This is "
    "not allowed in strict mode. You should ensure that your function is thrice differentiable and that the "
    "hessian depends on the inputs.",
}
_INDEPENDENT = (
    "The output of the user-provided function is independent of input {}. This is not allowed in strict mode."
)
# What strict mode says of a gradient that is None, by the backward pass it comes from.
_NO_PATH = {
    "back": _INDEPENDENT,
    "back_trick": "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the "
    "double backward trick to compute forward mode gradients. This is not allowed in strict mode.",
    "double_back": "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict "
    "mode.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This "
    "is not allowed in strict mode as it prevents from using the double backward trick to replace "
    "forward mode AD.",
}
_CONSTANT = (
    "The {} of the user-provided function is independent of input {}. This is not allowed in strict mode when "
    "create_graph=True."
)


def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of func, and the product of the vector v with its Jacobian."""
    with enable_grad():
        inputs, many = _as_tuple(inputs, "inputs", "vjp")
        inputs = _taken_in(inputs, create_graph, True)
        outputs, many_outputs = _run(func, inputs, "vjp", strict)
        if v is None and (len(outputs) != 1 or outputs[0].numel() != 1):
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single Tensor with "
                "a single element."
            )
        v = _vector(v, outputs, many_outputs, "vjp", create_graph)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        product = _filled(_grad(outputs, inputs, v, create_graph), inputs, strict, create_graph, "back")
    return _shown(outputs, many_outputs, create_graph), _shown(product, many, create_graph)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of func, and the product of its Jacobian with the vector v."""
    with enable_grad():
        inputs, many = _as_tuple(inputs, "inputs", "jvp")
        inputs = _taken_in(inputs, create_graph, True)
        v = _input_vector(v, inputs, many, "jvp", create_graph)
        outputs, many_outputs = _run(func, inputs, "jvp", strict)
        vector = tuple([zeros_like(out, requires_grad=True) for out in outputs])
        grads = _grad(outputs, inputs, vector, True)
        _check_requires_grad(grads, "grad_inputs", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        product = _filled(_grad(grads, vector, v, create_graph), outputs, strict, create_graph, "back_trick")
    return _shown(outputs, many_outputs, create_graph), _shown(product, many_outputs, create_graph)


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The output of func, and the product of the vector v with its Hessian."""
    with enable_grad():
        inputs, many = _as_tuple(inputs, "inputs", "vhp")
        inputs = _taken_in(inputs, create_graph, True)
        v = _input_vector(v, inputs, many, "vhp", create_graph)
        outputs = _run_scalar(func, inputs, "vhp", strict)
        jac = _grad(outputs, inputs, None, True)
        _check_requires_grad(jac, "jacobian", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        product = _filled(_grad(jac, inputs, v, create_graph), inputs, strict, create_graph, "double_back")
    return _shown(outputs, False, create_graph), _shown(product, many, create_graph)


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The output of func, and the product of its Hessian with the vector v."""
    with enable_grad():
        inputs, many = _as_tuple(inputs, "inputs", "hvp")
        inputs = _taken_in(inputs, create_graph, True)
        v = _input_vector(v, inputs, many, "hvp", create_graph)
        outputs = _run_scalar(func, inputs, "hvp", strict)
        jac = _grad(outputs, inputs, None, True)
        _check_requires_grad(jac, "jacobian", strict)
        vector = tuple([zeros_like(i, requires_grad=True) for i in inputs])
        double_back = _grad(jac, inputs, vector, True)
        _check_requires_grad(jac, "hessian", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        product = _filled(
            _grad(double_back, vector, v, create_graph), inputs, strict, create_graph, "double_back_trick"
        )
    return _shown(outputs, False, create_graph), _shown(product, many, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Every derivative of every output by every input: a tensor, or tuples of them for several outputs or inputs.

    With `vectorize` all rows come from one call of `grad` with batched seeds, or with the strategy "forward-mode" from one
    call of the function with batched tangents.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has '
            'more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to '
            'use "reverse-mode".'
        )
    if strategy == "forward-mode":
        return _jacfwd(func, inputs, create_graph, strict, vectorize)
    with enable_grad():
        inputs, many = _as_tuple(inputs, "inputs", "jacobian")
        inputs = _taken_in(inputs, create_graph, True)
        outputs, many_outputs = _run(func, inputs, "jacobian", strict)
        if vectorize:
            if strict:
                raise RuntimeError(
                    "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported "
                    "together. Please either set `strict=False` or `vectorize=False`."
                )
            blocks = _rows_at_once(outputs, inputs, create_graph)
        else:
            blocks = tuple([_rows(i, out, inputs, create_graph, strict) for i, out in enumerate(outputs)])
        blocks = tuple([_shown(row, many, create_graph) for row in blocks])
        return blocks if many_outputs else blocks[0]


def _jacfwd(func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool, vectorize: bool) -> Any:
    """The columns of all inputs at once: one call of the function on duals whose tangents are the batch of a vmap."""
    if create_graph:
        raise NotImplementedError(
            'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` '
            "are not supported together (yet). Please either set `create_graph=False` or "
            '`strategy="reverse-mode"`.'
        )
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not '
            'supported together (yet). Please either set `strict=False` or `strategy="reverse-mode"`.'
        )
    inputs, many = _as_tuple(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented "
            "for `vectorize=True`."
        )
    from .._functorch import legacy_vmap
    from ..autograd import forward_ad

    sizes = [i.numel() for i in inputs]
    told: list[Any] = []

    def jvp(*tangents: Any) -> tuple:
        with forward_ad.dual_level():
            duals = [forward_ad.make_dual(i, view_as(t, i)) for i, t in zip(inputs, tangents, strict=True)]
            outputs, many_outputs = _as_tuple(func(*duals), "outputs", None)
            parts = [forward_ad.unpack_dual(out) for out in outputs]
        told[:] = many_outputs, [primal.shape for primal, _ in parts]
        return tuple([zeros_like(primal) if tangent is None else tangent for primal, tangent in parts])

    columns = legacy_vmap.vmap(jvp, _standard_basis(inputs, sizes))
    many_outputs, shapes = told
    blocks: list[Any] = []
    for column, shape in zip(columns, shapes, strict=True):
        row = []
        for part, given in zip(split(column, sizes, 0), inputs, strict=True):
            turned = permute(part, (*range(1, part.dim()), 0))  # in forward mode the batch is that of the inputs
            row.append(reshape(turned, (*shape, *given.shape)))
        blocks.append(row if many else row[0])
    return (blocks if many else tuple(blocks)) if many_outputs else blocks[0]


def _rows(index: int, out: Tensor, inputs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The derivatives of one output by each input; a row for each element of the output."""
    rows: list[list[Tensor]] = [[] for _ in inputs]
    for j in range(out.numel()):
        for i, row in enumerate(_row(out, j, inputs, create_graph)):
            if row is None:
                if strict:
                    raise RuntimeError(
                        f"Output {index} of the user-provided function is independent of input {i}. This "
                        "is not allowed in strict mode."
                    )
                row = zeros_like(inputs[i])
            elif strict and create_graph and not row.requires_grad:
                raise RuntimeError(_CONSTANT.format("jacobian", index))
            rows[i].append(row)
    if not out.numel():
        raise RuntimeError("stack expects a non-empty TensorList")
    return tuple([view(stack(r, 0), out.shape + i.shape) for r, i in zip(rows, inputs, strict=True)])


def _row(out: Tensor, j: int, inputs: Tensors, create_graph: bool) -> Tensors:
    """The gradient of one element of an output."""
    if create_graph or not out.dtype.is_floating_point:
        return _grad((reshape(out, -1)[j],), inputs, None, create_graph, True)
    if not out.requires_grad:
        return (None,) * len(inputs)
    seed = np.zeros(out.numel(), out.dtype.numpy)  # as the element's own node would pass it on
    seed[j] = 1
    return grad((out,), inputs, (wrap(seed.reshape(out.shape)),), retain_graph=True, allow_unused=True)


def _rows_at_once(outputs: Tensors, inputs: Tensors, create_graph: bool) -> Tensors:
    """The derivatives of each output by each input; the rows of all outputs are one dimension, which is split again."""
    sizes = [out.numel() for out in outputs]
    seeds = _standard_basis(outputs, sizes)
    flat = tuple([reshape(out, -1) for out in outputs])
    found = []
    for rows, given in zip(_grad(flat, inputs, seeds, create_graph, None, True), inputs, strict=True):
        if rows is None:
            rows = expand(zeros_like(given), (sum(sizes), *given.shape))
        parts = split(rows, sizes, 0)
        found.append([view(part, out.shape + given.shape) for part, out in zip(parts, outputs, strict=True)])
    return tuple(zip(*found, strict=True))


def _standard_basis(tensors: Tensors, sizes: list[int]) -> Tensors:
    """The rows of an identity matrix, of which each tensor has the columns of its elements, which are written into zeros."""
    ends = np.cumsum(sizes)
    identity = np.eye(sum(sizes))
    columns = [
        finish(wrap(identity[:, end - size : end].astype(t.dtype.numpy)))
        for t, size, end in zip(tensors, sizes, ends, strict=True)
    ]
    for column in columns:
        bump(column)
    return tuple(columns)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """Every second derivative of a function with one element as its output."""
    inputs, many = _as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def single(*args: Any) -> Any:
        return _run_scalar(func, args, "hessian", strict)[0].squeeze()

    def gradient(*args: Any) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            args = tuple([t.requires_grad_(True) for t in args])
        jac = jacobian(single, args, create_graph=True)
        _check_requires_grad(jac, "jacobian", strict)
        return jac

    blocks = jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return blocks if many else blocks[0][0]


# ---- taking in


def _as_tuple(given: Any, what: str, name: str | None) -> tuple[Any, bool]:
    """The tensors as a tuple, and whether they came as one."""
    many = isinstance(given, tuple)
    given = given if many else (given,)
    for i, t in enumerate(given):
        if not isinstance(t, Tensor):
            where = f"value at index {i}" if many else f"given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the {where} has "
                f"type {type(t)}."
            )
    return given, many


def _taken_in(tensors: Tensors, create_graph: bool, requires_grad: bool) -> Tensors:
    """Tensors of a graph of their own, which goes on into the caller's if it is to be differentiated."""
    return tuple(
        [
            view_as(t, t) if create_graph and t.requires_grad else t.detach().requires_grad_(requires_grad)
            for t in tensors
        ]
    )


def _run(func: Callable[..., Any], inputs: Tensors, name: str, strict: bool) -> tuple[Any, bool]:
    outputs, many = _as_tuple(func(*inputs), "outputs of the user-provided function", name)
    _check_requires_grad(outputs, "outputs", strict)
    return outputs, many


def _run_scalar(func: Callable[..., Any], inputs: Tensors, name: str, strict: bool) -> Tensors:
    outputs, many = _run(func, inputs, name, strict)
    if many:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs[0].numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return outputs


def _input_vector(v: Any, inputs: Tensors, many: bool, name: str, create_graph: bool) -> Any:
    if v is None and (len(inputs) != 1 or inputs[0].numel() != 1):
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor "
            "with a single element."
        )
    return _vector(v, inputs, many, name, create_graph)


def _vector(v: Any, like: Tensors, many: bool, name: str, create_graph: bool) -> Any:
    """The vector, checked to have the shapes of what it is multiplied with."""
    if v is None:
        return None
    v = _taken_in(_as_tuple(v, "v", name)[0], create_graph, False)
    if len(v) != len(like):
        if many:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (a, b) in enumerate(zip(v, like, strict=True)):
        if a.shape != b.shape:
            entry = f"Entry {i} in " if many else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {b.shape} but got {a.shape}.")
    return v


# ---- differentiating


def _grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any,
    create_graph: bool,
    retain_graph: bool | None = None,
    batched: bool = False,
) -> Tensors:
    """autograd.grad that passes over outputs without a graph, and gives None for inputs that nothing depends on."""
    seeds = (None,) * len(outputs) if grad_outputs is None else grad_outputs
    pairs = [(o, g) for o, g in zip(outputs, seeds, strict=True) if o is not None and o.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    roots, seeds = zip(*pairs, strict=True)
    return grad(
        roots,
        inputs,
        seeds,
        retain_graph=retain_graph,
        create_graph=create_graph,
        allow_unused=True,
        is_grads_batched=batched,
    )


def _check_requires_grad(tensors: Tensors, what: str, strict: bool) -> None:
    for i, t in enumerate(tensors if strict else ()):
        if t is None:
            raise RuntimeError(_INDEPENDENT.format(i))
        if not t.requires_grad:
            raise RuntimeError(_NO_GRAD[what].format(i))


def _filled(grads: Tensors, like: Tensors, strict: bool, create_graph: bool, stage: str) -> Tensors:
    """Zeros where there is no gradient, or an error in strict mode."""
    result = []
    for i, g in enumerate(grads):
        if g is None:
            if strict:
                raise RuntimeError(_NO_PATH[stage].format(i))
            g = zeros_like(like[i])
        elif strict and create_graph and not g.requires_grad:
            raise RuntimeError(_CONSTANT.format("hessian" if "double" in stage else "jacobian", i))
        result.append(g)
    return tuple(result)


def _shown(tensors: Tensors, many: bool, create_graph: bool) -> Any:
    """What the caller gets: cut off from the graph unless it was asked for, and a tuple only if one was given."""
    if not create_graph:
        tensors = tuple([t.detach() for t in tensors])
    return tensors if many else tensors[0]


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
