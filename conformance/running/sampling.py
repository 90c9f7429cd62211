"""Drawing examples from a Hypothesis strategy so that a seed says everything about what is drawn.

Hypothesis is a test runner with defaults made for one: it replays a database, switches profile where it finds itself on CI,
picks numbers out of the source of whatever modules are loaded, prints. Here each of these is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given
from hypothesis.database import ExampleDatabase
from hypothesis.errors import HypothesisException
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from hypothesis.strategies import SearchStrategy

from conformance.running import interrupts
from conformance.running.enough import Enough

__all__ = ["CannotDraw", "Enough", "draw", "nothing_but_the_seed"]

T = TypeVar("T")


class CannotDraw(Exception):
    """The strategy failed: it raised, a health check did, or nothing that it drew was accepted."""

    def __init__(self, why: BaseException) -> None:
        super().__init__(f"{type(why).__name__}: {why}")
        self.why = why


class _Escaped(BaseException):
    """What looks at the examples raised something that is no finding: shrinking it would be wrong."""


def draw(
    strategy: SearchStrategy[T],
    see: Callable[[T], None],
    *,
    seed: int,
    max_examples: int,
    shrink: bool = False,
    database: ExampleDatabase | None = None,
) -> None:
    """Draws up to `max_examples` examples and shows each to `see`.

    If `see` raises an AssertionError, the example is made smaller if `shrink` says so, and the error of the smallest is raised.
    If it raises Enough, drawing ends. Any other exception of it passes through; one of the strategy becomes CannotDraw.
    """
    seeing = False

    def watched(example: T) -> None:
        nonlocal seeing
        seeing = True
        interrupts.check()
        try:
            see(example)
        except (AssertionError, Enough, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            raise _Escaped from error
        seeing = False

    test = hypothesis.seed(seed)(_settings(max_examples, shrink, database)(given(strategy)(watched)))
    try:
        with nothing_but_the_seed(), interrupts.remembered():
            try:
                test()
            finally:
                interrupts.check()  # that of the last example
    except Enough:
        return
    except _Escaped as error:
        raise (error.__cause__ or error) from None
    except HypothesisException as error:
        raise CannotDraw(error) from error
    except Exception as error:
        if seeing and isinstance(error, AssertionError):
            error.__notes__ = []  # "Falsifying example: …"
            raise
        raise CannotDraw(error) from error


def _settings(max_examples: int, shrink: bool, database: ExampleDatabase | None) -> hypothesis.settings:
    phases = [Phase.reuse] if database is not None else []
    return hypothesis.settings(
        max_examples=max_examples,
        database=database,
        phases=[*phases, Phase.generate, *([Phase.shrink] if shrink else [])],
        # A deadline belongs to the subject, which has its own; the time of a first call (imports) would trip this one.
        deadline=None,
        # How long drawing takes depends on what else the machine does, and no answer may depend on that.
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        backend="hypothesis",
    )


@contextmanager
def nothing_but_the_seed() -> Iterator[None]:
    """Within it what Hypothesis draws hangs on no module that happens to be loaded."""
    # Hypothesis draws a twentieth of all numbers from the constants of the loaded modules that are neither of the standard
    # library nor installed: of the subject, that is, and of the suite itself where it is installed as editable. Two subjects,
    # two workers or two orders of the cases would then draw other programs from the same seed. There is no setting for it
    # (nor does a backend of one's own serve: the tree of examples draws from the built-in one), so the attribute is set.
    provider: Any = providers.HypothesisProvider
    before = provider.__dict__["_local_constants"]
    provider._local_constants = Constants()
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        provider._local_constants = before
        providers.CONSTANTS_CACHE.cache.clear()
