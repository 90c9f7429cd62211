"""What is made of averages over windows: pooling by a norm, and the response of channels beside one another."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .padding import pad
from .pooling import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d


def _pooled(dims: int) -> Any:
    greatest = (max_pool1d, max_pool2d, max_pool3d)[dims - 1]
    average = (avg_pool1d, avg_pool2d, avg_pool3d)[dims - 1]

    def lp_pool(
        input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> Tensor:
        """The norm of each window."""
        size = (kernel_size,) * dims if isinstance(kernel_size, int) else tuple(kernel_size)
        if norm_type == float("inf"):
            return greatest(input.abs(), kernel_size, stride, 0, 1, ceil_mode)
        if norm_type == -float("inf"):
            return -greatest(-input.abs(), kernel_size, stride, 0, 1, ceil_mode)
        out = average(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
        count = 1
        for n in size:
            count *= n
        return (out.sign() * out.abs().relu()).mul(count).pow(1.0 / norm_type)

    lp_pool.__name__ = f"lp_pool{dims}d"
    return lp_pool


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:  # fmt: skip
    """The input over the average of the squares of the channels beside each."""
    ndim = input.dim()
    if ndim < 3:
        blank = " " * 26
        raise ValueError(f"Expected 3D or higher dimensionality{blank}input (got {ndim} dimensions)")
    if input.numel() == 0:
        return input
    squares = input.mul(input)
    if ndim == 3:
        squares = pad(squares.unsqueeze(1), (0, 0, size // 2, (size - 1) // 2))
        squares = avg_pool2d(squares, (size, 1), stride=1).squeeze(1)
    else:
        sizes = input.size()
        squares = squares.view(sizes[0], 1, sizes[1], sizes[2], -1)
        squares = pad(squares, (0, 0, 0, 0, size // 2, (size - 1) // 2))
        squares = avg_pool3d(squares, (size, 1, 1), stride=1).squeeze(1).view(sizes)
    return input / squares.mul(alpha).add(k).pow(beta)


NN_FUNCTIONAL: dict[str, Any] = {f.__name__: f for f in (*map(_pooled, (1, 2, 3)), local_response_norm)}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {}
