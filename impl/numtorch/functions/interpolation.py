"""torch.nn.functional.interpolate, and upsample as it was called before."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.operands import refused
from ..dtype import dtypes
from ..tensor import Tensor
from ..warning import warn
from .adaptive_pooling import NN_FUNCTIONAL as POOLING
from .arguments import is_int

MODES = {
    **{("nearest", n): f"upsample_nearest{n}d" for n in (1, 2, 3)},
    **{("nearest-exact", n): f"upsample_nearest_exact{n}d" for n in (1, 2, 3)},
    ("linear", 1): "upsample_linear1d",
    ("bilinear", 2): "upsample_bilinear2d",
    ("trilinear", 3): "upsample_trilinear3d",
    ("bicubic", 2): "upsample_bicubic2d",
}
"""The operator of each mode, by the number of dimensions that it goes over."""
NEEDS = {"linear": 3, "bilinear": 4, "trilinear": 5}
UNALIGNED = ("nearest", "area", "nearest-exact")
SMALL = 128  # of rows and columns: up to here PyTorch has another kernel, whose name an error tells


def _sizes(input: Tensor, dims: int, size: Any) -> list[Any]:
    """The size that is asked for, of each dimension."""
    if not isinstance(size, (list, tuple)):
        return [size] * dims
    if len(size) != dims:
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of "
            f"{list(input._desc.shape[2:])} and output size of {size}. Please provide input tensor in (N, C, d1, d2, ...,dK) "
            "format and output size in (o1, o2, ...,oK) format."
        )
    if not all(is_int(n) for n in size):
        raise TypeError(
            "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size with "
            f"types {[type(n) for n in size]}"
        )
    return list(size)


def _factors(input: Tensor, dims: int, factor: Any) -> list[float]:
    """How many times as large each dimension becomes."""
    if not isinstance(factor, (list, tuple)):
        return [factor] * dims
    if len(factor) != dims:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(input._desc.shape[2:])} and scale_factor of shape {factor}. Please provide input tensor "
            "in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    return list(factor)


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Batches of signals, pictures or volumes in another size, which is given itself or by factors.

    Shapes (N, C, d1, …, dK) of up to three dimensions d. Raises NotImplementedError for modes of another number of them, and
    for antialias.
    """
    if mode not in UNALIGNED:
        align_corners = bool(align_corners)
    elif align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    dims = input.dim() - 2  # None has no dim, as PyTorch's Python finds out here too
    sizes: list[Any] | None = None
    factors: list[float] | None = None
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        sizes = _sizes(input, dims, size)
    elif scale_factor is not None:
        factors = _factors(input, dims, scale_factor)
    else:
        raise ValueError("either size or scale_factor should be defined")
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if factors is not None and (recompute_scale_factor or mode == "area"):
        sizes = [int(n * factor) for n, factor in zip(input._desc.shape[2:], factors, strict=True)]
        factors = None
    ndim = input._desc.ndim
    if antialias:
        if mode not in ("bilinear", "bicubic", "lanczos") or ndim != 4:
            raise ValueError(
                "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
            )
        raise NotImplementedError("numtorch interpolates without antialias only")
    if mode == "area" and ndim in (3, 4, 5):
        return POOLING[f"adaptive_avg_pool{ndim - 2}d"](input, sizes)
    name = MODES.get((mode, ndim - 2))
    if name is None:
        needed = NEEDS.get(mode)
        if needed is not None and ndim in (3, 4, 5):
            raise NotImplementedError(f"Got {ndim}D input, but {mode} mode needs {needed}D input")
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: nearest | linear | "
            f"bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
        )
    return _by_operator(name, input, sizes, align_corners, factors)


def _by_operator(
    name: str, input: Tensor, sizes: list[Any] | None, align_corners: bool | None, factors: list[float] | None
) -> Tensor:
    """The operator of a name, once PyTorch's checks hold."""
    inside = list(input._desc.shape[2:])
    if sizes is not None and not all(is_int(n) for n in sizes):
        told = "_" + name if "exact" in name else name
        given = ["Tensor", "list", *(["bool"] if align_corners is not None else []), "NoneType"]
        raise TypeError(
            f"{told}() received an invalid combination of arguments - got ({', '.join(given)}), but expected one of:\n"
        )
    if sizes is None:
        assert factors is not None
        sizes = [int(n * factor) for n, factor in zip(inside, factors, strict=True)]
    if min(*inside, *sizes) <= 0:
        axes = "DHW"[-len(sizes) :]
        before, after = (
            ", ".join([f"{axis}: {n}" for axis, n in zip(axes, each, strict=True)]) for each in (inside, sizes)
        )
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({before}) {'and ' * (len(sizes) == 1)}output "
            f"({after})"
        )
    if not input._desc.numel and input._desc.shape[1] == 0:
        raise RuntimeError(
            f"Non-empty {input._desc.ndim}D data tensor expected but got a tensor with sizes {list(input._desc.shape)}"
        )
    _expect_kind(name, input, sizes)
    scales = [None] * len(sizes) if factors is None else [float(f) for f in factors]
    aligned = () if align_corners is None else (align_corners,)
    return getattr(d, name)(input, tuple(sizes), *aligned, *scales)


def _expect_kind(name: str, input: Tensor, sizes: list[int]) -> None:
    """Refuse what PyTorch has no kernel for; of bytes only the nearest are found here."""
    kind = input._desc.dtype
    if kind.category == dtypes.FLOATING or (kind is dtypes.uint8 and "nearest" in name):
        return
    if len(sizes) == 2 and sum(sizes) <= SMALL and "cubic" not in name:
        plain = name.replace("_exact", "")
        raise refused(f"{plain}_channels_last", kind)
    weights = "nearest" if "nearest" in name else "cubic" if "cubic" in name else "linear"
    raise refused(f"compute_indices_weights_{weights}", kind)


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """interpolate, by its old name."""
    warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """interpolate of the nearest, by its old name."""
    warn("`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """interpolate between pixels with aligned corners, by its old name."""
    warn("`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


NN_FUNCTIONAL: dict[str, Any] = {f.__name__: f for f in (interpolate, upsample, upsample_nearest, upsample_bilinear)}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {}
