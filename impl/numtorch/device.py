"""Devices and layouts: there is one of each."""

from __future__ import annotations

from typing import Any

TYPES = (
    "cpu",
    "cuda",
    "ipu",
    "xpu",
    "mkldnn",
    "opengl",
    "opencl",
    "ideep",
    "hip",
    "ve",
    "fpga",
    "maia",
    "xla",
    "lazy",
    "vulkan",
    "mps",
    "meta",
    "hpu",
    "mtia",
    "privateuseone",
)


class device:
    """Where a tensor lives. Any of PyTorch's may be named; tensors are made on the CPU only."""

    __module__ = "torch"
    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type: Any, index: int | None = None):
        if isinstance(type, device):
            self.type, self.index = type.type, type.index
            return
        if isinstance(type, int):
            raise RuntimeError("Cannot access accelerator device when none is available.")
        if not isinstance(type, str):
            raise TypeError(
                f"device() received an invalid combination of arguments - got ({type.__class__.__name__}), but "
                "expected one of:\n * (torch.device device)\n * (str type, int index = -1)\n"
            )
        if not type:
            raise RuntimeError("Device string must not be empty")
        name, colon, number = type.partition(":")
        if name not in TYPES:
            raise RuntimeError(f"Expected one of {', '.join(TYPES)} device type at start of device string: {name}")
        if colon and not number.isdecimal():
            raise RuntimeError(f"Invalid device string: '{type}'")
        if index is not None and index < 0:
            raise RuntimeError("Device index must not be negative")
        self.type = name
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        return f"device(type='{self.type}'" + (f", index={self.index})" if self.index is not None else ")")

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple:
        return named_device, (str(self),)


def named_device(name: str) -> device:
    """A pickled device, made again; a function of this package, because the class goes by PyTorch's name."""
    return device(name)


def check_device(wanted: Any) -> None:
    """Refuse to make a tensor anywhere but on the CPU."""
    if wanted is None or wanted == "cpu":
        return
    kind = device(wanted).type
    if kind == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    if kind != "cpu":
        raise NotImplementedError(f"numtorch computes on the cpu only, and makes no tensor on the device '{wanted}'")


class layout:
    """How a tensor's elements are laid out."""

    __module__ = "torch"

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return "torch." + self.name

    def __reduce__(self) -> tuple:
        return named_layout, (self.name,)


def named_layout(name: str) -> layout:
    """A pickled layout: there is only one."""
    return strided


class memory_format:
    """In which order the dimensions of a tensor lie in memory."""

    __module__ = "torch"

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return "torch." + self.name

    def __reduce__(self) -> tuple:
        return named_format, (self.name,)


def named_format(name: str) -> memory_format:
    """A pickled memory format."""
    return next(f for f in FORMATS if f.name == name)


CPU = device("cpu")
strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
FORMATS = (contiguous_format, preserve_format, channels_last, channels_last_3d)
