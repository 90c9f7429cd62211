"""Aliases of gradients that somebody keeps, and detached parts of memory: PyTorch asks of each tensor who holds it."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("tape",)
VectorOrNumber = st.one_of(floats("float32", shape=(3,), values="finite"), floats("float32", shape=(), values="finite"))


@case(requires=["hooks", "custom_function", "backward", "detach"])
def hook_keeps_an_alias(torch, x: VectorOrNumber, whole: st.booleans(), more: st.booleans()):
    """A gradient of which somebody keeps a detached alias may be stolen, and added to in place."""
    x.requires_grad_()
    holder = x.detach().clone()

    def keeps(grad):
        holder.grad = grad if whole else grad.detach()

    class Passes(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * 1

        @staticmethod
        def backward(ctx, grad):
            keeps(grad)
            return grad, grad

    def passed(kind):
        y = x * 2 if kind > 4 else x
        z = y + 1
        match kind % 5:
            case 0:
                z = Passes.apply(z, y)
            case 1:
                z = Passes.apply(z, torch.ones_like(x))
            case 2:
                z.register_hook(keeps)
            case 3:
                z.grad_fn.register_hook(lambda inputs, outputs: keeps(inputs[0]))
            case 4:
                z.grad_fn.register_prehook(lambda outputs: keeps(outputs[0]))
        return (z * 2).sum() + (y * 3).sum() if more else (z * 2).sum()

    for kind in range(10):
        x.grad = None
        passed(kind).backward()
        x.grad.add_(1)
        torch.autograd.grad(passed(kind), x)[0].add_(1)


@case(requires=["custom_function", "hooks", "backward", "detach"])
def detached_part_is_added_to(torch, x: floats("float32", shape=(2, 2, 2), values="finite"), first: st.booleans()):
    """What backward() detached of memory of its own is added to in place if it fills its part of that."""
    parts = (
        lambda grad: (grad * 2).mT,
        lambda grad: torch.cat([grad, grad])[1:3],
        lambda grad: torch.cat([grad, grad])[::2],
        lambda grad: torch.cat([grad, grad], 1)[:, :2],
        lambda grad: grad[:1].clone().expand(2, 2, 2),
        lambda grad: grad.mT,
        lambda grad: (grad * 2).permute(1, 0, 2),
        lambda grad: (grad * 2).permute(2, 0, 1),
    )

    def look(grad):
        grad._is_view()

    def twice(a, b, part):
        class Twice(torch.autograd.Function):
            @staticmethod
            def forward(ctx, a, b):
                return a + b

            @staticmethod
            def backward(ctx, grad):
                return (part(grad).detach(), grad.clone()) if first else (grad.clone(), part(grad).detach())

        return Twice.apply(a, b).mul(2).sum()

    x.requires_grad_()
    for part in parts:
        x.grad = None
        twice(x, x, part).backward()
        x.grad.add_(1)
        y, z = x + 1, x.mT + 1
        y.register_hook(look)
        z.register_hook(look)
        torch.autograd.grad(twice(y, y, part), x)
        torch.autograd.grad(twice(y, z, part), x)
