"""A graph is freed as it is used, unless it is kept."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, nonzero, positive, same_shape

REQUIRES = ("tape",)


@case(lecture="retain_graph", requires=["grad"], covers=["call.backward_twice"])
def second_grad_through_a_freed_graph_raises(torch, x: nonzero(shape=(1,))):
    """A second autograd.grad through the same graph raises, as what it saved is freed."""
    z = 1 / x.requires_grad_()
    torch.autograd.grad(z, x)
    torch.autograd.grad(z * z, x)


@case(lecture="retain_graph", requires=["grad"], covers=["call.retain_graph"])
def retain_graph_keeps_the_graph(torch, x: nonzero(shape=(1,))):
    """With retain_graph the same graph serves again, until a pass without it."""
    z = 1 / x.requires_grad_()
    torch.autograd.grad(z, x, retain_graph=True)
    torch.autograd.grad(z * z, x)
    torch.autograd.grad(z, x)


@case(lecture="retain_graph", requires=["backward"], covers=["call.backward_twice"])
def second_backward_through_a_freed_graph_raises(torch, x: floats()):
    """A second backward() through the same graph raises and leaves the grad as it was."""
    y = x.requires_grad_().exp().sum()
    y.backward()
    y.backward()
    x.grad


@case(lecture="retain_graph", requires=["backward"], covers=["call.retain_graph"])
def last_pass_without_retain_graph_frees(torch, x: floats()):
    """retain_graph holds for one pass: the next pass without it frees the graph."""
    y = x.requires_grad_().tanh().sum()
    y.backward(retain_graph=True)
    y.backward()
    y.backward()


@case(lecture="retain_graph", requires=["backward"], covers=["call.backward_twice_nosaved"])
def graph_that_saved_nothing_can_be_used_twice(torch, x: floats()):
    """A graph of operations that save no tensor is run twice without retain_graph."""
    y = (x.requires_grad_() + 1).sum()
    y.backward()
    y.backward()
    torch.autograd.grad(y, x)


@case(lecture="retain_graph", requires=["backward"], covers=["call.backward_twice_nosaved"])
def scaling_by_a_number_saves_nothing(torch, x: floats()):
    """A product with a Python number saves no tensor, so that its graph can be used twice."""
    y = (-(x.requires_grad_() * 3)).sum()
    y.backward()
    y.backward()


@case(lecture="retain_graph", requires=["backward"], covers=["call.backward_twice"])
def dividing_by_a_number_saves_it(torch, x: floats()):
    """A quotient by a Python number saves the divisor, so that its graph is freed."""
    y = (x.requires_grad_() / 2).sum()
    y.backward()
    y.backward()


@case(lecture="retain_graph", requires=["backward"], covers=["call.partial_free"])
def shared_part_is_freed_by_the_first(torch, x: floats()):
    """Two outputs that share a part of their graph cannot both be differentiated without retain_graph."""
    shared = x.requires_grad_().exp()
    left, right = shared.sum(), (shared * 2).sum()
    left.backward()
    right.backward()


@case(lecture="retain_graph", requires=["backward"], covers=["call.partial_free"])
def separate_graphs_over_one_leaf_are_independent(torch, x: positive()):
    """Two graphs that share nothing but a leaf are freed one by one."""
    left, right = x.requires_grad_().exp().sum(), x.log().sum()
    left.backward()
    right.backward()
    right.backward()


@case(lecture="retain_graph", requires=["backward"], covers=["eng.error_keeps_graph"])
def failed_pass_keeps_what_did_not_run(torch, x: floats(), w: lambda x: floats(x.dtype, shape=x.shape)):
    """A pass that fails in a freed part accumulates nothing behind it."""
    inner = x.requires_grad_().exp()
    inner.sum().backward()
    outer = (inner * w.requires_grad_()).sum()
    outer.backward()
    outer.backward()


@case(lecture="retain_graph", requires=["backward", "graph"], covers=["call.freed_access"])
def saved_tensor_of_a_freed_graph_is_gone(torch, x: floats()):
    """Reading what a node saved raises once the graph is freed."""
    y = x.requires_grad_().exp()
    y.grad_fn._saved_result
    y.sum().backward()
    y.grad_fn._saved_result


@case(lecture="retain_graph", requires=["grad", "create_graph"], covers=["call.create_graph_retains"])
def create_graph_keeps_the_graph(torch, x: floats()):
    """create_graph keeps the graph as well."""
    y = x.requires_grad_().sin().sum()
    torch.autograd.grad(y, x, create_graph=True)
    torch.autograd.grad(y, x)
    torch.autograd.grad(y, x)


@case(lecture="retain_graph", requires=["backward"], covers=["call.partial_free"])
def forward_pass_makes_a_new_graph(torch, x: floats(values="finite")):
    """Every forward pass makes a graph of its own, to be used once."""
    x.requires_grad_()
    for _ in range(3):
        (x * x).sum().backward()


@case(lecture="retain_graph", requires=["backward", "in_place"], covers=["eng.error_keeps_graph"])
def node_without_derivative_runs_like_a_leaf(
    torch,
    xw: same_shape(2, values="finite"),
    kind: st.sampled_from(["floor_divide", "set_", "heaviside"]),
    first: st.booleans(),
):
    """A node without derivative fails the pass as soon as it is ready, before a leaf that comes after it."""
    x, w = (t.requires_grad_() for t in xw)
    y = x * 2
    if kind == "set_":
        y.set_(y)
    elif kind == "heaviside":
        y = torch.heaviside(y, w)
    else:
        y = y // 2
    y.grad_fn._sequence_nr()
    z = y + w if first else w + y
    z.sum().backward()
    w.grad


@case(lecture="retain_graph", requires=["grad", "graph"], covers=["call.partial_free"])
def node_that_was_looked_at_is_freed_like_others(torch, x: floats(values="finite"), more: st.booleans()):
    """Of the nodes that autograd.grad frees some may have been looked at, and some not."""
    y = x.requires_grad_().exp()
    y.grad_fn.next_functions
    z = y.sum()
    torch.autograd.grad(z, x, create_graph=more, retain_graph=False)
    torch.autograd.grad(z, x, create_graph=more, retain_graph=False)
