"""Gradients of None: what they keep waiting, and what runs when nothing else comes."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats


@case(requires=["custom_function", "hooks"], covers=["fn.none_for_required"])
def gradient_of_none_waits_for_others(torch, x: floats(values="finite"), leaf: st.booleans(), older: st.booleans()):
    """A gradient of None that comes first leaves a node and its hooks waiting for the other gradients."""

    class Left(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    y = x.requires_grad_() if leaf else x.requires_grad_() * x
    node = torch.autograd.graph.get_gradient_edge(y).node
    y.register_hook(lambda grad: grad * 2)
    node.register_prehook(lambda grad_outputs: None)
    node.register_hook(lambda grad_inputs, grad_outputs: None)
    z = y.cos() if older else y * 3
    u = Left.apply(z.exp(), y)
    (u + z).sum().backward()


@case(requires=["custom_function", "hooks"])
def nothing_but_none_comes(torch, x: floats(values="finite"), leaf: st.booleans(), which: st.booleans()):
    """A node to which nothing but None comes is left with it, whoever waits behind."""

    class Neither(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return (grad, None) if which else (None, None)

    y = x.requires_grad_() if leaf else x.requires_grad_() * x
    node = torch.autograd.graph.get_gradient_edge(y).node
    node.register_hook(lambda grad_inputs, grad_outputs: None)
    u = Neither.apply(x * 3, y)
    (Neither.apply(u, y) + u).sum().backward()
    torch.autograd.grad(Neither.apply(x * 3, y).sum(), y, allow_unused=True, materialize_grads=which)


SEVERAL = {
    "aminmax": lambda torch, a: torch.aminmax(a),
    "var_mean": lambda torch, a: torch.var_mean(a),
    "slogdet": lambda torch, a: torch.linalg.slogdet(a),
    "qr": lambda torch, a: torch.linalg.qr(a),
    "lu": lambda torch, a: torch.linalg.lu(a)[1:],
    "svd": lambda torch, a: torch.linalg.svd(a)[1:],
    "eig": lambda torch, a: torch.linalg.eig(a),
    "unbind": lambda torch, a: a.unbind(),
    "sort": lambda torch, a: a.sort()[:1],
}
"""Operators of several results, of which each may be without a gradient."""

REAL_ONLY = ("aminmax", "sort")
"""Those that refuse complex numbers."""


@case(requires=["custom_function"])
def no_result_has_a_gradient(
    torch, name: st.sampled_from(sorted(SEVERAL)), turned: st.booleans(), which: st.sampled_from((0, 1, None))
):
    """A formula to which None comes for one of several results, or for all, leaves it out or gives None."""

    class Nothing(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.clone()

        @staticmethod
        def backward(ctx, grad):
            return None

    x = torch.tensor([[2.31, 0.42], [0.38, 1.77]], dtype=torch.float64)
    if turned and name not in REAL_ONLY:
        x = torch.complex(x, x.cos())
    outs = SEVERAL[name](torch, x.requires_grad_())
    total = 0
    for n, out in enumerate(outs):
        total = total + (Nothing.apply(out) if which in (n, None) else out).abs().sum()
    torch.autograd.grad(total, x, allow_unused=True)


@case(requires=["custom_function", "hooks"], covers=["fn.none_for_required"])
def gradients_of_none_come_to_all_results_of_a_node(
    torch,
    x: floats(shape=(3, 2), values="finite"),
    watch: st.sampled_from(["a result", "the node", "nobody", "before"]),
):
    """A node to whose results nothing but None comes runs with None for each of them."""

    class Nothing(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b, c):
            return a + b + c

        @staticmethod
        def backward(ctx, grad):
            return None, None, None

    a, b, c = (x.requires_grad_() * 1).unbind(0)
    if watch == "a result":
        b.register_hook(lambda g: None)
        c.retain_grad()
    elif watch == "the node":
        a.grad_fn.register_hook(lambda inputs, outputs: outputs[2])
    elif watch == "before":
        a.grad_fn.register_prehook(lambda outputs: outputs[1])
    (Nothing.apply(a, b, c).sum() + x.sum()).backward()


@case(requires=["custom_function", "inference_mode"], covers=["fn.materialize"])
def zeros_for_no_gradient_in_inference_mode(torch, x: floats(shape=(2,), values="finite")):
    """In inference mode the zeros that backward() gets for no gradient are inference tensors."""

    class Two(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2, a * 3

        @staticmethod
        def backward(ctx, grad, other):
            other.is_inference()
            return grad + other

    y, _ = Two.apply(x.requires_grad_())
    loss = y.sum()
    with torch.inference_mode():
        loss.backward()


@case(requires=["views", "in_place", "hooks"])
def gradient_of_none_does_not_come_to_a_write_through_a_view(
    torch, x: floats("float32", shape=(2, 2), values="finite"), stale: st.booleans(), again: st.booleans()
):
    """A write through a view that gets no gradient unpacks nothing, neither freed nor written to."""
    y = x.requires_grad_() * 1
    first, last = y[0], y[1]
    first *= last if stale else x[1]
    node = y.grad_fn
    if again and not stale:
        y.sum().backward()
    node.register_prehook(lambda grad_outputs: (None,))
    y.sum().backward()
    x.grad


@case(requires=["hooks"])
def gradient_of_none_gives_none_of_nothing(
    torch,
    shape: st.sampled_from([(0,), (0, 2), (2, 0), (2, 2)]),
    name: st.sampled_from(["cummax", "cummin", "cumsum", "cumprod", "logcumsumexp", "sort", "softmax", "flip"]),
    kept: st.booleans(),
):
    """An operator whose node gets no gradient gives none, also of no elements, and unless it was freed."""
    x = torch.ones(shape, requires_grad=True)
    found = getattr(x, name)(-1)
    y = found[0] if name in ("cummax", "cummin", "sort") else found
    y.grad_fn.register_prehook(lambda grad_outputs: (None,))
    y.backward(torch.ones(shape), retain_graph=kept)
    y.backward(torch.ones(shape))
    x.grad
