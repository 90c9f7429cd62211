"""autograd.Function within transforms."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import smooth


@case(requires=["func", "custom_function"], covers=["fn.func_transform"])
def transforms_need_setup_context(
    torch, x: smooth(dtype="float32", shape=(2, 3)), how: st.sampled_from(["grad", "vmap", "jvp", "jacrev"])
):
    """A Function whose forward takes ctx raises within a transform."""

    class Sin(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a.sin()

        @staticmethod
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            return g * a.cos()

    if how == "grad":
        torch.func.grad(lambda a: Sin.apply(a).sum())(x)
    elif how == "jvp":
        torch.func.jvp(Sin.apply, (x,), (x,))
    elif how == "vmap":
        torch.func.vmap(Sin.apply)(x)
    else:
        torch.func.jacrev(Sin.apply)(x)


@case(requires=["func", "custom_function"], covers=["fn.func_transform"])
def function_is_differentiated_by_its_own_backward(
    torch, x: smooth(dtype="float32", shape=(3,)), nested: st.booleans()
):
    """Within grad a Function runs by its own forward and backward, at each level."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a.sin()

        @staticmethod
        def setup_context(ctx, inputs, output):
            (a,) = inputs
            ctx.save_for_backward(a)

        @staticmethod
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            return g * a.cos() * 2

    f = lambda a: Twice.apply(a).sum()  # noqa: E731
    if nested:
        torch.func.grad(lambda a: torch.func.grad(f)(a).sum())(x)
    else:
        torch.func.grad(f)(x)
        out, vjp_fn = torch.func.vjp(Twice.apply, x)
        vjp_fn(x)


@case(requires=["func", "custom_function"], covers=["fn.func_transform"])
def saved_output_is_of_the_level(torch, x: smooth(dtype="float32", shape=(3,))):
    """A Function may save its output, which is that of the level in backward, and so has derivatives."""

    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a.exp()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x.requires_grad_()
    g = torch.func.grad(lambda a: Exp.apply(a).sum())(x)
    torch.autograd.grad(g.sum(), x)


@case(requires=["func", "custom_function"], covers=["fn.func_transform"])
def function_within_jvp_runs_its_jvp(
    torch, x: smooth(dtype="float32", shape=(3,)), v: smooth(dtype="float32", shape=(3,))
):
    """Within jvp a Function runs its own jvp."""

    class Sin(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a.sin()

        @staticmethod
        def setup_context(ctx, inputs, output):
            (a,) = inputs
            ctx.save_for_forward(a)

        @staticmethod
        def jvp(ctx, t):
            (a,) = ctx.saved_tensors
            return t * a.cos() * 3

    torch.func.jvp(Sin.apply, (x,), (v,))
    torch.func.jvp(lambda a: Sin.apply(a * a), (x,), (v,))


@case(requires=["func", "custom_function"], covers=["fn.func_transform"])
def vmap_needs_a_rule(torch, x: smooth(dtype="float32", shape=(2, 3)), both: st.booleans()):
    """vmap over a Function needs a vmap of its own or generate_vmap_rule, and not both."""

    class Sin(torch.autograd.Function):
        generate_vmap_rule = False

        @staticmethod
        def forward(a):
            return a.sin()

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

    class Both(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(a):
            return a.sin()

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, a):
            return a.sin(), 0

    if both:
        torch.func.vmap(Both.apply)(x)
    else:
        torch.func.vmap(Sin.apply)(x)


@case(requires=["func", "custom_function"], covers=["fn.func_transform"])
def vmap_of_a_function_sees_the_batch(
    torch, x: smooth(dtype="float32", shape=(2, 3)), dim: st.integers(0, 1), leaf: st.booleans()
):
    """The vmap of a Function is told where the batch dimension is, and tells where it is in the output."""

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a.pow(3)

        @staticmethod
        def setup_context(ctx, inputs, output):
            (a,) = inputs
            ctx.save_for_backward(a)

        @staticmethod
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            return g * 3 * a * a

        @staticmethod
        def vmap(info, in_dims, a):
            return a.pow(3), in_dims[0]

    x.requires_grad_(leaf)
    out = torch.func.vmap(Cube.apply, in_dims=dim)(x)
    torch.func.vmap(torch.func.grad(lambda a: Cube.apply(a).sum()))(x)


@case(requires=["func", "custom_function"], covers=["fn.func_transform"])
def vmap_of_a_function_returns_a_pair(torch, x: smooth(dtype="float32", shape=(2, 3)), how: st.integers(0, 2)):
    """The vmap of a Function returns the output and its batch dimensions, in one structure."""

    class Sin(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a.sin()

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, a):
            if how == 0:
                return a.sin()
            if how == 1:
                return a.sin(), 0, 0
            return a.sin(), (0, 0)

    torch.func.vmap(Sin.apply)(x)


@case(requires=["func", "custom_function"], covers=["fn.func_transform"])
def generated_rule_maps_the_parts_of_a_function(
    torch, x: smooth(dtype="float32", shape=(2, 3)), y: smooth(dtype="float32", shape=(3,)), leaf: st.booleans()
):
    """With generate_vmap_rule forward and backward of a Function run under a vmap."""

    class Scaled(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(a, b):
            return a.exp() * b

        @staticmethod
        def setup_context(ctx, inputs, output):
            a, b = inputs
            ctx.save_for_backward(a, b)

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g * a.exp() * b, g * a.exp()

    x.requires_grad_(leaf)
    y.requires_grad_(leaf)
    out = torch.func.vmap(Scaled.apply, in_dims=(0, None))(x, y)
    torch.func.vmap(torch.func.grad(lambda a, b: Scaled.apply(a, b).sum(), argnums=(0, 1)), in_dims=(0, None))(x, y)
    torch.func.grad(lambda a: torch.func.vmap(Scaled.apply, in_dims=(0, None))(a, y).sum())(x)
