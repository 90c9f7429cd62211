"""Operators that have no derivative: the error waits for backward."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, nonzero, positive, same_shape


@case(requires=["not_implemented"], covers=["err.notimplemented"])
def floor_division_fails_in_backward_only(torch, x: floats(values="finite"), k: st.sampled_from([1, 2, -3, 2.5, True])):
    """The result of // requires grad, has the node NotImplemented, and raises when it is differentiated."""
    y = x.requires_grad_() // k
    y.grad_fn.name()
    y.grad_fn.next_functions
    y.sum().backward()
    torch.floor_divide(x, k).sum().backward()
    x.floor_divide(k).sum().backward()


@case(requires=["not_implemented"], covers=["err.notimplemented"])
def node_without_derivative_leads_to_what_requires_grad(
    torch, xy: same_shape(2, values="finite"), k: st.integers(1, 5)
):
    """The node NotImplemented has an edge for each operand that requires grad, and for no other."""
    x, y = xy
    y = y.abs() + 1
    quotient = x.requires_grad_() // y
    quotient.grad_fn.next_functions
    both = x // (y * 1).requires_grad_()
    both.grad_fn.next_functions
    other = y // (x.abs() + 1)
    other.grad_fn.next_functions
    number = k // (x.abs() + 1)
    number.grad_fn.next_functions
    number.sum().backward()


@case(requires=["not_implemented"], covers=["err.notimplemented"])
def number_modulo_tensor_has_no_derivative(torch, x: nonzero(), k: st.integers(1, 5)):
    """A tensor modulo a number has a derivative, a number modulo a tensor has none."""
    y = k % x.requires_grad_()
    y.grad_fn.name()
    y.sum().backward()
    (x % k).sum().backward()


@case(requires=["not_implemented"], covers=["err.notimplemented"])
def what_has_no_derivative_may_be_part_of_a_graph(torch, x: floats(values="finite"), k: st.integers(1, 3)):
    """A result without derivative stops a pass that reaches it, even where its gradient is zero."""
    y = x.requires_grad_() // k
    (y.detach() * x).sum().backward()
    (y * 0 + x).sum().backward()
    torch.autograd.grad(y.sum(), x)
    with torch.no_grad():
        z = x // k
    (z + x).sum().backward()


@case(requires=["not_implemented", "in_place"], covers=["err.notimplemented"])
def floor_division_in_place_is_named_apart(torch, x: floats(values="finite"), k: st.sampled_from([1, 2, -3])):
    """//= replaces the node as any write does; the error of backward names the operator in place."""
    y = x.requires_grad_() * 1
    y.floor_divide_(k)
    y.sum().backward()
    z = x * 1
    z //= k
    z.grad_fn.next_functions
    x.floor_divide_(k)
    plain = torch.ones_like(x)
    plain.floor_divide_(x.abs() + 1)
    plain.sum().backward()


@case(requires=["not_implemented", "views"], covers=["err.notimplemented"])
def floor_division_of_a_view_in_place(torch, x: floats(shape=(3,), values="finite"), k: st.integers(1, 3)):
    """A view divided in place makes its base the output of CopySlices, whose backward raises."""
    y = x.requires_grad_() * 1
    y[:2] //= k
    y.grad_fn
    view = y[1:]
    view.floor_divide_(k)
    y.sum().backward()


@case(requires=["not_implemented", "hooks"], covers=["err.notimplemented"])
def gradient_arrives_before_the_derivative_is_missed(torch, x: floats(values="finite"), k: st.integers(1, 3)):
    """Hooks and retain_grad of a result without derivative still see its gradient."""

    def hook(grad):
        return grad * 2

    y = x.requires_grad_() // k
    y.retain_grad()
    y.register_hook(hook)
    y.sum().backward()
    y.grad


@case(requires=["not_implemented"], covers=["err.notimplemented"])
def integers_are_not_divided_by_zero(torch, n: st.integers(-5, 5)):
    """Integers divided by zero with a rest raise at once; the quotient of floats is infinite."""
    torch.tensor([n]) // 0
    torch.tensor([n]) // torch.tensor([0])
    torch.tensor([n]) % 0
    torch.fmod(torch.tensor([n, 1]), torch.tensor([1, 0]))
    torch.div(torch.tensor([n]), 0, rounding_mode="floor")
    torch.tensor([n]).remainder_(0)
    torch.tensor([float(n)]) // 0


@case(requires=["not_implemented", "random"], covers=["err.notimplemented"])
def drawing_from_probabilities_with_another_p_has_no_derivative(torch, x: floats(values="finite")):
    """The gradient of bernoulli is zero, but with a probability given apart it is not implemented."""
    p = torch.sigmoid(x.requires_grad_())
    torch.bernoulli(p).sum().backward()
    torch.bernoulli(p, 0.5).sum().backward()


@case(requires=["not_implemented", "views"])
def node_without_derivative_of_a_view_that_came_first(torch, x: floats(values="finite"), k: st.sampled_from([1, 2])):
    """A view from before its base required grad has an edge to nowhere, of the node NotImplemented, too."""
    v = x.view_as(x)
    x.requires_grad_()
    (v // k).grad_fn.next_functions
    v.heaviside(x).grad_fn.next_functions
    x.detach().heaviside(v).grad_fn.next_functions


@case(requires=["not_implemented"], covers=["err.notimplemented"])
def counting_has_no_derivative_by_the_weights(
    torch, w: floats(shape=(4,)), at: st.lists(st.integers(0, 5), min_size=4, max_size=4), least: st.integers(0, 8)
):
    """bincount adds up weights in their own type, and has no derivative by them."""
    counts = torch.bincount(torch.tensor(at), w.requires_grad_(), least)
    counts.grad_fn.next_functions
    counts.sum().backward()


@case(requires=["nn"])
def weights_of_classes_cannot_require_grad(
    torch,
    x: floats("float32", shape=(2, 3)),
    w: floats("float32", shape=(3,)),
    at: st.lists(st.integers(0, 4), min_size=2, max_size=2),
    grad: st.booleans(),
):
    """nll_loss refuses class weights that require grad, and batch_norm running statistics that do."""
    w.requires_grad_()
    with torch.set_grad_enabled(grad):
        torch.nn.functional.nll_loss(x, torch.tensor(at), w)
        torch.nn.functional.cross_entropy(x, torch.tensor(at), w)
        torch.nn.functional.batch_norm(x, w, torch.ones(3))
        torch.nn.functional.batch_norm(x, torch.zeros(3), w * 1)


UNDERIVED = {
    "heaviside": lambda torch, x: torch.heaviside(x, x),
    "bernoulli": lambda torch, x: torch.bernoulli(x * 0),
    "floor_divide": lambda torch, x: x.floor_divide(2),
    "igamma": lambda torch, x: torch.igamma(x.detach() * 0 + 1, x * 0 + 1),
    "atanh_": lambda torch, x: (x * 0.5).atanh_(),
}
BESIDE = {
    "sub": lambda torch, y, w: y.sub(w),
    "after": lambda torch, y, w: w - y,
    "twice": lambda torch, y, w: y * w + w,
    "stack": lambda torch, y, w: torch.stack([w * 2, y, w]).sum(),
}


@case(requires=["backward"])
def leaves_behind_a_missing_derivative_get_nothing(
    torch, x: positive(), w: floats(), how: st.sampled_from(sorted(UNDERIVED)), beside: st.sampled_from(sorted(BESIDE))
):
    """What is ready before a node without derivative is accumulated, what is ready after it is not."""
    y = UNDERIVED[how](torch, x.requires_grad_())
    BESIDE[beside](torch, y.sum(), w.requires_grad_().sum()).backward()
    z = w.detach().sum().requires_grad_()
    BESIDE[beside](torch, UNDERIVED[how](torch, x.sum()), z).backward()
    z.grad


@case(requires=["hooks", "graph"])
def missing_derivative_is_missed_by_undefined_gradients(torch, x: positive(), how: st.sampled_from(sorted(UNDERIVED))):
    """A node without derivative raises even if its gradient is undefined."""
    y = UNDERIVED[how](torch, x.requires_grad_())
    y.grad_fn.register_prehook(lambda grads: (None,))
    y.sum().backward()
    UNDERIVED[how](torch, x).grad_fn(None)


@case(requires=["not_implemented", "random"])
def drawn_indices_have_no_gradient(
    torch, x: floats(shape=(2, 4), values="finite"), n: st.integers(1, 4), again: st.booleans()
):
    """Indices that multinomial draws by weights that require grad have no gradient."""
    weights = torch.softmax(x.requires_grad_(), 1)
    torch.manual_seed(n)
    drawn = torch.multinomial(weights, n, replacement=again)
    weights.gather(1, drawn).sum().backward()
    x.grad


@case(requires=["not_implemented", "backward"], covers=["err.notimplemented"])
def node_without_a_derivative_raises_whoever_asks(
    torch,
    x: floats(shape=(2,), values="smooth"),
    inplace: st.booleans(),
    ends: st.sampled_from(["result", "leaf", "anywhere"]),
):
    """The node of an operator without a derivative raises, though no operand's gradient is wanted."""
    y = x.requires_grad_().relu()
    values = torch.ones(2, dtype=x.dtype)
    z = y.heaviside_(values) if inplace else y.heaviside(values)
    z.backward(torch.ones_like(z), inputs={"result": [z], "leaf": [x], "anywhere": None}[ends])


@case(requires=["backward", "views"])
def write_without_a_derivative_raises_below_a_view(
    torch, x: floats(shape=(2, 2)), view: st.booleans(), asked: st.sampled_from(["leaf", "result", "grad", "all"])
):
    """A write without a derivative raises in backward, through a view and for its own result as well."""
    y = x.requires_grad_().exp()
    (y[0] if view else y).heaviside_(torch.ones((), dtype=y.dtype))
    if asked == "grad":
        torch.autograd.grad(y, y, torch.ones_like(y))
    else:
        y.backward(torch.ones_like(y), inputs={"leaf": [x], "result": [y]}.get(asked))


@case(requires=["not_implemented", "create_graph"], covers=["err.notimplemented"])
def own_gradient_of_what_has_no_derivative_is_refused(
    torch, x: floats(values="finite"), create: st.booleans(), inplace: st.booleans(), more: st.booleans()
):
    """A gradient that backward() accumulates in what has no derivative is refused, grad() gives it."""
    y = x.requires_grad_() * 1
    values = torch.ones_like(x)
    z = y.heaviside_(values) if inplace else y.heaviside(values)
    out = z * 2 if more else z
    torch.autograd.grad(out, z, torch.ones_like(out), retain_graph=True, create_graph=create)
    out.backward(torch.ones_like(out), retain_graph=True, create_graph=create, inputs=[z])
