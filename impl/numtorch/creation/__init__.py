"""Making tensors: from data, filled, or of numbers in a row.

*options* is what all of these take (sizes, dtype, device, out …), *data* reads Python's and NumPy's, *filled* and *ranges*
need none. What is random is in functions/random.py.
"""

from __future__ import annotations

from .data import as_tensor, asarray, legacy_new, new_tensor, tensor
from .filled import (
    empty,
    empty_like,
    empty_strided,
    eye,
    full,
    full_like,
    new_empty,
    new_empty_strided,
    new_full,
    new_ones,
    new_zeros,
    ones,
    ones_like,
    scalar_tensor,
    zeros,
    zeros_like,
)
from .options import finish
from .ranges import arange, linspace, logspace

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "empty",
    "empty_like",
    "empty_strided",
    "eye",
    "finish",
    "full",
    "full_like",
    "legacy_new",
    "linspace",
    "logspace",
    "new_empty",
    "new_empty_strided",
    "new_full",
    "new_ones",
    "new_tensor",
    "new_zeros",
    "ones",
    "ones_like",
    "scalar_tensor",
    "tensor",
    "zeros",
    "zeros_like",
]
