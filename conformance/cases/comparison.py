"""Comparisons, and choices by them."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import bools, broadcastable, cotangent, floats, numbers, same_shape


@case(requires=["comparison"], covers=["dt.uint8_index"])
def comparison_of_tensors(torch, xy: broadcastable(2)):
    """Comparisons broadcast, and are false of nan but for the unequal."""
    x, y = xy
    x < y
    x <= y
    x > y
    x >= y
    x == y
    x != y


@case(requires=["comparison"], covers=["dt.uint8_index"])
def comparison_with_a_number(torch, x: floats(), n: numbers()):
    """A number stands on either side of a comparison."""
    x < n
    n < x
    x == n
    n != x
    x.ge(n)
    torch.le(x, n)


@case(requires=["backward", "where"], covers=["dt.uint8_index"])
def where_divides_the_gradient(
    torch, c: bools(shape=(2, 3)), xy: same_shape(2, dtype="float32", min_dims=0, max_dims=0), g: cotangent((2, 3))
):
    """where() passes the gradient to the chosen operand, and none to the other."""
    x, y = xy
    torch.where(c, x.requires_grad_(), y.requires_grad_()).backward(g)


@case(requires=["backward", "where"], covers=["num.where_nan"])
def where_does_not_hide_nan(torch, x: floats(shape=(3,), values="special")):
    """The gradient of the branch that was not chosen is zero times its derivative, which may be nan."""
    x.requires_grad_()
    torch.where(x > 0, x.sqrt(), 0 * x).sum().backward()


@case(requires=["backward", "where"], covers=["dt.uint8_index"])
def where_takes_numbers(torch, x: floats(), n: numbers("float")):
    """where() takes a number for either operand."""
    x.requires_grad_()
    (torch.where(x > 0, x, n) + torch.where(x > 1, 0.0, x)).sum().backward()


@case(requires=["comparison"], covers=["dt.uint8_index"])
def truth_values_combine(torch, ab: same_shape(2, dtype="bool", values="integers")):
    """Truth values are combined by &, |, ^ and ~, and summed as numbers."""
    a, b = ab
    a & b
    a | b
    a ^ b
    ~a
    a.sum()
    a.any()
    a.all()


@case(requires=["comparison"], covers=["dt.uint8_index"])
def mask_made_by_a_comparison(torch, x: floats(values="finite"), g: lambda x: cotangent(x)):
    """A product with a comparison lets the gradient pass where it holds."""
    y = x.requires_grad_() * (x > 0)
    y.backward(g)


@case(requires=["in_place", "graph"])
def comparison_in_place_counts_its_zeros(
    torch,
    xy: same_shape(2),
    name: st.sampled_from(["lt_", "le_", "gt_", "ge_", "eq_", "ne_"]),
    mutable: st.booleans(),
):
    """Zeros that a comparison in place sends back are written once, but not where writes are watched."""
    x, y = xy
    y.requires_grad_()
    if mutable:
        with torch.autograd.graph.allow_mutation_on_saved_tensors():
            getattr(x, name)(y)
            x.backward(torch.ones_like(x))
    else:
        getattr(x, name)(y)
        x.backward(torch.ones_like(x))
