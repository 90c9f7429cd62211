"""Distances between vectors, and the losses made of them. PyTorch has no kernel for any: they are put together.

The operators come in the order in which PyTorch's C++ evaluates them, from right to left within an expression. Those in
torch itself reduce nothing unless told to: their `reduction` is a number, of which Python is told no default but 0.
"""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.several import promoted
from ..dtype import FLOATING
from ..formulas.pointwise import number_minus
from ..grad_mode import is_grad_enabled, set_grad
from ..memory.descriptor import broadcast_shapes
from ..tensor import Tensor
from .arguments import expect_tensor
from .losses import reduction_number, required_number, total

EPSILON = 1e-12  # what keeps PyTorch's cosine_embedding_loss from dividing by zero


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along a dimension."""
    expect_tensor(x1, "cosine_similarity", "x1")
    expect_tensor(x2, "cosine_similarity", "x2", 2)
    kind = promoted((x1, x2))
    if kind.category != FLOATING:
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {kind.scalar_name}")
    shape = broadcast_shapes(x1._desc.shape, x2._desc.shape)
    pair = [x if x._desc.dtype.category >= FLOATING else x.to(kind) for x in (x1, x2)]
    if x1._desc.shape != x2._desc.shape:
        pair = [x.expand(shape) for x in pair]
    norms = [d.vector_norm(x, 2.0, (dim,), True, None).clone() for x in pair]
    before = is_grad_enabled()
    set_grad(False)
    try:
        for norm in norms:
            d.clamp_min_(norm, eps)
    finally:
        set_grad(before)
    second = pair[1] / norms[1]
    return ((pair[0] / norms[0]) * second).sum(dim)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of the differences, along the last dimension."""
    expect_tensor(x1, "pairwise_distance", "x1")
    expect_tensor(x2, "pairwise_distance", "x2", 2)
    last = max(x1._desc.ndim, x2._desc.ndim) - 1
    return d.norm_dim(d.add_scalar(x1 - x2, eps), p, (last,), keepdim)


def _expect(name: str, **operands: Any) -> None:
    """Refuse what is no tensor among the operands, which come in their order."""
    for position, (argument, value) in enumerate(operands.items(), 1):
        expect_tensor(value, name, argument, position)


def hinge_embedding(self: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """torch.hinge_embedding_loss, of numbered reduction"""
    _expect("hinge_embedding_loss", input=self, target=target)
    required_number(reduction, "hinge_embedding_loss")
    zeros = self.new_zeros(self._desc.shape)
    clamped = d.clamp_min_(number_minus(margin, self), 0)
    beyond = d.where(target != 1, clamped, zeros)
    return total(beyond + d.where(target != -1, self, zeros), reduction)


def margin_ranking(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0) -> Tensor:
    """torch.margin_ranking_loss, of numbered reduction"""
    _expect("margin_ranking_loss", input1=input1, input2=input2, target=target)
    required_number(reduction, "margin_ranking_loss")
    away = input1 - input2
    return total(d.clamp_min_(d.add_scalar(-target * away, float(margin)), 0), reduction)


def cosine_embedding(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0) -> Tensor:
    """torch.cosine_embedding_loss, of numbered reduction"""
    _expect("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    required_number(reduction, "cosine_embedding_loss")
    dim = target._desc.ndim
    if dim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1._desc.ndim != dim + 1:
        raise RuntimeError(
            f"{dim}D target tensor expects {dim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1._desc.shape)} and {list(input2._desc.shape)}."
        )
    product = (input1 * input2).sum(dim)
    squares = [d.add_scalar((x * x).sum(dim), EPSILON) for x in (input1, input2)]
    cosine = product / (squares[0] * squares[1]).sqrt()
    zeros = cosine.new_zeros(cosine._desc.shape)
    near = number_minus(1, cosine)
    far = d.clamp_min_(d.sub_scalar(cosine, margin), 0)
    alike = d.where(target == 1, near, zeros)
    return total(alike + d.where(target == -1, far, zeros), reduction)


def triplet_margin(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """torch.triplet_margin_loss, of numbered reduction"""
    _expect("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    required_number(reduction, "triplet_margin_loss")
    dims = [t._desc.ndim for t in (anchor, positive, negative)]
    if len(set(dims)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {dims[0]}D, positive {dims[1]}D, and negative {dims[2]}D inputs"
        )
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = d.minimum(far, pairwise_distance(positive, negative, p, eps))
    return total(d.clamp_min(d.add_scalar(near, margin) - far, 0), reduction)


# ---- torch.nn.functional: reductions by name


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The input where the target is 1, max(0, margin - input) where it is -1."""
    return hinge_embedding(input, target, margin, reduction_number(reduction, size_average, reduce))


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, -target * (input1 - input2) + margin)"""
    number = reduction_number(reduction, size_average, reduce)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return margin_ranking(input1, input2, target, margin, number)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cosine where the target is 1, max(0, cosine - margin) where it is -1."""
    return cosine_embedding(input1, input2, target, margin, reduction_number(reduction, size_average, reduce))


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How much nearer the positive is to the anchor than the negative, short of a margin."""
    number = reduction_number(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return triplet_margin(anchor, positive, negative, margin, p, eps, swap, number)


NN_FUNCTIONAL: dict[str, Any] = {
    f.__name__: f
    for f in (
        *(cosine_similarity, pairwise_distance, hinge_embedding_loss, margin_ranking_loss, cosine_embedding_loss),
        triplet_margin_loss,
    )
}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {
    "cosine_similarity": cosine_similarity,
    "pairwise_distance": pairwise_distance,
    "hinge_embedding_loss": hinge_embedding,
    "margin_ranking_loss": margin_ranking,
    "cosine_embedding_loss": cosine_embedding,
    "triplet_margin_loss": triplet_margin,
}
