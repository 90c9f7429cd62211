"""How a view came to be decides whether it can be written, and read after its base was written."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats


@case(requires=["views", "no_grad", "in_place"], covers=["view.no_grad_view", "view.no_grad_view_leafbase"])
def view_of_a_leaf_made_under_no_grad_cannot_be_written(torch, x: floats(shape=(2, 3))):
    """A view of a leaf made under no_grad requires grad, and can be written there only."""
    x.requires_grad_()
    with torch.no_grad():
        v = x[0]
    v.is_leaf
    v.mul_(2)
    v.detach_()
    with torch.no_grad():
        v.mul_(2)
    v.requires_grad
    v * 2


@case(requires=["views", "no_grad", "in_place"], covers=["view.no_grad_view"])
def views_of_a_view_made_under_no_grad_cannot_be_written_either(torch, x: floats(shape=(2, 3))):
    """Views of a view made under no_grad are refused by the name of their own node."""
    y = x.requires_grad_() * 2
    with torch.no_grad():
        v = y[0]
    w = v[1:]
    w.mul_(2)
    v.view(3).zero_()


@case(requires=["views", "no_grad", "in_place"], covers=["view.no_grad_indirect"])
def view_made_under_no_grad_is_lost_once_its_base_is_written(torch, x: floats(shape=(2, 3))):
    """A view made under no_grad cannot be used after a tracked write to its base."""
    y = x.requires_grad_() * 2
    with torch.no_grad():
        v = y[0]
    w = v[1:]
    y.add_(1)
    v.requires_grad
    v.grad_fn
    v.is_leaf
    v * 2
    w * 2
    v.detach()
    v.retain_grad()
    v.sum().backward()


@case(requires=["views", "no_grad", "in_place"], covers=["view.no_grad_nonreq"])
def plain_view_made_under_no_grad_takes_no_gradients(torch, x: floats(shape=(3,)), plain: st.booleans()):
    """A plain view made under no_grad takes numbers, and nothing that requires grad."""
    base = torch.zeros(2, 3, dtype=x.dtype)
    with torch.no_grad():
        v = base[1]
    if plain:
        v.add_(x)
    v.mul_(x.requires_grad_())
    v.add_(1)
    base.requires_grad


@case(requires=["views", "in_place"], covers=["view.multi_output_chain"])
def views_of_one_of_several_views_cannot_be_written(torch, x: floats(shape=(2, 3)), index: st.integers(0, 1)):
    """A view of one of several views cannot be written either."""
    y = x.requires_grad_() * 2
    v = y.unbind(0)[index]
    v[1:].add_(1)
    v.view(3, 1).zero_()
    y.split(1)[index].t().mul_(2)
    y.unbind(0)[index].unsqueeze_(0)


@case(requires=["views", "in_place"], covers=["view.multi_output"])
def pieces_that_are_slices_can_be_written(torch, x: floats(shape=(4, 3)), index: st.integers(0, 1)):
    """The pieces of split and chunk cannot be written; those of tensor_split are slices and can."""
    y = x.requires_grad_() * 2
    y.split(2)[index].mul_(2)
    y.split([1, 3])[index].mul_(2)
    y.chunk(2)[index].mul_(2)
    for row in y:
        row.mul_(2)
    y.tensor_split(2)[index].mul_(2)
    y.grad_fn.name()


@case(requires=["views", "in_place"], covers=["view.multi_output_indirect"])
def one_of_several_views_is_lost_once_its_base_is_written(torch, x: floats(shape=(2, 3)), index: st.integers(0, 1)):
    """None of several views can be used after a tracked write to the base, nor views of theirs."""
    y = x.requires_grad_() * 2
    v = y.unbind(0)[index]
    w = v[1:]
    y.add_(1)
    v.requires_grad
    v * 2
    w * 2
    v.grad_fn


@case(requires=["views", "in_place"], covers=["view.multi_output_indirect"])
def several_views_of_a_plain_tensor_are_lost_with_it(torch, x: floats(shape=(2, 3)), index: st.integers(0, 1)):
    """Several views of a plain tensor cannot be used once their base requires grad."""
    base = torch.zeros(2, 3, dtype=x.dtype)
    v = base.unbind(0)[index]
    base.mul_(x.requires_grad_())
    v.requires_grad
    v.grad_fn
    v.mul_(2)


@case(requires=["views", "detach"], covers=["view.multi_output_detach"])
def one_of_several_views_cannot_be_detached_in_place(torch, x: floats(shape=(2, 3)), index: st.integers(0, 1)):
    """detach_() refuses one of several views as it refuses any other, and detach() does not."""
    y = x.requires_grad_() * 2
    v = y.unbind(0)[index]
    v.detach_()
    v[1:].detach_()
    v.detach().mul_(2)


@case(requires=["views", "no_grad", "in_place"], covers=["view.multi_output", "view.no_grad_view"])
def several_views_made_under_no_grad_are_like_one(torch, x: floats(shape=(2, 3)), index: st.integers(0, 1)):
    """Several views made under no_grad are refused as one view made there would be."""
    y = x.requires_grad_() * 2
    with torch.no_grad():
        v = y.unbind(0)[index]
        v.add_(1)
    v.mul_(2)
    v[1:].mul_(2)


@case(requires=["views", "custom_function", "in_place"], covers=["view.custom_function"])
def view_that_a_function_returns_cannot_be_written(torch, x: floats(shape=(2, 3)), same: st.booleans()):
    """The view that a Function returns, or its very input, cannot be written, nor views of it."""

    class Look(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a if same else a.view(-1)

        @staticmethod
        def backward(ctx, grad):
            return grad.view(2, 3)

    y = x.requires_grad_() * 2
    v = Look.apply(y)
    v._is_view()
    v.add_(1)
    v[0].add_(1)
    v.detach_()
    v.sum().backward()


@case(requires=["views", "custom_function", "in_place"], covers=["view.custom_function_indirect"])
def view_that_a_function_returned_is_lost_once_its_base_is_written(torch, x: floats(shape=(2, 3)), same: st.booleans()):
    """The view that a Function returned cannot be used after a tracked write to its base."""

    class Look(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a if same else a.view(-1)

        @staticmethod
        def backward(ctx, grad):
            return grad.view(2, 3)

    y = x.requires_grad_() * 2
    v = Look.apply(y)
    y.add_(1)
    v * 2
    v.grad_fn
    v.sum().backward()


@case(requires=["views", "custom_function", "in_place"], covers=["view.custom_function", "view.multi_output_index"])
def views_that_a_function_returns_together_cannot_be_written(torch, x: floats(shape=(2, 3)), index: st.integers(0, 1)):
    """Each of two views that a Function returns is refused with its number."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.view(-1), a[0]

        @staticmethod
        def backward(ctx, g, h):
            return g.view(2, 3)

    y = x.requires_grad_() * 2
    v = Both.apply(y)[index]
    v.add_(1)
    y.add_(1)
    v.grad_fn


@case(requires=["views", "custom_function", "in_place"], covers=["view.custom_function"])
def plain_view_that_a_function_returns_takes_no_gradients(
    torch, x: floats(shape=(2, 3)), w: floats("float32", shape=(6,))
):
    """The view of a plain tensor that a Function returns can be written with plain values only."""

    class Look(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.view(-1)

        @staticmethod
        def backward(ctx, grad):
            return grad.view(2, 3)

    v = Look.apply(x)
    v.add_(1)
    v.mul_(w.to(x.dtype).requires_grad_())
    v.requires_grad


@case(requires=["views", "custom_function", "in_place", "backward"], covers=["view.multi_return_inplace"])
def function_that_writes_into_a_view_returns_one_tensor(torch, x: floats(shape=(2, 3))):
    """A Function that writes into a view may return no second tensor; one that writes elsewhere may."""

    class Write(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.mark_dirty(a)
            return a.mul_(2), a.sum()

        @staticmethod
        def backward(ctx, g, h):
            return g * 2 + h

    y = x.requires_grad_() * 2
    Write.apply(y[0])
    written, total = Write.apply(y)
    written.grad_fn.name()
    (written.sum() * total).backward()


@case(requires=["views", "inference_mode", "in_place"], covers=["view.inference_view"])
def view_made_in_inference_mode_cannot_be_written_outside(torch, x: floats(shape=(2, 3)), leaf: st.booleans()):
    """A view of a normal tensor made in inference mode is normal, but can be written there only."""
    x.requires_grad_()
    y = x if leaf else x * 2
    with torch.inference_mode():
        v = y[0]
        v.is_inference()
        w = v[1:]
        v.add_(1)
    v.requires_grad
    v.add_(1)
    w.mul_(2)
    v * 2
    v.grad_fn


@case(requires=["views", "inference_mode", "in_place"], covers=["view.inference_view"])
def view_of_a_view_made_in_inference_mode_cannot_be_written(torch, x: floats(shape=(2, 3))):
    """Views of a view made in inference mode cannot be written, nor used once the base was."""
    y = x.requires_grad_() * 2
    with torch.inference_mode():
        v = y[0]
    w = v[1:]
    v.mul_(2)
    w.mul_(2)
    y.add_(1)
    v * 2
    w.grad_fn


@case(requires=["views", "inference_mode", "in_place"], covers=["view.inference_view"])
def plain_view_made_in_inference_mode_takes_no_gradients(torch, x: floats(shape=(3,))):
    """A plain view made in inference mode takes plain values outside, and none that require grad."""
    base = torch.zeros(2, 3, dtype=x.dtype)
    with torch.inference_mode():
        v = base[1]
    v.add_(x)
    v.mul_(x.requires_grad_())
    v._version


@case(requires=["views", "inference_mode", "in_place"], covers=["view.inference_view", "view.multi_output_chain"])
def several_views_of_a_view_made_in_inference_mode_name_that_mode(
    torch, x: floats(shape=(4, 3)), index: st.integers(0, 1), mode: st.sampled_from(["no_grad", "inference_mode"])
):
    """Several views of a view made in inference mode are refused for the mode."""
    y = x.requires_grad_() * 2
    with getattr(torch, mode)():
        v = y[1:]
        with torch.no_grad():
            w = v[1:]
    v.unbind(0)[index].add_(1)
    v.split(1)[index].mul_(2)
    w.add_(1)


@case(requires=["views", "no_grad", "in_place"], covers=["view.no_grad_view"])
def view_of_what_requires_grad_cannot_stop(torch, x: floats(shape=(2, 3))):
    """A view made under no_grad requires grad as long as its base does, whatever it is told."""
    y = x.requires_grad_() * 2
    with torch.no_grad():
        v = y[0]
    v.requires_grad_(False)
    v.requires_grad
    v.requires_grad_()
    v.requires_grad


@case(requires=["inference_mode", "views"])
def memory_read_as_another_type_in_inference_mode(
    torch, x: floats("float32", shape=(2,)), kind: st.sampled_from(["int32", "float32", "int64", "uint8"])
):
    """What view() makes of another type in inference mode is an inference tensor, over ordinary memory."""
    with torch.inference_mode():
        y = x.view(getattr(torch, kind))
        y.is_inference()
        y.zero_()
    y._version
    x._version


@case(requires=["views", "in_place"])
def whole_numbers_are_copied_to_parts_whatever_the_source_requires(
    torch,
    x: floats("float32", shape=(3,), values="finite"),
    kind: st.sampled_from(["long", "bool", "double"]),
    how: st.sampled_from(["split", "unbind", "chunk", "select"]),
    assigned: st.booleans(),
):
    """One of several views of whole numbers takes a copy of what requires grad, which leaves no history."""
    y = getattr(x, kind)()
    part = {"split": lambda: y.split(1)[0], "unbind": lambda: y.unbind()[0], "chunk": lambda: y.chunk(3)[0]}.get(
        how, lambda: y.select(0, 0)
    )()
    source = x[0].detach().requires_grad_()
    if assigned:
        part[...] = source
    else:
        part.copy_(source)
    y.requires_grad


@case(requires=["views", "in_place"])
def stale_view_is_refused_before_its_variance_is_warned_of(
    torch,
    x: floats(shape=(2,), values="finite"),
    name: st.sampled_from(["var", "std", "var_mean", "std_mean"]),
    mode: st.booleans(),
):
    """Of a view whose base was written to an error comes before the warning that it has too few elements."""
    first, _ = x.requires_grad_()
    x.detach().tan_()
    with torch.set_grad_enabled(mode):
        getattr(torch, name)(first)
