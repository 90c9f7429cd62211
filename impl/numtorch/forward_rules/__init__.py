"""Forward-mode AD: the tangents of what operators return, from those of their operands.

| the operator | the tangent of its result |
|---|---|
| a view | the same view of the tangent |
| linear | the operator applied to the tangents, zeros where there is none |
| bilinear | the sum of the operator applied to one tangent and the other operand |
| elementwise | the backward formula with the tangent in the place of the gradient |
| with an expression of its own | that expression (stated.py) |
| any other with a derivative, and all writes | the derivative of the backward formula, which is linear in the gradient |
| without a derivative | none |

table.py says which operator is what.
"""

from .level import enter, leave

__all__ = ["enter", "leave"]
