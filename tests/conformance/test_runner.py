"""One case on one subject: what is drawn, what counts, and what is shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import assume, strategies as st

from conformance import journal
from conformance.case import Case
from conformance.journal import Description, Outcome
from conformance.judging.judge import judge
from conformance.judging.verdict import Difference, Verdict
from conformance.program import Bind, Program
from conformance.running.runner import ENOUGH, CaseCannotRun, Settings, run_case
from conformance.subjects import open_subject
from conformance.subjects.base import SubjectCrashed, SubjectTimeout
from conformance.trace import StepTrace, Trace

PASS = Verdict(status="PASS")


def programs_of(values: st.SearchStrategy[int]) -> st.SearchStrategy[Program]:
    return values.map(lambda value: Program(steps=(Bind(out="x", value=value),)))


def number(program: Program) -> int:
    """The number that a program of these tests is about."""
    step = program.steps[0]
    assert isinstance(step, Bind)
    assert isinstance(step.value, int)
    return step.value


@dataclass
class FakeCase:
    """Programs that bind one integer."""

    strategy: st.SearchStrategy[Program] = field(default_factory=lambda: programs_of(st.integers(0, 10**6)))
    id: str = "numbers/one"
    sentence: str = "A number is bound."
    source: str = "..."
    lecture: str = ""
    covers: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    def programs(self) -> st.SearchStrategy[Program]:
        return self.strategy


@dataclass
class Stub:
    """Answers nothing in particular, and does with a program what it is told."""

    does: Callable[[int], object] = lambda number: None
    features: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    seen: list[int] = field(default_factory=list)

    def describe(self) -> Description:
        return Description(name="stub", features=self.features, facets=self.facets)

    def run(self, program: Program) -> Trace:
        self.seen.append(number(program))
        self.does(number(program))
        return Trace(steps=(StepTrace(outcome="returned"),))

    def close(self) -> None: ...


def differing(*facets: str) -> Verdict:
    return Verdict(
        status="FAIL", differences=tuple(Difference(step=(0,), facet=f, oracle="a", subject="b") for f in facets)
    )


def run(
    verdict: Callable[[int], Verdict] = lambda number: PASS,
    *,
    case: FakeCase | None = None,
    subject: Stub | None = None,
    max_examples: int = 50,
    seed: int = 0,
    path: Path = Path(os.devnull),
    shrink: bool = True,
) -> Outcome:
    with journal.Journal(path) as file:
        return run_case(
            case or FakeCase(),
            subject or Stub(),
            Stub(),
            lambda program, *rest: verdict(number(program)),
            Settings(max_examples, seed, shrink=shrink),
            file,
        )


def minimal(outcome: Outcome, level: str = "required") -> int:
    finding = outcome.levels[level].finding  # type: ignore[index]
    assert finding is not None
    return number(finding.program)


def test_a_case_of_which_every_program_passes_passes_at_every_level() -> None:
    outcome = run()
    assert (outcome.status, outcome.expected) == ("PASS", True)
    assert {level: of.status for level, of in outcome.levels.items()} == dict.fromkeys(
        ("required", "expected", "exact"), "PASS"
    )
    assert outcome.counts == {"PASS": outcome.programs}


def test_a_difference_does_not_shorten_the_run() -> None:
    passing, failing = run(), run(lambda n: differing("value") if n > 10 else PASS)
    assert failing.programs == passing.programs
    assert failing.levels["required"].failing == failing.counts["FAIL"] > 1


def test_a_failing_program_is_made_as_small_as_it_can_be() -> None:
    assert minimal(run(lambda n: differing("value") if n >= 1234 else PASS)) == 1234


def test_without_shrinking_the_smallest_of_those_that_were_drawn_stands_for_them() -> None:
    stub = Stub()
    outcome = run(lambda n: differing("value") if n >= 12 else PASS, subject=stub, shrink=False)
    assert minimal(outcome) == min((n for n in stub.seen if n >= 12), key=lambda n: (len(str(n)), str(n)))
    assert len(set(stub.seen)) == outcome.programs


def test_every_level_has_a_smallest_program_of_its_own() -> None:
    outcome = run(lambda n: differing(*["value"] * (n >= 700), *["message"] * (n >= 5)) if n >= 5 else PASS)
    assert (minimal(outcome, "required"), minimal(outcome, "exact")) == (700, 5)
    assert outcome.levels["expected"].status == "PASS"


def test_one_seed_draws_the_same_and_another_does_not() -> None:
    drawn = []
    for seed in (0, 0, 1):
        stub = Stub()
        run(subject=stub, seed=seed)
        drawn.append(stub.seen)
    assert drawn[0] == drawn[1] != drawn[2]


def test_two_cases_draw_from_different_seeds() -> None:
    drawn = []
    for id in ("numbers/one", "numbers/two"):
        stub = Stub()
        run(subject=stub, case=FakeCase(id=id))
        drawn.append(stub.seen)
    assert drawn[0] != drawn[1]


def test_what_modules_are_loaded_does_not_change_what_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = Stub(), Stub()
    run(subject=before, max_examples=200)
    (tmp_path / "full_of_numbers.py").write_text("\n".join(f"N{i} = {70000 + i}" for i in range(1000)))
    monkeypatch.syspath_prepend(tmp_path)
    __import__("full_of_numbers")
    run(subject=after, max_examples=200)
    assert before.seen == after.seen


def test_a_program_runs_once_however_often_it_is_drawn() -> None:
    stub = Stub()
    outcome = run(subject=stub, case=FakeCase(programs_of(st.integers(0, 3))))
    assert outcome.programs == 4
    # One of them is run once more, to be shown.
    assert set(stub.seen) == {0, 1, 2, 3}
    assert len(stub.seen) == 5


def crash_from(limit: int) -> Callable[[int], None]:
    def does(number: int) -> None:
        if number >= limit:
            raise SubjectCrashed(3)

    return does


def test_a_crash_is_shrunk_by_a_few_tries_and_named() -> None:
    outcome = run(subject=Stub(crash_from(100)))
    assert (outcome.status, outcome.reason) == ("CRASH", "exited with code 3")
    assert all(of.status == "CRASH" for of in outcome.levels.values())
    assert minimal(outcome) < 10**5


def test_a_subject_that_always_crashes_is_soon_left_alone() -> None:
    stub = Stub(crash_from(0))
    assert run(subject=stub).programs == ENOUGH["CRASH"]


def test_a_subject_that_sleeps_is_asked_twice_and_never_while_shrinking() -> None:
    def sleeps(number: int) -> None:
        raise SubjectTimeout(0.1)

    stub = Stub(sleeps)
    outcome = run(subject=stub)
    assert (outcome.status, len(stub.seen)) == ("TIMEOUT", 2)
    assert minimal(outcome) == min(stub.seen)


def test_unsupported_is_neither_shrunk_nor_a_pass() -> None:
    stub = Stub()
    outcome = run(lambda n: Verdict(status="UNSUPPORTED", reason="no 'hypot'"), subject=stub)
    assert (outcome.status, outcome.reason, outcome.expected) == ("UNSUPPORTED", "no 'hypot'", False)
    assert len(stub.seen) == ENOUGH["UNSUPPORTED"]


def test_what_a_subject_says_it_lacks_is_not_tried() -> None:
    stub = Stub(features=("backward",))
    outcome = run(subject=stub, case=FakeCase(requires=("backward", "hooks")))
    assert (outcome.status, outcome.expected, outcome.reason) == ("UNSUPPORTED", True, "the subject has no hooks")
    assert not stub.seen


def test_whoever_does_not_observe_shared_memory_is_not_asked_for_it() -> None:
    asked, unasked = Stub(features=("backward",)), Stub(features=("backward",), facets=("value", "raised"))
    shares = FakeCase(requires=("backward", "alias"))
    assert run(subject=asked, case=shares).status == "PASS"
    outcome = run(subject=unasked, case=shares)
    assert (outcome.status, outcome.expected, outcome.reason) == ("UNSUPPORTED", True, "the subject has no alias")
    assert not unasked.seen


def test_inconclusive_programs_do_not_make_a_case_fail() -> None:
    outcome = run(lambda n: Verdict(status="INCONCLUSIVE") if n % 2 else PASS)
    assert outcome.status == "PASS"
    assert outcome.counts["INCONCLUSIVE"]


def test_a_case_that_is_never_judged_is_no_pass() -> None:
    outcome = run(lambda n: Verdict(status="INCONCLUSIVE"))
    assert (outcome.status, outcome.expected) == ("INCONCLUSIVE", False)


def test_levels_of_which_a_subject_can_observe_nothing_are_left_out() -> None:
    assert [*run(subject=Stub(facets=("value", "grad"))).levels] == ["required"]


def test_a_program_is_written_before_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    written: list[str] = []
    run(subject=Stub(lambda number: written.append(path.read_text().splitlines()[-1])), path=path, max_examples=3)
    assert all('"record":"program"' in line for line in written[:-1])


@pytest.mark.parametrize(
    "strategy",
    [
        pytest.param(st.integers(0, 9).map(lambda n: 1 // 0), id="raises"),
        pytest.param(st.integers(0, 9).filter(lambda n: n > 9), id="draws nothing"),
        pytest.param(st.integers(0, 9).map(lambda n: assume(False)), id="assumes too much"),
    ],
)
def test_a_case_that_cannot_be_drawn_is_the_fault_of_the_harness(strategy: st.SearchStrategy[Program]) -> None:
    with pytest.raises(CaseCannotRun, match="numbers/one"):
        run(case=FakeCase(strategy))


def test_what_no_program_can_say_of_others_data_is_in_the_outcome() -> None:
    def zeros(torch):  # type: ignore[no-untyped-def]
        """Zeros are made."""
        torch.zeros(2)

    recorded = Case(zeros, left_out=lambda: {"a sparse tensor": 3})
    one, other = open_subject("numtorch", isolate=False), open_subject("numtorch", isolate=False)
    with journal.Journal(Path(os.devnull)) as file:
        outcome = run_case(recorded, one, other, judge, Settings(1), file)
    assert (outcome.status, outcome.left_out) == ("PASS", {"a sparse tensor": 3})


def test_an_error_of_the_comparison_is_not_shrunk() -> None:
    def broken(number: int) -> Verdict:
        raise ZeroDivisionError

    stub = Stub()
    with pytest.raises(ZeroDivisionError):
        run(broken, subject=stub)
    assert len(stub.seen) == 1


def test_hypothesis_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    run(lambda n: differing("value") if n > 3 else PASS)
    assert capfd.readouterr() == ("", "")
