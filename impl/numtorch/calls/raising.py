"""What autograd has done by the time that an operator raises.

PyTorch's autograd stands before its operators: it refuses an `out=` that would require grad, and saves the operands, which
hooks on saved tensors see, before the operator looks at their types and shapes. Here an operator looks first, and makes its
node only when there is a result. So a generated function that raises comes here on its way out. (Rejected: a node before
the kernel. Every call would pay for those that raise.)
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import grad_mode, levels, tangents
from ..aliasing.views import all_inference, edge, recorded, refuse_write, requires_grad
from ..memory.lazy import IMMUTABLE, Zeros
from ..nodes.saved import check_saveable
from ..nodes.saved_hooks import Packed, in_force, innermost
from ..tensor import Tensor

Saves = tuple[tuple[str, tuple[str, ...]], ...]
"""What is saved, and the operands whose gradients read it."""


def autograd_first(error: Exception, given: dict[str, Any], operator: str, written: str = "") -> None:
    """Refuse `out`, ask operands for their nodes and pack them, where an operator raises `error`; `given` are its variables.

    `written` is the operand that it writes to, of which autograd saves a copy.
    """
    from ..dispatch.saves import SAVES

    if operator in SAVES:
        refuse_and_pack(error, given, *SAVES[operator], written)
    elif operator in WITHOUT_DERIVATIVE and given.get("out") is None:
        refuse_and_pack(error, given, operator, WITHOUT_DERIVATIVE[operator], (), written)


def refuse_and_pack(
    error: Exception, given: dict[str, Any], says: str, operands: tuple[str, ...], saves: Saves, written: str = ""
) -> None:
    """The same of an operator that `says` this name, has these operands, and saves so; at the levels of transforms, too."""
    if isinstance(error, TypeError):  # autograd never sees what is no argument at all
        return
    if "self" not in given:  # public copies call their first operand so
        given["self"] = given.get("input")
    if grad_mode.state.grad:
        _at_this_level(given, says, operands, saves, written)
    stack = levels.state.stack
    if stack and stack[-1].kind != "Vmap":  # whose rules call operators of the level below
        from ..forward_rules.operands import exchanged

        outside = dict(zip(given, exchanged(given.values(), stack[-1].unwrap), strict=True))
        with stack[-1].lower():
            refuse_and_pack(error, outside, says, operands, saves, written)


def _at_this_level(given: dict[str, Any], says: str, operands: tuple[str, ...], saves: Saves, written: str) -> None:
    tracked = {name for name in operands if _tracked(given.get(name))}
    out = given.get("out")
    if out is not None:
        if isinstance(out, Tensor) and (requires_grad(out) or tracked):
            raise out_requires_grad(says)
        return
    pair = innermost() if in_force else None
    if not tracked or all_inference(_tensors(given, operands)):
        return
    if written:
        try:
            refuse_write(given[written])
        except RuntimeError:
            return
    # A view that cannot be derived anew is refused; of one that was made without grad no gradient is asked.
    wanting = {name for name in operands if [x for x in _tensors(given, (name,)) if edge(x)[0] is not None]}
    for name, readers in saves:
        value = given.get(name)
        for x in value if isinstance(value, (list, tuple)) else (value,):
            if not isinstance(x, Tensor) or (x._extra is not None and x._extra.number is not None):
                continue
            if len(readers) > 1 or len(operands) == 1 or readers[0] in wanting:
                if name == written:
                    x = x.clone()  # which whole numbers with a history refuse
                elif x._extra is not None:
                    check_saveable(x)
                if pair is not None:
                    Packed(x, False, pair)


_GENERATED = f"{grad_mode.__package__}.dispatch."


def autograd_before_checks(error: Exception, name: str, function: Any, args: tuple, kwargs: dict[str, Any]) -> None:
    """The same for a public function: where its own checks raise, autograd has done by then what it does first.

    Those are checks of PyTorch's kernels, which run below autograd: what it looks at before (the kinds of arguments) ends in
    a TypeError. So one rule serves all functions that are called as their operator is.
    """
    if hasattr(error, DONE) or _by_operator(error):
        return
    function = inspect.unwrap(function)
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = dict(zip(names, args, strict=False)) | kwargs
    operator = name.removesuffix("_")
    if operator != name and operator not in WRITE_LAST and args:
        refuse_target(*args, *kwargs.values(), unrecorded=operator in UNRECORDED, zeros=operator not in OF_ZEROS_TOO)
    operator = ROWS.get(operator, operator)
    if any(isinstance(given.get(number), Tensor) for number in NUMBERS.get(operator, ())):
        operator = operator.removesuffix("_scalar") + "_tensor"
    autograd_first(error, given, operator, "self" if name.endswith("_") else "")


WITHOUT_DERIVATIVE = {
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), ("self", "other")),
    **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm"), ("self", "other")),
    "bitwise_not": ("self",),
    "bincount": ("self", "weights"),
}
"""Operators of whole numbers, and their operands: PyTorch's table has no derivative of them, and autograd asks for nodes,
but of forms with out=."""

WRITE_LAST = frozenset(
    ("float_power", "fill_diagonal", "detach", "resize", "resize_as", "set", "requires_grad", "apply", "map", "map2")
    + ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
)
"""What looks at something before it comes to autograd, if it does."""

UNRECORDED = frozenset(("logical_and", "logical_or", "logical_xor", "logical_not"))
"""Writes that autograd does not see."""

OF_ZEROS_TOO = frozenset(("t", "transpose", "swapaxes", "swapdims", "unsqueeze", "squeeze"))
"""What is done in place to zeros without memory as well."""


def refuse_target(target: Any, *operands: Any, unrecorded: bool = False, zeros: bool = True) -> None:
    """What PyTorch says of the target of a write before its kernel looks at anything."""
    if not isinstance(target, Tensor):
        return
    given = (target, *operands)
    wanted = not unrecorded and grad_mode.state.grad and any(_tracked(x) for x in given)
    if wanted and recorded([x for x in given if isinstance(x, Tensor)]):
        refuse_write(target)
    if zeros and type(target._array) is Zeros:
        raise RuntimeError(IMMUTABLE)


NUMBERS = {"index_fill": ("value",), "lerp_scalar": ("weight",), "masked_fill": ("value",), "clamp": ("min", "max")}
"""What is a number of an operator, or a tensor of another, which PyTorch calls the same."""

ROWS = {"complex": "complex_of", "lerp": "lerp_scalar", "clip": "clamp", "multigammaln": "mvlgamma"}
"""Rows that are not called as the function is."""


@contextmanager
def saving_first(operator: str, **given: Any) -> Iterator[None]:
    """Around the checks of an operator that methods of the hot path are, which nothing is wrapped around."""
    try:
        yield
    except Exception as error:
        raise saved_before(error, operator, **given) from None


def saved_before(error: Exception, operator: str, **given: Any) -> Exception:
    """The error of a check, when autograd has packed the operands."""
    if not hasattr(error, DONE):
        autograd_first(error, given, operator)
        setattr(error, DONE, True)
    return error


DONE = "_autograd_has_been"
"""The attribute of an error that was raised before autograd, or for which it has done what it does."""


def before_autograd(error: RuntimeError) -> RuntimeError:
    """An error that autograd itself raises, before it saves anything."""
    setattr(error, DONE, True)
    return error


def _by_operator(error: Exception) -> bool:
    """Whether a generated function raised, which has come here itself."""
    place = error.__traceback__
    while place is not None:
        if place.tb_frame.f_globals.get("__name__", "").startswith(_GENERATED):
            return True
        place = place.tb_next
    return False


def _tensors(given: dict[str, Any], operands: tuple[str, ...]) -> Iterator[Tensor]:
    """The operands that are tensors, or in lists of some."""
    for name in operands:
        value = given.get(name)
        yield from [x for x in (value if isinstance(value, (list, tuple)) else (value,)) if isinstance(x, Tensor)]


def _tracked(value: Any) -> bool:
    """Whether an operand, or one of a list, requires grad."""
    if isinstance(value, (list, tuple)):
        return any(_tracked(x) for x in value)
    return isinstance(value, Tensor) and bool(requires_grad(value))


def out_requires_grad(name: str) -> RuntimeError:
    """The complaint about an `out=` that would have a history."""
    return before_autograd(
        RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one "
            "of the arguments requires grad."
        )
    )


OUT_OF_DUALS = "Trying to use forward AD with {}_out that does not support it because it is an out= function"


def refuse_into(name: str, *operands: Tensor) -> None:
    """Refuse an operator over inference tensors that PyTorch computes by an out= which autograd sees, if that is to follow."""
    state = grad_mode.state
    given = [x for x in operands if x is not None]
    if state.inference or state.below_inference or not all_inference(given):
        return
    if grad_mode.is_grad_enabled() and any(map(requires_grad, given)):
        raise out_requires_grad(name)
    if tangents.entered is not None and any(tangents.tangent_of(x) is not None for x in given):
        raise NotImplementedError(OUT_OF_DUALS.format(name))


def saving(error: Exception, *saved: Tensor | None) -> Exception:
    """An error of the checks before an operator, once what the operator would save is packed."""
    if hasattr(error, DONE):
        return error
    given = {str(n): x for n, x in enumerate(saved)}
    refuse_and_pack(error, given, "", tuple(given), tuple([(n, tuple(given)) for n in given]))
    setattr(error, DONE, True)
    return error
