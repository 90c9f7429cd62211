"""Gradients of complex tensors: PyTorch's convention, functions with complex and real parts, and conversions."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, cotangent, floats

ANY = complexes(("complex64", "complex128"), max_dims=2)
AWAY_FROM_ZERO = complexes(("complex64", "complex128"), values="smooth", max_dims=2)


@case(requires=["in_place", "grad"])
def real_number_written_over_complex_ones_is_refused_where_it_is_asked_for(
    torch, asked: st.sampled_from(["written over", "written", "both"]), how: st.integers(0, 2), saves: st.booleans()
):
    """The gradient of a real number that was written over complex ones is refused, if it is asked for."""
    x = torch.ones(1, dtype=torch.complex64).requires_grad_()
    number = torch.ones(()).requires_grad_()
    y = x.rsqrt() if saves else x * 2
    if how == 0:
        y[0:1] = number
    elif how == 1:
        y[0] = number
    else:
        y[...] = number
    inputs = [x] if asked == "written over" else [number] if asked == "written" else [x, number]
    torch.autograd.grad(y, inputs, torch.ones(1, dtype=torch.complex64))


@case(requires=["backward", "complex"], covers=["cx.wirtinger_abs"])
def gradient_of_a_real_loss_points_uphill(torch, z: AWAY_FROM_ZERO):
    """The gradient of a real loss of a complex leaf is twice the derivative by the conjugate: uphill."""
    z.requires_grad_()
    z.abs().sum().backward()
    (z.real**2 + z.imag**2).sum().backward()


@case(requires=["backward", "complex"], covers=["cx.wirtinger_abs"])
def gradients_of_the_parts_of_a_number(torch, z: AWAY_FROM_ZERO):
    """The gradients of real, imag and angle of a complex tensor are complex."""
    z.requires_grad_()
    torch.autograd.grad(z.real.sum(), z)
    torch.autograd.grad(z.imag.sum(), z)
    torch.autograd.grad(z.angle().sum(), z)
    torch.autograd.grad(torch.view_as_real(z).pow(2).sum(), z)


@case(requires=["backward", "complex"], covers=["cx.wirtinger_abs"])
def complex_loss_needs_a_gradient(torch, z: complexes(max_dims=2)):
    """A complex loss has no gradient of one by itself, and takes a complex one only."""
    loss = z.requires_grad_().sum()
    loss.backward()
    loss.backward(torch.tensor(1.0), retain_graph=True)
    loss.backward(torch.tensor(1 - 2j))


SMOOTH = ("exp", "sin", "cos", "sinh", "cosh", "tanh", "sigmoid", "square", "neg", "sqrt", "log", "reciprocal", "expm1")


@case(requires=["backward", "complex"], covers=["cx.holomorphic"])
def gradient_of_a_holomorphic_function_is_conjugated(
    torch, z: AWAY_FROM_ZERO, name: st.sampled_from(SMOOTH), g: lambda z: cotangent(z)
):
    """The gradient of a holomorphic function is the incoming one times the conjugate of the derivative."""
    y = getattr(torch, name)(z.requires_grad_())
    torch.autograd.grad(y, z, g)


@case(requires=["backward", "complex"], covers=["cx.holomorphic"])
def products_conjugate_the_other_factor(torch, z: AWAY_FROM_ZERO, g: lambda z: cotangent(z)):
    """In products, quotients and powers each gradient has the conjugate of the other operand."""
    z.requires_grad_()
    torch.autograd.grad(z * z, z, g)
    torch.autograd.grad(z * (2 - 1j), z, g)
    torch.autograd.grad((1 + 2j) / z, z, g)
    torch.autograd.grad(z / (z * 3), z, g)
    torch.autograd.grad(z**3, z, g)
    torch.autograd.grad((z - 2j) * (3 + z), z, g)


@case(requires=["backward", "complex", "matmul"], covers=["cx.holomorphic"])
def matrix_products_conjugate_and_transpose(
    torch, a: complexes(shape=(2, 3)), b: complexes(shape=(3, 2)), g: cotangent((2, 2), "complex64")
):
    """The gradients of a complex matrix product have the adjoint of the other factor."""
    y = a.requires_grad_() @ b.requires_grad_()
    torch.autograd.grad(y, (a, b), g)


@case(requires=["create_graph", "complex"], covers=["cx.holomorphic"])
def second_derivative_of_a_holomorphic_function(
    torch,
    z: AWAY_FROM_ZERO,
    name: st.sampled_from(("exp", "sin", "tanh", "sigmoid", "square")),
    g: lambda z: cotangent(z),
):
    """The gradient of a gradient is conjugated again, by what was saved as well as by what came in."""
    (first,) = torch.autograd.grad(getattr(torch, name)(z.requires_grad_()), z, g.requires_grad_(), create_graph=True)
    torch.autograd.grad(first, (z, g), torch.ones_like(first))


@case(requires=["backward", "complex"], covers=["cx.real_input"])
def real_operand_has_a_real_gradient(
    torch, x: floats("float32", values="smooth", max_dims=2), k: st.sampled_from([2j, 1 - 3j])
):
    """A real tensor in a complex computation gets the real part of the gradient."""
    x.requires_grad_()
    (x * k).abs().sum().backward()
    (x + k).abs().sum().backward()
    (x / k).abs().sum().backward()
    (k / x).abs().sum().backward()


@case(requires=["backward", "complex"], covers=["cx.real_to_complex"])
def conversion_to_complex_takes_the_real_part_back(torch, x: floats("float32", values="smooth", max_dims=2)):
    """The gradient of a conversion from real to complex is real, whichever way it is written."""
    x.requires_grad_()
    (x.to(torch.complex64) * (1 - 2j)).abs().sum().backward()
    (x.cfloat() * 2j).real.sum().backward()
    (x.cdouble() * (3 + 1j)).abs().sum().backward()


@case(requires=["backward", "complex"], covers=["cx.real_to_complex"])
def conversion_to_real_warns(torch, z: complexes(shape=(2, 3)), kind: st.sampled_from(["float32", "float64", "int64"])):
    """Converting complex to real warns of the lost imaginary part, but not to bool."""
    y = z.requires_grad_().to(getattr(torch, kind))
    z.bool()
    z.to(torch.complex128)
    torch.zeros(z.shape).copy_(z.detach())
    y.sum().backward()


@case(requires=["backward", "complex"], covers=["cx.real_to_complex"])
def conversion_between_complex_types_keeps_both_parts(torch, z: complexes(max_dims=2)):
    """The gradient of a conversion between complex types has the type of the operand."""
    (z.requires_grad_().to(torch.complex128) * (1 - 2j)).abs().sum().backward()


@case(requires=["backward", "complex"], covers=["cx.abs_zero"])
def gradients_at_zero_are_zero(torch, z: complexes(values="finite", shape=(2,))):
    """abs, sgn, angle and the norm of complex numbers have the gradient 0 at 0."""
    zero = (z * 0).detach().requires_grad_()
    zero.abs().sum().backward()
    torch.autograd.grad(zero.angle().sum(), zero)
    torch.autograd.grad(zero.norm(), zero)
    torch.autograd.grad((zero.sgn() * (1 + 2j)).real.sum() + zero.real.sum(), zero)
    torch.autograd.grad((zero.abs() ** 2).sum(), zero)


@case(requires=["backward", "complex"], covers=["cx.abs_zero"])
def gradient_of_sgn_turns(torch, z: AWAY_FROM_ZERO):
    """The gradient of sgn is what turns the number: the part across it, over its size."""
    y = z.requires_grad_() * 2
    torch.autograd.grad((y.sgn() * (1 + 2j)).real.sum(), z)


@case(requires=["grad", "complex"], covers=["cx.complex_grad_real_leaf"])
def type_of_an_assigned_gradient_is_that_of_the_leaf(torch, x: floats("float32", shape=(2,)), z: complexes(shape=(2,))):
    """A real leaf refuses a complex gradient, and a complex leaf a real one or one of another width."""
    x.requires_grad_()
    z.requires_grad_()
    x.grad = torch.ones(2, dtype=torch.complex64)
    z.grad = torch.ones(2)
    z.grad = torch.ones(2, dtype=torch.complex128)
    z.grad = torch.ones(2, dtype=torch.complex64)


@case(requires=["backward", "complex"], covers=["cx.complex_grad_real_leaf"])
def seed_and_root_are_both_complex_or_both_real(torch, x: floats("float32", shape=(2,)), z: complexes(shape=(2,))):
    """A complex seed for a real root and a real seed for a complex root are refused."""
    (x.requires_grad_() * 2).backward(torch.ones(2, dtype=torch.complex64))
    (z.requires_grad_() * 2).backward(torch.ones(2))
    torch.autograd.grad(z * 2, z, torch.ones(2, dtype=torch.complex128))


@case(requires=["backward", "complex", "views"])
def parts_of_a_complex_tensor_share_its_memory(torch, z: complexes(shape=(3,)), k: st.integers(2, 4)):
    """real, imag and view_as_real are views: a write to them is one to the tensor."""
    w = z.requires_grad_() * 1
    w.imag.mul_(k)
    w.real.add_(k)
    pairs = torch.view_as_real(w)
    pairs[0].zero_()
    w.abs().sum().backward()
    w.real.stride()
    w.imag.storage_offset()


@case(requires=["complex", "views"])
def real_tensors_have_no_imaginary_part(torch, x: floats("float32", shape=(2, 3)), z: complexes(shape=(2,))):
    """real of a real tensor is the tensor itself, imag is refused; view_as_complex wants pairs."""
    x.real
    x.imag
    torch.imag(x)
    torch.view_as_real(x)
    torch.view_as_complex(x)
    torch.view_as_complex(x[0])
    torch.view_as_complex(x[:, :2].clone())
    torch.view_as_real(z)


@case(requires=["backward", "complex"])
def products_conjugate_the_other_operand(
    torch,
    z: complexes("complex128", shape=(2,)),
    w: complexes("complex128", shape=(2,)),
    g: complexes("complex128", shape=(2, 2)),
):
    """The gradients of addr, and of a quotient that rounds nothing, have the other operand conjugated."""
    z.requires_grad_()
    w.requires_grad_()
    torch.addr(torch.zeros(2, 2), z, w).backward(g)
    z.div(w + 3, rounding_mode=None).backward(g[0])


@case(requires=["backward", "complex"])
def norm_of_complex_slices_is_real(
    torch, z: complexes("complex128", shape=(2, 3)), p: st.sampled_from([1, 2, 3, float("inf")]), dim: st.integers(0, 1)
):
    """renorm's gradient of complex slices takes the real part of what goes to their norms."""
    (z.requires_grad_() * 3).renorm(p, dim, 1.0).sum().backward()


@case(requires=["backward", "complex"])
def gradient_of_a_complex_sign_was_written_to(torch, z: complexes(shape=(2,)), g: complexes(shape=(2,))):
    """The gradient of the sgn of complex numbers is filled in at zeros, which counts as a write."""
    z.requires_grad_().sgn().backward(g)
    z.grad._version


@case(requires=["backward", "complex"])
def real_numbers_have_complex_powers(
    torch,
    base: floats(["float32", "float64"], values="smooth", min_dims=1, max_dims=1, empty=False),
    power: complexes("complex64", values="smooth", shape=()),
):
    """The gradient of a complex exponent takes the logarithm of a negative base among complex numbers."""
    z = power.requires_grad_()
    torch.view_as_real(base**z).sum().backward()


@case(requires=["backward", "complex"])
def gradients_that_are_added_up_are_complex_products(
    torch,
    number: st.sampled_from([complex(float("inf"), 1), complex(-0.0, -0.0), complex(1, float("-inf")), 2 - 1j]),
    other: st.sampled_from([1 + 1j, complex(-0.0, -0.0), complex(0.0, float("inf"))]),
    often: st.integers(1, 3),
    whole: st.booleans(),
):
    """A complex gradient is multiplied by one before it is added, which infinities and zeros show."""
    x = torch.tensor([1 + 1j, 2.0]).requires_grad_()
    g, h = torch.tensor([number, 1j]), torch.tensor([other, 2.0])
    if whole:
        y = x + 0
        torch.autograd.backward([y + 0 for _ in range(often + 1)], [h, *[g] * often])
    else:
        x.backward(h)
        for _ in range(often):
            x.backward(g)


@case(requires=["backward", "complex"])
def real_number_beside_a_complex_one_under_a_logarithm_has_no_gradient(
    torch, z: complexes("complex64", values="smooth", shape=(2,)), x: floats("float32", values="smooth", shape=(2,))
):
    """logaddexp() of a real and a complex number is refused on the way back to the real one."""
    x.requires_grad_()
    torch.view_as_real(torch.logaddexp(z, x)).sum().backward()


@case(requires=["backward", "complex"])
def real_number_put_among_complex_ones(
    torch,
    z: complexes("complex64", values="smooth", shape=(2,)),
    x: floats("float32", values="smooth", shape=()),
    how: st.sampled_from(["fill", "index_fill", "masked_fill", "where", "fill_", "index_fill_", "masked_fill_"]),
    hooked: st.booleans(),
):
    """A real number that is put among complex ones is refused a complex gradient."""
    x.requires_grad_()
    at, some = torch.tensor([0]), torch.tensor([True, False])
    put = {
        "fill": lambda: torch.fill(z, x),
        "index_fill": lambda: z.index_fill(0, at, x),
        "masked_fill": lambda: z.masked_fill(some, x),
        "where": lambda: torch.where(some, z, x),
        "fill_": lambda: z.clone().fill_(x),
        "index_fill_": lambda: z.clone().index_fill_(0, at, x),
        "masked_fill_": lambda: z.clone().masked_fill_(some, x),
    }[how]()
    put.grad_fn(torch.ones(2, dtype=torch.complex64))
    if hooked:
        put.grad_fn.register_prehook(lambda grads: None)
    torch.view_as_real(put * 1j).sum().backward()


@case(requires=["backward", "complex"])
def gradient_along_the_phase_of_a_vector(
    torch,
    name: st.sampled_from(["eigh", "eig"]),
    along: st.sampled_from([0.01, -0.01, 0.0101, 0.0099, 0.0]),
    tracked: st.booleans(),
):
    """A gradient may turn a complex eigenvector by a hundredth, and no further."""
    a = torch.diag(torch.tensor([1.0, 2.0], dtype=torch.complex128)).requires_grad_()
    vectors = getattr(torch.linalg, name)(a)[1]
    turning = torch.diag(torch.tensor([along * 1j, 0], dtype=torch.complex128)) * vectors.detach()
    torch.autograd.grad(vectors, a, turning, create_graph=tracked)
