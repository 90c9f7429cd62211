"""Conjugates that are views: the memory of a complex tensor, and a bit that says to read it otherwise."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, cotangent, floats

NUMBERS = complexes(values="finite", min_dims=1, max_dims=2, empty=False)


@case(requires=["complex", "views"], covers=["cx.views"])
def conjugate_is_a_view(torch, z: complexes(max_dims=2)):
    """conj() shares memory and version with its base and says so; twice it is a view that shows the base."""
    c = z.conj()
    c.is_conj()
    c._base
    again = torch.conj(c)
    again.is_conj()
    c.resolve_conj()
    z.resolve_conj()
    c.clone().is_conj()
    c + 1


@case(requires=["complex", "views"], covers=["cx.views"])
def imaginary_part_of_a_conjugate_has_a_negative_bit(torch, z: complexes(max_dims=2)):
    """real and imag of a conjugate are views of the base's memory, of which imag shows the negatives."""
    c = z.conj()
    imag = c.imag
    imag.is_neg()
    imag.is_conj()
    imag._base
    c.real.is_neg()
    imag.resolve_neg()
    c.resolve_neg()
    torch._neg_view(imag).is_neg()
    imag * 2
    torch.view_as_real(c)
    torch.view_as_real(z)


@case(requires=["complex", "views"], covers=["cx.views"])
def parts_of_real_tensors(torch, x: floats(max_dims=2)):
    """A real tensor is its own real part and conjugate, and has no imaginary part."""
    x.real
    x.conj()
    torch.conj(x)
    x.resolve_conj()
    x.is_conj()
    x.imag
    torch.imag(x)
    torch.view_as_real(x)


@case(requires=["complex", "views"], covers=["cx.views"])
def views_of_a_conjugate_keep_the_bit(torch, z: complexes(shape=(2, 3))):
    """What looks elsewhere keeps the bit of conjugates, what computes or converts does not."""
    c = z.conj()
    c.t().is_conj()
    c[0].is_conj()
    c[:, 1:].is_conj()
    c.unsqueeze(0).is_conj()
    c.reshape(3, 2).is_conj()
    c.expand(2, 2, 3).is_conj()
    c.as_strided((2,), (3,), 1).is_conj()
    c.detach().is_conj()
    c.contiguous().is_conj()
    c.unbind(0)[1].is_conj()
    z.mH.is_conj()
    c.t().contiguous().is_conj()
    c[torch.tensor([0])].is_conj()
    c.to(torch.complex128).is_conj()
    c.repeat(2, 1).is_conj()
    torch.cat([c, c]).is_conj()
    torch.zeros_like(c).is_conj()
    c.conj_physical().is_conj()


@case(requires=["complex", "views", "in_place"], covers=["cx.views"])
def writes_through_a_conjugate_arrive_conjugated(
    torch, z: NUMBERS, number: st.sampled_from([2j, 1 - 3j]), how: st.integers(0, 5)
):
    """What is written through a conjugate or its parts is what it shows; the base has the conjugates."""
    c = z.conj()
    if how == 0:
        c.mul_(number)
    elif how == 1:
        c.fill_(number)
    elif how == 2:
        c[0] = number
    elif how == 3:
        c.imag.add_(2)
    elif how == 4:
        c.copy_(z * number)
    else:
        torch.add(z, number, out=c)
    c.is_conj()
    z.add_(number)


@case(requires=["complex", "views", "backward"], covers=["cx.views"])
def writes_through_a_conjugate_have_gradients(
    torch, z: NUMBERS, g: lambda z: cotangent(z), number: st.sampled_from([2j, 1 - 3j]), through: st.integers(0, 2)
):
    """After a write through a conjugate both it and its base have the new history."""
    y = z.requires_grad_() * 1
    c = y.conj()
    if through == 0:
        c.mul_(number)
    elif through == 1:
        y.mul_(number)
    else:
        c[0].mul_(number)
    y.grad_fn
    c.grad_fn.next_functions
    torch.autograd.grad((y, c), z, (g, g * number))
    z.conj().mul_(2)


@case(requires=["complex"], covers=["cx.views"])
def conjugates_are_not_exported(torch, z: complexes(shape=(2,))):
    """numpy() and view(dtype) refuse what has a conjugate or a negative bit; force=True resolves it."""
    c = z.conj()
    c.numpy()
    c.imag.numpy()
    c.numpy(force=True)
    c.view(torch.float32)
    c.imag.view(torch.int32)
    c.resolve_conj().numpy()
    c.tolist()


@case(requires=["complex"], covers=["cx.views"])
def copies_of_conjugates(torch, copy, z: complexes(shape=(2,))):
    """copy.copy keeps the bit and the memory, copy.deepcopy has the numbers in memory of its own."""
    c = z.conj()
    same = copy.copy(c)
    same.is_conj()
    same.mul_(2)
    copy.deepcopy(c).is_conj()
    copy.copy(c.imag).is_neg()
    copy.deepcopy(c.imag).is_neg()


@case(requires=["complex", "backward"], covers=["cx.grad_layout"])
def gradient_of_a_conjugate_is_lazy(torch, z: complexes(max_dims=2), temporary: st.booleans()):
    """The gradient of conj() is a lazy conjugate, which the leaf steals or copies as any other."""
    y = z.requires_grad_().conj()
    if temporary:
        (y * 2j).backward(torch.ones_like(z))
    else:
        y.backward(torch.ones_like(z) * 1j)
    z.grad.is_conj()
    z.grad._version


@case(requires=["complex", "backward"], covers=["cx.grad_layout"])
def lazy_gradient_is_added_to(torch, z: complexes(max_dims=2), g: lambda z: cotangent(z), times: st.integers(2, 3)):
    """A further gradient is added to a lazy one in place, and it stays lazy."""
    z.requires_grad_()
    for _ in range(times):
        (z.conj() * 2j).backward(g)
    z.grad.is_conj()
    z.grad.zero_()
    z.grad.is_conj()


@case(requires=["complex", "backward", "hooks"], covers=["cx.grad_layout"])
def hooks_are_given_lazy_gradients(torch, z: complexes(max_dims=2), g: lambda z: cotangent(z)):
    """Hooks, retained gradients and autograd.grad get a lazy gradient as it is."""

    def hook(grad):
        grad.is_conj()

    z.requires_grad_().register_hook(hook)
    y = z.conj()
    y.retain_grad()
    w = y.conj()
    w.backward(g, retain_graph=True)
    y.grad.is_conj()
    z.grad.is_conj()
    (lazy,) = torch.autograd.grad(y, z, g)
    lazy.is_conj()


@case(requires=["complex", "create_graph"], covers=["cx.grad_layout"])
def gradients_of_products_conjugate_lazily(torch, z: NUMBERS, g: lambda z: cotangent(z)):
    """Formulas conjugate by views, as the gradient's graph shows; a saved conjugate is unpacked as one."""
    c = z.requires_grad_().conj()
    y = c * c
    y.grad_fn._saved_self.is_conj()
    (first,) = torch.autograd.grad(y, z, g, create_graph=True)
    first.grad_fn.next_functions
    first.is_conj()
    torch.autograd.grad(first, z, g)


@case(requires=["complex", "views", "in_place"])
def copies_of_negatives_are_negated(
    torch,
    z: NUMBERS,
    kind: st.sampled_from(["complex64", "complex128", "float32", "int64", "bool"]),
    whole: st.booleans(),
):
    """What is copied of a negative view is negated where it arrives: -0j among complex numbers, no bool."""
    imag = z.conj().imag
    target = torch.zeros_like(imag).to(getattr(torch, kind))
    if whole:
        target[...] = imag
    else:
        target.copy_(imag)
    imag.to(getattr(torch, kind))
    target.conj().copy_(imag)


@case(requires=["complex", "in_place"])
def nothing_is_copied_to_bools_of_a_negated_view(torch, shape: st.sampled_from([(0,), (2, 0), (2,)])):
    """What is negated is copied to bools only if there is nothing to copy."""
    z = torch.zeros(shape, dtype=torch.complex64)
    torch.ones(shape, dtype=torch.bool).copy_(z.conj().imag)
    torch.ones(shape, dtype=torch.int64).copy_(z.conj().imag)


@case(requires=["complex", "in_place"])
def negatives_are_copied_to_negatives_as_they_lie(
    torch,
    kind: st.sampled_from(["float32", "bool", "int64", "complex64"]),
    to: st.sampled_from(["float32", "bool", "complex64"]),
    negated: st.sampled_from([(True, True), (True, False), (False, True)]),
):
    """What is negated on both sides of a copy is not negated for it; there are no negatives of bools."""
    x = torch.tensor([0.0, -0.0, 1.0, -2.0]).to(getattr(torch, kind))
    target = torch.zeros(4, dtype=getattr(torch, to))
    first = torch._neg_view(target) if negated[0] else target
    first.copy_(torch._neg_view(x) if negated[1] else x)
    target._version
    1 / target
    (torch._neg_view(x) + 1).dtype
