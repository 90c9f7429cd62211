"""Numbers that are drawn in single precision and then widened: a stream of doubles is another one."""

from __future__ import annotations

from typing import Any


def widened(make: Any, *args: Any, **kwargs: Any) -> Any:
    """What a random function or a class of modules makes in single precision, all its floating-point numbers cast to double."""
    import torch

    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        made = make(*args, **kwargs)
    finally:
        torch.set_default_dtype(default)
    if isinstance(made, torch.nn.Module):
        return made.double()
    # A parameter that is cast would be no leaf any more.
    is_cast = type(made) is torch.Tensor and made.is_leaf and made.is_floating_point()
    return made.detach().double().requires_grad_(made.requires_grad) if is_cast else made


def fill_widened(tensor: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """What an in-place random method does to a tensor in single precision, written into the one of doubles."""
    import torch

    if tensor.dtype is not torch.float64:
        return getattr(tensor, name)(*args, **kwargs)
    narrow = torch.empty_like(tensor, dtype=torch.float32, requires_grad=False)
    return tensor.copy_(getattr(narrow, name)(*args, **kwargs))


HOST: dict[str, Any] = {"conformance.widened": widened, "conformance.fill_widened": fill_widened}
"""Under which names a program finds them."""
