"""Strides: where PyTorch's results lie in memory, above all where NumPy forgets. Expectations were read off PyTorch 2.13."""

import itertools

import pytest

import numtorch as torch
from numtorch.memory.geometry import element_strides

EMPTY = (2, 0, 1)


def strides(expression, **names):
    return eval(expression, {"torch": torch, **names}).stride()


@pytest.mark.parametrize(
    "expression", ["x * x", "-x", "x.exp()", "x ** 2", "x == x", "x.clone()", "torch.zeros_like(x)", "x.relu()"]
)
def test_an_empty_result_of_operands_of_one_shape_is_row_major(expression):
    assert strides(expression, x=torch.zeros(EMPTY)) == (1, 1, 1)


@pytest.mark.parametrize(
    "expression",
    [
        "x * 0",
        "1 + x",
        "1 - x",
        "2 / x",
        "x == 0",
        "x % 2",
        "x.fmod(2)",
        "x.isinf()",
        "x // 2",
        "torch.where(x > 0, x, 1.0)",
    ],
)
def test_an_empty_result_beside_a_number_is_sorted_by_size(expression):
    # all strides are 1, so the larger dimension is the outer one, and strides after the empty dimension are 0
    assert strides(expression, x=torch.zeros(EMPTY)) == (0, 1, 0)


def test_views_of_an_empty_tensor_permute_its_strides():
    assert torch.zeros(0, 2).t().stride() == (1, 2)
    assert torch.zeros(EMPTY).transpose(0, 2).stride() == (1, 1, 1)
    assert (-torch.zeros(EMPTY).transpose(0, 2)).stride() == (2, 2, 1)


def test_an_empty_slice_keeps_its_strides_and_its_place():
    x = torch.zeros(2, 3)
    assert x[:, :0].stride() == (3, 1)
    assert x[:, :0].t().stride() == (1, 3)
    assert x[:, 3:].storage_offset() == 3


@pytest.mark.parametrize("shape", [(1,), (0,), (1, 1), (0, 2), EMPTY])
def test_a_scalar_expands_to_strides_of_zero(shape):
    expanded = torch.ones(()).expand(shape)
    assert expanded.stride() == (0,) * len(shape)
    assert expanded.clone().stride() == (0,) * len(shape)  # a copy of what is dense keeps its strides
    assert (expanded + expanded).stride() == torch.zeros(shape).stride()


@pytest.mark.parametrize("shape", [(1,), (0,), (1, 1), (0, 2), EMPTY])
def test_an_expanded_gradient_is_not_kept(shape):
    x = torch.zeros(shape, requires_grad=True)
    assert torch.autograd.grad(x.sum(), x)[0].stride() == (0,) * len(shape)
    x.sum().backward()
    assert x.grad.stride() == torch.zeros(shape).stride()
    assert x.grad._version == 1


def test_of_two_layouts_that_of_the_first_operand_wins():
    x, y = torch.zeros(2, 3).t(), torch.zeros(3, 2)
    assert (x * y).stride() == (1, 3)
    assert (y * x).stride() == (2, 1)


def test_what_has_holes_gives_a_row_major_result():
    assert (torch.zeros(3, 4)[:, ::2] * 2).stride() == (2, 1)
    assert (torch.zeros(4, 3).t()[:, ::2] * 2).stride() == (1, 3)


def test_a_mask_that_picks_one_leaves_row_major_strides():
    x = torch.zeros(2, 3)
    assert x[:, torch.tensor([False, True, False])].stride() == (1, 1)


def test_an_empty_result_of_an_index_is_laid_out_by_source_and_indices():
    x = torch.zeros(EMPTY)
    assert x[torch.tensor([0])].stride() == (0, 1, 0)
    assert x[:, :, torch.tensor([0])].stride() == (1, 1, 1)


def test_a_cast_keeps_the_format():
    expanded = torch.ones(()).expand(1)
    assert expanded.double().stride() == (0,)


def test_a_view_of_memory_in_neither_row_nor_column_order_reads_that_memory() -> None:
    x = torch.arange(12.0).reshape(2, 2, 3).transpose(1, 2)
    y = x + x * 0  # owns its memory, laid out as x is: strides (6, 1, 3)
    assert y.stride() == (6, 1, 3)
    viewed = y.reshape(2, 3, 2)
    assert viewed.tolist() == x.tolist()
    viewed[0, 0, 1] = 100.0
    assert y[0, 0, 1].item() == 100.0
    assert y.as_strided((2,), (1,), 1).tolist() == [1.0, 2.0]


def test_the_second_gradient_of_a_batched_product_of_transposed_operands() -> None:
    b = torch.arange(8.0).reshape(2, 2, 2).transpose(1, 2).detach().requires_grad_()
    e = torch.arange(8.0, 16.0).reshape(2, 2, 2).transpose(1, 2).detach().requires_grad_()
    r = b @ e
    (first,) = torch.autograd.grad((r * r).sum(), b, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), e)
    assert second.tolist() == [[[140.0, 172.0], [276.0, 340.0]], [[1004.0, 1164.0], [1204.0, 1396.0]]]


ARITHMETIC = ["add", "mul", "div", "pow", "remainder", "fmod", "hypot", "atan2", "logaddexp"]
OTHERS = ["maximum", "fmin", "xlogy", "copysign", "nextafter", "lt", "heaviside"]


def laid_out_variously(shape):
    """Tensors of a shape: row-major, repeated along some dimensions, permuted, and with steps."""
    dims = range(len(shape))
    for repeated in itertools.product([False, True], repeat=len(shape)):
        yield torch.ones([1 if r else s for r, s in zip(repeated, shape, strict=True)]).expand(shape)
    for order in itertools.permutations(dims):
        inverse = [order.index(i) for i in dims]
        yield torch.ones([shape[i] for i in order]).permute(inverse)
        yield torch.ones([2 * shape[i] for i in order]).permute(inverse)[tuple([slice(None, None, 2)] * len(shape))]


@pytest.mark.parametrize("shape", [(3,), (2, 3), (3, 1), (2, 3, 2), (2, 1, 3)])
def test_the_memory_of_a_result_is_laid_out_as_its_strides_say(shape):
    for x, y in itertools.product(laid_out_variously(shape), repeat=2):
        for operator in ARITHMETIC + OTHERS:
            made = getattr(x, operator)(y)
            assert made.stride() == element_strides(made._numpy()), operator
        if len(shape) > 1:
            made = x * y[0]
            assert made.stride() == element_strides(made._numpy())


GRADIENTS = {"tanh": (2, 1), "sigmoid": (2, 1), "exp": (2, 1), "relu": (1, 3)}


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_gradient_of_a_transposed_operand_lies_as_what_its_formula_names_first(name):
    x = torch.arange(6.0).reshape(2, 3).t().detach().requires_grad_()
    y = getattr(x, name)()
    row_major, turned = torch.arange(6.0).reshape(3, 2), torch.arange(6.0).reshape(2, 3).t()
    assert torch.autograd.grad(y, x, turned, retain_graph=True)[0].stride() == (1, 3)
    assert torch.autograd.grad(y, x, row_major)[0].stride() == GRADIENTS[name]


@pytest.mark.parametrize("name", ["leaky_relu", "softplus", "elu"])
def test_leaky_relu_alone_asks_its_operand_first(name):
    x = torch.arange(6.0).reshape(2, 3).t().detach().requires_grad_()
    y = getattr(torch.nn.functional, name)(x)
    found = torch.autograd.grad(y, x, torch.arange(6.0).reshape(3, 2))[0]
    assert found.stride() == ((1, 3) if name == "leaky_relu" else (2, 1))
