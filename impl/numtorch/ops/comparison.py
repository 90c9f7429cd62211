"""Comparisons, selections, and what clips."""

from ..kernels import everything as k
from ..plain_numpy import np
from .row import ELEMENTWISE, LIKE, nary, nondiff, op

# ---- comparisons: the in-place forms are tracked, with a zero gradient
for _name, _ufunc in (("lt", np.less), ("le", np.less_equal), ("gt", np.greater), ("ge", np.greater_equal),
                      ("eq", np.equal), ("ne", np.not_equal)):
    op(f"{_name}(self, other)", _ufunc, node=f"{_name.title()}Backward1", bool_result=True,
       self="unsaved_zeros(grad)", other="unsaved_zeros(grad)")
    op(f"{_name}_scalar(self, other)", _ufunc, pointwise=False, inplace=True, node=f"{_name.title()}Backward0",
       self="unsaved_zeros(grad)")
nondiff("isnan(self: Tensor)", k.isnan, layout="elementwise")
nondiff("isinf(self: Tensor)", k.isinf, layout="compared")
nondiff("isfinite(self: Tensor)", k.isfinite, layout="finite")
nondiff("all_alike(self: Tensor, value)", k.all_alike, layout=LIKE)
for _name in ("isposinf", "isneginf", "signbit"):
    nondiff(f"{_name}(self: Tensor)", getattr(k, _name), pointwise=True, bool_result=True,
            exact_out=f"{_name} does not support non-boolean outputs.")
nondiff("logical_not(self: Tensor)", k.logical_not, layout="elementwise")
for _name in ("logical_and", "logical_or", "logical_xor"):
    nondiff(f"{_name}(self: Tensor, other: Tensor)", getattr(k, _name), layout="elementwise")
nondiff("bitwise_not(self: Tensor)", k.bitwise_not, layout="elementwise")
for _name, _ufunc in (("bitwise_and", np.bitwise_and), ("bitwise_or", np.bitwise_or), ("bitwise_xor", np.bitwise_xor),
                      ("bitwise_left_shift", np.left_shift), ("bitwise_right_shift", np.right_shift)):
    op(f"{_name}(self, other)", _ufunc, node=f"{_name.title()}Backward1", bool_result=True,
       self="unsaved_zeros(grad)", other="unsaved_zeros(grad)")
nondiff("isclose(self: Tensor, other: Tensor, rtol, atol, equal_nan)", k.isclose, layout="elementwise")

# ---- the larger and the smaller: ties share, or the first takes all
op("maximum(self, other)", k.maximum, pointwise=True, inplace=False,
   self="where_not_less(grad, self, other)", other="where_not_greater(grad, self, other)",
   jvp="other_t + share(self_p > other_p, self_p == other_p, result) * (self_t - other_t)")
op("minimum(self, other)", k.minimum, pointwise=True, inplace=False,
   self="where_not_greater(grad, self, other)", other="where_not_less(grad, self, other)",
   jvp="other_t + share(self_p < other_p, self_p == other_p, result) * (self_t - other_t)")
op("fmax(self, other)", k.fmax, pointwise=True, inplace=False,
   self="fmax_self_backward(grad, self, other)", other="fmax_other_backward(grad, self, other)",
   jvp="other_t + either(self_p > other_p, isnan(other_p)) * (self_t - other_t)")
op("fmin(self, other)", k.fmin, pointwise=True, inplace=False,
   self="fmin_self_backward(grad, self, other)", other="fmin_other_backward(grad, self, other)",
   jvp="other_t + either(self_p <= other_p, isnan(other_p)) * (self_t - other_t)")

# ---- selections
nary("where(condition: Tensor, self, other)", k.where, self="keep_where(grad, condition)", other="drop_where(grad, condition)",
     jvp="where(condition, self_t, other_t)")
nary("masked_fill(self, mask: Tensor, value)", k.masked_fill, inplace=True, row_major=True, into=k.fill_where, deprecated=True,
     self="masked_fill(grad, mask, 0)", jvp="masked_fill(self_t, mask, 0)")
nary("masked_fill_tensor(self, mask: Tensor, value: Tensor)", k.masked_fill_tensor, node="MaskedFillBackward1", inplace=True,
     says="masked_fill", into=k.fill_where, deprecated=True, row_major=True, typed_by="self",
     self="masked_fill(grad, mask, 0)", value="masked_fill_value(grad, mask)",
     jvp="masked_fill_tensor(self_t, mask, value_t)")
op("masked_select(self, mask: Tensor)", k.masked_select, self="masked_select_backward(grad, self, mask, self.info, mask.info)",
   jvp="masked_select(self_t, mask)")

# ---- clipping: the bounds themselves pass the gradient
op("clamp(self, min, max)", k.clamp, node="ClampBackward1", inplace=True, layout="elementwise", elementwise=True,
   self="clamp_backward(grad, self, min, max)",
   jvp=ELEMENTWISE)
op("clamp_min(self, min)", k.clamp_min, pointwise=False, inplace=True, layout="elementwise", elementwise=True,
   self="at_least(grad, self, min)",
   jvp=ELEMENTWISE)
op("clamp_max(self, max)", k.clamp_max, pointwise=False, inplace=True, layout="elementwise", elementwise=True,
   self="at_most(grad, self, max)",
   jvp=ELEMENTWISE)
nary("clamp_tensor(self, min, max)", k.clamp_tensor, node="ClampBackward0", inplace=True,
     self="clamp_backward(grad, self, min, max)", min="clamp_lower_backward(grad, self, min, max)",
     max="clamp_upper_backward(grad, self, min, max)", together="clamp_tensor_backward(grad, self, min, max, needed)",
     jvp="clamp_jvp(self_p, self_t, min_p, min_t, max_p, max_t)")
op("clamp_min_tensor(self, min)", k.clamp_min_tensor, pointwise=True, node="ClampMinBackward1",
   self="at_least(grad, self, min)", min="below(grad, self, min)",
   jvp="where(ge(self_p, min_p), self_t, min_t)")
op("clamp_max_tensor(self, max)", k.clamp_max_tensor, pointwise=True, node="ClampMaxBackward1",
   self="at_most(grad, self, max)", max="above(grad, self, max)",
   jvp="where(le(self_p, max_p), self_t, max_t)")
