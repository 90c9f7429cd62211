"""Functions of one's own, with a forward and a backward."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, nonzero, same_shape


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.basic"])
def own_function_has_its_own_gradient(torch, x: floats(), g: lambda x: cotangent(x)):
    """The gradient of a Function is what its backward returns."""

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a * a

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return grad * 3 * a * a

    y = Cube.apply(x.requires_grad_())
    y.backward(g)


@case(lecture="custom_function", requires=["custom_function", "graph"], covers=["fn.basic", "fn.ctx_attrs"])
def own_function_is_a_node(torch, x: floats()):
    """The node of a Function is named after its class and ends in Backward."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    y = Double.apply(x.requires_grad_())
    y.grad_fn.name()
    y.grad_fn.next_functions


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.basic"])
def own_gradient_may_be_wrong(torch, x: floats()):
    """Autograd believes what a backward returns, whether it is the derivative or not."""

    class Odd(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.exp()

        @staticmethod
        def backward(ctx, grad):
            return grad * -7

    (Odd.apply(x.requires_grad_()) * 2).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.needs_input_grad"])
def function_of_several_inputs(
    torch, xy: same_shape(2, values="finite"), which: st.sampled_from([(True, True), (True, False), (False, True)])
):
    """backward returns a gradient for each input, and is told which of them are needed."""
    x, y = xy
    x.requires_grad, y.requires_grad = which

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, grad):
            a, b = ctx.saved_tensors
            ctx.needs_input_grad
            return grad * b, grad * a

    Product.apply(x, y).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.materialize"])
def function_of_several_outputs(torch, x: floats(values="finite"), g: lambda x: cotangent(x)):
    """backward is given a gradient for each output, of zeros for one that is not used."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * 2, a * a

        @staticmethod
        def backward(ctx, first, second):
            (a,) = ctx.saved_tensors
            return first * 2 + second * 2 * a

    twice, square = Both.apply(x.requires_grad_())
    torch.autograd.grad((twice, square), x, (g, g), retain_graph=True)
    torch.autograd.grad(square, x, g)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.materialize"])
def unused_output_may_give_none(torch, x: floats()):
    """With set_materialize_grads(False) backward is given None for an output that is not used."""

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.set_materialize_grads(False)
            return a * 2, a * 3

        @staticmethod
        def backward(ctx, first, second):
            return first * 2

    twice, _ = Both.apply(x.requires_grad_())
    twice.sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.grad_for_nonrequired", "fn.ctx_attrs"])
def arguments_that_are_no_tensors_have_no_gradient(torch, x: floats(), power: st.integers(1, 3)):
    """backward returns None for arguments that are not differentiable, which may be kept on ctx."""

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, factor, name):
            ctx.factor = factor
            return a * factor

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.factor, None, None

    Scale.apply(x.requires_grad_(), power, "scale").sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.grad_mode"])
def gradients_are_off_in_forward(torch, x: floats()):
    """Gradients are switched off in the forward of a Function, and in its backward."""

    class Look(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            torch.is_grad_enabled()
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            torch.is_grad_enabled()
            return grad * 2

    Look.apply(x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function", "create_graph"], covers=["fn.double", "fn.grad_mode"])
def backward_of_a_function_is_differentiable(torch, x: floats()):
    """A backward that is made of tensor operations is itself differentiated."""

    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a.sin()

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return grad * a.cos()

    (g,) = torch.autograd.grad(Sine.apply(x.requires_grad_()).sum(), x, create_graph=True)
    torch.autograd.grad(g.sum(), x)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.no_requires"])
def function_without_grad_is_not_tracked(torch, x: floats()):
    """Without an input that requires grad, and under no_grad, the result of a Function has no node."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    Double.apply(x)
    x.requires_grad_()
    with torch.no_grad():
        Double.apply(x)


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.mark_dirty"])
def dirty_input_is_returned(torch, x: floats()):
    """An input that forward overwrites and marks as dirty is the result, with the Function's node."""

    class AddOne(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            a.add_(1)
            ctx.mark_dirty(a)
            return a

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    y = x.requires_grad_() * 2
    z = AddOne.apply(y)
    z._version
    z.sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.mark_nondiff"])
def output_can_be_marked_as_not_differentiable(torch, x: floats()):
    """An output marked as not differentiable does not require grad."""

    class Split(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            rest = a - 1
            ctx.mark_non_differentiable(rest)
            return a * 2, rest

        @staticmethod
        def backward(ctx, grad, of_rest):
            return grad * 2

    twice, rest = Split.apply(x.requires_grad_())
    (twice * rest).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.wrong_count"])
def backward_returns_as_many_gradients_as_inputs(torch, xy: same_shape(2)):
    """A backward that returns too few gradients makes the pass raise."""

    class Forgetful(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return grad

    x, y = xy
    Forgetful.apply(x.requires_grad_(), y.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.wrong_kind"])
def backward_returns_gradients_of_the_right_shape(torch, x: floats(shape=(2, 3))):
    """A backward that returns a gradient of another shape makes the pass raise."""

    class Crooked(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad[:1, :2]

    Crooked.apply(x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.wrong_kind"])
def larger_gradient_of_backward_is_summed(
    torch, x: floats(shape=st.sampled_from([(3,), (1, 3), ()]), values="finite"), twice: st.booleans()
):
    """A larger gradient that backward returns is summed to the shape of the input."""

    class Expanding(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.expand(2, 3) * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    y = Expanding.apply(x.requires_grad_())
    (y * y if twice else y).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.none_for_required"])
def gradient_of_none_accumulates_nothing(torch, xy: same_shape(2)):
    """A gradient of None leaves the grad of that input as it was."""

    class First(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    x, y = xy
    First.apply(x.requires_grad_(), y.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.backward_exception"])
def exception_of_backward_reaches_the_caller(torch, x: floats()):
    """An exception raised in backward leaves the pass unchanged, and nothing is accumulated."""

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            raise ArithmeticError("no gradient today")

    Broken.apply(x.requires_grad_()).sum().backward()
    torch.is_grad_enabled()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.missing"])
def function_needs_forward_and_backward(torch, x: floats()):
    """A Function without forward raises when applied, one without backward when differentiated."""

    class Nothing(torch.autograd.Function):
        pass

    class OneWay(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

    Nothing.apply(x.requires_grad_())
    OneWay.apply(x).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.saved_freed"])
def saved_tensors_are_freed_with_the_graph(torch, x: nonzero()):
    """What a Function saved is freed by the first pass without retain_graph."""

    class Inverse(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            result = 1 / a
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, grad):
            (result,) = ctx.saved_tensors
            return -grad * result * result

    y = Inverse.apply(x.requires_grad_()).sum()
    y.backward(retain_graph=True)
    y.backward()
    y.backward()


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.saved_mutated"])
def saved_input_must_not_be_overwritten(torch, x: floats()):
    """A tensor saved by a Function is watched for writes like any other."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return 2 * grad * a

    y = x.requires_grad_() * 1
    z = Square.apply(y)
    y.add_(1)
    z.sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.setup_context"])
def context_can_be_set_up_apart(torch, x: floats(values="finite")):
    """setup_context takes inputs and output, so that forward does without ctx."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a * a

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return 2 * grad * a

    Square.apply(x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function", "node_hooks"], covers=["fn.basic"])
def gradients_of_a_function_are_looked_at_before_its_hooks(
    torch,
    x: floats("float32", shape=(2,)),
    kind: st.sampled_from(["longer", "rounded", "two", "none", "fitting"]),
    handed: st.booleans(),
):
    """A gradient of a Function's that does not fit is refused before the hooks of its node run."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.clone()

        @staticmethod
        def backward(ctx, grad):
            if kind == "longer":
                return grad.sum().expand(7)
            if kind == "two":
                return grad, grad
            return {"rounded": grad.double(), "none": None, "fitting": grad * 2}[kind]

    def hook(inputs, outputs):
        return (torch.ones(2),) if handed else None

    y = Own.apply(x.requires_grad_())
    y.grad_fn.register_hook(hook)
    y.backward(torch.ones(2))
