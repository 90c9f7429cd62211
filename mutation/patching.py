"""How a change is made to a numtorch that is imported already: a function gets the code that the changed source has for it.

Importing numtorch takes longer than the first programs do, and nearly every mutant changes what one function does and nothing
else. So the process that mutants are forked from has all of numtorch imported (`Imported`), and a fork puts the changed code in
its place (`Imported.take`), whoever holds the function. The mutant is imported as a whole (`planting.plant`) where it cannot:

- the change shows in what a module or a class does as it is imported: a default, a decorator, a table, what a node saves;
- the function runs while numtorch is imported, so that what it has made would stay;
- there are several functions of its name, or none: one made anew at each call, by a function that does not change.

The tangents that rows state are a table, which is looked at when one is asked for: its rows are exchanged.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
import types
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from mutation.planting import PACKAGE, Texts, code_of, module_name, package
from mutation.stated import FILE as TANGENTS


class Imported:
    """numtorch as it is, with all that programs make it import, in a process that runs none."""

    def __init__(self, modules: Iterable[str] = ()) -> None:
        root = str(package())
        self._ran: set[tuple[str, str]] = set()
        """The functions that ran on import, by file and qualified name."""

        def profile(frame: types.FrameType, event: str, argument: object) -> None:
            code = frame.f_code
            if event == "call" and code.co_filename.startswith(root):
                self._ran.add((code.co_filename, code.co_qualname))

        sys.setprofile(profile)
        try:
            importlib.import_module(PACKAGE)
            for name in modules:
                importlib.import_module(name)
                _uncover(name)
        finally:
            sys.setprofile(None)
        self._functions: dict[tuple[str, str], list[types.FunctionType]] = {}
        for one in gc.get_objects():
            if isinstance(one, types.FunctionType) and one.__code__.co_filename.startswith(root):
                self._functions.setdefault((one.__code__.co_filename, one.__code__.co_qualname), []).append(one)

    def take(self, texts: Texts) -> bool:
        """Whether the change could be made. If not, nothing has been."""
        found: list[tuple[types.FunctionType, types.CodeType]] = []
        headers: list[tuple[types.ModuleType, list[str]]] = []
        tables: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for file, text in texts.items():
            if not file.endswith(".py") or file.startswith("ops/"):
                continue  # rows are no code that runs: dispatch/ is, and is among the texts
            module = sys.modules.get(module_name(file))
            if module is None:
                return False
            if file == TANGENTS:
                scope: dict[str, Any] = {}
                exec(text, scope)
                tables.append((module.FORWARD, scope["FORWARD"]))
                continue
            path = package() / file
            before, after = _codes(path.read_text(), str(path), file), _codes(text, str(path), file)
            if file.startswith("dispatch/"):
                more = _more_imports(path.read_text(), text)
                if more is None:
                    return False
                headers.append((module, more))
                before, after = before[1:], after[1:]
            if len(before) != len(after):
                return False
            for old, new in zip(before, after, strict=True):
                if old is new:
                    continue
                if not _alike(old, new):
                    return False
                for changed in _changed(old, new):
                    key = (changed.co_filename, changed.co_qualname)
                    functions = self._functions.get(key, [])
                    if len(functions) != 1 or key in self._ran:
                        return False
                    if len(functions[0].__code__.co_freevars) != len(changed.co_freevars):
                        return False
                    found.append((functions[0], changed))
        for table, rows in tables:
            table.update(rows)
        for module, lines in headers:
            for line in lines:
                exec(line, vars(module))
        for function, code in found:
            function.__code__ = code
        return True


def _uncover(module: str) -> None:
    """Puts back what a package makes of a name when it is asked for, of a module that was imported before it was.

    `autograd.gradcheck` is a function, of the module of that name: importing the module binds the name to that.
    """
    package, _, name = module.rpartition(".")
    late = getattr(sys.modules.get(package), "__getattr__", None)
    if late is not None:
        with contextlib.suppress(AttributeError):
            setattr(sys.modules[package], name, late(name))


def _codes(text: str, filename: str, file: str) -> list[types.CodeType]:
    return code_of(text, filename) if file.startswith("dispatch/") else [_compiled(text, filename)]


def _compiled(text: str, filename: str) -> types.CodeType:
    return _of_source(text, filename) if text == _source(filename) else compile(text, filename, "exec")


@cache
def _source(filename: str) -> str:
    with open(filename) as file:
        return file.read()


@cache
def _of_source(text: str, filename: str) -> types.CodeType:
    return compile(text, filename, "exec")


def _more_imports(before: str, after: str) -> list[str] | None:
    """The lines that the beginning of a generated module has besides; None if it differs in anything but imports."""
    old, new = (text.partition("\nclass ")[0].partition("\ndef ")[0].splitlines() for text in (before, after))
    more = [line for line in new if line not in old]
    same = [line for line in new if line in old] == old
    return more if same and all(line.startswith("from ..") for line in more) else None


def _inner(code: types.CodeType) -> Iterator[types.CodeType]:
    return (one for one in code.co_consts if isinstance(one, types.CodeType))


def _alike(old: types.CodeType, new: types.CodeType) -> bool:
    """Whether what runs on import is the same: everything but what is within functions."""
    consts = [[type(one) if isinstance(one, types.CodeType) else one for one in code.co_consts] for code in (old, new)]
    if (old.co_code, old.co_names, repr(consts[0])) != (new.co_code, new.co_names, repr(consts[1])):
        return False
    return all(_is_function(a) or _alike(a, b) for a, b in zip(_inner(old), _inner(new), strict=True))


def _is_function(code: types.CodeType) -> bool:
    return bool(code.co_flags & 0x2)  # CO_NEWLOCALS and CO_OPTIMIZED: a class body has neither


def _changed(old: types.CodeType, new: types.CodeType) -> Iterator[types.CodeType]:
    """The outermost functions that differ."""
    for a, b in zip(_inner(old), _inner(new), strict=True):
        if _is_function(a):
            if a != b:
                yield b
        else:
            yield from _changed(a, b)
