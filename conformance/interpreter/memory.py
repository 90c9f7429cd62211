"""The elements of a tensor, copied out of the library again only if its memory has changed.

After every step each live tensor is looked at, and nearly all of them are as they were. To have a library copy one out takes
several of its calls; to compare the bytes where they lie takes one copy of memory. What a version counter says is not asked: a
write that no counter counts is what is to be found.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import UNSET

Geometry = tuple[Any, Any, Any]
"""dtype, shape and stride of a tensor, as the library says them."""


_IN_A_ROW = ((1,), ())
"""The strides that only tensors have which are contiguous."""


class Place:
    """Where a tensor was seen, and what it held: numbers and bytes, never the tensor."""

    __slots__ = ("address", "begins", "data", "geometry", "is_complex", "of", "raw", "window")

    def __init__(self, of: int, geometry: Geometry) -> None:
        self.of, self.geometry = of, geometry
        self.data: bytes | None = None
        """Its elements, row by row; None if they cannot be read."""
        self.address = 0
        self.window: Any = None
        """The bytes from its first element to behind its last, where they lie; None if they are not to be compared.

        It holds no memory, and is looked through only where the tensor is known to have that memory still.
        """
        self.raw = b""
        self.is_complex = False
        self.begins: Any = None
        """What stands for the storage that it lies in; None where that is not known."""


class Memory:
    """Looks at the tensors of one library. `read` copies the elements of one out, row by row."""

    def __init__(self, read: Callable[[Any], bytes | None], of: Callable[[Any], Any] | None) -> None:
        self._read = read
        self._trusted = of is not None and _tells_addresses(of)
        self._kinds: dict[Any, tuple[int, bool]] = {}

    def look(self, tensor: Any, geometry: Geometry, before: Place | None) -> Place:
        """What a tensor holds now; `before` itself if that is the same."""
        if before is not None and before.window is not None and before.of == id(tensor) and before.geometry == geometry:
            try:
                if (
                    tensor.data_ptr() == before.address
                    and before.window.raw == before.raw
                    and not (before.is_complex and tensor.is_conj())
                ):
                    return before
            except Exception:
                before.window = None
        found = Place(id(tensor), geometry)
        try:
            # Not untyped_storage(): PyTorch would keep the object, and ever after take the memory for shared, so that a
            # gradient that was looked at is no longer added to in place.
            address = tensor.data_ptr()
            # What is lazily conjugated or negated holds other numbers than its memory.
            size, found.is_complex = self._kind(tensor, geometry[0])
            if self._trusted and not address and not tensor.numel():
                found.data = b""
                return found
            found.begins = address - tensor.storage_offset() * size
            # A GPU's memory is not this process's; and a part of zeros without memory lies where nothing begins.
            readable = self._trusted and address and found.begins and getattr(tensor, "is_cpu", True)
            if readable and not (tensor.is_neg() or (found.is_complex and tensor.is_conj())):
                self._copy(found, tensor, address, size)
                return found
        except Exception:
            found.window = None
        found.data = self._read(tensor)
        return found

    def _kind(self, tensor: Any, dtype: Any) -> tuple[int, bool]:
        """The bytes of an element, and whether it is complex: asked once for each dtype, of a library that has those."""
        kind = self._kinds.get(dtype) if self._trusted else None
        if kind is None:
            kind = tensor.element_size(), tensor.is_complex()
            if self._trusted and dtype is not UNSET:
                self._kinds[dtype] = kind
        return kind

    def _copy(self, found: Place, tensor: Any, address: int, size: int) -> None:
        """Copies the elements from where they lie."""
        # (Asked of few: those of one dimension say it themselves.)
        if found.geometry[2] in _IN_A_ROW or tensor.is_contiguous():
            window = (ctypes.c_char * (tensor.numel() * size)).from_address(address)
            found.raw = found.data = window.raw
        else:
            _, shape, stride = found.geometry
            extent = size * (1 + sum([(count - 1) * step for count, step in zip(shape, stride, strict=True)]))
            window = (ctypes.c_char * extent).from_address(address)
            found.raw = window.raw
            steps = tuple([step * size for step in stride])
            found.data = np.ndarray(shape, f"V{size}", found.raw, 0, steps).tobytes()
        found.address, found.window = address, window


def _tells_addresses(tensor: Callable[[Any], Any]) -> bool:
    """Whether `data_ptr` of a library is where its elements lie: a number that it only calls so must not be read from."""
    try:
        for one in (tensor([1.0, 2.0, 3.0]), tensor([[1.0, 2.0], [3.0, 4.0]])[1]):
            if one.detach().numpy().__array_interface__["data"][0] != one.data_ptr() or one.is_complex():
                return False
        return True
    except Exception:
        return False
