"""The text of a tensor, character for character PyTorch's.

From the elements that will be shown one NumberFormat is chosen for all of them; rows are then wrapped to the line
width, long dimensions are cut in the middle, and what the elements do not tell (size, dtype, grad_fn) is appended.

How a format for floating point numbers is chosen, where `least` and `most` are the extreme absolute values of those
elements that are finite and not zero:

| elements | form | scientific if |
|---|---|---|
| none such | `0.` | never |
| all whole | `3.` | most > 1000 least, or most > 1e8 |
| else | `3.1400` | most > 1000 least, or most > 1e8, or least < 1e-4 |

The option sci_mode overrules the last column, but for the first row. The width of a column is measured on those
elements too, so `nan` and `-0.` may stick out of it.
"""

from __future__ import annotations

import contextlib
import math
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from .dtype import get_default_dtype
from .levels import wrapped_of
from .plain_numpy import np

# ---- options


@dataclass(frozen=True, slots=True)
class Options:
    """What set_printoptions() sets; sci_mode None leaves the choice to the numbers."""

    precision: int = 4
    threshold: float = 1000  # more elements than these are summarised
    edgeitems: int = 3  # how many a summary shows at either end of a dimension
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}

_options = Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed: a profile first, then what is named; sci_mode is always set, to None if not named."""
    global _options
    base = _PROFILES.get(profile, _options) if profile is not None else _options  # an unknown name changes nothing
    named: dict[str, Any] = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    given = {name: value for name, value in named.items() if value is not None}
    _options = replace(base, sci_mode=sci_mode, **given)


def get_printoptions() -> dict[str, Any]:
    """How tensors are printed now."""
    return asdict(_options)


@contextlib.contextmanager
def printoptions(**changes: Any) -> Iterator[None]:
    """Print otherwise for the length of a `with`."""
    global _options
    before = _options
    set_printoptions(**changes)
    try:
        yield
    finally:
        _options = before


# ---- one number


class NumberFormat:
    """How each element of one tensor is written, and how wide."""

    __slots__ = ("point", "spec", "width")

    def __init__(self, width: int, spec: str | None = None, point: bool = False) -> None:
        self.width = width
        self.spec = spec  # None: not a floating point number, so str() will do
        self.point = point  # whole numbers are written without decimals but with their point

    def texts(self, values: list[Any]) -> list[str]:
        """The text of each element."""
        width = self.width
        if self.spec is None:
            return [str(value).rjust(width) for value in values]
        if not self.point:
            spec = f">{width}{self.spec}"
            return [format(value, spec) for value in values]
        spec, other = f">{width - 1}{self.spec}", f">{width}{self.spec}"
        return [f"{value:{spec}}." if math.isfinite(value) else format(value, other) for value in values]


def _number_format(sample: np.ndarray, options: Options) -> NumberFormat:
    """The format that suits the elements which will be shown."""
    if sample.dtype.kind != "f":
        return NumberFormat(max((len(str(value)) for value in sample.ravel().tolist()), default=0))
    # Numbers of Python: to begin a loop of NumPy's takes longer than to look at the few elements that are shown.
    values = [value for value in sample.ravel().tolist() if value and math.isfinite(value)]
    if not values:
        return NumberFormat(1, ".0f", point=True)
    sizes = [abs(value) for value in values]
    least, most = min(sizes), max(sizes)
    whole = all(map(float.is_integer, values))
    scientific = options.sci_mode
    if scientific is None:
        scientific = most / least > 1000.0 or most > 1.0e8 or (not whole and least < 1.0e-4)
    spec = f".{options.precision}e" if scientific else ".0f" if whole else f".{options.precision}f"
    point = whole and not scientific
    width = max([len(format(value, spec)) for value in values])
    return NumberFormat(width + point, spec, point)


class _Elements:
    """An array of real or complex elements with the formats chosen for them."""

    def __init__(self, array: np.ndarray, options: Options) -> None:
        self.shape = array.shape
        self.options = options
        self.summarise = array.size > options.threshold
        sample = _corners(array, options.edgeitems) if self.summarise else array
        self.is_complex = array.dtype.kind == "c"
        self.real = _number_format(sample.real if self.is_complex else sample, options)
        self.imag = _number_format(sample.imag, options) if self.is_complex else None
        self.shown = sample.tolist()

    def texts(self, values: list[Any]) -> list[str]:
        if self.imag is None:
            return self.real.texts(values)
        reals = self.real.texts([value.real for value in values])
        imags = [text.lstrip() for text in self.imag.texts([value.imag for value in values])]
        return [f"{real}{'' if imag[0] in '+-' else '+'}{imag}j" for real, imag in zip(reals, imags, strict=True)]

    def with_dots(self, texts: list[str], axis: int, dots: str) -> list[str]:
        """The texts along a dimension, with dots where its middle is left out."""
        edge = self.options.edgeitems
        if self.summarise and self.shape[axis] > 2 * edge:
            texts.insert(edge, dots)
        return texts

    def row(self, values: list[Any], axis: int, indent: int) -> str:
        """The last dimension, wrapped to the line width."""
        texts = self.with_dots(self.texts(values), axis, " ...")
        # A complex element takes the room of its two parts, a sign and a j; two more are for the comma.
        room = self.real.width + 2 + (self.imag.width + 1 if self.imag is not None else 0)
        each = max(1, (self.options.linewidth - indent) // room)
        lines = [", ".join(texts[start : start + each]) for start in range(0, len(texts), each)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

    def block(self, values: Any, axis: int, indent: int) -> str:
        """Any number of dimensions; those above the last two are set apart by blank lines."""
        left = len(self.shape) - axis
        if not left:
            return self.texts([values])[0]
        if self.summarise and not self.options.edgeitems:
            return "[...]"
        if left == 1:
            return self.row(values, axis, indent)
        blocks = self.with_dots([self.block(value, axis + 1, indent + 1) for value in values], axis, "...")
        return "[" + ("," + "\n" * (left - 1) + " " * (indent + 1)).join(blocks) + "]"


def _corners(array: np.ndarray, edge: int) -> np.ndarray:
    """What a summary shows of an array."""
    for axis, length in enumerate(array.shape):
        if length > 2 * edge:
            array = array.take([*range(edge), *range(length - edge, length)], axis=axis)
    return array


# ---- the tensor


def tensor_repr(tensor: Any, tangent: Any = None) -> str:
    """What repr() of a tensor says, given its forward-mode tangent if it has one."""
    wrapped = wrapped_of(tensor) if hasattr(tensor, "_extra") else None
    if wrapped is not None:
        level = wrapped.interpreter.level if wrapped.interpreter.alive else -2
        what = "GradTrackingTensor" if wrapped.bdim is None else "BatchedTensor"
        batch = "" if wrapped.bdim is None else f", bdim={wrapped.bdim}"
        return f"{what}(lvl={level}{batch}, value=\n{textwrap.indent(repr(wrapped.value), '    ')}\n)"
    options = _options
    kind = type(tensor).__name__
    opening = "tensor(" if kind in ("Tensor", "Parameter") else f"{kind}("
    if 0 in tensor.shape:
        body = "[]"
    else:
        array = tensor._numpy()
        if array.dtype.itemsize == 2 and array.dtype.name in ("float16", "bfloat16"):
            array = array.astype(np.float32)
        elements = _Elements(array, options)
        body = elements.block(elements.shown, 0, len(opening))
    return _append(opening + body, _suffixes(tensor, tangent, options), len(opening), options)


def _suffixes(tensor: Any, tangent: Any, options: Options) -> list[str]:
    """What the elements do not tell, in PyTorch's order."""
    found = []
    shape = tuple(tensor.shape)
    empty = 0 in shape
    if (empty and len(shape) != 1) or (not empty and not options.edgeitems):
        found.append(f"size={shape}")
    # A Python list would make the same dtype of these elements; an empty one always makes the default.
    default = str(get_default_dtype())
    of_complex = "torch.complex128" if default == "torch.float64" else "torch.complex64"
    guessed = {default} if empty else {default, of_complex, "torch.int64", "torch.bool"}
    if str(tensor.dtype) not in guessed:
        found.append(f"dtype={tensor.dtype}")
    try:
        node = tensor.grad_fn
        name = None if node is None else type(node).__name__
        if name == "CppFunction":
            name = node.name().rsplit("::", 1)[-1]
    except RuntimeError:  # a view whose base was changed in a way that leaves its history undefined
        name = "Invalid"
    if name is not None:
        found.append(f"grad_fn=<{name}>")
    elif tensor.requires_grad:
        found.append("requires_grad=True")
    if tangent is not None:
        found.append(f"tangent={tensor_repr(tangent) if tuple(tangent.shape) else tensor_format(tangent, '')}")
    return found


def _append(text: str, suffixes: list[str], indent: int, options: Options) -> str:
    """Add each suffix to the last line, or to a new one where it would not fit."""
    length = len(text) - text.rfind("\n") + 1  # two more than the line has: PyTorch counts so
    for suffix in suffixes:
        if length + len(suffix) + 2 > options.linewidth:
            text += ",\n" + " " * indent + suffix
            length = indent + len(suffix)
        else:
            text += ", " + suffix
            length += len(suffix) + 2
    return text + ")"


def tensor_format(tensor: Any, spec: str) -> str:
    """What format() of a tensor says: a plain 0-d tensor is formatted as its number is, any other as an object."""
    if type(tensor).__name__ == "Tensor" and not tensor.shape:
        return format(tensor._numpy().item(), spec)
    return object.__format__(tensor, spec)
