"""How gradients add up in the grad of the leaves."""

from conformance.case import case
from conformance.generate import floats


@case(lecture="accumulation", requires=["backward"], covers=["acc.sum"])
def backward_adds_to_grad(torch, x: floats(min_dims=1)):
    """Tensor.backward() adds to the grad of the leaves."""
    u = x.requires_grad_().pow(3).sum()
    u.backward(retain_graph=True)
    u.backward()
