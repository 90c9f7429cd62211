"""What is said of a name that numtorch has not: whoever comes with a PyTorch program learns what this library is."""

from __future__ import annotations

import sys
from typing import Any, Protocol


class Lookup(Protocol):
    """What a module answers for a name that is not in it, if it can."""

    def __call__(self, name: str) -> Any: ...


_WHAT = "numtorch is PyTorch's autograd on NumPy alone, and has a part of PyTorch only"


def lacking(module: str, name: str) -> AttributeError:
    """PyTorch's AttributeError for a name that a module lacks, and what numtorch is; Python adds which name is near."""
    inside = sys.modules[module.replace("torch", "numtorch", 1)]
    return AttributeError(f"module '{module}' has no attribute '{name}' ({_WHAT})", name=name, obj=inside)


def lookup(module: str) -> Lookup:
    """The ``__getattr__`` of a module that has nothing more than it shows."""

    def look(name: str) -> Any:
        raise lacking(module, name)

    return look
