"""Pooling as modules: each a function of torch.nn.functional and what it is called with."""

from __future__ import annotations

from typing import Any

from ...nn import functional as F
from ...tensor import Tensor
from .convolution import each
from .module import Module


class _Max(Module):
    """The greatest of each window."""

    function = ""

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        """The greatest elements, and their places if they are wanted."""
        sizes = (self.kernel_size, self.stride, self.padding, self.dilation)
        return getattr(F, self.function)(input, *sizes, ceil_mode=self.ceil_mode, return_indices=self.return_indices)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_Max):
    """torch.nn.functional.max_pool1d as a module."""

    function = "max_pool1d"


class MaxPool2d(_Max):
    """torch.nn.functional.max_pool2d as a module."""

    function = "max_pool2d"


class MaxPool3d(_Max):
    """torch.nn.functional.max_pool3d as a module."""

    function = "max_pool3d"


class _Average(Module):
    """The mean of each window."""

    def extra_repr(self) -> str:
        """The sizes."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_Average):
    """torch.nn.functional.avg_pool1d as a module."""

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = each(kernel_size, 1)
        self.stride = each(kernel_size if stride is None else stride, 1)
        self.padding = each(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        sizes = (self.kernel_size, self.stride, self.padding)
        return F.avg_pool1d(input, *sizes, self.ceil_mode, self.count_include_pad)


class AvgPool2d(_Average):
    """torch.nn.functional.avg_pool2d as a module."""

    function = "avg_pool2d"

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        sizes = (self.kernel_size, self.stride, self.padding)
        given = (self.ceil_mode, self.count_include_pad, self.divisor_override)
        return getattr(F, self.function)(input, *sizes, *given)


class AvgPool3d(AvgPool2d):
    """torch.nn.functional.avg_pool3d as a module."""

    function = "avg_pool3d"


class _Adaptive(Module):
    """The means of as many windows as are asked for."""

    function = ""

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return getattr(F, self.function)(input, self.output_size)

    def extra_repr(self) -> str:
        """How many."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """torch.nn.functional.adaptive_avg_pool1d as a module."""

    function = "adaptive_avg_pool1d"


class AdaptiveAvgPool2d(_Adaptive):
    """torch.nn.functional.adaptive_avg_pool2d as a module."""

    function = "adaptive_avg_pool2d"


class AdaptiveAvgPool3d(_Adaptive):
    """torch.nn.functional.adaptive_avg_pool3d as a module."""

    function = "adaptive_avg_pool3d"


class _AdaptiveMax(Module):
    """The greatest of each of as many windows as are asked for."""

    function = ""

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        """The greatest, and their places if they are wanted."""
        return getattr(F, self.function)(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """How many."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMax):
    """torch.nn.functional.adaptive_max_pool1d as a module."""

    function = "adaptive_max_pool1d"


class AdaptiveMaxPool2d(_AdaptiveMax):
    """torch.nn.functional.adaptive_max_pool2d as a module."""

    function = "adaptive_max_pool2d"


class AdaptiveMaxPool3d(_AdaptiveMax):
    """torch.nn.functional.adaptive_max_pool3d as a module."""

    function = "adaptive_max_pool3d"


class _Norm(Module):
    """The norm of each window."""

    function = ""

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """The norms."""
        norm = float(self.norm_type)
        return getattr(F, self.function)(input, norm, self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, ceil_mode={self.ceil_mode}"


class LPPool1d(_Norm):
    """torch.nn.functional.lp_pool1d as a module."""

    function = "lp_pool1d"


class LPPool2d(_Norm):
    """torch.nn.functional.lp_pool2d as a module."""

    function = "lp_pool2d"


class LPPool3d(_Norm):
    """torch.nn.functional.lp_pool3d as a module."""

    function = "lp_pool3d"


__all__ = [
    *[f"Adaptive{kind}Pool{n}d" for kind in ("Avg", "Max") for n in (1, 2, 3)],
    *[f"{kind}Pool{n}d" for kind in ("Avg", "LP", "Max") for n in (1, 2, 3)],
]
