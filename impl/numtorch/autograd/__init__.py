"""torch.autograd: backward and grad, and the tools around them."""

from typing import TYPE_CHECKING, Any

from ..autograd import anomaly_mode, grad_mode
from .anomaly_mode import detect_anomaly, set_detect_anomaly
from .entry import backward, grad
from .grad_mode import (
    _unsafe_preserve_version_counter,
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)

if TYPE_CHECKING:
    from ..autograd import function, graph
    from .function import Function
    from .variable import Variable

_MODULES = ("forward_ad", "function", "functional", "graph", "variable")
_NAMES = {"Function": "function", "Variable": "variable", "gradcheck": "gradcheck", "gradgradcheck": "gradcheck"}


def __getattr__(name: str) -> Any:
    """What is imported only when it is asked for."""
    import importlib

    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _NAMES:
        # Importing a submodule binds its name here; where a function has that name, it is bound instead.
        module = importlib.import_module(f".{_NAMES[name]}", __name__)
        globals().update({n: getattr(module, n) for n, home in _NAMES.items() if home == _NAMES[name]})
        return globals()[name]
    from ..lacking import lacking

    raise lacking("torch.autograd", name)


def __dir__() -> list[str]:
    """All names, whether what they name is imported yet or not."""
    return sorted({*globals(), *_MODULES, *_NAMES})


__all__ = [
    "Function",
    "Variable",
    "_unsafe_preserve_version_counter",
    "anomaly_mode",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "function",
    "grad",
    "grad_mode",
    "graph",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
]
