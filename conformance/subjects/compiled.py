"""PyTorch by way of its compiler: every operator of a program is a function of its own that `torch.compile` has translated.

The backend is aot_eager, which traces forward and backward as the compiler does and then runs PyTorch's own kernels: what is
then called a difference is of the tracing (functionalization, decompositions, the joint graph), and not of generated code.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from typing import Any

import msgspec

from conformance.program import Call, Global, Method, Operator, Program, Step
from conformance.subjects.inprocess import InProcess
from conformance.subjects.libraries.signatures import ALSO, SIGNATURES, SYMBOLS
from conformance.trace import Trace

FACETS = frozenset({"value", "grad", "raised", "dtype", "shape", "requires_grad", "is_leaf"})
"""What a translated function has in common with what it was made from: its node is another, and so are its errors."""

_METHODS = frozenset({signature.method for signature in SIGNATURES.values()} - {""})
_FUNCTIONS = frozenset({s.function for s in SIGNATURES.values()} - {""} | set(ALSO))


class Compiled(InProcess):
    """Operators outside of the bodies of functions are translated; all else is PyTorch's."""

    def __init__(self, module: types.ModuleType, name: str, _: str) -> None:
        made = types.ModuleType(f"{module.__name__}.compiled")
        made.__dict__.update({one: getattr(module, one) for one in dir(module) if not one.startswith("__")})
        made.__dict__.update(__version__=module.__version__, __path__=module.__path__)
        self.translated = made.__dict__["translated"] = _Translated(module)
        super().__init__(made, name, FACETS)

    def run(self, program: Program) -> Trace:
        # Otherwise what was translated for the shapes of earlier programs would fill the compiler's cache, which is small.
        self.translated.forget()
        return super().run(msgspec.structs.replace(program, steps=tuple([_by_compiler(s) for s in program.steps])))


def _by_compiler(step: Step) -> Step:
    match step:
        case Method(name=name) if name in _METHODS:
            named, args, kwargs = f"method:{name}", (step.self, *step.args), step.kwargs
        case Operator(operator=symbol, args=args) if symbol in SYMBOLS:
            named, kwargs = f"operator:{symbol}", {}
        case Call(function=Global(path=path), args=args, kwargs=kwargs) if path.removeprefix("torch.") in _FUNCTIONS:
            named = f"function:{path.removeprefix('torch.').replace('.', '/')}"
        case _:
            return step
    return Call(function=Global(f"torch.translated.{named}"), args=args, kwargs=kwargs, out=step.out, drops=step.drops)


class _Translated:
    """The functions by the names that `_by_compiler` gives them, each translated when it is first asked for."""

    def __init__(self, module: types.ModuleType) -> None:
        self._module = module
        self._made: dict[str, Callable[..., Any]] = {}

    def forget(self) -> None:
        self._module._dynamo.reset()
        self._made.clear()

    def __getattr__(self, named: str) -> Callable[..., Any]:
        kind, _, name = named.partition(":")
        if kind not in ("method", "operator", "function"):
            raise AttributeError(named)
        return lambda *args, **kwargs: self._function(kind, name)(*args, **kwargs)

    def _function(self, kind: str, name: str) -> Callable[..., Any]:
        key = f"{kind}:{name}"
        if key not in self._made:
            plain = {"method": _method, "operator": _operator, "function": self._named}[kind](name)
            self._made[key] = self._module.compile(plain, backend="aot_eager", fullgraph=True, dynamic=False)
        return self._made[key]

    def _named(self, name: str) -> Callable[..., Any]:
        function: Any = self._module
        for part in name.split("/"):
            function = getattr(function, part)
        return lambda *args, **kwargs: function(*args, **kwargs)


def _method(name: str) -> Callable[..., Any]:
    return lambda self, *args, **kwargs: getattr(self, name)(*args, **kwargs)


def _operator(symbol: str) -> Callable[..., Any]:
    function = getattr(operator, symbol)
    return lambda *args: function(*args)
