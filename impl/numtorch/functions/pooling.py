"""Pooling, as torch.nn.functional has it."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.operands import refused
from ..calls.raising import saving_first
from ..dtype import dtypes
from ..grad_mode import is_grad_enabled
from ..kernels.pooling import channels_last, pooled_size
from ..tensor import Tensor, existing_dim
from .arguments import expect_tensor, int_list, not_for

_POSITIONS = {"kernel_size": 2, "stride": 3, "padding": 4, "dilation": 5, "output_size": 2}


def _pair(name: str, argument: str, value: Any) -> tuple[int, int]:
    """One int for both dimensions, or two."""
    given = int_list(value, name, argument, _POSITIONS[argument])
    if len(given) not in (1, 2):
        raise RuntimeError(f"{name}: {argument} must either be a single int, or a tuple of two ints")
    return (given[0], given[-1])


def _expect_within(size: tuple, steps: tuple, padding: tuple, dilation: tuple) -> None:
    """What PyTorch asks of a dimension before it counts the windows, of one after the other."""
    for k, s, p, a in zip(size, steps or size, padding, dilation, strict=True):
        if s == 0:
            raise RuntimeError("stride should not be zero")
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > int(((k - 1) * a + 1) / 2):  # to zero, as C++ divides
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and dilation={a}"
            )


def _expect_positive(size: tuple, steps: tuple, dilation: tuple, names: str) -> None:
    for what, values, short in (
        ("kernel size", size, "k"), ("stride", steps or size, "d"), ("dilation", dilation, "dilation"),
    ):  # fmt: skip
        if min(values) <= 0:
            told = " ".join([f"{short}{name}: {n}" for name, n in zip(names, values, strict=True)])
            raise RuntimeError(f"{what} should be greater than zero, but got {told}")


def _checked(
    name: str, x: Tensor, size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[tuple[int, int], tuple, tuple[int, int], tuple[int, int]]:
    """Window, stride, padding and dilation as pairs, once PyTorch's checks hold."""
    expect_tensor(x, name)
    pair = _pair(name, "kernel_size", size)
    steps = () if stride is None or stride == () else _pair(name, "stride", stride)
    pad, apart = _pair(name, "padding", padding), _pair(name, "dilation", dilation)
    shape = tuple(x._desc.shape)
    if len(shape) not in (3, 4) and name == "max_pool2d":
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    _expect_within(pair, steps, pad, apart)
    _expect_positive(pair, steps, apart, "HW")
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        layout = "Expected 3D or 4D (batch mode) tensor"
        if channels_last(x._array):
            layout = "Expected 4D (batch mode) tensor expected for input with channels_last layout"
        raise RuntimeError(f"{layout} with optional 0 dim batch size for input, but got:{list(shape)}")
    out = [
        pooled_size(n, *rest, ceil_mode) for n, *rest in zip(shape[-2:], pair, steps or pair, pad, apart, strict=True)
    ]
    if min(out) < 1:
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, shape[-3:]))}). Calculated output size: "
            f"({'x'.join(map(str, (shape[-3], *out)))}). Output size is too small"
        )
    return pair, steps, pad, apart


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window over the last two dimensions."""
    expect_tensor(input, "avg_pool2d")
    with saving_first("avg_pool2d", self=input):
        existing_dim(-3, input._desc.ndim)
        not_for("avg_pool2d", input, dtypes.bool_, dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32)
        size, steps, pad, _ = _checked("avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode)
        if divisor_override == 0:
            raise RuntimeError("divisor must be not zero")
    return d.avg_pool2d(input, size, steps, pad, ceil_mode, count_include_pad, divisor_override)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest of each window over the last two dimensions; with its place in the picture, if asked."""
    with saving_first("max_pool2d_with_indices", self=input):
        size, steps, pad, apart = _checked("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
        not_for("max_pool2d", input, dtypes.bool_)
    found = d.max_pool2d_with_indices(input, size, steps, pad, apart, ceil_mode)
    return found if return_indices else found[0]


def _one(name: str, argument: str, value: Any) -> int:
    """The only int."""
    given = int_list(value, name, argument, _POSITIONS[argument])
    if len(given) != 1:
        raise RuntimeError(f"{name}() argument '{argument}' should contain one int (got {len(given)})")
    return given[0]


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window over the last dimension."""
    shape = tuple(expect_tensor(input, "avg_pool1d")._desc.shape)
    if len(shape) not in (2, 3):
        raise _not_two_or_three("avg_pool1d", shape)
    size, pad = _one("avg_pool1d", "kernel_size", kernel_size), _one("avg_pool1d", "padding", padding)
    step = size if stride is None or stride == () else _one("avg_pool1d", "stride", stride)
    picture = d.unsqueeze(input, -2)
    return d.squeeze_dim(avg_pool2d(picture, (1, size), (1, step), (0, pad), ceil_mode, count_include_pad), -2)


def _check_line(shape: tuple, size: int, step: int, pad: int, apart: int, ceil_mode: bool) -> None:
    """What PyTorch asks before it takes the greatest without their places."""
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{list(shape)}"
        )
    for argument, value in (("kernel_size", size), ("stride", step)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {argument} must be greater than zero, but got {value}")
    if pad < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {pad}")
    if pad > size // 2:
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={pad} and kernel_size={size}"
        )
    if apart <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {apart}")
    out = pooled_size(shape[-1], size, step, pad, apart, ceil_mode)
    if out <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {out}")


def _not_two_or_three(name: str, shape: tuple) -> RuntimeError:
    return RuntimeError(
        f"Expected 2 to 3 dimensions, but got {len(shape)}-dimensional tensor for argument #1 'self' (while checking "
        f"arguments for {name})"
    )


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest of each window over the last dimension; with its place, if asked."""
    shape = tuple(expect_tensor(input, "max_pool1d")._desc.shape)
    if return_indices and len(shape) not in (2, 3):
        raise _not_two_or_three("max_pool1d", shape)
    size, pad = _one("max_pool1d", "kernel_size", kernel_size), _one("max_pool1d", "padding", padding)
    apart = _one("max_pool1d", "dilation", dilation)
    step = size if stride is None or stride == () else _one("max_pool1d", "stride", stride)
    if not return_indices:
        _check_line(shape, size, step, pad, apart, ceil_mode)
        recorded = input.requires_grad and is_grad_enabled()
        if not recorded and input._desc.dtype.category != dtypes.FLOATING:
            raise refused("max_pool1d_impl", input._desc.dtype)  # the kernel that keeps no places
    picture = d.unsqueeze(input, -2)
    found = max_pool2d(picture, (1, size), (1, step), (0, pad), (1, apart), ceil_mode, True)
    found = tuple([d.squeeze_dim(t, -2) for t in found])
    return found if return_indices else found[0]


def _triple(name: str, argument: str, value: Any) -> tuple[int, ...]:
    """One int for all three dimensions, or three."""
    given = int_list(value, name, argument, _POSITIONS[argument])
    given = given * 3 if len(given) == 1 else given
    if len(given) != 3:
        average = name == "avg_pool3d"
        must = "be " if average else "be either " if argument == "dilation" else "either be "
        omitted = "omitted, " if argument == "stride" else ""
        raise RuntimeError(f"{name}: {argument} must {must}{omitted}a single int, or a tuple of three ints")
    return given


def _checked_volume(
    name: str, x: Tensor, size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[tuple, tuple, tuple, tuple]:
    """Window, stride, padding and dilation of three dimensions, once PyTorch's checks hold."""
    expect_tensor(x, name)
    triple = _triple(name, "kernel_size", size)
    steps = () if stride is None or stride == () else _triple(name, "stride", stride)
    pad, apart = _triple(name, "padding", padding), _triple(name, "dilation", dilation)
    shape = tuple(x._desc.shape)
    if len(shape) not in (4, 5):
        raise RuntimeError("non-empty 4D or 5D (batch mode) tensor expected for input")
    average = name == "avg_pool3d"
    if not average and len(shape) == 4 and channels_last(x._array):
        raise RuntimeError("Unsupported memory format. Supports only ChannelsLast3d, Contiguous")
    _expect_within(triple, steps, pad, apart)
    _expect_positive(triple, steps, apart, "THW")
    for n in shape[-4:]:
        if n == 0:
            raise RuntimeError(
                f"{'avg_pool3d' if average else 'max_pool3d_with_indices_out_cpu_template'}(): Expected input's non-batch "
                f"dimensions to have positive length, but input has a shape of {list(shape)} and non-batch dimension {n} "
                "has length zero!"
            )
    if average and any(n < k for n, k in zip(shape[-3:], triple, strict=True)):
        sizes = " ".join([f"{name}: {n}" for name, n in zip("THW", shape[-3:], strict=True)])
        kernel = " ".join([f"k{name}: {n}" for name, n in zip("THW", triple, strict=True)])
        raise RuntimeError(f"input image ({sizes}) smaller than kernel size ({kernel})")
    out = [
        pooled_size(n, *rest, ceil_mode)
        for n, *rest in zip(shape[-3:], triple, steps or triple, pad, apart, strict=True)
    ]
    if min(out) < 1:
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, shape[-4:]))}). Calculated output size: "
            f"({'x'.join(map(str, (shape[-4], *out)))}). Output size is too small"
        )
    return triple, steps, pad, apart


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window over the last three dimensions."""
    with saving_first("avg_pool3d", self=input):
        size, steps, pad, _ = _checked_volume("avg_pool3d", input, kernel_size, stride, padding, 1, ceil_mode)
        if divisor_override == 0:
            raise RuntimeError("divisor must be not zero")
        if input._desc.dtype.category != dtypes.FLOATING and input._desc.dtype is not dtypes.int64:
            raise refused("avg_pool3d_out_frame", input._desc.dtype)
    return d.avg_pool3d(input, size, steps, pad, ceil_mode, count_include_pad, divisor_override)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """The greatest of each window over the last three dimensions, with its place in the volume."""
    with saving_first("max_pool3d_with_indices", self=input):
        size, steps, pad, apart = _checked_volume(
            "max_pool3d", input, kernel_size, stride, padding, dilation, ceil_mode
        )
        if input._desc.dtype.category not in (dtypes.FLOATING, dtypes.INTEGRAL):
            last = "_channels_last" if channels_last(input._array) else ""
            raise refused(f"max_pool3d{last}", input._desc.dtype)
    return d.max_pool3d_with_indices(input, size, steps, pad, apart, ceil_mode)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest of each window over the last three dimensions; with its place in the volume, if asked."""
    found = max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    return found if return_indices else found[0]


def _torch_max_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Tensor:
    """torch.max_pool3d, which tells no places."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode)


_torch_max_pool3d.__name__ = "max_pool3d"


def _with_indices(pool: Any) -> Any:
    def max_pool_with_indices(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        """The greatest of each window, with its place."""
        return pool(input, kernel_size, stride, padding, dilation, ceil_mode, True)

    max_pool_with_indices.__name__ = f"{pool.__name__}_with_indices"
    return max_pool_with_indices


max_pool1d_with_indices, max_pool2d_with_indices = map(_with_indices, (max_pool1d, max_pool2d))

NN_FUNCTIONAL: dict[str, Any] = {
    f.__name__: f
    for f in (
        *(avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d),
        *(max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices),
    )
}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {f.__name__: f for f in (avg_pool1d, max_pool1d, max_pool2d)}
FUNCTIONS["max_pool3d"] = _torch_max_pool3d
