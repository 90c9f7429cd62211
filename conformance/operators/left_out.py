"""What the calls of an operator leave out, and why: there, what PyTorch shows is an accident of its kernels, not a behaviour.

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

LEFT_OUT: dict[str, frozenset[str]] = {
    name: frozenset(what.split())
    for name, what in {
        # a*b - b*a is no zero where the compiler fuses one product with the difference; nor is log2(2^x + 2^x) - x a one.
        "cross": "twice mixed",
        "logaddexp2": "twice signs",
        # The operand is read while it is written, in steps as long as the vectors of the processor.
        "floor_divide": "twice",
        # The two gradients of one tensor are added in place or not, which its version shows: it depends on which of them
        # lends memory of its own after it was summed to the operand's shape.
        "kron": "twice scalar",
        "addcmul": "twice broadcast",
        "lerp_tensor": "twice broadcast signs",
        "pow": "broadcast",
        "float_power": "broadcast",
        "atan2": "broadcast",
        "dist": "broadcast",
        "mm": "empty",  # (and addmm)
        "aminmax": "scalar",
        # Whether dtypes may differ, and what the error says, is up to each kernel of the derivative (addmv, bmm, out variants).
        "addr": "twice mixed",
        "baddbmm": "mixed",
        "heaviside": "mixed",
        # The stride of a dimension of size 0 or 1, which no element is found by.
        "remainder": "empty",
        "rsub": "empty",
        "addcdiv": "empty",
        "transpose": "one",
        "swapaxes": "one",
        # Vectorised comparisons send a nan another way than the scalar ones at the end of the row do; NumPy warns of inf - inf.
        "relu6": "odd",
        "hardshrink": "odd",
        "trace": "odd",
        # The gradient of the gradient at a zero divides by it or does not, by the order of the loop; its versions follow.
        "cumprod": "odd second",
        # Sums that cancel keep the roundings of the BLAS (so do lerp's and logaddexp2's, of their fused steps).
        "addmm": "signs empty",
        # The version of a tangent counts writes inside the rule; that of a singular det hangs on the pivots' last bit.
        "linalg_pinv": "tangent",
        "linalg_det": "tangent",
        "sgn": "tangent",
        # The gradient of sign is a ZeroTensor, which cannot be added to.
        "l1_loss": "second",
    }.items()
}
"""By the name of the row."""
