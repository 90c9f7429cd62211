"""Functions of one number, applied to every element: each with its derivative."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, ints, positive


@case(requires=["backward", "exp"])
def exp_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of exp is exp itself."""
    x.requires_grad_().exp().backward(g)


@case(requires=["backward", "log"])
def log_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of log is one over its argument."""
    x.requires_grad_().log().backward(g)


@case(requires=["backward", "sin"])
def sin_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of sin is cos."""
    torch.sin(x.requires_grad_()).backward(g)


@case(requires=["backward", "cos"])
def cos_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of cos is minus sin."""
    torch.cos(x.requires_grad_()).backward(g)


@case(requires=["backward", "tanh"])
def tanh_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of tanh is one minus its square."""
    x.requires_grad_().tanh().backward(g)


@case(requires=["backward", "sigmoid"])
def sigmoid_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of sigmoid is the product of sigmoid and one minus sigmoid."""
    x.requires_grad_().sigmoid().backward(g)


@case(requires=["backward", "relu"], covers=["num.kinks"])
def relu_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of relu is one above zero, and zero elsewhere."""
    torch.relu(x.requires_grad_()).backward(g)


@case(requires=["backward", "sqrt"], covers=["num.roots"])
def sqrt_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of sqrt is one over twice the root, infinite at zero."""
    x.requires_grad_().sqrt().backward(g)


@case(requires=["backward", "abs"], covers=["num.kinks"])
def abs_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of abs is the sign of its argument."""
    abs(x.requires_grad_()).backward(g)


@case(requires=["backward", "sign"], covers=["leaf.zero_grad_ops"])
def sign_has_its_derivative(torch, x: floats(), g: lambda x: cotangent(x)):
    """The derivative of sign is zero everywhere."""
    x.requires_grad_().sign().backward(g)


@case(requires=["backward", "exp", "log"])
def functions_and_methods_agree(torch, x: positive()):
    """A function of torch and the method of the same name do the same."""
    torch.exp(x.requires_grad_()) - x.exp()
    torch.log(x) - x.log()
    torch.tanh(x) - x.tanh()
    torch.sqrt(x) - x.sqrt()


@case(requires=["backward", "exp"])
def chain_rule(torch, x: floats(values="smooth"), g: lambda x: cotangent(x)):
    """The derivative of a composition is the product of the derivatives."""
    x.requires_grad_().sin().exp().tanh().cos().backward(g)


@case(requires=["exp", "promotion"], covers=["dt.int_reduce"])
def functions_of_integers_are_floating_point(torch, n: ints()):
    """Functions like exp and sqrt turn integers into the default floating point dtype."""
    n.exp()
    torch.sin(n)
    torch.sigmoid(n)
    n.abs()
    n.sign()


@case(requires=["in_place", "backward", "exp"])
def functions_have_in_place_forms(torch, x: floats(values="smooth"), g: lambda x: cotangent(x)):
    """The in-place forms of functions have the same gradients."""
    x.requires_grad_()
    y = (x * 1).exp_() + (x * 2).sin_() + (x * 3).tanh_() + (x * 4).sigmoid_() + (x * 5).abs_()
    y.backward(g)


@case(requires=["in_place", "backward", "exp"], covers=["inp.saved_output"])
def in_place_forms_overwrite_saved_results(torch, x: floats(values="smooth")):
    """A function in place after one whose result is saved makes backward() raise."""
    (x.requires_grad_() * 1).exp_().sin_().sum().backward()
    (x * 1).sin_().exp_().sum().backward()


@case(requires=["backward", "exp"])
def functions_keep_their_dtype(torch, x: floats(dtype=("float16", "bfloat16", "float64"), values="positive")):
    """Values and gradients of functions have the dtype of their argument."""
    x.requires_grad_()
    (x.exp() + x.log() * x.tanh() - x.sqrt()).sum().backward()


@case(requires=["create_graph", "exp"], covers=["fn.double"])
def second_derivatives(torch, x: positive(), g: lambda x: cotangent(x)):
    """Every derivative is differentiated again."""
    x.requires_grad_()
    y = x.log() + x.sqrt() + x.sigmoid() * x.cos() + x.abs() / x
    (d,) = torch.autograd.grad(y, x, g, create_graph=True)
    d.sum().backward()


@case(requires=["tape"])
def bessel_function_of_a_small_number_is_less_than_one(torch, signs: ints("int64", shape=(3,))):
    """I_0 rounds as the Chebyshev series it is made of: of 0 to less than 1, whose arccos is a number."""
    x = torch.tensor([0.0, 0.0001, 0.5])
    torch.special.i0(x).acos()
    torch.special.i0e(x).acos()
    torch.special.i1(x) * signs
    torch.special.i1e(x)
    torch.special.i0(x.half())


@case(requires=["elementwise", "backward"])
def polygamma_far_below_zero_is_a_long_sum(torch, whole: st.integers(100, 5000), n: st.integers(1, 3)):
    """polygamma() far below zero adds up a term for each whole number up to zero."""
    z = torch.tensor([-whole - 0.3, -2 * whole - 0.7], dtype=torch.float64).requires_grad_()
    z.polygamma(n).sum().backward()
    torch.special.zeta(torch.tensor(3.0, dtype=torch.float64), z.detach() * 3)


@case(requires=["create_graph"])
def logarithm_of_the_gamma_function_is_differentiated_often(
    torch, x: floats("float64", max_dims=1, values="positive"), times: st.integers(1, 4)
):
    """lgamma() has derivatives of every order, of a tensor without dimensions as well."""
    y = x.requires_grad_().lgamma()
    for _ in range(times):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
