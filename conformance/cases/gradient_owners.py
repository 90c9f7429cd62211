"""Who else holds a gradient, or shows its memory: aliases that hooks keep, and what is detached, conjugated, or repeated."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats

REQUIRES = ("tape",)
Vector = floats(shape=(3,), values="finite", dtype=("float32",))
VectorOrNumber = st.one_of(Vector, floats(shape=(), values="finite", dtype=("float32",)))


@case(requires=["hooks", "custom_function", "backward", "detach"])
def hook_keeps_an_alias(torch, x: VectorOrNumber, kind: st.integers(0, 9), whole: st.booleans(), more: st.booleans()):
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

    def passed():
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

    passed().backward()
    x.grad.add_(1)
    torch.autograd.grad(passed(), x)[0].add_(1)


@case(requires=["custom_function", "hooks", "backward", "detach"])
def detached_part_is_added_to(
    torch, x: floats("float32", shape=(2, 2, 2), values="finite"), kind: st.integers(0, 7), first: st.booleans()
):
    """What backward() detached of memory of its own is added to in place if it fills its part of that."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            part = [
                lambda: (grad * 2).mT,
                lambda: torch.cat([grad, grad])[1:3],
                lambda: torch.cat([grad, grad])[::2],
                lambda: torch.cat([grad, grad], 1)[:, :2],
                lambda: grad[:1].clone().expand(2, 2, 2),
                lambda: grad.mT,
                lambda: (grad * 2).permute(1, 0, 2),
                lambda: (grad * 2).permute(2, 0, 1),
            ][kind]()
            return (part.detach(), grad.clone()) if first else (grad.clone(), part.detach())

    def look(grad):
        grad._is_view()

    x.requires_grad_()
    Twice.apply(x, x).mul(2).sum().backward()
    x.grad.add_(1)
    y, z = x + 1, x.mT + 1
    y.register_hook(look)
    z.register_hook(look)
    torch.autograd.grad(Twice.apply(y, y).mul(2).sum(), x)[0]._version
    torch.autograd.grad(Twice.apply(y, z).mul(2).sum(), x)[0]._version


@case(requires=["hooks", "backward", "detach"])
def hook_returns_other_tensors_of_the_same_memory(
    torch, x: Vector, kind: st.integers(0, 6), added: st.booleans(), keeps: st.booleans()
):
    """A gradient that a hook replaces by another Tensor of its memory has the version of that."""
    x.requires_grad_()
    holder = x.detach().clone()

    def replaces(grad):
        other = [
            lambda: grad.view(3, 1).view(3),
            lambda: grad.view(3, 1).data.view(3),
            lambda: grad.view(3, 1).view(3).data,
            lambda: grad.detach(),
            lambda: grad.view(3, 1).detach().view(3),
            lambda: grad.view(3, 1).view(3).detach(),
            lambda: grad.data,
        ][kind]()
        if keeps:
            holder.grad = grad
        return other

    y = x + 1
    y.register_hook(replaces)
    z = y * 2
    (z.sum() + (z * 3).sum() + (y * 3).sum() if added else y.view(3, 1) * 2).sum().backward()
    x.grad.add_(1)
    y = x + 1
    y.register_hook(replaces)
    y.view(3, 1).backward(torch.ones(3, 1))
    x.grad.add_(1)
    torch.autograd.grad((y.sin() + y).sum(), x)[0].add_(1)


@case(requires=["backward", "complex", "hooks", "alias"])
def conjugated_gradient_comes_in(
    torch,
    z: complexes(shape=(3,), values="finite", dtype=("complex64",)),
    kind: st.integers(0, 5),
    hooked: st.booleans(),
):
    """A gradient that is given as a conjugate, or as the imaginary part of one, is a view of it."""
    given = torch.ones(3, dtype=torch.complex64) * (2 + 1j)
    whole = given.conj()
    if kind > 2:
        z, whole = z.imag.clone(), whole.imag
    z.requires_grad_()
    y = [lambda: z.view(3, 1).view(3), lambda: z.view_as(z) + z, lambda: z[:2]][kind % 3]()
    if hooked:
        z.register_hook(lambda grad: None)
    y.backward(whole[:2] if kind % 3 == 2 else whole)
    given.add_(1)
    z.grad.add_(1)


@case(requires=["backward", "complex"])
def complex_gradients_are_added_up(torch, kind: st.integers(0, 3), wide: st.booleans()):
    """Each further complex gradient is multiplied by one as it is added, which signs of zeros show."""
    given = torch.view_as_complex(
        torch.tensor(
            [[0.0, 0.0], [0.0, -0.0], [-0.0, 0.0], [-0.0, -0.0]], dtype=torch.float64 if wide else torch.float32
        )
    )
    z = torch.ones_like(given).requires_grad_()
    y = [
        lambda: z.view(4) + (z + z),
        lambda: (z + z) + z.view(4),
        lambda: z.view(4) + z.view(4, 1).view(4),
        lambda: (z.view(4) + z.view(4)).view(4) + z.view_as(z),
    ][kind]()
    y.backward(given, retain_graph=True)
    torch.view_as_real(z.grad).signbit()
    (grad,) = torch.autograd.grad(y, z, given, retain_graph=True)
    torch.view_as_real(grad).signbit()
    z.register_hook(lambda grad: None)
    z.grad = None
    y.backward(given)
    torch.view_as_real(z.grad).signbit()


@case(requires=["backward", "reductions"])
def extremes_of_a_number(
    torch, x: VectorOrNumber, keepdim: st.booleans(), dim: st.sampled_from([None, 0]), kind: st.integers(0, 2)
):
    """The gradients of both extremes are added up in the leaf's memory, unless summed to a number."""
    x.requires_grad_()
    low, high = torch.aminmax(x) if dim is None else torch.aminmax(x, dim=dim, keepdim=keepdim)
    [lambda: low + high, lambda: low, lambda: high * 2][kind]().sum().backward()
    x.grad._version


@case(requires=["grad", "backward"])
def gradient_of_turned_operands(
    torch, x: floats("float32", shape=(2, 3), values="finite"), kind: st.integers(0, 3), both: st.booleans()
):
    """A captured gradient is laid out as what it is computed of."""
    x.requires_grad_()
    weights = torch.ones(3, 2).mT
    y = [lambda: x * weights, lambda: x * weights + x, lambda: (x * weights).sin() * weights, lambda: x.mT.sin().mT][
        kind
    ]()
    if both:
        torch.autograd.grad([y], [x], [torch.ones(3, 2).mT], retain_graph=True)[0].stride()
    torch.autograd.grad(y.sum(), x, retain_graph=True)[0].stride()
    torch.autograd.grad(y.mul(weights).sum(), x)[0].stride()
