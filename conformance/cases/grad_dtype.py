"""The dtype that the gradient of a leaf has, where it is not the leaf's own."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats

REQUIRES = ("tape",)

OTHER = st.sampled_from(["float64", "float32", "float16"])


@case(requires=["backward", "grad_dtype"], covers=["acc.grad_dtype"])
def gradient_has_the_grad_dtype(torch, x: floats(("float32", "float64"), shape=(2, 3)), kind: OTHER):
    """backward() and grad() give a leaf its gradient in the dtype that grad_dtype names."""
    x.requires_grad_()
    x.grad_dtype
    x.grad_dtype = getattr(torch, kind)
    (x * 3 + x.sin()).sum().backward()
    (x * 2).sum().backward()
    torch.autograd.grad((x * 5).sum(), x)
    y = x * 2
    y.retain_grad()
    y.sum().backward()
    y.grad


@case(requires=["backward", "grad_dtype"], covers=["acc.grad_dtype"])
def grad_dtype_may_be_set_after_the_forward_pass(torch, x: floats("float32", shape=(3,)), kind: OTHER):
    """A grad_dtype that is set before backward() holds for the graph that exists, its hooks included."""
    seen = []
    y = (x.requires_grad_() * x).sum()
    x.register_hook(lambda grad: seen.append(grad + 0))
    x.grad_dtype = getattr(torch, kind)
    y.backward()


@case(requires=["backward", "create_graph", "grad_dtype"], covers=["acc.grad_dtype"])
def converted_gradient_can_be_differentiated(torch, x: floats("float32", shape=(3,))):
    """With create_graph the conversion to grad_dtype is part of the graph."""
    x.requires_grad_()
    x.grad_dtype = torch.float64
    (g,) = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)
    torch.autograd.grad(g.sum(), x)
    (x * x).sum().backward(create_graph=True)
    (x * x).sum().backward()


@case(requires=["backward", "grad_dtype"], covers=["acc.grad_dtype"])
def grad_dtype_none_takes_any(torch, x: floats("float32", shape=(3,)), g: floats("float64", shape=(3,))):
    """With grad_dtype None a grad of any dtype is taken, and a given gradient stays as it is."""
    x.requires_grad_()
    x.grad = g
    x.grad_dtype = None
    x.grad_dtype
    x.grad = g
    (x * 2).sum().backward()
    x.grad = None
    x.backward(g)
    x.grad = None
    x.view(3).backward(g)


@case(requires=["grad_dtype"], covers=["acc.grad_dtype", "acc.assign_dtype"])
def grad_dtype_is_checked(torch, x: floats("float32", shape=(3,)), g: floats(("float32", "float64"), shape=(3,))):
    """grad_dtype is a dtype or None, that of an existing grad, of leaves only; grad is held to it."""
    x.requires_grad_()
    x.grad_dtype = torch.float64
    x.grad = g
    x.grad_dtype = torch.float32
    x.grad_dtype = torch.float64
    x.grad_dtype = 3
    x.grad_dtype = "float32"
    y = x * 2
    y.grad_dtype
    y.grad_dtype = torch.float64
    x[0].grad_dtype
    torch.tensor([1, 2]).grad_dtype


@case(requires=["backward", "grad_dtype", "custom_function"], covers=["acc.grad_dtype"])
def gradient_of_a_function_keeps_its_type_if_grad_dtype_is_none(
    torch, x: floats("float64", shape=(2,)), kind: OTHER, twice: st.booleans()
):
    """With grad_dtype None a leaf takes what a Function's backward returns in the type that it has."""

    class Converts(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return (grad * 2).to(getattr(torch, kind))

    x.requires_grad_().grad_dtype = None
    y = Converts.apply(x) + Converts.apply(x) if twice else Converts.apply(x)
    torch.autograd.grad(y.sum(), x, retain_graph=True)
    y.sum().backward()
    z = x * 1
    torch.autograd.grad(Converts.apply(z).sum(), z)


@case(requires=["backward", "grad_dtype", "custom_function"], covers=["acc.grad_dtype"])
def gradient_of_a_function_is_converted_once(
    torch, x: floats("float32", shape=(2,), values="finite"), kind: OTHER, given: OTHER
):
    """What a Function's backward returns is converted to the leaf's grad_dtype alone."""

    class Thirds(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 1

        @staticmethod
        def backward(ctx, grad):
            return grad.to(getattr(torch, given)) / 3

    x.requires_grad_().grad_dtype = getattr(torch, kind)
    y = Thirds.apply(x)
    y.grad_fn.next_functions[0][0]._input_metadata[0].dtype
    y.sum().backward()


@case(requires=["backward", "grad_dtype", "graph", "complex"], covers=["acc.grad_dtype"])
def what_arrives_is_converted(
    torch,
    x: floats("float32", shape=(3,), values="finite"),
    z: complexes("complex64", shape=(3,), values="finite"),
    kind: st.sampled_from(["float32", "float64", "complex64", None]),
):
    """What is given for a leaf is held as it was converted; formulas know only the leaf's own dtype."""
    x.requires_grad_()
    x.grad_dtype = kind and getattr(torch, kind)
    given = torch.ones(3, 1)
    x.view(3, 1).backward(given)
    given.add_(1)
    for y in (x, x + 1, x + x, x.sort()[0], torch.maximum(x, torch.zeros(3)), torch.cat([x, x[:0]])):
        x.grad = None
        y.backward(torch.ones(3))
        x.grad.add_(1)
    (x * 2).grad_fn(z)
    (x * z).backward(z)
