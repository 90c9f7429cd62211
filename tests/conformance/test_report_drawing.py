"""What a report draws and writes of values, graphs and code."""

from __future__ import annotations

import html
import re
import struct
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, strategies as st

from conformance.report import graph as drawing_of
from conformance.report.graph import LARGEST, Drawing, differing, draw
from conformance.report.highlight import highlighted
from conformance.report.text import printable
from conformance.report.values import array_text, seen_text
from conformance.trace import Array, Graph, Node, Sequence, TensorSeen
from tests.conformance.build_run import CUBE_GRAPH, HOSTILE, MUL_GRAPH, array


def chain(length: int) -> Graph:
    inner = tuple(Node(f"Step{index}", ((index + 1, 0),)) for index in range(length - 1))
    return Graph((*inner, Node("AccumulateGrad", (), variable="x")), {"y": (0, 0)})


# -------------------------------------------------------------------------------------------------------------- graph


def test_a_graph_is_drawn_with_a_box_a_node_and_an_arrow_an_edge() -> None:
    drawing = Drawing(MUL_GRAPH)
    svg = ElementTree.fromstring(draw([drawing])[drawing.dot])
    classes = [group.get("class", "").split()[0] for group in svg.iter("{http://www.w3.org/2000/svg}g")]
    assert classes.count("node") == 4 + 1, "four nodes, and a point for the input that needs no gradient"
    assert classes.count("edge") == 5
    assert "z" not in {text[:1] for text in svg.itertext()}, "the point has no name"
    assert float(svg.attrib["width"]) > 0
    assert svg.get("role") == "img"


def test_a_drawing_names_no_colour_and_no_id() -> None:
    drawing = Drawing(CUBE_GRAPH, frozenset({1}))
    svg = ElementTree.fromstring(draw([drawing])[drawing.dot])
    for element in svg.iter():
        assert element.get("fill") in (None, "none", "currentColor", "transparent")
        assert element.get("stroke") in (None, "none", "currentColor", "transparent")
        assert element.get("id") is None


def test_equal_graphs_are_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs: list[bytes] = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: inputs.append(k["input"]) or run(*a, **k))
    same = Graph(CUBE_GRAPH.nodes, dict(CUBE_GRAPH.roots))
    assert len(draw([Drawing(CUBE_GRAPH), Drawing(same), Drawing(MUL_GRAPH)])) == 2
    assert [text.count(b"digraph") for text in inputs] == [2]


def test_a_graph_of_more_nodes_than_can_be_read_is_not_drawn() -> None:
    assert draw([Drawing(chain(LARGEST + 1))]) == {}
    assert len(draw([Drawing(chain(LARGEST))])) == 1
    assert "201 nodes" in Drawing(chain(LARGEST + 1)).sentence


def test_without_graphviz_a_graph_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing_of, "_graphviz", lambda: None)
    assert draw([Drawing(CUBE_GRAPH)]) == {}
    assert Drawing(CUBE_GRAPH).sentence == "Autograd graph of 3 nodes: SumBackward0, PowBackward0, AccumulateGrad"


def test_a_hostile_name_stays_text_in_a_drawing() -> None:
    drawing = Drawing(Graph((Node(HOSTILE, ()),), {HOSTILE: (0, 1)}))
    svg = draw([drawing])[drawing.dot]
    assert "<img" not in svg
    assert "script" in "".join(ElementTree.fromstring(svg).itertext())


def test_equal_graphs_have_no_differing_nodes() -> None:
    assert differing(MUL_GRAPH, MUL_GRAPH) == (frozenset(), frozenset())


def test_nodes_without_a_counterpart_differ_and_leaves_of_one_tensor_do_not() -> None:
    assert differing(CUBE_GRAPH, MUL_GRAPH) == (frozenset({1}), frozenset({1, 3}))


def test_a_node_whose_edge_leads_elsewhere_differs() -> None:
    leaves = (Node("AccumulateGrad", (), variable="a"), Node("AccumulateGrad", (), variable="b"))
    one = Graph((Node("Mul", ((1, 0), (2, 0))), *leaves), {"y": (0, 0)})
    swapped = Graph((Node("Mul", ((2, 0), (1, 0))), *leaves), {"y": (0, 0)})
    assert differing(one, swapped) == (frozenset({0}), frozenset({0}))


# ------------------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (array(1.0, -2.5), "[1., -2.5]"),
        (array(0.1, 1 / 3), "[0.1, 0.33333334]"),
        (array(-0.0, float("nan"), float("inf")), "[-0., nan, inf]"),
        (array(1e-8, 3e38), "[1e-08, 3e+38]"),
        (array(123456.0, 1e7), "[123456., 1e+07]"),
        (array(3.0, shape=()), "3."),
        (array(shape=(0,)), "[]"),
        (array(1, 2, 3, 4, shape=(2, 2)), "[[1., 2.], [3., 4.]]"),
        (Array("bool", (2,), b"\x01\x00"), "[True, False]"),
        (Array("int64", (1,), struct.pack("<q", -7)), "[-7]"),
        (Array("complex64", (1,), struct.pack("<ff", 1.0, -0.5)), "[1.-0.5j]"),
        (Array("complex32", (1,), struct.pack("<ee", 1.5, -0.5)), "[1.5-0.5j]"),
        (Array("bfloat16", (1,), b"\x80\x3f"), "[1.]"),
    ],
)
def test_an_array_is_written_in_one_line(value: Array, text: str) -> None:
    assert array_text(value) == text


@given(st.floats(width=32, allow_nan=False))
def test_a_number_is_written_so_that_it_reads_back(number: float) -> None:
    assert array(float(array_text(array(number, shape=()))), shape=()) == array(number, shape=())


def test_a_long_tensor_is_cut_and_counted() -> None:
    text = array_text(array(*range(100), shape=(10, 10)))
    assert text.endswith("… 76 more")
    assert text.count("[") == text.count("]")


def test_what_a_step_returned_reads_like_python() -> None:
    seen = Sequence("tuple", (TensorSeen("a"), None, Sequence("list", (1, "b"))))
    assert seen_text(seen) == "(a, None, [1, 'b'])"


# --------------------------------------------------------------------------------------------------------------- text


def test_code_has_six_colours() -> None:
    code = '@torch.no_grad()\ndef call(x1):\n    """Two\n    lines, if 1."""\n    return not x1 * 2.5e-3 + "a#\\"b"  # not 1\n'
    coloured = re.findall(r'<span class="(\w+)">(.*?)</span>', highlighted(code), re.DOTALL)
    assert [(name, html.unescape(text)) for name, text in coloured] == [
        ("td", "@torch.no_grad"),
        ("tk", "def"),
        ("tf", "call"),
        ("ts", '"""Two\n    lines, if 1."""'),
        ("tk", "return"),
        ("tk", "not"),
        ("tn", "2.5e-3"),
        ("ts", '"a#\\"b"'),
        ("tc", "# not 1"),
    ]
    assert html.unescape(re.sub("<.*?>", "", highlighted(code))) == code


def test_code_is_escaped_where_it_is_highlighted() -> None:
    for code in (f"x = {HOSTILE!r}", f"# {HOSTILE}", HOSTILE, "a <img> b"):
        assert "<img" not in highlighted(code)


@given(st.text())
def test_printable_text_is_fit_for_xml(text: str) -> None:
    element = ElementTree.Element("a")
    element.text = printable(text)
    assert ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8")).text in (
        printable(text).replace("\r\n", "\n").replace("\r", "\n"),
        printable(text) or None,
    )
