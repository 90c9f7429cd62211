"""Looking through steps and operands, and giving their names others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from conformance.program.parts import (
    Bind,
    Call,
    Class,
    Delete,
    DeleteAttribute,
    Dict,
    Enter,
    Exit,
    Function,
    Get,
    List,
    Method,
    Operand,
    Operator,
    Ref,
    Set,
    SetItem,
    Slice,
    Step,
    TensorLiteral,
    Tuple,
    Unpack,
    Yield,
)

_OPERANDS: dict[type, Callable[[Any], tuple[Operand, ...]]] = {
    Bind: lambda step: (step.value,),
    Unpack: lambda step: (step.value,),
    Yield: lambda step: (step.value,),
    Call: lambda step: (step.function, *step.args, *step.kwargs.values()),
    Method: lambda step: (step.self, *step.args, *step.kwargs.values()),
    Operator: lambda step: step.args,
    Get: lambda step: (step.self,),
    DeleteAttribute: lambda step: (step.self,),
    Set: lambda step: (step.self, step.value),
    SetItem: lambda step: (step.self, step.index, step.value),
    Enter: lambda step: (step.context,),
    Exit: lambda step: (step.context,),
    Delete: lambda step: (),
}


def operands(step: Step) -> tuple[Operand, ...]:
    """The operands that a step is given, in the order in which they are resolved."""
    return _OPERANDS[type(step)](step)


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


_CONTAINERS = (List, Tuple, Dict, Slice, Class)  # what `children` finds something in


def walk(operand: Operand) -> Iterator[Operand]:
    """An operand and everything inside it, in order; without the bodies of functions."""
    yield operand
    if not isinstance(operand, _CONTAINERS):  # nearly none is
        return
    stack = list(children(operand))[::-1]
    while stack:
        current = stack.pop()
        yield current
        if isinstance(current, _CONTAINERS):
            stack.extend(list(children(current))[::-1])


def bound(steps: tuple[Step, ...]) -> Iterator[str]:
    """Every name that steps bind, and the bodies of functions in them."""
    for step in steps:
        yield from outs(step)
        for operand in operands(step):
            for part in walk(operand):
                if isinstance(part, Function):
                    yield from bound(part.steps)


def functions(steps: Iterable[Step], *operands_: Operand) -> Iterator[Function]:
    """Every function among the operands of steps, and those in their bodies."""
    for operand in [*(one for step in steps for one in operands(step)), *operands_]:
        for part in walk(operand):
            if isinstance(part, Function):
                yield part
                yield from functions(part.steps, part.result)


def names_read(function: Function) -> Iterator[str]:
    """Every name that the body of a function reads, and the bodies of functions in it."""
    pending = [function]
    while pending:
        current = pending.pop()
        for operand in [*(one for step in current.steps for one in operands(step)), current.result]:
            for part in walk(operand):
                if isinstance(part, Ref):
                    yield part.name
                elif isinstance(part, Function):
                    pending.append(part)


def renamed(part: Any, names: Mapping[str, Operand]) -> Any:
    """A step or an operand with other names, in bodies of functions, too; a parameter keeps its own, wherever it is read.

    What a name is read as may be any operand. What it is bound as, or dropped as, is a name: where a name is read as
    something else, it is not bound any more.
    """
    if isinstance(part, Ref):
        new = names.get(part.name, part)
        return Ref(new) if isinstance(new, str) else new
    if isinstance(part, tuple):
        return tuple([renamed(one, names) for one in part])
    if isinstance(part, dict):
        return {key: renamed(one, names) for key, one in part.items()}
    if not isinstance(part, msgspec.Struct) or isinstance(part, TensorLiteral):
        return part
    if isinstance(part, Function):
        own = {parameter.lstrip("*") for parameter in part.parameters}
        if not own.isdisjoint(names):
            names = {name: new for name, new in names.items() if name not in own}
    changed: dict[str, Any] = {}
    for field in part.__struct_fields__:
        value = getattr(part, field)
        if field == "outs" or field == "drops":
            new_names = [names.get(name, name) for name in value]
            changed[field] = tuple([name for name in new_names if isinstance(name, str)])
        elif field == "out":
            changed[field] = names.get(value, value)
        else:
            changed[field] = renamed(value, names)
    return msgspec.structs.replace(part, **changed)


def has_empty(steps: Iterable[Step]) -> bool:
    """Whether they are given a tensor of no elements, beside which nothing of what a case claims can be seen."""
    given = (literal for step in steps for operand in operands(step) for literal in walk(operand))
    return any(isinstance(literal, TensorLiteral) and 0 in literal.shape for literal in given)
