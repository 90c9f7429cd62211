"""The picture of a graph, drawn here from stand-ins that have just the public attributes a drawing reads."""

import re
import subprocess
import sys

import pytest

from numtorch import drawing
from numtorch.drawing import dot, svg


class Tensor:
    def __init__(self, shape, grad_fn=None, output_nr=0):
        self.shape, self.grad_fn, self.output_nr = shape, grad_fn, output_nr


class Node:
    def __init__(self, name, *next_functions):
        self.label, self.next_functions = name, next_functions

    def name(self):
        return self.label


def leaf(*shape):
    """A leaf and the node that accumulates into it."""
    tensor, node = Tensor(shape), Node("torch::autograd::AccumulateGrad")
    node.variable = tensor
    return tensor, node


def body(text):
    """The statements of a drawing without the style and the look of each box."""
    return [re.sub(r", (shape|fillcolor).*\]", "]", line.strip()) for line in text.splitlines()[4:-1]]


def test_a_norm_reads_from_the_result_to_the_leaf():
    x, accumulate = leaf(3)
    q = Tensor((), Node("NormBackward0", (accumulate, 0)))
    assert body(dot(q, names={"x": x, "q": q})) == [
        'n0 [label="q []"]',
        'n1 [label="NormBackward0"]',
        "n0 -> n1",
        'n2 [label="AccumulateGrad"]',
        "n1 -> n2",
        'n3 [label="x [3]"]',
        "n2 -> n3",
    ]


def test_slots_other_than_zero_are_written_at_the_ends_of_an_edge():
    _, accumulate = leaf(4)
    unbind = Node("UnbindBackward0", (accumulate, 0))
    total = Tensor((), Node("AddBackward0", (unbind, 2), (unbind, 3)))
    assert 'n1 -> n2 [headlabel="2"]' in body(dot(total))
    assert 'n1 -> n2 [taillabel="1", headlabel="3"]' in body(dot(total))
    assert 'n0 -> n1 [headlabel="1"]' in body(dot(Tensor((), unbind, output_nr=1)))


def test_an_operand_without_history_is_left_out():
    _, accumulate = leaf(4)
    lines = body(dot(Tensor((4,), Node("MulBackward0", (None, 0), (accumulate, 0)))))
    assert lines.count('n1 -> n2 [taillabel="1"]') == 1
    assert len(lines) == 7


def test_a_shared_leaf_is_drawn_once():
    _, accumulate = leaf(2)
    square = Tensor((2,), Node("MulBackward0", (accumulate, 0), (accumulate, 0)))
    lines = body(dot([square, square]))
    assert sum("AccumulateGrad" in line for line in lines) == 1
    assert sum(line.startswith("n1 -> n2") for line in lines) == 2


def test_several_results_share_one_picture():
    _, accumulate = leaf(2)
    node = Node("SinBackward0", (accumulate, 0))
    lines = body(dot((Tensor((2,), node), Tensor((2,), Node("ExpBackward0", (node, 0))))))
    assert [line for line in lines if "label" in line] == [
        'n0 [label="[2]"]',
        'n1 [label="SinBackward0"]',
        'n2 [label="[2]"]',
        'n3 [label="ExpBackward0"]',
        'n4 [label="AccumulateGrad"]',
        'n5 [label="[2]"]',
    ]


def test_a_named_result_inside_the_graph_is_told_by_its_operator():
    _, accumulate = leaf(2)
    h = Tensor((2,), Node("TanhBackward0", (accumulate, 0)))
    q = Tensor((), Node("SumBackward0", (h.grad_fn, 0)))
    assert 'n2 [label="TanhBackward0\\nh [2]"]' in body(dot(q, names={"h": h}))


def test_a_tensor_without_history_is_a_box_alone():
    assert body(dot(Tensor((2, 3)))) == ['n0 [label="[2, 3]"]']


def test_names_appear_as_they_are():
    name = 'a "b" \\n <c>'
    tensor = Tensor(())
    assert body(dot(tensor, names={name: tensor})) == [r'n0 [label="a \"b\" \\n <c> []"]']


def test_a_graph_deeper_than_the_stack_is_drawn():
    _, node = leaf(1)
    for _ in range(100_000):
        node = Node("MulBackward0", (node, 0))
    text = dot(Tensor((1,), node))
    assert text.count("MulBackward0") == 100_000
    while node.next_functions:  # taken apart from the top, or Python itself would recurse
        node, node.next_functions = node.next_functions[0][0], ()


def test_the_same_graph_gives_the_same_text():
    def text():
        _, accumulate = leaf(2)
        return dot(Tensor((2,), Node("MulBackward0", (accumulate, 0), (accumulate, 0))))

    assert text() == text()
    assert "0x" not in text()


def test_svg_shows_every_label():
    x, accumulate = leaf(3)
    q = Tensor((), Node("NormBackward0", (accumulate, 0)))
    try:
        picture = svg(q, names={"<x>": x, "q": q})
    except ImportError:
        pytest.skip("graphviz-pure is not installed")
    assert picture.startswith("<?xml")
    for label in ("NormBackward0", "AccumulateGrad", "q []", "&lt;x&gt; [3]"):
        assert f">{label}</text>" in picture


def test_svg_without_graphviz_says_what_to_install(monkeypatch):
    monkeypatch.setattr(drawing.shutil, "which", lambda *args, **kwargs: None)
    with pytest.raises(ImportError, match="pip install graphviz-pure"):
        svg(Tensor(()))


def test_svg_passes_on_what_graphviz_complains_about(monkeypatch):
    monkeypatch.setattr(drawing, "_graphviz", lambda: sys.executable)  # which knows no -Tsvg
    with pytest.raises(RuntimeError, match="could not draw"):
        svg(Tensor(()))


def test_drawing_alone_imports_no_numpy():
    """So that it can be lent to PyTorch by copying one file."""
    source = "import sys, importlib.util as u; s = u.spec_from_file_location('d', sys.argv[1]); "
    source += "m = u.module_from_spec(s); s.loader.exec_module(m); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source, drawing.__file__], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
