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
