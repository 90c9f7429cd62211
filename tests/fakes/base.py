"""What the fakes are made of: numtorch; PyTorch, as long as numtorch cannot run a training step."""

from __future__ import annotations

from types import ModuleType


def _complete(module: ModuleType) -> bool:
    return all(hasattr(module, name) for name in ("tensor", "Tensor", "no_grad", "autograd", "float32", "sin"))


def _base() -> ModuleType:
    import numtorch

    if _complete(numtorch):
        return numtorch
    import torch

    return torch


torch = _base()
names = {name: value for name, value in vars(torch).items() if not name.startswith("__") or name == "__version__"}
"""What a fake hands on as its own."""
