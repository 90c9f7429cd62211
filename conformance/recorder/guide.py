"""The guide: answers what a case's author would find out by looking, about length, shape and dtype, and nothing else.

It runs the steps recorded so far, on PyTorch if that is installed and on numtorch if not, and only when it is asked: most
cases ask nothing, and are recorded without either. No value that it computes reaches a Program.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

from conformance.interpreter.interpreter import Session
from conformance.program import Step

GUIDES = ("torch", "numtorch")
"""The implementations that may guide, best first."""


class NoGuide(RuntimeError):
    """A case asks for a length, and no implementation is there to find it out."""

    def __init__(self) -> None:
        super().__init__(
            f"recording this case needs an implementation to ask for a length or shape: install one of {', '.join(GUIDES)}"
        )


class Guide:
    """Follows one recording.

    It works in a thread of its own. An exception caught deep inside a library may stay alive in a reference cycle, and with
    it every frame below it: run on the recorder's stack, that would keep the case's values alive, in some runs and not others.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="guide")
        self._session: Session | None = None
        self._done = 0

    def answer(self, steps: Sequence[Step], name: str, question: Callable[[Any], Any]) -> Any:
        """``question(value of name)`` after `steps`, which continue those of the last call; None where it has no answer."""
        # The steps come without their `drops`, which are known only later. So the guide holds every value: that changes
        # what is freed when, and no length, shape or dtype.
        news = tuple(steps[self._done :])
        self._done = len(steps)
        return self._thread.submit(self._answer, news, name, question).result()

    def _answer(self, news: tuple[Step, ...], name: str, question: Callable[[Any], Any]) -> Any:
        if self._session is None:
            self._session = Session(_implementation())
            self._session.__enter__()
        for step in news:
            self._session.step(step, observe=False)
        try:
            return question(self._session.values[name])
        except (KeyError, TypeError, ValueError, RuntimeError):
            return None

    def close(self) -> None:
        if self._session is not None:
            self._thread.submit(self._session.close).result()
        self._thread.shutdown()


def _implementation() -> ModuleType:
    for name in GUIDES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise NoGuide
