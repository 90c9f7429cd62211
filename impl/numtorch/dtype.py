"""The element types, how they promote, and the default one.

`dtype` objects are singletons, compared with `is`. Promotion follows PyTorch's: a *category* (bool, integral, floating,
complex) and a rank inside it; tensors with dimensions outrank 0-d tensors, which outrank Python numbers, and a lower
rank changes the type only when its category is higher.
"""

from __future__ import annotations

import sys
from typing import Any

from .plain_numpy import np

dtypes = sys.modules[__name__]
"""This module, for those that are imported when the class of the same name has taken its place in the package."""

BOOL, INTEGRAL, FLOATING, COMPLEX = range(4)


class dtype:
    """A type of element: PyTorch's name, NumPy's type, and the category that promotion looks at."""

    __module__ = "torch"

    __slots__ = (
        "category",
        "constants",
        "constants0",
        "integers",
        "integers0",
        "is_complex",
        "is_floating_point",
        "is_half",
        "is_signed",
        "itemsize",
        "legacy",
        "name",
        "numpy",
        "one",
        "ones",
        "repeated",
        "scalar_name",
        "type_string",
    )

    def __init__(self, name: str, numpy: np.dtype, category: int, legacy: str, scalar_name: str, signed: bool):
        self.name = name
        self.numpy = numpy
        self.category = category
        self.itemsize = numpy.itemsize
        self.one = numpy.type(1)
        # The same as memory, and windows that repeat it, by shape: for gradients, which nobody writes to (settling.owned).
        self.ones = np.array(self.one)
        self.ones.flags.writeable = False
        self.repeated: dict[tuple[int, ...], np.ndarray] = {}
        self.is_floating_point = category == FLOATING
        self.is_complex = category == COMPLEX
        self.is_half = category == FLOATING and numpy.itemsize == 2
        self.legacy = legacy  # as in x.type(), "torch.FloatTensor"
        self.scalar_name = scalar_name  # as in "expected scalar type Float"
        # As error texts made in C++ have it, which knows the legacy types only.
        late = category in (BOOL, COMPLEX) or name == "bfloat16"
        self.type_string = f"CPU{scalar_name}Type" if late else f"torch.{legacy}"
        self.is_signed = signed
        # Python float, and int -> the wrapped-number Tensor of this type that stands for it in a binary operator.
        self.constants: dict[float, Any] = {}
        self.integers: dict[int, Any] = {}
        self.constants0: dict[
            float, Any
        ] = {}  # the same for 0-d tensors: NumPy scalars, which suit NumPy scalars better
        self.integers0: dict[int, Any] = {}

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple:
        return named, (self.name,)

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: Any) -> dtype:
        return self

    def to_real(self) -> dtype:
        """The real type of the same precision."""
        return {"complex64": float32, "complex128": float64, "complex32": float16}.get(self.name, self)

    def to_complex(self) -> dtype:
        """The complex type of the same precision."""
        return {"float32": complex64, "float64": complex128}.get(self.name, self if self.is_complex else complex64)


def _native(name: str, category: int, legacy: str, scalar_name: str, signed: bool = True) -> dtype:
    return dtype(name, np.dtype(name), category, legacy, scalar_name, signed)


bool_ = dtype("bool", np.dtype(np.bool_), BOOL, "BoolTensor", "Bool", False)
uint8 = _native("uint8", INTEGRAL, "ByteTensor", "Byte", False)
int8 = _native("int8", INTEGRAL, "CharTensor", "Char")
int16 = short = _native("int16", INTEGRAL, "ShortTensor", "Short")
int32 = int_ = _native("int32", INTEGRAL, "IntTensor", "Int")
int64 = long = _native("int64", INTEGRAL, "LongTensor", "Long")
float16 = half = _native("float16", FLOATING, "HalfTensor", "Half")
float32 = float_ = _native("float32", FLOATING, "FloatTensor", "Float")
float64 = double = _native("float64", FLOATING, "DoubleTensor", "Double")
complex64 = cfloat = _native("complex64", COMPLEX, "ComplexFloatTensor", "ComplexFloat")
complex128 = cdouble = _native("complex128", COMPLEX, "ComplexDoubleTensor", "ComplexDouble")

ALL = (bool_, uint8, int8, int16, int32, int64, float16, float32, float64, complex64, complex128)
FROM_NUMPY: dict[np.dtype, dtype] = {d.numpy: d for d in ALL}
_RANK = {
    uint8: 0,
    int8: 1,
    int16: 2,
    int32: 3,
    int64: 4,
    float16: 0,
    float32: 2,
    float64: 3,
    complex64: 2,
    complex128: 3,
}
_lazy: dict[str, dtype] = {}


def bfloat16() -> dtype:
    """bfloat16, which needs ml_dtypes: imported only when it is asked for."""
    if "bfloat16" not in _lazy:
        import ml_dtypes

        new = dtype("bfloat16", np.dtype(ml_dtypes.bfloat16), FLOATING, "BFloat16Tensor", "BFloat16", True)
        _RANK[new] = 1
        FROM_NUMPY[new.numpy] = new
        _lazy["bfloat16"] = new
    return _lazy["bfloat16"]


def named(name: str) -> dtype:
    """A pickled dtype; a function of this package, because the class goes by PyTorch's name."""
    return bfloat16() if name == "bfloat16" else next(d for d in ALL if d.name == name)


_default = float32


def get_default_dtype() -> dtype:
    """The type of a tensor made of Python floats."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the type of a tensor made of Python floats."""
    global _default
    if not isinstance(d, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d


_OF_PYTHON = {float: float64, int: int64, bool: bool_, complex: complex128}


def of(given: Any) -> dtype:
    """The dtype that is meant: itself, or the one that a type of Python's stands for. Raises TypeError for what is neither."""
    if type(given) is dtype:
        return given
    found = _OF_PYTHON.get(given)
    if found is None:
        raise TypeError(f"a torch.dtype is wanted, not {type(given).__name__}")
    return found


def from_numpy(d: np.dtype) -> dtype:
    """The dtype of a NumPy array, or a TypeError in PyTorch's words."""
    found = FROM_NUMPY.get(d)
    if found is None and not d.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported."
        )
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type {'numpy.' + d.type.__name__}. The only supported types are: float64, "
            "float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
        )
    return found


def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest type that both convert to, as PyTorch's table says."""
    if a is b:
        return a
    if a.category != b.category:
        low, high = (a, b) if a.category < b.category else (b, a)
        if high.category == COMPLEX and low.category == FLOATING:
            return complex128 if float64 in (low, high) or high is complex128 else complex64
        return high
    if a.category == INTEGRAL:
        low, high = (a, b) if _RANK[a] < _RANK[b] else (b, a)
        return int16 if low is uint8 and high is int8 else high
    if {a.name, b.name} == {"float16", "bfloat16"}:
        return float32
    return a if _RANK[a] > _RANK[b] else b


def default_of_category(category: int) -> dtype:
    """The type that a Python number of this category stands for when nothing else decides."""
    if category == FLOATING:
        return _default
    if category == COMPLEX:
        return _default.to_complex()
    return bool_ if category == BOOL else int64


def combine(dims: dtype | None, zerodim: dtype | None, number: dtype | None) -> dtype:
    """The type of a result, from the three ranks of operands (tensors with dimensions, 0-d tensors, numbers)."""
    result = dims
    if zerodim is not None:
        if result is None:
            result = zerodim
        elif zerodim.category > result.category:
            result = promote_types(result, _of_its_precision(zerodim, result))
    if result is None:
        assert number is not None
        return number
    if number is not None and number.category > result.category:
        result = promote_types(result, _of_its_precision(default_of_category(number.category), result))
    return result


def _of_its_precision(lower: dtype, kind: dtype) -> dtype:
    """A type of a lower rank; a complex one of the precision of the real type that it meets, whatever its own is."""
    return kind.to_complex() if lower.is_complex and kind.is_floating_point else lower


def can_cast(source: dtype, target: dtype) -> bool:
    """Whether an in-place result of type `source` may be stored as `target`."""
    if source.category > target.category and not (source.category == INTEGRAL and target.category == BOOL):
        return False
    return not (source is not bool_ and target is bool_)


def limits(kind: np.dtype) -> Any:
    """NumPy's finfo of a floating-point type, that of ml_dtypes of bfloat16."""
    if kind.kind != "V":
        return np.finfo(kind)
    import ml_dtypes

    return ml_dtypes.finfo(kind)


class finfo:
    """Limits of a floating-point type."""

    __module__ = "torch"

    def __init__(self, type: dtype | None = None):
        d = type if type is not None else _default
        if not (d.is_floating_point or d.is_complex):
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        d = d.to_real()
        info = limits(d.numpy)
        self.bits = info.bits
        self.eps = float(info.eps)
        self.max = float(info.max)
        self.min = float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = 10.0**-info.precision
        self.dtype = d.name

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integral type."""

    __module__ = "torch"

    def __init__(self, type: dtype):
        if type is bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if type.category != INTEGRAL:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        info = np.iinfo(type.numpy)
        self.bits = info.bits
        self.max = int(info.max)
        self.min = int(info.min)
        self.dtype = type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
