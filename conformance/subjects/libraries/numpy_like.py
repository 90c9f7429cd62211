"""The operators of a library whose functions are NumPy's: JAX, HIPS autograd, MyGrad, MLX.

Each row names what the library itself calls so; a row whose function the library lacks drops out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.subjects.libraries.signatures import SIGNATURES

SAME = """
add=add sub=subtract mul=multiply true_divide=true_divide floor_divide=floor_divide remainder=remainder fmod=fmod
maximum=maximum minimum=minimum fmax=fmax fmin=fmin atan2=arctan2 hypot=hypot logaddexp=logaddexp
logaddexp2=logaddexp2 copysign=copysign heaviside=heaviside
eq=equal ne=not_equal lt=less le=less_equal gt=greater ge=greater_equal
logical_and=logical_and logical_or=logical_or logical_xor=logical_xor logical_not=logical_not
neg=negative abs=abs square=square sqrt=sqrt rsqrt=rsqrt reciprocal=reciprocal
exp=exp exp2=exp2 expm1=expm1 log=log log2=log2 log10=log10 log1p=log1p
sin=sin cos=cos tan=tan asin=arcsin acos=arccos atan=arctan
sinh=sinh cosh=cosh tanh=tanh asinh=arcsinh acosh=arccosh atanh=arctanh sinc=sinc i0=i0
floor=floor ceil=ceil round=round trunc=trunc sign=sign deg2rad=deg2rad rad2deg=rad2deg
isnan=isnan isinf=isinf isfinite=isfinite conj=conj real=real imag=imag angle=angle
matmul=matmul mm=matmul mv=matmul bmm=matmul dot=dot inner=inner outer=outer kron=kron
trace=trace where=where ravel=ravel
linalg.inv=linalg.inv inverse=linalg.inv linalg.det=linalg.det det=linalg.det
linalg.slogdet=linalg.slogdet slogdet=linalg.slogdet linalg.cholesky=linalg.cholesky cholesky=linalg.cholesky
linalg.solve=linalg.solve linalg.pinv=linalg.pinv linalg.eigvalsh=linalg.eigvalsh
linalg.matrix_power=linalg.matrix_power
"""
"""Operators that take their operands by position, and nothing else: PyTorch's name = the library's."""


def operators(xp: Any) -> dict[str, Callable[..., Any]]:
    """The table for a namespace. A library changes or removes rows where it does otherwise than NumPy."""
    return {**named(xp, SAME), **{name: row for name, row in _rows(xp).items() if row is not None}}


def named(library: Any, table: str) -> dict[str, Callable[..., Any]]:
    """The operators of a table as `SAME` whose function the library has."""
    pairs = [row.split("=") for row in table.split()]
    found = {name: _at(library, path) for name, path in pairs}
    return {name: by_position(name, function) for name, function in found.items() if function is not None}


def by_position(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, taking the operands of that operator by PyTorch's names. NumPy's own names differ from ours."""
    parameters = SIGNATURES[name].parameters.parameters.values()
    names = [p.name for p in parameters if p.default is p.empty]
    scope: dict[str, Any] = {"function": function}
    exec(f"def operator({', '.join(names)}): return function({', '.join(names)})", scope)
    operator: Callable[..., Any] = scope["operator"]
    return operator


def _at(xp: Any, path: str) -> Callable[..., Any] | None:
    found = xp
    for part in path.split("."):
        found = getattr(found, part, None)
    return found  # type: ignore[no-any-return]


def _rows(xp: Any) -> dict[str, Callable[..., Any] | None]:
    def if_there(path: str, row: Callable[..., Any]) -> Callable[..., Any] | None:
        return row if _at(xp, path) is not None else None

    def reduction(path: str) -> Callable[..., Any] | None:
        function = _at(xp, path)
        if function is None:
            return None
        return lambda input, dim=None, keepdim=False: function(input, axis=axes(dim), keepdims=keepdim)

    def spread(path: str) -> Callable[..., Any] | None:
        function = _at(xp, path)
        if function is None:
            return None
        return lambda input, dim=None, correction=1, keepdim=False: function(
            input, axis=axes(dim), ddof=correction, keepdims=keepdim
        )

    def index_of(path: str) -> Callable[..., Any] | None:
        function = _at(xp, path)
        return None if function is None else lambda input, dim=None: function(input, axis=dim)

    def scan(path: str) -> Callable[..., Any] | None:
        function = _at(xp, path)
        return None if function is None else lambda input, dim: function(input, axis=dim)

    def cut(input: Any, sizes: Any, dim: int) -> tuple[Any, ...]:
        found, start = [], 0
        for size in sizes:
            found.append(_along(input, dim, slice(start, start + size)))
            start += size
        return tuple(found)

    def split(input: Any, split_size_or_sections: Any, dim: int = 0) -> Any:
        total, size = input.shape[dim], split_size_or_sections
        if isinstance(size, int):
            # Of nothing there is one piece, which is empty.
            size = [min(size, total - start) for start in range(0, total or 1, size)]
        return cut(input, size, dim)

    def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
        shape = tuple(input.shape)
        if not shape:
            return xp.reshape(input, (1,))
        start, end = start_dim % len(shape), end_dim % len(shape)
        return xp.reshape(input, (*shape[:start], -1, *shape[end + 1 :]))

    def t(input: Any) -> Any:
        if len(input.shape) > 2:
            # NumPy would turn round all dimensions.
            raise NotImplementedError("t() of more than a matrix")
        return xp.transpose(input)

    return {
        "div": if_there("true_divide", lambda input, other: input / other),
        "pow": if_there("power", lambda input, exponent: input**exponent),
        "clamp": if_there("clip", lambda input, min=None, max=None: xp.clip(input, min, max)),
        "clip": if_there("clip", lambda input, min=None, max=None: xp.clip(input, min, max)),
        "nan_to_num": if_there(
            "nan_to_num",
            lambda input, nan=0.0, posinf=None, neginf=None: xp.nan_to_num(
                input, nan=nan, posinf=posinf, neginf=neginf
            ),
        ),
        **{name: reduction(name) for name in ("sum", "mean", "prod", "nansum", "nanmean", "all", "any")},
        "amax": reduction("max"),
        "amin": reduction("min"),
        "max": if_there("max", lambda input: xp.max(input)),
        "min": if_there("min", lambda input: xp.min(input)),
        "std": spread("std"),
        "var": spread("var"),
        "argmax": index_of("argmax"),
        "argmin": index_of("argmin"),
        "cumsum": scan("cumsum"),
        "cumprod": scan("cumprod"),
        "linalg.vector_norm": if_there(
            "linalg.norm",
            lambda x, ord=2, dim=None: xp.linalg.norm(xp.reshape(x, (-1,)) if dim is None else x, ord, axis=dim),
        ),
        "norm": if_there("linalg.norm", lambda input: xp.linalg.norm(xp.reshape(input, (-1,)))),
        "reshape": lambda input, shape: xp.reshape(input, shape),
        "view": lambda input, shape: xp.reshape(input, shape),
        "flatten": flatten,
        "squeeze": if_there("squeeze", lambda input, dim=None: xp.squeeze(input, axis=dim)),
        "unsqueeze": if_there("expand_dims", lambda input, dim: xp.expand_dims(input, dim)),
        "transpose": if_there("swapaxes", lambda input, dim0, dim1: xp.swapaxes(input, dim0, dim1)),
        "t": if_there("transpose", t),
        "permute": if_there("transpose", lambda input, dims: xp.transpose(input, dims)),
        "movedim": if_there("moveaxis", lambda input, source, destination: xp.moveaxis(input, source, destination)),
        "broadcast_to": if_there("broadcast_to", lambda input, shape: xp.broadcast_to(input, shape)),
        "expand": if_there("broadcast_to", lambda input, size: xp.broadcast_to(input, _expanded(input.shape, size))),
        "repeat": if_there("tile", lambda input, repeats: xp.tile(input, repeats)),
        "tile": if_there("tile", lambda input, dims: xp.tile(input, dims)),
        "flip": if_there("flip", lambda input, dims: xp.flip(input, dims)),
        "roll": if_there("roll", lambda input, shifts, dims=None: xp.roll(input, shifts, axis=dims)),
        "narrow": lambda input, dim, start, length: _along(input, dim, slice(start, start + length)),
        "select": lambda input, dim, index: _along(input, dim, index),
        "diag": if_there("diag", lambda input, diagonal=0: xp.diag(input, diagonal)),
        "diagonal": if_there(
            "diagonal", lambda input, offset=0, dim1=0, dim2=1: xp.diagonal(input, offset, axis1=dim1, axis2=dim2)
        ),
        "tril": if_there("tril", lambda input, diagonal=0: xp.tril(input, diagonal)),
        "triu": if_there("triu", lambda input, diagonal=0: xp.triu(input, diagonal)),
        "unbind": lambda input, dim=0: tuple([_along(input, dim, n) for n in range(input.shape[dim])]),
        "split": split,
        "cat": if_there("concatenate", lambda tensors, dim=0: xp.concatenate(list(tensors), axis=dim)),
        "stack": if_there("stack", lambda tensors, dim=0: xp.stack(list(tensors), axis=dim)),
        "gather": if_there("take_along_axis", lambda input, dim, index: xp.take_along_axis(input, index, axis=dim)),
        "index_select": if_there("take", lambda input, dim, index: xp.take(input, index, axis=dim)),
        "masked_fill": if_there("where", lambda input, mask, value: xp.where(mask, value, input)),
        "einsum": if_there("einsum", lambda equation, operands: xp.einsum(equation, *operands)),
        "tensordot": if_there("tensordot", lambda a, b, dims=2: xp.tensordot(a, b, dims)),
        "zeros_like": if_there("zeros_like", lambda input: xp.zeros_like(input)),
        "ones_like": if_there("ones_like", lambda input: xp.ones_like(input)),
    }


def axes(dim: Any) -> Any:
    """PyTorch's `dim` as NumPy's `axis`: a list becomes a tuple, and () stands for every dimension."""
    if isinstance(dim, list | tuple):
        return tuple(dim) or None
    return dim


def _along(input: Any, dim: int, index: Any) -> Any:
    return input[(slice(None),) * (dim % max(len(input.shape), 1)) + (index,)]


def _expanded(shape: Any, size: Any) -> tuple[int, ...]:
    """The sizes that expand() makes, in which -1 leaves a dimension as it is."""
    missing = len(size) - len(shape)
    return tuple([shape[at - missing] if n == -1 else n for at, n in enumerate(size)])
