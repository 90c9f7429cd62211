"""Arrays that show other values than their memory holds: complex conjugates and negatives (PyTorch's conj and neg bits), and
zeros without memory (its ZeroTensors).

`x.conj()` is a view: it shares the memory of x. Its array is a `Lazy` over x's, which every kernel takes for the numbers it
stands for, because NumPy asks it (`__array__`, `__array_ufunc__`, `__array_function__`). What only looks elsewhere, a slice
or a transpose, is Lazy again; what computes gives ordinary arrays; what is written is written back as it is to be read.
No tensor but such a view pays for it: the rest of numtorch meets a Lazy where it meets NumPy's scalars, beside the usual
case. (Rejected: a subclass of ndarray. Whatever asks for an ndarray, as `np.asarray` does, would be given the memory as it
is.)
"""

from __future__ import annotations

from typing import Any

from ..plain_numpy import np


class Lazy(np.lib.mixins.NDArrayOperatorsMixin):
    """The numbers of `raw` under a function that undoes itself."""

    __slots__ = ("raw",)
    function: Any

    def __init__(self, raw: np.ndarray):
        self.raw = raw

    # ---- what it shares with its memory

    shape = property(lambda self: self.raw.shape)
    dtype = property(lambda self: self.raw.dtype)
    strides = property(lambda self: self.raw.strides)
    ndim = property(lambda self: self.raw.ndim)
    size = property(lambda self: self.raw.size)
    itemsize = property(lambda self: self.raw.itemsize)
    nbytes = property(lambda self: self.raw.nbytes)
    flags = property(lambda self: self.raw.flags)
    base = property(lambda self: self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    # ---- other windows into it

    def over(self, raw: np.ndarray) -> Lazy:
        """The same function of another window into the memory."""
        return type(self)(raw)

    @property
    def T(self) -> Lazy:
        return self.over(self.raw.T)

    def view(self) -> Lazy:
        return self.over(self.raw.view())

    def swapaxes(self, a: int, b: int) -> Lazy:
        return self.over(self.raw.swapaxes(a, b))

    def transpose(self, *axes: Any) -> Lazy:
        return self.over(self.raw.transpose(*axes))

    def reshape(self, *shape: Any) -> Any:
        return self.of(self.raw.reshape(*shape))

    def __getitem__(self, index: Any) -> Any:
        return self.of(self.raw[index])

    def of(self, raw: Any) -> Any:
        """What was taken from the memory: Lazy again if it is a window into it, else the numbers."""
        if isinstance(raw, np.ndarray) and (
            np.may_share_memory(raw, self.raw) or (not raw.size and raw.base is not None)
        ):
            return self.over(raw)
        return self.function(raw)

    # ---- its numbers

    def resolved(self) -> np.ndarray:
        """The numbers in memory of their own."""
        return self.function(self.raw)

    def __setitem__(self, index: Any, value: Any) -> None:
        from ..aliasing.overlap import refuse_internal

        refuse_internal(self.raw)  # whatever the operator says of expanded memory: PyTorch copies back what it computed
        self.raw[index] = self.function(np.asarray(value).astype(self.dtype))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.asarray(self.resolved())
        return array if dtype is None else array.astype(dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is None:
            return getattr(ufunc, method)(*map(resolve, inputs), **options)
        targets = tuple([np.empty(o.shape, o.dtype) if isinstance(o, Lazy) else o for o in out])
        result = getattr(ufunc, method)(*map(resolve, inputs), out=targets, **options)
        for lazy, found in zip(out, targets, strict=True):
            if isinstance(lazy, Lazy):
                lazy[...] = found
        return out[0] if len(out) == 1 and out[0] is not None else result

    def __array_function__(self, function: Any, types: Any, args: tuple, kwargs: dict) -> Any:
        if function is np.copyto:
            target, source = args
            array = np.asarray(resolve(target))
            np.copyto(array, resolve(source), **kwargs)
            if target is not array:
                target[...] = array
            return None
        if function in (np.may_share_memory, np.shares_memory):
            return function(*[x.raw if isinstance(x, Lazy) else x for x in args], **kwargs)
        return function(*_resolve_all(args), **{key: _resolve_all(value) for key, value in kwargs.items()})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the array interface of the memory would be taken for the numbers
            raise AttributeError(name)
        return getattr(self.resolved(), name)

    def __complex__(self) -> complex:
        return complex(self.resolved())

    def __float__(self) -> float:
        return float(self.resolved())

    def __bool__(self) -> bool:
        return bool(self.resolved())


class Conjugated(Lazy):
    """The complex conjugates of what memory holds."""

    __slots__ = ()
    function = staticmethod(np.conjugate)


def negative(raw: Any) -> Any:
    """The negatives of numbers; there are none of bools."""
    if raw.dtype.kind != "b":
        return np.negative(raw)
    if raw.size:
        raise NotImplementedError("\"neg_cpu\" not implemented for 'Bool'")
    return raw


class Negated(Lazy):
    """The negatives of what memory holds: the imaginary parts of conjugates."""

    __slots__ = ()
    function = staticmethod(negative)


class Zeros(Lazy):
    """Zeros that nobody can write to: the gradient of `sgn`, and in forward mode what there is no tangent of.

    | of such zeros and others | is |
    |---|---|
    | x * zeros, zeros / x, zeros + zeros | such zeros, whatever x is: no nan comes of infinities |
    | zeros + x, x - zeros | a copy of x |
    | x / zeros, zeros / zeros | infinities, nan |
    | anything else | computed of ordinary zeros |
    """

    __slots__ = ()

    @staticmethod
    def function(raw: Any) -> Any:
        """Ordinary zeros, one of them for all elements."""
        return np.broadcast_to(np.zeros((), raw.dtype), raw.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.zeros(self.shape, self.dtype if dtype is None else dtype)  # which NumPy may keep, and write to

    def of(self, raw: Any) -> Any:
        return self.over(raw) if isinstance(raw, np.ndarray) else raw

    def astype(self, kind: Any, **options: Any) -> Zeros:
        """Such zeros of another type."""
        return zeros(self.shape, kind)

    def dot(self, other: Any) -> Any:
        """Of two vectors a zero such as these; of matrices ordinary numbers."""
        if self.ndim == other.ndim == 1:
            return zeros((), np.result_type(self, other))
        return self.resolved().dot(resolve(other))

    def __setitem__(self, index: Any, value: Any) -> None:
        raise RuntimeError(IMMUTABLE)

    # ---- operators, with which formulas over arrays are written: no number beside zeros counts as a tensor, since PyTorch's
    # engine brings each gradient to the type of its operand. Operators on Tensors call the ufuncs.

    def __add__(self, other: Any) -> Any:
        return np.add(self, self.alike(other))

    def __sub__(self, other: Any) -> Any:
        return np.subtract(self, self.alike(other))

    def __mul__(self, other: Any) -> Any:
        return np.multiply(self, self.alike(other))

    def __truediv__(self, other: Any) -> Any:
        return np.true_divide(self, self.alike(other))

    def __radd__(self, other: Any) -> Any:
        return np.add(self.alike(other), self)

    def __rsub__(self, other: Any) -> Any:
        return np.subtract(self.alike(other), self)

    def __rmul__(self, other: Any) -> Any:
        return np.multiply(self.alike(other), self)

    def __rtruediv__(self, other: Any) -> Any:
        return np.true_divide(self.alike(other), self)

    def __iadd__(self, other: Any) -> Any:
        return self + other

    def alike(self, other: Any) -> Any:
        """A Python number in the type that it leaves an array of this one's in, anything else as it is."""
        if type(other) in (float, complex):
            return np.array(other).astype(np.result_type(self.raw, other) if self.dtype.kind != "V" else self.dtype)
        return other

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        rule = OF_ZEROS.get(ufunc)
        if rule is None or method != "__call__" or out is not None:
            return super().__array_ufunc__(ufunc, method, *inputs, out=out, **options)
        shape = np.broadcast_shapes(*[np.shape(x) for x in inputs])
        return rule(shape, _kind(shape, inputs), *inputs)

    def __array_function__(self, function: Any, types: Any, args: tuple, kwargs: dict) -> Any:
        if function is np.copyto and type(args[0]) is Zeros:
            raise RuntimeError(COPIED_TO)
        if function is np.vdot:
            return zeros((), np.result_type(*args))
        if function in SHOWN_OTHERWISE and type(args[0]) is Zeros:
            return args[0].over(function(args[0].raw, *args[1:], **kwargs))
        return super().__array_function__(function, types, args, kwargs)


IMMUTABLE = (
    "ZeroTensors are immutable. Please use the materialized zero tensor obtained using .clone() if you want a mutable "
    "tensor."
)
COPIED_TO = (
    "ZeroTensors are immutable. Please materialize the tensor using `.clone()`, if you want a mutable zero tensor."
)


def _kind(shape: tuple, operands: tuple) -> Any:
    """The type of a result. NumPy would make float64 of bfloat16, which it does not know, and a Python number.

    Beside zeros of no dimension such a number is a tensor to PyTorch, and so of double precision.
    """
    if not shape:
        operands = tuple([np.array(x) if type(x) in (float, complex) else x for x in operands])
    kinds = {x.dtype for x in operands if hasattr(x, "dtype")}
    if len(kinds) == 1 and next(iter(kinds)).kind == "V" and not any(type(x) is complex for x in operands):
        return kinds.pop()
    return np.result_type(*[getattr(x, "raw", x) for x in operands])


def zeros(shape: tuple, kind: Any) -> Zeros:
    """Zeros that cannot be written, row-major."""
    raw = np.zeros(shape, kind)
    if not raw.size:
        from .geometry import settled

        raw = settled(raw)
    return Zeros(raw)


def product(shape: tuple, kind: Any, x: Any, y: Any) -> Any:
    """x * y, one of them zeros."""
    return zeros(shape, kind)


def quotient(shape: tuple, kind: Any, x: Any, y: Any) -> Any:
    """x / y, one of them zeros."""
    if type(y) is not Zeros:
        return zeros(shape, kind)
    return np.full(shape, np.nan if type(x) is Zeros else np.inf, kind)


def total(shape: tuple, kind: Any, x: Any, y: Any) -> Any:
    """x + y, one of them zeros."""
    if type(x) is Zeros:
        return zeros(shape, kind) if type(y) is Zeros else copied(shape, kind, y)
    return copied(shape, kind, x)


def difference(shape: tuple, kind: Any, x: Any, y: Any) -> Any:
    """x - y, one of them zeros."""
    return total(shape, kind, x, y if type(x) is not Zeros or type(y) is Zeros else -y)


def copied(shape: tuple, kind: Any, x: Any) -> Any:
    """The numbers, spread over a shape."""
    spread = np.broadcast_to(resolve(x), shape)
    out = np.array(spread, kind, order="C" if 0 in spread.strides else "K")  # NumPy would put what is repeated last
    return out if shape else out[()]  # no view, to which others may be added in place


SHOWN_OTHERWISE = frozenset((np.expand_dims, np.reshape, np.broadcast_to, np.squeeze, np.transpose, np.swapaxes))
"""Functions that look at memory otherwise, and so at zeros without."""


def filled(x: Any, mask: Any) -> Any:
    """x with zeros where the mask is, which PyTorch writes into x: so zeros without memory refuse."""
    if type(x) is Zeros:
        raise RuntimeError(IMMUTABLE)
    return np.where(mask, x.dtype.type(0), x)


OF_ZEROS = {np.multiply: product, np.true_divide: quotient, np.add: total, np.subtract: difference}
LAZY = frozenset((Conjugated, Negated, Zeros))


def resolve(array: Any) -> Any:
    """The array, an ordinary one."""
    return array.resolved() if type(array) in LAZY else array


def _resolve_all(value: Any) -> Any:
    """The same within tuples and lists."""
    if isinstance(value, (tuple, list)):
        return type(value)([_resolve_all(v) for v in value])
    return resolve(value)


def assigned(target: Any, value: Any) -> Any:
    """What a tensor whose array is no ndarray shows after `value` was written to it: a new scalar, or a Lazy written to."""
    if type(target) not in LAZY:
        return target.dtype.type(resolve(value))
    target[...] = value
    return target
