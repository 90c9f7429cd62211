"""What a Function returns: inputs, views, dirty tensors, the same tensor twice, and values that are no tensors."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, ints


@case(lecture="custom_function", requires=["custom_function", "views"], covers=["fn.return_input"])
def input_that_is_returned_becomes_a_view(torch, x: floats()):
    """An input that forward returns as it is comes back as a new view of it, with the Function's node."""

    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    y = Same.apply(x.requires_grad_())
    y._is_view()
    y._base
    y.grad_fn.name()
    y.sum().backward()
    z = Same.apply(x * 2)
    z.sum().backward()
    Same.apply(torch.ones(2))


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.return_input"])
def view_from_a_function_is_not_written_to(torch, x: floats(min_dims=1, empty=False), twice: st.booleans()):
    """A view that a Function returns, of an input or the input itself, can be read but not written."""

    class Head(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a if twice else a[:1]

        @staticmethod
        def backward(ctx, grad):
            return grad if twice else grad.expand(2)

    y = x.requires_grad_() * 2
    z = Head.apply(y)
    z.add_(1)
    y.mul_(2)
    z.grad_fn
    plain = torch.ones(2)
    w = Head.apply(plain)
    w.add_(1)
    w.add_(torch.ones(1, requires_grad=True))


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.return_input"])
def one_of_several_views_from_a_function_is_not_written_to(torch, x: floats(shape=(3,))):
    """With several differentiable outputs the views among them are as those of a function like unbind."""

    class Halves(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a[:1], a[1:]

        @staticmethod
        def backward(ctx, first, second):
            return torch.cat([first, second])

    y = x.requires_grad_() * 2
    first, second = Halves.apply(y)
    first.add_(1)
    (first.sum() + second.sum()).backward()
    y.mul_(2)
    second.grad_fn


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.return_input", "fn.setup_context"])
def input_that_is_returned_cannot_be_saved_by_setup_context(torch, x: floats()):
    """A setup_context cannot save an input that forward returned as it is; a view of it may be."""

    class Same(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, grad):
            return grad

    class View(torch.autograd.Function):
        @staticmethod
        def forward(a):
            return a.view_as(a)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])
            ctx.save_for_forward(inputs[0])

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    Same.apply(x.requires_grad_())
    Same.apply(torch.ones(2))
    View.apply(x).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.dup_outputs"])
def output_that_is_returned_twice_is_one_object(torch, x: floats(), g: lambda x: cotangent(x)):
    """A tensor returned twice is one object, and its gradient arrives in the last of its places."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            result = a * 2
            return result, result

        @staticmethod
        def backward(ctx, first, second):
            return first * 3 + second * 5

    y, z = Twice.apply(x.requires_grad_())
    y.output_nr
    torch.autograd.grad(y, x, g, retain_graph=True)
    torch.autograd.grad((y, z), x, (g, g))


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.dup_outputs", "fn.return_input"])
def input_that_is_returned_twice_is_two_views(torch, x: floats(), g: lambda x: cotangent(x)):
    """An input returned twice comes back as two views, each with a gradient of its own."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a, a

        @staticmethod
        def backward(ctx, first, second):
            return first * 3 + second * 5

    y, z = Twice.apply(x.requires_grad_())
    torch.autograd.grad(y, x, g, retain_graph=True)
    torch.autograd.grad(z, x, g)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.nontensor_out"])
def outputs_that_are_no_tensors_pass_through(torch, x: floats(), k: st.integers(), g: lambda x: cotangent(x)):
    """What forward returns beside tensors passes through, and backward is given None in its place."""

    class Mixed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, k):
            return "text", a * 2, None, k, [a]

        @staticmethod
        def backward(ctx, text, grad, nothing, number, several):
            return grad * 2, None

    _text, y, _nothing, _number, _several = Mixed.apply(x.requires_grad_(), k)
    y.output_nr
    y.backward(g)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.nontensor_out"])
def a_list_is_no_tuple_of_outputs(torch, x: floats(), kind: st.integers(0, 3)):
    """Only a tuple is taken apart: a list, a dict or None is one value that is no tensor."""

    class Listed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return ([a * 2, a], {"k": a * 2}, None, ())[kind]

    class Single(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return (a * 2,)

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    Listed.apply(x.requires_grad_())
    (y,) = Single.apply(x)
    y.sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.int_output", "fn.mark_nondiff"])
def integer_outputs_have_no_gradient(torch, x: floats(values="finite"), n: ints(shape=(2,))):
    """Outputs of integers and of bools do not require grad; backward is given zeros of their type."""

    class Rounded(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, n):
            return a * 2, a > 0, n + 1, n

        @staticmethod
        def backward(ctx, grad, of_sign, of_sum, of_n):
            return grad * 2, None

    y, _sign, total, _same = Rounded.apply(x.requires_grad_(), n)
    y.grad_fn._input_metadata[1].shape
    y.sum().backward()
    total.sum().backward()
    Rounded.apply(n, n)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.mark_nondiff"])
def output_that_is_not_differentiable_loses_its_history(torch, x: floats(min_dims=1, empty=False)):
    """Marked as not differentiable a result is detached; a view requires grad as its base does."""

    class Plain(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            with torch.enable_grad():
                tracked = a * 2
            part = a[:1]
            ctx.mark_non_differentiable(a, tracked, part)
            return a, tracked, part, a * 3

        @staticmethod
        def backward(ctx, of_input, of_tracked, of_part, grad):
            return grad * 3

    _same, _tracked, part, y = Plain.apply(x.requires_grad_())
    y.sum().backward()
    part.add_(1)


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.materialize", "fn.mark_nondiff"])
def zeros_for_what_is_not_differentiable_can_be_left_out(torch, x: floats(), everything: st.booleans()):
    """Undefined gradients can be None for all outputs, or for those that are not differentiable."""

    class Three(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            rest = a - 1
            ctx.mark_non_differentiable(rest)
            if everything:
                ctx.set_materialize_grads(False)
            else:
                ctx._materialize_non_diff_grads = False
            return a * 2, rest, a * 4

        @staticmethod
        def backward(ctx, grad, of_rest, of_third):
            return grad * 2

    y, _, _ = Three.apply(x.requires_grad_())
    y.sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.materialize"])
def materialize_grads_is_a_bool(torch, x: floats()):
    """set_materialize_grads takes a bool only, and the flag cannot be read."""

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, value):
            ctx.set_materialize_grads(value)
            return a * 2

    Wrong.apply(x.requires_grad_(), 1)
    Wrong.apply(x, None)
    y = Wrong.apply(x, True)
    y.grad_fn.materialize_grads


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.mark_nondiff", "fn.save_non_tensor"])
def attributes_of_a_context_are_tuples(torch, x: floats()):
    """What is said by assigning to ctx instead of calling its methods is a tuple of tensors."""

    class Saves(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.to_save = [a]
            return a * 2

    class Marks(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.non_differentiable = [a]
            return a * 2

    class Dirties(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.dirty_tensors = a
            return a

    class Text(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.mark_non_differentiable("text")
            return a * 2

    Saves.apply(x.requires_grad_())
    Marks.apply(x)
    Dirties.apply(x * 1)
    Text.apply(x)
