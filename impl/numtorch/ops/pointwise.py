"""Elementwise operators of one and two operands that most programs need; elementary.py has the others."""

from ..kernels import everything as k
from ..plain_numpy import np
from .row import BESIDE_NUMBER, ELEMENTWISE, FOUND_DTYPE, LINEAR, op

# ---- arithmetic
op("add(self, other)", np.add, constants={"alpha": 1}, self="grad", other="grad", jvp=LINEAR)
op("sub(self, other)", np.subtract, constants={"alpha": 1}, self="grad", other="-grad", jvp=LINEAR)
op("add_alpha(self, other, alpha)", k.add_alpha, node="AddAlphaBackward0", shown="AddBackward0", says="add", pointwise=True,
   self="grad", other="scaled_conj(grad, alpha)", jvp="self_t + scaled(other_t, alpha)")
op("sub_alpha(self, other, alpha)", k.sub_alpha, node="SubAlphaBackward0", shown="SubBackward0", says="sub", pointwise=True,
   self="grad", other="scaled_conj(-grad, alpha)", jvp="self_t - scaled(other_t, alpha)")
op("mul(self, other)", np.multiply, self="grad * other.conj()", other="grad * self.conj()",
   jvp="other_t * self_p + self_t * other_p")
op("div(self, other)", np.true_divide, float_result=True,
   self="grad / other.conj()", other="div_other(grad, self, other)",
   jvp="(self_t - other_t * result) / other_p")
op("rsub_scalar(self, other)", k.rsub_scalar, node="RsubBackward1", layout=BESIDE_NUMBER, constants={"alpha": 1},
   self="-grad", jvp=ELEMENTWISE)
# A number that a formula, in C++, hands to an operator; from Python it would become a tensor first, and its node Backward0.
op("add_scalar(self, other)", k.add_scalar, inplace=True, layout=BESIDE_NUMBER, node="AddBackward1", self="grad",
   jvp="self_t.clone()")
op("sub_scalar(self, other)", k.sub_scalar, layout=BESIDE_NUMBER, node="SubBackward1", self="grad",
   jvp=ELEMENTWISE)
op("mul_scalar(self, other)", np.multiply, pointwise=False, elementwise=True, inplace=True, layout=BESIDE_NUMBER,
   node="MulBackward1", self="mul_scalar_backward(grad, other)", jvp=LINEAR)
op("mul_complex(self, other)", np.multiply, pointwise=False, elementwise=True, inplace=False, layout=BESIDE_NUMBER,
   node="MulComplexBackward1", shown="MulBackward1", self="mul_complex_backward(grad, other)", jvp=LINEAR)  # reals
op("div_scalar(self, other)", np.true_divide, pointwise=False, elementwise=True, inplace=True, layout=BESIDE_NUMBER,
   node="DivBackward1",
   self="grad / other", jvp=LINEAR)
op("neg(self)", np.negative, exact_out=FOUND_DTYPE, self="-grad", jvp=ELEMENTWISE)
op("reciprocal(self)", k.reciprocal, pointwise=True, float_result=True, self="-grad * (result * result).conj()",
   jvp=ELEMENTWISE)

# ---- powers
op("pow_scalar(self, exponent)", k.pow_scalar, node="PowBackward0", says="pow", pointwise=True,
   self="pow_backward(grad, self, exponent)", jvp=ELEMENTWISE)

# That of a real tensor to a complex number, which autograd sees as it is.
op("pow_complex(self, exponent)", k.pow_complex, node="PowComplexBackward0", shown="PowBackward0", says="pow",
   elementwise=True, layout=BESIDE_NUMBER, self="pow_backward(grad, self, exponent)",
   jvp="real(pow_backward(self_t, self_p, exponent))")

# ---- exponentials and logarithms
op("exp(self)", np.exp, float_result=True, self="grad * result.conj()", jvp=ELEMENTWISE)
op("log(self)", np.log, float_result=True, self="grad / self.conj()", jvp=ELEMENTWISE)
op("sqrt(self)", np.sqrt, float_result=True, self="grad / (2 * result.conj())", jvp=ELEMENTWISE)
op("rsqrt(self)", k.rsqrt, pointwise=True, float_result=True, self="rsqrt_backward(grad, result)", jvp=ELEMENTWISE)

# ---- trigonometry
op("sin(self)", np.sin, float_result=True, self="grad * self.cos().conj()", jvp=ELEMENTWISE)
op("cos(self)", np.cos, float_result=True, self="grad * -self.sin().conj()", jvp=ELEMENTWISE)
op("tanh(self)", np.tanh, float_result=True, self="tanh_backward(grad, result)", jvp=ELEMENTWISE)

# ---- activations
op("sigmoid(self)", k.sigmoid, pointwise=True, float_result=True, self="sigmoid_backward(grad, result)",
   jvp=ELEMENTWISE)
op("relu(self)", k.relu, pointwise=True, self="threshold_backward(grad, result, 0)", jvp=ELEMENTWISE)
op("abs(self)", np.abs, exact_out=FOUND_DTYPE, self="grad * self.sgn()",
   jvp="real(self_t.conj() * self_p.sgn())")
