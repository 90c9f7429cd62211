"""The mean and the variance of rows, as PyTorch's kernels for normalization find them."""

from __future__ import annotations

from math import prod
from typing import Any

from ..plain_numpy import np
from .numbers import fused

Array = Any


def moments(x: Array, axes: Any) -> tuple[Array, Array]:
    """The mean over axes, kept, and the elements without it."""
    count = prod([x.shape[a] for a in axes])
    mean = np.add.reduce(x, axis=axes, keepdims=True) / x.dtype.type(count or 1)  # of nothing it is 0
    return mean, x - mean


LARGEST = {2: float(np.finfo(np.float32).max), 4: float(np.finfo(np.float32).max), 8: float(np.finfo(np.float64).max)}
"""The largest number of the type that PyTorch computes the moments of rows in, by the bytes of an element."""


LANES = {2: 16, 4: 8, 8: 4}
"""How many elements PyTorch's vectors hold, by the bytes of one. (Machines with longer ones find other infinities.)"""


def row_moments(x: Array, axes: Any, kind: Any) -> tuple[Array, Array, Array]:
    """The mean of each row, kept, the elements without it, and the sum of their squares.

    Where a square overflows, which the sum of all squares says, PyTorch's are what joining the moments of pieces makes of it.
    """
    mean, centred = moments(x, axes)
    square = np.add.reduce(centred * centred, axis=axes, keepdims=True)
    if not np.vdot(x, x) <= LARGEST[kind.itemsize]:
        rows = x.reshape(mean.size, -1)
        with np.errstate(all="ignore"):
            for row, place in zip(rows, np.ndindex(mean.shape), strict=True):
                if not np.max(row * row) <= LARGEST[kind.itemsize]:
                    mean[place], square[place] = _joined(row.astype(kind if kind.itemsize == 8 else np.float32), kind)
        centred = x - mean
    return mean, centred, square


def _joined(row: Array, kind: Any) -> tuple[Any, Any]:
    """The mean of a row and the sum of squares about it, by Welford's recurrence in each lane of a vector, and joined.

    The first lane is joined with the elements that fill no vector. Where there are none these count times zero, so that a
    square which overflows there is nan; in any other lane it is infinite, and leaves no deviation. An infinity leaves a mean
    only in the last lane.
    """
    lanes = LANES[kind.itemsize]
    vectors = len(row) // lanes
    zero = row.dtype.type(0)
    count, mean, square = 0, zero, zero
    for value in row[vectors * lanes :]:
        count += 1
        away = value - mean
        mean = mean + away / row.dtype.type(count)
        square = square + away * (value - mean)
    width = min(lanes, 8)  # two vectors of halves are one of single precision each
    steps = row[: vectors * lanes].reshape(-1, width)
    means, squares = np.zeros(width, row.dtype), np.zeros(width, row.dtype)
    for n, values in enumerate(steps, 1):
        away = values - means
        means = means + away * row.dtype.type(1 / n)
        squares = squares + away * (values - means)
    for more, most in zip(means, squares, strict=True):
        total = count + len(steps)
        part = row.dtype.type(len(steps) / total if total else 0)
        away = more - mean
        mean = mean + part * away
        square = square + (most + away * away * part * row.dtype.type(count))
        count = total
    return mean, square


SHORT = 4
"""Rows of fewer elements are summed up as PyTorch does it, bit by bit: what is normalized of them is close to whole numbers, at
which logarithms, gammas and inverses jump. Of longer ones the steps take twice the time of all else."""


def is_short(kind: Any, count: int) -> bool:
    """Whether rows of so many elements have their own way."""
    return kind.char in "fd" and 0 < count < SHORT


def short_moments(rows: Array) -> tuple[Array, Array]:
    """The mean and the variance of each of some rows, in their own precision, by Welford's recurrence.

    They fill no vector of PyTorch's, and are joined with nothing all the same: what overflows or is infinite there is nan.
    """
    kind, (height, count) = rows.dtype.type, rows.shape
    mean, square = np.zeros(height, rows.dtype), np.zeros(height, rows.dtype)
    for n in range(count):
        away = rows[:, n] - mean
        mean = mean + away / kind(n + 1)
        square = square + away * (rows[:, n] - mean)
    nothing = kind(0)
    return mean + nothing * mean, (square + mean * mean * nothing) / kind(count)


def channel_moments(x: Array) -> tuple[Array, Array]:
    """The mean of each channel of a batch, row-major, and the sum of squares about it.

    Pictures are summed in double precision; single numbers, which lie as channels, in their own.
    """
    kind = x.dtype.type
    axes = (0, *range(2, x.ndim))
    count, shape = x.size // x.shape[1], (-1, *(1,) * (x.ndim - 2))
    if count != len(x):
        if count > FEW:
            total = np.add.reduce(x, axis=axes, dtype=np.float64)
        else:  # one after the other
            lanes = np.moveaxis(x, 1, 0).reshape(x.shape[1], count)
            total = np.add.accumulate(lanes, axis=1, dtype=np.float64)[:, -1]
        mean = (total / count).astype(x.dtype, copy=False)
        away = x - mean.reshape(shape)
        return mean, np.add.reduce(away * away, axis=axes, dtype=np.float64).astype(x.dtype, copy=False)
    x = x.reshape(len(x), -1)
    if count > FEW:
        mean = np.add.reduce(x, axis=0) / kind(count)
        return mean, np.add.reduce((x - mean) ** 2, axis=0)
    mean = np.add.accumulate(x, axis=0)[-1] / kind(count)
    away, square = x - mean, np.zeros_like(mean)
    for row in away:
        square = fused(row, row, square)
    return mean, square


FEW = 16  # rows beyond which a loop over them takes too long to have their last bits
