"""The recorded losses and drawings of the examples are those that the installed PyTorch gives."""

import importlib.util
import json

import pytest

from tests.examples.record import DRAWINGS, EXAMPLES, LOSSES, drawings, losses_of_pytorch

pytest.importorskip("torch")


def needs_sklearn(example):
    return "sklearn" in example.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def fresh():
    there = importlib.util.find_spec("sklearn") is not None
    return losses_of_pytorch([example for example in EXAMPLES if there or not needs_sklearn(example)])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_losses_are_fresh(example, fresh):
    if needs_sklearn(example):
        pytest.importorskip("sklearn")
    assert fresh[example.stem] == pytest.approx(json.loads(LOSSES.read_text())[example.stem], rel=1e-4)


def test_drawings_are_fresh():
    pytest.importorskip("torchviz")
    assert drawings("torch") == json.loads(DRAWINGS.read_text())
