"""Which programs a mutant is run on, and what kills it."""

from __future__ import annotations

import ast
import gc
import os
import time
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.interpreter.interpreter import run
from conformance.judging.verdict import Difference, Verdict
from conformance.program import Program
from conformance.subjects import open_subject
from conformance.trace import Raised, StepTrace, Trace
from mutation.faults import fault
from mutation.further import grown, sources
from mutation.judging import Judge, ask, differs_at, telling
from mutation.killing import Killer, Ran
from mutation.marks import Marks
from mutation.planting import Texts, apart, forget, package
from mutation.pool import Pool, Stored, load
from mutation.reach import PLACE, SLOW, Coverage, Reach, digest_of_trace, let_go

CASES = (
    "accumulation/backward_adds_to_grad",
    "no_grad/exception_ends_no_grad",
)


def _pool(*reached: tuple[str, int, Iterable[int]], imported: tuple[str, ...] = ()) -> Pool:
    programs, reach = [], {}
    for source, number, places in reached:
        one = Stored("", source, number, f"{source} {number}".encode())
        programs.append(one)
        reach[one.digest] = Reach("", 0.001, np.array(list(places), PLACE).tobytes())
    return Pool(
        tuple(programs), Coverage("", ("grad_mode.py:1", "grad_mode.py:2", "tangents.py:1"), reach, (), imported)
    )


def test_programs_that_reach_a_mutant_come_first() -> None:
    pool = _pool(("x", 0, [0]), ("y", 0, [0, 1]), ("z", 0, [2]))
    assert sorted(pool.chosen(["grad_mode.py:1"], 500)[:2]) == [0, 1]
    assert pool.chosen(["tangents.py:1", "nowhere.py:7"], 500)[0] == 2


def test_a_program_that_does_not_reach_a_mutant_is_not_run() -> None:
    pool = _pool(("x", 0, [0]), ("y", 0, [0, 1]), ("z", 0, [2]))
    assert sorted(pool.chosen(["grad_mode.py:1"], 500)) == [0, 1]
    assert sorted(pool.chosen(["grad_mode.py:1", "tangents.py:1"], 500)) == [0, 1, 2]
    assert len(pool.chosen(["grad_mode.py:1", "tangents.py:1"], 2)) == 2


def test_other_programs_follow_where_import_passes_a_mutant() -> None:
    pool = _pool(("x", 0, [1]), ("y", 0, [0]), ("z", 0, [2]), imported=("grad_mode.py:1",))
    assert pool.chosen(["grad_mode.py:1"], 500)[0] == 1
    assert sorted(pool.chosen(["grad_mode.py:1"], 500)) == [0, 1, 2]


def test_a_mutant_outside_of_every_function_runs_any_program() -> None:
    pool = _pool(("x", 0, [0]), ("y", 0, [1]))
    assert sorted(pool.chosen(["nowhere.py:1"], 500)) == [0, 1]


def test_a_mutant_in_a_function_that_no_program_reaches_runs_none() -> None:
    assert _pool(("x", 0, [0]), ("y", 0, [1])).chosen(["tangents.py:1"], 500) == []


def test_no_more_programs_are_chosen_than_are_wanted_and_none_twice() -> None:
    pool = _pool(*((f"case{n}", 0, [0, *([1] if n % 2 else [])]) for n in range(40)))
    chosen = pool.chosen(["grad_mode.py:1", "grad_mode.py:2"], 17)
    assert len(chosen) == len(set(chosen)) == 17


def test_a_program_that_does_little_else_begins() -> None:
    pool = _pool(("wide", 0, [0, 1, 2]), ("narrow", 0, [0]), ("middle", 0, [0, 1]))
    assert pool.chosen(["grad_mode.py:1"], 3)[0] == 1


def test_programs_that_pass_a_function_in_another_way_come_by_turns() -> None:
    places = tuple(f"tangents.py:{number}" for number in range(*_lines_of("def kept")))
    sources = [("same", [0]), ("other", [0, 1])]
    programs = [Stored("", name, number, f"{name}{number}".encode()) for name, _ in sources for number in range(3)]
    reach = {one.digest: Reach("", 0.0, np.array(dict(sources)[one.source], PLACE).tobytes()) for one in programs}
    pool = Pool(tuple(programs), Coverage("", places, reach, ()))
    assert pool.ways(places[0], [0, 1, 2, 3, 4]) == [3, 0, 4, 1, 2]
    assert pool.ways(places[0], []) == []


def test_programs_that_run_what_none_before_them_does_come_by_turns() -> None:
    pool = _pool(("x", 0, [0]), ("y", 0, [0, 2]), ("z", 0, [0, 1, 2]), ("w", 0, [1]))
    assert pool.widest("grad_mode.py:1", [0, 1, 2]) == [2], "what the others run it does, too"
    assert pool.widest("grad_mode.py:1", [0, 1, 3]) == [1, 3]
    assert pool.widest("grad_mode.py:1", []) == []


def test_operators_make_no_difference_between_programs_that_pass_the_engine() -> None:
    places = ("grad_mode.py:1", "dispatch/views.py:9", "formulas/losses.py:3")
    programs = [Stored("", name, 0, name.encode()) for name in "xy"]
    reach = {one.digest: Reach("", 0.0, np.array([0, n], PLACE).tobytes()) for n, one in enumerate(programs, 1)}
    pool = Pool(tuple(programs), Coverage("", places, reach, ()))
    assert pool.widest(places[0], [0, 1]) == [0]
    assert pool.widest(places[1], [0, 1]) == [0, 1]


def _lines_of(start: str) -> tuple[int, int]:
    lines = (package() / "tangents.py").read_text().splitlines()
    first = next(number for number, line in enumerate(lines, 1) if line.startswith(start))
    return first, first + 3


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [((True, 1), {"1+", "2+", "kept"}), ((True, None), {"1+", "2-"}), ((False, True), {"1-"}), (([], None), set())],
)
def test_each_part_of_a_condition_has_a_mark_for_either_truth(arguments: tuple[Any, Any], passed: set[str]) -> None:
    text = "def f(a, b):\n    if a and b is not None:\n        return 'kept'\n"
    marks = Marks()
    names: dict[str, Any] = {}
    exec(compile(marks.made_of("a.py", ast.parse(text)), "a.py", "exec"), names)
    assert names["f"](*arguments) == ("kept" if "kept" in passed else None)
    every = [place for place in marks.every() if "?" in place]
    truths = dict(zip(every, ("1+", "1-", "2+", "2-"), strict=True))
    found = {truths.get(place, "kept" if place == "a.py:3" else "") for place in marks.places()}
    assert found - {""} == passed


def test_derivatives_of_the_operator_whose_row_it_is_begin() -> None:
    cases = ("plain/x", "derivatives/add_once", "derivatives/add_alpha_once", "derivatives/add_alpha_twice")
    pool = _pool(*((case, 0, [0, *range(1, number % 2)]) for number, case in enumerate(cases)))
    assert sorted(pool.chosen(["grad_mode.py:1"], 2, "add_alpha")) == [2, 3]
    assert pool.chosen(["grad_mode.py:1"], 1, "add") == [1]


def test_a_program_that_takes_long_is_not_run() -> None:
    one = Stored("", "x", 0, b"x")
    assert Pool((one,), Coverage("", (), {one.digest: Reach("", 2 * SLOW)}, ())).chosen([], 500) == []


def test_where_a_program_differs_is_the_step_of_its_first_difference() -> None:
    assert differs_at(Verdict(status="PASS")) is None
    assert differs_at(Verdict(status="INCONCLUSIVE", reason="roundings", at=3)) == 3
    assert differs_at(Verdict(status="UNSUPPORTED", reason="no 'x'")) == 0
    first = Difference(step=(5,), facet="value", name="", oracle="1", subject="2")
    assert differs_at(Verdict(status="FAIL", differences=(first,))) == 5


# ------------------------------------------------------------------------------------------ programs, and what tells of them


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pool")


@pytest.fixture(scope="module")
def pool(folder: Path) -> Pool:
    return load(folder, words=CASES, say=lambda text: None)


def _killed(pool: Pool, mutants: dict[str, Texts]) -> dict[str, Ran]:
    forget()
    return dict(Killer(pool).run((name, lambda texts=texts: texts, tuple, "") for name, texts in mutants.items()))  # type: ignore


def test_a_pool_is_made_once(pool: Pool, folder: Path) -> None:
    told: list[str] = []
    assert load(folder, words=CASES, say=told.append).digest == pool.digest
    assert not told


def test_stored_programs_are_read_again(pool: Pool) -> None:
    assert {one.source for one in pool.programs} == set(CASES)
    for one in pool.programs:
        assert Program.from_json(one.program).steps


def _told(pool: Pool) -> list[str]:
    """What is said of a trace that raises where numtorch does, too, and of those that raise sooner and later."""
    text = pool.programs[0].program
    oracle = open_subject("numtorch", isolate=False)
    right = oracle.run(Program.from_json(text)).steps
    raised = StepTrace(outcome="raised", error=Raised("RuntimeError", "no", "other"))

    def raising(step: int) -> Trace:
        return Trace(steps=(*right[:step], raised, *right[step + 1 :]))

    class Numtorch:
        def run(self, program: Program) -> Trace:
            return raising(2)

    told = telling([Stored("", "", 0, text)], oracle, Numtorch())
    return [told(0, raising(step).to_json()) for step in (1, 2, 3)]


def test_a_program_says_something_up_to_where_numtorch_itself_differs(pool: Pool) -> None:
    assert [how[:4] for how in apart(_told, pool)] == ["FAIL", "", ""]


def _asked(pool: Pool) -> dict[str, list[str]]:
    """What the judge says of numtorch's own traces, of those with another number in them, and of what is no trace."""
    import numtorch

    judge = Judge(pool.programs)
    with judge.connect() as connection:
        connection.send_bytes(b"\0\0")  # who asks may end in the middle
    said: dict[str, list[str]] = {"own": [], "other": [], "none": []}
    with judge.connect() as connection:
        for number, one in enumerate(pool.programs):
            trace = run(Program.from_json(one.program), numtorch).to_json()
            assert digest_of_trace(trace) == pool.reached[number].own
            other = trace.replace(b'"version":', b'"version":7')
            said["own"].append(ask(connection, number, trace))
            said["other"].append(ask(connection, number, other))
            said["none"].append(ask(connection, number, b"{}"))
    judge.close()
    return said


def test_a_judge_says_what_tells_a_mutant(pool: Pool) -> None:
    said = apart(_asked, pool)
    assert set(said["own"]) == {""}
    assert all(how.startswith("FAIL: version at step") for how in said["other"])
    assert all(said["none"])


def test_the_lines_that_a_program_reaches_are_known(pool: Pool) -> None:
    text = (package() / "backward/accumulate.py").read_text().splitlines()
    line = next(n for n, one in enumerate(text, 1) if "np.add(array, grad, out=array" in one)
    assert any(pool.reaching(f"backward/accumulate.py:{n}") for n in range(line - 3, line + 6))
    assert any(pool.reaching(f"dispatch/pointwise.py:PowBackward0.{way}") for way in ("run", "apply"))
    assert not pool.reaching("backward/accumulate.py:1")


def test_programs_are_taken_of_each_feature_by_turns() -> None:
    sources = ("a/x", "a/x", "a/y", "b/x", "b/x", "random")
    pool = _pool(*((source, number, [0]) for number, source in enumerate(sources)))
    assert pool.by_turns(range(6)) == [0, 3, 5, 2, 4, 1]


BREAKS = {
    "raise RuntimeError('broken')": "RuntimeError: broken",
    "import os; os._exit(3)": "the process ended",
    "import os; os.kill(os.getpid(), 9)": "SIGKILL",
    "while True: pass": "it did not end",
}
"""What a mutant does when it is imported, and how it is killed."""

FAULTS = ("accumulate-overwrites", "no-grad-leaks-on-an-exception")


@pytest.fixture(scope="module")
def told(pool: Pool) -> dict[str, Ran]:
    """Mutants of all kinds in one run, which takes seconds to begin, and numtorch itself after them."""
    init = (package() / "__init__.py").read_text()
    mutants: dict[str, Texts] = {body: {"__init__.py": f"{init}\n{body}\n"} for body in BREAKS}
    mutants |= {name: fault(name).texts() for name in FAULTS}
    return apart(_killed, pool, {**mutants, "itself": {}})


def test_numtorch_itself_is_not_killed_and_knows_of_no_mutant(pool: Pool, told: dict[str, Ran]) -> None:
    assert (told["itself"].killed, told["itself"].programs) == (False, len(pool.quick))


def test_faults_are_killed(told: dict[str, Ran]) -> None:
    assert [(told[name].killed, told[name].by in CASES) for name in FAULTS] == [(True, True)] * len(FAULTS)


@pytest.mark.parametrize(("body", "how"), BREAKS.items())
def test_a_mutant_that_breaks_or_does_not_end_is_killed(told: dict[str, Ran], body: str, how: str) -> None:
    assert told[body].killed
    assert how in told[body].how


def _left(pool: Pool) -> bool:
    """Whether ending a run early leaves a process."""
    forget()
    text = (package() / "__init__.py").read_text() + "\nwhile True: pass\n"
    running = Killer(pool, workers=2).run(
        [("ends", dict, tuple, ""), ("loops", lambda: {"__init__.py": text}, tuple, "")]
    )
    next(running)
    running.close()
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def test_a_run_that_is_ended_leaves_no_process(pool: Pool) -> None:
    began = time.monotonic()
    assert not apart(_left, pool)
    assert time.monotonic() - began < 60


def test_further_programs_are_drawn_of_the_cases_that_reach_a_mutant() -> None:
    pool = _pool(("x", 0, [0]), ("x", 1, [1]), ("y", 0, [0, 1]), ("random", 0, [0]), ("z", 0, [2]))
    assert sources(pool, ["grad_mode.py:1"], most=500, count=64) == {"x": 64, "y": 64}
    assert sources(pool, ["grad_mode.py:1"], most=13, count=64) == {"x": 13, "y": 7}, "half of x does not reach it"
    assert sources(pool, ["grad_mode.py:1"], most=3, count=64) == {}, "it took as many as it may"
    assert sources(pool, ["nowhere.py:7"], most=500, count=64) == {}


def test_of_a_mutant_that_few_cases_reach_others_that_come_near_are_drawn() -> None:
    first, last = _lines_of("def kept")
    places = tuple(f"tangents.py:{number}" for number in range(first, last))
    cases = {"reaches": [0, 1], "near": [0], "nearer": [0], "far": [], "derivatives/mul_twice": []}
    programs = [Stored("", name, 0, name.encode()) for name in cases]
    reach = {one.digest: Reach("", 0.0, np.array(cases[one.source], PLACE).tobytes()) for one in programs}
    pool = Pool(tuple(programs), Coverage("", places, reach, ()))
    assert sources(pool, places[1:2], most=500, count=16) == {"reaches": 16, "near": 16, "nearer": 16}
    assert sources(pool, places[1:2], most=7, count=16) == {"reaches": 4, "near": 5, "nearer": 5}
    row = sources(pool, places[1:2], most=500, count=16, row="mul")
    assert row == {"reaches": 16, "near": 16, "nearer": 16, "derivatives/mul_twice": 16}
    assert sources(pool, ["nowhere.py:7"], 500, 16, "mul") == {"derivatives/mul_twice": 16}


def test_a_larger_pool_keeps_its_programs(pool: Pool, folder: Path) -> None:
    larger = grown(pool, folder, {CASES[0]: 9}, seed=0, workers=1, say=lambda text: None)
    assert larger.programs[: len(pool.programs)] == pool.programs
    assert len({one.digest for one in larger.programs}) == len(larger.programs) > len(pool.programs)
    said: list[str] = []
    again = grown(pool, folder, {CASES[0]: 5}, seed=0, workers=1, say=said.append)
    assert (again.programs, said) == (larger.programs, [])


def test_what_a_program_left_in_a_cycle_is_gone_before_the_next() -> None:
    class Left:
        itself: Any

    left = Left()
    left.itself = left
    gone = weakref.ref(left)
    gc.disable()
    try:
        del left
        let_go()
        assert gone() is None
    finally:
        gc.enable()
