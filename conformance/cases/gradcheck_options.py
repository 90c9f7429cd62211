"""What gradcheck is asked to look at besides, and what it makes of outputs that it cannot differentiate."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, smooth

CHOICES = st.booleans()


def double(**options):
    """Inputs in double precision, small, and away from kinks."""
    return smooth(dtype="float64", max_dims=1, empty=False, **options)


# ------------------------------------------------------------------------------------------- outputs without a gradient


@case(requires=["gradcheck"], covers=["gc.nondiff_output"])
def gradcheck_of_outputs_without_a_gradient(torch, x: double(shape=(2,)), fast: CHOICES):
    """Outputs that do not require grad are called with moved inputs too, and may not change."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: torch.ones(3), x, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: (a > 0).to(torch.float64), x, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: a.detach() * 2, x, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: (a * 2, a.detach() * 2), x, fast_mode=fast)


@case(requires=["gradcheck"], covers=["gc.nondiff_output"])
def gradcheck_cannot_subtract_bools(torch, x: double(shape=(2,)), fast: CHOICES):
    """A bool output fails where gradcheck takes a difference; an integer one passes."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: a > 0, x, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: (a * 2, a > 0), x, fast_mode=fast, raise_exception=False)
    torch.autograd.gradcheck(lambda a: (a * 2, (a > 0).long()), x, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: a.argsort(), x, fast_mode=fast)


@case(requires=["gradcheck"], covers=["gc.nondiff_output"])
def gradcheck_cannot_look_at_numbers(torch, x: double(shape=(2,)), fast: CHOICES):
    """A function that returns something else than tensors is an AttributeError."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: 3.5, x, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: (a * 2, None), x, fast_mode=fast)
    torch.autograd.gradgradcheck(lambda a: (a * 2, 3), x, fast_mode=fast)


@case(requires=["gradcheck"], covers=["gc.nondiff_output"])
def gradcheck_needs_outputs_that_keep_shape_and_type(torch, builtins, x: double(shape=(2,)), fast: CHOICES):
    """A function whose outputs change in shape or type where the input is moved is an AssertionError."""
    x.requires_grad_()
    edge = x.detach()[0] - 1e-9
    torch.autograd.gradcheck(lambda a: a[a > edge], x, fast_mode=fast)
    kinds = builtins.iter([torch.float64, torch.float64, torch.float32])
    torch.autograd.gradcheck(lambda a: a.to(builtins.next(kinds)), x, fast_mode=fast)


# --------------------------------------------------------------------------------------------------------------- options


@case(requires=["gradcheck"], covers=["gc.options"])
def gradcheck_checks_forward_or_backward(torch, x: double(shape=(2,)), given: CHOICES):
    """Options that contradict each other are an AssertionError, whatever the function is."""
    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: a * 2, x, check_backward_ad=False, check_batched_grad=given)
    torch.autograd.gradcheck(lambda a: a * 2, x, check_batched_forward_grad=True, raise_exception=False)
    torch.autograd.gradcheck(
        lambda a: a * 2, x, check_forward_ad=True, check_backward_ad=False, check_batched_grad=True
    )
    torch.autograd.gradgradcheck(lambda a: a * 2, x, check_rev_over_rev=False)
    torch.autograd.gradgradcheck(lambda a: a * 2, x, check_rev_over_rev=False, check_fwd_over_rev=True)
    torch.autograd.gradgradcheck(
        lambda a: a * 2,
        x,
        check_rev_over_rev=False,
        check_fwd_over_rev=True,
        check_undefined_grad=False,
        check_batched_grad=True,
    )


@case(requires=["gradcheck", "custom_function"], covers=["gc.options"])
def gradcheck_is_as_exact_as_asked(
    torch,
    x: double(shape=(2,)),
    eps: st.sampled_from([1e-6, 1e-3, 0.5]),
    atol: st.sampled_from([1e-5, 1e-2, 0.0]),
    rtol: st.sampled_from([1e-3, 1e-1, 0.0]),
    fast: CHOICES,
):
    """eps is the step of the differences; atol and rtol are those of allclose."""
    x.requires_grad_()
    torch.autograd.gradcheck(
        lambda a: a * a * a, x, eps=eps, atol=atol, rtol=rtol, raise_exception=False, fast_mode=fast
    )


@case(requires=["gradcheck"], covers=["gc.options"])
def fast_gradcheck_calls_the_function_twice(torch, x: double(), y: double(shape=(1,)), undefined: CHOICES):
    """In fast mode all elements of an input are moved together, along a random direction."""
    x.requires_grad_()
    y.requires_grad_()
    torch.autograd.gradcheck(lambda a, b: (a * b, a * a), (x, y), fast_mode=True, check_undefined_grad=undefined)
    torch.autograd.gradgradcheck(lambda a: a.pow(3), x, fast_mode=True, check_undefined_grad=undefined)


@case(requires=["gradcheck", "random"], covers=["gc.options"])
def fast_gradcheck_has_a_generator_of_its_own(torch, x: double()):
    """The directions of the fast mode are not drawn from the default generator."""
    x.requires_grad_()
    torch.manual_seed(5)
    torch.autograd.gradcheck(lambda a: a * a, x, fast_mode=True)
    torch.rand(2)


@case(requires=["gradcheck", "custom_function"], covers=["gc.options", "gc.wrong_backward"])
def fast_gradcheck_may_be_stricter_than_the_slow(torch, x: double(shape=(3,)), factor: st.integers(100, 1000)):
    """Where only the fast mode fails, its error says that the slow mode might pass."""
    signs = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64) * factor

    class Skewed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * signs

        @staticmethod
        def backward(ctx, grad):
            return grad * (signs + factor * 0.0009)

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Skewed.apply(a), x, fast_mode=True)
    torch.autograd.gradcheck(lambda a: Skewed.apply(a), x)
    torch.autograd.gradcheck(lambda a: Skewed.apply(a), x, fast_mode=True, rtol=1.0)


@case(requires=["gradcheck", "random"], covers=["gc.options"])
def gradcheck_may_check_batched_gradients(torch, x: double(), y: double(shape=(1,)), fast: CHOICES):
    """With check_batched_grad gradients of two drawn seeds are taken one by one and together."""
    x.requires_grad_()
    y.requires_grad_()
    torch.manual_seed(7)
    torch.autograd.gradcheck(lambda a, b: (a * b, b.exp()), (x, y), check_batched_grad=True, fast_mode=fast)
    torch.autograd.gradgradcheck(lambda a: a.pow(3), x, x.detach() * 2, check_batched_grad=True, fast_mode=fast)
    torch.rand(2)


@case(requires=["gradcheck", "complex"], covers=["gc.options"])
def gradcheck_of_complex_inputs(torch, z: complexes("complex128", shape=(2,), values="smooth"), fast: CHOICES):
    """Elements of a complex input are moved along the real axis, and along the imaginary one."""
    z.requires_grad_()
    torch.autograd.gradcheck(lambda a: a.abs(), z, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: a.abs().square().sum(), z, fast_mode=fast)


@case(requires=["gradcheck", "complex"], covers=["gc.options"])
def gradcheck_of_complex_outputs(torch, z: complexes("complex128", shape=(2,), values="smooth"), fast: CHOICES):
    """Of complex outputs the imaginary part is looked at first, and then the real part."""
    z.requires_grad_()
    torch.autograd.gradcheck(lambda a: a * a, z, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: (a * 2, a.abs()), z, fast_mode=fast)


@case(requires=["gradcheck", "complex", "custom_function"], covers=["gc.options", "gc.wrong_backward"])
def gradcheck_says_which_part_is_wrong(torch, z: complexes("complex128", shape=(1,), values="smooth"), fast: CHOICES):
    """An error of a complex output names the part that was looked at."""

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    z.requires_grad_()
    torch.autograd.gradcheck(lambda a: Wrong.apply(a), z, fast_mode=fast)
    torch.autograd.gradcheck(lambda a: (a * 2, Wrong.apply(a)), z, fast_mode=fast)


@case(requires=["gradcheck", "hooks"], covers=["gc.options"])
def gradcheck_sees_hooks(torch, x: double(shape=(2,)), factor: st.integers(2, 3)):
    """A hook that changes a gradient makes it wrong."""

    def function(a):
        b = a * 2
        b.register_hook(lambda grad: grad * factor)
        return b * b

    x.requires_grad_()
    torch.autograd.gradcheck(function, x, raise_exception=False)
    torch.autograd.gradcheck(function, x)


@case(requires=["gradcheck", "no_grad"], covers=["gc.options"])
def gradcheck_under_no_grad(torch, x: double(shape=(2,))):
    """Under no_grad no output requires grad, and a function that varies is found out."""
    x.requires_grad_()
    with torch.no_grad():
        torch.autograd.gradcheck(lambda a: a * 2, x)
        torch.autograd.gradgradcheck(lambda a: a * 2, x)
