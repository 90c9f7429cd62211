"""Pooling to given sizes, as torch.nn.functional has it: as many windows as are asked for, of nearly equal sizes."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.operands import refused, type_name
from ..calls.raising import saving_first
from ..dtype import dtypes
from ..kernels.pooling import channels_last
from ..tensor import Tensor
from .arguments import expect_tensor, int_list
from .pooling import _one as one


def _wanted(input: Any, output_size: Any) -> list[int]:
    """As many sizes as are given, None for that of the input; an int alone stays alone."""
    if not isinstance(input, Tensor):
        raise AttributeError(f"'{type_name(input)}' object has no attribute 'size'")
    if isinstance(output_size, int):
        return [output_size]
    sizes, given = list(input._desc.shape), output_size
    if len(sizes) <= len(given):
        raise ValueError(f"Input dimension should be at least {len(given) + 1}")
    return [n if value is None else value for n, value in zip(sizes[len(sizes) - len(given) :], given, strict=True)]


def _means(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """The means of windows over the last two or three dimensions; of one window all of them, as PyTorch has it."""
    shape, dims = list(input._desc.shape), len(size)
    name = f"adaptive_avg_pool{dims}d"
    if min(size) < 0:
        told = ", ".join(map(str, size)) if dims == 2 else f"{size[0]}, {size[1]},{size[2]}"
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {{{told}}}"
        )
    last = range(-dims, 0)
    one_window = all(n == 1 for n in size)
    if not one_window:
        with saving_first(name, self=input):
            if dims == 3:
                _expect_filled(name, shape, range(1, len(shape)))
            _expect_dims(name, shape, dims, "")
            if dims == 2:
                _expect_filled(name, shape, range(len(shape) - 2, len(shape)))
            kind = input._desc.dtype
            if kind.category != dtypes.FLOATING and (input._desc.numel or dims == 3):
                last = "_channels_last" if dims == 2 and channels_last(input._array) else ""
                raise refused(f"{name}{last}" if dims == 2 else f"{name}_cpu", input._desc.dtype)
            if kind.category < dtypes.FLOATING:
                return input.new_empty((*shape[:-dims], *size))
        return getattr(d, name)(input, size)
    out = input.mean(tuple(reversed(last)), keepdim=True)
    if channels_last(input._array) and len(shape) == dims + 2:
        batch, channels = shape[:2]
        out = out.as_strided_((batch, channels, *(1,) * dims), (channels, 1, *(channels,) * dims))
    return out


def _expect_dims(name: str, shape: list[int], dims: int, colon: str) -> None:
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got{colon} {shape}")


def _expect_filled(name: str, shape: list[int], dims: range) -> None:
    for i in dims:
        if not shape[i]:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes {shape} "
                f"with dimension {i} being empty"
            )


def _averaged(dims: int) -> Any:
    name = f"adaptive_avg_pool{dims}d"

    def adaptive_avg_pool(input: Tensor, output_size: Any) -> Tensor:
        """The means of windows over the last dimensions, of which there are as many as are asked for, or None for all."""
        size = _wanted(input, output_size)
        if isinstance(output_size, int):
            size = size * dims
        if len(size) != dims:
            raise RuntimeError(f"{name}: output_size must be {dims}")
        return _means(input, tuple(size))

    adaptive_avg_pool.__name__ = name
    return adaptive_avg_pool


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The means of as many windows over the last dimension."""
    size = _of_one_dimension("adaptive_avg_pool1d", input, output_size)
    return d.squeeze_dim(_means(d.unsqueeze(input, -2), (1, size)), -2)


def _of_one_dimension(name: str, input: Any, output_size: Any) -> int:
    n = expect_tensor(input, name)._desc.ndim
    int_list(output_size, name, "output_size", 2)
    if n not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {n}-dimensional tensor for argument #1 'self' (while checking "
            f"arguments for {name})"
        )
    return one(name, "output_size", output_size)


def _greatest(name: str, input: Tensor, size: tuple[int, ...]) -> Any:
    """The greatest of each window, and its place."""
    shape, dims = list(input._desc.shape), len(size)
    wanted = [*shape[:-dims], *size]
    with saving_first(f"adaptive_max_pool{dims}d", self=input):
        if min(size) < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {min(size)}: {wanted}")
        if input._desc.dtype.category != dtypes.FLOATING:
            last = "_channels_last" if channels_last(input._array) else ""
            raise refused(f"{name}{last}" if dims == 2 else f"{name}_cpu", input._desc.dtype)
    return getattr(d, f"adaptive_max_pool{dims}d")(input, size)


def _of_greatest(dims: int) -> tuple[Any, Any]:
    name = f"adaptive_max_pool{dims}d"

    def with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        """The greatest of each of as many windows over the last dimensions, with its place."""
        size = _wanted(input, output_size)
        if isinstance(output_size, int):
            size = size * dims
        shape = list(input._desc.shape)
        with saving_first(name, self=input):
            _expect_dims(name, shape, dims, ":")
            _expect_filled(name, shape, range(1, len(shape)))
            if len(size) != dims:
                raise RuntimeError(f"{name}(): internal error: output_size.size() must be {dims}")
        return _greatest(name, input, tuple(size))

    def adaptive_max_pool(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        """The greatest of each of as many windows over the last dimensions; with its place, if asked."""
        found = with_indices(input, output_size)
        return found if return_indices else found[0]

    with_indices.__name__, adaptive_max_pool.__name__ = f"{name}_with_indices", name
    return with_indices, adaptive_max_pool


def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The greatest of each of as many windows over the last dimension, with its place."""
    size = _of_one_dimension("adaptive_max_pool1d", input, output_size)
    shape = list(input._desc.shape)
    _expect_filled("adaptive_max_pool1d", shape, range(1, len(shape)))
    found = _greatest("adaptive_max_pool2d", d.unsqueeze(input, -2), (1, size))
    return tuple([d.squeeze_dim(t, -2) for t in found])


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The greatest of each of as many windows over the last dimension; with its place, if asked."""
    found = adaptive_max_pool1d_with_indices(input, output_size)
    return found if return_indices else found[0]


def _torch_adaptive_max_pool1d(input: Tensor, output_size: Any) -> Any:
    """torch.adaptive_max_pool1d, which always tells the places."""
    return adaptive_max_pool1d_with_indices(input, output_size)


NN_FUNCTIONAL: dict[str, Any] = {
    f.__name__: f
    for f in (
        *(adaptive_avg_pool1d, _averaged(2), _averaged(3), adaptive_max_pool1d, adaptive_max_pool1d_with_indices),
        *(*_of_greatest(2), *_of_greatest(3)),
    )
}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {
    "adaptive_avg_pool1d": adaptive_avg_pool1d,
    "adaptive_max_pool1d": _torch_adaptive_max_pool1d,
}
