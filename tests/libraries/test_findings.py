"""docs/findings.md is still true: every reproducer does in a fresh process what it did when it was written down."""

import json

import pytest

from .findings import RECORDED, SOMETIMES, NotHere, reproducers, rounded

REPRODUCERS = reproducers()
ENDS = json.loads(RECORDED.read_text("utf-8"))


@pytest.mark.parametrize("reproducer", REPRODUCERS, ids=str)
def test_a_reproducer_does_what_it_did(reproducer):
    try:
        ends = reproducer.run()
    except NotHere as reason:
        pytest.skip(str(reason))
    if str(reproducer) in SOMETIMES:
        assert ends == ["never ends"] or ends[0] == "exit 0"
    else:
        assert rounded(ends) == rounded(ENDS[str(reproducer)])


@pytest.mark.parametrize("reproducer", REPRODUCERS, ids=str)
def test_a_reproducer_has_at_most_ten_lines(reproducer):
    assert len(reproducer.code.splitlines()) <= 10


def test_there_is_a_record_of_each():
    assert set(ENDS) == {str(one) for one in REPRODUCERS}
    assert {name for name, ends in ENDS.items() if not ends} == SOMETIMES
