"""Hooks that put another Tensor of the same memory in the place of a gradient."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("tape",)


@case(requires=["hooks", "backward", "detach"])
def hook_returns_other_tensors_of_the_same_memory(
    torch, x: floats("float32", shape=(3,), values="finite"), added: st.booleans(), keeps: st.booleans()
):
    """What a hook puts in the place of a gradient has its own version, over the same memory or not."""
    x.requires_grad_()
    holder = x.detach().clone()
    others = (
        lambda grad: grad.view(3, 1).view(3),
        lambda grad: grad.view(3, 1).data.view(3),
        lambda grad: grad.view(3, 1).view(3).data,
        lambda grad: grad.detach(),
        lambda grad: grad.view(3, 1).detach().view(3),
        lambda grad: grad.view(3, 1).view(3).detach(),
        lambda grad: grad.data,
    )

    def hooked(other):
        def replaces(grad):
            if keeps:
                holder.grad = grad
            return other(grad)

        y = x + 1
        y.register_hook(replaces)
        return y

    for other in others:
        x.grad = None
        y = hooked(other)
        z = y * 2
        (z.sum() + (z * 3).sum() + (y * 3).sum() if added else y.view(3, 1) * 2).sum().backward()
        x.grad.add_(1)
        x.grad = None
        hooked(other).view(3, 1).backward(torch.ones(3, 1))
        x.grad.add_(1)
        y = hooked(other)
        torch.autograd.grad((y.sin() + y).sum(), x)[0].add_(1)
