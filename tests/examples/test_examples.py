"""The examples, which are plain PyTorch, run unchanged with numtorch in PyTorch's place, and give PyTorch's losses.

The losses and drawings were recorded from PyTorch 2.13.0; tests/oracle/test_examples_are_fresh.py holds them to a live one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .record import DRAWINGS, EXAMPLES, LOSSES, drawings, losses

RECORDED: dict[str, list[float]] = json.loads(LOSSES.read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_losses_are_those_of_pytorch(example: Path) -> None:
    if "sklearn" in example.read_text(encoding="utf-8"):
        pytest.importorskip("sklearn")
    assert losses(example) == pytest.approx(RECORDED[example.stem], rel=1e-4)


@pytest.mark.parametrize("name", RECORDED)
def test_fifty_steps_were_recorded_and_something_was_learned(name: str) -> None:
    recorded = RECORDED[name]
    assert len(recorded) == 50
    assert min(recorded[-10:]) < recorded[0]


def test_there_are_no_other_examples() -> None:
    assert {path.stem for path in EXAMPLES} == RECORDED.keys()


def test_torchviz_draws_the_graphs_of_numtorch_as_those_of_pytorch() -> None:
    pytest.importorskip("torchviz")
    assert drawings("numtorch") == json.loads(DRAWINGS.read_text(encoding="utf-8"))
