"""Derivatives where a function has a corner, a jump or a pole, and where operands are tied."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, special, words

EXTREMES = words("maximum minimum fmax fmin")
PIECEWISE = words(
    "relu relu6 elu selu celu leaky_relu hardtanh hardsigmoid hardswish softshrink hardshrink softplus gelu silu "
    "mish logsigmoid"
)
JUMPS = words("sign sgn floor ceil round trunc frac abs")
MODULAR = words("remainder fmod")
CORNERS = st.lists(st.sampled_from([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0, 20.0]), min_size=1, max_size=4)


def pair(dtype: str = "float32") -> st.SearchStrategy:
    """Values among which ties, infinities and nan are common."""
    return special(shape=(4,), dtype=dtype)


@case(requires=["backward"], covers=["num.binary_ties"])
def tied_operands_share_the_gradient(
    torch, x: pair(), y: pair(), name: st.sampled_from(EXTREMES), g: cotangent((4,), "float32")
):
    """maximum() and minimum() halve the gradient of a tie, fmax() and fmin() give it to the first."""
    getattr(torch, name)(x.requires_grad_(), y.requires_grad_()).backward(g)


@case(requires=["backward"], covers=["num.binary_ties"])
def an_operand_tied_with_itself_gets_all(torch, x: pair(), name: st.sampled_from(EXTREMES)):
    """The larger of a tensor and itself has a derivative of one."""
    getattr(torch, name)(x.requires_grad_(), x).sum().backward()


@case(requires=["backward"], covers=["num.binary_ties"])
def bounds_pass_the_gradient(
    torch,
    x: pair(),
    low: st.sampled_from([-1.0, 0.0, None]),
    high: st.sampled_from([1.0, 0.0]),
    g: cotangent((4,), "float32"),
):
    """clamp() passes the gradient where its operand equals a bound."""
    x.requires_grad_().clamp(low, high).backward(g)
    x.clamp_min(high).backward(g)
    x.clamp_max(high).backward(g)


@case(requires=["backward"], covers=["num.binary_ties"])
def tensor_bounds_get_the_gradient_that_they_cut(torch, x: pair(), y: pair(), z: pair(), g: cotangent((4,), "float32")):
    """clamp() gives a bound that is a tensor the gradient where it is the result, and none at a tie."""
    x.requires_grad_().clamp(y.requires_grad_(), z.requires_grad_()).backward(g)
    torch.clamp_min(x, y).backward(g)
    torch.clamp_max(x, z).backward(g)


@case(requires=["backward"], covers=["num.kinks"])
def corners_have_a_derivative(torch, values: CORNERS, name: st.sampled_from(PIECEWISE)):
    """Every activation has one certain derivative at each of its corners."""
    x = torch.tensor(values, requires_grad=True)
    getattr(torch.nn.functional, name)(x).sum().backward()


@case(requires=["backward"], covers=["num.kinks"])
def infinities_have_a_derivative(torch, x: special(dtype="float32"), name: st.sampled_from(PIECEWISE)):
    """An activation of an infinity or of nan has the value and the derivative of its formula."""
    getattr(torch.nn.functional, name)(x.requires_grad_()).sum().backward()


@case(requires=["backward"], covers=["num.kinks", "leaf.zero_grad_ops"])
def jumps_have_a_derivative(torch, x: special(), name: st.sampled_from(JUMPS), g: lambda x: cotangent(x)):
    """The derivative at a jump is that beside it."""
    getattr(torch, name)(x.requires_grad_()).backward(g)


@case(requires=["grad", "create_graph"], covers=["num.double_kinks"])
def corners_have_a_second_derivative(
    torch, values: CORNERS, name: st.sampled_from([n for n in PIECEWISE if n != "hardsigmoid"])
):
    """Every activation but hardsigmoid() has one certain second derivative at each of its corners."""
    x = torch.tensor(values, requires_grad=True)
    (first,) = torch.autograd.grad(getattr(torch.nn.functional, name)(x).sum(), x, create_graph=True)
    torch.autograd.grad(first.sum(), x)


@case(requires=["grad", "create_graph"], covers=["num.double_kinks"])
def hardsigmoid_is_differentiable_once(torch, values: CORNERS):
    """The gradient of hardsigmoid() has a node whose derivative is not implemented."""
    x = torch.tensor(values, requires_grad=True)
    (first,) = torch.autograd.grad(torch.nn.functional.hardsigmoid(x).sum(), x, create_graph=True)
    first.grad_fn
    torch.autograd.grad(first.sum(), x)


@case(requires=["backward"], covers=["num.remainder"])
def remainders_have_the_quotient_as_derivative(
    torch, x: pair(), y: pair(), name: st.sampled_from(MODULAR), g: cotangent((4,), "float32")
):
    """The derivative of a remainder in the divisor is minus the rounded quotient."""
    getattr(torch, name)(x.requires_grad_(), y.requires_grad_()).backward(g)


@case(requires=["backward"], covers=["num.remainder"])
def remainders_by_numbers_pass_the_gradient(
    torch, x: pair(), name: st.sampled_from(MODULAR), n: st.sampled_from([1, 2.0, -1.5]), g: cotangent((4,), "float32")
):
    """A remainder by a number, and a fraction, pass the gradient on as it is."""
    getattr(torch, name)(x.requires_grad_(), n).backward(g)
    x.frac().backward(g)
    (x % n).backward(g)


@case(requires=["backward"], covers=["num.remainder"])
def angle_at_the_origin_has_gradient_zero(torch, x: pair(), y: pair(), g: cotangent((4,), "float32")):
    """atan2() at the origin has gradients of zero, and hypot() those of its formula."""
    torch.atan2(x.requires_grad_(), y.requires_grad_()).backward(g)
    torch.hypot(x, y).backward(g)


@case(requires=["backward"], covers=["num.remainder"])
def sinc_at_zero_has_derivative_zero(torch, x: special(), g: lambda x: cotangent(x)):
    """sinc() is one at zero, and its derivative zero."""
    x.requires_grad_().sinc().backward(g)


@case(requires=["backward"], covers=["num.remainder"])
def sums_of_exponentials_of_infinities(
    torch, x: pair(), y: pair(), name: st.sampled_from(["logaddexp", "logaddexp2"]), g: cotangent((4,), "float32")
):
    """logaddexp() of infinities is one of them, and its gradients follow the formula."""
    getattr(torch, name)(x.requires_grad_(), y.requires_grad_()).backward(g)


@case(requires=["backward"], covers=["num.remainder"])
def zero_times_the_logarithm_of_zero(
    torch, x: pair(), y: pair(), n: st.sampled_from([0.0, 2.0, -1.0]), g: cotangent((4,), "float32")
):
    """xlogy() is zero where its first operand is, except beside nan."""
    torch.xlogy(x.requires_grad_(), y.requires_grad_()).backward(g)
    torch.xlogy(x, n).backward(g)
    torch.xlogy(n, y).backward(g)


@case(requires=["backward"], covers=["num.softmax_inf"])
def softmax_of_minus_infinity(
    torch,
    x: st.lists(st.sampled_from([float("-inf"), float("-inf"), 0.0, 1.0, -2.0]), min_size=2, max_size=4),
    name: st.sampled_from(["softmax", "log_softmax", "logsumexp"]),
    builtins,
):
    """-inf has no part in a softmax, and a softmax of nothing else is nan; so are the gradients."""
    z = torch.tensor(x, requires_grad=True)
    y = getattr(torch, name)(z, 0)
    y.exp().sum().backward()
    y[0:1] if name != "logsumexp" else y


@case(requires=["backward"], covers=["num.softmax_inf"])
def softmax_of_infinity_and_nan(
    torch,
    x: special(shape=(2, 3), dtype="float32"),
    name: st.sampled_from(["softmax", "log_softmax"]),
    dim: st.sampled_from([0, 1]),
):
    """A softmax over infinity or nan is nan, and its gradient as well."""
    z = getattr(torch, name)(x.requires_grad_(), dim)
    z.sum().backward()
    x.logsumexp(dim).sum().backward()


@case(requires=["backward"])
def infinite_gradient_of_a_row_that_is_normalized(
    torch,
    name: st.sampled_from(["layer_norm", "group_norm", "instance_norm"]),
    infinite: st.sampled_from([float("inf"), float("-inf"), float("nan")]),
    at: st.integers(0, 7),
    weighted: st.booleans(),
):
    """An infinite gradient makes nan of its row and of the weight of its channel where the mean meets it."""
    x = torch.tensor([[1.0, 2.5, -1.0, 0.5], [3.0, 0.25, 2.0, 1.0]], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64, requires_grad=True) if weighted else None
    F = torch.nn.functional
    if name == "layer_norm":
        y = F.layer_norm(x, [4], weight)
    elif name == "group_norm":
        y = F.group_norm(x, 2, weight)
    else:
        y = F.instance_norm(x.reshape(1, 2, 4), weight=weight[:2] if weighted else None).reshape(2, 4)
    y.backward(torch.tensor([infinite if i == at else 0.5 * i for i in range(8)], dtype=torch.float64).reshape(2, 4))


@case(requires=["grad", "create_graph"], covers=["num.softmax_inf"])
def masked_softmax_has_second_derivatives(
    torch,
    x: floats(shape=(4,), values="finite", dtype="float32"),
    mask: st.lists(st.booleans(), min_size=4, max_size=4),
    name: st.sampled_from(["softmax", "log_softmax"]),
):
    """A softmax with masked elements has gradients of zero there, and second derivatives."""
    z = x.requires_grad_().masked_fill(torch.tensor(mask), float("-inf"))
    y = getattr(torch, name)(z, 0)
    (grad,) = torch.autograd.grad(y.exp().pow(2).sum(), x, create_graph=True)
    torch.autograd.grad(grad.pow(2).sum(), x)


@case(requires=["backward", "anomaly"])
def nan_among_many_goes_another_way(
    torch,
    values: st.lists(st.sampled_from([float("nan"), 1.0, -0.25, 0.25, -4.0]), min_size=12, max_size=12),
    name: st.sampled_from(["elu", "celu", "selu", "hardswish", "relu6", "hardtanh", "softshrink", "hardshrink"]),
    summed: st.booleans(),
):
    """Vectors make another gradient of nan than what is left over behind the last one."""
    x = torch.tensor(values, dtype=torch.float64).reshape(3, 4).requires_grad_()
    with torch.autograd.detect_anomaly():
        y = getattr(torch.nn.functional, name)(x.exp())
        y.backward(
            torch.ones((), dtype=torch.float64).expand(3, 4) if summed else torch.ones(3, 4, dtype=torch.float64)
        )


@case(requires=["backward", "elementwise"], by_processor=True)
def gradient_of_gelu_ends_far_below_zero(torch, x: floats("float32", shape=(3,), values="positive")):
    """The gradient of gelu is zero where a sum in single precision has absorbed it."""
    x = (-6.6 - x).requires_grad_()
    torch.nn.functional.gelu(x).sqrt().backward(torch.ones(3))
