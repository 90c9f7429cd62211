"""The backward of a Function: what it may return, what it saved, and derivatives that must not be taken."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, cotangent, floats, same_shape


@case(lecture="custom_function", requires=["custom_function", "create_graph"], covers=["fn.once_differentiable"])
def backward_can_be_differentiable_once(torch, x: floats(values="finite"), g: lambda x: cotangent(x)):
    """The result of a backward marked with once_differentiable leads to a node that raises."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            torch.is_grad_enabled()
            (a,) = ctx.saved_tensors
            return 2 * grad * a

    y = Square.apply(x.requires_grad_())
    g.requires_grad_()
    (first,) = torch.autograd.grad(y, x, g, create_graph=True, retain_graph=True)
    first.grad_fn.name()
    first.grad_fn.next_functions
    first.sum().backward()
    torch.autograd.grad(y, x, g)


@case(lecture="custom_function", requires=["custom_function", "create_graph"], covers=["fn.once_differentiable"])
def once_differentiable_looks_at_incoming_gradients(torch, x: floats(values="finite"), g: lambda x: cotangent(x)):
    """With a seed that does not require grad the result of once_differentiable is plain."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return 2 * grad * a

    (first,) = torch.autograd.grad(Square.apply(x.requires_grad_()), x, g, create_graph=True)
    first.sum().backward()


@case(lecture="custom_function", requires=["custom_function", "create_graph"], covers=["fn.once_differentiable"])
def once_differentiable_covers_every_gradient(torch, xy: same_shape(2), g: lambda xy: cotangent(xy[0])):
    """All gradients that once_differentiable returns share the node that raises; None stays None."""
    x, y = xy

    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, k, b):
            return a + b

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            return grad * 2, None, grad * 3

    z = Sum.apply(x.requires_grad_(), 1, y.requires_grad_())
    dx, dy = torch.autograd.grad(z, (x, y), g.requires_grad_(), create_graph=True)
    dx.grad_fn.next_functions
    (dx + dy).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.wrong_count"])
def surplus_gradients_must_be_none(torch, x: floats(), count: st.integers(0, 5)):
    """A backward may return more gradients than there are arguments if the surplus is None."""

    class Generous(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, k):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return (grad, None, None, None, grad)[:count]

    Generous.apply(x.requires_grad_(), 1).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.wrong_kind"])
def backward_returns_tensors(torch, x: floats(), wrong: st.sampled_from([3, "text", [1]])):
    """A backward that returns neither a tensor nor None makes the pass raise; a list is not taken apart."""

    class Odd(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return wrong

    Odd.apply(x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.wrong_kind"])
def gradient_is_reduced_to_the_shape_of_its_input(torch, x: floats(max_dims=2), g: lambda x: cotangent(x)):
    """A gradient with a leading dimension too many is summed to the shape of the input."""

    class Wide(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return torch.stack([grad, grad * 2])

    torch.autograd.grad(Wide.apply(x.requires_grad_()), x, g)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.wrong_kind"])
def gradient_is_not_expanded_to_the_shape_of_its_input(torch, x: floats(shape=(2, 3)), how: st.integers(0, 4)):
    """A gradient that would have to be expanded is refused, as is one of another shape."""

    class Narrow(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return (grad.sum(), grad[:1], grad[:, :1], grad.t(), torch.ones(0))[how]

    Narrow.apply(x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.wrong_kind"])
def gradient_is_converted_to_the_type_of_its_input(
    torch, x: floats(values="finite"), kind: st.sampled_from(["float64", "float32", "int64", "bool"])
):
    """A gradient of another real type is converted to that of the input."""

    class Typed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad.to(getattr(torch, kind))

    Typed.apply(x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function", "complex"], covers=["fn.wrong_kind"])
def gradient_is_real_where_its_input_is(torch, x: floats(shape=(2,)), z: complexes(shape=(2,))):
    """A real gradient of a complex input is converted, a complex one of a real input refused."""

    class Typed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, kind):
            ctx.kind = kind
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return torch.ones(2, dtype=ctx.kind), None

    Typed.apply(x.requires_grad_(), torch.complex64).sum().backward()
    torch.autograd.grad(Typed.apply(z.requires_grad_(), torch.float32), z, torch.ones(2, dtype=z.dtype))
    torch.autograd.grad(Typed.apply(z, torch.int64), z, torch.ones(2, dtype=z.dtype))


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.none_for_required"])
def gradient_of_none_is_undefined_further_on(torch, x: floats(), g: lambda x: cotangent(x)):
    """A gradient of None stays None further on, where hooks are given None."""

    class Stop(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return None

    def hook(grad):
        return None

    y = x.requires_grad_() * 3
    y.register_hook(hook)
    torch.autograd.grad(Stop.apply(y), x, g, allow_unused=True, retain_graph=True)
    torch.autograd.grad(Stop.apply(y) + y, x, g, retain_graph=True)
    torch.autograd.grad(Stop.apply(y), x, g)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.backward_exception"])
def exceptions_of_backward_keep_their_type(
    torch, x: floats(), kind: st.sampled_from(["KeyError", "ZeroDivisionError", "StopIteration", "AssertionError"])
):
    """Whatever backward raises reaches the caller with its type and text."""
    error = {
        "KeyError": KeyError,
        "ZeroDivisionError": ZeroDivisionError,
        "StopIteration": StopIteration,
        "AssertionError": AssertionError,
    }[kind]

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            raise error("no gradient today")

    y = Broken.apply(x.requires_grad_()).sum()
    y.backward()
    torch.is_grad_enabled()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.basic"])
def gradients_can_come_in_a_list(torch, x: floats(), g: lambda x: cotangent(x)):
    """With boxed_grads_call backward is given all gradients in one list."""

    class Boxed(torch.autograd.Function):
        boxed_grads_call = True

        @staticmethod
        def forward(ctx, a):
            return a * 2, a * 3

        @staticmethod
        def backward(ctx, grads):
            second, first = grads.pop(), grads.pop()
            return first * 2 + second * 3

    y, z = Boxed.apply(x.requires_grad_())
    torch.autograd.grad((y, z), x, (g, g))
    y.grad_fn.apply(g, g)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.ctx_attrs", "fn.basic"])
def context_is_the_node(torch, x: floats(), k: st.integers()):
    """The ctx of forward, that of backward and grad_fn are one object, and keep whatever is stored on it."""
    seen = []

    class Keeps(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.number, ctx.tensor = k, a
            seen.append(ctx)
            ctx.name()
            ctx.next_functions
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            ctx.number
            ctx.tensor
            return grad * 2

    y = Keeps.apply(x.requires_grad_())
    y.grad_fn.number = k
    y.grad_fn.metadata
    y.grad_fn.requires_grad
    y.grad_fn.nothing
    y.sum().backward()
    y.grad_fn.apply(torch.ones(2))
    y.grad_fn(torch.ones(2))


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.grad_mode"])
def grad_mode_of_a_function_does_not_leak(torch, x: floats()):
    """What forward and backward do to grad mode ends with them; backward starts as create_graph says."""

    class Leaks(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            torch.set_grad_enabled(True)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            torch.is_grad_enabled()
            torch.set_grad_enabled(True)
            return grad * 2

    y = Leaks.apply(x.requires_grad_()).sum()
    torch.is_grad_enabled()
    with torch.no_grad():
        y.backward(retain_graph=True)
        torch.is_grad_enabled()
    torch.autograd.grad(y, x, create_graph=True)


@case(lecture="custom_function", requires=["custom_function", "hooks"], covers=["fn.materialize", "fn.basic"])
def hooks_of_a_function_see_undefined_gradients(torch, x: floats()):
    """The hooks on a Function's node are given None for an output that is not used; its backward zeros."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2, a * 3

        @staticmethod
        def backward(ctx, first, second):
            return first * 2 + second

    def before(grads):
        return None

    def after(inputs, outputs):
        return None

    y, _ = Both.apply(x.requires_grad_())
    y.grad_fn.register_prehook(before)
    y.grad_fn.register_hook(after)
    (y * 5).backward(torch.ones_like(y))
