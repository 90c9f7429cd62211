"""Anomaly mode's tracebacks end at the line of the user's that made the node, as PyTorch's do."""

import warnings

import pytest

import numtorch

torch = pytest.importorskip("torch")


def graph_made_here(t):
    x = t.tensor([0.0, 1.0], requires_grad=True)
    with t.autograd.set_detect_anomaly(True):
        product = x * 2
        part = product[0]
        total = product.sum()
        whole = x * 1
        whole[0] = 3.0
        (first,) = t.autograd.grad((x * x).sum(), x, create_graph=True)
        accumulator = product.grad_fn.next_functions[0][0]
    return [t.grad_fn for t in (product, part, total, whole, first)] + [accumulator]


def last_line(t, node):
    """The innermost frame outside of the library."""
    own = t.__path__[0]
    return [frame for frame in node.metadata["traceback_"] if own not in frame][-1]


def test_the_last_frame_of_a_traceback_is_the_users_line():
    expected = [last_line(torch, node) for node in graph_made_here(torch)]
    assert [last_line(numtorch, node) for node in graph_made_here(numtorch)] == expected
    assert all("in graph_made_here" in line for line in expected)


def test_no_frame_of_the_library_follows_the_users_line():
    for node in graph_made_here(numtorch):
        assert numtorch.__path__[0] not in node.metadata["traceback_"][-1]


@pytest.mark.parametrize("t", [torch, numtorch])
def test_a_warning_shows_the_forward_line(t):
    x = t.tensor([0.0], requires_grad=True)
    with t.autograd.set_detect_anomaly(True), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        y = (x * 0).sqrt() * 0  # the line to be shown
        with pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan"):
            y.backward()
    (text,) = [str(w.message) for w in caught if w.category is UserWarning]
    assert text.startswith("Error detected in SqrtBackward0. Traceback of forward call that caused the error:\n")
    assert "y = (x * 0).sqrt() * 0  # the line to be shown\n" in text
