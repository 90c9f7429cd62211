"""autograd.Functions of every style."""

from conformance.compose.phrase import floating, like, one_of, phrase, seed_for, tracked


@phrase
def cube(torch, x: floating):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a * a

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return grad * 3 * a * a

    out = Cube.apply(x)


@phrase
def saves_its_output(torch, x: floating):
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            made = a.exp()
            ctx.save_for_backward(made)
            return made

        @staticmethod
        def backward(ctx, grad):
            (made,) = ctx.saved_tensors
            return grad * made

    out = Exp.apply(x)


@phrase
def returns_its_input(torch, x: floating, seen: one_of(False, True)):
    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            if seen:
                return a.view_as(a)
            return a

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    out = Same.apply(x)


@phrase(shape=lambda shape: (1, *shape))
def returns_a_view(torch, x: floating):
    class View(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.unsqueeze(0)

        @staticmethod
        def backward(ctx, grad):
            return grad.squeeze(0)

    out = View.apply(x)


@phrase
def returns_two_views(torch, x: floating, write: one_of(False, True)):
    class Views(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.view_as(a), a.view_as(a)

        @staticmethod
        def backward(ctx, first, second):
            return first + 2 * second

    out, other = Views.apply(x)
    if write:
        out.mul_(2)


@phrase
def writes_its_input(torch, x: floating, said: one_of(True, False)):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            if said:
                ctx.mark_dirty(a)
            return a.mul_(2)

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    out = Twice.apply(x)


@phrase
def writes_a_copy(torch, x: floating, seed: seed_for("x")):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, factor):
            ctx.mark_dirty(a)
            ctx.factor = factor
            a.mul_(factor)
            return a

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.factor, None

    y = x * 1
    z = y * 2
    out = Twice.apply(y, 3)
    z * out


@phrase
def has_no_gradient(torch, x: floating):
    class Constant(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a + 1

        @staticmethod
        def backward(ctx, grad):
            return None

    out = Constant.apply(x)


@phrase
def sets_its_context_up(torch, x: floating):
    class Square(torch.autograd.Function):
        @staticmethod
        def setup_context(ctx, inputs, output):
            (a,) = inputs
            ctx.save_for_backward(a)

        @staticmethod
        def forward(a):
            return a * a

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return grad * 2 * a

    out = Square.apply(x)


@phrase
def is_differentiable_once(torch, x: tracked, seed: seed_for("x")):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return grad * 2 * a

    y = Square.apply(x)
    (out,) = torch.autograd.grad(y, x, seed, create_graph=True)
    out.sum().backward()


@phrase
def of_two(torch, x: floating, y: like("x", reuse=True), none: one_of(False, True), order: one_of(False, True)):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            if order:
                ctx.save_for_backward(b, a)
            else:
                ctx.save_for_backward(a, b)
            ctx.needs_input_grad
            return a * b

        @staticmethod
        def backward(ctx, grad):
            ctx.needs_input_grad
            a, b = ctx.saved_tensors
            if order:
                return grad * a, (None if none else grad * b)
            return grad * b, (None if none else grad * a)

    out = Product.apply(x, y)


@phrase
def gives_two(
    torch,
    x: floating,
    marked: one_of(False, True),
    undefined: one_of(False, True),
    seed: seed_for("x"),
    which: one_of("both", "first", "second"),
):
    class SinCos(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.set_materialize_grads(undefined)
            first, second = a.sin(), a.cos()
            if marked:
                ctx.mark_non_differentiable(second)
            ctx.save_for_backward(first, second)
            return first, second

        @staticmethod
        def backward(ctx, grad_first, grad_second):
            first, second = ctx.saved_tensors
            return grad_first * second

    out, other = SinCos.apply(x)
    if which == "both":
        torch.autograd.backward((out, other), (seed, seed), retain_graph=True)
    elif which == "first":
        out.backward(seed, retain_graph=True)
    else:
        other.backward(seed, retain_graph=True)


@phrase
def takes_what_is_no_tensor(torch, x: floating, y: floating, seed: seed_for("x")):
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, factor, a, pair, name=None):
            ctx.factor = factor
            ctx.name = name
            return a * factor

        @staticmethod
        def backward(ctx, grad):
            ctx.needs_input_grad
            return None, grad * ctx.factor, None, None

    out = Scaled.apply(2.5, x, [y, 1], "a name")
    out.backward(seed, retain_graph=True)


@phrase
def goes_wrong(
    torch,
    x: tracked,
    seed: seed_for("x"),
    how: one_of(
        "raises", "count", "type", "shape", "backward raises", "no backward", "saves a number", "legacy", "not static"
    ),
):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            if how == "raises":
                raise ValueError("forward")
            if how == "saves a number":
                ctx.save_for_backward(2)
            return a * 2

        if how != "no backward":

            @staticmethod
            def backward(ctx, grad):
                if how == "backward raises":
                    raise ValueError("backward")
                if how == "count":
                    return grad, grad
                if how == "type":
                    return "a text"
                if how == "shape":
                    return grad.sum().expand(7)
                return grad * 2

    if how == "legacy":
        Wrong()(x)
    out = Wrong.apply(x)
    out.backward(seed, retain_graph=True)


@phrase
def function_inside_a_function(torch, x: tracked, seed: seed_for("x")):
    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a.sin()

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return grad * a.cos()

    class Outer(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            with torch.enable_grad():
                inside = a.detach().requires_grad_()
                made = Inner.apply(inside) * inside
            ctx.save_for_backward(inside, made)
            return made.detach()

        @staticmethod
        def backward(ctx, grad):
            inside, made = ctx.saved_tensors
            (g,) = torch.autograd.grad(made, inside, grad, retain_graph=True)
            return g

    out = Outer.apply(x)
    out.backward(seed, retain_graph=True)


@phrase
def writes_its_gradient(torch, x: tracked, y: tracked, seed: seed_for("x")):
    class Doubling(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad.mul_(2)

    out = Doubling.apply(x)
    z = out + x
    z.backward(seed, retain_graph=True)


PHRASES = (
    cube,
    saves_its_output,
    returns_its_input,
    returns_a_view,
    returns_two_views,
    writes_its_input,
    writes_a_copy,
    has_no_gradient,
    sets_its_context_up,
    is_differentiable_once,
    of_two,
    of_two,
    gives_two,
    gives_two,
    takes_what_is_no_tensor,
    goes_wrong,
    goes_wrong,
    function_inside_a_function,
    writes_its_gradient,
)
