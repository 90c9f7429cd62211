"""torch.fft: one transform, forward or back, in one dimension or several.

PyTorch: https://docs.pytorch.org/docs/2.13/fft.html
"""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..creation.options import finish
from ..dtype import dtypes
from ..kernels.fourier import BY_N, BY_ROOT_N, NONE, fft_frequencies
from ..tensor import Tensor, existing_dim, wrap
from .arguments import expect_tensor
from .padding import constant_pad_nd

LAST_TWO = (-2, -1)


def _norm(norm: Any, forward: bool) -> int:
    if norm is None or norm == "backward":
        return NONE if forward else BY_N
    if norm == "forward":
        return BY_N if forward else NONE
    if norm == "ortho":
        return BY_ROOT_N
    raise RuntimeError(f'Invalid normalization mode: "{norm}"')


def _promoted(x: Tensor, complexes: bool = False) -> Tensor:
    """Whole numbers as floats, and reals as complex numbers if those are wanted."""
    kind = x._desc.dtype
    if kind.category < dtypes.FLOATING:
        kind = dtypes.get_default_dtype()
    if kind.itemsize == 2:
        raise RuntimeError(f"Unsupported dtype {kind.scalar_name}")
    if complexes:
        kind = kind.to_complex()
    return x if kind is x._desc.dtype else x.to(kind)


def _expect_points(n: int) -> None:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")


def _resized(x: Tensor, dim: tuple, sizes: tuple) -> Tensor:
    """As many points in each dimension, cut off or filled up with zeros."""
    padding = [0] * (2 * x._desc.ndim)
    for at, n in zip(dim, sizes, strict=True):
        size = x._desc.shape[at]
        if size < n:
            padding[2 * (x._desc.ndim - at) - 1] = n - size
        elif size > n:
            x = d.slice_(x, at, 0, n, 1)
    return constant_pad_nd(x, padding) if any(padding) else x


def _line(name: str, x: Any, n: Any, dim: int, norm: Any, forward: bool, complexes: bool) -> tuple[Tensor, int, int]:
    """The operand of a transform in one dimension, that dimension, and the number of the norm."""
    kind = expect_tensor(x, f"fft_{name}")._desc.dtype
    if not complexes and kind.is_complex:
        raise RuntimeError(f"{name} expects a real input tensor, but got {kind.scalar_name}")
    x = _promoted(x)
    at = existing_dim(dim, x._desc.ndim)
    _expect_points(x._desc.shape[at] if n is None else n)
    if n is not None:
        x = _resized(x, (at,), (n,))
    return x, at, _norm(norm, forward)


def _one(name: str, forward: bool) -> Any:
    def transform(input: Tensor, n: Any = None, dim: int = -1, norm: Any = None) -> Tensor:
        x, at, number = _line(name, input, n, dim, norm, forward, True)
        if x._desc.dtype.is_complex:
            return d.fft_c2c(x, (at,), number, forward)
        found = d.fft_r2c(x, (at,), number, False)
        return found if forward else found.conj()

    return _named(transform, name, "The transform in one dimension." if forward else "Its inverse.")


def _to_half(name: str, forward: bool) -> Any:
    def transform(input: Tensor, n: Any = None, dim: int = -1, norm: Any = None) -> Tensor:
        x, at, number = _line(name, input, n, dim, norm, forward, False)
        found = d.fft_r2c(x, (at,), number, True)
        return found if forward else found.conj()

    return _named(transform, name, "The first half of the transform of reals." if forward else "That of its inverse.")


def _from_half(name: str, forward: bool) -> Any:
    def transform(input: Tensor, n: Any = None, dim: int = -1, norm: Any = None) -> Tensor:
        x = _promoted(expect_tensor(input, f"fft_{name}"), True)
        at = existing_dim(dim, x._desc.ndim)
        size = 2 * (x._desc.shape[at] - 1) if n is None else n
        _expect_points(size)
        if n is not None:
            x = _resized(x, (at,), (n // 2 + 1,))
        return d.fft_c2r(x.conj() if forward else x, (at,), _norm(norm, forward), size)

    return _named(transform, name, "The reals whose transform, or inverse, has this first half.")


def _canonical(x: Tensor, s: Any, dim: Any) -> tuple[tuple, tuple]:
    """The dimensions that are transformed, wrapped, and how many points each has."""
    ndim, shape = x._desc.ndim, x._desc.shape
    at = None if dim is None else tuple([existing_dim(i, ndim) for i in ((dim,) if isinstance(dim, int) else dim)])
    if at is not None and len(set(at)) != len(at):
        raise RuntimeError("FFT dims must be unique")
    if s is not None:
        s = (s,) if isinstance(s, int) else tuple(s)
        if at is not None and len(at) != len(s):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        if len(s) > ndim:
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {ndim} dimensions.")
        at = tuple(range(ndim - len(s), ndim)) if at is None else at
        sizes = tuple([shape[i] if n == -1 else n for i, n in zip(at, s, strict=True)])
    else:
        at = tuple(range(ndim)) if at is None else at
        sizes = tuple([shape[i] for i in at])
    for n in sizes:
        _expect_points(n)
    return at, sizes


def _canonical_half(name: str, x: Tensor, s: Any, dim: Any) -> tuple[tuple, tuple, int]:
    """The same of what is half a transform, and how many reals its last dimension has."""
    at, sizes = _canonical(x, s, dim)
    if not sizes:
        raise RuntimeError(f"{name} must transform at least one axis")
    given = None if s is None else (s,) if isinstance(s, int) else tuple(s)
    last = 2 * (x._desc.shape[at[-1]] - 1) if given is None or given[-1] == -1 else sizes[-1]
    _expect_points(last)
    return at, (*sizes[:-1], last // 2 + 1), last


def _several(name: str, forward: bool, usual: Any) -> Any:
    def transform(input: Tensor, s: Any = None, dim: Any = usual, norm: Any = None) -> Tensor:
        at, sizes = _canonical(expect_tensor(input, f"fft_{name}"), s, dim)
        return d.fft_c2c(_resized(_promoted(input, True), at, sizes), at, _norm(norm, forward), forward)

    return _named(transform, name, "The transform in several dimensions." if forward else "Its inverse.")


def _several_to_half(name: str, forward: bool, usual: Any) -> Any:
    general = name if name.endswith("n") else name[:-1] + "n"  # which is what all of them call

    def transform(input: Tensor, s: Any = None, dim: Any = usual, norm: Any = None) -> Tensor:
        kind = expect_tensor(input, f"fft_{name}")._desc.dtype
        if kind.is_complex and not forward:
            raise RuntimeError(f"Only supports floating-point dtypes, but found: {kind.scalar_name}")
        if kind.is_complex:
            raise RuntimeError(f"{general} expects a real-valued input tensor, but got {kind.scalar_name}")
        x = _promoted(input)
        at, sizes = _canonical(x, s, dim)
        if not sizes:
            raise RuntimeError(f"{general} must transform at least one axis")
        x, number = _resized(x, at, sizes), _norm(norm, forward)
        if forward:
            return d.fft_r2c(x, at, number, True)
        half = d.fft_r2c(x, at[-1:], number, True)
        if len(at) == 1:
            return half.conj()
        return d.fft_c2c(half.conj_physical(), at[:-1], number, False)

    return _named(transform, name, "The half of the transform, or its inverse, of reals in several dimensions.")


def _several_from_half(name: str, forward: bool, usual: Any) -> Any:
    general = name if name.endswith("n") else name[:-1] + "n"

    def transform(input: Tensor, s: Any = None, dim: Any = usual, norm: Any = None) -> Tensor:
        at, sizes, last = _canonical_half(general, expect_tensor(input, f"fft_{name}"), s, dim)
        x, number = _resized(_promoted(input, True), at, sizes), _norm(norm, forward)
        if not forward:
            return d.fft_c2r(x, at, number, last)
        if len(at) > 1:
            x = d.fft_c2c(x, at[:-1], number, True)
        return d.fft_c2r(x.conj(), at[-1:], number, last)

    return _named(transform, name, "The reals whose transform, or inverse, in several dimensions has this half.")


def _named(function: Any, name: str, sentence: str) -> Any:
    function.__name__, function.__doc__ = f"fft_{name}", sentence
    return function


def _frequencies(name: str, half: bool) -> Any:
    def frequencies(n: int, d: float = 1.0, *, dtype: Any = None, **options: Any) -> Tensor:
        kind = dtypes.get_default_dtype() if dtype is None else dtypes.of(dtype)
        if kind.category < dtypes.FLOATING:
            raise RuntimeError(f"{name} requires a floating point or complex dtype")
        if n < 0 and not half:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
        return finish(wrap(fft_frequencies(n, d, half).astype(kind.numpy)), **options)

    return _named(frequencies, name, "The frequencies of so many points, d apart.")


def _shifted(name: str, inverse: bool) -> Any:
    def shift(input: Tensor, dim: Any = None) -> Tensor:
        ndim = expect_tensor(input, f"fft_{name}")._desc.ndim
        at = range(ndim) if dim is None else [existing_dim(i, ndim) for i in ((dim,) if isinstance(dim, int) else dim)]
        dims = tuple(at)
        steps = tuple([(input._desc.shape[i] + inverse) // 2 for i in dims])
        if not dims:
            raise RuntimeError("`shifts` required")
        return d.roll(input, steps, dims)

    return _named(shift, name, "The frequency zero moved to the middle, or back.")


FFT: dict[str, Any] = {"fft": _one("fft", True), "ifft": _one("ifft", False)}
FFT |= {"rfft": _to_half("rfft", True), "ihfft": _to_half("ihfft", False)}
FFT |= {"irfft": _from_half("irfft", False), "hfft": _from_half("hfft", True)}
for _suffix, _dims in (("n", None), ("2", LAST_TWO)):
    FFT |= {n + _suffix: _several(n + _suffix, n == "fft", _dims) for n in ("fft", "ifft")}
    FFT |= {n + _suffix: _several_to_half(n + _suffix, n == "rfft", _dims) for n in ("rfft", "ihfft")}
    FFT |= {n + _suffix: _several_from_half(n + _suffix, n == "hfft", _dims) for n in ("irfft", "hfft")}
FFT |= {"fftfreq": _frequencies("fftfreq", False), "rfftfreq": _frequencies("rfftfreq", True)}
FFT |= {"fftshift": _shifted("fftshift", False), "ifftshift": _shifted("ifftshift", True)}
FUNCTIONS: dict[str, Any] = {}
METHODS: dict[str, Any] = {}
