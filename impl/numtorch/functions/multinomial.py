"""Draws of indices by their weights, as a program that generates text takes its next character."""

from __future__ import annotations

from typing import Any

from ..creation import empty_like
from ..creation.options import filled
from ..dtype import FLOATING, dtypes
from ..kernels.half import widened
from ..plain_numpy import np
from ..tensor import Tensor, wrap

MOST = 1 << 24
"""Indices that float32 can tell apart."""


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None, out: Any = None
) -> Tensor:
    """Indices into the last dimension, int64 of shape (..., num_samples), each as likely as its weight says.

    https://docs.pytorch.org/docs/2.13/generated/torch.multinomial.html. The weights, of one or two dimensions, are floating,
    finite and not negative, and in no row all zero: a RuntimeError otherwise. Draws PyTorch's indices for PyTorch's seed.
    """
    kind, shape = input._desc.dtype, input._desc.shape
    if len(shape) not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if kind.category != FLOATING:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {kind.scalar_name}")
    if out is not None and out._desc.dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {out._desc.dtype.scalar_name}")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if shape[-1] > MOST:
        raise RuntimeError("number of categories cannot exceed 2^24")
    weights = input.detach()
    if 0 in shape[:-1]:
        found = wrap(np.empty((*shape[:-1], num_samples), np.int64))
    elif replacement and num_samples > 1:
        found = wrap(_with_replacement(np.asarray(weights._array), num_samples, generator))
    else:
        found = _by_waiting(weights, num_samples, generator)
    return found if out is None else filled(out, found._array)


def _by_waiting(weights: Tensor, count: int, generator: Any) -> Tensor:
    """The first to arrive, where the times between two arrivals of each are exponential."""
    if not (bool(weights.max() < float("inf")) and bool(weights.min() >= 0)):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if bool((weights.sum(-1) == 0).any()):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    rates = weights / empty_like(weights).exponential_(1, generator=generator)
    return rates.argmax(-1, keepdim=True) if count == 1 else rates.topk(count)[1]


def _with_replacement(weights: Any, count: int, generator: Any) -> Any:
    """A place among the sums of the weights up to each, for each of as many uniform numbers."""
    from .. import random

    rows = weights.reshape(-1, weights.shape[-1])
    if rows.dtype.itemsize == 2:
        rows = widened(rows)
    found = np.empty((len(rows), count), np.int64)
    for row, places in zip(rows, found, strict=True):
        _check(row)
        sums = np.cumsum(row)
        if not sums[-1] > 0:
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
        sums /= sums[-1]
        sums[-1] = 1
        places[:] = np.searchsorted(sums, (generator or random.default_generator).uniform(count, True))
    return found.reshape(*weights.shape[:-1], count)


def _check(row: Any) -> None:
    odd = ~((row >= 0) & np.isfinite(row))
    if odd.any():
        first = row[odd.argmax()]
        what = "= infinity or NaN" if first >= 0 else "< 0"
        raise RuntimeError(f"invalid multinomial distribution (encountering probability entry {what})")
