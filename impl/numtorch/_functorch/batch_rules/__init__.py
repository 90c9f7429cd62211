"""Batching rules: how operators run on whole batches, one table by kind.

| the operator | on batches |
|---|---|
| elementwise | the same, the batch dimension in front, and ranks made equal behind it |
| reduces along dimensions, or works along one | the same, the dimensions counted from behind the batch's |
| a view, or moves elements | the same, its sizes and dimensions with the batch's in front |
| multiplies matrices | matmul, for which the batch is one of its own batch dimensions |

A rule returns the resulting batch with its batch dimension, or a pair for each of several results.
"""

from __future__ import annotations

from types import FunctionType

from ... import dispatch
from ..batching import Rule
from .decompositions import COMPOSITES, DECOMPOSITIONS
from .folding import (
    convolution,
    convolution_backward,
    embedding,
    embedding_backward,
    existing,
    existing_all,
    optional,
    pooled,
    resized_backward,
)
from .indexing import (
    added_at,
    diagonal_scatter,
    filled_at,
    gathered,
    indexed,
    put,
    put_written,
    scattered,
    written_at,
)
from .losses import loss, spread
from .moving import (
    as_complex,
    backward_sized,
    blocks,
    dynamic,
    embedded,
    expanded,
    flipped,
    in_format,
    leading,
    listed,
    matrices,
    one_dim,
    repeated,
    reshaped,
    rolled,
    selected,
    several,
    shown_otherwise,
    sized,
    solved,
    solved_by_factors,
    squeezed,
    squeezed_dims,
    strided,
    turned,
    two_dims,
    unsqueezed,
)
from .normalizing import (
    batch_norm,
    batch_norm_backward_alone,
    group_norm_alone,
    layer_norm_backward_alone,
    leading_norm,
)
from .pointwise import (
    along,
    backward_along,
    distances_backward,
    elementwise,
    elementwise_written,
    filled,
    of_one_size,
    together,
    together_spread,
    transformed,
)
from .products import dot, mm, mv


def _operators(*families: str) -> list[str]:
    found = []
    for family in families:
        module = dispatch.family(family)
        found += [
            name
            for name, value in vars(module).items()
            if type(value) is FunctionType and value.__module__ == module.__name__ and not name.endswith("_operator")
        ]
    return found


_ELEMENTWISE = _operators("pointwise", "elementary", "comparison", "special", "activation")
_OTHERWISE = frozenset(
    [
        "masked_select",
        "glu",
        "glu_backward",
        "softmax",
        "log_softmax",
        "softmax_backward_data",
        "log_softmax_backward_data",
    ]
)
_PADS = [f"{how}_pad{dims}d" for how in ("reflection", "replication") for dims in (1, 2, 3)]
_UPSAMPLES = [f"upsample_{how}{dims}d" for how in ("nearest", "nearest_exact") for dims in (1, 2, 3)]
_UPSAMPLES += ["upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d"]
KINDS: dict[Rule, str] = {
    elementwise: "clone contiguous_copy to_copy alias detach",
    filled: "masked_fill_tensor",
    leading: "conj view_as_real constant_pad_nd linalg_qr linalg_lu linalg_lu_factor_ex linalg_eig linalg_eigh "
    "linalg_svd linalg_pinv cholesky cholesky_inverse euclidean_dist",
    as_complex: "view_as_complex",
    of_one_size: "gelu_backward",
    along: "sum_dim mean_dim nansum_dim prod_dim max_dim min_dim amax amin argmax argmin median_dim kthvalue sort sort_stable "
    "topk vector_norm norm_dim var std var_mean std_mean logsumexp cumsum cumprod all_dim any_dim count_nonzero softmax "
    "log_softmax cummax cummin logcumsumexp nanmedian_dim mode glu aminmax rot90 safe_softmax",
    transformed: "fft_c2c fft_r2c fft_c2r",
    backward_along: "softmax_backward_data log_softmax_backward_data glu_backward",
    gathered: "gather scatter scatter_value scatter_with scatter_value_with scatter_add scatter_reduce",
    added_at: "index_add",
    diagonal_scatter: "diagonal_scatter",
    put: "index_put index_put_impl",
    sized: "view unsafe_view",
    reshaped: "reshape_alias",
    strided: "as_strided",
    expanded: "expand",
    repeated: "repeat",
    turned: "t transpose permute",
    unsqueezed: "unsqueeze",
    squeezed: "squeeze",
    squeezed_dims: "squeeze_dim squeeze_dims",
    one_dim: "select slice_ unfold",
    several: "unbind split split_with_sizes",
    two_dims: "diagonal",
    embedded: "diag_embed",
    backward_sized: "select_backward slice_backward diagonal_backward",
    listed: "cat stack",
    blocks: "block_diag",
    flipped: "flip",
    rolled: "roll",
    selected: "masked_select",
    indexed: "index",
    dynamic: "nonzero unique unique_consecutive",
    dot: "dot",
    mv: "mv",
    mm: "mm bmm",
    loss: "mse_loss smooth_l1_loss huber_loss",
    spread: "binary_cross_entropy binary_cross_entropy_backward",
    existing: "avg_pool2d avg_pool3d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d "
    "im2col col2im pixel_shuffle pixel_unshuffle channel_shuffle " + " ".join(_PADS + _UPSAMPLES),
    existing_all: "grid_sampler_2d grid_sampler_3d avg_pool2d_backward avg_pool3d_backward "
    "adaptive_avg_pool2d_backward adaptive_avg_pool3d_backward " + " ".join(f"{name}_backward" for name in _PADS),
    resized_backward: " ".join(f"{name}_backward" for name in _UPSAMPLES if "exact" not in name),
    optional(3, "indices"): "max_pool2d_with_indices_backward adaptive_max_pool2d_backward",
    optional(4, "indices"): "max_pool3d_with_indices_backward adaptive_max_pool3d_backward",
    pooled(3): "max_pool2d_with_indices",
    pooled(4): "max_pool3d_with_indices",
    convolution: "convolution",
    convolution_backward: "convolution_backward",
    embedding: "embedding",
    embedding_backward: "embedding_backward",
    batch_norm: "native_batch_norm",
    leading_norm: "native_layer_norm",
    group_norm_alone: "native_group_norm",
    layer_norm_backward_alone: "native_layer_norm_backward",
    batch_norm_backward_alone: "native_batch_norm_backward",
    solved: "linalg_solve_ex",
    solved_by_factors: "linalg_lu_solve",
    in_format: "copy_in_format to_copy_in_format",
    together: "linalg_solve_triangular cholesky_solve prelu_kernel prelu_kernel_backward cdist",
    distances_backward: "cdist_backward",
    together_spread: "linalg_lstsq linalg_cross",
    matrices: "tril triu linalg_det linalg_inv_ex linalg_matrix_exp linalg_cholesky_ex linalg_slogdet",
}
RULES: dict[str, Rule] = {
    "index_fill": filled_at("index_fill_"),
    "index_fill_tensor": filled_at("index_fill_tensor_"),
    **{name: elementwise for name in _ELEMENTWISE if not name.endswith("_") and name not in _OTHERWISE},
    **{name: rule for rule, names in KINDS.items() for name in names.split()},
}
WRITES: dict[str, Rule] = {
    **{name: elementwise_written for name in _ELEMENTWISE if name.endswith("_") and name[:-1] not in _OTHERWISE},
    **dict.fromkeys(("scatter_add_", "scatter_reduce_", "scatter_with_of_", "scatter_value_with_of_"), scattered),
    **dict.fromkeys(("index_add_", "index_fill_", "index_fill_tensor_"), written_at),
    "index_put_": put_written,
    **dict.fromkeys(("copy_", "fill_", "zero_"), elementwise_written),
    **dict.fromkeys(["t_", "transpose_", "squeeze_", "squeeze_dim_", "squeeze_dims_", "unsqueeze_"], shown_otherwise),
}


__all__ = ["COMPOSITES", "DECOMPOSITIONS", "RULES", "WRITES"]
