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

import importlib
from collections.abc import Callable
from types import FunctionType
from typing import Any

from ... import dispatch
from ...functions import linalg
from ..batching import Rule
from .moving import (
    backward_sized,
    dynamic,
    expanded,
    flipped,
    indexed,
    listed,
    matrices,
    one_dim,
    repeated,
    several,
    shown_otherwise,
    sized,
    squeezed,
    squeezed_dims,
    strided,
    turned,
    two_dims,
    unsqueezed,
)
from .pointwise import (
    along,
    backward_along,
    elementwise,
    elementwise_written,
    filled,
    gathered,
    index_selected,
    loss,
    of_one_size,
    over_all,
    over_flat,
)
from .products import added, dot, mm, mv


def _operators(*families: str) -> list[str]:
    found = []
    for family in families:
        module = importlib.import_module("." + family, dispatch.__name__)
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
        "dist",
        "glu",
        "glu_backward",
        "softmax",
        "log_softmax",
        "softmax_backward_data",
        "log_softmax_backward_data",
        "prelu_kernel",
        "prelu_kernel_backward",
        "mvlgamma",
        "polygamma",
    ]
)
KINDS: dict[Rule, str] = {
    elementwise: "clone contiguous_copy to_copy alias detach data get_data",
    filled: "masked_fill_tensor",
    of_one_size: "gelu_backward",
    along: "sum_dim mean_dim nansum_dim prod_dim max_dim min_dim amax amin argmax argmin median_dim kthvalue sort sort_stable "
    "topk vector_norm norm_dim var std var_mean std_mean logsumexp cumsum cumprod all_dim any_dim count_nonzero softmax "
    "log_softmax cummax cummin logcumsumexp nanmedian_dim mode glu",
    backward_along: "softmax_backward_data log_softmax_backward_data glu_backward",
    gathered: "gather scatter scatter_value scatter_add scatter_reduce",
    index_selected: "index_select",
    sized: "view reshape_alias unsafe_view",
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
    backward_sized: "select_backward slice_backward diagonal_backward",
    listed: "cat stack",
    flipped: "flip roll",
    indexed: "index",
    dynamic: "nonzero masked_select unique unique_consecutive bincount",
    dot: "dot",
    mv: "mv",
    mm: "mm bmm",
    loss: "mse_loss smooth_l1_loss huber_loss soft_margin_loss",
    matrices: "tril triu linalg_det linalg_inv_ex linalg_matrix_exp linalg_cholesky_ex linalg_slogdet",
}
RULES: dict[str, Rule] = {
    **{name: elementwise for name in _ELEMENTWISE if not name.endswith("_") and name not in _OTHERWISE},
    **{name: rule for rule, names in KINDS.items() for name in names.split()},
    "sum_all": over_all("sum_dim"),
    "mean_all": over_all("mean_dim"),
    "prod_all": over_flat("prod_dim"),
    "max_all": over_flat("max_dim", True),
    "min_all": over_flat("min_dim", True),
    "addmm": added("mm"),
    "addmv": added("mv"),
    "baddbmm": added("bmm"),
}
WRITES: dict[str, Rule] = {
    **{name: elementwise_written for name in _ELEMENTWISE if name.endswith("_") and name[:-1] not in _OTHERWISE},
    **dict.fromkeys(("copy_", "fill_", "zero_"), elementwise_written),
    **dict.fromkeys(["t_", "transpose_", "squeeze_", "squeeze_dim_", "squeeze_dims_", "unsqueeze_"], shown_otherwise),
}


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """A product, and a sum."""
    found = linalg.matmul(input, weight.t())
    return found if bias is None else found + bias


COMPOSITES: dict[str, Callable[..., Any]] = {"linear": linear}
"""Functions that are made of other operators if there is a batch."""
__all__ = ["COMPOSITES", "RULES", "WRITES"]
