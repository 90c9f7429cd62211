"""Tensors cut off from the graph that still share their memory."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, same_shape

REQUIRES = ("tape",)

START = st.sampled_from([0.5, -0.5, 1.5, -2.0, 0.0])
RATE = st.sampled_from([0.1, 0.05, 0.25])


@case(lecture="detach", requires=["detach"], covers=["leaf.detach"])
def detached_tensor_is_a_leaf(torch, x: floats()):
    """A detached tensor is a leaf that does not require grad and has no grad_fn."""
    y = x.requires_grad_() * 2
    d = y.detach()
    d.is_leaf
    d * x


@case(lecture="detach", requires=["detach", "in_place", "alias"], covers=["leaf.detach", "ver.shared_views"])
def detached_tensor_shares_memory(torch, x: floats(), value: st.sampled_from([7.0, -1.0, 0.5])):
    """Writing into a detached tensor shows in the original, and counts as a write to both."""
    y = x.requires_grad_() * 2
    d = y.detach()
    d.fill_(value)
    y._version


@case(lecture="detach", requires=["detach", "backward"], covers=["leaf.detach"])
def gradient_stops_at_detach(torch, x: floats(values="finite")):
    """No gradient flows back through detach()."""
    y = x.requires_grad_() * 2
    (y.detach() * x + y).sum().backward()


@case(lecture="detach", requires=["detach", "backward"], covers=["leaf.detach"])
def only_detached_operands_leave_no_graph(torch, x: floats(shape=())):
    """A result of detached tensors only cannot be differentiated."""
    x.requires_grad_()
    (x.detach() * 2).backward()


@case(lecture="detach", requires=["detach"], covers=["leaf.detach"])
def leaf_can_be_detached(torch, x: floats()):
    """Detaching a leaf leaves the leaf as it is."""
    x.requires_grad_()
    d = x.detach()
    d.requires_grad_()
    (d * x).sum().backward()


@case(lecture="detach", requires=["detach", "views"], covers=["view.detach_not_view"])
def detach_is_no_view_for_autograd(torch, x: floats(shape=(2, 3))):
    """detach() of a tensor is not a view with a base that autograd follows, and clone() is none either."""
    y = x.requires_grad_() * 2
    y.detach()._is_view()
    y.clone()._is_view()
    y.view(3, 2)._is_view()


@case(lecture="detach", requires=["detach", "in_place", "backward", "alias"], covers=["view.detach_write"])
def write_through_detach_is_noticed(torch, x: floats()):
    """Writing into a detached tensor that a gradient needs makes backward() raise."""
    y = x.requires_grad_().exp()
    y.detach().zero_()
    y.sum().backward()


@case(lecture="detach", requires=["detach"], covers=["leaf.detach_inplace"])
def detach_in_place_makes_a_leaf(torch, x: floats()):
    """detach_() turns a result into a leaf, and leaves its other uses connected."""
    y = x.requires_grad_() * 2
    z = y * 3
    y.detach_()
    (y.requires_grad_() * z).sum().backward()


@case(lecture="detach", requires=["detach", "views"], covers=["leaf.detach_inplace"])
def view_cannot_be_detached_in_place(torch, x: floats(shape=(2, 3))):
    """detach_() of a view raises."""
    y = x.requires_grad_() * 2
    y[0].detach_()
    y.t().detach_()


@case(lecture="detach", requires=["detach", "in_place", "backward"], covers=["leaf.data"])
def data_hides_writes_from_the_version(torch, x: floats(values="finite")):
    """Writing through .data is not counted, so that backward() uses the new value without complaint."""
    y = x.requires_grad_().exp()
    y.data.mul_(2)
    y._version
    y.sum().backward()


@case(lecture="detach", requires=["detach"], covers=["leaf.data_setter"])
def data_can_be_replaced(torch, x: floats(), y: floats()):
    """Assigning .data gives a tensor other memory, shape and values but keeps it the same leaf."""
    x.requires_grad_()
    x.data = y.to(x.dtype)
    x._version
    (x * 2).sum().backward()


@case(lecture="detach", requires=["detach", "grad"], covers=["leaf.detach"])
def detached_copy_is_independent(torch, xy: same_shape(2)):
    """detach().clone() has memory of its own."""
    x, y = xy
    z = x.requires_grad_() * y
    c = z.detach().clone()
    c.add_(1)
    torch.autograd.grad(z.sum(), x)


@case(lecture="detach", requires=["grad", "no_grad", "in_place"], covers=["inp.leaf_no_grad"])
def joint_minimisation_takes_every_path(torch, start: st.tuples(START, START), eta: RATE):
    """Descent along the gradients of a sum of three squares moves both variables towards each other."""
    a = torch.tensor(start[0]).requires_grad_()
    b = torch.tensor(start[1]).requires_grad_()
    for _ in range(4):
        loss = (a - 1) ** 2 + (b + 1) ** 2 + (a - b) ** 2
        da, db = torch.autograd.grad(loss, (a, b))
        with torch.no_grad():
            a -= eta * da
            b -= eta * db


@case(lecture="detach", requires=["detach", "grad", "no_grad", "in_place"], covers=["leaf.detach", "inp.leaf_no_grad"])
def detached_minimisation_ignores_one_path(torch, start: st.tuples(START, START), eta: RATE):
    """With one variable detached in the last square, only the other is drawn by it."""
    a = torch.tensor(start[0]).requires_grad_()
    b = torch.tensor(start[1]).requires_grad_()
    for _ in range(4):
        loss = (a - 1) ** 2 + (b + 1) ** 2 + (a.detach() - b) ** 2
        da, db = torch.autograd.grad(loss, (a, b))
        with torch.no_grad():
            a -= eta * da
            b -= eta * db


@case(lecture="detach", requires=["detach", "grad", "no_grad", "in_place"], observe="last")
def minimisations_print_their_limits(torch):
    """A hundred steps of both minimisations end at the printed values of PyTorch."""
    for cut in (False, True):
        a, b = torch.tensor(0.5, requires_grad=True), torch.tensor(-0.5, requires_grad=True)
        for _ in range(100):
            loss = (a - 1) ** 2 + (b + 1) ** 2 + ((a.detach() if cut else a) - b) ** 2
            da, db = torch.autograd.grad(loss, (a, b))
            with torch.no_grad():
                a -= 0.1 * da
                b -= 0.1 * db
        (a, b)


@case(requires=["backward", "in_place"], covers=["inp.detached_saved"])
def saved_tensor_must_not_be_detached_in_place(
    torch,
    x: floats(shape=(2,)),
    name: st.sampled_from(["sin", "square", "lgamma", "exp", "neg"]),
    order: st.integers(0, 3),
):
    """backward() refuses a saved operand that was detached in place, before it asks for writes."""
    y = x.requires_grad_() * 1
    z = getattr(y, name)() * 2
    if order == 1:
        y.add_(1)
    y.detach_()
    if order == 2:
        y.add_(1)
    if order == 3:
        y.requires_grad_()
    w = (y * y).sum()
    z.sum().backward()
    w.requires_grad_().backward()


@case(requires=["backward", "custom_function"])
def tensor_saved_by_a_function_may_be_detached_in_place(torch, x: floats(shape=(2,)), write: st.booleans()):
    """A Function may read a saved operand that was detached in place, unless it was written to."""

    class Saves(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return grad * a

    y = x.requires_grad_() * 1
    z = Saves.apply(y)
    y.detach_()
    if write:
        y.add_(1)
    y._version
    z.sum().backward()


@case(requires=["backward", "detach", "in_place"])
def what_was_saved_between_two_detachments(torch, xw: same_shape(2, values="finite"), again: st.booleans()):
    """Only what was saved after the last detachment in place can be used."""
    x, w = (t.requires_grad_() for t in xw)
    y = x * 2
    y.detach_()
    if again:
        y.mul_(w)
    between = y * w
    y.detach_()
    last = y * w
    for z in (between, last):
        z.sum().backward()


@case(requires=["backward", "views"])
def gradient_of_a_squeeze_of_nothing_is_the_gradient_itself(
    torch, x: floats(shape=st.sampled_from([(), (2,), (2, 3)])), which: st.integers(0, 3), g: lambda x: cotangent(x)
):
    """A squeeze or repeat that changes no shape hands on the very gradient, which the leaf so copies."""
    x.requires_grad_()
    y = x.squeeze() if which == 0 else x.squeeze(0) if which == 1 else x.squeeze(()) if which == 2 else x.repeat(1, 1)
    torch.autograd.grad(y, x, g.reshape(y.shape), retain_graph=True)
    y.backward(g.reshape(y.shape))
    x.grad
    x.grad.add_(1)


@case(lecture="detach", requires=["detach", "backward"], covers=["leaf.detach_inplace"])
def operand_detached_in_place_is_missed_where_nothing_is_computed(
    torch,
    x: floats(shape=(2,), values="finite"),
    name: st.sampled_from(["mul", "sin", "pow", "dot", "exp", "sum"]),
    ends: st.sampled_from(["result", "leaf", "anywhere"]),
):
    """A node whose operand was detached in place raises, though no gradient of an operand is asked for."""
    y = x.requires_grad_() * 2
    z = {
        "mul": lambda: y * y,
        "sin": lambda: y.sin(),
        "pow": lambda: y**2,
        "dot": lambda: y.dot(x),
        "exp": lambda: y.exp(),
        "sum": lambda: y.sum(),
    }[name]()
    y.detach_()
    z.backward(torch.ones_like(z), inputs={"result": (z,), "leaf": (x,), "anywhere": None}[ends])
