"""What the expressions of `conformance.operators.expressions` are of, and what tests make of them.

For `a.f(...)` the forms `torch.f(a, ...)` and `a.clone().f_(...)` are derived,
and for `torch.f(a, ...)` likewise, wherever they exist: they need no entry. An operator that only a derivative reaches is
listed with an expression whose derivative does. Values are away from kinks, ties and poles of the expression.
"""

from __future__ import annotations

import numpy as np

import numtorch as torch
from conformance.operators.expressions import expressions

LEAVES = {
    "x": [[1.31, -0.72, 0.43], [-1.57, 0.21, 2.13]],
    "y": [[0.62, 1.41, -1.13], [0.37, -0.84, 1.78]],
    "p": [[0.71, 1.33, 2.17], [0.39, 1.82, 0.94]],  # positive
    "u": [[0.31, -0.62, 0.14], [0.83, -0.27, 0.55]],  # between -1 and 1
    "v": [0.83, -1.21, 0.47],
    "w": [1.12, -0.58],
    "m": [[0.52, -1.13], [0.91, 0.34], [-0.77, 1.26]],
    "q": [[2.31, 0.42, -0.53], [0.38, 1.77, 0.61], [-0.24, 0.35, 2.68]],  # square, well-conditioned
    "b": [[[0.61, -0.42, 1.13], [0.27, 0.95, -1.34]], [[-0.83, 1.46, 0.52], [1.08, -0.19, 0.77]]],
    "e": [[[0.44, 1.02], [-0.71, 0.36], [0.89, -1.15]], [[1.27, -0.48], [0.15, 0.93], [-1.06, 0.58]]],
    "s": 0.87,
}
"""Tensors of float64 that require grad: x, y, p, u (2, 3); v (3,); w (2,); m (3, 2); q (3, 3); b (2, 2, 3); e (2, 3, 2); s."""


def constants() -> dict:
    """What an expression may use besides: `mask` bool (2, 3), `i` indices (2,), `j` (2, 3) below 2, `c` (2, 3), `F`, `inf`."""
    import numtorch.nn.functional

    return {
        "torch": torch,
        "F": numtorch.nn.functional,
        "mask": torch.tensor([[True, False, True], [False, False, True]]),
        "i": torch.tensor([1, 0]),
        "j": torch.tensor([[0, 1, 1], [1, 0, 0]]),
        "inf": float("inf"),
        "c": torch.tensor([[1.5, 0.7, 2.2], [0.9, 1.1, 3.1]], dtype=torch.float64),
    }


def leaf(name: str) -> torch.Tensor:
    """A new leaf of that name."""
    return torch.tensor(np.array(LEAVES[name]).tolist(), dtype=torch.float64, requires_grad=True)


NO_FLOATS = {"bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"}
"""Operators of integers; their row is tracked in place only, where PyTorch refuses floats."""

ONCE = dict.fromkeys(
    (
        "embedding_bag",
        "multi_margin_loss",
        "multilabel_margin_loss",
        "hardsigmoid",
        "cdist",
        "pdist",
        "scaled_dot_product_flash_attention_for_cpu",
    ),
    "its backward has no derivative in PyTorch",
)
"""Operators that are not differentiable twice."""


samples = expressions
