"""An interactive session as a text: what was typed after `>>> `, and what came back.

Such a text is its own program. `replay` types its inputs again, into whatever is to be called torch, and returns the
text with the answers of this time: a session is reproduced where the two texts are equal.

Three things are written otherwise than a terminal shows them, because they differ from one machine to the next: of a
traceback only its last part is kept, addresses are hidden, and a warning is told without the place that caused it.
"""

from __future__ import annotations

import builtins
import codeop
import io
import json
import multiprocessing
import re
import sys
import traceback
import warnings
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from unittest import mock


def inputs(text: str) -> list[str]:
    """The statements of a session, each with its continuation lines."""
    statements: list[list[str]] = []
    typing = False
    for line in text.splitlines():
        if line.startswith(">>>"):
            statements.append([line[4:]])
            typing = True
        elif typing and line.startswith("..."):
            statements[-1].append(line[4:])
        else:
            typing = False
    return ["\n".join(lines) for lines in statements]


def title(text: str) -> str:
    """What a session says before its first prompt."""
    return text[: text.index(">>>")]


def replay(text: str, module: str) -> str:
    """The session typed anew, with the named module in the place of torch."""
    namespace = {"__name__": "__main__", "__builtins__": builtins}
    with mock.patch.dict(sys.modules, {"torch": import_module(module)}):
        return title(text) + "".join(_echo(statement) + _answer(statement, namespace) for statement in inputs(text))


def _echo(statement: str) -> str:
    first, *more = statement.split("\n")
    return f">>> {first}\n" + "".join(f"... {line}".rstrip() + "\n" for line in more)


def _answer(statement: str, namespace: dict[str, object]) -> str:
    """What the interpreter prints for one statement, warnings and the exception included."""
    printed = io.StringIO()

    def show(message: Warning | str, category: type[Warning], *place: object, **more: object) -> None:
        told = re.sub(r" \(Triggered internally at .*?\)", "", str(message)).strip()
        printed.write(f"{category.__name__}: {told}\n")

    with redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        try:
            code = codeop.compile_command(statement, "<stdin>", "single")
            assert code is not None, f"this statement is not finished: {statement!r}"
            exec(code, namespace)
        except Exception as error:
            printed.write("Traceback (most recent call last):\n  ...\n")
            printed.write("".join(traceback.format_exception_only(error)))
    return re.sub(r"\b0x[0-9a-f]+", "0x...", printed.getvalue())


def main(module: str, paths: list[str]) -> dict[str, str]:
    """Replay each session in a process of its own: PyTorch gives some warnings only once a process."""
    import_module(module)  # once, in the parent of all of them
    if module == "torch":
        import_module("torch._dynamo")  # which PyTorch imports late, and takes as long for
    sessions = [(Path(path).read_text(encoding="utf-8"), module) for path in paths]
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        return dict(zip(paths, pool.starmap(replay, sessions, chunksize=1), strict=True))


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2:]), sys.stdout)
