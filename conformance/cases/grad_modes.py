"""Grad modes around generators, classes and threads, and what they leave alone."""

import threading

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.generator_send"])
def decorated_generator_takes_what_is_sent(torch, x: floats(), w: lambda x: floats(x.dtype, shape=x.shape)):
    """A decorated generator gets what is sent to it, and hands on what it yields."""

    @torch.no_grad()
    def scale(a):
        factor = yield a * 2
        again = yield a * factor
        yield again * 3

    x.requires_grad_()
    w.requires_grad_()
    produced = scale(x)
    next(produced)
    (x * w).requires_grad
    produced.send(w)
    torch.is_grad_enabled()
    produced.send(w)
    produced.send(None)


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.generator_send", "mode.generator"])
def generator_can_switch_on_inside_no_grad(torch, x: floats()):
    """A generator decorated with enable_grad records, also when its caller is under no_grad."""

    @torch.enable_grad()
    def multiples(a):
        yield a * 2
        with torch.no_grad():
            yield a * 3
        yield a * 4

    x.requires_grad_()
    with torch.no_grad():
        produced = multiples(x)
        first = next(produced)
        x * 5
        second = next(produced)
        third = next(produced)
        torch.is_grad_enabled()
    first.requires_grad
    second.requires_grad
    third.requires_grad


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.factory"])
def factories_obey_requires_grad_under_no_grad(
    torch, x: floats(), mode: st.sampled_from(["no_grad", "inference_mode"])
):
    """A factory given requires_grad=True makes a leaf that requires grad, whatever the mode."""
    with getattr(torch, mode)():
        a = torch.zeros(2, requires_grad=True)
        b = torch.ones_like(x, requires_grad=True)
        c = torch.full((2,), 3.0, requires_grad=True)
        d = torch.tensor([1.0], requires_grad=True)
        (a * 2).requires_grad
    a.is_leaf
    b.requires_grad
    c.is_leaf
    d.requires_grad


@case(lecture="no_grad", requires=["no_grad", "threads"], covers=["mode.thread_local"])
def every_thread_starts_with_gradients(torch, x: floats(), mode: st.sampled_from(["no_grad", "inference_mode"])):
    """A thread started under no_grad has gradients enabled, and its own modes."""
    x.requires_grad_()

    def work():
        torch.is_grad_enabled()
        torch.is_inference_mode_enabled()
        x * 2
        torch.set_grad_enabled(False)
        x * 3

    with getattr(torch, mode)():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        torch.is_grad_enabled()
    torch.is_grad_enabled()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    torch.is_grad_enabled()
    x * 4


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.set_grad_enabled"])
def set_grad_enabled_decorates(torch, x: floats(), mode: st.booleans()):
    """set_grad_enabled as a decorator leaves the mode alone until the function is called."""

    @torch.set_grad_enabled(mode)
    def double(a):
        return a * 2

    torch.is_grad_enabled()
    double(x.requires_grad_()).requires_grad
    torch.is_grad_enabled()


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.reuse"])
def context_that_is_entered_twice_loses_the_outer_mode(torch, x: floats()):
    """A no_grad object entered inside of itself leaves gradients off behind it."""
    x.requires_grad_()
    off = torch.no_grad()
    with off:
        with off:
            x * 2
        x * 3
    torch.is_grad_enabled()
    x * 4


@case(lecture="no_grad", requires=["no_grad", "inference_mode"], covers=["mode.fwd_grad"])
def forward_mode_is_off_in_inference_mode_only(torch, mode: st.booleans()):
    """The flag of forward mode is on under no_grad, and off in inference mode."""
    with torch.no_grad():
        torch._C._is_fwd_grad_enabled()
    with torch.inference_mode():
        torch._C._is_fwd_grad_enabled()
        with torch.enable_grad():
            torch._C._is_fwd_grad_enabled()
        with torch.inference_mode(mode):
            torch._C._is_fwd_grad_enabled()
    torch._C._is_fwd_grad_enabled()


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.class_decoration"])
def decorated_class_is_a_function(torch, x: floats()):
    """no_grad makes a function of a class, with a warning, and leaves the class alone."""

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    decorated = torch.no_grad()(Double)
    x.requires_grad_()
    decorated.apply(x)
    Double.apply(x).sum().backward()
    torch.is_grad_enabled()


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.generator_send"])
def decorated_generator_can_be_closed(torch, x: floats()):
    """Closing a decorated generator leaves gradients enabled, and it yields no more."""

    @torch.no_grad()
    def multiples(a):
        yield a * 2
        yield a * 3

    produced = multiples(x.requires_grad_())
    next(produced)
    produced.close()
    torch.is_grad_enabled()
    next(produced)
