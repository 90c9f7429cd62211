"""What autograd has done by the time that an operator raises.

PyTorch's autograd stands before its operators: it refuses an `out=` that would require grad, and saves the operands, which
hooks on saved tensors see, before the operator looks at their types and shapes. Here an operator looks first, and makes its
node only when there is a result. So a generated function that raises comes here on its way out. (Rejected: a node before
the kernel. Every call would pay for those that raise.)
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode
from ..aliasing.views import refuse_write, requires_grad
from ..nodes.saved_hooks import Packed, in_force, innermost
from ..tensor import Tensor

Saves = tuple[tuple[str, tuple[str, ...]], ...]
"""What is saved, and the operands whose gradients read it."""


def autograd_first(
    error: Exception, given: dict[str, Any], says: str, operands: tuple[str, ...], saves: Saves, written: str = ""
) -> None:
    """Refuse `out` and pack the operands of an operator that raises `error`; `given` are its local variables by name.

    `written` is the operand that it writes to, of which autograd saves a copy.
    """
    if isinstance(error, TypeError) or not grad_mode.state.grad:  # autograd never sees what is no argument at all
        return
    if "self" not in given:  # public copies call their first operand so
        given["self"] = given.get("input")
    tracked = {name for name in operands if _tracked(given.get(name))}
    out = given.get("out")
    if out is not None:
        if isinstance(out, Tensor) and (requires_grad(out) or tracked):
            raise out_requires_grad(says)
        return
    pair = innermost() if in_force else None
    if pair is None or not tracked:
        return
    if written:
        try:
            refuse_write(given[written])
        except RuntimeError:
            return
    for name, readers in saves:
        value = given.get(name)
        if not isinstance(value, Tensor) or (value._extra is not None and value._extra.number is not None):
            continue
        if len(readers) > 1 or len(operands) == 1 or readers[0] in tracked:
            Packed(value.clone() if name == written else value, False, pair)


_INDEXED = (("index", ("source",)), ("source", ("source",)))
_GENERATED = f"{grad_mode.__package__}.dispatch."
CHECKED: dict[str, tuple[tuple[str, ...], Saves]] = {
    "gather": (("self",), (("index", ("self",)), ("self", ("self",)))),
    "index_add": (("self", "source"), _INDEXED),
    "index_copy": (("self", "source"), (("index", ("self", "source")), ("source", ("source",)))),
    "index_fill": (("self", "value"), (("index", ("self", "value")),)),
    "index_reduce": (("self", "source"), tuple([(n, ("self", "source")) for n in ("index", "self", "source")])),
    "index_select": (("self",), (("index", ("self",)),)),
    "masked_fill": (("self", "value"), (("mask", ("self", "value")),)),
    "masked_scatter": (("self", "source"), (("mask", ("self", "source")),)),
    "masked_select": (("self",), (("mask", ("self",)), ("self", ("self",)))),
    "put": (("self", "source"), (("index", ("self", "source")), ("source", ("self", "source")))),
    "scatter": (("self", "src"), (("index", ("self", "src")),)),
    "scatter_add": (("self", "src"), (("index", ("src",)),)),
    "scatter_reduce": (("self", "src"), tuple([(n, ("self", "src")) for n in ("index", "self", "src")])),
    "take": (("self",), (("index", ("self",)), ("self", ("self",)))),
}
"""What is saved by public functions that look at their arguments, as PyTorch's kernels do, before the operator is called."""


def autograd_before_checks(error: Exception, name: str, function: Any, args: tuple, kwargs: dict[str, Any]) -> None:
    """The same for a public function: where its own checks raise, autograd has done by then what it does first."""
    written = "self" if name.endswith("_") else ""
    found = CHECKED.get(name.removesuffix("_"))
    if found is None or _by_operator(error):
        return
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    autograd_first(error, dict(zip(names, args, strict=False)) | kwargs, name, *found, written)


def _by_operator(error: Exception) -> bool:
    """Whether a generated function raised, which has come here itself."""
    place = error.__traceback__
    while place is not None:
        if place.tb_frame.f_globals.get("__name__", "").startswith(_GENERATED):
            return True
        place = place.tb_next
    return False


def _tracked(value: Any) -> bool:
    """Whether an operand, or one of a list, requires grad."""
    if isinstance(value, (list, tuple)):
        return any(_tracked(x) for x in value)
    return isinstance(value, Tensor) and bool(requires_grad(value))


def out_requires_grad(name: str) -> RuntimeError:
    """The complaint about an `out=` that would have a history."""
    return RuntimeError(
        f"{name}(): functions with out=... arguments don't support automatic differentiation, but one "
        "of the arguments requires grad."
    )


def saving(error: Exception, *saved: Tensor) -> Exception:
    """An error of the checks before an operator, once what the operator would save is packed."""
    given = {str(n): x for n, x in enumerate(saved)}
    autograd_first(error, given, "", tuple(given), tuple([(n, tuple(given)) for n in given]))
    return error
