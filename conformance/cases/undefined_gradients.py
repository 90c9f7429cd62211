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
