"""torch.autograd.graph around nodes: what is one, where a gradient flows, writes that autograd did not see."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, smooth


@case(requires=["graph"], covers=["graph.isinstance"])
def nodes_are_instances_of_an_abstract_class(torch, builtins, x: floats()):
    """Nodes of operators, leaves and Functions are instances of Node, which itself cannot be made."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    y = Double.apply(x.requires_grad_() * 2)
    builtins.isinstance(y.grad_fn, torch.autograd.graph.Node)
    builtins.isinstance(y.grad_fn.next_functions[0][0], torch.autograd.graph.Node)
    builtins.isinstance(torch.autograd.graph.get_gradient_edge(x).node, torch.autograd.graph.Node)
    builtins.isinstance(y, torch.autograd.graph.Node)
    torch.autograd.graph.Node()


@case(requires=["graph"], covers=["call.gradient_edge", "graph.output_nr"])
def gradient_edge_is_a_node_and_an_output(torch, x: floats(min_dims=1, empty=False), n: st.integers(0, 3)):
    """The edge of a leaf is its AccumulateGrad, that of a result its node and the number of the output."""
    x.requires_grad_()
    edge = torch.autograd.graph.get_gradient_edge(x)
    edge.node, edge.output_nr, edge.ownership_token
    y = torch.cat([x, x]).chunk(2)[1]
    node, number, _ = torch.autograd.graph.get_gradient_edge(y)
    torch.autograd.graph.get_gradient_edge(y) == torch.autograd.graph.GradientEdge(node, number)
    torch.autograd.graph.get_gradient_edge(x.detach())
    torch.autograd.graph.get_gradient_edge(n)


@case(requires=["graph", "grad", "custom_function"], covers=["call.gradient_edge"])
def gradient_edge_of_a_function_keeps_its_graph(torch, x: smooth(shape=(2,))):
    """An edge of a Function's output has a token that holds the graph, and may be differentiated by."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2, a * 3

        @staticmethod
        def backward(ctx, first, second):
            return first * 2 + second * 3

    _, y = Both.apply(x.requires_grad_() * 2)
    edge = torch.autograd.graph.get_gradient_edge(y)
    edge.node.name(), edge.output_nr, edge.ownership_token
    torch.autograd.grad(y.sin().sum(), edge)


@case(requires=["graph", "in_place"], covers=["ver.increment"])
def increment_version_takes_tensors(torch, builtins, x: floats(), y: floats()):
    """increment_version counts a write of a tensor, or of each in an iterable; anything else is refused."""
    torch.autograd.graph.increment_version(x)
    torch.autograd.graph.increment_version([x, y, x])
    torch.autograd.graph.increment_version(builtins.iter((y,)))
    torch.autograd.graph.increment_version(())
    torch.autograd.graph.increment_version(3)
    torch.autograd.graph.increment_version([3])
    torch.autograd.graph.increment_version("xy")
    torch.autograd.graph.increment_version(x.view(-1))
    with torch.inference_mode():
        z = torch.ones(2)
    torch.autograd.graph.increment_version([x, z])


@case(requires=["graph", "backward"], covers=["ver.increment"])
def increment_version_spoils_what_is_saved(torch, x: smooth(shape=(2,))):
    """A write that is counted by hand is found out in backward like any other."""
    y = x.requires_grad_() * 2
    z = y * y
    torch.autograd.graph.increment_version(y)
    z.sum().backward()


@case(requires=["graph"], covers=["graph.isinstance"])
def memory_budget_is_for_compilers(torch, budget: st.sampled_from([0.5, 1, True, 1.5, "all", None])):
    """region_activation_memory_budget looks at its argument, and refuses to work without torch.compile."""
    torch.autograd.graph.region_activation_memory_budget(budget)
    torch.autograd.graph.set_warn_on_accumulate_grad_stream_mismatch(True)
    torch.autograd.graph.set_override_stale_capture_stream(False)


@case(requires=["graph"])
def edge_of_a_running_extreme(
    torch, x: floats(shape=(3,)), name: st.sampled_from(["cummax", "cummin"]), start: st.sampled_from([0, 3])
):
    """Only the edge of a Function's node has a token: that of a running extreme has none."""
    y, _ = getattr(x[start:].requires_grad_(), name)(0)
    torch.autograd.graph.get_gradient_edge(y)
