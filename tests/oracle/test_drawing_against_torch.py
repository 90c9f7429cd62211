"""PyTorch's own tensors are drawn, through public attributes alone, and the lecture's three graphs come out as they are."""

import re

import pytest
from hypothesis import given, settings, strategies as st

from numtorch.drawing import dot

torch = pytest.importorskip("torch")


def parsed(text):
    """Labels by id, and edges as (tail, head, operand, result)."""
    labels = dict(re.findall(r'^  (n\d+) \[label="((?:[^"\\]|\\.)*)"', text, re.M))
    edges = re.findall(r'^  (n\d+) -> (n\d+)(?: \[(?:taillabel="(\d+)")?(?:, )?(?:headlabel="(\d+)")?\])?$', text, re.M)
    return labels, [(tail, head, int(operand or 0), int(result or 0)) for tail, head, operand, result in edges]


def count(text, label):
    return sum(name == label for name in parsed(text)[0].values())


def test_norm():
    x = torch.tensor([1.0, 2.0, 2.0]).requires_grad_()
    labels, edges = parsed(dot(x.norm(), names={"x": x}))
    assert list(labels.values()) == ["[]", "LinalgVectorNormBackward0", "AccumulateGrad", "x [3]"]
    assert edges == [("n0", "n1", 0, 0), ("n1", "n2", 0, 0), ("n2", "n3", 0, 0)]


def test_two_layers():
    w1, b1 = torch.rand(20, 10, requires_grad=True), torch.rand(20, requires_grad=True)
    w2, b2 = torch.rand(5, 20, requires_grad=True), torch.rand(5, requires_grad=True)
    h = torch.tanh(w1 @ torch.rand(10) + b1)
    loss = (torch.tanh(w2 @ h + b2) - torch.rand(5)).pow(2).mean()
    text = dot(loss, names={"w1": w1, "b1": b1, "w2": w2, "b2": b2, "h": h})
    for label in ("w1 [20, 10]", "b1 [20]", "w2 [5, 20]", "b2 [5]", "TanhBackward0\\nh [20]", "MeanBackward0"):
        assert count(text, label) == 1
    assert count(text, "MvBackward0") == 2
    assert count(text, "AccumulateGrad") == 4


def test_a_weight_used_four_times():
    w = torch.rand(3, 10, 10, requires_grad=True)

    def layers(depth, x):
        for i in range(depth):
            x = torch.tanh(w[i] @ x)
        return x

    text = dot(layers(1, torch.rand(10)).dot(layers(3, torch.rand(10))), names={"w": w})
    assert count(text, "SelectBackward0") == 4
    assert count(text, "AccumulateGrad") == count(text, "w [3, 10, 10]") == 1


def test_a_custom_function_is_drawn_by_its_name():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    assert count(dot(Double.apply(torch.ones(2, requires_grad=True))), "DoubleBackward") == 1


def test_a_graph_deeper_than_pythons_stack():
    # Not 100,000 nodes as for numtorch: PyTorch 2.13 crashes when it frees a chain so long that Python has looked at.
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y + 1
    assert dot(y).count("AddBackward0") == 3000


STEPS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - 1.0,
    lambda a, b: (1.0 / a) if a.requires_grad else a,
    lambda a, b: a.unbind()[1] + b if a.dim() else a,
    lambda a, b: torch.where(a > 0, b, a),
    lambda a, b: a.detach(),
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_every_edge_of_any_graph_is_drawn_once(steps):
    values = [torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0], requires_grad=True)]
    for step, i, j in steps:
        values.append(STEPS[step](values[i % len(values)], values[j % len(values)]))
    result = values[-1]
    labels, edges = parsed(dot(result))
    expected, seen, waiting = [], set(), [result.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        for operand, (following, position) in enumerate(node.next_functions):
            if following is not None:
                short = following.name().rsplit("::", 1)[-1]
                expected.append((node.name().rsplit("::", 1)[-1], short, operand, position))
                waiting.append(following)
    drawn = [
        (labels[tail], labels[head], operand, position)
        for tail, head, operand, position in edges
        if not labels[tail].startswith("[") and not labels[head].startswith("[")
    ]
    assert sorted(drawn) == sorted(expected)
