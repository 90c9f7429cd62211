"""What an operator does before its kernel when its operands are not two plain tensors of one shape and type.

Broadcasting, promotion, Python numbers, 0-d tensors, subclasses, in-place operands and `out=` all come here; the
generated functions handle only the common case themselves.
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode
from ..aliasing.overlap import refuse, refuse_internal, warn_of_internal
from ..aliasing.views import (
    bump,
    check_inplace,
    counter_of,
    edge,
    extras,
    mark_inference,
    recorded,
    requires_grad,
    storage_of,
)
from ..dtype import dtypes
from ..kernels.numbers import IMAGINARY_DISCARDED
from ..kernels.pointwise import BOOL_NEGATED, addend, subtrahend
from ..kernels.shape import to_copy
from ..memory.descriptor import Descriptor, arrange, broadcast_shapes, describe, descriptor, expect_room, plan_of
from ..memory.geometry import laid_out
from ..memory.layout import OF_COMPLEX, OF_PARTS, RULES, dense_strides, spread_strides
from ..memory.lazy import Zeros
from ..memory.resizing import warn_of_resizing
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from ..warning import warn
from .raising import out_requires_grad

_ndarray = np.ndarray

_NUMBERS = {bool: dtypes.BOOL, int: dtypes.INTEGRAL, float: dtypes.FLOATING, complex: dtypes.COMPLEX}
_CACHED = 512  # constants kept for each type; programs use few, but a loop counter must not fill the memory


def category_of(number: Any) -> int | None:
    """The promotion category of a Python (or NumPy) number, None for anything else."""
    found = _NUMBERS.get(type(number))
    if found is None and isinstance(number, np.generic) and number.dtype in dtypes.FROM_NUMPY:
        return dtypes.FROM_NUMPY[number.dtype].category
    if found is None and isinstance(number, (bool, int, float, complex)):
        return next(c for t, c in _NUMBERS.items() if isinstance(number, t))
    return found


def constant(number: Any, kind: dtypes.dtype, ndim: int = 1) -> Tensor:
    """The 0-d tensor of type `kind` that stands for a Python number beside a tensor of so many dimensions."""
    known = None
    if type(number) is float:
        known = kind.constants if ndim else kind.constants0
    elif type(number) is int:
        known = kind.integers if ndim else kind.integers0
    found = known.get(number) if known is not None else None
    if found is not None:
        return found
    array = np.array(number).astype(kind.numpy)
    new = wrap(array if ndim else array[()])
    extras(new).number = number
    if known is not None and len(known) < _CACHED and (type(number) is int or (number and number == number)):
        # 0.0 is not cached: 0.0 and -0.0 are one key but two constants; nan would be a new key each time
        known[number] = new
    return new


def type_error(name: str, position: int, argument: str, value: Any) -> TypeError:
    """PyTorch's complaint about an argument that is no tensor."""
    return TypeError(f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type_name(value)}")


def type_name(value: Any) -> str:
    """The name of a value's type in error texts: with its module, if it is written in C, as some of torch's are."""
    kind = type(value)
    module, name = kind.__module__, kind.__name__
    compiled = name != "Tensor" if module == "torch" else module in _COMPILED or not kind.__flags__ & _HEAP_TYPE
    return f"{module}.{name}" if compiled and module != "builtins" else name


_COMPILED = ("torch._C", "torch.return_types", "torch.storage", "numpy", "collections", "decimal")
_HEAP_TYPE = 1 << 9  # what a `class` statement makes


def tensors_only(name: str, a: Any, b: Any, argument: str, method: bool = False) -> None:
    """PyTorch's complaint if one of two operands is no tensor."""
    if not isinstance(a, Tensor):
        raise type_error(name, 1, "input", a)
    if not isinstance(b, Tensor):
        raise type_error(name, 1 if method else 2, argument, b)


def not_castable(kind: dtypes.dtype, out: Tensor) -> RuntimeError:
    """PyTorch's complaint about a result that does not fit into `out`."""
    return RuntimeError(
        f"result type {kind.scalar_name} can't be cast to the desired output type {out._desc.dtype.scalar_name}"
    )


def refused(kernel: str, kind: dtypes.dtype, out: Any = None) -> Exception:
    """PyTorch's complaint about a type that a kernel was not compiled for, or before that about that of `out`."""
    if isinstance(out, Tensor) and not dtypes.can_cast(kind, out._desc.dtype):
        return not_castable(kind, out)
    return NotImplementedError(f"\"{kernel}\" not implemented for '{kind.scalar_name}'")


def plain(tensor: Any, name: str, to_float: bool, refuses: str | None = None) -> Tensor:
    """The operand of a one-operand function, cast to the default floating type if the function needs floats."""
    if not isinstance(tensor, Tensor):
        raise type_error(name, 1, "input", tensor)
    if tensor._desc.dtype.category < dtypes.FLOATING:
        refuse_bools(tensor, name)
        if to_float:
            converted = in_type(tensor, dtypes.get_default_dtype())
            if tensor._extra is not None and tensor._extra.inference:
                mark_inference(converted)  # whose results are counted as if it were the operand itself
            return converted
        if refuses is not None:
            raise refused(refuses, tensor._desc.dtype)
    return tensor


def in_type(tensor: Tensor, kind: dtypes.dtype) -> Tensor:
    """The operand in another type: no node says so, as PyTorch's kernels cast it below autograd.

    Integers have a history where a comparison or an assignment with what requires grad has written to them.
    """
    if tensor._desc.dtype.category >= dtypes.FLOATING or not requires_grad(tensor):
        return tensor.to(kind)
    return recast(tensor, kind)


def recast(tensor: Tensor, kind: dtypes.dtype) -> Tensor:
    """The numbers in another type, with the history and the version of the tensor itself."""
    converted = wrap(to_copy(tensor._array, kind))
    converted._requires_grad = True
    converted._made, converted._output_nr = edge(tensor)
    converted._counter = counter_of(tensor)  # what the operator saves is the operand itself
    return converted


_NO_BOOLS = {"abs": "abs_cpu", **{name: f"{name}_vml_cpu" for name in ("floor", "ceil", "trunc", "round")}}
"""Operators of one operand that take integers and no bools, and the kernel that PyTorch names."""


def refuse_bools(tensor: Tensor, name: str) -> None:
    """PyTorch's complaint if an operator is given bools that it does not take."""
    if tensor._desc.dtype is not dtypes.bool_:
        return
    if name in _NO_BOOLS:
        raise refused(_NO_BOOLS[name], tensor._desc.dtype)
    if name == "neg":
        raise RuntimeError(BOOL_NEGATED)


_SUBTRACTIONS = frozenset(("sub", "rsub", "sub_alpha", "rsub_alpha"))
_SWAPPED = frozenset(("rsub", "rsub_alpha"))
_SUMS = {"add": addend, "sub": subtrahend}
_COPIES = _SUBTRACTIONS | {"add", "add_alpha"}
"""Operators that give a copy of the other operand where one is of zeros without memory."""
_FORGETFUL = frozenset(("add", "mul", "div"))
"""Operators that, beside zeros without memory, forget that a number is none: it counts as a tensor, of double precision."""
_COMPARISONS = frozenset(("lt", "le", "gt", "ge", "eq", "ne"))  # in place these write 0 and 1 into any type


def check_subtraction(a: Any, b: Any, in_place: bool = False) -> None:
    """Bools are added as "or", and not subtracted at all; of zeros without memory nobody asks, and of a leaf later.

    What is no operand at all is told first, by whoever called.
    """
    if not all(isinstance(x, Tensor) or category_of(x) is not None for x in (a, b)):
        return
    bools = [x._desc.dtype is dtypes.bool_ if isinstance(x, Tensor) else type(x) is bool for x in (a, b)]
    if any(isinstance(x, Tensor) and type(x._array) is Zeros for x in (a, b)):
        return
    if in_place and any(bools):
        check_inplace(a, any(isinstance(x, Tensor) and requires_grad(x) for x in (a, b)))
    if all(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if any(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )


def operands(a: Any, b: Any, name: str, to_float: bool) -> Any:
    """(a, b, array, array, result descriptor, plan) for a binary operator, or NotImplemented."""
    if name in _SUBTRACTIONS:
        check_subtraction(a, b)
    a_tensor, b_tensor = isinstance(a, Tensor), isinstance(b, Tensor)
    if a_tensor and b_tensor:
        da, db = a._desc, b._desc
        left, right = a._array, b._array
        if da is db and da.fast:  # a Parameter or another subclass
            return a, b, left, right, da, None
        if name in _SWAPPED and da.shape != db.shape:
            broadcast_shapes(
                db.shape, da.shape
            )  # or PyTorch's error, of operands in the order that they are subtracted in
        plan = plan_of(da, db, to_float)
    elif a_tensor or b_tensor:
        tensor, number = (a, b) if a_tensor else (b, a)
        category = category_of(number)
        if category is None:
            # `==` is the one operator whose other side may be an array: no error may come of it, and this is its answer.
            if name == "eq" and isinstance(number, np.ndarray) and number.dtype in dtypes.FROM_NUMPY:
                return operands(tensor, wrap(number), name, to_float)
            return NotImplemented
        desc = tensor._desc
        if desc.zeros and (name in _FORGETFUL or (a_tensor and name in _SUMS)):
            number = wrap(np.array(number))
            return operands(tensor, number, name, to_float) if a_tensor else operands(number, tensor, name, to_float)
        kind = desc.dtype
        if category > kind.category:
            kind = dtypes.combine(desc.dtype, None, _kind_of(category))
        if to_float and kind.category < dtypes.FLOATING:
            kind = dtypes.get_default_dtype()
        fixed = constant(number, kind, desc.ndim)
        if kind is desc.dtype and desc.fast:
            if a_tensor:
                return a, fixed, a._array, fixed._array, desc, None
            return fixed, b, fixed._array, b._array, desc, None
        a, b = (a, fixed) if a_tensor else (fixed, b)
        da, db = a._desc, b._desc
        left, right = a._array, b._array
        if (a if a_tensor else b)._desc.dtype is not kind:
            if a_tensor:
                left = left.astype(kind.numpy, order="C")
            else:
                right = right.astype(kind.numpy, order="C")
        plan = plan_of(da, db, to_float)
        if name in _SUMS:
            right = _SUMS[name](right)
        # a number never widens a type of its own category, so the result is `kind` whatever the dimensions
        return a, b, left, right, descriptor(desc.shape, kind, plan.result.strides), plan
    else:
        return NotImplemented
    if plan.cast0 is not None:
        left = left.astype(plan.cast0, order="C")
    if plan.cast1 is not None:
        right = right.astype(plan.cast1, order="C")
    if name in _SUMS:
        right = _SUMS[name](right)
    result = plan.result
    if da.zeros is not db.zeros and name in _COPIES:
        copied = db if da.zeros else da
        result = descriptor(result.shape, result.dtype, spread_strides(result.shape, copied.shape, copied.strides))
    if name in _SUBTRACTIONS and (db if name in _SWAPPED else da).zeros:  # a copy times -1
        strides = RULES["beside number"](result.shape, [(result.shape, result.strides)])
        result = descriptor(result.shape, result.dtype, strides)
    elif name == "div" and db.zeros:
        result = descriptor(result.shape, result.dtype)
    return a, b, left, right, result, plan


def _kind_of(category: int) -> dtypes.dtype:
    return dtypes.default_of_category(category)


def single(array: Any, operand: Tensor) -> Any:
    """(array, Descriptor) of an elementwise operator's result over one operand, laid out as PyTorch lays it out."""
    desc = operand._desc
    if desc.plain:
        return array, describe(array)
    if desc.dtype.is_complex and not np.iscomplexobj(array):  # PyTorch makes the real result of abs like the operand
        found = describe(array)
        return arrange(array, descriptor(found.shape, found.dtype, dense_strides(desc.shape, desc.lies)))
    return apart(*arrange(array, desc.elementwise()), operand)


def apart(array: Any, desc: Descriptor, operand: Tensor) -> Any:
    """(array, Descriptor) of a result that is plain although its operand is not, if formulas over that are to see why."""
    odd = desc.fast and 1 in desc.sizes and not operand._desc.plain
    return array, desc.in_steps() if odd else desc


def laid(array: Any, rule: str, *tensors: Tensor) -> Any:
    """(array, Descriptor) of a kernel's fresh result over these operands, with the strides that a rule of layout.py says."""
    for x in tensors:
        if not x._desc.plain:
            break
    else:
        return array, describe(array)
    shape = array.shape
    if not shape:
        return array, describe(array)
    if len(tensors) == 2 and rule == "elementwise":
        strides = plan_of(tensors[0]._desc, tensors[1]._desc).result.strides
    else:
        each = [(x._desc.shape, x._desc.lies) for x in tensors]
        if tensors[0]._desc.dtype.is_complex:
            rule = OF_COMPLEX.get(rule, rule)
            if rule in OF_PARTS:  # PyTorch asks the real and the imaginary parts
                each = [(own, tuple([2 * st for st in lies])) for own, lies in each]
        strides = RULES[rule](shape, each)
    return apart(*arrange(array, descriptor(shape, describe(array).dtype, strides)), x)


def refuse_cast(kind: Any, target: Any) -> None:
    """PyTorch's complaint if what is computed in one type cannot be written to another."""
    if not dtypes.can_cast(kind, target):
        raise RuntimeError(
            f"result type {kind.scalar_name} can't be cast to the desired output type {target.scalar_name}"
        )


def refuse_shape(self: Tensor, *others: Tensor) -> None:
    """The complaint about operands that would make the target larger."""
    expect_room(self._desc.shape, *[other._desc.shape for other in others])


def inplace_operands(
    a: Tensor, b: Any, name: str, to_float: bool, shared: str | None = None, others: tuple = ()
) -> Any:
    """(b, its array, plan, whether gradients are tracked) for an in-place operator, or NotImplemented.

    `others` are operands besides, of which only is asked whether autograd sees the call.
    """
    if name in _SUBTRACTIONS:
        check_subtraction(a, b, True)
    if b is None:
        tracked = bool(requires_grad(a) and recorded((a, *others))) if a._requires_grad else False
        if tracked:
            check_inplace(a, tracked)
        if name == "neg":
            refuse_bools(a, name)
        _check_out(a, a._desc.dtype, to_float, shared)
        refuse_bools(a, name)
        return None, None, None, tracked
    plan = None
    if isinstance(b, Tensor):
        db = b._desc
        tracked = bool(a._requires_grad and requires_grad(a)) or bool(b._requires_grad and requires_grad(b))
        if tracked and a._extra is not None and b._extra is not None:
            tracked = recorded((a, b))
        target, other = a._array, b._array
        if a._desc is db and a._desc.real:
            if other is not target and (other.base is not None or target.base is not None):
                check_write(a, other, tracked)
            return b, other, None, tracked
        check_write(a, other, tracked)
        plan = plan_of(a._desc, db, to_float)
        if plan.result.shape != a._desc.shape:
            refuse_shape(a, b)
        kind = plan.result.dtype
        right = b._array if plan.cast1 is None else b._array.astype(plan.cast1)
    else:
        category = category_of(b)
        if category is None:
            return NotImplemented
        kind = a._desc.dtype
        if category > kind.category:
            kind = dtypes.combine(kind, None, _kind_of(category))
        if to_float and kind.category < dtypes.FLOATING:
            kind = dtypes.get_default_dtype()
        tracked = bool(a._requires_grad and requires_grad(a))  # the number is a tensor that autograd sees
        b = constant(b, kind, a._desc.ndim)
        right = b._array
        if not a._desc.real:
            plan = plan_of(a._desc, b._desc)
        check_write(a, right, tracked)
    if name in _SUMS:
        right = _SUMS[name](right)
    if name in _COMPARISONS:
        if kind.is_complex and name not in ("eq", "ne"):
            raise refused(f"{name}_cpu", kind)
        if (
            kind.is_complex
            and name in ("eq", "ne")
            and a._desc.dtype.category not in (dtypes.BOOL, dtypes.COMPLEX)
            and a._desc.numel
        ):
            warn(IMAGINARY_DISCARDED)
    else:
        refuse_cast(kind, a._desc.dtype)
    return b, right, plan, tracked


def at_once(a: Any, b: Any) -> bool:
    """Whether `a` may be written with `b` and no more ado: memory of one description, and nothing to be recorded."""
    if type(b) is not Tensor or type(a) is not Tensor:
        return False
    desc = a._desc
    if desc is not b._desc or not desc.real or a._extra is not None or b._extra is not None:
        return False
    if grad_mode.watches and grad_mode.watched():
        return False
    if (a._requires_grad or b._requires_grad) and (not grad_mode.disabled or grad_mode.state.grad):
        return False
    target, other = a._array, b._array
    if type(target) is not _ndarray or type(other) is not _ndarray:
        return False
    if other is target or target.base is not None:
        return other is target
    owner = other.base  # another array's memory, such as a gradient that was summed and reshaped
    return owner is None or (owner is not target and type(owner) is _ndarray and owner.base is None)


def check_write(a: Tensor, other: Any, tracked: bool) -> None:
    """What comes before the shapes are looked at: may the tensor be written, and does it overlap with the operand?"""
    if tracked:
        check_inplace(a, tracked)
    refuse(a._array, other)


def _check_out(a: Tensor, kind: dtypes.dtype, to_float: bool, shared: str | None) -> None:
    if shared is None:
        refuse_internal(a._array)
    elif shared:
        warn_of_internal(a._array, shared)
    if to_float and kind.category < dtypes.FLOATING:
        raise RuntimeError(
            f"result type {dtypes.get_default_dtype().scalar_name} can't be cast to the desired output "
            f"type {kind.scalar_name}"
        )


FOUND_DTYPE = "Found dtype {found} but expected {expected}"


def store(
    out: Any, result: Tensor, name: str, *operands: Any, exactly: str | None = None, derivable: bool = True
) -> Any:
    """Finish an `out=` call: write the result into `out`, which may not overlap with the operands in part.

    Some operators insist on its type, in the words of `exactly`. Those whose result has no derivative do not mind that
    `out` requires grad.
    """
    if not isinstance(out, Tensor):
        raise no_tensor_for_out(name, out)
    if derivable and (result._requires_grad or requires_grad(out)) and _recording():
        raise out_requires_grad(name)
    refuse(out._array, *[x._array for x in operands if isinstance(x, Tensor)])
    if out._desc.shape != result._desc.shape and any(out is x for x in operands):  # which is read, and so not made anew
        raise RuntimeError(
            f"output with shape {list(out._desc.shape)} doesn't match the broadcast shape {list(result._desc.shape)}"
        )
    if exactly is not None and out._desc.dtype is not result._desc.dtype:
        raise RuntimeError(exactly.format(expected=result._desc.dtype.scalar_name, found=out._desc.dtype.scalar_name))
    if not dtypes.can_cast(result._desc.dtype, out._desc.dtype):
        raise not_castable(result._desc.dtype, out)
    if grad_mode.watched():
        grad_mode.state.before_write(out)
    if out._desc.shape != result._desc.shape:
        desc, first = result._desc, operands[0]._desc if operands and isinstance(operands[0], Tensor) else None
        if first is not None and first.dtype.is_complex and desc.dtype.category < dtypes.COMPLEX:
            desc = descriptor(desc.shape, desc.dtype)  # copied from a complex result, to what is made anew
        resize_output(out, desc)
    storage_of(out)[...] = result._array
    bump(out)
    return out


def refuse_recorded(out: Any, name: str, *operands: Any) -> None:
    """Refuse an `out=` that would have a history, before anything is computed, and so before anything is packed."""
    tensors = [x for x in (out, *operands) if isinstance(x, Tensor)]
    if out is not None and grad_mode.state.grad and any(requires_grad(x) for x in tensors):
        raise out_requires_grad(name)


def recorded_out(out: Any, name: str) -> Exception:
    """The complaint about an `out=` of an operator whose result would have a history."""
    if not isinstance(out, Tensor):
        return no_tensor_for_out(name, out)
    return out_requires_grad(name)


def no_tensor_for_out(name: str, out: Any) -> TypeError:
    """The complaint about an `out=` that is no tensor."""
    return TypeError(f"{name}(): argument 'out' must be Tensor, not {type_name(out)}")


def resize_output(out: Tensor, desc: Any) -> None:
    """Give `out` the shape and strides of a result; PyTorch warns if it held elements."""
    if out._desc.numel:
        warn_of_resizing(out._desc.shape, desc.shape)
    kind = out._desc.dtype
    out._array = laid_out(tuple(desc.shape), tuple(desc.strides), kind.numpy)
    out._desc = describe(out._array)


def _recording() -> bool:
    return grad_mode.state.grad
