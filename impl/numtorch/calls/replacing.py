"""Other code for the functions of operators, for as long as something must see every operator.

While a dual level is entered or a function transform runs, the code of every operator is replaced by one that asks first, as
torch_function.py replaces the code of public functions while somebody overrides them. So operators pay nothing the rest of the
time. (Rejected: a question in each generated operator, which all programs would pay for.)

There are 900 such functions, and to exchange the code of all takes half a millisecond: too much for the gradient of a small
function. So an operator gets its own code back when it is first called after the last transform ended, and the next transform
replaces only what has it.

What is asked, in this order: the innermost interpreter of the thread (levels.py), which has its way with the call and hands it
on to the level below, until there is none; and there the rule of forward mode, if a dual level is entered.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from .. import grad_mode, late, levels, tangents
from . import torch_function

Rule = Callable[["Replaced", tuple, dict], Any]


class Replaced:
    """A function, its rule in forward mode, and what kind of function it is to the interpreters of transforms."""

    __slots__ = (
        *("_asking", "_function", "_known", "_own"),
        *("asks", "kind", "name", "names", "original", "relates", "rule"),
    )

    def __init__(self, target: FunctionType, name: str, rule: Rule | None, kind: Any):
        from ..forward_rules.kinds import view

        self._function, self.name, self.rule, self.kind = target, name, rule, kind
        self.relates = rule is view
        self.asks = False
        known = self._known = torch_function.of(target)
        own = known.own() if known is not None else (target.__code__, target.__defaults__, target.__kwdefaults__)
        self._own = own
        self._asking = torch_function.entry_of(len(own[0].co_freevars)), None, {"_asked": self}
        code, defaults, keywords = own
        self.names = list(code.co_varnames[: code.co_argcount])
        self.original: Any = FunctionType(code, target.__globals__, target.__name__, defaults, target.__closure__)
        self.original.__kwdefaults__ = keywords
        self.original.__qualname__ = target.__qualname__
        if known is not None and not known.tells_signature:
            target.__wrapped__ = self.original  # type: ignore[attr-defined]  # whose signature inspect.signature tells
            known.tells_signature = True

    def on(self) -> None:
        """From now on the function asks."""
        self._write(*self._asking)
        self.asks = True

    def off(self) -> None:
        """The function as it was."""
        self._write(*self._own)
        self.asks = False

    def _write(self, code: Any, defaults: Any, keywords: Any) -> None:
        if self._known is not None:
            self._known.rewrite(code, defaults, keywords)
        else:
            target = self._function
            target.__code__, target.__defaults__, target.__kwdefaults__ = code, defaults, keywords

    def __call__(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        stack = levels.state.stack
        if stack:
            return stack[-1].process(self, args, kwargs)
        if not _holders:
            _put_back(self)
            return self._function(*args, **kwargs)
        if outermost:
            return outermost[0](self, args, kwargs)
        return self.run(self, args, kwargs)

    def run(self, at: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Run the function at one level, `at`: by its rule if there may be tangents; a view where forward mode is off, too,
        whose base may show one later.
        """
        on = grad_mode.state.forward
        if self.rule is None or tangents.entered is None or not (on or (on is False and self.relates)):
            return at.original(*args, **kwargs)
        if at is self:
            return self.rule(self, args, kwargs)
        with levels.Formulas():
            return self.rule(at, args, kwargs)


outermost: list[Callable[[Replaced, tuple, dict], Any]] = []
"""What runs a call outside of all transforms, once one has run: it knows of tensors whose level is over."""

_replaced: dict[FunctionType, Replaced] = {}
_own: list[Replaced] = []  # those that run their own code
_looked_through = 0  # how many public functions there were when the operators among them were last looked for
_lock = threading.RLock()
_holders = 0


def hold() -> None:
    """Replace the code of operators, until as many have let go as hold it."""
    global _holders
    with _lock:
        if not _holders:
            _look()
            for replaced in _own:
                replaced.on()
            _own.clear()
        _holders += 1


def _look() -> None:
    """Find the functions to replace; again only if something was imported since that made public functions."""
    global _looked_through
    if _looked_through == torch_function.count():
        return
    put_all_back()  # functions are known by their own code
    for target, name, rule, kind in targets():
        if target not in _replaced:
            _replaced[target] = Replaced(target, name, rule, kind)
            _own.append(_replaced[target])
    _looked_through = torch_function.count()


def let_go() -> None:
    """The opposite of `hold`."""
    global _holders
    with _lock:
        _holders -= 1


def _put_back(replaced: Replaced) -> None:
    """Give a function that is called while nobody holds operators its own code again."""
    with _lock:
        if replaced.asks and not _holders:
            replaced.off()
            _own.append(replaced)


def put_all_back() -> None:
    """Give every function its own code again, unless somebody holds them."""
    for replaced in list(_replaced.values()):
        _put_back(replaced)


def targets() -> Iterable[tuple[FunctionType, str, Rule | None, Any]]:
    """The functions whose code is replaced, public copies included."""
    from .._functorch import kinds
    from ..forward_rules import table

    import_all()
    by_code: dict[Any, tuple[str, Rule | None, Any]] = {}
    rules = {function: (name, rule) for function, name, rule in table.targets()}
    found = {function: (name, rule, kinds.kind_of(name, rule)) for function, (name, rule) in rules.items()}
    for function, name, kind in kinds.targets():
        known = found.get(function)
        found[function] = (name, None if known is None else known[1], kind)
    for function, what in found.items():
        by_code[place_of(function.__code__)] = what
        yield function, *what
    for function in torch_function.all_known():
        place = place_of(torch_function.of(function).own()[0])  # type: ignore[union-attr]
        if place in by_code:
            yield function, *by_code[place]


def import_all() -> None:
    """Import what is imported on demand: functions are copied then, and copies of exchanged ones would stay exchanged."""
    for name in ("nn.functional", "linalg", "special"):
        importlib.import_module(".." + name, __package__)
    for name in late.names():
        late.function(name)


def place_of(code: Any) -> tuple:
    """Where code was written, which copies of it have in common: a public copy calls its first operand otherwise."""
    return code.co_filename, code.co_firstlineno, code.co_name
