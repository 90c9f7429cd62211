"""Calls that PyTorch's own tests make and programs seldom do: weights, masks of bytes, windows that do not fit."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats, ints


@case(lecture="values", requires=["grad"])
def observations_count_by_their_weights(
    torch,
    x: floats(shape=(2, 4), values="finite"),
    times: ints(shape=(4,)),
    weights: floats(shape=(4,), values="finite"),
    which: st.integers(0, 3),
    correction: st.integers(0, 3),
):
    """A covariance counts an observation several times, or by a weight that has a gradient, too."""
    weights = weights.abs().requires_grad_()
    given = [{}, {"fweights": times.abs()}, {"aweights": weights}, {"fweights": times.abs(), "aweights": weights}][
        which
    ]
    c = torch.cov(x.requires_grad_(), correction=correction, **given)
    torch.autograd.grad(c.sum(), (x, weights), allow_unused=True)


@case(lecture="views", requires=["grad"])
def mask_of_bytes_picks_and_warns(
    torch, x: floats(shape=(3, 2), values="finite"), bits: st.integers(0, 7), way: st.integers(0, 6)
):
    """A mask of bytes picks as one of bools does, with a warning, and is no index."""
    mask = torch.tensor([bits & 1, bits >> 1 & 1, bits >> 2 & 1], dtype=torch.uint8)
    x.requires_grad_()
    [
        lambda: x[mask],
        lambda: x[mask, 0],
        lambda: x[None, mask],
        lambda: x[:, mask],
        lambda: x.index_put((mask,), torch.ones(2)),
        lambda: x.index_put((mask,), torch.ones(())),
        lambda: x.masked_scatter(mask[:, None], x),
    ][way]().sum().backward()
    x.grad


@case(lecture="values", requires=["grad"])
def windows_that_do_not_fit_are_refused(
    torch,
    shape: st.sampled_from([(0, 1, 5), (1, 0, 5), (0, 5), (2, 2, 5), (2, 0, 3, 5), (0, 2, 3, 5), (2, 2, 3, 5), (5,)]),
    size: st.integers(-1, 3),
    stride: st.sampled_from([None, -1, 0, 2]),
    padding: st.integers(-1, 2),
    name: st.sampled_from([f"{kind}_pool{n}d" for kind in ("avg", "max") for n in (1, 2, 3)]),
):
    """A pool asks for strides first, then for positive sizes, then for a tensor that has them."""
    getattr(torch.nn.functional, name)(torch.zeros(shape), size, stride, padding)


@case(lecture="values", requires=["grad"])
def convolution_says_what_does_not_fit(
    torch,
    dims: st.integers(1, 3),
    of: st.integers(1, 3),
    padding: st.sampled_from(["same", "valid", 0, -1]),
    dilation: st.integers(-1, 1),
    groups: st.integers(-1, 1),
    complex: st.booleans(),
):
    """A convolution refuses a dilation of zero, and pads real and imaginary parts apart."""
    kind = torch.complex64 if complex else torch.float32
    x = torch.ones((1, 1) + (3,) * dims, dtype=kind).requires_grad_()
    w = torch.ones((1, 1) + (2,) * of, dtype=kind)
    getattr(torch.nn.functional, f"conv{dims}d")(x, w, padding=padding, dilation=dilation, groups=groups)


@case(lecture="jvp", requires=["forward_ad"])
def gradients_without_an_own_tangent_have_none(torch, which: st.integers(0, 4), moved: st.integers(0, 2)):
    """The gradient of a bias has a tangent if the incoming one does; that of a greatest has zeros."""
    fa = torch.autograd.forward_ad
    x = torch.arange(24.0).sin().view(1, 2, 3, 4).requires_grad_()
    w = torch.arange(8.0).cos().view(2, 2, 1, 2).requires_grad_()
    b = torch.ones(2).requires_grad_()
    with fa.dual_level():
        given = [x, w, b]
        given[moved] = fa.make_dual(given[moved], torch.ones_like(given[moved]))
        y = [
            lambda: torch.nn.functional.conv2d(*given),
            lambda: torch.nn.functional.conv_transpose2d(*given),
            lambda: torch.nn.functional.adaptive_max_pool2d(given[0], 2),
            lambda: torch.nn.functional.adaptive_max_pool1d(given[0][0], 2),
            lambda: torch.nn.functional.adaptive_avg_pool2d(given[0], 2),
        ][which]()
        for grad in torch.autograd.grad([y], [x, w, b], [torch.ones_like(y)], allow_unused=True)[
            : 3 if which < 2 else 1
        ]:
            fa.unpack_dual(grad)


@case(lecture="jvp", requires=["forward_ad"])
def quantile_moves_with_its_rank(
    torch, x: floats(shape=(4,), values="finite"), q: st.floats(0.01, 0.99), nan: st.booleans()
):
    """A quantile has a tangent where only the rank has one."""
    fa = torch.autograd.forward_ad
    function = torch.nanquantile if nan else torch.quantile
    with fa.dual_level():
        fa.unpack_dual(function(x, fa.make_dual(torch.tensor(q), torch.tensor(1.0))))
    function(x[0].requires_grad_(), q, 0)


@case(lecture="grad", requires=["grad"])
def halves_are_scaled_down_in_single_precision(
    torch,
    x: floats(shape=(2, 3), values="finite"),
    dtype: st.sampled_from(["float16", "bfloat16"]),
    p: st.sampled_from([1, 2]),
):
    """The gradient of renorm of halves is computed in single precision, and its tangent stays there."""
    h = x.to(getattr(torch, dtype)).requires_grad_()
    y = torch.renorm(h, p, 0, 0.5)
    torch.autograd.grad(y, h, torch.ones_like(y), create_graph=True)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(h.detach(), torch.ones_like(h).detach())
        torch.autograd.forward_ad.unpack_dual(torch.renorm(dual, p, 0, 0.5))


@case(lecture="grad", requires=["grad"])
def parameters_of_random_numbers_get_zeros_that_were_written(torch, which: st.integers(1, 3)):
    """The gradients of a normal distribution's parameters are zeros, written once."""
    mean, std = torch.ones(2).requires_grad_(), torch.ones(2).requires_grad_()
    y = torch.normal(mean if which & 1 else 1.0, std if which & 2 else 1.0)
    for grad in torch.autograd.grad(y.sum(), (mean, std), allow_unused=True):
        grad


@case(lecture="values", requires=["grad"])
def scattered_halves_keep_their_strides(
    torch, dtype: st.sampled_from(["float16", "bfloat16", "float32"]), which: st.integers(0, 2)
):
    """What is scattered into a tensor whose elements have gaps between them has gaps, too."""
    kind = getattr(torch, dtype)
    x = torch.zeros(4, 6, dtype=kind)[:, ::2]
    [
        lambda: torch.slice_scatter(x, torch.ones(2, 3, dtype=kind), 0, 0, 2),
        lambda: torch.select_scatter(x, torch.ones(3, dtype=kind), 0, 1),
        lambda: torch.diagonal_scatter(x, torch.ones(3, dtype=kind)),
    ][which]()
