"""Which public functions ask PyTorch's argument parser (signatures.py) about a call that has failed, and how."""

from __future__ import annotations

from typing import Any

HOT = frozenset(
    [
        "add",
        "sub",
        "mul",
        "div",
        "pow",
        "matmul",
        "mm",
        "bmm",
        "mv",
        "dot",
        "relu",
        "sum",
        "mean",
        "where",
        "cat",
        "stack",
    ]
    + ["view", "reshape", "transpose", "permute", "t", "expand", "unsqueeze", "squeeze", "flatten", "detach", "clone"]
    + [
        "add_",
        "sub_",
        "mul_",
        "div_",
        "pow_",
        "copy_",
        "zero_",
        "item",
        "contiguous",
        "linear",
        "softmax",
        "log_softmax",
    ]
)
"""What programs spend their time in: as methods these are bound as they are, and check what they must themselves."""


PYTHON = frozenset(("norm", "split"))
"""Functions that PyTorch writes in Python, before whose first line no parser looks at the arguments."""


def is_checked(function: Any, name: str, method: bool) -> bool:
    """Whether a public function is one to ask the parser about: not the generated ones, which refuse what is no tensor."""
    hot = name in HOT and (method or (function.__module__.endswith(".pointwise") and name != "pow"))
    if name.startswith("_") or hot or (name in PYTHON and not method):
        return False
    return ".functions." in function.__module__ or ".creation." in function.__module__


def checked(function: Any, name: str, method: bool) -> Any:
    """The function; when it fails, PyTorch's parser is asked whether the arguments were to blame."""

    def entry(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            told = refusal(name, args, kwargs, method)
            if told is None:
                raise
            raise told from error

    entry.__name__ = function.__name__
    entry.__doc__ = function.__doc__
    entry.__wrapped__ = function  # type: ignore[attr-defined]  # whose signature inspect.signature tells
    return entry


def refusal(name: str, args: tuple, kwargs: dict[str, Any], method: bool) -> Exception | None:
    """What PyTorch's parser says against a call, or None; it is imported when it is first asked."""
    from . import signatures

    return signatures.refusal(name, args, kwargs, method)
