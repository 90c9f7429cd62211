"""Decompositions of matrices and what is solved with them; batches in front. Results are column-major, as LAPACK's are."""

from __future__ import annotations

import math
from typing import Any

from ..memory.geometry import laid_out, row_major
from ..memory.lazy import Conjugated, Zeros
from ..plain_numpy import np
from .half import in_steps
from .numbers import castable

Array = Any

LinAlgError = type(
    "_LinAlgError", (RuntimeError,), {"__module__": "torch._C", "__doc__": "A matrix that has no answer."}
)


def columns(a: Array) -> Array:
    """The same matrices in column-major memory."""
    rows, cols = a.shape[-2:]
    strides, step = [1, max(rows, 1)], max(rows, 1) * max(cols, 1)
    for size in reversed(a.shape[:-2]):
        strides.insert(0, step)
        step *= max(size, 1)
    out = laid_out(a.shape, tuple(strides), a.dtype)
    out[...] = a
    return out


def adjoint(a: Array) -> Array:
    """The conjugate transposes."""
    return a.conj().swapaxes(-1, -2)


def of_adjoint(x: Array) -> Array:
    """What was solved of adjoints, as its adjoint: row-major, and complex numbers only seen conjugated (`is_conj()`)."""
    raw = row_major(x.swapaxes(-1, -2))
    return Conjugated(raw) if raw.dtype.kind == "c" and raw.size else raw


def each(function: Any, a: Array) -> list[Any]:
    """The function's answer for every matrix of a batch."""
    return [function(m) for m in a.reshape(math.prod(a.shape[:-2]), *a.shape[-2:])]


@np.errstate(all="ignore")  # of what is not finite, the factors are not
def lu(a: Array) -> tuple[Array, Array]:
    """L below and U on and above the diagonal of one array, and the rows (from 1) exchanged at each step."""
    out = np.array(a)
    rows, cols = out.shape[-2:]
    pivots = np.zeros((*out.shape[:-2], min(rows, cols)), np.int32)
    count = math.prod(out.shape[:-2])  # reshape infers nothing of empty matrices
    for m, p in zip(out.reshape(count, rows, cols), pivots.reshape(count, pivots.shape[-1]), strict=True):
        for i in range(len(p)):
            at = i + _pivot(_sizes(m[i:, i]))
            p[i] = at + 1
            if at != i:
                m[[i, at]] = m[[at, i]]
            if m[i, i]:
                m[i + 1 :, i] = _divided(m[i + 1 :, i], m[i, i], rows == cols <= 4 and i == rows - 2)
                m[i + 1 :, i + 1 :] -= _product(m[i + 1 :, i, None], m[i, i + 1 :])
    return columns(out), pivots


def _divided(column: Array, pivot: Any, alone: bool) -> Array:
    """A column by its pivot, to the bit as PyTorch's LAPACK has it: rows that are multiples of others leave zero, or do not.

    It multiplies by the reciprocal, of complex numbers that of more digits; it divides by what is too small for one, and the
    last element of a small square matrix, if that is real.
    """
    if pivot.dtype.kind == "c":
        real, imag = np.longdouble(pivot.real), np.longdouble(pivot.imag)
        size = real * real + imag * imag
        return _product(column, pivot.dtype.type(complex(real / size, -imag / size)))
    if alone or abs(pivot) < np.finfo(pivot.dtype).tiny:
        return column / pivot
    return column * (pivot.dtype.type(1) / pivot)


def _product(a: Array, b: Array) -> Array:
    """The product with every step rounded; NumPy adds the products of complex parts in one."""
    if a.dtype.kind != "c":
        return a * b
    out = np.empty(np.broadcast_shapes(a.shape, b.shape), a.dtype)
    out.real = a.real * b.real - a.imag * b.imag
    out.imag = a.real * b.imag + a.imag * b.real
    return out


def _sizes(column: Array) -> Array:
    """How large numbers are to BLAS, which adds the parts of complex ones."""
    return np.abs(column.real) + np.abs(column.imag) if column.dtype.kind == "c" else np.abs(column)


def _pivot(sizes: Array) -> int:
    """Where the largest is, as BLAS finds it: no comparison with nan holds, so that it stays if it is first, and only then."""
    return 0 if np.isnan(sizes[0]) else int(np.argmax(np.where(np.isnan(sizes), -1, sizes)))


def substitute(a: Array, b: Array, upper: bool, unitriangular: bool) -> Array:
    """Solve a triangular system, one row after the other."""
    x = np.array(np.broadcast_to(b, (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:])), order="C")
    n = a.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        for i in range(n - 1, -1, -1) if upper else range(n):
            known = slice(i + 1, n) if upper else slice(0, i)
            x[..., i, :] -= (a[..., i : i + 1, known] @ x[..., known, :])[..., 0, :]
            if not unitriangular:
                x[..., i, :] /= a[..., i, i, None]
    return x


def lu_solve(factors: Array, pivots: Array, b: Array, adjoint: bool) -> Array:
    """Solve with the factors of a matrix, or of its adjoint."""
    b = np.array(np.broadcast_to(b, (*factors.shape[:-2], *b.shape[-2:])), order="C")
    if adjoint:
        h = factors.conj().swapaxes(-1, -2)
        x = substitute(h, substitute(h, b, False, False), True, True)
    else:
        x = b
    count = math.prod(x.shape[:-2])
    for m, p in zip(x.reshape(count, *x.shape[-2:]), pivots.reshape(count, pivots.shape[-1]), strict=True):
        for i in range(len(p) - 1, -1, -1) if adjoint else range(len(p)):
            m[[i, p[i] - 1]] = m[[p[i] - 1, i]]
    return x if adjoint else substitute(factors, substitute(factors, x, False, True), True, False)


def linalg_lu_solve(factors: Array, pivots: Array, b: Array, left: bool, transposed: bool) -> Array:
    """X with A X = b (or X A = b) by the factors of A, or of its adjoint; one of several A, or several b of one, is for all."""
    if factors.shape[:-2] != b.shape[:-2]:
        batch = np.broadcast_shapes(factors.shape[:-2], b.shape[:-2])
        factors, b = [np.broadcast_to(a, batch + a.shape[-2:]) for a in (factors, b)]
        pivots = np.broadcast_to(pivots, batch + pivots.shape[-1:])
    if left:
        return columns(lu_solve(factors, pivots, b, transposed))
    return of_adjoint(lu_solve(factors, pivots, adjoint(b), not transposed))


def factored(a: Array) -> tuple[Array, Array]:
    """The factors that PyTorch keeps of a matrix: those of its transpose where it is row-major."""
    return lu(a.swapaxes(-1, -2) if is_turned(a) else a)


def is_turned(a: Array) -> bool:
    """Whether PyTorch factors the transpose."""
    return bool(a.flags.c_contiguous) and a.dtype.kind != "c"


def _first_zero(factors: Array) -> Array:
    """Which diagonal element of U (from 1) is the first that is zero, 0 if none is: LAPACK's info."""
    if not factors.shape[-1]:
        return np.zeros(factors.shape[:-2], np.int32)[()]
    zero = np.diagonal(factors, 0, -2, -1) == 0
    return np.where(zero.any(-1), zero.argmax(-1) + 1, 0).astype(np.int32)[()]


def _is_regular(factors: Array) -> bool:
    """Whether a matrix is far from singular, so that any way to solve with it gives the same."""
    sizes = np.abs(np.diagonal(factors, 0, -2, -1))
    if not np.isfinite(factors).all():
        return False
    return not sizes.size or bool(np.all(sizes.min(-1) > _NEAR * np.finfo(sizes.dtype).eps * sizes.max(-1)))


_NEAR = 1e4
"""A matrix whose pivots are this many roundings apart may be singular to another order of elimination."""


def linalg_inv_ex(a: Array) -> tuple[Array, Array]:
    """The inverse, and where it fails."""
    factors, pivots = lu(a)
    if _is_regular(factors):
        return columns(np.linalg.inv(a)), np.zeros(a.shape[:-2], np.int32)[()]
    return _solved(factors, pivots, np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape), True)


@np.errstate(all="ignore")
def linalg_det(a: Array) -> tuple[Array, Array, Array]:
    """The determinant, and the factors."""
    factors, pivots = factored(a)
    sign, size = _of_factors(factors, pivots)
    return _product(size, np.asarray(sign, a.dtype))[()], factors, pivots


def _of_factors(factors: Array, pivots: Array) -> tuple[Array, Array]:
    """The exchanges' sign and the product of U's diagonal."""
    exchanges = (pivots != np.arange(1, pivots.shape[-1] + 1)).sum(-1)
    with np.errstate(all="ignore"):
        return 1 - 2 * (exchanges % 2), np.multiply.reduce(np.diagonal(factors, 0, -2, -1), axis=-1)


def linalg_slogdet(a: Array) -> tuple[Array, Array, Array, Array]:
    """Sign and logarithm of the determinant's size, and the factors."""
    factors, pivots = factored(a)
    with np.errstate(all="ignore"):
        diagonal = np.diagonal(factors, 0, -2, -1)
        size = np.add.reduce(np.log(np.abs(diagonal)), axis=-1)
        sign = _of_factors(factors, pivots)[0] * np.multiply.reduce(np.sign(diagonal), axis=-1)
        sign = np.where(np.isnan(size), 0, sign)
    return (sign.astype(a.dtype)[()], size.astype(a.real.dtype)[()], factors, pivots)


def is_vector(a: Array, b: Array) -> bool:
    """Whether the right side is a vector, or a batch of them."""
    return b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])


def linalg_solve_ex(a: Array, b: Array, left: bool) -> tuple[Array, Array, Array, Array]:
    """X with a X = b (or X a = b), the factors, and where it fails."""
    vector = is_vector(a, b)
    right = b[..., None] if vector else b
    factors, pivots = lu(a)
    if _is_regular(factors):
        info = np.zeros(a.shape[:-2], np.int32)[()]
        x = np.linalg.solve(a, right) if left else np.linalg.solve(adjoint(a), adjoint(right))
        if not vector:
            x = columns(x) if left else of_adjoint(x)
    else:
        x, info = _solved(factors, pivots, right, left)
    if vector:
        x = np.array(x[..., 0], order="C") if x.ndim < 3 else columns(x[..., 0])
    return x, factors, pivots, info


def _solved(factors: Array, pivots: Array, b: Array, left: bool) -> tuple[Array, Array]:
    """What the factors of a matrix that may be singular solve, and where it fails."""
    info = _first_zero(factors)
    if np.any(info):
        shape = np.broadcast_shapes(b.shape, (*factors.shape[:-2], 1, 1))
        return columns(np.full(shape, np.inf, factors.dtype)), info
    return linalg_lu_solve(factors, pivots, b, left, False), info


def linalg_cholesky_ex(a: Array, upper: bool) -> tuple[Array, Array]:
    """The triangular root, and where it fails."""
    lower = adjoint(a) if upper else a
    info = np.zeros(a.shape[:-2], np.int32)[()]
    try:
        root = np.linalg.cholesky(lower)
        lost = np.isnan(np.diagonal(root, 0, -2, -1))  # NumPy takes nan for a pivot
        if lost.any():
            info = np.where(lost.any(-1), lost.argmax(-1) + 1, 0).astype(np.int32)[()]
    except np.linalg.LinAlgError:
        info = np.array(each(_minor, lower), np.int32).reshape(a.shape[:-2])[()]
        root = np.tril(lower)
    return columns(adjoint(root) if upper else root), info


def _minor(a: Array) -> int:
    """The order of the first leading minor that is not positive-definite, 0 if all are."""
    for n in range(1, len(a) + 1):
        try:
            np.linalg.cholesky(a[:n, :n])
        except np.linalg.LinAlgError:
            return n
    return 0


def cholesky(a: Array, upper: bool) -> Array:
    """The triangular root; what is empty is left row-major."""
    return linalg_cholesky_ex(a, upper)[0] if a.size else np.empty(a.shape, a.dtype)


def linalg_solve_triangular(a: Array, b: Array, upper: bool, left: bool, unitriangular: bool) -> Array:
    """X with a X = b (or X a = b), of a triangular a.

    What is solved with the adjoint of a row-major matrix is row-major: BLAS is told of the conjugate of a transpose only.
    """
    b = castable(b, a).astype(a.dtype, copy=False)  # it is copied to where the result goes, which has the type of a
    step = a.dtype.itemsize
    by_rows = type(a) is Conjugated and (not a.size or a.strides[-2:] == (step, step * a.shape[-1]))
    arranged = row_major if by_rows else columns
    if left:
        return arranged(substitute(a, b, upper, unitriangular))
    x = substitute(a.swapaxes(-1, -2), b.swapaxes(-1, -2), not upper, unitriangular)
    return arranged(x.swapaxes(-1, -2))


def cholesky_solve(b: Array, root: Array, upper: bool) -> Array:
    """X with root root^H X = b."""
    lower = adjoint(root) if upper else root
    half = substitute(lower, b, False, False)
    return columns(substitute(adjoint(lower), half, True, False))


def cholesky_inverse(root: Array, upper: bool) -> Array:
    """The inverse of root root^H: of the root's own inverse one triangle of the product, which the other one mirrors.

    As in LAPACK a diagonal counts as real, but for half of the last element: so it is found with complex diagonals, too.
    """
    lower = root.swapaxes(-1, -2) if upper else root
    own = substitute(lower, np.broadcast_to(np.eye(root.shape[-1], dtype=root.dtype), root.shape), False, False)
    last = own[..., -1:, -1:].copy()
    if root.dtype.kind == "c":
        at = np.arange(root.shape[-1])
        own[..., at, at] = own[..., at, at].real
    product = np.tril(adjoint(own) @ own)
    product[..., -1:, -1:] = last.real * last
    found = product + adjoint(np.tril(product, -1))
    return columns(found.swapaxes(-1, -2) if upper else found)


def linalg_qr(a: Array, mode: str) -> tuple[Array, Array]:
    """An orthogonal and an upper triangular factor."""
    if mode == "r":
        return np.empty((0,), a.dtype), columns(np.linalg.qr(a, "r"))
    q, r = np.linalg.qr(a, mode)
    return columns(q), columns(r)


def linalg_eig(a: Array) -> tuple[Array, Array]:
    """Eigenvalues, complex ones, and eigenvectors as columns."""
    values, vectors = np.linalg.eig(a)
    kind = np.complex64 if a.dtype in (np.float32, np.complex64) else np.complex128
    return values.astype(kind, copy=False), columns(vectors.astype(kind, copy=False))


def linalg_eigh(a: Array, uplo: str) -> tuple[Array, Array]:
    """Eigenvalues in order, and eigenvectors, of a symmetric matrix of which one triangle is read."""
    values, vectors = np.linalg.eigh(a, uplo)
    return values, columns(vectors)


def _svd(a: Array, full_matrices: bool) -> tuple[Array, Array, Array]:
    """NumPy's factors, but where the matrix has infinities and NumPy gives up (since 2.5), or never comes to an end (of more
    than two rows and columns): there they are nan, as PyTorch has most. (At a nan LAPACK gives up; OpenBLAS sees none in
    inf + nan j, and MKL does.)
    """
    nans = np.isnan(a)
    if nans.any():
        where = f"(Batch element {int(np.argmax(nans.any((-2, -1)).ravel()))}): " if a.ndim > 2 else ""
        raise LinAlgError(
            f"linalg.svd: {where}The algorithm failed to converge because the input matrix contained non-finite values."
        )
    if min(a.shape[-2:]) > 2:
        endless = _is_infinite(a)
        if endless.any():
            return _svd_but(endless, a, full_matrices)
    try:
        return np.linalg.svd(a, full_matrices)
    except np.linalg.LinAlgError:
        return _svd_but(_is_infinite(a), a, full_matrices)


def _is_infinite(a: Array) -> Array:
    """Which matrices have infinities."""
    return np.isinf(a).any((-2, -1))


def _svd_but(without: Array, a: Array, full_matrices: bool) -> tuple[Array, Array, Array]:
    """NumPy's factors, and nan for the matrices `without`."""
    factors = np.linalg.svd(np.where(without[..., None, None], a.dtype.type(0), a), full_matrices)
    for factor in factors:
        factor[without] = np.nan
    return factors


def linalg_svd(a: Array, full_matrices: bool) -> tuple[Array, Array, Array]:
    """Left vectors, singular values in falling order, and right vectors as rows."""
    u, s, vh = _svd(a if a.dtype.itemsize > 2 else a.astype(np.float32), full_matrices)  # no half, even if empty
    kinds = (a.dtype, a.real.dtype, a.dtype)  # singular values are real
    return tuple([x.astype(kind, copy=False) for x, kind in zip((columns(u), s, columns(vh)), kinds, strict=True)])  # type: ignore[return-value]


def singular_values(a: Array) -> Array:
    """Singular values in falling order, by LAPACK's way without vectors, after which none is -0."""
    if not np.isfinite(a).all():
        return linalg_svd(a, False)[1]
    wide = a if a.dtype.itemsize > 2 else a.astype(np.float32)
    return np.linalg.svd(wide, compute_uv=False).astype(a.real.dtype, copy=False)


def linalg_pinv(a: Array, atol: Array, rtol: Array, hermitian: bool) -> Array:
    """The pseudo-inverse; singular values below max(atol, rtol * the largest), which may be arrays, count as zero.

    Of a Hermitian matrix one triangle is read, as eigh does, and eigenvalues count by their sizes.
    """
    if not a.size:
        return np.zeros((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype)
    if hermitian:
        s, u = np.linalg.eigh(a)
        v = u
    else:
        u, s, vh = _svd(a, False)
        v = vh.conj().swapaxes(-1, -2)
    sizes = np.abs(s)
    kept = sizes > larger_than(sizes, atol, rtol)
    inverse = np.divide(1, np.broadcast_to(s, kept.shape), where=kept, out=np.zeros(kept.shape, s.dtype))
    return row_major((v * inverse[..., None, :]) @ u.conj().swapaxes(-1, -2))


def larger_than(sizes: Array, atol: Array, rtol: Array) -> Array:
    """What singular values must be larger than, those of a matrix in the last dimension, or the sizes of eigenvalues."""
    return np.maximum(np.asarray(atol)[..., None], np.asarray(rtol)[..., None] * sizes.max(-1, keepdims=True))


PADE = (64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
        10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0)  # fmt: skip


@np.errstate(all="ignore")
def linalg_matrix_exp(a: Array) -> Array:
    """The exponential: scaled, a Padé quotient of degree 13 in double precision, squared."""
    kind = a.dtype
    if a.shape[-1] == 1:
        return np.exp(a)
    a = a.astype(np.complex128 if kind.kind == "c" else np.float64)
    size = np.add.reduce(np.abs(a), -2).max() if a.size else 0.0
    halvings = max(int(np.ceil(np.log2(size / 4.25))), 0) if size and np.isfinite(size) else 0
    a = a / 2.0**halvings
    even = odd = np.zeros_like(a)
    power = np.broadcast_to(np.eye(a.shape[-1]), a.shape)
    square = a @ a
    for i in range(0, 14, 2):
        even = even + PADE[i] * power
        odd = odd + PADE[i + 1] * power
        power = power @ square
    odd = a @ odd
    out = np.linalg.solve(even - odd, even + odd)
    for _ in range(halvings):
        out = out @ out
    return row_major(out.astype(kind))


def linalg_lstsq(a: Array, b: Array, rcond: float | None, driver: str) -> tuple[Array, Array, Array, Array]:
    """The least squares solution; the residuals, the rank and the singular values as far as LAPACK's driver finds them."""
    vector = a.ndim - 1 == b.ndim
    right = b[..., None] if vector else b
    batch, (rows, cols), count = a.shape[:-2], a.shape[-2:], math.prod(a.shape[:-2])
    cut = np.finfo(a.dtype).eps * max(rows, cols) if rcond is None else rcond
    x = np.zeros((count, cols, right.shape[-1]), a.dtype)
    rank = np.zeros(count, np.int64)
    singular = np.zeros((count, min(rows, cols)), a.real.dtype)
    if a.size:
        pairs = zip(a.reshape(count, rows, cols), right.reshape(count, rows, -1), strict=True)
        for i, (m, r) in enumerate(pairs):
            if np.isfinite(m).all():
                x[i], _, rank[i], singular[i] = np.linalg.lstsq(m, r, cut)
            elif driver != "gelsy":  # NumPy raises, or never comes to an end
                x[i], singular[i] = np.nan, np.nan
    x = x.reshape(*batch, cols, -1) if x.size else np.zeros((*batch, cols, right.shape[-1]), a.dtype)
    residuals = np.empty((0,), a.real.dtype)
    if rows > cols and driver != "gelsy" and (driver == "gels" or (rank == cols).all()):
        away = np.abs(right - a @ x) ** 2 if a.size or driver != "gels" else np.zeros(right.shape, a.real.dtype)
        residuals = np.add.reduce(away, -2).astype(a.real.dtype)
    room = np.zeros((*batch, max(rows, cols), x.shape[-1]), a.dtype)  # LAPACK answers where it was asked
    room[..., :cols, :] = x
    x = columns(room)[..., :cols, :]
    ranks = np.empty((0,), np.int64) if driver == "gels" else rank.reshape(batch)[()]
    values = singular.reshape(*batch, min(rows, cols)) if driver in ("gelsd", "gelss") else np.empty((0,), a.real.dtype)
    return x[..., 0] if vector else x, residuals, ranks, values


@in_steps
def linalg_cross(x: Array, other: Array, dim: int) -> Array:
    """The vector product along a dimension of size 3."""
    if Zeros in (type(x), type(other)):
        return x * other
    out = np.empty(np.broadcast_shapes(x.shape, other.shape), x.dtype)
    x, other, turned = (np.moveaxis(np.broadcast_to(t, out.shape), dim, 0) for t in (x, other, out))
    turned = np.moveaxis(out, dim, 0)
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        turned[i] = x[j] * other[k] - x[k] * other[j]
    return out
