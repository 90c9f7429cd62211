"""How a change of numtorch's source is made to run, without a file of the repository being touched.

Two ways, for one set of changed texts:

- `plant` puts a finder in front of Python's own, before numtorch is imported: the changed modules come from memory, all
  others from their files and bytecode. It takes a few milliseconds, so a forked process can do it for every mutant.
- `write_copy` writes a changed copy of the package to a folder, for who runs a subject by PYTHONPATH.

An operator's row is no code that runs, dispatch/ is: where ops/ or the generator is changed, the generated modules are written
anew from it.
"""

from __future__ import annotations
import __future__

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

PACKAGE = "numtorch"

Texts = Mapping[str, str]
"""Changed files of the package: path below it, and text."""

T = TypeVar("T")


class CannotPlant(Exception):
    """The source is not what a change was written for."""


@dataclass(frozen=True)
class Change:
    """In one file an exact piece of text, found there once, becomes another."""

    file: str
    old: str
    new: str

    def made_to(self, text: str) -> str:
        """The text with the change. Raises CannotPlant if the old piece is not there, or not just once."""
        found = text.count(self.old)
        if found != 1:
            where = "is no longer in" if not found else f"is {found} times in"
            raise CannotPlant(f"{self.file}: what should be changed {where} the file:\n{self.old}")
        if self.old == self.new:
            raise CannotPlant(f"{self.file}: nothing is changed:\n{self.old}")
        return text.replace(self.old, self.new)


@cache
def package() -> Path:
    """The folder of numtorch. It is looked for without importing it."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise CannotPlant(f"{PACKAGE} is not installed")
    return Path(spec.origin).parent


def changed(changes: Iterable[Change]) -> dict[str, str]:
    """The files that changes are made to, changed; with the generated ones, if rows are among them. Raises CannotPlant."""
    texts: dict[str, str] = {}
    for change in changes:
        before = texts.get(change.file)
        if before is None:
            path = package() / change.file
            if not path.is_file():
                raise CannotPlant(f"{change.file}: there is no such file in {PACKAGE}")
            before = path.read_text()
        texts[change.file] = change.made_to(before)
    if any(generates(file) for file in texts):
        texts |= apart(_generated, texts)
    for file, text in texts.items():
        if file.endswith(".py"):
            try:
                compile(text, file, "exec")
            except SyntaxError as error:
                raise CannotPlant(f"{file}: the changed text is no Python: {error}") from error
    return texts


def generates(file: str) -> bool:
    """Whether dispatch/ is written from what stands in this file."""
    return file.startswith(("ops/", "generator/"))


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """What a function returns in a forked process, which what it imports dies with."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as one:
        return one.submit(function, *arguments).result()


def in_processes(function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The results of several calls, each in a forked process of its own, in their order."""
    with ProcessPoolExecutor(len(arguments), mp_context=multiprocessing.get_context("fork")) as processes:
        futures = [processes.submit(function, *given) for given in arguments]
        return [future.result() for future in futures]


def _generated(texts: Texts) -> dict[str, str]:
    """The generated modules that differ once the texts are planted. Imports a bare numtorch: for a process of its own."""
    forget()
    plant(texts)
    codegen = load_codegen()
    return {
        str(path.relative_to(package())): text
        for path, text in codegen.dispatch().items()
        if not path.exists() or path.read_text() != text
    }


def load_codegen() -> types.ModuleType:
    """numtorch's generator, run as the script that it is: within a package whose `__init__` has not run."""
    spec = importlib.util.spec_from_file_location("_numtorch_codegen", package() / "codegen.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def forget() -> None:
    """Takes numtorch out of what is imported, so that it will be imported anew."""
    for name in [name for name in sys.modules if name == PACKAGE or name.startswith(PACKAGE + ".")]:
        del sys.modules[name]


# ----------------------------------------------------------------------------------------------------------- importing


class Finder(importlib.abc.MetaPathFinder):
    """Finds the changed modules of numtorch, and no other."""

    def __init__(self, texts: Mapping[str, str | ast.Module]) -> None:
        self.modules = {module_name(file): (file, text) for file, text in texts.items() if file.endswith(".py")}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self.modules:
            return None
        file, text = self.modules[fullname]
        origin = package() / file
        loader = _Loader(file, text)
        return importlib.util.spec_from_file_location(
            fullname,
            origin,
            loader=loader,
            submodule_search_locations=[str(origin.parent)] if origin.name == "__init__.py" else None,
        )


class _Loader(importlib.abc.Loader):
    def __init__(self, file: str, text: str | ast.Module) -> None:
        self.file, self.text = file, text

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        name = str(package() / self.file)
        if isinstance(self.text, str) and self.file.startswith("dispatch/"):
            codes = code_of(self.text, name)
        else:
            codes = [compile(self.text, name, "exec", dont_inherit=True)]
        for code in codes:
            exec(code, vars(module))

    def get_source(self, fullname: str) -> str:
        return self.text if isinstance(self.text, str) else (package() / self.file).read_text()


def code_of(text: str, filename: str) -> list[types.CodeType]:
    """A generated module as the code of its top-level definitions, one after the other.

    A dispatch module has up to 10,000 lines, of which a mutant changes ten: the others are compiled once and kept.
    """
    return [_compiled(piece, filename) for piece in re.split(r"\n(?=class |def )", text)]


@cache
def _compiled(piece: str, filename: str) -> types.CodeType:
    code: types.CodeType = compile(
        piece, filename, "exec", flags=__future__.annotations.compiler_flag, dont_inherit=True
    )
    return code


def plant(texts: Mapping[str, str | ast.Module]) -> None:
    """From now on numtorch is imported with these changes. It must not have been imported before."""
    if PACKAGE in sys.modules:
        raise CannotPlant(f"{PACKAGE} is imported already")
    sys.meta_path.insert(0, Finder(texts))


def module_name(file: str) -> str:
    """``autograd/__init__.py`` → ``numtorch.autograd``."""
    parts = [PACKAGE, *Path(file).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# ------------------------------------------------------------------------------------------------------------- copying


def write_copy(texts: Texts, folder: Path) -> Path:
    """Writes numtorch with these changes below a folder, to be put in front of PYTHONPATH. Returns the folder."""
    target = folder / PACKAGE
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(package(), target, ignore=shutil.ignore_patterns("__pycache__"))
    for file, text in texts.items():
        (target / file).write_text(text)
    return folder


def run_with(texts: Texts, command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command in a process that finds the changed copy first."""
    import os

    write_copy(texts, folder)
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH", "")])]
    return subprocess.run(
        command, env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)}, capture_output=True, text=True, check=False
    )
