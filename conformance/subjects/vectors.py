"""PyTorch computes with the same vector instructions on every machine.

How many numbers an instruction takes decides more than last digits: which of two kernels' answers a nan or a zero gets, and
which elements come behind the last full vector, one by one. Reports of a machine with AVX-512 could not be compared with
others, and not with what was recorded. So PyTorch is kept at AVX2, which nearly every processor has that it runs on.
"""

from __future__ import annotations

import os

import numpy as np

VARIABLE = "ATEN_CPU_CAPABILITY"
"""PyTorch reads it when it first computes. Whoever has set it keeps what they have set."""


def settle() -> None:
    """Has the PyTorch of this process, and of those that it starts, use AVX2 where it would use AVX-512."""
    # NumPy has asked the processor; PyTorch would believe the variable on one that has no AVX2.
    core = getattr(np, "_core", None) or np.core  # the latter before NumPy 2
    if core._multiarray_umath.__cpu_features__.get("AVX512F"):
        os.environ.setdefault(VARIABLE, "avx2")
