"""What kind of function each replaced one is to the interpreters, and the functions that only they ask about."""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

from .. import creation, dispatch, printing
from ..autograd import entry, forward_ad, function
from ..formulas import comparison as formulas_of_comparison, masks, reduction, statistics
from ..functions import (
    activation,
    comparison,
    convert,
    copying,
    counts,
    distances,
    divergences,
    linalg,
    multinomial,
    random,
    shape,
)
from ..tensor import Tensor

SPECIAL = {
    "overwrite": "random_write",
    "bernoulli": "random",
    "normal": "random",
    "detach_": "write",
    "unpack_result": "read",
    "own_result": "read",
    "run_backward": "pass",
    "run_from_scalar": "leaf",
    "of_scalar": "plainly",
    "_run_forward": "plainly",
    "process_outputs": "plainly",
    "save_variables": "plainly",
    "store": "write",
    "unique": "operator",
    "_resize": "write",
}
"""Kinds of functions that their names do not tell."""

OVERLOADS = {
    **dict.fromkeys(("add_", "sub_", "mul_", "div_", "remainder_", "fmod_"), "Tensor"),
    **dict.fromkeys(("pow_", "fill_", "masked_fill_", "copysign_", "lerp_"), "*"),
    "div_mode_": "Tensor_mode",
}
"""Overloads of the operators that write: the name, or `*` where it is that of the second operand's type."""

FACTORIES = [
    "tensor",
    "as_tensor",
    "empty",
    "zeros",
    "ones",
    "full",
    "empty_like",
    "zeros_like",
    "ones_like",
    "full_like",
    "arange",
    "linspace",
    "eye",
    "new_tensor",
    "new_zeros",
    "new_ones",
    "new_empty",
    "new_full",
]
RANDOM = ["rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like"]
HOST = ["item", "to_float", "to_int", "to_complex", "to_index", "tolist"]
"""What tells the numbers of a tensor."""

MEMORY = ["numpy", "array_protocol", "data_ptr"]
STORAGE = ["untyped_storage", "storage", "_typed_storage", "deepcopy", "reduce_ex"]
OTHERS: tuple[tuple[Any, str, str], ...] = (
    (convert, "detach", "operator"),
    (Tensor, "__bool__", "numbers"),
    (Tensor, "requires_grad_", "leaf"),
    (Tensor, "retain_grad", "leaf"),
    (printing, "tensor_repr", "text"),
    (entry, "call_engine", "engine"),
    (function, "_call", "function"),
    (masks, "of_arrays", "operator"),
    (masks, "mask", "operator"),
    (masks, "without_memory", "factory"),
    (statistics, "cummaxmin_backward", "formula"),
    (shape, "contiguous", "queried"),
    (Tensor, "is_contiguous", "queried"),
    (linalg, "linear", "composite"),
    (linalg, "matmul", "composite"),
    (linalg, "operator_matmul", "composite"),
    (linalg, "ger", "composite"),
    (activation, "rrelu", "composite"),
    (activation, "rrelu_", "composite"),
    (distances, "triplet_margin", "composite"),
    (distances, "margin_ranking", "composite"),
    (divergences, "kl_divergence", "composite"),
    (multinomial, "multinomial", "random"),
    (reduction, "cumprod_backward", "composite"),
    (formulas_of_comparison, "masked_select_backward", "composite"),
    (counts, "histc", "looped"),
    (counts, "searchsorted", "looped"),
    (counts, "bucketize", "looped"),
    (comparison, "isin", "looped"),
    (comparison, "equal", "told"),
    (comparison, "allclose", "told"),
    (forward_ad, "make_dual", "lifted"),
    (forward_ad, "unpack_dual", "lifted"),
)


def kind_of(name: str, rule: Any) -> str:
    """The kind of a function that has a rule in forward mode."""
    return SPECIAL.get(name) or ("write" if name.endswith("_") and name not in dispatch.OPERATORS else "operator")


def targets() -> Iterable[tuple[FunctionType, str, str]]:
    """The functions that forward mode does not ask about, or not under this kind."""
    for module, names, kind in (
        (creation, FACTORIES, "factory"),
        (random, RANDOM, "random"),
        (convert, HOST, "numbers"),
        (convert, MEMORY, "memory"),
        (copying, STORAGE, "memory"),
    ):
        for name in names:
            yield getattr(module, name), name, kind
    for owner, name, kind in OTHERS:
        yield getattr(owner, name), name, kind
    for name, value in vars(dispatch).items():
        if name.endswith("_operator") and type(value) is FunctionType:
            yield value, name, "detour"
