"""How tensors print: character for character."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import complexes, floats, tensors


@case(lecture="printing", requires=["printing"], covers=["leaf.repr"])
def tensor_prints_how_it_requires_grad(torch, x: floats(), builtins):
    """A leaf prints its requires_grad, a result its grad_fn, any other tensor neither."""
    builtins.repr(x)
    builtins.repr(x.requires_grad_())
    builtins.repr(x * 2)
    builtins.str(x.sum())


@case(lecture="printing", requires=["printing"], covers=["leaf.repr"])
def every_dtype_prints(
    torch, x: tensors(("float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"), "integers"), builtins
):
    """A tensor prints its dtype unless it is the default of its kind."""
    builtins.repr(x)


@case(lecture="printing", requires=["printing", "complex"], covers=["leaf.repr"])
def complex_numbers_print(torch, z: complexes(("complex64", "complex128")), builtins):
    """A complex tensor prints real and imaginary parts."""
    builtins.repr(z)
    builtins.repr(z.requires_grad_())


@case(lecture="printing", requires=["printing"], covers=["leaf.repr"])
def special_values_print(torch, x: floats(values="special"), builtins):
    """Infinities, nan and negative zero print as themselves."""
    builtins.repr(x)


@case(lecture="printing", requires=["printing"], covers=["leaf.repr"])
def large_and_small_numbers_print(torch, x: floats(values="finite"), exponent: st.integers(-6, 6), builtins):
    """Numbers that are far apart or far from one print in scientific notation."""
    builtins.repr(x * 10**exponent)
    builtins.repr(x.requires_grad_() * 10.0**exponent)


@case(lecture="printing", requires=["printing"], covers=["leaf.repr"])
def many_elements_are_summarised(torch, shape: st.sampled_from([(1001,), (3, 400), (40, 40), (2, 3, 200)]), builtins):
    """A tensor of more than a thousand elements prints its edges."""
    x = torch.arange(0, 1600, dtype=torch.float32)[: torch.zeros(shape).numel()].reshape(shape)
    builtins.repr(x)


@case(lecture="printing", requires=["printing"], covers=["leaf.repr"])
def empty_tensor_prints_its_size(torch, shape: st.sampled_from([(0,), (0, 3), (2, 0), (1, 0, 2)]), builtins):
    """An empty tensor prints its size where the brackets do not show it."""
    builtins.repr(torch.zeros(shape))
    builtins.repr(torch.zeros(shape, dtype=torch.int64))
    builtins.repr(torch.ones(shape, requires_grad=True) * 2)


@case(lecture="printing", requires=["printing"], covers=["io.format"])
def scalar_formats_as_its_number(torch, x: floats(shape=()), builtins):
    """A scalar tensor is formatted as the number in it."""
    builtins.format(x, ".3f")
    builtins.format(x.requires_grad_(), "")
    builtins.format(x, ".3f")
    builtins.format(x * 2, "")
    builtins.format(x * 2, ">12.1e")
    builtins.format(x.reshape(1), ".3f")
    builtins.format(x, "d")


@case(lecture="printing", requires=["printing"], covers=["leaf.repr"])
def size_prints_as_torch_size(torch, x: floats(), builtins):
    """A shape prints as torch.Size, and a dtype with its module."""
    builtins.repr(x.shape)
    builtins.repr(x.dtype)
    builtins.str(x.size())


@case(lecture="printing", requires=["printing"], covers=["leaf.repr"])
def print_options(
    torch,
    x: floats(shape=(3, 4)),
    precision: st.integers(0, 6),
    width: st.sampled_from([20, 80]),
    few: st.booleans(),
    sci: st.sampled_from([None, True, False]),
    builtins,
):
    """set_printoptions decides about digits, the width of lines, what is left out, and the notation."""
    torch.set_printoptions(
        precision=precision, linewidth=width, threshold=4 if few else 1000, edgeitems=1, sci_mode=sci
    )
    builtins.repr(x)
    builtins.repr(x.requires_grad_() * 2)
    torch.set_printoptions(profile="default")
    builtins.repr(x)
