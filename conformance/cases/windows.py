"""Windows into memory that are said by strides: their gradients, wherever and however base and window lie."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

BASES = st.sampled_from(
    [
        lambda y: y,
        lambda y: y.t(),
        lambda y: y[2:],
        lambda y: y[:1, :2],
        lambda y: y[:, ::2],
        lambda y: y.t()[:0],
        lambda y: y[:, :1].t().expand(3, 4),
        lambda y: y[1, :1].expand(2, 1),
        lambda y: y.as_strided((3, 1), (1, 0)),
        lambda y: y[:1].expand(2, 6)[:, 1:],
    ]
)
"""Parts of 24 elements: all, turned, from a place on, a few, with holes, none, and such that lie on top of each other."""

WINDOWS = st.lists(
    st.sampled_from(
        [
            ((2, 3), (1, 1), 0),
            ((3, 2), (1, 2), 1),
            ((3, 2), (2, 4), 0),
            ((2, 2, 2), (1, 2, 3), 2),
            ((2, 2, 3), (7, 4, 1), 1),
            ((1, 3), (0, 1), 5),
            ((2, 3), (0, 2), 0),
            ((0,), (1,), 3),
            ((9,), (1,), 14),
            ((2, 1), (4, 7), 0),
            ((2, 2), (3, 1)),
            ((), (), 7),
        ]
    ),
    min_size=1,
    max_size=6,
)


@case(requires=["views", "backward", "create_graph"], covers=["view.is_set_to"])
def gradient_of_a_window_lies_as_what_it_is_taken_of(
    torch, x: floats(shape=(4, 6), values="finite"), part: BASES, windows: WINDOWS, graph: st.booleans()
):
    """The gradient of a window lies as what it was taken of, or by rows where there is nothing."""
    base = part(x.requires_grad_() * 1)
    for window in windows:
        shown = base.as_strided(*window)
        (g,) = torch.autograd.grad((shown * shown).sum(), base, create_graph=graph, retain_graph=True)
        if graph:
            (g * g).sum().backward(retain_graph=True)
        (shown * 2).sum().backward(retain_graph=True)


@case(requires=["views", "in_place", "backward", "create_graph"], covers=["view.is_set_to"])
def gradient_of_memory_lies_as_the_memory_after_a_window_was_written(
    torch,
    u: floats("float32", shape=(6,), values="finite"),
    part: st.sampled_from(
        [
            lambda y: y,
            lambda y: y.t(),
            lambda y: y[2:],
            lambda y: y[3:, ::2],
            lambda y: y.t()[:0],
            lambda y: y[:, :0],
        ]
    ),
    window: st.sampled_from(
        [
            ((2, 3), (6, 1), 0),
            ((3,), (2,), 5),
            ((0,), (1,), 0),
            ((2, 2), (1, 6), 13),
            ((1, 3), (0, 1), 5),
            ((2, 2, 2), (12, 6, 1), 0),
            ((), (), 20),
        ]
    ),
    tracked: st.booleans(),
    graph: st.booleans(),
):
    """A write to a window gives memory a gradient that lies as it does, wherever the window begins."""
    size, stride, offset = window
    base = part(torch.ones(6, 6)).detach()
    w = torch.full(size, 2.0, requires_grad=True)
    if tracked:
        base.mul_(u.requires_grad_().sum())

        def strides(grad):
            grad.stride()

        base.register_hook(strides)
    base.as_strided(size, stride, offset).mul_(w)
    loss = (base * base).sum()
    (g,) = torch.autograd.grad(loss, u if tracked else w, create_graph=graph, retain_graph=True)
    if graph:
        g.sum().backward(retain_graph=True)
    loss.backward()


@case(requires=["views"])
def sizes_and_strides_of_a_window_are_integers(
    torch, x: floats(shape=(6,)), wrong: st.sampled_from(["ab", 1.5, None, (1.5,), ("a",), (2, "b"), [None]])
):
    """A window refuses what is no size, no stride and no place, in the order of its arguments."""
    x.as_strided(wrong, (1,))
    x.as_strided((2,), wrong)
    x.as_strided((2,), (1,), wrong)
    x.as_strided(wrong, wrong, wrong)
    torch.as_strided(x, (2,), wrong)
