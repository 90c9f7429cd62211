"""What a Program is made of: operands, and the steps that are given them. They refer to each other, so they stand together."""

from __future__ import annotations

from typing import Literal as OneOf, Union

import msgspec


class _Value(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag=str.lower
):
    """What every tagged operand shares: immutable, compared by content, strict to decode."""


# --------------------------------------------------------------------------------------------------------------- operands


class Ref(_Value, frozen=True):
    """The value bound to `name` by an earlier step, or by a parameter of an enclosing function."""

    name: str


class Float(_Value, frozen=True):
    """A floating-point number, as Python's shortest decimal that reads back the same: ``0.1``, ``-0.0``, ``nan``, ``inf``.

    Text rather than a JSON number, because JSON has neither nan nor inf, and JavaScript cannot tell 1.0 from 1, which
    PyTorch's type promotion can.
    """

    value: str

    def __post_init__(self) -> None:
        float(
            self.value
        )  # a subject may say anything, and what is no number is not to be found out where two are compared

    @classmethod
    def of(cls, number: float) -> Float:
        return cls(repr(float(number)))

    def __float__(self) -> float:
        return float(self.value)


class Complex(_Value, frozen=True):
    """A complex number; `real` and `imag` are written as in `Float`."""

    real: str
    imag: str

    def __post_init__(self) -> None:
        float(self.real), float(self.imag)

    def __complex__(self) -> complex:
        return complex(float(self.real), float(self.imag))


class Global(_Value, frozen=True):
    """A dotted name that the subject resolves: ``torch.float32``, ``torch.autograd.grad``, ``copy.deepcopy``.

    The first part is ``torch`` (the subject's own namespace) or a name of `HOST_MODULES`.
    """

    path: str


class List(_Value, frozen=True):
    items: tuple[Operand, ...]


class Tuple(_Value, frozen=True):
    items: tuple[Operand, ...]


class Dict(_Value, frozen=True):
    """A dictionary in insertion order: pairs of key and value."""

    items: tuple[tuple[Operand, Operand], ...]


class Slice(_Value, frozen=True):
    start: Operand = None
    stop: Operand = None
    step: Operand = None


class Ellipsis_(_Value, frozen=True, tag="ellipsis"):
    """``...`` in an index."""


class TensorLiteral(_Value, frozen=True, tag="tensor"):
    """A tensor's dtype, shape and elements.

    `data` holds the elements in row-major order, little-endian, in the dtype's own width (base64 in JSON): every bit
    survives, nan payloads and the sign of zero included. bool is one byte, 0 or 1; complex numbers are pairs.
    """

    dtype: str
    """PyTorch's name without the prefix: ``float32``, ``int64``, ``bool``, ``complex64``, ``bfloat16``."""
    shape: tuple[int, ...]
    data: bytes


class Function(_Value, frozen=True):
    """A function as data: its parameters and the steps of its body.

    A call binds `parameters` in a fresh scope and runs `steps` there. Other names are looked up in the scope in which
    the function was defined, at the time of the call, as Python's closures are. A step of the body that raises ends the
    body: the contexts that it entered are left with that exception, which then reaches the caller (the engine, mostly).
    """

    name: str
    parameters: tuple[str, ...]
    steps: tuple[Step, ...]
    result: Operand = None
    raises: Raise | None = None
    """What the body raises once its steps have run, instead of returning."""
    generator: bool = False
    """Whether the body is a generator; it then holds `Yield` steps."""
    defaults: tuple[None | bool | int | str | Float, ...] = ()
    """What the last parameters are if a call does not give them."""


class Raise(_Value, frozen=True):
    """An exception raised by the program itself: the name of a built-in exception class, and its text."""

    type: str
    message: str = ""


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An attribute of a `Class`: a function or any other value."""

    value: Operand
    decorator: OneOf["staticmethod", "classmethod", "property"] | None = None


class Class(_Value, frozen=True):
    """A class as data, such as a subclass of ``torch.autograd.Function``."""

    name: str
    base: Global
    members: dict[str, Member]


Operand = Union[
    None,
    bool,
    int,
    str,
    Ref,
    Float,
    Complex,
    Global,
    List,
    Tuple,
    Dict,
    Slice,
    Ellipsis_,
    TensorLiteral,
    Function,
    Class,
]
"""Whatever a step can be given. Integers are JSON integers of any size."""


# ------------------------------------------------------------------------------------------------------------------ steps


class _Step(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag=str.lower,
    kw_only=True,
):
    """What every step shares."""

    drops: tuple[str, ...] = ()
    """Names released as this step runs. The interpreter unbinds them while it resolves the arguments (so that the call
    holds the last reference), except the step's own `out`, which is unbound once it has been observed."""


class Bind(_Step, frozen=True):
    """``out = value`` for a literal: an input tensor, a function, a class."""

    out: str
    value: Operand


class Call(_Step, frozen=True):
    """``out = function(*args, **kwargs)``; `function` is a Global or a Ref to something callable."""

    function: Operand
    args: tuple[Operand, ...] = ()
    kwargs: dict[str, Operand] = {}
    out: str | None = None


class Method(_Step, frozen=True):
    """``out = self.name(*args, **kwargs)``; looked up on the value and called."""

    self: Operand
    name: str
    args: tuple[Operand, ...] = ()
    kwargs: dict[str, Operand] = {}
    out: str | None = None


class Operator(_Step, frozen=True):
    """``out = operator(*args)``, by Python's rules of reflection: ``1 / x`` is ``truediv(1, x)``.

    `operator` is a key of `OPERATORS`. An in-place operator (``iadd``) binds `out` to what it returned.
    """

    operator: str
    args: tuple[Operand, ...]
    out: str | None = None


class Get(_Step, frozen=True):
    """``out = self.name``"""

    self: Operand
    name: str
    out: str | None = None


class Set(_Step, frozen=True):
    """``self.name = value``"""

    self: Operand
    name: str
    value: Operand


class DeleteAttribute(_Step, frozen=True):
    """``del self.name``"""

    self: Operand
    name: str


class SetItem(_Step, frozen=True):
    """``self[index] = value``"""

    self: Operand
    index: Operand
    value: Operand


class Unpack(_Step, frozen=True):
    """``out1, out2 = value``; raises ValueError unless exactly that many values come."""

    value: Operand
    outs: tuple[str, ...]


class Enter(_Step, frozen=True):
    """``out = context.__enter__()``"""

    context: Operand
    out: str | None = None


class Exit(_Step, frozen=True):
    """``context.__exit__(...)``: without an error, or with the one that left the block."""

    context: Operand
    error: Raise | None = None


class Yield(_Step, frozen=True):
    """``out = yield value``, in the body of a generator only."""

    value: Operand
    out: str | None = None


class Delete(_Step, frozen=True):
    """``del name``, for names that no earlier step could let go (their last use was in an enclosing scope)."""


Step = Union[Bind, Call, Method, Operator, Get, Set, DeleteAttribute, SetItem, Unpack, Enter, Exit, Yield, Delete]
