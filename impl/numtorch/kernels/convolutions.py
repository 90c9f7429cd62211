"""Convolution over raw arrays: windows of the input as columns of a matrix, and one product of matrices a group.

Three products are all there is: of the weight and the columns (forward), of the gradient and the columns (the weight's
gradient), and of the weight and the gradient, whose columns are added up where windows overlap (the input's gradient). A
transposed convolution is the third, and its gradients are the first and the second.
"""

from __future__ import annotations

import itertools
from math import prod
from typing import Any

from ..memory.geometry import element_strides, laid_out
from ..memory.layout import RULES
from ..plain_numpy import np
from .pooling import as_pooled, channels_last

Array = Any
Sizes = tuple[int, ...]


def convolved_size(n: int, kernel: int, stride: int, pad: int, dilation: int) -> int:
    """How many windows a dimension has."""
    return (n + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1


def transposed_size(n: int, kernel: int, stride: int, pad: int, dilation: int, more: int) -> int:
    """How long a dimension becomes that has as many windows."""
    return (n - 1) * stride - 2 * pad + dilation * (kernel - 1) + more + 1


def window_columns(
    x: Array, kernel: Sizes, windows: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The windows of x as (batch, group, channel and place in the kernel, window)."""
    batch, channels, *sizes = x.shape
    if any(pad):
        padded = np.zeros((batch, channels, *[n + 2 * p for n, p in zip(sizes, pad, strict=True)]), x.dtype)
        padded[(..., *[slice(p, p + n) for n, p in zip(sizes, pad, strict=True)])] = x
        x = padded
    steps = x.strides[2:]
    seen = np.lib.stride_tricks.as_strided(
        x,
        (batch, channels, *kernel, *windows),
        (
            *x.strides[:2],
            *[s * d for s, d in zip(steps, dilation, strict=True)],
            *[s * d for s, d in zip(steps, stride, strict=True)],
        ),
    )
    return seen.reshape(batch, groups, channels // groups * prod(kernel), prod(windows))


def added_up(
    columns: Array,
    channels: int,
    sizes: Sizes,
    kernel: Sizes,
    windows: Sizes,
    stride: Sizes,
    pad: Sizes,
    dilation: Sizes,
) -> Array:
    """The columns put back where they were taken from, and added up."""
    batch = columns.shape[0]
    places = columns.reshape(batch, channels, *kernel, *windows)
    reach = [
        max(n + 2 * p, (w - 1) * s + (k - 1) * d + 1)
        for n, p, w, s, k, d in zip(sizes, pad, windows, stride, kernel, dilation, strict=True)
    ]
    out = np.zeros((batch, channels, *reach), columns.dtype)
    for at in itertools.product(*map(range, kernel)):
        where = [
            slice(i * d, i * d + (w - 1) * s + 1, s) for i, d, w, s in zip(at, dilation, windows, stride, strict=True)
        ]
        out[(..., *where)] += places[(slice(None), slice(None), *at)]
    return out[(..., *[slice(p, p + n) for n, p in zip(sizes, pad, strict=True)])]


def _windows(x: Array, weight: Array, stride: Sizes, pad: Sizes, dilation: Sizes) -> Sizes:
    given = zip(x.shape[2:], weight.shape[2:], stride, pad, dilation, strict=True)
    return tuple([convolved_size(*each) for each in given])


def _forward(x: Array, weight: Array, windows: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes, groups: int) -> Array:
    kernel = weight.shape[2:]
    columns = window_columns(x, kernel, windows, stride, pad, dilation, groups)
    out = weight.reshape(groups, weight.shape[0] // groups, columns.shape[2]) @ columns
    return out.reshape(x.shape[0], weight.shape[0], *windows)


def _to_input(
    grad: Array, weight: Array, sizes: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes, groups: int
) -> Array:
    kernel, windows = weight.shape[2:], grad.shape[2:]
    outward = weight.shape[0] // groups
    rows = weight.reshape(groups, outward, -1) if weight.size else np.zeros((groups, outward, 0), weight.dtype)
    columns = np.swapaxes(rows, 1, 2) @ grad.reshape(grad.shape[0], groups, outward, prod(windows))
    return added_up(columns, weight.shape[1] * groups, sizes, kernel, windows, stride, pad, dilation)


def _to_weight(grad: Array, x: Array, weight: Array, stride: Sizes, pad: Sizes, dilation: Sizes, groups: int) -> Array:
    windows = grad.shape[2:]
    columns = window_columns(x, weight.shape[2:], windows, stride, pad, dilation, groups)
    rows = grad.reshape(grad.shape[0], groups, weight.shape[0] // groups, prod(windows))
    # One product over batch and windows together: the batch's dimension joins that of the windows.
    left = np.ascontiguousarray(np.moveaxis(rows, 0, 2)).reshape(groups, weight.shape[0] // groups, -1)
    right = np.ascontiguousarray(columns.transpose(1, 0, 3, 2)).reshape(groups, left.shape[2], columns.shape[2])
    return (left @ right).reshape(weight.shape)


def _laid_out(out: Array, x: Array, weight: Array) -> Array:
    """The result in new memory: its channels lie innermost if those of the input or the weight do.

    Sequences are looked at as pictures of one row, the input in its contiguous form.
    """
    if x.ndim != 3:
        return as_pooled(out, weight if channels_last(weight) else x)
    whole = x if x.flags.c_contiguous else np.ascontiguousarray(x)
    if not (channels_last(_pictures(weight)) or channels_last(_pictures(whole))):
        return np.array(out, order="C")
    _, channels, length = out.shape
    new = laid_out(out.shape, (channels * length, 1, channels), out.dtype)
    new[...] = out
    return new


def _pictures(x: Array) -> Array:
    """Sequences as pictures of one row, with the strides that PyTorch gives that row."""
    batch, channels, length = x.shape
    to_batch, to_channel, to_next = x.strides
    return np.lib.stride_tricks.as_strided(
        x, (batch, channels, 1, length), (to_batch, to_channel, length * to_next, to_next)
    )


def convolution(
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    pad: Sizes,
    dilation: Sizes,
    transposed: bool,
    output_padding: Sizes,
    groups: int,
) -> Array:
    """The convolution, with a bias for each channel."""
    if transposed:
        sizes = tuple(
            [
                transposed_size(*each)
                for each in zip(x.shape[2:], weight.shape[2:], stride, pad, dilation, output_padding, strict=True)
            ]
        )
        out = _to_input(x, weight, sizes, stride, pad, dilation, groups)
    else:
        out = _forward(x, weight, _windows(x, weight, stride, pad, dilation), stride, pad, dilation, groups)
    if bias is not None or not len(x):  # products of bfloat16 add up to float32 in NumPy, as do none of two types
        out = out.astype(x.dtype, copy=False)
    if bias is not None:
        out += bias.reshape(-1, *(1,) * (x.ndim - 2))
    if not len(x):  # PyTorch multiplies the input by a number, and views what comes of it in the result's shape
        if out.shape != x.shape:
            return np.empty(out.shape, out.dtype)
        return laid_out(x.shape, RULES["beside number"](x.shape, [(x.shape, element_strides(x))]), out.dtype)
    return _laid_out(out, x, weight)


def convolution_backward(
    grad: Array,
    x: Array,
    weight: Array,
    bias_sizes: Any,
    stride: Sizes,
    pad: Sizes,
    dilation: Sizes,
    transposed: bool,
    output_padding: Sizes,
    groups: int,
    mask: Any,
) -> tuple:
    """The gradients of the input, the weight and the bias, each if it is wanted."""
    if any(output_padding) and not transposed:
        given = " ".join(map(str, output_padding))
        raise RuntimeError(f"output_padding is not supported for non-transposed convolutions; got: {given}")
    found: list[Any] = [None, None, None]
    if mask[0]:
        if transposed:
            out = _forward(grad, weight, x.shape[2:], stride, pad, dilation, groups)  # output padding has no window
        else:
            out = _to_input(grad, weight, x.shape[2:], stride, pad, dilation, groups)
        found[0] = _laid_out(out, x, weight)
    if mask[1]:
        pair = (x, grad) if transposed else (grad, x)
        found[1] = _laid_out(_to_weight(*pair, weight, stride, pad, dilation, groups), x, weight)
    if mask[2]:
        found[2] = np.add.reduce(grad, axis=(0, *range(2, grad.ndim)))
    return tuple(found)
