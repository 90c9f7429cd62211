"""Integers and truth values have no gradients, and nothing makes them require one."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import bools, broadcastable, dtypes, floats, ints, tensors

REQUIRES = ("tape",)

DISCRETE = ("int64", "int32", "int16", "int8", "uint8", "bool")


@case(lecture="integer_dtypes", covers=["leaf.int_requires"])
def attribute_rejects_integers(torch, x: tensors(DISCRETE, "integers")):
    """Assigning requires_grad = True to an integer or bool tensor raises and leaves it as it was."""
    x.requires_grad = True
    x.requires_grad


@case(lecture="integer_dtypes", covers=["leaf.int_requires"])
def method_rejects_integers(torch, x: tensors(DISCRETE, "integers")):
    """requires_grad_() of an integer or bool tensor raises and leaves it as it was."""
    x.requires_grad_()
    x.requires_grad_(True)
    x.requires_grad


@case(lecture="integer_dtypes", requires=["factories"], covers=["leaf.int_requires"])
def factory_rejects_integers(torch, dtype: dtypes("integer", "bool")):
    """Every factory rejects requires_grad=True for an integer or bool dtype."""
    torch.zeros(2, dtype=dtype, requires_grad=True)
    torch.ones((2, 1), dtype=dtype, requires_grad=True)
    torch.full((2,), 1, dtype=dtype, requires_grad=True)
    torch.tensor([1, 0], dtype=dtype, requires_grad=True)


@case(lecture="integer_dtypes", requires=["factories"], covers=["leaf.int_requires"])
def factory_rejects_python_integers(torch):
    """torch.tensor of Python integers rejects requires_grad=True; of floats it takes it."""
    torch.tensor([1, 10], requires_grad=True)
    torch.tensor(True, requires_grad=True)
    torch.tensor([1.0, 10.0], requires_grad=True)
    torch.tensor([1, 10.0], requires_grad=True)


@case(lecture="integer_dtypes", covers=["leaf.int_requires_false"])
def integers_may_be_told_not_to_require_grad(torch, x: tensors(DISCRETE, "integers")):
    """Switching requires_grad off is accepted of an integer tensor."""
    x.requires_grad = False
    x.requires_grad_(False)
    torch.zeros_like(x, requires_grad=False)


@case(lecture="integer_dtypes", requires=["backward"], covers=["dt.int_float"])
def integer_factor_has_no_gradient(torch, x: floats(shape=(2, 3)), n: ints(shape=(3,))):
    """Only the floating point factor of a product with integers is differentiated."""
    y = n * x.requires_grad_()
    y.sum().backward()
    n.grad


@case(lecture="integer_dtypes", requires=["backward"], covers=["dt.int_float"])
def mask_has_no_gradient(torch, x: floats(shape=(2, 3), values="finite"), mask: bools(shape=(2, 3))):
    """A bool factor selects what the gradient passes through."""
    (x.requires_grad_() * mask).sum().backward()


@case(lecture="integer_dtypes", requires=["backward"], covers=["call.no_grad_root"])
def backward_from_integers_raises(torch, n: ints()):
    """backward() of a tensor of integers raises, as it has no graph."""
    n.sum().backward()
    torch.autograd.grad(n.sum(), n)


@case(lecture="integer_dtypes", requires=["promotion"], covers=["dt.int_reduce"])
def integer_arithmetic_stays_integer(torch, nm: broadcastable(2, dtype=("int64", "int32", "uint8"), values="integers")):
    """Sums and products of integers are integers, and their quotients are floating point."""
    n, m = nm
    n + m
    n * m
    n / 2
    n.sum()
    n.prod()


@case(lecture="integer_dtypes", requires=["promotion"], covers=["dt.int_reduce"])
def integers_have_no_mean(torch, n: ints()):
    """The mean of integers raises unless a floating point dtype is asked for."""
    n.mean()
    n.mean(dtype=torch.float32)


@case(lecture="integer_dtypes", requires=["in_place"], covers=["inp.dtype"])
def in_place_result_must_fit_the_dtype(torch, n: ints("int64")):
    """An in-place operation whose result is floating point raises on integers, and writes nothing."""
    n.add_(0.5)
    n.mul_(2)
    n += 1.5


@case()
def numbers_that_an_integer_type_cannot_hold_are_not_put_anywhere(
    torch,
    kind: st.sampled_from(["uint8", "int8", "int32"]),
    number: st.sampled_from([-1.5, -1, 200, 300, 2**40, 1.5]),
    as_tensor: st.booleans(),
):
    """Filling, scattering and padding refuse what overflows; an unsigned type wraps a negative int."""
    x = torch.ones(2, dtype=getattr(torch, kind))
    value = torch.tensor(number) if as_tensor else number
    mask, at = torch.tensor([True, False]), torch.tensor([0])
    x.masked_fill(mask, value)
    x.clone().masked_fill_(mask, value)
    x.index_fill(0, at, value)
    x.scatter(0, at, number)
    x.scatter(0, at, number, reduce="add")
    torch.nn.functional.pad(x, [1, 1], value=number)
    torch.nn.functional.hardtanh(x, number, 2**50)


@case()
def least_integer_is_divided_towards_zero(
    torch, number: st.sampled_from([-128, -127, 7, 100]), by: st.sampled_from([-128, -4, 3, 5])
):
    """Division towards 0 knows the least integer, which has no absolute value."""
    x = torch.tensor([number, 5], dtype=torch.int8)
    torch.div(x, torch.tensor([by, -128], dtype=torch.int8), rounding_mode="trunc")


@case(requires=["in_place"])
def integers_with_a_history_are_made_floats_without_a_node(
    torch,
    n: ints("int64", shape=(2, 2)),
    x: floats(shape=()),
    name: st.sampled_from(["tanh", "log2", "sinh", "logit", "square"]),
    compared: st.booleans(),
):
    """Operators lead straight to the write that gave integers a history, whatever type they compute in."""
    x.requires_grad_()
    if compared:
        n.ge_(x)
    else:
        n[:1] = x
    getattr(n, name)()
    n**1.5
    n.logsumexp(0)
    n.clamp(-0.5, 0.5)
    torch.div(n, 2, rounding_mode=None)
    n.bool()


@case(requires=["backward", "in_place"])
def no_gradient_arrives_at_integers_with_a_history(
    torch,
    n: ints("int64", shape=(2, 2)),
    x: floats(shape=()),
    name: st.sampled_from(["tanh", "float", "mul", "where", "stack", "cos", "addcmul"]),
    compared: st.booleans(),
):
    """A backward that comes to whole numbers with a history fails an assertion before their hooks run."""
    x.requires_grad_()
    if compared:
        n.lt_(x)
    else:
        n[:1] = x
    n.register_hook(lambda grad: grad)
    one = torch.ones(2, 2)
    given = {"mul": [2.5], "where": [one > 0, one], "addcmul": [one, one]}.get(name, [])
    y = torch.stack([n, one]) if name == "stack" else getattr(n, name)(*given)
    y.sum().backward()
    x.grad


@case(requires=["in_place"])
def integers_with_a_history_are_not_copied_for_a_node(
    torch,
    n: ints("int64", shape=(2, 2)),
    x: floats(shape=()),
    name: st.sampled_from(["sinh_", "square_", "nan_to_num_", "abs_", "t_", "cos_", "unsqueeze_"]),
):
    """Writes that save whole numbers with a history, or make a view of them, are refused first of all."""
    n.lt_(x.requires_grad_())
    getattr(n, name)(*([0] if name == "unsqueeze_" else []))
    n.pow_(2.5)
    n.hypot_(x)
    torch.clamp(n > 0, 0, 2)


@case(requires=["promotion"])
def least_number_has_no_absolute_value(torch, values: st.lists(st.integers(-128, 127), min_size=3, max_size=3)):
    """gcd() of the least number of int8 is what Euclid's algorithm makes of it, which may be negative."""
    x = torch.tensor([-128, 0, *values], dtype=torch.int8)
    torch.gcd(x[:, None], x)
    torch.lcm(x[:, None], x)
