"""Steps and operands as Python expressions, with no more parentheses than Python needs."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import NamedTuple

from conformance.program import (
    OPERATORS,
    Call,
    Complex,
    Dict,
    Ellipsis_,
    Float,
    Function,
    Get,
    Global,
    List,
    Method,
    Operand,
    Operator,
    Raise,
    Ref,
    Slice,
    Step,
    TensorLiteral,
    Tuple,
)
from conformance.render import literals

LAMBDA, COMPARISON, OR, XOR, AND, SHIFT, SUM, PRODUCT, UNARY, POWER, POSTFIX = range(11)

_LEVELS = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), COMPARISON),
    "or_": OR,
    "xor": XOR,
    "and_": AND,
    "lshift": SHIFT,
    "rshift": SHIFT,
    "add": SUM,
    "sub": SUM,
    "pow": POWER,
    **dict.fromkeys(("mul", "truediv", "floordiv", "mod", "matmul"), PRODUCT),
    **dict.fromkeys(("neg", "pos", "invert"), UNARY),
}


def quoted(text: str) -> str:
    """A string literal, in double quotes where that needs no more escapes."""
    single = repr(text)
    return f'"{single[1:-1]}"' if single[0] == "'" and '"' not in text and "'" not in text else single


def exception(error: Raise) -> str:
    """The expression that makes an exception."""
    return f"{error.type}({quoted(error.message)})" if error.message else f"{error.type}()"


class Text(NamedTuple):
    """An expression, and how tightly its outermost operator binds."""

    text: str
    level: int = POSTFIX

    def within(self, level: int) -> str:
        """The expression where at least `level` is needed."""
        return self.text if self.level >= level else f"({self.text})"


Named = Callable[[str], Text]
"""What stands where a program refers to a name: a variable, or the expression that computes the value."""

Defined = Callable[[Function], Text]
"""What stands for a function: a lambda, or the name of one defined before."""


class Writer:
    """Writes operands and the expressions of steps."""

    def __init__(self, named: Named, defined: Defined) -> None:
        self.named = named
        self.defined = defined

    def operand(self, value: Operand) -> Text:
        match value:
            case Ref(name=name):
                return self.named(name)
            case str():
                return Text(quoted(value))
            case bool() | None:
                return Text(repr(value))
            case int():
                return Text(repr(value), UNARY if value < 0 else POSTFIX)
            case Float():
                text, negative = literals.number(float(value))
                return Text(text, UNARY if negative else POSTFIX)
            case Complex():
                text, loose = literals.complex_number(value)
                return Text(text, SUM if loose else POSTFIX)
            case Global(path=path):
                return Text(path.removeprefix("builtins."))
            case List(items=items):
                return Text(f"[{self.many(items)}]")
            case Tuple(items=items):
                return Text(f"({self.many(items)}{',' if len(items) == 1 else ''})")
            case Dict(items=pairs):
                return Text("{" + ", ".join([f"{self.text(k)}: {self.text(v)}" for k, v in pairs]) + "}")
            case Slice(start=start, stop=stop, step=step):
                return Text(f"slice({self.many((start, stop, step))})")
            case Ellipsis_():
                return Text("...")
            case TensorLiteral():
                return Text(literals.tensor(value))
            case Function():
                return self.defined(value)
        raise TypeError(f"not an operand of an expression: {value!r}")

    def text(self, value: Operand) -> str:
        return self.operand(value).text

    def many(self, values: tuple[Operand, ...]) -> str:
        return ", ".join([self.text(value) for value in values])

    def arguments(self, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> str:
        parts = [self.text(argument) for argument in args]
        for key, value in kwargs.items():
            if key.isidentifier() and not keyword.iskeyword(key):
                parts.append(f"{key}={self.text(value)}")
            else:
                parts.append(f"**{{{key!r}: {self.text(value)}}}")
        return ", ".join(parts)

    def index(self, value: Operand) -> str:
        """What stands between the brackets of an item."""
        if isinstance(value, Tuple) and value.items:
            parts = [self._range(item) for item in value.items]
            return ", ".join(parts) + ("," if len(parts) == 1 else "")
        return self._range(value)

    def _range(self, value: Operand) -> str:
        if not isinstance(value, Slice):
            return self.text(value)
        start, stop = ["" if end is None else self.text(end) for end in (value.start, value.stop)]
        return f"{start}:{stop}" + ("" if value.step is None else f":{self.text(value.step)}")

    def step(self, step: Step) -> Text | None:
        """The expression of a step that is one; None for a statement."""
        match step:
            case Call(function=function, args=args, kwargs=kwargs):
                return Text(f"{self.operand(function).within(POSTFIX)}({self.arguments(args, kwargs)})")
            case Method(self=self_, name=name, args=args, kwargs=kwargs):
                return Text(f"{self._owner(self_)}.{name}({self.arguments(args, kwargs)})")
            case Get(self=self_, name=name):
                return Text(f"{self._owner(self_)}.{name}")
            case Operator(operator=operator, args=args):
                return self._operator(operator, args)
        return None

    def _owner(self, value: Operand) -> str:
        text = self.operand(value).within(POSTFIX)
        return f"({text})" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else text

    def _operator(self, operator: str, args: tuple[Operand, ...]) -> Text:
        if operator == "getitem":
            return Text(f"{self.operand(args[0]).within(POSTFIX)}[{self.index(args[1])}]")
        level = _LEVELS.get(operator)
        if level is None:  # written as a call
            name = OPERATORS[operator].partition("(")[0]
            return Text(f"{name}({self.many(args)})")
        if len(args) == 1:
            return Text(OPERATORS[operator].format(self.operand(args[0]).within(UNARY)), UNARY)
        left, right = level, level + 1
        if operator == "pow":
            left, right = POSTFIX, UNARY
        elif level == COMPARISON:
            left = COMPARISON + 1
        first, second = self.operand(args[0]).within(left), self.operand(args[1]).within(right)
        return Text(OPERATORS[operator].format(first, second), level)
