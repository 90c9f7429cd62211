"""torch.save and torch.load: PyTorch's zip files, written so that PyTorch reads them, and read safely only.

A file is a zip archive: `data.pkl`, a pickle of the object in which each storage is a persistent id; `data/0`, `data/1` …,
the bytes of the storages, uncompressed and aligned; and a few records that tell the format.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import struct
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from types import FunctionType
from typing import Any

from . import weights_only
from .device import check_device
from .dtype import dtype
from .plain_numpy import np
from .storage import TypedStorage, UntypedStorage, class_name, class_type

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "safe_globals",
    "save",
]

DEFAULT_PROTOCOL = 2
ALIGNMENT = 64
_EPOCH = (1980, 1, 1, 0, 0, 0)  # no clock: the same object gives the same file

UNSAFE_MESSAGE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from `False` to `True`. "
    "Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in arbitrary code "
    "execution. Do it only if you got the file from a trusted source."
)
_DOCS_MESSAGE = (
    "\n\nCheck the documentation of torch.load to learn more about types accepted by default with weights_only "
    "https://pytorch.org/docs/stable/generated/torch.load.html."
)


# ---- save


class _Pickler(pickle._Pickler):  # type: ignore[name-defined]
    """Writes PyTorch's names of functions and classes, and collects the storages."""

    def __init__(self, file: Any, protocol: int) -> None:
        super().__init__(file, protocol)
        self.storages: dict[int, tuple[str, UntypedStorage]] = {}
        self._types: dict[int, dtype] = {}

    def persistent_id(self, obj: Any) -> Any:
        """What stands for a storage."""
        if isinstance(obj, TypedStorage):
            untyped, kind, name = obj._untyped_storage, obj.dtype, class_name(obj.dtype)
        elif isinstance(obj, UntypedStorage):
            untyped, kind, name = obj, weights_only.known()["torch.uint8"], "UntypedStorage"
        else:
            return None
        if untyped.data_ptr() and self._types.setdefault(untyped.data_ptr(), kind) is not kind:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        key, _ = self.storages.setdefault(untyped._cdata, (str(len(self.storages)), untyped))
        return "storage", _StorageClass(name), key, "cpu", untyped.nbytes() // kind.itemsize

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        """The object, or PyTorch's name of it."""
        if type(obj) is _StorageClass:
            self._write_name("torch" if obj.name != "UntypedStorage" else "torch.storage", obj.name)
        elif type(obj) is dtype:
            self._write_name("torch", obj.name)
        elif isinstance(obj, (type, FunctionType)) and obj in weights_only.NAMES:
            module, _, name = weights_only.NAMES[obj].rpartition(".")
            self._write_name(module, name)
        else:
            super().save(obj, save_persistent_id)

    def _write_name(self, module: str, name: str) -> None:
        key = f"{module} {name}"
        found = self.memo.get(key)
        if found is not None:
            self.write(self.get(found[0]))
            return
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        if not self.fast:
            index = len(self.memo)
            self.write(self.put(index))
            self.memo[key] = index, key


class _StorageClass:
    """A class of storages, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write an object, and the tensors in it, to a file or into something with `write`."""
    if not isinstance(f, (str, os.PathLike)) and not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
    if not _use_new_zipfile_serialization:
        raise NotImplementedError("numtorch writes PyTorch's zip format only")
    pickled = io.BytesIO()
    pickler = _Pickler(pickled, pickle_protocol)
    pickler.dump(obj)
    named = isinstance(f, (str, os.PathLike))
    folder = os.path.splitext(os.path.basename(os.fspath(f)))[0] if named else "archive"
    # In memory first: a file-like object need not be seekable, which the alignment needs to know the offsets.
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        writer = _Writer(target, folder or "archive")
        writer.write("data.pkl", pickled.getvalue())
        writer.write(".format_version", b"1")
        writer.write(".storage_alignment", str(ALIGNMENT).encode())
        if not _disable_byteorder_record:
            writer.write("byteorder", sys.byteorder.encode())
        for key, storage in pickler.storages.values():
            writer.write(f"data/{key}", storage.bytes().tobytes())
        writer.write("version", b"3\n")
        writer.write(".data/serialization_id", writer.identity())
    if named:
        with open(f, "wb") as file:
            file.write(archive.getbuffer())
    else:
        f.write(archive.getvalue())


class _Writer:
    """Writes records so that the bytes of each begin at a multiple of ALIGNMENT, as memory-mapping readers expect."""

    def __init__(self, target: zipfile.ZipFile, folder: str) -> None:
        self._target = target
        self._folder = folder
        self._digest = hashlib.sha256()

    def write(self, name: str, data: bytes) -> None:
        """One record."""
        self._digest.update(name.encode() + data)
        info = zipfile.ZipInfo(f"{self._folder}/{name}", _EPOCH)
        start = self._target.fp.tell() + 30 + len(info.filename.encode()) + 4  # type: ignore[union-attr]
        padding = -start % ALIGNMENT
        info.extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
        self._target.writestr(info, data)

    def identity(self) -> bytes:
        """Forty digits that tell one content from another."""
        return str(int.from_bytes(self._digest.digest(), "big") % 10**40).zfill(40).encode()


# ---- load


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """What torch.save wrote, here or in PyTorch; of classes and functions only those known to be safe.

    Raises UnpicklingError for anything else: `weights_only=False`, which would run whatever a file says, does not exist here.
    """
    if weights_only is False:
        raise NotImplementedError("numtorch loads safely only: pass weights_only=True, or nothing")
    if pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if isinstance(map_location, str) or type(map_location).__name__ == "device":
        check_device(map_location)
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return _load(file)
    if not hasattr(f, "seek"):
        raise AttributeError(
            f"'{type(f).__name__}' object has no attribute 'seek'. You can only torch.load from a file that is seekable. "
            "Please pre-load the data into a buffer like io.BytesIO and try to load from it instead."
        )
    return _load(f)


def _load(file: Any) -> Any:
    start = file.tell()
    is_zip = file.read(4) == b"PK\x03\x04"
    file.seek(start)
    try:
        if is_zip:
            with zipfile.ZipFile(file) as archive:
                return _read(archive)
        return _refuse_legacy(file)
    except UnpicklingError as error:
        raise UnpicklingError(_explained(str(error))) from None


def _read(archive: zipfile.ZipFile) -> Any:
    names = archive.namelist()
    folder = next((name[: -len("data.pkl")] for name in names if name.endswith("/data.pkl")), None)
    if folder is None:
        raise RuntimeError("PytorchStreamReader failed locating file data.pkl: file not found")
    order = archive.read(f"{folder}byteorder").decode() if f"{folder}byteorder" in names else "little"
    storages: dict[str, TypedStorage] = {}

    def storage_of(pid: Any) -> TypedStorage:
        _, of, key, _location, _count = pid
        if key not in storages:
            kind = (
                class_type(of.name) if isinstance(of, weights_only.StorageType) else weights_only.known()["torch.uint8"]
            )
            data = np.frombuffer(bytearray(archive.read(f"{folder}data/{key}")), kind.numpy)
            if order != sys.byteorder:
                data = data.byteswap()
            storages[key] = TypedStorage(wrap_storage=UntypedStorage._of(data), dtype=kind, _internal=True)
        return storages[key]

    return weights_only.Unpickler(io.BytesIO(archive.read(f"{folder}data.pkl")), storage_of).load()


def _refuse_legacy(file: Any) -> Any:
    # PyTorch's files of before 2020 begin with a pickled magic number; whatever else a file is ends here, too.
    def unsupported(pid: Any) -> Any:
        raise UnpicklingError("unsupported persistent id encountered")

    weights_only.Unpickler(file, unsupported).load()
    raise RuntimeError("Invalid magic number; corrupt file?")


def _explained(message: str) -> str:
    """What the unpickler refused, and what to do about it."""
    if "was not an allowed global by default." in message:
        return (
            "Weights only load failed. This file can still be loaded, to do so you have two options, \033[1mdo those "
            f"steps only if you trust the source of the checkpoint\033[0m. \n\t(1) {UNSAFE_MESSAGE}\n\t(2) Alternatively, "
            "to load with `weights_only=True` please check the recommended steps in the following error message.\n\t"
            f"WeightsUnpickler error: {message}{_DOCS_MESSAGE}"
        )
    text = f"Weights only load failed. {UNSAFE_MESSAGE}\n"
    if "is blocked" not in message:
        text += (
            "Please file an issue with the following so that we can make `weights_only=True` compatible with your use "
            "case: WeightsUnpickler error: "
        )
    return f"{text}\n\n{message}{_DOCS_MESSAGE}"


# ---- what a user allows


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Allow classes and functions (or pairs of one and its full name) in files."""
    weights_only.allowed.update(safe_globals)


def get_safe_globals() -> list[Any]:
    """What add_safe_globals allowed."""
    return list(weights_only.allowed)


def clear_safe_globals() -> None:
    """Allow nothing but the default again."""
    weights_only.allowed.clear()


@contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """Allow classes and functions within a block."""
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        weights_only.allowed.difference_update(safe_globals)
