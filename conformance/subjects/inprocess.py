"""A torch-like module in this very process: fast, and as safe as the module is. The oracle runs so."""

from __future__ import annotations

import platform
import types

from conformance.interpreter import run
from conformance.journal import Description
from conformance.program import Program
from conformance.trace import FACETS, Trace


class InProcess:
    """A module that has been imported."""

    def __init__(self, module: types.ModuleType, name: str | None = None, facets: frozenset[str] | None = None) -> None:
        self.module = module
        self.name = name or module.__name__
        self.facets = facets
        """What is observed; None for all. Leaving `repr` out makes small programs a third faster."""

    def describe(self) -> Description:
        return describe_module(self.module, self.name, self.facets)

    def run(self, program: Program) -> Trace:
        return run(program, self.module, self.facets)

    def close(self) -> None:
        """Nothing to end: modules stay imported."""


def describe_module(module: types.ModuleType, name: str, facets: frozenset[str] | None = None) -> Description:
    """What is written about a module into a run's header."""
    notes = {"python": platform.python_version()}
    try:
        import numpy

        notes["numpy"] = numpy.__version__
    except ImportError:
        pass
    return Description(
        name=name,
        version=str(getattr(module, "__version__", "")),
        platform=f"{platform.system()} {platform.machine()}",
        facets=() if facets is None else tuple(f for f in FACETS if f in facets),
        notes=notes,
    )
