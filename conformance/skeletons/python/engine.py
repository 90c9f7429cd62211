"""A tiny autograd engine with torch's names, on NumPy. Put your own in its place, or behind these names.

torchstone needs `tensor` and `Tensor`; a program that uses a name which is not here is unsupported, and no error.
"""

import numpy as np

__version__ = "0.1"

# What is looked at, and what of PyTorch there is. Without this everything is looked at, down to the texts of errors.
__torchstone_description__ = {
    "facets": ["value", "grad", "raised", "dtype", "shape", "requires_grad", "is_leaf"],
    "features": [
        "backward",
        "add",
        "sub",
        "mul",
        "div",
        "pow",
        "neg",
        "exp",
        "log",
        "relu",
        "sum",
        "detach",
        "item",
        "tape",
    ],
}


class dtype:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"engine.{self.name}"


float32, float64 = dtype("float32"), dtype("float64")
DTYPES = {"float32": float32, "float64": float64}


class Tensor:
    """Numbers, and how they were made: a function from the gradient of this tensor to those of its `parents`."""

    def __init__(self, data, requires_grad=False, parents=(), backward=None):
        self.data = np.asarray(data)
        self.parents, self._backward = parents, backward
        self.requires_grad = requires_grad or any(parent.requires_grad for parent in parents)
        self.grad = None

    # What a program may look at.
    dtype = property(lambda self: DTYPES[self.data.dtype.name])
    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)
    is_leaf = property(lambda self: not (self.requires_grad and self.parents))

    def detach(self):
        return Tensor(self.data)

    def numpy(self):  # This is how torchstone reads the elements.
        return self.data

    def tolist(self):
        return self.data.tolist()

    def item(self):
        return self.data.item()

    def requires_grad_(self, requires_grad=True):
        self.requires_grad = requires_grad
        return self

    # Operators. Each says its value, and the gradient of each operand for a gradient g of the result.
    def __add__(self, other):
        other = _tensor_like(other, self)
        return Tensor(self.data + other.data, parents=(self, other), backward=lambda g: (g, g))

    def __mul__(self, other):
        other = _tensor_like(other, self)
        return Tensor(self.data * other.data, parents=(self, other), backward=lambda g: (g * other.data, g * self.data))

    def __truediv__(self, other):
        other = _tensor_like(other, self)
        with np.errstate(all="ignore"):
            value = self.data / other.data
        return Tensor(value, parents=(self, other), backward=lambda g: (g / other.data, -g * value / other.data))

    def __pow__(self, exponent):
        exponent = _tensor_like(exponent, self)
        a, n = self.data, exponent.data
        with np.errstate(all="ignore"):
            value = a**n
            # A constant has no slope, though n * a ** (n - 1) is nan at zero; and 0 ** n does not change with n.
            slope, in_exponent = (
                np.where(n == 0, 0, n * a ** (n - 1)),
                np.where((a == 0) & (n >= 0), 0, value * np.log(a)),
            )
        return Tensor(value, parents=(self, exponent), backward=lambda g: (g * slope, g * in_exponent))

    def __rpow__(self, base):
        return _tensor_like(base, self) ** self

    def __neg__(self):
        return Tensor(-self.data, parents=(self,), backward=lambda g: (-g,))

    def __sub__(self, other):
        return self + -_tensor_like(other, self)

    def __rsub__(self, other):
        return _tensor_like(other, self) - self

    def __rtruediv__(self, other):
        return _tensor_like(other, self) / self

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        value = np.exp(self.data)
        return Tensor(value, parents=(self,), backward=lambda g: (g * value,))

    def log(self):
        return Tensor(np.log(self.data), parents=(self,), backward=lambda g: (g / self.data,))

    def relu(self):
        return Tensor(np.maximum(self.data, 0), parents=(self,), backward=lambda g: (g * ~(self.data <= 0),))

    def sum(self):
        return Tensor(self.data.sum(), parents=(self,), backward=lambda g: (np.broadcast_to(g, self.shape),))

    # The engine.
    def backward(self, gradient=None):
        if not self.requires_grad:
            raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
        if gradient is None:
            if self.data.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            gradient = Tensor(np.ones_like(self.data))
        gradients = {id(self): gradient.data}
        for tensor in reversed(_in_order(self)):
            g = gradients.pop(id(tensor), None)
            if g is None:
                continue
            if not tensor.parents:
                tensor.grad = Tensor(g.copy() if tensor.grad is None else tensor.grad.data + g)
                continue
            for parent, part in zip(tensor.parents, tensor._backward(g)):
                if parent.requires_grad:
                    part = _unbroadcast(part, parent.data)
                    gradients[id(parent)] = gradients[id(parent)] + part if id(parent) in gradients else part


def tensor(data, dtype=None, requires_grad=False):
    return Tensor(np.array(data, (dtype or float32).name), requires_grad)


def zeros(*size, dtype=None, requires_grad=False):
    shape = size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    return Tensor(np.zeros(shape, (dtype or float32).name), requires_grad)


# torch.exp(x) is x.exp().
exp, log, relu, sum = Tensor.exp, Tensor.log, Tensor.relu, Tensor.sum
Tensor.neg = neg = Tensor.__neg__
Tensor.mul = mul = Tensor.__mul__
Tensor.div = div = Tensor.__truediv__
Tensor.pow = Tensor.__pow__
Tensor.add = add = lambda self, other, alpha=1: self + (other if alpha == 1 else _tensor_like(other, self) * alpha)
Tensor.sub = sub = lambda self, other, alpha=1: self - (other if alpha == 1 else _tensor_like(other, self) * alpha)


def pow(base, exponent):
    return base**exponent


def _tensor_like(value, other):
    if isinstance(value, Tensor):
        return value
    if not isinstance(value, (int, float)):
        raise TypeError(f"an operand cannot be a {type(value).__name__}")
    return Tensor(np.asarray(value, other.data.dtype))


def _in_order(root):
    """The tensors that `root` was made of, parents first."""
    order, met, stack = [], set(), [(root, False)]
    while stack:
        tensor, done = stack.pop()
        if done:
            order.append(tensor)
        elif id(tensor) not in met:
            met.add(id(tensor))
            stack.append((tensor, True))
            stack.extend((parent, False) for parent in tensor.parents)
    return order


def _unbroadcast(g, like):
    """The gradient summed over the dimensions that broadcasting added or stretched, in the dtype of the operand."""
    g = g.sum(axis=tuple(range(g.ndim - like.ndim)))
    stretched = tuple(at for at, size in enumerate(like.shape) if size == 1 and g.shape[at] != 1)
    return g.sum(axis=stretched, keepdims=True).astype(like.dtype)
