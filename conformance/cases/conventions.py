"""Gradients where there is more than one choice, or none: ties, kinks, poles and zeros."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, special

tied = st.lists(st.sampled_from([1.0, 2.0, 2.0, 0.0]), min_size=1, max_size=4)


@case(requires=["backward", "max"], covers=["num.max_all"])
def ties_share_the_gradient(torch, values: tied):
    """The gradient of max() and min() is shared evenly among equal elements."""
    x = torch.tensor(values, requires_grad=True)
    x.max().backward()
    x.min().backward()


@case(requires=["backward", "max"], covers=["num.max_all"])
def ties_over_a_dimension_go_to_the_index(torch, values: tied):
    """The gradient of max(dim) goes to the one element whose index is returned."""
    x = torch.tensor(values, requires_grad=True)
    largest, _ = x.max(0)
    smallest, _ = x.min(0)
    (largest * 2 + smallest).backward()


@case(requires=["backward", "max"], covers=["num.max_all"])
def nan_is_the_extreme(torch, x: special(shape=(3,))):
    """max() and min() return nan if there is one, and give it the gradient."""
    x.requires_grad_()
    x.max().backward()
    x.max(0)
    x.min(0)


@case(requires=["backward", "abs"], covers=["num.kinks"])
def kink_has_gradient_zero(torch, x: special(), g: lambda x: cotangent(x)):
    """At zero the gradients of abs, relu and sign are zero."""
    x.requires_grad_()
    (x.abs() + x.relu() + x.sign()).backward(g)


@case(requires=["backward", "norm"], covers=["num.roots"])
def norm_at_zero_has_gradient_zero(torch, shape: st.sampled_from([(), (1,), (3,), (2, 2)])):
    """At zero the gradient of a norm is zero."""
    x = torch.zeros(shape, requires_grad=True)
    x.norm().backward()


@case(requires=["backward", "sqrt"], covers=["num.roots"])
def root_of_zero_has_an_infinite_gradient(torch, x: special(), g: lambda x: cotangent(x)):
    """At zero the gradient of a root is infinite, and below zero it is nan."""
    x.requires_grad_().sqrt().backward(g)


@case(requires=["backward", "log"], covers=["num.roots"])
def logarithm_of_zero_has_an_infinite_gradient(torch, x: special(), g: lambda x: cotangent(x)):
    """At zero the gradient of a logarithm is infinite."""
    x.requires_grad_().log().backward(g)


@case(requires=["backward", "prod"], covers=["num.prod_zeros"])
def product_with_zeros(torch, values: st.lists(st.sampled_from([0.0, 2.0, 3.0, -1.0, 0.0]), min_size=1, max_size=4)):
    """A factor of zero gets the product of the others as its gradient; two zeros leave none to the rest."""
    x = torch.tensor(values, requires_grad=True)
    x.prod().backward()
    x.prod(0).backward()


@case(requires=["backward", "pow"], covers=["num.roots", "num.pow_exponent"])
def power_of_zero(torch, x: special(), n: st.sampled_from([0, 1, 2, 3, 0.5, -1, 0.0, 1.0]), g: lambda x: cotangent(x)):
    """A power to the zeroth has gradient zero everywhere, and other powers their formula's at zero."""
    (x.requires_grad_() ** n).backward(g)


@case(requires=["backward", "pow"], covers=["num.pow_exponent"])
def exponent_at_a_base_of_zero(torch, b: special(shape=(3,), dtype="float32"), e: special(shape=(3,), dtype="float32")):
    """The gradient of an exponent is zero at a base of zero, and nan at a negative one."""
    (b.requires_grad_() ** e.requires_grad_()).sum().backward()


@case(requires=["backward", "div"], covers=["num.roots"])
def quotient_by_zero(torch, x: special(shape=(3,), dtype="float32"), y: special(shape=(3,), dtype="float32")):
    """A quotient by zero is infinite or nan, and so are its gradients."""
    (x.requires_grad_() / y.requires_grad_()).sum().backward()


@case(requires=["backward", "norm"], covers=["num.roots"])
def norm_of_infinities(torch, x: floats("float32", shape=(2,), values="special"), p: st.sampled_from([1, 2, 3])):
    """The norm of infinities is infinite and its gradient follows the formula."""
    x.requires_grad_().norm(p).backward()
