"""Products: how matmul is taken apart, layouts of gradients, errors; expectations written down from PyTorch."""

import pytest

import numtorch as torch


def chain(node) -> str:
    """The names along the first edges, the leaf left out."""
    names = []
    while node is not None and node.next_functions:
        names.append(node.name().removesuffix("Backward0"))
        node = node.next_functions[0][0]
    return " ".join(names)


def ones(*shape):
    return torch.ones(shape, requires_grad=True)


@pytest.mark.parametrize(
    ("left", "right", "names"),
    [
        ((3,), (3,), "Dot"),
        ((2, 3), (3,), "Mv"),
        ((2, 3), (3, 4), "Mm"),
        ((2,), (2, 3), "SqueezeBackward4 Mm Unsqueeze"),
        ((5, 2, 3), (3, 4), "UnsafeView Mm View"),
        ((5, 2, 3), (3,), "UnsafeView Mv View"),
        ((5, 2, 3), (5, 3, 4), "UnsafeView Bmm View Expand"),
        ((2, 3), (5, 3, 4), "Clone Transpose UnsafeView Mm UnsafeView Clone Transpose"),
    ],
)
def test_matmul_is_taken_apart_as_pytorch_does(left, right, names):
    assert chain((ones(*left) @ ones(*right)).grad_fn) == names


def test_the_gradient_of_a_transposed_operand_is_transposed():
    x, m = ones(2, 3), ones(3, 2)
    t = x.T
    assert torch.autograd.grad((t @ m.T).sum(), t)[0].stride() == (1, 3)


@pytest.mark.parametrize(
    ("product", "text"),
    [
        (lambda: ones(2, 3) @ ones(2, 3), "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
        (lambda: ones(2, 3) @ ones(2), "size mismatch, got input (2), mat (2x3), vec (2)"),
        (lambda: ones(3).dot(ones(3, 1)), "1D tensors expected, but got 1D and 2D tensors"),
        (
            lambda: ones(2, 3).mm(ones(3, 2).double()),
            "expected m1 and m2 to have the same dtype, but got: float != double",
        ),
        (lambda: torch.outer(ones(3), ones(2, 3)), "outer: Expected 1-D argument vec2, but got 2-D"),
    ],
)
def test_a_mistake_gets_pytorchs_error(product, text):
    with pytest.raises(RuntimeError) as caught:
        product()
    assert str(caught.value) == text


@pytest.mark.parametrize("size", [1, 2, 3])
def test_singular_values_of_a_matrix_with_an_infinity_are_nan(size: int) -> None:
    A = torch.ones(2, size, size)
    A[1, 0, 0] = float("-inf")
    values = torch.linalg.svdvals(A)
    assert torch.isnan(values[1]).all()
    assert torch.allclose(values[0, 0], torch.tensor(float(size)))


def test_singular_values_of_a_matrix_with_a_nan_are_refused() -> None:
    A = torch.tensor([[float("nan"), float("inf")], [1.0, 2.0]])
    with pytest.raises(torch.linalg.LinAlgError, match="failed to converge"):
        torch.linalg.svdvals(A)
