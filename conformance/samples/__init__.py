"""Programs of PyTorch's own operator database: the calls that PyTorch tests its operators with, as cases.

Its modules of cases are loaded as a user's own are, and only if they are asked for: what they are made of takes seconds to
import.
"""

FEATURES = ("sample_inputs", "error_inputs")
"""What an operator is to answer, and what it is to refuse."""

MODULES = tuple([f"{__name__}.{feature}" for feature in FEATURES])
"""What ``--cases`` is given for them."""


def modules_of(case: str) -> tuple[str, ...]:
    """The module that a case is in, by its id, if that is one of these."""
    return tuple([module for module in MODULES if case.startswith(f"{module.rpartition('.')[2]}/")])
