"""Random tensors, and in-place fills with random numbers; the numbers themselves are random.py's.

What a random fill overwrites has no influence on the result, so every gradient here is zero. Names of nodes follow
PyTorch's overloads: random_(from, to), random_(to) and random_() are RandomBackward0, 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..aliasing import writes
from ..aliasing.overlap import refuse_internal
from ..aliasing.views import bump, edge
from ..calls.checked import MISSING
from ..calls.operands import refuse_recorded, refused, resize_output
from ..creation.options import empty_as, filled, finish, into, kind_of, refuse_negative, shape_of
from ..dtype import dtypes
from ..memory.descriptor import broadcast_shapes, describe
from ..nodes.error_nodes import not_implemented
from ..nodes.graph import BinaryNode, UnaryNode
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .arguments import is_int
from .distributions import cauchy_, geometric_, log_normal_
from .multinomial import multinomial
from .shape import expand

_new = object.__new__


def _random() -> Any:
    """random.py, imported when the first number is drawn: it costs as much as the rest of the package's start."""
    from .. import random

    return random


def _sizes(name: str, size: tuple, given: Any) -> tuple:
    """The shape asked for, as ints, one tuple, or `size=`."""
    if given is not None:
        if size or not isinstance(given, (tuple, list, Tensor)):
            # Where it is given twice as well, which the parser tells of in other words.
            raise TypeError(f"{name}(): argument 'size' must be tuple of ints, not {type(given).__name__}")
        size = (given,)
    if not size:
        raise TypeError(
            f"{name}() received an invalid combination of arguments - got (), but expected one of:\n"
            " * (tuple of ints size, *, torch.Generator generator, ...)\n"
        )
    first = size[0] if size else None
    if first is not None and not is_int(first) and not isinstance(first, (tuple, list, Tensor)):
        raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(first).__name__}")
    return shape_of(size)


# ---- new tensors


def _room(shape: tuple, kind: Any, out: Any) -> np.ndarray:
    """Memory for numbers, laid out like `out` if that has their shape: they are drawn in the order of its memory."""
    fits = out is not None and out._desc.shape == shape
    return empty_as(out, None) if fits else np.empty(shape, kind.numpy)  # type: ignore[no-any-return]


def _drawn(
    name: str, shape: tuple, kind: Any, fill: Callable[[Any], None], dtype: Any, out: Any, options: dict[str, Any]
) -> Tensor:
    """A new tensor that `fill` fills with numbers, or `out`, for whose dtype they are drawn."""

    def values(kind: Any) -> np.ndarray:
        array = _room(shape, kind, out)
        if name == "randn" and out is not None and out._desc.shape != shape:
            bump(out)  # PyTorch resizes, and draws as a second write
        fill(array)
        return array

    if out is None:
        return finish(wrap(values(kind)), **options)
    return into(out, name, values, dtype, **options)


def rand(
    *sizes: Any,
    size: Any = None,
    generator: Any = None,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Uniform numbers in [0, 1)."""
    options = {"requires_grad": requires_grad, "device": device, "layout": layout, "pin_memory": pin_memory}
    shape = _sizes("rand", sizes, size)
    return _drawn(
        "rand", shape, kind_of(dtype), lambda a: _random().fill_uniform(a, generator=generator), dtype, out, options
    )


def randn(
    *sizes: Any,
    size: Any = None,
    generator: Any = None,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Standard normal numbers."""
    options = {"requires_grad": requires_grad, "device": device, "layout": layout, "pin_memory": pin_memory}
    shape = _sizes("randn", sizes, size)
    return _drawn(
        "randn", shape, kind_of(dtype), lambda a: _random().fill_normal(a, generator=generator), dtype, out, options
    )


def _expect_ints(*bounds: Any) -> None:
    """Refuse bounds that are no ints, in words that PyTorch's parser replaces by its own."""
    for bound in bounds:
        whole = isinstance(bound, Tensor) and bound._desc.dtype.category == dtypes.INTEGRAL
        if bound is not MISSING and not is_int(bound) and not whole:
            raise TypeError(f"expected an int, not {type(bound).__name__}")


def randint(
    *args: Any,
    low: Any = MISSING,
    high: Any = MISSING,
    size: Any = None,
    generator: Any = None,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers from low (0 if not given) up to high, high excluded."""
    given = list(args)
    if given and size is None and not is_int(given[-1]):
        size = given.pop()
    if len(given) == 2 and size is None:
        raise TypeError(f"randint(): argument 'size' (position 2) must be tuple of ints, not {type(given[1]).__name__}")
    if len(given) == 2:
        low, high = given
    elif given:
        low, high = (low, given[0]) if high is MISSING else (given[0], high)
    _expect_ints(low, high)
    options = {"requires_grad": requires_grad, "device": device, "layout": layout}
    shape = _sizes("randint", (size,), None)

    def fill(array: np.ndarray) -> None:
        _random().fill_integers(array, 0 if low is MISSING else int(low), int(high), generator)

    return _drawn("randint", shape, dtype or dtypes.int64, fill, dtype, out, options)


def randperm(
    n: int,
    *,
    generator: Any = None,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The numbers below n in random order."""
    _expect_ints(n)
    n = int(n)
    refuse_negative((n,))
    kind = dtype or dtypes.int64
    if kind.category == dtypes.INTEGRAL and n > np.iinfo(kind.numpy).max:
        raise RuntimeError(f"value cannot be converted to type {kind.name}_t without overflow")
    options = {"requires_grad": requires_grad, "device": device, "layout": layout, "pin_memory": pin_memory}

    def fill(array: np.ndarray) -> None:
        if array.dtype.kind == "b":
            raise refused("randperm", dtypes.bool_)
        array[...] = _random().permutation(n, generator)

    return _drawn("randperm", (n,), kind, fill, dtype, out, options)


def rand_like(
    input: Tensor,
    *,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Uniform numbers with the shape, type and strides of another tensor."""
    array = empty_as(input, dtype, memory_format)
    _random().fill_uniform(array, generator=generator)
    return finish(wrap(array), requires_grad, device)


def randn_like(
    input: Tensor,
    *,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Normal numbers with the shape, type and strides of another tensor."""
    array = empty_as(input, dtype, memory_format)
    _random().fill_normal(array, generator=generator)
    return finish(wrap(array), requires_grad, device)


def randint_like(
    input: Tensor,
    *bounds: int,
    low: int = 0,
    high: Any = MISSING,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Integers from low up to high with the shape, type and strides of another tensor."""
    if len(bounds) == 2:
        low, high = bounds
    elif bounds:
        low, high = (low, bounds[0]) if high is MISSING else (bounds[0], high)
    if isinstance(high, Tensor) and len(bounds) < 2 and low == 0:
        if high._desc.ndim:
            raise RuntimeError("high must be a scalar tensor and on CPU")
        high = int(high)
    _expect_ints(low, high)
    array = empty_as(input, dtype, memory_format)
    _random().fill_integers(array, int(low), int(high), generator)
    return finish(wrap(array), requires_grad, device)


# ---- distributions whose parameters are tensors


class _ToZeros:
    """What the nodes of normal have in common: zeros, which PyTorch writes, and counts."""

    __slots__ = ()
    writes_grad = 1

    def apply(self: Any, grad: Any, keep: bool) -> Any:
        gradients = [
            None if fn is None else np.zeros(getattr(self, name), grad.dtype)
            for (fn, _), name in zip(self.edges(), self.saved_values, strict=True)
        ]
        return gradients[0] if self.arity == 1 else tuple(gradients)

    def apply_tensors(self: Any, grad: Any) -> Any:
        found = self.apply(grad._array, True)
        return wrap(found) if self.arity == 1 else tuple([None if g is None else wrap(g) for g in found])


class NormalBackward1(_ToZeros, UnaryNode):
    """normal(mean, number)"""

    __slots__ = saved_values = ("mean_sym_sizes",)


class NormalBackward2(_ToZeros, UnaryNode):
    """normal(number, std)"""

    __slots__ = saved_values = ("std_sym_sizes",)


class NormalBackward3(_ToZeros, BinaryNode):
    """normal(mean, std)"""

    __slots__ = saved_values = ("mean_sym_sizes", "std_sym_sizes")


class BernoulliBackward0(writes.ZeroBackward0):
    """bernoulli(p)"""

    __slots__ = ()


def _tracked_result(array: np.ndarray, node: Any) -> Tensor:
    result = wrap(array)
    writes.start(node, result._desc)
    result._requires_grad, result._made = True, node
    return result


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers; the parameters are numbers (and there is a size), or one or both are tensors."""
    m, s = isinstance(mean, Tensor), isinstance(std, Tensor)
    if size is not None and not m and not s and isinstance(size, (tuple, list)):
        options = {"requires_grad": requires_grad, "device": device, "layout": layout}

        def fill(array: np.ndarray) -> None:
            _random().fill_normal(array, float(mean), float(std), generator)

        return _drawn("normal", shape_of((size,)), kind_of(dtype), fill, dtype, out, options)
    operands = [t for t in (mean, std) if isinstance(t, Tensor)]
    if size is not None or not operands or requires_grad or not (dtype is layout is device is None):
        # PyTorch's words are those of its parser (calls/signatures.py).
        raise TypeError("normal: of two numbers there are a size and options, and of tensors none")
    shape = tuple(broadcast_shapes(operands[0]._desc.shape, operands[-1]._desc.shape))
    room = None
    if out is not None:
        refuse_recorded(out, "normal", *operands)
        if not s and out._desc.shape != shape:
            broadcast_shapes(shape, out._desc.shape)
        room = _room(shape, out._desc.dtype, out)
    array = _random().normal_of(
        np.asarray(mean._array) if m else float(mean), np.asarray(std._array) if s else float(std), generator, room
    )
    if out is not None:
        if out._desc.shape != array.shape:
            resize_output(out, describe(array))
        return filled(out, array)
    if not writes.tracked(*operands):
        return finish(wrap(array))
    if m and s:
        node: Any = _new(NormalBackward3)
        node.fn0, node.nr0 = edge(mean)
        node.fn1, node.nr1 = edge(std)
        node.plan = None
        node.mean_sym_sizes, node.std_sym_sizes = mean._desc.shape, std._desc.shape
    elif m:
        node = _new(NormalBackward1)
        node.fn0, node.nr0 = edge(mean)
        node.mean_sym_sizes = mean._desc.shape
    else:
        node = _new(NormalBackward2)
        node.fn0, node.nr0 = edge(std)
        node.std_sym_sizes = std._desc.shape
    return _tracked_result(array, node)


def bernoulli(input: Tensor, p: Any = None, *, generator: Any = None, out: Any = None) -> Tensor:
    """Ones with the probabilities that the elements are (or with probability p), else zeros."""
    if out is not None:
        refuse_recorded(out, "bernoulli", input)
        refuse_internal(writes.storage_of(out))
    array = _room(input._desc.shape, input._desc.dtype, out)
    _random().fill_bernoulli(array, np.asarray(input._array) if p is None else float(p), generator)
    if out is not None:
        return filled(out, array)
    if not writes.tracked(input):
        return finish(wrap(array))
    if p is None:
        node: Any = _new(BernoulliBackward0)
        node.fn0, node.nr0 = edge(input)
        return _tracked_result(array, node)
    return not_implemented(finish(wrap(array)), "bernoulli", input)


# ---- in place


class RandomBackward0(writes.ZeroBackward0):
    """random_(from, to)"""

    __slots__ = ()


class RandomBackward1(writes.ZeroBackward0):
    """random_(to)"""

    __slots__ = ()


class RandomBackward2(writes.ZeroBackward0):
    """random_()"""

    __slots__ = ()


class ExponentialBackward0(writes.ZeroBackward0):
    """exponential_"""

    __slots__ = ()


class BernoulliBackward2(writes.ZeroBackward0):
    """bernoulli_ with a number."""

    __slots__ = ()


class BernoulliBackward1(BinaryNode):
    """bernoulli_ with a tensor, which gets zeros too."""

    __slots__ = ("p_sym_sizes",)
    writes_grad = 1  # zeros of another shape, which are filled
    writes_only = 1

    def apply(self, grad: Any, keep: bool) -> Any:
        return (
            None if self.fn0 is None else np.zeros_like(grad),
            None if self.fn1 is None else np.zeros(self.p_sym_sizes, grad.dtype),
        )

    def apply_tensors(self, grad: Any) -> Any:
        return tuple([None if g is None else wrap(g) for g in self.apply(grad._array, True)])


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Overwrite with normal numbers."""
    return writes.overwrite(self, lambda a: _random().fill_normal(a, mean, std, generator), writes.NormalBackward0)


def _expect(name: str, named: dict[str, Any]) -> None:
    wrong = next((key for key in named if key != "from"), None)
    if wrong is not None:
        raise TypeError(f"{name}() got an unexpected keyword argument '{wrong}'")


def uniform_(self: Tensor, *args: float, to: Any = None, generator: Any = None, **named: float) -> Tensor:
    """Overwrite with uniform numbers; `from` is a keyword of Python, so it comes by position or as **{"from": ...}."""
    _expect("uniform_", named)
    low = args[0] if args else named.get("from", 0.0)
    high = args[1] if len(args) > 1 else 1.0 if to is None else to
    return writes.overwrite(self, lambda a: _random().fill_uniform(a, low, high, generator), writes.UniformBackward0)


def random_(self: Tensor, *args: Any, to: Any = None, generator: Any = None, **named: Any) -> Tensor:
    """Overwrite with integers: random_(), random_(to), random_(from, to)."""
    _expect("random_", named)
    if len(args) == 1 and to is None and "from" not in named:
        low, high, node = None, args[0], RandomBackward1
    elif args or "from" in named:
        low, high, node = args[0] if args else named["from"], args[1] if len(args) > 1 else to, RandomBackward0
    else:
        low, high, node = None, to, RandomBackward1 if to is not None else RandomBackward2
    random = _random()
    if node is RandomBackward2:
        return writes.overwrite(self, lambda a: random.fill_any_integers(a, generator), node)
    return writes.overwrite(self, lambda a: random.fill_integers(a, low or 0, high, generator), node)


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Any = None) -> Tensor:
    """Overwrite with waiting times."""
    return writes.overwrite(self, lambda a: _random().fill_exponential(a, lambd, generator), ExponentialBackward0)


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Overwrite with ones and zeros; p is a number or a tensor that broadcasts."""
    random = _random()
    if not isinstance(p, Tensor):
        return writes.overwrite(self, lambda a: random.fill_bernoulli(a, p, generator), BernoulliBackward2)
    expand(p.detach(), tuple(self._desc.shape))
    flag = writes.tracked(self, p)
    writes.check_inplace(self, flag)
    random.fill_bernoulli(writes.storage_of(self), np.asarray(p._array), generator)
    writes.bump(self)
    if flag:
        node = writes.binary(BernoulliBackward1, self, p)
        node.p_sym_sizes = p._desc.shape
        writes.rebase_history(self, node)
    return self


FUNCTIONS: dict[str, Any] = {
    f.__name__: f
    for f in (rand, randn, randint, randperm, rand_like, randn_like, randint_like, normal, bernoulli, multinomial)
}
METHODS: dict[str, Any] = {
    f.__name__: f
    for f in (
        normal_,
        uniform_,
        random_,
        exponential_,
        cauchy_,
        geometric_,
        log_normal_,
        bernoulli_,
        bernoulli,
        multinomial,
    )
}
