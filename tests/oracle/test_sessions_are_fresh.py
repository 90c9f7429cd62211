"""The recorded sessions are what the installed PyTorch answers; if not: python -m tests.sessions.record"""

import pytest

from ..sessions.record import SESSIONS, played

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def answers():
    return played("torch")


@pytest.mark.parametrize("session", SESSIONS, ids=lambda path: path.stem)
def test_pytorch_answers_as_it_did(session, answers):
    assert answers[session.name].splitlines() == session.read_text(encoding="utf-8").splitlines()
