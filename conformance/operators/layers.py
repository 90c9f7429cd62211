"""What layers of neural networks compute: normalization."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from conformance.operators.row import Argument, Operator, Unfit, add, computed, constants
from conformance.program import List


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
