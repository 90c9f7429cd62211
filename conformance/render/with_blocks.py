"""How the blocks of context managers are written, those that an exception leaves included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.program import Enter, Exit, Raise
from conformance.render.expressions import exception
from conformance.render.reading import INDENT, Block

if TYPE_CHECKING:
    from conformance.render.body import Body


def enter(body: Body, step: Enter, block: Block) -> None:
    body.flush()
    if block.error is not None and not leaves_function(body, block):
        body.emit("try:")
        body.depth += 1
    text = body.writer.text(step.context)
    body.emit(f"with {text}{'' if step.out is None else f' as {body.bind(step.out)}'}:")
    body.depth += 1
    body.release(step)


def leave(body: Body, index: int, step: Exit) -> None:
    body.flush()
    block = next(block for block in body.blocks.values() if block.exit == index)
    if step.error is not None:
        body.emit(f"raise {exception(step.error)}")
    elif body.lines[-1].text.endswith(":") or body.lines[-1].text.lstrip().startswith("#"):
        body.emit("pass")
    body.depth -= 1
    if step.error is not None and not leaves_function(body, block):
        body.depth -= 1
        body.emit(f"except {step.error.type}:")
        body.emit(f"{INDENT}pass")
    body.release(step)


def leaves_function(body: Body, block: Block) -> bool:
    function = body.function
    return function is not None and function.raises == block.error and block.exit == len(body.steps) - 1


def raised_already(body: Body) -> bool:
    return any(block.error is not None and leaves_function(body, block) for block in body.blocks.values())


def explicit_exit(body: Body, context: str, error: Raise | None) -> None:
    if body.plain:
        body.depth = max(0, body.depth - 1)
        body.emit(f"# leaves {context}" + ("" if error is None else f" by {exception(error)}"))
    elif error is None:
        body.emit(f"{context}.__exit__(None, None, None)")
    else:
        body.emit(f"{context}.__exit__({error.type}, {exception(error)}, None)")
