"""Rows that take no complex numbers, or none of half precision, and what PyTorch says of them.

A row that `refuses` integers refuses complex numbers in the same words, unless it is one of `TAKES_COMPLEX`; here are the
others. All are looked at where an operator does not take its fast path, which neither kind ever does.
"""

from __future__ import annotations

TAKES_COMPLEX = frozenset(["silu", "logaddexp"])
"""Rows that refuse integers and nothing else."""

KERNELS: dict[str, str] = {
    **{name: f"{name}_vml_cpu" for name in ("erf", "erfc", "erfinv", "lgamma", "round", "i0")},
    **{name: f"{name}_cpu" for name in ("lt", "le", "gt", "ge", "fmod", "remainder", "atan2", "copysign", "xlogy")},
    **{
        name: f"{name}_cpu" for name in ("logit", "kthvalue", "mode", "aminmax", "cummax", "cummin", "glu", "threshold")
    },
    **{f"{name}_scalar": f"{name}_cpu" for name in ("lt", "le", "gt", "ge", "fmod", "remainder", "copysign")},
    **{name: f"{name}_cpu" for name in ("xlog1py", "entr", "erfcx", "ndtri", "log_ndtr", "igamma", "igammac", "zeta")},
    **{name: f"{name}_cpu" for name in ("i0e", "i1", "i1e")},
    **{f"{name}_{which}": f"{name}_cpu" for name in ("xlogy", "xlog1py", "zeta") for which in ("self", "other")},
    **{f"{name}_backward": f"{name}_backward_cpu" for name in ("elu", "hardswish", "leaky_relu", "softplus")},
    **{f"{name}_backward": "shrink_backward_cpu" for name in ("hardshrink", "softshrink")},
    "gelu_backward": "GeluBackwardKernelImpl",
    "hardsigmoid_backward": "hardsigmoid_backward",
    "hardtanh_backward": "hardshrink_backward_cpu",
    "logit_gradient": "logit_backward_cpu",
    "threshold_backward": "threshold_cpu",
    "remainder_of": "remainder_cpu",
    "round_decimals": "{'round_cpu' if decimals else 'round_vml_cpu'}",
    "avg_pool2d": "avg_pool2d",
    "adaptive_avg_pool2d": "adaptive_avg_pool2d",
    "max_pool2d_with_indices": "max_pool2d",
    "avg_pool3d": "avg_pool3d_out_frame",
    "max_pool3d_with_indices": "max_pool3d",
    "adaptive_avg_pool3d": "adaptive_avg_pool3d_cpu",
    "adaptive_max_pool2d": "adaptive_max_pool2d",
    "adaptive_max_pool3d": "adaptive_max_pool3d_cpu",
    "rrelu_with_noise": "leaky_relu_cpu",
    "rrelu_with_noise_of": "leaky_relu_cpu",
    "mvlgamma": "arange_cpu",
    "div_mode": "div_{rounding_mode}_cpu",
    "polygamma": "{['digamma', 'trigamma', 'polygamma'][min(n, 2)]}",
    "polygamma_of": "{['digamma', 'trigamma', 'polygamma'][min(n, 2)]}",
    "scatter_reduce": "scatter_gather_tensor_cpu_reduce_{reduce}",
    "index_reduce": "{'maximum_cpu' if reduce == 'amax' else 'minimum_cpu'}",
    "digamma": "digamma",
    "threshold_of": "threshold_cpu",
    "log_sigmoid": "log_sigmoid_cpu",
    "selu": "elu_cpu",
    "prelu_kernel": "prelu_cpu",
    "floor_divide": "div_floor_cpu",
    "floor_divide_of": "div_floor_cpu",
    "floor_divide_scalar": "div_floor_cpu",
    "floor_divide_of_scalar": "div_floor_cpu",
    "clamp_min_tensor": "maximum_cpu",
    "clamp_max_tensor": "minimum_cpu",
    "amax": "max_values_cpu",
    "amin": "min_values_cpu",
    "max_all": "max_all",
    "min_all": "min_all",
    "median_all": "median_cpu",
    "nanmedian_all": "median_cpu",
    "median_dim": "median_out",
    "nanmedian_dim": "median_out",
}
"""The kernel that PyTorch names, by row: a text in which the parameters stand, as in an f-string."""

NO_HALVES: dict[str, str] = {
    "avg_pool3d": "avg_pool3d_out_frame",
    **{
        name: f"{name}_cpu"
        for name in ("erfcx", "ndtri", "log_ndtr", "zeta", "linalg_eigh", "cholesky_solve")
    },
    "zeta_self": "zeta_cpu",
    "zeta_other": "zeta_cpu",
    "linalg_solve_triangular": "triangular_solve_cpu",
    "cholesky_inverse": "cholesky_inverse_out_cpu",
}
"""The kernels that PyTorch has not compiled for half precision, by row."""

WHERE: dict[str, str] = {
    "kthvalue": "self._desc.ndim",
    "adaptive_avg_pool2d": "self._desc.numel",
    **dict.fromkeys(["mode", "cummax", "cummin"], "self._desc.ndim and self._desc.numel"),
    "div_mode": "rounding_mode is not None",
    "scatter_reduce": "reduce[0] == 'a' and index._desc.numel",
    "index_reduce": "reduce[0] == 'a'",
    **dict.fromkeys(["median_all", "nanmedian_all", "amax", "amin"], "self._desc.numel"),
}
"""Rows that refuse complex numbers only where this holds: where there is something to compare, or by an argument."""

NO_COMPLEX_GRADIENTS: dict[str, str] = {
    **{
        name: name
        for name in ("silu", "amax", "amin", "nan_to_num", "kthvalue", "mode", "cummax", "cummin", "soft_margin_loss")
    },
    **{name: name for name in ("embedding", "index_reduce", "scatter_reduce", "select_scatter", "slice_scatter")},
    "binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits",
    "adaptive_avg_pool2d": "_adaptive_avg_pool2d",
    "softmax": "_softmax",
    "log_softmax": "_log_softmax",
    "median_all": "median",
    "nanmedian_all": "nanmedian",
}
"""Rows that compute with complex numbers and have no derivative of them, and PyTorch's names of them."""

_CLAMP = "clamp is not supported for complex types"

NOT_IMPLEMENTED: dict[str, str] = {
    **dict.fromkeys(["relu", "clamp", "clamp_min", "clamp_max", "clamp_tensor", "hardtanh", "hardtanh_of"], _CLAMP),
    **{name: f"{name} is not supported for complex inputs" for name in ("floor", "ceil", "trunc")},
    "sign": "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead.",
    "signbit": "signbit is not implemented for complex tensors.",
}
"""NotImplementedErrors of other words."""

RUNTIME: dict[str, str] = {
    **{name: f"{name} not implemented for complex tensors." for name in ("maximum", "minimum", "fmax", "fmin")},
    **{name: f"{name} is not supported for complex tensors." for name in ("deg2rad", "rad2deg")},
    **{f"{name}_dim": f"{name}(): does not support complex input" for name in ("max", "min")},
    **dict.fromkeys(["sort", "sort_stable"], " Sort does not support complex dtypes on CPU"),
    "frexp": "torch.frexp() only supports floating-point dtypes",
    "topk": " topk does not support complex dtypes on CPU",
    **{name: f"{name} does not support complex inputs." for name in ("isposinf", "isneginf")},
    "nansum_dim": "nansum on CPU does not support complex inputs",
    "abs_": "In-place abs is not supported for complex tensors.",
    "heaviside": "heaviside is not yet implemented for complex tensors.",
    "heaviside_of": "heaviside is not yet implemented for complex tensors.",
}
"""RuntimeErrors."""


def refusal(name: str, refuses: str | None) -> str:
    """The expression of the exception that a row raises for complex numbers of the type `{kind}`; empty if it takes them.

    A name that ends in an underscore is that of a form in place, which mostly says what the other one says.
    """
    plain = name.removesuffix("_")
    for one in (name, plain):
        if one in RUNTIME:
            return f"RuntimeError({RUNTIME[one]!r})"
        if one in NOT_IMPLEMENTED:
            return f"NotImplementedError({NOT_IMPLEMENTED[one]!r})"
    kernel = KERNELS.get(plain) or (refuses if plain not in TAKES_COMPLEX else None)
    return f"refused({'f' * ('{' in kernel)}{kernel!r}, {{kind}})" if kernel else ""


def is_early(name: str) -> bool:
    """Whether a form in place refuses complex numbers before it looks at the memory that it is to write to."""
    return any(one in words for one in (name, name.removesuffix("_")) for words in (RUNTIME, NOT_IMPLEMENTED))
