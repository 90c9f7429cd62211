"""Operators that PyTorch has no batching rule for: it runs them once for each element of the batch, and says so."""

from __future__ import annotations

from ..warning import warn

_SAME = (
    "renorm unfold_backward masked_scatter masked_scatter_backward put take glu_jvp glu_backward_jvp index_reduce "
    "cummaxmin_backward soft_margin_loss soft_margin_loss_backward rrelu_with_noise_backward "
    "clamp_ cumprod_ cumsum_ hypot_ index_copy_ index_reduce_ ldexp_ masked_scatter_ nextafter_ put_ renorm_ tril_ triu_ "
    "igamma_ igammac_ addcmul_ addcdiv_ addmm_ addmv_ addr_ addbmm_ baddbmm_ isclose bincount histc pdist multi_margin_loss"
)
_COMPARISONS = ("lt_", "le_", "gt_", "ge_", "eq_", "ne_")
SLOW = {
    **{name: name for name in _SAME.split()},
    **{name: f"{name}.Tensor" for name in _COMPARISONS},
    **{f"{name}scalar_": f"{name}.Scalar" for name in _COMPARISONS},
    "clamp_tensor_": "clamp_.Tensor",
    "fmod_": "fmod_.Tensor",
    "fmod_scalar_": "fmod_.Scalar",
    "remainder_": "remainder_.Tensor",
    "remainder_scalar_": "remainder_.Scalar",
    "masked_fill_tensor": "masked_fill.Tensor",
    "masked_fill_tensor_": "masked_fill_.Tensor",
    "pow_tensor_": "pow_.Tensor",
    "scatter_": "scatter_.src",
    "scatter_value_": "scatter_.value",
    "xlogy_": "xlogy_.Tensor",
    "xlogy_other_": "xlogy_.Scalar_Other",
    "lerp_scalar_": "lerp_.Scalar",
    "lerp_tensor_": "lerp_.Tensor",
    "floor_divide_of_": "floor_divide_.Tensor",
    "floor_divide_of_scalar_": "floor_divide_.Scalar",
    "heaviside_of_": "heaviside_",
    "triplet_margin": "triplet_margin_loss",
    "margin_ranking": "margin_ranking_loss",
    "kl_divergence": "kl_div",
    "mish_gradient": "mish_backward",
    "pdist_backward": "_pdist_backward",
    "scaled_dot_product_flash_attention_for_cpu_backward": "_scaled_dot_product_flash_attention_for_cpu_backward",
    "fill_scalar": "fill.Scalar",
    "fill": "fill.Tensor",
    "log_ndtr": "special_log_ndtr",
    "conj_physical": "_conj_physical",
    "conj_physical_of_": "conj_physical_",
    "polygamma_of_": "polygamma_",
    "embedding_bag": "embedding_bag.padding_idx",
    "multilabel_margin_loss": "multilabel_margin_loss",
    **{f"upsample_nearest_exact{n}d": f"_upsample_nearest_exact{n}d.vec" for n in (1, 2, 3)},
    "scaled_dot_product_flash_attention_for_cpu": "_scaled_dot_product_flash_attention_for_cpu",
}
"""What PyTorch calls them."""

TEXT = (
    "There is a performance drop because we have not yet implemented the batching rule for aten::{}. Please file us an issue "
    "on GitHub so that we can prioritize its implementation."
)


def warn_if_slow(name: str) -> bool:
    """Whether an operator is one of them, with PyTorch's warning."""
    known = SLOW.get(name)
    if known is None:
        return False
    warn(TEXT.format(known))
    return True
