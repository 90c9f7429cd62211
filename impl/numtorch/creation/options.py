"""What functions that make tensors have in common: sizes, dtype, device, memory format, requires_grad and out.

They are strict: what PyTorch's parser refuses fails here, too, in one way or another; the words come from
calls/signatures.py, which is asked when a call has failed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import grad_mode
from ..aliasing.views import ALONE, bump, extras, rebase_history, requires_grad as needs_grad, storage_of
from ..device import check_device, preserve_format, strided
from ..dtype import dtypes
from ..memory.formats import formatted
from ..memory.geometry import like
from ..memory.lazy import Lazy
from ..plain_numpy import np
from ..tensor import Tensor, wrap

_INTS = frozenset((int,))


def is_size(value: Any) -> bool:
    """Whether the value can stand for one size: an int, or a 0-d tensor or array of one, and no bool."""
    if type(value) is int:
        return True
    if isinstance(value, (Tensor, np.ndarray)):
        return (
            bool(value.dtype.kind in "iu")
            if isinstance(value, np.ndarray)
            else value._desc.dtype.category == dtypes.INTEGRAL
        )
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def shape_of(size: tuple, given: Any = None) -> tuple[int, ...]:
    """The sizes that a function was given: `f(2, 3)`, `f((2, 3))`, or `f(size=(2, 3))`.

    Raises TypeError for what are no ints, RuntimeError if one is negative.
    """
    if given is not None:
        if size:
            raise TypeError("size is given twice")
        size = (given,)
    if not size:
        raise TypeError("size is missing")
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    if not _INTS.issuperset(map(type, size)):
        if not is_size(size[0]) or not all(is_size(s) or isinstance(s, bool) for s in size):
            raise TypeError("sizes are ints")
        size = tuple([int(s) for s in size])
    shape: tuple[int, ...] = tuple(size)
    refuse_negative(shape)
    return shape


def shape_in(size: Any) -> tuple[int, ...]:
    """The same where nothing but a tuple or list will do."""
    if not isinstance(size, (tuple, list)):
        raise TypeError("size is a tuple of ints")
    return shape_of((size,))


def refuse_negative(shape: tuple[int, ...]) -> None:
    """A RuntimeError if a size is negative."""
    for s in shape:
        if s < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {s}: {list(shape)}")


def kind_of(dtype: Any) -> dtypes.dtype:
    """The dtype asked for; Python's types stand for one, too."""
    return dtypes.get_default_dtype() if dtype is None else dtypes.of(dtype)


def empty_as(model: Tensor, dtype: Any, memory_format: Any = None) -> Any:
    """New memory with the shape of a tensor; with its strides, or as the memory format says."""
    kind = model._desc.dtype if dtype is None else dtypes.of(dtype)
    if memory_format is not None and memory_format is not preserve_format:
        return formatted(model._desc.shape, kind.numpy, memory_format)
    array = model._array
    if isinstance(array, (np.ndarray, Lazy)) and not model._desc.plain:
        return like(getattr(array, "raw", array), kind.numpy)
    return np.empty(model._desc.shape, kind.numpy)


def check_options(requires_grad: Any = False, device: Any = None, layout: Any = None, pin_memory: Any = False) -> None:
    """Refuse what there is none of here: another device, another layout, pinned memory. Raises as PyTorch does."""
    if device is not None:
        check_device(device)
    if layout is not None and layout is not strided:
        raise TypeError("layout is torch.strided")
    if pin_memory:
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator is available on "
            "this system."
        )
    if requires_grad is not False and requires_grad is not True and requires_grad is not None:
        raise TypeError("requires_grad is a bool")


def finish(
    new: Tensor, requires_grad: Any = False, device: Any = None, layout: Any = None, pin_memory: Any = False
) -> Tensor:
    """A new tensor with the flags that were asked for."""
    if (
        device is not None
        or layout is not None
        or pin_memory
        or (requires_grad is not False and requires_grad is not True)
    ):
        check_options(requires_grad, device, layout, pin_memory)
    if grad_mode.disabled and grad_mode.state.inference:
        extras(new).inference = True
    if requires_grad:
        _refuse_integers(new)
        new._requires_grad = ALONE if new._extra is not None and new._extra.inference else True
    return new


def _refuse_integers(new: Tensor) -> None:
    if new._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")


def made(array: Any, dtype: Any, out: Any, name: str, options: dict[str, Any]) -> Tensor:
    """What a factory returns: a new tensor over `array`, or `out`, into which it is written."""
    return finish(wrap(array), **options) if out is None else into(out, name, lambda kind: array, dtype, **options)


def into(
    out: Any, name: str, values: Callable[[dtypes.dtype], Any], dtype: Any, requires_grad: Any = False, **options: Any
) -> Tensor:
    """Write a factory's values into `out`, which takes on their shape and keeps its dtype, for which they are made."""
    history = writable(out, name, dtype, requires_grad=requires_grad, **options)
    kind = out._desc.dtype
    array = values(kind)
    fit(out, array.shape)
    if history is not None:
        rebase_history(out, history)
    storage_of(out)[...] = array.astype(kind.numpy)
    if requires_grad:
        _refuse_integers(out)
    if requires_grad or out._made is None:
        out.requires_grad_(bool(requires_grad))
    return out  # type: ignore[no-any-return]


def writable(out: Any, name: str, dtype: Any, **options: Any) -> Any:
    """Refuse an `out` that a factory cannot write into; the node that it has afterwards, if it requires grad."""
    if not isinstance(out, Tensor):
        raise TypeError("out is a Tensor")
    kind = out._desc.dtype
    if dtype is not None and dtypes.of(dtype) is not kind:
        raise RuntimeError(
            f"dtype {dtypes.of(dtype).scalar_name} does not match dtype of out parameter ({kind.scalar_name})"
        )
    check_options(**options)
    return _history(out, name)


RESIZING = ("empty", "randn")
"""Factories that PyTorch composes of resize_, which refuses what requires grad."""


def _history(out: Any, name: str) -> Any:
    """The node that `out` has after a factory wrote into it: one that raises. A leaf that requires grad is refused."""
    if not needs_grad(out):
        return None
    if name in RESIZING:
        raise RuntimeError("cannot resize variables that require grad")
    if not grad_mode.state.grad:
        return None
    if out._made is None:
        raise RuntimeError(
            f"aten::{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    from ..nodes.error_nodes import NotImplementedNode, node

    return node(NotImplementedNode, f"derivative for aten::{name} is not implemented", [out._desc], [out])


def fit(out: Any, shape: tuple[int, ...]) -> None:
    """Give `out` a shape, keeping its memory; counted as one write, whether it had it before or not."""
    if out._desc.shape == shape:
        bump(out)
    else:
        from ..functions.memory import resized

        resized(out, shape)


def filled(out: Any, array: Any) -> Tensor:
    """`out`, with the elements of an array and their shape; it keeps its dtype."""
    fit(out, array.shape)
    storage_of(out)[...] = array.astype(out._desc.dtype.numpy)
    return out  # type: ignore[no-any-return]
