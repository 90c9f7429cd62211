"""Reading and assigning parts of a tensor, by every kind of index."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import bools, floats, indices
from conformance.program import Ellipsis_, List, Slice, Tuple

x23 = floats(shape=(2, 3))

BASIC = st.sampled_from(
    [0, -1, Slice(1), Slice(None, None, 2), Slice(-2, None), Slice(5, None), None, Ellipsis_(), True, False]
    + [Tuple(pair) for pair in [(0, 1), (1, Slice(None, 2)), (Ellipsis_(), -1), (None, 0), (Slice(), None, 2), ()]]
)
ADVANCED = st.sampled_from(
    [List((0, 1)), List((1, 1, 0)), List((-1,)), Tuple((List((0, 1)), List((2, 0)))), Tuple((Slice(), List((2, 2))))]
    + [
        Tuple((List((1,)), Slice(1, None))),
        Tuple((0, List((0, 2)))),
        Tuple((List((True, False)), 1)),
        List((False, True)),
    ]
)
INVALID = st.sampled_from([2, -3, Tuple((0, 3)), Tuple((0, 0, 0)), List((2,)), List((True, False, True)), "row", 1.5])


@case(requires=["backward", "indexing"], covers=["io.index_types"])
def basic_index(torch, x: x23, index: BASIC):
    """Numbers, slices, None and Ellipsis select a part that gets the gradient."""
    y = x.requires_grad_()[index]
    (y * y.detach()).sum().backward()


@case(requires=["backward", "indexing"], covers=["num.duplicates"])
def advanced_index(torch, x: x23, index: ADVANCED):
    """Lists of numbers or truth values pick elements, and one that is picked twice gets both gradients."""
    y = x.requires_grad_()[index]
    (y * y.detach()).sum().backward()


@case(requires=["backward", "indexing"], covers=["num.duplicates"])
def index_by_a_tensor(torch, x: floats(shape=(3, 2)), index: indices(3, max_dims=2)):
    """A tensor of indices picks rows, and one that is picked twice gets both gradients."""
    y = x.requires_grad_()[index]
    (y * 2).sum().backward()


@case(requires=["backward", "indexing"], covers=["inp.setitem_mask"])
def index_by_a_mask(torch, x: x23, mask: bools(shape=(2, 3))):
    """A mask picks the elements where it is true, and only they get a gradient."""
    x.requires_grad_()[mask].sum().backward()
    x[:, mask[0]]


@case(requires=["indexing"], covers=["io.index_types"])
def index_out_of_range(torch, x: x23, index: INVALID):
    """An index that is out of range, too long or of a wrong type raises."""
    x[index]


@case(requires=["indexing"], covers=["io.index_types"])
def scalar_cannot_be_indexed(torch, x: floats(shape=())):
    """A tensor without dimensions is indexed by nothing but None, Ellipsis and the empty tuple."""
    x[()]
    x[None]
    x[...]
    x[0]


@case(requires=["in_place", "backward", "indexing"], covers=["inp.setitem_grad"])
def assignment_to_a_basic_index(torch, x: x23, index: BASIC, value: floats("float32", shape=())):
    """Assigning to a part cuts its old gradient and passes the gradient on to the value."""
    y = x.requires_grad_() * 2
    y[index] = value.requires_grad_()
    (y * y.detach()).sum().backward()


@case(requires=["in_place", "backward", "indexing"], covers=["inp.setitem_mask"])
def assignment_to_an_advanced_index(torch, x: x23, index: ADVANCED):
    """Assigning to picked elements cuts their old gradient and passes the gradient on to the value."""
    y = x.requires_grad_() * 2
    y[index] = (x * 0.5).sum()
    (y * 3).sum().backward()


@case(requires=["in_place", "backward", "indexing"], covers=["inp.setitem_mask"])
def assignment_to_a_mask(torch, x: x23, mask: bools(shape=(2, 3)), value: st.sampled_from([0, -1.5, 7])):
    """Assigning a number where a mask is true leaves the gradient to the other elements."""
    y = x.requires_grad_() * 2
    y[mask] = value
    (y * y.detach()).sum().backward()


@case(requires=["in_place", "indexing"], covers=["inp.broadcast"])
def assigned_value_must_fit(torch, x: x23, value: floats("float32", empty=False)):
    """The value assigned to an item broadcasts to its shape, or the assignment raises."""
    x[0] = value
    x[:, 0] = value
    x[1, 1] = value


@case(requires=["in_place", "indexing"], covers=["inp.copy_broadcast"])
def assigned_value_is_cast(torch, x: floats(("float32", "float64", "float16"), shape=(3,))):
    """The value assigned to an item takes on the dtype of the tensor."""
    x[0] = 1
    x[1] = torch.tensor(2.5, dtype=torch.float64)
    x[2] = True


@case(requires=["in_place", "backward", "indexing"], covers=["inp.setitem_grad"])
def rows_are_filled_one_by_one(torch, x: floats(shape=(3,), values="finite")):
    """A tensor that is filled row by row has the gradient of each row."""
    rows = torch.zeros(2, 3, dtype=x.dtype)
    rows[0] = x.requires_grad_() * 2
    rows[1] = x * x
    rows.sum().backward()


@case(requires=["backward", "indexing"], covers=["io.index_types"])
def index_of_numpy(
    torch, x: x23, numpy, i: st.integers(-3, 3), rows: st.lists(st.integers(0, 1), min_size=1, max_size=3)
):
    """Scalars and arrays of NumPy, and tensors, index as Python's numbers and lists do."""
    x.requires_grad_()
    x[numpy.int64(i)]
    x[:, numpy.int32(i)]
    x[numpy.array(rows)].sum().backward()
    x[torch.tensor(i)]
    x[torch.tensor(rows), numpy.array(rows)].sum().backward()
    x[numpy.array([True, False])]
    x[numpy.float64(0)]


@case(requires=["backward", "indexing"], covers=["io.index_types"])
def index_of_one_truth_value(torch, x: x23, truth: st.booleans()):
    """One truth value makes a new dimension of one element or none, and passes the gradient on."""
    y = x.requires_grad_()[truth]
    y.sum().backward()
    x[torch.tensor(truth)]
    x[..., truth]
    x[None, truth, 0]


@case()
def index_out_of_range_counts_indexed_dimensions(
    torch, x: floats("float32", shape=(2, 3, 2), values="finite"), at: st.sampled_from([-7, 1, 5])
):
    """An index out of range names its dimension among those that tensors index."""
    zero, index = torch.tensor([0]), torch.tensor([at])
    x[:, index]
    x[:, :, index]
    x[None, index]
    x[zero, :, index]
    x[:, x[0] > 0]
    x[:, index] = 1


REFUSED = st.sampled_from([0, -1, 5, -7, None, ..., slice(None), slice(1, None), slice(None, None, 0), True, "index"])


@case(requires=["argument_checks"])
def index_out_of_range_names_its_place_among_the_indices(
    torch,
    shape: st.sampled_from([(2, 3), (3,), (), (2, 2, 2), (2, 0)]),
    items: st.lists(REFUSED, min_size=1, max_size=3),
    write: st.booleans(),
):
    """The complaint about an index counts what stands before it: ellipses and new dimensions, too."""
    x = torch.zeros(shape)
    where = tuple([torch.tensor(1) if item == "index" else item for item in items])
    if write:
        x[where] = 1.0
    else:
        x[where]
