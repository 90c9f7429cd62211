"""Numbers put into tensors that are there: the oracle is to go on from those of another side."""

from __future__ import annotations

import re
from typing import Any

from conformance.program import Call, Global, Ref, Step, TensorLiteral

_PATH = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<items>(\[\d+\])*)(?P<grad>\.grad)?\Z")
"""The names of observed tensors that a step can reach; those in a dict are left out."""


def follow(holder: Any, numbers: Any, *path: int | str) -> None:
    """Writes numbers to a tensor, or to what the path leads to in `holder`: no version counts it, and no graph records it.

    What cannot be written to (an expanded tensor, one of inference mode) stays as it is.
    """
    try:
        for part in path:
            holder = getattr(holder, part) if isinstance(part, str) else holder[part]
        holder.data.copy_(numbers)
    except (AttributeError, IndexError, RuntimeError, TypeError):
        pass


def following(name: str, numbers: TensorLiteral) -> Step | None:
    """The step that writes numbers to the tensor that a trace calls so; None if no step can."""
    found = _PATH.match(name)
    if found is None:
        return None
    path: list[int | str] = [int(item) for item in re.findall(r"\d+", found["items"])]
    path += ["grad"] if found["grad"] else []
    return Call(function=Global("conformance.follow"), args=(Ref(found["name"]), numbers, *path))


HOST: dict[str, Any] = {"conformance.follow": follow}
"""Under which name a program finds it."""
