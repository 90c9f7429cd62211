"""Functions that are called with a gradient as it passes by."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats


@case(requires=["hooks", "backward"], covers=["hook.replace"])
def hook_sees_the_gradient(torch, x: floats(), g: lambda x: cotangent(x)):
    """A hook is called with the gradient of its tensor."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: None)
    (y * 3).backward(g)


@case(requires=["hooks", "backward"], covers=["hook.replace"])
def hook_replaces_the_gradient(torch, x: floats(), factor: st.sampled_from([2, -1, 0.5, 0])):
    """What a hook returns takes the place of the gradient."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: grad * factor)
    y.sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.replace"])
def hooks_run_in_the_order_of_registration(torch, x: floats(), g: lambda x: cotangent(x)):
    """Hooks are called in the order of registration, each with what the one before returned."""
    y = x.requires_grad_() * 1
    y.register_hook(lambda grad: grad + 1)
    y.register_hook(lambda grad: grad * 2)
    y.backward(g)


@case(requires=["hooks", "backward"], covers=["hook.remove"])
def removed_hook_is_not_called(torch, x: floats()):
    """A hook that was removed by its handle is not called any more."""
    y = x.requires_grad_() * 2
    handle = y.register_hook(lambda grad: grad * 5)
    y.sum().backward(retain_graph=True)
    handle.remove()
    y.sum().backward()


@case(requires=["hooks"], covers=["hook.not_requires"])
def hook_needs_requires_grad(torch, x: floats()):
    """Registering a hook on a tensor that does not require grad raises."""
    x.register_hook(lambda grad: grad)


@case(requires=["hooks", "backward"], covers=["hook.once_summed"])
def hook_sees_the_sum_of_all_uses(torch, x: floats(values="finite")):
    """A hook on a tensor that is used twice is called once, with the sum of both gradients."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: None)
    (y * 3 + y.sin()).sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.leaf_before_accum"])
def hook_on_a_leaf_runs_before_the_accumulation(torch, x: floats()):
    """A hook on a leaf is given the gradient of each pass, before it is added to grad."""
    x.requires_grad_().register_hook(lambda grad: grad * 10)
    (x * 2).sum().backward()
    (x * 3).sum().backward()


@case(requires=["hooks", "grad"], covers=["hook.captured_modified", "hook.autograd_grad"])
def grad_returns_what_the_hook_returned(torch, x: floats()):
    """autograd.grad returns the gradient that the hook put in its place."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: grad * 3)
    torch.autograd.grad(y.sum(), x, retain_graph=True)
    torch.autograd.grad(y.sum(), y)


@case(requires=["hooks", "grad"], covers=["hook.captured_modified", "hook.autograd_grad"])
def gradient_captured_on_the_way_is_not_replaced(torch, x: floats(values="finite")):
    """Of an input on the way to another, autograd.grad returns the gradient from before its hooks."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: grad * 3)
    torch.autograd.grad(y.sin().sum(), (x, y))


@case(requires=["hooks", "backward"], covers=["hook.order_all"])
def retained_grad_is_what_the_hooks_left(torch, x: floats()):
    """The retained gradient of a result is the one that its hooks have replaced."""
    y = x.requires_grad_() * 2
    y.retain_grad()
    y.register_hook(lambda grad: grad + 1)
    y.sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.exception"])
def exception_of_a_hook_reaches_the_caller(torch, x: floats()):
    """An exception raised by a hook ends the pass unchanged."""

    def refuse(grad):
        raise LookupError("not this one")

    y = x.requires_grad_() * 2
    y.register_hook(refuse)
    y.sum().backward()
    x.grad


@case(requires=["hooks", "backward"], covers=["hook.bad_return"])
def hook_returns_a_tensor_or_nothing(torch, x: floats(shape=(2,)), wrong: st.sampled_from([1.0, "grad", 0])):
    """A hook that returns anything but a tensor or None makes the pass raise."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: wrong)
    y.sum().backward()


@case(requires=["hooks", "in_place", "backward"], covers=["inp.hooks_after"])
def hook_belongs_to_the_old_value(torch, x: floats()):
    """A hook registered before a write in place is called with the gradient of the old value."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: None)
    y.mul_(5)
    y.sum().backward()


@case(requires=["hooks", "create_graph"], covers=["hook.create_graph", "hook.grad_mode"])
def hook_can_be_differentiated(torch, x: floats()):
    """With create_graph what a hook computes is part of the gradient's graph."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: grad * x)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    torch.autograd.grad(g.sum(), x)
