"""The same memory read otherwise: as another type, complex numbers as pairs of real ones, or as their conjugates."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, grad_mode
from ..aliasing.views import counter_of, mark_inference, storage_of
from ..calls.operands import store
from ..dtype import dtypes
from ..memory.descriptor import broadcast_shapes
from ..memory.geometry import element_strides, storage_offset, strided
from ..memory.lazy import LAZY, Conjugated, Negated, Zeros
from ..tensor import Tensor, wrap
from .arguments import expect_tensor, not_for
from .indexing import setitem


def view_dtype(self: Tensor, dtype: Any) -> Tensor:
    """The same bytes read as another type: not differentiable, and no view that autograd follows."""
    array = storage_of(self)
    if type(array) in LAZY:
        kind = "conjugate view tensors" if type(array) is Conjugated else "tensors with negative bit set"
        raise RuntimeError(f"torch.Tensor.view is not supported for {kind} when converting to a different dtype.")
    old, new = self._desc.dtype, dtype
    shape, strides, offset = tuple(self._desc.shape), element_strides(array), storage_offset(array)
    wide, narrow = max(old.itemsize, new.itemsize), min(old.itemsize, new.itemsize)
    if wide != narrow:
        doing = f"view {old.scalar_name} as {new.scalar_name} (different element sizes)"
        if not shape:
            raise RuntimeError(f"self.dim() cannot be 0 to {doing}")
        if strides[-1] != 1:
            raise RuntimeError(f"self.stride(-1) must be 1 to {doing}, but got {strides[-1]}")
        ratio = wide // narrow
        if new.itemsize < old.itemsize:
            shape, strides = (*shape[:-1], shape[-1] * ratio), (*[s * ratio for s in strides[:-1]], 1)
            offset *= ratio
        else:
            if shape[-1] % ratio:
                raise RuntimeError(f"self.size(-1) must be divisible by {ratio} to {doing}, but got {shape[-1]}")
            if offset % ratio:
                raise RuntimeError(f"self.storage_offset() must be divisible by {ratio} to {doing}, but got {offset}")
            for i, s in enumerate(strides[:-1]):
                if s % ratio:
                    raise RuntimeError(f"self.stride({i}) must be divisible by {ratio} to {doing}, but got {s}")
            shape, strides = (*shape[:-1], shape[-1] // ratio), (*[s // ratio for s in strides[:-1]], 1)
            offset //= ratio
    seen = wrap(strided(array, shape, strides, offset, new.numpy))
    if grad_mode.state.inference:  # where else what shares memory with an ordinary tensor is one
        mark_inference(seen)
    elif not self.is_inference():  # of which it is a new tensor, outside of the mode
        seen._counter = counter_of(self)
    return seen


def view_as_real(input: Tensor) -> Tensor:
    """Complex numbers as pairs of real ones, in the same memory."""
    if not expect_tensor(input, "view_as_real")._desc.dtype.is_complex:
        raise RuntimeError("view_as_real is only supported for complex tensors")
    if is_conj(input):
        raise RuntimeError(
            "view_as_real doesn't work on unresolved conjugated tensors.  To resolve the conjugate tensor so you can view it "
            "as real, use self.resolve_conj(); however, be warned that the resulting tensor will NOT alias the original."
        )
    return d.view_as_real(input)


def view_as_complex(input: Tensor) -> Tensor:
    """Pairs of real numbers as complex ones, in the same memory."""
    desc = expect_tensor(input, "view_as_complex")._desc
    if desc.dtype.name not in ("float16", "float32", "float64"):
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            + desc.dtype.scalar_name
        )
    if not desc.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if desc.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    strides = element_strides(input._array)
    if strides[-1] != 1:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    for i, s in enumerate(strides[:-1]):
        if s % 2:
            raise RuntimeError(f"Tensor must have a stride divisible by 2 for all but last dimension, but got {i}")
    if storage_offset(input._array) % 2:
        raise RuntimeError("Tensor must have a storage_offset divisible by 2")
    return d.view_as_complex(input)


def real(input: Tensor) -> Tensor:
    """The real parts, in the same memory; a real tensor itself."""
    if not expect_tensor(input, "real")._desc.dtype.is_complex:
        return input
    return d.select(d.view_as_real(conj(input) if is_conj(input) else input), input._desc.ndim, 0)


def imag(input: Tensor) -> Tensor:
    """The imaginary parts, in the same memory."""
    if not expect_tensor(input, "imag")._desc.dtype.is_complex:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    if is_conj(input):
        return d.select(d.neg_view(d.view_as_real(conj(input))), input._desc.ndim, 1)
    return d.select(d.view_as_real(input), input._desc.ndim, 1)


def set_real(self: Tensor, value: Any) -> None:
    """tensor.real = value"""
    setitem(real(self), Ellipsis, value)


def set_imag(self: Tensor, value: Any) -> None:
    """tensor.imag = value"""
    setitem(imag(self), Ellipsis, value)


# ---- complex numbers of two real ones


def _parts(name: str, first: Tensor, second: Tensor) -> None:
    kinds = [expect_tensor(x, name)._desc.dtype for x in (first, second)]
    if any(k not in (dtypes.float16, dtypes.float32, dtypes.float64) for k in kinds):
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors but got {kinds[0].scalar_name} and "
            f"{kinds[1].scalar_name}"
        )
    if kinds[0] is not kinds[1]:
        raise RuntimeError(
            f"Expected object of scalar type {kinds[0].scalar_name} but got scalar type {kinds[1].scalar_name} for second "
            "argument"
        )
    broadcast_shapes(first._desc.shape, second._desc.shape)


def complex_(real: Tensor, imag: Tensor, *, out: Any = None) -> Tensor:
    """Complex numbers of their real and imaginary parts."""
    _parts("complex", real, imag)
    return _complete("complex", d.complex_of(real, imag), real, out)


def polar(abs: Tensor, angle: Tensor, *, out: Any = None) -> Tensor:
    """Complex numbers of their sizes and angles."""
    _parts("polar", abs, angle)
    not_for("polar_cpu", abs, dtypes.float16)
    return _complete("polar", d.polar(abs, angle), abs, out)


def _complete(name: str, result: Tensor, first: Tensor, out: Any) -> Tensor:
    if out is None:
        return result
    if isinstance(out, Tensor) and out._desc.dtype is not result._desc.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {result._desc.dtype.scalar_name} but got scalar type "
            f"{out._desc.dtype.scalar_name} for argument 'out'"
        )
    return store(out, result, name, first)


# ---- conjugates, and negatives


def conj(input: Tensor) -> Tensor:
    """The complex conjugates, in the same memory; a real tensor itself."""
    return d.conj(input) if expect_tensor(input, "conj")._desc.dtype.is_complex else input


def is_conj(input: Tensor) -> bool:
    """Whether the memory holds the conjugates of what the tensor shows."""
    return type(expect_tensor(input, "is_conj")._array) is Conjugated


def is_neg(input: Tensor) -> bool:
    """Whether the memory holds the negatives of what the tensor shows."""
    return type(expect_tensor(input, "is_neg")._array) is Negated


def _is_zerotensor(input: Tensor) -> bool:
    """Whether it is zeros without memory, such as the gradient of sgn."""
    return type(expect_tensor(input, "_is_zerotensor")._array) is Zeros


def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself, or the conjugates in memory of their own."""
    return d.clone(input) if is_conj(input) else input


def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself, or the negatives in memory of their own."""
    return d.clone(input) if is_neg(input) else input


METHODS = {
    "real": property(real, set_real),
    "imag": property(imag, set_imag),
    **{f.__name__: f for f in (_is_zerotensor, conj, is_conj, is_neg, resolve_conj, resolve_neg)},
}
FUNCTIONS = {
    f.__name__: f
    for f in (
        view_as_real,
        view_as_complex,
        real,
        imag,
        conj,
        is_conj,
        is_neg,
        resolve_conj,
        resolve_neg,
        _is_zerotensor,
    )
} | {"_neg_view": d.neg_view, "complex": complex_, "polar": polar}
