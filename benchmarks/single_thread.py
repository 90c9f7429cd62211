"""One thread for every library, so that CPU time is comparable and a ratio does not depend on the number of cores."""

from __future__ import annotations

import os

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def settle() -> None:
    """Ask BLAS and OpenMP for one thread; they read this once, when they are imported."""
    for variable in VARIABLES:
        os.environ[variable] = "1"
