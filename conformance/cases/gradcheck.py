"""gradcheck and gradgradcheck: derivatives held against central differences."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, same_shape, smooth

CHOICES = st.booleans()


def double(**options):
    """Inputs in double precision, small, and away from kinks."""
    return smooth(dtype="float64", max_dims=1, empty=False, **options)


# ------------------------------------------------------------------------------------------------------------------ pass


@case(requires=["gradcheck"], covers=["gc.pass"])
def gradcheck_is_true_of_a_right_gradient(torch, x: double(), name: st.sampled_from(["sin", "exp", "tanh", "square"])):
    """gradcheck of an operator in double precision is True."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: getattr(a, name)(), x)
    torch.autograd.gradcheck(lambda a: getattr(a, name)(), (x,))
    torch.autograd.gradcheck(lambda a: getattr(a, name)(), [x])


@case(requires=["gradcheck"], covers=["gc.pass"])
def gradcheck_of_several_inputs_and_outputs(
    torch, xy: same_shape(2, dtype="float64", values="smooth", max_dims=1, empty=False), which: CHOICES
):
    """gradcheck compares each output with each input that requires grad; others are passed on."""
    x, y = xy
    x.requires_grad_()
    y.requires_grad_(which)
    torch.autograd.gradcheck(lambda a, b: (a * b, a.sum()), (x, y))
    torch.autograd.gradcheck(lambda a, b: [a * b, b.exp() * a], (x, y))
    torch.autograd.gradcheck(lambda a, b, n: a * b * n, (x, y, 3))


@case(requires=["gradcheck", "create_graph"], covers=["gc.pass"])
def gradgradcheck_is_true_of_a_right_gradient(torch, x: double(), y: double(shape=(1,))):
    """gradgradcheck differentiates the gradients, by the inputs and by the gradients of the outputs."""
    x.requires_grad_()
    y.requires_grad_()
    torch.autograd.gradgradcheck(lambda a, b: a * a * b, (x, y))
    torch.autograd.gradgradcheck(lambda a: a.pow(3), x)
    torch.autograd.gradgradcheck(lambda a: a * 2, x)


@case(requires=["gradcheck", "create_graph"], covers=["gc.pass", "gc.options"])
def gradgradcheck_takes_gradients(torch, x: double(), g: lambda x: double(shape=x.shape), which: CHOICES):
    """gradgradcheck starts from gradients that are given, differentiable or not."""
    x.requires_grad_()
    g.requires_grad_(which)
    torch.autograd.gradgradcheck(lambda a: a.pow(3), x, g)
    torch.autograd.gradgradcheck(lambda a: (a.pow(3), a * a), (x,), (g, g))
    torch.autograd.gradgradcheck(lambda a: a.pow(3), x, [g])


@case(requires=["gradcheck", "create_graph", "random"], covers=["gc.options"])
def gradgradcheck_draws_its_gradients(torch, x: double(), gaps: CHOICES):
    """Gradients that gradgradcheck draws come from the default generator; they may be strided."""
    x.requires_grad_()
    torch.manual_seed(3)

    def function(a):
        b = a.pow(3)
        b.register_hook(lambda grad: None)
        return b

    torch.autograd.gradgradcheck(function, x, gen_non_contig_grad_outputs=gaps)
    torch.rand(2)


@case(requires=["gradcheck"], covers=["gc.pass"])
def gradcheck_leaves_the_inputs_alone(torch, x: double(), fast: CHOICES):
    """gradcheck moves the elements of its inputs and puts them back: value, version and grad stay."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: a * a, x, fast_mode=fast)
    x, x.grad, x._version


@case(requires=["gradcheck"], covers=["gc.pass"])
def gradcheck_of_strided_inputs(torch, x: floats("float64", shape=(2, 3), values="smooth")):
    """gradcheck takes inputs that are views, and inputs that are not leaves."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: a.sin(), x.t())
    torch.autograd.gradcheck(lambda a: a.sin(), x[:, ::2])
    torch.autograd.gradcheck(lambda a: a.sin(), x * 2)


@case(requires=["gradcheck"], covers=["gc.pass"])
def gradcheck_of_nothing(torch, x: double(shape=(2,)), fast: CHOICES):
    """gradcheck of empty inputs or outputs is True."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: a[:0], x)
    torch.autograd.gradcheck(lambda a: a * 2, x.detach()[:0].requires_grad_())
    torch.autograd.gradcheck(lambda a: (), x)


# ---------------------------------------------------------------------------------------------------------------- inputs


@case(requires=["gradcheck"], covers=["gc.float"])
def gradcheck_of_single_precision_warns(torch, x: floats("float32", shape=(2,), values="smooth")):
    """An input of single precision makes gradcheck warn, and fail: the differences are too coarse."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: a.pow(3), x, raise_exception=False)
    torch.autograd.gradcheck(lambda a: a * 2, x, eps=0.5, atol=0.01)


@case(requires=["gradcheck"], covers=["gc.no_requires"])
def gradcheck_needs_an_input_that_requires_grad(torch, x: double(), n: st.integers(1, 3)):
    """gradcheck raises ValueError if no input requires grad."""
    torch.autograd.gradcheck(lambda a: a * 2, x)
    torch.autograd.gradcheck(lambda a, b: a * 2, (x, n), raise_exception=False)
    torch.autograd.gradcheck(lambda: torch.ones(1), ())
    torch.autograd.gradgradcheck(lambda a: a * 2, x)


@case(requires=["gradcheck"], covers=["gc.overlap"])
def gradcheck_refuses_expanded_inputs(torch, x: double(shape=(1,)), size: st.integers(2, 4)):
    """An input with stride 0 is refused; of size 1 it is accepted."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: a * 2, x.expand(size))
    torch.autograd.gradcheck(lambda a: a * 2, x.expand(1))
    torch.autograd.gradcheck(lambda a, b: a * b, (x, x.expand(size)), raise_exception=False)
    torch.autograd.gradcheck(lambda a, b: a * b, (x, x.detach().expand(size)))


@case(requires=["gradcheck", "in_place"], covers=["gc.inplace_input"])
def gradcheck_of_a_function_that_writes_to_its_input(torch, x: double(shape=(2,)), factor: st.integers(2, 3)):
    """A function that writes to its input changes the point that gradcheck looks at."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: a.clone().mul_(a), x)
    torch.autograd.gradcheck(lambda a: a.mul_(factor), x)
    torch.autograd.gradcheck(lambda a: a.mul_(factor), x.clone(), raise_exception=False)
    torch.autograd.gradcheck(lambda a: a.detach().mul_(factor), x.clone(), raise_exception=False)


# --------------------------------------------------------------------------------------------------------- what it finds


@case(requires=["gradcheck", "custom_function"], covers=["gc.wrong_backward"])
def gradcheck_finds_a_wrong_backward(torch, x: double(shape=(2,)), factor: st.integers(3, 5), raises: CHOICES):
    """A gradient that is not the function's is a GradcheckError, which shows both Jacobians."""

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * factor

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Wrong.apply(a), x, raise_exception=raises)
    torch.autograd.gradcheck(lambda a, b: (a * b, Wrong.apply(b)), (x, x.detach().requires_grad_()))
    torch.autograd.gradcheck(lambda a: Wrong.apply(a), x, atol=10.0)
    torch.autograd.gradcheck(lambda a: Wrong.apply(a), x, rtol=10.0)
    torch.autograd.gradgradcheck(lambda a: Wrong.apply(a), x)


@case(requires=["gradcheck", "custom_function"], covers=["gc.wrong_backward"])
def gradgradcheck_finds_a_wrong_second_derivative(torch, x: double(shape=(2,)), factor: st.integers(3, 5)):
    """A backward whose own gradient is wrong passes gradcheck and fails gradgradcheck."""

    class Slope(torch.autograd.Function):
        @staticmethod
        def forward(ctx, grad):
            return grad * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * factor

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return Slope.apply(grad)

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Double.apply(a), x)
    torch.autograd.gradgradcheck(lambda a: Double.apply(a), x, torch.ones(2, dtype=torch.float64, requires_grad=True))


@case(requires=["gradcheck", "custom_function"], covers=["gc.wrong_backward"])
def fast_gradcheck_finds_a_wrong_backward(torch, x: double(shape=(2,)), factor: st.integers(3, 5)):
    """In fast mode the error shows two numbers, and then the Jacobians of the slow mode."""

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * factor

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Wrong.apply(a), x, fast_mode=True)
    torch.autograd.gradcheck(lambda a: Wrong.apply(a), x, fast_mode=True, raise_exception=False)
    torch.autograd.gradcheck(lambda a: Wrong.apply(a), x, fast_mode=True, atol=20.0)


@case(requires=["gradcheck", "custom_function"], covers=["gc.nondeterministic"])
def gradcheck_finds_an_additive_term(torch, x: double(shape=(2,)), term: st.sampled_from([1e-9, 1e-12])):
    """A backward that adds something of its own is not multiplied by its gradient."""

    class Additive(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2 + term

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Additive.apply(a), x)
    torch.autograd.gradcheck(lambda a: Additive.apply(a), x, masked=True, check_undefined_grad=False)
    torch.autograd.gradcheck(lambda a: Additive.apply(a), x, masked=True)


@case(requires=["gradcheck", "custom_function"], covers=["gc.nondeterministic"])
def gradcheck_finds_a_backward_that_varies(torch, x: double(shape=(2,)), fast: CHOICES):
    """A backward that gives another value each time is not reentrant, unless nondet_tol allows for it."""
    calls = torch.zeros((), dtype=torch.float64)

    class Restless(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            calls.add_(2.0**-30)
            return grad * (calls + 2)

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Restless.apply(a), x, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: Restless.apply(a), x, nondet_tol=1e-4, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: Restless.apply(a), x, nondet_tol=1e-12, raise_exception=False)


@case(requires=["gradcheck", "custom_function"], covers=["gc.undefined"])
def gradcheck_hands_on_undefined_gradients(torch, builtins, x: double(shape=(2,)), materialize: CHOICES):
    """A backward that makes zeros of undefined gradients, or is given zeros for them, passes."""
    zeros = torch.zeros(2, dtype=torch.float64)

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.set_materialize_grads(materialize)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return builtins.getattr(grad, "data", zeros) * 2

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Double.apply(a), x)
    torch.autograd.gradcheck(lambda a: (Double.apply(a), a * 3), x)
    torch.autograd.gradcheck(lambda a: Double.apply(a), x, check_undefined_grad=False)


@case(requires=["gradcheck", "custom_function"], covers=["gc.undefined"])
def gradcheck_finds_a_backward_that_adds_for_undefined_gradients(torch, builtins, x: double(shape=(2,))):
    """A backward that answers an undefined gradient with numbers is reported, with a warning."""
    ones = torch.ones(2, dtype=torch.float64)

    class Adding(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.set_materialize_grads(False)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return builtins.getattr(grad, "data", ones) * 2

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Adding.apply(a), x)
    torch.autograd.gradcheck(lambda a: (Adding.apply(a), a * 3), x, raise_exception=False)
    torch.autograd.gradcheck(lambda a: Adding.apply(a), x, check_undefined_grad=False)


@case(requires=["gradcheck", "custom_function"], covers=["gc.undefined"])
def gradcheck_finds_a_backward_without_undefined_gradients(torch, builtins, x: double(shape=(2,))):
    """A RuntimeError for an undefined gradient is reported as a GradcheckError; others are passed on."""
    wrong = torch.ones(3, dtype=torch.float64)

    class Picky(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.set_materialize_grads(False)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return builtins.getattr(grad, "data", wrong) * 2

    class Careless(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.set_materialize_grads(False)
            return a * 2, a * 3

        @staticmethod
        def backward(ctx, first, second):
            return first * 2 + second * 3

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Picky.apply(a), x)
    torch.autograd.gradcheck(lambda a: Picky.apply(a), x, raise_exception=False)
    torch.autograd.gradcheck(lambda a: Picky.apply(a), x, check_undefined_grad=False)
    torch.autograd.gradcheck(lambda a: Careless.apply(a), x)


@case(requires=["gradcheck", "grad_dtype", "custom_function"])
def gradcheck_needs_gradients_of_the_type_of_the_input(torch, x: double(shape=(2,)), fast: CHOICES):
    """A gradient of another type, which grad_dtype None lets pass, is found by gradcheck."""

    class Halves(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return (grad * 2).half()

    x.requires_grad_().grad_dtype = None
    torch.autograd.gradcheck(lambda a: Halves.apply(a), x, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: Halves.apply(a), x, fast_mode=fast, raise_exception=False)
