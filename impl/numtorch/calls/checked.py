"""Which public functions ask PyTorch's argument parser (signatures.py) about a call that has failed, and how."""

from __future__ import annotations

from typing import Any


class NotGiven:
    """What stands for an argument that was not given, where None means something else: `help` and editors show it."""

    def __repr__(self) -> str:
        return "<not given>"


MISSING: Any = NotGiven()
"""The default of an argument that there has to be: Python's own complaint has other words than PyTorch's."""


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
    return any(folder in function.__module__ for folder in (".functions.", ".creation.", ".aliasing."))


def checked(function: Any, name: str, method: bool) -> Any:
    """The function; when it fails, PyTorch's parser is asked whether the arguments were to blame.

    Arguments that the parser takes and the function does not know by that name (`view(size=…)`, `argmax(axis=1)`, a dtype
    that is Python's float) are given to it again as it knows them.
    """

    def entry(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            told = refusal(name, args, kwargs, method)
            if told is not None:
                raise told from error
            if not isinstance(error, TypeError):
                packed(error, name, function, args, kwargs)
            again = rearranged(error, name, args, kwargs, method) if kwargs else None
            if again is None:
                raise
        return function(*again[0], **again[1])

    entry.__name__ = function.__name__
    entry.__doc__ = function.__doc__
    entry.__wrapped__ = function  # type: ignore[attr-defined]  # whose signature inspect.signature tells
    return entry


_WRAPPERS = ("entry", "call")
"""Where a call ends whose arguments do not fit: here, and in functions/outputs.py."""


def rearranged(
    error: Exception, name: str, args: tuple, kwargs: dict[str, Any], method: bool
) -> tuple[tuple, dict[str, Any]] | None:
    """The arguments as the function knows them, if the call failed because it does not know them so; else None."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    began = place is not None and place.tb_frame.f_code.co_name not in _WRAPPERS
    if began and not any(isinstance(value, type) for value in kwargs.values()):
        return None
    from . import signatures

    return signatures.rearranged(name, args, kwargs, method)


def packed(error: Exception, name: str, function: Any, args: tuple, kwargs: dict[str, Any]) -> None:
    """Let autograd refuse what it does before the function raises, and show the hooks what it has saved by then."""
    from . import raising

    raising.autograd_before_checks(error, name, function, args, kwargs)


def refusal(name: str, args: tuple, kwargs: dict[str, Any], method: bool) -> Exception | None:
    """What PyTorch's parser says against a call, or None; it is imported when it is first asked."""
    from . import signatures

    return signatures.refusal(name, args, kwargs, method)
