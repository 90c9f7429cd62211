"""`autograd.grad` of several outputs is that of the first one, and not of their sum.

Caught by a case with two outputs: `grad_function/grads_of_several_outputs_sum`.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, torch

_grad = torch.autograd.grad


def grad(outputs: Any, *args: Any, **kwargs: Any) -> Any:
    return _grad(outputs[0] if isinstance(outputs, tuple | list) else outputs, *args, **kwargs)


torch.autograd.grad = grad
globals().update(names)
