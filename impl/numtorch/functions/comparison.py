"""Comparisons and selections, as users call them; clamping.py has what cuts off."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, grad_mode, tangents
from ..aliasing.overlap import refuse
from ..aliasing.views import bump, check_inplace, counted, requires_grad, storage_of, undifferentiable
from ..calls.checked import MISSING, refusal
from ..calls.operands import (
    FOUND_DTYPE,
    category_of,
    recast,
    refuse_cast,
    refuse_recorded,
    refuse_shape,
    refused,
    store,
    type_name,
)
from ..calls.raising import saving_first
from ..calls.scalar import checked, real_part
from ..calls.several import common_type, promoted
from ..dtype import dtypes
from ..kernels.half import is_half
from ..kernels.numbers import IMAGINARY_DISCARDED
from ..memory.descriptor import broadcast_shapes
from ..nodes import saved_hooks
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from ..warning import warn
from .arguments import expect_tensor, no_overload
from .reflected import of_operands, reflected


def _invalid(name: str, *args: Any) -> TypeError:
    got = ", ".join(map(type_name, args))
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({got}), but expected one of:\n"
        " * (Tensor input, Tensor other, *, Tensor out = None)\n"
        " * (Tensor input, Number other, *, Tensor out = None)\n"
    )


# ---- comparisons


def comparison(name: str) -> Any:
    """torch.<name>"""
    function = getattr(d, name)

    def call(input: Tensor, other: Any, *, out: Any = None) -> Tensor:
        tensors = isinstance(input, Tensor) and not isinstance(other, np.ndarray)
        result = function(input, other) if tensors else NotImplemented
        if result is NotImplemented:
            raise _invalid(name, input, other)
        return result if out is None else store(out, result, name, input, other, derivable=False)

    call.__name__ = name
    call.__doc__ = f"{name}(input, other) -> Tensor of bool"
    return call


def comparison_(name: str) -> Any:
    """Tensor.<name>_, tracked with a zero gradient"""
    tensors, numbers = getattr(d, name + "_"), getattr(d, name + "_scalar_")

    def call(self: Tensor, other: Any) -> Tensor:
        if isinstance(other, Tensor):
            return tensors(self, other)
        if category_of(other) is None:
            raise _invalid(name + "_", other)
        if category_of(other) == dtypes.COMPLEX and not self._desc.dtype.is_complex:
            if name not in ("eq", "ne"):
                raise refused(f"{name}_cpu", dtypes.combine(self._desc.dtype, None, dtypes.default_of_category(3)))
            if self._desc.numel and self._desc.dtype is not dtypes.bool_:
                warn(IMAGINARY_DISCARDED)
        return numbers(self, other)

    call.__name__ = name + "_"
    call.__doc__ = f"{name}_(other) -> Tensor, self itself"
    return call


NAMES = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": None, "ne": "not_equal"}


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shape and all elements are equal."""
    expect_tensor(input, "equal")
    expect_tensor(other, "equal", "other", 2)
    return bool(input._desc.shape == other._desc.shape and np.all(input._array == other._array))


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Which elements are close."""
    result = _close(input, other, rtol, atol, equal_nan)
    if (rtol or atol) and (saved_hooks.in_force or _asked(input) or _asked(other)):
        d.abs(d.mul_scalar(other, rtol))  # of a C++ number
        difference = d.abs(d.sub(input, other))
        _composed(difference)
    # PyTorch writes more and more into the comparison it starts from, which the version tells.
    for _ in range((equal_nan and input._desc.dtype.category >= dtypes.FLOATING) + bool(rtol or atol)):
        bump(result)
    return result


def _close(input: Tensor, other: Tensor, rtol: float, atol: float, equal_nan: bool) -> Tensor:
    """Which elements are close, and no more."""
    if input._desc.dtype is not other._desc.dtype:
        raise RuntimeError(f"{input._desc.dtype.scalar_name} did not match {other._desc.dtype.scalar_name}")
    if rtol < 0:
        raise RuntimeError(f"rtol must be greater than or equal to zero, but got {rtol:g}")
    if atol < 0:
        raise RuntimeError(f"atol must be greater than or equal to zero, but got {atol:g}")
    broadcast_shapes(input._desc.shape, other._desc.shape)
    return d.isclose(input, other, rtol, atol, equal_nan)


def _asked(x: Tensor) -> bool:
    """Whether a view has a gradient, of which it may have to be refused that one is asked."""
    return x._extra is not None and x._extra.base is not None and requires_grad(x)


def _composed(x: Tensor) -> None:
    """PyTorch composes isfinite and isclose of operators with derivatives: hooks see what they save, and a view of which
    no gradient can be asked is refused."""
    if x._desc.dtype.category >= dtypes.FLOATING:
        for part in (x.real, x.imag) if x._desc.dtype.is_complex else (x,):
            d.abs(part)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close. Unlike isclose, it is one operator to autograd, which saves nothing for it."""
    return bool(np.all(_close(input, other, rtol, atol, equal_nan)._array))


def question(name: str, of_integers: bool | None = None) -> Any:
    """torch.isnan and its like, and what all integers answer where PyTorch does not look at them"""
    function = getattr(d, name)

    def call(input: Tensor) -> Tensor:
        if of_integers is not None and expect_tensor(input, name)._desc.dtype.category < dtypes.FLOATING:
            return d.all_alike(input, of_integers)
        result = function(expect_tensor(input, name))
        if name == "isfinite" and (saved_hooks.in_force or _asked(input)):
            _composed(input)
        if name == "isfinite" and input._desc.dtype.is_complex:
            bump(result)  # PyTorch asks the parts one after the other, and writes both answers together
        return result

    call.__name__ = name
    call.__doc__ = f"{name}(input) -> Tensor of bool"
    return call


def isreal(input: Tensor) -> Tensor:
    """Whether elements have no imaginary part."""
    if not expect_tensor(input, "isreal")._desc.dtype.is_complex:
        return d.all_alike(input, True)
    if _asked(input):
        input.imag  # noqa: B018  (which PyTorch compares with 0)
    return wrap(np.asarray(np.isreal(input._array))[()])


def logical_not(input: Tensor, *, out: Any = None) -> Tensor:
    """Whether elements are zero."""
    result = d.logical_not(expect_tensor(input, "logical_not"))
    return result if out is None else store(out, result, "logical_not", input, derivable=False)


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero."""
    if input._desc.numel != 1:
        what = "no values" if not input._desc.numel else "more than one value"
        raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
    return bool(input._array != 0)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return tuple(input._desc.shape) == tuple(other._desc.shape)


def is_signed(input: Tensor) -> bool:
    """Whether the type has negative numbers."""
    return np.dtype(input._desc.dtype.numpy).kind in "fci"


def _comparable(values: Any) -> Any:
    """Halves in a type that NumPy brings to others."""
    return values.astype(np.float32) if isinstance(values, np.ndarray) and is_half(values.dtype) else values


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Which elements are among others."""
    for x in (elements, test_elements):
        if isinstance(x, Tensor) and ((kind := x._desc.dtype) is dtypes.bool_ or kind.is_complex):
            raise RuntimeError(f"Unsupported input type encountered for isin(): {kind.scalar_name}")
    if (
        isinstance(elements, Tensor)
        and isinstance(test_elements, Tensor)
        and test_elements._desc.numel < int(10 * elements._desc.numel**0.145)
    ):
        test_elements.detach().view(-1)  # few are compared one by one, which PyTorch can only if they lie in a row
    found = np.isin(*[_comparable(getattr(x, "_array", x)) for x in (elements, test_elements)], invert=invert)
    return wrap(np.asarray(found)[()])


def written(name: str, function: Any) -> Any:
    """The in-place form of an operator without a gradient: the history of the target stays what it was."""
    integral = name.startswith("bitwise_")  # PyTorch's table knows no derivative of these; of logical ones, a zero

    def call(self: Tensor, *others: Any) -> Tensor:
        tensors = [t for t in others if isinstance(t, Tensor)]
        check_inplace(self, integral and any(requires_grad(t) for t in (self, *tensors)))
        refuse(self._array, *[t._array for t in tensors])  # before the shapes are looked at
        kind = common_type(self, others[0]) if others else None
        if kind is not None and integral:
            refuse_shape(self, *tensors)
            refuse_cast(kind, self._desc.dtype)
        elif kind is not None and kind.is_complex and self._desc.dtype.category not in (dtypes.BOOL, dtypes.COMPLEX):
            refuse_shape(self, *tensors)
            if self._desc.numel:
                warn(IMAGINARY_DISCARDED)  # of an answer that was written as a complex number
        result = function(self, *others)
        refuse_shape(self, result)
        array = storage_of(self)
        array[...] = result._array
        bump(self)
        return self

    call.__name__ = name
    call.__doc__ = f"{name}(...) -> Tensor, self itself"
    return call


def logical(name: str) -> Any:
    """torch.logical_and and its like: operands of any types"""
    function = getattr(d, name)

    def call(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
        expect_tensor(input, name)
        expect_tensor(other, name, "other", 2)
        broadcast_shapes(input._desc.shape, other._desc.shape)
        result = function(input, other)
        return result if out is None else store(out, result, name, input, other, derivable=False)

    call.__name__ = name
    call.__doc__ = f"{name}(input, other) -> Tensor of bool"
    return call


def invert(self: Tensor) -> Tensor:
    """~self"""
    if self._desc.dtype.category > dtypes.INTEGRAL:
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return d.bitwise_not(self)


def bitwise_not(input: Tensor, *, out: Any = None) -> Tensor:
    """Every bit turned; for bool, not."""
    if expect_tensor(input, "bitwise_not")._desc.dtype.category > dtypes.INTEGRAL:
        raise refused("bitwise_not_cpu", input._desc.dtype)
    result = d.bitwise_not(input)
    return result if out is None else store(out, result, "bitwise_not", input, exactly=FOUND_DTYPE, derivable=False)


_KERNELS = {"bitwise_left_shift": "lshift", "bitwise_right_shift": "rshift"}


def bitwise(name: str) -> Any:
    """torch.bitwise_and and its like: integers and bool only"""
    function = getattr(d, name)

    def call(input: Any, other: Any, *, out: Any = None) -> Tensor:
        kind = common_type(input, other)
        if kind is not None and (kind.category > dtypes.INTEGRAL or (name in _KERNELS and kind is dtypes.bool_)):
            raise refused(f"{_KERNELS.get(name, name)}_cpu", kind)
        if out is not None and not isinstance(input, Tensor):
            raise no_overload(name, input, other, out)
        result = function(input, other, out=out)
        if result is NotImplemented:
            raise refusal(name, (input, other), {}, False) or no_overload(name, input, other, out)
        return result

    call.__name__ = name
    call.__doc__ = f"{name}(input, other) -> Tensor"
    return call


def extreme(name: str) -> Any:
    """torch.maximum and its like: tensors only"""
    function = getattr(d, name)

    def call(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
        expect_tensor(input, name)
        expect_tensor(other, name, "other", 2)
        return function(input, other, out=out)

    call.__name__ = name
    call.__doc__ = f"{name}(input, other) -> Tensor"
    return call


# ---- selections

WHERE = "Expected out type to be {expected} but got {found}"


def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Any = None) -> Any:
    """input where the condition holds, else other; with the condition alone, where it holds."""
    if not isinstance(condition, Tensor) or (out is not None and other is None):
        given = [type(a).__name__ for a in (condition, input, other) if a is not None]
        got = ", ".join(given if out is None else [*given, f"out={type(out).__name__}"])
        raise TypeError(
            "where() received an invalid combination of arguments - got "
            f"({got}), but expected one of:\n"
            " * (Tensor condition)\n * (Tensor condition, Tensor input, Tensor other, *, Tensor out = None)\n"
            " * (Tensor condition, Number self, Tensor other)\n"
            " * (Tensor condition, Tensor input, Number other)\n"
            " * (Tensor condition, Number self, Number other)\n"
        )
    if out is not None:
        expect_tensor(input, "where", "input", 2)
        expect_tensor(other, "where", "other", 3)
    if input is None and other is None:
        from .scatter import nonzero

        return nonzero(condition, as_tuple=True)
    kind = condition._desc.dtype
    if kind is dtypes.uint8:
        warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a "
            "future version of PyTorch. Use a boolean condition instead.",
        )
        condition = wrap(condition._array != 0)
    elif kind is not dtypes.bool_:
        with saving_first("where", condition=condition, self=input, other=other):
            raise RuntimeError(
                "where expected condition to be a boolean tensor, but got a tensor with dtype " + kind.scalar_name
            )
    refuse_recorded(out, "where", condition, input, other)
    if out is None:
        return d.where(condition, input, other)
    kind = promoted((input, other))
    if isinstance(out, Tensor) and out._desc.dtype is not kind:
        raise RuntimeError(WHERE.format(expected=kind.scalar_name, found=out._desc.dtype.scalar_name))
    return store(out, d.where(condition, input, other), "where", condition, input, other)


def where_method(self: Tensor, condition: Tensor = MISSING, other: Any = MISSING) -> Tensor:
    """self where the condition holds, else other."""
    if not isinstance(condition, Tensor) or (not isinstance(other, Tensor) and category_of(other) is None):
        given = tuple([x for x in (self, condition, other) if x is not MISSING])
        raise refusal("where", given, {}, True) or TypeError(type_name(other))
    return where(condition, self, other)


def _mask(mask: Tensor) -> Tensor:
    if mask._desc.dtype is not dtypes.bool_:
        from ..tensor import cpp_name

        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype " + cpp_name(mask._desc.dtype)
        )
    return mask


def _filling(self: Tensor, mask: Tensor, value: Any) -> Any:
    """The value to fill in, in the type of self; a tensor if it is one."""
    _mask(mask)
    kind = self._desc.dtype
    if not isinstance(value, Tensor):
        return real_part(value, kind) if type(value) is complex else value
    if value._desc.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._desc.ndim} dimension(s)."
        )
    if value._desc.dtype.is_complex and not kind.is_complex:
        real_part(value._array.item(), kind)
        value = value.real
    if value._desc.dtype is kind or requires_grad(value):
        return value
    if value._extra is not None:  # which may have a tangent
        return d.to_copy(value, kind)
    return wrap(
        checked(value._array.item(), kind) if kind.category == dtypes.INTEGRAL else value._array.astype(kind.numpy)
    )


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """input with the value where the mask holds."""
    broadcast_shapes(expect_tensor(mask, "masked_fill", "mask", 2)._desc.shape, input._desc.shape)
    given, value = value, _filling(input, mask, value)
    if isinstance(value, Tensor):
        if input._desc.dtype.category < dtypes.FLOATING and requires_grad(value) and grad_mode.state.grad:
            raise undifferentiable(input._desc)
        found = d.masked_fill_tensor(input, mask, value)
        return found if value is given else counted(input, found, times=2, beside=(mask, given))
    return d.masked_fill(input, mask, value)


def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """The value written where the mask holds."""
    _mask(expect_tensor(mask, "masked_fill_", "mask", 1))
    broadcast_shapes(self._desc.shape, mask._desc.shape)
    given, value = value, _filling(self, mask, value)
    if not isinstance(value, Tensor):
        return d.masked_fill_(self, mask, value)
    if self._desc.dtype.category < dtypes.FLOATING and value._desc.dtype is not self._desc.dtype:  # what requires grad
        value = recast(value, self._desc.dtype)
    out = d.masked_fill_tensor_(self, mask, value)
    if self._desc.dtype.category < dtypes.FLOATING and tangents.entered is not None:
        tangents.refuse_tangent(given)
    return out


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, in a row."""
    broadcast_shapes(mask._desc.shape, input._desc.shape)
    if mask._desc.dtype is not dtypes.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    return d.masked_select(input, mask)


BOTH = {
    f.__name__: f
    for f in (
        equal,
        isclose,
        allclose,
        bitwise_not,
        masked_fill,
        masked_select,
    )
}
BOTH |= {"isnan": question("isnan"), "isinf": question("isinf", False), "isfinite": question("isfinite", True)}
BOTH |= {n: getattr(d, n) for n in ("isposinf", "isneginf", "signbit")}
BOTH |= {f.__name__: f for f in (isreal, logical_not, is_nonzero, is_same_size, is_signed)}
BOTH |= {n: logical(n) for n in ("logical_and", "logical_or", "logical_xor")}
BOTH |= {n: extreme(n) for n in ("maximum", "minimum", "fmax", "fmin")}
BOTH |= {
    n: bitwise(n) for n in ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift")
}
WRITTEN = tuple(n for n in BOTH if n.startswith(("logical_", "bitwise_")))
METHODS = dict(BOTH) | {"where": where_method, "masked_fill_": masked_fill_}
METHODS |= {n + "_": written(n + "_", BOTH[n]) for n in WRITTEN}
for _name, _alias in NAMES.items():
    BOTH[_name] = METHODS[_name] = comparison(_name)
    METHODS[_name + "_"] = comparison_(_name)
    METHODS[f"__{_name}__"] = getattr(d, _name)
    if _alias:
        BOTH[_alias] = METHODS[_alias] = BOTH[_name]
        METHODS[_alias + "_"] = METHODS[_name + "_"]
for _name, _operator in {
    "bitwise_and": "and",
    "bitwise_or": "or",
    "bitwise_xor": "xor",
    "bitwise_left_shift": "lshift",
    "bitwise_right_shift": "rshift",
}.items():
    METHODS[f"__{_operator}__"] = of_operands(BOTH[_name])
    METHODS[f"__i{_operator}__"] = of_operands(METHODS[_name + "_"])
    METHODS[f"__r{_operator}__"] = reflected(f"__r{_operator}__", BOTH[_name])
METHODS["__invert__"] = invert
FUNCTIONS = BOTH | {"where": where, "isin": isin}
