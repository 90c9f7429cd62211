"""The derivatives of the factors L and U: PyTorch's own formulas, operation for operation.

A gradient through the factors of A = P L U is P L^-H [..] U^-H of a square; of a wide matrix the columns beyond the square, and
of a tall one the rows, follow from those.
"""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..functions.arrange import tril, triu
from ..functions.shape import narrow


def _beside(x: Any, dim: int, start: int) -> Any:
    """What is beyond the square."""
    return d.slice_(x, dim, start, x._desc.shape[dim], 1)


def _square(x: Any, dim: int, size: int) -> Any:
    return d.slice_(x, dim, 0, size, 1)


def _new_zeros(x: Any, dim: int, size: int) -> Any:
    shape = list(x._desc.shape)
    shape[dim] = size
    return x.new_zeros(shape)


def _left_unit(L: Any, x: Any) -> Any:
    """L^-H x"""
    return d.linalg_solve_triangular(L.mH, x, True, True, True)


def _right(U: Any, x: Any) -> Any:
    """x U^-H"""
    return d.linalg_solve_triangular(U.mH, x, False, False, False)


def linalg_lu_backward(grads: list, P: Any, L: Any, U: Any, pivot: bool) -> Any:
    """The gradient through both factors."""
    gL, gU = grads[:2]
    rows, cols = L._desc.shape[-2], U._desc.shape[-1]
    if rows == cols:
        phi = None
        if gL is not None:
            phi = d.tril(L.mH.matmul(gL), -1)
        if gU is not None:
            upper = d.triu(gU.matmul(U.mH), 0)
            phi = upper if phi is None else phi + upper
        out = _left_unit(L, _right(U, phi))
    elif rows < cols:
        out = _wide(gL, gU, L, U)
    else:
        out = _tall(gL, gU, L, U)
    return P.matmul(out) if pivot else out


def _wide(gL: Any, gU: Any, L: Any, U: Any) -> Any:
    """L^-H [U1' + tril(L^H L' - U' U^H) U1^-H, U2'], where L' and U' are the gradients."""
    size = L._desc.shape[-1]
    phi = None if gL is None else L.mH.matmul(gL)
    if gU is None:
        first = _left_unit(L, _right(_square(U, -1, size), d.tril(phi, -1)))
        return d.cat([first, _new_zeros(gL, -1, U._desc.shape[-1] - size)], -1)
    upper = d.triu(gU, 0)
    both = upper.matmul(U.mH)
    phi = d.tril(-both if phi is None else phi - both, -1)
    first = _right(_square(U, -1, size), phi) + d.triu(_square(gU, -1, size), 0)
    return _left_unit(L, d.cat([first, _beside(gU, -1, size)], -1))


def _tall(gL: Any, gU: Any, L: Any, U: Any) -> Any:
    """[L1' + L1^-H triu(U' U^H - L^H L'), L2'] U^-H"""
    size = U._desc.shape[-1]
    phi = None if gU is None else gU.matmul(U.mH)
    if gL is None:
        first = _right(U, _left_unit(_square(L, -2, size), d.triu(phi, 0)))
        return d.cat([first, _new_zeros(gU, -2, L._desc.shape[-2] - size)], -2)
    both = L.mH.matmul(d.tril(gL, -1))
    phi = d.triu(-both if phi is None else phi - both, 0)
    first = _left_unit(_square(L, -2, size), phi) + d.tril(_square(gL, -2, size), -1)
    return _right(U, d.cat([first, _beside(gL, -2, size)], -2))


def lu_factor_backward(grad: Any, LU: Any, pivots: Any, pivot: bool) -> Any:
    """The same of both factors in one array."""
    L, U, P = d.lu_unpack(LU, pivots, True, pivot)
    least = min(LU._desc.shape[-2:])
    return linalg_lu_backward([_square(grad, -1, least), _square(grad, -2, least)], P, L, U, pivot)


def linalg_lu_jvp(tangent: Any, P: Any, L: Any, U: Any, pivot: bool) -> tuple:
    """The tangents of both factors."""
    rows, cols = tangent._desc.shape[-2:]
    least = min(rows, cols)
    moved = P.mT.matmul(tangent) if pivot else tangent

    def first(x: Any) -> Any:
        return _square(_square(x, -2, least), -1, least)

    square, L1, U1 = first(moved), first(L), first(U)
    inner = d.linalg_solve_triangular(L1, square, False, True, True)
    inner = d.linalg_solve_triangular(U1, inner, True, False, False)
    dL, dU = L1.matmul(d.tril(inner, -1)), d.triu(inner, 0).matmul(U1)
    if rows > cols:
        rest = _beside(L, -2, least).matmul(d.triu(inner, 0))
        dL = d.cat([dL, d.linalg_solve_triangular(U1, _beside(moved, -2, least), True, False, False) - rest], -2)
    elif rows < cols:
        rest = d.tril(inner, -1).matmul(_beside(U, -1, least))
        dU = d.cat([dU, d.linalg_solve_triangular(L1, _beside(moved, -1, least), False, True, True) - rest], -1)
    return dL, dU, None


def lu_factor_jvp(tangent: Any, LU: Any, pivots: Any, pivot: bool) -> Any:
    """The same in one array, the smaller added to the larger."""
    L, U, P = d.lu_unpack(LU, pivots, True, pivot)
    dL, dU, _ = linalg_lu_jvp(tangent, P, L, U, pivot)
    rows, cols = tangent._desc.shape[-2:]
    if rows >= cols:
        _square(dL, -2, cols).add_(dU)
        return dL
    _square(dU, -1, rows).add_(dL)
    return dU


def lu_unpack_backward(grads: list, rows: int, cols: int) -> Any:
    """The gradients of both factors in one array; of empty ones no triangle can be taken."""
    gL, gU = grads[:2]
    if gL is None:
        upper = triu(gU, 0)
        return upper if cols >= rows else d.cat([upper, _new_zeros(gU, -2, rows - cols)], -2)
    if gU is None:
        lower = tril(gL, -1)
        return lower if rows >= cols else d.cat([lower, _new_zeros(gL, -1, cols - rows)], -1)
    if rows == cols:
        upper = triu(gU, 0)
        return tril(gL, -1) + upper
    if rows > cols:
        upper = triu(gU, 0)
        first = tril(narrow(gL, -2, 0, cols), -1) + upper
        return d.cat([first, _beside(gL, -2, cols)], -2)
    upper = triu(narrow(gU, -1, 0, rows), 0)
    first = tril(gL, -1) + upper
    return d.cat([first, _beside(gU, -1, rows)], -1)


def lower_of(tangent: Any) -> Any:
    """Of both factors' tangents that of L."""
    rows, cols = tangent._desc.shape[-2:]
    return d.tril(tangent if rows >= cols else _square(tangent, -1, rows), -1)


def upper_of(tangent: Any) -> Any:
    """Of both factors' tangents that of U."""
    rows, cols = tangent._desc.shape[-2:]
    return d.triu(tangent if cols >= rows else _square(tangent, -2, cols), 0)


def lu_solve_backward(grad: Any, LU: Any, pivots: Any, X: Any, left: bool, adjoint: bool) -> Any:
    """The gradient of the factors that a system was solved with."""
    L, U, P = d.lu_unpack(LU, pivots, True, left == adjoint)
    if left != adjoint:
        x = X.mH if left else X
        moved = -(grad if left else grad.mH).matmul(x)
        right = d.linalg_solve_triangular(U.mH, moved, False, True, False)
        lower = d.tril(_left_unit(L, right.matmul(U.mH)), -1)
        out = lower + d.triu(right, 0)
    else:
        right = -P.mT.matmul(X if left else X.mH).matmul(grad.mH if left else grad).matmul(P)
        right = d.linalg_solve_triangular(L.mH, right, True, False, True)
        upper = d.triu(_right(U, L.mH.matmul(right)), 0)
        out = d.tril(right, -1) + upper
    return out


def lu_solve_jvp(X: Any, LU: Any, pivots: Any, dLU: Any, dB: Any, left: bool, adjoint: bool) -> Any:
    """The tangent of a solution: that of the right side, solved, and what the factors' tangents move."""
    solved = d.linalg_lu_solve(LU, pivots, dB, left, adjoint)
    dU, dL = d.triu(dLU, 0), d.tril(dLU, -1)
    if left != adjoint:
        U = d.triu(LU, 0)
        inner = dU + d.linalg_solve_triangular(LU, dL, False, True, True).matmul(U)
        inner = -d.linalg_solve_triangular(U, inner, True, True, False)
        return (inner.matmul(X) if left else X.matmul(inner.mH)) + solved
    L, U, P = d.lu_unpack(LU, pivots, True, True)
    inner = d.linalg_solve_triangular(U, L.matmul(dU), True, False, False) + dL
    moved = -(X.mH if left else X).matmul(P).matmul(inner)
    moved = d.linalg_solve_triangular(L, moved, False, False, True).matmul(P.mT)
    return (moved.mH if left else moved) + solved
