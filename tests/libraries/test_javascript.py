"""Libraries of JavaScript as subjects, for real: `tox -e javascript` installs them; without one its tests are skipped."""

import pytest

from conformance.cases import catalogue
from conformance.commands.doctor import examine
from conformance.judging.judge import judge
from conformance.program import has_empty
from conformance.recorder import record
from conformance.subjects import javascript, oracle
from tests.conformance.small_programs import tensor

ALIKE = ("addition", "subtraction", "multiplication", "negation", "operators_have_names")
"""What every library does as PyTorch does."""

OTHERWISE = {
    # The gradient of np.power is nan at 0.
    "jax-js": "arithmetic/power_with_a_number_as_exponent",
    # The gradient of pow is that of a square, whatever the exponent.
    "js-pytorch": "arithmetic/power_with_a_number_as_exponent",
    # The gradient of each of two tied elements is 1.
    "tfjs": "conventions/ties_share_the_gradient",
}
"""A case in which the library is known to go another way: a subject that never fails would prove nothing."""


SUBJECTS = tuple(javascript.LIBRARIES)


def statuses(subject, name, seeds=range(6)):
    answers = oracle()
    case = catalogue()[name]
    found = set()
    for seed in seeds:
        program = case.example(seed)
        if has_empty(program.steps):
            continue
        verdict = judge(program, answers.run(program), subject.run(program), answers, subject.describe().facets)
        found.add(verdict.status)
    return found


def test_the_runner_is_sound(subject):
    assert {finding.says for finding in examine(subject.name)} <= {"ok", "left out"}


@pytest.mark.parametrize("name", ALIKE)
def test_plain_gradients_are_those_of_pytorch(subject, name):
    # js-pytorch does not stretch every shape that PyTorch does, so some programs fail; what is stretched to nothing has no
    # gradient in the others (docs/findings.md).
    allowed = {"PASS", "UNSUPPORTED", *(["FAIL"] if subject.name == "js-pytorch" else [])}
    assert "PASS" in (found := statuses(subject, f"arithmetic/{name}"))
    assert found <= allowed


def test_a_convention_of_its_own_is_found(subject):
    assert "FAIL" in statuses(subject, OTHERWISE[subject.describe().name])


def test_what_differentiates_functions_does_it_twice(subject):
    if "create_graph" not in subject.describe().features:
        pytest.skip("its gradients have no gradients, which is declared")
    assert "PASS" in statuses(subject, "create_graph/mixed_partials_are_symmetric")


def test_a_gradient_of_a_gradient_that_is_zero_may_be_none(subject):
    if "create_graph" not in subject.describe().features:
        pytest.skip("its gradients have no gradients, which is declared")

    def twice(torch, x):
        (found,) = torch.autograd.grad((x.requires_grad_() * 3).sum(), x, create_graph=True)
        found.sum().backward()

    last = subject.run(record(twice, {"x": tensor([1.0, 2.0])})).steps[-1]
    assert (last.outcome, last.reason) == ("unsupported", "a gradient of a gradient that is zero, or none")
