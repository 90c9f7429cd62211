"""Tensors that share memory, and gradients that follow what is written through them."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats


@case(requires=["views"], covers=["view.base"])
def view_knows_its_base(torch, x: floats(shape=(2, 3))):
    """A view has the tensor that it looks into as its base, and a view of a view has the same."""
    row = x[0]
    row._is_view()
    row[1:]._base
    x._is_view()


@case(requires=["views"], covers=["view.detach_not_view"])
def some_operations_return_their_operand(torch, x: floats(shape=(2, 3))):
    """contiguous() and to() return the very tensor where there is nothing to do."""
    x.contiguous()
    x.to(x.dtype)
    x.t().contiguous()
    x.reshape(2, 3)


@case(requires=["views"], covers=["view.reshape_copy"])
def reshape_copies_only_where_it_must(torch, x: floats(shape=(2, 3))):
    """reshape() is a view where the strides allow it, and a copy elsewhere."""
    y = x.requires_grad_() * 2
    flat = y.reshape(6)
    across = y.t().reshape(6)
    (flat * 2 + across).sum().backward()


@case(requires=["views"], covers=["view.view_noncontig"])
def view_needs_fitting_strides(torch, x: floats(shape=(2, 3))):
    """view() raises where the strides do not allow the shape."""
    x.view(3, 2)
    x.view(-1)
    x.t().view(6)
    x.view(4)


@case(requires=["views", "in_place", "backward"], covers=["view.inplace_base", "view.regenerated_names"])
def writing_into_a_view_writes_into_its_base(torch, x: floats(shape=(2, 3))):
    """Writing into a view changes the base and its gradient."""
    y = x.requires_grad_() * 2
    v = y[0]
    v.mul_(5)
    (v.sum() + y.sum()).backward()


@case(requires=["views", "in_place", "backward"], covers=["view.inplace_on_base"])
def writing_into_the_base_updates_its_views(torch, x: floats(shape=(2, 3))):
    """Writing into the base changes the value, grad_fn and gradient of views made before."""
    y = x.requires_grad_() * 2
    v = y.t()
    y.mul_(5)
    v.grad_fn
    v.sum().backward()


@case(requires=["views", "in_place", "backward"], covers=["view.sibling", "view.two_writes"])
def writing_through_one_view_shows_in_another(torch, x: floats(shape=(2, 3))):
    """Views of one base see each other's writes, in value and gradient."""
    y = x.requires_grad_() * 2
    row, column = y[0], y[:, 1]
    row.mul_(3)
    column.mul_(7)
    row.sum().backward()


@case(requires=["views", "in_place", "backward"], covers=["view.base_requires_grad"])
def writing_through_a_view_makes_the_base_require_grad(torch, x: floats(shape=(3,))):
    """Writing what requires grad into a view of a plain tensor makes the base require grad."""
    base = torch.zeros(2, 3, dtype=x.dtype)
    v = base[1]
    v.copy_(x.requires_grad_())
    (base * 2).sum().backward()


@case(requires=["views", "in_place"], covers=["view.multi_output", "view.multi_output_index"])
def one_of_several_views_cannot_be_written(torch, x: floats(shape=(2, 3)), index: st.integers(0, 1)):
    """The views that unbind() returns together cannot be written in place."""
    y = x.requires_grad_() * 2
    y.unbind(0)[index].mul_(2)


@case(requires=["views", "in_place"], covers=["view.multi_output_nograd"])
def views_of_plain_tensors_can_be_written(torch, x: floats(shape=(2, 3))):
    """Where nothing requires grad every view can be written."""
    a, b = x.unbind(0)
    a.mul_(2)
    b.add_(a)


@case(requires=["views", "in_place", "backward"], covers=["view.no_grad_both"])
def view_made_and_written_under_no_grad_is_not_tracked(torch, x: floats(shape=(2, 3))):
    """A view that is made and written under no_grad changes the base without a trace in the graph."""
    y = x.requires_grad_() * 2
    with torch.no_grad():
        y[0].zero_()
    y.sum().backward()


@case(requires=["views", "in_place"], covers=["view.iadd_on_index"])
def adding_to_an_item_writes_twice(torch, x: floats(shape=(3,))):
    """x[0] += 1 writes into the view and then assigns the item, which counts as two writes."""
    x[0] += 1
    x._version


@case(requires=["views", "in_place", "backward"], covers=["view.other_arg_grad"])
def operand_of_a_write_through_a_view_gets_its_gradient(
    torch, x: floats(shape=(2, 3)), w: lambda x: floats(x.dtype, shape=(3,))
):
    """The gradient of what is written through a view reaches the operand, too."""
    y = x.requires_grad_() * 2
    y[1].add_(w.requires_grad_())
    (y * 3).sum().backward()


@case(requires=["views", "in_place", "backward"], covers=["view.chain_numeric"])
def view_of_a_view_can_be_written(torch, x: floats(shape=(2, 3))):
    """Writing into a view of a view reaches the base."""
    y = x.requires_grad_() * 2
    y.t()[1:].mul_(5)
    y.sum().backward()


@case(requires=["views", "indexing"], covers=["view.index_is_copy"])
def indexing_by_a_tensor_copies(torch, x: floats(shape=(3,))):
    """Indexing by a tensor or list makes a copy, indexing by numbers and slices a view."""
    x[torch.tensor([0, 2])].zero_()
    x[[0, 1]].zero_()
    x[1:].add_(1)


@case(requires=["views", "backward"], covers=["view.leaf_view"])
def view_of_a_constant_can_require_grad(torch, x: floats(shape=(2, 3))):
    """A view of a plain tensor can be made a leaf that requires grad without its base."""
    row = x[0].requires_grad_()
    (row * 2).sum().backward()
    x.add_(1)


@case(requires=["views", "backward"], covers=["view.base"])
def gradients_of_rows_and_columns_keep_their_strides(
    torch,
    x: floats(shape=(1, 3), values="finite"),
    compute: st.sampled_from([lambda x: x * 2, lambda x: x.sin(), lambda x: x * x, lambda x: x.relu(), lambda x: x**2]),
    column: st.booleans(),
    create: st.booleans(),
):
    """The stride of a single row or column passes through elementwise gradients as any other."""
    y = (x.T if column else x).clone().requires_grad_()
    out = compute(y).transpose(0, 1)
    torch.autograd.grad(out, y, torch.ones(out.shape), create_graph=create)
