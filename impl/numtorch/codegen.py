"""Generates dispatch/, the operator functions and Node classes, from the rows in ops/; and late_names.py.

    python impl/numtorch/codegen.py            writes them
    python impl/numtorch/codegen.py --check    fails if they are stale

Run as a script, so that a broken dispatch/, which the package itself imports, can be written anew.

Each row becomes a function with its fast path inlined (exact types, no node when nothing requires grad) and a Node class
whose formula is written out twice, over raw arrays (`apply`) and over Tensors (`apply_tensors`). The output is ordinary
typed Python for a debugger to step through, a module for each of ops/; the rows are for people to read. (Measured before
it was decided: closures over the rows are 2.6 times slower, a class an operator 3.5 times.)
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import types
from pathlib import Path

HERE = Path(__file__).resolve().parent
if "numtorch" not in sys.modules:  # a bare package: its __init__ would import dispatch/
    _package = types.ModuleType("numtorch")
    _package.__path__ = [str(HERE)]
    sys.modules["numtorch"] = _package

from numtorch import ops  # noqa: E402
from numtorch.generator.module import Module, forward_text, names_text, package_text, saves_text  # noqa: E402
from numtorch.ops.row import TABLE  # noqa: E402

AT_ONCE = ("index", "linalg", "pointwise", "reduction", "shape")
"""The families that nearly every program uses: the others are imported when they are first asked for."""


def families() -> list[str]:
    """The modules of ops/, those that are imported at once first, with their rows read into the table."""
    found = sorted(m.name for m in pkgutil.iter_modules(ops.__path__) if m.name != "row")
    found.sort(key=lambda family: family not in AT_ONCE)
    for family in found:
        read = len(TABLE)
        importlib.import_module(f"{ops.__name__}.{family}")
        for row in TABLE[read:]:
            row.family = family
    return found


def dispatch() -> dict[Path, str]:
    """The texts of dispatch/, from the rows."""
    modules = [Module(family) for family in families()]
    texts = {HERE / "dispatch" / f"{module.family}.py": module.text() for module in modules}
    texts[HERE / "dispatch" / "forward.py"] = forward_text()
    texts[HERE / "dispatch" / "saves.py"] = saves_text()
    texts[HERE / "dispatch" / "names.py"] = names_text(modules, AT_ONCE)
    return texts | {HERE / "dispatch" / "__init__.py": package_text(modules, AT_ONCE)}


def late_names() -> dict[Path, str]:
    """The text of late_names.py, from the functions/ that dispatch/ is now complete for."""
    late = importlib.import_module("numtorch.late")
    return {HERE / "late_names.py": late.names_text()}


def stale(texts: dict[Path, str]) -> list[Path]:
    """The files that are not as they should be."""
    return [path for path, text in texts.items() if not path.exists() or path.read_text() != text]


def left_over(texts: dict[Path, str]) -> list[Path]:
    """Files of families that are gone, and the one module that dispatch/ once was."""
    return [path for path in (HERE / "dispatch").glob("*.py") if path not in texts] + [
        path for path in [HERE / "dispatch.py"] if path.exists()
    ]


def main() -> None:
    """Write what is generated, or check it."""
    (HERE / "dispatch").mkdir(exist_ok=True)
    for generate in (dispatch, late_names):
        texts = generate()
        wrong = stale(texts)
        gone = left_over(texts) if generate is dispatch else []
        if "--check" in sys.argv and (wrong or gone):
            names = ", ".join(str(path.relative_to(HERE)) for path in wrong + gone)
            raise SystemExit(f"stale: {names}: run python impl/numtorch/codegen.py")
        for path in wrong:
            path.write_text(texts[path])
        for path in gone:
            path.unlink()


if __name__ == "__main__":
    main()
