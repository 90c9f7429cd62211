"""What the calls of an operator leave out. A row here is a gap of the suite, and each is to be closed or proven.

Two kinds stand apart below. `ACCIDENTS`: what PyTorch shows is rounding or the order of a loop, as far as is known. `OPEN`:
numtorch does otherwise than PyTorch, and is not mended yet; what the comment says of the cause is not proven.

twice      one tensor as two operands
mixed      operands of several dtypes
broadcast  operands of several shapes
scalar     an operand without dimensions
one        a dimension of size 1
empty      an operand without elements
odd        infinities and nan
signs      operands whose products cancel
tangent    forward mode
second     the gradient of the gradient
"""

from __future__ import annotations

ACCIDENTS = {
    # a*b - b*a is no zero where the compiler fuses one product with the difference; nor is log2(2^x + 2^x) - x a one.
    "cross": "twice mixed",
    "logaddexp2": "twice signs",
    # Sums that cancel keep the roundings of the BLAS.
    "addmm": "signs empty",
    # Vectorised comparisons send a nan another way than the scalar ones at the end of the row do.
    "relu6": "odd",
    "hardshrink": "odd",
    # Of a singular matrix it hangs on the last bit of the pivots.
    "linalg_det": "tangent",
}

OPEN = {
    # Which dtypes may differ in the kernels of a derivative (addmv, bmm, out variants), and what the error says.
    "addr": "twice mixed",
    "heaviside": "mixed",
    # Infinities beside zeros, and versions of the gradient of the gradient.
    "cumprod": "odd second",
}

LEFT_OUT: dict[str, frozenset[str]] = {name: frozenset(what.split()) for name, what in {**ACCIDENTS, **OPEN}.items()}
"""By the name of the row."""
