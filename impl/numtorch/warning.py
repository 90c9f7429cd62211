"""Warnings, told to who called.

PyTorch warns from C++, so that a warning names the line of the program that is running; here other lines of numtorch lie
between. They are passed over, however many they are. (Rejected: `stacklevel`, a number at each warning, which is another one
for a function, a method and an operator, and changes with every function that comes between; `skip_file_prefixes`, which does
the same, from Python 3.12 on.)
"""

from __future__ import annotations

import sys
import warnings

_PACKAGE = __package__ + "."


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn the innermost caller that is not in numtorch."""
    frame = sys._getframe(1)
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith(_PACKAGE):
        frame = frame.f_back
    space = frame.f_globals
    warnings.warn_explicit(
        text,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        space.get("__name__") or "<string>",  # None is taken for the end of Python, when nobody is told any more
        space.setdefault("__warningregistry__", {}),
    )


def silence_numpy() -> None:
    """Keep NumPy's warnings of overflow, division by zero and the like, where PyTorch is silent, from who uses numtorch.

    A filter for what is warned of in this package leaves the user's own NumPy code as it was. Whoever imports numtorch within
    `warnings.catch_warnings` loses it as that ends; pytest does so to every module of tests, and its plugin
    (conformance/plugin_on_demand.py) asks for it again. Whoever records all warnings still sees them: such code belongs in
    np.errstate(all="ignore"). (Rejected: np.seterr, which would silence the user's code too and is not inherited by threads;
    np.errstate around each operator, 2.7 µs.)
    """
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"numtorch\.")
