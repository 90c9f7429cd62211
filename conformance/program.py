"""A Program: what a case does, as an immutable list of steps that is complete before anything runs.

A Program is plain data. It travels as JSON to any implementation in any language, is replayed on two versions of one
implementation, rendered as a PyTorch script, and shrunk by Hypothesis. It names no Python object: a function given as an
argument (a hook, the forward of an ``autograd.Function``) is a nested list of steps.

Three rules make a Program mean the same everywhere:

- *A name is bound once.* ``y *= y`` binds a new name to the (same) object that the operator returned.
- *A step that raises does not end the program.* Its ``out`` stays unbound, and a step that reads an unbound name is blocked.
- *Lifetimes are part of the program.* ``drops`` of a step are the names whose value is let go as the step runs: their last
  reference is handed to the step. PyTorch steals gradients, frees graphs and clears saved values by reference counts, so
  a runner that kept every intermediate value alive would see another behaviour than the case's author. (Rejected: explicit
  ``del`` steps only; every temporary of ``x.pow(3).sum()`` would need one, and none could end *during* a call.)

JSON is made and read by msgspec, strictly: an unknown field or kind is an error, never ignored. `docs/program.md` is the
specification, `schema()` the JSON Schema.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Literal as OneOf, Union

import msgspec

FORMAT = 1
"""The version of the Program format. A reader refuses a Program of another version."""


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

    @classmethod
    def of(cls, number: float) -> Float:
        return cls(repr(float(number)))

    def __float__(self) -> float:
        return float(self.value)


class Complex(_Value, frozen=True):
    """A complex number; `real` and `imag` are written as in `Float`."""

    real: str
    imag: str

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


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Steps to run in order, from a fresh state: gradients enabled, default dtype float32, ``torch.manual_seed(seed)``."""

    format: int = FORMAT
    steps: tuple[Step, ...]
    seed: int = 0
    observe: OneOf["every", "last"] = "every"
    """When tensors are observed: after every step, or only after the last (for programs of thousands of steps)."""

    @classmethod
    def from_json(cls, text: bytes | str) -> Program:
        """The Program that `to_json` wrote. Raises a `ProgramError` naming what is wrong."""
        try:
            program = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotAProgram(str(error)) from error
        program.validate()
        return program

    def to_json(self) -> bytes:
        """The Program as JSON, in one line and always the same bytes."""
        return _encoder.encode(self)

    @property
    def digest(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the JSON; equal programs have equal digests."""
        return hashlib.sha256(self.to_json()).hexdigest()[:16]

    def validate(self) -> None:
        """Raises a `ProgramError` unless every name is bound once, before it is read, and every operator is known."""
        if self.format != FORMAT:
            raise UnknownFormat(self.format)
        _validate(self.steps, frozenset())


OPERATORS: dict[str, str] = {
    # What Python writes as a symbol, by the name that the standard library's `operator` gives it.
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "truediv": "{} / {}",
    "floordiv": "{} // {}",
    "mod": "{} % {}",
    "pow": "{} ** {}",
    "matmul": "{} @ {}",
    "and_": "{} & {}",
    "or_": "{} | {}",
    "xor": "{} ^ {}",
    "lshift": "{} << {}",
    "rshift": "{} >> {}",
    "lt": "{} < {}",
    "le": "{} <= {}",
    "gt": "{} > {}",
    "ge": "{} >= {}",
    "eq": "{} == {}",
    "ne": "{} != {}",
    "neg": "-{}",
    "pos": "+{}",
    "invert": "~{}",
    "abs": "abs({})",
    "getitem": "{}[{}]",
    "iadd": "{} += {}",
    "isub": "{} -= {}",
    "imul": "{} *= {}",
    "itruediv": "{} /= {}",
    "ifloordiv": "{} //= {}",
    "imod": "{} %= {}",
    "ipow": "{} **= {}",
    "imatmul": "{} @= {}",
    "iand": "{} &= {}",
    "ior": "{} |= {}",
    "ixor": "{} ^= {}",
    "ilshift": "{} <<= {}",
    "irshift": "{} >>= {}",
    # Built-in functions whose result may stay symbolic.
    "next": "next({})",
    "iter": "iter({})",
    "reversed": "reversed({})",
    "divmod": "divmod({}, {})",
    "round": "round({})",
    "trunc": "math.trunc({})",
    "floor": "math.floor({})",
    "ceil": "math.ceil({})",
}
"""The operators that a program can use, each with how it is written in Python."""

HOST_MODULES = frozenset(
    {"torch", "copy", "pickle", "gc", "weakref", "threading", "builtins", "io", "numpy", "collections"}
)
"""What a `Global` may start with: ``torch`` is the subject's namespace, the others are Python's (a runner in another
language answers `unsupported`). A closed list, so that running somebody's program cannot reach the file system."""


# ------------------------------------------------------------------------------------------------- walking and validating


def operands(step: Step) -> Iterator[Operand]:
    """The operands that a step is given, in the order in which they are resolved."""
    match step:
        case Bind(value=value) | Unpack(value=value) | Yield(value=value):
            yield value
        case Call(function=function, args=args, kwargs=kwargs):
            yield function
            yield from args
            yield from kwargs.values()
        case Method(self=self, args=args, kwargs=kwargs):
            yield self
            yield from args
            yield from kwargs.values()
        case Operator(args=args):
            yield from args
        case Get(self=self) | DeleteAttribute(self=self):
            yield self
        case Set(self=self, value=value):
            yield self
            yield value
        case SetItem(self=self, index=index, value=value):
            yield self
            yield index
            yield value
        case Enter(context=context) | Exit(context=context):
            yield context
        case Delete():
            return


def outs(step: Step) -> tuple[str, ...]:
    """The names that a step binds."""
    if isinstance(step, Unpack):
        return step.outs
    out = getattr(step, "out", None)
    return () if out is None else (out,)


def children(operand: Operand) -> Iterator[Operand]:
    """The operands directly inside an operand; a function's body is not one of them."""
    match operand:
        case List(items=items) | Tuple(items=items):
            yield from items
        case Dict(items=pairs):
            for key, value in pairs:
                yield key
                yield value
        case Slice(start=start, stop=stop, step=step):
            yield start
            yield stop
            yield step
        case Class(base=base, members=members):
            yield base
            for member in members.values():
                yield member.value


def walk(operand: Operand) -> Iterator[Operand]:
    """An operand and everything inside it, in order; without the bodies of functions."""
    stack = [operand]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))


def _validate(steps: tuple[Step, ...], outer: frozenset[str], *, late: bool = False) -> None:
    # Inside a function (`late`) a name of the enclosing scope may be bound after the definition, so only the bodies'
    # own names are checked there: whether the outer ones exist at the call is for the run to find out.
    bound = set(outer)
    for number, step in enumerate(steps):
        for operand in operands(step):
            for part in walk(operand):
                if isinstance(part, Ref) and part.name not in bound and not late:
                    raise UnknownName(part.name, number)
                if isinstance(part, Global) and part.path.split(".")[0] not in HOST_MODULES:
                    raise UnknownGlobal(part.path, number)
                if isinstance(part, Function):
                    _validate(part.steps, frozenset(part.parameters), late=True)
        if isinstance(step, Operator) and step.operator not in OPERATORS:
            raise UnknownOperator(step.operator, number)
        for name in outs(step):
            if name in bound:
                raise NameBoundTwice(name, number)
            bound.add(name)


class ProgramError(ValueError):
    """A Program that cannot be run."""


class NotAProgram(ProgramError):
    """The text is not the JSON of a Program."""


class UnknownFormat(ProgramError):
    """The Program is of another format version than this package reads."""

    def __init__(self, found: int) -> None:
        super().__init__(f"this program is of format {found}, and this torchstone reads format {FORMAT}")


class _StepError(ProgramError):
    what = ""

    def __init__(self, name: str, step: int) -> None:
        super().__init__(f"step {step}: {self.what} {name!r}")
        self.name, self.step = name, step


class UnknownName(_StepError):
    """A step reads a name that no earlier step binds."""

    what = "no earlier step binds"


class NameBoundTwice(_StepError):
    """Two steps bind the same name."""

    what = "an earlier step binds"


class UnknownOperator(_StepError):
    """An operator that is not in `OPERATORS`."""

    what = "there is no operator"


class UnknownGlobal(_StepError):
    """A global that starts with none of `HOST_MODULES`."""

    what = "a program cannot reach"


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Program)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a Program."""
    return msgspec.json.schema(Program)
