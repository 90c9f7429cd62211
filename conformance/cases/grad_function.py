"""torch.autograd.grad: gradients as values that are returned."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, positive

REQUIRES = ("tape",)


@case(lecture="grad_function", requires=["grad"], covers=["call.return_tuple"])
def grad_of_one_input_is_a_tuple(torch, x: floats(values="finite")):
    """autograd.grad returns a tuple of one gradient when given a single input."""
    y = x.requires_grad_().pow(2).sum()
    torch.autograd.grad(y, x)


@case(lecture="grad_function", requires=["grad", "log"], covers=["call.return_tuple"])
def grad_follows_the_order_of_the_inputs(torch, t: floats(values="finite"), u: positive()):
    """autograd.grad returns one gradient for each input, in the order of the inputs."""
    a = t.requires_grad_().pow(2).sum() + u.requires_grad_().log().sum()
    torch.autograd.grad(a, (t, u), retain_graph=True)
    torch.autograd.grad(a, [u, t])


@case(lecture="grad_function", requires=["grad"], covers=["acc.autograd_grad_pure"])
def grad_leaves_the_grad_fields_alone(torch, x: floats(values="finite")):
    """autograd.grad writes into no grad."""
    y = x.requires_grad_().pow(3).sum()
    torch.autograd.grad(y, x)
    x.grad


@case(lecture="grad_function", requires=["grad"], covers=["call.multi_root"])
def grads_of_several_outputs_sum(torch, x: floats(values="finite")):
    """The gradient of several outputs is the sum of the gradients of each."""
    x.requires_grad_()
    a = x.pow(2).sum()
    b = (x * 3).sum()
    torch.autograd.grad((a, b), x)


@case(lecture="grad_function", requires=["grad"], covers=["call.multi_root"])
def every_output_has_its_own_grad_outputs(
    torch, x: floats("float32", shape=(3,)), gh: st.tuples(cotangent((3,)), cotangent((3,)))
):
    """grad_outputs holds one vector for each output."""
    g, h = gh
    y = x.requires_grad_() * 2
    z = x * x
    torch.autograd.grad((y, z), x, grad_outputs=(g, h))


@case(lecture="grad_function", requires=["grad"], covers=["call.multi_root"])
def grad_outputs_may_be_none_for_scalars(torch, x: floats(shape=(2,)), g: cotangent((2,))):
    """None stands for one in the grad_outputs of a scalar."""
    x.requires_grad_()
    torch.autograd.grad((x.sum(), x.exp()), x, (None, g))


@case(lecture="grad_function", requires=["grad"], covers=["call.dup_root"])
def output_given_twice_counts_twice(torch, x: floats()):
    """An output given twice contributes twice, and an input given twice is answered twice."""
    y = (x.requires_grad_() * 3).sum()
    torch.autograd.grad((y, y), (x, x))


@case(lecture="grad_function", requires=["grad"], covers=["call.unused"])
def unused_input_raises(torch, x: floats(), w: floats()):
    """autograd.grad raises for an input that the output does not depend on."""
    y = (x.requires_grad_() * 2).sum()
    (w.requires_grad_() * 2).sum()
    torch.autograd.grad(y, (x, w))


@case(lecture="grad_function", requires=["grad"], covers=["call.unused"])
def unused_input_gives_none_where_allowed(torch, x: floats(), w: floats()):
    """With allow_unused the gradient of an unused input is None."""
    y = (x.requires_grad_() * 2).sum()
    z = (w.requires_grad_() * 2).sum()
    torch.autograd.grad(y, (x, w), allow_unused=True)
    torch.autograd.grad(z, (x, w), allow_unused=True)


@case(lecture="grad_function", requires=["grad"], covers=["call.unused"])
def materialize_grads_gives_zeros(torch, x: floats(), w: floats()):
    """With materialize_grads the gradient of an unused input is zeros."""
    y = (x.requires_grad_() * 2).sum()
    (w.requires_grad_() * 2).sum()
    torch.autograd.grad(y, (x, w), materialize_grads=True)


@case(lecture="grad_function", requires=["grad"], covers=["call.leaf_never_used"])
def leaf_that_was_never_used_is_unused(torch, x: floats(), w: floats()):
    """A leaf that no operation has seen counts as unused."""
    w.requires_grad_()
    y = x.requires_grad_().sum()
    torch.autograd.grad(y, w, retain_graph=True)
    torch.autograd.grad(y, w, allow_unused=True)


@case(lecture="grad_function", requires=["grad"], covers=["call.input_no_grad"])
def input_must_require_grad(torch, x: floats(), w: floats()):
    """autograd.grad raises for an input that does not require grad."""
    y = (x.requires_grad_() * 2).sum() + w.sum()
    torch.autograd.grad(y, w)
    torch.autograd.grad(y, (x, w), allow_unused=True)


@case(lecture="grad_function", requires=["grad"], covers=["call.nonscalar"])
def output_without_grad_outputs_is_a_scalar(torch, x: floats()):
    """Only an output of one element has an implicit gradient."""
    y = x.requires_grad_().exp()
    torch.autograd.grad(y, x)


@case(lecture="grad_function", requires=["grad"], covers=["call.nonscalar"])
def grad_outputs_make_a_vector_jacobian_product(torch, x: floats(), g: lambda x: cotangent(x)):
    """grad_outputs is the vector that the Jacobian is multiplied with."""
    y = x.requires_grad_().sin()
    torch.autograd.grad(y, x, grad_outputs=g)


@case(lecture="grad_function", requires=["grad"], covers=["call.grad_shape"])
def grad_outputs_has_the_shape_of_the_output(torch, x: floats(shape=(2, 3)), g: floats("float32", empty=False)):
    """grad_outputs of another shape than the output raises."""
    y = x.requires_grad_() * 2
    torch.autograd.grad(y, x, g)


@case(lecture="grad_function", requires=["grad"], covers=["call.grad_dtype"])
def grad_outputs_is_cast_to_the_output(torch, x: floats("float32"), g: lambda x: cotangent(x, dtype="float64")):
    """grad_outputs of another real dtype is cast to that of the output."""
    y = x.requires_grad_() * 2
    torch.autograd.grad(y, x, g)


@case(lecture="grad_function", requires=["grad"], covers=["call.length_mismatch"])
def surplus_grad_outputs_are_ignored(torch, x: floats(), count: st.integers(0, 3)):
    """autograd.grad looks at as many grad_outputs as there are outputs."""
    y = x.requires_grad_().sum()
    torch.autograd.grad(y, x, [torch.ones_like(y)] * count)


@case(lecture="grad_function", requires=["grad"], covers=["call.intermediate"])
def inputs_may_be_intermediate_results(torch, x: floats(shape=(2, 3), values="finite")):
    """Inputs of autograd.grad may be intermediate results, and ancestors of one another."""
    y = x.requires_grad_() * 2
    z = y.pow(2)
    torch.autograd.grad(z.sum(), (z, y, x))


@case(lecture="grad_function", requires=["grad"], covers=["call.wrt_self"])
def gradient_with_respect_to_itself_is_the_grad_output(torch, x: floats(), g: lambda x: cotangent(x)):
    """The gradient of a tensor with respect to itself is the grad_output."""
    y = x.requires_grad_() * 2
    torch.autograd.grad(y, y, g)
    torch.autograd.grad(x, x, g)


@case(lecture="grad_function", requires=["grad"], covers=["call.stops_early"])
def grad_runs_no_further_than_its_inputs(torch, x: floats(shape=(2, 3), values="finite")):
    """What lies behind the inputs of autograd.grad is neither run nor freed."""
    y = x.requires_grad_().exp()
    z = (y * 3).sum()
    torch.autograd.grad(z, y)
    y.sum().backward()


@case(lecture="grad_function", requires=["grad"], covers=["call.empty_inputs", "call.bad_roots"])
def grad_needs_tensors_that_require_grad(torch, x: floats(shape=(2,))):
    """autograd.grad raises for an output that does not require grad, and for no input at all."""
    torch.autograd.grad(x.sum(), x)
    y = x.requires_grad_().sum()
    torch.autograd.grad(y, ())
