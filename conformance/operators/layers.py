"""What layers of neural networks compute: normalization, and convolution of batches and of single samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from conformance.operators.row import Argument, Operator, Unfit, add, computed, constants
from conformance.program import Float, List


def _layer(name: str, arguments: tuple[Argument, ...], **more: Any) -> None:
    given = {"values": "smooth", "finite": True, "function": f"torch.nn.functional.{name}", **more}
    add(Operator(name, "product", arguments, **given))


def _parameter(shape: Callable[[Any], Any], keyword: str = "") -> Argument:
    """A tensor whose shape goes by that of the input; with a keyword it may be left out."""
    return Argument(lambda x, _: shape(x), "float", "smooth", keyword=keyword, optional=bool(keyword))


def _with_dims(least: int, shape: Any) -> Any:
    if len(shape) < least:
        raise Unfit
    return shape


# ---- normalization
def _last(shape: Any) -> Any:
    return _with_dims(1, shape)[-1:]


def _channels(shape: Any) -> Any:
    return _with_dims(2, shape)[1:2]


def _more_than_one(shape: Any, _: Any) -> Any:
    """PyTorch refuses to normalize single values while training."""
    return Unfit if math.prod((*_with_dims(2, shape)[:1], *shape[2:])) == 1 else shape


_weight_and_bias = _parameter(_channels, "weight"), _parameter(_channels, "bias")
_sizes = computed(lambda shape: [List(_last(shape))])
_layer("layer_norm", (_sizes, _parameter(_last, "weight"), _parameter(_last, "bias")))
_layer("rms_norm", (_sizes, _parameter(_last, "weight")))
_layer("group_norm", (constants(1), *_weight_and_bias),
       shape=lambda shape, _: shape if math.prod(_with_dims(2, shape)) != 1 else Unfit)  # fmt: skip
_layer("batch_norm", (constants(None), constants(None), *_weight_and_bias, constants(True, keyword="training")),
       shape=_more_than_one)  # fmt: skip
_layer("instance_norm", (),
       shape=lambda shape, _: shape if len(shape) > 2 and math.prod(shape[2:]) != 1 else Unfit)  # fmt: skip


# ---- convolution
def _sample(shape: Any, dims: int) -> tuple[Any, int, Any]:
    """The batch, if there is one, the channels and the sizes of an input."""
    if not dims < len(shape) < dims + 3 or 0 in shape[-dims - 1 :]:
        raise Unfit
    return shape[: -dims - 1], shape[-dims - 1], shape[-dims:]


def _kernel(dims: int, transposed: bool = False) -> Argument:
    """A weight of two channels outward, of up to three elements along each dimension."""

    def choose(shape: Any, number: int) -> Any:
        _, channels, sizes = _sample(shape, dims)
        first = (channels, 2) if transposed else (2, channels)
        return (*first, *[min(size, 1 + number % 3) for size in sizes])

    return Argument(choose, "float", "finite")


def _convolved(dims: int) -> Callable[[Any, Any], Any]:
    def shape(x: Any, arguments: Any) -> Any:
        batch, _, sizes = _sample(x, dims)
        weight, stride, padding = arguments[0], arguments[-2], arguments[-1]
        out = [(n + 2 * padding - k) // stride + 1 for n, k in zip(sizes, weight[2:], strict=True)]
        return (*batch, weight[0], *out)

    return shape


def _widened(x: Any, arguments: Any) -> Any:
    batch, _, sizes = _sample(x, 1)
    return (*batch, arguments[0][1], (sizes[0] - 1) * arguments[-1] + arguments[0][2])


_bias = Argument(lambda shape, _: (2,), "float", "finite", keyword="bias", optional=True)
_stride = constants(1, 2, keyword="stride")
for _dims in (1, 2):  # of three dimensions no operand is drawn
    _layer(f"conv{_dims}d", (_kernel(_dims), _bias, _stride, constants(0, 1, keyword="padding")), values="finite",
           shape=_convolved(_dims))  # fmt: skip
_layer("conv_transpose1d", (_kernel(1, True), _bias, _stride), values="finite", shape=_widened)


# ---- pooling to given sizes
_layer("adaptive_avg_pool1d", (constants(1, 2, 3),), values="finite",
       shape=lambda shape, a: (*shape[:-1], a[0]) if len(_sample(shape, 1)[0]) < 2 else Unfit)  # fmt: skip


# ---- pooling, padding and patches
def _pooled(x: Any, arguments: Any) -> Any:
    batch, channels, sizes = _sample(x, 2)
    if min(sizes) < 2:
        raise Unfit
    size, stride = arguments[0], arguments[1]
    return (*batch, channels, *[(n - size) // stride + 1 for n in sizes])


def _flat(sample: Any) -> Any:
    batch, channels, _ = sample
    return (*batch, channels)


_window = constants(2, 1), constants(1, 2)
for _name in ("max_pool2d", "avg_pool2d"):
    _layer(_name, _window, values="finite", shape=_pooled)
_layer("adaptive_max_pool2d", (constants(1, 2, 3),), values="finite",
       shape=lambda shape, a: (*_flat(_sample(shape, 2)), a[0], a[0]))  # fmt: skip


def _padded(dims: int) -> Callable[[Any, Any], Any]:
    def shape(x: Any, arguments: Any) -> Any:
        batch, channels, sizes = _sample(x, dims)
        pad = arguments[0].items
        if any(isinstance(n, int) and n >= min(sizes) for n in pad):
            raise Unfit
        grown = [n + pad[2 * i] + pad[2 * i + 1] for i, n in enumerate(reversed(sizes))]
        return (*batch, channels, *reversed(grown))

    return shape


for _mode, _name in (("reflect", "reflection"), ("replicate", "replication"), ("circular", "circular")):
    for _dims in (1, 2):
        _sides = [List(tuple(side * _dims)) for side in ((1, 0), (0, 1), (1, 1))]
        _layer(f"{_name}_pad{_dims}d", (constants(*_sides), constants(_mode)), values="finite",
               function="torch.nn.functional.pad", shape=_padded(_dims))  # fmt: skip


def _patches(x: Any, arguments: Any) -> Any:
    batch, channels, sizes = _sample(x, 2)
    size = arguments[0]
    windows = [n - size + 1 for n in sizes]
    if min(windows) < 1:
        raise Unfit
    return (*batch, channels * size**2, math.prod(windows))


_layer("im2col", (constants(2, 1),), values="finite", function="torch.nn.functional.unfold", shape=_patches)


# Of the linear modes no row: what PyTorch adds up for a gradient is fused with the product before it. Nor of area, which
# adaptive_avg_pool1d has; its gradient of many windows that cancel is added up in another order.
def _enlarged(shape: Any, arguments: Any) -> Any:
    if len(shape) != 3 or 0 in shape[1:]:
        raise Unfit
    return (*shape[:2], shape[2] * arguments[0])


_layer("interpolate", (constants(2, 3, keyword="scale_factor"),
                       constants("nearest", "nearest-exact", keyword="mode")),
       values="finite", shape=_enlarged)  # fmt: skip


# ---- attention and distances
_keys = Argument(lambda shape, _: _with_dims(2, shape), "float", "smooth")
_layer("scaled_dot_product_attention", (_keys, _keys, constants(False, True, keyword="is_causal")))
_layer("cdist", (Argument(lambda shape, number: (*_with_dims(2, shape)[:-2], 1 + number % 3, shape[-1]), "float", "smooth"),
                 constants(Float("2.0"), Float("1.0"), Float("3.0"))), function="torch.cdist",
       shape=lambda shape, a: (*shape[:-1], a[0][-2]))  # fmt: skip
