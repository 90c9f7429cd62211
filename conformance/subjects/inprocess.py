"""A torch-like module in this very process: fast, and as safe as the module is. The oracle runs so."""

from __future__ import annotations

import platform
import types

import msgspec

from conformance.interpreter.interpreter import run
from conformance.journal import Description
from conformance.program import Program
from conformance.subjects.base import SubjectUnavailable
from conformance.trace import FACETS, Trace


class InProcess:
    """A module that has been imported."""

    def __init__(self, module: types.ModuleType, name: str | None = None, facets: frozenset[str] | None = None) -> None:
        self.module = module
        self.name = name or module.__name__
        declared = getattr(module, DECLARED, None)
        self._is_library = isinstance(declared, Description)
        if isinstance(declared, Description) and not facets:
            facets = frozenset(declared.facets) or None
        self.facets = facets
        """What is observed; None for all. Leaving `repr` out makes small programs a third faster."""

    def describe(self) -> Description:
        return describe_module(self.module, self.name, self.facets)

    def run(self, program: Program) -> Trace:
        # Behind what a library lacks nothing is compared, and some libraries take a tenth of a second for every step.
        return run(program, self.module, self.facets, until_lack=self._is_library)

    def close(self) -> None:
        """Nothing to end: modules stay imported."""


DECLARED = "__torchstone_description__"
"""The attribute of a module in which it says itself what it is, instead of being looked at: a Description, or a dict of those
of its fields that the module knows better: its `facets` and `features`."""

_SEEN_BY = {
    "grad": "Tensor.grad",
    "requires_grad": "Tensor.requires_grad",
    "is_leaf": "Tensor.is_leaf",
    "version": "Tensor._version",
    "stride": "Tensor.stride",
    "graph": "Tensor.grad_fn",
    "mode": "is_grad_enabled",
}
"""What a module must have for a facet to be observed. Without it nothing could be seen on any tensor, and every case would fail
for the same one reason; so the lack is declared once, in the run's header."""


def observable(module: types.ModuleType) -> tuple[str, ...]:
    """The facets that can be observed on the tensors of a module; empty if that is all of them."""
    found = tuple(facet for facet in FACETS if facet not in _SEEN_BY or _has(module, _SEEN_BY[facet]))
    if not _prints_as_pytorch(module):
        found = tuple(facet for facet in found if facet != "repr")
    return () if len(found) == len(FACETS) else found


def _prints_as_pytorch(module: types.ModuleType) -> bool:
    """Whether the text of a tensor is meant to be PyTorch's. Of one that is not, every program would say the same."""
    try:
        return repr(module.tensor([1.0])).startswith("tensor(")
    except Exception:
        return False


def _has(module: types.ModuleType, path: str) -> bool:
    value: object = module
    for name in path.split("."):
        if not hasattr(value, name):
            # An attribute that is set on instances only does not show on the class.
            return isinstance(value, type) and _on_instances(module, name)
        value = getattr(value, name)
    return True


def _on_instances(module: types.ModuleType, name: str) -> bool:
    try:
        return hasattr(module.tensor([1.0]), name)
    except Exception:
        return False


def describe_module(module: types.ModuleType, name: str, facets: frozenset[str] | None = None) -> Description:
    """What is written about a module into a run's header. One over another library declares itself, as `DECLARED`."""
    declared = getattr(module, DECLARED, {})
    if isinstance(declared, Description):
        return declared
    notes = {"python": platform.python_version()}
    try:
        import numpy

        notes["numpy"] = numpy.__version__
    except ImportError:
        pass
    looked_at = {
        "name": name,
        "version": str(getattr(module, "__version__", "")),
        "platform": f"{platform.system()} {platform.machine()}",
        "facets": observable(module) if facets is None else tuple(f for f in FACETS if f in facets),
        "notes": notes,
    }
    try:
        return msgspec.convert({**looked_at, **declared}, Description)
    except (msgspec.ValidationError, TypeError) as error:
        raise SubjectUnavailable(f"torchstone: {name!r} has a {DECLARED} that is none: {error}") from error
