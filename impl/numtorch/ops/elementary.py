"""Elementwise operators of one and two operands that few programs need: imported when one is first asked for."""

from ..kernels import everything as k
from ..plain_numpy import np
from .row import BESIDE_NUMBER, ELEMENTWISE, FOUND_DTYPE, LINEAR, op

# ---- arithmetic
op("div_mode(self, other, rounding_mode)", k.div_mode, node="DivBackward2", says="div", pointwise=True,
   self="div_mode_self(grad, other, rounding_mode)", other="div_mode_other(grad, self, other, rounding_mode)",
   jvp=("self_t / other_p - other_t * (self_p / other_p) / other_p if rounding_mode is None "
        "else new_zeros(result)"))
op("rsub(self, other)", k.rsub, pointwise=True, inplace=False, last_decides=True, constants={"alpha": 1},
   self="-grad", other="grad", jvp="-self_t + other_t")
op("rsub_alpha(self, other, alpha)", k.rsub_alpha, node="RsubAlphaBackward0", shown="RsubBackward0", says="rsub",
   pointwise=True, inplace=False, last_decides=True, self="scaled_conj(-grad, alpha)", other="grad",
   jvp="-scaled(self_t, alpha) + other_t")
op("rsub_scalar_alpha(self, other, alpha)", k.rsub_scalar_alpha, layout=BESIDE_NUMBER, node="RsubScalarAlphaBackward0",
   shown="RsubBackward1",
   says="rsub", pointwise=True, inplace=False, self="scaled_conj(-grad, alpha)", jvp=ELEMENTWISE)
op("pow_tensor(self, exponent)", k.pow_tensor, node="PowBackward1", says="pow", pointwise=True,
   self="pow_backward_self(grad, self, exponent)", exponent="pow_backward_exponent(grad, self, exponent, result)",
   jvp=("(pow_backward_self(self_t.conj(), self_p, exponent_p) + "
        "pow_backward_exponent(exponent_t.conj(), self_p, exponent_p, result)).conj()"))
op("pow_base(self, exponent)", k.pow_base, node="PowBackward2", says="pow", pointwise=True, inplace=False, row_major=True,
   exponent="pow_backward_base(grad, self, exponent, result)",
   jvp=ELEMENTWISE)
op("pow_complex_base(self, exponent)", k.pow_complex_base, node="PowComplexBackward2", shown="PowBackward2", says="pow",
   elementwise=True, layout="new", exponent="pow_backward_base(grad, self, exponent, result)",
   jvp="real(pow_backward_base(exponent_t, self, exponent_p, result))")

# ---- complex numbers
op("conj_physical(self)", np.conjugate, inplace=False, exact_out=FOUND_DTYPE, self="grad.conj_physical()", jvp=LINEAR)
op("conj_physical_of(self)", np.conjugate, node="ConjPhysicalBackward1", says="conj_physical", self="grad.conj_physical()")
op("complex_of(real, imag)", k.complex_of, node="ComplexBackward0", says="complex", pointwise=False,
   real="real_of_complex(grad, real)", imag="imag_of_complex(grad, imag)",
   together="complex_backward(grad, real, imag, needed)", jvp="complex_of(real_t, imag_t)")
op("polar(abs, angle)", k.polar, pointwise=False,
   joint={("abs", "angle"): "polar_backward(grad, result, abs.info, angle.info, needed)"},
   jvp=("complex_of(imag=add(other=angle_t * abs_p * angle_p.cos(), self=abs_t * angle_p.sin()), "
        "real=sub(other=angle_t * abs_p * angle_p.sin(), self=abs_t * angle_p.cos()))"))
op("angle(self)", k.angle, pointwise=True, layout="unless complex", inplace=False, float_result=True,
   self="angle_backward(grad, self)",
   jvp=ELEMENTWISE)

# ---- trigonometry, exponentials and logarithms
op("atan(self)", np.arctan, float_result=True, self="grad / (self * self + 1).conj()", jvp=ELEMENTWISE)
op("asin(self)", np.arcsin, float_result=True, self="grad * (-self * self + 1).rsqrt().conj()", jvp=ELEMENTWISE)
op("acos(self)", k.acos, pointwise=True, float_result=True, self="grad * -((-self * self + 1).rsqrt()).conj()", jvp=ELEMENTWISE)
op("sinh(self)", np.sinh, float_result=True, self="grad * self.cosh().conj()", jvp=ELEMENTWISE)
op("cosh(self)", np.cosh, float_result=True, self="grad * self.sinh().conj()", jvp=ELEMENTWISE)
op("tan(self)", np.tan, float_result=True, self="grad * (1 + squared(result)).conj()", jvp=ELEMENTWISE)
op("log1p(self)", k.log1p, node="Log1PBackward0", pointwise=True, float_result=True,
   self="grad / (self + 1).conj()", jvp=ELEMENTWISE)
op("expm1(self)", np.expm1, float_result=True, self="grad * (result.conj() + 1)", jvp=ELEMENTWISE)

# ---- signs and rounding
op("sgn(self)", k.sgn, exact_out=FOUND_DTYPE, pointwise=True, self="sgn_backward(self, grad, result)",
   jvp="sgn_backward(self_p, self_t, result)")
op("sign(self)", k.sign, exact_out=FOUND_DTYPE, pointwise=True, self="zeros_like(grad)", jvp=ELEMENTWISE)
op("round_decimals(self, decimals)", k.round_decimals, node="RoundBackward1", says="round", pointwise=True,
   self="zeros_like(grad)", jvp=ELEMENTWISE)
op("floor(self)", np.floor, exact_out=FOUND_DTYPE, self="zeros_like(grad)", jvp=ELEMENTWISE)
op("ceil(self)", np.ceil, exact_out=FOUND_DTYPE, self="zeros_like(grad)", jvp=ELEMENTWISE)
op("round(self)", k.round, exact_out=FOUND_DTYPE, pointwise=True, self="zeros_like(grad)", jvp=ELEMENTWISE)
op("trunc(self)", np.trunc, exact_out=FOUND_DTYPE, self="zeros_like(grad)", jvp=ELEMENTWISE)

# ---- the ways back, which may be differentiated again
op("tanh_backward(grad_output, output)", k.tanh_backward_of, node="TanhBackwardBackward0", pointwise=True, inplace=False,
   grad_output="tanh_backward(grad, output.conj())", output="grad.conj() * (-2 * output.conj() * grad_output)",
   jvp="tanh_backward(grad_output_t, output_p) + output_t.conj() * (-2 * output_p.conj() * grad_output_p)")
op("sigmoid_backward(grad_output, output)", k.sigmoid_backward_of, node="SigmoidBackwardBackward0", pointwise=True,
   inplace=False, grad_output="sigmoid_backward(grad, output.conj())",
   output="grad.conj() * grad_output * (-2 * output.conj() + 1)",
   jvp=("sigmoid_backward(grad_output_t, output_p) + "
        "output_t.conj() * grad_output_p * (-2 * output_p.conj() + 1)"))
op("threshold_backward(grad_output, self, threshold)", k.threshold_backward, node="ThresholdBackwardBackward0",
   pointwise=True, inplace=False, last_decides=True, grad_output="threshold_backward(grad, self, threshold)",
   self="zeros_like(grad)", jvp="zeros_like(self_t) + threshold_backward(grad_output_t, self_p, threshold)")
