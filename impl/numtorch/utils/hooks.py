"""torch.utils.hooks: the handle of a hook, and the mark of a hook that is not to be pickled."""

from __future__ import annotations

from typing import Any

from ..nodes.handles import RemovableHandle


def unserializable_hook(f: Any) -> Any:
    """Mark a hook, so that pickling its tensor does not warn of it."""
    f.__torch_unserializable__ = True
    return f


__all__ = ["RemovableHandle", "unserializable_hook"]
