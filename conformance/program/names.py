"""The names that a program can use: Python's operators, and the modules of its own that it may reach."""

from __future__ import annotations

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
