"""The memory of tensors as an object: what copies, pickles and files share between the tensors that share memory."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from .device import CPU
from .dtype import dtypes
from .memory.geometry import address, is_dense_like
from .plain_numpy import np
from .warning import warn

CLASSES = {
    "DoubleStorage": dtypes.float64,
    "FloatStorage": dtypes.float32,
    "HalfStorage": dtypes.float16,
    "LongStorage": dtypes.int64,
    "IntStorage": dtypes.int32,
    "ShortStorage": dtypes.int16,
    "CharStorage": dtypes.int8,
    "ByteStorage": dtypes.uint8,
    "BoolStorage": dtypes.bool_,
    "ComplexFloatStorage": dtypes.complex64,
    "ComplexDoubleStorage": dtypes.complex128,
}
"""The names under which files tell the type of a storage."""


def class_name(kind: dtypes.dtype) -> str:
    """The name of the storage of a type."""
    if kind.name == "bfloat16":
        return "BFloat16Storage"
    return next(name for name, known in CLASSES.items() if known is kind)


def class_type(name: str) -> dtypes.dtype:
    """The type of the elements of a storage, by the storage's name."""
    return dtypes.bfloat16() if name == "BFloat16Storage" else CLASSES[name]


class UntypedStorage:
    """The memory of a tensor, as bytes."""

    __module__ = "torch.storage"
    __slots__ = ("__weakref__", "_root")

    def __init__(self, size: Any = 0) -> None:
        self._root = np.empty(size, np.uint8) if isinstance(size, int) else np.array(list(size), np.uint8)

    @classmethod
    def _of(cls, root: np.ndarray) -> UntypedStorage:
        """The storage that an array owns; `root` is the last of its bases."""
        new = object.__new__(cls)
        new._root = root
        return new

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return address(self._root) if self._root.size else 0

    @property
    def _cdata(self) -> int:
        return address(self._root)

    def nbytes(self) -> int:
        """How many bytes."""
        return self._root.nbytes

    size = nbytes
    __len__ = nbytes

    def flat(self, kind: np.dtype) -> np.ndarray:
        """The memory as a one-dimensional array of a type."""
        root = self._root
        if root.flags.forc:
            buffer = root if root.flags.c_contiguous else root.T
            return np.ndarray((root.nbytes // kind.itemsize,), kind, buffer)
        if is_dense_like(root):
            return root.ravel(order="K").view(kind)
        reach = sum([(s - 1) * st for s, st in zip(root.shape, root.strides, strict=True)]) // root.itemsize + 1
        return np.lib.stride_tricks.as_strided(root, (reach,), (root.itemsize,)).view(kind)

    def bytes(self) -> np.ndarray:
        """The memory byte by byte."""
        return self.flat(np.dtype(np.uint8))

    def tolist(self) -> list[int]:
        """The bytes as Python numbers."""
        return self.bytes().tolist()

    def __getitem__(self, index: Any) -> Any:
        found = self.bytes()[index]
        return self._of(found) if isinstance(index, slice) else int(found)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.bytes()[index] = value

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    @property
    def device(self) -> Any:
        """Where the memory is."""
        return CPU

    is_cuda = False
    is_sparse = False

    def clone(self) -> UntypedStorage:
        """A copy of the memory."""
        return self._of(self.bytes().copy())

    def cpu(self) -> UntypedStorage:
        """The storage itself."""
        return self

    def __copy__(self) -> UntypedStorage:
        return self.clone()

    def __deepcopy__(self, memo: dict[Any, Any]) -> UntypedStorage:
        """One copy for all that share the memory, within one call of copy.deepcopy."""
        copies = memo.setdefault("torch", {})
        found = copies.get(self._cdata)
        if found is None:
            found = copies[self._cdata] = (self.clone(), self._root)  # kept alive, or its address would be reused
        return found[0]

    def __reduce__(self) -> tuple:
        return load_storage, (self.bytes().tobytes(),)

    def __repr__(self) -> str:
        head = "\n".join([f" {byte}" for byte in self.tolist()])
        return f"{head}\n[torch.storage.UntypedStorage(device=cpu) of size {len(self)}]"


def load_storage(data: bytes) -> UntypedStorage:
    """A pickled storage, made again."""
    return UntypedStorage._of(np.frombuffer(bytearray(data), np.uint8))


class TypedStorage:
    """The memory of a tensor, as elements of one type."""

    __module__ = "torch.storage"
    __slots__ = ("__weakref__", "_untyped_storage", "dtype")

    def __init__(self, *, wrap_storage: UntypedStorage, dtype: dtypes.dtype, _internal: bool = False) -> None:
        if not _internal:
            warn_of_typed_storage()
        self._untyped_storage = wrap_storage
        self.dtype = dtype

    def untyped(self) -> UntypedStorage:
        """The memory as bytes."""
        return self._untyped_storage

    def flat(self) -> np.ndarray:
        """The elements as a one-dimensional array over the same memory."""
        return self._untyped_storage.flat(self.dtype.numpy)

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return self._untyped_storage.data_ptr()

    def nbytes(self) -> int:
        """How many bytes."""
        return self._untyped_storage.nbytes()

    def __len__(self) -> int:
        return self.nbytes() // self.dtype.itemsize

    size = __len__

    def element_size(self) -> int:
        """The bytes of an element."""
        return self.dtype.itemsize

    @property
    def device(self) -> Any:
        """Where the memory is."""
        return CPU

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        return self.flat().tolist()

    def __getitem__(self, index: int) -> Any:
        return self.flat()[index].item()

    def __deepcopy__(self, memo: dict[Any, Any]) -> TypedStorage:
        copy = self._untyped_storage.__deepcopy__(memo)
        return TypedStorage(wrap_storage=copy, dtype=self.dtype, _internal=True)

    def __reduce__(self) -> tuple:
        return load_typed_storage, (self._untyped_storage, self.dtype)

    def __repr__(self) -> str:
        head = "\n".join([f" {value}" for value in self.tolist()])
        return f"{head}\n[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size {len(self)}]"


def load_typed_storage(untyped: UntypedStorage, kind: dtypes.dtype) -> TypedStorage:
    """A pickled storage, made again."""
    return TypedStorage(wrap_storage=untyped, dtype=kind, _internal=True)


@functools.cache
def warn_of_typed_storage() -> None:
    """PyTorch's warning to who asks for a TypedStorage first, in a process."""
    warn(
        "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage class. "
        "This should only matter to you if you are using storages directly.  To access UntypedStorage directly, use "
        "tensor.untyped_storage() instead of tensor.storage()",
        UserWarning,
    )


def is_storage(obj: Any) -> bool:
    """Whether a value is a storage."""
    return isinstance(obj, (TypedStorage, UntypedStorage))
