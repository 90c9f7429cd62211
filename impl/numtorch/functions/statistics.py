"""Running extremes, quantiles, modes, moments and differences, as users call them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, return_types, tangents
from ..aliasing.views import check_inplace, requires_grad
from ..aliasing.writes import copy_, tracked
from ..creation import zeros, zeros_like
from ..dtype import dtypes
from ..functions import shape as shapes
from ..grad_mode import is_grad_enabled
from ..plain_numpy import np
from ..tensor import Tensor, cpp_name, wrap, wrap_dim
from ..warning import warn
from .arguments import expect_tensor, not_for
from .ranks import nansum
from .reduction import MISSING, check_not_empty, one, several

# ---- scans


def cummax(input: Tensor, dim: int) -> Any:
    """The largest element so far, and its index."""
    return return_types.cummax(*d.cummax(expect_tensor(input, "cummax"), _along("cummax", dim, input)))


def cummin(input: Tensor, dim: int) -> Any:
    """The smallest element so far, and its index."""
    return return_types.cummin(*d.cummin(expect_tensor(input, "cummin"), _along("cummin", dim, input)))


def _along(name: str, dim: int, input: Tensor) -> int:
    ndim = input._desc.ndim
    if not ndim and type(dim) is int and not -1 <= dim <= 0:
        raise IndexError(f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}")
    if not input._desc.numel:
        return dim  # which PyTorch does not look at then
    return one(dim, ndim)


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """Logarithms of running sums of exponentials."""
    one(dim, input._desc.ndim)
    if input._desc.dtype.category < dtypes.FLOATING:
        raise NotImplementedError(f"\"logcumsumexp_out_cpu\" not implemented for '{input._desc.dtype.scalar_name}'")
    return d.logcumsumexp(input, dim)


def _scan_(name: str) -> Any:
    function = getattr(d, name)

    def call(self: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
        check_inplace(self, tracked(self))
        dim = one(dim, self._desc.ndim)
        if dtype is not None and dtype is not self._desc.dtype:
            raise RuntimeError(
                f"Bad in-place call: input tensor dtype {cpp_name(self._desc.dtype)} and output tensor dtype {cpp_name(dtype)} "
                "should match"
            )
        if self._desc.ndim and self._desc.numel:
            not_for(f"{name}out_cpu", self, dtypes.bool_)
        return function(self, dim, dtype)

    call.__name__ = name
    call.__doc__ = f"{name[:-1]} in place."
    return call


cumsum_, cumprod_ = _scan_("cumsum_"), _scan_("cumprod_")

# ---- without nan, and ranks


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean of what is not nan."""
    if input._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got " + input._desc.dtype.scalar_name
        )
    given = several(dim, input._desc.ndim)
    real = wrap(np.asarray(~np.isnan(input._array))[()])
    return d.div(nansum(input, dim, keepdim, dtype=dtype), d.sum_dim(real, given, keepdim, None))


def nanmedian(input: Tensor, dim: Any = MISSING, keepdim: bool = False) -> Any:
    """The lower median of what is not nan; over a dimension also its index."""
    if dim is MISSING:
        if input._desc.numel:
            not_for("median_cpu", input, dtypes.bool_)
        return d.nanmedian_all(input)
    check_not_empty(input, (one(dim, input._desc.ndim),), "median")
    not_for("median_out", input, dtypes.bool_)
    return return_types.nanmedian(*d.nanmedian_dim(input, int(dim), keepdim))


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element over a dimension, and its index."""
    check_not_empty(input, (one(dim, input._desc.ndim),), "mode")
    return return_types.mode(*d.mode(input, dim, keepdim))


_WAYS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(input: Tensor, q: Any, dim: Any, keepdim: bool, interpolation: str, ignore_nan: bool) -> Tensor:
    """The elements below and above a rank, and the way between them: PyTorch's steps, which its graph shows."""
    name = "quantile"  # which both call themselves, once their arguments are taken
    desc = input._desc
    if isinstance(q, (list, tuple)):
        raise TypeError(
            f"{'nan' * ignore_nan}{name}() received an invalid combination of arguments - got (list), but expected one of:\n"
            ' * (Tensor q, int dim = None, bool keepdim = False, *, str interpolation = "linear")\n'
            ' * (float q, int dim = None, bool keepdim = False, *, str interpolation = "linear")\n'
        )
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
        q = wrap(desc.dtype.numpy.type(q))
    if interpolation not in _WAYS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if not desc.numel:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if q._desc.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if desc.dtype.name not in ("float32", "float64"):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if q._desc.dtype is not desc.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    at = wrap_dim(dim, desc.ndim) if dim is not None else 0
    shape: list[int] = []
    if dim is not None and desc.ndim:
        shape = [1 if i == at else s for i, s in enumerate(desc.shape) if keepdim or i != at]
    elif keepdim:
        shape = [1] * desc.ndim
    if dim is None:
        values = d.sort(shapes.flatten(input), -1, False)[0]
    elif at == desc.ndim - 1:
        values = d.sort(input, -1, False)[0]
    else:
        values = d.sort(d.transpose(d.unsqueeze(input, -1), at, -1), -1, False)[0]
    values = shapes.view(values, (*shape, values._desc.shape[-1] if values._desc.ndim else 1))
    below = _between(values, q, interpolation, ignore_nan)
    if not q._desc.ndim:
        return below.squeeze_(-1)
    return below.unsqueeze_(0).transpose_(0, -1).squeeze_(-1)


def _between(values: Tensor, quantiles: Tensor, interpolation: str, ignore_nan: bool) -> Tensor:
    q = np.atleast_1d(quantiles._array)
    array = np.asarray(values._array)
    missing = np.isnan(array)
    last = array.shape[-1] - 1
    if ignore_nan:
        ranks = np.maximum(q * ((~missing).sum(-1, keepdims=True) - 1).astype(q.dtype), 0)
    else:
        ranks = np.where(missing.any(-1, keepdims=True), q.dtype.type(last), q * q.dtype.type(last))
    rounded = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}.get(interpolation)
    ranks = ranks if rounded is None else rounded(ranks)
    lower = ranks.astype(np.int64)
    below = d.gather(values, -1, wrap(np.ascontiguousarray(lower)), False)
    if rounded is None:
        midway = interpolation == "midpoint"
        weights: Any = wrap(np.ascontiguousarray(np.full_like(ranks, 0.5) if midway else ranks - lower, q.dtype))
        moves = (is_grad_enabled() and requires_grad(quantiles)) or tangents.tangent_of(quantiles) is not None
        if not midway and moves:
            weights = _ranked(quantiles, missing, ignore_nan) - wrap(lower)
        above = d.gather(values, -1, wrap(np.ascontiguousarray(np.ceil(ranks).astype(np.int64))), False)
        below.lerp_(above, weights)
    return below


def _ranked(q: Tensor, missing: Any, ignore_nan: bool) -> Tensor:
    """The ranks as a function of q, of which the weights have a derivative."""
    if ignore_nan:
        ranks = q * wrap(np.asarray((~missing).sum(-1, keepdims=True) - 1))
        return ranks.masked_fill_(wrap(np.asarray(ranks._array < 0)), 0)
    last = missing.shape[-1] - 1
    unknown = missing.any(-1, keepdims=True)
    ranks = d.mul_scalar(q, last)
    shape = np.broadcast_shapes(ranks._desc.shape, unknown.shape)
    if ranks._desc.shape != shape:
        ranks = d.expand(ranks, shape)
    return ranks.masked_fill(wrap(unknown), last)


def quantile(input: Tensor, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Tensor:
    """The q-th quantile of all elements, or over a dimension."""
    return _quantile(input, q, dim, keepdim, interpolation, False)


def nanquantile(
    input: Tensor, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The same of what is not nan."""
    return _quantile(input, q, dim, keepdim, interpolation, True)


# ---- distances and moments


def _renorms(self: Tensor, p: Any, dim: int, maxnorm: Any) -> None:
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if self._desc.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {self._desc.ndim} dimensions")
    wrap_dim(dim, self._desc.ndim)
    if self._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            + self._desc.dtype.scalar_name
        )


def renorm(input: Tensor, p: Any, dim: int, maxnorm: Any) -> Tensor:
    """Slices whose norm is too large, scaled down to it."""
    _renorms(input, p, dim, maxnorm)
    return d.renorm(input, p, dim, maxnorm)


def renorm_(self: Tensor, p: Any, dim: int, maxnorm: Any) -> Tensor:
    """The same in place."""
    check_inplace(self, tracked(self))
    _renorms(self, p, dim, maxnorm)
    return d.renorm_(self, p, dim, maxnorm)


def _cov_weights(given: Any, name: str, kind: str, fits: bool, count: int) -> Tensor:
    """The weights of observations, once PyTorch's checks hold."""
    desc = given._desc
    if desc.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {desc.ndim} dimensions"
        )
    if not fits:
        raise RuntimeError(
            f"cov(): expected {name} to have {kind} dtype but got {name} with {desc.dtype.scalar_name} dtype"
        )
    if desc.numel != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got {desc.numel} != "
            f"{count}"
        )
    if count and not np.min(given._array) >= 0:
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return given


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of variables, one a row, whose observations may count several times (fweights), or more or less."""
    n = input._desc.ndim
    if n > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {n} dimensions"
        )
    if input._desc.dtype is dtypes.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = shapes.view(input, 1, -1) if n < 2 else input
    count = x._desc.shape[1]
    weights = None
    if fweights is not None:
        integral = fweights._desc.dtype.category == dtypes.INTEGRAL
        weights = _cov_weights(fweights, "fweights", "integral", integral, count)
    if aweights is not None:
        floating = aweights._desc.dtype.category == dtypes.FLOATING
        given = _cov_weights(aweights, "aweights", "floating point", floating, count)
        weights = given if weights is None else weights * given
    total = wrap(np.int64(count)) if weights is None else weights.sum()
    if weights is not None and not np.any(total._array):
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    mean = (x if weights is None else x * weights).sum(1) / total
    if weights is not None and aweights is not None and correction:
        freedom = total - d.mul_scalar((weights * aweights).sum(), correction) / total
    else:
        freedom = d.sub_scalar(total, correction) if correction else total
    if freedom._array <= 0:
        warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.")
        freedom.zero_()
    away = x - d.unsqueeze(mean, 1)
    product = d.mm(away, d.t(away if weights is None else away * weights).conj())
    if x._desc.dtype.is_complex and 1 in x._desc.shape:  # whose products with their own conjugates are real
        product = d.complex_of(product.real, wrap(np.zeros(product._desc.shape, product.real._desc.dtype.numpy)))
    return d.squeeze(product / freedom)


def corrcoef(input: Tensor) -> Tensor:
    """The correlations of variables, one a row."""
    n = input._desc.ndim
    if n > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {n} dimensions"
        )
    c = cov(input)
    if not c._desc.ndim:
        return c / c
    variance = d.diagonal(c, 0, 0, 1)
    deviation = (variance.real if c._desc.dtype.is_complex else variance).sqrt()
    c = c / shapes.view(deviation, -1, 1)
    c = c / shapes.view(deviation, 1, -1)
    if c._desc.dtype.is_complex:
        return d.complex_of(c.real.clamp(-1, 1), c.imag.clamp(-1, 1))
    return c.clamp(-1, 1)


# ---- differences


def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """Differences of neighbours, n times."""
    if not input._desc.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    at = wrap_dim(dim, input._desc.ndim)
    if not n:
        return copy_(zeros_like(input), input)
    if prepend is not None or append is not None:
        input = shapes.cat([x for x in (prepend, input, append) if x is not None], dim)
    minus = d.logical_xor if input._desc.dtype is dtypes.bool_ else d.sub
    for _ in range(min(n, input._desc.shape[at])):
        size = input._desc.shape[at] - 1
        before = shapes.narrow(input, dim, 0, size)  # first, which shows in the order of the gradients
        input = minus(shapes.narrow(input, dim, 1, size), before)
    return input


def trapezoid(y: Tensor, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The integral by the trapezoidal rule."""
    if not y._desc.ndim:
        raise IndexError(f"Dimension specified as {dim if x is None else 0} but tensor has no dimensions")
    if not y._desc.shape[wrap_dim(dim, y._desc.ndim)]:
        empty = zeros([s for i, s in enumerate(y._desc.shape) if i != dim % y._desc.ndim], dtype=y._desc.dtype)
        return empty.zero_()
    _refuse_bools("trapezoid", y, x)
    if x is None:
        y = _real(y)
        ends = d.mul_scalar(d.select(y, dim, 0) + d.select(y, dim, -1), 0.5)
        return d.mul_scalar(d.sum_dim(y, (dim,), False, None) - ends, float(dx))
    steps = _steps(x, y, dim)
    dim = wrap_dim(dim, y._desc.ndim)
    both = d.slice_(y, dim, 0, -1, 1) + d.slice_(y, dim, 1, None, 1)
    return d.div_scalar(_real(d.sum_dim(both * steps, (dim,), False, None)), 2.0)


def _real(x: Tensor) -> Tensor:
    """Whole numbers as what they are halved in."""
    return x.to(dtypes.get_default_dtype()) if x._desc.dtype.category < dtypes.FLOATING else x


def _refuse_bools(name: str, y: Tensor, x: Tensor | None) -> None:
    if y._desc.dtype is dtypes.bool_ or (x is not None and x._desc.dtype is dtypes.bool_):
        what = "`y`" if x is None else "`x` or `y`"
        raise RuntimeError(f"{name}: received a bool input for {what}, but bool is not supported")


def _steps(x: Tensor, y: Tensor, dim: int) -> Tensor:
    at = wrap_dim(dim, y._desc.ndim)
    size = y._desc.shape[at]
    if x._desc.ndim == 1:
        if x._desc.shape[0] != size:
            raise RuntimeError("trapezoid: There must be one `x` value for each sample point")
        x = shapes.view(x, *[size if i == at else 1 for i in range(y._desc.ndim)])
    before = d.slice_(x, at, 0, -1, 1)
    return d.slice_(x, at, 1, None, 1) - before


def cumulative_trapezoid(y: Tensor, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The integral up to each point."""
    _refuse_bools("cumulative_trapezoid", y, x)
    if not y._desc.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if x is None:
        y = _real(y)
    both = d.slice_(y, dim, 0, -1, 1) + d.slice_(y, dim, 1, None, 1)
    if x is None:
        return d.cumsum(d.mul_scalar(both, dx / 2.0), dim, None)
    return d.div_scalar(_real(d.cumsum(both * _steps(x, y, dim), dim, None)), 2.0)


BOTH = (
    cummax, cummin, logcumsumexp, nanmean, nanmedian, mode, quantile, nanquantile, renorm, cov, corrcoef, diff,
)  # fmt: skip
FUNCTIONS = {f.__name__: f for f in (*BOTH, trapezoid, cumulative_trapezoid)}
FUNCTIONS["trapz"] = trapezoid
METHODS = {f.__name__: f for f in (*BOTH, cumsum_, cumprod_, renorm_)}
