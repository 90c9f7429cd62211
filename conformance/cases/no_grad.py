"""Switching gradients off, and on again, whichever way the block is left."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, smooth


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.no_grad"])
def nothing_is_tracked_under_no_grad(torch, x: floats()):
    """What is computed under no_grad does not require grad."""
    x.requires_grad_()
    with torch.no_grad():
        y = x * 2
    y + x


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.no_grad"])
def leaves_still_require_grad_under_no_grad(torch, x: floats()):
    """no_grad leaves the flag of existing tensors alone, and tensors can be told to require grad."""
    x.requires_grad_()
    with torch.no_grad():
        x.requires_grad
        torch.zeros(2, requires_grad=True)
        (x * 2).requires_grad_()


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.no_grad"])
def no_grad_ends_with_its_block(torch):
    """Gradients are enabled before and after a no_grad block, and not inside."""
    torch.is_grad_enabled()
    with torch.no_grad():
        torch.is_grad_enabled()
    torch.is_grad_enabled()


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.no_grad"])
def no_grad_nests(torch, x: floats()):
    """Leaving the inner of two no_grad blocks does not enable gradients in the outer one."""
    x.requires_grad_()
    with torch.no_grad():
        with torch.no_grad():
            x * 2
        x * 3
    x * 4


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.no_grad"])
def enable_grad_reopens_a_no_grad_block(torch, x: floats()):
    """enable_grad enables gradients inside of a no_grad block."""
    x.requires_grad_()
    with torch.no_grad():
        with torch.enable_grad():
            y = x * 2
        z = y * 3
    (y * z).sum().backward()


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.no_grad"])
def exception_ends_no_grad(torch, x: floats()):
    """A no_grad block that is left by an exception enables gradients again."""
    x.requires_grad_()
    try:
        with torch.no_grad():
            x * 2
            raise ValueError("enough")
    except ValueError:
        torch.is_grad_enabled()
    (x * 2).sum().backward()


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.no_grad"])
def exception_ends_every_nested_mode(torch, x: floats()):
    """An exception that passes through nested modes restores each of them."""
    x.requires_grad_()
    with torch.no_grad():
        try:
            with torch.enable_grad(), torch.no_grad():
                raise KeyError("x")
        except KeyError:
            x * 2
    x * 3


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.decorator"])
def exception_in_a_decorated_function_ends_no_grad(torch, x: floats()):
    """A function decorated with no_grad that raises leaves gradients enabled."""

    @torch.no_grad()
    def fail(a):
        a * 2
        raise ValueError("enough")

    fail(x.requires_grad_())
    x * 3


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.decorator"])
def no_grad_decorates_a_function(torch, x: floats()):
    """A function decorated with no_grad() runs without gradients."""

    @torch.no_grad()
    def double(a):
        return a * 2

    y = double(x.requires_grad_())
    y + x * 2


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.decorator"])
def no_grad_decorates_without_parentheses(torch, x: floats()):
    """The parentheses of the decorator no_grad may be left out."""

    @torch.no_grad
    def double(a):
        return a * 2

    y = double(x.requires_grad_())
    y + x * 2


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.decorator"])
def enable_grad_decorates_a_function(torch, x: floats()):
    """A function decorated with enable_grad tracks even when called under no_grad."""

    @torch.enable_grad()
    def double(a):
        return a * 2

    x.requires_grad_()
    with torch.no_grad():
        y = double(x)
    y.sum().backward()


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.generator"])
def decorated_generator_switches_only_its_body(torch, x: floats()):
    """A generator decorated with no_grad runs without gradients, and its caller with them."""

    @torch.no_grad()
    def multiples(a):
        yield a * 2
        yield a * 3

    produced = multiples(x.requires_grad_())
    first = next(produced)
    x * 4
    second = next(produced)
    first + second + x


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.set_grad_enabled"])
def set_grad_enabled_is_a_context(torch, x: floats(), outer: st.booleans(), inner: st.booleans()):
    """set_grad_enabled as a context switches to its argument and back."""
    x.requires_grad_()
    with torch.set_grad_enabled(outer):
        with torch.set_grad_enabled(mode=inner):
            x * 2
        x * 3
    x * 4


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.set_grad_enabled"])
def set_grad_enabled_takes_a_bool(torch, x: floats(), mode: st.sampled_from([0, 1, None, "no", 0.0])):
    """set_grad_enabled takes nothing but a bool, and changes nothing if it is given something else."""
    torch.set_grad_enabled(False)
    torch.set_grad_enabled(mode)
    x.requires_grad_() * 2


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.set_grad_enabled"])
def set_grad_enabled_takes_effect_when_called(torch, x: floats(), mode: st.booleans()):
    """set_grad_enabled called as a function stays in effect."""
    x.requires_grad_()
    torch.set_grad_enabled(mode)
    x * 2
    torch.set_grad_enabled(True)
    x * 3


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.reuse"])
def context_object_can_be_entered_twice(torch, x: floats()):
    """A no_grad object serves two blocks, one after the other."""
    x.requires_grad_()
    off = torch.no_grad()
    with off:
        x * 2
    x * 3
    with off:
        x * 4
    x * 5


@case(lecture="no_grad", requires=["no_grad", "in_place"], covers=["inp.leaf_no_grad"])
def parameter_update_keeps_the_leaf(torch, w: floats(values="finite"), eta: st.sampled_from([0.1, 0.5, 1e-3])):
    """Under no_grad a leaf that requires grad is updated in place and stays a leaf."""
    w.requires_grad_().pow(2).sum().backward()
    with torch.no_grad():
        w -= eta * w.grad
    (w * 2).sum().backward()


@case(lecture="no_grad", requires=["no_grad", "views"], covers=["view.no_grad_view"])
def view_made_under_no_grad_cannot_be_written(torch, x: floats(shape=(2, 3))):
    """A view made under no_grad can be read but not written in place once gradients are on."""
    y = x.requires_grad_() * 2
    with torch.no_grad():
        v = y[0]
    v * 2
    v.mul_(2)


@case(lecture="no_grad", requires=["no_grad"], covers=["mode.no_grad_view_flag", "leaf.becomes_nonleaf"])
def result_of_no_grad_can_become_a_leaf(torch, x: floats()):
    """What was computed under no_grad is a leaf, and may be made to require grad afterwards."""
    with torch.no_grad():
        y = x.requires_grad_() * 2
    (y.requires_grad_() * x).sum().backward()


@case(
    lecture="no_grad",
    requires=["no_grad", "matmul", "mean"],
    covers=["inp.leaf_no_grad", "ver.no_grad_bumps", "acc.assign_ok"],
)
def linear_regression_learns(
    torch,
    x: smooth(shape=(4, 3), dtype="float32"),
    y: smooth(shape=(4, 2), dtype="float32"),
    eta: st.sampled_from([0.1, 0.01]),
):
    """Steps of a linear regression move its weights and biases along their gradients."""
    w = torch.zeros(2, 3).normal_(0, 1e-3).requires_grad_()
    b = torch.zeros(2).normal_(0, 1e-3).requires_grad_()
    for _ in range(3):
        loss = (x @ w.t() + b - y).pow(2).mean()
        w.grad, b.grad = None, None
        loss.backward()
        with torch.no_grad():
            w -= eta * w.grad
            b -= eta * b.grad


@case(lecture="no_grad", requires=["no_grad", "matmul", "mean", "random"], observe="last")
def linear_regression_learns_at_full_size(torch):
    """A linear regression from 784 inputs to 10 outputs learns as it does in PyTorch."""
    torch.manual_seed(0)
    x, y = torch.randn(50, 784), torch.randn(50, 10)
    w = torch.empty(10, 784).normal_(0, 1e-3).requires_grad_()
    b = torch.empty(10).normal_(0, 1e-3).requires_grad_()
    for _ in range(5):
        loss = (x @ w.t() + b - y).pow(2).mean()
        w.grad, b.grad = None, None
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            b -= 0.1 * b.grad
    loss.item()
