"""candle-python: PyTorch's names over NumPy, so that programs run on it as they are. https://github.com/candle-org/candle"""

from __future__ import annotations

import os
import platform

# Its package has `import torch` mean candle where there is no PyTorch.
os.environ.setdefault("USE_CANDLE", "0")

import candle
import numpy as np

from conformance.journal import Description
from conformance.subjects.inprocess import DECLARED

MODULE = candle

# What it shares with PyTorch is what it computes: `numpy()` copies, so nothing is seen of who shares memory with whom.
FACETS = ("value", "grad", "raised", "error_code", "dtype", "shape", "requires_grad", "is_leaf", "hooks", "mode")

setattr(
    candle,
    DECLARED,
    Description(
        name="candle",
        version=candle.__version__,
        platform=f"{platform.system()} {platform.machine()}",
        facets=FACETS,
        notes={"python": platform.python_version(), "numpy": np.__version__},
    ),
)
