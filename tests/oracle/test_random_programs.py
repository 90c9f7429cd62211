"""Random programs on PyTorch: most of their steps do something, and PyTorch agrees with itself."""

from __future__ import annotations

import random
from collections import Counter

import pytest
import torch

from conformance.compose.programs import BLOCK, compose
from conformance.interpreter.interpreter import run
from conformance.judging.judge import judge
from conformance.program import Program

COUNT = 400


@pytest.fixture(scope="module")
def programs() -> list[Program]:
    stream = random.Random(7)
    return [compose([stream.randbytes(BLOCK) for _ in range(stream.randint(2, 14))]) for _ in range(COUNT)]


def test_most_steps_return(programs: list[Program]) -> None:
    outcomes = Counter(step.outcome for program in programs for step in run(program, torch).steps)
    assert outcomes["returned"] > 0.85 * sum(outcomes.values()), outcomes
    assert not outcomes["unsupported"], outcomes


def test_pytorch_agrees_with_itself(programs: list[Program]) -> None:
    verdicts = Counter(judge(program, run(program, torch), run(program, torch)).status for program in programs)
    assert set(verdicts) == {"PASS"}
