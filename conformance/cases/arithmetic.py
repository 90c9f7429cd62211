"""Sums, products, quotients and powers, of tensors that broadcast and of Python's numbers."""

from hypothesis import strategies as st
from numpy import broadcast_shapes

from conformance.case import case
from conformance.generate import broadcastable, cotangent, floats, nonzero, numbers, positive, same_shape


def of_result(xy):
    """A cotangent for what two tensors broadcast to."""
    x, y = xy
    return cotangent(broadcast_shapes(x.shape, y.shape), x.dtype)


@case(requires=["backward", "add"], covers=["dt.broadcast"])
def addition(torch, xy: broadcastable(2), g: of_result):
    """The gradient of a sum reaches both operands, summed to the shape of each."""
    x, y = xy
    (x.requires_grad_() + y.requires_grad_()).backward(g)


@case(requires=["backward", "sub"], covers=["dt.broadcast"])
def subtraction(torch, xy: broadcastable(2), g: of_result):
    """The gradient of a difference reaches the second operand negated."""
    x, y = xy
    (x.requires_grad_() - y.requires_grad_()).backward(g)


@case(requires=["backward", "mul"], covers=["dt.broadcast"])
def multiplication(torch, xy: broadcastable(2), g: of_result):
    """The gradient of a product with respect to one factor is the other factor."""
    x, y = xy
    (x.requires_grad_() * y.requires_grad_()).backward(g)


@case(requires=["backward", "div"], covers=["dt.broadcast"])
def division(torch, xy: broadcastable(2), g: of_result):
    """A quotient is differentiated with respect to numerator and denominator, at zero as well."""
    x, y = xy
    (x.requires_grad_() / y.requires_grad_()).backward(g)


@case(requires=["backward", "pow"], covers=["dt.broadcast", "num.pow_exponent"])
def power_of_tensors(torch, xy: broadcastable(2, values="positive"), g: of_result):
    """A power is differentiated with respect to base and exponent."""
    x, y = xy
    (x.requires_grad_() ** y.requires_grad_()).backward(g)


@case(requires=["backward", "add", "mul"], covers=["dt.broadcast"])
def operands_are_stretched_along_several_dimensions(
    torch,
    shapes: st.sampled_from([((1, 1), (2, 3)), ((2, 3), (1, 1)), ((3, 1, 1), (1, 2, 2)), ((1, 2, 1), (2, 1, 2, 3))]),
    x: lambda shapes: floats("float32", shape=shapes[0], values="finite"),
    y: lambda shapes: floats("float32", shape=shapes[1], values="finite"),
    g: lambda shapes: cotangent(broadcast_shapes(*shapes)),
):
    """The gradient of an operand that is stretched along several dimensions is summed over all of them."""
    x.requires_grad_()
    y.requires_grad_()
    (x * y + x).backward(g)


@case(requires=["backward", "mul", "sum"], covers=["dt.broadcast"], observe="last")
def large_expanded_gradient_is_summed_back(torch, x: floats(shape=(64, 1)), y: floats(shape=(1, 64))):
    """A gradient that sum() expands counts as often as it is repeated, for operands of any size."""
    x.requires_grad_()
    y.requires_grad_()
    for name in (
        "mul",
        "add",
        "sub",
    ):  # of a product the repeated gradient is not summed as it is, but times the other one
        getattr(torch, name)(x, y).sum().backward()


@case(requires=["backward", "neg"])
def negation(torch, x: floats(), g: lambda x: cotangent(x)):
    """The gradient of a negation is negated."""
    (-x.requires_grad_()).backward(g)


@case(requires=["backward", "pow"])
def power_with_a_number_as_exponent(torch, x: floats(), n: numbers("exponent"), g: lambda x: cotangent(x)):
    """A power whose exponent is a number is differentiated with respect to its base."""
    (x.requires_grad_() ** n).backward(g)


@case(requires=["backward", "pow"])
def power_with_a_number_as_base(torch, x: floats(values="finite"), b: st.sampled_from([2, 3.0, 0.5, 1, 10])):
    """A power whose base is a number is differentiated with respect to its exponent."""
    (b ** x.requires_grad_()).sum().backward()
    torch.pow(b, x)


@case(requires=["backward", "add", "mul"])
def numbers_on_the_right(torch, x: floats(), n: numbers(), g: lambda x: cotangent(x)):
    """Numbers stand on the right of every operator."""
    x.requires_grad_()
    ((x + n) * (x - n)).backward(g)
    x * n


@case(requires=["backward", "add", "mul"])
def numbers_on_the_left(torch, x: floats(), n: numbers(), g: lambda x: cotangent(x)):
    """Numbers stand on the left of every operator."""
    x.requires_grad_()
    ((n + x) * (n - x)).backward(g)
    n * x


@case(requires=["backward", "div"])
def quotients_with_numbers(torch, x: nonzero(), n: st.sampled_from([3, 2.0, -1, 0.5]), g: lambda x: cotangent(x)):
    """A quotient by a number and the quotient of a number are differentiated."""
    x.requires_grad_()
    (x / n).backward(g)
    (n / x).backward(g)


@case(requires=["backward", "add", "mul", "div"])
def operators_have_names(torch, xy: same_shape(2, values="nonzero")):
    """Operators have the same results and gradients as the functions and methods of their names."""
    x, y = xy
    x.requires_grad_()
    total = torch.add(x, y) + x.sub(y) + torch.mul(x, y) + x.div(y) + torch.neg(x)
    total.sum().backward()


@case(requires=["backward", "add"])
def addition_scales_its_second_operand(torch, xy: same_shape(2), alpha: st.sampled_from([2, -1, 0.5])):
    """add() and sub() multiply their second operand by alpha."""
    x, y = xy
    z = torch.add(x.requires_grad_(), y.requires_grad_(), alpha=alpha).sub(y, alpha=2)
    z.sum().backward()


@case(requires=["backward", "in_place"])
def arithmetic_in_place(torch, xy: same_shape(2, values="nonzero")):
    """The operators that assign have the gradients of those that do not."""
    x, y = xy
    z = x.requires_grad_() * 1
    z += y.requires_grad_()
    z *= y
    z -= 2
    z /= y
    z.sum().backward()


@case(requires=["add"])
def shapes_that_do_not_broadcast_raise(torch, xy: st.tuples(floats("float32", empty=False), floats("float32"))):
    """Operands whose shapes do not broadcast raise."""
    x, y = xy
    x.requires_grad_() + y
    x * y


@case(requires=["backward", "mul"])
def product_of_many_factors(torch, xs: st.lists(floats(shape=(2,), values="finite"), min_size=2, max_size=4)):
    """A product of several tensors has the gradient of the product rule in each."""
    result = xs[0].requires_grad_()
    for x in xs[1:]:
        result = result * x.requires_grad_()
    result.sum().backward()


@case(requires=["backward", "pow"])
def square_has_twice_the_base_as_gradient(torch, x: floats(), g: lambda x: cotangent(x)):
    """The square by pow(), by the operator and by the product has one gradient."""
    x.requires_grad_()
    (x.pow(2) + x**2 + x * x).backward(g)


@case(requires=["backward", "div"])
def reciprocal(torch, x: positive(), g: lambda x: cotangent(x)):
    """The gradient of a reciprocal is minus its square."""
    (1 / x.requires_grad_()).backward(g)


@case(requires=["backward"])
def polynomial(torch, x: floats(values="finite"), c: st.lists(numbers("float"), min_size=1, max_size=4)):
    """A polynomial written with numbers and powers has the gradient of its terms."""
    x.requires_grad_()
    y = x * 0
    for power, coefficient in enumerate(c):
        y = y + coefficient * x**power
    y.sum().backward()


@case(requires=["backward", "pow"])
def half_as_a_tensor_is_no_root(
    torch,
    values: st.lists(st.sampled_from([-0.0, 0.0, float("-inf"), float("inf"), 2.0, -1.0]), min_size=3, max_size=3),
    kind: st.sampled_from(["float16", "bfloat16", "float32", "float64"]),
    lone: st.booleans(),
):
    """The square root of minus infinity is nan; its power by a tensor of 0.5 is infinite."""
    kind = getattr(torch, kind)
    x = torch.tensor(values, dtype=kind).requires_grad_()
    half = torch.tensor(0.5 if lone else [0.5], dtype=kind)
    x.pow(0.5)
    x.pow(half)
    x.float_power(half)
    (x.detach() * 1).pow_(half.expand(3))
    x.pow(half + 1).sum().backward()
