"""torch.func.vmap: a function of one example, for a batch of them."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, smooth

CHOICES = st.booleans()


def batch(**options):
    """A batch of vectors."""
    return smooth(dtype="float32", shape=(2, 3), **options)


@case(requires=["func"], covers=["func.vmap"])
def vmap_maps_over_the_first_dimension(
    torch,
    x: smooth(min_dims=1, max_dims=3, empty=False),
    name: st.sampled_from(["sin", "exp", "square", "sigmoid", "neg", "abs"]),
):
    """vmap runs a function for each element of the first dimension, all at once."""
    torch.func.vmap(lambda a: getattr(a, name)())(x)
    torch.vmap(lambda a: getattr(a, name)() * 2 + a)(x)


@case(requires=["func"], covers=["func.vmap"])
def reductions_are_of_each_element(
    torch,
    x: batch(),
    name: st.sampled_from(["sum", "mean", "prod", "logsumexp", "std", "var", "amax", "cumsum", "softmax"]),
):
    """A reduction along a dimension counts dimensions as a single element has them."""
    torch.func.vmap(lambda a: getattr(a, name)(0))(x)
    torch.func.vmap(lambda a: getattr(a, name)(-1))(x.t())


@case(requires=["func"], covers=["func.vmap"])
def full_reductions_are_of_each_element(
    torch, x: batch(), name: st.sampled_from(["sum", "mean", "prod", "max", "norm"])
):
    """A reduction of all dimensions is of one element each."""
    torch.func.vmap(lambda a: getattr(a, name)())(x)


@case(requires=["func"], covers=["func.vmap"])
def in_dims_say_which_dimension_is_mapped(
    torch,
    xy: st.tuples(smooth(dtype="float32", shape=(3, 3)), smooth(dtype="float32", shape=(3, 3))),
    first: st.integers(-2, 1),
):
    """in_dims names the dimension of each input, None for one that all share."""
    x, y = xy
    torch.func.vmap(lambda a, b: a * b, in_dims=(first, 0))(x, y)
    torch.func.vmap(lambda a, b: a * b, in_dims=(first, None))(x, y)
    torch.func.vmap(lambda p, b: p["a"] + b, in_dims=({"a": first}, None))({"a": x}, y)


@case(requires=["func"], covers=["func.vmap"])
def out_dims_say_where_the_dimension_goes(torch, x: batch(), dim: st.integers(-2, 1)):
    """out_dims names where the mapped dimension is in each output, None for one that has none."""
    torch.func.vmap(lambda a: a * 2, out_dims=dim)(x)
    torch.func.vmap(lambda a: (a, a.sum()), out_dims=(dim, 0))(x)
    torch.func.vmap(lambda a: (a.sum(), torch.ones(2)), out_dims=(0, None))(x)


@case(requires=["func"], covers=["func.vmap"])
def output_that_is_the_same_for_all_is_expanded(
    torch, x: batch(), w: smooth(dtype="float32", shape=(2,)), leaf: CHOICES
):
    """An output that depends on no mapped input is expanded."""
    w.requires_grad_(leaf)
    torch.func.vmap(lambda a: w)(x)
    torch.func.vmap(lambda a: (torch.zeros(3), a))(x)


@case(requires=["func"], covers=["func.vmap"])
def in_dims_are_checked(torch, x: batch()):
    """vmap refuses in_dims that do not fit the inputs, and inputs that cannot be mapped."""
    f = lambda a: a * 2  # noqa: E731
    torch.func.vmap(f, in_dims=2)(x)
    torch.func.vmap(f, in_dims=(0, 0))(x)
    torch.func.vmap(f, in_dims="a")(x)
    torch.func.vmap(f, in_dims=(0.5,))(x)
    torch.func.vmap(f, in_dims=None)(x)
    torch.func.vmap(f, in_dims=(None,))(x)
    torch.func.vmap(f)(3.0)
    torch.func.vmap(f)()
    torch.func.vmap(f)(x.sum())
    torch.func.vmap(lambda a, b: a * b)(x, x.t())


@case(requires=["func"], covers=["func.vmap"])
def outputs_are_checked(torch, x: batch()):
    """vmap refuses outputs that are no tensors, and out_dims that do not fit."""
    torch.func.vmap(lambda a: 3.0)(x)
    torch.func.vmap(lambda a: None)(x)
    torch.func.vmap(lambda a: a, out_dims=None)(x)
    torch.func.vmap(lambda a: a, out_dims=(0, 0))(x)
    torch.func.vmap(lambda a: (a, a), out_dims=(0, 0, 0))(x)
    torch.func.vmap(lambda a: a, out_dims="a")(x)
    torch.func.vmap(lambda a: a, out_dims=3)(x)


@case(requires=["func"], covers=["func.vmap"])
def numbers_of_a_batch_cannot_be_read(
    torch, builtins, x: batch(), how: st.sampled_from(["item", "float", "bool", "tolist", "numpy"])
):
    """Within vmap the numbers of a batch cannot be read, and nothing can depend on them."""

    def f(a):
        s = a.sum()
        if how == "item":
            s.item()
        elif how == "float":
            builtins.float(s)
        elif how == "bool":
            builtins.bool(s)
        elif how == "tolist":
            a.tolist()
        else:
            a.numpy()
        return a

    torch.func.vmap(f)(x)


@case(requires=["func"], covers=["func.vmap"])
def shapes_cannot_depend_on_numbers(torch, x: batch()):
    """Within vmap operators whose shape depends on the numbers raise."""
    torch.func.vmap(lambda a: a.nonzero())(x)
    torch.func.vmap(lambda a: a[a > 0])(x)


@case(requires=["func", "views"], covers=["func.vmap"])
def views_are_of_each_element(torch, x: smooth(dtype="float32", shape=(2, 3, 4)), leaf: CHOICES):
    """Views and moves count sizes and dimensions as a single element has them."""
    x.requires_grad_(leaf)
    torch.func.vmap(lambda a: a[0])(x)
    torch.func.vmap(lambda a: a[:, 1:])(x)
    torch.func.vmap(lambda a: a.view(4, 3))(x)
    torch.func.vmap(lambda a: a.permute(1, 0))(x)
    torch.func.vmap(lambda a: a.transpose(0, -1))(x)
    torch.func.vmap(lambda a: a.unsqueeze(1))(x)
    torch.func.vmap(lambda a: a.unsqueeze(0).squeeze(0))(x)
    torch.func.vmap(lambda a: a.flip(0))(x)
    torch.func.vmap(lambda a: torch.cat([a, a], 1))(x)


@case(requires=["func", "matmul"], covers=["func.vmap"])
def products_of_matrices(
    torch,
    x: smooth(dtype="float32", shape=(2, 3, 3)),
    v: smooth(dtype="float32", shape=(2, 3)),
    w: smooth(dtype="float32", shape=(3, 3)),
):
    """Products of matrices and vectors are of each element, with its own or one that all share."""
    torch.func.vmap(lambda a, b: a @ b)(x, x)
    torch.func.vmap(lambda a: a @ w)(x)
    torch.func.vmap(lambda a: w @ a)(x)
    torch.func.vmap(lambda a, b: a @ b)(x, v)
    torch.func.vmap(lambda b: w @ b)(v)
    torch.func.vmap(lambda b: b @ w)(v)
    torch.func.vmap(lambda a, b: a.dot(b))(v, v)
    torch.func.vmap(lambda b: torch.nn.functional.linear(b, w, w[0]))(v)


@case(requires=["func"], covers=["func.vmap"])
def ranks_of_operands_are_those_of_elements(torch, x: batch(), s: smooth(dtype="float32", shape=(2,))):
    """Operands broadcast by the shapes that single elements have."""
    torch.func.vmap(lambda a, b: a * b)(x, s)
    torch.func.vmap(lambda a: a.unsqueeze(1) * a)(x)
    torch.func.vmap(lambda a, b: torch.where(a > b, a, b))(x, s)


@case(requires=["func"], covers=["func.vmap"])
def numbers_of_a_batch_promote_as_numbers(
    torch,
    name: st.sampled_from(["mul", "sub", "true_divide", "pow", "maximum", "atan2", "lt"]),
    kinds: st.tuples(*[st.sampled_from(["float32", "float64", "int64"])] * 2),
    shape: st.sampled_from([(), (2,)]),
):
    """A batch of numbers has the type with a number that one of it has."""
    one, other = [getattr(torch, kind) for kind in kinds]
    y = torch.full(shape, 3, dtype=other)
    torch.func.vmap(lambda a: getattr(torch, name)(a, y))(torch.arange(2, dtype=one))
    torch.func.vmap(lambda a: getattr(torch, name)(y, a))(torch.arange(2, dtype=one))


@case(requires=["func", "in_place"], covers=["func.vmap"])
def batch_is_written_to_in_place(torch, x: batch()):
    """A write to a tensor of the batch writes to the mapped tensor."""

    def f(a):
        a.mul_(2)
        a[0] = 7.0
        return a.sum()

    torch.func.vmap(f)(x)


@case(requires=["func", "in_place"], covers=["func.vmap"])
def what_is_like_the_batch_is_a_batch(torch, x: batch()):
    """zeros_like and new_zeros of a tensor of the batch may be written to with values of the batch."""

    def like(a):
        z = torch.zeros_like(a)
        z[0] = a[1]
        return z

    def new(a):
        z = a.new_zeros(2)
        z.copy_(a[:2])
        return z

    torch.func.vmap(like)(x)
    torch.func.vmap(new)(x)


@case(requires=["func", "in_place"], covers=["func.vmap"])
def batch_does_not_go_into_one_tensor(torch, x: batch()):
    """A tensor that all elements share cannot be written to with values of the batch."""
    torch.func.vmap(lambda a: torch.zeros(3).copy_(a))(x)
    torch.func.vmap(lambda a: torch.zeros(3).add_(a))(x)

    def item(a):
        z = torch.zeros(3)
        z[0] = a[0]
        return z

    torch.func.vmap(item)(x)


@case(requires=["func", "random"], covers=["func.vmap"])
def random_functions_need_a_word(
    torch, x: batch(), how: st.sampled_from(["rand", "rand_like", "normal_", "dropout", "randperm"])
):
    """Within vmap random functions raise unless randomness says what is meant."""

    def f(a):
        if how == "rand":
            return a + torch.rand(3)
        if how == "rand_like":
            return torch.rand_like(a)
        if how == "normal_":
            return a.clone().normal_()
        if how == "dropout":
            return torch.nn.functional.dropout(a)
        return torch.randperm(3) + a

    torch.func.vmap(f)(x)


@case(requires=["func", "random"], covers=["func.vmap"])
def randomness_is_the_same_or_different(torch, x: batch(), how: st.sampled_from(["same", "different", "some"])):
    """randomness lets random numbers be the same for all elements, or different for each."""
    torch.func.vmap(lambda a: a * 0 + torch.rand(3), randomness=how)(x)
    torch.func.vmap(lambda a: torch.rand(3), randomness=how)(x)


@case(requires=["func"], covers=["func.vmap"])
def vmap_goes_in_chunks(torch, x: smooth(dtype="float32", shape=(5, 2)), size: st.integers(1, 6)):
    """chunk_size says how many elements are computed at once."""
    torch.func.vmap(lambda a: a.sin(), chunk_size=size)(x)
    torch.func.vmap(lambda a: (a.sin(), a.sum()), chunk_size=size)(x)


@case(requires=["func"], covers=["func.vmap", "func.nested"])
def vmap_nests(torch, x: smooth(dtype="float32", shape=(2, 2, 3)), w: smooth(dtype="float32", shape=(2, 3))):
    """vmap of vmap maps over two dimensions, and each level captures tensors of the other."""
    torch.func.vmap(torch.func.vmap(lambda a: a.sin().sum()))(x)
    torch.func.vmap(lambda a: torch.func.vmap(lambda b: a * b)(w))(w)
    torch.func.vmap(torch.func.vmap(lambda a, b: a * b, in_dims=(0, None)), in_dims=(0, 0))(x, w)


@case(requires=["func"], covers=["func.vmap", "func.nested"])
def gradients_of_each_element(
    torch, x: batch(), name: st.sampled_from(["sin", "exp", "softmax", "cumsum", "logsumexp", "amax", "prod", "norm"])
):
    """vmap of grad computes the gradient of each element, and grad of vmap that of all."""
    if name in ("sin", "exp"):
        f = lambda a: (getattr(a, name)() * a).sum()  # noqa: E731
    else:
        f = lambda a: (getattr(a, name)(dim=0) * a).sum()  # noqa: E731
    torch.func.vmap(torch.func.grad(f))(x)
    torch.func.grad(lambda b: torch.func.vmap(f)(b).sum())(x)
    torch.func.vmap(torch.func.hessian(f))(x)


@case(requires=["func"], covers=["func.vmap"])
def result_of_vmap_has_a_graph_outside(torch, x: batch(), w: smooth(dtype="float32", shape=(3,))):
    """What vmap returns has a graph to mapped and captured tensors that require grad."""
    x.requires_grad_()
    w.requires_grad_()
    out = torch.func.vmap(lambda a: (a * w).sin().sum())(x)
    torch.autograd.grad(out.sum(), (x, w))


@case(requires=["func", "nn"], covers=["func.functional_call"])
def module_runs_with_other_parameters(
    torch, x: batch(), w: smooth(dtype="float32", shape=(2, 3)), b: smooth(dtype="float32", shape=(2,))
):
    """functional_call runs a module with other parameters than its own, which it keeps."""
    layer = torch.nn.Linear(3, 2)
    torch.func.functional_call(layer, {"weight": w, "bias": b}, (x,))
    torch.func.functional_call(layer, ({"weight": w}, {"bias": b}), x)
    same = layer.weight


@case(requires=["func", "nn"], covers=["func.functional_call"])
def parameters_of_functional_call_are_checked(torch, x: batch(), w: smooth(dtype="float32", shape=(2, 3))):
    """functional_call refuses keys that come twice, and with strict those that are missing or unknown."""
    layer = torch.nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(w)
    torch.func.functional_call(layer, ({"weight": w}, {"weight": w}), x)
    torch.func.functional_call(layer, {"other": w}, x, strict=True)
    torch.func.functional_call(layer, {"other": w}, x)
    torch.func.functional_call(layer, {"weight": 1.0}, x)
    torch.func.functional_call(layer, 1.0, x)
    torch.func.functional_call(layer, [1.0], x)


@case(requires=["func", "nn"], covers=["func.functional_call"])
def gradients_by_parameters(
    torch, x: batch(), w: smooth(dtype="float32", shape=(2, 3)), b: smooth(dtype="float32", shape=(2,))
):
    """grad over functional_call differentiates by a dict of parameters."""
    layer = torch.nn.Linear(3, 2)

    def loss(p, a):
        return torch.func.functional_call(layer, p, (a,)).pow(2).sum()

    torch.func.grad(loss)({"weight": w, "bias": b}, x)


@case(requires=["func", "nn"], covers=["func.functional_call"])
def gradients_of_each_sample(
    torch, x: batch(), w: smooth(dtype="float32", shape=(2, 3)), b: smooth(dtype="float32", shape=(2,))
):
    """vmap of grad over functional_call computes the gradients of each sample."""
    layer = torch.nn.Linear(3, 2)

    def loss(p, a):
        return torch.func.functional_call(layer, p, (a,)).pow(2).sum()

    torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))({"weight": w, "bias": b}, x)


@case(requires=["func", "nn"], covers=["func.functional_call"])
def states_of_modules_are_stacked(
    torch,
    x: smooth(dtype="float32", shape=(3,)),
    w: smooth(dtype="float32", shape=(2, 3)),
    v: smooth(dtype="float32", shape=(2, 3)),
):
    """stack_module_state stacks parameters as new leaves, for vmap to run several modules as one."""
    one = torch.nn.Linear(3, 2, bias=False)
    two = torch.nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        one.weight.copy_(w)
        two.weight.copy_(v)
    params, buffers = torch.func.stack_module_state([one, two])
    torch.func.vmap(lambda p, q, a: torch.func.functional_call(one, (p, q), (a,)), (0, 0, None))(params, buffers, x)
    torch.func.stack_module_state([])
    torch.func.stack_module_state([one, torch.nn.Identity()])


@case(requires=["func"], covers=["func.vmap"])
def tensors_of_a_batch_say_what_they_stand_for(torch, x: floats(shape=(2, 2), values="finite")):
    """The text of a tensor within vmap tells its level, its batch dimension, and the batch."""
    torch.func.vmap(lambda a: (a.__repr__(), a)[1], in_dims=1)(x)
    torch.func.vmap(torch.func.grad(lambda a: (a.__repr__(), a.sum())[1]))(x)


@case(requires=["func"], covers=["func.vmap"])
def operator_without_a_batching_rule_warns(
    torch,
    x: floats("float64", shape=(2, 3), values="smooth"),
    name: st.sampled_from(["cummax", "unfold", "fill", "renorm", "lt_"]),
    way: st.sampled_from(["vmap", "jacrev", "gradients"]),
):
    """Where PyTorch has no batching rule it warns, and runs the operator once for each element."""

    def f(a):
        if name == "cummax":
            return a.cummax(0)[0]
        if name == "unfold":
            return a.unfold(0, 2, 1)
        if name == "fill":
            return torch.fill(a * 2, a.sum())
        if name == "renorm":
            return a.unsqueeze(0).renorm(2, 0, 1.0)
        return a.clone().lt_(1.0) * a

    if way == "vmap":
        torch.func.vmap(f)(x)
    elif way == "gradients":
        torch.func.vmap(torch.func.grad(lambda a: (f(a) * a.sum()).sum()))(x)
    else:
        torch.func.jacrev(f)(x[0])


MADE_OF = {
    "no rule": lambda torch, x, w: (x * 1).hypot_(w) + torch.special.log_ndtr(x),
    "in place": lambda torch, x, w: (x * 1).clamp_(-0.5, 0.5).masked_fill(torch.tensor([True, False, True]), w[0, 0]),
    "numbers": lambda torch, x, w: x.sum().softmax(0) * x.prod().cumsum(0) + x.mean().max(0)[0],
    "all dimensions": lambda torch, x, w: x.median() + x.dist(w) + (x.sum(0) @ x[0]) + x.aminmax()[1],
    "products": lambda torch, x, w: (
        torch.addmm(x, x, x.mT @ w, beta=2, alpha=0.5) + torch.baddbmm(x[None], x[None], w.mT[None] @ w)
    ),
    "views": lambda torch, x, w: x[:1].squeeze() + x.roll(1)[0] + w.repeat(2, 1, 1)[0] + torch.stack([x, w])[1],
    "matrices": lambda torch, x, w: (
        torch.linalg.solve(x[:, :2] + 3 * torch.eye(2, dtype=x.dtype), w) + torch.linalg.qr(x)[1]
    ),
    "pictures": lambda torch, x, w: (
        torch.nn.functional.interpolate(x[None], 3)
        + torch.nn.functional.avg_pool2d(x[None], 1)
        + torch.nn.functional.max_pool1d(x, 1)
    ),
    "convolution": lambda torch, x, w: (
        torch.nn.functional.conv1d(x, w[None], w[:1, 0]) + torch.nn.functional.conv1d(w, x[None], x[:1, 0], groups=1)
    ),
    "norms": lambda torch, x, w: (
        torch.nn.functional.layer_norm(x, (3,), w[0]) + torch.nn.functional.batch_norm(x, None, None, w[0], x[0], True)
    ),
    "groups": lambda torch, x, w: torch.nn.functional.group_norm(x, 3, w[0], w[1]),
    "losses": lambda torch, x, w: (
        torch.nn.functional.huber_loss(x, w) + torch.nn.functional.nll_loss(x, torch.tensor([2, 0]), w[0].detach())
    ),
    "entropies": lambda torch, x, w: (
        torch.nn.functional.binary_cross_entropy(x.sigmoid(), w.sigmoid(), w[0].detach())
        + torch.nn.functional.binary_cross_entropy_with_logits(x, w)
    ),
    "margins": lambda torch, x, w: (
        torch.nn.functional.triplet_margin_loss(x, w, x * w)
        + torch.nn.functional.soft_margin_loss(x, torch.ones_like(w))
    ),
    "rows": lambda torch, x, w: (
        torch.nn.functional.embedding(torch.tensor([[1, 0]]), x) + x.index_select(0, torch.tensor([1, 1]))
    ),
    "places": lambda torch, x, w: x.index_put((torch.tensor([1]),), w[:1]).index_add(1, torch.tensor([0, 2]), w[:, :2]),
    "written places": lambda torch, x, w: (
        (x * 1).scatter_add_(1, torch.tensor([[0, 1]]), w).index_fill_(0, torch.tensor([1]), 2.0)
    ),
    "slices": lambda torch, x, w: (
        x.select_scatter(w[0], 0, 1).diagonal_scatter(w[:, 0]).index_copy(0, torch.tensor([1]), w[:1])
    ),
}


@case(requires=["func"], covers=["func.vmap"])
def operators_of_a_batch_have_nodes(
    torch,
    x: floats("float64", shape=(2, 2, 3), values="smooth"),
    w: floats("float64", shape=(2, 3), values="smooth"),
    kind: st.sampled_from(sorted(MADE_OF)),
    back: st.booleans(),
):
    """The graph of a batch shows what operators are made of within vmap, and how they see the batch."""
    x.requires_grad_()
    w.requires_grad_()
    y = torch.func.vmap(lambda a: MADE_OF[kind](torch, a, w))(x)
    if back:
        torch.autograd.grad(y.sum(), (x, w), allow_unused=True)


_BESIDE_NUMBERS = {
    "add": lambda torch, x: x + 1,
    "div": lambda torch, x: x / 2,
    "floor_divide": lambda torch, x: x // 2,
    "frexp": lambda torch, x: x.frexp()[0],
    "mul": lambda torch, x: x * 2,
    "number over": lambda torch, x: 1 / x,
    "polygamma": lambda torch, x: x.polygamma(1),
    "pow": lambda torch, x: x**2,
    "pow of a number": lambda torch, x: 2**x,
    "remainder": lambda torch, x: x % 2,
    "rsub": lambda torch, x: 1 - x,
    "xlogy": lambda torch, x: torch.xlogy(x, 2),
    "xlogy of a number": lambda torch, x: torch.xlogy(2, x),
    "zeta": lambda torch, x: torch.special.zeta(2.5, x),
}


@case(requires=["functorch", "graph"])
def batch_beside_a_number_moves_to_the_front(
    torch,
    x: floats("float32", shape=(2, 2, 3), values="positive"),
    how: st.sampled_from(sorted(_BESIDE_NUMBERS)),
    dim: st.integers(0, 2),
):
    """Operators that take a number for a tensor move the batch to the front, all others leave it."""
    y = torch.vmap(lambda a: _BESIDE_NUMBERS[how](torch, a), in_dims=dim)(x.requires_grad_())
    y.grad_fn


@case(requires=["functorch", "graph"])
def batch_is_flipped_along_what_lies_behind_it(
    torch, x: floats(shape=(2, 3)), dims: st.sampled_from([[], [0], [-1]]), inner: st.booleans(), at: st.integers(0, 1)
):
    """flip() of a batch is one flip(), along no dimension too, and one number has no dimension for it."""
    x.requires_grad_()
    flip = lambda a: torch.flip(a, dims)  # noqa: E731
    y = torch.func.vmap(torch.func.vmap(flip) if inner else flip, in_dims=at)(x)
    y.grad_fn


@case(requires=["functorch", "graph"])
def one_example_beside_a_batch_of_targets(
    torch,
    x: floats("float32", shape=(4,), values="smooth"),
    target: floats("float32", shape=(4, 3), values="smooth"),
    name: st.sampled_from(["huber_loss", "mse_loss", "smooth_l1_loss", "soft_margin_loss"]),
    reduction: st.sampled_from(["none", "mean", "sum"]),
):
    """A loss of one example is as large as the batch of targets, and lies as they do."""
    x.requires_grad_()
    loss = getattr(torch.nn.functional, name)
    y = torch.vmap(lambda a, b: loss(a, b, reduction=reduction), in_dims=(None, 1))(x, target)
    torch.autograd.grad(y.sum(), x)
