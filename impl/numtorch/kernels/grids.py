"""What a grid picks from pictures and volumes, between their elements.

In each dimension a place of the grid has a few elements near it (taps): where they are, and how much each counts. What is
picked is a sum over all combinations, each weighted by the product of the dimensions' weights. So the derivatives by the grid,
of either order, take a weight's own derivative in the place of the weight.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

from ..plain_numpy import np
from .half import in_steps, is_half

Array = Any
Tap = tuple[Array, list]
"""Where an element is, and its weight with the first and second derivative."""
BILINEAR, NEAREST, BICUBIC = 0, 1, 2
ZEROS, BORDER, REFLECTION = 0, 1, 2


def _reflected(x: Array, size: int, align: bool) -> tuple[Array, Array]:
    """Places beyond the edge, thrown back as often as it takes, and the derivative of that, which is a sign."""
    kind = x.dtype.type
    span = kind(2 * (size - 1) if align else 2 * size)
    if span <= 0:
        return np.zeros_like(x), np.zeros_like(x)
    shift = kind(0 if align else 0.5)
    moved = x + shift
    rest = np.abs(moved)
    rest = rest - np.trunc(rest / span) * span
    turned = np.signbit(moved) ^ (rest > span - rest)
    return np.minimum(rest, span - rest) - shift, np.where(turned, kind(-1), kind(1))


def _within(x: Array, size: int, padding: int, align: bool) -> tuple[Array, Array]:
    """Places brought into the picture, if they are to be, and the derivative of that."""
    kind = x.dtype.type
    factor = np.ones_like(x)
    if padding == ZEROS:
        return x, factor
    if padding == REFLECTION:
        x, factor = _reflected(x, size, align)
    most = kind(size - 1)
    return np.fmin(most, np.fmax(x, kind(0))), factor * ((x > 0) & (x < most))


def _tap(place: Array, size: int, weights: list) -> Tap:
    """An element near a place; one that is outside counts as nothing."""
    inside = (place >= 0) & (place < size)
    at = np.where(inside, place, 0).astype(np.int64)
    return at, [w * inside for w in weights]


def _cubic(t: Array) -> list[list]:
    """The four weights between elements that are a step apart, and their derivatives."""
    c = t.dtype.type
    a = -0.75

    def near(x: Array) -> list:
        first = (c(3 * (a + 2)) * x - c(2 * (a + 3))) * x
        return [(c(a + 2) * x - c(a + 3)) * x * x + c(1), first, c(6 * (a + 2)) * x - c(2 * (a + 3))]

    def far(x: Array) -> list:
        first = (c(3 * a) * x - c(10 * a)) * x + c(8 * a)
        return [((c(a) * x - c(5 * a)) * x + c(8 * a)) * x - c(4 * a), first, c(6 * a) * x - c(10 * a)]

    def mirrored(w: list) -> list:
        return [w[0], -w[1], w[2]]

    return [far(t + c(1)), near(t), mirrored(near(c(1) - t)), mirrored(far(c(2) - t))]


def _places(grid: Array, size: int, align: bool, flat: bool) -> Array:
    """Places from -1 to 1 as those of elements, rounded as PyTorch's kernels do: that of pictures rounds once at the end."""
    kind = grid.dtype.type
    moved = grid + kind(1)
    if align:
        return moved * kind((size - 1) / 2)
    if flat and is_half(grid.dtype):
        return moved * kind(size / 2) - kind(0.5)
    if flat:
        return (moved.astype(np.float64) * (size / 2) - 0.5).astype(kind)
    return (moved * kind(size) - kind(1)) / kind(2)


def _taps(grid: Array, size: int, mode: int, padding: int, align: bool, flat: bool) -> tuple[list[Tap], Array]:
    """The elements near each place in one dimension, and how fast the place moves with the grid.

    Weights have their derivatives by the place: those by the grid follow at the end, as in PyTorch, which rounds less.
    """
    kind = grid.dtype.type
    scale = np.float64(kind((size - 1) / 2 if align else size / 2))
    x = _places(grid, size, align, flat)
    if not is_half(grid.dtype):
        x = x.astype(np.float64)  # PyTorch's sums round less than NumPy's would
    kind = x.dtype.type
    if mode == BICUBIC:
        first = np.floor(x)
        found = []
        for step, weights in zip((-1, 0, 1, 2), _cubic(x - first), strict=True):
            found.append(_tap(_within(first + kind(step), size, padding, align)[0], size, weights))
        return found, np.full(x.shape, scale)
    x, factor = _within(x, size, padding, align)
    none, one = np.zeros_like(x), np.ones_like(x)
    if mode == NEAREST:
        return [_tap(np.rint(x), size, [one, none, none])], none
    first = np.floor(x)
    part = x - first
    rest = one - part if flat else first + one - x
    return [_tap(first, size, [rest, -one, none]), _tap(first + one, size, [part, one, none])], factor * scale


class _Sampler:
    """The taps of a grid over an input of a shape (N, C, ...): what they pick, and where they add."""

    def __init__(self, shape: tuple, grid: Array, mode: int, padding: int, align: bool) -> None:
        self.shape, self.sizes = shape, shape[2:]
        self.dims = len(self.sizes)
        self.count = math.prod(grid.shape[1:-1])
        places = np.ascontiguousarray(grid).reshape(grid.shape[0], self.count, self.dims)
        how = (mode, padding, align, self.dims == 2)
        found = [_taps(places[..., self.dims - 1 - d], size, *how) for d, size in enumerate(self.sizes)]
        self.taps = [taps for taps, _ in found]
        self.combinations = list(itertools.product(*self.taps))
        self.slopes = [slope for _, slope in found]

    def _each(self, orders: tuple) -> Any:
        """Flat places and weights, a combination of taps after the other; `orders` says of each dimension which derivative."""
        for combination in self.combinations:
            at: Any = 0
            weight: Any = 1
            for (place, weights), size, order in zip(combination, self.sizes, orders, strict=True):
                at = at * size + place
                weight = weight * weights[order]
            yield at[:, None, :], weight[:, None, :]

    def pick(self, x: Array, orders: tuple) -> Array:
        """(N, C, places)"""
        flat = np.ascontiguousarray(x).reshape(*self.shape[:2], math.prod(self.sizes))
        out = np.zeros((*self.shape[:2], self.count))
        for at, weight in self._each(orders):
            out += np.take_along_axis(flat, np.broadcast_to(at, out.shape), 2) * weight
        return out

    def pick_in_steps(self, x: Array, cubic: bool) -> Array:
        """The same of half precision, where PyTorch rounds each step: of pictures' cubic curves, one for each row."""
        flat = np.ascontiguousarray(x).reshape(*self.shape[:2], math.prod(self.sizes))
        out = np.zeros((*self.shape[:2], self.count), x.dtype)

        def picked(taps: tuple) -> Array:
            at: Any = 0
            for (place, _), size in zip(taps, self.sizes, strict=True):
                at = at * size + place
            return np.take_along_axis(flat, np.broadcast_to(at[:, None, :], out.shape), 2)

        if cubic:
            for down in self.taps[0]:
                row = np.zeros_like(out)
                for along in self.taps[1]:
                    row += picked((down, along)) * along[1][0][:, None, :]
                out += row * down[1][0][:, None, :]
            return out
        for taps in self.combinations:
            weight = math.prod([weights[0] for _, weights in reversed(taps)])
            out += picked(taps) * weight[:, None, :]
        return out

    def add(self, out: Array, values: Array, orders: tuple) -> None:
        """Values of the places, added where they were picked from."""
        rows = np.arange(self.shape[0])[:, None, None], np.arange(self.shape[1])[None, :, None]
        for at, weight in self._each(orders):
            np.add.at(out, (*rows, np.broadcast_to(at, values.shape)), values * weight)

    def slope(self, *dims: int) -> Array:
        """How fast the places move with the grid, in each of these dimensions."""
        out: Any = 1
        for d in dims:
            out = out * self.slopes[self.dims - 1 - d]
        return out

    def order(self, *dims: int) -> tuple:
        """Which derivative of each dimension's weight, where it is taken by these, of which the grid counts the last first."""
        orders = [0] * self.dims
        for d in dims:
            orders[self.dims - 1 - d] += 1
        return tuple(orders)


@in_steps
def grid_sampler(x: Array, grid: Array, mode: int, padding: int, align: bool) -> Array:
    """The input at the places of the grid."""
    by = _Sampler(x.shape, grid, mode, padding, align)
    found = by.pick_in_steps(x, mode == BICUBIC) if is_half(x.dtype) else by.pick(x, by.order())
    return found.astype(x.dtype, copy=False).reshape(*x.shape[:2], *grid.shape[1:-1])


def grid_sampler_backward(grad: Array, x: Array, grid: Array, mode: int, padding: int, align: bool, mask: Any) -> tuple:
    """The gradients of input and grid."""
    by = _Sampler(x.shape, grid, mode, padding, align)
    values = np.ascontiguousarray(grad).reshape(*x.shape[:2], by.count)
    mine = None
    if mask[0]:
        mine, flat = _filled(x)
        by.add(flat, values, by.order())
        mine = mine.astype(x.dtype, copy=False)
    steps = [np.add.reduce(values * by.pick(x, by.order(d)), 1) * by.slope(d) for d in range(by.dims)]
    return mine, _side_by_side(steps, grid)


def _filled(x: Array) -> tuple[Array, Array]:
    """Zeros for each element of x, and the same memory picture by picture: a view may not be added to by who gets it."""
    zeros = np.zeros(x.shape)
    return zeros, zeros.reshape(*x.shape[:2], math.prod(x.shape[2:]))


def _side_by_side(parts: list[Array], grid: Array) -> Array:
    """What is given for each coordinate, as the grid has them; likewise no view."""
    out = np.empty(grid.shape, grid.dtype)
    np.stack(parts, -1, out=out.reshape(*parts[0].shape, len(parts)), casting="same_kind")
    return out


def grid_sampler_double_backward(
    grad: Array, x: Array, grid: Array, again: Any, of_grid: Any, mode: int, padding: int, align: bool
) -> tuple:
    """The gradients of the incoming gradient, the input and the grid, by those of the input's gradient and the grid's.

    None where there is none: the nearest element does not hang on the grid, nor does the input's gradient on the input.
    """
    if mode == NEAREST:
        of_grid = None
    if again is None and of_grid is None:
        return None, None, None
    by = _Sampler(x.shape, grid, mode, padding, align)
    dims = range(by.dims)
    values = np.ascontiguousarray(grad).reshape(*x.shape[:2], by.count)
    to_grad, to_input = np.zeros(grad.shape), None
    of_values = to_grad.reshape(values.shape)
    places = [np.zeros((grid.shape[0], by.count)) for _ in dims]
    if again is not None:
        of_values += by.pick(again, by.order())
        for e in dims:
            places[e] += np.add.reduce(values * by.pick(again, by.order(e)), 1) * by.slope(e)
    if of_grid is not None:
        flat = np.zeros((*x.shape[:2], math.prod(x.shape[2:])))
        steps = np.ascontiguousarray(of_grid).reshape(grid.shape[0], 1, by.count, by.dims)
        for d in dims:
            moved = values * steps[..., d]
            of_values += steps[..., d] * by.slope(d)[:, None] * by.pick(x, by.order(d))
            by.add(flat, moved * by.slope(d)[:, None], by.order(d))
            for e in dims:
                places[e] += np.add.reduce(moved * by.pick(x, by.order(d, e)), 1) * by.slope(d, e)
        # A view, as in PyTorch: nobody adds to it in place.
        to_input = flat.astype(x.dtype, copy=False).reshape(x.shape)
    return to_grad.astype(grad.dtype, copy=False), to_input, _side_by_side(places, grid)


def _line(n: int, align: bool, kind: Any) -> Array:
    """Places from edge to edge, or from the middle of the first element to that of the last."""
    if n <= 1:
        return np.zeros(n, kind)
    line = np.linspace(-1, 1, n, dtype=kind)
    return line if align else line * kind.type((n - 1) / n)


def affine_grid_generator(theta: Array, size: tuple, align: bool) -> Array:
    """The places of a picture or volume, each taken by an affine map."""
    spatial = size[2:]
    base = _base(spatial, align, theta.dtype)
    found = base.reshape(-1, len(spatial) + 1) @ theta.swapaxes(-1, -2)
    return np.ascontiguousarray(found).reshape(theta.shape[0], *spatial, len(spatial))


def _base(spatial: tuple, align: bool, kind: Any) -> Array:
    """The places themselves, and a one for what is added."""
    lines = [_line(n, align, kind) for n in spatial]
    parts = np.meshgrid(*lines, indexing="ij")[::-1]
    return np.stack([*parts, np.ones(spatial, kind)], -1)


def affine_base(size: tuple, align: bool, kind: Any) -> Array:
    """The places that an affine map takes, one a row."""
    return _base(size[2:], align, np.dtype(kind)).reshape(-1, len(size) - 1)


def affine_grid_generator_backward(grad: Array, size: tuple, align: bool) -> Array:
    """The gradient of the map."""
    base = affine_base(size, align, grad.dtype)
    return (base.T @ grad.reshape(grad.shape[0], -1, len(size) - 2)).swapaxes(-1, -2)


grid_sampler_2d = grid_sampler_3d = grid_sampler
grid_sampler_2d_backward = grid_sampler_3d_backward = grid_sampler_backward
