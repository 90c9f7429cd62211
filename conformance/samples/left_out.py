"""Operators of PyTorch's database of which there is no case, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.samples import database
from conformance.samples.calls import variants

ARGUMENTS = {
    "nn.functional.linear_cross_entropy.chunked": "objects of PyTorch's own as arguments",
    "nn.functional.linear_cross_entropy.chunked_none": "objects of PyTorch's own as arguments",
    "nn.functional.triplet_margin_with_distance_loss": "modules as arguments",
    "sparse.mm.reduce": "sparse tensors as arguments",
    "sparse.sampled_addmm": "sparse tensors as arguments",
}
"""Those of which all calls have arguments that a program cannot hold. Of others some may: a case counts them."""


def why(entry: Any) -> str:
    """Why there is no case of an operator; empty if there is one."""
    if not variants(entry):
        return "no name that a program could say"
    if not database.dtypes_of(entry):
        return "nothing to be called on here (another device, another dtype)"
    return ARGUMENTS.get(entry.full_name, "")


def told() -> Iterator[str]:
    """What a run tells of operators that are left out: a line a reason."""
    reasons: dict[str, list[str]] = {}
    for name, entry in database.operators().items():
        if reason := why(entry):
            reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        yield f"no case, for {reason}: {', '.join(names)}"
