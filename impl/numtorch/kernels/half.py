"""Half precision: an operator computes in single precision and rounds once, at its end, as PyTorch's kernels do.

The generated functions call `rounded_once` where operands may be of half precision. So no other kernel knows of it, nor of
the types of ml_dtypes, of which NumPy says too little (their kind, their limits, products with Python numbers).
"""

from __future__ import annotations

from typing import Any

from ..dtype import dtypes
from ..memory.geometry import like
from ..memory.lazy import OF_ZEROS, Zeros
from ..plain_numpy import np

Array = Any


def is_half(kind: np.dtype) -> bool:
    """Whether a type is float16 or bfloat16."""
    return kind.itemsize == 2 and kind.kind in "fV"


def rounded_once(kernel: Any, *given: Any) -> Any:
    """The kernel's result of arrays and plain values: of half precision by way of single precision.

    Zeros without memory are ordinary ones to all kernels but those that know them. A type among the values is that of
    the result. What has operands of half and of other types is left to the kernel.
    """
    half = wanted = None
    if Zeros in map(type, given) and not (kernel in OF_ZEROS or hasattr(kernel, "knows_zeros")):
        given = tuple([x.resolved() if type(x) is Zeros else x for x in given])
    for x in given:
        if isinstance(x, (np.ndarray, np.generic)):
            kind = x.dtype
            if kind.kind in "fcV":
                if kind.itemsize != 2 or (half is not None and half != kind):
                    return kernel(*given)
                half = kind
        elif type(x) is dtypes.dtype:
            wanted = x.numpy
    if half is None:
        return kernel(*given)
    kernel = getattr(kernel, "of_float16" if half == np.float16 else "of_bfloat16", kernel)
    results = kernel(*[_wider(x, half) for x in given])
    if wanted is not None:
        return results.astype(wanted, copy=False)
    if isinstance(results, tuple):
        return tuple([_narrowed(x, half) for x in results])
    return _narrowed(results, half)


def _wider(x: Any, half: np.dtype) -> Any:
    """An argument as the kernel is given it."""
    if type(x) is dtypes.dtype:
        return dtypes.float32 if is_half(x.numpy) else x
    return widened(x) if getattr(x, "dtype", None) == half else x


def widened(x: Array) -> Array:
    """The same numbers in single precision, in the same format."""
    return _cast(x, np.dtype(np.float32))


def _narrowed(result: Any, kind: np.dtype) -> Any:
    """What is of single precision in half; places and bools as they are."""
    return _cast(result, kind) if getattr(result, "dtype", None) == np.float32 else result


def _cast(x: Array, kind: np.dtype) -> Array:
    """The numbers in another type, in the same format, of which NumPy forgets how dimensions of size 1 are stepped over.

    What lies in memory for more (a reduced loss) does so still.
    """
    if x.ndim == 0:
        memory = None if isinstance(x, np.generic) else x.base
        if memory is None or memory.size < 2:
            return x.astype(kind)
        new = np.ndarray((), kind, np.zeros(memory.size, kind))
        new[()] = x
        return new
    new = like(x, kind)
    new[...] = x
    return new


def knows_zeros(kernel: Any) -> Any:
    """A kernel of an operator that PyTorch has written for zeros without memory, too."""
    kernel.knows_zeros = True
    return kernel


def in_steps(kernel: Any) -> Any:
    """A kernel that is given half precision as it is: PyTorch has it in steps, or it asks for the type."""
    kernel.in_steps = True
    return kernel
