"""Pictures taken apart and put together: patches as columns, and channels as pixels."""

from __future__ import annotations

from math import prod
from typing import Any

from ..plain_numpy import np
from .convolutions import added_up, convolved_size, window_columns
from .pooling import as_pooled

Array = Any
Sizes = tuple[int, ...]


def _windows(sizes: Sizes, kernel: Sizes, dilation: Sizes, pad: Sizes, stride: Sizes) -> Sizes:
    return tuple([convolved_size(*each) for each in zip(sizes, kernel, stride, pad, dilation, strict=True)])


def im2col(x: Array, kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Array:
    """Each window as a column, with or without a batch."""
    pictures = x if x.ndim == 4 else x[None]
    windows = _windows(pictures.shape[2:], kernel_size, dilation, padding, stride)
    found = window_columns(pictures, kernel_size, windows, stride, padding, dilation, 1)
    out = np.array(found[:, 0], order="C")
    return out if x.ndim == 4 else out[0]


def col2im(
    x: Array, output_size: Sizes, kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes
) -> Array:  # fmt: skip
    """The columns put back as windows, and added up where they overlap."""
    batch = x if x.ndim == 3 else x[None]
    channels = batch.shape[1] // prod(kernel_size)
    windows = _windows(output_size, kernel_size, dilation, padding, stride)
    out = np.array(added_up(batch, channels, output_size, kernel_size, windows, stride, padding, dilation), order="C")
    return out if x.ndim == 3 else out[0]


def pixel_shuffle(x: Array, factor: int) -> Array:
    """Every factor * factor channels as the pixels of one that is as much larger."""
    *batch, channels, rows, columns = x.shape
    split = x.reshape(*batch, channels // factor**2, factor, factor, rows, columns)
    n = len(batch)
    moved = split.transpose(*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return as_pooled(moved.reshape(*batch, channels // factor**2, rows * factor, columns * factor), x)


def pixel_unshuffle(x: Array, factor: int) -> Array:
    """The pixels of each factor * factor square as channels; nothing stays as it is, as in PyTorch."""
    if not x.size:
        return np.array(x)
    *batch, channels, rows, columns = x.shape
    split = x.reshape(*batch, channels, rows // factor, factor, columns // factor, factor)
    n = len(batch)
    moved = split.transpose(*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return as_pooled(moved.reshape(*batch, channels * factor**2, rows // factor, columns // factor), x)


def channel_shuffle(x: Array, groups: int) -> Array:
    """The channels, dealt out so that one of each group follows one of the group before."""
    split = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    return as_pooled(np.swapaxes(split, 1, 2).reshape(x.shape), x)


def channel_shuffle_backward(grad: Array, groups: int) -> Array:
    """The channels as they were."""
    return channel_shuffle(grad, grad.shape[1] // groups)
