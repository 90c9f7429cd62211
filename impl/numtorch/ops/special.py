"""Special functions; most formulas are short enough to stand here whole."""

import numpy as np

from .. import kernels as k
from .row import ELEMENTWISE, LINEAR, nary, op

# ---- exponentials and logarithms
op("exp2(self)", np.exp2, float_result=True, self="grad * result.conj() * 0.6931471805599453", jvp=ELEMENTWISE)
op("log2(self)", np.log2, float_result=True, self="grad / (self.conj() * 0.6931471805599453)", jvp=ELEMENTWISE)
op("log10(self)", np.log10, float_result=True, self="grad / (self.conj() * 2.302585092994046)", jvp=ELEMENTWISE)
op("logaddexp(self, other)", np.logaddexp, inplace=False,
   self="grad / (1 + exp(other - self))", other="grad / (1 + exp(self - other))")
op("logaddexp2(self, other)", np.logaddexp2, inplace=False,
   self="grad / (1 + pow_base(2, other - self))", other="grad / (1 + pow_base(2, self - other))")
op("xlogy(self, other)", k.xlogy, pointwise=True, float_result=True,
   self="masked_fill(xlogy(grad, other), (self == 0) & (other <= 0), 0)", other="grad * self / other")
op("logit(self, eps)", k.logit, self="logit_backward(grad, self, eps)")

# ---- trigonometry
op("asinh(self)", np.arcsinh, float_result=True, self="grad * rsqrt(squared(self) + 1).conj()", jvp=ELEMENTWISE)
op("acosh(self)", np.arccosh, float_result=True, self="grad * rsqrt(self * self - 1).conj()", jvp=ELEMENTWISE)
op("atanh(self)", np.arctanh, float_result=True, self="grad * 1 / (1 - squared(self)).conj()", jvp=ELEMENTWISE)
op("atan2(self, other)", np.arctan2, float_result=True,
   self="grad * other / (self * self + other * other)", other="grad * -self / (self * self + other * other)")
op("hypot(self, other)", np.hypot, self="grad * self / result", other="grad * other / result")
op("sinc(self)", k.sinc, pointwise=True, float_result=True, self="sinc_backward(grad, self)", jvp=ELEMENTWISE)
op("deg2rad(self)", k.deg2rad, node="Deg2RadBackward0", pointwise=True, float_result=True,
   self="grad * 0.017453292519943295", jvp=LINEAR)
op("rad2deg(self)", k.rad2deg, node="Rad2DegBackward0", pointwise=True, float_result=True,
   self="grad * 57.29577951308232", jvp=LINEAR)

# ---- the error function
op("erf(self)", k.erf, pointwise=True, float_result=True, self="erf_backward(grad, self, 1.1283791670955126)",
   jvp=ELEMENTWISE)
op("erfc(self)", k.erfc, pointwise=True, float_result=True, self="erf_backward(grad, self, -1.1283791670955126)",
   jvp=ELEMENTWISE)

# ---- division with a remainder
op("frac(self)", k.frac, pointwise=True, self="grad", jvp=LINEAR)
op("div_floor(self, other)", np.floor_divide, node="DivBackward2", self="zeros_like(grad)", other="zeros_like(grad)")
op("div_trunc(self, other)", k.div_trunc, node="DivBackward2", pointwise=True, self="zeros_like(grad)",
   other="zeros_like(grad)")
op("fmod(self, other)", np.fmod, node="FmodBackward1", self="grad", other="-grad * div_trunc(self, other)")
op("fmod_scalar(self, other)", k.fmod_scalar, node="FmodBackward0", pointwise=False, inplace=True, self="grad")
op("remainder(self, other)", np.remainder, node="RemainderBackward1", self="grad", other="-grad * div_floor(self, other)")
op("remainder_scalar(self, other)", k.remainder_scalar, node="RemainderBackward0", pointwise=False, inplace=True, self="grad")
op("floor_divide(self, other)", np.floor_divide, node="FloorDivideNotImplemented",
   self="not_implemented(grad, 'aten::floor_divide')", other="not_implemented(grad, 'aten::floor_divide')")
op("remainder_of(self, other)", np.remainder, node="RemainderNotImplemented", inplace=False,
   self="not_implemented(grad, 'aten::remainder')", other="not_implemented(grad, 'aten::remainder')")

# ---- several operands
nary("lerp_scalar(self, end, weight)", k.lerp, node="LerpBackward0", inplace=True,
     self="grad * (1 - weight)", end="grad * weight")
nary("lerp_tensor(self, end, weight)", k.lerp_tensor, node="LerpBackward1", inplace=True,
     self="grad * (1 - weight)", end="grad * weight", weight="grad * (end - self)")
nary("addcmul(self, tensor1, tensor2, value)", k.addcmul, inplace=True,
     self="grad", tensor1="grad * (tensor2 * value).conj()", tensor2="grad * (tensor1 * value).conj()")
nary("addcdiv(self, tensor1, tensor2, value)", k.addcdiv, inplace=True,
     self="grad", tensor1="grad * (value / tensor2).conj()",
     tensor2="-grad * (value * tensor1 / (tensor2 * tensor2)).conj()")
