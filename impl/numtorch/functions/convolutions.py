"""Convolution in one, two and three dimensions and its transpose, as torch and torch.nn.functional have them."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any

from .. import dispatch as d
from ..calls.operands import refused
from ..calls.raising import saved_before
from ..calls.scalar import spelled
from ..dtype import dtypes
from ..settings import get_num_threads
from ..tensor import Tensor
from ..warning import warn
from .arguments import expect_tensor, is_int


def _each(value: Any, name: str, dims: int) -> tuple[int, ...]:
    """A number for each dimension, of one for all or of as many."""
    given = (value,) if is_int(value) else tuple(value)
    if len(given) == 1:
        return given * dims
    if len(given) != dims:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {dims} values to match the convolution "
            f"dimensions, but got {name}={list(given)}"
        )
    return given


def _check(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, more: Any, groups: int,
    transposed: bool,
) -> None:  # fmt: skip
    """PyTorch's checks, in its order."""
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(more) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 0:
        raise RuntimeError("dilation should be greater than zero")
    shape, sizes = list(x._desc.shape), list(weight._desc.shape)
    if len(shape) != len(sizes):
        raise RuntimeError(
            f"Expected {len(sizes)}-dimensional input for {len(sizes)}-dimensional weight {sizes}, but got "
            f"{len(shape)}-dimensional input of size {shape} instead"
        )
    if sizes[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{sizes} instead"
        )
    if sizes[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size "
            f"[{sizes}] instead"
        )
    given = f"transposed={int(transposed)}" if transposed else f"groups={groups}"
    takes = sizes[0] if transposed else sizes[1] * groups
    if shape[1] != takes:
        raise RuntimeError(
            f"Given {given}, weight of size {sizes}, expected input{shape} to have {takes} channels, but got "
            f"{shape[1]} channels instead"
        )
    gives = sizes[1] * groups if transposed else sizes[0]
    if bias is not None and tuple(bias._desc.shape) != (gives,):
        told = f"Given {given}, weight of size" if transposed else "Given weight of size"
        raise RuntimeError(
            f"{told} {sizes}, expected bias to be 1-dimensional with {gives} elements, but got bias of size "
            f"{list(bias._desc.shape)} instead"
        )
    if not transposed:
        padded = [n + 2 * p for n, p in zip(shape[2:], padding, strict=True)]
        reach = [a * (k - 1) + 1 for a, k in zip(dilation, sizes[2:], strict=True)]
        if any(n < r for n, r in zip(padded, reach, strict=True)):
            raise RuntimeError(
                f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). Kernel size: "
                f"({' x '.join(map(str, reach))}). Kernel size can't be greater than actual input size"
            )
    elif any(m >= max(s, a) for m, s, a in zip(more, stride, dilation, strict=True)):
        # PyTorch takes one dimension for the second of two.
        one = len(more) == 1
        names = _SIDES[-max(len(more), 2) :]
        told = []
        for what, values, filler in (("output_padding", more, 0), ("stride", stride, 1), ("dilation", dilation, 1)):
            filled = (filler, *values) if one else values
            told += [f"{what}_{name}: {value}" for name, value in zip(names, filled, strict=True)]
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got {' '.join(told)}")
    if 0 in dilation and shape[0]:
        raise RuntimeError(
            _no_step(dilation, transposed, _vectorized(x, weight, stride, dilation, transposed, more, groups))
        )
    if 0 in shape[2:]:
        raise RuntimeError(f"Only zero batch or zero channel inputs are supported, but got input shape: {shape}")


def _expect_some(shape: Any, sizes: Any, stride: Any, padding: Any, dilation: Any, more: Any) -> None:
    """Refuse to make nothing, which mkldnn does not mind; PyTorch takes one dimension for the second of two."""
    out = [
        (n - 1) * s - 2 * p + a * (k - 1) + m + 1
        for n, k, s, p, a, m in zip(shape, sizes, stride, padding, dilation, more, strict=True)
    ]
    if min(out) < 1:
        front = (1,) * (len(out) == 1)
        given, found = (" x ".join(map(str, (*front, *values))) for values in (shape, out))
        raise RuntimeError(
            f"Given input size per channel: ({given}). Calculated output size per channel: ({found}). Output size is too small"
        )


_SIDES = ("depth", "height", "width")


def _no_step(dilation: tuple, transposed: bool, vectorized: bool) -> str:
    """What the kernels say of a dilation of zero; PyTorch takes one dimension for the second of two."""
    if vectorized:
        return "non-positive dilation is not supported"
    values = (1, *dilation) if len(dilation) == 1 else dilation
    told = str(list(values))
    if transposed:
        told = ", ".join([f"dilation_{name}: {n}" for name, n in zip(_SIDES[-len(values) :], values, strict=True)])
    return f"dilation should be greater than zero, but got {told}"


def _vectorized(
    x: Tensor, weight: Tensor, stride: Any, dilation: Any, transposed: bool, more: Any, groups: int
) -> bool:
    """Whether PyTorch hands it to mkldnn, which it does by the sizes, and which mixes no types at all."""
    kind, shape, kernel = x._desc.dtype, x._desc.shape, weight._desc.shape[2:]
    if transposed and any(m >= s for m, s in zip(more, stride, strict=True)):
        return False
    if kind is not dtypes.float32:
        return kind.name == "bfloat16" and _has_wide_registers()
    rows, columns = (1, *kernel)[-2:]
    larger = any(n != 1 for n in (*stride, *dilation, rows, columns)) or shape[0] >= 16 or get_num_threads() > 1
    return larger and (groups > 1 or shape[0] > 1 or min(rows, columns) > 3 or prod(shape[:4]) > 20480)


@cache
def _has_wide_registers() -> bool:
    """Whether the processor has AVX-512, without which mkldnn gets no bfloat16: NumPy has asked it."""
    import numpy

    core = numpy._core if hasattr(numpy, "_core") else numpy.core  # the latter before NumPy 2
    return bool(core._multiarray_umath.__cpu_features__.get("AVX512_SKX"))


def _full_name(kind: dtypes.dtype) -> str:
    """A type as PyTorch's C++ tells that of a tensor: by its legacy name, which not all have."""
    name = kind.scalar_name
    return f"CPU{name}Type" if kind.is_complex or kind.name in ("bfloat16", "bool") else f"torch.{name}Tensor"


def _expect_one_type(
    name: str, x: Tensor, weight: Tensor, bias: Tensor | None, transposed: bool, vectorized: bool
) -> None:  # fmt: skip
    """Refuse types that PyTorch's kernels do not mix. A bias is added whatever it is, but in three dimensions."""
    kind = x._desc.dtype
    for what, given in (("weight", weight), ("bias", bias)) if vectorized else ():
        if given is not None and given._desc.dtype is not kind:
            raise RuntimeError(
                f"Input type ({_full_name(kind)}) and {what} type ({_full_name(given._desc.dtype)}) should be the same or "
                f"input should be a MKLDNN tensor and {what} is a dense tensor"
            )
    if kind.category < dtypes.FLOATING and (kind is dtypes.bool_ or (transposed and kind is not dtypes.int64)):
        raise refused(name, kind)
    three = transposed and x._desc.ndim == 5
    for given in (weight, bias) if three else (weight,):
        if given is not None and given._desc.dtype is not kind:
            raise RuntimeError(f"expected scalar type {kind.scalar_name} but found {given._desc.dtype.scalar_name}")
    if bias is not None and not dtypes.can_cast(bias._desc.dtype, kind):
        found = dtypes.promote_types(bias._desc.dtype, kind)
        raise RuntimeError(
            f"result type {found.scalar_name} can't be cast to the desired output type {kind.scalar_name}"
        )


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Tensor:
    """torch.convolution, of as many dimensions as the weight has beside its channels."""
    dims = expect_tensor(weight, "convolution", "weight", 2)._desc.ndim - 2
    try:
        if dims < 1:
            raise RuntimeError("weight should have at least three dimensions")
        if groups <= 0:
            raise RuntimeError("non-positive groups is not supported")
        stride, padding = _each(stride, "stride", dims), _each(padding, "padding", dims)
        dilation, more = _each(dilation, "dilation", dims), _each(output_padding, "output_padding", dims)
        _check(input, weight, bias, stride, padding, dilation, more, groups, transposed)
        kernel = f"slow_conv_transpose{max(dims, 2)}d_out_cpu" if transposed else f"slow_conv{max(dims, 2)}d_cpu"
        vectorized = _vectorized(input, weight, stride, dilation, transposed, more, groups)
        if 0 not in input._desc.shape[:2]:  # then no kernel comes to see the types
            _expect_one_type(kernel, input, weight, bias, transposed, vectorized)
        if transposed and not vectorized:
            _expect_some(input._desc.shape[2:], weight._desc.shape[2:], stride, padding, dilation, more)
    except RuntimeError as error:
        raise saved_before(error, "convolution", input=input, weight=weight, bias=bias) from None
    out = d.convolution(input, weight, bias, stride, padding, dilation, transposed, more, groups)
    if out._made is not None and bias is not None and bias._desc.dtype is not input._desc.dtype:
        out._node.extras()  # so the engine looks at its gradients, and brings that of the bias to the bias's type
    return out


def _complex(
    convolution: Any, input: Tensor, weight: Tensor, bias: Tensor | None, *sizes: Any
) -> Tensor:  # fmt: skip
    """A complex convolution by three real ones: a = Re Re, b = Im Im, and c of the sums, as PyTorch has it."""
    kind = input._desc.dtype
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tensor._desc.dtype is not kind:
            raise RuntimeError(
                f"Input type ({_full_name(kind)}) and {name} type ({_full_name(tensor._desc.dtype)}) should be the same"
            )

    def parts(x: Tensor) -> tuple[Tensor, Tensor]:
        both = d.view_as_real(x.resolve_conj())
        return d.select(both, both._desc.ndim - 1, 0), d.select(both, both._desc.ndim - 1, 1)

    (x_r, x_i), (w_r, w_i) = parts(input), parts(weight)
    b_r = b_i = None
    if bias is not None:
        b_r, b_i = parts(bias)
    a = convolution(x_r, w_r, b_r, *sizes)
    b = convolution(x_i, w_i, None, *sizes)
    both = None if b_r is None or b_i is None else b_r + b_i
    weights = w_r + w_i  # from right to left, as PyTorch's C++ evaluates arguments
    c = convolution(x_r + x_i, weights, both, *sizes)
    imaginary = d.mul_complex(c - a - b, 1j)
    return a - b + imaginary


def _convolved(input: Tensor, weight: Tensor, bias: Tensor | None, *sizes: Any, by: Any = convolution) -> Tensor:
    return (
        _complex(by, input, weight, bias, *sizes) if input._desc.dtype.is_complex else by(input, weight, bias, *sizes)
    )


def _same(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, dilation: Any, groups: int) -> Tensor:
    """With as much padding as keeps the sizes."""
    dims = weight._desc.ndim - 2
    if dims < 1:
        raise RuntimeError("weight should have at least three dimensions")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    shape, sizes = list(input._desc.shape), list(weight._desc.shape)
    if len(shape) != len(sizes):
        raise RuntimeError(
            f"Expected {len(sizes)}-dimensional input for {len(sizes)}-dimensional weight{sizes}, but got "
            f"{len(shape)}-dimensional input of size {shape} instead"
        )
    stride, dilation = _each(stride, "stride", dims), _each(dilation, "dilation", dims)
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    whole = [a * (k - 1) for a, k in zip(dilation, weight._desc.shape[2:], strict=True)]
    ends = tuple([n for total in reversed(whole) for n in (0, total % 2)])

    def padded(input: Tensor, *rest: Any) -> Tensor:
        if any(ends):
            warn(
                "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the "
                "input be created",
            )
            input = d.constant_pad_nd(input, ends, 0)
        return convolution(input, *rest)

    padding = tuple([int(n / 2) for n in whole])  # to zero, as C++ divides
    return _convolved(input, weight, bias, stride, padding, dilation, False, (0,) * dims, groups, by=padded)


def _expect_parameters(name: str, weight: Any, bias: Any) -> None:
    expect_tensor(weight, name, "weight", 2)
    if bias is not None:
        expect_tensor(bias, name, "bias", 3)


def _of_dimensions(dims: int) -> Any:
    name = f"conv{dims}d"

    def conv(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        """The convolution, of a batch or of one sample."""
        expect_tensor(input, name)
        _expect_parameters(name, weight, bias)
        if bias is not None and bias._desc.dtype is not input._desc.dtype and padding != "same":
            kinds = spelled(input._desc.dtype), spelled(bias._desc.dtype)
            raise RuntimeError(f"Input type ({kinds[0]}) and bias type ({kinds[1]}) should be the same")
        batch, alone = _batch(name, input, dims)
        stride = (stride,) * dims if is_int(stride) else stride
        if padding == "same":
            out = _same(batch, weight, bias, stride, dilation, groups)
        else:
            if isinstance(padding, str):
                if padding != "valid":
                    raise RuntimeError(f"Invalid padding string: '{padding}'")
                padding = 0
            out = _convolved(batch, weight, bias, stride, padding, dilation, False, (0,) * dims, groups)
        return d.squeeze_dim(out, 0) if alone else out

    conv.__name__ = name
    return conv


def _batch(name: str, x: Any, dims: int) -> tuple[Tensor, bool]:
    """The input as a batch, and whether it was one sample."""
    ndim = expect_tensor(x, name)._desc.ndim
    if ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size: "
            f"{list(x._desc.shape)}"
        )
    return (d.unsqueeze(x, 0), True) if ndim == dims + 1 else (x, False)


def _transposed(dims: int) -> Any:
    name = f"conv_transpose{dims}d"

    def conv_transpose(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Tensor:
        """The transpose of the convolution, of a batch or of one sample."""
        expect_tensor(input, name)
        _expect_parameters(name, weight, bias)
        batch, alone = _batch(name, input, dims)
        stride = (stride,) * dims if is_int(stride) else stride
        out = _convolved(batch, weight, bias, stride, padding, dilation, True, output_padding, groups)
        return d.squeeze_dim(out, 0) if alone else out

    conv_transpose.__name__ = name
    return conv_transpose


NN_FUNCTIONAL: dict[str, Any] = {f.__name__: f for make in (_of_dimensions, _transposed) for f in map(make, (1, 2, 3))}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {**NN_FUNCTIONAL, "convolution": convolution}
