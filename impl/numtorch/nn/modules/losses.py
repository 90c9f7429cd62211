"""Losses and distances as modules: each a function of torch.nn.functional and what it is called with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...nn import functional as F
from ...tensor import Tensor
from .activation import _REDUCTION, _Function, _Loss, _loss
from .module import Module

KLDivLoss = _loss("KLDivLoss", "kl_div", **_REDUCTION, log_target=False)
PoissonNLLLoss = _loss(
    "PoissonNLLLoss",
    "poisson_nll_loss",
    log_input=True,
    full=False,
    size_average=None,
    eps=1e-8,
    reduce=None,
    reduction="mean",
)
HingeEmbeddingLoss = _loss("HingeEmbeddingLoss", "hinge_embedding_loss", margin=1.0, **_REDUCTION)
SoftMarginLoss = _loss("SoftMarginLoss", "soft_margin_loss", **_REDUCTION)
MultiLabelMarginLoss = _loss("MultiLabelMarginLoss", "multilabel_margin_loss", **_REDUCTION)
MultiLabelSoftMarginLoss = _loss("MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss", weight=None, **_REDUCTION)


class MultiMarginLoss(_Loss):
    """torch.nn.functional.multi_margin_loss as a module."""

    function = "multi_margin_loss"
    constants = {"p": 1, "margin": 1.0, "weight": None, **_REDUCTION}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if self.weight is not None and self.weight.dim() != 1:
            raise ValueError(
                f"MultiMarginLoss: expected weight to be None or 1D tensor, got {self.weight.dim()}D instead"
            )


class _OfThree(_Function):
    """A function of three tensors."""

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        given = {name: getattr(self, name) for name in self.constants}
        return getattr(F, self.function)(input1, input2, target, **given)


class CosineEmbeddingLoss(_OfThree):
    """torch.nn.functional.cosine_embedding_loss as a module."""

    function = "cosine_embedding_loss"
    constants = {"margin": 0.0, **_REDUCTION}


class MarginRankingLoss(_OfThree):
    """torch.nn.functional.margin_ranking_loss as a module."""

    function = "margin_ranking_loss"
    constants = {"margin": 0.0, **_REDUCTION}


class TripletMarginLoss(_OfThree):
    """torch.nn.functional.triplet_margin_loss as a module."""

    function = "triplet_margin_loss"
    constants = {"margin": 1.0, "p": 2.0, "eps": 1e-6, "swap": False, **_REDUCTION}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {self.margin} instead")


class GaussianNLLLoss(Module):
    """torch.nn.functional.gaussian_nll_loss as a module."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__()
        self.full = full
        self.eps = eps
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """The loss."""
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class CosineSimilarity(Module):
    """torch.nn.functional.cosine_similarity as a module."""

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The cosines."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """torch.nn.functional.pairwise_distance as a module."""

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The distances."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class TripletMarginWithDistanceLoss(Module):
    """torch.nn.functional.triplet_margin_with_distance_loss as a module."""

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        if margin <= 0:
            raise ValueError(
                f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.reduction = reduction
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss."""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


__all__ = [
    "CosineEmbeddingLoss",
    "CosineSimilarity",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "KLDivLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "PairwiseDistance",
    "PoissonNLLLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]
