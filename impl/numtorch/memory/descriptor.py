"""Interned descriptors (shape, dtype, strides where they are not row-major), and the plans cached on them.

Two tensors of the same shape, type and layout share one Descriptor, so a binary operator sees with one `is` that it has nothing
to broadcast, promote or, in backward, to sum away. What it must do otherwise is worked out once for each pair of
descriptors and remembered as a Plan. (Rejected: comparing `array.shape` on each call, .45 µs slower an operator.)
"""

from __future__ import annotations

import math
from typing import Any

from ..dtype import dtype, dtypes
from ..plain_numpy import np
from .geometry import contiguous_strides, element_strides, laid_out, row_major
from .layout import dense_strides, elementwise_strides
from .lazy import LAZY, Zeros

LARGE = 2**24  # bytes; see buffers.py
_MANY_RESULTS = 500  # operators, each with its values, whose results one Descriptor remembers
_LIMIT = 50_000  # descriptors kept; beyond that the table starts anew, and `is` merely misses until plans are rebuilt
Array = Any  # np.ndarray, or np.generic for a 0-d tensor whose storage nobody has asked for yet


class Size(tuple):
    """The shape of a tensor: a tuple of ints."""

    __module__ = "torch"

    __slots__ = ()

    def __reduce__(self) -> tuple:
        return size_of, (tuple(self),)

    def __repr__(self) -> str:
        return "torch.Size([" + ", ".join(map(str, self)) + "])"

    def numel(self) -> int:
        """How many elements a tensor of this shape has."""
        n = 1
        for s in self:
            n *= s
        return n

    def __getitem__(self, index: Any) -> Any:
        got = tuple.__getitem__(self, index)
        return Size(got) if isinstance(index, slice) else got

    def __add__(self, other: tuple) -> Size:  # type: ignore[override]
        return Size(tuple.__add__(self, other))


def size_of(shape: tuple) -> Size:
    """A pickled Size; a function of this package, because the class goes by PyTorch's name."""
    return Size(shape)


class Descriptor:
    """Shape, type and strides of a tensor; compare with `is`, or by content if the table may have been renewed.

    `plain` tensors are row-major (dimensions of size 1 included) and not empty: NumPy gives their results the strides
    that PyTorch gives them. All others take the slow path, where `arrange` sees to that.
    """

    __slots__ = (
        "constants",
        "dtype",
        "fast",
        "integers",
        "large",
        "lazies",
        "lies",
        "ndim",
        "numel",
        "plain",
        "plans",
        "real",
        "results",
        "shape",
        "single",
        "sizes",
        "steps",
        "strides",
        "zeros",
    )

    def __init__(self, shape: tuple, kind: dtype, strides: tuple | None = None):
        self.shape = Size(shape)
        self.sizes = tuple(shape)  # the same for us: to read one of a Size is a call of Python, 1,000 instructions
        row_major = contiguous_strides(shape)
        self.strides = row_major if strides is None else strides
        self.lies = self.strides  # where rules of layout see the elements: of zeros without memory all in one place
        self.steps = tuple([s * kind.itemsize for s in self.strides])  # the strides as NumPy has them
        self.plain = self.strides == row_major and 0 not in shape
        self.single: Descriptor | None = None
        self.dtype = kind
        self.ndim = len(shape)
        self.numel = self.shape.numel()
        # Plain tensors of real floating types take the raw-array formulas; all others run the Tensor formulas. So does half
        # precision, since only operators round as often as PyTorch does.
        self.real = self.plain and kind.is_floating_point and not kind.is_half
        # Large ones are real too, but their pointwise operators take the slow path, which has memory for results.
        self.large = self.real and self.numel * kind.itemsize >= LARGE
        self.fast = self.real and not self.large
        self.constants, self.integers = (
            (kind.constants, kind.integers) if self.ndim else (kind.constants0, kind.integers0)
        )
        self.plans: dict[Descriptor, Plan] = {}
        self.results: dict[tuple, Descriptor] = {}  # by an operator, its other operands and its values (result_of)
        self.lazies: dict[type, Descriptor] | None = None
        self.zeros = False  # whether it is of zeros that cannot be written

    def lazily(self, kind: type) -> Descriptor:
        """The Descriptor of what shows memory of this one under a function: all that it asks takes the slow path."""
        if self.lazies is None:
            self.lazies = {}
        found = self.lazies.get(kind)
        if found is None:
            found = self.lazies[kind] = Descriptor(self.shape, self.dtype, self.strides)
            found.plain = found.real = found.large = found.fast = False
            if kind is Zeros:
                found.zeros, found.lies = True, (0,) * self.ndim
        return found

    def in_steps(self) -> Descriptor:
        """The Descriptor of what an operand was made into that lies otherwise in dimensions of size 1.

        Formulas over its node's operand run over Tensors: NumPy does not heed such a stride, and PyTorch does.
        """
        return self.lazily(Descriptor)

    def elementwise(self) -> Descriptor:
        """The Descriptor of what an elementwise operator of this one operand returns, in the same type."""
        if self.single is None:
            self.single = (
                self
                if self.plain
                else descriptor(self.shape, self.dtype, elementwise_strides(self.shape, [(self.shape, self.lies)]))
            )
        return self.single


def geometry_as(desc: Descriptor, kind: dtype) -> tuple[tuple, tuple]:
    """Shape and strides of an operand where it is computed with as `kind`: a copy, if that is not its type."""
    return desc.shape, desc.lies if desc.dtype is kind else dense_strides(desc.shape, desc.lies)


class Plan:
    """What a pair of unlike operands needs: the result, casts before the kernel, sums in backward."""

    __slots__ = ("cast0", "cast1", "desc0", "desc1", "plain", "raw", "reduce0", "reduce1", "result")

    def __init__(self, a: Descriptor, b: Descriptor, to_float: bool = False):
        shape = broadcast_shapes(a.shape, b.shape)
        kinds = [None, None]
        for d in (a, b):
            rank = 0 if d.ndim else 1
            known = kinds[rank]
            kinds[rank] = d.dtype if known is None else dtypes.promote_types(known, d.dtype)
        kind = dtypes.combine(kinds[0], kinds[1], None)
        if to_float and kind.category < dtypes.FLOATING:
            kind = dtypes.get_default_dtype()
        strides = None
        if not (a.plain and b.plain):
            strides = elementwise_strides(shape, [geometry_as(a, kind), geometry_as(b, kind)])
        self.result = descriptor(shape, kind, strides)
        # If so, NumPy makes it so: where operands are not of one mind, row-major wins.
        self.plain = self.result.plain and not (a.zeros or b.zeros)
        self.desc0, self.desc1 = a, b
        self.cast0 = None if a.dtype is kind else kind.numpy
        self.cast1 = None if b.dtype is kind else kind.numpy
        self.reduce0 = reduction(shape, a.shape)
        self.reduce1 = reduction(shape, b.shape)
        # Raw formulas compute in one real type throughout; anything mixed goes through the Tensor formulas. So does an operand
        # that lies otherwise in a dimension of size 1, whose stride NumPy does not heed.
        odd = any(not d.plain and 1 in d.sizes for d in (a, b))
        self.raw = self.cast0 is None and self.cast1 is None and self.result.fast and not odd


_table: dict[tuple, Descriptor] = {}
_ndarray = np.ndarray
_scalars: dict[type, Descriptor] = {}  # by the type of a NumPy scalar
_described: dict[tuple, Descriptor] = {}  # by what a NumPy array says of itself


def descriptor(shape: tuple, kind: dtype, strides: tuple | None = None) -> Descriptor:
    """The one Descriptor of this shape and type; `strides` (in elements) if they may not be row-major."""
    key = (shape, kind) if strides is None or strides == contiguous_strides(shape) else (shape, kind, strides)
    found = _table.get(key)
    if found is None:
        if len(_table) >= _LIMIT:
            _table.clear()
            _described.clear()
            _scalars.clear()
        found = _table[key] = Descriptor(*key)
    return found


def describe(array: Array) -> Descriptor:
    """The Descriptor of a NumPy array or scalar."""
    kind: Any = type(array)
    if kind is not _ndarray:
        known = _scalars.get(kind)
        if known is not None:
            return known
        if kind in LAZY:
            return describe(array.raw).lazily(kind)
    key = (array.shape, array.strides, array.dtype)
    found = _described.get(key)
    if found is None:
        if len(_described) >= _LIMIT:
            _described.clear()
        kind = dtypes.FROM_NUMPY.get(array.dtype)
        found = _described[key] = descriptor(
            array.shape, kind if kind is not None else dtypes.from_numpy(array.dtype), element_strides(array)
        )
        if type(array) is not _ndarray:
            _scalars[type(array)] = found
    return found


def result_of(known: dict[tuple, Descriptor], key: tuple, array: Array) -> Descriptor:
    """The Descriptor of a result, remembered in `known`: there it takes 400 instructions, to describe an array 3,200."""
    if len(known) >= _MANY_RESULTS:
        known.clear()
    found = known[key] = describe(array)
    return found


def arrange(array: Array, desc: Descriptor) -> tuple[Array, Descriptor]:
    """A kernel's fresh result, with the strides that `desc` asks for, and its Descriptor."""
    found = describe(array)
    if found.strides == desc.strides or found.shape != desc.shape or found.zeros:
        return array, found
    out = laid_out(desc.shape, desc.strides, array.dtype)
    out[...] = array
    return out, describe(out)


def plan_of(a: Descriptor, b: Descriptor, to_float: bool = False) -> Plan:
    """The Plan for two operands, made at their first meeting; `to_float`: integers give the default floating type."""
    if to_float and a.dtype.category < dtypes.FLOATING and b.dtype.category < dtypes.FLOATING:
        return Plan(a, b, True)  # not remembered: the default type may change
    plan = a.plans.get(b)
    if plan is None:
        plan = a.plans[b] = Plan(a, b)
    return plan


def broadcast_shapes(a: tuple, b: tuple) -> tuple:
    """The shape that both broadcast to, or PyTorch's error."""
    if a == b:
        return tuple(a)
    n = max(len(a), len(b))
    out = [0] * n
    for i in range(n - 1, -1, -1):
        ia, ib = i - (n - len(a)), i - (n - len(b))
        sa, sb = (a[ia] if ia >= 0 else 1), (b[ib] if ib >= 0 else 1)
        if sa != sb and sa != 1 and sb != 1:
            raise RuntimeError(
                f"The size of tensor a ({sa}) must match the size of tensor b ({sb}) at non-singleton dimension {i}"
            )
        out[i] = sb if sa == 1 else sa
    return tuple(out)


def expect_room(had: tuple, *others: tuple) -> None:
    """PyTorch's complaint about operands that would make memory larger which is written to in place."""
    shape = had
    for other in others:
        shape = broadcast_shapes(shape, other)
    if shape != had:
        raise RuntimeError(f"output with shape {list(had)} doesn't match the broadcast shape {list(shape)}")


def reduction(shape: tuple, target: tuple) -> tuple | None:
    """(axes to sum, target shape) that bring a gradient of `shape` to `target`; None when there is nothing to do."""
    if tuple(shape) == tuple(target):
        return None
    lead = len(shape) - len(target)
    axes = tuple(range(lead)) + tuple(i + lead for i, s in enumerate(target) if s == 1 and shape[i + lead] != 1)
    return axes, tuple(target)


def expandable(shape: tuple, target: tuple) -> bool:
    """Whether `shape` broadcasts to exactly `target`."""
    if len(shape) > len(target):
        return False
    return all(s == t or s == 1 for s, t in zip(reversed(shape), reversed(target), strict=False))


def once(array: Array) -> Array:
    """Each element once of an array that repeats its elements by stride 0, in dimensions of size 1.

    The gradient of a sum is one. What is elementwise need not be computed for every repetition.
    """
    strides = array.strides
    if 0 not in strides or array.size < _MANY or array.dtype.char not in "fd":
        return array
    return array[tuple([_FIRST if st == 0 else _ALL for st in strides])]


_ones: dict[np.dtype, dict[int, Array]] = {np.dtype("f"): {}, np.dtype("d"): {}}
LONG = 1024
"""Numbers that BLAS adds up: of more, NumPy's pairs make the smaller error."""


def ones_beside(matrix: Array, dim: int) -> Array | None:
    """Ones whose product with the matrix is its sum over a dimension; None where NumPy is to add up.

    BLAS takes a quarter of the time of NumPy, which adds up short rows one by one: of 256 rows of 10 a sixth. What has one row
    or one column is no matrix to it, and is added up in double precision, which does not overflow where PyTorch's sum does.
    """
    known = _ones.get(matrix.dtype)
    shape = matrix.shape
    count = shape[dim]
    if known is None or not 1 < count <= LONG or shape[1 - dim] < 2:
        return None
    found = known.get(count)
    if found is None:
        found = known[count] = np.ones(count, matrix.dtype)
    return found


_add_up = np.add.reduce
_MANY = 2048  # elements, below which looking takes longer than adding them up
_FIRST, _ALL = slice(1), slice(None)


def sum_to(array: Array, plan: tuple, shape: tuple | None = None) -> Array:
    """Sum a broadcast gradient of that shape back to its operand's; the array may have each repetition `once`."""
    axes, target = plan
    if not axes:
        return array.reshape(target)
    if shape is None and 0 in array.strides:
        shape, array = array.shape, once(array)
    # Dimensions that are kept make no view of the sum, to which others may be added in place; of others its base has size 1.
    kept = array.ndim == len(target)
    ones = ones_beside(array, 0) if axes == (0,) and not kept and array.ndim == 2 else None
    total = _add_up(array, axes, None, None, target != ()) if ones is None else ones[None].dot(array)
    if len(target) > 1:  # a reduction's result is row-major, NumPy's as its operand is
        total = row_major(total)
    if shape is not None and array.shape != shape:
        times = math.prod([shape[i] for i in axes if array.shape[i] != shape[i]])
        total = total * array.dtype.type(times)
        left = tuple([1 if i in axes else s for i, s in enumerate(shape)]) if target else ()
        if total.shape != left:
            total = np.array(np.broadcast_to(total, left), order="C")
    return total if kept or not target else total.reshape(target)
