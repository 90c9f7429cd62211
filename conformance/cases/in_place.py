"""Operations that write into their operand, and the counter that notices them."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, nonzero, same_shape


@case(lecture="in_place", requires=["in_place", "backward"], covers=["inp.self_alias", "ver.basic"])
def overwriting_a_saved_result_raises(torch, x: floats()):
    """backward() raises if a value that it needs was overwritten, and tells both versions."""
    y = x.requires_grad_().sin()
    y *= y
    y.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward"], covers=["inp.saved_output", "inp.multi_bump"])
def version_counts_every_write(torch, x: floats(), writes: st.integers(1, 3)):
    """The version in the error counts every write to the saved value."""
    y = x.requires_grad_().exp()
    for _ in range(writes):
        y.add_(1)
    y.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward"], covers=["inp.saved_input"])
def overwriting_a_saved_operand_raises(torch, x: floats()):
    """backward() raises if an operand that it needs was overwritten."""
    y = x.requires_grad_() * 2
    z = y.sin()
    y.zero_()
    z.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward", "no_grad"], covers=["inp.saved_leaf"])
def overwriting_a_saved_leaf_raises(torch, x: floats()):
    """Updating a leaf between forward and backward pass makes the latter raise."""
    y = x.requires_grad_() * x
    with torch.no_grad():
        x.add_(1)
    y.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward"], covers=["inp.saved_nograd_tensor", "inp.saved_types"])
def overwriting_a_saved_constant_raises(torch, xc: same_shape(2, dtype=("float32", "float64"))):
    """A saved operand that does not require grad is watched as well."""
    x, c = xc
    y = x.requires_grad_() * c
    c += 1
    y.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward", "views"], covers=["inp.saved_output", "view.inplace_base"])
def saved_result_of_a_write_through_a_view_is_named_by_the_view(
    torch,
    x: floats(shape=(3,), values="finite"),
    name: st.sampled_from(["exp_", "sigmoid_", "tanh_"]),
    where: st.integers(0, 3),
):
    """A result that was written through a view, and overwritten, is named by what derives the view."""
    base = x.requires_grad_() * 2
    view = base[:2]
    getattr(view, name)()
    if where == 0:
        base.mul_(2)
    elif where == 1:
        view.mul_(2)
    elif where == 2:
        base[1:].mul_(2)
    else:
        base.mul_(2)
        view.grad_fn
    base.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward", "views"], covers=["inp.saved_view"])
def overwriting_through_the_base_is_noticed(torch, x: floats(shape=(2, 3))):
    """Writing into the base of a saved view makes backward() raise."""
    y = x.requires_grad_() * 2
    z = y[0].exp() * y[1]
    y.mul_(2)
    z.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward"], covers=["inp.not_needed"])
def overwriting_what_is_not_needed_is_harmless(torch, x: floats()):
    """Writing into a result whose value no gradient needs is allowed."""
    y = x.requires_grad_() + 1
    y *= 2
    y -= 3
    y.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward"], covers=["inp.self_grad"])
def operand_that_is_overwritten_is_cloned(torch, xw: same_shape(2)):
    """An in-place operation whose gradient needs the old value saves a copy of it."""
    x, w = xw
    y = x.requires_grad_() * 2
    y.sin_()
    y.mul_(w.requires_grad_())
    y.sum().backward()


@case(lecture="in_place", requires=["in_place"], covers=["inp.leaf", "inp.swap_inplace_leafcheck_order"])
def leaf_cannot_be_written(torch, x: floats()):
    """Writing into a leaf that requires grad raises at once and writes nothing."""
    x.requires_grad_()
    x.mul_(2)
    x.zero_()
    x._version
    x += 1


@case(lecture="in_place", requires=["in_place", "views"], covers=["inp.view_of_leaf"])
def view_of_a_leaf_cannot_be_written(torch, x: floats(shape=(2, 3))):
    """Writing into a view of a leaf that requires grad raises at once."""
    x.requires_grad_()
    x[0].add_(1)
    x.t().mul_(2)
    x.view(6).zero_()


@case(lecture="in_place", requires=["in_place", "indexing"], covers=["inp.leaf"])
def item_of_a_leaf_cannot_be_assigned(torch, x: floats(shape=(2, 3))):
    """Assigning an item of a leaf that requires grad raises at once."""
    x.requires_grad_()
    x[0] = 1
    x[:, 1] = 2.5
    x[1, 2] = x[0, 0] * 2


@case(lecture="in_place", requires=["in_place", "no_grad"], covers=["inp.leaf_no_grad", "ver.no_grad_bumps"])
def leaf_can_be_written_under_no_grad(torch, x: floats()):
    """Under no_grad a leaf is written in place, stays a leaf, and the write is counted."""
    x.requires_grad_()
    with torch.no_grad():
        x += 1
        x.mul_(2)
    x._version


@case(lecture="in_place", requires=["in_place", "no_grad", "views"], covers=["view.leaf_via_view_nograd"])
def leaf_can_be_written_through_a_view_under_no_grad(torch, x: floats(shape=(2, 3))):
    """Under no_grad a leaf is written through its views."""
    x.requires_grad_()
    with torch.no_grad():
        x[0].zero_()
        x[1, 1] = 5
    (x * 2).sum().backward()


@case(lecture="in_place", requires=["in_place"], covers=["ver.basic", "ver.requires_grad_nobump"])
def only_writes_are_counted(torch, x: floats(shape=(2, 3))):
    """A version counts writes in place, and neither reads, views nor flags."""
    x._version
    x.view(6)
    x.requires_grad_(False)
    x.detach()
    x + 1
    x._version
    x.add_(1)
    x[0] = 2
    x._version


@case(lecture="in_place", requires=["in_place"], covers=["ver.shared_views"])
def views_share_one_version(torch, x: floats(shape=(2, 3))):
    """A tensor, its views and its detached twins share one version."""
    row, twin = x[0], x.detach()
    row.add_(1)
    twin.mul_(2)
    row._version
    x._version


@case(lecture="in_place", requires=["in_place"], covers=["ver.readonly"])
def version_is_read_only(torch, x: floats()):
    """The version of a tensor cannot be assigned."""
    x._version = 3


@case(lecture="in_place", requires=["in_place"], covers=["inp.returns_self"])
def in_place_operation_returns_its_operand(torch, x: floats()):
    """An in-place operation returns the very tensor, with a new grad_fn."""
    y = x.requires_grad_() * 2
    z = y.add_(1)
    z.exp_()


@case(lecture="in_place", requires=["in_place", "backward"], covers=["leaf.becomes_nonleaf"])
def constant_starts_to_require_grad(torch, xc: same_shape(2)):
    """Writing what requires grad into a plain tensor makes it require grad, and no leaf any more."""
    x, c = xc
    c.add_(x.requires_grad_() * 2)
    c.sum().backward()


@case(lecture="in_place", requires=["in_place"], covers=["inp.broadcast"])
def result_does_not_grow(torch, x: floats(shape=(3,)), y: floats("float32", shape=(2, 3))):
    """An in-place operation whose result would have another shape raises."""
    x.add_(y)
    x.mul_(y)
    y.to(x.dtype).add_(x)


@case(lecture="in_place", requires=["in_place", "views"], covers=["inp.expanded"])
def expanded_tensor_cannot_be_written(torch, x: floats(shape=(1, 3))):
    """Writing in place raises where several elements share a place in memory."""
    y = x.expand(2, 3)
    y.add_(1)
    y.mul_(x)
    y._version


@case(lecture="in_place", requires=["in_place", "indexing", "backward"], covers=["inp.setitem_grad"])
def assigned_item_gets_the_gradient(torch, x: floats(shape=(2, 3)), v: lambda x: floats(x.dtype, shape=(3,))):
    """Assigning an item cuts the old gradient and routes it to the assigned value."""
    y = x.requires_grad_() * 2
    y[0] = v.requires_grad_() * 3
    (y * y.detach()).sum().backward()


@case(lecture="in_place", requires=["in_place", "indexing", "backward"], covers=["inp.setitem_nograd_base"])
def assigned_item_makes_a_constant_require_grad(torch, x: floats(shape=(3,))):
    """Assigning what requires grad to an item of a plain tensor makes that tensor require grad."""
    c = torch.zeros(2, 3, dtype=x.dtype)
    c[1] = x.requires_grad_()
    (c * 2).sum().backward()


@case(lecture="in_place", requires=["in_place", "backward"], covers=["inp.copy_broadcast"])
def copied_over_tensor_gets_no_gradient(torch, x: floats(shape=(2, 3)), y: floats("float64", shape=(3,))):
    """copy_() broadcasts and casts, and the overwritten value gets a gradient of zero."""
    z = x.requires_grad_() * 2
    z.copy_(y.requires_grad_())
    z.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward", "detach"], covers=["inp.detached_saved"])
def copy_may_be_overwritten(torch, x: nonzero()):
    """Writing into a clone leaves the saved value alone."""
    y = x.requires_grad_().exp()
    y.clone().zero_()
    y.detach().clone().mul_(3)
    y.sum().backward()


@case(lecture="in_place", requires=["in_place", "backward"], covers=["inp.saved_output", "inp.saved_input"])
def error_names_the_node_by_a_short_name(
    torch,
    x: floats(("float32", "float64"), shape=(2, 3)),
    make: st.sampled_from(["sum", "pow", "mean", "clone", "gt_", "copy_", "squeeze", "permute"]),
):
    """Errors name the node of the overwritten value without Backward and the number zero."""
    x.requires_grad_()
    if make in ("gt_", "copy_"):
        y = x * 2
        getattr(y, make)(x)
    elif make == "permute":
        y = x.permute(1, 0)
    else:
        y = getattr(x, make)(*{"sum": (0,), "pow": (x,), "mean": (0,), "squeeze": (0,)}.get(make, ()))
    z = y.sin()
    with torch.no_grad():
        y.add_(1)
    z.sum().backward()


@case(lecture="in_place", requires=["in_place", "indexing"], covers=["inp.leaf", "inp.swap_inplace_leafcheck_order"])
def leaf_is_refused_before_anything_else(torch, x: floats(shape=(2, 3)), y: floats("float64", shape=(5,))):
    """A leaf is refused before indices out of range, shapes and dtypes that do not fit are looked at."""
    x.requires_grad_()
    x.fill_(y)
    x[0].fill_(y)
    x.copy_(y)
    x.add_(y)
    x[torch.tensor([5])] = 1
    x[torch.tensor([0])] = y
    x.index_put_((torch.tensor([5]),), y)


@case(requires=["in_place", "indexing"], covers=["inp.setitem_grad"])
def items_of_a_scalar_cannot_be_assigned(torch, x: floats(shape=()), index: st.sampled_from([0, -1, 1])):
    """A tensor without dimensions has neither items nor slices."""
    x[index]
    x[1:]
    x[:]
    x[index] = 1
    x[1:] = 1
    x[:] = x
    x[...] = 2


@case(requires=["in_place"])
def operators_leave_what_is_no_operand_to_python(
    torch,
    x: floats("float32", shape=(2,), values="finite"),
    other: st.sampled_from([None, "a", [1], True, 2j]),
    tracked: st.booleans(),
):
    """An in-place operator refuses what is neither tensor nor number before it looks at a leaf."""
    x.requires_grad_(tracked)
    x %= other
    x &= other
    x <<= other
    x **= other
    x -= other
    x & other
    other | x


@case(requires=["in_place", "views"])
def negation_writes_what_a_view_shows(
    torch, rows: st.integers(2, 9), apart: st.integers(1, 9), kind: st.sampled_from(["float32", "float64", "int32"])
):
    """neg_() writes to what a view shows and to nothing between, however far its elements lie apart."""
    x = torch.arange(rows * apart, dtype=getattr(torch, kind)).reshape(rows, apart)
    x[:, 0].neg_()
    x[:, -1].neg_()
    x.view(-1)[::apart].neg_()


@case(requires=["backward", "in_place"])
def overwritten_index_is_named_by_its_write(
    torch,
    x: floats(shape=(2, 2), values="distinct"),
    v: floats(shape=()),
    how: st.sampled_from(["fill_", "ge_", "item", "view", "index_fill_", "number"]),
    saved: st.sampled_from(["max", "sort", "gather"]),
):
    """An index that a node saved is named, once it is written, by the write that gave it a history."""
    x.requires_grad_()
    if saved == "gather":
        index = torch.tensor([[0, 1]])
        y = x.gather(0, index)
    else:
        y, index = getattr(x, saved)(0)
    v.requires_grad_()
    if how == "item":
        index[:1] = v
    elif how == "view":
        index.view(-1).fill_(v)
    elif how == "index_fill_":
        index.index_fill_(0, torch.tensor([0]), v)
    elif how == "number":
        index.fill_(0)
    else:
        getattr(index, how)(v)
    y.sum().backward()


@case()
def target_is_looked_at_before_the_operands(
    torch,
    x: floats(shape=(3,)),
    view: st.booleans(),
    name: st.sampled_from(["triu_", "renorm_", "masked_fill_", "index_add_", "logical_and_", "float_power_", "clamp_"]),
):
    """A leaf or its view refuses a write before operands are looked at, unless autograd sees no write."""
    target = x.requires_grad_()[:2] if view else x.requires_grad_()
    long, at = torch.ones(7), torch.tensor([9])
    given = {"triu_": [], "renorm_": [2, 0, 1], "masked_fill_": [long > 0, 1], "index_add_": [0, at, long]}
    getattr(target, name)(*given.get(name, [long]))
    target.div_(2, rounding_mode="up")
