"""Operands that differ in type or in shape: what comes of them, and which difference is complained about first."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

REQUIRES = ("argument_checks", "backward")

TYPES = ("bool", "uint8", "int64", "float16", "float32", "float64")
SHAPES = ((), (3,), (2, 1), (1, 3), (2, 3))


@case()
def power_of_bools_has_no_gradient(
    torch, x: floats(shape=(2,), values="positive"), kind: st.sampled_from(TYPES), zerodim: st.booleans()
):
    """A power is derived with one subtracted from the exponent, which bools refuse."""
    exponent = torch.ones(() if zerodim else (2,)).to(getattr(torch, kind))
    y = x.requires_grad_() ** exponent
    torch.autograd.grad(y.sum(), x, create_graph=True)


@case()
def second_derivative_of_smooth_l1_subtracts(
    torch,
    x: floats(shape=(3,), values="finite"),
    kind: st.sampled_from(TYPES),
    reduction: st.sampled_from(["none", "sum"]),
):
    """The second derivative of smooth_l1_loss compares differences, which there are none of with bools."""
    target = torch.ones(3).to(getattr(torch, kind))
    loss = torch.nn.functional.smooth_l1_loss(x.requires_grad_(), target, reduction=reduction)
    (first,) = torch.autograd.grad(loss.sum(), x, create_graph=True)
    first.sum().backward()


@case()
def whole_exponents_are_no_bools(
    torch,
    shape: st.sampled_from(SHAPES),
    other: st.sampled_from(SHAPES),
    kind: st.sampled_from(TYPES),
    exponents: st.sampled_from(TYPES),
):
    """ldexp of floats refuses bools, and complains where whole exponents make the result larger."""
    x = torch.ones(shape).to(getattr(torch, kind))
    n = torch.ones(other).to(getattr(torch, exponents))
    x.ldexp(n)
    torch.ldexp(x, n)
    x.ldexp_(n)


@case()
def blocks_promote_as_operands_do(
    torch,
    shapes: st.lists(st.sampled_from(((), (2,), (1, 2))), min_size=2, max_size=3),
    kinds: st.lists(st.sampled_from(TYPES), min_size=3, max_size=3),
):
    """Blocks on a diagonal have one type, which a number among them widens only to another category."""
    blocks = []
    for shape, kind in zip(shapes, kinds, strict=False):
        blocks.append(torch.ones(shape).to(getattr(torch, kind)))
    x = torch.ones(2).requires_grad_()
    torch.block_diag(*blocks)
    torch.block_diag(x, *blocks).sum().backward()


@case()
def bounds_of_other_shapes_have_no_gradient(
    torch,
    shape: st.sampled_from(SHAPES),
    low: st.sampled_from(SHAPES),
    high: st.sampled_from(SHAPES),
    again: st.booleans(),
):
    """Two comparisons of a clamp are joined in the memory of the first, which may be too small."""
    x = torch.full(shape, 0.5).requires_grad_()
    y = x.clamp(torch.zeros(low), torch.ones(high))
    torch.autograd.grad(y.sum(), x, create_graph=again)
    bound = torch.full(low, 0.7).requires_grad_()
    torch.autograd.grad(x.clamp(bound, torch.ones(high)).sum(), bound, create_graph=again)
    bound = torch.full(high, 0.2).requires_grad_()
    torch.autograd.grad(x.clamp(torch.zeros(low), bound).sum(), bound, create_graph=again)


@case()
def types_are_told_before_shapes(
    torch,
    shape: st.sampled_from([(), (2,), (2, 3), (3, 3)]),
    kinds: st.lists(st.sampled_from(TYPES), min_size=3, max_size=3),
):
    """Matrix products complain about types first, solvers about dimensions."""
    a, b, c = (torch.ones(2).to(getattr(torch, kind)) for kind in kinds)
    x, m = a.new_ones(shape), b.new_ones((3, 2))
    torch.addmm(c, x, m)
    torch.addmm(c, m, x)
    torch.cholesky_solve(x, b.new_ones((3, 3)))
    torch.cholesky_solve(m, a.new_ones((3, 3)).tril())
    torch.cholesky_solve(m, x)


@case()
def dimensions_are_told_before_sizes(
    torch, x: floats(shape=st.sampled_from(SHAPES)), y: floats(shape=st.sampled_from(SHAPES)), dim: st.integers(-4, 3)
):
    """What no dimension has is said before what sizes differ."""
    torch.stack([x, y], dim)
    x.slice_scatter(y, dim, 0, 1)
    torch.nn.functional.rms_norm(x, (2, 3))
    torch.linalg.lstsq(torch.eye(3), x.sum())
    torch.linalg.lstsq(torch.ones(1, 3, 2), torch.ones(3))
    torch.linalg.lstsq(torch.ones(4, 3, 2), torch.ones(3, 2))


@case()
def masks_of_other_shapes_are_told_by_dimension(
    torch,
    shape: st.sampled_from([(), (3,), (2, 3)]),
    mask: st.sampled_from([(), (3,), (2, 3), (2, 4), (2, 3, 4)]),
    where: st.sampled_from(["alone", "first", "last"]),
):
    """Indices are counted as they are given; a mask is compared with the tensor dimension by dimension."""
    x, m, i = torch.ones(shape), torch.ones(mask).bool(), torch.zeros(1).long()
    indices = {"alone": (m,), "first": (m, i), "last": (i, m)}[where]
    x.index_put(indices, torch.zeros(()))


@case()
def filled_tensor_keeps_its_type(
    torch, shape: st.sampled_from([(), (2,)]), kind: st.sampled_from(TYPES), to: st.sampled_from(TYPES)
):
    """masked_fill gives the type of what is filled, also where the value requires grad."""
    x = torch.ones(shape).to(getattr(torch, kind))
    value = torch.full((), 3.0).to(getattr(torch, to))
    if to.startswith("float"):
        value.requires_grad_()
    x.masked_fill(torch.ones(shape).bool(), value)


@case()
def difference_has_the_type_of_the_distance(
    torch, number: st.sampled_from([0.7, 0.3, 1.0]), p: st.sampled_from([0, 1, 2])
):
    """dist rounds both operands to one type before it subtracts."""
    x, y = torch.full((2,), 0.7).half(), torch.full((), number)
    x.dist(y, p)
    y.dist(x, p)
    y.double().dist(x, p)


@case()
def weights_fit_into_the_loss(
    torch,
    shape: st.sampled_from(SHAPES),
    weight: st.sampled_from((*SHAPES, (4,))),
    reduction: st.sampled_from(["none", "sum"]),
):
    """Binary cross entropy is weighed in place, so that weights are not larger than it."""
    x, target, w = torch.full(shape, 0.3).requires_grad_(), torch.full(shape, 0.6), torch.ones(weight)
    torch.nn.functional.binary_cross_entropy(x, target, w, reduction=reduction)
    torch.nn.functional.binary_cross_entropy_with_logits(x, target, w, reduction=reduction)
    torch.nn.functional.binary_cross_entropy_with_logits(x, target, pos_weight=w, reduction=reduction)


@case()
def statistics_of_nothing_are_not_asked(
    torch,
    shape: st.sampled_from([(), (3,), (0, 3), (2, 0), (0,), (2, 3)]),
    count: st.sampled_from([-1, 0, 1, 3]),
    train: st.booleans(),
):
    """Batch normalization of no elements asks of no statistics, and of no dimension counts no channels."""
    x = torch.ones(shape)
    running = torch.ones(count) if count >= 0 else None
    torch.batch_norm(x, None, None, running, running, train, 0.1, 1e-5, True)
    torch.batch_norm(x, torch.ones(3), None, running, running, train, 0.1, 1e-5, True)


@case()
def products_with_a_number_keep_the_type_of_integers(
    torch,
    x: floats(shape=(3,), values="finite"),
    kind: st.sampled_from(TYPES),
    value: st.sampled_from([1, -2, 0.5, True]),
    again: st.booleans(),
):
    """The gradients of addcmul and addcdiv multiply integers by the number first, which may wrap around."""
    other = (torch.ones(2, 3) * 3).to(getattr(torch, kind))
    factor = torch.full((2, 3), 1.5).requires_grad_()
    product = torch.addcmul(x.requires_grad_(), other, factor, value=value)
    torch.autograd.grad(product.sum(), (x, factor), create_graph=again)
    quotient = torch.addcdiv(x, other, factor, value=value)
    torch.autograd.grad(quotient.sum(), (x, factor), create_graph=again)


@case()
def complex_gradients_of_real_operands(
    torch, which: st.sampled_from(["ldexp", "exponent", "addr", "diagonal", "triangle"])
):
    """Derivatives that leave out to take the real part are refused where the operand is real."""
    x, z = torch.tensor([0.5, 1.5]).requires_grad_(), torch.tensor([1 + 2j, 3 - 1j])
    m = torch.tensor([[2.0, 0.5], [0.0, 1.5]]).requires_grad_()
    out = {
        "ldexp": lambda: x.ldexp(z),
        "exponent": lambda: z.ldexp(x),
        "addr": lambda: torch.addr(m, z, x),
        "diagonal": lambda: torch.ones(2, 2, dtype=torch.complex64).diagonal_scatter(x),
        "triangle": lambda: torch.linalg.solve_triangular(torch.eye(2).to(torch.complex64), m, upper=True),
    }[which]()
    out.abs().sum().backward()


@case()
def bounds_are_not_complex(
    torch,
    x: floats(shape=(2,), values="finite"),
    kind: st.sampled_from([*TYPES, "complex64"]),
    bounds: st.sampled_from(["both", "min", "max"]),
):
    """Complex bounds are refused by the kernel, in place by the type of what is written to."""
    x = x.to(getattr(torch, kind))
    bound = torch.tensor([1j, 2.0])
    low, high = {"both": (bound, bound), "min": (bound, None), "max": (None, bound)}[bounds]
    x.clamp(low, high)
    x.clamp_(low, high)
    torch.fill(x, torch.tensor(1.0 + 0j))


@case()
def moments_of_nothing(torch, shape: st.sampled_from([(2, 0), (1, 0, 3), (2, 3, 0)]), group: st.booleans()):
    """Rows of no elements have the mean 0, and a deviation that is no number."""
    x = torch.ones(shape).requires_grad_()
    y = torch.nn.functional.group_norm(x, 1) if group else torch.nn.functional.layer_norm(x, shape[1:])
    y.grad_fn._saved_result1
    y.grad_fn._saved_result2
    y.sum().backward()


WRITTEN_OVER = {
    "select_scatter": lambda torch, x, y: x.select_scatter(y[0], 0, 1),
    "slice_scatter": lambda torch, x, y: x.slice_scatter(y[:1], 0, 0, 1),
    "diagonal_scatter": lambda torch, x, y: x.diagonal_scatter(y[:, 0]),
    "block_diag": lambda torch, x, y: torch.block_diag(x, y, x[0]),
    "loss": lambda torch, x, y: torch.nn.functional.binary_cross_entropy(x.sigmoid(), x.detach() * 0, y.detach()),
    "logits": lambda torch, x, y: torch.binary_cross_entropy_with_logits(x, x.detach() * 0, y.detach(), None, 1),
}


@case(requires=["create_graph", "complex"])
def real_and_complex_operands_of_what_is_written_over(
    torch,
    x: floats("float32", shape=(2, 3), values="smooth"),
    what: st.sampled_from(sorted(WRITTEN_OVER)),
    swapped: st.booleans(),
    tracked: st.booleans(),
):
    """A gradient of real and complex operands is cast as the formula of its own operand says."""
    y = torch.complex(x, x + 1)
    if tracked:
        y.requires_grad_()
    x.requires_grad_()
    a, b = (y, x) if swapped else (x, y)
    z = WRITTEN_OVER[what](torch, a, b)
    seed = torch.ones_like(z)
    torch.autograd.grad(z, x, seed, retain_graph=True)
    torch.autograd.grad(z, (x, y) if tracked else x, seed, create_graph=True)


@case(requires=["forward_ad", "complex"])
def real_tensors_beside_complex_numbers(
    torch,
    x: floats(("float32", "float64"), shape=st.sampled_from([(), (2,)]), values="smooth"),
    how: st.sampled_from(["add", "sub", "added", "subtracted", "power", "base", "nothing"]),
):
    """What a real tensor and a complex number make is differentiated by the tensor as it is."""
    number = 0.5 + 1.5j
    made = {
        "add": lambda x: x + number,
        "sub": lambda x: x - number,
        "added": lambda x: number + x,
        "subtracted": lambda x: number - x,
        "power": lambda x: x**number,
        "base": lambda x: number**x,
        "nothing": lambda x: x**0j,
    }
    leaf = x.detach().requires_grad_()
    y = made[how](leaf)
    (g,) = torch.autograd.grad(y, leaf, torch.ones_like(y), create_graph=True)
    g.sum().backward()
    with torch.autograd.forward_ad.dual_level():
        torch.autograd.forward_ad.unpack_dual(made[how](torch.autograd.forward_ad.make_dual(x, x.clone())))


@case(requires=["forward_ad"])
def tangents_of_other_types_that_are_cast(
    torch,
    x: floats("float32", shape=(2,), values="smooth"),
    kind: st.sampled_from(["float16", "float32", "float64", "complex64", "complex128"]),
    swapped: st.booleans(),
):
    """A complex tangent of a real tensor warns where it is cast to a real type."""
    y = torch.complex(x, x + 1)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(*((y, x) if swapped else (x, y)))
        torch.autograd.forward_ad.unpack_dual(dual.to(getattr(torch, kind)))


@case(requires=["forward_ad", "in_place"])
def write_without_a_tangent_to_a_dual_leaf(torch, x: floats(shape=(2,), values="smooth"), view: st.booleans()):
    """heaviside_ is refused for want of a tangent before its target is looked at."""
    leaf = x.requires_grad_()
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(leaf, torch.ones_like(x))
        (dual[:1] if view else dual).heaviside_(torch.ones_like(x)[:1])
