"""torch.cuda, for scripts that ask before they use it: there is none."""

from __future__ import annotations

from typing import Any

from .lacking import lookup as _lookup


def is_available() -> bool:
    """Whether there is a CUDA device."""
    return False


def is_initialized() -> bool:
    """Whether CUDA was used yet."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether the device computes with bfloat16."""
    return False


def device_count() -> int:
    """How many CUDA devices there are."""
    return 0


def memory_allocated(device: Any = None) -> int:
    """How many bytes of a device are in use."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def empty_cache() -> None:
    """Give back memory that is not in use: nothing, as in PyTorch without a device."""


def manual_seed(seed: int) -> None:
    """Seed the generator of a device that does not exist: nothing, as in PyTorch."""


manual_seed_all: Any = manual_seed


def seed() -> None:
    """Seed it by chance: nothing."""


seed_all: Any = seed


def current_device() -> int:
    """Raises AssertionError, as everything does that needs a device."""
    raise AssertionError("Torch not compiled with CUDA enabled")


def synchronize(device: Any = None) -> None:
    """Raises AssertionError: there is no device to wait for."""
    current_device()


def get_device_name(device: Any = None) -> str:
    """Raises AssertionError: there is no device."""
    return str(current_device())


def get_device_properties(device: Any = None) -> Any:
    """Raises AssertionError: there is no device."""
    current_device()


def get_device_capability(device: Any = None) -> Any:
    """Raises AssertionError: there is no device."""
    current_device()


__getattr__ = _lookup("torch.cuda")
