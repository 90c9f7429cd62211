"""What a Function is called with: keywords, values that are no tensors, and classes that are used wrongly."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, ints, same_shape

REQUIRES = ("tape",)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.kwargs"])
def arguments_may_be_given_by_keyword(torch, x: floats(), factor: st.floats(-3, 3, width=16)):
    """Function.apply takes keyword arguments, and forward's defaults for those that are not given."""

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, values, by=2, name="scale"):
            ctx.by = by
            return values * by

        @staticmethod
        def backward(ctx, grad):
            ctx.needs_input_grad
            return grad * ctx.by, None

    x.requires_grad_()
    Scale.apply(x, by=factor).sum().backward()
    Scale.apply(by=factor, values=x).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.kwargs"])
def defaults_are_no_arguments_of_a_function(torch, x: floats()):
    """A parameter that is left to its default in forward has no place in backward's result."""

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, values, by=2, name="scale"):
            return values * by

        @staticmethod
        def backward(ctx, grad):
            ctx.needs_input_grad
            return grad * 2

    Scale.apply(x.requires_grad_()).sum().backward()
    Scale.apply(values=x).sum().backward()
    Scale.apply(x, name="other")


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.kwargs", "fn.setup_context"])
def defaults_are_arguments_of_a_setup_context(torch, x: floats(), factor: st.floats(-3, 3, width=16)):
    """With setup_context the defaults of forward are arguments as well: they are in `inputs`."""

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(values, by=2, name="scale"):
            return values * by

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.by = inputs[1]
            ctx.needs_input_grad

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.by, None, None

    x.requires_grad_()
    Scale.apply(x).sum().backward()
    Scale.apply(x, by=factor).sum().backward()
    Scale.apply(by=factor, values=x).sum().backward()
    Scale.apply(x, nothing=1)
    Scale.apply(by=1)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.kwargs"])
def keywords_of_a_function_are_checked(torch, x: floats()):
    """A keyword that forward lacks, has already, or that leaves a gap before it is refused by name."""

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, first, second, third=1):
            return first * second

        @staticmethod
        def backward(ctx, grad):
            return grad, None, None

    x.requires_grad_()
    Product.apply(x, x, fourth=1)
    Product.apply(x, x, first=x)
    Product.apply(x, third=1)
    Product.apply(second=x)
    Product.apply(x, x, ctx=1)
    Product.apply(x)
    Product.apply(x, 1, 2, 3)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.instantiate"])
def function_is_not_instantiated(torch, x: floats()):
    """Making an object of a Function warns, and calling the object raises."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    double = Double()
    double(x.requires_grad_())
    double.apply(x).sum().backward()
    torch.autograd.function.InplaceFunction(True)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.instantiate"])
def methods_need_not_be_static(torch, x: floats(values="finite")):
    """A Function whose methods are not static is applied like any other, with ctx for self."""

    class Square(torch.autograd.Function):
        def forward(self, a):
            self.save_for_backward(a)
            return a * a

        def backward(self, grad):
            (a,) = self.saved_tensors
            return 2 * grad * a

    y = Square.apply(x.requires_grad_())
    y.sum().backward()


@case(
    lecture="custom_function", requires=["custom_function"], covers=["fn.list_tuple_inputs", "fn.grad_for_nonrequired"]
)
def tensors_in_a_list_are_not_tracked(torch, xy: same_shape(2)):
    """Tensors inside of a list or tuple are no inputs: nothing is recorded for them."""
    x, y = xy
    x.requires_grad_()

    class First(torch.autograd.Function):
        @staticmethod
        def forward(ctx, several, other):
            ctx.needs_input_grad
            return several[0] * other

        @staticmethod
        def backward(ctx, grad):
            return None, grad * 3

    First.apply([x, y], y)
    First.apply((x,), y)
    First.apply([x], x).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.grad_for_nonrequired"])
def gradient_for_an_argument_that_is_no_tensor_is_refused(torch, x: floats(), k: st.integers(1, 3)):
    """backward returns None in the place of an argument that is no tensor, or raises."""

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, k, a):
            return a * k

        @staticmethod
        def backward(ctx, grad):
            return grad, grad

    Scale.apply(k, x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.grad_for_nonrequired"])
def gradient_for_a_tensor_that_needs_none_is_dropped(torch, xy: same_shape(2), n: ints(shape=(2,))):
    """A gradient for a tensor that does not require grad is dropped, whatever its shape."""
    x, y = xy

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b, n):
            ctx.needs_input_grad
            return a * b

        @staticmethod
        def backward(ctx, grad):
            return grad, torch.ones(7), grad

    Product.apply(x.requires_grad_(), y, n).sum().backward()
    y.grad


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.needs_input_grad"])
def needs_input_grad_is_about_flags(torch, xy: same_shape(2), g: lambda xy: cotangent(xy[0])):
    """needs_input_grad has a flag for each argument, whatever autograd.grad was asked for."""
    x, y = xy

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b, k, n):
            ctx.needs_input_grad
            return a * b

        @staticmethod
        def backward(ctx, grad):
            ctx.needs_input_grad
            return grad, grad, None, None

    z = Product.apply(x.requires_grad_(), y.requires_grad_(), 3, torch.ones(2))
    torch.autograd.grad(z, x, g)
    with torch.no_grad():
        Product.apply(x, y, 3, None)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.missing"])
def what_a_function_lacks_is_named(torch, x: floats()):
    """The methods that a Function inherits raise NotImplementedError, each with its own text."""

    class Nothing(torch.autograd.Function):
        pass

    Nothing.apply(x.requires_grad_())
    Nothing.forward(x)
    Nothing.setup_context(None, (x,), x)
    Nothing.backward(None, x)
    Nothing.vjp(None, x)
    Nothing.jvp(None, x)
    Nothing.vmap(None, (0,), x)
    torch.autograd.Function.apply(x)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.vjp_alias"])
def vjp_is_another_name_for_backward(torch, x: floats()):
    """A Function may define vjp instead of backward."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def vjp(ctx, grad):
            return grad * 5

    Double.apply(x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.vjp_alias"])
def vjp_and_backward_exclude_each_other(torch, x: floats()):
    """A Function with both vjp and backward raises when it is differentiated."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

        @staticmethod
        def vjp(ctx, grad):
            return grad * 5

    Double.apply(x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.setup_context"])
def setup_context_sees_inputs_and_output(torch, x: floats(values="finite"), k: st.integers(1, 3)):
    """setup_context gets a tuple of arguments and what forward returned, with gradients off."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(a, k):
            return a * k, a * a

        @staticmethod
        def setup_context(ctx, inputs, output):
            torch.is_grad_enabled()
            a, ctx.k = inputs
            scaled, square = output
            ctx.mark_non_differentiable(square)
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(a, scaled)

        @staticmethod
        def backward(ctx, of_scaled, of_square):
            _a, _scaled = ctx.saved_tensors
            return of_scaled * ctx.k, None

    scaled, _square = Both.apply(x.requires_grad_(), k)
    scaled.sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.setup_context"])
def exception_of_setup_context_reaches_the_caller(torch, x: floats()):
    """An exception in setup_context ends apply, and grad mode is as it was."""

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            raise ValueError("no context today")

    Broken.apply(x.requires_grad_())
    torch.is_grad_enabled()
