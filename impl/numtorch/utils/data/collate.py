"""From the samples of a batch to tensors that have a dimension more."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

from ...creation.data import as_tensor, tensor
from ...dtype import float64
from ...functions.shape import stack
from ...plain_numpy import np
from ...tensor import Tensor

_REFUSED = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def default_collate(batch: list) -> Any:
    """Tensors, arrays and numbers as one tensor, within tuples, lists and dicts of the kind that the samples are.

    Raises TypeError for anything else, and RuntimeError for lists of unequal length.
    """
    model = batch[0]
    if isinstance(model, Tensor):
        return stack(batch, 0)
    if isinstance(model, np.ndarray):
        if model.dtype.kind in "SUO":
            raise TypeError(_REFUSED.format(model.dtype))
        return stack([as_tensor(array) for array in batch], 0)
    if isinstance(model, (np.bool_, np.number, np.object_)):
        return as_tensor(batch)
    if isinstance(model, float):
        return tensor(batch, dtype=float64)
    if isinstance(model, int):
        return tensor(batch)
    if isinstance(model, (str, bytes)):
        return batch
    if isinstance(model, Mapping):
        return _like(model, {key: default_collate([sample[key] for sample in batch]) for key in model})
    if isinstance(model, Sequence):
        named = hasattr(model, "_fields")
        if not named and any(len(sample) != len(model) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return _like(model, [default_collate(list(column)) for column in zip(*batch, strict=False)])
    raise TypeError(_REFUSED.format(type(model)))


def default_convert(data: Any) -> Any:
    """Arrays and NumPy's numbers as tensors, wherever they are within tuples, lists and dicts; all else as it is."""
    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.bool_, np.number)):
        return data if isinstance(data, np.ndarray) and data.dtype.kind in "SUO" else as_tensor(data)
    if isinstance(data, Mapping):
        return _like(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like(data, [default_convert(part) for part in data])
    return data


def _like(model: Any, parts: Any) -> Any:
    """Parts in a container of the kind of the model. A tuple becomes a list, unless it has names."""
    kind: Callable[..., Any] = type(model)
    if isinstance(model, tuple):
        return kind(*parts) if hasattr(model, "_fields") else parts
    try:
        if isinstance(model, MutableMapping):
            clone: Any = copy.copy(model)  # it may have more about it than what is in it
            clone.update(parts)
            return clone
        if isinstance(model, MutableSequence):
            clone = copy.copy(model)
            for at, part in enumerate(parts):
                clone[at] = part
            return clone
        return kind(parts)
    except TypeError:  # neither copied nor made of its parts, as a range
        return parts
