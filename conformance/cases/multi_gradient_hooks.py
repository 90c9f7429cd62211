"""Hooks on the gradients of several tensors at once."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, same_shape


@case(requires=["hooks", "backward"], covers=["hook.multi_all"])
def multi_grad_hook_waits_for_all(torch, xyz: same_shape(3, values="finite")):
    """A multi-grad hook is called once, with the gradients of all its tensors and None for those without."""
    x, y, z = (t.requires_grad_() for t in xyz)
    handle = torch.autograd.graph.register_multi_grad_hook((x, y, z), lambda grads: None)
    (x * y * z).sum().backward()
    (x * y).sum().backward()
    (z * 2).sum().backward()
    handle.remove()
    (x * y * z).sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.multi_all"])
def multi_grad_hook_waits_for_what_is_asked_for(torch, xy: same_shape(2, values="finite")):
    """A multi-grad hook does not wait for tensors that the inputs of the pass leave out."""
    x, y = (t.requires_grad_() for t in xy)
    u, v = x * 2, y * 3
    torch.autograd.graph.register_multi_grad_hook((u, v), lambda grads: None)
    s = (u * v).sum()
    s.backward(inputs=[x], retain_graph=True)
    s.backward(inputs=[u], retain_graph=True)
    torch.autograd.grad(s, (x, y), retain_graph=True)
    torch.autograd.grad(s, v, retain_graph=True)
    torch.autograd.grad(s, (u, v), create_graph=True)
    u.sum().backward()


@case(requires=["hooks", "grad"], covers=["hook.multi_all"])
def multi_grad_hook_on_a_captured_leaf_raises(torch, xy: same_shape(2)):
    """autograd.grad with respect to a leaf that has a multi-grad hook raises."""
    x, y = (t.requires_grad_() for t in xy)
    torch.autograd.graph.register_multi_grad_hook((x, y), lambda grads: None)
    torch.autograd.grad((x * y).sum(), x)


@case(requires=["hooks", "backward"], covers=["hook.multi_all"])
def multi_grad_hook_returns_nothing_of_use(torch, xy: same_shape(2)):
    """What a multi-grad hook returns replaces no gradient, and an exception in it ends the pass."""

    def refuse(grads):
        raise LookupError("not these")

    x, y = (t.requires_grad_() for t in xy)
    with torch.autograd.graph.register_multi_grad_hook((x, y), lambda grads: grads[0] * 100):
        (x + y).sum().backward()
    torch.autograd.graph.register_multi_grad_hook([x, x], refuse)
    (x + y).sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.multi_all", "hook.multi_any"])
def multi_grad_hook_needs_tensors_that_require_grad(torch, x: floats(), wrong: st.sampled_from(["some", "", None])):
    """In mode all each tensor has to require grad, in mode any some may not; there is no third mode."""
    w = x.detach().clone().requires_grad_()
    torch.autograd.graph.register_multi_grad_hook((w, x), lambda grads: None)
    torch.autograd.graph.register_multi_grad_hook((w, x), lambda grad: None, mode="any")
    torch.autograd.graph.register_multi_grad_hook((w,), lambda grad: None, mode=wrong)
    (w * 2).sum().backward()


@case(requires=["hooks", "backward"], covers=["hook.multi_any"])
def multi_grad_hook_may_take_the_first(torch, xy: same_shape(2, values="finite")):
    """In mode any the hook is called once in each pass, with the gradient that comes first."""
    x, y = (t.requires_grad_() for t in xy)
    with torch.autograd.graph.register_multi_grad_hook((x, y), lambda grad: grad * 100, mode="any"):
        (x * 2 + y).sum().backward()
        (y * 3).sum().backward()
        torch.autograd.grad((x * 2 + y).sum(), (x, y))
    (x * 2 + y).sum().backward()
