"""Whole graphs: of one operation, of a network, of a loop whose length is data."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, smooth


@case(lecture="graph_pictures", requires=["graph", "norm"], covers=["graph.dot"])
def norm_is_one_node(torch, x: floats(min_dims=1, values="finite")):
    """The graph of a norm is one node over its leaf."""
    q = x.requires_grad_().norm()
    q.grad_fn.next_functions


@case(lecture="graph_pictures", requires=["graph", "matmul", "tanh", "mean"], covers=["graph.dot"])
def two_layers_and_their_loss(
    torch,
    w1: smooth(shape=(4, 3), dtype="float32"),
    w2: smooth(shape=(2, 4), dtype="float32"),
    biases: st.tuples(smooth(shape=(4,), dtype="float32"), smooth(shape=(2,), dtype="float32")),
    x: smooth(shape=(3,), dtype="float32"),
    target: smooth(shape=(2,), dtype="float32"),
):
    """Two tanh layers and their mean squared error make one chain that reaches every weight and bias."""
    b1, b2 = biases
    w1.requires_grad_(), b1.requires_grad_(), w2.requires_grad_(), b2.requires_grad_()
    hidden = torch.tanh(w1 @ x + b1)
    output = torch.tanh(w2 @ hidden + b2)
    loss = (output - target).pow(2).mean()
    loss.backward()


@case(lecture="graph_pictures", requires=["graph", "matmul", "tanh", "random"], covers=["graph.dot"])
def two_layers_on_random_data(torch):
    """A two-layer network on data drawn from the generator has PyTorch's loss and gradients."""
    torch.manual_seed(3)
    w1, b1 = torch.rand(20, 10, requires_grad=True), torch.rand(20, requires_grad=True)
    w2, b2 = torch.rand(5, 20, requires_grad=True), torch.rand(5, requires_grad=True)
    hidden = torch.tanh(w1 @ torch.rand(10) + b1)
    loss = (torch.tanh(w2 @ hidden + b2) - torch.rand(5)).pow(2).mean()
    loss.backward()


@case(lecture="graph_pictures", requires=["graph", "matmul", "tanh", "dot"], covers=["graph.dot"])
def graph_is_as_long_as_its_loop(
    torch,
    w: smooth(shape=(3, 2, 2), dtype="float32"),
    starts: st.tuples(smooth(shape=(2,), dtype="float32"), smooth(shape=(2,), dtype="float32")),
    short: st.integers(0, 3),
    long: st.integers(1, 3),
):
    """Two runs of a loop over shared weights make a graph that depends on how often each went round."""
    w.requires_grad_()

    def layers(count, x):
        for index in range(count):
            x = torch.tanh(w[index] @ x)
        return x

    u = layers(short, starts[0])
    v = layers(long, starts[1])
    u.dot(v).backward()


@case(lecture="graph_pictures", requires=["graph"], covers=["graph.dot"])
def shared_result_is_one_node(torch, x: floats(values="finite")):
    """A result that is used twice is one node with two edges to it."""
    shared = x.requires_grad_().exp()
    q = (shared * 2 + shared.sin() * shared).sum()
    q.grad_fn.next_functions


@case(lecture="graph_pictures", requires=["graph", "no_grad", "detach"], covers=["graph.none_edges"])
def what_is_not_tracked_is_not_in_the_graph(torch, x: floats(values="finite")):
    """Parts computed under no_grad or cut by detach() are missing from the graph."""
    y = x.requires_grad_() * 2
    with torch.no_grad():
        scale = y.exp()
    q = (y * scale + y.detach().sin()).sum()
    q.grad_fn.next_functions[0][0].next_functions


@case(lecture="graph_pictures", requires=["graph", "grad", "create_graph"], covers=["graph.dot"])
def gradient_has_a_graph_of_its_own(torch, x: floats(values="finite")):
    """With create_graph the gradient hangs in a graph that leads through the first one to the leaf."""
    y = x.requires_grad_().pow(3).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    g.grad_fn.next_functions


@case(lecture="graph_pictures", requires=["graph", "in_place", "views"], covers=["view.inplace_base"])
def write_through_a_view_shows_in_the_graph(torch, x: floats(shape=(2, 3))):
    """Writing into a view puts a CopySlices node behind the base."""
    y = x.requires_grad_() * 2
    y[0].mul_(3)
    y.sum().grad_fn.next_functions
