"""What dtype a result has, and its gradients."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, numbers, tensors

FLOATING = ("float32", "float64", "float16", "bfloat16")
KINDS = (*FLOATING, "int64", "int32", "uint8", "bool")


@case(requires=["promotion"], covers=["dt.promote"])
def result_takes_the_wider_dtype(
    torch, x: tensors(KINDS, "integers", shape=(2,)), y: tensors(KINDS, "integers", shape=(2,))
):
    """Two tensors of different dtypes are promoted to one that holds both."""
    x + y
    x * y


@case(requires=["promotion"], covers=["dt.zero_dim"])
def scalars_do_not_widen(torch, x: tensors(KINDS, "integers", shape=(2,)), y: tensors(KINDS, "integers", shape=())):
    """A tensor without dimensions widens the result only if it is of a higher kind."""
    x + y
    y * x


@case(requires=["promotion"], covers=["dt.zero_dim"])
def numbers_do_not_widen(torch, x: tensors(KINDS, "integers"), n: numbers()):
    """A Python number widens the result only if it is of a higher kind."""
    x + n
    n * x
    x * True


@case(requires=["promotion"], covers=["dt.int_reduce"])
def quotients_are_floating_point(
    torch, x: tensors(KINDS, "integers", shape=(2,)), y: tensors(KINDS, "integers", shape=(2,))
):
    """A quotient is floating point, whatever is divided."""
    x / y
    x / 2


@case(requires=["backward", "promotion"], covers=["dt.promote", "acc.grad_cast"])
def gradient_has_the_dtype_of_its_operand(
    torch, x: floats(FLOATING, shape=(2,), values="finite"), y: floats(FLOATING, shape=(2,), values="finite")
):
    """Each operand gets its gradient in its own dtype."""
    (x.requires_grad_() * y.requires_grad_()).sum().backward()


@case(requires=["backward", "promotion"], covers=["dt.zero_dim", "dt.broadcast"])
def scalar_gets_a_gradient_of_its_own_dtype(torch, x: floats("float32", shape=(3,)), s: floats("float64", shape=())):
    """A scalar of double precision gets a double gradient from a float result."""
    (x.requires_grad_() * s.requires_grad_()).sum().backward()


@case(requires=["backward", "promotion", "complex"], covers=["cx.real_input"])
def real_operand_gets_a_real_gradient(
    torch, x: floats("float32", shape=(2,), values="finite"), z: tensors("complex64", "finite", shape=(2,))
):
    """A real operand of a complex product gets the real part of the gradient."""
    y = x.requires_grad_() * z.requires_grad_()
    y.sum().backward(torch.tensor(1.0 + 2.0j))


@case(requires=["backward", "promotion"], covers=["dt.scalar_backward_dtype"])
def gradient_starts_in_the_dtype_of_the_root(torch, x: floats(FLOATING, values="finite"), g: st.just(1.0)):
    """backward() starts with a one in the dtype of the tensor."""
    y = x.requires_grad_().sum() * g
    y.retain_grad()
    y.backward()
    y.grad


@case(requires=["promotion", "pow"], covers=["dt.int_reduce"])
def powers_of_integers(torch, n: tensors(("int64", "int32", "uint8"), "integers"), exponent: st.integers(-1, 3)):
    """An integer power of integers is an integer, and a negative one raises."""
    n**exponent
    n**2.0
    2**n


@case(requires=["promotion", "in_place"], covers=["inp.dtype"])
def in_place_result_keeps_the_dtype(
    torch, x: tensors(KINDS, "integers", shape=(2,)), y: tensors(KINDS, "integers", shape=(2,))
):
    """An in-place operation keeps the dtype, and raises where the result does not fit."""
    x.add_(y)
    x.mul_(2)


@case(requires=["promotion", "backward"], covers=["dt.promote"])
def losses_of_two_dtypes(
    torch,
    x: tensors(("float32", "float64"), "finite", shape=(2, 3)),
    y: tensors(("float32", "float64"), "finite", shape=(2, 3)),
    name: st.sampled_from(["mse_loss", "smooth_l1_loss", "soft_margin_loss"]),
    reduction: st.sampled_from(["mean", "sum", "none"]),
):
    """A loss between two dtypes hands each operand a gradient of its own dtype."""
    target = y if name == "soft_margin_loss" else y.requires_grad_()
    loss = getattr(torch.nn.functional, name)(x.requires_grad_(), target, reduction=reduction).sum()
    torch.autograd.grad(loss, x, retain_graph=True)
    (dx,) = torch.autograd.grad(loss, x, create_graph=True)
    dx.sum().backward()


@case(requires=["promotion", "backward"])
def quotients_of_numbers_and_integers(
    torch, x: floats(shape=(2,), values="finite"), n: tensors(("int64", "bool", "float32"), "integers", shape=(2,))
):
    """The gradient of addcdiv divides a number in the type of the divisor, which is refused of integers."""
    y = torch.ones(2).addcdiv(x.requires_grad_(), n)
    torch.autograd.grad(y.sum(), x, retain_graph=True)
    torch.autograd.grad(y.sum(), x, create_graph=True)


@case(requires=["promotion"], covers=["dt.promote"])
def complex_number_has_the_precision_of_what_has_dimensions(
    torch,
    x: floats("float64", shape=(2,), values="finite"),
    own: st.sampled_from(["float32", "float64", "bfloat16", "int64"]),
    kind: st.sampled_from(["complex64", "complex128"]),
    name: st.sampled_from(["add", "sub", "mul", "div", "pow", "eq", "atan2", "fmod", "add_", "mul_", "fmod_"]),
):
    """A complex tensor without dimensions makes a floating one complex in the precision that it has."""
    x, z = x.to(getattr(torch, own)), torch.tensor(1.5).to(getattr(torch, kind))
    getattr(x, name)(z)
    z + x


@case(requires=["backward", "promotion", "complex"], covers=["cx.real_input"])
def complex_gradient_of_what_is_filled_in_is_refused(
    torch, z: tensors("complex64", "finite", shape=(2,)), s: floats("float32", shape=(), values="finite")
):
    """Where a real value is filled into complex numbers its gradient is not made real, and refused."""
    mask, index = torch.tensor([True, False]), torch.tensor([0])
    s.requires_grad_()
    z.requires_grad_()
    torch.where(mask, z, s).sum().abs().backward()
    z.masked_fill(mask, s).sum().abs().backward()
    z.index_fill(0, index, s).sum().abs().backward()
    torch.fill(z, s).sum().abs().backward()
    (z * 1).fill_(s).sum().abs().backward()
    put = z * 1
    put[mask] = s
    put.sum().abs().backward()
    s.grad


@case(requires=["create_graph"])
def gradient_of_what_was_reduced_in_another_type_has_the_operands(
    torch,
    x: floats("float32", shape=(2, 3), values="positive"),
    name: st.sampled_from(["sum", "mean", "prod", "nansum", "cumsum", "cumprod", "softmax", "log_softmax"]),
    whole: st.booleans(),
    graph: st.booleans(),
):
    """The gradient of a reduction in another type has the operand's, converted where PyTorch converts it."""
    x.requires_grad_()
    over = () if whole and name in ("sum", "mean", "prod", "nansum") else (1,)
    y = getattr(x, name)(*over, dtype=torch.float64)
    seed = torch.ones_like(y, requires_grad=graph)
    torch.autograd.grad(y, x, seed, create_graph=graph)


@case(requires=["in_place"])
def powers_of_bool_are_bool_or_refused(
    torch,
    kind: st.sampled_from(["bool", "uint8", "int64"]),
    exponent: st.sampled_from([False, True, -1, 0, 1, 2, -1.0, 0.5]),
    number: st.booleans(),
):
    """Of bool only powers of bool are bool; a negative exponent is refused before a type is."""
    x = torch.tensor(True if number else [True, False]).to(getattr(torch, kind))
    x.pow(exponent)
    exponent**x
    x.clone().pow_(exponent)
    torch.pow(x, exponent, out=x.clone())
