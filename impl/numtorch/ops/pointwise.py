"""Elementwise operators of one and two operands."""

import numpy as np

from .. import kernels as k
from .row import BILINEAR, ELEMENTWISE, LINEAR, op

# ---- arithmetic
op("add(self, other)", np.add, self="grad", other="grad", jvp=LINEAR)
op("sub(self, other)", np.subtract, self="grad", other="-grad", jvp=LINEAR)
op("mul(self, other)", np.multiply, self="grad * other.conj()", other="grad * self.conj()", jvp=BILINEAR)
op("div(self, other)", np.true_divide, float_result=True,
   self="grad / other.conj()", other="div_other(grad, self, other)")
op("rsub(self, other)", k.rsub, node="RsubBackward1", pointwise=True, inplace=False, self="-grad", other="grad")
op("neg(self)", np.negative, self="-grad", jvp=LINEAR)
op("reciprocal(self)", np.reciprocal, float_result=True, self="-grad * (result * result).conj()", jvp=ELEMENTWISE)

# ---- powers
op("pow_scalar(self, exponent)", k.pow_scalar, node="PowBackward0", self="pow_backward(grad, self, exponent)",
   jvp=ELEMENTWISE)

# ---- exponentials and logarithms
op("exp(self)", np.exp, float_result=True, self="grad * result.conj()", jvp=ELEMENTWISE)
op("log(self)", np.log, float_result=True, self="grad / self.conj()", jvp=ELEMENTWISE)
op("sqrt(self)", np.sqrt, float_result=True, self="grad / (2 * result.conj())", jvp=ELEMENTWISE)
op("rsqrt(self)", k.rsqrt, pointwise=True, float_result=True, self="rsqrt_backward(grad, result)", jvp=ELEMENTWISE)

# ---- trigonometry
op("sin(self)", np.sin, float_result=True, self="grad * self.cos().conj()", jvp=ELEMENTWISE)
op("cos(self)", np.cos, float_result=True, self="grad * -self.sin().conj()", jvp=ELEMENTWISE)
op("tan(self)", np.tan, float_result=True, self="grad * (1 + result * result).conj()", jvp=ELEMENTWISE)
op("tanh(self)", np.tanh, float_result=True, self="tanh_backward(grad, result)", jvp=ELEMENTWISE)

# ---- activations
op("sigmoid(self)", k.sigmoid, pointwise=True, float_result=True, self="sigmoid_backward(grad, result)",
   jvp=ELEMENTWISE)
op("relu(self)", k.relu, pointwise=True, self="threshold_backward(grad, result, 0)", jvp=ELEMENTWISE)
op("abs(self)", np.abs, self="grad * self.sgn()", jvp=ELEMENTWISE)
op("sgn(self)", np.sign, self="zeros_like(grad)", jvp=ELEMENTWISE)
op("sign(self)", np.sign, self="zeros_like(grad)", jvp=ELEMENTWISE)
