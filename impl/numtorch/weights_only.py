"""Reading pickles that may come from anybody: PyTorch's restricted unpickler.

Of pickle's instructions only those are known that torch.save writes, and of all the functions and classes that a pickle can
name only those in a table, so that loading a file runs nothing of the file's choosing. (Rejected: pickle.Unpickler with
`find_class`, which knows more instructions, BUILD on any object among them.)
"""

from __future__ import annotations

import pickle
import struct
from _codecs import encode
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import cache
from pickle import UnpicklingError
from typing import Any

from .device import device, named_device, strided
from .dtype import ALL
from .functions.copying import rebuild_from_type_v2, rebuild_tensor_v2
from .memory.descriptor import Size, size_of
from .nn.parameter import Parameter, rebuild_parameter, rebuild_parameter_with_state
from .storage import CLASSES, TypedStorage, UntypedStorage
from .tensor import Tensor
from .warning import warn

BLOCKED = ("sys", "os", "posix", "nt")
"""Modules whose names are refused whatever a user allows."""

allowed: set[Any] = set()
"""What add_safe_globals allowed besides: functions and classes, or pairs of one and its full name."""


class StorageType:
    """Stands for a class of storages, such as FloatStorage, in a persistent id."""

    def __init__(self, name: str) -> None:
        self.name = name


NAMES: dict[Any, str] = {
    OrderedDict: "collections.OrderedDict",
    Parameter: "torch.nn.parameter.Parameter",
    Size: "torch.Size",
    size_of: "torch.Size",
    Tensor: "torch.Tensor",
    device: "torch.device",
    named_device: "torch.device",
    TypedStorage: "torch.storage.TypedStorage",
    UntypedStorage: "torch.storage.UntypedStorage",
    rebuild_tensor_v2: "torch._utils._rebuild_tensor_v2",
    rebuild_parameter: "torch._utils._rebuild_parameter",
    rebuild_parameter_with_state: "torch._utils._rebuild_parameter_with_state",
    rebuild_from_type_v2: "torch._tensor._rebuild_from_type_v2",
}
"""PyTorch's names of what files name, which is called otherwise here."""


def _get_layout(name: str) -> Any:
    if name != "torch.strided":
        raise UnpicklingError(f"numtorch has no layout '{name}'")
    return strided


NAMES[_get_layout] = "torch.serialization._get_layout"


@cache
def known() -> dict[str, Any]:
    """What a file may name, by its full name."""
    found: dict[str, Any] = {name: value for value, name in NAMES.items()}
    found |= {"torch.Size": Size, "torch.device": device}
    found |= {
        "collections.Counter": Counter,
        "_codecs.encode": encode,
        "builtins.bytearray": bytearray,
        "builtins.set": set,
        "builtins.complex": complex,
    }
    found |= {f"torch.{kind.name}": kind for kind in ALL}
    found |= {f"torch.{name}": StorageType(name) for name in (*CLASSES, "BFloat16Storage")}
    return found


def allowed_by_user() -> dict[str, Any]:
    """What add_safe_globals allowed, by full name."""
    found: dict[str, Any] = {}
    for item in allowed:
        if isinstance(item, tuple):
            if len(item) != 2:
                raise ValueError(
                    f"Expected tuple of length 2 (global, str of callable full path), but got tuple of length: {len(item)}"
                )
            if type(item[1]) is not str:
                raise TypeError(
                    f"Expected second item in tuple to be str of callable full path, but got: {type(item[1])}"
                )
            found[item[1]] = item[0]
        else:
            found[f"{item.__module__}.{item.__qualname__}"] = item
    return found


class Unpickler:
    """One reading of a pickle; `persistent_load` finds a storage by its id."""

    def __init__(self, file: Any, persistent_load: Callable[[Any], Any]) -> None:
        self.read = file.read
        self.readline = file.readline
        self.persistent_load = persistent_load
        self.memo: dict[int, Any] = {}
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []

    def load(self) -> Any:
        """The object. Raises UnpicklingError, in PyTorch's words, for what is not allowed."""
        while True:
            key = self.read(1)
            if not key:
                raise EOFError
            if key == pickle.STOP:
                return self.stack.pop()
            instruction = _INSTRUCTIONS.get(key)
            if instruction is None:
                raise UnpicklingError(f"Unsupported operand {key[0]}")
            instruction(self)

    def number(self, form: str) -> Any:
        """A number of the file, in struct's words."""
        return struct.unpack(form, self.read(struct.calcsize(form)))[0]

    def since_mark(self) -> list[Any]:
        """What was put on the stack since the last mark."""
        items = self.stack
        self.stack = self.marks.pop()
        return items

    # ---- instructions that take or make an object

    def find(self) -> None:
        """GLOBAL: a function or class by its name."""
        module, name = (self.readline()[:-1].decode("utf-8") for _ in range(2))
        if (module, name) in NAME_MAPPING:
            module, name = NAME_MAPPING[(module, name)]
        elif module in IMPORT_MAPPING:
            module = IMPORT_MAPPING[module]
        path = f"{module}.{name}"
        if module in BLOCKED:
            raise UnpicklingError(f"Trying to load unsupported GLOBAL {path} whose module {module} is blocked.")
        for table in (known(), allowed_by_user()):
            if path in table:
                self.stack.append(table[path])
                return
        path = path.removeprefix("builtins.")
        raise UnpicklingError(
            f"Unsupported global: GLOBAL {path} was not an allowed global by default. Please use "
            f"`torch.serialization.add_safe_globals([{path}])` or the `torch.serialization.safe_globals([{path}])` "
            "context manager to allowlist this global if you trust this class/function."
        )

    def make(self) -> None:
        """NEWOBJ: an object of a class."""
        args = self.stack.pop()
        cls = self.stack.pop()
        if cls is Parameter:
            self.stack.append(Parameter(*args))
        elif _is_allowed(cls):
            self.stack.append(cls.__new__(cls, *args))
        else:
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals` but got "
                f"{cls}"
            )

    def call(self) -> None:
        """REDUCE: a call of a function."""
        args = self.stack.pop()
        function = self.stack[-1]
        if not _is_allowed(function):
            belongs = f" which belongs to {function.__self__}" if hasattr(function, "__self__") else ""
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {function}{belongs}")
        self.stack[-1] = function(*args)

    def build(self) -> None:
        """BUILD: the state of an object."""
        state = self.stack.pop()
        inst = self.stack[-1]
        if type(inst) is Tensor:
            inst.set_(*state)
        elif type(inst) is OrderedDict:
            inst.__dict__.update(state)
        elif type(inst) is Parameter or (_is_allowed(type(inst)) and hasattr(inst, "__setstate__")):
            inst.__setstate__(state)
        elif _is_allowed(type(inst)):
            attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
            inst.__dict__.update(attributes or {})
            for name, value in (slots or {}).items():
                setattr(inst, name, value)
        else:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via `add_safe_globals`, but got "
                f"{type(inst)}"
            )

    def persistent(self) -> None:
        """BINPERSID: a storage."""
        pid = self.stack.pop()
        if type(pid) is not tuple and type(pid) is not int:
            raise UnpicklingError(f"persistent_load id must be tuple or int, but got {type(pid)}")
        if type(pid) is tuple and pid and pid[0] != "storage":
            raise UnpicklingError(f"Only persistent_load of storage is allowed, but got {type(pid[0])}")
        self.stack.append(self.persistent_load(pid))

    # ---- instructions that fill a container

    def append(self, many: bool) -> None:
        """APPEND, APPENDS: items of a list."""
        items = self.since_mark() if many else [self.stack.pop()]
        found = self.stack[-1]
        if type(found) is not list:
            raise UnpicklingError(f"Can only {'extend' if many else 'append to'} lists, but got {type(found)}")
        found.extend(items)

    def set_items(self, name: str) -> None:
        """SETITEM, SETITEMS: items of a dict."""
        items = self.since_mark() if name == "SETITEMS" else [self.stack.pop() for _ in range(2)][::-1]
        found = self.stack[-1]
        if type(found) not in (dict, OrderedDict, Counter):
            raise UnpicklingError(
                f"Can only {name} for dict, collections.OrderedDict, collections.Counter, but got {type(found)}"
            )
        found.update(zip(items[::2], items[1::2], strict=True))

    def mark(self) -> None:
        """MARK: what follows belongs together."""
        self.marks.append(self.stack)
        self.stack = []

    def tuple_of(self, count: int | None) -> None:
        """TUPLE1 to TUPLE3, and TUPLE of what follows the mark."""
        if count is None:
            items = self.since_mark()
        else:
            items = self.stack[len(self.stack) - count :]
            del self.stack[len(self.stack) - count :]
        self.stack.append(tuple(items))

    # ---- the rest

    def text(self) -> None:
        """BINUNICODE: a str."""
        self.stack.append(str(self.read(self.number("<I")), "utf-8", "surrogatepass"))

    def bytes_as_text(self) -> None:
        """SHORT_BINSTRING: a str of Python 2."""
        self.stack.append(self.read(self.number("<B")).decode("utf-8", "strict"))

    def remember(self, form: str) -> None:
        """BINPUT, LONG_BINPUT: a name for the top of the stack."""
        self.memo[self.number(form)] = self.stack[-1]

    def protocol(self) -> None:
        """PROTO: the version of the format."""
        found = self.number("<B")
        if found != 2:
            warn(
                f"Detected pickle protocol {found} in the checkpoint, which was not the default pickle protocol used by "
                "`torch.load` (2). The weights_only Unpickler might not support all instructions implemented by this "
                "protocol, please file an issue for adding support if you encounter this.",
            )


def _is_allowed(value: Any) -> bool:
    return any(
        value is item or (type(value) is type(item) and value == item)
        for table in (known(), allowed_by_user())
        for item in table.values()
    )


def _push(make: Callable[[Unpickler], Any]) -> Callable[[Unpickler], None]:
    return lambda self: self.stack.append(make(self))


_INSTRUCTIONS: dict[bytes, Callable[[Unpickler], None]] = {
    pickle.GLOBAL: Unpickler.find,
    pickle.NEWOBJ: Unpickler.make,
    pickle.REDUCE: Unpickler.call,
    pickle.BUILD: Unpickler.build,
    pickle.BINPERSID: Unpickler.persistent,
    pickle.APPEND: lambda self: self.append(many=False),
    pickle.APPENDS: lambda self: self.append(many=True),
    pickle.SETITEM: lambda self: self.set_items("SETITEM"),
    pickle.SETITEMS: lambda self: self.set_items("SETITEMS"),
    pickle.MARK: Unpickler.mark,
    pickle.TUPLE: lambda self: self.tuple_of(None),
    pickle.TUPLE1: lambda self: self.tuple_of(1),
    pickle.TUPLE2: lambda self: self.tuple_of(2),
    pickle.TUPLE3: lambda self: self.tuple_of(3),
    pickle.NONE: _push(lambda self: None),
    pickle.NEWFALSE: _push(lambda self: False),
    pickle.NEWTRUE: _push(lambda self: True),
    pickle.EMPTY_TUPLE: _push(lambda self: ()),
    pickle.EMPTY_LIST: _push(lambda self: []),
    pickle.EMPTY_DICT: _push(lambda self: {}),
    pickle.EMPTY_SET: _push(lambda self: set()),
    pickle.BININT: _push(lambda self: self.number("<i")),
    pickle.BININT1: _push(lambda self: self.number("<B")),
    pickle.BININT2: _push(lambda self: self.number("<H")),
    pickle.BINFLOAT: _push(lambda self: self.number(">d")),
    pickle.LONG1: _push(lambda self: int.from_bytes(self.read(self.number("<B")), "little", signed=True)),
    pickle.BINUNICODE: Unpickler.text,
    pickle.SHORT_BINSTRING: Unpickler.bytes_as_text,
    pickle.BINGET: _push(lambda self: self.memo[self.number("<B")]),
    pickle.LONG_BINGET: _push(lambda self: self.memo[self.number("<I")]),
    pickle.BINPUT: lambda self: self.remember("<B"),
    pickle.LONG_BINPUT: lambda self: self.remember("<I"),
    pickle.PROTO: Unpickler.protocol,
}
