"""What an operator of three or more operands does before its kernel: promotion, broadcasting, Python numbers.

Two operands have `Plan`s cached by shape (descriptor.py, operands.py); rows of more are rarer, and their gradients are
fitted back to each operand's own shape and type by its Descriptor.
"""

from __future__ import annotations

from typing import Any

from ..aliasing.overlap import refuse, warn_of_internal
from ..aliasing.views import check_inplace, recorded, requires_grad
from ..dtype import dtypes
from ..memory.descriptor import broadcast_shapes, descriptor, geometry_as, reduction, sum_to
from ..memory.layout import elementwise_strides
from ..tensor import Tensor
from .operands import category_of, constant


def promoted(operands: tuple) -> dtypes.dtype:
    """The type that the operands (None skipped) have together."""
    dims = zerodim = number = None
    for x in operands:
        if x is None:
            continue
        if isinstance(x, Tensor):
            kind = x._desc.dtype
            if x._desc.ndim:
                dims = kind if dims is None else dtypes.promote_types(dims, kind)
            else:
                zerodim = kind if zerodim is None else dtypes.promote_types(zerodim, kind)
        else:
            kind = dtypes.default_of_category(category_of(x))
            number = kind if number is None else dtypes.promote_types(number, kind)
    return dtypes.combine(dims, zerodim, number)


def common_type(input: Any, other: Any) -> Any:
    """The type that two operands are computed in, once their shapes fit; None of what is no operand."""
    if category_of(input) is None and not isinstance(input, Tensor):
        return None
    if isinstance(other, Tensor):
        broadcast_shapes(input._desc.shape if isinstance(input, Tensor) else (), other._desc.shape)
    elif category_of(other) is None:
        return None
    return promoted((input, other))


def brought_to(tensor: Any, result: Any) -> Any:
    """What the gradient of one of several joined tensors is brought to: if it needs none, the type of the incoming one.

    Complex numbers become real ones all the same. Hooks of the node see it.
    """
    desc = tensor._desc
    if requires_grad(tensor):
        return desc
    kind = result.dtype
    return descriptor(desc.shape, kind.to_real() if kind.is_complex and not desc.dtype.is_complex else kind)


def together(operands: tuple, fixed: tuple = (), fixed_first: bool = False) -> tuple[list, list, Any]:
    """(tensors, their arrays in the common type, the result's Descriptor); `fixed` operands keep their own type.

    The first operand decides the strides: of `where` it is the condition.
    """
    kind = promoted(operands)
    tensors: list[Any] = []
    arrays: list[Any] = []
    shape: tuple = common_shape(*fixed) if fixed_first else ()
    for x in operands:
        if x is None:
            tensors.append(None)
            arrays.append(None)
            continue
        if not isinstance(x, Tensor):
            x = constant(x, kind)
        if x._desc.shape != shape:
            shape = broadcast_shapes(shape, x._desc.shape)
        tensors.append(x)
        arrays.append(x._array if x._desc.dtype is kind else x._array.astype(kind.numpy))
    for x in fixed:
        if x._desc.shape != shape:
            shape = broadcast_shapes(x._desc.shape, shape)
    known = [x for x in ((*fixed, *tensors) if fixed_first else (*tensors, *fixed)) if x is not None]
    if all(x._desc.plain for x in known):
        return tensors, arrays, descriptor(shape, kind)
    given = {id(x) for x in fixed}
    strides = elementwise_strides(
        shape, [geometry_as(x._desc, x._desc.dtype if id(x) in given else kind) for x in known]
    )
    return tensors, arrays, descriptor(shape, kind, strides)


def common_shape(*operands: Any) -> tuple:
    """The shape that tensors have together, the first two first."""
    shape: tuple = ()
    for x in operands:
        if isinstance(x, Tensor):
            shape = broadcast_shapes(shape, x._desc.shape)
    return shape


def fit(grad: Any, desc: Any) -> Any:
    """A raw gradient summed and cast to an operand's shape and type."""
    if grad.shape != desc.shape:
        grad = sum_to(grad, reduction(grad.shape, desc.shape))
    return grad if grad.dtype == desc.dtype.numpy else grad.astype(desc.dtype.numpy)


def before_write(target: Tensor, operands: tuple, shared: str | None = None) -> bool:
    """Check that an in-place call may write; whether it is to be tracked. The shapes are not looked at yet.

    With the name of the call in `shared`, elements that lie on top of each other are only warned of.
    """
    tensors = [x for x in operands if isinstance(x, Tensor)]
    flag = any(requires_grad(x) for x in tensors) and recorded((target, *tensors))
    check_inplace(target, flag)
    if shared:
        warn_of_internal(target._array, shared)
    else:
        refuse(target._array, *[x._array for x in tensors])
    return flag


def check_result(target: Tensor, desc: Any) -> None:
    """Check that a result described by `desc` fits into the written tensor."""
    if desc.shape != target._desc.shape:
        raise RuntimeError(
            f"output with shape {list(target._desc.shape)} doesn't match the broadcast shape {list(desc.shape)}"
        )
    check_type(desc.dtype, target._desc.dtype)


def check_type(kind: dtypes.dtype, wanted: dtypes.dtype) -> None:
    """Check that a result of one type fits into a tensor of another."""
    if not dtypes.can_cast(kind, wanted):
        raise RuntimeError(
            f"result type {kind.scalar_name} can't be cast to the desired output type {wanted.scalar_name}"
        )


def typed(array: Any, kind: dtypes.dtype, wanted: dtypes.dtype) -> Any:
    """A result in the type of one of the operands, which have another one together."""
    if kind is not wanted:
        check_type(kind, wanted)
    return array.astype(wanted.numpy, copy=False)
