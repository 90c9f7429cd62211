"""The calls that PyTorch tests its operators with: a case an operator."""

from conformance.samples import database
from conformance.samples.left_out import why
from conformance.samples.programs import case_of, samples

globals().update(
    {
        name: case_of(
            name, __name__, f"{name} as PyTorch's own tests call it.", samples(name), database.samples_left_out
        )
        for name, entry in database.operators().items()
        if not why(entry)
    }
)
