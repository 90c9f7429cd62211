"""numtorch in the place of PyTorch: after `install()`, `import torch` gives numtorch, and `import torch.nn` numtorch.nn.

    python -m numtorch script.py ...

runs a script that way. Programs and libraries that import torch themselves need no change.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds torch and what is below it."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> Any:
        """A spec for names of torch, None for others."""
        if fullname != "torch" and not fullname.startswith("torch."):
            return None
        try:
            module = importlib.import_module(_ours(fullname))
        except ModuleNotFoundError as error:
            if error.name != _ours(fullname):
                raise
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=hasattr(module, "__path__"))

    def exec_module(self, module: ModuleType) -> None:
        """Put numtorch's module in the place of the new, empty one, which the import system then takes up."""
        sys.modules[module.__name__] = importlib.import_module(_ours(module.__name__))


def _ours(name: str) -> str:
    return "numtorch" + name.removeprefix("torch")


def install() -> None:
    """From now on torch is numtorch. Raises RuntimeError if PyTorch was imported already."""
    found = sys.modules.get("torch")
    ours = importlib.import_module("numtorch")
    if found is ours:
        return
    if found is not None:
        raise RuntimeError("numtorch cannot stand in for PyTorch, which is imported already")
    sys.meta_path.insert(0, _Finder())
    importlib.import_module("torch")
