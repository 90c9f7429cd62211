"""`detach` copies: writing to the result does not reach the tensor that it was made from.

Caught by any case that detaches, by the facet alias: `detach/detached_tensor_shares_memory`.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, torch

_detach = torch.Tensor.detach


def detach(self: Any) -> Any:
    return _detach(_detach(self).clone())


torch.Tensor.detach = detach
globals().update(names)
