"""What PyTorch says about a call whose arguments do not fit: its argument parser, asked when a call has failed.

`signatures.txt` has the signatures of the functions that PyTorch writes in C++, in its own words, one function a line and a
method (`.name`) only where it is not the function without its first tensor. Nothing is read, checked or even imported while
calls succeed: checked.py catches what a function raised, and asks what the parser would have refused before the function
began. (Rejected: a check in each function, which every new one would have to remember; and to check each call, which all of
them would pay for.)
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..device import device, layout, memory_format
from ..dtype import INTEGRAL, dtype, of
from ..plain_numpy import np
from ..storage import TypedStorage, UntypedStorage
from ..tensor import Tensor
from .keyword_order import in_order
from .operands import type_name

_OUT = re.compile(r"(, )?(\*, )?(Tensor|tuple of Tensors)\?? out\b[^,)]*")


@dataclass(frozen=True)
class Parameter:
    """One parameter: `int dim = None`."""

    kind: str
    name: str
    optional: bool
    nullable: bool
    keyword_only: bool

    def takes(self, value: Any) -> bool:
        """Whether the parser takes the value. Kinds that it has no check of here take all."""
        return (value is None and self.nullable) or _CHECKS.get(self.kind, _anything)(value)


NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}

_UNPACKING = "failed to unpack the object"

_STAR = Parameter("*", "*", True, False, True)


@dataclass(frozen=True)
class Signature:
    """One overload, as PyTorch writes it."""

    text: str
    parameters: tuple[Parameter, ...]

    @property
    def parts(self) -> tuple[Parameter, ...]:
        """The parameters as PyTorch counts them where it compares a call with its text: the star is one, which nothing
        fits, and so is nothing at all."""
        if not self.parameters:
            return (_STAR,)
        at = self.positional
        star = (_STAR,) if at < len(self.parameters) else ()
        return self.parameters[:at] + star + self.parameters[at:]

    @property
    def positional(self) -> int:
        """How many arguments may be given by position."""
        return sum([not p.keyword_only for p in self.parameters])

    @property
    def required(self) -> int:
        """How many arguments there must be."""
        return sum([not p.optional for p in self.parameters])

    def refuse(self, name: str, args: tuple, kwargs: dict[str, Any]) -> str | None:
        """What the parser says if this is the one signature that can be meant, or None."""
        most = self.positional
        if most == 1 and self.parameters[0].kind == "tuple of ints" and args and _is_int(args[0]):
            args = (args,)  # expand(2, 3)
        if len(args) > most:
            least = self.required  # PyTorch counts those that need a keyword, too
            if least != most:
                return f"{name}() takes from {least} to {most} positional arguments but {len(args)} were given"
            verb = "was" if len(args) == 1 else "were"
            return f"{name}() takes {most} positional argument{'s' * (most != 1)} but {len(args)} {verb} given"
        left = {self._own(k): v for k, v in kwargs.items()}
        settled = None
        for index, p in enumerate(self.parameters):
            keyword = index >= len(args)
            if keyword and p.name not in left:
                if not p.optional:
                    return self._missing(name, index)
                continue
            value = left.pop(p.name) if keyword else args[index]
            if not p.takes(value):
                told = _misfit(name, p, index, "" if keyword else f" (position {index + 1})", value)
                if _UNPACKING not in told:
                    return told
                settled = settled or told  # found when all else fits: before, only the first item is looked at
        for keyword in left:
            if any(p.name == keyword for p in self.parameters):
                return f"{name}() got multiple values for argument '{keyword}'"
            return f"{name}() got an unexpected keyword argument '{keyword}'"
        return settled

    def _own(self, keyword: str) -> str:
        """The parameter that a keyword means: NumPy's names are taken, too."""
        meant = NUMPY_NAMES.get(keyword)
        return meant if meant is not None and any(p.name == meant for p in self.parameters) else keyword

    def by_position(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        """The same arguments, by position as far as they can be."""
        left = {self._own(k): v for k, v in kwargs.items()}
        for p in self.parameters[len(args) : self.positional]:
            if p.name not in left:
                break
            args = (*args, left.pop(p.name))
        for p in self.parameters:
            if p.kind == "torch.dtype" and isinstance(left.get(p.name), type):
                left[p.name] = of(left[p.name])
        return args, left

    def _missing(self, name: str, index: int) -> str:
        names = [f'"{p.name}"' for p in self.parameters[index:] if not p.optional]
        # The plural is PyTorch's.
        return (
            f"{name}() missing {len(names)} required positional argument{'s' * (len(names) == 1)}: {', '.join(names)}"
        )

    def mismatch(self, args: tuple, kwargs: dict[str, Any]) -> str:
        """The line that says which arguments are to blame, where as many were given as there are parameters."""
        if len(args) + len(kwargs) != len(self.parts):
            return ""
        # PyTorch reads a parameter's name with its default, and so finds none that has one.
        unknown = [k for k in kwargs if not any(p.name == k and not p.optional for p in self.parts[len(args) :])]
        if unknown:
            return f"      didn't match because some of the keywords were incorrect: {', '.join(unknown)}\n"
        return f"      didn't match because some of the arguments have invalid types: {self.marked(args, kwargs)}\n"

    def marked(self, args: tuple, kwargs: dict[str, Any]) -> str:
        """The types of the arguments, between exclamation marks where they are wrong."""
        found = []
        for index, p in enumerate(self.parts):
            keyword = index >= len(args)
            if keyword and p.name not in kwargs:
                continue
            value = kwargs[p.name] if keyword else args[index]
            # PyTorch calls wrong here what it takes elsewhere: a Number, one int for all dimensions, whatever has a default.
            fits = _CHECKS.get(p.kind, _anything)(value) and p.kind != "Number" and not p.optional
            fits = fits and not (p.kind.startswith("tuple of ints") and _is_int(value))
            told = f"{p.name}={_detailed(value)}" if keyword else _detailed(value)
            found.append(told if fits else f"!{told}!")
        return f"({', '.join(found)}{'' if args else ', '})"


def _detailed(value: Any) -> str:
    """The name of a value's type, and of those of its items."""
    if isinstance(value, (list, tuple)):
        left, right = "[]" if isinstance(value, list) else "()"
        return f"{type_name(value)} of {left}{', '.join([type_name(v) for v in value])}{right}"
    return type_name(value)


def _misfit(name: str, p: Parameter, index: int, where: str, value: Any) -> str:
    if p.kind == "tuple of Tensors" and isinstance(value, (tuple, list)):
        at, item = next((i, v) for i, v in enumerate(value) if not isinstance(v, Tensor))
        return f"expected Tensor as element {at} in argument {index}, but got {type_name(item)}"
    found = f"not {type_name(value)}"
    if p.kind.startswith("tuple of ints") and isinstance(value, (tuple, list)):
        at, item = next((i, v) for i, v in enumerate(value) if not _is_item(i, v))
        if at:
            reason = f'"type must be tuple of ints,but got {type_name(item)}"'
            return f"{name}(): argument '{p.name}' {_UNPACKING} at pos {at + 1} with error {reason}"
        found = f"but found element of type {type_name(item)} at pos 0"
    return f"{name}(): argument '{p.name}'{where} must be {p.kind.removesuffix('#')}, {found}"


# ---- which values are of a kind


def _anything(value: Any) -> bool:
    return True


def _is_scalar_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) and not value._desc.ndim and not value.requires_grad


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex, np.number, np.bool_)) or _is_scalar_tensor(value)


def _is_float(value: Any) -> bool:
    return _is_number(value) and not isinstance(value, (complex, np.complexfloating))


def _is_int(value: Any) -> bool:
    if isinstance(value, Tensor):
        return _is_scalar_tensor(value) and value._desc.dtype.category == INTEGRAL
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _are_ints(value: Any) -> bool:
    # Some of these take one int for all dimensions; the signature does not tell which.
    return _is_int(value) or _is_list_of_ints(value)


def _is_list_of_ints(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(map(_is_item, range(len(value)), value))


def _is_item(at: int, value: Any) -> bool:
    """Whether a list of ints may have the item there: a bool counts as a number anywhere but in front."""
    return _is_int(value) or (at > 0 and isinstance(value, bool))


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "Tensor": lambda value: isinstance(value, Tensor),
    "Tensor#": lambda value: isinstance(value, Tensor) or _is_number(value),  # PyTorch says Tensor, and takes numbers
    "tuple of Tensors": lambda value: isinstance(value, (tuple, list)) and all(isinstance(v, Tensor) for v in value),
    "Number": _is_number,
    "float": _is_float,
    "int": _is_int,
    "bool": _is_bool,
    "tuple of ints": _are_ints,
    "tuple of ints#": _is_list_of_ints,  # and never one int
    "torch.Storage": lambda value: isinstance(value, (TypedStorage, UntypedStorage)),
    "str": lambda value: isinstance(value, str),
    "name": lambda value: isinstance(value, str),
    "tuple of names": lambda value: isinstance(value, (tuple, list)) and all(isinstance(v, str) for v in value),
    "torch.Generator": lambda value: type(value).__name__ == "Generator",  # whose module takes a while to import
    "torch.dtype": lambda value: isinstance(value, dtype) or value in (float, int, bool, complex),
    "torch.layout": lambda value: isinstance(value, layout),
    "torch.device": lambda value: isinstance(value, (device, str, int)),
    "torch.memory_format": lambda value: isinstance(value, memory_format),
    "*": lambda value: False,
}


# ---- the table


@dataclass(frozen=True)
class Function:
    """A function's overloads, and whether it has others that PyTorch does not tell of."""

    overloads: tuple[Signature, ...]
    hidden: bool

    def refuse(self, name: str, args: tuple, kwargs: dict[str, Any]) -> str | None:
        """What PyTorch's parser says about the arguments, or None if it takes them."""
        if len(self.overloads) == 1 and not self.hidden:
            return self.overloads[0].refuse(name, args, kwargs)
        for overload in self.overloads:
            told = overload.refuse(name, args, kwargs)
            if told is None or _UNPACKING in told:
                return told
        given = kwargs
        kwargs = in_order(kwargs)
        count = len(args) + len(kwargs)
        likely = [s for s in self.overloads if s.required <= count <= len(s.parameters)]
        if len(likely) == 1:
            return likely[0].refuse(name, args, given)
        start = f"{name}() received an invalid combination of arguments - got "
        if len(self.overloads) > 1:
            options = [f" * {s.text}\n{s.mismatch(args, kwargs)}" for s in self.overloads]
            return f"{start}{_given(args, kwargs)}, but expected one of:\n{''.join(options)}"
        (one,) = self.overloads
        unknown = [k for k in kwargs if not any(p.name == k for p in one.parameters)]
        if unknown:
            return f"{start}unrecognized keyword arguments: {', '.join(unknown)}"
        found = one.marked(args, kwargs) if count == len(one.parts) else _given(args, kwargs)
        return f"{start}{found}, but expected {one.text}"


def _given(args: tuple, kwargs: dict[str, Any]) -> str:
    found = [type_name(v) for v in args] + [f"{k}={type_name(v)}" for k, v in kwargs.items()]
    return f"({', '.join(found)}{'' if args or not kwargs else ', '})"


@functools.cache
def _lines() -> dict[str, str]:
    with open(__file__.removesuffix("py") + "txt", encoding="utf-8") as file:  # importing pathlib takes 2 ms
        text = file.read()
    return dict([line.split(" ", 1) for line in text.splitlines()])


def _without_self(row: str) -> str | None:
    """The row of a method from that of the function: without the first tensor, and without out=."""
    overloads = row.removesuffix(" !").split("; ")
    if not all(s.startswith("(Tensor input") for s in overloads):
        return None
    short = [_OUT.sub("", "(" + s.removeprefix("(Tensor input").removeprefix(", ")) for s in overloads]
    return "; ".join(short) + (" !" if row.endswith(" !") else "")


@functools.cache
def signature_of(name: str, method: bool) -> Function | None:
    """The signatures of a function or method, None for what PyTorch does not write in C++."""
    rows = _lines()
    found = None
    for candidate in (name, name.removesuffix("_")):
        if method:
            found = rows.get("." + candidate)
            found = found or (_without_self(rows[candidate]) if candidate in rows else None)
        elif candidate in rows:
            found = rows[candidate] if candidate == name else _OUT.sub("", rows[candidate])
        if found is not None:
            break
    if found is None:
        return None
    hidden = found.endswith(" !")
    return Function(tuple([_parse(s) for s in found.removesuffix(" !").split("; ")]), hidden)


def _parse(text: str) -> Signature:
    parameters = []
    keyword_only = False
    for part in re.split(r", (?![^\[]*\])", text[1:-1]) if text != "()" else ():
        if part == "*":
            keyword_only = True
            continue
        declared, has_default, default = part.partition(" = ")
        kind, _, name = declared.rpartition(" ")
        nullable = kind.endswith("?") or default == "None"
        parameters.append(Parameter(kind.removesuffix("?"), name, bool(has_default), nullable, keyword_only))
    return Signature(text.replace("?", "").replace("#", ""), tuple(parameters))


def refusal(name: str, args: tuple, kwargs: dict[str, Any], method: bool) -> TypeError | None:
    """PyTorch's error about the arguments of a call that failed, None if they are not to blame."""
    found = signature_of(name, method)
    if found is None:
        return None
    if method:
        args = args[1:]
        if not found.overloads[0].parameters and len(found.overloads) == 1 and (args or kwargs):
            # Python refuses these before PyTorch's parser sees them.
            count = "no keyword arguments" if kwargs else f"no arguments ({len(args)} given)"
            return TypeError(f"Tensor.{name}() takes {count}")
    text = found.refuse(name, args, kwargs)
    return None if text is None else TypeError(text)


def rearranged(name: str, args: tuple, kwargs: dict[str, Any], method: bool) -> tuple[tuple, dict[str, Any]] | None:
    """The arguments of a call that the parser takes, in the order and under the names of the overload that takes them."""
    found = signature_of(name, method)
    if found is None:
        return None
    own, rest = (args[:1], args[1:]) if method else ((), args)
    for overload in found.overloads:
        if overload.refuse(name, rest, kwargs) is None:
            args, kwargs = overload.by_position(rest, kwargs)
            return own + args, kwargs
    return None
