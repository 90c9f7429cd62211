"""Values, types and texts of operators, where NumPy's answer is another. Expectations were read off PyTorch 2.13."""

import math
import warnings

import pytest

import numtorch as torch

NAN = float("nan")


def test_the_sign_of_nan_is_zero():
    x = torch.tensor([NAN, -0.0, -2.0], requires_grad=True)
    assert x.sign().tolist() == x.sgn().tolist() == [0.0, 0.0, -1.0]
    x.abs().sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, -1.0]


def test_a_norm_passes_nothing_to_nan():
    x = torch.tensor([1.0, NAN], requires_grad=True)
    x.norm(1).backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_a_negative_power_of_an_integer_rounds_to_zero():
    n = torch.tensor([1, -1, -2, 3])
    assert (2**n).tolist() == [2, 0, 0, 8]
    assert ((-1) ** n).tolist() == [-1, -1, 1, -1]
    assert (n**n).tolist() == [1, -1, 0, 27]
    assert (torch.tensor(2) ** torch.tensor(-1)).item() == 0
    with pytest.raises(RuntimeError, match="Integers to negative integer powers are not allowed"):
        n**-1


def test_bools_have_no_power():
    with pytest.raises(NotImplementedError, match="\"pow\" not implemented for 'Bool'"):
        torch.tensor([True]) ** torch.tensor([True])


def test_a_real_factor_gets_the_real_part_of_the_gradient():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    z = torch.tensor([1 + 2j, 3 + 4j], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (x * z).sum().backward(torch.tensor(1 + 2j))
    assert x.grad.tolist() == [5.0, 11.0]
    assert z.grad.tolist() == [1 + 2j, 2 + 4j]


def test_a_number_assigned_gets_a_gradient_of_its_own_type():
    x, value = torch.zeros(2, dtype=torch.float64), torch.tensor(1.0, requires_grad=True)
    x[0] = value
    x.sum().backward()
    assert value.grad.dtype is torch.float32


def test_assigning_to_false_is_no_write():
    x = torch.zeros(2)
    x[False] = 1.0
    assert x._version == 0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda s: s.size(0), "Dimension specified as 0 but tensor has no dimensions"),
        (lambda s: s.stride(-1), "Dimension specified as -1 but tensor has no dimensions"),
        (lambda s: s.split(1), "split expects at least a 1-dimensional tensor"),
        (lambda s: s.chunk(1), "chunk expects at least a 1-dimensional tensor"),
        (
            lambda s: s.tensor_split(1),
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims",
        ),
        (lambda s: s.permute(), 'permute() missing 1 required positional arguments: "dims"'),
    ],
)
def test_a_scalar_has_no_dimension_to_name(call, text):
    with pytest.raises((IndexError, RuntimeError, TypeError)) as caught:
        call(torch.tensor(1.0))
    assert str(caught.value) == text


def test_a_sequence_of_sequences_is_taken_for_a_tuple():
    x = torch.zeros(3, 4)
    with pytest.warns(UserWarning, match="Using a non-tuple sequence"):
        assert x[[[0], [1]]].shape == (1,)
    with (
        pytest.warns(UserWarning, match="Using a non-tuple sequence"),
        pytest.raises(IndexError, match="too many indices"),
    ):
        x["row"]
    assert x[[0, 1]].shape == (2, 4)


def test_joined_tensors_are_promoted_as_operands_are():
    single, whole = torch.ones(2), torch.tensor([1, 2])
    assert torch.cat([single, whole]).dtype is torch.float32
    assert torch.cat([whole.int(), single.half()]).dtype is torch.float16
    assert torch.stack([whole, single]).dtype is torch.float32
    assert torch.cat([torch.zeros(0, dtype=torch.float64), single]).dtype is torch.float64


def test_an_empty_vector_joins_anything_and_gets_an_empty_gradient():
    empty = torch.zeros(0, requires_grad=True)
    torch.cat([empty, torch.ones(2, 2)]).sum().backward()
    assert empty.grad.shape == (0,)


def test_assigning_to_true_writes_without_a_cast_in_the_graph():
    x, value = torch.zeros(2, dtype=torch.float64), torch.tensor(1.0, requires_grad=True)
    x[True] = value
    assert x.tolist() == [1.0, 1.0]
    assert type(x.grad_fn.next_functions[1][0]).__name__ != "ToCopyBackward0"


def test_a_vector_times_a_matrix_is_squeezed_in_place():
    assert (torch.ones(3) @ torch.ones(3, 2))._version == 1
    assert (torch.ones(2, 3) @ torch.ones(3))._version == 0


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_a_multiple_is_that_of_the_number_and_type_at_hand(kind):
    change = torch.tensor([1.0, -2.0], dtype=kind)
    for alpha in 0.5, 0.25, 0.0, -0.0, 0.5, float("inf"), 2, 0.5:
        x = torch.zeros(2, dtype=kind)
        x.sub_(change, alpha=alpha)
        assert x.dtype is kind
        assert x.tolist() == [0 - alpha, 2.0 * alpha]


def test_the_sign_of_a_zero_that_multiplies_counts():
    for alpha in 0.0, -0.0, 0.0:
        x = torch.tensor([-0.0])
        x.add_(torch.tensor([1.0]), alpha=alpha)
        assert math.copysign(1.0, x.item()) == math.copysign(1.0, alpha)


def test_the_number_of_a_node_is_an_integer():
    x = torch.ones(2, requires_grad=True)
    first, second = (x * x).grad_fn, (x + x).grad_fn
    assert type(first._sequence_nr()) is int
    assert second._sequence_nr() == first._sequence_nr() + 1
    assert first.next_functions[0][0]._sequence_nr() == 2**64 - 1
