"""The gradients of layer_norm and batch_norm as PyTorch takes them apart where they have tangents, operation for operation.

Their means and deviations are computed anew, so that they hang on the input, whose tangent moves them.
"""

from __future__ import annotations

from math import prod
from typing import Any

from .. import dispatch as d
from .normalization import by_channel


def _statistics(x: Any, invstd: Any, dims: tuple, keepdim: bool) -> tuple[Any, Any]:
    """The mean, and one over the deviation; what was added to the variance follows from the one that was kept."""
    var, mean = d.var_mean(x, dims, 0, keepdim)
    eps = ((1 / invstd).pow(2) - var).detach()
    return mean, d.rsqrt(var + eps)


def _sum(x: Any, dims: tuple, keepdim: bool = False) -> Any:
    return d.sum_dim(x, dims, keepdim, None)


def layer_norm_backward_in_steps(
    grad: Any, x: Any, normalized_shape: Any, mean: Any, invstd: Any, weight: Any, bias: Any, mask: Any
) -> tuple:
    """The gradients of the elements, the weight and the bias, each None that is not wanted; of nothing there are none."""
    if not x._desc.numel:
        return None, None, None
    front = x._desc.ndim - len(normalized_shape)
    dims, over = tuple(range(front, x._desc.ndim)), tuple(range(front))
    size = prod(normalized_shape)
    mean, invstd = _statistics(x, invstd, dims, True)
    normal = (x - mean) * invstd
    sent = grad if weight is None else grad * weight
    rest = d.mul_scalar(sent, size) - _sum(sent, dims, True)
    rest = rest - normal * _sum(sent * normal, dims, True)
    of_input = of_weight = of_bias = None
    if mask[0]:
        of_input = d.div_scalar(invstd, size) * rest
    if mask[1]:
        of_weight = grad * normal
        if over:
            of_weight = _sum(of_weight, over)
    if mask[2]:
        of_bias = _sum(grad, over) if over else d.clone(grad)
    return of_input, of_weight, of_bias


def batch_norm_backward_in_steps(
    grad: Any,
    x: Any,
    weight: Any,
    running_mean: Any,
    running_var: Any,
    mean: Any,
    invstd: Any,
    train: bool,
    eps: float,
    mask: Any,
) -> tuple:
    """The same of each channel; by running statistics the gradients are linear in the incoming one."""
    shape = tuple(x._desc.shape)
    dims, each = by_channel(shape)
    if train:
        mean, invstd = _statistics(x, invstd, dims, False)
    else:
        mean, invstd = running_mean, d.rsqrt(d.add_scalar(running_var, eps))
    mean = mean.reshape(each)
    share = shape[1] / prod(shape)
    total = _sum(grad, dims)
    along = _sum(grad * (x - mean), dims)
    middle = d.mul_scalar(total, share).reshape(each)
    slope = (d.mul_scalar(along, share) * (invstd * invstd)).reshape(each)
    scale = d.mul_scalar(invstd.reshape(each), 1.0) if weight is None else (invstd * weight).reshape(each)
    if train:
        of_input = (grad - (x - mean) * slope - middle) * scale
    else:
        of_input = grad * scale
    found = of_input, along * invstd, total
    return tuple([one if wanted else None for one, wanted in zip(found, mask, strict=True)])
