"""Which libraries are measured, and how each is found."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.engines.hips import Hips
from benchmarks.engines.mygrad import MyGrad
from benchmarks.engines.torchlike import TorchLike
from benchmarks.workload import Engine

REFERENCE = "torch"
SUBJECT = "numtorch"

FACTORIES: dict[str, Callable[[], Engine]] = {
    REFERENCE: lambda: TorchLike("torch"),
    SUBJECT: lambda: TorchLike("numtorch"),
    "mygrad": MyGrad,
    "autograd": Hips,
}
NAMES = tuple(FACTORIES)


def load() -> tuple[dict[str, Engine], dict[str, str]]:
    """Return the engines that are installed, and why each of the others is missing."""
    engines: dict[str, Engine] = {}
    missing: dict[str, str] = {}
    for name, make in FACTORIES.items():
        try:
            engines[name] = make()
        except ImportError as error:
            missing[name] = f"not installed ({error})"
    return engines, missing
