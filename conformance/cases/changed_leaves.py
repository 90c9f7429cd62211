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


@case(requires=["backward", "requires_grad"])
def gradient_of_a_leaf_that_needs_none_any_more(torch, x: floats(shape=(2,), values="finite"), graphed: st.booleans()):
    """A leaf that does not require grad any more is refused as an input, though a graph leads to it."""
    loss = (x.requires_grad_() * x).sum()
    x.requires_grad_(False)
    torch.autograd.grad(loss, x, create_graph=graphed)
    torch.autograd.grad(loss, x)
    loss.backward()


@case(requires=["views", "in_place", "backward"])
def gradient_of_a_number_whose_base_was_written_to(
    torch, x: floats(shape=(2,), values="finite"), place: st.integers(0, 1), by: st.booleans()
):
    """A number that is a view is differentiated as what its base has become."""
    y = x.requires_grad_() * 3
    v = y[place]
    y.mul_(2) if by else y[0].mul_(x[1].detach())
    torch.autograd.grad(v, x, retain_graph=True)
    torch.autograd.grad(x.unbind(0)[place], x)
    torch.autograd.grad((x * 2).unbind(0)[place], x)
    v.backward()


@case(requires=["backward"])
def gradients_of_a_number_used_several_times(
    torch, x: floats(shape=(), values="finite"), often: st.integers(1, 4), view: st.booleans(), graphed: st.booleans()
):
    """The gradients of a number that is a leaf are summed, and the writes of that counted."""
    y = x.requires_grad_().view(()) if view else x
    total = y
    for _ in range(often):
        total = total + y * 2 if view else total * x
    g = torch.autograd.grad(total, x, create_graph=graphed)[0]
    g._version
    (x * x).backward()
    x.grad._version


@case(requires=["backward", "hooks"])
def hooks_of_a_leaf_that_was_written_to(
    torch,
    x: floats("float32", shape=(2,), values="finite"),
    how: st.sampled_from(["setitem", "number", "whole", "view"]),
    later: st.booleans(),
):
    """Hooks of a leaf that needs no gradient any more go with a write to it, but not to a part of it."""
    y = x.requires_grad_().expm1()
    x.register_hook(lambda grad: grad * 2)
    x.requires_grad = False
    w = torch.ones(2).requires_grad_() * 3
    if how == "setitem":
        x[0:1] = w.sum()
    elif how == "number":
        x[0:1] = 5.0
    elif how == "whole":
        x.mul_(w)
    else:
        x.view(2).mul_(w)
    if later and how != "number":
        x.register_hook(lambda grad: grad * 3)
    y.backward(torch.ones(2), retain_graph=True)
    if how != "number":
        x.backward(torch.ones(2))
