"""The recorded sessions are what the installed PyTorch answers; if not: python -m tests.sessions.record [FOLDER]"""

from pathlib import Path

import pytest

from ..sessions.record import SESSIONS, played

torch = pytest.importorskip("torch")

TRANSCRIPTS = sorted((Path(__file__).parents[1] / "transcripts").glob("*.txt"))


@pytest.fixture(scope="module")
def answers():
    return played("torch", SESSIONS + TRANSCRIPTS)


@pytest.mark.parametrize("session", SESSIONS + TRANSCRIPTS, ids=lambda path: path.stem)
def test_pytorch_answers_as_it_did(session, answers):
    assert answers[session.name].splitlines() == session.read_text(encoding="utf-8").splitlines()
