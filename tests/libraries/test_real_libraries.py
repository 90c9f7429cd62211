"""Libraries as subjects, for real: `tox -e libraries` installs them; without one its tests are skipped with the reason."""

import pytest

from conformance.cases import catalogue
from conformance.commands.doctor import examine
from conformance.judging.judge import judge
from conformance.subjects import oracle
from conformance.subjects.libraries import LIBRARIES

ALIKE = ("addition", "subtraction", "multiplication", "negation", "operators_have_names", "product_of_many_factors")
"""Cases in which every library does as PyTorch does, as far as it has the operators and dtypes."""

UNLIKE = {("candle", "operators_have_names"), ("candle", "product_of_many_factors")}
"""Those of them that sum one element, which keeps its dimension in candle."""

CONVENTIONS = {
    "autograd": "complex_gradients/gradient_of_a_real_loss_points_uphill",
    # A sum of one element keeps its dimension.
    "candle": "kinks/corners_have_a_derivative",
    "jax": "complex_gradients/gradient_of_a_real_loss_points_uphill",
    # The second backward adds again what the first left in the middle of the graph.
    "micrograd": "accumulation/backward_adds_to_grad",
    # Of two tied elements one gets all.
    "mlx": "kinks/tied_operands_share_the_gradient",
    "mygrad": "kinks/tied_operands_share_the_gradient",
    # A matrix and a vector of other dtypes are multiplied.
    "paddle": "products/dtypes_of_a_product_must_be_equal",
    "tinygrad": "reductions/sums_of_integers_are_wide",
}
"""One case in which a library is known to go another way: a subject that never fails would prove nothing."""


SUBJECTS = tuple(LIBRARIES)


def verdicts(subject, names, seeds=range(3)):
    described = subject.describe()
    answers = oracle()
    for name in names:
        case = catalogue()[name]
        for seed in seeds:
            program = case.example(seed)
            yield judge(program, answers.run(program), subject.run(program), answers, described.facets)


@pytest.mark.parametrize("name", ALIKE)
def test_plain_gradients_are_those_of_pytorch(subject, name):
    found = {verdict.status for verdict in verdicts(subject, [f"arithmetic/{name}"], range(4))}
    if (subject.describe().name, name) in UNLIKE:
        assert found == {"FAIL"}
    else:
        assert "PASS" in found
        assert found <= {"PASS", "UNSUPPORTED"}


def test_the_runner_is_sound(subject):
    assert [finding for finding in examine(subject.name) if finding.says == "wrong"] == []


def test_a_convention_of_its_own_is_found(subject):
    (case,) = [name for library, name in CONVENTIONS.items() if library == subject.describe().name]
    assert "FAIL" in {verdict.status for verdict in verdicts(subject, [case], range(12))}
