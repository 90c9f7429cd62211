"""What a Function saves for backward, and for how long."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.save_non_tensor"])
def only_tensors_are_saved(torch, x: floats(), wrong: st.sampled_from([3, "text", [1], (1,)])):
    """save_for_backward refuses what is no tensor if it is to be kept, save_for_forward at once."""

    class Saves(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a, wrong)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad

    class SavesForward(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_forward(a, None)
            ctx.save_for_forward(wrong)
            return a * 2

    Saves.apply(x)
    SavesForward.apply(x)
    Saves.apply(x.requires_grad_())


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.save_non_tensor"])
def none_can_be_saved(torch, x: floats()):
    """None among the saved tensors stays None."""

    class Saves(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(None, a, None)
            ctx.to_save
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            _nothing, _a, _more = ctx.saved_tensors
            ctx.to_save
            return grad

    Saves.apply(x.requires_grad_()).sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.saved_freed"])
def last_save_counts(torch, x: floats(values="finite")):
    """Of two calls of save_for_backward the last counts; nothing can be read before forward has returned."""

    class Saves(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            ctx.save_for_backward(a * 3, a)
            ctx.saved_tensors
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            triple, _a = ctx.saved_tensors
            return grad * triple

    y = Saves.apply(x.requires_grad_())
    y.sum().backward()
    y.grad_fn.saved_tensors
    y.grad_fn._raw_saved_tensors


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.saved_freed"])
def function_that_saved_nothing_is_freed_too(torch, x: floats()):
    """Reading saved_tensors in a second pass raises even where nothing was saved."""

    class Reads(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            ctx.saved_tensors
            return grad * 2

    class DoesNot(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    y = Reads.apply(x.requires_grad_()).sum()
    y.backward()
    y.backward()
    z = DoesNot.apply(x).sum()
    z.backward()
    z.backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.saved_freed"])
def saved_tensors_can_be_let_go_when_read(torch, x: floats(values="finite")):
    """With clear_saved_tensors_on_access the saved tensors can be read once only."""

    class Once(torch.autograd.Function):
        clear_saved_tensors_on_access = True

        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return 2 * grad * a

    class Wrong(torch.autograd.Function):
        clear_saved_tensors_on_access = 1

        @staticmethod
        def forward(ctx, a):
            return a

    y = Once.apply(x.requires_grad_()).sum()
    y.backward(retain_graph=True)
    y.backward()
    Wrong.apply(x)


@case(lecture="custom_function", requires=["custom_function", "in_place"], covers=["fn.saved_mutated"])
def saved_output_must_not_be_overwritten(torch, x: floats()):
    """An output that a Function saved is watched for writes, also through what shares its memory."""

    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            result = a.exp()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, grad):
            (result,) = ctx.saved_tensors
            return grad * result

    y = Exp.apply(x.requires_grad_())
    y.detach().add_(1)
    y.sum().backward()
    z = Exp.apply(x)
    z.mul_(2)
    z.sum().backward()


@case(lecture="custom_function", requires=["custom_function"], covers=["fn.no_requires"])
def function_that_is_not_tracked_saves_nothing(torch, x: floats(), n: st.booleans()):
    """Under no_grad and without an input that requires grad a Function has no edges, and saves nothing."""

    class Saves(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            ctx.next_functions
            ctx.needs_input_grad
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    Saves.apply(x)
    x.requires_grad_()
    with torch.no_grad():
        Saves.apply(x)
    with torch.inference_mode():
        Saves.apply(x)
    with torch.set_grad_enabled(n):
        Saves.apply(x)
