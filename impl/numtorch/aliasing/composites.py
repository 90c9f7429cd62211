"""Functions that PyTorch composes of views, to who sees every operator.

A mode of PyTorch's dispatcher (allow_mutation_on_saved_tensors) sees an operator before it is taken apart. In inference mode,
where autograd is left out, that is before anything is known of views: what such a function makes shares memory with its
operand, and nothing else. Who asks is seldom: so the question is answered by looking at who calls.
"""

from __future__ import annotations

import sys

COMPOSITES = frozenset(
    ["T", "mT", "mH", "H", "adjoint", "swapaxes", "swapdims", "movedim", "flatten", "unflatten", "ravel", "reshape"]
    + ["reshape_as", "view_as", "expand_as", "broadcast_to", "method_broadcast_to", "_at_least", "einsum", "meshgrid"]
    + ["tensor_split", "hsplit", "vsplit", "dsplit"]
)  # fmt: skip
_PACKAGE = __name__.partition(".")[0] + "."
_FUNCTIONS = _PACKAGE + "functions."


def composed() -> bool:
    """Whether what is being made is made by one of those functions."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        code = frame.f_code
        if frame.f_globals["__name__"].startswith(_FUNCTIONS) and not COMPOSITES.isdisjoint(
            code.co_qualname.split(".")
        ):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
