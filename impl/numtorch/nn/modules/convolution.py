"""Convolutions as modules: a class for each number of dimensions, of one for all."""

from __future__ import annotations

import math
from types import FunctionType
from typing import Any

from ...creation import empty
from ...nn import functional as F, init
from ...tensor import Tensor
from ..parameter import Parameter
from .module import Module


def each(value: Any, dims: int) -> tuple:
    """A number for each dimension, of one for all or of an iterable."""
    return tuple(value) if hasattr(value, "__iter__") else (value,) * dims


class _Conv(Module):
    """Weight and bias of a convolution, and how it moves over its input."""

    dims = 0
    transposed = False
    weight: Any
    bias: Any

    def _made(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        output_padding: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        """Everything but the order of the parameters, which differs between the two kinds."""
        kernel_size, stride, dilation = [each(value, self.dims) for value in (kernel_size, stride, dilation)]
        padding = padding if isinstance(padding, str) else each(padding, self.dims)
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        for name, channels in (("in", in_channels), ("out", out_channels)):
            if channels % groups:
                raise ValueError(f"{name}_channels must be divisible by groups")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of { {'same', 'valid'} }")
            if padding == "same" and any(s != 1 for s in stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(
                f"padding_mode must be one of { {'zeros', 'reflect', 'replicate', 'circular'} }, but got "
                f"padding_mode='{padding_mode}'"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.output_padding = each(output_padding, self.dims)
        self.groups = groups
        self.padding_mode = padding_mode
        channels = (out_channels, in_channels // groups)
        if self.transposed:
            channels = (in_channels, out_channels // groups)
        self.weight = Parameter(empty((*channels, *kernel_size), device=device, dtype=dtype))
        given = Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None
        self.register_parameter("bias", given)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias uniformly within one over the root of how many elements are summed."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """The channels, the kernel, and what is not as usual."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (usual,) * len(value):
                text += f", {name}={value}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Forward(_Conv):
    """A convolution."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        first = (in_channels, out_channels, kernel_size, stride, padding, dilation)
        self._made(*first, 0, groups, bias, padding_mode, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """The convolution."""
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._sides(), mode=self.padding_mode)
            padding = (0,) * self.dims
        function = getattr(F, f"conv{self.dims}d")
        return function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _sides(self) -> list[int]:
        """The padding as torch.nn.functional.pad counts it."""
        pairs = [(0, 0)] * self.dims if self.padding == "valid" else [(p, p) for p in self.padding]
        if self.padding == "same":
            whole = [a * (k - 1) for a, k in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(n // 2, n - n // 2) for n in whole]
        return [side for pair in reversed(pairs) for side in pair]


class _Transposed(_Conv):
    """The transpose of a convolution."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__()
        first = (in_channels, out_channels, kernel_size, stride, padding, dilation)
        self._made(*first, output_padding, groups, bias, padding_mode, device, dtype)

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """The transpose of the convolution; of the sizes that it may have, the ones that are asked for."""
        more = self.output_padding if output_size is None else self._more(input, list(output_size))
        function = getattr(F, f"conv_transpose{self.dims}d")
        return function(input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)

    def _more(self, input: Tensor, size: list[int]) -> list[int]:
        """What is added to the least sizes so that they are those."""
        front = 2 if input.dim() == self.dims + 2 else 1
        if len(size) == front + self.dims:
            size = size[front:]
        if len(size) != self.dims:
            raise ValueError(
                f"ConvTranspose{self.dims}D: for {input.dim()}D input, output_size must have {self.dims} or "
                f"{front + self.dims} elements (got {len(size)})"
            )
        least = [
            (n - 1) * s - 2 * p + a * (k - 1) + 1
            for n, s, p, a, k in zip(
                input.size()[front:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
        if any(not low <= n <= high for low, n, high in zip(least, size, most, strict=True)):
            raise ValueError(
                f"requested an output size of {size}, but valid sizes range from {least} to {most} (for an input of "
                f"{input.size()[2:]})"
            )
        return [n - low for n, low in zip(size, least, strict=True)]


def _of_dimensions(base: Any, dims: int) -> Any:
    """The class for a number of dimensions, with a constructor that errors call by its name."""
    function = f"conv{'_transpose' * base.transposed}{dims}d"
    name = f"Conv{'Transpose' * base.transposed}{dims}d"
    make = base.__init__
    init = FunctionType(make.__code__, make.__globals__, make.__name__, make.__defaults__, make.__closure__)
    init.__qualname__ = f"{name}.__init__"
    members = {"dims": dims, "__init__": init, "__doc__": f"torch.nn.functional.{function} as a module."}
    found = type(name, (base,), members)
    found.__module__ = __name__
    return found


Conv1d, Conv2d, Conv3d = [_of_dimensions(_Forward, dims) for dims in (1, 2, 3)]
ConvTranspose1d, ConvTranspose2d, ConvTranspose3d = [_of_dimensions(_Transposed, dims) for dims in (1, 2, 3)]

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]
