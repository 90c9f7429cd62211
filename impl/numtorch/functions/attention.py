"""Scaled dot product attention, as torch.nn.functional has it."""

from __future__ import annotations

import math
from typing import Any

from .. import dispatch as d
from ..calls.operands import refused, type_name
from ..calls.scalar import spelled
from ..dtype import dtypes
from ..memory.geometry import element_strides
from ..plain_numpy import np
from ..tensor import Tensor, existing_dim
from .activation import plain_dropout
from .arguments import expect_tensor


def _expect_fitting(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None) -> None:
    """PyTorch's checks, in its order."""
    kinds = [t._desc.dtype for t in (query, key, value)]
    if kinds[0] is not kinds[1] or kinds[0] is not kinds[2]:
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {spelled(kinds[0])} key.dtype: "
            f"{spelled(kinds[1])} and value.dtype: {spelled(kinds[2])} instead."
        )
    ndims = [t._desc.ndim for t in (query, key, value)]
    if min(ndims) < 2:
        raise RuntimeError(
            f"Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {ndims[0]} key.dim: "
            f"{ndims[1]} and value.dim: {ndims[2]} instead."
        )
    if attn_mask is not None:
        kind = attn_mask._desc.dtype
        if kind not in (dtypes.bool_, dtypes.float32, kinds[0]):
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
                f"{spelled(kind)} and  query.dtype: {spelled(kinds[0])} instead."
            )


def _mask_fits(mask: Tensor | None, query: Tensor, key: Tensor) -> bool:
    """Whether the one kernel takes the mask: without a gradient, of two dimensions or four, of fitting sizes."""
    if mask is None:
        return True
    if mask.requires_grad:
        return False
    batch, heads, rows, _ = query._desc.shape
    sizes = mask._desc.shape
    for dim, wanted in ((-2, rows), (-1, key._desc.shape[2])):
        if sizes[existing_dim(dim, len(sizes))] not in (wanted, 1):
            return False
    return len(sizes) == 2 or (len(sizes) == 4 and sizes[0] in (1, batch) and sizes[1] in (1, heads))


def _in_one_kernel(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, grouped: bool
) -> bool:
    """Whether PyTorch has a kernel for it, by its own conditions in its own order."""
    shapes = [t._desc.shape for t in (query, key, value)]
    if dropout_p > 0 or any(len(s) != 4 for s in shapes):
        return False
    q, k, v = shapes
    if not q[0] == k[0] == v[0]:
        return False
    if grouped:
        if k[1] != v[1] or not k[1] or q[1] % k[1]:
            return False
    elif not q[1] == k[1] == v[1]:
        return False
    if not _mask_fits(mask, query, key):
        return False
    if not q[3] == k[3] == v[3] or 0 in (q[2], k[2]):
        return False
    if any(element_strides(t._array)[3] != 1 for t in (query, key, value)):
        return False
    return bool(query._desc.dtype.category == dtypes.FLOATING)


def _as_bias(mask: Tensor, kind: dtypes.dtype) -> Tensor:
    """A mask of bools as what is added: nothing, or minus infinity."""
    if mask._desc.dtype is not dtypes.bool_:
        return mask
    from ..creation import tensor

    return d.where(mask, tensor(0.0, dtype=kind), tensor(-math.inf, dtype=kind))


def _for_each_head(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Keys and values whose heads several of the query share, repeated."""
    heads = [t._desc.shape[existing_dim(-3, t._desc.ndim)] for t in (query, key, value)]
    repeats = []
    for n in heads[1:]:
        if not n or heads[0] % n:
            raise RuntimeError("Number of heads in key and value must divide the number of heads in ")
        repeats.append(heads[0] // n)
    return tuple(  # type: ignore[return-value]
        [t.repeat_interleave(n, -3) if n > 1 else t for t, n in zip((key, value), repeats, strict=True)]
    )


def _by_products(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout_p: float,
    is_causal: bool,
    scale: float | None,
    grouped: bool,
) -> Tensor:
    """The way that is made of products of matrices; half precision is computed in single, as PyTorch has it."""
    kind = query._desc.dtype
    if kind.is_half:
        query, key, value = (d.to_copy(t, dtypes.float32) for t in (query, key, value))
    negative = scale is not None and scale < 0
    features = query._desc.shape[-1]
    square = 1 / math.sqrt(features) if scale is None and features else abs(scale or 0.0)
    factor = math.sqrt(square)
    query = _scaled(query, -factor if negative else factor)
    if is_causal:
        if mask is not None:
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
            )
        mask = _lower(query, key)
    if grouped:
        key, value = _for_each_head(query, key, value)
    scores = query @ _scaled(d.transpose(key, -2, -1), factor)
    if mask is not None:
        scores = scores.add_(mask)
    if scores._desc.dtype.is_complex:
        raise refused("softmax_lastdim_kernel_impl", scores._desc.dtype)
    weights = d.safe_softmax(scores, -1, None)
    if dropout_p > 0:
        weights = plain_dropout(weights, dropout_p, True)
    out = weights @ value
    return d.to_copy(out, kind) if kind.is_half else out


def _scaled(x: Tensor, factor: float) -> Tensor:
    """The product with a number; whole numbers become those of the default type."""
    return d.mul_scalar(x, factor) if x._desc.dtype.category >= dtypes.FLOATING else x * factor


def _lower(query: Tensor, key: Tensor) -> Tensor:
    """The mask of a query that looks at no later key."""
    from ..creation import tensor

    found = np.tri(query._desc.shape[-2], key._desc.shape[-2], dtype=bool)
    return _as_bias(tensor(found), query._desc.dtype)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """The values weighted by the softmax of how the query fits the keys.

    Shapes (..., sequence, features). With four dimensions, no dropout and fitting shapes it is one operator, which can be
    differentiated once; else it is made of products.
    """
    for position, (name, t) in enumerate((("query", query), ("key", key), ("value", value)), 1):
        expect_tensor(t, "scaled_dot_product_attention", name, position)
    if attn_mask is not None:
        expect_tensor(attn_mask, "scaled_dot_product_attention", "attn_mask", 4)
    for position, name, value_, kinds in (
        (5, "dropout_p", dropout_p, (float, int)), (6, "is_causal", is_causal, bool),
    ):  # fmt: skip
        if not isinstance(value_, kinds):
            raise TypeError(
                f"scaled_dot_product_attention(): argument '{name}' (position {position}) must be "
                f"{'bool' if kinds is bool else 'float'}, not {type_name(value_)}"
            )
    _expect_fitting(query, key, value, attn_mask)
    shape = (*query._desc.shape[:-1], value._desc.shape[-1])
    if 0 in (*shape, key._desc.shape[-2]):
        third, second = value.sum(), key.sum()  # from right to left, as PyTorch's C++ evaluates operands
        return query.new_zeros(shape) + d.mul_scalar(query.sum() + second + third, 0)
    one = _in_one_kernel(query, key, value, attn_mask, dropout_p, enable_gqa)
    mask = None if attn_mask is None else _as_bias(attn_mask, query._desc.dtype)
    if one:
        if dropout_p < 0:
            raise RuntimeError("scaled_dot_product_attention_flash_attention: Currently do not support dropout > 0")
        return d.scaled_dot_product_flash_attention_for_cpu(query, key, value, dropout_p, is_causal, mask, scale)[0]
    return _by_products(query, key, value, mask, dropout_p, is_causal, scale, enable_gqa)


NN_FUNCTIONAL: dict[str, Any] = {"scaled_dot_product_attention": scaled_dot_product_attention}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {}
