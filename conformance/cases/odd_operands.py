"""Operands that programs seldom have, as random programs found them: expanded, turned, shared, empty, of other types."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import cotangent, floats

PAIRS = (("float64", "float32"), ("float32", "float64"), ("float16", "int64"), ("int64", "bool"), ("bool", "bool"))


@case(requires=["views", "in_place"])
def some_writes_take_expanded_memory(
    torch,
    x: floats(shape=(3,), values="finite"),
    name: st.sampled_from(["masked_fill_", "index_fill_", "tril_", "triu_"]),
):
    """Filling by a mask or an index, and cutting a triangle, write to expanded memory place by place."""
    y = x.expand(3, 3)
    mask = torch.tensor([[True, False, False], [False, False, True], [False, False, False]])
    arguments = {"masked_fill_": (mask, 5.0), "index_fill_": (1, torch.tensor([2]), 5.0)}
    getattr(y, name)(*arguments.get(name, (0,)))
    getattr(x.reshape(3, 1).expand(3, 3), name)(*arguments.get(name, (0,)))
    y.add_(1)


@case(requires=["backward", "views"])
def turned_gradient_is_copied(
    torch,
    x: floats(shape=(2, 3), values="positive"),
    g: cotangent((3, 2), "float64"),
    name: st.sampled_from(["sin", "exp", "square", "log10", "reciprocal"]),
):
    """A leaf copies what an elementwise formula makes of a transposed gradient."""
    y = x.double().detach().requires_grad_()
    getattr(y, name)().backward(g.t())
    y.grad._version
    y.grad.stride()


@case(requires=["backward"])
def gradient_of_a_sum_of_one_is_stolen(torch, x: floats(shape=(1,)), g: lambda x: cotangent(x)):
    """The gradient of a sum over a single element is a view of the seed, which its leaf steals."""
    x.requires_grad_().sum(0, keepdim=True).backward(g)
    x.grad._version
    g.mul_(2)
    x.grad


@case(requires=["backward"])
def fill_forgets_its_operand(torch, x: floats(), value: st.sampled_from([2, 0.5]), g: lambda x: cotangent(x)):
    """torch.fill gives its operand a zero gradient, and the gradients' sum to a tensor of the value."""
    x.requires_grad_()
    torch.fill(x, value).backward(g)
    number = torch.tensor(float(value), requires_grad=True)
    torch.fill(x, number).backward(g)
    x.grad
    number.grad
    torch.fill(x, x.reshape(-1))


@case(requires=["hooks", "linalg"])
def hook_sees_only_outputs_with_derivatives(torch, name: st.sampled_from(["slogdet", "lstsq", "lu", "qr"])):
    """Outputs without derivatives, behind those that have one, are none of the node's."""
    x = torch.tensor([[2.0]], requires_grad=True)  # of which PyTorch finds the same solution every time
    out = getattr(torch.linalg, name)(*((x, x.detach()) if name == "lstsq" else (x,)))
    y = out[1 if name in ("slogdet", "lu") else 0]
    y.grad_fn.register_hook(lambda inputs, outputs: None)
    y.sum().backward()


@case(requires=["hooks", "cat"])
def hook_sees_what_no_operand_asks_for(
    torch,
    x: floats(shape=(2,)),
    join: st.sampled_from(["cat", "stack", "hstack"]),
    kinds: st.sampled_from(
        [("float64", "float32"), ("complex64", "float32"), ("float64", "int64"), ("complex128", "float32")]
    ),
    first: st.booleans(),
):
    """Hooks see the gradient of a joined tensor that needs none in the type of the incoming one."""
    one = x.to(getattr(torch, kinds[0])).requires_grad_()
    other = torch.ones(2, dtype=getattr(torch, kinds[1]))
    y = getattr(torch, join)((one, other) if first else (other, one))
    y.grad_fn.register_hook(lambda inputs, outputs: None)
    y.backward(torch.ones_like(y))


@case(requires=["hooks", "graph"])
def accumulator_shows_the_stolen_gradient(torch, x: floats(), is_dual: st.booleans()):
    """A hook behind an accumulation sees the memory that the leaf stole, and writes to it since."""
    node = torch.autograd.graph.get_gradient_edge(x.requires_grad_()).node
    node.register_hook(lambda grad_inputs, grad_outputs: None)

    def double(leaf):
        leaf.grad.mul_(2)

    x.register_post_accumulate_grad_hook(double)
    with torch.autograd.forward_ad.dual_level() if is_dual else torch.enable_grad():
        (x * 3).sum().backward()
        (x * 3).sum().backward()


@case(requires=["custom_function"])
def ctx_may_have_a_name(torch, x: floats(), name: st.sampled_from([None, "scaled", 3])):
    """What a forward stores as ctx.name is its own, and the engine names the node all the same."""

    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, factor):
            ctx.name = name
            ctx.factor = factor
            return a * factor

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.factor, None

    Scaled.apply(x.requires_grad_(), 2.5).sum().backward()


@case(requires=["inference_mode"])
def reductions_of_inference_tensors_count_writes(
    torch, x: floats(shape=(2, 3)), name: st.sampled_from(["sum", "mean", "prod", "amax", "any", "aminmax", "sort"])
):
    """Outside the mode the result of a reduction over an inference tensor counts how it was made."""
    with torch.inference_mode():
        y = x * 2
    getattr(y, name)()
    getattr(x, name)()


@case(requires=["in_place", "backward"])
def comparison_in_place_passes_zeros(
    torch,
    x: floats(shape=(2, 3)),
    y: floats("float32", shape=(1, 3)),
    name: st.sampled_from(["eq_", "lt_", "ne_", "nextafter_"]),
):
    """A comparison in place passes zeros in the shape of its operand, however that was broadcast."""
    z = x.float()
    getattr(z, name)(y.requires_grad_())
    z.sum().backward()
    y.grad._version


@case(requires=["backward", "create_graph"])
def variance_without_freedom_has_no_graph(torch, x: floats(shape=(1,)), name: st.sampled_from(["var", "std"])):
    """The gradient of a variance without freedom is not a number, or infinite, and leads nowhere."""
    y = getattr(x.requires_grad_(), name)()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    g.requires_grad
    (h,) = torch.autograd.grad(getattr(x, name)(0), x, create_graph=True)
    h.grad_fn


@case(requires=["backward"])
def products_promote_nothing(
    torch,
    x: floats("float32", shape=(2, 3)),
    kinds: st.sampled_from(PAIRS),
    name: st.sampled_from(["linalg.cross", "inner", "dist", "lerp", "tensordot"]),
):
    """Products, distances and interpolations name the types that they do not take together."""
    a, b = (x.nan_to_num().clamp(-2, 2).to(getattr(torch, kind)) for kind in kinds)
    where = torch.linalg if name == "linalg.cross" else torch
    arguments = {"lerp": (0.5,), "tensordot": (2,)}
    getattr(where, name.removeprefix("linalg."))(a, b, *arguments.get(name, ()))


@case(requires=["in_place", "views"], covers=["inp.overlap"])
def logical_write_looks_at_memory_first(
    torch, x: floats(shape=(3,)), name: st.sampled_from(["logical_and_", "logical_or_", "logical_xor_"])
):
    """A logical write in place refuses shared memory before it refuses shapes that do not fit."""
    getattr(x[:1].expand(3), name)(x[:2])
    getattr(x[1:], name)(x[:-1])
    getattr(x, name)(x[:2])
    getattr(x, name)(x)


ORDERS = st.permutations([0, 1, 2])


@case(requires=["backward", "views"])
def sequences_lie_as_pictures_of_one_row(
    torch,
    x: floats("float32", shape=(2, 1, 1), values="finite"),
    w: floats("float32", shape=(1, 2, 3), values="finite"),
    order: ORDERS,
    turn: ORDERS,
    name: st.sampled_from(["conv1d", "conv_transpose1d"]),
):
    """A convolution of sequences lies as that of pictures of one row does."""
    x, w = x.permute(order), w.permute(turn)
    at = int(name == "conv1d")
    given = x.expand(-1, w.shape[at], -1) if x.shape[1] == 1 else x.detach()
    y = getattr(torch.nn.functional, name)(given, w)
    y.stride()
    getattr(torch.nn.functional, name)(given.contiguous().requires_grad_(), w).sum().backward()


@case(requires=["backward", "take_along_dim"])
def take_along_dim_takes_indices_round(
    torch, x: floats(shape=(2, 3)), index: st.lists(st.integers(-7, 7), min_size=3, max_size=3), dim: st.integers(0, 1)
):
    """take_along_dim takes indices round, and keeps its own, which a write does not reach."""
    x.requires_grad_()
    i = torch.tensor([index])
    y = torch.take_along_dim(x, i, dim)
    i.zero_()
    y.sum().backward()
    torch.take_along_dim(x, torch.zeros(3, 2, dtype=torch.int64), dim)
    torch.take_along_dim(x[:0], i, 0)


@case(requires=["in_place"])
def complex_number_is_refused_or_halved(
    torch,
    x: floats(("float32", "float64", "float16", "bfloat16"), shape=(2, 2)),
    imaginary: st.sampled_from([0.0, 2.0]),
    alone: st.booleans(),
):
    """A copy of a complex number keeps its real part and warns; a fill by a mask refuses to."""
    z = torch.tensor(complex(1.5, imaginary))
    mask = torch.tensor([[True, False], [False, True]])
    number = complex(1.5, imaginary) if alone else z
    x.masked_fill(mask, number)
    x.masked_fill_(mask, number)
    x.scatter(0, torch.tensor([[0]]), complex(1.5, imaginary))
    x[0] = z
    x.fill_(z)
    x.copy_(z)


@case(requires=["inference_mode", "nn"])
def operands_left_out_among_inference_tensors(torch, x: floats("float32", shape=(2, 3), values="finite")):
    """An operator over inference tensors alone is not recorded, whichever of its operands is left out."""
    functions = torch.nn.functional
    with torch.inference_mode():
        x = (x * 1).requires_grad_()
        bound = torch.ones(3)
    functions.layer_norm(x, (3,)).requires_grad
    functions.layer_norm(x, (3,), None, bound).requires_grad
    functions.nll_loss(x, torch.tensor([0, 2])).requires_grad
    functions.binary_cross_entropy(x.sigmoid(), x.sigmoid()).requires_grad
    x.clamp(max=bound).requires_grad


@case(requires=["inference_mode", "saved_tensor_hooks"])
def writes_over_inference_tensors_are_watched(torch, x: floats("float32", shape=(3,), values="finite")):
    """Over inference tensors an operator counts its writes, unless somebody watches writes."""
    with torch.inference_mode():
        x = x * 1
    x.sort()[0]._version
    x.cumsum(0)._version
    x.std()._version
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        x.sort()[0]._version
        x.cumsum(0)._version
        x.std()._version
