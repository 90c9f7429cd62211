"""Backward passes within backward passes, and in other threads."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, same_shape

REQUIRES = ("tape",)


@case(lecture="custom_function", requires=["custom_function", "hooks"], covers=["eng.reentrant"])
def backward_may_run_within_backward(torch, xw: same_shape(2, values="finite")):
    """The backward of a Function may run a pass of its own, which has its own number and grad mode."""
    x, w = (t.requires_grad_() for t in xw)

    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * 1

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            torch.is_grad_enabled()
            with torch.enable_grad():
                b = (w * w).sum()
            b.backward()
            torch.is_grad_enabled()
            w.grad
            torch._C._current_autograd_node()
            return grad * 2

    w.register_hook(lambda grad: torch._C._current_autograd_node())
    (Inner.apply(x) * w).sum().backward()
    torch._C._current_graph_task_id()


@case(requires=["hooks", "backward"], covers=["eng.reentrant"])
def hook_may_run_a_pass(torch, x: floats(values="finite")):
    """A hook may compute gradients of its own, also with respect to the leaves of the pass around it."""
    y = x.requires_grad_() * 2

    def inner(grad):
        with torch.enable_grad():
            (g,) = torch.autograd.grad((x * x).sum(), x)
            (x * 3).sum().backward()
        return grad + g

    y.register_hook(inner)
    y.sin().sum().backward()


@case(requires=["hooks", "backward"], covers=["eng.reentrant"])
def pass_may_run_over_the_graph_of_the_one_around_it(torch, x: floats(values="finite")):
    """A hook may run the very graph that is being run, as long as it is kept."""
    y = x.requires_grad_() * 2
    z = y.exp()
    inner = y.sum()
    z.register_hook(lambda grad: inner.backward(retain_graph=True))
    y.register_hook(lambda grad: None)
    z.sum().backward(retain_graph=True)
    y.sum().backward()


@case(requires=["hooks", "backward"], covers=["eng.reentrant", "call.partial_free"])
def pass_within_may_free_what_the_one_around_it_needs(torch, x: floats(values="finite")):
    """A pass in a hook that frees the nodes still to be run makes the one around it raise."""
    y = x.requires_grad_().exp()
    z = y.sin()
    inner = y.sum()
    z.register_hook(lambda grad: inner.backward())
    z.sum().backward()
    x.grad


@case(requires=["hooks", "backward"], covers=["eng.reentrant_deep"], observe="last")
def passes_may_be_deep_within_each_other(torch, depth: st.sampled_from([30, 100])):
    """Passes within passes may be nested deeper than the stack of one thread is."""
    x = torch.ones(1, requires_grad=True)
    y = x * 1
    for level in range(depth):
        y = _running(y.sum(), x * (level + 1))
    y.sum().backward()
    x.grad


def _running(inner, y):
    """`y`, with a hook that runs `inner`."""
    y.register_hook(lambda grad: inner.backward())
    return y


@case(requires=["hooks", "backward", "create_graph"], covers=["eng.reentrant_deep"])
def deepest_pass_knows_itself_and_its_modes(
    torch,
    more: st.booleans(),
    levels: st.sampled_from([24, 20, 2]),  # PyTorch goes on in a thread of its own from 60 on, numtorch from 20
    sets: st.sampled_from([(), (True,), (False,)]),
):
    """A pass that is nested deep has the modes that one nested once has, and runs the nodes of its own."""
    x = torch.ones(1, requires_grad=True)

    def asks(grad):
        torch.is_grad_enabled()
        torch._C._current_autograd_node()
        for mode in sets:
            torch.set_grad_enabled(mode)
        return grad * x

    y = x.exp()
    y.register_hook(asks)
    for level in range(levels):
        y = _asking(torch, y.sum(), x * (level + 1), more)
    total = y.sum()
    with torch.no_grad():
        total.backward(create_graph=more)
        (x * 2).requires_grad
    (x * 2).requires_grad


def _asking(torch, inner, y, more):
    """`y`, with a hook that asks which node is run, and runs `inner`."""

    def runs(grad):
        torch._C._current_autograd_node()
        inner.backward(create_graph=more)

    y.register_hook(runs)
    return y


@case(lecture="custom_function", requires=["custom_function", "hooks"], covers=["eng.reentrant_error"])
def error_in_a_pass_within_ends_both(torch, xw: same_shape(2, values="finite")):
    """An exception in a pass within a pass reaches the caller, and the next pass is none the worse."""
    x, w = (t.requires_grad_() for t in xw)

    def refuse(grad):
        raise LookupError("not this one")

    def inner(grad):
        with torch.enable_grad():
            b = w * 3
        b.register_hook(refuse)
        b.sum().backward()

    y = x * 2
    handle = y.register_hook(inner)
    y.sum().backward()
    torch._C._current_graph_task_id()
    torch.is_grad_enabled()
    handle.remove()
    y.sum().backward()
    w.grad


@case(requires=["backward"], covers=["eng.threads_accumulate"])
def threads_add_to_one_leaf(torch, x: floats(values="finite"), threading, count: st.integers(1, 4)):
    """Passes in several threads add up in the grad of a leaf that they share."""
    x.requires_grad_()

    def work(factor):
        (x * factor).sum().backward()

    for factor in range(count):
        thread = threading.Thread(target=work, args=(factor,))
        thread.start()
        thread.join()
    x.grad


@case(requires=["grad"], covers=["eng.threads_accumulate"])
def threads_run_over_one_graph(torch, x: floats(values="finite"), threading):
    """A graph made in one thread can be run in another, and again here if it is kept."""
    y = (x.requires_grad_() * x).sum()

    def work():
        torch.autograd.grad(y, x, retain_graph=True)
        y.backward(retain_graph=True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    y.backward()
    again = threading.Thread(target=work)
    again.start()


@case(requires=["hooks", "backward"], covers=["eng.thread_same"])
def pass_runs_in_the_calling_thread(torch, x: floats(), threading):
    """Hooks run in the thread that called backward."""
    y = x.requires_grad_() * 2
    here = threading.current_thread()
    main = threading.main_thread()

    def where(grad):
        threading.current_thread() == here
        threading.current_thread() == main

    y.register_hook(where)
    y.sum().backward(retain_graph=True)

    def work():
        threading.current_thread() == here
        y.sum().backward(retain_graph=True)

    threading.Thread(target=work).start()


@case(requires=["hooks", "no_grad"], covers=["eng.thread_same"])
def threads_have_modes_of_their_own(torch, x: floats(), threading):
    """Grad mode, inference mode and hooks on saved tensors are those of the thread that switched them."""
    x.requires_grad_()

    def work():
        torch.is_grad_enabled()
        torch.is_inference_mode_enabled()
        (x * x).sum().backward()
        torch.set_grad_enabled(False)

    with torch.no_grad():
        threading.Thread(target=work).start()
    with torch.inference_mode():
        threading.Thread(target=work).start()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        threading.Thread(target=work).start()
    torch.is_grad_enabled()


@case(requires=["hooks", "backward"], covers=["eng.threads_accumulate"])
def error_in_another_thread_stays_there(torch, x: floats(), threading):
    """A pass that fails in another thread leaves this one as it was."""

    def refuse(grad):
        raise LookupError("not this one")

    y = x.requires_grad_() * 2
    handle = y.register_hook(refuse)

    def work():
        y.sum().backward()

    threading.Thread(target=work).start()
    handle.remove()
    y.sum().backward()


@case(requires=["reentrant", "hooks"])
def error_within_many_passes_reaches_the_outermost(torch, x: floats(shape=(2,)), depth: st.sampled_from([22, 3, 42])):
    """An error in a pass that runs within many others is raised by the outermost of them."""
    x.requires_grad_()
    losses = []
    for level in range(depth):
        y = x * 2
        if level:
            y.register_hook(lambda grad, inner=losses[-1]: inner.backward(retain_graph=True))
        else:
            y.register_hook(lambda grad: grad.view(7))
        losses.append(y.sum())
    losses[-1].backward()
