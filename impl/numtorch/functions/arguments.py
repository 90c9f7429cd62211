"""How arguments come: sizes as one sequence or several ints, dimensions counted from the end."""

from __future__ import annotations

import operator
from typing import Any

from .. import grad_mode
from ..calls.checked import MISSING
from ..calls.operands import type_name
from ..calls.raising import before_autograd
from ..dtype import dtypes
from ..tensor import Tensor, wrap_dim


def is_int(value: Any) -> bool:
    """Whether the value counts as an int argument."""
    return type(value) is int or (hasattr(value, "__index__") and not isinstance(value, (Tensor, bool)))


def sizes(args: tuple) -> tuple[int, ...]:
    """(2, 3), ((2, 3),) or ([2, 3],) as (2, 3)."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    return tuple([operator.index(s) if not isinstance(s, Tensor) else int(s) for s in args])


def expect_ints(value: Any, name: str, argument: str, position: int) -> tuple[int, ...]:
    """The value if it is a sequence of ints, else PyTorch's TypeError."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be tuple of ints, not {type(value).__name__}"
        )
    return int_list(value, name, argument, position)


def int_list(value: Any, name: str, argument: str, position: int) -> tuple[int, ...]:
    """An int, as a tuple of one, or a sequence of ints, else PyTorch's TypeError."""
    if is_int(value):
        return (operator.index(value),)
    if not isinstance(value, (tuple, list)):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be tuple of ints, not {type_name(value)}"
        )
    for i, item in enumerate(value):
        if not is_int(item) and not isinstance(item, Tensor) and not (i and isinstance(item, bool)):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {position}) must be tuple of ints, but found element of type "
                f"{type_name(item)} at pos {i}"
            )
    return sizes((value,))


def dims(args: tuple, ndim: int) -> tuple[int, ...]:
    """Dimensions, wrapped to count from the front."""
    return tuple([wrap_dim(d, ndim) for d in sizes(args)])


def as_given(args: tuple, ndim: int) -> tuple[int, ...]:
    """Dimensions that exist, unwrapped: they are saved as they were given."""
    dims(args, ndim)
    return args


def no_overload(name: str, input: Any, other: Any, out: Any) -> TypeError:
    """PyTorch's complaint about a number first with out=, which no overload of an operator of two operands takes."""
    reverse = "" if name in ("fmod", "copysign") else " * (Number self, Tensor other)\n"
    return TypeError(
        f"{name}() received an invalid combination of arguments - got "
        f"({type_name(input)}, {type_name(other)}, out={type_name(out)}), but expected one of:\n"
        f" * (Tensor input, Tensor other, *, Tensor out = None)\n{reverse}"
        " * (Tensor input, Number other, *, Tensor out = None)\n"
    )


def expect_tensor(value: Any, name: str, argument: str = "input", position: int = 1) -> Tensor:
    """The value if it is a tensor, else PyTorch's TypeError."""
    if not isinstance(value, Tensor):
        if value is MISSING:  # the plural is PyTorch's
            raise TypeError(f'{name}() missing 1 required positional arguments: "{argument}"')
        raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type_name(value)}")
    return value


def expect_bools(*values: Any) -> None:
    """Refuse what is no bool, in words that PyTorch's parser replaces by its own."""
    for value in values:
        if not isinstance(value, bool):
            raise TypeError(f"expected a bool, not {type_name(value)}")


def expect_tensors(values: Any, argument: int = 0) -> list[Tensor]:
    """The values if all are tensors, else PyTorch's TypeError; `argument` counts those of its C++ function."""
    for i, value in enumerate(values):
        if not isinstance(value, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument {argument}, but got {type_name(value)}")
    return list(values)


def not_for(kernel: str, input: Tensor, *kinds: dtypes.dtype) -> None:
    """Refuse the types that a kernel of PyTorch's is not compiled for."""
    if input._desc.dtype in kinds:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input._desc.dtype.scalar_name}'")


def infer_size(shape: tuple[int, ...], numel: int) -> tuple[int, ...]:
    """A view's shape with -1 worked out, or PyTorch's error."""
    known, unknown = 1, None
    for i, s in enumerate(shape):
        if s == -1:
            if unknown is not None:
                raise RuntimeError("only one dimension can be inferred")
            unknown = i
        elif s < 0:
            raise RuntimeError(f"invalid shape dimension {s} at index {i} of shape {list(shape)}")
        else:
            known *= s
    if numel == known or (unknown is not None and known > 0 and numel % known == 0):
        if unknown is None:
            return shape
        if known == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified "
                "dimension size -1 can be any value and is ambiguous"
            )
        return shape[:unknown] + (numel // known,) + shape[unknown + 1 :]
    if unknown is not None and known == 0 and numel == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified "
            "dimension size -1 can be any value and is ambiguous"
        )
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")


def no_gradient(x: Tensor | None, function: str, argument: str) -> None:
    """Refuse an operand that requires grad where the operator has no derivative by it."""
    if x is not None and x.requires_grad and grad_mode.is_grad_enabled():
        error = f"The function '{function}' is not differentiable with respect to argument '{argument}'. "
        raise before_autograd(RuntimeError(error + "This input cannot have requires_grad True."))
