"""Dropout of whole channels, and that which keeps the mean and the variance of what SELU gives."""

from __future__ import annotations

import math
from typing import Any

from ..tensor import Tensor
from ..warning import warn
from .arguments import expect_tensor

ALPHA = 1.7580993408473766  # minus what SELU tends to: https://arxiv.org/abs/1706.02515


def _dropped(input: Tensor, p: float, train: bool, channels: bool, alpha: bool, inplace: bool) -> Tensor:
    """The input times the noise that is drawn, and with alpha more to add to it."""
    from ..creation import empty, empty_like, zeros

    expect_tensor(input, "feature_" * channels + "alpha_" * alpha + "dropout" + "_" * inplace)
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    if p == 0 or not train or not input._desc.numel:
        return input
    if p == 1:
        nothing = zeros((), dtype=input.dtype)
        return input.mul_(nothing) if inplace else input * nothing
    if channels:
        ndim = input._desc.ndim
        if ndim < 2:
            raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
        noise = empty((*input._desc.shape[:2], *(1,) * (ndim - 2)), dtype=input.dtype)
    else:
        noise = empty_like(input)
    noise.bernoulli_(1 - p)
    if not alpha:
        noise.div_(1 - p)
        return input.mul_(noise) if inplace else input * noise
    a = 1 / math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    more = noise.add(-1).mul_(ALPHA * a).add_(ALPHA * a * p)
    noise.mul_(a)
    return (input.mul_(noise) if inplace else input * noise).add_(more)


def _function(name: str, channels: bool, alpha: bool, inplace: bool) -> Any:
    def dropout(input: Tensor, p: float, train: bool) -> Tensor:
        """What torch has of the name, in place if that ends so."""
        return _dropped(input, p, train, channels, alpha, inplace)

    dropout.__name__ = name
    return dropout


def _expect_probability(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _of_one(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """Channels of one sample, as a batch of one."""
    batch = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    result = _dropped(batch, p, training, True, False, inplace)
    return result.squeeze_(0) if inplace else result.squeeze(0)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Channels of signals set to zero at random."""
    _expect_probability(p)
    ndim = input.dim()
    if ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that dropout1d exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension "
            "(i.e. 2D or 3D inputs)."
        )
    if ndim == 2:
        return _of_one(input, p, training, inplace)
    return _dropped(input, p, training, True, False, inplace)


def _deprecated(name: str, ndim: int, spatial: int) -> None:
    warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future release. "
        "To retain the behavior and silence this warning, please use dropout instead. Note that "
        f"{name} exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, and "
        f"an optional batch dimension (i.e. {spatial + 1}D or {spatial + 2}D inputs).",
    )


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Channels of pictures set to zero at random."""
    _expect_probability(p)
    ndim = input.dim()
    if ndim not in (3, 4):
        _deprecated("dropout2d", ndim, 2)
    if ndim == 3:
        warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - "
            "input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future "
            "release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
            "channel-wise dropout behavior, please switch to using dropout1d instead.",
        )
    return _dropped(input, p, training, True, False, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Channels of volumes set to zero at random."""
    _expect_probability(p)
    ndim = input.dim()
    if ndim not in (4, 5):
        _deprecated("dropout3d", ndim, 3)
    if ndim != 5:
        return _of_one(input, p, training, inplace)
    return _dropped(input, p, training, True, False, inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Elements set at random to what SELU tends to, the mean and variance kept."""
    _expect_probability(p)
    return _dropped(input, p, training, False, True, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Channels set at random to what SELU tends to, the mean and variance kept."""
    _expect_probability(p)
    return _dropped(input, p, training, True, True, inplace)


NN_FUNCTIONAL: dict[str, Any] = {
    f.__name__: f for f in (dropout1d, dropout2d, dropout3d, alpha_dropout, feature_alpha_dropout)
}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {
    name + "_" * inplace: _function(name + "_" * inplace, channels, alpha, inplace)
    for name, channels, alpha in (
        ("feature_dropout", True, False),
        ("alpha_dropout", False, True),
        ("feature_alpha_dropout", True, True),
    )
    for inplace in (False, True)
}
