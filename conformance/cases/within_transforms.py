"""What a function may do within a transform: backward, writes to what it captured, grad mode, requires_grad_."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, smooth

CHOICES = st.booleans()


def pair():
    """Two vectors, whose gradients are smooth."""
    return st.tuples(smooth(dtype="float32", shape=(2,)), smooth(dtype="float32", shape=(2,)))


@case(requires=["func", "backward"], covers=["func.backward_inside"])
def backward_within_a_transform_is_refused(
    torch, x: smooth(shape=(2,)), which: st.sampled_from(["grad", "vmap", "jvp"])
):
    """backward() raises within a transform, of whatever level the tensor is."""

    def f(a):
        loss = (a * a).sum()
        loss.backward()
        return loss

    if which == "grad":
        torch.func.grad(f)(x)
    elif which == "jvp":
        torch.func.jvp(f, (x,), (x,))
    else:
        torch.func.vmap(f)(x)


@case(requires=["func", "backward"], covers=["func.backward_inside"])
def backward_of_a_captured_tensor_is_refused(torch, xy: pair()):
    """backward() of tensors that have nothing to do with the transform raises within it, too."""
    x, w = xy
    w.requires_grad_()
    loss = (w * w).sum()

    def f(a):
        torch.autograd.backward(loss, retain_graph=True)
        return a.sum()

    torch.func.grad(f)(x)
    loss.backward()


@case(requires=["func"], covers=["func.backward_inside"])
def autograd_grad_within_a_transform(torch, x: smooth(shape=(2,)), create: CHOICES):
    """autograd.grad within a function goes through the graph of its level."""

    def f(a):
        (g,) = torch.autograd.grad((a * a * a).sum(), a, create_graph=create)
        return (g * a).sum()

    torch.func.grad(f)(x)


@case(requires=["func", "in_place"], covers=["func.inplace_capture"])
def captured_tensor_may_not_be_written_to(
    torch, xy: pair(), how: st.sampled_from(["add_", "mul_", "copy_", "zero_", "sub_", "fill_", "exp_"])
):
    """Within grad a captured tensor may not be written to, and is as it was."""
    x, w = xy

    def f(a):
        if how in ("zero_", "exp_"):
            getattr(w, how)()
        elif how == "fill_":
            w.fill_(2.0)
        else:
            getattr(w, how)(a)
        return (a * w).sum()

    torch.func.grad(f)(x)
    torch.func.jvp(f, (x,), (x,))


@case(requires=["func", "in_place", "views"], covers=["func.inplace_capture"])
def views_of_a_captured_tensor_may_not_be_written_to(torch, xy: pair()):
    """Nor may it be written to through views, or by item assignment."""
    x, w = xy

    def view(a):
        w.view(2, 1).mul_(2)
        return (a * w).sum()

    def item(a):
        w[0] = a[1]
        return (a * w).sum()

    torch.func.grad(view)(x)
    torch.func.grad(item)(x)


@case(requires=["func", "in_place"], covers=["func.inplace_capture"])
def what_the_function_makes_is_not_captured(torch, x: smooth(shape=(2,))):
    """Tensors that the function makes may be written to, with values that are differentiated."""

    def f(a):
        z = torch.zeros(2)
        z.add_(a)
        z[0] = a[1] * 2
        return (z * z).sum()

    torch.func.grad(f)(x)


@case(requires=["func", "in_place"], covers=["func.inplace_capture"])
def argument_is_a_leaf_within(torch, x: smooth(shape=(2,))):
    """The argument that grad differentiates by is a leaf of its level, and may not be written to."""
    torch.func.grad(lambda a: a.mul_(2).sum())(x)


@case(requires=["func", "no_grad"], covers=["func.no_grad_inside"])
def no_grad_within_counts(torch, x: smooth(shape=(2,))):
    """What a function computes under no_grad is a constant to grad and vjp, and not to jvp."""

    def f(a):
        with torch.no_grad():
            c = a.pow(2)
        return (a.exp() - c).sum()

    torch.func.grad(f)(x)
    out, vjp_fn = torch.func.vjp(f, x)
    torch.func.jvp(f, (x,), (x,))
    torch.func.grad(lambda a: torch.func.grad(f)(a).sum())(x)


@case(requires=["func", "no_grad"], covers=["func.no_grad_inside"])
def no_grad_outside_does_not_count(torch, x: smooth(shape=(2,)), nested: CHOICES):
    """grad under no_grad computes the same, with no graph outside."""
    x.requires_grad_()
    f = lambda a: a.pow(3).sum()  # noqa: E731
    g = (lambda a: torch.func.grad(f)(a).sum()) if nested else f
    with torch.no_grad():
        torch.func.grad(g)(x)
        torch.func.jvp(g, (x,), (x,))


@case(requires=["func", "no_grad"], covers=["func.no_grad_inside"])
def no_grad_between_transforms_counts(torch, x: smooth(shape=(2,))):
    """An inner grad under no_grad within an outer one is a constant to the outer one."""

    def f(a):
        with torch.no_grad():
            g = torch.func.grad(lambda b: b.pow(3).sum())(a)
        return (g * a).sum()

    torch.func.grad(f)(x)


@case(requires=["func"], covers=["func.requires_inside"])
def requires_grad_within_a_transform_is_refused(torch, x: smooth(shape=(2,)), how: st.integers(0, 4)):
    """requires_grad_() and retain_grad() raise within a transform, of whatever tensor."""

    def f(a):
        if how == 0:
            a.requires_grad_()
        elif how == 1:
            a.requires_grad_(False)
        elif how == 2:
            torch.ones(2).requires_grad_()
        elif how == 3:
            (a * 2).retain_grad()
        else:
            x.requires_grad_()
        return a.sum()

    torch.func.grad(f)(x)
    torch.func.vmap(f)(x.reshape(1, 2))


@case(requires=["func"], covers=["func.requires_inside"])
def attribute_requires_grad_may_be_set_within(torch, x: smooth(shape=(2,))):
    """The attribute may be set, and a factory may be asked for a tensor that requires grad."""

    def f(a):
        b = torch.ones(2, requires_grad=True)
        c = torch.ones(2)
        c.requires_grad = True
        (g,) = torch.autograd.grad((a * b * c).sum(), b)
        return (a * g).sum()

    torch.func.grad(f)(x)


@case(requires=["func"], covers=["func.vmap"])
def loss_without_a_batching_rule_is_laid_out_anew(
    torch,
    x: floats("float32", shape=(2, 2, 2), values="finite"),
    name: st.sampled_from(["kl_div", "margin_ranking_loss", "gaussian_nll_loss"]),
    dim: st.integers(0, 2),
    reduction: st.sampled_from(["none", "sum"]),
    log_target: st.booleans(),
):
    """A loss that PyTorch has no batching rule for is stacked of those of the elements, or refused."""
    options = {"log_target": log_target} if name == "kl_div" else {}
    given = 2 if name == "kl_div" else 3
    loss = getattr(torch.nn.functional, name)
    torch.func.vmap(lambda a: loss(*[a.sigmoid()] * given, reduction=reduction, **options), in_dims=dim)(x)


@case(requires=["func", "inference_mode"])
def transforms_within_inference_mode_record_at_their_level_alone(
    torch,
    xw: pair(),
    name: st.sampled_from(["vjp", "grad", "jacrev"]),
    enabled: CHOICES,
    own: CHOICES,
    kind: st.sampled_from(["sin", "exp_atan", "captured"]),
):
    """What a transform computes within inference mode has no outer history, also in enable_grad."""
    x, w = xw
    x.requires_grad_()
    w.requires_grad_()
    f = {"sin": lambda a: a.sin(), "exp_atan": lambda a: a.atan().exp(), "captured": lambda a: a * w}[kind]
    seed = torch.ones_like(x)
    with torch.inference_mode(), torch.set_grad_enabled(enabled):
        if own:
            seed = torch.ones_like(x)
        if name == "vjp":
            y, pull = torch.func.vjp(f, x)
            pull(seed)
        elif name == "grad":
            torch.func.grad(lambda a: f(a).sum())(x)
        else:
            torch.func.jacrev(f)(x)


@case(requires=["functorch"])
def one_example_beside_a_batch_of_weights(
    torch,
    score: st.sampled_from(["binary_cross_entropy", "binary_cross_entropy_with_logits"]),
    reduction: st.sampled_from(["none", "sum", "mean"]),
    of_target: st.booleans(),
    twice: st.booleans(),
):
    """Weights of a batch of losses have a gradient each of the one example that all of them are of."""
    x = torch.tensor([0.1, 0.2, 0.6])
    target = torch.tensor([0.0, 1.0, 0.3])
    weights = torch.tensor([[1.0, 2.0, 3.0], [0.5, 0.1, 2.0]])

    def weighted(weight):
        def loss(given):
            pair = (x, given) if of_target else (given, target)
            return getattr(torch.nn.functional, score)(*pair, weight=weight, reduction=reduction).sum()

        first = torch.func.grad(loss)
        return torch.func.grad(lambda given: first(given).sum())(x) if twice else first(target if of_target else x)

    torch.func.vmap(weighted)(weights)


@case(requires=["functorch"])
def reduced_losses_of_a_batch(
    torch,
    name: st.sampled_from(["mse_loss", "huber_loss", "soft_margin_loss", "smooth_l1_loss", "binary_cross_entropy"]),
    reduction: st.sampled_from(["sum", "mean"]),
    batched: st.sampled_from([(0, 0), (0, None), (None, 0)]),
    of_target: st.booleans(),
    again: st.sampled_from(["", "grad", "jacrev", "jvp"]),
):
    """The derivatives of a mean loss are divided in their own memory, of a batch as of one."""
    pairs = [torch.tensor([[0.1, 0.2, 0.6], [0.3, 0.4, 0.5]]), torch.tensor([[0.0, 1.0, 0.3], [0.7, 0.2, 0.4]])]

    def derivative(x, target):
        def loss(given):
            two = (x, given) if of_target else (given, target)
            return getattr(torch.nn.functional, name)(*two, reduction=reduction)

        first, given = torch.func.grad(loss), target if of_target else x
        if again == "jvp":
            return torch.func.jvp(first, (given,), (given,))[1]
        if again == "jacrev":
            return torch.func.jacrev(first)(given)
        return torch.func.grad(lambda given: first(given).sum())(given) if again else first(given)

    torch.func.vmap(derivative, in_dims=batched)(
        *[pair if at == 0 else pair[0] for pair, at in zip(pairs, batched, strict=True)]
    )


@case(requires=["func", "inference_mode"])
def zeros_that_a_formula_makes_count_that_they_are_filled(
    torch, x: floats(values="finite"), name: st.sampled_from(["ceil", "sign", "floor"]), outside: st.booleans()
):
    """The zeros that a transform's gradient is count a write, in inference mode, too."""
    with torch.inference_mode(outside):
        x = x + 1
    with torch.inference_mode():
        torch.func.grad(lambda x: getattr(x, name)().sum())(x)


@case(requires=["func", "forward_mode"])
def complex_numbers_that_become_real_within_a_transform_are_warned_of_once(
    torch,
    x: floats("float32", shape=(2,), values="positive"),
    name: st.sampled_from(["log", "sin", "exp", "clone"]),
    kind: st.sampled_from(["tangent", "copy", "gradient"]),
):
    """A transform warns once of a write that discards the imaginary part, and of a tangent that does."""
    z = torch.complex(x, x)
    if kind == "tangent":
        torch.func.jvp(lambda a: getattr(torch, name)(a), (x,), (z,))
    elif kind == "copy":
        torch.func.jvp(lambda a: torch.zeros_like(a.real).copy_(getattr(torch, name)(a)), (z,), (z,))
    else:
        torch.func.vjp(lambda a: torch.zeros_like(a.real).copy_(getattr(torch, name)(a)), z)[1](x)


@case(requires=["func"])
def gradient_of_a_singular_determinant_without_a_graph(
    torch,
    x: smooth(shape=(2,)),
    how: st.sampled_from(["vjp", "vmap of vjp", "vmap", "jacobian"]),
    of_batch: st.booleans(),
):
    """Where no graph is made the gradient of a singular determinant is zero, within transforms, too."""
    matrix = torch.stack([x, x * 2])
    several = torch.stack([matrix, matrix + torch.eye(2, dtype=x.dtype)]) if of_batch else matrix
    det = torch.linalg.det
    weights = torch.ones(2, dtype=x.dtype) if of_batch else torch.ones((), dtype=x.dtype)

    def gradient(given):
        pull = torch.func.vjp(det, given)[1]
        with torch.no_grad():
            return pull(weights)[0]

    if how == "jacobian":
        torch.autograd.functional.jacobian(det, several, vectorize=True)
    elif how == "vmap":
        out = det(several.requires_grad_())
        torch.func.vmap(lambda weight: torch.autograd.grad(out, several, weight)[0])(
            torch.stack([weights, weights * 2])
        )
    elif how == "vmap of vjp":
        torch.func.vmap(gradient)(torch.stack([several, several * 3]))
    else:
        gradient(several)


@case(requires=["func"])
def graph_of_the_gradient_of_a_determinant_within_transforms(torch, x: smooth(shape=(2, 2)), several: st.booleans()):
    """With a graph a determinant within a transform is derived by its singular vectors, singular or not."""
    matrix = torch.stack([x, x[:1] * torch.tensor([[1.0], [2.0]])]) if several else x
    leaf = matrix.detach().requires_grad_()
    out = torch.linalg.det(leaf)
    ones = torch.ones_like(out)
    (found,) = torch.autograd.grad(out, leaf, torch.stack([ones, ones]), is_grads_batched=True, create_graph=True)
    found.grad_fn.next_functions[0][0].next_functions[0][0].next_functions[0][0].name()

    def of_weights_from_outside(given):
        (first,) = torch.autograd.grad(torch.linalg.det(given), given, ones, create_graph=True)
        (second,) = torch.autograd.grad(torch.linalg.matrix_exp(given), given, matrix, create_graph=True)
        return first.sum() + second.sum()

    torch.func.grad(of_weights_from_outside)(matrix)


@case(requires=["func"])
def solution_within_a_transform_is_refused(
    torch,
    x: smooth(shape=(2, 2)),
    name: st.sampled_from(["inv", "solve", "slogdet", "cholesky"]),
    at: st.integers(0, 2),
    dim: st.integers(0, 1),
    graph: st.booleans(),
):
    """The element of a batch that has no solution is named, within a transform and its gradient."""
    singular = torch.stack([x[0], -x[0]])
    given = torch.stack([singular if n == at else x @ x.T + torch.eye(2) for n in range(3)], dim)
    function = getattr(torch.linalg, name)

    def solved(matrix):
        if name == "solve":
            return function(matrix, x)
        if name != "slogdet":
            return function(matrix)
        with torch.set_grad_enabled(graph):
            pull = torch.func.vjp(lambda matrix: function(matrix)[1], matrix)[1]
            return pull(torch.ones(()))[0]

    torch.func.vmap(solved, dim)(given)


@case(requires=["func"])
def running_statistics_move_once_within_a_transform(
    torch, x: smooth(shape=(2, 3)), w: smooth(shape=(3,)), how: st.sampled_from(["grad", "jvp", "jacrev", "hessian"])
):
    """Statistics from outside of a transform are moved once, of however many levels weights are."""
    mean, variance = torch.zeros(3), torch.ones(3)

    def normalized(w):
        return torch.nn.functional.batch_norm(x, mean, variance, w, w, True, 0.3).sin().sum()

    if how == "jvp":
        torch.func.jvp(normalized, (w,), (w.cos(),))
    else:
        getattr(torch.func, how)(normalized)(w)
    mean.add(variance)


WRITTEN = {
    "zero_": lambda a: a.zero_(),
    "mul_": lambda a: a.mul_(2),
    "copy_": lambda a: a.copy_(a * 2),
    "item": lambda a: a.__setitem__(0, 2.0),
    "view": lambda a: a.view(-1).neg_(),
    "data": lambda a: a.data.mul_(2),
}


@case(requires=["func", "forward_mode", "in_place", "data"])
def write_that_is_refused_below_a_transform_does_not_count(
    torch,
    name: st.sampled_from(sorted(WRITTEN)),
    transform: st.sampled_from(["jvp", "jacfwd", "grad", "jacrev", "vmap", "hessian"]),
    tracked: st.booleans(),
):
    """A write within a transform, through data as well, counts once it has happened outside."""
    x = torch.ones(2).requires_grad_(tracked)

    def written(a):
        WRITTEN[name](a)
        return a.sum() if transform in ("grad", "hessian") else a

    if transform == "jvp":
        torch.func.jvp(written, (x,), (torch.ones(2),))
    else:
        getattr(torch.func, transform)(written)(x)
    x.detach()


WINDOWS = {
    "tail": lambda torch: torch.ones(3)[1:],
    "steps": lambda torch: torch.ones(4)[::2].unsqueeze(-1),
    "row": lambda torch: torch.ones(3, 4)[1],
    "columns": lambda torch: torch.ones(3, 4)[:, ::2].t(),
    "transposed": lambda torch: torch.ones(2, 3).t(),
    "whole": lambda torch: torch.ones(2, 3),
}


@case(requires=["func", "forward_ad", "views"])
def batch_of_tangents_lies_as_a_primal_in_its_memory(
    torch, name: st.sampled_from(sorted(WINDOWS)), how: st.sampled_from(["itself", "t", "flat", "clone", "sum"])
):
    """Each tangent of a batch has as much room as its primal's memory has, of which it may be a part."""
    x = WINDOWS[name](torch)
    called = {"t": "t", "flat": "ravel", "clone": "clone", "sum": "sum"}

    def f(a):
        return getattr(a, called[how])() if how in called else a

    torch.func.jacfwd(f)(x).stride()
    torch.func.vmap(lambda t: torch.func.jvp(f, (x,), (t,))[1])(torch.ones(2, *x.shape)).stride()


@case(requires=["func", "data"])
def data_is_not_assigned_within_a_transform(
    torch,
    x: smooth(dtype="float32", shape=(2,)),
    way: st.sampled_from(["grad", "vmap", "jvp"]),
    which: st.integers(0, 2),
):
    """Within a transform what is transformed neither gets other data, nor is the data of another."""

    def f(a):
        other = torch.ones(()) if way == "vmap" else torch.ones(2)
        if which == 0:
            a.data = other
        elif which == 1:
            other.data = a
        else:
            other.data = torch.zeros(3)
        return (a * 2).sum()

    if way == "grad":
        torch.func.grad(f)(x)
    elif way == "vmap":
        torch.func.vmap(f)(x)
    else:
        torch.func.jvp(f, (x,), (x,))
