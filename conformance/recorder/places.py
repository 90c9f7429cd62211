"""What the bytecode around a recorded operation says: the variable its result is stored to, and how many values are unpacked.

Everything goes by the instruction that *follows* the running one, so it does not matter how an interpreter calls: only how it
stores, which changed little between Python 3.11 and 3.13 (the fused stores of 3.13 are handled).
"""

from __future__ import annotations

import dis
from itertools import pairwise
from types import CodeType
from typing import Any

import msgspec


class Place(msgspec.Struct, frozen=True):
    """An instruction that may run a recorded operation."""

    start: int
    end: int
    """Offsets from the instruction up to the last store of its result: what is let go there was let go by it."""
    names: tuple[str | None, ...] = ()
    """The variables stored to; None where the result goes elsewhere."""
    discarded: bool = False
    count: int | None = None
    """How many values an unpacking asks for."""
    starred: int | None = None
    """Where the ``*rest`` stands in an unpacking that has one; `count` then is only the least number."""
    stores: bool = False
    """Whether the instruction itself binds or unbinds a variable."""
    raises: bool = False
    """Whether it is a ``raise`` statement."""

    @property
    def name(self) -> str | None:
        return self.names[0] if len(self.names) == 1 else None


NOWHERE = Place(-1, -1)

_SKIPPED = frozenset({"NOP", "CACHE", "RESUME", "EXTENDED_ARG", "SET_FUNCTION_ATTRIBUTE"})

_tables: dict[int, tuple[CodeType, list[Place]]] = {}
# Keyed by id, as hashing a code object walks all of it; the code is kept beside its table so that the id stays its own.

_assigned: dict[int, tuple[CodeType, frozenset[str]]] = {}

_stored: dict[int, tuple[CodeType, str | None]] = {}


def place(code: CodeType, offset: int) -> Place:
    """The place of the instruction at an offset (``frame.f_lasti``) of a code object."""
    found = _tables.get(id(code))
    if found is None:
        found = _tables[id(code)] = (code, _table(code))
    return found[1][offset >> 1] if offset >= 0 else NOWHERE


def variable(code: CodeType) -> str | None:
    """The variable that the function made of `code` was stored to: None if it was not (a lambda or decorated function).

    Raises KeyError if the code that made it was not looked at yet.
    """
    return _stored[id(code)][1]


def unpacked(code: CodeType, name: str) -> int | None:
    """How many values a function unpacks its parameter `name` to, if it does so directly."""
    instructions = list(dis.get_instructions(code))
    for first, second in pairwise(instructions):
        loaded = first.argval[-1] if isinstance(first.argval, tuple) else first.argval
        if first.opname.startswith("LOAD_FAST") and loaded == name and second.opname == "UNPACK_SEQUENCE":
            return second.arg
    return None


def assigned(code: CodeType) -> frozenset[str]:
    """The attributes that some code, and the functions defined in it, set on anything."""
    found = _assigned.get(id(code))
    if found is None:
        names = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_ATTR"}
        inner = [assigned(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
        found = _assigned[id(code)] = (code, frozenset(names.union(*inner)))
    return found[1]


def _table(code: CodeType) -> list[Place]:
    instructions = [i for i in dis.get_instructions(code) if i.opname not in ("CACHE", "EXTENDED_ARG")]
    table: list[Place] = []
    for index, instruction in enumerate(instructions):
        stop = instructions[index + 1].offset if index + 1 < len(instructions) else len(code.co_code)
        found = _place(instructions, index, stop)
        table.extend([found] * ((stop >> 1) - len(table)))
        if instruction.opname == "MAKE_FUNCTION":
            made = instructions[index - 1].argval
            _stored[id(made)] = (made, found.name)
    return table


def _place(instructions: list[dis.Instruction], index: int, stop: int) -> Place:
    instruction = instructions[index]
    opname = instruction.opname
    facts: dict[str, Any] = {
        "start": instruction.offset,
        "stores": opname.startswith(("STORE_", "DELETE_")),
        "raises": opname == "RAISE_VARARGS",
    }
    wanted = 1
    if opname == "UNPACK_SEQUENCE":
        wanted = facts["count"] = instruction.arg or 0
    elif opname == "UNPACK_EX":
        before, after = (instruction.arg or 0) & 0xFF, (instruction.arg or 0) >> 8
        facts |= {"count": before + after, "starred": before}
        wanted = before + after + 1
    names: list[str | None] = []
    end = stop - 2
    for following in instructions[index + 1 :]:
        if len(names) == wanted:
            break
        match following.opname:
            case "STORE_FAST" | "STORE_DEREF" | "STORE_NAME" | "STORE_GLOBAL":
                names.append(following.argval)
            case "STORE_FAST_STORE_FAST":
                names.extend(following.argval[: wanted - len(names)])
            case "STORE_FAST_LOAD_FAST":
                names.append(following.argval[0])
                end = following.offset
                break
            case "POP_TOP" if wanted == 1:
                facts["discarded"] = True
                end = following.offset
                break
            case "COPY" if following.arg == 1:  # `a = b = value`, or `(a := value)`
                continue
            case "FOR_ITER" if opname == "GET_ITER":
                continue
            case skipped if skipped in _SKIPPED:
                continue
            case _:
                break
        end = following.offset
    return Place(end=end, names=tuple(names), **facts)
