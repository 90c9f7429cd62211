"""Losses that compare distributions, put together of operators as in PyTorch."""

from __future__ import annotations

import math
from typing import Any

from .. import dispatch as d
from ..calls.operands import refused
from ..dtype import FLOATING
from ..grad_mode import is_grad_enabled, set_grad
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from ..warning import warn
from .arguments import expect_tensor
from .losses import REDUCTIONS, reduction_number, required_number, total


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """How far a distribution is from another whose logarithm is the input."""
    if size_average is None and reduce is None and reduction == "mean":
        warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
        )
    batch = reduction == "batchmean"
    result = torch_kl_div(
        input, target, reduction_number("sum" if batch else reduction, size_average, reduce), log_target=log_target
    )
    return result / input.shape[0] if batch and input.dim() else result


def torch_kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """torch.kl_div, of numbered reduction"""
    expect_tensor(input, "kl_div")
    expect_tensor(target, "kl_div", "target", 2)
    required_number(reduction, "kl_div")
    return kl_divergence(input, target, reduction, log_target)


def kl_divergence(input: Tensor, target: Tensor, reduction: int, log_target: bool) -> Tensor:
    """The operator, which a vmap has no rule of; what it asks about takes no arguments by keyword alone."""
    kinds = [x._desc.dtype for x in (input, target)]
    if any(kind.is_complex for kind in kinds):
        raise RuntimeError("kl_div: Complex inputs not supported.")
    if any(kind.category < FLOATING for kind in kinds):
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        away = target - input  # first, as in PyTorch's C++, where the right operand is
        return total(target.exp() * away, reduction)
    product = target * input
    return total(d.xlogy(target, target) - product, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the logarithm of a Poisson probability."""
    return torch_poisson_nll_loss(
        input, target, log_input, full, eps, reduction_number(reduction, size_average, reduce)
    )


def torch_poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: Any = None, full: Any = None, eps: Any = None, reduction: Any = None
) -> Tensor:
    """torch.poisson_nll_loss, of numbered reduction; all of its arguments are required."""
    given = {"log_input": log_input, "full": full, "eps": eps, "reduction": reduction}
    missing = [f'"{name}"' for name, value in given.items() if value is None]
    if missing:
        raise TypeError(f"poisson_nll_loss() missing {len(missing)} required positional argument: {', '.join(missing)}")
    expect_tensor(input, "poisson_nll_loss")
    expect_tensor(target, "poisson_nll_loss", "target", 2)
    required_number(reduction, "poisson_nll_loss")
    if log_input:
        product = target * input
        loss = input.exp() - product
    else:
        product = target * d.add_scalar(input, eps).log()
        loss = input - product
    if full:
        half = d.mul_scalar(d.mul_scalar(target, 2 * math.pi).log(), 0.5)  # from right to left, likewise
        stirling = target * target.log() - target + half
        loss = loss.add_(stirling.masked_fill(target <= 1, 0))
    return total(loss, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Minus the logarithm of a normal density."""
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = wrap(np.full(tuple(input.shape), var, input._array.dtype))
    elif not isinstance(var, Tensor):
        # What PyTorch asks of it first: None has no order, and of a number it is no tensor.
        expect_tensor(var < 0, "any")
    elif var._desc.dtype.is_complex:
        raise refused("lt_cpu", var._desc.dtype)
    elif bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    if var.size() != input.size():
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif input.dim() != var.dim() or sum(b for a, b in zip(input.shape, var.shape, strict=True) if a != b) != 1:
            raise ValueError("var is of incorrect size")
    if reduction not in REDUCTIONS:
        raise ValueError(reduction + " is not valid")
    var = var.clone()
    before = is_grad_enabled()
    set_grad(False)
    try:
        var.clamp_(min=eps)
    finally:
        set_grad(before)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss += 0.5 * math.log(2 * math.pi)
    return total(loss, REDUCTIONS[reduction])


NN_FUNCTIONAL: dict[str, Any] = {f.__name__: f for f in (kl_div, poisson_nll_loss, gaussian_nll_loss)}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {"kl_div": torch_kl_div, "poisson_nll_loss": torch_poisson_nll_loss}
