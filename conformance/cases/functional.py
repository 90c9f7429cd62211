"""torch.autograd.functional: products with Jacobians and Hessians, and the whole of them."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, cotangent, floats, same_shape, smooth

CHOICES = st.booleans()


# ------------------------------------------------------------------------------------------------------------------- vjp


@case(requires=["functional"], covers=["fnl.vjp"])
def vjp_returns_outputs_and_a_gradient(torch, x: floats(max_dims=2), v: lambda x: cotangent(x)):
    """vjp returns what the function returns, and the gradient of the inputs for the vector."""
    torch.autograd.functional.vjp(lambda a: a.sin() * a, x, v)


@case(requires=["functional"], covers=["fnl.vjp", "fnl.types"])
def vjp_of_tuples(torch, xy: same_shape(2, values="smooth", max_dims=2), v: lambda xy: cotangent(xy[0])):
    """vjp of several inputs returns a tuple of gradients, and takes a vector for each output."""
    x, y = xy
    torch.autograd.functional.vjp(lambda a, b: (a * b, a.sum() + b), (x, y), (v, v))
    torch.autograd.functional.vjp(lambda a, b: a.exp(), (x, y), v)
    torch.autograd.functional.vjp(lambda a: (a.exp(),), x, v)


@case(requires=["functional"], covers=["fnl.vjp"])
def vjp_of_a_scalar_needs_no_vector(torch, x: floats(max_dims=2), create_graph: CHOICES):
    """The vector of vjp may be left out where the function returns one element."""
    torch.autograd.functional.vjp(lambda a: (a * a).sum(), x, create_graph=create_graph)
    torch.autograd.functional.vjp(lambda a: (a * a).sum().reshape(1, 1), x)


@case(requires=["functional"], covers=["fnl.vjp"])
def vjp_of_several_elements_needs_a_vector(torch, x: floats(shape=(3,))):
    """Without a vector vjp raises where the function returns several elements, or several tensors."""
    torch.autograd.functional.vjp(lambda a: a * 2, x)
    torch.autograd.functional.vjp(lambda a: (a.sum(), a.sum()), x)


@case(requires=["functional"], covers=["fnl.vjp", "fnl.types"])
def vector_of_vjp_fits_the_outputs(torch, x: floats(shape=(3,)), v: floats(shape=(2,))):
    """vjp raises where the vectors differ from the outputs in number or in shape."""
    torch.autograd.functional.vjp(lambda a: a * 2, x, v)
    torch.autograd.functional.vjp(lambda a: (a * 2, a), x, (x, v))
    torch.autograd.functional.vjp(lambda a: a * 2, x, (x, v))
    torch.autograd.functional.vjp(lambda a: (a * 2, a), x, v)


@case(requires=["functional", "create_graph"], covers=["fnl.vjp"])
def vjp_with_create_graph_has_a_graph(
    torch, x: smooth(max_dims=2), v: lambda x: cotangent(x), leaf: CHOICES, asked: CHOICES
):
    """With create_graph outputs and gradients of vjp lead back to the inputs and to the vector."""
    x.requires_grad_(leaf)
    v.requires_grad_(asked)
    _, g = torch.autograd.functional.vjp(lambda a: a.pow(3), x, v, create_graph=True)
    torch.autograd.grad(g.sum(), (x, v), allow_unused=True)


# ------------------------------------------------------------------------------------------------------------------- jvp


@case(requires=["functional"], covers=["fnl.jvp"])
def jvp_returns_outputs_and_a_tangent(torch, x: smooth(max_dims=2), v: lambda x: cotangent(x)):
    """jvp returns what the function returns, and how it changes along the vector."""
    torch.autograd.functional.jvp(lambda a: a.sin() * a, x, v)


@case(requires=["functional"], covers=["fnl.jvp", "fnl.types"])
def jvp_of_tuples(torch, xy: same_shape(2, values="smooth", max_dims=2), v: lambda xy: cotangent(xy[0])):
    """jvp takes a vector for each input, and returns a tangent for each output."""
    x, y = xy
    torch.autograd.functional.jvp(lambda a, b: (a * b, b.sum()), (x, y), (v, v))
    torch.autograd.functional.jvp(lambda a, b: a.exp(), (x, y), (v, v))


@case(requires=["functional", "create_graph"], covers=["fnl.jvp"])
def jvp_with_create_graph_has_a_graph(torch, x: smooth(max_dims=2), v: lambda x: cotangent(x), leaf: CHOICES):
    """With create_graph the tangent of jvp leads back to the inputs and to the vector."""
    x.requires_grad_(leaf)
    v.requires_grad_()
    _, t = torch.autograd.functional.jvp(lambda a: a.pow(3), x, v, create_graph=True)
    torch.autograd.grad(t.sum(), (x, v), allow_unused=True)


@case(requires=["functional"], covers=["fnl.jvp"])
def vector_of_jvp_fits_the_inputs(torch, x: floats(shape=(3,)), v: floats(shape=(2,)), one: floats(shape=(1,))):
    """jvp needs a vector in the shapes of the inputs, unless the input is one element."""
    torch.autograd.functional.jvp(lambda a: a * 2, one)
    torch.autograd.functional.jvp(lambda a: a * 2, x)
    torch.autograd.functional.jvp(lambda a: a * 2, x, v)
    torch.autograd.functional.jvp(lambda a, b: a * b, (x, x), (x,))
    torch.autograd.functional.jvp(lambda a, b: a * b, (x, x), (x, v))
    torch.autograd.functional.jvp(lambda a, b: a * b, (one, one))


@case(requires=["functional"], covers=["fnl.jvp"])
def jvp_of_a_linear_function(torch, x: floats(max_dims=2), v: lambda x: cotangent(x)):
    """jvp works where the gradient does not depend on the input, and where there is none."""
    torch.autograd.functional.jvp(lambda a: a * 3, x, v)
    torch.autograd.functional.jvp(lambda a: a.detach() * 3, x, v)


# -------------------------------------------------------------------------------------------------------------- jacobian


@case(requires=["functional"], covers=["fnl.jacobian"])
def jacobian_has_a_row_for_each_element(torch, x: floats(max_dims=2, empty=False, values="finite")):
    """The Jacobian has the shape of the output, and then that of the input."""
    torch.autograd.functional.jacobian(lambda a: a.pow(3), x)
    torch.autograd.functional.jacobian(lambda a: a.exp().sum(), x)
    torch.autograd.functional.jacobian(lambda a: a.sum(0), x.unsqueeze(0))


@case(requires=["functional"], covers=["fnl.jacobian", "fnl.types"])
def jacobians_are_nested_like_outputs_and_inputs(torch, xy: same_shape(2, values="smooth", max_dims=1, empty=False)):
    """Jacobians of several outputs and several inputs are a tuple, for each output, of tuples."""
    x, y = xy
    torch.autograd.functional.jacobian(lambda a, b: (a * b, a.sum()), (x, y))
    torch.autograd.functional.jacobian(lambda a, b: a * b, (x, y))
    torch.autograd.functional.jacobian(lambda a: (a * 2, a.sum()), x)
    torch.autograd.functional.jacobian(lambda a: (a * 2,), (x,))


@case(requires=["functional", "create_graph"], covers=["fnl.jacobian"])
def jacobian_with_create_graph_has_a_graph(torch, x: smooth(max_dims=1, empty=False), leaf: CHOICES):
    """With create_graph a Jacobian has a graph back to the inputs."""
    x.requires_grad_(leaf)
    j = torch.autograd.functional.jacobian(lambda a: a.pow(3), x, create_graph=True)
    torch.autograd.grad(j.sum(), x)


@case(requires=["functional"], covers=["fnl.jacobian"])
def jacobian_by_an_unused_input_is_zero(torch, xy: same_shape(2, max_dims=1, empty=False, values="finite")):
    """Derivatives by an input that the output does not depend on are zeros."""
    x, y = xy
    torch.autograd.functional.jacobian(lambda a, b: a * 2, (x, y))
    torch.autograd.functional.jacobian(lambda a, b: a.detach(), (x, y))
    torch.autograd.functional.jacobian(lambda a, b: torch.ones(2), (x, y), vectorize=True)
    torch.autograd.functional.jacobian(lambda a, b: a * 2, (x, y), vectorize=True)


@case(requires=["functional"], covers=["fnl.jacobian"])
def jacobian_may_be_vectorized(torch, xy: same_shape(2, values="smooth", max_dims=2, empty=False), leaf: CHOICES):
    """With vectorize all rows come from one backward, and share memory."""
    x, y = xy
    x.requires_grad_(leaf)
    torch.autograd.functional.jacobian(lambda a: a.sin(), x, vectorize=True)
    torch.autograd.functional.jacobian(lambda a, b: (a * b, a.sum()), (x, y), vectorize=True)


@case(requires=["functional"], covers=["fnl.jacobian"])
def jacobian_knows_two_strategies(torch, x: floats(shape=(2,)), name: st.sampled_from(["backward", "", "forward"])):
    """Strategies of other names are refused, and so is forward mode without vectorize."""
    torch.autograd.functional.jacobian(lambda a: a * 2, x, strategy=name)
    torch.autograd.functional.jacobian(lambda a: a * 2, x, strategy="reverse-mode")
    torch.autograd.functional.jacobian(lambda a: a * 2, x, strategy="forward-mode")
    torch.autograd.functional.jacobian(lambda a: a * 2, x, strategy="forward-mode", create_graph=True)
    torch.autograd.functional.jacobian(lambda a: a * 2, x, strategy="forward-mode", strict=True)
    torch.autograd.functional.hessian(lambda a: a.sum(), x, outer_jacobian_strategy=name)
    torch.autograd.functional.hessian(lambda a: a.sum(), x, outer_jacobian_strategy="forward-mode")


@case(requires=["functional"], covers=["fnl.jacobian"])
def jacobian_of_no_elements(torch, x: floats(shape=(2,)), vectorize: CHOICES):
    """An output without elements has a Jacobian only if it is vectorized."""
    torch.autograd.functional.jacobian(lambda a: a[:0], x, vectorize=vectorize)
    torch.autograd.functional.jacobian(lambda a: (a[:0], a.sum()), x, vectorize=vectorize)
    torch.autograd.functional.jacobian(lambda a: a.sum(), x[:0])


# --------------------------------------------------------------------------------------------------------------- hessian


@case(requires=["functional"], covers=["fnl.hessian"])
def hessian_of_one_input(torch, x: floats(max_dims=2, empty=False, values="finite")):
    """The Hessian of one tensor has the shape of the tensor twice."""
    torch.autograd.functional.hessian(lambda a: a.pow(3).sum(), x)
    torch.autograd.functional.hessian(lambda a: (a * a.sum()).sum().reshape(1, 1), x)


@case(requires=["functional"], covers=["fnl.hessian"])
def hessian_of_several_inputs(torch, xy: same_shape(2, values="smooth", max_dims=1, empty=False)):
    """The Hessian of several inputs is a tuple, for each of them, of tuples."""
    x, y = xy
    torch.autograd.functional.hessian(lambda a, b: (a * b).sin().sum(), (x, y))
    torch.autograd.functional.hessian(lambda a: a.exp().sum(), (x,))


@case(requires=["functional", "create_graph"], covers=["fnl.hessian"])
def hessian_with_create_graph_has_a_graph(torch, x: smooth(max_dims=1, empty=False), leaf: CHOICES):
    """With create_graph a Hessian has a graph back to the inputs."""
    x.requires_grad_(leaf)
    h = torch.autograd.functional.hessian(lambda a: a.pow(4).sum(), x, create_graph=True)
    torch.autograd.grad(h.sum(), x)


@case(requires=["functional"], covers=["fnl.hessian"])
def hessian_of_a_linear_function_is_zero(torch, xy: same_shape(2, max_dims=1, empty=False, values="finite")):
    """Where a gradient does not depend on an input the Hessian is zero."""
    x, y = xy
    torch.autograd.functional.hessian(lambda a: (a * 2).sum(), x)
    torch.autograd.functional.hessian(lambda a, b: (a * a).sum() + b.sum(), (x, y))
    torch.autograd.functional.hessian(lambda a: torch.ones(()), x)


@case(requires=["functional"], covers=["fnl.hessian"])
def hessian_may_be_vectorized(torch, xy: same_shape(2, values="smooth", max_dims=1, empty=False)):
    """With vectorize all rows of a Hessian come from one backward through the gradient."""
    x, y = xy
    torch.autograd.functional.hessian(lambda a: a.pow(3).sum(), x, vectorize=True)
    torch.autograd.functional.hessian(lambda a, b: (a * b).exp().sum(), (x, y), vectorize=True)


@case(requires=["functional"], covers=["fnl.hessian", "fnl.hvp_vhp", "fnl.types"])
def second_derivatives_need_a_scalar(torch, x: floats(shape=(2,))):
    """hessian, hvp and vhp raise unless the function returns one tensor with one element."""
    torch.autograd.functional.hessian(lambda a: a * 2, x)
    torch.autograd.functional.hessian(lambda a: (a.sum(),), x)
    torch.autograd.functional.hvp(lambda a: a * 2, x, x)
    torch.autograd.functional.hvp(lambda a: (a.sum(),), x, x)
    torch.autograd.functional.vhp(lambda a: a * 2, x, x)
    torch.autograd.functional.vhp(lambda a: (a.sum(),), x, x)


# ----------------------------------------------------------------------------------------------------------- hvp and vhp


@case(requires=["functional"], covers=["fnl.hvp_vhp"])
def hessian_times_a_vector(torch, x: smooth(max_dims=2), v: lambda x: cotangent(x)):
    """hvp and vhp return the value of the function, and the Hessian times the vector."""
    torch.autograd.functional.hvp(lambda a: (a.pow(3) * a.sum()).sum(), x, v)
    torch.autograd.functional.vhp(lambda a: (a.pow(3) * a.sum()).sum(), x, v)


@case(requires=["functional"], covers=["fnl.hvp_vhp"])
def hessian_of_several_inputs_times_vectors(
    torch, xy: same_shape(2, values="smooth", max_dims=2), v: lambda xy: cotangent(xy[0])
):
    """hvp and vhp of several inputs take and return a tuple."""
    x, y = xy
    torch.autograd.functional.hvp(lambda a, b: (a * a * b).sum(), (x, y), (v, v))
    torch.autograd.functional.vhp(lambda a, b: (a * a * b).sum(), (x, y), (v, v))
    torch.autograd.functional.hvp(lambda a, b: (a * a).sum(), (x, y), (v, v))
    torch.autograd.functional.vhp(lambda a, b: (a * a).sum(), (x, y), (v, v))


@case(requires=["functional", "create_graph"], covers=["fnl.hvp_vhp"])
def hessian_products_with_create_graph(torch, x: smooth(max_dims=2), v: lambda x: cotangent(x), leaf: CHOICES):
    """With create_graph the products of hvp and vhp lead back to inputs and vectors."""
    x.requires_grad_(leaf)
    v.requires_grad_()
    _, right = torch.autograd.functional.hvp(lambda a: a.pow(3).sum(), x, v, create_graph=True)
    _, left = torch.autograd.functional.vhp(lambda a: a.pow(3).sum(), x, v, create_graph=True)
    torch.autograd.grad(right.sum(), (x, v), allow_unused=True)
    torch.autograd.grad(left.sum(), (x, v), allow_unused=True)


@case(requires=["functional"], covers=["fnl.hvp_vhp"])
def vectors_of_hessian_products_fit_the_inputs(
    torch, x: floats(shape=(3,)), v: floats(shape=(2,)), one: floats(shape=(1,))
):
    """hvp and vhp need a vector in the shapes of the inputs, unless the input is one element."""
    torch.autograd.functional.hvp(lambda a: (a * a).sum(), one)
    torch.autograd.functional.vhp(lambda a: (a * a).sum(), one)
    torch.autograd.functional.hvp(lambda a: (a * a).sum(), x)
    torch.autograd.functional.vhp(lambda a: (a * a).sum(), x)
    torch.autograd.functional.hvp(lambda a: (a * a).sum(), x, v)
    torch.autograd.functional.vhp(lambda a: (a * a).sum(), x, (x, v))
    torch.autograd.functional.vhp(lambda a, b: (a * b).sum(), (x, x), (x, v))


# ---------------------------------------------------------------------------------------------------------------- strict


@case(requires=["functional"], covers=["fnl.strict"])
def strict_refuses_outputs_without_a_graph(torch, x: floats(shape=(2,))):
    """In strict mode an output that does not require grad is an error."""
    torch.autograd.functional.vjp(lambda a: a.detach() * 2, x, x, strict=True)
    torch.autograd.functional.jvp(lambda a: a.detach() * 2, x, x, strict=True)
    torch.autograd.functional.jacobian(lambda a: (a * 2, a.detach()), x, strict=True)
    torch.autograd.functional.hessian(lambda a: a.detach().sum(), x, strict=True)
    torch.autograd.functional.hvp(lambda a: a.detach().sum(), x, x, strict=True)
    torch.autograd.functional.vhp(lambda a: a.detach().sum(), x, x, strict=True)


@case(requires=["functional"], covers=["fnl.strict"])
def strict_refuses_unused_inputs(torch, xy: same_shape(2, min_dims=1, max_dims=1, empty=False)):
    """In strict mode an input that the output does not depend on is an error."""
    x, y = xy
    torch.autograd.functional.vjp(lambda a, b: a * 2, (x, y), x, strict=True)
    torch.autograd.functional.jvp(lambda a, b: a * 2, (x, y), (x, y), strict=True)
    torch.autograd.functional.jacobian(lambda a, b: a * 2, (x, y), strict=True)
    torch.autograd.functional.hessian(lambda a, b: (a * a).sum(), (x, y), strict=True)
    torch.autograd.functional.hvp(lambda a, b: (a * a).sum(), (x, y), (x, y), strict=True)
    torch.autograd.functional.vhp(lambda a, b: (a * a).sum(), (x, y), (x, y), strict=True)


@case(requires=["functional"], covers=["fnl.strict"])
def strict_refuses_linear_functions(torch, xy: same_shape(2, min_dims=1, max_dims=1, empty=False)):
    """In strict mode the gradients that a second derivative is taken of depend on the inputs."""
    x, y = xy
    torch.autograd.functional.jvp(lambda a: a * 2, x, x, strict=True)
    torch.autograd.functional.hessian(lambda a: (a * 2).sum(), x, strict=True)
    torch.autograd.functional.hvp(lambda a: (a * 2).sum(), x, x, strict=True)
    torch.autograd.functional.vhp(lambda a: (a * 2).sum(), x, x, strict=True)
    torch.autograd.functional.hessian(lambda a, b: (a * a).sum() + (b * b).sum(), (x, y), strict=True)
    torch.autograd.functional.vhp(lambda a, b: (a * a).sum() + (b * b).sum(), (x, y), (x, y), strict=True)
    torch.autograd.functional.hvp(lambda a: (a * a).sum(), x, x, strict=True)


@case(requires=["functional", "create_graph"], covers=["fnl.strict"])
def strict_with_create_graph_refuses_constants(torch, x: floats(shape=(2,))):
    """In strict mode with create_graph, a derivative that is a constant is an error."""
    torch.autograd.functional.vjp(lambda a: a * 2, x, x, create_graph=True, strict=True)
    torch.autograd.functional.jacobian(lambda a: a * 2, x, create_graph=True, strict=True)
    torch.autograd.functional.jvp(lambda a: a * a, x, x, create_graph=True, strict=True)
    torch.autograd.functional.hvp(lambda a: (a * a).sum(), x, x, create_graph=True, strict=True)
    torch.autograd.functional.vhp(lambda a: (a * a).sum(), x, x, create_graph=True, strict=True)
    torch.autograd.functional.hessian(lambda a: (a * a).sum(), x, create_graph=True, strict=True)


@case(requires=["functional"], covers=["fnl.strict"])
def strict_accepts_what_depends_on_everything(torch, x: smooth(shape=(2,)), graph: CHOICES):
    """In strict mode a function that is curved enough is differentiated as ever."""
    torch.autograd.functional.vjp(lambda a: a.pow(3), x, x, graph, strict=True)
    torch.autograd.functional.jvp(lambda a: a.pow(3), x, x, graph, strict=True)
    torch.autograd.functional.jacobian(lambda a: a.pow(3), x, graph, strict=True)
    torch.autograd.functional.hessian(lambda a: a.pow(4).sum(), x, graph, strict=True)
    torch.autograd.functional.hvp(lambda a: a.pow(4).sum(), x, x, graph, strict=True)
    torch.autograd.functional.vhp(lambda a: a.pow(4).sum(), x, x, graph, strict=True)


@case(requires=["functional"], covers=["fnl.strict", "fnl.jacobian"])
def strict_cannot_be_vectorized(torch, x: floats(shape=(2,))):
    """strict and vectorize exclude each other."""
    torch.autograd.functional.jacobian(lambda a: a * 2, x, strict=True, vectorize=True)
    torch.autograd.functional.hessian(lambda a: a.pow(3).sum(), x, strict=True, vectorize=True)


# ----------------------------------------------------------------------------------------------------------------- types


@case(requires=["functional"], covers=["fnl.types"])
def functional_takes_tensors_and_tuples_of_them(
    torch, x: floats(shape=(2,)), name: st.sampled_from(["vjp", "jvp", "jacobian", "hessian", "hvp", "vhp"])
):
    """An input that is neither a tensor nor a tuple of tensors is a TypeError; so is a list."""
    function = getattr(torch.autograd.functional, name)
    function(lambda a: a.sum(), 2.0)
    function(lambda a: a.sum(), [x])
    function(lambda a, b: a.sum(), (x, 2))
    function(lambda a, b: a.sum(), (x, None))


@case(requires=["functional"], covers=["fnl.types"])
def function_given_to_functional_returns_tensors(
    torch, x: floats(shape=(2,)), name: st.sampled_from(["vjp", "jvp", "hvp", "vhp"])
):
    """A function that returns anything but tensors and tuples of them is a TypeError."""
    function = getattr(torch.autograd.functional, name)
    function(lambda a: 1.5, x, x)
    function(lambda a: [a], x, x)
    function(lambda a: (a, None), x, x)
    torch.autograd.functional.jacobian(lambda a: 1.5, x)
    torch.autograd.functional.hessian(lambda a: [a.sum()], x)
    function(lambda a: a.sum(), x, 1.5)
    function(lambda a: a.sum(), x, [x])


@case(requires=["functional"], covers=["fnl.types"])
def integers_have_no_derivative(torch, x: floats(shape=(2,)), n: st.integers(-3, 3)):
    """An integer input cannot require grad; an integer output has derivatives of zero."""
    torch.autograd.functional.jacobian(lambda a: a * 2, torch.tensor([n, 1]))
    torch.autograd.functional.jacobian(lambda a: (a > n).long(), x)
    torch.autograd.functional.vjp(lambda a: a.long(), x, torch.tensor([n, 1]))


@case(requires=["functional", "complex"], covers=["fnl.types", "fnl.jacobian"])
def complex_outputs_have_no_jacobian(torch, z: complexes(shape=(2,), values="smooth"), graph: CHOICES):
    """jacobian raises for a complex output; vjp takes a complex vector."""
    torch.autograd.functional.jacobian(lambda a: a * a, z, graph)
    torch.autograd.functional.jacobian(lambda a: a.abs(), z)
    torch.autograd.functional.vjp(lambda a: a * 2, z, z)


# ------------------------------------------------------------------------------------------------------- what it leaves


@case(requires=["functional", "no_grad"], covers=["fnl.no_grad_independent"])
def functional_works_under_no_grad(
    torch, x: smooth(shape=(2,)), v: lambda x: cotangent(x), leaf: CHOICES, graph: CHOICES
):
    """Under no_grad products and Jacobians are what they are outside; create_graph records again."""
    x.requires_grad_(leaf)
    with torch.no_grad():
        torch.autograd.functional.vjp(lambda a: a.pow(3), x, v, graph)
        torch.autograd.functional.jvp(lambda a: a.pow(3), x, v, graph)
        torch.autograd.functional.jacobian(lambda a: a.pow(3), x, graph)
        torch.autograd.functional.hessian(lambda a: a.pow(3).sum(), x, graph)
        torch.autograd.functional.hvp(lambda a: a.pow(3).sum(), x, v, graph)
        torch.autograd.functional.vhp(lambda a: a.pow(3).sum(), x, v, graph)


@case(requires=["functional"], covers=["fnl.no_grad_independent"])
def functional_leaves_the_inputs_alone(torch, x: smooth(shape=(2,)), y: smooth(shape=(2,)), leaf: CHOICES):
    """The function is given new tensors on the inputs' memory; the inputs themselves stay as they are."""
    x.requires_grad_(leaf)
    y.requires_grad_()
    torch.autograd.functional.vjp(lambda a: a * y, x, y)
    torch.autograd.functional.jacobian(lambda a: a * y, x)
    torch.autograd.functional.hessian(lambda a: (a * a * y).sum(), x)
    x.grad, y.grad


@case(requires=["functional"], covers=["fnl.no_grad_independent"])
def captured_inputs_are_constants(torch, x: smooth(shape=(2,)), graph: CHOICES):
    """An input that the function also captures is a constant where it is captured."""
    x.requires_grad_()
    torch.autograd.functional.jacobian(lambda a: a * x, x, graph)
    torch.autograd.functional.vjp(lambda a: (x * x).sum(), x, create_graph=graph)


@case(requires=["functional", "in_place"], covers=["fnl.no_grad_independent"])
def function_given_to_functional_may_write(torch, x: smooth(shape=(2,)), v: lambda x: cotangent(x)):
    """A function may write to what it has computed, but not to its input, a leaf that requires grad."""
    torch.autograd.functional.vjp(lambda a: (a * 2).mul_(a), x, v)
    torch.autograd.functional.jacobian(lambda a: a.mul_(2), x)
    torch.autograd.functional.jvp(lambda a: a.mul_(2), x.requires_grad_(), v, create_graph=True)


@case(requires=["functional", "hooks"], covers=["fnl.jacobian", "fnl.no_grad_independent"])
def hooks_run_for_each_row(torch, x: smooth(shape=(2,)), graph: CHOICES):
    """Hooks on what the function computes run once for each row of the Jacobian."""

    def function(a):
        b = a.sin()
        b.register_hook(lambda grad: grad * 2)
        return b * b

    torch.autograd.functional.jacobian(function, x, graph)
    torch.autograd.functional.hessian(lambda a: function(a).sum(), x)
