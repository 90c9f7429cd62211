"""Whose memory a gradient is: that of a conjugate, of a sum, of turned operands."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats

REQUIRES = ("tape",)
Vector = floats(shape=(3,), values="finite", dtype=("float32",))
VectorOrNumber = st.one_of(Vector, floats(shape=(), values="finite", dtype=("float32",)))


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
    torch, x: VectorOrNumber, keepdim: st.booleans(), whole: st.booleans(), kind: st.integers(0, 2)
):
    """The gradients of both extremes are added up in the leaf's memory, unless summed to a number."""
    x.requires_grad_()
    low, high = torch.aminmax(x) if whole else torch.aminmax(x, dim=0, keepdim=keepdim)
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
