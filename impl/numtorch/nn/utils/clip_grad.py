"""Gradients clipped, by the norm of all of them together or each element by itself; under no_grad, and in place.

`foreach` says in PyTorch whether one kernel does all gradients. The numbers are the same, and so are the versions, but for
clip_grad_value_, which then clamps twice.
"""

from __future__ import annotations

import types
from collections.abc import Iterable

from ... import dispatch as d
from ...autograd.grad_mode import no_grad
from ...creation import tensor
from ...functions.ranks import vector_norm
from ...functions.shape import stack
from ...tensor import Tensor
from ...warning import warn

Tensors = Tensor | Iterable[Tensor]


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Iterable[Tensor]) -> list[Tensor]:
    return [p.grad for p in parameters if p.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of the tensors' norms; RuntimeError where it is not finite, if asked for."""
    tensors = _listed(tensors)
    norm_type = float(norm_type)
    if not tensors:
        return tensor(0.0)
    total = vector_norm(stack([vector_norm(t, norm_type) for t in tensors]), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be clipped. To "
            "disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients so that a total norm, computed before, becomes max_norm at the most."""
    gradients = _gradients(_listed(parameters))
    max_norm = float(max_norm)
    if not gradients:
        return
    scale = (max_norm / (total_norm + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale)


@no_grad()
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients so that their total norm, which is returned, becomes max_norm at the most."""
    given = _listed(parameters)
    if isinstance(parameters, types.GeneratorType) and not given:
        warn("`parameters` is an empty generator, no gradient clipping will occur.")
    total = get_total_norm(_gradients(given), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(given, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """clip_grad_norm_ under its old name."""
    warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Clamp the elements of the gradients to [-clip_value, clip_value]."""
    clip_value = float(clip_value)
    for gradient in _gradients(_listed(parameters)):
        if foreach is None or foreach:
            d.clamp_min_(gradient, -clip_value)
            d.clamp_max_(gradient, clip_value)
        else:
            gradient.clamp_(min=-clip_value, max=clip_value)
