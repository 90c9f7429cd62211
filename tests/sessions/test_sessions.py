"""What a reader of an autograd lecture types gets from numtorch, character for character, what it gets from PyTorch.

The sessions were recorded from PyTorch 2.13.0; tests/oracle/test_sessions_are_fresh.py holds them against a live one.
"""

import re

import pytest

from .record import SESSIONS, played
from .transcript import inputs


@pytest.fixture(scope="module")
def answers():
    return played("numtorch")


@pytest.mark.parametrize("session", SESSIONS, ids=lambda path: path.stem)
def test_numtorch_answers_as_pytorch_did(session, answers):
    assert answers[session.name].splitlines() == session.read_text(encoding="utf-8").splitlines()


def test_there_is_a_session_for_every_part_of_the_lecture():
    assert [path.stem[:2] for path in SESSIONS] == [f"{number:02}" for number in range(1, 14)]
    assert sum(len(inputs(path.read_text(encoding="utf-8"))) for path in SESSIONS) >= 65


def test_what_was_typed_is_read_back_from_a_session():
    text = "# A title.\n>>> x = 1\n>>> if x:\n...     x\n...\n1\n>>> 'a\\n... b'\n'a\\n... b'\n"
    assert inputs(text) == ["x = 1", "if x:\n    x\n", "'a\\n... b'"]


def test_no_session_holds_an_address_or_a_path():
    for path in SESSIONS:
        assert not re.search(r"0x[0-9a-f]|(?<![\w./])/\w+/", path.read_text(encoding="utf-8"))
