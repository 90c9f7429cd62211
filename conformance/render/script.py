"""A Program as a script, the way a person would have written it.

What a person would not write is where a Program and a script differ: a temporary that is used once stands where it is used, a
variable is bound again where the old value is let go, ``with`` blocks are indented, functions are lambdas where they can be.
None of that changes what the script does: an expression moves only if everything between is part of the same expression and in
the same order, and a name that is let go elsewhere gets its ``del``.
"""

from __future__ import annotations

import re

from conformance.program import HOST_MODULES, Function, Global, Program, Step, operands, walk
from conformance.render.body import Body
from conformance.trace import Trace

_RANDOM = re.compile(
    r"rand|normal|dropout|bernoulli|multinomial|uniform|exponential_|geometric_|cauchy_|poisson|nn\.(Linear|Embedding)\b"
)


def script(program: Program, trace: Trace | None = None, *, module: str = "torch") -> str:
    """A script that does what `program` does, on PyTorch or on another `module` like it.

    With a trace, the steps that raised there print their error and the script goes on, and those that could not run are
    comments. Without one, the script ends at the first error, as scripts do.
    """
    body = "\n".join([line.text for line in Body(program.steps, trace=trace).write()])
    modules = {f"import {name}" for name in _modules(program.steps) - {"torch", "builtins"}}
    modules.add("import torch" if module == "torch" else f"import {module} as torch")
    if re.search(r"\bmath\.", body):
        modules.add("import math")
    head = sorted(modules)
    if _RANDOM.search(body) or program.seed:
        head += ["", f"torch.manual_seed({program.seed})"]
    return "\n".join([*head, "", body.rstrip("\n"), ""])


def lines(program: Program) -> list[tuple[int, str]]:
    """The program step by step: the index of a step, and a line of it. A step that defines a function has several.

    Every value has the name that it has in the program and in its traces, so nothing is put together or renamed here.
    """
    return [(line.step, line.text) for line in Body(program.steps, plain=True).write()]


def _modules(steps: tuple[Step, ...]) -> set[str]:
    found: set[str] = set()
    for step in steps:
        for operand in operands(step):
            for part in walk(operand):
                if isinstance(part, Global):
                    found.add(part.path.partition(".")[0])
                elif isinstance(part, Function):
                    found |= _modules(part.steps)
    return found & HOST_MODULES
