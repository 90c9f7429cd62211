"""Which names share memory, and which are one object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from conformance.interpreter.memory import Place

Groups = tuple[tuple[str, ...], ...]


def groups(live: list[tuple[str, Any]], places: Sequence[Place]) -> tuple[Groups, Groups]:
    """The names that share memory, and those that are one object. A tensor without elements shares nothing."""
    tensors = [tensor for _, tensor in live]
    # Nearly always nothing is shared, which a set says without a list for every tensor.
    alone = len(set(map(id, tensors))) == len(live)
    begins = [place.begins for place in places if place.data]
    apart = None not in begins and len(set(begins)) == len(begins) and np.ndarray not in set(map(type, tensors))
    return () if apart else _sharing_memory(live, places), () if alone else _one_object(live)


def _one_object(live: list[tuple[str, Any]]) -> Groups:
    objects: dict[int, list[str]] = {}
    for name, tensor in live:
        objects.setdefault(id(tensor), []).append(name)
    return tuple([tuple(names) for names in objects.values() if len(names) > 1])


def _sharing_memory(live: list[tuple[str, Any]], places: Sequence[Place]) -> Groups:
    memory: dict[Any, list[str]] = {}
    held: list[Any] = []
    regions: list[tuple[int, int, str]] | None = [] if any(type(one) is np.ndarray for _, one in live) else None
    for (name, tensor), place in zip(live, places, strict=True):
        if not place.data:
            continue
        if regions is not None:
            region = _region(tensor)
            if region is not None:
                regions.append((*region, name))
        else:
            at = place.begins
            if at is None:
                at = _memory(tensor, held)
            if at:  # PyTorch has zeros that it keeps no memory for
                memory.setdefault(at, []).append(name)
    if regions:
        memory = _overlapping(regions)
    return tuple([tuple(names) for names in memory.values() if len(names) > 1])


def _memory(tensor: Any, held: list[Any]) -> Any:
    """What stands for the memory of a tensor that has no `data_ptr`: where its last owner's array begins.

    The arrays are put into `held`: of a subject that copies, each would be freed at once and the next take its address.
    """
    try:
        array = tensor.detach().numpy() if hasattr(tensor, "detach") else tensor.numpy()
        held.append(array)
        while getattr(array.base, "__array_interface__", None) is not None:
            array = array.base
        return array.__array_interface__["data"][0]
    except Exception:
        return None


def _region(value: Any) -> tuple[int, int] | None:
    """Where the memory of a tensor or an ndarray begins and ends: of all that its owner has, seen or not.

    By extent and not by beginning, because one library takes an ndarray that is itself a window for the beginning of a
    tensor's memory, and another looks for the owner. Used only where a program has ndarrays.
    """
    try:
        if isinstance(value, np.ndarray):
            while isinstance(value.base, np.ndarray):
                value = value.base
            if not hasattr(value.base, "untyped_storage"):
                return byte_bounds(value)
            value = value.base  # a tensor that lent its memory
        storage = value.untyped_storage()
        return storage.data_ptr(), storage.data_ptr() + storage.nbytes()
    except Exception:
        return None


def _overlapping(regions: list[tuple[int, int, str]]) -> dict[Any, list[str]]:
    """The names whose regions overlap, each group in the order of the names."""
    order = [name for _, _, name in regions]
    groups: list[tuple[int, list[str]]] = []
    for begin, end, name in sorted(regions):
        if groups and begin < groups[-1][0]:
            groups[-1] = max(end, groups[-1][0]), [*groups[-1][1], name]
        else:
            groups.append((end, [name]))
    found = sorted([sorted(names, key=order.index) for _, names in groups], key=lambda names: order.index(names[0]))
    return dict(enumerate(found))
