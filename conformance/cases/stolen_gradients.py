"""Gradients that become .grad as they are, over memory that others hold too: PyTorch says stolen."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

SHAPES = st.sampled_from([(), (1,), (3,), (2, 2)])

TO_NUMBER = {
    "view": lambda x: x.view(()),
    "squeeze": lambda x: x.squeeze(),
    "select": lambda x: x[0],
}


@case(requires=["custom_function", "backward", "detach"], covers=["acc.temp_grad_stolen"])
def gradient_handed_back_is_stolen_from_its_aliases(
    torch,
    shape: SHAPES,
    kept: st.sampled_from(["itself", "a detached alias", "a view", "nothing"]),
    twice: st.booleans(),
    begins: st.sampled_from(["at once", "with a product", "with a given gradient"]),
):
    """What backward hands back as it got it is stolen, if nobody but a detached alias has it."""
    keeper = torch.zeros(shape)

    class Back(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            if kept != "nothing":
                keeper.grad = g if kept == "itself" else g.detach() if kept == "a detached alias" else g.view(shape)
            return g, (g if twice else None)

    x, y = torch.ones(shape, requires_grad=True), torch.ones(shape, requires_grad=True)
    z = Back.apply(x, y)
    if begins == "with a given gradient":
        z.backward(torch.full(shape, 3.0))
    else:
        (z if begins == "at once" else z * 2).sum().backward()
    x.grad._version
    x.grad.add_(1)
    if twice:
        y.grad.mul_(2)


@case(requires=["backward", "views", "retain_grad", "alias"], covers=["acc.view_stolen"])
def leaves_behind_views_share_the_gradient_of_a_sum(
    torch,
    x: floats(shape=(1,)),
    y: floats(shape=(1,)),
    one: st.sampled_from(sorted(TO_NUMBER)),
    other: st.sampled_from(sorted(TO_NUMBER)),
    more: st.booleans(),
    watch: st.sampled_from(["nobody", "a hook", "a retained gradient", "a capture", "a second root"]),
):
    """Two leaves of which views are added share one gradient of a number, and its version."""
    x.requires_grad_()
    y.requires_grad_()
    a = TO_NUMBER[one](x)
    z = a + TO_NUMBER[other](y)
    if watch == "a hook":
        y.register_hook(lambda g: None)
    elif watch == "a retained gradient":
        a.retain_grad()
    z = z * 2 if more else z
    if watch == "a capture":
        gx, gy = torch.autograd.grad(z, (x, y))
        gx.add_(1)
        gy.mul_(3)
    else:
        if watch == "a second root":
            torch.autograd.backward((z, z * 3))
        else:
            z.backward()
        x.grad.add_(1)
        y.grad.mul_(3)


@case(requires=["backward", "views", "alias"], covers=["acc.view_stolen"])
def leaves_behind_views_share_the_gradients_of_a_sum(
    torch, x: floats(shape=(2, 2)), y: floats(shape=(2, 2)), g: floats(shape=(4,))
):
    """Two leaves of which views are added share the memory of one gradient, and its version."""
    x.requires_grad_()
    y.requires_grad_()
    ((x.view(4) + y.reshape(4)) * g).sum().backward()
    x.grad.add_(1)
    y.grad.mul_(3)


@case(requires=["backward", "views", "alias"], covers=["acc.view_stolen"])
def leaf_with_holes_steals_what_lies_row_by_row(
    torch, whole: floats(shape=(3, 4)), g: floats(shape=(6,)), turned: st.booleans(), graph: st.booleans()
):
    """A leaf with holes steals a gradient without holes, which lies as it is wanted."""
    x = whole[:, ::2].detach()
    x = (x.t() if turned else x).requires_grad_()
    x.reshape(6).backward(g, create_graph=graph)
    g.mul_(2)
    x.unsqueeze(0).sum(0).backward(g.view(x.shape), create_graph=graph)
    x.grad.add_(1)


@case(requires=["backward", "views"])
def gradient_repeats_an_element_of_the_grad(torch, x: floats(shape=(3,)), g: floats(shape=(3,)), more: st.booleans()):
    """A gradient that repeats the last element of the very grad is added to it."""
    x.requires_grad_().backward(g)
    x.view(3).backward(x.grad[2:].expand(3))
    x.view(3).backward(x.grad[2].expand(3), create_graph=more)


@case(requires=["backward", "views"])
def gradient_that_begins_a_pass_is_not_added_to(
    torch,
    x: floats(shape=(1,), values="finite"),
    made: st.sampled_from(["a view", "a number", "hooked"]),
    first: st.booleans(),
    often: st.integers(1, 3),
):
    """The gradient that begins a pass is not the memory of a sum, whatever leaf it comes to first."""
    x = x.reshape(()) if made == "a view" else x.sum().detach()
    x.requires_grad_()
    if made == "hooked":
        x.register_hook(lambda g: None)
    y = x * x
    for _ in range(often):
        y = y + x if first else x + y
    y.backward()
    x.grad._version


@case(requires=["backward", "views"], observe="last")
def sum_of_gradients_has_the_version_of_its_additions(
    torch,
    x: floats(shape=(3,), values="finite"),
    often: st.integers(1, 5),
    through: st.sampled_from(["another", "a constant", "a number", "view", "nothing"]),
    held: st.booleans(),
    captured: st.booleans(),
):
    """A sum of gradients counts each addition, whatever it passes on the way to a leaf."""
    x.requires_grad_()
    other = torch.ones(3, requires_grad=True)
    if through == "another":
        y = x + other
    elif through == "a constant":
        y = torch.ones(3) + x
    else:
        y = x + 1 if through == "a number" else x.view(3) if through == "view" else x
    z = y.sin() * other
    for _ in range(often):
        z = z.sin() * y
    total = z.sum()
    del z
    if not held:
        del y
    if captured:
        (g,) = torch.autograd.grad(total, x)
    else:
        total.backward()
        g = x.grad
    g._version
    g.add_(1)


@case(requires=["custom_function", "backward", "detach"])
def detached_gradients_are_added_up(
    torch, x: floats(shape=(3,), values="finite"), order: st.sampled_from([0, 1]), whole: st.booleans()
):
    """A gradient that backward() detached is added to in place where nothing else shows its memory."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return (grad.clone(), grad.detach()) if order else (grad.detach(), grad.clone())

    y = Twice.apply(x.requires_grad_(), x)
    y.sum().backward() if whole else (y / 2).mean().backward()
    x.grad.add_(1)
    (g,) = torch.autograd.grad((Twice.apply(x, x) * x.detach()).sum(), x)
    g._version


@case(requires=["backward", "views", "alias"], covers=["inp.overlap"])
def gradient_may_not_overlap_the_one_it_is_added_to(
    torch, memory: floats("float32", shape=(6,), values="finite"), first: st.integers(0, 3), second: st.integers(0, 3)
):
    """A gradient that shares only a part of its memory with .grad is not added to it."""
    x = torch.ones(3, requires_grad=True)
    x.grad = memory[first : first + 3]
    x.backward(memory[second : second + 3])
    x.view(3, 1).backward(memory[second : second + 3].view(3, 1))
    x.view(1, 3).backward(memory[1:4].view(1, 3))


@case(requires=["backward", "tape"])
def gradient_is_made_a_leaf(torch, x: floats(shape=(2,), values="finite"), seeded: st.booleans(), again: st.booleans()):
    """A .grad that is made to require grad is a leaf as any other."""
    y = x.requires_grad_() * x
    y.backward(torch.ones(2).to(x.dtype)) if seeded else y.sum().backward()
    if again:
        (x * 2).sum().backward()
    g = x.grad.requires_grad_()
    (g * g).sum().backward()
    g.grad
    torch.autograd.grad((g * x).sum(), [g, x])
