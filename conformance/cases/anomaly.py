"""Anomaly mode: errors of backward that name the forward call, and gradients of NaN as errors."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats, same_shape


@case(requires=["anomaly"], covers=["anom.warn"])
def detect_anomaly_warns_and_is_switched_on_by_with(torch, check: st.booleans()):
    """Making a detect_anomaly warns; the mode is on inside of its block only."""
    context = torch.autograd.detect_anomaly(check_nan=check)
    torch.is_anomaly_enabled()
    with context:
        torch.is_anomaly_enabled()
        torch.is_anomaly_check_nan_enabled()
    torch.is_anomaly_enabled()
    torch.is_anomaly_check_nan_enabled()


@case(requires=["anomaly"], covers=["anom.warn"])
def set_detect_anomaly_acts_at_once(torch, mode: st.booleans(), check: st.booleans()):
    """set_detect_anomaly switches the mode as a function does, and back again at the end of a block."""
    torch.autograd.set_detect_anomaly(mode, check)
    torch.is_anomaly_enabled()
    torch.is_anomaly_check_nan_enabled()
    with torch.autograd.set_detect_anomaly(not mode):
        torch.is_anomaly_enabled()
        torch.is_anomaly_check_nan_enabled()
    torch.is_anomaly_enabled()
    torch.is_anomaly_check_nan_enabled()
    torch.set_anomaly_enabled(False)


@case(requires=["anomaly"], covers=["anom.warn"])
def anomaly_mode_is_a_bool(torch, wrong: st.sampled_from([0, 1, None, "on"])):
    """The switches of anomaly mode take bools only."""
    torch.autograd.set_detect_anomaly(wrong)
    torch.autograd.set_detect_anomaly(True, wrong)
    torch.set_anomaly_enabled(wrong)
    torch.is_anomaly_enabled()


@case(requires=["anomaly"], covers=["anom.nan"])
def gradient_of_nan_is_an_error(torch, x: floats(min_dims=1, empty=False, values="finite")):
    """A node whose gradient is NaN is named, and a warning says where it was made."""
    with torch.autograd.set_detect_anomaly(True):
        y = (x.requires_grad_() * 0).sqrt().sum() * 0
        y.backward()
    x.grad


@case(requires=["anomaly", "grad", "create_graph"], covers=["anom.nan"])
def nan_is_an_error_however_gradients_are_asked_for(
    torch, x: floats(min_dims=1, empty=False, values="finite"), keep: st.booleans(), mode: st.booleans()
):
    """A gradient of NaN is an error to autograd.grad() as well, wherever the graph was made."""
    x.requires_grad_()
    with torch.autograd.set_detect_anomaly(mode):
        y = (x * 0).sqrt().sum() * 0
        z = (x * float("nan")).sum()
    with torch.autograd.set_detect_anomaly(True):
        for total in (y, z):
            torch.autograd.grad(total, x, retain_graph=True)
            torch.autograd.grad(total, x, create_graph=True)
            torch.autograd.grad([total], [x, x], retain_graph=True)
            torch.autograd.grad([total, total], [x], retain_graph=keep)


@case(requires=["anomaly"], covers=["anom.nan_index"])
def first_gradient_of_nan_is_counted(torch, xy: same_shape(2, min_dims=1, empty=False, values="finite")):
    """The error counts the node's gradients, and names the first that is NaN."""
    x, y = xy
    x.requires_grad_()
    y.requires_grad_()
    with torch.autograd.set_detect_anomaly(True):
        quotient = (x * 0) / (y * 0)
        quotient.sum().backward()
        same = (x * 0) / (x * 0)
        same.sum().backward()
        product = x * (y * float("nan"))
        product.sum().backward()


@case(requires=["anomaly"], covers=["anom.nan_index"])
def infinite_gradients_are_no_error(torch, x: floats(min_dims=1, empty=False, values="finite")):
    """A gradient that is infinite is none of anomaly mode's business."""
    with torch.autograd.set_detect_anomaly(True):
        y = (x.requires_grad_().abs() + 1) / torch.zeros_like(x)
        y.sum().backward()


@case(requires=["anomaly"], covers=["anom.no_check_nan"])
def nan_is_no_error_without_check_nan(torch, x: floats(min_dims=1, empty=False, values="finite")):
    """With check_nan=False a gradient of NaN is accumulated like any other."""
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        y = (x.requires_grad_() * 0).sqrt().sum() * 0
        y.backward()


@case(requires=["anomaly", "custom_function"], covers=["anom.custom"])
def nan_of_a_function_is_named(torch, xy: same_shape(2, min_dims=1, empty=False), which: st.integers(0, 1)):
    """A Function that returns NaN is named with the gradient's place, asked for or not."""
    x, y = xy
    x.requires_grad_()

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            bad = grad * float("nan")
            return (bad, grad) if which == 0 else (grad, bad)

    with torch.autograd.set_detect_anomaly(True):
        z = Broken.apply(x, y)
        z.sum().backward()
        w = Broken.apply(x, x)
        w.sum().backward()


@case(requires=["anomaly", "custom_function"], covers=["anom.custom"])
def error_of_a_function_comes_with_a_traceback(torch, x: floats()):
    """An exception in backward keeps its type and text; a warning says where the Function was applied."""

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            raise ValueError("no gradient today")

    with torch.autograd.set_detect_anomaly(True):
        y = Broken.apply(x.requires_grad_())
        y.sum().backward()


@case(requires=["anomaly", "hooks"], covers=["anom.custom"])
def error_of_a_hook_is_that_of_its_node(torch, x: floats()):
    """An exception in a hook is reported at the node that the hook belongs to."""

    def hook(grad):
        raise KeyError("hook")

    with torch.autograd.set_detect_anomaly(True):
        y = x.requires_grad_() * 2
        y.register_hook(hook)
        y.sum().backward()
        x.register_hook(hook)
        (x * 3).sum().backward()


@case(requires=["anomaly", "hooks"], covers=["anom.custom", "anom.nan"])
def nan_of_a_hook_counts(torch, x: floats(min_dims=1, empty=False, values="finite")):
    """A NaN of a node's post-hook is that node's; one of a tensor's hook is found one node further."""

    def bad(grad):
        return grad * float("nan")

    def worse(inputs, outputs):
        return (inputs[0] * float("nan"), None)

    with torch.autograd.set_detect_anomaly(True):
        y = x.requires_grad_() * 2
        z = y.exp()
        z.register_hook(bad)
        z.sum().backward()
        w = x * 2
        w.grad_fn.register_hook(worse)
        w.sum().backward()


@case(requires=["anomaly"], covers=["anom.outside_forward"])
def forward_outside_of_anomaly_mode_leaves_no_traceback(torch, x: floats(min_dims=1, empty=False, values="finite")):
    """If only the backward runs in anomaly mode the warning has no forward call to show."""
    y = (x.requires_grad_() * 0).sqrt().sum() * 0
    with torch.autograd.set_detect_anomaly(True):
        y.backward()


@case(requires=["anomaly"], covers=["anom.outside_forward"])
def backward_outside_of_anomaly_mode_is_not_checked(torch, x: floats(min_dims=1, empty=False, values="finite")):
    """A graph made in anomaly mode and run outside of it neither warns nor raises."""
    with torch.autograd.set_detect_anomaly(True):
        y = (x.requires_grad_() * 0).sqrt().sum() * 0
    y.backward()


@case(requires=["anomaly", "in_place"], covers=["anom.inplace"])
def write_to_a_saved_value_has_another_hint(torch, x: floats()):
    """In anomaly mode the error of a modified saved tensor points at the traceback."""
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        y = x.requires_grad_() * 1
        z = y * y
        y.add_(1)
        z.sum().backward()
    v = x * 1
    w = v * v
    v.add_(1)
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        w.sum().backward()
    w.sum().backward()


@case(requires=["anomaly"], covers=["anom.inplace"])
def freed_graph_has_a_traceback_too(torch, x: floats(values="finite")):
    """A second pass over a freed graph is reported at the node that lacks its saved values."""
    with torch.autograd.set_detect_anomaly(True):
        y = (x.requires_grad_() * x).sum()
        y.backward()
        y.backward()


@case(requires=["anomaly", "graph"], covers=["anom.metadata"])
def metadata_keeps_the_traceback(torch, builtins, x: floats(min_dims=1, empty=False)):
    """In anomaly mode each new node has its traceback in its metadata, beside what the user puts there."""
    before = x.requires_grad_() * 2
    with torch.autograd.set_detect_anomaly(True):
        y = before * 3
        z = y.view(-1)
        w = x * 1
        w[0] = 5
    after = x * 4
    builtins.list(before.grad_fn.metadata)
    builtins.list(y.grad_fn.metadata)
    builtins.list(z.grad_fn.metadata)
    builtins.list(w.grad_fn.metadata)
    builtins.list(after.grad_fn.metadata)
    builtins.type(y.grad_fn.metadata["traceback_"])
    y.grad_fn.metadata["mine"] = 1
    builtins.list(y.grad_fn.metadata)


@case(requires=["anomaly", "graph"], covers=["anom.metadata"])
def accumulators_have_a_traceback_as_well(torch, builtins, x: floats()):
    """The AccumulateGrad of a leaf that is first used in anomaly mode has a traceback of its own."""
    with torch.autograd.set_detect_anomaly(True):
        y = x.requires_grad_() * 2
    ((accumulate, _),) = y.grad_fn.next_functions[:1]
    builtins.list(accumulate.metadata)


@case(requires=["anomaly", "create_graph"], covers=["anom.nested", "anom.metadata"])
def second_derivative_names_what_induced_it(torch, builtins, x: floats(min_dims=1, empty=False, values="finite")):
    """A node made by a backward knows the node that was run, which a second warning tells of."""
    with torch.autograd.set_detect_anomaly(True):
        y = ((x.requires_grad_() * 0) ** 1.5).sum()
        (g,) = torch.autograd.grad(y, x, create_graph=True)
        builtins.list(g.grad_fn.metadata)
        g.grad_fn.metadata["parent_"]
        torch.autograd.grad((g * 0).sum(), x)


@case(requires=["anomaly", "create_graph"], covers=["anom.nested"])
def third_derivative_names_both(torch, x: floats(min_dims=1, empty=False, values="finite")):
    """Each further order of derivative adds a warning, from the failing node outwards."""
    with torch.autograd.set_detect_anomaly(True):
        y = ((x.requires_grad_() * 0) ** 2.5).sum()
        (first,) = torch.autograd.grad(y, x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
        torch.autograd.grad((second * 0).sum(), x)


@case(requires=["anomaly", "custom_function"], covers=["anom.nested"])
def backward_within_backward_reports_from_the_inside(torch, x: floats()):
    """A reentrant backward that fails is reported at the inner node, then at the outer one."""

    class Reentrant(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            with torch.enable_grad():
                inner = torch.zeros(2, requires_grad=True)
                (inner.sqrt() * 0).sum().backward()
            return grad

    with torch.autograd.set_detect_anomaly(True):
        y = Reentrant.apply(x.requires_grad_())
        y.sum().backward()


@case(requires=["anomaly"], covers=["anom.nan_grad_output"])
def seed_of_nan_is_reported_at_the_first_node(torch, x: floats(shape=(2,), values="finite"), g: cotangent((2,))):
    """A NaN in the seed is reported at the first node that hands it on; an accumulator hands on nothing."""
    seed = g * float("nan")
    with torch.autograd.set_detect_anomaly(True):
        y = x.requires_grad_().exp() * 2
        y.backward(seed)
        torch.autograd.grad(y, x, seed)
        x.backward(seed)


@case(requires=["anomaly"], covers=["anom.outside_forward"], observe="last")
def anomaly_mode_runs_a_graph_that_nobody_has_looked_at(
    torch, x: floats(min_dims=1, empty=False, values="finite"), factor: st.booleans(), begins: st.booleans()
):
    """Anomaly mode runs a graph that was built before it, and at which nobody has looked."""
    x.requires_grad_()
    total = (x * 2).sum()
    if factor:
        total = total * total
    mode = torch.autograd.set_detect_anomaly(True) if begins else torch.autograd.detect_anomaly()
    with mode:
        total.backward()
