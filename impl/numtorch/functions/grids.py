"""torch.nn.functional.grid_sample and affine_grid."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.operands import refused
from ..calls.raising import saving, saving_first
from ..dtype import dtypes
from ..tensor import Tensor
from ..warning import warn
from .arguments import expect_tensor, sizes

MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")
UNALIGNED = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)


def _check(input: Any, grid: Any, name: str = "grid_sampler") -> None:
    """PyTorch's checks, in its order."""
    expect_tensor(input, name)
    expect_tensor(grid, name, "grid", 2)
    shape, places = list(input._desc.shape), list(grid._desc.shape)
    if shape[0] != places[0]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, but got input with sizes {shape} and grid "
            f"with sizes {places}"
        )
    if places[-1] != len(shape) - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {len(shape) - 2} in last dimension, but got grid with sizes {places}"
        )
    for i, n in enumerate(shape[2:], 2):
        if n <= 0:
            raise RuntimeError(
                f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {shape} with "
                f"dimension {i} being empty"
            )


def _sampled(input: Tensor, grid: Tensor, mode: int, padding: int, align: bool, dims: int) -> Tensor:
    """The operator of as many dimensions."""
    shape, places = list(input._desc.shape), list(grid._desc.shape)
    if len(shape) != dims + 2 or len(places) != len(shape):
        raise RuntimeError(
            f"grid_sampler(): expected {dims + 2}D input and grid with same number of dimensions, but got input with sizes "
            f"{shape} and grid with sizes {places}"
        )
    if dims == 3 and mode == 2:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    kind = input._desc.dtype
    kernel = "grid_sampler_2d_cpu_kernel_impl" if dims == 2 else "grid_sampler3d_cpu"
    if kind.category != dtypes.FLOATING:
        raise saving(refused(kernel, kind), grid, input)
    if kind is not grid._desc.dtype:
        error = RuntimeError(f"expected scalar type {kind.scalar_name} but found {grid._desc.dtype.scalar_name}")
        raise saving(error, grid, input)
    return getattr(d, f"grid_sampler_{dims}d")(input, grid, mode, padding, align)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """The input at the places of the grid, pictures or volumes."""
    with saving_first("grid_sampler_2d", input=input, grid=grid):  # what the one of volumes saves, too
        _check(input, grid)
    dims = 2 if input._desc.ndim == 4 else 3
    return _sampled(input, grid, interpolation_mode, padding_mode, align_corners, dims)


def grid_sampler_2d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Of pictures."""
    _check(input, grid, "grid_sampler_2d")
    return _sampled(input, grid, interpolation_mode, padding_mode, align_corners, 2)


def grid_sampler_3d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Of volumes."""
    _check(input, grid, "grid_sampler_3d")
    return _sampled(input, grid, interpolation_mode, padding_mode, align_corners, 3)


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The input at the places of the grid, which go from -1 to 1."""
    if mode not in MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if align_corners is None:
        warn(UNALIGNED)
    return grid_sampler(input, grid, MODES.index(mode), PADDINGS.index(padding_mode), bool(align_corners))


def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """The places of a picture or volume of this size, each taken by an affine map."""
    expect_tensor(theta, "affine_grid_generator")
    size = sizes((size,))
    if theta._desc.dtype.is_half and min(size[2:], default=2) <= 1:
        raise refused("tensor_cpu", theta._desc.dtype)  # the line of a single place is PyTorch's tensor of one number
    return d.affine_grid_generator(theta, size, align_corners)


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The same, once sizes are found fit."""
    if align_corners is None:
        warn(UNALIGNED)
        align_corners = False
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    shape = tuple(theta._desc.shape)
    dims = len(size) - 2
    if dims not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{size}."
        )
    if len(shape) != 3 or shape[1:] != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {size}. Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is "
            "not an intended use case of affine_grid. See the documentation of affine_grid for details.",
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator(theta, size, align_corners)


FUNCTIONS: dict[str, Any] = {
    f.__name__: f for f in (grid_sampler, grid_sampler_2d, grid_sampler_3d, affine_grid_generator)
}
METHODS: dict[str, Any] = {}
NN_FUNCTIONAL: dict[str, Any] = {"grid_sample": grid_sample, "affine_grid": affine_grid}
