"""Losses of margins over raw arrays: by how much other classes come too near to the target's. `reduction` as in losses.py."""

from __future__ import annotations

from typing import Any

from ..plain_numpy import np

Array = Any


def _samples(x: Array, target: Array) -> tuple[Array, Array]:
    """The input as rows, and the targets of each."""
    rows = x if x.ndim == 2 else x.reshape(1, max(x.size, 1))
    return rows, target.reshape(rows.shape[0], target.size // max(rows.shape[0], 1))


def _reduced(each: Array, shape: tuple, reduction: int) -> Array:
    if reduction == 0:
        return each.reshape(shape)
    total = np.add.reduce(each, None, dtype=each.dtype)
    # PyTorch divides while it adds; of no sample there is nothing to divide.
    return total / each.dtype.type(each.size) if reduction == 1 and each.size else total


def _share(grad: Array, rows: Array, reduction: int) -> Array:
    """What of the incoming gradient each row gets for each of its elements."""
    share = np.asarray(grad, rows.dtype).reshape(-1, 1) / rows.dtype.type(rows.shape[1])
    return share / rows.dtype.type(rows.shape[0]) if reduction == 1 and rows.shape[0] else share


def _beyond(rows: Array, target: Array, margin: float) -> tuple[Array, Array]:
    """By how much each class is nearer than the margin to the target's, and which those are."""
    target = target.reshape(rows.shape[0], 1)
    chosen = np.take_along_axis(rows, target, 1)
    beyond = rows.dtype.type(margin) - chosen + rows
    inside = beyond > 0
    np.put_along_axis(inside, target, False, 1)
    return beyond, inside


def multi_margin_loss(
    x: Array, target: Array, p: int, margin: float, weight: Array | None, reduction: int
) -> Array:  # fmt: skip
    """The mean over the classes of what is beyond the margin, or of its square."""
    rows, wanted = _samples(x, target)
    beyond, inside = _beyond(rows, wanted, margin)
    each = np.where(inside, beyond if p == 1 else beyond * beyond, 0).astype(rows.dtype)
    if weight is not None:
        each = each * weight[wanted.reshape(-1, 1)]
    return _reduced(np.add.reduce(each, 1, dtype=rows.dtype) / rows.dtype.type(rows.shape[1]), target.shape, reduction)


def multi_margin_loss_backward(
    grad: Array, x: Array, target: Array, p: int, margin: float, weight: Array | None, reduction: int
) -> Array:
    """The gradient: what the others get is taken from the target's class."""
    rows, wanted = _samples(x, target)
    beyond, inside = _beyond(rows, wanted, margin)
    share = _share(grad, rows, reduction)
    if weight is not None:
        share = share * weight[wanted.reshape(-1, 1)]
    found = np.where(inside, share if p == 1 else rows.dtype.type(2) * share * beyond, 0).astype(rows.dtype)
    np.put_along_axis(found, wanted.reshape(-1, 1), -np.add.reduce(found, 1, keepdims=True), 1)
    return np.ascontiguousarray(found).reshape(x.shape)


def _listed(rows: Array, wanted: Array) -> tuple[Array, Array]:
    """Which targets are meant, those before the first negative one; and which classes those are."""
    meant = np.logical_and.accumulate(wanted >= 0, 1)
    is_target = np.zeros(rows.shape, bool)
    where = np.nonzero(meant)
    is_target[where[0], wanted[where]] = True
    return meant, is_target


def _pairs(rows: Array, wanted: Array, meant: Array, is_target: Array) -> Array:
    """By how much each class that is none of the targets is nearer than one to each target: (row, target, class)."""
    chosen = np.take_along_axis(rows, np.where(meant, wanted, 0), 1)
    beyond = rows.dtype.type(1) - chosen[:, :, None] + rows[:, None, :]
    return np.where(meant[:, :, None] & ~is_target[:, None, :] & (beyond > 0), beyond, 0).astype(rows.dtype)


def multilabel_margin_loss(x: Array, target: Array, reduction: int) -> tuple[Array, Array]:
    """The mean over the classes of what is beyond the margin of all targets; and which classes are targets."""
    rows, wanted = _samples(x, target)
    meant, is_target = _listed(rows, wanted)
    each = np.add.reduce(_pairs(rows, wanted, meant, is_target), (1, 2), dtype=rows.dtype) / rows.dtype.type(
        rows.shape[1]
    )
    return _reduced(each, x.shape[:-1], reduction), is_target.astype(rows.dtype).reshape(target.shape)


def multilabel_margin_loss_backward(
    grad: Array, x: Array, target: Array, reduction: int, is_target: Array
) -> Array:  # fmt: skip
    """The gradient: what the others get is taken from the targets."""
    rows, wanted = _samples(x, target)
    meant, is_target = _listed(rows, wanted)
    shares = np.where(_pairs(rows, wanted, meant, is_target) > 0, _share(grad, rows, reduction)[:, :, None], 0)
    found = np.add.reduce(shares, 1)
    taken = np.nonzero(meant)
    np.subtract.at(found, (taken[0], wanted[taken]), np.add.reduce(shares, 2)[taken])
    return np.ascontiguousarray(found, rows.dtype).reshape(x.shape)
