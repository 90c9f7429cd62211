"""Leaves whose shape or type changes while a graph leads to them."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("tape",)

CHANGES = st.sampled_from(["data", "t_", "squeeze_", "unsqueeze_"])


def _change(torch, x, how, new):
    if how == "data":
        x.data = new
    else:
        with torch.no_grad():
            if how == "unsqueeze_":
                x.unsqueeze_(0)
            else:
                getattr(x, how)()


@case(requires=["backward"], covers=["leaf.data_setter"])
def graph_leads_to_the_leaf_as_it_was(
    torch,
    x: floats(shape=(2, 3), values="finite"),
    new: lambda x: floats(x.dtype, max_dims=3, values="finite"),
    how: CHANGES,
    keep: st.booleans(),
):
    """A graph holds gradients to the shape that its leaf had, and .grad takes the shape that fits."""
    y = x.requires_grad_() * 2
    _change(torch, x, how, new)
    y.sum().backward(create_graph=keep)
    x.grad


@case(requires=["backward", "grad"], covers=["leaf.data_setter"])
def later_graphs_share_the_accumulator_of_the_earlier_leaf(
    torch,
    x: floats(shape=(1, 3), values="finite"),
    new: lambda x: floats(x.dtype, max_dims=3, values="finite"),
    how: CHANGES,
):
    """While a graph holds its accumulator, a leaf of a new shape takes gradients of the old one only."""
    y = x.requires_grad_().exp()
    _change(torch, x, how, new)
    z = x.exp()
    z.grad_fn.next_functions[0][0] == y.grad_fn.next_functions[0][0]
    z.grad_fn.next_functions[0][0]._input_metadata
    torch.autograd.grad(z.sum(), x, retain_graph=True)
    z.sum().backward(retain_graph=True)
    x.backward(x.detach())
    del y
    (x * z).sum().backward()


@case(requires=["backward"], covers=["leaf.data_setter"])
def leaf_of_another_type_gets_another_accumulator(torch, x: floats("float32", values="finite")):
    """Data of another type gives a leaf a new accumulator, and earlier graphs the earlier type."""
    y = x.requires_grad_().exp()
    x.data = x.data.double()
    z = x.exp()
    z.grad_fn.next_functions[0][0] == y.grad_fn.next_functions[0][0]
    y.sum().backward()
    x.grad
    x.grad = None
    z.sum().backward()


@case(requires=["backward"])
def data_of_any_type_is_taken(
    torch,
    kind: st.sampled_from(["float32", "float64", "complex64", "int64", "bool"]),
    other: st.sampled_from(["float32", "complex64", "complex128", "int64", "bool"]),
    tracked: st.booleans(),
):
    """Assigning .data changes a tensor's type, also from real numbers to complex ones and back."""
    x = torch.ones(2, dtype=getattr(torch, kind))
    if tracked and kind in ("float32", "float64", "complex64"):
        x.requires_grad_()
    x.data = torch.ones(2, dtype=getattr(torch, other))
    x * 2
