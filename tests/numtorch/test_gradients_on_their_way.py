"""What becomes of gradients between nodes: versions, identity, retained copies, edges. Expectations are PyTorch 2.13.0's."""

import pytest

import numtorch as torch


def leaf(*shape):
    return torch.ones(shape).requires_grad_()


def names(node):
    return [None if fn is None else fn.name() for fn, _ in node.next_functions]


# ---- versions


def test_a_second_contribution_is_added_in_place():
    x = leaf(3)
    (x.sin() + x.cos()).sum().backward()
    assert x.grad._version == 1


def test_the_version_travels_on_through_a_node_that_hands_its_gradient_on():
    x = leaf(3)
    y = x + 1
    (y.sin() + y.cos() + y.exp()).sum().backward()
    assert x.grad._version == 2


def test_the_version_travels_on_through_a_view():
    x = leaf(2, 3)
    y = x.view(-1)
    (y.sin() + y.cos()).sum().backward()
    assert x.grad._version == 1


def test_a_node_that_computes_a_new_gradient_starts_anew():
    x = leaf(3)
    y = x * 2
    (y.sin() + y.cos()).sum().backward()
    assert x.grad._version == 0


@pytest.mark.parametrize("shape", [(), (1,), (3,), (0, 2)])
def test_an_expanded_gradient_is_added_to_out_of_place(shape):
    x = leaf(*shape)
    (x.sum() * 2 + x.sum() * 3).backward()
    assert x.grad._version == 0


def test_one_gradient_that_goes_both_ways_is_added_to_out_of_place():
    x = leaf(3)
    (x + x).sum().backward()
    assert x.grad._version == 0


def test_the_gradient_of_a_retained_number_is_taken_without_a_copy():
    x = leaf()
    y = x + 1
    y.retain_grad()
    y.abs().backward()
    assert x.grad._version == y.grad._version == 0


def test_a_hook_sees_the_version():
    x, seen = leaf(3), []
    y = x * 2
    y.register_hook(lambda g: seen.append(g._version))
    (y * 3 + y.sin()).sum().backward()
    assert seen == [1]


def test_what_a_hook_writes_counts():
    x = leaf(3)
    y = x + 1
    y.register_hook(lambda g: (g.mul_(2), None)[1])
    y.sin().sum().backward()
    assert x.grad._version == 1


@pytest.mark.parametrize(
    ("function", "version"),
    [
        (lambda x: x.max(), 1),
        (lambda x: x.max(0)[0], 2),
        (lambda x: x.sort()[0], 2),
        (lambda x: x[torch.tensor([0, 0])], 1),
        (lambda x: torch.maximum(x, torch.zeros(3)), 1),
        (lambda x: x.cumsum(0), 0),
    ],
    ids=["max", "max of a dimension", "sort", "index", "maximum", "cumsum"],
)
def test_a_formula_that_writes_gives_a_version(function, version):
    x = torch.tensor([1.0, 3.0, 2.0]).requires_grad_()
    assert torch.autograd.grad(function(x).sum(), x)[0]._version == version


@pytest.mark.parametrize("shape", [(1,), (2,), (2, 1, 3)])
def test_what_a_formula_wrote_is_added_to_in_place(shape):
    x = leaf(*shape)
    (x.max() * torch.tensor(2.0) + x.min()).backward()
    assert x.grad._version == 2


def transposed(*shape):
    return torch.ones(shape).t().requires_grad_()


@pytest.mark.parametrize(
    ("x", "function", "version"),
    [
        (leaf(1), lambda x: x.double() * x.float(), 1),
        (leaf(0), lambda x: x.double() * x.float(), 1),
        (leaf(2, 0, 1), lambda x: x.double() * x.float(), 1),
        (transposed(2, 3), lambda x: x.double() * x.double(), 1),
        (leaf(2), lambda x: x.sin() + x.double(), 1),
        (leaf(2, 0, 1), lambda x: x.sin() + x.cos() + x.exp(), 2),
        (leaf(0), lambda x: x * 0 + 3.0 * x**0, 1),
        (leaf(2, 0, 1), lambda x: x * 0 + 3.0 * x**0, 1),
        (transposed(2, 3), lambda x: 3.0 * x**0, 1),
        (leaf(1), lambda x: x.abs() + x.relu() + x.sign(), 1),
        (leaf(2), lambda x: x.abs() + x.relu() + x.sign(), 2),
        (leaf(2, 0, 1), lambda x: x.norm(dim=0), 0),
        ((torch.ones(2, 1) * 0).requires_grad_(), lambda x: x.prod(1), 1),
        (leaf(1, 2), lambda x: x.cumsum(0), 1),
        (leaf(1), lambda x: x.flip(0), 1),
        (leaf(1), lambda x: x.unsqueeze(0), 1),
        (leaf(1, 1), lambda x: x.sum(0), 1),
        (leaf(2), lambda x: x.sin().sum() + x.repeat(2).sum(), 1),
        (transposed(2, 3), lambda x: x.pow(2), 0),
        (transposed(2, 3), lambda x: 2**x, 1),
        (leaf(2, 2), lambda x: x.trace(), 2),
        (leaf(2, 2), lambda x: x.sin().sum() + x.trace(), 0),
        (leaf(2, 0, 1), lambda x: (x * 1).exp_() + (x * 2).sin_() + (x * 3).tanh_(), 1),
    ],
    ids=[
        "casts of one element",
        "casts of none",
        "casts of empty dimensions",
        "casts of a transposed leaf",
        "a cast of an expanded gradient",
        "a chain over empty dimensions",
        "the power 0 of none",
        "the power 0 of empty dimensions",
        "the power 0 of a transposed leaf is row-major",
        "sign of one element keeps the stride 0",
        "sign of two",
        "norm of empty dimensions",
        "a product over size 1 hands its gradient on where there are zeros",
        "running sums over size 1 hand their gradient on",
        "one element flipped",
        "one element unsqueezed",
        "one element summed",
        "repeated",
        "the square of a transposed leaf",
        "a number to a transposed power is row-major",
        "trace writes",
        "trace returns a view",
        "in-place forms over empty dimensions",
    ],
)
def test_gradients_that_numpy_lays_out_in_its_own_way_have_versions_too(x, function, version):
    y = function(x)
    y.backward(torch.zeros(y.shape, dtype=y.dtype)) if y.shape == (2, 0, 1) else y.sum().backward()
    assert x.grad._version == version


def test_the_gradient_of_sgn_is_a_zero_tensor_that_nothing_is_added_to_in_place():
    x = leaf(3)
    (x.sin() + x.sgn()).sum().backward()
    assert x.grad._version == 0


def test_a_size_of_1_that_was_expanded_is_copied():
    x = leaf(1)
    x.sum().backward()
    assert (x.grad._version, x.grad.stride()) == (1, (1,))


# ---- identity


def test_the_gradient_with_respect_to_itself_is_the_grad_output():
    y, g = leaf(2) * 2, torch.ones(2)
    assert torch.autograd.grad(y, y, g)[0] is g


def test_an_input_given_twice_gets_one_object_twice():
    x = leaf(2)
    first, second = torch.autograd.grad((x * 3).sum(), (x, x))
    assert first is second


def test_a_hook_sees_the_very_tensor_that_was_passed_in():
    y, g, seen = leaf(2) * 2, torch.ones(2), []
    y.register_hook(seen.append)
    y.backward(g)
    assert seen[0] is g


# ---- captures and retained gradients


def test_a_gradient_is_captured_before_hooks_where_the_node_runs_too():
    x = leaf(2)
    y = x * 2
    y.register_hook(lambda g: g * 3)
    gx, gy = torch.autograd.grad(y.sum(), (x, y))
    assert (gx.tolist(), gy.tolist()) == ([6, 6], [1, 1])


def test_a_gradient_is_captured_after_hooks_where_the_node_does_not_run():
    y = leaf(2) * 2
    y.register_hook(lambda g: g * 3)
    assert torch.autograd.grad(y.sum(), y)[0].tolist() == [3, 3]


def test_a_retained_gradient_is_row_major():
    y = leaf(2, 3).t()
    y.retain_grad()
    (y @ torch.ones(3, 2).t()).sum().backward()
    assert y.grad.stride() == (2, 1)


def test_an_undefined_gradient_reaches_a_function_as_zeros_that_were_written():
    seen = []

    class Two(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 1, a * 2

        @staticmethod
        def backward(ctx, first, second):
            seen.append(first._version)
            return second

    x = leaf(2)
    Two.apply(x)[1].sum().backward()
    assert seen == [1]


# ---- seeds


def test_surplus_grad_outputs_are_ignored_and_missing_ones_are_not():
    y = leaf(2).sin()
    torch.autograd.backward([y], [torch.ones(2), torch.ones(2)], retain_graph=True)
    with pytest.raises(RuntimeError, match=r"^got 1 tensors and 0 gradients$"):
        torch.autograd.backward([y], [])


# ---- graphs


def test_a_view_made_without_grad_has_no_edge():
    y = leaf(2, 3) * 2
    with torch.no_grad():
        v = y[0]
    assert v.requires_grad
    assert names((v * 2).grad_fn) == [None, None]


def test_a_number_in_a_formula_is_no_tensor():
    x = leaf(2)
    (g,) = torch.autograd.grad(x.pow(3).sum(), x, create_graph=True)
    assert names(g.grad_fn) == [None, "MulBackward1"]
    assert names(g.grad_fn.next_functions[1][0]) == ["PowBackward0"]


def test_a_gradient_summed_to_a_number_is_summed_at_once():
    x = torch.tensor(2.0).requires_grad_()
    (g,) = torch.autograd.grad((x * torch.ones(3).requires_grad_()).sum(), x, create_graph=True)
    assert g.grad_fn.name() == "SumBackward0"


def test_batched_grad_outputs_give_one_gradient_each():
    y = torch.tensor([1.0, 3.0]).requires_grad_()
    (rows,) = torch.autograd.grad(y * y, y, torch.tensor([[1.0, 0.0], [0.0, 1.0]]), is_grads_batched=True)
    assert rows.tolist() == [[2, 0], [0, 6]]


def test_accumulators_that_are_ready_together_run_in_the_order_of_a_binary_heap():
    leaves, order = [leaf(1) for _ in range(7)], []
    for n, x in enumerate(leaves):
        x.register_hook(lambda g, n=n: order.append(n))
    torch.cat(leaves).sum().backward()
    assert order == [0, 2, 5, 6, 4, 1, 3]


def test_the_gradient_of_an_empty_vector_that_was_joined_was_filled() -> None:
    a, b = torch.ones(0, requires_grad=True), torch.ones(0, requires_grad=True)
    z = torch.cat((a, b, a), 0)
    (z * z.detach()).sum().backward()
    assert (a.grad._version, b.grad._version) == (2, 1)


def test_zeros_of_sgn_are_not_added_to_in_place_when_they_are_empty() -> None:
    x = torch.tensor([], requires_grad=True)
    y = (x.abs() * x + x.relu() * x).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert h._version == 3
