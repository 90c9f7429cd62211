"""Strides of gradients where dimensions have one element, whose strides mean nothing and show all the same."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

SHAPES = ((1, 3), (3, 1), (1, 1), (2, 1, 3), (1, 2, 3), (3, 2, 1), (1, 1, 3), (2, 1, 1, 3))
TURNS = {
    "as it is": lambda torch, y: y,
    "transposed": lambda torch, y: y.transpose(0, -1),
    "first moved": lambda torch, y: y.movedim(0, -1),
    "reversed": lambda torch, y: y.permute(*reversed(range(y.dim()))),
    "rotated": lambda torch, y: y.rot90(),
    "last two": lambda torch, y: y.mT,
}
STEPS = {
    "mul": lambda torch, y: y * 2,
    "div": lambda torch, y: y / 3,
    "neg": lambda torch, y: -y,
    "square": lambda torch, y: y * y,
    "exp": lambda torch, y: y.exp(),
    "where": lambda torch, y: y.where(y > 0, torch.ones_like(y)),
    "atan2": lambda torch, y: y.atan2(torch.ones(y.shape)),
    "sum": lambda torch, y: y.sum(0),
    "sum kept": lambda torch, y: y.sum(-1, keepdim=True),
    "squeezed": lambda torch, y: y.squeeze(-1),
    "both": lambda torch, y: y.unsqueeze(-1).squeeze(-1),
    "pooled": lambda torch, y: torch.nn.functional.avg_pool1d(y.reshape(1, 1, -1), 1),
}
SEEDS = {
    "plain": lambda torch, y: torch.ones(y.shape),
    "turned": lambda torch, y: torch.ones(tuple(reversed(y.shape))).permute(*reversed(range(y.dim()))),
    "strided": lambda torch, y: torch.ones((*y.shape, 2)).select(-1, 0),
}


@case(requires=["views", "backward"])
def strides_of_single_elements(
    torch,
    x: st.sampled_from(SHAPES).flatmap(lambda shape: floats(shape=shape, values="smooth", dtype=("float32",))),
    turn: st.sampled_from(sorted(TURNS)),
    step: st.sampled_from(sorted(STEPS)),
    seed: st.sampled_from(sorted(SEEDS)),
    first: st.booleans(),
):
    """A gradient is laid out by the strides of what it comes of, those of single elements included."""
    x.requires_grad_()
    y = STEPS[step](torch, TURNS[turn](torch, x)) if first else TURNS[turn](torch, STEPS[step](torch, x))
    given = SEEDS[seed](torch, y)
    torch.autograd.grad(y, x, given, retain_graph=True)
    y.backward(given)


@case(requires=["views"])
def pictures_with_channels_innermost(
    torch,
    x: st.sampled_from(((2, 1, 3), (1, 3, 2), (2, 3, 2))).flatmap(lambda shape: floats(shape=shape, values="smooth")),
    at: st.sampled_from((0, 1, -1)),
    turn: st.sampled_from(sorted(TURNS)),
):
    """Where channels lie innermost in four dimensions, the result has the strides of a picture."""
    y = TURNS[turn](torch, TURNS[turn](torch, x).contiguous()).unsqueeze(at)
    y.sigmoid()
    y.clamp(0, 1)
    y + y


@case(requires=["backward", "views"])
def sum_of_gradients_that_is_copied(torch, x: floats(shape=(1, 3, 2), values="smooth", dtype=("float32",))):
    """A leaf that repeats elements copies a sum of gradients, and the copy has not been written to."""
    leaf = x.expand(2, 3, 2).detach().requires_grad_()
    y = leaf * leaf
    y.backward(torch.ones(2, 3, 2).permute(0, 1, 2))
    leaf.grad = None
    y = leaf * leaf
    y.backward(torch.ones(2, 3, 2).transpose(0, 2).contiguous().transpose(0, 2))


@case(requires=["views", "backward"])
def broadcast_gradient_is_summed_row_major(
    torch,
    n: st.sampled_from([2, 3]),
    m: st.sampled_from([3, 4]),
    name: st.sampled_from(["add", "sub", "rsub", "mul", "maximum"]),
    lone: st.booleans(),
):
    """A transposed gradient that is summed to a row or a column is row-major then."""
    column, row = torch.ones(n, 1), torch.ones(1, m).requires_grad_()
    column = column if lone else column.requires_grad_()
    y = getattr(torch, name)(column, row).t()
    y.backward(torch.arange(float(n * m)).reshape(m, n))
    row.grad.stride()
    if not lone:
        column.grad.stride()


@case(requires=["backward", "views", "in_place"])
def gradient_of_nothing_keeps_its_strides_through_zeros(
    torch,
    shape: st.sampled_from([(0, 2), (2, 0), (0, 2, 3), (2, 0, 3)]),
    how: st.sampled_from(["fill_", "zero_", "item", "copy_"]),
    turned: st.booleans(),
):
    """Where an empty tensor was filled its gradient is zeros with the strides of the one that came."""
    x = torch.zeros(shape).requires_grad_()
    y = x * 3
    if how == "item":
        y[...] = 2.5
    elif how == "zero_":
        y.zero_()
    else:
        getattr(y, how)(torch.ones(()))
    z = y.permute(*reversed(range(len(shape)))) if turned else y
    torch.autograd.grad(z, (y, x), torch.ones(z.shape).mT.contiguous().mT)


@case(requires=["backward"])
def real_operand_of_a_complex_power_is_cast_first(
    torch, z: floats(shape=(2, 1), values="positive"), w: floats(shape=(2, 1), values="positive"), base: st.booleans()
):
    """float_power makes operands complex first; the gradient of a real one lies as a real part does."""
    z = torch.complex(z, z + 1)
    w.requires_grad_()
    y = w.float_power(z) if base else z.float_power(w)
    y.backward(torch.ones_like(y))
    y.grad_fn._saved_exponent
    z.float_power(2) + z.requires_grad_().float_power(3).grad_fn._saved_exponent


@case(requires=["grad"])
def sums_over_single_dimensions_repeat_what_is_repeated_already(
    torch,
    shape: st.sampled_from(SHAPES),
    keepdim: st.booleans(),
):
    """A summed dimension of one element has the step of what follows, one that was expanded has none."""
    x = torch.ones(shape).requires_grad_()
    for first in range(len(shape)):
        for dims in ((first,), tuple(range(first, len(shape)))):
            y = x.sum(dims, keepdim=keepdim)
            ones = torch.ones_like(y)
            for grad in (ones, torch.ones(()).expand(y.shape), *([ones.mT.contiguous().mT] if y.dim() > 1 else [])):
                torch.autograd.grad(y, x, grad, retain_graph=True)


PAIRS = {
    "the larger": lambda torch, x, y: (torch.maximum(x, y), torch.fmax(x, y), x.clamp_min(y)),
    "the smaller": lambda torch, x, y: (torch.minimum(x, y), torch.fmin(x, y), x.clamp_max(y)),
    "angles": lambda torch, x, y: (x.atan2(y), x.hypot(y)),
    "exponentials": lambda torch, x, y: (x.logaddexp(y), x.logaddexp2(y)),
    "choices": lambda torch, x, y: (torch.where(x > y, x, y), x.masked_fill(y > 0, 0.5), x.lerp(y, 0.3)),
    "losses": lambda torch, x, y: (
        torch.nn.functional.binary_cross_entropy(x.sigmoid(), y.sigmoid(), reduction="none"),
        torch.nn.functional.binary_cross_entropy_with_logits(x, y, reduction="none"),
        torch.nn.functional.binary_cross_entropy_with_logits(x, y, pos_weight=y.detach(), reduction="none"),
    ),
    "slopes": lambda torch, x, y: (x.tanh() * y.sigmoid(), x.exp() / y.tanh()),
    "picked": lambda torch, x, y: (x[:, torch.tensor([1, 0])] * y[:, torch.tensor([0, 1])],),
}
LAYOUTS = {
    "plain": lambda x: x,
    "transposed": lambda x: x.mT.contiguous().mT,
    "expanded": lambda x: x[:1].expand(x.shape),
    "with gaps": lambda x: x.repeat_interleave(2, -1)[..., ::2],
}


@case(requires=["views", "create_graph"])
def operands_that_lie_otherwise(
    torch,
    x: floats(shape=(2, 3), values="smooth", dtype=("float32",)),
    y: floats(shape=(2, 3), values="smooth", dtype=("float32",)),
    what: st.sampled_from(sorted(PAIRS)),
    layouts: st.sampled_from([(a, b) for a in sorted(LAYOUTS) for b in ("plain", "transposed") if a != b]),
    swapped: st.booleans(),
):
    """Of operands that lie otherwise in memory one decides how the result and each gradient lie."""
    x, y = [LAYOUTS[name](value).detach().requires_grad_() for name, value in zip(layouts, (x, y), strict=True)]
    for z in PAIRS[what](torch, *((y, x) if swapped else (x, y))):
        for seed in (torch.ones(z.shape), torch.ones(z.mT.shape).mT):
            torch.autograd.grad(z, (x, y), seed, retain_graph=True)
            seed.requires_grad_()
            for gradient in torch.autograd.grad(z, (x, y), seed, create_graph=True):
                again = torch.ones(gradient.shape).requires_grad_()
                (gradient * again).sum().backward()
                seed.grad.stride()


@case(requires=["create_graph"])
def norms_in_another_type_are_not_converted(
    torch,
    x: floats(shape=(2, 3), values="smooth", dtype=("float32",)),
    order: st.sampled_from([0.5, 1, 1.5, 2, 3, float("inf")]),
    dim: st.sampled_from([None, 0, (0, 1)]),
    keepdim: st.booleans(),
):
    """The gradient of a norm in another type is made of the operand as it is, and cast afterwards."""
    x.requires_grad_()
    y = torch.linalg.vector_norm(x, order, dim, keepdim, dtype=torch.float64)
    (g,) = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)
    torch.autograd.grad(g, x, torch.ones_like(g))


@case(requires=["views", "backward"])
def convolutions_of_no_pictures(
    torch,
    shape: st.sampled_from([(0, 2, 3), (0, 2, 3, 3)]),
    turned: st.tuples(st.booleans(), st.booleans()),
    padding: st.sampled_from([0, 1]),
    biased: st.booleans(),
):
    """A convolution of no pictures lies as its input where it has that shape, and else row by row."""
    weight = torch.ones(2, 2, *[3 if padding else 2] * (len(shape) - 2))
    x, weight = [
        v.transpose(1, -1).contiguous().transpose(1, -1) if t else v
        for v, t in zip((torch.ones(shape), weight), turned, strict=True)
    ]
    bias = torch.ones(2) if biased else None
    name = "conv1d" if len(shape) == 3 else "conv2d"
    getattr(torch.nn.functional, name)(x.requires_grad_(), weight, bias, padding=padding).stride()
    getattr(torch.nn.functional, name.replace("v", "v_transpose"))(x, weight, bias, padding=padding).stride()


@case(requires=["create_graph"])
def second_gradients_of_a_grid_are_added_up(
    torch, dims: st.sampled_from([2, 3]), mode: st.sampled_from(["bilinear", "nearest"]), both: st.booleans()
):
    """A gradient that comes of a grid alone is written once for each further direction."""
    x = torch.arange(3.0**dims).reshape(1, 1, *[3] * dims).sin().requires_grad_()
    grid = (torch.arange(2.0**dims * dims).reshape(1, *[2] * dims, dims).cos() / 2).requires_grad_()
    y = torch.nn.functional.grid_sample(x, grid, mode, align_corners=False)
    seed = torch.ones(y.shape).requires_grad_()
    gradients = torch.autograd.grad(y, (x, grid) if both else grid, seed, create_graph=True)
    gradients[-1].sum().backward()
    seed.grad._version


@case(requires=["grad", "backward", "hooks", "views"])
def sum_of_gradients_lies_as_both_say(
    torch,
    x: st.sampled_from([(3, 1, 1), (2, 1, 3), (1, 2, 1), (2, 3, 2)]).flatmap(lambda shape: floats(shape=shape)),
    order: st.permutations([0, 1, 2]),
    part: st.booleans(),
    turned: st.booleans(),
    ask: st.booleans(),
):
    """A gradient that is added to one which somebody holds makes one that lies as a sum does."""
    x.requires_grad_()
    window = x.permute(order)
    same = x + 0
    seed = torch.ones_like(same)
    whole = torch.ones([size + part for size in window.shape])
    of_window = whole[tuple([slice(0, size) for size in window.shape])]

    def look(grad):
        grad.stride()

    x.register_hook(look)
    roots = [same, window] if turned else [window, same]
    seeds = [seed, of_window] if turned else [of_window, seed]
    if ask:
        torch.autograd.grad(roots, x, seeds)
    else:
        torch.autograd.backward(roots, seeds)


WEIGHED = {
    "times": lambda torch, x, w: x * w,
    "times twice": lambda torch, x, w: x * w * w,
    "through": lambda torch, x, w: x / w,
    "beneath": lambda torch, x, w: w / (x * x + 1),
    "power": lambda torch, x, w: (x * 1) * w.exp(),
    "plus": lambda torch, x, w: (x + w) * (w + 1),
    "where": lambda torch, x, w: torch.where(w > 0, x, w) * w,
}


@case(requires=["backward", "grad", "hooks"], observe="last")
def leaf_has_gradients_that_lie_as_it_does(
    torch,
    x: floats(shape=(2, 3), values="smooth", dtype=("float32",)),
    w: floats(shape=(3, 2), values="smooth", dtype=("float32",)),
    how: st.sampled_from(sorted(WEIGHED)),
    turned: st.booleans(),
    watched: st.booleans(),
):
    """A gradient that lies otherwise than its leaf is laid out anew; autograd.grad() returns it as it is."""
    leaf = (x.t().clone(memory_format=torch.contiguous_format).t() if turned else x).requires_grad_()
    weights = w.t() + 2
    other = torch.ones(2, 3, requires_grad=True)
    y = WEIGHED[how](torch, leaf, weights)
    if watched:
        y.register_hook(lambda grad: None)
    (y * other).sum().backward(retain_graph=True)
    torch.autograd.grad(WEIGHED[how](torch, leaf, weights).sum(), leaf)
    WEIGHED[how](torch, other, weights).sum().backward()
