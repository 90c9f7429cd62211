"""Elementwise operators of one and two operands."""

from ..kernels import everything as k
from ..plain_numpy import np
from .row import BESIDE_NUMBER, ELEMENTWISE, FOUND_DTYPE, LINEAR, op

# ---- arithmetic
op("add(self, other)", np.add, constants={"alpha": 1}, self="grad", other="grad", jvp=LINEAR)
op("sub(self, other)", np.subtract, constants={"alpha": 1}, self="grad", other="-grad", jvp=LINEAR)
op("add_alpha(self, other, alpha)", k.add_alpha, node="AddAlphaBackward0", shown="AddBackward0", says="add", pointwise=True,
   self="grad", other="scaled(grad, alpha)", jvp=LINEAR)
op("sub_alpha(self, other, alpha)", k.sub_alpha, node="SubAlphaBackward0", shown="SubBackward0", says="sub", pointwise=True,
   self="grad", other="scaled(-grad, alpha)", jvp=LINEAR)
op("mul(self, other)", np.multiply, self="grad * other.conj()", other="grad * self.conj()",
   jvp="other_t * self_p + self_t * other_p")
op("div(self, other)", np.true_divide, float_result=True,
   self="grad / other.conj()", other="div_other(grad, self, other)",
   jvp="(self_t - other_t * result) / other_p")
op("div_mode(self, other, rounding_mode)", k.div_mode, node="DivBackward2", says="div", pointwise=True,
   self="div_mode_self(grad, other, rounding_mode)", other="div_mode_other(grad, self, other, rounding_mode)",
   jvp=("self_t / other_p - other_t * (self_p / other_p) / other_p if rounding_mode is None "
        "else new_zeros(result)"))
op("rsub(self, other)", k.rsub, pointwise=True, inplace=False, last_decides=True, constants={"alpha": 1},
   self="-grad", other="grad")
op("rsub_alpha(self, other, alpha)", k.rsub_alpha, node="RsubAlphaBackward0", shown="RsubBackward0", says="rsub",
   pointwise=True, inplace=False, last_decides=True, self="scaled(-grad, alpha)", other="grad")
op("rsub_scalar_alpha(self, other, alpha)", k.rsub_scalar_alpha, layout=BESIDE_NUMBER, node="RsubScalarAlphaBackward0",
   shown="RsubBackward1",
   says="rsub", pointwise=True, inplace=False, self="scaled(-grad, alpha)", jvp=ELEMENTWISE)
op("rsub_scalar(self, other)", k.rsub_scalar, node="RsubBackward1", layout=BESIDE_NUMBER, constants={"alpha": 1},
   self="-grad", jvp=ELEMENTWISE)
# A number that a formula, in C++, hands to an operator; from Python it would become a tensor first, and its node Backward0.
op("add_scalar(self, other)", np.add, pointwise=False, layout=BESIDE_NUMBER, node="AddBackward1", self="grad",
   jvp="self_t.clone()")
op("sub_scalar(self, other)", np.subtract, pointwise=False, layout=BESIDE_NUMBER, node="SubBackward1", self="grad",
   jvp=ELEMENTWISE)
op("mul_scalar(self, other)", np.multiply, pointwise=False, inplace=True, layout=BESIDE_NUMBER, node="MulBackward1",
   self="mul_scalar_backward(grad, other)", jvp=LINEAR)
op("div_scalar(self, other)", np.true_divide, pointwise=False, layout=BESIDE_NUMBER, node="DivBackward1",
   self="grad / other", jvp=LINEAR)
op("neg(self)", np.negative, exact_out=FOUND_DTYPE, self="-grad", jvp=LINEAR)
op("reciprocal(self)", np.reciprocal, float_result=True, self="-grad * (result * result).conj()", jvp=ELEMENTWISE)

op("conj_physical(self)", np.conjugate, inplace=False, exact_out=FOUND_DTYPE, self="grad.conj_physical()", jvp=LINEAR)
op("conj_physical_of(self)", np.conjugate, node="ConjPhysicalBackward1", says="conj_physical", self="grad.conj_physical()")
op("complex_of(real, imag)", k.complex_of, node="ComplexBackward0", says="complex", pointwise=False,
   joint={("real", "imag"): "complex_backward(grad, real, imag, needed)"},
   jvp="complex_of(real_t, imag_t)")
op("polar(abs, angle)", k.polar, pointwise=False,
   joint={("abs", "angle"): "polar_backward(grad, result, abs.info, angle.info, needed)"},
   jvp=("complex_of(abs_t * angle_p.cos() - angle_t * abs_p * angle_p.sin(), "
        "abs_t * angle_p.sin() + angle_t * abs_p * angle_p.cos())"))
op("angle(self)", k.angle, pointwise=True, inplace=False, float_result=True, self="angle_backward(grad, self)",
   jvp=ELEMENTWISE)

# ---- powers
op("pow_scalar(self, exponent)", k.pow_scalar, node="PowBackward0", says="pow", pointwise=True,
   self="pow_backward(grad, self, exponent)", jvp=ELEMENTWISE)
op("pow_tensor(self, exponent)", k.pow_tensor, node="PowBackward1", says="pow", pointwise=True,
   self="pow_backward_self(grad, self, exponent)", exponent="pow_backward_exponent(grad, self, exponent, result)",
   jvp=("pow_backward_self(self_t, self_p, exponent_p) + pow_backward_exponent(exponent_t, self_p, exponent_p, "
        "result)"))
op("pow_base(self, exponent)", k.pow_base, node="PowBackward2", says="pow", pointwise=True, inplace=False, row_major=True,
   exponent="pow_backward_base(grad, self, exponent, result)",
   jvp=ELEMENTWISE)

# ---- exponentials and logarithms
op("exp(self)", np.exp, float_result=True, self="grad * result.conj()", jvp=ELEMENTWISE)
op("log(self)", np.log, float_result=True, self="grad / self.conj()", jvp=ELEMENTWISE)
op("sqrt(self)", np.sqrt, float_result=True, self="grad / (2 * result.conj())", jvp=ELEMENTWISE)
op("rsqrt(self)", k.rsqrt, pointwise=True, float_result=True, self="rsqrt_backward(grad, result)", jvp=ELEMENTWISE)

# ---- trigonometry
op("sin(self)", np.sin, float_result=True, self="grad * self.cos().conj()", jvp=ELEMENTWISE)
op("cos(self)", np.cos, float_result=True, self="grad * -self.sin().conj()", jvp=ELEMENTWISE)
op("atan(self)", np.arctan, float_result=True, self="grad / (self * self + 1).conj()", jvp=ELEMENTWISE)
op("asin(self)", np.arcsin, float_result=True, self="grad * (-self * self + 1).rsqrt().conj()", jvp=ELEMENTWISE)
op("acos(self)", np.arccos, float_result=True, self="grad * -((-self * self + 1).rsqrt()).conj()", jvp=ELEMENTWISE)
op("sinh(self)", np.sinh, float_result=True, self="grad * self.cosh().conj()", jvp=ELEMENTWISE)
op("cosh(self)", np.cosh, float_result=True, self="grad * self.sinh().conj()", jvp=ELEMENTWISE)
op("log1p(self)", np.log1p, node="Log1PBackward0", float_result=True, self="grad / (self + 1).conj()", jvp=ELEMENTWISE)
op("expm1(self)", np.expm1, float_result=True, self="grad * (result.conj() + 1)", jvp=ELEMENTWISE)
op("tan(self)", np.tan, float_result=True, self="grad * (1 + squared(result)).conj()", jvp=ELEMENTWISE)
op("tanh(self)", np.tanh, float_result=True, self="tanh_backward(grad, result)", jvp=ELEMENTWISE)

# ---- activations
op("sigmoid(self)", k.sigmoid, pointwise=True, float_result=True, self="sigmoid_backward(grad, result)",
   jvp=ELEMENTWISE)
op("relu(self)", k.relu, pointwise=True, self="threshold_backward(grad, result, 0)", jvp=ELEMENTWISE)
op("abs(self)", np.abs, exact_out=FOUND_DTYPE, self="grad * self.sgn()",
   jvp="real_like(self_t.conj() * self_p.sgn(), result)")
op("sgn(self)", k.sign, exact_out=FOUND_DTYPE, pointwise=True, self="sgn_backward(self, grad, result)",
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
   grad_output="tanh_backward(grad, output.conj())", output="grad.conj() * (-2 * output.conj() * grad_output)")
op("sigmoid_backward(grad_output, output)", k.sigmoid_backward_of, node="SigmoidBackwardBackward0", pointwise=True,
   inplace=False, grad_output="sigmoid_backward(grad, output.conj())",
   output="grad.conj() * grad_output * (-2 * output.conj() + 1)")
op("threshold_backward(grad_output, self, threshold)", k.threshold_backward, node="ThresholdBackwardBackward0",
   pointwise=True, inplace=False, last_decides=True, grad_output="threshold_backward(grad, self, threshold)",
   self="zeros_like(grad)")
