"""Writes to memory in which elements lie on top of each other."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats


@case(requires=["in_place", "views"], covers=["inp.overlap"])
def operand_may_not_overlap_in_part(
    torch, x: floats(shape=(4,)), operation: st.sampled_from(["add_", "mul_", "copy_", "sub_", "div_"])
):
    """Writing in place raises where an operand shares some of the written elements, or shifts them."""
    getattr(x[1:], operation)(x[:-1])
    getattr(x[:2], operation)(x[1:3])
    getattr(x[:2], operation)(x)
    x._version


@case(requires=["in_place", "views"], covers=["inp.overlap"])
def operand_may_be_the_written_tensor_itself(torch, x: floats(shape=(3, 3))):
    """An operand may be the same view of the written elements, and not a transposed one."""
    x.add_(x)
    x[0].mul_(x[0])
    x.t().add_(x.t())
    x.add_(x.t())
    x.copy_(x.t())
    x[0].add_(x[:, 0])


@case(requires=["in_place", "views"], covers=["inp.overlap"])
def operand_with_holes_is_not_looked_at(torch, x: floats(shape=(6,))):
    """Interleaved views of one tensor may be operand and target of a write."""
    x[::2].add_(x[1::2])
    x[1::2].copy_(x[::2])


@case(requires=["in_place", "views"], covers=["inp.overlap"])
def overlap_is_looked_for_before_shapes(torch, x: floats(shape=(4,)), y: floats("float32", shape=(2,))):
    """Leaves are refused before overlaps, and overlaps before shapes that do not fit."""
    x[:3].add_(x[1:])
    x[:3].mul_(x[2:])
    x[:3].copy_(x[2:])
    x.requires_grad_()
    x.add_(y)
    x.mul_(x[1:])


@case(requires=["out"], covers=["inp.overlap"])
def out_may_not_overlap_in_part(torch, x: floats(shape=(4,))):
    """The tensor given as out may be an operand, and may not share a part of one."""
    torch.add(x[1:], x[:-1], out=x[1:])
    torch.mul(x[1:], x[:-1], out=x[:-1])
    torch.sin(x[:-1], out=x[1:])
    torch.mul(x, x, out=x)


@case(requires=["in_place", "indexing"], covers=["inp.overlap"])
def written_items_may_not_come_from_the_same_tensor(torch, x: floats(shape=(4,))):
    """Assigning by index raises where the values or the indices share memory with the target."""
    x[torch.tensor([0])] = x[1:2]
    x[:2] = x[1:3]
    x[0] = x[1]
    i = torch.arange(4)
    i[i] = 0
    i[i] = i + 0


@case(requires=["in_place", "views"], covers=["inp.expanded"])
def expanded_tensor_can_be_filled(torch, x: floats(shape=(1, 3)), value: st.sampled_from([2.0, -0.5, 3])):
    """A number fills an expanded tensor, and zero_ as well; whatever is copied into it raises."""
    y = x.expand(2, 3)
    y.fill_(value)
    y[0] = value
    y[:, 1] = -value
    y.fill_(torch.tensor(value))
    y[:, 0].zero_()
    y[:] = x
    y.copy_(x)
    y.sin_()
    y.clamp_(0, 1)
    y.zero_()
    y._version


@case(requires=["in_place", "views", "backward"], covers=["view.expand_write", "inp.expanded"])
def expanded_view_that_was_written_has_no_gradient(torch, x: floats(shape=(1, 3))):
    """An expanded view of a tracked tensor can be filled, but not differentiated."""
    y = x.requires_grad_() * 2
    e = y.expand(2, 3)
    e.zero_()
    e[0].add_(1)
    e.grad_fn.name()
    y.grad_fn.name()
    y.sum().backward()


@case(requires=["complex", "in_place", "views"], covers=["inp.overlap", "inp.expanded"])
def expanded_conjugates_and_negatives_are_not_written(
    torch,
    lazy: st.sampled_from(
        [lambda torch, z: z.conj(), lambda torch, z: z.conj().imag, lambda torch, z: torch._neg_view(z)]
    ),
    write: st.sampled_from(
        [
            lambda torch, e: e.fill_(2),
            lambda torch, e: e.zero_(),
            lambda torch, e: e.fill_(torch.tensor(2.0)),
            lambda torch, e: e.copy_(torch.ones(4)),
            lambda torch, e: e.mul_(2),
            lambda torch, e: e.sin_(),
            lambda torch, e: e.masked_fill_(torch.tensor([True, False, False, True]), 3.0),
            lambda torch, e: e.index_put_((torch.tensor([0]),), torch.tensor(3.0, dtype=e.dtype)),
            lambda torch, e: e.index_fill_(0, torch.tensor([0]), 3.0),
            lambda torch, e: e.normal_(),
            lambda torch, e: torch.add(torch.ones(4, dtype=e.dtype), 1, out=e),
        ]
    ),
):
    """No operator writes memory that is shown several times, conjugated or negated."""
    e = lazy(torch, torch.tensor([1 + 2j])).expand(4)
    write(torch, e)
    e[0] = 2.0
    e._version


@case(requires=["complex", "in_place", "views"], covers=["inp.overlap"])
def overlap_with_a_conjugate_is_looked_for_by_copies_alone(
    torch,
    target: st.sampled_from(["plain", "conjugated", "negated"]),
    source: st.sampled_from(["plain", "conjugated", "negated"]),
    name: st.sampled_from(["copy_", "mul_", "add_"]),
    same: st.booleans(),
):
    """A copy refuses overlapping memory, conjugated or not; what computes resolves conjugates first."""
    z = torch.tensor([1 + 2j, 3 - 1j, 0.5j, -2.0])
    kinds = {"plain": lambda t: t, "conjugated": lambda t: t.conj(), "negated": torch._neg_view}
    first, second = (z, z) if same else (z[1:], z[:-1])
    getattr(kinds[target](first), name)(kinds[source](second))
    z._version


@case(requires=["in_place", "indexing", "views"], covers=["inp.overlap"])
def items_with_holes_may_be_written_with_each_other(torch, x: floats(shape=(6,)), start: st.integers(0, 2)):
    """Where target or values have holes assigning by index does not look whether they share memory."""
    i = torch.tensor([0, 1])
    x[::2].index_put_((i,), x[start : start + 2])
    x[1:].index_put_((i,), x[start::2][:2])
    x[::3].index_put_((i,), x[:2].expand(2, 2)[0])
    x[:4].index_put_((i,), x[start : start + 2])


@case(requires=["out", "indexing"], covers=["inp.overlap"])
def result_that_is_read_while_it_is_written(
    torch, x: floats(shape=(3, 3)), name: st.sampled_from(["cross", "along", "linalg"])
):
    """cross() and take_along_dim() refuse a result in the memory of an operand, even in all of it."""
    places = torch.zeros(2, 3, dtype=torch.long)
    for out in (x[:2], x[1:]):
        if name == "cross":
            torch.cross(x[:2], x[1:] * 2, dim=1, out=out)
        elif name == "linalg":
            torch.linalg.cross(x[1:] * 2, x[:2], out=out)
        else:
            torch.take_along_dim(x[:2], places, 1, out=out)
    torch.take_along_dim(places, places, 1, out=places)
