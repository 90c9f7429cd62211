"""PyTorch's autograd on NumPy: `import numtorch as torch`."""

from . import autograd, dispatch
from .creation import tensor
from .tensor import Tensor

for _name in ("add", "sub", "mul", "div", "neg", "exp", "log", "sin", "cos", "tan", "tanh", "sigmoid", "relu", "abs", "sqrt", "sgn", "reciprocal", "mul_", "add_", "sub_"):
    setattr(Tensor, _name, getattr(dispatch, _name))
Tensor.__mul__ = Tensor.__rmul__ = dispatch.mul
Tensor.__add__ = Tensor.__radd__ = dispatch.add
Tensor.__sub__ = dispatch.sub
Tensor.__truediv__ = dispatch.div
Tensor.__neg__ = dispatch.neg
Tensor.__rsub__ = dispatch.rsub
Tensor.sum = lambda s: dispatch.sum_all(s, None)
Tensor.pow = dispatch.pow_scalar
Tensor.__pow__ = dispatch.pow_scalar
Tensor.conj = lambda s: s
