"""torch.cuda, for scripts that ask before they use it: there is none."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """Whether there is a CUDA device."""
    return False


def device_count() -> int:
    """How many CUDA devices there are."""
    return 0


def manual_seed(seed: int) -> None:
    """Seed the generator of a device that does not exist: nothing, as in PyTorch."""


manual_seed_all: Any = manual_seed
