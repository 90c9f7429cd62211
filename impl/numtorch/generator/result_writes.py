"""How often PyTorch writes to the results of an operator, by row, where it computes them into tensors made before.

Nobody sees it but over inference tensors outside inference mode: there autograd is left out, which would not count the
writes of an operator's own kernel. An expression over the operands, the plain values and `result`; a tuple says it for each
of several results. Rows without a line write nothing.
"""

from __future__ import annotations

_EMPTY = "(not self._desc.numel)"
_KIND = "self._desc.dtype.category"
_ALONE = "result._desc.numel == 1 and not self._desc.dtype.is_half"

_SPREAD = f"int({_EMPTY} or {_ALONE})"
"""Of a variance: filled with nan where there is nothing, copied to where it is one number of full precision."""

_SELECTED = f"(0 if keepdim or {_EMPTY} else 2)"
"""Of values and indices along a dimension: squeezed, where they were computed with the dimension kept."""

_MOVED = "[self._desc.shape[d] > 1 and self._array.strides[d] for d in which]"
_STAYS = f"{_EMPTY} or not self._desc.ndim or not any({_MOVED})"
"""Whether turning the dimensions `which` moves nothing: then PyTorch copies."""
_SINGLE = "self._desc.ndim > 0 < self._desc.numel and self._desc.shape[dim] == 1"
"""Whether there is one element along the dimension."""

_ADDEND = "(beta != 0) + (not mat1._desc.shape[-1] and result._desc.numel > 0)"
"""Of an addend and a product: it is copied to, unless it is multiplied by zero; and scaled, where the product is of nothing."""

_RESIZED = [f"{n}{d}d" for n in ("nearest", "nearest_exact") for d in (1, 2, 3)]
_RESIZED += ["linear1d", "bilinear2d", "trilinear3d", "bicubic2d"]

_CUT = "not (rows == cols if mode == 'complete' else rows > cols if mode == 'r' else rows >= cols)"
_CUT = _CUT.replace("rows", "A._desc.shape[-2]").replace("cols", "A._desc.shape[-1]")
"""Whether R has other dimensions than A, or is all that there is and is written where A was."""

_TURNED = "2 - ([*result._desc.shape[1:]] == [result._desc.shape[d] for d in dim])"
"""Of a transform: what was computed with batches in one dimension and the transformed ones behind it has another shape."""

_REDUCED_LOSS = "reduction and (2 if self._desc.ndim else 1)"

RESULT_WRITES: dict[str, str] = {
    **dict.fromkeys(["sum_all", "sum_dim", "prod_all", "prod_dim", "max_all", "min_all", "logsumexp"], "1"),
    **dict.fromkeys(["nansum_dim", "all_dim", "any_dim", "median_dim", "nanmedian_dim", "sort", "sort_stable"], "1"),
    **dict.fromkeys(["cummax", "cummin", "logical_not", "logical_and", "logical_or", "logical_xor", "kthvalue"], "1"),
    **dict.fromkeys(["renorm", "fill_scalar", "fill", "complex_of", "polar", "pow_base", "pow_complex_base"], "1"),
    "diagonal_copy": "1",
    **dict.fromkeys(["clone", "contiguous_copy", "copy_in_format", "to_copy", "to_copy_in_format"], "1"),
    "repeat": "int(0 not in repeats)",
    "addmm": f"{_ADDEND} if result._desc.numel else 0",
    "baddbmm": _ADDEND.replace("mat1", "batch1"),
    "addbmm": "1 + int(beta != 0) + max(batch1._desc.shape[0], 1)",
    **dict.fromkeys(["linalg_det", "linalg_slogdet", "dot", "vdot", "frexp"], "1"),
    **dict.fromkeys(["abs", "deg2rad", "rad2deg", "nan_to_num", "hardtanh", "all_alike", "nonzero", "mvlgamma"], "1"),
    **dict.fromkeys(["soft_margin_loss", "mv", "scatter", "scatter_value", "scatter_add", "index_copy"], "1"),
    **dict.fromkeys(["index_fill", "index_fill_tensor"], "2"),
    **dict.fromkeys(["masked_fill", "masked_fill_tensor", "masked_scatter"], "2"),
    **dict.fromkeys([f"{part}_scatter" for part in ("select", "slice", "diagonal")], "2"),
    "conj_physical": f"int({_KIND} == 3)",
    "amax": f"int(not {_EMPTY})",
    "amin": f"int(not {_EMPTY} and self._desc.dtype.name != 'int64')",
    **dict.fromkeys(["mean_all", "mean_dim"], "1 if self._desc.dtype.is_half else 2"),
    "diag_embed": "2",
    "constant_pad_nd": "2 if max(pad, default=0) > 0 else 1",
    "count_nonzero": f"int({_KIND} == 0 and dim is not None)",
    "aminmax": "1 if dim is None or not self._desc.ndim else 2 * (not keepdim)",
    **dict.fromkeys(["max_dim", "min_dim"], f"{_SELECTED} if self._desc.ndim else 1"),
    "mode": f"min({_SELECTED}, 1 if dim % self._desc.ndim > 1 else 2) if self._desc.ndim else 2",
    **dict.fromkeys(["argmax", "argmin"], f"int(dim is not None and {_SINGLE})"),
    **dict.fromkeys(["median_all", "nanmedian_all"], f"int({_EMPTY} and self._desc.dtype.name == 'float32')"),
    "var": f"1 if {_KIND} == 3 else {_SPREAD}",
    "std": f"2 if {_KIND} == 3 else {_SPREAD}",
    "var_mean": f"1 if {_KIND} == 3 else int({_EMPTY})",
    "std_mean": f"(2, 1) if {_KIND} == 3 else int({_EMPTY})",
    "vector_norm": f"int({_EMPTY} or result._desc.numel == self._desc.numel and (self._desc.ndim > 0 or not dim))",
    "topk": "int(not self._desc.ndim)",
    "logcumsumexp": "int(not self._desc.ndim)",
    **dict.fromkeys(["cumsum", "cumprod"], f"int(not self._desc.ndim or {_EMPTY})"),
    "pow_scalar": f"int(exponent in (0, 1) or {_KIND} == 0)",
    **dict.fromkeys(["floor", "ceil", "round", "trunc"], f"int({_KIND} < 2)"),
    "signbit": f"int({_KIND} == 0)",
    "isinf": f"int({_KIND} == 3)",
    **dict.fromkeys(["mse_loss", "smooth_l1_loss", "binary_cross_entropy"], _REDUCED_LOSS),
    "unique": f"(int(not {_EMPTY}), int(not {_EMPTY} or self._desc.ndim > 1), int(not {_EMPTY}))",
    "flip": f"int({_STAYS.replace('which', 'dims')})",
    "roll": f"int({_EMPTY} and len(shifts) == 1)",
    "rot90": "bool(k % 4) and (k % 2) + "
    f"({_STAYS.replace('which', '(dims if k % 4 == 2 else dims[k % 4 == 1 :][:1])')})",
    "linalg_matrix_exp": "2 * (self._desc.shape[-1] > 1)",
    "scatter_reduce": "2 + (reduce == 'mean') + (not include_self)",
    "index_add": "2 if self._desc.ndim > 1 and alpha == 1 and self._desc.numel and index._desc.numel else 1",
    "index_reduce": "1 + (reduce == 'mean') + (not include_self)",
    "put": "2",
    "linalg_inv_ex": "(3, 1)",
    "linalg_cholesky_ex": "(1, 0)",
    "linalg_solve_ex": "(1, 1, 1, 1)",
    "linalg_lu_factor_ex": "(1, 0, 0)",
    "linalg_lu": "(2, 1, 1) if A._desc.shape[-2] > A._desc.shape[-1] else (1, 2, 1)",
    "linalg_qr": f"(int(mode != 'r'), 2 if {_CUT} else 1)",
    "linalg_eigh": "(0, 1)",
    "linalg_eig": "(1, 1)",
    "linalg_solve_triangular": "3",
    "cholesky_inverse": "1",
    "linalg_lstsq": "(1, 0, 0, 0)",
    "im2col": "1 if self._desc.ndim == 4 else 2",
    "col2im": "1 if self._desc.ndim == 3 else 2",
    **dict.fromkeys(["reflection_pad2d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"], "1"),
    **dict.fromkeys([f"upsample_{n}2d" for n in ("nearest", "nearest_exact", "bilinear")], "1"),
    **dict.fromkeys([f"upsample_{kind}_backward" for kind in _RESIZED], "1"),
    **dict.fromkeys(["pixel_shuffle", "pixel_unshuffle", "channel_shuffle"], "1"),
    "unfold_backward": "1 + (step >= size)",
    **dict.fromkeys(["max_pool3d_with_indices", "multi_margin_loss", "multilabel_margin_loss"], "1"),
    **dict.fromkeys([f"{kind}_pool{d}d_backward" for kind in ("avg", "adaptive_max") for d in (2, 3)], "1"),
    **{f"max_pool{d}d_with_indices_backward": str(d - 1) for d in (2, 3)},
    **{f"adaptive_avg_pool{d}d_backward": str(4 - d) for d in (2, 3)},
    **dict.fromkeys([f"{kind}_pad{d}d_backward" for kind in ("reflection", "replication") for d in (1, 2, 3)], "1"),
    **dict.fromkeys([f"grid_sampler_{d}d_backward" for d in (2, 3)], "(1, 0)"),
    **dict.fromkeys(["fft_c2c", "fft_r2c"], _TURNED),
    "fft_c2r": _TURNED.replace("in dim", "in dim[-1:]"),
    "glu_backward": "3",
    "huber_loss": "_grad.below_inference and (0, 2, 1)[reduction]",
    **dict.fromkeys(["soft_margin_loss_backward", "nll_loss_backward", "multi_margin_loss_backward"], "1"),
    **dict.fromkeys([f"{kind}_loss_backward" for kind in ("mse", "smooth_l1", "huber", "multilabel_margin")], "2"),
    "nll_loss2d_backward": "2",
    "binary_cross_entropy_backward": "bool(reduction) + (weight is not None)",
    **dict.fromkeys(["cdist_backward", "pdist_backward", "embedding_backward"], "1"),
    "embedding_bag_backward": "3 if mode == 2 else 1",
    "embedding_bag_per_sample_weights_backward": "1",
    "euclidean_dist": "2",
    "cholesky_solve": "2",
    "index_put": "2",
    "pdist": "0 if self._desc.shape[0] < 2 else 1 if self._desc.shape[1] else 2",
    **dict.fromkeys(["select_backward", "slice_backward", "diagonal_backward"], "2"),
    "cdist": "int(not x1._desc.shape[-1] and result._desc.numel > 0)",
    **dict.fromkeys(["mm", "bmm"], "int(not self._desc.shape[-1] and result._desc.numel > 0)"),
}

WRITTEN_INTO: dict[str, str] = {
    **{n: n for n in ("polar", "abs", "deg2rad", "rad2deg", "frexp", "nan_to_num", "hardtanh", "soft_margin_loss")},
    **{n: n for n in ("kthvalue", "logsumexp", "linalg_eig", "linalg_lstsq", "cummax", "cummin")},
    **dict.fromkeys(("linalg_solve_ex", "linalg_lu"), "linalg_lu_factor_ex"),
    **dict.fromkeys(("mean_all", "mean_dim", "var", "std"), "sum"),
    **dict.fromkeys(("isinf", "isfinite"), "abs"),
    "complex_of": "complex",
    **dict.fromkeys(("pow_base", "pow_complex_base"), "pow"),
    "median_dim": "median",
    "nanmedian_dim": "nanmedian",
    "renorm": "mul",
    "linalg_inv_ex": "_linalg_solve_ex",
}
"""Operators that PyTorch computes into new tensors by another operator's out=, which autograd sees: these tensors are none
of inference mode. So over inference tensors alone it refuses what requires grad, or has a tangent, by the name given here.
"""

INTO_WHERE: dict[str, str] = dict.fromkeys(("var", "std"), f"{_KIND} == 2 and not {_EMPTY} and {_ALONE}")
"""Where an operator is computed so, if not always: a variance of all, which goes by the mean."""

NUMBERED = {
    **dict.fromkeys(("copysign_scalar", "zeta_self", "xlogy_self", "xlogy_other", "xlog1py_self", "xlog1py_other"), ""),
    "rsub_scalar": "sub(other, self)",
    "rsub_scalar_alpha": "sub_alpha(other, self, alpha)",
    "fmod_scalar": "fmod(self, other)",
    "remainder_scalar": "remainder(self, other)",
    "remainder_of": "remainder(self, other)",
}
"""Operators with a number that is a tensor to PyTorch, and none of inference mode: so autograd sees all their calls. Over an
inference tensor it sees that of two tensors alone; those that do not say so are refused, as they save the inference tensor."""

COPIED: dict[str, str] = {
    **dict.fromkeys(("clone", "contiguous_copy", "copy_in_format", "to_copy", "to_copy_in_format"), "self"),
    **dict.fromkeys(("sort", "sort_stable", "scatter", "scatter_value", "scatter_add", "scatter_reduce"), "self"),
    **dict.fromkeys(("index_add", "index_copy", "index_reduce", "flip", "topk"), "self"),
    "linalg_lu_factor_ex": "A",
    "linalg_solve_triangular": "B",
}
"""Operators whose first result is a new tensor that an operand is copied to, as autograd sees: so over inference tensors alone
it has the history of that copy, whatever is done to it afterwards."""

COPIED_WHERE: dict[str, str] = {"flip": RESULT_WRITES["flip"], "topk": RESULT_WRITES["topk"]}
"""Where they are, if not always."""

FILLED = frozenset(("cumsum", "cumprod", "logcumsumexp", "max_dim", "min_dim", "mode"))
"""Operators whose first result is filled with their operand where it has no dimension, as autograd sees."""

OVER_COPY = frozenset(
    ("masked_fill", "masked_fill_tensor", "index_fill", "index_fill_tensor", "index_put", "put", "masked_scatter")
)
"""Operators that write to a copy of their first operand, as autograd sees."""

SAVED_BELOW = frozenset(("mv",))
"""Operators that write to a new tensor in place what they would have to save of inference tensors."""
