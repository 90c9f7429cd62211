"""Special functions, as users call them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, grad_mode, return_types
from ..aliasing.overlap import refuse
from ..aliasing.views import check_inplace, requires_grad, storage_of
from ..aliasing.writes import copy_
from ..calls.fallback import into_without_derivative
from ..calls.operands import (
    category_of,
    check_subtraction,
    in_type,
    refuse_cast,
    refuse_shape,
    refused,
    resize_output,
    tensors_only,
    type_error,
)
from ..calls.several import common_shape, common_type, promoted
from ..dtype import dtypes
from ..kernels import special as kernels
from ..memory.descriptor import broadcast_shapes, plan_of
from ..memory.resizing import warn_of_resizing
from ..plain_numpy import np
from ..tangents import original_of
from ..tensor import Tensor, cpp_name
from .arguments import expect_tensor, no_overload
from .reflected import of_operands

# ---- of two operands, one of which may be a number


WITH_NUMBERS = ("xlogy", "special_xlog1py", "special_zeta", "floor_divide")
"""Functions of a number and a tensor that take out= as well."""


def by_operands(name: str, tensors: Any, first: Any = None, second: Any = None) -> Any:
    """A function with one row for two tensors, and others where an operand is a number."""

    def call(input: Any, other: Any, *, out: Any = None) -> Tensor:
        function = tensors
        if not isinstance(other, Tensor):
            if second is None or category_of(other) is None:
                raise type_error(name, 2, "other", other)
            function = second
            input = _with_number(input, other)
        elif not isinstance(input, Tensor):
            if first is None or category_of(input) is None:
                raise type_error(name, 1, "input", input)
            if out is not None and name not in WITH_NUMBERS:
                raise no_overload(name, input, other, out)
            function = first
            other = _with_number(other, input)
        if out is not None and name == "floor_divide":
            return into_without_derivative(out, name, (input, other), lambda: function(input, other, out=out))
        return function(input, other, out=out)

    call.__name__ = name
    call.__doc__ = f"{name}(input, other) -> Tensor"
    return call


def _with_number(x: Any, number: Any) -> Any:
    """The tensor in the type that it has together with a number."""
    if not isinstance(x, Tensor):
        return x
    kind = dtypes.combine(x._desc.dtype, None, dtypes.default_of_category(category_of(number)))
    return x if kind is x._desc.dtype else in_type(x, kind)


xlogy = by_operands("xlogy", d.xlogy, d.xlogy_self, d.xlogy_other)
xlog1py = by_operands("special_xlog1py", d.xlog1py, d.xlog1py_self, d.xlog1py_other)
zeta = by_operands("special_zeta", d.zeta, d.zeta_self, d.zeta_other)
copysign = by_operands("copysign", d.copysign, None, d.copysign_scalar)
fmod = by_operands("fmod", d.fmod, None, d.fmod_scalar)
remainder = by_operands("remainder", d.remainder, d.remainder_of, d.remainder_scalar)


def modulo(self: Tensor, other: Any) -> Any:
    """self % other"""
    return remainder(self, other) if isinstance(other, Tensor) or category_of(other) is not None else NotImplemented


def rmod(self: Tensor, other: Any) -> Any:
    """other % self, without a derivative"""
    known = isinstance(other, Tensor) or (isinstance(self, Tensor) and category_of(other) is not None)
    return remainder(other, self) if known else NotImplemented


def rfloordiv(self: Tensor, other: Any) -> Any:
    """other // self, without a derivative"""
    return d.floor_divide(other, self) if category_of(other) is not None else NotImplemented


def until_zero(kernel: Any, function: Any) -> Any:
    """An in-place division: of integers it writes what comes before the first divisor that is zero, and raises then."""

    def call(self: Tensor, other: Any) -> Any:
        try:
            return function(self, other)
        except RuntimeError as error:
            written_until_zero(error, kernel, self, other)
            raise

    return call


def written_until_zero(error: Exception, kernel: Any, self: Tensor, other: Any) -> None:
    """What a division that failed so has written before."""
    if str(error) != "ZeroDivisionError" or not isinstance(other, Tensor):
        return
    target = storage_of(self)
    order = tuple(sorted(range(target.ndim), key=lambda i: -target.strides[i]))  # as they lie in memory
    lying = target.transpose(order)
    mine = lying.ravel()
    theirs = np.broadcast_to(other._array, target.shape).transpose(order).ravel()
    before = int(np.argmax(theirs == 0))
    mine[:before] = kernel(mine[:before], theirs[:before])
    lying[...] = mine.reshape(lying.shape)


def in_place(name: str, tensors: Any, numbers: Any) -> Any:
    """The in-place form of such a function."""

    def call(self: Tensor, other: Any) -> Tensor:
        if isinstance(other, Tensor):
            return tensors(self, other)
        if category_of(other) is None:
            raise type_error(name, 1, "other", other)
        wide = _with_number(self, other)._desc.dtype
        if wide is not self._desc.dtype and wide.category < dtypes.FLOATING:
            wide = dtypes.get_default_dtype()  # in which PyTorch computes
        if wide is not self._desc.dtype:
            check_inplace(self, requires_grad(self))
            raise RuntimeError(
                f"result type {wide.scalar_name} can't be cast to the desired output type {self._desc.dtype.scalar_name}"
            )
        return numbers(self, other)

    call.__name__ = name
    call.__doc__ = f"{name}(other) -> Tensor, self itself"
    return call


floor_divide = by_operands("floor_divide", d.floor_divide, d.floor_divide, d.floor_divide_scalar)


def _integers(name: str) -> Any:
    """gcd and lcm"""
    function = getattr(d, name)

    def call(input: Tensor, other: Tensor, **out: Any) -> Tensor:
        if name.endswith("_"):
            check_inplace(input, requires_grad(input) or requires_grad(other))
        for position, x in enumerate((input, other)):
            expect_tensor(x, name, ("input", "other")[position], position + 1)
        kind = common_type(input, other)
        if name.endswith("_"):
            refuse_shape(input, other)
            refuse_cast(kind, input._desc.dtype)
        if kind.category != dtypes.INTEGRAL:
            raise refused(f"{name.removesuffix('_')}_cpu", kind)
        return function(input, other, **out)

    call.__name__ = name
    call.__doc__ = f"{name}(input, other) -> Tensor"
    return call


def ldexp(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """input * 2 ** other"""
    if isinstance(out, Tensor):
        _floats(out)
    if isinstance(input, Tensor) and isinstance(other, Tensor):
        _expect_exponents(input, other, out)
    return d.ldexp(input, other, out=out)


def ldexp_(self: Tensor, other: Tensor) -> Tensor:
    """ldexp in place"""
    if isinstance(other, Tensor):
        _floats(self)
        _expect_exponents(self, other, self)
    return d.ldexp_(self, other)


def _expect_exponents(input: Tensor, other: Tensor, out: Any) -> None:
    """What PyTorch's kernel for whole exponents refuses, and says of its result, which has the first one's shape at first."""
    if not input._desc.dtype.is_floating_point or other._desc.dtype.category >= dtypes.FLOATING:
        return
    shape = broadcast_shapes(input._desc.shape, other._desc.shape)
    if out is input and shape != input._desc.shape:
        return  # which is refused first
    if out is None and shape != input._desc.shape and input._desc.numel:
        warn_of_resizing(input._desc.shape, shape)
    if other._desc.dtype is dtypes.bool_:
        raise refused("ldexp_cpu_exp", dtypes.bool_)


def _floats(written: Tensor) -> None:
    if written._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError(f"ldexp can't be cast to the desired output type {written._desc.dtype.scalar_name}")


def heaviside(input: Tensor, values: Tensor, *, out: Any = None) -> Tensor:
    """0 below zero, 1 above, and the given value at zero"""
    _same_type(input, values)
    if isinstance(out, Tensor):
        _same_type(input, out)
    if out is None:
        return d.heaviside(input, values)
    return into_without_derivative(out, "heaviside", (input, values), lambda: d.heaviside(input, values, out=out))


def heaviside_(self: Tensor, values: Tensor) -> Tensor:
    """heaviside in place"""
    check_inplace(self, any(requires_grad(x) for x in (self, values) if isinstance(x, Tensor)))
    _same_type(self, values)
    return d.heaviside_of_(self, values)


def _same_type(input: Tensor, values: Tensor) -> None:
    expect_tensor(input, "heaviside")
    expect_tensor(values, "heaviside", "values", 2)
    if input._desc.dtype.is_complex or values._desc.dtype.is_complex:
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input._desc.dtype is not values._desc.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


# ---- of one operand and parameters


def logit(input: Tensor, eps: float | None = None, *, out: Any = None) -> Tensor:
    """log(input / (1 - input))"""
    return d.logit(input, eps, out=out)


def logit_(self: Tensor, eps: float | None = None) -> Tensor:
    """logit in place"""
    return d.logit_(self, eps)


def polygamma(n: int, input: Tensor, *, out: Any = None) -> Tensor:
    """The n-th derivative of digamma."""
    return d.polygamma(_order(n), input, out=out)


def polygamma_method(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma."""
    return d.polygamma(_order(n), self)


def polygamma_(self: Tensor, n: int) -> Tensor:
    """polygamma in place"""
    return d.polygamma_of_(self, _order(n))


def _order(n: int) -> int:
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return n


def mvlgamma(input: Tensor, p: int, *, out: Any = None) -> Tensor:
    """The logarithm of the multivariate gamma function."""
    _dimension(input, p)
    return d.mvlgamma(input, p, out=out)


def mvlgamma_(self: Tensor, p: int) -> Tensor:
    """mvlgamma in place"""
    _dimension(self, p)
    if self._desc.dtype.category == dtypes.INTEGRAL:  # the types are named the wrong way round
        raise RuntimeError(
            f"mvlgamma: result type {self._desc.dtype.scalar_name} can't be cast to the desired output type "
            f"{dtypes.get_default_dtype().scalar_name}"
        )
    return d.mvlgamma_(self, p)


def _dimension(x: Tensor, p: int) -> None:
    if x._desc.dtype is dtypes.bool_:
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")


def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
    *,
    out: Any = None,
) -> Tensor:
    """Numbers in the place of nan and the infinities"""
    return d.nan_to_num(input, nan, posinf, neginf, out=out)


def nan_to_num_(
    self: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """nan_to_num in place"""
    if self._desc.dtype.category < dtypes.FLOATING:  # copied onto itself
        if grad_mode.is_grad_enabled() and requires_grad(self):
            check_inplace(self, True)
            original_of(self)  # what its node would save, which whole numbers refuse
        return copy_(self, self)
    return d.nan_to_num_(self, nan, posinf, neginf)


def frexp(input: Tensor) -> Any:
    """Mantissa and exponent."""
    if expect_tensor(input, "frexp")._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return return_types.frexp(d.frexp(input))


def ndtr(input: Tensor, *, out: Any = None) -> Tensor:
    """The normal distribution function."""
    x = expect_tensor(input, "special_ndtr")
    if x._desc.dtype.category < dtypes.FLOATING:
        x = x.to(dtypes.get_default_dtype())
    result = d.mul_scalar(d.add_scalar(d.erf(d.mul_scalar(x, 0.7071067811865476)), 1.0), 0.5)
    if out is None:
        return result
    if not dtypes.can_cast(result._desc.dtype, out._desc.dtype):
        raise RuntimeError(
            f"result type {result._desc.dtype.scalar_name} can't be cast to the desired output type "
            f"{out._desc.dtype.scalar_name}"
        )
    if out._desc.shape != result._desc.shape:
        resize_output(out, result.contiguous()._desc)
    return copy_(out, result)  # a composite: the copying is recorded


# ---- several operands


def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Any = None) -> Tensor:
    """input + weight * (end - input)"""
    _alike(input, end, weight)
    common_shape(input, end, weight)
    _refuse_integers(_kind(input, weight), weight)
    return (d.lerp_tensor if isinstance(weight, Tensor) else d.lerp_scalar)(input, end, weight, out=out)


def lerp_(self: Tensor, end: Tensor, weight: Any) -> Tensor:
    """lerp in place"""
    tensors = [x for x in (self, end, weight) if isinstance(x, Tensor)]
    check_inplace(self, any(requires_grad(x) for x in tensors))
    _alike(self, end, weight)
    if self._desc.dtype.category < dtypes.FLOATING:
        refuse(self._array, *[x._array for x in tensors])
        expected = common_shape(*tensors)
        if expected != self._desc.shape:
            raise RuntimeError(
                f"output with shape {list(self._desc.shape)} doesn't match the broadcast shape {list(expected)}"
            )
        kind = _kind(self, weight)
        if not dtypes.can_cast(kind, self._desc.dtype):
            raise RuntimeError(
                f"result type {kind.scalar_name} can't be cast to the desired output type {self._desc.dtype.scalar_name}"
            )
        _refuse_integers(kind, weight)
    return (d.lerp_tensor_ if isinstance(weight, Tensor) else d.lerp_scalar_)(self, end, weight)


def _alike(input: Tensor, end: Tensor, weight: Any) -> None:
    """All of one type; lerp promotes nothing."""
    kind = expect_tensor(input, "lerp")._desc.dtype
    expect_tensor(end, "lerp", "end", 2)
    for name, x in (("end", end), ("weight", weight)):
        if not isinstance(x, Tensor):
            continue
        found = x._desc.dtype
        if found is not kind and not (name == "weight" and x._desc.ndim == 0):
            raise RuntimeError(f"expected dtype {cpp_name(kind)} for `{name}` but got dtype {cpp_name(found)}")


def _kind(input: Tensor, weight: Any) -> dtypes.dtype:
    """The type that all have together: that of `input`, unless a weight without dimensions is of a higher category."""
    return promoted((input, weight)) if isinstance(weight, Tensor) else input._desc.dtype


def _refuse_integers(kind: dtypes.dtype, weight: Any) -> None:
    if kind.category < dtypes.FLOATING:
        raise refused("lerp_kernel_scalar" if not isinstance(weight, Tensor) else "lerp_kernel_tensor", kind)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Any = None) -> Tensor:
    """input + value * tensor1 * tensor2"""
    _both_tensors("addcmul", tensor1, tensor2)
    return d.addcmul(input, tensor1, tensor2, value, out=out)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1, out: Any = None) -> Tensor:
    """input + value * tensor1 / tensor2"""
    _both_tensors("addcdiv", tensor1, tensor2)
    _true_division(tensor1, tensor2)
    return d.addcdiv(input, tensor1, tensor2, value, out=out)


def _both_tensors(name: str, tensor1: Any, tensor2: Any) -> None:
    expect_tensor(tensor1, name, "tensor1", 1)
    expect_tensor(tensor2, name, "tensor2", 2)


def _true_division(tensor1: Tensor, tensor2: Tensor) -> None:
    if all(isinstance(t, Tensor) and t._desc.dtype.category < dtypes.FLOATING for t in (tensor1, tensor2)):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true "
            "division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * "
            "torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * "
            "tensor1 / tensor2), for all dtypes."
        )


def addcmul_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """addcmul in place"""
    _both_tensors("addcmul_", tensor1, tensor2)
    return d.addcmul_(self, tensor1, tensor2, value)


def addcdiv_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """addcdiv in place"""
    _both_tensors("addcdiv_", tensor1, tensor2)
    _true_division(tensor1, tensor2)
    return d.addcdiv_(self, tensor1, tensor2, value)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference."""
    check_subtraction(expect_tensor(input, "dist"), expect_tensor(other, "dist", "other", 2))
    kind = plan_of(input._desc, other._desc).result.dtype
    if kind.category < dtypes.FLOATING:
        raise RuntimeError(
            f"norm(): input dtype should be either floating point or complex. Got {kind.scalar_name} instead."
        )
    if (p < 0 or p == float("inf")) and not input._desc.numel * other._desc.numel:
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {p:g} norm on an empty tensor because the operation does not have an "
            "identity"
        )
    return d.dist(input, other, p)


def as_method(name: str) -> Any:
    """The method of a function of two tensors, which counts its arguments without the first in what it says."""
    function = getattr(d, name)

    def call(self: Tensor, other: Tensor) -> Tensor:
        tensors_only(name, self, other, "other", True)
        return function(self, other)

    call.__name__ = name
    call.__doc__ = f"{name}(other) -> Tensor"
    return call


ONE = ("exp2", "log2", "log10", "asinh", "acosh", "atanh", "sinc", "deg2rad", "rad2deg", "erf", "erfc", "frac", "erfinv",
       "lgamma", "digamma", "i0")  # fmt: skip
TWO = ("logaddexp", "logaddexp2", "atan2", "hypot", "igamma", "igammac", "nextafter")
NAMED = (xlogy, floor_divide, copysign, fmod, remainder, ldexp, heaviside, logit, nan_to_num, mvlgamma, frexp, lerp,
         addcmul, addcdiv, dist)  # fmt: skip
gcd, lcm = _integers("gcd"), _integers("lcm")
BOTH = {f.__name__: f for f in (*NAMED, gcd, lcm)} | {n: getattr(d, n) for n in (*ONE, *TWO)}
IN_PLACE = {n + "_": getattr(d, n + "_") for n in (*ONE, "atan2", "hypot") if hasattr(d, n + "_")}
IN_PLACE |= {
    "ldexp_": ldexp_,
    "xlogy_": in_place("xlogy_", d.xlogy_, d.xlogy_other_),
    "gcd_": _integers("gcd_"),
    "lcm_": _integers("lcm_"),
    "nan_to_num_": nan_to_num_,
    "logit_": logit_,
    "floor_divide_": in_place(
        "floor_divide_", until_zero(kernels.floor_divide, d.floor_divide_of_), d.floor_divide_of_scalar_
    ),
    "asinh_": d.asinh_of_,
    "acosh_": d.acosh_of_,
    "atanh_": d.atanh_of_,
}
METHODS = BOTH | {n: as_method(n) for n in TWO} | IN_PLACE
METHODS |= {
    "polygamma": polygamma_method,
    "polygamma_": polygamma_,
    "mvlgamma_": mvlgamma_,
    "heaviside_": heaviside_,
    "igamma_": d.igamma_,
    "igammac_": d.igammac_,
    "nextafter_": d.nextafter_,
    "copysign_": in_place("copysign_", d.copysign_, d.copysign_scalar_),
    "lerp_": lerp_,
    "addcmul_": addcmul_,
    "addcdiv_": addcdiv_,
    "fmod_": in_place("fmod_", until_zero(kernels.fmod, d.fmod_), d.fmod_scalar_),
    "remainder_": in_place("remainder_", until_zero(kernels.remainder, d.remainder_), d.remainder_scalar_),
    "__mod__": modulo,
    "__rmod__": rmod,
    "__imod__": of_operands(in_place("remainder_", until_zero(kernels.remainder, d.remainder_), d.remainder_scalar_)),
    "__floordiv__": d.floor_divide,
    "__rfloordiv__": rfloordiv,
    "__ifloordiv__": until_zero(kernels.floor_divide, d.floor_divide_of_),
}
METHOD_ONLY = ("atan2_", "hypot_", "floor_divide_", "erfinv_", "lgamma_", "digamma_")
FUNCTIONS = BOTH | {n: f for n, f in IN_PLACE.items() if n not in METHOD_ONLY} | {"polygamma": polygamma}
SPECIAL = {n: getattr(d, n) for n in ("entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "i0", "i0e", "i1", "i1e", "ndtri",
                                      "log_ndtr", "digamma", "sinc")}  # fmt: skip
SPECIAL |= {
    "gammaln": d.lgamma,
    "psi": d.digamma,
    "gammainc": d.igamma,
    "gammaincc": d.igammac,
    "multigammaln": mvlgamma,
    "polygamma": polygamma,
    "logit": logit,
    "xlogy": xlogy,
    "xlog1py": xlog1py,
    "zeta": zeta,
    "ndtr": ndtr,
}
