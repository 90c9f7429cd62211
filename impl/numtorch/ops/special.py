"""Special functions; most formulas are short enough to stand here whole."""

from ..kernels import everything as k
from ..plain_numpy import np
from .row import BESIDE_NUMBER, ELEMENTWISE, FOUND_DTYPE, LIKE, nary, nondiff, op

# ---- exponentials and logarithms
op("exp2(self)", np.exp2, float_result=True, self="grad * result.conj() * 0.6931471805599453", jvp=ELEMENTWISE)
op("log2(self)", np.log2, float_result=True, self="grad / (self.conj() * 0.6931471805599453)", jvp=ELEMENTWISE)
op("log10(self)", np.log10, float_result=True, self="grad / (self.conj() * 2.3025850929940456)", jvp=ELEMENTWISE)
op("logaddexp(self, other)", k.logaddexp, pointwise=True, inplace=False, tensors_only=True, refuses="logaddexp_cpu",
   self="grad / (1 + exp(other - self)).conj()", other="grad / (1 + exp(self - other)).conj()",
   jvp="self_t / (1 + exp(other_p - self_p)) + other_t / (1 + exp(self_p - other_p))")
op("logaddexp2(self, other)", k.logaddexp2, pointwise=True, inplace=False, tensors_only=True, refuses="logaddexp2_cpu",
   self="grad / (1 + pow_base(2, other - self))", other="grad / (1 + pow_base(2, self - other))",
   jvp="self_t / (1 + pow_base(2, other_p - self_p)) + other_t / (1 + pow_base(2, self_p - other_p))")
op("xlogy(self, other)", k.xlogy, pointwise=True, float_result=True, tensors_only=True,
   self="masked_fill(xlogy(grad, other), (self == 0) & (other <= 0), 0)", other="grad * self / other",
   jvp="masked_fill(xlogy(self_t, other_p), (self_p == 0) & (other_p <= 0), 0) + other_t * self_p / other_p")
op("xlogy_self(self, other)", k.xlogy_self, node="XlogyBackward1", says="xlogy", pointwise=True, layout=BESIDE_NUMBER,
   inplace=False,
   float_result=True, other="grad * self / other",
   jvp=ELEMENTWISE)
op("xlogy_other(self, other)", k.xlogy_other, node="XlogyBackward2", says="xlogy", pointwise=True, layout=BESIDE_NUMBER,
   float_result=True,
   self="xlogy_other_backward(grad, self, other)",
   jvp=ELEMENTWISE)
op("xlog1py(self, other)", k.xlog1py, node="SpecialXlog1PyBackward0", says="special_xlog1py", pointwise=True, inplace=False,
   float_result=True, tensors_only=True,
   self="masked_fill(xlog1py(grad, other), (self == 0) & (other <= -1), 0)", other="grad * self / (other + 1)",
   jvp=("masked_fill(xlog1py(self_t, other_p), (self_p == 0) & (other_p <= -1), 0) + other_t * self_p / "
        "(other_p + 1)"))
op("xlog1py_self(self, other)", k.xlog1py_self, node="SpecialXlog1PyBackward1", says="special_xlog1py", pointwise=True,
   layout=BESIDE_NUMBER,
   inplace=False, float_result=True, other="grad * self / (other + 1)",
   jvp=ELEMENTWISE)
op("xlog1py_other(self, other)", k.xlog1py_other, node="SpecialXlog1PyBackward2", says="special_xlog1py", pointwise=True,
   layout=BESIDE_NUMBER,
   inplace=False, float_result=True, self="xlog1py_other_backward(grad, self, other)",
   jvp=ELEMENTWISE)
op("entr(self)", k.entr, node="SpecialEntrBackward0", says="special_entr", pointwise=True, inplace=False, float_result=True,
   self="grad * -(1 + log(self))", jvp=ELEMENTWISE)
op("logit(self, eps)", k.logit, pointwise=True, float_result=True, self="logit_backward(grad, self, eps)", jvp=ELEMENTWISE)
nondiff("logit_gradient(grad_output: Tensor, self: Tensor, eps)", k.logit_backward, pointwise=True)

# ---- trigonometry
op("asinh(self)", np.arcsinh, float_result=True, inplace=False, self="grad * rsqrt(squared(self) + 1).conj()",
   jvp=ELEMENTWISE)
op("acosh(self)", np.arccosh, float_result=True, inplace=False, self="acosh_backward(grad, self)", jvp=ELEMENTWISE)
op("atanh(self)", np.arctanh, float_result=True, inplace=False, self="grad * 1 / (1 - squared(self)).conj()", jvp=ELEMENTWISE)
for _name, _ufunc in (("asinh", np.arcsinh), ("acosh", np.arccosh), ("atanh", np.arctanh)):
    op(f"{_name}_of(self)", _ufunc, node=f"{_name.title()}Backward1", says=_name, float_result=True,
       self=f"not_implemented_for(grad, 'inplace version of {_name}')")
op("atan2(self, other)", np.arctan2, float_result=True, tensors_only=True,
   self="grad * other * atan2_scale(self, other)", other="grad * -self * atan2_scale(self, other)",
   together="atan2_backward(grad, self, other, needed)",
   jvp="(-self_p * other_t + other_p * self_t) / (self_p.pow(2) + other_p.pow(2))")
op("hypot(self, other)", np.hypot, tensors_only=True, refuses="hypot_cpu",
   self="grad * self / result", other="grad * other / result",
   jvp="self_t * self_p / result + other_t * other_p / result")
op("sinc(self)", k.sinc, pointwise=True, float_result=True, self="sinc_backward(grad, self)", jvp=ELEMENTWISE)
op("deg2rad(self)", k.deg2rad, layout=LIKE, node="Deg2RadBackward0", pointwise=True, float_result=True,
   self="grad * 0.017453292519943295", jvp=ELEMENTWISE)
op("rad2deg(self)", k.rad2deg, layout=LIKE, node="Rad2DegBackward0", pointwise=True, float_result=True,
   self="grad * 57.29577951308232", jvp=ELEMENTWISE)

# ---- the error function and the normal distribution
op("erf(self)", k.erf, pointwise=True, float_result=True, self="erf_backward(grad, self, 1.1283791670955126)",
   jvp=ELEMENTWISE)
op("erfc(self)", k.erfc, pointwise=True, float_result=True, self="erf_backward(grad, self, -1.1283791670955126)",
   jvp=ELEMENTWISE)
op("erfinv(self)", k.erfinv, pointwise=True, float_result=True,
   self="0.886226925452758 * exp(squared(erfinv(self))) * grad", jvp=ELEMENTWISE)
op("erfcx(self)", k.erfcx, node="SpecialErfcxBackward0", says="special_erfcx", pointwise=True, inplace=False,
   float_result=True, self="(2.0 * self * result - 1.1283791670955126) * grad", jvp=ELEMENTWISE)
op("ndtri(self)", k.ndtri, node="SpecialNdtriBackward0", says="special_ndtri", pointwise=True, inplace=False,
   float_result=True, self="grad * 2.5066282746310002 * exp(squared(result) / 2)", jvp=ELEMENTWISE)
op("log_ndtr(self)", k.log_ndtr, node="SpecialLogNdtrBackward0", says="special_log_ndtr", pointwise=True, inplace=False,
   float_result=True, self="grad / 2.5066282746310002 * exp(-(result + squared(self) / 2))", jvp=ELEMENTWISE)

# ---- the gamma function
op("lgamma(self)", k.lgamma, pointwise=True, float_result=True, self="grad * digamma(self)", jvp=ELEMENTWISE)
op("digamma(self)", k.digamma, pointwise=True, float_result=True, self="grad * polygamma(1, self)", jvp=ELEMENTWISE)
op("polygamma(n, self)", k.polygamma, pointwise=True, inplace=False, float_result=True, self="grad * polygamma(n + 1, self)",
   jvp=ELEMENTWISE)
op("polygamma_of(self, n)", k.polygamma_of, node="PolygammaBackward1", says="polygamma", pointwise=True, float_result=True,
   self="grad * polygamma(n + 1, self)", jvp="self_t.mul_(polygamma(n + 1, self_p))")
op("mvlgamma(self, p)", k.mvlgamma, pointwise=True, row_major=True, float_result=True, self="mvlgamma_backward(grad, self, p)",
   jvp=ELEMENTWISE)
op("igamma(self, other)", k.igamma, pointwise=True, refuses="igamma_cpu", tensors_only=True,
   self="not_implemented_for(grad, 'igamma: input')", other="grad * exp((self - 1) * log(other) - other - lgamma(self))")
op("igammac(self, other)", k.igammac, pointwise=True, refuses="igammac_cpu", tensors_only=True,
   self="not_implemented_for(grad, 'igammac: input')", other="-grad * exp((self - 1) * log(other) - other - lgamma(self))")
op("zeta(self, other)", k.zeta, node="SpecialZetaBackward0", says="special_zeta", pointwise=True, inplace=False,
   float_result=True, tensors_only=True, self="not_implemented_for(grad, 'zeta')",
   other="grad * -self * zeta(self + 1., other)")
op("zeta_self(self, other)", k.zeta_self, node="SpecialZetaBackward1", says="special_zeta", pointwise=True,
   layout=BESIDE_NUMBER, inplace=False,
   float_result=True, other="grad * -self * zeta_self(self + 1., other)")
op("zeta_other(self, other)", k.zeta_other, node="SpecialZetaBackward2", says="special_zeta", pointwise=True,
   layout=BESIDE_NUMBER, inplace=False,
   float_result=True, self="not_implemented_for(grad, 'zeta')")

# ---- modified Bessel functions
op("i0(self)", k.i0, pointwise=True, float_result=True, self="grad * i1(self)", jvp=ELEMENTWISE)
op("i0e(self)", k.i0e, node="SpecialI0EBackward0", says="special_i0e", pointwise=True, inplace=False, float_result=True,
   self="grad * (i1e(self) - sgn(self) * result)", jvp=ELEMENTWISE)
op("i1(self)", k.i1, node="SpecialI1Backward0", says="special_i1", pointwise=True, inplace=False, float_result=True,
   self="i1_backward(grad, self, result)", jvp=ELEMENTWISE)
op("i1e(self)", k.i1e, node="SpecialI1EBackward0", says="special_i1e", pointwise=True, inplace=False, float_result=True,
   self="i1e_backward(grad, self, result)", jvp=ELEMENTWISE)

# ---- division with a remainder
op("frac(self)", k.frac, pointwise=True, refuses="frac_cpu", exact_out=FOUND_DTYPE, self="grad",
   jvp="self_t")
op("fmod(self, other)", k.fmod, node="FmodBackward1", pointwise=True, self="grad",
   other="-grad * div_mode(self, other, 'trunc')",
   jvp="self_t - other_t * div_mode(self_p, other_p, 'trunc')")
op("fmod_scalar(self, other)", k.fmod_scalar, node="FmodBackward0", says="fmod", pointwise=False, layout=BESIDE_NUMBER,
   inplace=True, self="grad",
   jvp=ELEMENTWISE)
op("remainder(self, other)", k.remainder, node="RemainderBackward1", pointwise=True, self="grad",
   other="-grad * div_mode(self, other, 'floor')",
   jvp="self_t - other_t * div_mode(self_p, other_p, 'floor')")
op("remainder_scalar(self, other)", k.remainder_scalar, node="RemainderBackward0", says="remainder", pointwise=False,
   layout=BESIDE_NUMBER,
   inplace=True, self="grad",
   jvp=ELEMENTWISE)
for _name, _suffix in (("floor_divide", ""), ("floor_divide_of", "_")):
    op(f"{_name}(self, other)", k.floor_divide, node=f"FloorDivide{_suffix}NotImplemented", shown="NotImplemented",
       says="floor_divide", pointwise=True, inplace=bool(_suffix),
       self=f"not_implemented(grad, 'aten::floor_divide{_suffix}')",
       other=f"not_implemented(grad, 'aten::floor_divide{_suffix}')")
    op(f"{_name}_scalar(self, other)", k.floor_divide_scalar, node=f"FloorDivideScalar{_suffix}NotImplemented",
       shown="NotImplemented", says="floor_divide", pointwise=True, inplace=bool(_suffix), layout=BESIDE_NUMBER,
       self=f"not_implemented(grad, 'aten::floor_divide{_suffix}')")
op("remainder_of(self, other)", k.remainder_of, node="RemainderNotImplemented", shown="NotImplemented", says="remainder",
   pointwise=True, layout=BESIDE_NUMBER, inplace=False, other="not_implemented(grad, 'aten::remainder')")
nondiff("gcd(self: Tensor, other: Tensor)", k.gcd, pointwise=True, tensors_only=True, inplace=True)
nondiff("lcm(self: Tensor, other: Tensor)", np.lcm, pointwise=True, tensors_only=True, inplace=True)

# ---- what a number is made of
op("copysign(self, other)", k.copysign, pointwise=True, float_result=True, tensors_only=True,
   self="grad * copysign_ratio(self, result)", other="unsaved_zeros(grad)",
   jvp="self_t * copysign_ratio(self_p, result)")
op("copysign_scalar(self, other)", k.copysign_scalar, node="CopysignBackward1", says="copysign", pointwise=True,
   layout=BESIDE_NUMBER,
   float_result=True, self="grad * copysign_ratio(self, result)",
   jvp=ELEMENTWISE)
op("nextafter(self, other)", np.nextafter, tensors_only=True, refuses="nextafter_cpu",
   self="where(self != other, grad, 0)", other="unsaved_zeros(grad)",
   jvp="where(self_p != other_p, self_t, 0)")
op("ldexp(self, other)", k.ldexp, pointwise=True, float_result=True, tensors_only=True,
   self="grad * pow_base(2, other).conj()", other="grad * result.conj() * 0.6931471805599453",
   jvp="self_t * pow_base(2, other_p) + other_t * result * 0.6931471805599453")
op("frexp(self)", k.frexp, outputs=("mantissa", "exponent"), differentiable=(True, False), elementwise=True,
   self="frexp_backward(grad, exponent)", jvp="(frexp_backward(self_t, result1), None)")
op("nan_to_num(self, nan, posinf, neginf)", k.nan_to_num, pointwise=True, layout=LIKE,
   exact_out="nan_to_num: dtype of out: {found} should be same as input: {expected}", self="grad * self.isfinite()",
   jvp=ELEMENTWISE)
for _name, _suffix in (("heaviside", ""), ("heaviside_of", "_")):
    op(f"{_name}(self, values)", k.heaviside, node=f"Heaviside{_suffix}NotImplemented", shown="NotImplemented",
       says="heaviside", pointwise=True, tensors_only=True, inplace=bool(_suffix),
       self=f"not_implemented(grad, 'aten::heaviside{_suffix}')", values=f"not_implemented(grad, 'aten::heaviside{_suffix}')")

# ---- several operands
nary("lerp_scalar(self, end, weight)", k.lerp, node="LerpBackward0", says="lerp", inplace=True,
     self="mul_scalar_backward(grad, 1 - weight)", end="mul_scalar_backward(grad, weight)",
     jvp="lerp_scalar(self_t, end_t, weight)")
nary("lerp_tensor(self, end, weight)", k.lerp_tensor, node="LerpBackward1", says="lerp", inplace=True,
     self="grad * (1 - weight).conj()", end="grad * weight.conj()", weight="lerp_weight_backward(grad, self, end)",
     jvp="lerp_tensor(self_t, end_t, weight_p) + weight_t * (end_p - self_p)")
nary("addcmul(self, tensor1, tensor2, value)", k.addcmul, inplace=True,
     self="grad", tensor1="grad * times_number(tensor2, value).conj()",
     tensor2="grad * times_number(tensor1, value).conj()",
     jvp="self_t + scaled(tensor1_t * tensor2_p, value) + scaled(tensor2_t * tensor1_p, value)")
nary("addcdiv(self, tensor1, tensor2, value)", k.addcdiv, inplace=True,
     self="grad", tensor1="grad * number_over(value, tensor2).conj()",
     tensor2="-grad * (times_number(tensor1, value) / (tensor2 * tensor2)).conj()",
     jvp=("self_t + scaled(tensor1_t / tensor2_p, value) - scaled(tensor2_t * (tensor1_p / tensor2_p) / tensor2_p, "
          "value)"))
op("dist(self, other, p)", k.dist, self="sum_to_info(dist_backward(grad, self, other, p, result), self.info)",
   other="sum_to_info(dist_other_backward(grad, self, other, p, result), other.info)",
   jvp="norm_jvp(self_p - other_p, self_t - other_t, p, result, (), False)")
