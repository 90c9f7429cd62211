"""What a write does to the views of a tensor, their graph, hooks and retained gradients."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

IN_PLACE = st.sampled_from(
    ["t_", "squeeze_", "transpose_", "unsqueeze_", "squeeze_dim", "squeeze_dims", "swapaxes_", "as_strided_"]
)


def shown_otherwise(tensor, name):
    """The tensor after an in-place view operation."""
    if name == "transpose_" or name == "swapaxes_":
        return getattr(tensor, name)(0, 1)
    if name == "unsqueeze_":
        return tensor.unsqueeze_(-1)
    if name == "squeeze_dim":
        return tensor.squeeze_(0)
    if name == "squeeze_dims":
        return tensor.squeeze_((0, 1))
    if name == "as_strided_":
        return tensor.as_strided_((2,), (1,), 1)
    return getattr(tensor, name)()


@case(requires=["views", "in_place", "backward"], covers=["view.base_makes_view_require"])
def views_start_to_require_grad_with_their_base(torch, x: floats(shape=(2, 3))):
    """Writing what requires grad into a plain base makes the views taken before require grad."""
    base = torch.zeros(2, 3, dtype=x.dtype)
    row = base[1]
    item = row[2:]
    base.mul_(x.requires_grad_())
    row.requires_grad
    item.grad_fn
    row.grad_fn
    (row * 2).sum().backward()


@case(requires=["views", "in_place"], covers=["view.base_makes_view_require"], observe="last")
def view_that_nobody_looked_at_counts_as_a_leaf(torch, x: floats(shape=(3,))):
    """A view whose base came to require grad can be written only once its grad_fn was read."""
    base = torch.zeros(3, dtype=x.dtype)
    v, w = base[1:], base[:2]
    base.mul_(x.requires_grad_())
    v.retain_grad()
    v.retains_grad
    w.grad_fn
    w.mul_(2)
    v.mul_(2)


@case(requires=["views", "in_place", "backward"], covers=["view.inplace_views"])
def in_place_view_changes_the_tensor_itself(torch, x: floats(shape=(1, 3)), name: IN_PLACE):
    """A view operation in place returns the tensor, counts as a write, and has its own node."""
    y = x.requires_grad_() * 2
    shown_otherwise(y, name)
    y.grad_fn.name()
    y._is_view()
    y.sum().backward()


@case(requires=["views", "in_place", "backward"], covers=["view.inplace_views"])
def in_place_view_of_a_view_leaves_the_base_alone(torch, x: floats(shape=(2, 3)), name: IN_PLACE):
    """A view that is shown otherwise in place keeps its base, and can be written after."""
    y = x.requires_grad_() * 2
    v = y[:1]
    shown_otherwise(v, name)
    v._base
    y.grad_fn.name()
    v.mul_(3)
    v.grad_fn.name()
    (y.sum() + v.sum()).backward()


@case(requires=["views", "in_place"], covers=["view.inplace_views", "inp.leaf", "inp.view_of_leaf"])
def leaf_cannot_be_shown_otherwise(torch, x: floats(shape=(1, 3)), name: IN_PLACE):
    """An in-place view of a leaf that requires grad raises, or of a view of it."""
    shown_otherwise(x.detach(), name)
    x.shape
    x._version
    x.requires_grad_()
    shown_otherwise(x, name)
    shown_otherwise(x[:, :2], name)
    with torch.no_grad():
        shown_otherwise(x, name)
    x.is_leaf


@case(requires=["complex", "views", "in_place", "backward"], covers=["view.complex", "view.regenerated_names"])
def writing_the_real_parts_writes_the_numbers(torch, x: floats(shape=(3, 2)), part: st.sampled_from(["real", "imag"])):
    """Writing into real or imag rebases the complex tensor and its other views."""
    z = torch.view_as_complex(x.requires_grad_() * 2)
    pairs = torch.view_as_real(z)
    again = torch.view_as_complex(pairs)
    r, i = z.real, z.imag
    getattr(z, part).mul_(3)
    r.grad_fn.name()
    i.grad_fn.name()
    pairs.grad_fn.name()
    again.grad_fn.name()
    pairs[0].mul_(2)
    (z.real * 2 + z.imag).sum().backward()


@case(requires=["complex", "views"], covers=["view.complex"])
def parts_of_complex_tensors_can_be_assigned(torch, x: floats(shape=(3, 2)), w: lambda x: floats(x.dtype, shape=(3,))):
    """Assigning real or imag writes into a complex tensor; real ones have no imaginary part."""
    z = torch.view_as_complex(x.requires_grad_() * 2)
    z.real = w.requires_grad_()
    z.imag = 2
    (z.real + z.imag).sum().backward()
    x.real
    x.imag
    torch.imag(x)
    torch.view_as_real(x)
    torch.view_as_complex(w)
    torch.view_as_complex(x.detach()).real.add_(1)


@case(requires=["views", "in_place"], covers=["view.dtype"])
def bytes_read_as_another_type_are_no_tracked_view(
    torch, x: floats("float32", shape=(2, 4)), to: st.sampled_from(["int32", "int8", "float64", "int16", "float32"])
):
    """view(dtype) reads the same bytes, and is neither differentiable nor a tracked view."""
    y = x.requires_grad_() * 2
    v = y.view(getattr(torch, to))
    v.requires_grad
    v._is_view()
    v.shape
    v.fill_(0)
    y._version
    y.grad_fn.name()
    y.t().view(getattr(torch, to))
    y[0, 0].view(getattr(torch, to))
    y[:, :3].view(getattr(torch, to))


@case(requires=["views", "in_place", "backward"], covers=["view.saved_by_view_op"])
def write_through_a_view_saves_what_it_needs(torch, x: floats(shape=(2, 3)), w: lambda x: floats(x.dtype, shape=(3,))):
    """Multiplying a view by what requires grad saves a copy of the view's old values."""
    y = x.requires_grad_() * 2
    y[0].mul_(w.requires_grad_())
    y[1].exp_()
    (y * y.detach()).sum().backward()


@case(requires=["views", "in_place", "backward"], covers=["view.backward_from_view"])
def view_and_base_have_the_same_gradient(torch, x: floats(shape=(2, 3)), w: lambda x: floats(x.dtype, shape=(3,))):
    """The gradient through a written view is that of the same elements of the base."""
    y = x.requires_grad_() * 2
    v = y[0]
    v.mul_(w.requires_grad_())
    torch.autograd.grad(v.sum(), (x, w), retain_graph=True)
    torch.autograd.grad(y[0].sum(), (x, w), retain_graph=True)
    torch.autograd.grad(y.sum(), (x, w))


@case(requires=["views", "in_place", "backward", "hooks"], covers=["view.retain_grad_on_view", "inp.retain_grad_moves"])
def retained_gradient_moves_with_the_write(
    torch, x: floats(shape=(2, 3)), through: st.sampled_from(["base", "view", "none"])
):
    """A retained gradient is that of the value after the write, of base and view alike."""
    y = x.requires_grad_() * 2
    y.retain_grad()
    v = y[0]
    v.retain_grad()
    if through == "base":
        y.mul_(3)
    elif through == "view":
        v.mul_(3)
    (v * 5 + y[1]).sum().backward(retain_graph=True)
    y.grad
    v.grad
    (y * 7).sum().backward()
    y.grad
    v.grad


@case(requires=["views", "in_place", "backward", "hooks"], covers=["view.hook_on_base", "inp.hooks_after"])
def hook_stays_with_the_value_before_the_write(torch, x: floats(shape=(2, 3))):
    """Hooks of a base and its view stay with the values before a write."""
    seen = []
    y = x.requires_grad_() * 2
    v = y[0]
    y.register_hook(lambda grad: seen.append(grad * 2))
    v.register_hook(lambda grad: seen.append(grad * 3))
    before = v.sum()
    v.mul_(5)
    y._backward_hooks
    y.register_hook(lambda grad: seen.append(grad * 7))
    v.register_hook(lambda grad: seen.append(grad * 11))
    (y.sum() + v.sum() + before).backward()


@case(requires=["views", "no_grad", "in_place"], covers=["view.lazy_regen_no_grad"])
def stale_view_is_derived_anew_under_no_grad_as_well(torch, x: floats(shape=(2, 3))):
    """A view whose base was written gets its new grad_fn when it is read, also under no_grad."""
    y = x.requires_grad_() * 2
    v, w = y[0], y.t()
    y.mul_(3)
    with torch.no_grad():
        v.grad_fn.name()
        (w * 2).requires_grad
        y.add_(1)
        w.grad_fn.name()
    (v.sum() + w.sum()).backward()


@case(requires=["views", "in_place"], covers=["view.base_stays"])
def base_stays_the_same_object(torch, x: floats(shape=(2, 3))):
    """Base and views keep their relation and share one version over writes through either."""
    y = x.requires_grad_() * 2
    v = y[0]
    w = v[1:]
    w.mul_(2)
    y.add_(1)
    w._base
    v._base
    y._is_view()
    y._version
    w._version


@case(requires=["views", "backward"], covers=["view.is_set_to"])
def window_by_strides_adds_up_its_gradient(
    torch,
    x: floats(shape=(6,)),
    window: st.sampled_from([((2, 3), (1, 1)), ((2, 2), (3, 1)), ((2, 3), (0, 2)), ((0,), (1,))]),
):
    """The gradients of elements that as_strided shows twice add up."""
    size, stride = window
    v = x.requires_grad_().as_strided(size, stride)
    (v * v).sum().backward()
    (g,) = torch.autograd.grad(torch.as_strided(x * 2, size, stride, 1).pow(2).sum(), x, create_graph=True)
    g.sum().backward()
    v.is_set_to(x.as_strided(size, stride))  # behind the numbers: a replay with other roundings has it in other memory
    v.is_set_to(x)


@case(requires=["views", "backward"], covers=["view.is_set_to"])
def window_of_an_expanded_tensor_shares_its_gradient(torch, x: floats(shape=(3,)), rows: st.integers(2, 3)):
    """The gradient of a window is shared among the elements that lie in one place."""
    e = x.requires_grad_().clone().expand(rows, 3)
    torch.autograd.grad(e.as_strided((2,), (1,)).sum(), e)
    e.as_strided((2,), (1,), 1).sum().backward()


@case(requires=["views", "in_place", "backward"], covers=["view.is_set_to"])
def window_by_strides_can_be_written(torch, x: floats(shape=(2, 3)), w: lambda x: floats(x.dtype, shape=(2, 2))):
    """Writing into a window said by strides rebases the tensor, wherever the window lies."""
    y = x.requires_grad_() * 2
    v = y[1].as_strided((2, 2), (3, 1), 0)
    v._base
    v.mul_(w.requires_grad_())
    (y * 3).sum().backward()


@case(requires=["views"], covers=["view.is_set_to"])
def window_must_lie_in_the_memory(torch, x: floats(shape=(2, 3))):
    """as_strided raises for a window outside of the memory, and for negative strides."""
    x.as_strided((7,), (1,))
    x.as_strided((2,), (1,), 5)
    x.as_strided((2,), (1,), -1)
    x.as_strided((2,), (-1,))
    x.as_strided((-2,), (1,))
    x.as_strided((2, 2), (1,))
    x.as_strided(2, 1)
    x.as_strided([2], [1], storage_offset=4)


@case(requires=["backward", "in_place", "create_graph", "graph"], covers=["view.inplace_base"])
def result_written_through_a_view_is_saved_as_the_view(
    torch,
    x: floats(shape=(2, 2), values="finite"),
    name: st.sampled_from(["tanh_", "exp_", "sigmoid_", "rsqrt_", "reciprocal_"]),
    part: st.sampled_from(
        [lambda y: y[0], lambda y: y.T, lambda y: y[..., ::2], "view_as_complex", "a part of view_as_complex"]
    ),
    kept: st.booleans(),
):
    """A formula of second order reads a result that was written through a view as the view derived anew."""
    y = x.requires_grad_() * 1
    if isinstance(part, str):
        z = torch.view_as_complex(y)
        v = z if part == "view_as_complex" else z[:1]
    else:
        v = part(y)
    getattr(v, name)()
    if kept:
        y.retain_grad()
    (g,) = torch.autograd.grad([y], [x], [torch.ones(2, 2)], create_graph=True)
    g.backward(torch.ones(2, 2))


@case(requires=["backward", "in_place"], covers=["ver.basic"])
def operand_written_through_a_view_has_filled_zeros(
    torch, x: floats(shape=(2,)), name: st.sampled_from(["gt_", "eq_", "nextafter_", "copysign_", "mul_", "fmod_"])
):
    """The gradient of an operand that does not matter is zeros that were filled, through views as well."""
    z = torch.ones(3)
    y = x.requires_grad_() * 1
    getattr(z[:2], name)(y)
    (g,) = torch.autograd.grad([z], [y], [torch.ones(3)])
    g._version


@case(requires=["complex", "views", "in_place", "backward", "create_graph"], covers=["view.complex"])
def part_read_as_complex_is_derived_by_the_same_steps(
    torch,
    x: floats(shape=(4, 2), values="finite"),
    part: st.sampled_from([lambda y: y, lambda y: y[1:], lambda y: y[1:][::2]]),
    through: st.sampled_from(["base", "view", "a part of the view"]),
    graph: st.booleans(),
):
    """Numbers read as complex ones are derived anew from the part that they were read of."""
    y = x.requires_grad_() * 1
    z = torch.view_as_complex(part(y))
    w = torch.tensor(1 + 2j, requires_grad=True)
    if through == "base":
        y.mul_(w.abs())
    elif through == "view":
        z.mul_(w)
    else:
        z[1:].mul_(w)
    z.grad_fn.name()
    loss = torch.view_as_real(z).sum() + (y * y).sum()
    (g,) = torch.autograd.grad(loss, x, create_graph=graph, retain_graph=True)
    if graph:
        g.sum().backward(retain_graph=True)
    loss.backward()


@case(requires=["views", "in_place", "backward", "detach"], covers=["view.base_makes_view_require"])
def view_with_a_history_keeps_it_when_its_base_is_detached(
    torch,
    x: floats(shape=(2, 3), values="finite"),
    part: st.sampled_from([lambda y: y[1], lambda y: y.t(), lambda y: y.as_strided((2,), (1,), 1)]),
    later: st.booleans(),
    looked: st.booleans(),
):
    """A view that has a node requires grad although its base was detached in place."""
    y = torch.zeros(2, 3, dtype=x.dtype) if later else x.requires_grad_() * 2
    v = part(y)
    if later:
        y.add_(x.requires_grad_())
    if looked:
        v.grad_fn
    y.detach_()
    v.requires_grad
    v.is_leaf
    (v * x[0, 0]).sum().backward()


@case(requires=["views", "in_place", "backward", "hooks"], covers=["view.retain_grad_on_view", "inp.retain_grad_moves"])
def retained_gradient_is_looked_for_where_the_tensor_is_by_now(
    torch,
    x: floats(shape=(2, 3), values="finite"),
    how: st.sampled_from(["in place", "detached", "a second result", "both results", "through a view"]),
    hooked: st.booleans(),
):
    """A retained gradient is looked for at the old node by the number that the tensor has by now."""
    x.requires_grad_()
    if how in ("a second result", "both results"):
        other, y = torch.var_mean(x, 1)
        if how == "both results":
            other.retain_grad()
    else:
        other, y = x * 3, x * 2
    y.retain_grad()
    v = y[:1]
    v.retain_grad()
    if how == "in place":
        y.t_()
    elif how == "detached":
        y.detach_()
    elif how == "through a view":
        y.t_()
        v.mul_(2)
    if hooked:
        y.grad_fn.register_hook(lambda inputs, outputs: None)
    y.mul_(x.sum())
    y.retains_grad
    v.grad_fn
    v.grad_fn
    v.retains_grad
    (y.sum() + other.sum() + v.sum()).backward()
    y.grad
    v.grad
    other.grad


@case(requires=["views", "in_place", "backward"], covers=["view.complex"])
def write_through_a_view_is_freed_with_its_pass(
    torch,
    x: floats(shape=(2, 2), values="finite"),
    part: st.sampled_from([lambda y: y[0], lambda y: y.view(2, 1, 2)[:, 0].t()[1], lambda y: y.t()[1]]),
    packed: st.booleans(),
    complex: st.booleans(),
):
    """A write through a view that saved nothing is freed by a pass, and kept where that is asked."""
    y = x.requires_grad_() * 1
    w = torch.ones(2, dtype=x.dtype, requires_grad=True)
    if complex:
        torch.view_as_complex(y).real.add_(w)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        if packed:
            y[1].mul_(w)
    part(y).add_(w)
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    y.sum().backward()


COMPOSED = {
    "isfinite": lambda torch, x: x.isfinite(),
    "isclose": lambda torch, x: x.isclose(torch.ones_like(x)),
    "isclose exactly": lambda torch, x: x.isclose(torch.ones_like(x), 0, 0),
    "isreal": lambda torch, x: x.isreal(),
    "isnan": lambda torch, x: x.isnan(),
    "isin": lambda torch, x: torch.isin(x, torch.ones_like(x)),
    "bitwise_not": lambda torch, x: x.bitwise_not(),
    "bitwise_and": lambda torch, x: x.bitwise_and(1),
    "gcd": lambda torch, x: torch.gcd(x, x),
    "bincount": lambda torch, x: x.bincount(),
}


@case(requires=["views", "in_place", "backward"])
def question_about_a_view_that_cannot_be_derived_anew(
    torch,
    x: floats("float32", shape=(2,)),
    name: st.sampled_from(sorted(COMPOSED)),
    how: st.sampled_from(["no_grad", "unbind"]),
):
    """A view that has no gradient any more is refused by questions that are composed of operators."""
    y = x.requires_grad_() * 1
    if how == "no_grad":
        with torch.no_grad():
            view = y.view(2)
    else:
        view = y.view(1, 2).unbind()[0]
    y.mul_(2)
    COMPOSED[name](torch, view)


@case(requires=["views", "in_place", "hooks", "detach"])
def view_of_a_base_that_was_detached_and_written_gives_no_gradient(
    torch,
    x: floats("float32", shape=(2, 1)),
    change: st.sampled_from(["detach", "write", "both"]),
    graph: st.booleans(),
):
    """A view of a leaf that was detached and written since has a node of its own, which leads nowhere."""
    y = x.requires_grad_().transpose(0, 1)
    if change != "write":
        x.detach_()
    if change != "detach":
        x[0:1] = 0
    node = y.grad_fn
    node.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0] * 2,))
    y.backward(torch.ones(1, 2), create_graph=graph)
    x.grad
