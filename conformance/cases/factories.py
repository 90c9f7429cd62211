"""Tensors made from numbers, sizes and other tensors."""

from hypothesis import strategies as st

from conformance.case import case
from conformance.generate import dtypes, floats, numbers, tensors

SIZES = st.sampled_from([(2,), (), (2, 3), (0,), (1, 0, 2)])
KINDS = ("float32", "float64", "float16", "int64", "int32", "uint8", "bool")


@case(requires=["factories"], covers=["leaf.factory"])
def constant_tensors(torch, size: SIZES, value: numbers()):
    """zeros, ones and full fill a tensor with one number, whose kind decides the dtype of full."""
    torch.zeros(size)
    torch.ones(size)
    torch.full(size, value)


@case(requires=["factories"], covers=["leaf.factory"])
def sizes_are_given_one_by_one(torch, a: st.integers(0, 3), b: st.integers(0, 3)):
    """The sizes of a new tensor are given as numbers or as a tuple."""
    torch.zeros(a, b)
    torch.ones((a, b))
    torch.zeros([b])


@case(requires=["factories"], covers=["leaf.factory"])
def dtype_of_a_new_tensor(torch, size: SIZES, dtype: dtypes("float", "integer", "bool")):
    """A factory makes a tensor of the dtype that it is given."""
    torch.zeros(size, dtype=dtype)
    torch.ones(size, dtype=dtype)
    torch.full(size, 1, dtype=dtype)


@case(requires=["factories"], covers=["leaf.factory"])
def tensor_of_python_numbers(torch):
    """torch.tensor takes the dtype from the numbers, and the shape from the nesting."""
    torch.tensor([1.0, 2.0])
    torch.tensor([[1, 2, 3], [4, 5, 6]])
    torch.tensor([True, False])
    torch.tensor([1, 2.5, True])
    torch.tensor(3)
    torch.tensor([])
    torch.tensor([[1.0], [2.0, 3.0]])


@case(requires=["factories"], covers=["leaf.tensor_ctor"])
def tensor_of_a_tensor_is_a_copy(torch, x: floats()):
    """torch.tensor of a tensor copies it without its history, and warns."""
    x.requires_grad_()
    torch.tensor(x)


@case(requires=["factories"], covers=["leaf.factory"])
def ranges(
    torch,
    start: st.sampled_from([0, 1, -2, 0.5]),
    stop: st.sampled_from([4, 2.5, 1]),
    step: st.sampled_from([1, 2, 0.5]),
):
    """arange counts from start to stop, in the dtype of its numbers."""
    torch.arange(stop)
    torch.arange(start, stop)
    torch.arange(start, stop, step)


@case(requires=["factories"], covers=["leaf.factory"])
def range_that_never_ends_raises(torch, step: st.sampled_from([0, -1, 0.0])):
    """arange raises where its step leads nowhere."""
    torch.arange(0, 3, step)


@case(requires=["like_factories"], covers=["leaf.new_ctor"])
def tensors_like_another(torch, x: tensors(KINDS, "integers"), value: numbers("int")):
    """The factories named _like take shape and dtype from another tensor."""
    torch.zeros_like(x)
    torch.ones_like(x)
    torch.full_like(x, value)


@case(requires=["like_factories"], covers=["leaf.new_ctor"])
def like_takes_another_dtype(torch, x: floats(), dtype: dtypes("float", "integer", "bool")):
    """The factories named _like take another dtype as well."""
    torch.zeros_like(x, dtype=dtype)
    torch.ones_like(x, dtype=dtype)


@case(requires=["like_factories"], covers=["leaf.new_ctor"])
def like_keeps_the_strides(torch, x: floats(shape=(2, 3))):
    """A tensor like a transposed one is laid out like it."""
    torch.zeros_like(x.t())
    torch.ones_like(x[:, ::2])


@case(requires=["factories"], covers=["leaf.factory"], observe="last")
def empty_tensors_have_a_size(torch, size: SIZES, dtype: dtypes("float", "integer", "bool")):
    """empty and empty_like make tensors whose shape and dtype are certain."""
    x = torch.empty(size, dtype=dtype).fill_(1)
    y = torch.empty_like(x).zero_()
    (x, y)


@case(requires=["in_place", "factories"], covers=["ver.basic"])
def tensors_are_filled(torch, size: SIZES, value: numbers("float")):
    """fill_() and zero_() write one number into every element."""
    x = torch.ones(size)
    x.fill_(value)
    x.zero_()


@case(requires=["factories"])
def numbers_between_two_ends(
    torch,
    ends: st.sampled_from([(0.3, 9.0), (1.1, 7.7), (9.0, -7.7), (3, 100)]),
    steps: st.integers(0, 30),
    dtype: st.sampled_from(["float16", "bfloat16", "float32", "float64", "int64", "int32"]),
):
    """linspace cuts off the ends of integers before it steps, and rounds each step in its own type."""
    torch.linspace(*ends, steps, dtype=getattr(torch, dtype))
