"""vmap: a function of one example, for a whole batch of them at once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from .. import dispatch
from ..levels import wrapped_of
from ..tensor import Tensor
from ..tree import TreeSpec, broadcast_to_and_flatten, tree_flatten, tree_map, tree_unflatten
from .batching import VmapInterpreter, to_front
from .eager_transforms import like


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The function that maps another over a dimension of its inputs."""
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @like(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        check_out_dims(out_dims, func)
        size, flat_dims, flat_args, spec = batched_inputs(in_dims, args, func)
        if chunk_size is not None:
            return in_chunks(func, size, flat_dims, flat_args, spec, out_dims, randomness, chunk_size, kwargs)
        return flat_vmap(func, size, flat_dims, flat_args, spec, out_dims, randomness, kwargs)

    return wrapped


def name_of(func: Any) -> str:
    """How texts call a function."""
    if hasattr(func, "__name__"):
        return str(func.__name__)
    if isinstance(func, functools.partial):
        return f"functools.partial({name_of(func.func)}, ...)"
    return repr(func)


def check_out_dims(out_dims: Any, func: Any) -> None:
    """Refuse out_dims that are no numbers."""

    def check(x: Any) -> None:
        if x is not None and not isinstance(x, int):
            raise ValueError(
                f"vmap({name_of(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python collection of "
                "ints representing where in the outputs the vmapped dimension should appear."
            )

    if not isinstance(out_dims, int):
        tree_map(check, out_dims)


def batched_inputs(in_dims: Any, args: tuple, func: Any) -> tuple[int, list, list, TreeSpec]:
    """The size of the batch, the dimension of each input that is its own, the inputs, and their structure."""
    head = f"vmap({name_of(func)}, in_dims={in_dims}, ...)(<inputs>): "
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{head}expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: "
            f"{type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name_of(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    flat, spec = tree_flatten(args)
    dims = broadcast_to_and_flatten(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{head}in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{tree_flatten(in_dims)[1]} but inputs has structure {spec}."
        )
    for i, (arg, dim) in enumerate(zip(flat, dims, strict=True)):
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ValueError(
                f"{head}Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
            )
        if not isinstance(arg, Tensor):
            raise ValueError(
                f"{head}Got in_dim={dim} for an input but the input is of type {type(arg)}. We cannot vmap over non-Tensor "
                "arguments, please use None as the respective in_dim"
            )
        if not -arg.dim() <= dim < arg.dim():
            raise ValueError(
                f"{head}Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {arg.dim()} so expected "
                f"in_dim to satisfy -{arg.dim()} <= in_dim < {arg.dim()}."
            )
        dims[i] = dim % arg.dim()
    return batch_size(dims, flat), dims, flat, spec


def batch_size(dims: list, flat: list) -> int:
    """The size that all batches have."""
    sizes = [arg.size(dim) for dim, arg in zip(dims, flat, strict=True) if dim is not None]
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if any(size != sizes[0] for size in sizes):
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped "
            "dimension"
        )
    return int(sizes[0])


def wrap_batched(level: VmapInterpreter, flat: list, dims: list, spec: TreeSpec) -> Any:
    """The inputs at the level of a vmap."""
    return tree_unflatten([level.batch(arg, dim) for arg, dim in zip(flat, dims, strict=True)], spec)


def flat_vmap(
    func: Any, size: int, dims: list, flat: list, spec: TreeSpec, out_dims: Any, randomness: str, kwargs: dict
) -> Any:
    """One vmap over the whole batch."""
    with VmapInterpreter(size, randomness) as level:
        outputs = func(*wrap_batched(level, flat, dims, spec), **kwargs)
        return unwrapped_outputs(outputs, out_dims, level, func)


def unwrapped_outputs(outputs: Any, out_dims: Any, level: VmapInterpreter, func: Any) -> Any:
    """The batches that outputs stand for, with their dimensions where they are wanted."""
    flat, spec = tree_flatten(outputs)
    if isinstance(outputs, Tensor):
        dims = [out_dims] if out_dims is None or isinstance(out_dims, int) else None
        if isinstance(out_dims, tuple) and len(out_dims) == 1:
            dims = list(out_dims)
    else:
        dims = broadcast_to_and_flatten(out_dims, spec)
    if dims is None:
        raise ValueError(
            f"vmap({name_of(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            f"`outputs`. out_dims has structure {tree_flatten(out_dims)[1]} but outputs has structure {spec}."
        )
    with level.lower():
        found = [unwrapped_output(name_of(func), out, level, dim) for out, dim in zip(flat, dims, strict=True)]
    return tree_unflatten(found, spec)


def unwrapped_output(name: str, out: Any, level: VmapInterpreter, dim: int | None) -> Any:
    """One output: its batch, or the same for all elements of it."""
    if dim is None:
        if isinstance(out, Tensor) and (wrapped := wrapped_of(out)) is not None and wrapped.bdim is not None:
            raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
        return out
    if not isinstance(out, Tensor):
        raise ValueError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(out)}. Did you mean to set out_dims= to "
            "None for output?"
        )
    value, bdim = level.unwrap(out)
    ndim = out.dim() + 1
    if not -ndim <= dim < ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")
    dim %= ndim
    if bdim is None:
        value = dispatch.expand(value, (level.size, *value._desc.shape))
        bdim = 0
    return to_front(value, bdim, dim)


def in_chunks(
    func: Any,
    size: int,
    dims: list,
    flat: list,
    spec: TreeSpec,
    out_dims: Any,
    randomness: str,
    chunk_size: int,
    kwargs: dict,
) -> Any:
    """Several vmaps over parts of the batch, and what they return put together."""
    from .. import random

    sizes = [chunk_size] * (size // chunk_size) + ([size % chunk_size] if size % chunk_size else [])
    ends = tuple(accumulate(sizes))
    parts = [
        arg.tensor_split(ends, dim=dim) if dim is not None else [arg] * (len(ends) + 1)
        for arg, dim in zip(flat, dims, strict=True)
    ]
    state = random.get_rng_state() if randomness == "same" else None
    outputs, out_spec = [], spec
    for own in zip(*parts, strict=False):
        count = batch_size(dims, list(own))
        if not count:
            continue
        if state is not None:
            random.set_rng_state(state)
        found, out_spec = tree_flatten(flat_vmap(func, count, dims, list(own), spec, out_dims, randomness, kwargs))
        outputs.append(found)
    out = broadcast_to_and_flatten(out_dims, out_spec)
    assert out is not None
    joined = [dispatch.cat(list(c), d) for c, d in zip(zip(*outputs, strict=True), out, strict=True)]
    return tree_unflatten(joined, out_spec)


def restore_vmap(func: Any, in_dims: Any, size: int, randomness: str) -> Callable[..., tuple[Any, Any]]:
    """The function at the level of a vmap, which also tells the batch dimensions of what it returns, and asks for nothing."""

    def inner(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        with VmapInterpreter(size, randomness) as level:
            flat, spec = tree_flatten(args)
            dims = broadcast_to_and_flatten(in_dims, spec)
            assert dims is not None
            return unwrap_batched(func(*wrap_batched(level, flat, dims, spec), **kwargs), level)

    return inner


def unwrap_batched(tree: Any, level: VmapInterpreter) -> tuple[Any, Any]:
    """The batches that tensors stand for, and their dimensions, both in the same structure."""
    flat, spec = tree_flatten(tree)
    pairs = [level.unwrap(x) if isinstance(x, Tensor) else (x, None) for x in flat]
    if not pairs:
        return tree, ()
    return tree_unflatten([p[0] for p in pairs], spec), tree_unflatten([p[1] for p in pairs], spec)
