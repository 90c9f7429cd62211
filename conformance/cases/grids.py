"""Pictures sampled at places: between their elements, beyond their borders, and the gradients of both."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import floats

PLACES = st.sampled_from([-3.4, -1.7, -1.0, -0.6, -0.1, 0.0, 0.3, 0.7, 1.0, 1.2, 2.6, 5.1])
"""Of a picture from -1 to 1: within, at the border, and as far beyond that it is reflected more than once."""

PADDINGS = st.sampled_from(["zeros", "border", "reflection"])
SIZES = st.sampled_from([(1, 1), (1, 3), (2, 2), (3, 4)])


@case(requires=["grid_sample", "backward"])
def place_beyond_a_picture_is_padded(
    torch,
    x: floats("float32", shape=(24,), values="finite"),
    places: st.lists(PLACES, min_size=8, max_size=8),
    mode: st.sampled_from(["bilinear", "nearest", "bicubic"]),
    padding: PADDINGS,
    align: st.booleans(),
    size: SIZES,
):
    """A place beyond a picture shows zeros, its border or its reflection, and gradients go to both."""
    height, width = size
    picture = x[: 2 * height * width].view(1, 2, height, width).detach().requires_grad_()
    grid = torch.tensor(places).view(1, 2, 2, 2).requires_grad_()
    y = torch.nn.functional.grid_sample(picture, grid, mode, padding, align)
    (y * y).sum().backward()


@case(requires=["grid_sample", "backward"])
def place_beyond_a_volume_is_padded(
    torch,
    x: floats("float32", shape=(12,), values="finite"),
    places: st.lists(PLACES, min_size=6, max_size=6),
    mode: st.sampled_from(["bilinear", "nearest"]),
    padding: PADDINGS,
    align: st.booleans(),
):
    """Volumes are sampled as pictures are, in three coordinates."""
    volume = x.view(1, 1, 2, 2, 3).detach().requires_grad_()
    grid = torch.tensor(places).view(1, 1, 1, 2, 3).requires_grad_()
    y = torch.nn.functional.grid_sample(volume, grid, mode, padding, align)
    (y * y).sum().backward()
    y = torch.nn.functional.grid_sample(volume, grid.detach(), mode, padding, align)
    y.sum().backward()


@case(requires=["grid_sample", "create_graph"])
def gradient_of_a_sample_has_one(
    torch,
    x: floats("float64", shape=(6,), values="finite"),
    places: st.lists(PLACES, min_size=4, max_size=4),
    mode: st.sampled_from(["bilinear", "nearest", "bicubic"]),
    padding: PADDINGS,
    align: st.booleans(),
):
    """The gradients of sampling have gradients by picture, places and cotangent."""
    picture = x.view(1, 1, 2, 3).detach().requires_grad_()
    grid = torch.tensor(places, dtype=torch.float64).view(1, 1, 2, 2).requires_grad_()
    y = torch.nn.functional.grid_sample(picture, grid, mode, padding, align)
    of_picture, of_grid = torch.autograd.grad((y * y).sum(), (picture, grid), create_graph=True)
    (of_picture.sum() + of_grid.sum()).backward()
