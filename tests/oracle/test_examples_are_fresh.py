"""The recorded losses and drawings of the examples are those that the installed PyTorch gives."""

import json

import pytest

from tests.examples.record import DRAWINGS, EXAMPLES, LOSSES, drawings, losses

pytest.importorskip("torch")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_losses_are_fresh(example):
    if "sklearn" in example.read_text(encoding="utf-8"):
        pytest.importorskip("sklearn")
    assert losses(example, "torch") == pytest.approx(json.loads(LOSSES.read_text())[example.stem], rel=1e-4)


def test_drawings_are_fresh():
    pytest.importorskip("torchviz")
    assert drawings("torch") == json.loads(DRAWINGS.read_text())
