"""What PyTorch says of a result that is written to memory of another shape."""

from __future__ import annotations

from typing import Any

from ..warning import warn


def warn_of_resizing(had: Any, required: Any) -> None:
    """Warn that memory which held elements got another shape."""
    warn(
        f"An output with one or more elements was resized since it had shape {list(had)}, which does not match the required "
        f"output shape {list(required)}. This behavior is deprecated, and in a future PyTorch release outputs will not be "
        "resized unless they have zero elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero "
        "elements with t.resize_(0).",
    )
