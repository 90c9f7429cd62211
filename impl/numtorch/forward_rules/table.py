"""Which rule is which operator's."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from .. import dispatch
from ..aliasing import writes
from ..autograd import function
from ..backward import capture, engine
from ..calls import operands
from ..calls.replacing import Rule
from ..dispatch.forward import FORWARD
from ..formulas import activation, losses, normalization_steps
from ..forward_rules import derived, kinds, passes, refusals, stated, writes as written
from ..functions import convert, counts, inplace_views, memory, pair_distances, random, special, strided
from ..nodes import saved


def rule_of(name: str) -> Rule | None:
    """What an operator does: None if it has no derivative."""
    if name in refusals.REFUSED:
        return refusals.refuse
    if name in refusals.NO_DERIVATIVE:
        return refusals.no_kernel
    known = FORWARD.get(name)
    if known is not None:
        if name in OWN:
            return kinds.computed(OWN[name])
        return RULES.get(known[0], by_statement if known[0] else by_formula)
    if name in refusals.REFUSED_LATE:
        return refusals.refuse_late
    if name.endswith("_") and name[:-1] in FORWARD:
        return kinds.show_otherwise if FORWARD[name[:-1]][0] == "view" else written.write
    return refusals.without_derivative if name in dispatch.OPERATORS else None


def targets() -> Iterable[tuple[FunctionType, str, Rule]]:
    """The functions that look for tangents, and what they do: operators, and the few others that make nodes."""
    for family in FAMILIES:
        module = dispatch.family(family)
        for name, value in vars(module).items():
            rule = rule_of(name) if type(value) is FunctionType and value.__module__ == module.__name__ else None
            if rule is not None:
                yield value, name, rule
    for module, name, rule in OTHERS:
        yield getattr(module, name), name, rule


by_formula = kinds.computed(derived.formula)
by_statement = kinds.computed(stated.stated)
RULES: dict[str, Rule] = {
    "view": kinds.view,
    "multiview": kinds.view,
    "linear": kinds.computed(kinds.linear),
    "bilinear": kinds.computed(kinds.bilinear),
}
OWN: dict[str, Callable[..., Any]] = {
    "soft_margin_loss": refusals.of_the_first_alone,
    **dict.fromkeys(("glu", "log_sigmoid"), refusals.of_one_type),
    **dict.fromkeys(("to_copy", "to_copy_in_format"), kinds.converted),
    **dict.fromkeys(("sort", "sort_stable"), stated.of_sorted),
    **dict.fromkeys(("constant_pad_nd", "diag_embed"), stated.into_filled),
    "softmax_backward_data": kinds.decomposed(activation.softmax_backward_in_steps),
    "native_layer_norm_backward": kinds.decomposed(normalization_steps.layer_norm_backward_in_steps),
    "native_batch_norm_backward": kinds.decomposed(normalization_steps.batch_norm_backward_in_steps),
    "log_softmax_backward_data": kinds.decomposed(activation.log_softmax_backward_in_steps),
    **dict.fromkeys(("nll_loss_backward", "nll_loss2d_backward"), kinds.decomposed(losses.nll_loss_backward_in_steps)),
}
"""Rules of one operator each."""
FAMILIES = [m.name for m in pkgutil.iter_modules(dispatch.__path__) if m.name != "forward"]
OTHERS: list[tuple[Any, str, Rule]] = [
    (writes, "copy_", written.write),
    (writes, "fill_", written.write),
    (writes, "zero_", written.write),
    (writes, "overwrite", written.overwrite),
    # Not `from .. import index_put`: the package may have the function of that name by now.
    (importlib.import_module("..aliasing.index_put", __package__), "index_put_", written.write),
    (strided, "as_strided", kinds.view),
    (inplace_views, "as_strided_", kinds.show_otherwise),
    (memory, "set_", refusals.refuse_late),
    (memory, "_resize", refusals.resize),
    (counts, "bincount", refusals.no_kernel),
    (counts, "unique", refusals.distinct),
    (pair_distances, "_cdist_forward", refusals.refuse),
    *[(special, name, refusals.no_kernel) for name in ("heaviside", "heaviside_")],
    (convert, "detach_", written.detach),
    (random, "bernoulli", written.drawn),
    (random, "normal", written.drawn),
    (operands, "store", refusals.stored),
    (saved, "unpack_result", passes.save_read),
    (saved, "own_result", passes.save_read),
    (engine, "run_backward", passes.backward_pass),
    (engine, "run_from_scalar", passes.scalar_pass),
    (capture, "of_scalar", passes.no_plain_pass),
    (function, "_run_forward", passes.run_forward),
    (function, "process_outputs", passes.end_function),
]
