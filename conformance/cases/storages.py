"""The memory of tensors, as bytes and as elements."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

LAYOUTS = {
    "whole": lambda x: x,
    "turned": lambda x: x.t(),
    "part": lambda x: x[1:],
    "spread": lambda x: x[:, :1].expand(2, 4),
    "spaced": lambda x: x[:, ::2],
}


@case(requires=["views"])
def storage_is_all_memory_of_a_tensor(
    torch, x: floats(("float32", "float64"), shape=(2, 3), values="finite"), layout: st.sampled_from(sorted(LAYOUTS))
):
    """The storage of a view is that of its base, byte by byte, whatever part the view shows."""
    y = LAYOUTS[layout](x)
    memory = y.untyped_storage()
    memory.nbytes()
    memory.tolist()
    memory[3]
    memory[4:8].tolist()
    memory.device
    torch.is_storage(memory)
    torch.is_storage(y)


@case(requires=["views"])
def write_to_a_storage_is_seen_by_all_and_counted_by_nobody(torch, x: floats("float32", shape=(3,), values="finite")):
    """A byte that is written to a storage is seen by every tensor on it, and counts as no write."""
    y = x[1:]
    memory = x.untyped_storage()
    memory[7] = 0
    x
    y
    memory.clone()[7] = 64
    x
