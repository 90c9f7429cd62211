"""Numbers cut off at bounds, as users call it."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.checked import refusal
from ..calls.operands import category_of, in_type, refused
from ..calls.several import check_type, common_shape, promoted
from ..dtype import dtypes
from ..tensor import Tensor
from .arguments import expect_tensor


def _bounds(input: Tensor, min: Any, max: Any, name: str) -> Tensor:
    """The operand in the type that it and the number bounds have together."""
    expect_tensor(input, name)
    for bound in (min, max):
        if bound is not None and category_of(bound) is None:
            raise TypeError(
                f"{name}() received an invalid combination of arguments - got "
                f"({', '.join(type(b).__name__ for b in (min, max) if b is not None)}), but expected one of:"
                "\n * (Tensor min = None, Tensor max = None)\n * (Number min = None, Number max = None)\n"
            )
    kind = promoted((input, min, max))
    return input if kind is input._desc.dtype else in_type(input, kind)


def _refuse_bools(*operands: Any) -> None:
    """Two bounds are not compiled for bools, one is."""
    if all(isinstance(x, Tensor) and x._desc.dtype is dtypes.bool_ for x in operands):
        common_shape(*operands)
        raise refused("clamp_cpu", dtypes.bool_)


def _refuse_complex(input: Tensor, min: Any, max: Any) -> None:
    """Bounds of complex numbers are refused by the kernel, and other operands before."""
    kind = promoted((input, min, max))
    if kind.is_complex and not input._desc.dtype.is_complex:
        raise refused("minimum_cpu" if min is None else "maximum_cpu" if max is None else "clamp_cpu", kind)


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """input between two bounds, numbers or tensors."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if (isinstance(min, Tensor) and (max is None or isinstance(max, Tensor))) or (
        min is None and isinstance(max, Tensor)
    ):
        _refuse_bools(expect_tensor(input, "clamp"), min, max)
        _refuse_complex(input, min, max)
        return d.clamp_tensor(input, min, max)
    return d.clamp(_bounds(input, min, max, "clamp"), min, max)


def clamp_(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """The bounds applied in place."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        _refuse_bools(self, min, max)
        if not self._desc.dtype.is_complex:
            check_type(promoted((self, min, max)), self._desc.dtype)
        return d.clamp_tensor_(self, min, max)
    _castable(self, min, max)
    return d.clamp_(self, min, max)


def _castable(self: Tensor, *bounds: Any) -> None:
    from ..tensor import cpp_name

    kind = promoted((self, *bounds))
    if not dtypes.can_cast(kind, self._desc.dtype):
        name = {"long": "long int", "short": "short int"}.get(c := cpp_name(self._desc.dtype), c)
        raise RuntimeError(f"result type {kind.scalar_name} can't be cast to the desired output type {name}")


def _expect_first(name: str, input: Any, bound: Any) -> None:
    if not isinstance(input, Tensor):
        raise refusal(name, (input, bound), {}, False) or TypeError(f"{name}(): argument 'input' must be Tensor")


def clamp_min(input: Tensor, min: Any) -> Tensor:
    """input, at least `min`."""
    _expect_first("clamp_min", input, min)
    if isinstance(min, Tensor):
        return d.clamp_min_tensor(input, min)
    return d.clamp_min(_bounds(input, min, None, "clamp_min"), min)


def clamp_max(input: Tensor, max: Any) -> Tensor:
    """input, at most `max`."""
    _expect_first("clamp_max", input, max)
    if isinstance(max, Tensor):
        return d.clamp_max_tensor(input, max)
    return d.clamp_max(_bounds(input, None, max, "clamp_max"), max)


def clamp_min_(self: Tensor, min: Any) -> Tensor:
    """The lower bound applied in place."""
    if isinstance(min, Tensor):
        return d.clamp_min_tensor_(self, min)
    _castable(self, min)
    return d.clamp_min_(self, min)


def clamp_max_(self: Tensor, max: Any) -> Tensor:
    """The upper bound applied in place."""
    if isinstance(max, Tensor):
        return d.clamp_max_tensor_(self, max)
    _castable(self, max)
    return d.clamp_max_(self, max)


BOTH = {f.__name__: f for f in (clamp, clamp_min, clamp_max, clamp_, clamp_min_, clamp_max_)}
BOTH |= {"clip": clamp, "clip_": clamp_}
FUNCTIONS = METHODS = BOTH
