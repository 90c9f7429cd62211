"""What has no rule for tangents, and what PyTorch says of it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable
from typing import Any

from .. import tangents
from ..autograd.function_tangents import without_forward_mode
from ..calls.operands import FOUND_DTYPE, refused
from ..calls.raising import OUT_OF_DUALS, before_autograd
from ..calls.replacing import Replaced
from ..nodes.saved_hooks import Results, innermost
from ..tensor import Tensor
from .operands import duals_in

NOT_IMPLEMENTED = "Trying to use forward AD with {} that does not support it because it has not been implemented yet."
PLEASE_FILE = (
    "\nPlease file an issue to PyTorch at https://github.com/pytorch/pytorch/issues/new?template=feature-request.yml so that "
    "we can prioritize its implementation"
)
IN_DERIVATIVES = " or submit a PR adding the implementation to derivatives.yaml"
NO_KERNEL = "Trying to use forward AD with {} that does not support it."
REFUSED = {
    **{name: name for name in ("igamma", "igammac", "index_reduce", "cholesky")},
    **{name: name for name in ("grid_sampler_2d", "grid_sampler_3d")},
    **dict.fromkeys(("zeta", "zeta_self", "zeta_other"), "special_zeta"),
    "unique": "_unique2",
    "unique_consecutive": "unique_consecutive",
    "multi_margin_loss": "multi_margin_loss",
    "multilabel_margin_loss": "multilabel_margin_loss_forward",
    "embedding_bag": "_embedding_bag",
    **dict.fromkeys(("cdist", "_cdist_forward"), "_cdist_forward"),
    "pdist": "_pdist_forward",
    "euclidean_dist": "_euclidean_dist",
    "scaled_dot_product_flash_attention_for_cpu": "_scaled_dot_product_flash_attention_for_cpu",
    **{name: name for name in ("huber_loss_backward", "soft_margin_loss_backward")},
}
"""Operators of which PyTorch has the derivative and not the tangent, and what it calls them."""

JOINING = ("column_stack", "concat", "concatenate", "dstack", "hstack", "row_stack", "vstack")
"""Functions that call cat, which writes what they are given to write into."""

NO_DERIVATIVE = {
    **{f"{name}_gradient": f"{name}_backward" for name in ("silu", "mish", "logit")},
    **{f"floor_divide{kind}": "floor_divide" for kind in ("", "_of", "_scalar", "_of_scalar")},
    **{name: name for name in ("heaviside", "heaviside_")},
    **dict.fromkeys(("floor_divide_of_", "floor_divide_of_scalar_"), "floor_divide_"),
    "native_group_norm_backward": "native_group_norm_backward",
}
"""Operators that stand for several which have a derivative, or have none in PyTorch, and what PyTorch calls them."""

REFUSED_LATE = {
    **{f"{name}_of_": f"{name}_" for name in ("acosh", "asinh", "atanh", "rrelu_with_noise")},
    **{name: name for name in ("igamma_", "igammac_", "index_reduce_", "set_")},
}
"""Writes of which PyTorch has no tangent, which it sees when it has written."""


CONSTANT = frozenset(("floor", "ceil", "round", "round_decimals", "trunc", "sign", "sgn", "angle", "div_mode"))
"""Operators whose tangent is zeros of their own, whatever that of the operand is."""

REFUSED_NESTED = {
    **{name: (name + "_backward", True) for name in ("huber_loss", "soft_margin_loss")},
    "hardsigmoid": ("aten::hardsigmoid_backward", False),
    "glu": ("aten::glu_jvp", False),
}
"""What an operator computes its tangent by that takes no duals, and whether PyTorch has a derivative of that."""


def is_constant(name: str, args: tuple) -> bool:
    """Whether an operator's tangent is zeros of its own; of a quotient, where it is rounded."""
    return name in CONSTANT and (name != "div_mode" or args[2] is not None)


def is_nested(tangent: Tensor) -> bool:
    """Whether a tangent has one itself, because it was written to with a dual: so what is computed of it would have."""
    return tangents.kept(tangent, tangents.entered) is not None


def refuse_nested(name: str, given: Iterable[Tensor]) -> None:
    """Refuse to give a result a tangent that is computed of these, if one of them has a tangent itself."""
    if any(is_nested(tangent) for tangent in given):
        by, row = REFUSED_NESTED.get(name, ("", False))
        if by:
            raise missing(by) if row else NotImplementedError(NO_KERNEL.format(by))
        raise RuntimeError(tangents.ITS_OWN.format(level=0))


def missing(name: str, row: bool = True) -> NotImplementedError:
    """The error of an operator that has no rule for tangents."""
    return NotImplementedError(NOT_IMPLEMENTED.format(name) + PLEASE_FILE + (IN_DERIVATIVES if row else "."))


def without_derivative(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator without a derivative, whose result has no tangent."""
    refuse_out(replaced, args, kwargs)
    return replaced.original(*args, **kwargs)


def refuse_out(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> None:
    """Refuse to write results of duals, or into duals; PyTorch does so when it has written them."""
    if kwargs.get("out") is not None and duals_in(args, kwargs):
        with without_forward_mode():
            written = replaced.original(*args, **kwargs)
        if written is NotImplemented:  # arguments that are none, which whoever called tells
            return
        raise NotImplementedError(OUT_OF_DUALS.format(replaced.name))


def refuse(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator that has no rule for tangents.

    PyTorch sees that between its operands, which it has saved by then, and its kernel. Here a kernel comes before both: so it
    runs in vain where somebody sees what is saved, and nobody hears of what it says.
    """
    if not duals_in(args, kwargs):
        return replaced.original(*args, **kwargs)
    if innermost() is not None:
        with without_forward_mode(), Results(refused=True) as operands, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with contextlib.suppress(Exception):
                replaced.original(*args, **kwargs)
        operands.pack()
    raise missing(REFUSED[replaced.name])


def refuse_late(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A write that has no rule for tangents."""
    refused = duals_in(args, kwargs)
    with Results() as results:
        out = replaced.original(*args, **kwargs)
    if refused:
        raise missing(REFUSED_LATE[replaced.name], row=False)
    results.pack()
    return out


def of_the_first_alone(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """A loss whose target may have no tangent, which its gradient refuses."""
    from .stated import stated

    if id(args[0]) not in duals:
        return None
    if id(args[1]) in duals:
        raise missing("soft_margin_loss_backward")
    return stated(replaced, args, names, duals, out)


def of_one_type(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """An operator of one kernel for both, which takes no tangent of another type; that of glu takes no halves."""
    from .stated import stated

    primal, tangent = args[0]._desc.dtype, duals[id(args[0])][1]._desc.dtype
    if primal is not tangent:
        raise RuntimeError(FOUND_DTYPE.format(found=tangent.scalar_name, expected=primal.scalar_name))
    if replaced.name == "glu" and primal.is_half:
        raise refused("glu_jvp_cpu", primal)
    return stated(replaced, args, names, duals, out)


def no_kernel(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator for which PyTorch has not even a derivative to be asked."""
    if duals_in(args, kwargs):
        told = NO_KERNEL.format("aten::" + NO_DERIVATIVE.get(replaced.name, replaced.name))
        raise before_autograd(NotImplementedError(told))
    return replaced.original(*args, **kwargs)


def distinct(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """unique, whose tangent PyTorch does not know."""
    if duals_in(args, kwargs):
        raise missing("_unique2" if kwargs.get("dim") is None and len(args) < 5 else "unique_dim")
    return replaced.original(*args, **kwargs)


def resize(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Another size, which a tensor with a tangent may not get: PyTorch says so when it has it."""
    refused = duals_in(args[:1], {})
    out = replaced.original(*args, **kwargs)
    if refused:
        raise RuntimeError("cannot resize variables that has a forward grad")
    return out


def stored(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """out=, which may meet no tangent, as is seen when it is written."""
    out, result, name = args[:3]
    refused = duals_in((out, result, *args[3:]), {})
    replaced.original(*args, **kwargs)
    if refused:
        raise NotImplementedError(OUT_OF_DUALS.format("cat" if name in JOINING else name))
    return out
