"""Discrete Fourier transforms: of reals and complex numbers, in one dimension and several, with their derivatives."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats

NORMS = st.sampled_from([None, "backward", "ortho", "forward"])
ONE = st.sampled_from(["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])


@case(lecture="grad", requires=["grad"])
def transform_is_derived_by_its_inverse(
    torch,
    x: floats(shape=(2, 4), values="finite"),
    name: ONE,
    n: st.sampled_from([None, 1, 3, 6]),
    dim: st.integers(-2, 1),
    norm: NORMS,
):
    """The gradient of a Fourier transform of reals is a transform back, cut off or filled up alike."""
    y = getattr(torch.fft, name)(x.requires_grad_(), n, dim, norm)
    g = y.detach().clone().requires_grad_()
    (grad,) = torch.autograd.grad(y, x, g, create_graph=True)
    torch.autograd.grad(grad.sum(), g)


@case(lecture="grad", requires=["grad"])
def complex_numbers_are_transformed(
    torch, x: complexes(shape=(2, 3)), name: ONE, n: st.sampled_from([None, 2, 4]), norm: NORMS, other: st.booleans()
):
    """Complex numbers and lazy conjugates have transforms, and those for reals refuse them."""
    y = getattr(torch.fft, name)((x.requires_grad_() * 2).conj() if other else x, n, norm=norm)
    torch.autograd.grad(y, x, y.detach())


@case(lecture="grad", requires=["grad"])
def several_dimensions_are_transformed(
    torch,
    x: floats(shape=(2, 3, 2), values="finite"),
    name: ONE,
    two: st.booleans(),
    s: st.sampled_from([None, (2,), (3, -1), (1, 2, 3), (1, 1, 1, 1)]),
    given: st.sampled_from([{}, {"dim": (0, 1)}, {"dim": (-1, 0)}, {"dim": (2,)}, {"dim": (1, 1)}]),
):
    """A transform in several dimensions is told which they are, and their sizes."""
    function = getattr(torch.fft, name + ("2" if two else "n"))
    y = function(x.requires_grad_(), s, **given)
    torch.autograd.grad(y, x, y.detach())


@case(lecture="values", requires=["grad"])
def frequencies_are_shifted(
    torch, n: st.integers(0, 5), d: st.sampled_from([1.0, 0.5]), name: st.sampled_from(["fftshift", "ifftshift"])
):
    """Frequencies begin with zero, and a shift puts that in the middle, which has a derivative."""
    torch.fft.rfftfreq(n + 1, d)
    x = torch.fft.fftfreq(n, d, requires_grad=True)
    y = getattr(torch.fft, name)(x * 1)
    torch.autograd.grad(y.sum(), x)


@case(lecture="errors", requires=["grad"])
def transform_of_nothing_is_refused(
    torch, name: ONE, n: st.sampled_from([0, -1, 2]), norm: st.sampled_from(["ortho", "other"])
):
    """A transform has at least one point, one of the norms, and a dimension that there is."""
    x = torch.ones(2, 3)
    function = getattr(torch.fft, name)
    function(x, n, norm=norm)
    function(x, dim=2)
    function(x.to(torch.bfloat16))
    function(torch.tensor(1.0))
