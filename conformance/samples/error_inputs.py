"""The calls that PyTorch's operators are to refuse, as its own tests make them: a case an operator."""

from conformance.samples import database
from conformance.samples.left_out import why
from conformance.samples.programs import case_of, errors

globals().update(
    {
        name: case_of(
            name,
            __name__,
            f"{name} refuses what PyTorch's own tests expect it to.",
            errors(name),
            database.errors_left_out,
        )
        for name, entry in database.operators().items()
        if not why(entry) and database.errors(name).calls
    }
)
