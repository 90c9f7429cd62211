"""The numbers of passes within passes: they count on from what the process did before, so no program can show them."""

import pytest
import torch

import numtorch


def numbers(lib, levels, create_graph):
    """The number of each pass, outermost first, as told from within it, counted from the first."""
    seen = []
    x = lib.ones(1, requires_grad=True)

    def around(inner, y):
        def runs(grad):
            seen.append(lib._C._current_graph_task_id())
            inner.backward(create_graph=create_graph)
            seen.append(lib._C._current_graph_task_id())

        y.register_hook(runs)
        return y

    y = x * 1
    y.register_hook(lambda grad: seen.append(lib._C._current_graph_task_id()))
    for level in range(levels):
        y = around(y.sum(), x * (level + 1))
    y.sum().backward(create_graph=create_graph)
    assert lib._C._current_graph_task_id() == -1
    return [number - seen[0] for number in seen]


@pytest.mark.filterwarnings("ignore:Using backward")
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("levels", [2, 24])
def test_each_pass_has_a_number_of_its_own_and_knows_it_again(levels, create_graph):
    ours = numbers(numtorch, levels, create_graph)
    assert ours == numbers(torch, levels, create_graph)
    assert len(set(ours)) == levels + 1
