"""What a program sets at its top: threads, determinism, precision.

numtorch itself computes in the thread that calls it and gives the same results each time; the threads of NumPy's BLAS are
told by its environment variables (OMP_NUM_THREADS) before NumPy is imported. So these are remembered and change nothing.
"""

from __future__ import annotations

from typing import Any

from .calls.operands import type_name

_threads = {"num_threads": 1, "num_interop_threads": 1}
_deterministic = {"enabled": False, "warn_only": False}
_precision = "highest"


def _set_threads(what: str, number: Any) -> None:
    if isinstance(number, bool) or not isinstance(number, int):
        raise RuntimeError(f"set_{what} expects an int, but got {type_name(number)}")
    if number < 1:
        raise RuntimeError(f"set_{what} expects a positive integer")
    _threads[what] = number


def set_num_threads(number: int) -> None:
    """Remember how many threads an operation is to use. Raises RuntimeError for what is no positive int."""
    _set_threads("num_threads", number)


def get_num_threads() -> int:
    """How many threads an operation was said to use: 1 unless set."""
    return _threads["num_threads"]


def set_num_interop_threads(number: int) -> None:
    """Remember how many operations are to run side by side. Raises RuntimeError for what is no positive int."""
    _set_threads("num_interop_threads", number)


def get_num_interop_threads() -> int:
    """How many operations were said to run side by side: 1 unless set."""
    return _threads["num_interop_threads"]


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Remember whether results must be the same each time; here they always are."""
    _deterministic.update(enabled=bool(mode), warn_only=bool(warn_only))


def are_deterministic_algorithms_enabled() -> bool:
    """Whether `use_deterministic_algorithms` was asked for."""
    return _deterministic["enabled"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether it was asked to warn only."""
    return _deterministic["warn_only"]


def set_float32_matmul_precision(precision: str) -> None:
    """Remember a precision of float32 products: highest, high or medium; here it is always the highest."""
    global _precision
    if precision in ("highest", "high", "medium"):
        _precision = precision


def get_float32_matmul_precision() -> str:
    """The precision that was set."""
    return _precision
