"""Libraries as subjects, for real: `tox -e libraries` installs them; without one its tests are skipped with the reason."""

import pytest

from conformance.cases import catalogue
from conformance.judge import judge
from conformance.subjects import SubjectUnavailable, open_subject, oracle
from conformance.subjects.libraries import LIBRARIES

ALIKE = ("arithmetic", "weight_sharing")
"""Features in which every library does as PyTorch does, as far as it has the operators."""

CONVENTIONS = {
    "autograd": "complex_gradients/gradient_of_a_real_loss_points_uphill",
    "jax": "complex_gradients/gradient_of_a_real_loss_points_uphill",
}
"""One case in which a library is known to go another way: a subject that never fails would prove nothing."""


@pytest.fixture(scope="module", params=LIBRARIES)
def subject(request):
    pytest.importorskip("torch", reason="the oracle is not installed")
    try:
        opened = open_subject(request.param)
    except SubjectUnavailable as error:
        pytest.skip(str(error))
    yield opened
    opened.close()


def verdicts(subject, names, seeds=range(3)):
    described = subject.describe()
    answers = oracle()
    for name in names:
        case = catalogue()[name]
        for seed in seeds:
            program = case.example(seed)
            yield judge(program, answers.run(program), subject.run(program), answers, described.facets)


def test_plain_gradients_are_those_of_pytorch(subject):
    features = set(subject.describe().features)
    cases = [c for c in catalogue().values() if c.feature in ALIKE and features.issuperset(c.requires)]
    found = {case.id: set() for case in cases}
    for case in cases:
        found[case.id] |= {verdict.status for verdict in verdicts(subject, [case.id])}
    assert not {name for name, statuses in found.items() if statuses - {"PASS", "UNSUPPORTED"}}
    assert sum("PASS" in statuses for statuses in found.values()) >= 5


def test_a_convention_of_its_own_is_found(subject):
    (case,) = [name for library, name in CONVENTIONS.items() if library == subject.describe().name]
    assert "FAIL" in {verdict.status for verdict in verdicts(subject, [case])}
