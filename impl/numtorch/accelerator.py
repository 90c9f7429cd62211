"""torch.accelerator: there is none, so a script that asks goes on with the cpu."""

from __future__ import annotations

from typing import Any

from .lacking import lookup as _lookup


def is_available() -> bool:
    """Whether there is a device beside the cpu."""
    return False


def device_count() -> int:
    """How many devices there are beside the cpu."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """The device beside the cpu, of which there is none."""


def synchronize(device: Any = None, /) -> None:
    """Raises RuntimeError: there is nothing to wait for."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


def current_device_index() -> int:
    """Raises RuntimeError: no device has an index."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


__getattr__ = _lookup("torch.accelerator")
