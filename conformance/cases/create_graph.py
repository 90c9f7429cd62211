"""Derivatives of derivatives."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, positive, same_shape, smooth

WAYS_BACK = (
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardshrink",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "relu6",
    "softmax",
    "softplus",
    "softshrink",
)


@case(lecture="create_graph", requires=["grad", "create_graph", "log"], covers=["call.create_graph_retains"])
def norm_of_a_gradient_has_a_gradient(torch, x: positive(shape=(2,))):
    """The squared norm of a gradient is differentiated like any other result."""
    psi = x.requires_grad_()[0].log() + x[1].pow(2)
    (g,) = torch.autograd.grad(psi, x, create_graph=True)
    torch.autograd.grad(g.pow(2).sum(), x)


@case(lecture="create_graph", requires=["grad", "create_graph"], covers=["fn.double"])
def gradient_does_not_require_grad_without_create_graph(torch, x: floats()):
    """A gradient has a graph only if create_graph is given."""
    y = x.requires_grad_().sin().sum()
    torch.autograd.grad(y, x, retain_graph=True)
    torch.autograd.grad(y, x, create_graph=True)


@case(lecture="create_graph", requires=["grad", "create_graph"], covers=["call.create_graph_retains"])
def third_and_fourth_derivatives(torch, x: smooth(shape=()), name: st.sampled_from(["sin", "exp", "tanh", "sigmoid"])):
    """Derivatives of the third and fourth order come from differentiating again."""
    y = getattr(x.requires_grad_(), name)()
    for _ in range(4):
        (y,) = torch.autograd.grad(y, x, create_graph=True)


@case(lecture="create_graph", requires=["grad", "create_graph", "pow"], covers=["num.double_kinks"])
def derivatives_of_a_power_end(torch, x: floats(shape=(2,)), exponent: st.integers(1, 3)):
    """A power with an integer exponent is differentiated until nothing is left of it."""
    y = x.requires_grad_() ** exponent
    for _ in range(exponent):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    torch.autograd.grad(y.sum(), x)


@case(lecture="create_graph", requires=["grad", "create_graph"], covers=["call.grad_outputs_graph"])
def mixed_partials_are_symmetric(torch, xy: same_shape(2, values="smooth", empty=False)):
    """Mixed partial derivatives are taken in either order."""
    x, y = xy
    z = (x.requires_grad_().sin() * y.requires_grad_().exp()).sum()
    dx, dy = torch.autograd.grad(z, (x, y), create_graph=True)
    torch.autograd.grad(dx.sum(), y, retain_graph=True)
    torch.autograd.grad(dy.sum(), x)


@case(lecture="create_graph", requires=["grad", "create_graph"], covers=["call.grad_outputs_graph"])
def hessian_vector_product(torch, x: smooth(shape=(3,)), v: lambda x: cotangent(x)):
    """The gradient of a gradient times a vector is a product of the Hessian with that vector."""
    y = (x.requires_grad_().pow(3) * x.cos().sum()).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    torch.autograd.grad((g * v).sum(), x)


@case(lecture="create_graph", requires=["grad", "create_graph"], covers=["call.grad_outputs_graph"])
def gradient_flows_to_grad_outputs(torch, x: floats(), v: lambda x: cotangent(x)):
    """With create_graph the gradient depends on the grad_outputs, which gives Jacobian-vector products."""
    y = x.requires_grad_().exp()
    (g,) = torch.autograd.grad(y, x, v.requires_grad_(), create_graph=True)
    torch.autograd.grad(g, v, torch.ones_like(g))


@case(lecture="create_graph", requires=["backward", "create_graph"], covers=["call.create_graph_warn"])
def backward_with_create_graph_warns(torch, x: floats()):
    """backward(create_graph=True) warns of the cycle it makes, and leaves a grad with a grad_fn."""
    x.requires_grad_().pow(3).sum().backward(create_graph=True)
    x.grad.sum().backward()


@case(lecture="create_graph", requires=["backward", "create_graph"], covers=["acc.create_graph_first"])
def grad_with_a_graph_can_be_used_in_a_loss(torch, x: floats(values="finite")):
    """A penalty on the gradient is added to a loss and differentiated with it."""
    y = x.requires_grad_().sin().sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    (y + g.pow(2).sum()).backward()


@case(lecture="create_graph", requires=["grad", "create_graph", "no_grad"], covers=["call.in_no_grad"])
def create_graph_tracks_even_under_no_grad(torch, x: floats()):
    """create_graph makes a graph of the gradient even under no_grad."""
    y = x.requires_grad_().sin().sum()
    with torch.no_grad():
        torch.autograd.grad(y, x, create_graph=True)


@case(lecture="create_graph", requires=["grad", "create_graph"], covers=["fn.double"])
def gradient_of_a_linear_function_is_constant(torch, x: floats()):
    """The gradient of a linear function does not require grad, even with create_graph."""
    y = (x.requires_grad_() * 3).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    torch.autograd.grad(g.sum(), x)


@case(lecture="create_graph", requires=["grad", "create_graph", "matmul"], covers=["fn.double"])
def second_derivative_of_a_network(torch, w: smooth(shape=(2, 2)), x: smooth(shape=(2,), dtype="float64")):
    """The gradient of a layer with respect to its input is differentiated with respect to its weight."""
    w.requires_grad_()
    x = x.to(w.dtype).requires_grad_()
    y = torch.tanh(w @ x).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    torch.autograd.grad(g.pow(2).sum(), w)


@case(lecture="create_graph", requires=["grad", "create_graph"], covers=["num.double_kinks"])
def second_derivatives_at_kinks(torch, x: floats(values="special")):
    """The second derivatives of abs and relu are zero or absent, at the kink too."""
    y = (x.requires_grad_().abs() * x + x.relu() * x).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    torch.autograd.grad(g.sum(), x)


@case(lecture="create_graph", requires=["grad", "create_graph", "norm"], covers=["fn.double"])
def second_derivative_of_a_norm(torch, x: smooth(min_dims=1, empty=False)):
    """The gradient of a norm is differentiated again."""
    (g,) = torch.autograd.grad(x.requires_grad_().norm(), x, create_graph=True)
    torch.autograd.grad(g.pow(3).sum(), x)


@case(requires=["backward", "create_graph"])
def ways_back_save_whoever_requires_grad(
    torch, x: floats(values="finite"), g: lambda x: cotangent(x), name: st.sampled_from(WAYS_BACK)
):
    """The gradient of a piecewise linear activation saves what it reads, and is freed, like any other."""
    getattr(torch.nn.functional, name)(x.requires_grad_()).backward(g, create_graph=True)
    dx = x.grad
    dx.sum().backward()
    dx.sum().backward()


@case(requires=["in_place", "create_graph", "promotion"])
def copied_in_from_another_type(
    torch, x: floats("float32", shape=(3,), values="finite"), wide: st.booleans(), view: st.booleans()
):
    """The gradient of what was copied in is cast before it is summed."""
    target = torch.zeros(2, 3, dtype=torch.float64 if wide else torch.float16)
    (target[:1] if view else target).copy_(x.requires_grad_())
    (g,) = torch.autograd.grad(target.pow(2).sum(), x, create_graph=True)
    g.sum().backward()


@case(requires=["views", "in_place", "create_graph"])
def written_part_of_memory_that_begins_later(
    torch, x: floats("float32", shape=(2,), values="finite"), first: st.integers(0, 2), at: st.integers(0, 1)
):
    """A part of larger memory that is written to through a view has gradients of every order."""
    target = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])[first : first + 2].detach()
    target[at].mul_(x.requires_grad_())
    target[0].mul_(x)
    (g,) = torch.autograd.grad(target.pow(2).sum(), x, create_graph=True)
    g.sum().backward()
    target.sum().backward()


@case(requires=["create_graph"], covers=["graph.saved_attrs"])
def what_second_gradients_of_convolution_keep(
    torch, x: floats(shape=(1, 2, 4)), w: floats(shape=(2, 1, 3)), transposed: st.booleans()
):
    """Convolutions of which second gradients are made keep stride, padding, dilation and output padding."""
    if transposed:
        y = torch.nn.functional.conv_transpose1d(x.requires_grad_(), w.requires_grad_(), None, 2, 1, 1, 2, 2)
    else:
        y = torch.nn.functional.conv1d(x.requires_grad_(), w.requires_grad_(), None, 2, 1, 2, 2)
    seed = torch.ones_like(y).requires_grad_()
    first = torch.autograd.grad(y, [x, w], seed, create_graph=True)
    of_x, of_w = torch.ones_like(x).requires_grad_(), torch.ones_like(w).requires_grad_()
    back = torch.autograd.grad(first[0], [w, seed], of_x, create_graph=True)
    there = torch.autograd.grad(first[1], [x, seed], of_w, create_graph=True)
    part = back[0].grad_fn.next_functions[0][0].next_functions[0][0]  # of two groups, one beside the other
    for node in (part, back[1].grad_fn, there[0].grad_fn, there[1].grad_fn):
        node.name()
        node._saved_transposed
        node._saved_stride
        node._saved_padding
        node._saved_dilation
        node._saved_output_padding
        node._saved_groups


@case(requires=["scatter", "create_graph"], covers=["graph.saved_attrs"])
def what_gradients_of_scattering_keep(
    torch, x: floats(shape=(2, 3)), y: floats(shape=(2, 3)), name: st.sampled_from(["scatter", "scatter_add"])
):
    """The gradient of what is scattered is gathered, and not sparse."""
    out = getattr(x, name)(1, torch.tensor([[0, 1, 2], [2, 0, 1]]), y.requires_grad_())
    (found,) = torch.autograd.grad(out, y, torch.ones_like(x).requires_grad_(), create_graph=True)
    node = found.grad_fn
    node.name()
    node._saved_dim
    node._saved_sparse_grad


@case(requires=["create_graph"], covers=["graph.saved_attrs"])
def what_gradients_of_group_norm_keep(
    torch, x: floats(shape=(2, 4, 2), values="smooth"), groups: st.sampled_from([1, 2])
):
    """The gradients of group_norm's parameters are sums of which no dimension stays, in another shape."""
    weight, bias = torch.ones(4).requires_grad_(), torch.zeros(4).requires_grad_()
    y = torch.nn.functional.group_norm(x, groups, weight, bias)
    found = torch.autograd.grad(y, [weight, bias], torch.ones_like(y).requires_grad_(), create_graph=True)
    for number in range(2):
        view = found[number].grad_fn
        node = view.next_functions[0][0]
        node.name()
        node._saved_dim
        node._saved_keepdim


COUNTED = {
    "sum": ((0,), "dim"),
    "nansum": ((0, 0), "dim"),
    "mean": ((0, 0), "dim"),
    "prod": ((0,), "dim"),
    "logsumexp": ((0,), "dim"),
    "var": ((0, 0), "dim"),
    "max": ((1,), "dim"),
    "median": ((1,), "dim"),
    "mode": ((1,), "dim"),
    "cumsum": ((), "dims"),
    "cumprod": ((0, 0), "end"),
    "split": ((), "dim"),
    "cat": ((), "dim"),
}
"""Operators along a dimension: where in the graph of their gradient a node is that counts dimensions, and what it keeps."""


@case(requires=["create_graph"], covers=["graph.saved_attrs"])
def gradients_count_dimensions_from_either_end(
    torch,
    x: floats(shape=(2, 3), values="smooth"),
    name: st.sampled_from(sorted(COUNTED)),
    dim: st.sampled_from([-1, 1, -2]),
    zero: st.booleans(),
):
    """The nodes of a gradient keep the dimension as it was given, or count it from the first."""
    x = (x * torch.tensor([1.0, 0.0, 1.0]) if zero else x).requires_grad_()
    if name == "cat":
        y = torch.cat([x, x], dim)
    elif name == "split":
        y = x.split(2, dim)[0]
    else:
        y = getattr(x, name)(dim)
        y = y[0] if name in ("max", "median", "mode") else y
    path, kept = COUNTED[name]
    (found,) = torch.autograd.grad(y, x, torch.ones_like(y).requires_grad_(), create_graph=True)
    node = found.grad_fn
    for number in path:
        node = node.next_functions[number][0]
    node.name()
    getattr(node, f"_saved_{kept}")
