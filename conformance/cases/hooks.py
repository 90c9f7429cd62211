"""Functions that are called with a gradient as it passes by."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats

TURNS = {
    "t_": lambda y: y.t_(),
    "swapaxes_": lambda y: y.swapaxes_(0, -1),
    "squeeze_": lambda y: y.squeeze_(),
    "unsqueeze_": lambda y: y.unsqueeze_(0),
    "as_strided_": lambda y: y.as_strided_((3, 1), (1, 1)),
}


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


@case(requires=["hooks", "backward"], covers=["hook.bad_return"])
def hook_keeps_dtype_and_shape(
    torch,
    x: floats("float32", shape=(2,)),
    kind: st.sampled_from(["float64", "int64", "bool", "complex64"]),
    size: st.sampled_from([(3,), (1, 2), ()]),
):
    """A hook whose tensor has another dtype or shape than the gradient makes the pass raise."""
    y = x.requires_grad_() * 2
    with y.register_hook(lambda grad: grad.to(getattr(torch, kind))):
        y.sum().backward(retain_graph=True)
    y.register_hook(lambda grad: torch.ones(size))
    y.sum().backward()
    x.grad


@case(requires=["hooks", "backward"], covers=["hook.remove"])
def handle_is_a_context(torch, x: floats()):
    """The handle of a hook removes it at the end of a with block, and may be removed again."""
    y = x.requires_grad_() * 2
    with y.register_hook(lambda grad: grad * 5) as handle:
        y.sum().backward(retain_graph=True)
    handle.remove()
    y.sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.remove"])
def hook_removes_hooks_of_later_tensors(torch, x: floats()):
    """A hook that is removed in a pass before its tensor's turn does not run in it."""
    y = x.requires_grad_() * 2
    first = y.register_hook(lambda grad: grad * 3)
    behind = x.register_hook(lambda grad: grad * 5)

    def remove(grad):
        first.remove()
        behind.remove()

    y.register_hook(remove)
    y.sum().backward(retain_graph=True)
    y.sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.not_callable"])
def hook_is_called_unseen(torch, x: floats(), wrong: st.sampled_from([1, "hook", None])):
    """Whether a hook can be called is found out in the pass."""
    y = x.requires_grad_() * 2
    with y.register_hook(wrong):
        y.sum().backward(retain_graph=True)
    with y.grad_fn.register_hook(wrong):
        y.sum().backward(retain_graph=True)
    with y.grad_fn.register_prehook(wrong):
        y.sum().backward(retain_graph=True)
    with x.register_hook(wrong):
        y.sum().backward(retain_graph=True)
    x.register_post_accumulate_grad_hook(wrong)
    y.sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.add_during"])
def hook_added_in_the_pass_runs_in_it(torch, x: floats(values="finite")):
    """A hook registered in a pass runs in the same pass, if its tensor's turn comes later."""
    y = x.requires_grad_() * 2
    z = y.exp()

    def first(grad):
        y.register_hook(lambda grad: grad * 3)
        y.retain_grad()
        x.register_hook(lambda grad: None)
        x.register_post_accumulate_grad_hook(lambda leaf: None)
        y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
        z.register_hook(lambda grad: None)
        z.grad_fn.register_prehook(lambda grad_outputs: None)
        z.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)

    z.register_hook(first)
    z.sum().backward()
    y.grad


@case(requires=["hooks", "backward"], covers=["hook.backward_hooks_attr"])
def hooks_stand_in_a_dict(torch, x: floats()):
    """_backward_hooks is None until a hook is registered, then a dict of hooks that is shown as it is."""
    x._backward_hooks
    y = x.requires_grad_() * 2
    handle = y.register_hook(lambda grad: None)
    len(y._backward_hooks)
    handle.remove()
    len(y._backward_hooks)
    y.add_(1)
    y._backward_hooks
    x.register_post_accumulate_grad_hook(lambda leaf: None)
    len(x._post_accumulate_grad_hooks)
    del x._backward_hooks
    del x._post_accumulate_grad_hooks


@case(requires=["hooks", "backward"], covers=["hook.backward_hooks_attr"])
def hooks_of_a_leaf_can_be_assigned(torch, x: floats()):
    """A leaf runs the hooks that were assigned to it, a result only those registered with its node."""
    y = x.requires_grad_() * 2
    x.register_hook(lambda grad: grad * 5)
    x._backward_hooks = {0: lambda grad: grad * 3}
    y.register_hook(lambda grad: grad * 7)
    y._backward_hooks = {0: lambda grad: grad * 11}
    y.sum().backward(retain_graph=True)
    x._backward_hooks = None
    y._backward_hooks = None
    y.sum().backward()


@case(requires=["hooks", "detach"], covers=["hook.backward_hooks_attr", "leaf.detach_inplace"])
def hooks_outlive_detach_in_place(torch, x: floats()):
    """A result that is detached in place keeps its hooks, which run when it requires grad as a leaf."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: grad * 3)
    y.detach_()
    (y.requires_grad_() * 5).sum().backward()
    y.grad


@case(requires=["hooks", "in_place", "backward"], covers=["inp.hooks_after"])
def retained_grad_moves_on_and_hooks_do_not(torch, x: floats(shape=(3,))):
    """After a write through a view its hooks belong to the old value, and a retained grad to the new one."""
    y = x.requires_grad_() * 2
    view = y[0:2]
    view.register_hook(lambda grad: None)
    y.register_hook(lambda grad: None)
    view.retain_grad()
    y.retain_grad()
    view.mul_(5)
    view._backward_hooks
    view.register_hook(lambda grad: None)
    y.register_hook(lambda grad: None)
    (y.sum() + view.sum()).backward()
    view.grad
    y.grad


@case(requires=["hooks", "in_place", "backward"], covers=["inp.hooks_after"])
def hook_on_a_stale_view_joins_the_old_ones(torch, x: floats(shape=(3,))):
    """A hook registered on a view whose base was written to since stays with its older hooks."""
    y = x.requires_grad_() * 2
    view = y[0:2]
    view.register_hook(lambda grad: None)
    y.mul_(5)
    view.register_hook(lambda grad: grad * 3)
    view.sum().backward()


@case(requires=["hooks", "backward", "detach", "alias"])
def gradient_detached_by_a_hook_is_taken_over(
    torch, x: floats(shape=(2,)), g: floats(shape=(2,)), keep: st.booleans(), write: st.booleans()
):
    """A leaf takes over what a hook's detach() made, though it is the caller's memory."""
    other = x.detach().clone()

    def keeps(grad):
        other.grad = grad

    x.requires_grad_()
    x.register_hook(lambda grad: grad.detach())
    if keep:
        x.register_hook(keeps)
    if write:
        x.register_hook(lambda grad: grad.mul_(2))
    x.backward(g)
    x.grad.add_(1)


@case(requires=["hooks", "retain_grad", "views", "backward"])
def view_made_in_place_leaves_hooks_behind(torch, x: floats(shape=(1, 3)), how: st.sampled_from(sorted(TURNS))):
    """A tensor turned in place leaves its hooks, and its retained gradient, at the node it had."""
    y = x.requires_grad_() * 2
    y.register_hook(lambda grad: grad * 3)
    y.retain_grad()
    TURNS[how](y)
    y.register_hook(lambda grad: grad + 1)
    (y * 5).sum().backward()


@case(requires=["hooks", "retain_grad", "views", "backward"])
def hook_after_a_view_made_in_place(torch, x: floats(shape=(1, 3)), how: st.sampled_from(sorted(TURNS))):
    """The first hook and retain_grad() of a tensor that was turned in place see it as it is."""
    y = x.requires_grad_() * 2
    TURNS[how](y)
    y.register_hook(lambda grad: grad * 3)
    y.retain_grad()
    (y * 5).sum().backward()


@case(requires=["hooks", "graph", "backward", "create_graph"])
def mode_that_a_hook_sets_ends_with_its_node(
    torch,
    x: floats(values="finite"),
    way: st.sampled_from(["tensor", "pre", "post", "function"]),
    mode: st.booleans(),
    more: st.booleans(),
    later: st.booleans(),
):
    """Grad mode that a hook sets is that of its node alone, and the next one has the pass's own."""
    x.requires_grad_()

    class Sets(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            torch.set_grad_enabled(mode)
            return grad * 2

    def sets(grad):
        torch.set_grad_enabled(mode)

    def sets_after(grad_inputs, grad_outputs):
        torch.set_grad_enabled(mode)

    def asks(grad):
        torch.is_grad_enabled()
        x * 2

    y = x * 2
    z = Sets.apply(y) if way == "function" else y * 3
    if way == "tensor":
        z.register_hook(sets)
        z.register_hook(asks)
    elif way == "pre":
        z.grad_fn.register_prehook(sets)
    elif way == "post":
        z.grad_fn.register_hook(sets_after)
    total = z.sum()
    if later:
        y.register_hook(asks)
    x.register_hook(asks)
    total.backward(create_graph=more)
    torch.is_grad_enabled()
