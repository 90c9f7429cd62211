"""What the fakes are made of: numtorch, with one thing changed by each of them."""

from __future__ import annotations

import gc
import io

import numtorch as torch

names = {name: getattr(torch, name) for name in dir(torch) if not name.startswith("__") or name == "__version__"}
"""What a fake hands on as its own."""


def real_stdout() -> io.FileIO:
    """The stdout that the child keeps for itself, found as a stray C library might find it."""
    gc.unfreeze()  # the child freezes what is there before the first program
    (replies,) = [f for f in gc.get_objects() if isinstance(f, io.FileIO) and f.mode == "wb" and f.fileno() > 2]
    return replies
