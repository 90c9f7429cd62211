"""torch.autograd: backward and grad, and the tools around them."""

from typing import Any

from . import anomaly_mode, function, grad_mode, graph
from .anomaly_mode import detect_anomaly, set_detect_anomaly
from .entry import backward, grad
from .function import Function
from .grad_mode import (
    _unsafe_preserve_version_counter,
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from .variable import Variable


def __getattr__(name: str) -> Any:
    """What is imported only when it is asked for."""
    import importlib

    if name in ("functional", "forward_ad"):
        return importlib.import_module(f".{name}", __name__)
    if name in ("gradcheck", "gradgradcheck"):
        # Importing a submodule binds its name here; PyTorch's name for the function is bound instead.
        module = importlib.import_module(".gradcheck", __name__)
        globals().update(gradcheck=module.gradcheck, gradgradcheck=module.gradgradcheck)
        return globals()[name]
    raise AttributeError(f"module 'torch.autograd' has no attribute '{name}'")


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
