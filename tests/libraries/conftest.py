"""A library of a module's `SUBJECTS`, or the word why there is none here."""

from __future__ import annotations

import pytest

from conformance.subjects import SubjectUnavailable, open_subject


@pytest.fixture(scope="module")
def subject(request):
    pytest.importorskip("torch", reason="the oracle is not installed")
    try:
        opened = open_subject(request.param)
    except SubjectUnavailable as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


def pytest_generate_tests(metafunc):
    if "subject" in metafunc.fixturenames:
        metafunc.parametrize("subject", metafunc.module.SUBJECTS, indirect=True, scope="module")
