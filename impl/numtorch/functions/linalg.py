"""Products of vectors and matrices, as users call them."""

from __future__ import annotations

import math
from typing import Any

from .. import dispatch, dtype as dtypes
from ..aliasing.views import requires_grad
from ..calls.checked import MISSING
from ..calls.raising import saved_before, saving_first
from ..dispatch import usual as d
from ..functions import shape as shapes
from ..kernels.numbers import castable
from ..memory.descriptor import broadcast_shapes
from ..memory.geometry import element_strides
from ..tensor import Tensor, cpp_name, existing_dim
from .arguments import expect_tensor, not_for


def typed(kind: Any) -> str:
    return {"long": "long int", "short": "short int"}.get(name := cpp_name(kind), name)


def dot(input: Tensor, tensor: Tensor = MISSING) -> Tensor:
    """The sum of the products of two vectors."""
    expect_tensor(input, "dot")
    expect_tensor(tensor, "dot", "tensor")
    _check_vectors("dot", input, tensor)
    return d.dot(input, tensor)


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The same with the first vector conjugated."""
    expect_tensor(other, "vdot", "other", 2)
    _check_vectors("vdot", input, other)
    return dispatch.vdot(input, other)


def _check_vectors(operator: str, a: Tensor, b: Tensor) -> None:
    da, db = a._desc, b._desc
    if da is db and da.ndim == 1 and da.real:
        return
    with saving_first(operator, self=a, **{"tensor" if operator == "dot" else "other": b}):
        _refuse_vectors(da, db)


def _refuse_vectors(da: Any, db: Any) -> None:
    if da.ndim != 1 or db.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {da.ndim}D and {db.ndim}D tensors")
    if da.dtype is not db.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {da.dtype.scalar_name} and "
            f"{db.dtype.scalar_name}"
        )
    if da.numel != db.numel:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{da.numel}] and src [{db.numel}] to have the "
            f"same number of elements, but got {da.numel} and {db.numel} elements respectively"
        )
    if da.dtype.name == "bool":
        raise NotImplementedError("\"dot\" not implemented for 'Bool'")


def mv(input: Tensor, vec: Tensor = MISSING) -> Tensor:
    """Matrix times vector."""
    expect_tensor(vec, "mv", "vec")
    a, b = input._desc, vec._desc
    if a.ndim != 2 or b.ndim != 1 or a.shape[1] != b.shape[0] or a.dtype is not b.dtype or not a.real:
        with saving_first("mv", self=input, vec=vec):
            existing_dim(0, a.ndim)
            _check_addmv(a.shape[:1], b.dtype, a, b)
    return d.mv(input, vec)


def _check_addmv(shape: tuple, dtype: Any, a: Any, b: Any) -> None:
    """What is added to a matrix times a vector, by its shape and type, and the two."""
    if len(shape) > 1 or a.ndim != 2 or b.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {len(shape)}, {a.ndim}, {b.ndim}")
    if a.shape[1] != b.shape[0] or math.prod(shape) not in (1, a.shape[0]):
        raise RuntimeError(
            f"size mismatch, got input ({math.prod(shape)}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})"
        )
    if not dtype is a.dtype is b.dtype:
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {dtype.scalar_name}, "
            f"{a.dtype.scalar_name}, and {b.dtype.scalar_name}"
        )
    not_bool("addmv_impl_cpu", a, b)


def not_bool(kernel: str, a: Any, b: Any) -> None:
    """Bool is multiplied only where there is nothing to multiply."""
    if a.dtype.name == "bool" and a.numel and b.numel:
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


def _check_matrices(a: Any, b: Any) -> None:
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
        )
    if a.dtype is not b.dtype:
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {typed(a.dtype)} != {typed(b.dtype)}")
    not_bool("addmm_impl_cpu_", a, b)


def mm(input: Tensor, mat2: Tensor = MISSING) -> Tensor:
    """Matrix times matrix."""
    expect_tensor(mat2, "mm", "mat2")
    a, b = input._desc, mat2._desc
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0] or a.dtype is not b.dtype or not a.real:
        with saving_first("mm", self=input, mat2=mat2):
            if a.ndim != 2:
                raise RuntimeError("self must be a matrix")
            if b.ndim != 2:
                raise RuntimeError("mat2 must be a matrix")
            _check_matrices(a, b)
    return d.mm(input, mat2)


def bmm(input: Tensor, mat2: Tensor = MISSING) -> Tensor:
    """Matrix times matrix, for each of a batch."""
    expect_tensor(mat2, "bmm", "mat2")
    with saving_first("bmm", self=input, mat2=mat2):
        _check_batches(input._desc, mat2._desc)
        _not_batches_of_bool("bmm", input._desc, mat2._desc)
        if input._desc.dtype is not mat2._desc.dtype and not _nothing_to_add(input._desc, mat2._desc):
            kinds = [typed(x._desc.dtype) for x in (input, mat2)]
            raise _other_type(
                input._desc, mat2._desc, "expected m1 and m2 to have the same dtype, but got: {} != {}".format(*kinds)
            )
    return _watched(d.bmm(input, mat2), input, mat2)


def _watched(out: Tensor, *operands: Tensor) -> Tensor:
    """A product whose gradients the engine looks at, to bring each to its operand's type, if they are of several."""
    if out._made is not None and any(x._desc.dtype is not out._desc.dtype for x in operands):
        out._node.extras()
    return out


_MANY = 400  # products of numbers, from which on PyTorch asks BLAS, which asks otherwise


def _other_type(a: Any, b: Any, by_matrices: str) -> RuntimeError:
    """The complaint of the kernel about the second of two batches: its own loop, that of BLAS, or a loop over matrices."""
    first, second = a.dtype.scalar_name, b.dtype.scalar_name
    if a.shape[1] * a.shape[2] * b.shape[2] < _MANY:
        return RuntimeError(f"expected scalar type {first} but found {second}")
    if b.dtype.category < dtypes.FLOATING or b.dtype.is_half:
        return RuntimeError(by_matrices.format(first, second))
    return RuntimeError(f"expected scalar type {second} but found {first}")


def _not_batches_of_bool(kernel: str, a: Any, b: Any) -> None:
    """Bool is not multiplied, which PyTorch's own loop says at once, and a loop over matrices where both are of it."""
    if a.dtype.name == "bool":
        if a.shape[1] * a.shape[2] * b.shape[2] < _MANY:
            not_bool(kernel, a, b)
        elif b.dtype is a.dtype:
            not_bool("addmm_impl_cpu_", a, b)


def _nothing_to_add(a: Any, b: Any) -> bool:
    """Whether no kernel comes to see the types of two batches, the product of which has the second's."""
    return not (a.numel and b.numel)


def _check_batches(a: Any, b: Any) -> None:
    if a.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if b.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] "
            f"but got: [{b.shape[0]}, {b.shape[1]}]."
        )


def matmul(input: Tensor, other: Tensor = MISSING) -> Tensor:
    """The product of vectors, matrices or batches of them: taken apart into views and dot, mv, mm or bmm."""
    expect_tensor(input, "matmul")
    expect_tensor(other, "matmul", "other")
    n, m = input._desc.ndim, other._desc.ndim
    if n == 0 or m == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D")
    if n == 2 and m == 2:
        return _meet(mm(input, other), input, other, d.mm)
    if n == 1 and m == 1:
        return dot(input, other)
    if n == 2 and m == 1:
        return _meet(mv(input, other), input, other, d.mv)
    if n == 1 and m == 2:
        return d.squeeze_dim_(mm(d.unsqueeze(input, 0), other), 0)  # in place, as PyTorch does: no view, version 1
    if _folds(input, other):
        return _folded(input, other)
    return _batched(input, other)


def _folds(a: Tensor, b: Tensor) -> bool:
    """Whether the batch of the larger operand is folded into its rows."""
    large, small = (a, b) if a._desc.ndim >= b._desc.ndim else (b, a)
    if not (large._desc.ndim >= 3 and small._desc.ndim <= 2):
        return False
    if requires_grad(small):
        return True
    if a._desc.ndim == 2:
        return False
    if not large._desc.numel:
        return True
    shape, strides = list(large._desc.shape), list(element_strides(large._array))
    if large is b:
        shape[-2:], strides[-2:] = shape[:-3:-1], strides[:-3:-1]
    return all(strides[i] == strides[i + 1] * shape[i + 1] for i in range(len(shape) - 2))


def _folded(a: Tensor, b: Tensor) -> Tensor:
    """matmul as one mm or mv over the folded operand."""
    transposed = b._desc.ndim > a._desc.ndim
    t1, t2 = (a, b)
    if transposed:
        t1, t2 = d.transpose(b, -2, -1), d.t(a) if a._desc.ndim == 2 else a
    sizes = tuple(t1._desc.shape)
    out_shape = sizes[:-1]
    flat = shapes.reshape(t1, (math.prod(out_shape), sizes[-1]))
    if t2._desc.ndim == 1:
        return d.unsafe_view(mv(flat, t2), out_shape)
    out_shape = (*out_shape, t2._desc.shape[1])
    out = d.unsafe_view(mm(flat, t2), out_shape)
    if not transposed:
        return out
    return shapes.contiguous(d.transpose(out, -2, -1))


def _batched(a: Tensor, b: Tensor) -> Tensor:
    """matmul as one bmm over operands expanded to one batch."""
    sa, sb = tuple(a._desc.shape), tuple(b._desc.shape)
    rows = sa[-2] if len(sa) > 1 else 1
    inner1 = sa[-1]
    inner2 = sb[-2] if len(sb) > 1 else sb[-1]
    columns = sb[-1] if len(sb) > 1 else 1
    batch1, batch2 = sa[:-2], sb[:-2]
    if len(sa) == 3 and len(sb) == 3 and batch1 != batch2:
        if batch1[0] == 1 and requires_grad(a):
            return matmul(d.squeeze_dim(a, 0), b)
        if batch2[0] == 1 and requires_grad(b):
            return matmul(a, d.squeeze_dim(b, 0))
    batch = broadcast_shapes(batch1, batch2)
    many = math.prod(batch)
    left = shapes.reshape(shapes.expand(a, (*batch, rows, inner1)), (many, rows, inner1))
    if len(sb) == 1:
        right = d.unsqueeze(shapes.reshape(shapes.expand(b, (*batch, inner2)), (many, inner2)), 2)
    else:
        right = shapes.reshape(shapes.expand(b, (*batch, inner2, columns)), (many, inner2, columns))
    out = bmm(left, right)
    shape = batch + ((rows,) if len(sa) > 1 else ()) + ((columns,) if len(sb) > 1 else ())
    return d.unsafe_view(d.squeeze_dim(out, 2) if len(sb) == 1 else out, shape)


def rmatmul(self: Tensor, other: Any) -> Any:
    """other @ self"""
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented


_met: dict[tuple[Any, Any], Any] = {}
"""The operator that multiplies operands of these two Descriptors, which were found fit: to look here takes 300 instructions,
to ask again what matmul, mm and mv ask takes 3,000."""


def _meet(product: Tensor, a: Tensor, b: Tensor, operator: Any) -> Tensor:
    """The product of operands that met for the first time."""
    if len(_met) >= 1000:
        _met.clear()
    _met[a._desc, b._desc] = operator
    return product


def operator_matmul(self: Tensor, other: Any) -> Any:
    """self @ other"""
    if not isinstance(other, Tensor):
        return NotImplemented
    operator = _met.get((self._desc, other._desc))
    return matmul(self, other) if operator is None else operator(self, other)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every product of an element of one vector and one of the other."""
    expect_tensor(vec2, "outer", "vec2", 2)
    for name, x in (("self", input), ("vec2", vec2)):
        if x._desc.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x._desc.ndim}-D")
    return d.mul(shapes.reshape(input, (input._desc.numel, 1)), vec2)


def ger(input: Tensor, vec2: Tensor) -> Tensor:
    """The old name of outer."""
    return outer(input, vec2)


def same_types(input: Tensor, mat1: Tensor, mat2: Tensor) -> None:
    """What addmm says of types, the last operand against each of the others."""
    kind = mat2._desc.dtype
    for name, other in (("self", input), ("mat1", mat1)):
        if other._desc.dtype is not kind:
            raise RuntimeError(
                f"{name} and mat2 must have the same dtype, but got {other._desc.dtype.scalar_name} and {kind.scalar_name}"
            )


def check_addmm(input: Tensor, mat1: Tensor, mat2: Tensor, beta: Any) -> None:
    """What may be wrong with a product of matrices and what it is added to."""
    a, b = mat1._desc, mat2._desc
    same_types(input, mat1, mat2)
    if a.ndim != 2 or b.ndim != 2:
        raise RuntimeError(
            f"mat{1 if a.ndim != 2 else 2} must be a matrix, got {(a if a.ndim != 2 else b).ndim}-D tensor"
        )
    _check_matrices(a, b)
    _expands(input, (a.shape[0], b.shape[1]))
    if not a.shape[1] and a.shape[0] and b.shape[1]:
        multiplied_alone(input, beta)


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * mat1 @ mat2"""
    try:
        check_addmm(input, mat1, mat2, beta)
    except RuntimeError as error:
        raise saved_before(error, "addmm", self=input, mat1=mat1, mat2=mat2) from None
    return d.addmm(input, mat1, mat2, beta, alpha)


def multiplied_alone(typed_alike: Tensor, number: Any) -> None:
    """What PyTorch says where there are no products to add: it multiplies what they are added to, in the type of the
    result, in place by a tensor of the number, unless that is 0, which may have a wider type."""
    kind = typed_alike._desc.dtype
    if number and type(number) in (bool, int, float, complex):
        found = dtypes.combine(kind, None, dtypes.of(type(number)))
        if not dtypes.can_cast(found, kind):
            raise RuntimeError(
                f"result type {found.scalar_name} can't be cast to the desired output type {kind.scalar_name}"
            )


def _expands(x: Tensor, shape: tuple) -> None:
    if x._desc.shape != shape:
        shapes.expand(x.detach(), shape)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * mat @ vec"""
    _check_addmv(input._desc.shape, input._desc.dtype, mat._desc, vec._desc)
    return dispatch.addmv(input, mat, vec, beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)"""
    for name, x in (("vec1", vec1), ("vec2", vec2)):
        if x._desc.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {x._desc.ndim}-D")
    _expands(input, (vec1._desc.shape[0], vec2._desc.shape[0]))
    operands = [input, vec1, vec2]
    kind = dtypes.promote_types(dtypes.promote_types(*[x._desc.dtype for x in operands[:2]]), vec2._desc.dtype)
    for name, number in (("beta", beta), ("alpha", alpha)):
        if type(number) is bool and kind is not dtypes.bool_:
            raise RuntimeError(f"Boolean {name} only supported for Boolean results.")
        if type(number) is float and kind.category < dtypes.FLOATING:
            raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
    return dispatch.addr(*operands, beta, alpha)


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * batch1 @ batch2"""
    shape = _product_shape(batch1, batch2)
    _expands(input, shape)
    kinds = [x._desc.dtype for x in (input, batch1, batch2)]
    if kinds[0] is not kinds[1]:
        raise RuntimeError(
            "Input dtypes must be the same, got: input {}, batch1: {}, batch2: {}".format(*map(typed, kinds))
        )
    _check_batches(batch1._desc, batch2._desc)
    if beta and kinds[0] is not kinds[2]:
        castable(input._array, batch2._array)  # to the type of the result, before anything is multiplied
    _not_batches_of_bool("baddbmm", batch1._desc, batch2._desc)
    if not batch1._desc.shape[2] and math.prod(shape):
        multiplied_alone(batch2, beta)
    if kinds[1] is not kinds[2] and not _nothing_to_add(batch1._desc, batch2._desc):
        raise _other_type(batch1._desc, batch2._desc, "mat1 and mat2 must have the same dtype, but got {} and {}")
    return _watched(dispatch.baddbmm(input, batch1, batch2, beta, alpha), input, batch1, batch2)


def _product_shape(batch1: Tensor, batch2: Tensor) -> tuple[int, ...]:
    """The shape of the products of batches, asked size by size before anything else is looked at."""
    asked = ((batch1._desc, 0), (batch1._desc, 1), (batch2._desc, 2))
    return tuple([desc.shape[existing_dim(dim, desc.ndim)] for desc, dim in asked])


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    not_for("trace", input, dtypes.bool_)
    if input._desc.ndim != 2:
        raise RuntimeError("trace: expected a matrix, but got tensor with dim " + str(input._desc.ndim))
    return dispatch.trace(input)


def linear(input: Tensor, weight: Tensor, bias: Any = None) -> Tensor:
    """torch.nn.functional.linear: input @ weight.T + bias"""
    expect_tensor(input, "linear")
    expect_tensor(weight, "linear", "weight", 2)
    n, rank = input._desc.ndim, weight._desc.ndim
    if not n or not rank:
        raise RuntimeError(f"both arguments to linear need to be at least 1D, but they are {n}D and {rank}D")
    if bias is None:
        return matmul(input, shapes.t(weight))
    expect_tensor(bias, "linear", "bias", 3)
    turned = shapes.t(weight)
    if n == 2:
        return addmm(bias, input, turned)
    if bias._desc.ndim == 1 and shapes.contiguous(input) is input:
        shape = tuple(input._desc.shape)
        flat = shapes.reshape(input, (math.prod(shape[:-1]), shape[-1]))
        return shapes.view(addmm(bias, flat, turned), (*shape[:-1], weight._desc.shape[0]))
    return matmul(input, turned).add_(bias)


BOTH = (dot, vdot, mv, mm, bmm, matmul, outer, ger, addmm, addmv, addr, baddbmm, trace)
METHODS = {f.__name__: f for f in BOTH} | {"__matmul__": operator_matmul, "__rmatmul__": rmatmul}
FUNCTIONS = {f.__name__: f for f in BOTH}
NN_FUNCTIONAL = {"linear": linear}
LINALG = {"matmul": matmul}
