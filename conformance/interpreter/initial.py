"""A module in double precision, with the initial weights that are drawn in single: a stream of doubles is another one."""

from __future__ import annotations

from typing import Any


def widened(make: Any, *args: Any, **kwargs: Any) -> Any:
    """What a class of modules makes, every floating-point parameter and buffer then cast to double."""
    import torch

    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        made = make(*args, **kwargs)
    finally:
        torch.set_default_dtype(default)
    # (Not what is no module: a parameter that is cast is no leaf any more.)
    return made.double() if isinstance(made, torch.nn.Module) else made


HOST: dict[str, Any] = {"conformance.widened": widened}
"""Under which name a program finds it."""
