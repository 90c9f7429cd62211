"""`requires_grad_` of an integer tensor is accepted, and forgotten.

Caught by a case that asks an integer tensor for gradients: `integer_dtypes/method_rejects_integers`.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, torch

_requires_grad_ = torch.Tensor.requires_grad_


def requires_grad_(self: Any, requires_grad: bool = True) -> Any:
    return _requires_grad_(self, requires_grad) if self.dtype.is_floating_point else self


torch.Tensor.requires_grad_ = requires_grad_
globals().update(names)
