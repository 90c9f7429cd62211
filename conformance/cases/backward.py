"""Tensor.backward: where it may start, and where it leaves what it finds."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, cotangent, floats

REQUIRES = ("tape",)


@case(lecture="backward", requires=["backward"], covers=["call.backward_returns"])
def backward_fills_the_grad_of_the_leaves(torch, x: floats(min_dims=1)):
    """The grad of a leaf is None before backward() and the gradient after."""
    u = x.requires_grad_().pow(3).sum()
    x.grad
    u.backward()
    x.grad


@case(lecture="backward", requires=["backward"], covers=["acc.nonleaf_access"])
def only_leaves_get_a_grad(torch, x: floats()):
    """Intermediate results get no grad, and reading theirs warns."""
    y = x.requires_grad_() * 2
    y.sum().backward()
    y.grad


@case(lecture="backward", requires=["backward"], covers=["leaf.retain_grad", "acc.nonleaf_retain_nowarn"])
def retain_grad_keeps_the_grad_of_a_result(torch, x: floats()):
    """retain_grad() has a result keep its grad."""
    y = x.requires_grad_() * 2
    y.retain_grad()
    (y * y).sum().backward()
    y.grad


@case(lecture="backward", requires=["backward"], covers=["leaf.retain_grad"])
def retain_grad_needs_requires_grad(torch, x: floats()):
    """retain_grad() raises on a tensor that does not require grad and does nothing to a leaf that does."""
    x.retain_grad()
    x.requires_grad_().retain_grad()
    x.retains_grad


@case(lecture="backward", requires=["backward"], covers=["call.nonscalar"])
def backward_of_several_elements_needs_a_gradient(torch, x: floats()):
    """backward() of a tensor that does not have exactly one element raises."""
    (x.requires_grad_() * 2).backward()


@case(lecture="backward", requires=["backward"], covers=["call.nonscalar"])
def backward_multiplies_by_its_gradient(torch, x: floats(), g: lambda x: cotangent(x)):
    """backward(gradient) leaves the product of that gradient with the Jacobian."""
    y = x.requires_grad_() * x
    y.backward(g)


@case(lecture="backward", requires=["backward"], covers=["call.grad_shape"])
def gradient_has_the_shape_of_the_root(torch, x: floats(shape=(2, 3)), g: floats("float32", empty=False)):
    """backward() raises unless its gradient has the shape of the tensor."""
    y = x.requires_grad_() * 2
    y.backward(g)


@case(lecture="backward", requires=["backward"], covers=["call.grad_dtype"])
def gradient_is_cast_to_the_dtype_of_the_root(torch, x: floats("float32"), g: lambda x: cotangent(x, dtype="float64")):
    """The gradient given to backward() is cast to the dtype of the tensor."""
    y = x.requires_grad_() * 2
    y.backward(gradient=g)


@case(lecture="backward", requires=["backward"], covers=["call.no_grad_root"])
def backward_needs_a_graph(torch, x: floats(shape=())):
    """backward() raises on a tensor that does not require grad."""
    x.backward()
    (x * 2).backward()


@case(lecture="backward", requires=["backward"], covers=["leaf.backward_on_leaf"])
def backward_of_a_leaf_is_one(torch, x: floats(shape=())):
    """The gradient of a leaf with respect to itself is one."""
    x.requires_grad_()
    x.backward()
    x.backward()


@case(lecture="backward", requires=["backward"], covers=["call.multi_root"])
def backward_of_several_roots_sums(torch, x: floats(), g: lambda x: cotangent(x)):
    """torch.autograd.backward starts at several tensors at once."""
    y = x.requires_grad_() * 2
    z = (x * x).sum()
    torch.autograd.backward((y, z), (g, None))


@case(lecture="backward", requires=["backward"], covers=["call.length_mismatch"])
def every_root_needs_a_gradient(torch, x: floats(shape=(2,)), count: st.integers(0, 3)):
    """torch.autograd.backward raises unless there is one gradient for each root."""
    y, z = x.requires_grad_().sin(), x.cos()
    torch.autograd.backward((y, z), [torch.ones(2)] * count)


@case(lecture="backward", requires=["backward"], covers=["acc.backward_inputs"])
def backward_can_be_limited_to_some_leaves(torch, x: floats(), w: lambda x: floats(x.dtype, shape=x.shape)):
    """backward(inputs=...) fills the grad of these tensors only, be they leaves or not."""
    y = x.requires_grad_() * w.requires_grad_()
    z = y.sum()
    z.backward(inputs=[w], retain_graph=True)
    z.backward(inputs=[x, w], retain_graph=True)
    z.backward(inputs=y)


@case(lecture="backward", requires=["backward"], covers=["call.empty_inputs"])
def backward_takes_no_empty_inputs(torch, x: floats()):
    """backward(inputs=[]) raises."""
    x.requires_grad_().sum().backward(inputs=[])


@case(lecture="backward", requires=["backward", "complex"], covers=["call.complex_scalar"])
def backward_of_a_complex_scalar_needs_a_gradient(torch, z: complexes(shape=())):
    """backward() of a complex scalar raises without a gradient."""
    y = z.requires_grad_() * 2
    y.backward()


@case(lecture="backward", requires=["backward", "no_grad"], covers=["call.in_no_grad"])
def backward_works_under_no_grad(torch, x: floats()):
    """backward() works while gradients are switched off."""
    y = (x.requires_grad_() * x).sum()
    with torch.no_grad():
        y.backward()


@case(lecture="backward", requires=["backward"], covers=["eng.diamond"])
def every_path_counts(torch, x: floats(values="finite")):
    """The gradient sums over every path from the output to the leaf."""
    y = x.requires_grad_() * 2
    z = y + y * y
    (z * y).sum().backward()


@case(lecture="backward", requires=["backward"], covers=["eng.accum_order"])
def contributions_add_up_in_reverse(torch, x: floats("float32", shape=()), a: st.permutations([1.0, 1e8, -1e8])):
    """Contributions to a gradient are added in the reverse order of the operations that they come from."""
    x.requires_grad_()
    (x * a[0] + x * a[1] + x * a[2]).backward()


@case(lecture="backward", requires=["backward"], covers=["eng.deep_graph"], observe="last")
def deep_graph_needs_no_recursion(torch):
    """The graph of a long chain of operations is walked without recursion."""
    x = torch.tensor(1.0, requires_grad=True)
    y = x * 2
    for _ in range(2000):
        y = y + 1
    y.backward()
