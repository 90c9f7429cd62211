"""Finds the cases: those of this package, and those of modules that a user names."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from conformance.case import Case


class CatalogueError(Exception):
    """The cases cannot be told apart, or one cannot be loaded."""


def catalogue(extra: Iterable[str | Path] = ()) -> dict[str, Case]:
    """Every case by id: modules in the order of their names, cases in the order of their definition.

    `extra` adds a user's own: the name of an importable module, or the path of a file or of a folder of files.
    """
    found: dict[str, Case] = {}
    for module in [*_own(), *(module for source in extra for module in _named(source))]:
        for value in vars(module).values():
            if not isinstance(value, Case) or value.module != module.__name__:
                continue  # a case imported from another module is that module's
            if value.id in found:
                raise CatalogueError(f"two cases have the id {value.id}: {_place(found[value.id])} and {_place(value)}")
            found[value.id] = value
    return found


def _own() -> Iterator[ModuleType]:
    package = importlib.import_module("conformance.cases")
    for name in sorted(info.name for info in pkgutil.iter_modules(package.__path__) if info.name != "catalogue"):
        yield importlib.import_module(f"{package.__name__}.{name}")


def _named(source: str | Path) -> Iterator[ModuleType]:
    path = Path(source)
    if path.is_dir():
        for file in sorted(path.glob("*.py")):
            yield _load(file)
    elif path.suffix == ".py":
        yield _load(path)
    else:
        yield importlib.import_module(str(source))


def _load(file: Path) -> ModuleType:
    # Not entered into sys.modules: a user's file may have the name of any module.
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise CatalogueError(f"there are no cases in {file}: it is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _place(case: Case) -> str:
    code = getattr(getattr(case, "function", None), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(case)
