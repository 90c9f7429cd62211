"""What becomes of one gradient that several wait for: who steals it, where it is added up, and what an error leaves behind."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("tape",)
Vector = floats(shape=(3,), values="finite", dtype=("float32", "float64"))
Number = floats(shape=(), values="finite")


@case(requires=["backward", "mul"])
def value_is_used_at_every_step(torch, x: Vector, w: Vector, n: st.integers(1, 4), added: st.integers(0, 2)):
    """A value that each step of a chain uses gets the gradients of all of them."""
    x.requires_grad_()
    u = x * w
    y = u.sin()
    for i in range(n):
        y = (y + x) * u if i == added - 1 else y * u
    y.sum().backward()


@case(requires=["backward", "add"])
def leaf_and_node_wait_with_one_gradient(torch, x: Vector, z: Vector, kind: st.integers(0, 4), scale: st.booleans()):
    """A leaf copies a gradient that a node waits with, too, which then is added to in place."""
    x.requires_grad_()
    z.requires_grad_()
    w = z + torch.ones(3)
    t = w * 2
    y = [
        lambda: (w + x) + w * 3,
        lambda: x + (w.sin() + w),
        lambda: x + (t * w + w),
        lambda: (x + (x + w) * w) + w,
        lambda: (w.sin() * w + w) + x,
    ][kind]()
    (y * 2 if scale else y).sum().backward()
    x.grad.add_(1)


@case(requires=["backward", "views", "hooks"], observe="last")
def leaves_steal_views_around_a_hook(torch, x: Vector, z: Vector, leaf: st.booleans(), write: st.booleans()):
    """Leaves whose gradients are views of one memory share its version, though a hook runs in between."""
    x.requires_grad_()
    z.requires_grad_()
    u = z.view(3, 1)
    (z if leaf else u).register_hook(lambda grad: None)
    ((u + x.view(3, 1)) * 2).sum().backward()
    (x if write else z).grad.add_(1)


@case(requires=["backward", "hooks", "in_place"], observe="last")
def hook_writes_to_what_a_sum_passes_on(torch, x: Vector, y: Vector, kind: st.integers(0, 3)):
    """What a hook writes to the gradient that a pass begins with is the same pass's alone."""
    x.requires_grad_()
    y.requires_grad_()
    for _ in range(2):
        u = [lambda: x * 3, lambda: x.sum(), lambda: x[0] * y[0], lambda: x + y][kind]()
        u.register_hook(lambda grad: (grad.fill_(5), None)[1])
        u.sum().backward()
    (x * y).sum().backward()


@case(requires=["backward", "views"])
def leaves_steal_views_of_one_gradient(torch, x: Vector, z: Vector, scale: st.booleans()):
    """Leaves whose gradients are views of one memory share it, and its version."""
    x.requires_grad_()
    z.requires_grad_()
    y = x.view(3, 1) + z.view(3, 1)
    (y * 2 if scale else y).backward(torch.ones(3, 1))
    x.grad.add_(1)


@case(requires=["backward", "views"])
def leaves_steal_views_of_one_number(torch, x: Number, z: Number, scale: st.booleans()):
    """Leaves whose gradients are views of one number share its memory."""
    x.requires_grad_()
    z.requires_grad_()
    y = x.view(1).view(()) + z.view(1).view(())
    (y * 2 if scale else y).backward()
    x.grad.add_(1)


@case(requires=["backward", "views"])
def number_is_added_up(torch, x: Number, a: Number, first: st.booleans()):
    """The gradient of a number that is used twice has the version of the memory of its sum."""
    x.requires_grad_()
    y = (x * 2).view(()) + (x + a) if first else (x + a) + (x * 2).view(())
    y.backward()
    z = x + a
    ((z.sin() * z) * z + z).backward()


@case(requires=["backward", "factories"])
def gradient_of_a_leaf_with_steps(
    torch, x: Vector, steps: st.sampled_from([(3, 1), (1, 2), (4, 1), (6, 2)]), flat: st.booleans()
):
    """A gradient is laid out as its leaf if that is dense, and row by row if it is not."""
    memory = torch.full((12,), 1.5)
    leaf = memory.as_strided((3,), (2,)).data if flat else memory.as_strided((2, 3), steps).data
    leaf.requires_grad_()
    (leaf * x).sum().backward()
    (leaf * leaf).sum().backward()


@case(requires=["backward", "views"])
def gradient_of_one_element_is_written_to(torch, x: floats(shape=(1,), values="finite"), way: st.integers(0, 3)):
    """A gradient of one element is the leaf's own."""
    x.requires_grad_()
    [lambda: x.sum(), lambda: x.reshape(()), lambda: x[0], lambda: x.view(1, 1).sum(0).sum()][way]().backward()
    x.grad.add_(1)
    x.sum().backward()


@case(requires=["backward", "hooks"])
def hook_sees_what_was_added_up(torch, x: Vector, z: Vector, where: st.integers(0, 3)):
    """A hook that a pass meets late sees versions of sums, and who holds what, all the same."""
    x.requires_grad_()
    z.requires_grad_()
    u = z + torch.ones(3)
    v = x + u
    y = u.sin() * u + v * 2 + u

    def look(grad):
        grad._version

    def writes(grad):
        grad.mul_(2)

    [z, x, u, z][where].register_hook(writes if where == 3 else look)
    y.sum().backward()
    x.grad.add_(1)


@case(requires=["backward", "hooks"])
def hook_writes_to_a_gradient_of_ones(torch, x: Number, z: Number, expanded: st.booleans()):
    """Ones that a pass begins with are a gradient as any other: shown, and written to by a hook."""
    x.requires_grad_()
    z.requires_grad_()
    a, b = x * 3, z * 2
    if expanded:
        a, b = a.expand(2), b.expand(2)

    def writes(grad):
        grad._is_view()
        grad.clone()

    a.register_hook(writes)
    y = a + b
    (y.sum() if expanded else y).backward()
    (x * 1 + z * 1).backward()


@case(requires=["backward", "hooks", "views"])
def number_waits_in_two_places(torch, x: Number, z: Number, w: Number):
    """A number that waits for two nodes as a hook is met has one memory for both."""
    x.requires_grad_()
    z.requires_grad_()
    w.requires_grad_()
    w.register_hook(lambda grad: grad * 2)
    a, b = x.view(1).view(()), z.view(1).view(())
    c = w.view(())
    (((a + b) + c) * 2).backward()
    x.grad.add_(1)


@case(requires=["backward", "in_place"])
def leaf_that_waits_gets_nothing_of_a_failed_pass(
    torch, x: Vector, z: Vector, w: Vector, complete: st.booleans(), added: st.booleans()
):
    """Where a node fails, leaves have the gradients that were complete, and no others."""
    x.requires_grad_()
    z.requires_grad_()
    w.requires_grad_()
    u = z * 3
    a = x.exp()
    b = a.sin()
    v = w + torch.ones(3)
    y = b * u * z
    if complete:
        y = y + v.sin() * v
    if added:
        y = y + (u + x)
    with torch.no_grad():
        a.add_(1)
    y.sum().backward()


@case(requires=["backward", "without_derivative"])
def leaves_beside_what_has_no_derivative(torch, x: Vector, z: Vector, first: st.booleans()):
    """An operator without a derivative raises in its turn among the leaves that are ready with it."""
    x.requires_grad_()
    z.requires_grad_()
    refused = torch.special.zeta(z.abs() + 2, torch.ones(3, dtype=z.dtype))
    (x * refused if first else refused * x).sum().backward()
    torch.addcmul(x, refused, z).sum().backward()
    torch.addcmul(refused, x, z).sum().backward()
