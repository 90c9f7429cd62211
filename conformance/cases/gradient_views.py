"""Gradients that are views of the gradient that a pass starts with, as the formulas of views and sums return them."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats

REQUIRES = ("tape",)

CALLS = {
    "view": lambda x: x.view(3, 2),
    "permute": lambda x: x.permute(1, 0),
    "unsqueeze": lambda x: x.unsqueeze(0),
    "sum": lambda x: x.sum(),
    "sum_dim": lambda x: x.sum(1),
    "cat": lambda x: x.unbind(0)[0],
    "clone": lambda x: x.clone(),
    "mul": lambda x: x * 2,
}
SHAPES = {"permute": (3, 2), "unsqueeze": (1, 2, 3), "view": (3, 2), "sum": (), "sum_dim": (2,)}
HOWS = st.sampled_from(sorted(CALLS))


def _seed(how):
    return cotangent({**SHAPES, "cat": (3,)}.get(how, (2, 3)))


@case(requires=["grad", "alias"])
def gradient_may_be_a_view_of_the_seed(
    torch, x: floats("float32", shape=(2, 3), values="finite"), how: HOWS, g: _seed, w: floats("float32", shape=(2, 3))
):
    """What the formula of a view or of a sum makes of the first gradient is a view of that."""
    y = CALLS[how](x.requires_grad_())
    (found,) = torch.autograd.grad(y, x, g, retain_graph=True)
    found._is_view()
    found._base
    found.copy_(w.requires_grad_())
    y.backward(g)
    x.grad._is_view()


@case(requires=["backward"])
def hook_writes_to_a_view_of_the_seed(torch, x: floats("float32", shape=(2, 3), values="finite"), how: HOWS, g: _seed):
    """A hook that writes to a gradient writes to what the pass started with, if it is a view of that."""
    y = CALLS[how](x.requires_grad_())

    def hook(grad):
        grad._is_view()
        grad._base
        grad[0] = 2

    x.register_hook(hook)
    y.backward(g)


SUMMED = {
    "expand": lambda torch, x: x.expand(4, 2, 3),
    "expand one": lambda torch, x: x[:1].expand(1, 2, 3),
    "add": lambda torch, x: x + torch.ones(4, 2, 3),
    "row": lambda torch, x: torch.ones(4, 3) - x[0],
    "mul": lambda torch, x: x * torch.ones(1, 2, 3),
    "div": lambda torch, x: torch.ones(2, 2, 3) / x[:, :1],
    "maximum": lambda torch, x: torch.maximum(x[0], torch.zeros(2, 3)),
    "where": lambda torch, x: torch.where(x > 0, torch.zeros(()), x[:, 0, None, None].expand(2, 1, 3)),
    "lerp": lambda torch, x: torch.ones(1, 2, 3).lerp(x, 0.5),
}


@case(requires=["backward", "hooks", "alias"])
def hook_sees_what_a_gradient_was_summed_to(
    torch,
    x: floats("float32", shape=(2, 3), values="finite"),
    how: st.sampled_from(sorted(SUMMED)),
    more: st.booleans(),
    flat: st.booleans(),
):
    """A gradient that lost dimensions is a view of the sum, in which these have size 1."""
    y = x.requires_grad_() * 2

    def look(grad):
        grad._is_view()
        grad._base

    y.register_hook(look)
    x.register_hook(look)
    z = SUMMED[how](torch, y)
    (z.sum() if flat else z * 3).sum().backward(create_graph=more)


@case(requires=["backward", "hooks", "alias"])
def window_of_the_seed_is_one_of_its_base(
    torch,
    x: floats("float32", shape=(2, 3), values="finite"),
    how: HOWS,
    g: _seed,
    ways: st.sampled_from(["window", "turned", "detached"]),
    held: st.booleans(),
):
    """What a formula returns of a seed that is a view itself is a view of what that is one of."""
    whole = torch.stack([g, g])
    seed = whole[1].detach() if ways == "detached" else whole[1]
    seed = seed.mT.clone().mT if ways == "turned" and how in ("mul", "clone") else seed
    y = CALLS[how](x.requires_grad_())
    kept = []

    def look(grad):
        grad._is_view()
        grad._base
        grad._version
        if held:
            kept.append(grad._base)

    x.register_hook(look)
    y.backward(seed, retain_graph=True)
    (found,) = torch.autograd.grad(y, x, seed)
    found._base
    found.add_(1)
    whole._version


EMPTY = {
    "view": lambda x: x.view([0]),
    "ravel": lambda x: x.ravel(),
    "unsqueeze": lambda x: x.unsqueeze(0),
    "expand": lambda x: x.expand(2, 0, 3),
    "clone": lambda x: x.clone(),
    "mul": lambda x: x * 2,
}
EMPTY_SHAPES = {"view": (0,), "ravel": (0,), "unsqueeze": (1, 0, 3), "expand": (2, 0, 3)}


@case(requires=["backward"], covers=["acc.user_grad_not_stolen"])
def empty_gradient_counts_the_writes_of_the_seed(
    torch, x: floats("float32", shape=(0, 3)), how: st.sampled_from(sorted(EMPTY))
):
    """An empty gradient that was stolen through a view shares the version of the first one."""
    y = EMPTY[how](x.requires_grad_())
    g = torch.zeros(EMPTY_SHAPES.get(how, (0, 3)))
    y.backward(g, retain_graph=True)
    y.backward(g)


ROUNDED = ("sign", "floor", "ceil", "trunc", "round")


@case(requires=["grad", "views"])
def zero_gradient_of_a_turned_row(
    torch, x: floats("float32", shape=(1, 3), values="finite"), name: st.sampled_from(ROUNDED), turned: st.booleans()
):
    """A gradient of zeros lies as the one it is made from, down to dimensions of size 1."""
    y = getattr(x.requires_grad_(), name)()
    (y.t() if turned else y).backward(torch.ones(3, 1) if turned else torch.ones(3, 1).t())


STEPS = {
    "permute": lambda x: x.permute(1, 0),
    "view": lambda x: x.view(1, 1),
    "sum": lambda x: x.sum(),
    "expand": lambda x: x.expand(2, 1),
    "select": lambda x: x[-1],
    "mul": lambda x: x * 2,
    "itself": lambda x: x,
}


@case(requires=["grad", "views", "requires_grad", "alias"])
def gradients_asked_for_together_may_be_views_of_each_other(
    torch,
    x: floats("float32", shape=(1, 1), values="finite"),
    first: st.sampled_from(sorted(STEPS)),
    second: st.sampled_from(["expand", "mul", "select", "view"]),
):
    """A gradient that a view's formula returns is a view of the gradient that another input gets."""
    y = STEPS[first](x.requires_grad_()) * 1 if first == "itself" else STEPS[first](x.requires_grad_())
    z = y.mul(2) if first in ("sum", "select") and second in ("select", "view") else STEPS[second](y)
    mine, between = torch.autograd.grad(z, (x, y), torch.ones_like(z))
    between.requires_grad_()
    mine.requires_grad
    with torch.no_grad():
        mine.add_(1)
    between._version


@case(requires=["grad", "hooks", "detach", "inference_mode"])
def seed_comes_back_through_a_hook_or_in_inference_mode(
    torch,
    x: floats("float32", shape=(2, 2), values="finite"),
    step: st.sampled_from(["itself", "add", "mul", "view", "t", "sum"]),
    answer: st.sampled_from(["nothing", "detach", "view", "clone"]),
    wants: st.booleans(),
    creates: st.booleans(),
    is_inference: st.booleans(),
):
    """What a hook detached is no view of the seed; what inference mode makes has no version."""
    x.requires_grad_()
    y = {"itself": x, "add": x + 1, "mul": x * 2, "view": x.view(4), "t": x.t(), "sum": x.sum()}[step]
    if answer != "nothing":
        x.register_hook(lambda g: g.detach() if answer == "detach" else g.view(2, 2) if answer == "view" else g.clone())
    with torch.inference_mode(is_inference):
        if step == "sum":
            torch.autograd.grad(y, x, create_graph=creates, retain_graph=True)
        seed = torch.ones_like(y)
        if not is_inference:
            seed.requires_grad_(wants)
        (g,) = torch.autograd.grad(y, x, seed, create_graph=creates)
        g.requires_grad
        g._base


PIECES = {
    "unbind": lambda torch, x: x.unbind()[0],
    "split": lambda torch, x: x.split(2, 1)[0],
    "chunk": lambda torch, x: x.chunk(2, 2)[0],
    "mean": lambda torch, x: x.mean(0),
    "amax": lambda torch, x: x.amax(0),
    "std": lambda torch, x: x.std(0),
    "prod": lambda torch, x: x.prod(0),
    "logsumexp": lambda torch, x: x.logsumexp(0),
    "copy_": lambda torch, x: x.clone().copy_(torch.ones(2, 2, 3)),
}


@case(requires=["grad", "views"], covers=["acc.layout_contract"])
def gradient_of_pieces_is_row_major(
    torch, x: floats("float32", shape=(2, 2, 3), values="finite"), how: st.sampled_from(sorted(PIECES))
):
    """Pieces put together lie row by row, and what is repeated along a dimension as the given gradient."""
    y = PIECES[how](torch, x.requires_grad_())
    turned = torch.ones(tuple(y.shape)[::-1]).permute(tuple(range(y.dim()))[::-1])
    y.backward(turned, retain_graph=True)
    torch.autograd.grad(y, x, turned)


PRODUCTS = {
    "deg2rad": lambda x: x.deg2rad(),
    "clamp": lambda x: x.clamp(-1, 1),
    "clamp_min": lambda x: x.clamp(min=0.5),
    "lerp": lambda x: x.lerp(x.detach(), 0.25),
    "sub": lambda x: x.detach().sub(x, alpha=3),
    "fill_": lambda x: (x * 1).fill_(2),
    "flip": lambda x: x.flip(0),
}


@case(requires=["grad", "views"])
def gradient_of_a_column_from_a_turned_one(
    torch,
    x: floats("float32", shape=(2, 1), values="finite"),
    how: st.sampled_from(sorted(PRODUCTS)),
    wide: st.booleans(),
):
    """What is computed of a column that was turned or expanded lies as that does."""
    y = PRODUCTS[how](x.requires_grad_())
    torch.autograd.grad(y, x, torch.ones(1).expand(2, 1) if wide else torch.ones(1, 2).t())


@case(requires=["grad", "matmul"])
def gradients_of_empty_matrices(torch, n: st.integers(0, 2), m: st.integers(0, 2), k: st.integers(0, 2)):
    """The gradient of a matrix without elements lies as the matrix does, down to its strides."""
    x = torch.zeros(n, m).requires_grad_()
    w = torch.zeros(n, k).requires_grad_()
    y = x.t() @ w
    torch.autograd.grad(y, (x, w), torch.ones(m, k), retain_graph=True)
    y.backward(torch.ones(m, k))


@case(requires=["backward", "alias"])
def parts_of_an_empty_gradient_share_its_version(
    torch, shape: st.sampled_from([(0,), (2, 0), (2, 0, 3)]), how: st.sampled_from(["cat", "vstack", "hstack"])
):
    """Parts of a gradient without elements are its memory: what is added to one counts for all."""
    x = torch.zeros(shape).requires_grad_()
    y = torch.zeros(shape).requires_grad_()
    z = getattr(torch, how)([x, y])
    g = torch.zeros(z.shape)
    z.backward(g, retain_graph=True)
    z.backward(g)
    g._version
    x.grad._version
    y.grad.add_(1)
    g._version
