"""What is asked of an assigned value, and what indexing saves for backward."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats
from conformance.program import Ellipsis_, List, Slice, Tuple

DTYPES = st.sampled_from(["float32", "float64", "float16", "int64", "uint8", "bool"])
SHAPES = st.sampled_from([(), (1,), (1, 1), (2,), (1, 2), (3, 1), (0,), (2, 2), (1, 2, 2)])
PLACES = st.sampled_from(
    [Ellipsis_(), 0, True, None, Slice(), Slice(0, 1), Tuple(()), Tuple((0, 1)), Tuple((Slice(), 0)), Tuple((True, 0))]
)
PICKS = st.sampled_from(
    [List((0, 1)), List((1, 1)), List((0,)), List((True, False)), List((True, True)), Tuple((Slice(), List((0, 1))))]
    + [
        Tuple((List((0, 1)), List((1, 0)))),
        List((5, 5)),
        List((True, False, True)),
        Tuple((List((0, 1)), List((0, 1, 0)))),
    ]
)
NUMBERS = st.sampled_from(
    [0, -1, 300, 2.7, True, 1e30, float("inf"), float("nan"), -1e30, 70000.0, 10**30, 2 + 1j, 3 + 0j]
)


@case(requires=["backward", "in_place", "indexing"], covers=["inp.setitem_grad"])
def assigned_value_is_copied_filled_in_or_expanded(torch, x: floats(shape=(2, 2)), place: PLACES, shape: SHAPES):
    """An assigned tensor of the place's shape is copied, a scalar filled in, any other expanded."""
    v = torch.ones(shape).requires_grad_()
    y = x.requires_grad_() * 1
    y[place] = v
    y.sum().backward()
    z = x[0, 0] * 1
    z[...] = v
    z[()] = 2.5


@case(requires=["in_place", "indexing"], covers=["inp.setitem_mask"])
def values_at_index_tensors_have_the_type_of_the_target(
    torch, target: DTYPES, kind: DTYPES, picks: PICKS, shape: SHAPES
):
    """Index tensors take values of the target's type only, except for one value at a mask."""
    x = torch.zeros((2, 2), dtype=getattr(torch, target))
    x[picks] = torch.ones(shape, dtype=getattr(torch, kind))


@case(requires=["backward", "in_place", "indexing"], covers=["inp.setitem_mask"])
def value_of_another_type_at_a_mask_keeps_its_own_gradient(
    torch, x: floats("float16", shape=(3,)), v: floats("float32", shape=st.sampled_from([(), (1,)]))
):
    """One value put at a mask gets its gradient in its own type, without a conversion in the graph."""
    y = x.requires_grad_() * 1
    y[[True, False, True]] = v.requires_grad_()
    y.sum().backward()


@case(requires=["in_place", "indexing"], covers=["inp.setitem_nograd_base"])
def integers_filled_with_a_tracked_scalar_require_grad(
    torch, target: DTYPES, place: PLACES, v: st.sampled_from([0.0, 1.0, 2.7])
):
    """A tracked scalar filled in makes even integers require grad, which one that is copied does not."""
    x = torch.zeros((2, 2), dtype=getattr(torch, target))
    v = torch.tensor(v, requires_grad=True)
    x[place] = v
    x.requires_grad = True
    y = torch.zeros((2,), dtype=getattr(torch, target))
    y[[True, False]] = v
    y.requires_grad_()
    z = torch.zeros((), dtype=getattr(torch, target))
    z[...] = v


@case(requires=["in_place", "indexing"])
def assigned_number_is_within_the_range_of_the_type(torch, target: DTYPES, number: NUMBERS):
    """A number that the type of the tensor cannot hold is neither assigned nor filled in."""
    x = torch.zeros((2,), dtype=getattr(torch, target))
    x[0] = number
    x[[True, False]] = number
    x.fill_(number)


@case(requires=["backward", "in_place", "indexing"], covers=["inp.setitem_mask"])
def index_tensors_are_saved(torch, x: floats(shape=(3, 2)), write: st.booleans(), read: st.integers(0, 3)):
    """Indices are saved tensors: freed by backward, and refused by it if they were written to."""
    i = torch.tensor([0, 2])
    y = x.requires_grad_() * 1
    z = y[i] if write else y
    if not write:
        z[i] = 2.5
    node = z.grad_fn
    node._saved_indices
    if read == 0:
        i.add_(0)
        node._saved_indices
    if read == 1:
        with torch.no_grad():
            node._raw_saved_indices[0].register_hooks(lambda t: t * 1, lambda t: t)
        i.add_(0)
    z.sum().backward()
    z.sum().backward()
    node._saved_indices


@case(requires=["in_place", "indexing", "hooks"])
def index_tensors_are_packed(torch, x: floats(shape=(3, 2))):
    """Hooks on saved tensors see the indices of a reading and of an assignment."""
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t * 1, lambda t: t + 0):
        y = x.requires_grad_()[[0, 2]] * 1
        y[[1]] = 2.5
        y[[True, False], 1] = x[0, 0]
    y.sum().backward()


@case(requires=["in_place", "indexing", "inference_mode"])
def inference_tensors_do_not_index_what_is_tracked(torch, x: floats(shape=(3, 2))):
    """Indices made in inference mode are refused where they would be saved."""
    with torch.inference_mode():
        i = torch.tensor([0, 2])
    x[i]
    x[i] = 1
    y = x.requires_grad_() * 1
    y[i]
    y[i] = 1


@case(requires=["backward", "in_place", "indexing"], covers=["inp.setitem_mask"])
def values_of_more_dimensions_than_an_empty_pick_get_no_gradient(
    torch, x: floats(shape=(3,)), dims: st.integers(1, 3), through_view: st.booleans(), create_graph: st.booleans()
):
    """What is put at a mask of nothing may have more dimensions; backward finds its gradient to be wrong."""
    v = torch.ones((1,) * dims).requires_grad_()
    y = x.requires_grad_() * 1
    z = y[:] if through_view else y
    z.index_put_((torch.zeros(3, dtype=torch.bool),), v)
    u = x.index_put((torch.zeros(3, dtype=torch.bool),), v)
    torch.autograd.grad(y.sum(), v, create_graph=create_graph)
    torch.autograd.grad(u.sum(), v, create_graph=create_graph)
