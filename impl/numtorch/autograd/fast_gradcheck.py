"""gradcheck(fast_mode=True): one product v·J·u with random vectors in the place of each Jacobian J.

Numerically J·u costs two calls of the function, analytically v·J one backward. Where they differ, the message says what
the slow mode finds.
"""

from __future__ import annotations

from typing import Any

from ..dtype import FLOATING, dtype as dtype_type
from ..functions.random import rand
from ..plain_numpy import np
from ..random import Generator
from ..tensor import Tensor, wrap
from .gradcheck import GradcheckError, analytical_jacobians, close, mismatch
from .numerical import difference, differentiable_inputs, jacobians, output_tuple

_SLOW = """
The above quantities relating the numerical and analytical jacobians are computed \n\
in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more background \n\
about fast mode. Below, we recompute numerical and analytical jacobians in slow mode:

Numerical:
 {}
Analytical:
{}

The max per-element difference (slow mode) is: {}.
"""
_SLOW_OK = """\
Fast gradcheck failed but element-wise differences are small. This means that the
test might've passed in slow_mode!

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck:

If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `fast_mode=False` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_fast_mode=False`
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_fast_mode=False`"""


def check_fast(
    func: Any,
    returned: Any,
    inputs: tuple,
    outputs: tuple,
    prefix: str,
    *,
    eps: float,
    rtol: float,
    atol: float,
    nondet_tol: float,
    dtypes_count: bool,
    complex_outputs: Any = (),
) -> None:
    """Compare one number for each pair of an input and an output."""
    returned = output_tuple(returned)
    source = Generator()
    given = [x for _, x in differentiable_inputs(inputs)]
    all_u = [
        [direction(x.numel(), x.dtype.to_real(), source)._numpy() for _ in range(1 + x.is_complex())] for x in given
    ]
    all_v = [direction(o.numel(), o.dtype, source) for o in outputs]
    numerical = [along(func, inputs, x, u, eps) for x, u in zip(given, all_u, strict=True)]
    if not outputs:
        for x, u in zip(given, all_u, strict=True):
            if any(n.size and np.abs(n).max() > nondet_tol for n in along(func, inputs, x, u, eps)):
                raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    floating = [k for k, o in enumerate(returned) if o.dtype.category >= FLOATING]
    analytical = [
        analytical_jacobians(inputs, o, nondet_tol, dtypes_count, v) for o, v in zip(outputs, all_v, strict=True)
    ]
    for i, u in enumerate(all_u):
        for j, v in enumerate(all_v):
            n = (v._numpy() * numerical[i][floating[j]]).sum()
            row = analytical[j][i][:, 0]
            a = row.real.dot(u[0]) + 1j * row.imag.dot(u[1]) if len(u) == 2 else row.dot(u[0])
            allowed = atol * sum(float(part.sum()) for part in u) * v.sum().item()
            if not close(a, n, rtol, allowed):
                message = mismatch(a, n, j, i, prefix if j in complex_outputs else "")
                raise GradcheckError(message + _in_slow_mode(func, inputs, outputs, i, j, rtol, atol, eps))


def direction(size: int, kind: dtype_type, source: Generator) -> Tensor:
    """A random vector of length one."""
    vector = rand(size, generator=source).to(kind)
    vector /= vector.norm()
    return vector


def along(func: Any, inputs: tuple, x: Tensor, u: list[np.ndarray], eps: float) -> list[np.ndarray]:
    """The numerical product of each output's Jacobian with u."""
    place = x.data._numpy()
    change = difference(func, inputs, place, u[0].reshape(x.shape) * eps, eps, f"by {eps}")
    if len(u) == 2:
        other = difference(func, inputs, place, u[1].reshape(x.shape) * eps * 1j, eps, f"by {eps}")
        change = [a + b * 1j for a, b in zip(change, other, strict=True)]
    return change


def _in_slow_mode(
    func: Any, inputs: tuple, outputs: tuple, i: int, j: int, rtol: float, atol: float, eps: float
) -> str:
    numerical = jacobians(func, inputs, outputs, eps)[i][j]
    analytical = analytical_jacobians(inputs, outputs[j], float("inf"), False)[i]
    return slow_mode_text(numerical, analytical, rtol, atol)


def slow_mode_text(numerical: np.ndarray, analytical: np.ndarray, rtol: float, atol: float) -> str:
    """What a message says of the Jacobians that the slow mode finds."""
    text = _SLOW.format(wrap(numerical), wrap(analytical), wrap(np.abs(numerical - analytical).max()))
    return text + _SLOW_OK if close(analytical, numerical, rtol, atol) else text
