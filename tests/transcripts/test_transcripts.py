"""What each module answers to what is typed, character for character what PyTorch 2.13.0 answered.

To record a new line, type it into one of the .txt files and run `python -m tests.sessions.record tests/transcripts`;
tests/oracle/test_sessions_are_fresh.py holds the files against a live PyTorch.
"""

from pathlib import Path

import pytest

from ..sessions.record import played

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.fixture(scope="module")
def answers():
    return played("numtorch", TRANSCRIPTS)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_numtorch_answers_as_pytorch_did(transcript, answers):
    assert answers[transcript.name].splitlines() == transcript.read_text(encoding="utf-8").splitlines()
