"""What hooks and backward functions return travels on as the tensor that it is, and not as its numbers."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

RETURNED = {
    "itself": lambda torch, grad, other: grad,
    "detached": lambda torch, grad, other: grad.detach(),
    "its data": lambda torch, grad, other: grad.data,
    "a view": lambda torch, grad, other: grad.view_as(grad),
    "a copy": lambda torch, grad, other: grad.clone(),
    "written": lambda torch, grad, other: grad.mul_(2),
    "a leaf": lambda torch, grad, other: other,
    "a detached leaf": lambda torch, grad, other: other.detach(),
    "requiring grad": lambda torch, grad, other: grad.clone().requires_grad_(),
}
"""What is given back for a gradient; `other` is a leaf of its shape."""

PASSED = {
    "view": lambda torch, y: y.view_as(y),
    "unsqueeze": lambda torch, y: y.unsqueeze(0).squeeze(0),
    "add": lambda torch, y: y + 1,
    "mul": lambda torch, y: y * 2,
    "expand": lambda torch, y: y.expand(2, *y.shape)[0],
}
"""What the gradient passes through next."""


@case(requires=["hooks", "views", "backward"])
def returned_gradient_travels_on(
    torch,
    x: floats(min_dims=1, max_dims=2, values="finite"),
    returned: st.sampled_from(sorted(RETURNED)),
    passed: st.sampled_from(sorted(PASSED)),
    seed: st.sampled_from(("ones", "the root", "requires grad")),
):
    """A later hook sees whether what a hook returned requires grad, is a view, or has another counter."""
    x.requires_grad_()
    other = torch.zeros_like(x).requires_grad_()
    y = PASSED[passed](torch, x)
    y.register_hook(lambda grad: RETURNED[returned](torch, grad, other))
    x.register_hook(lambda grad: grad.requires_grad)
    z = y + 1
    given = {"ones": torch.ones_like(z), "the root": z, "requires grad": torch.ones_like(z).requires_grad_()}
    z.backward(given[seed])


@case(requires=["hooks", "backward"])
def graph_of_a_returned_gradient(
    torch, x: floats(min_dims=1, max_dims=2, values="finite"), passed: st.sampled_from(sorted(PASSED))
):
    """A gradient that a hook computes under enable_grad has a graph, and what comes of it has none."""
    x.requires_grad_()
    other = torch.zeros_like(x).requires_grad_()
    y = PASSED[passed](torch, x)

    def hook(grad):
        with torch.enable_grad():
            return grad * other

    y.register_hook(hook)
    x.register_hook(lambda grad: grad.requires_grad)
    y.backward(torch.ones_like(y))


@case(requires=["hooks", "inference_mode", "backward"])
def inference_gradient_of_a_hook(
    torch, x: floats(min_dims=1, max_dims=2, values="finite"), passed: st.sampled_from(sorted(PASSED))
):
    """What a hook computes in inference mode travels on as an inference tensor, and .grad is none."""
    x.requires_grad_()
    y = PASSED[passed](torch, x)

    def hook(grad):
        with torch.inference_mode():
            return grad * 2

    y.register_hook(hook)
    x.register_hook(lambda grad: grad.is_inference())
    y.backward(torch.ones_like(y))


@case(requires=["inference_mode", "backward"])
def seed_of_inference_mode_and_the_leaf(
    torch,
    x: floats(min_dims=1, max_dims=2, values="finite"),
    passed: st.sampled_from(sorted(PASSED)),
    within: st.booleans(),
):
    """A pass in inference mode gives a leaf a window of an ordinary seed as an ordinary gradient."""
    x.requires_grad_()
    y = PASSED[passed](torch, x)
    seed = torch.ones_like(y)
    with torch.inference_mode():
        if within:
            seed = torch.ones_like(y)
        y.backward(seed)
    x.grad.is_inference()


@case(requires=["inference_mode", "retain_grad", "backward"])
def seed_of_inference_mode_is_counted(
    torch, x: floats(min_dims=1, max_dims=2, values="finite"), passed: st.sampled_from(sorted(PASSED))
):
    """Formulas over an inference seed count what they write, and a retained gradient counts its copy."""
    x.requires_grad_()
    y = PASSED[passed](torch, x)
    y.retain_grad()
    with torch.inference_mode():
        seed = torch.ones_like(y)
    y.backward(seed)
    x.grad._version
    y.grad._version


@case(requires=["custom_function", "inference_mode", "backward"])
def zeros_of_inference_mode(torch, x: floats(min_dims=1, max_dims=2, values="finite")):
    """In inference mode the zeros that a Function gets for an undefined gradient are an inference tensor."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.clone(), a * 2

        @staticmethod
        def backward(ctx, first, second):
            return second

    y, _ = Both.apply(x.requires_grad_())
    seed = torch.ones_like(y)
    x.register_hook(lambda grad: grad.is_inference())
    with torch.inference_mode():
        y.backward(seed)
