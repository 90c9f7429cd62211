"""Memory formats: copies whose channels lie innermost, and what is asked of strides."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, tensors

REQUIRES = ("tape",)

FORMATS = ("contiguous_format", "channels_last", "channels_last_3d", "preserve_format")
SIZES = st.integers(0, 3)
PICTURES = st.tuples(SIZES, SIZES, SIZES, SIZES)
SHAPES = st.one_of(PICTURES, st.tuples(SIZES, SIZES, SIZES, SIZES, SIZES), st.tuples(SIZES, SIZES))


@case(requires=["clone"])
def clone_lies_in_the_format(
    torch, x: floats(shape=SHAPES), memory_format: st.sampled_from(FORMATS), turned: st.booleans()
):
    """A clone lies in the memory format that it is asked for, if its rank has that."""
    x.requires_grad_()
    y = (x.transpose(0, 1) if turned else x).clone(memory_format=getattr(torch, memory_format))
    y.sum().backward()


@case(requires=["contiguous"])
def contiguous_copies_where_the_format_differs(
    torch, x: floats(shape=PICTURES), memory_format: st.sampled_from(FORMATS[:3]), again: st.sampled_from(FORMATS[:3])
):
    """contiguous() is the tensor itself where it lies in the format already, and a copy otherwise."""
    x.requires_grad_()
    y = x.contiguous(memory_format=getattr(torch, memory_format))
    z = y.contiguous(memory_format=getattr(torch, again))
    y.is_contiguous()
    y.is_contiguous(memory_format=torch.channels_last)
    z.mul(z).sum().backward()


@case(requires=["to"])
def to_goes_by_the_format_that_strides_suggest(
    torch, x: floats("float32", shape=SHAPES), memory_format: st.sampled_from(FORMATS), cut: st.booleans()
):
    """to(memory_format=) is the tensor itself where its strides suggest that format, holes or not."""
    y = x.requires_grad_().clone(memory_format=torch.preserve_format)
    z = (y[:, ::2] if cut else y).to(memory_format=getattr(torch, memory_format))
    z.to(memory_format=torch.contiguous_format)
    z.sum().backward()


@case(requires=["to"])
def conversions_take_a_format(
    torch,
    x: tensors(("float32", "float64"), "integers", shape=PICTURES),
    memory_format: st.sampled_from(FORMATS),
    kind: st.sampled_from(("float32", "float64", "complex64", "int64")),
):
    """A conversion to another type lies in the format that it is asked for."""
    y = x.requires_grad_().to(getattr(torch, kind), memory_format=getattr(torch, memory_format))
    x.double(memory_format=getattr(torch, memory_format))
    y.sum().backward()


@case(requires=["empty_like"])
def formats_are_kept_by_what_is_elementwise(torch, x: floats(shape=PICTURES)):
    """Elementwise results, copies and gradients of a picture lie with the channels innermost if it does."""
    y = x.to(memory_format=torch.channels_last).requires_grad_()
    z = (y * 2).tanh()
    z.clone()
    torch.zeros_like(z)
    torch.zeros_like(z, memory_format=torch.contiguous_format)
    z.sum().backward()


STEPS = {
    "normalized": lambda torch, F, x, w: (
        F.batch_norm(x, None, None, w, w, True),
        F.batch_norm(x, w, w.exp(), None, None, False),
        F.instance_norm(x),
        F.group_norm(x, x.shape[1]),
        F.rms_norm(x, (2, 3)),
    ),
    "padded": lambda torch, F, x, w: (F.pad(x, (1, 1, 0, 2)), F.pad(x, (1, -1)), F.pad(x, (1, 0, 0, 1), "replicate")),
    "moved": lambda torch, F, x, w: (x.roll(1, 0), x.roll((1, 1), (1, 3)), x.flip(2), x.roll(1)),
    "together": lambda torch, F, x, w: (torch.cat([x, x], 1), torch.stack([x, x]), torch.stack([x, x], 2)),
    "interpolated": lambda torch, F, x, w: (F.interpolate(x, scale_factor=2, mode="bicubic"), F.interpolate(x, 4)),
    "sloped": lambda torch, F, x, w: (F.prelu(x, w), F.prelu(x, w[:1]), F.elu(x)),
}
LIE = {
    "in the format": lambda torch, x: x.contiguous(memory_format=torch.channels_last),
    "with channels moved": lambda torch, x: x.movedim(1, -1).contiguous().movedim(-1, 1),
    "one picture": lambda torch, x: x[0].movedim(0, -1).contiguous().movedim(-1, 0)[None],
    "one channel": lambda torch, x: x[:, :1].contiguous(memory_format=torch.channels_last),
    "otherwise": lambda torch, x: x.mT.contiguous().mT,
}


@case(requires=["empty_like", "backward"])
def pictures_keep_their_channels_innermost(
    torch,
    x: floats("float32", shape=(2, 2, 2, 3), values="smooth"),
    step: st.sampled_from(sorted(STEPS)),
    how: st.sampled_from(sorted(LIE)),
    turned: st.booleans(),
):
    """What pads, moves, joins or normalizes pictures says of its results and gradients how they lie."""
    x = LIE[how](torch, x).detach().requires_grad_()
    w = torch.tensor([0.5, 1.5][: 1 if how == "one channel" else 2])
    for y in STEPS[step](torch, torch.nn.functional, x, w):
        seed = torch.ones(y.shape)
        torch.autograd.grad(y, x, seed.mT.contiguous().mT if turned else torch.ones_like(y), retain_graph=True)
        torch.autograd.grad(y, x, seed)
