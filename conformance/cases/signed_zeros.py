"""Zeros that have a sign, and zero times infinity, which libraries of products leave out."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

ZEROS = st.lists(st.sampled_from([0.0, -0.0, 1.0, -1.0]), min_size=6, max_size=6)
EXTREMES = st.lists(
    st.sampled_from([0.0, -0.0, 1.0, float("inf"), -float("inf"), float("nan")]), min_size=2, max_size=2
)


@case(requires=["tensor"])
def sum_that_begins_with_zero_has_its_sign(torch, values: ZEROS, weighed: st.booleans()):
    """Means of windows and normalized numbers are no negative zeros: sums begin with zero."""
    x = torch.tensor(values, dtype=torch.float64).reshape(2, 3)
    w = torch.ones(3, dtype=torch.float64) if weighed else None
    F = torch.nn.functional
    F.adaptive_avg_pool1d(x, 2).signbit()
    F.adaptive_avg_pool2d(x[None], (1, 2)).signbit()
    F.elu(x, -0.5).signbit()
    F.batch_norm(torch.zeros_like(x) * -1, None, None, w, training=True).signbit()
    F.layer_norm(torch.zeros_like(x) * -1, (3,), w).signbit()


@case(requires=["tensor"])
def factor_of_zero_makes_infinity_nan(torch, a: EXTREMES, b: EXTREMES):
    """Products of matrices have nan for zero times infinity, also where there is one product."""
    column, row = torch.tensor(a).reshape(2, 1), torch.tensor(b).reshape(1, 2)
    torch.mm(column, row[:, :1])
    torch.mm(column[:1], row)
    column @ row
    torch.mv(column, row[0, :1])
    row[0, :1] @ row
    torch.nn.functional.linear(column, row[:, :1])


@case(requires=["tensor"])
def product_times_zero_is_not_computed(
    torch,
    x: floats("float64", shape=(2, 2)),
    a: EXTREMES,
    beta: st.sampled_from([0.0, 0.5, 1.0]),
):
    """addmm and addmv with alpha=0 multiply nothing, so that no nan comes of it."""
    column = torch.tensor(a, dtype=torch.float64)
    torch.addmm(x, column.reshape(2, 1), column.reshape(1, 2), beta=beta, alpha=0)
    torch.addmv(x[0], column.reshape(2, 1), column[:1], beta=beta, alpha=0)
    torch.addr(x, column, column, beta=beta, alpha=0)


@case(requires=["tensor"])
def number_is_scaled_before_it_is_moved(
    torch, w: floats("float64", shape=(4,), values="finite"), number: st.sampled_from([0.0, 1.0, 3.0])
):
    """Beside a weight or a bias group_norm is one factor and one summand a channel."""
    x = torch.full((2, 4), number, dtype=torch.float64)
    torch.nn.functional.group_norm(x, 1, bias=w)
    torch.nn.functional.group_norm(x, 2, w, w)


@case(requires=["tensor"])
def first_number_out_of_range_is_named(
    torch, values: st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, float("nan")]), min_size=4, max_size=4)
):
    """binary_cross_entropy goes by numbers, and at each asks the input before the target."""
    x = torch.tensor(values)
    torch.nn.functional.binary_cross_entropy(x[:2], x[2:])
    torch.nn.functional.binary_cross_entropy(x[2:], x[:2])


@case(requires=["elementwise"])
def singular_values_are_never_minus_zero(
    torch,
    rows: st.lists(st.sampled_from([0.0, -0.0, 1.0]), min_size=4, max_size=4),
    kind: st.sampled_from(["float32", "float64"]),
):
    """svdvals() of what needs no derivative ends with zeros, whose signs are plus."""
    torch.signbit(torch.linalg.svdvals(torch.tensor(rows, dtype=getattr(torch, kind)).reshape(2, 2)))


@case(requires=["backward", "indexing"])
def gradient_of_what_was_picked_is_added_to_zeros(
    torch, values: ZEROS, how: st.sampled_from(["mask", "slice", "index"])
):
    """A negative zero that is sent back to where an element was picked is none there."""
    x = torch.ones(2, 3).requires_grad_()
    picks = {
        "mask": (slice(None), torch.tensor([True, False, True])),
        "slice": (slice(None), slice(0, 2)),
        "index": (slice(None), torch.tensor([2, 0])),
    }
    (found,) = torch.autograd.grad(x[picks[how]], x, torch.tensor(values[:4]).reshape(2, 2))
    found.signbit()
