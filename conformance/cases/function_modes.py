"""TorchFunctionMode: within its block one object is asked about every function."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats


def telling(torch, builtins):
    """A mode that looks at what it is told, and hands it on."""

    class Told(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args, kwargs=None):
            builtins.getattr(func, "__name__")
            builtins.len(types)
            return torch.overrides.BaseTorchFunctionMode.__torch_function__(self, func, types, args, kwargs)

    return Told


@case(requires=["function_mode"], covers=["sub.override"])
def a_mode_is_told_of_operators_and_methods(torch, x: floats(), y: lambda x: floats(shape=x.shape), builtins):
    """A mode is given operators, functions and methods, with their arguments."""
    with telling(torch, builtins)():
        z = x + y
        2 - z
        z.exp()
        torch.mul(x, y)
        z.sum(-1 if x.dim() else 0)
        torch.stack([x, y], dim=0)
        torch.nn.functional.relu(z)
    x + y


@case(requires=["function_mode"], covers=["sub.override"])
def a_mode_is_told_of_properties(torch, x: floats()):
    """A mode is given what reads and writes a property of a tensor, and its type."""

    class Told(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args, kwargs=None):
            return torch.overrides.BaseTorchFunctionMode.__torch_function__(self, func, types, args, kwargs)

    with Told():
        x.requires_grad = True
        x.requires_grad
        x.shape
        x.grad
        x.detach()
        x.is_leaf


@case(requires=["function_mode"], covers=["sub.override"])
def a_mode_is_told_of_functions_that_make_tensors(torch, x: floats(min_dims=1), size: st.integers(0, 3), builtins):
    """A mode is given functions without a tensor among their arguments, torch.tensor included."""
    with telling(torch, builtins)():
        torch.zeros(size)
        torch.ones(size, dtype=torch.float64)
        torch.arange(size)
        torch.full((size,), 1.5)
        torch.tensor([1.0, 2.0])
        torch.promote_types(torch.float32, torch.float64)
        torch.get_default_dtype()
        torch.is_grad_enabled()
        torch.is_tensor(x)


@case(requires=["function_mode"], covers=["sub.override"])
def a_mode_is_told_of_backward(torch, x: floats(), builtins):
    """A mode is given backward() and autograd.grad, and nothing of what the engine does."""
    x.requires_grad_()
    y = (x * x).sum()
    with telling(torch, builtins)():
        y.backward(retain_graph=True)
        torch.autograd.grad(y, x)
    x.grad


@case(requires=["function_mode"], covers=["sub.override"])
def modes_are_asked_from_the_inside_out(torch, x: floats(), factors: st.tuples(st.integers(2, 5), st.integers(2, 5))):
    """What a mode calls goes to the mode around it, never to itself."""

    class Inner(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args, kwargs=None):
            return torch.add(args[0], factors[0])

    class Outer(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args, kwargs=None):
            return torch.mul(args[0], factors[1])

    with Outer():
        with Inner():
            x.exp()
        x.exp()
    x.exp()


@case(requires=["function_mode"], covers=["sub.override"])
def a_mode_answers_for_itself(torch, x: floats(), answer: st.sampled_from([0, "no", 2.5])):
    """What the __torch_function__ of a mode returns is what the function returns."""

    class Stubborn(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args, kwargs=None):
            return answer

    with Stubborn():
        x.exp()
        torch.zeros(2)
        x + 1
        x.requires_grad


@case(requires=["function_mode"], covers=["sub.override"])
def a_mode_may_raise(torch, x: floats()):
    """An error that a mode raises reaches the caller, and leaves the block as any error does."""

    class Broken(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args, kwargs=None):
            raise ValueError("not this one")

    with Broken():
        torch.exp(x)
    x.exp()


@case(requires=["function_mode"], covers=["sub.override"])
def a_mode_without_an_answer(torch, x: floats(), builtins):
    """Where a mode returns NotImplemented subclasses are asked, and no other mode."""

    class Marked(torch.Tensor):
        note = "marked"

    class Sure(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args, kwargs=None):
            return 7

    class Shy(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args, kwargs=None):
            return builtins.getattr(1, "__add__")("no number")

    marked = x.as_subclass(Marked)
    with Shy():
        x + 1
    with Shy():
        marked * 2
    with torch._C.DisableTorchFunctionSubclass():
        sure = x.as_subclass(Sure)
    with Shy():
        sure * 2
    with torch.overrides.BaseTorchFunctionMode(), Shy():
        x - 1
    with torch.overrides.TorchFunctionMode():
        x + 1


@case(requires=["function_mode"], covers=["sub.override"])
def a_mode_is_asked_before_subclasses(torch, x: floats(), builtins):
    """A mode is told the subclasses among the arguments, which answer when it hands the call on."""

    class Marked(torch.Tensor):
        note = "marked"

    marked = x.as_subclass(Marked)
    with telling(torch, builtins)():
        builtins.repr(marked * x)
        builtins.repr(torch.cat([marked.reshape(-1), x.reshape(-1)]))


@case(requires=["function_mode"], covers=["sub.override"])
def modes_and_subclasses_are_switched_off_apart(torch, x: floats(), builtins):
    """DisableTorchFunctionSubclass leaves modes, DisableTorchFunction leaves nobody who is asked."""

    class Marked(torch.Tensor):
        note = "marked"

    marked = x.as_subclass(Marked)
    with telling(torch, builtins)():
        with torch._C.DisableTorchFunctionSubclass():
            builtins.repr(marked + 1)
        with torch._C.DisableTorchFunction():
            builtins.repr(marked + 1)
        marked + 1


@case(requires=["function_mode"], covers=["sub.override"])
def what_runs_within_a_user_function_is_told(torch, x: floats(), builtins):
    """A mode sees what the forward of a Function calls, but no backward that the engine runs."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g * ctx.saved_tensors[0]

    x.requires_grad_()
    with telling(torch, builtins)():
        y = Square.apply(x)
        y.sum().backward()
    x.grad
