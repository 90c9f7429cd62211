"""Calls that raise below autograd, which has packed their operands for backward by then."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("argument_checks", "saved_tensors_hooks")

POOLS = ("avg_pool", "max_pool", "adaptive_avg_pool", "adaptive_max_pool")
KINDS = ("complex64", "float16", "float32")
FACTORS = ("det", "slogdet", "logdet", "inverse", "pinverse", "matrix_exp", "cholesky", "cholesky_inverse")
BY_CLASS = ("nll_loss", "multi_margin_loss", "cross_entropy")


def of_ones(torch, shape, kind):
    """A leaf that requires grad."""
    return torch.ones(shape, dtype=getattr(torch, kind)).requires_grad_()


def packing(torch):
    """Hooks that the trace counts."""
    return torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t)


@case()
def refused_pooling_packs_its_input(
    torch,
    name: st.sampled_from(POOLS),
    dims: st.integers(2, 3),
    kind: st.sampled_from(KINDS),
    leading: st.sampled_from([(), (1,), (0,), (2, 2), (2, 0)]),
    size: st.sampled_from([2, -1, 9]),
):
    """Pooling packs its input, then refuses its type, its shape and its window."""
    x = of_ones(torch, (*leading, *(3,) * dims), kind)
    with packing(torch):
        getattr(torch.nn.functional, f"{name}{dims}d")(x, size)


@case()
def refused_classes_are_packed(
    torch,
    name: st.sampled_from(BY_CLASS),
    kinds: st.tuples(st.sampled_from(KINDS), st.sampled_from(["int64", "uint8", "float32"])),
    shapes: st.sampled_from(
        [((2, 3), (2,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((3,), (1,)), ((3,), (2,)), ((2, 3), ()), ((2, 3, 4), (2, 4)),
         ((2, 3, 4), (2, 5)), ((2, 3, 0), (2, 0)), ((1, 3, 2, 2), (1, 2, 2)), ((1, 3, 2, 2), (1, 2)),
         ((1, 3, 2, 2), (1, 2, 3))]
    ),
    weight: st.sampled_from([None, (3,), (2,)]),
    worst: st.integers(0, 3),
):  # fmt: skip
    """A loss of classes packs its operands, then refuses their sizes, their types and the classes."""
    if kinds[0] == "complex64" and name == "cross_entropy":
        kinds = ("float32", kinds[1])
    x = of_ones(torch, shapes[0], kinds[0])
    target = torch.full(shapes[1], worst).to(getattr(torch, kinds[1]))
    weights = torch.ones(weight) if weight else None
    with packing(torch):
        getattr(torch.nn.functional, name)(x, target, weight=weights)


@case()
def refused_probabilities_are_packed(
    torch,
    name: st.sampled_from(["binary_cross_entropy", "binary_cross_entropy_with_logits"]),
    kinds: st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)),
    k: st.sampled_from([0.5, 2.0]),
):
    """The cross entropy of one class packs its operands, then refuses types and what is no probability."""
    x, target = of_ones(torch, 2, kinds[0]), torch.ones(2, dtype=getattr(torch, kinds[1]))
    with packing(torch):
        getattr(torch.nn.functional, name)(x, target * k)


@case()
def refused_normalization_packs_its_operands(
    torch,
    name: st.sampled_from(["layer_norm", "group_norm", "batch_norm", "instance_norm"]),
    kinds: st.tuples(*[st.sampled_from([*KINDS, "float64"])] * 3),
    sizes: st.tuples(*[st.sampled_from([None, 3, 2])] * 2),
):
    """A normalization packs its operands, then refuses types that do not go together."""
    x = of_ones(torch, (2, 3, 3), kinds[0])
    weight, bias = [
        torch.ones(n, dtype=getattr(torch, kind)) if n else None for n, kind in zip(sizes, kinds[1:], strict=True)
    ]
    functional = torch.nn.functional
    with packing(torch):
        if name == "layer_norm":
            functional.layer_norm(x, (3,), weight, bias)
        elif name == "group_norm":
            functional.group_norm(x, 1, weight, bias)
        elif name == "batch_norm":
            functional.batch_norm(x, None, None, weight, bias, training=True)
        else:
            functional.instance_norm(x, weight=weight, bias=bias)


@case()
def refused_matrices_are_packed(
    torch,
    name: st.sampled_from(FACTORS),
    kind: st.sampled_from([*KINDS, "bfloat16"]),
    shape: st.sampled_from([(2, 2), (1, 1), (2, 3), (3,), (0, 0)]),
):
    """A function of a matrix packs it, then refuses its shape and its type."""
    x = of_ones(torch, shape, kind)
    with packing(torch):
        getattr(torch, name)(torch.triu(x) if len(shape) == 2 else x)


@case()
def refused_systems_are_packed(
    torch,
    name: st.sampled_from(["solve", "lstsq"]),
    kinds: st.tuples(*[st.sampled_from(["float32", "float64", "float16"])] * 2),
    shapes: st.tuples(*[st.sampled_from([(2, 2), (2, 3), (3,), (3, 2)])] * 2),
):
    """A linear system packs its matrix, then refuses what does not go together."""
    a, b = [of_ones(torch, shape, kind) for shape, kind in zip(shapes, kinds, strict=True)]
    with packing(torch):
        getattr(torch.linalg, name)(torch.triu(a) if len(shapes[0]) == 2 else a, b)


@case()
def refused_places_are_packed(
    torch,
    kinds: st.tuples(*[st.sampled_from(KINDS)] * 2),
    shape: st.sampled_from([(1, 2, 2, 2), (1, 2, 2, 3), (2, 2, 2, 2)]),
    size: st.integers(0, 2),
):
    """grid_sample() packs the picture and the places, then refuses their shapes and types."""
    x, grid = of_ones(torch, (1, 1, size, 2), kinds[0]), of_ones(torch, shape, kinds[1])
    with packing(torch):
        torch.nn.functional.grid_sample(x, grid, align_corners=True)


@case()
def refused_rows_are_packed(
    torch,
    kinds: st.tuples(*[st.sampled_from(KINDS)] * 2),
    p: st.sampled_from([2.0, 1.0, -1.0]),
    columns: st.integers(2, 3),
):
    """cdist() packs its operands, then refuses their types and the norm; pdist() refuses first."""
    x, y = of_ones(torch, (2, 3), kinds[0]), of_ones(torch, (2, columns), kinds[1])
    with packing(torch):
        torch.cdist(x, y, p)
        torch.pdist(x, p)


UNKNOWN_TANGENTS = {
    "igamma": lambda torch, x: torch.igamma(torch.ones(2), x),
    "igammac": lambda torch, x: torch.igammac(torch.ones(2), x),
    "zeta": lambda torch, x: torch.special.zeta(2.0, x),
    "cdist": lambda torch, x: torch.cdist(x.reshape(1, 2), x.reshape(1, 2)),
    "pdist": lambda torch, x: torch.nn.functional.pdist(x.reshape(2, 1)),
    "multi_margin_loss": lambda torch, x: torch.nn.functional.multi_margin_loss(x, torch.tensor(0)),
    "multilabel_margin_loss": lambda torch, x: torch.nn.functional.multilabel_margin_loss(x, torch.tensor([0, -1])),
    "embedding_bag": lambda torch, x: torch.nn.functional.embedding_bag(torch.tensor([[0, 1]]), x.reshape(2, 1)),
    "index_reduce": lambda torch, x: x.index_reduce(0, torch.tensor([1, 0]), x, "prod"),
    "index_reduce_": lambda torch, x: x.clone().index_reduce_(0, torch.tensor([1, 0]), x, "amax"),
    "grid_sample": lambda torch, x: torch.nn.functional.grid_sample(
        x.reshape(1, 1, 1, 2), x.reshape(1, 1, 1, 2), align_corners=False
    ),
}


@case(requires=["forward_mode"])
def operator_without_a_tangent_packs_its_operands(
    torch, name: st.sampled_from(sorted(UNKNOWN_TANGENTS)), tracked: st.booleans()
):
    """An operator that has no tangent is recorded, and its operands are packed, before duals are refused."""
    x = torch.tensor([1.0, 2.0]).requires_grad_(tracked)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.ones(2))
        with packing(torch):
            UNKNOWN_TANGENTS[name](torch, dual)


@case(requires=["nn"])
def refused_convolution_packs_its_operands(
    torch,
    dims: st.integers(1, 3),
    transposed: st.booleans(),
    kernel: st.sampled_from(
        [(), (1,), (1, 1), (1, 1, 1), (1, 2, 1), (2, 1, 1), (1, 1, 3), (1, 1, 1, 1), (1, 1, 1, 1, 1)]
    ),
    bias: st.sampled_from([None, None, (1,), (2,), (1, 1)]),
    what: st.sampled_from(["padding", "stride", "dilation", "groups", "output_padding"]),
    amount: st.integers(-1, 3),
    kinds: st.tuples(*[st.sampled_from(["float32", "float32", "float64"])] * 2),
):
    """A convolution packs its input and its weight, then refuses shapes, types and numbers."""
    name = f"conv_transpose{dims}d" if transposed else f"conv{dims}d"
    if what == "output_padding" and not transposed:
        what = "stride"
    x, weight = of_ones(torch, (1, 1, *(2,) * dims), kinds[0]), of_ones(torch, kernel, kinds[1])
    with packing(torch):
        given = torch.ones(bias) if bias else None
        getattr(torch.nn.functional, name)(x, weight, given, **{what: amount})


@case(requires=["nn"])
def refused_indices_of_an_embedding_are_packed(torch, worst: st.sampled_from([-1, 1, 2])):
    """embedding() packs the indices, then refuses those that the table does not have."""
    table = of_ones(torch, (2, 3), "float32")
    with packing(torch):
        torch.nn.functional.embedding(torch.tensor([0, worst]), table)


UNFIT = {
    "addmm of types": lambda torch, a, b: torch.addmm(a, b, b.double()),
    "addmm of vectors": lambda torch, a, b: a.addmm(b[0], a),
    "addmm_": lambda torch, a, b: (a * 1).addmm_(b.double(), b[0]),
    "addmv_": lambda torch, a, b: (a * 1).addmv_(b, a),
    "linear": lambda torch, a, b: torch.nn.functional.linear(a, b, torch.ones(2, 5)),
    "mm": lambda torch, a, b: a.mm(b),
    "bmm": lambda torch, a, b: b.bmm(a),
    "dot": lambda torch, a, b: a.dot(b),
    "mul": lambda torch, a, b: a * b[:, :2],
    "embedding": lambda torch, a, b: torch.nn.functional.embedding(a, b),
    "complex": lambda torch, a, b: torch.complex(a, b.double()),
}


@case(requires=["no_grad"])
def operand_without_a_history_wants_nothing_saved(
    torch,
    x: floats("float32", shape=(2, 3), values="finite"),
    name: st.sampled_from(sorted(UNFIT)),
    first: st.sampled_from(["plain", "leaf", "result", "untracked view"]),
    second: st.sampled_from(["plain", "leaf", "result", "untracked view"]),
):
    """A call that is refused has packed what the operands with a history, or leaves, would read."""

    def made(kind):
        y = x.detach() * 1
        if kind == "plain":
            return y
        y.requires_grad_()
        if kind == "result":
            return y * 1
        if kind == "leaf":
            return y
        y = y * 1
        with torch.no_grad():
            return y.view(2, 3)

    a, b = made(first), made(second)
    with packing(torch):
        UNFIT[name](torch, a, b)


@case(requires=["complex"])
def part_of_complex_numbers_is_saved_for_itself(
    torch, x: floats("float32", shape=(2,)), which: st.sampled_from(["real", "imag", "both"])
):
    """torch.complex saves the parts that are to have a gradient, the imaginary one first."""
    real, imag = x * 1, x * 2
    if which != "imag":
        real.requires_grad_()
    if which != "real":
        imag.requires_grad_()
    with packing(torch):
        z = torch.complex(real, imag)
        z.backward(z.detach())


BELOW = {
    "cross": lambda torch, x: torch.linalg.cross(x, x.detach().double()),
    "cross of shapes": lambda torch, x: torch.linalg.cross(x, x[0]),
    "cross of a size": lambda torch, x: torch.linalg.cross(x[:, :2], x[:, :2]),
    "soft_margin_loss": lambda torch, x: torch.nn.functional.soft_margin_loss(x[0], x.detach()),
    "huber_loss": lambda torch, x: torch.nn.functional.huber_loss(x.detach().long(), x),
    "norm": lambda torch, x: x.norm(2, 5),
    "norm of nothing": lambda torch, x: torch.linalg.vector_norm(x[:, :0], float("inf")),
    "norm in a type": lambda torch, x: torch.linalg.vector_norm(x, dtype=torch.complex64),
    "prod": lambda torch, x: x.prod(7),
    "nansum": lambda torch, x: x.nansum(7),
    "reflected": lambda torch, x: torch.nn.functional.pad(x, (7, 7), "reflect"),
    "repeated": lambda torch, x: torch.nn.functional.pad(x[:, :0], (1, 1), "replicate"),
    "mask": lambda torch, x: x[torch.ones(2, 2).bool()],
    "indices": lambda torch, x: x[torch.tensor([0, 1]), torch.tensor([0, 1, 2])],
}


@case()
def refused_dimensions_and_types_are_packed_first(torch, name: st.sampled_from(sorted(BELOW)), tracked: st.booleans()):
    """What an operator would save is packed before its kernel refuses a dimension, a shape or a type."""
    x = torch.ones(3, 3).requires_grad_(tracked)
    with packing(torch):
        BELOW[name](torch, x)
