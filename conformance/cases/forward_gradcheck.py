"""What gradcheck says of forward mode, and of derivatives taken in batches."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, smooth

CHOICES = st.booleans()


def double(**options):
    """Inputs in double precision, small, and away from kinks."""
    return smooth(dtype="float64", max_dims=1, empty=False, **options)


@case(requires=["gradcheck", "forward_ad"], covers=["gc.options"])
def gradcheck_may_check_forward_mode(torch, x: double(), y: double(shape=(1,)), fast: CHOICES, backward: CHOICES):
    """With check_forward_ad tangents are compared as well as gradients, or alone."""
    x.requires_grad_()
    y.requires_grad_()
    options = {"check_forward_ad": True, "check_backward_ad": backward, "fast_mode": fast}
    torch.autograd.gradcheck(lambda a, b: (a * b, b.exp().sum()), (x, y), **options)
    torch.autograd.gradcheck(lambda a: (a * a, (a > 0).long()), x, **options)
    torch.autograd.gradcheck(lambda a: (a * a, a.detach(), a.exp()), x, **options)
    torch.autograd.gradcheck(lambda a: a.detach() * 2, x, **options)


@case(requires=["gradcheck", "forward_ad", "create_graph"], covers=["gc.options"])
def gradgradcheck_may_check_forward_over_reverse(torch, x: double(shape=(2,)), fast: CHOICES):
    """With check_fwd_over_rev the tangents of gradients are compared, of seeds and inputs."""
    x.requires_grad_()
    torch.manual_seed(4)
    torch.autograd.gradgradcheck(lambda a: a.pow(3), x, check_fwd_over_rev=True, fast_mode=fast)
    torch.autograd.gradgradcheck(
        lambda a: a.sin() * a,
        x,
        check_fwd_over_rev=True,
        check_rev_over_rev=False,
        check_undefined_grad=False,
        fast_mode=fast,
    )


@case(requires=["gradcheck", "forward_ad", "complex"], covers=["gc.options"])
def forward_gradcheck_of_complex_numbers(
    torch, z: complexes("complex128", shape=(2,), values="smooth"), x: double(shape=(2,)), fast: CHOICES
):
    """Forward mode is checked for the imaginary parts of complex inputs, and for their real parts."""
    z.requires_grad_()
    x.requires_grad_()
    options = {"check_forward_ad": True, "check_backward_ad": False, "fast_mode": fast}
    torch.autograd.gradcheck(lambda a: (a * a, a.abs()), z, **options)
    torch.autograd.gradcheck(lambda a, b: a * b, (z, x), **options)
    torch.autograd.gradcheck(lambda a: torch.complex(a, a * 2), x, **options)


@case(requires=["gradcheck", "forward_ad", "custom_function"], covers=["gc.options", "gc.wrong_backward"])
def forward_gradcheck_finds_wrong_tangents(
    torch,
    x: double(shape=(2,)),
    z: complexes("complex128", shape=(2,), values="smooth"),
    factor: st.sampled_from([2.0, 3.0, 2.00001]),
    fast: CHOICES,
):
    """A jvp that is not the derivative is an error that names the mode and the part."""

    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

        @staticmethod
        def jvp(ctx, tangent):
            return tangent * factor

    x.requires_grad_()
    z.requires_grad_()
    options = {"check_forward_ad": True, "fast_mode": fast}
    torch.autograd.gradcheck(lambda a: (a * a, Doubled.apply(a)), x, **options)
    torch.autograd.gradcheck(lambda a: Doubled.apply(a), x, rtol=1e-7, atol=1e-7, **options)
    torch.autograd.gradcheck(lambda a: Doubled.apply(a), z, **options)
    torch.autograd.gradcheck(lambda a: Doubled.apply(a), x, raise_exception=False, **options)


@case(requires=["gradcheck", "forward_ad", "custom_function"], covers=["gc.options"])
def forward_gradcheck_needs_a_jvp(torch, x: double(shape=(2,)), fast: CHOICES):
    """A Function without a jvp is an error when forward mode is checked."""

    class Plain(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x.requires_grad_()
    torch.autograd.gradcheck(lambda a: Plain.apply(a), x, check_forward_ad=True, fast_mode=fast)
    torch.autograd.gradgradcheck(lambda a: Plain.apply(a), x, check_fwd_over_rev=True, fast_mode=fast)


@case(requires=["gradcheck", "forward_ad", "custom_function"], covers=["gc.options"])
def forward_gradcheck_leaves_out_a_tangent(
    torch, x: double(shape=(2,)), y: double(shape=(2,)), undefined: CHOICES, fast: CHOICES
):
    """A jvp that cannot take None fails where the check leaves a tangent out."""

    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.set_materialize_grads(False)
            return a * 2 + b

        @staticmethod
        def backward(ctx, grad):
            return grad * 2, grad

        @staticmethod
        def jvp(ctx, a, b):
            return a * 2 + b

    x.requires_grad_()
    y.requires_grad_()
    torch.autograd.gradcheck(
        lambda a, b: Sum.apply(a, b),
        (x, y),
        check_forward_ad=True,
        check_undefined_grad=undefined,
        fast_mode=fast,
    )


@case(requires=["gradcheck", "forward_ad", "random"], covers=["gc.options"])
def gradcheck_may_check_batched_tangents(torch, x: double(), y: double(shape=(1,)), backward: CHOICES):
    """With check_batched_forward_grad two drawn tangents are taken one by one and together."""
    x.requires_grad_()
    y.requires_grad_()
    torch.manual_seed(9)
    options = {"check_forward_ad": True, "check_batched_forward_grad": True, "check_backward_ad": backward}
    torch.autograd.gradcheck(lambda a, b: (a * b, b.exp(), a.sin().sum()), (x, y), **options)
    torch.rand(2)


@case(requires=["gradcheck", "custom_function", "random"], covers=["gc.options"])
def gradcheck_finds_a_backward_that_cannot_be_batched(torch, x: double(shape=(2,)), look: CHOICES):
    """A backward that looks at numbers of its gradient fails check_batched_grad."""

    class Looking(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            if look:
                grad.sum().item()
            return grad * 2

    x.requires_grad_()
    torch.manual_seed(9)
    torch.autograd.gradcheck(lambda a: Looking.apply(a), x, check_batched_grad=True)
