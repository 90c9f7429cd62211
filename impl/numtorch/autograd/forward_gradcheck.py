"""gradcheck(check_forward_ad=True): tangents of duals compared with central differences.

A Jacobian is computed a column at a time, by a call of the function on duals whose tangent is one element; in fast mode it is
one call for each input, along a random direction. A function of complex inputs is looked at as one of their imaginary parts,
and as one of their real parts. Then a tangent that is undefined must give what one of zeros gives.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from ..creation import zeros, zeros_like
from ..dtype import FLOATING
from ..functions.shape import reshape, view_as
from ..random import Generator
from ..tensor import Tensor
from .fast_gradcheck import along, direction, slow_mode_text
from .forward_ad import dual_level, make_dual, unpack_dual
from .gradcheck import GradcheckError, close, differentiable, mismatch, numerical_by_output
from .numerical import differentiable_inputs, jacobians, output_tuple


def check_forward(
    func: Callable[..., Any], returned: Any, inputs: tuple, outputs: tuple, undefined: bool, fast: bool, **options: Any
) -> None:
    """Raise GradcheckError unless forward mode agrees with differences."""
    check = check_fast if fast else check_slow
    are_complex = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.is_complex()]
    if not are_complex:
        check(func, returned, inputs, outputs, **options)
        if undefined:
            check_undefined(func, inputs)
        return
    parts = []
    for part, name in (("imag", "imaginary"), ("real", "real")):
        only = of_part(func, part, are_complex, inputs)
        given = tuple([getattr(x, part) if i in are_complex else x for i, x in enumerate(inputs)])
        found = only(*given)
        prefix = f"While considering the {name} part of complex inputs only, "
        check(only, found, given, differentiable(found), prefix=prefix, complex_inputs=are_complex, **options)
        parts.append((only, given))
    if undefined:
        for only, given in parts:
            check_undefined(only, given)


def of_part(func: Callable[..., Any], part: str, are_complex: list[int], inputs: tuple) -> Callable[..., Any]:
    """The function of the real or the imaginary parts of its complex inputs, whose other parts are constant."""

    def only(*args: Any) -> tuple:
        given = list(args)
        for i in are_complex:
            given[i] = given[i] + inputs[i].imag * 1j if part == "real" else inputs[i].real + given[i] * 1j
        return output_tuple(func(*given))

    return only


def check_slow(
    func: Any,
    returned: Any,
    inputs: tuple,
    outputs: tuple,
    *,
    eps: float,
    rtol: float,
    atol: float,
    dtypes_count: bool,
    prefix: str = "",
    complex_inputs: Any = (),
    **others: Any,
) -> None:
    """Compare all elements of the Jacobians."""
    returned = output_tuple(returned)
    per_output = numerical_by_output(func, returned, inputs, outputs, eps)
    if not outputs:
        return
    analytical = forward_jacobians(func, inputs, returned, dtypes_count)
    for i, per_input in enumerate(per_output):
        for j, n in enumerate(per_input):
            a = analytical[j][i]._numpy()
            if not close(a, n, rtol, atol):
                raise GradcheckError(mismatch(a, n, i, j, prefix if j in complex_inputs else "", FORWARD))


FORWARD = "computed with forward mode "


def check_fast(
    func: Any,
    returned: Any,
    inputs: tuple,
    outputs: tuple,
    *,
    eps: float,
    rtol: float,
    atol: float,
    dtypes_count: bool,
    prefix: str = "",
    complex_inputs: Any = (),
    **others: Any,
) -> None:
    """Compare the product of each Jacobian with a random direction."""
    returned = output_tuple(returned)
    given = [x for _, x in differentiable_inputs(inputs)]
    directions = directions_of(given)
    numerical = []
    for x, u in zip(given, directions, strict=True):
        change = along(func, inputs, x, [u._numpy()], eps)
        numerical.append([c for c, o in zip(change, returned, strict=True) if is_floating(o)])
    analytical = forward_jacobians(func, inputs, returned, dtypes_count, directions)
    for i, u in enumerate(directions):
        for j, n in enumerate(numerical[i]):
            a = analytical[i][j]._numpy()
            if not close(a, n, rtol, atol * float(u.sum().item())):
                message = mismatch(a, n, j, i, prefix if i in complex_inputs else "", FORWARD)

                def one(x: Any, i: int = i, j: int = j) -> Any:
                    return output_tuple(func(*inputs[:i], x, *inputs[i + 1 :]))[j]

                slow_n = jacobians(func, inputs, outputs, eps)[i][j]
                slow_a = forward_jacobians(one, (inputs[i],), (outputs[j],), False)[0][0]._numpy()
                raise GradcheckError(message + slow_mode_text(slow_n, slow_a, rtol, atol))


def directions_of(given: list[Tensor]) -> list[Tensor]:
    """A random vector of length one for each input."""
    source = Generator()
    return [direction(x.numel(), x.dtype.to_real(), source) for x in given]


def is_floating(value: Any) -> bool:
    """Whether a result is a tensor that may have a tangent."""
    return isinstance(value, Tensor) and value.dtype.category >= FLOATING


def duals_of(inputs: tuple) -> tuple[list[Any], list[Tensor]]:
    """The inputs with those that require grad as duals, and the tangents of these, which are zeros and may be written to."""
    duals, tangents = [], []
    for x in inputs:
        if isinstance(x, Tensor) and x.requires_grad:
            x = make_dual(x.detach(), zeros_like(x))
            tangents.append(unpack_dual(x).tangent)  # of a view it is another than the one that was given
        duals.append(x)
    return duals, tangents


def forward_jacobians(
    func: Any, inputs: tuple, outputs: tuple, dtypes_count: bool, directions: list[Tensor] | None = None
) -> list[tuple[Tensor, ...]]:
    """For each input that requires grad, the Jacobian of each floating point output, or its product with a direction."""
    given = [x for _, x in differentiable_inputs(inputs)]
    floating = [o for o in outputs if is_floating(o)]
    found = [
        tuple([zeros((*(() if directions else (x.numel(),)), o.numel()), dtype=o.dtype) for o in floating])
        for x in given
    ]

    def tangents_into(rows: Iterator[Tensor]) -> None:
        for out, row in zip(filter(is_floating, output_tuple(func(*duals))), rows, strict=False):
            primal, tangent = unpack_dual(out)
            if dtypes_count and tangent is not None and primal.is_complex() != tangent.is_complex():
                raise GradcheckError("Forward AD gradient has dtype mismatch.")
            if tangent is None:
                row.zero_()
            else:
                row.copy_(reshape(tangent, -1))

    with dual_level():
        duals, tangents = duals_of(inputs)
        for i, tangent in enumerate(tangents):
            if directions:
                tangent.copy_(view_as(directions[i], tangent))
                tangents_into(iter(found[i]))
                tangent.zero_()
                continue
            for k, index in enumerate(itertools.product(*map(range, tangent.shape))):
                tangent[index] = 1.0
                tangents_into(jacobian[k] for jacobian in found[i])
                tangent[index] = 0.0
    return found


def check_undefined(func: Any, inputs: tuple) -> None:
    """An input without a tangent must give the tangents that one of zeros gives."""
    given = differentiable_inputs(inputs)
    with dual_level():
        duals, tangents = duals_of(inputs)
        for tangent, u in zip(tangents, directions_of([x for _, x in given]), strict=True):
            tangent.copy_(view_as(u, tangent))
        for i, x in given:
            results = []
            dual = duals[i]
            for other in (make_dual(x.detach(), zeros_like(x)), x.detach()):
                duals[i] = other
                results.append([o for o in output_tuple(func(*duals)) if is_floating(o)])
            duals[i] = dual
            for k, (of_zeros, of_none) in enumerate(zip(*results, strict=False)):
                a, b = unpack_dual(of_zeros).tangent, unpack_dual(of_none).tangent
                if a is not None and b is not None and not a.allclose(b):
                    raise GradcheckError(
                        "Mismatch in tangent values for output with index: ",
                        k,
                        " when input: ",
                        x,
                        " has an undefined tangent value. ",
                        " Got: ",
                        a,
                        " but expected: ",
                        b,
                    )
