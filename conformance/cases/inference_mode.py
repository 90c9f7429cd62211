"""Tensors made in inference mode, and what they can be used for outside of it."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, same_shape


@case(requires=["inference_mode"], covers=["mode.inference_flags"])
def inference_mode_switches_gradients_off(torch):
    """In inference mode gradients are off, and enable_grad inside says that they are on."""
    torch.is_inference_mode_enabled()
    with torch.inference_mode():
        torch.is_inference_mode_enabled()
        torch.is_grad_enabled()
        with torch.enable_grad():
            torch.is_grad_enabled()
            torch.is_inference_mode_enabled()
        torch.is_grad_enabled()
    torch.is_grad_enabled()
    torch.is_inference_mode_enabled()


@case(requires=["inference_mode", "views"], covers=["mode.inference_flags"])
def inference_tensors_are_told_apart(torch, x: floats(shape=(2, 3))):
    """What is made in inference mode is an inference tensor without a version and without views."""
    x.requires_grad_()
    with torch.inference_mode():
        y = x * 2
        y.requires_grad
        y.is_inference()
        torch.is_inference(y)
        y[0]._is_view()
        x.is_inference()
        y._version
    y.is_inference()
    y.is_leaf
    y.grad_fn
    y[0].is_inference()
    y.detach().is_inference()
    y.clone().is_inference()
    (y + 1).is_inference()
    y.data.is_inference()
    y._version


@case(requires=["inference_mode"], covers=["mode.inference_flags"])
def enable_grad_records_nothing_in_inference_mode(torch, x: floats()):
    """With enable_grad in inference mode results still are inference tensors without a graph."""
    x.requires_grad_()
    with torch.inference_mode():
        with torch.enable_grad():
            y = x * 2
        y.requires_grad
        y.grad_fn
        y.sum().backward()
    y.is_inference()


@case(requires=["inference_mode", "in_place"], covers=["mode.inference_inplace"])
def inference_tensors_are_written_inside_only(
    torch, x: floats(shape=(2, 3)), y: lambda x: floats(x.dtype, shape=(2, 3))
):
    """Writing to an inference tensor outside of the mode raises, after the values were written."""
    with torch.inference_mode():
        z = x + y
        z.mul_(2)
    z.add_(1)
    z.fill_(3)
    z[0] = 5
    z.copy_(y.requires_grad_())
    z.t_()
    with torch.no_grad():
        z.zero_()
    torch.add(x, 1, out=z)
    with torch.inference_mode():
        z.add_(1)


@case(requires=["inference_mode"], covers=["mode.inference_save"])
def inference_tensors_cannot_be_saved(torch, xw: same_shape(2)):
    """An operation that would save an inference tensor for its gradient raises; others take it."""
    x, w = xw
    with torch.inference_mode():
        c = w + 0
    x.requires_grad_()
    x * c
    c / x
    x.clone().mul_(c)
    torch.addcmul(x, c, x)
    x.kron(c)
    x + c
    x * c.clone()
    torch.where(c > 0, x, c)
    torch.addcmul(x, c, c)
    with torch.no_grad():
        x * c


@case(requires=["inference_mode", "custom_function"], covers=["mode.inference_save"])
def function_cannot_save_inference_tensors(torch, xw: same_shape(2)):
    """A Function that saves an inference tensor for backward raises when it is applied."""

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(b)
            return a * b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    x, w = xw
    with torch.inference_mode():
        c = w + 0
    Scale.apply(x.requires_grad_(), c)
    Scale.apply(x, c.clone()).sum().backward()


@case(requires=["inference_mode"], covers=["mode.inference_requires"])
def inference_tensors_do_not_start_to_require_grad(torch, x: floats()):
    """An inference tensor can be made to require grad in inference mode, and not outside."""
    with torch.inference_mode():
        a = x + 0
        b = (x + 0).requires_grad_()
        (b * 2).requires_grad
    a.requires_grad_()
    a.requires_grad = True
    a.requires_grad_(False)
    a.clone().requires_grad_()
    b.requires_grad
    b + 1


@case(requires=["inference_mode", "in_place"], covers=["mode.inference_normal_inplace"])
def normal_tensors_stay_normal_in_inference_mode(
    torch, x: floats(shape=(2, 3)), w: lambda x: floats(x.dtype, shape=(3,))
):
    """In inference mode a normal tensor can be written, which is counted, and stays normal."""
    w.requires_grad_()
    with torch.inference_mode():
        x.add_(1)
        x.is_inference()
        x[0].mul_(2)
        x.detach().is_inference()
        x._version
        w.add_(1)
        w.is_leaf
    (x * w).sum().backward()


@case(requires=["inference_mode", "in_place", "backward"], covers=["mode.inference_normal_inplace"])
def write_in_inference_mode_is_noticed(torch, x: floats()):
    """Writing to a saved value in inference mode makes backward() raise as any other write."""
    y = x.requires_grad_() * 2
    z = y.exp().sin()
    with torch.inference_mode():
        y.add_(1)
        y.grad_fn
    z.sum().backward()
    y = x * 2
    z = y.sin()
    with torch.inference_mode():
        y.add_(1)
    z.sum().backward()


@case(requires=["inference_mode"], covers=["mode.inference_nested"])
def inference_mode_can_be_left_inside_itself(torch, x: floats()):
    """inference_mode(False) inside of inference mode records again, until it is left."""
    with torch.inference_mode():
        a = x + 0
        with torch.inference_mode(False):
            torch.is_grad_enabled()
            torch.is_inference_mode_enabled()
            b = torch.ones(2, requires_grad=True)
            c = b * 2
            c.is_inference()
            a.is_inference()
            (a + 1).is_inference()
            a.add_(1)
        torch.is_inference_mode_enabled()
        (b * 2).is_inference()
    c.sum().backward()


@case(requires=["inference_mode"], covers=["mode.inference_nested"])
def inference_mode_in_no_grad_keeps_no_grad(torch, x: floats(), mode: st.booleans()):
    """After inference_mode, switched on or off, inside of no_grad gradients are off as before."""
    x.requires_grad_()
    with torch.no_grad():
        with torch.inference_mode(mode):
            torch.is_grad_enabled()
            (x * 2).is_inference()
        torch.is_grad_enabled()
        x * 3
    torch.is_grad_enabled()


@case(requires=["inference_mode"], covers=["mode.inference_decorator"])
def inference_mode_decorates_functions(torch, x: floats(), mode: st.booleans()):
    """inference_mode decorates a function with parentheses, without, and with its argument."""

    @torch.inference_mode()
    def double(a):
        return a * 2

    @torch.inference_mode
    def triple(a):
        return a * 3

    @torch.inference_mode(mode)
    def either(a):
        return a * 4

    x.requires_grad_()
    double(x).is_inference()
    triple(x).is_inference()
    either(x).is_inference()
    either(x).requires_grad
    with torch.inference_mode():
        either(x).is_inference()
    torch.is_inference_mode_enabled()


@case(requires=["inference_mode"], covers=["mode.inference_decorator"])
def inference_mode_decorates_generators(torch, x: floats()):
    """A decorated generator runs in inference mode, and its caller outside of it."""

    @torch.inference_mode()
    def multiples(a):
        yield a * 2
        yield a * 3

    produced = multiples(x.requires_grad_())
    first = next(produced)
    (x * 4).is_inference()
    second = next(produced)
    first.is_inference()
    second.is_inference()


@case(requires=["inference_mode", "backward"], covers=["mode.inference_grad_set"])
def inference_tensor_can_be_a_gradient(torch, xg: same_shape(2)):
    """An inference tensor can be a grad, but backward() adds to it in inference mode only."""
    x, g = xg
    with torch.inference_mode():
        c = g + 0
    x.requires_grad_()
    x.grad = c
    x.grad.is_inference()
    (x * 2).sum().backward()
    x.grad = None
    (x * 2).sum().backward()


@case(requires=["inference_mode", "copy"], covers=["mode.inference_deepcopy"])
def copies_belong_to_the_mode_they_are_made_in(torch, x: floats(shape=(2,))):
    """A deep copy is an inference tensor if it was made in the mode, whatever was copied."""
    import copy

    with torch.inference_mode():
        a = x + 0
        copy.deepcopy(a).is_inference()
        copy.deepcopy(x).is_inference()
    b = copy.deepcopy(a)
    b.is_inference()
    b.add_(1)
    copy.deepcopy(x).is_inference()


@case(requires=["inference_mode", "backward"], covers=["mode.inference_backward"])
def gradients_computed_in_inference_mode_are_inference_tensors(torch, x: floats()):
    """backward() in inference mode leaves an inference tensor in grad."""
    y = (x.requires_grad_() * x).sum()
    with torch.inference_mode():
        y.backward()
        x.grad.is_inference()
    x.grad.add_(1)
    (x * 3).sum().backward()
    z = (x * x).sum()
    with torch.inference_mode():
        (g,) = torch.autograd.grad(z, x)
        g.is_inference()
    x.grad = None
    (x * 3).sum().backward()
    x.grad.is_inference()


@case(requires=["inference_mode", "backward", "create_graph"], covers=["mode.inference_backward"])
def create_graph_makes_no_graph_in_inference_mode(torch, x: floats()):
    """With create_graph a gradient computed in inference mode has no graph all the same."""
    y = (x.requires_grad_() * x).sum()
    with torch.inference_mode():
        (g,) = torch.autograd.grad(y, x, create_graph=True)
        g.requires_grad
        g.grad_fn
    g.is_inference()


@case(requires=["inference_mode"])
def results_over_inference_tensors_may_count_as_written(
    torch,
    name: st.sampled_from(
        ["fill", "repeat", "pow", "loss", "aminmax", "kthvalue", "new_zeros", "rot90", "addmm", "diag", "mul"]
        + ["inv_ex", "eigh", "lu_factor_ex", "lu", "qr", "cholesky_ex"]
    ),
):
    """Outside inference mode operators over its tensors may write to their results where it counts."""
    with torch.inference_mode():
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    if name in ("inv_ex", "eigh", "lu_factor_ex", "lu", "qr", "cholesky_ex"):
        for part in getattr(torch.linalg, name)(x.mT @ x):
            part._version
        return
    y = {
        "fill": lambda: torch.fill(x, 2),
        "repeat": lambda: x.repeat(2, 1),
        "loss": lambda: torch.nn.functional.binary_cross_entropy(x / 5, x / 5),
        "pow": lambda: x**1,
        "aminmax": lambda: x.aminmax(dim=0)[0],
        "kthvalue": lambda: x.kthvalue(1)[0],
        "new_zeros": lambda: x.new_zeros(2),
        "rot90": lambda: x.rot90(),
        "addmm": lambda: torch.addmm(x, x, x),
        "diag": lambda: x.diag(),
        "mul": lambda: x * 2,
    }[name]()
    y._version


@case(requires=["inference_mode", "grad"])
def seed_stays_normal_in_inference_mode(torch, x: floats(), seed: floats(shape=())):
    """A seed that autograd.grad() returns in inference mode is itself, and no inference tensor."""
    y = torch.ones(()).requires_grad_()
    with torch.inference_mode():
        (g,) = torch.autograd.grad(y, y, seed)
    g.is_inference()
    seed.add_(1)


@case(requires=["inference_mode"])
def leaf_has_no_edge_in_inference_mode(torch, x: floats(min_dims=1)):
    """In inference mode nobody finds the edge of a leaf, nor can hooks wait for its gradient."""
    x.requires_grad_()
    y = x * 2
    with torch.inference_mode():
        torch.autograd.graph.get_gradient_edge(y)
        torch.autograd.graph.get_gradient_edge(x)
        torch.autograd.graph.register_multi_grad_hook([x], print)


@case(requires=["inference_mode", "custom_function"])
def functions_are_recorded_in_inference_mode(torch, x: floats(values="finite"), saves: st.booleans()):
    """In inference mode, with gradients on again, a Function is recorded and operators are not."""

    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            y = a.sin()
            if saves:
                ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    x.requires_grad_()
    with torch.inference_mode():
        Sine.apply(x)
        with torch.enable_grad():
            y = Sine.apply(x)
            y * 2
            y.backward(torch.ones_like(y))
            Sine.apply(x.detach().requires_grad_())


@case(requires=["tape", "inference_mode"])
def inference_tensors_alone_are_not_recorded(
    torch,
    x: floats("float64", shape=(3,), values="positive"),
    n: floats("float64", shape=(3,), values="finite"),
    name: st.sampled_from(["sqrt", "relu", "cos", "sum", "neg", "unsqueeze", "view", "cumsum", "detach"]),
):
    """Outside their mode inference tensors that require grad are recorded only beside others."""
    with torch.inference_mode():
        y = x * 1
        y.requires_grad_()
        z = torch.ones(3, requires_grad=True)
    getattr(y, name)(*{"unsqueeze": (0,), "view": (3, 1), "cumsum": (0,)}.get(name, ()))
    y * y
    y * z
    y * 2
    y + n
    y * n.requires_grad_()


@case(requires=["inference_mode", "in_place"])
def inference_tensors_alone_are_refused_as_such(
    torch,
    name: st.sampled_from(
        ["deg2rad_", "exp_", "zero_", "relu_", "neg_", "cumsum_", "fill_", "t_", "squeeze_", "unsqueeze_", "normal_"]
        + ["add_", "mul_", "atan2_", "pow_"]
    ),
    other: st.sampled_from(["itself", "another", "number"]),
):
    """Outside their mode inference tensors that require grad are refused as leaves only beside others."""
    with torch.inference_mode():
        x = torch.ones(2).requires_grad_()
    operand = {"itself": x, "another": torch.ones(2), "number": 2.0}[other]
    given = {"cumsum_": (0,), "fill_": (1.0,), "unsqueeze_": (0,)}.get(name, ())
    getattr(x, name)(*((operand,) if name in ("add_", "mul_", "atan2_", "pow_") else given))
    x.detach_()
    x.requires_grad


@case(requires=["inference_mode", "hooks"], observe="last")
def gradients_of_a_pass_within_the_mode_have_no_version(
    torch, x: floats(values="finite"), parts: st.integers(1, 3), returned: st.booleans(), captured: st.booleans()
):
    """What hooks and captures get of a pass within inference mode has no version, sums included."""
    x.requires_grad_()
    y = x * 1
    y.register_hook((lambda g: g * 2) if returned else (lambda g: g._version))
    y.register_hook(lambda g: g.is_inference())
    y.retain_grad()
    total = y.sum()
    for factor in range(1, parts):
        total = total + (y * factor).sum()
    with torch.inference_mode():
        if captured:
            torch.autograd.grad(total, (x, y))[1].is_inference()
        else:
            total.backward()


@case(requires=["inference_mode", "nn"])
def normalization_of_inference_tensors_may_lack_its_weight(
    torch,
    x: floats("float32", shape=(2, 3), values="finite"),
    b: floats("float32", shape=(3,)),
    name: st.sampled_from(["layer", "group", "batch"]),
):
    """Beside inference tensors a bias that requires grad is recorded, also where there is no weight."""
    with torch.inference_mode():
        frozen = x * 2
    functional = torch.nn.functional
    b.requires_grad_()
    if name == "layer":
        out = functional.layer_norm(frozen, (3,), None, b)
    elif name == "group":
        out = functional.group_norm(frozen, 1, None, b)
    else:
        out = functional.batch_norm(frozen, None, None, None, b, True)
    out.sum().backward()


@case(requires=["inference_mode", "backward"])
def gradient_that_is_an_inference_tensor_counts_what_formulas_write(
    torch,
    name: st.sampled_from(["ceil", "sign", "add", "sub", "fmod", "expand", "addcmul", "masked_fill", "square"]),
    shape: st.sampled_from([(2, 1), (1,), (), (3, 2)]),
    hooked: st.booleans(),
):
    """Formulas make others out of an inference gradient, to which writes count step by step."""
    x = torch.ones(shape).requires_grad_()
    w = torch.ones(3, 2)
    y = {
        "ceil": lambda: x.ceil(),
        "sign": lambda: x.sign(),
        "add": lambda: w.T + x if shape == (2, 1) else w + x,
        "sub": lambda: w.T - x if shape == (2, 1) else w - x,
        "fmod": lambda: torch.fmod(x, w.T if shape == (2, 1) else w),
        "expand": lambda: x.expand(3, *shape),
        "addcmul": lambda: torch.addcmul(x.reshape(-1)[:1], w, w),
        "masked_fill": lambda: x.masked_fill(x > 2, 0.0),
        "square": lambda: x.square(),
    }[name]()
    if hooked:
        x.register_hook(lambda grad: grad)
    with torch.inference_mode():
        g = torch.ones(y.shape)
    y.backward(g)
    x.grad


@case(requires=["inference_mode", "create_graph"])
def gradient_to_be_differentiated_is_computed_so_in_inference_mode(
    torch,
    x: floats("float64", shape=(3,)),
    eps: st.sampled_from([None, 0.1]),
    graph: st.booleans(),
):
    """In inference mode create_graph=True takes differentiable formulas, though nothing is recorded."""
    y = x.requires_grad_().logit(eps)
    with torch.inference_mode():
        torch.autograd.grad(y, x, torch.ones_like(y), create_graph=graph)
