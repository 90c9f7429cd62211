"""Campaigns of random programs: what they find, that a cause is found once, and that nothing found is lost."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from conformance.fuzz import Campaign, Cause, Found, Result, Store, run
from conformance.fuzz.telling import Progressing
from conformance.fuzz.worker import drawn
from conformance.judging.verdict import Difference, Verdict
from conformance.program import Bind, Method, Operator, Program, Ref, TensorLiteral
from conformance.trace import Trace

pytestmark = pytest.mark.usefixtures("workshop")

PROGRAMS = 300
"""Enough for `tanh` and `sin` to occur as functions, several times each."""

# The two sides are numtorch and modules made of it: they start ten times faster than PyTorch.
RIGHT = "import numtorch as torch\n__getattr__ = lambda name: getattr(torch, name)\n"
DYING = RIGHT + "import os; tan = lambda x: os._exit(3)\n"
FAULTY = RIGHT + "import signal; tan = lambda x: signal.raise_signal(signal.SIGSEGV)\n"
NEGATING = """
import numtorch as torch
__getattr__ = lambda name: getattr(torch, name)
tanh = lambda x: -torch.tanh(x)
def sin(x): raise ValueError('no sine today')
"""
"""numtorch, except that two functions are wrong, each in its own way."""


ONE_BY_ONE = """
import runpy, sys
for script in sys.argv[1:]:
    runpy.run_path(script, run_name="__main__")
print("ran", len(sys.argv) - 1)
"""
"""Runs scripts in one process: nearly all that one takes is importing PyTorch."""


def campaign(subject: str, output: Path, **options: object) -> Result:
    given = {"against": "numtorch", "programs": PROGRAMS, "output": output / "fuzz", **options}
    return run(Campaign(subject, **given))  # type: ignore[arg-type]


@pytest.fixture
def negating(workshop: Path) -> str:
    (workshop / "negating.py").write_text(NEGATING)
    return "negating"


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The campaign of 100 programs on `NEGATING`, in the folder it was started in, with a database."""
    folder = tmp_path_factory.mktemp("hundred")
    (folder / "negating.py").write_text(NEGATING)
    with pytest.MonkeyPatch.context() as there:
        there.chdir(folder)
        return campaign("negating", folder, programs=100, database=(str(folder / "kept"),))


def test_a_right_subject_has_no_findings(workshop: Path) -> None:
    (workshop / "right.py").write_text(RIGHT)
    process = command("right", "--programs", "120")
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    assert "120 programs (numbers 0 to 119 of seed 0)" in out
    assert "0 findings" in out
    assert not (workshop / "fuzz" / "findings").exists()


def test_a_cause_is_found_once_kept_replayed_and_given_up(negating: str, workshop: Path) -> None:
    # One test, since every campaign starts processes: each part goes on where the one before ended.
    first = campaign(negating, workshop)
    said = {str(cause) for cause in first.found}
    assert said >= {"value at torch.tanh()", "raised at torch.sin(): returns tensor → raises ValueError"}
    # A wrong sign also shows in the graph, in what comes behind, and in what calls a function of the program.
    assert len(said) <= 7, said
    for found, program in first.campaign.store.read():
        assert len(program.steps) <= min(6, found.drawn_steps)
        folder = first.campaign.store.folder / found.cause.slug
        assert Program.from_json((folder / "program.json").read_bytes()) == program
        Trace.from_json((folder / "oracle.json").read_bytes())
        Trace.from_json((folder / "subject.json").read_bytes())
    scripts = map(str, first.campaign.store.folder.glob("*/reproducer.py"))
    ran = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE, *scripts], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith(f"ran {len(said)}\n")

    second = campaign(negating, workshop, programs=3)
    assert second.start == PROGRAMS
    assert set(second.found) == set(first.found)
    assert second.gone == []

    (workshop / "negating.py").write_text(RIGHT)
    third = campaign(negating, workshop, programs=3)
    assert {found.cause for found in third.gone} == set(first.found)
    assert list(third.campaign.store.read()) == []


def test_what_a_database_keeps_is_tried_first_wherever_it_was_found(
    negating: str, workshop: Path, hundred: Result
) -> None:
    assert hundred.found
    second = campaign(negating, workshop, programs=1, start=10_000, database=hundred.campaign.database)
    assert set(second.found) >= set(hundred.found)


def test_processes_share_the_same_programs(negating: str, workshop: Path, hundred: Result) -> None:
    two = campaign(negating, workshop, programs=100, workers=2)
    assert two.tally.programs == hundred.tally.programs == 100
    assert two.tally.statuses == hundred.tally.statuses
    assert two.tally.causes == hundred.tally.causes


def test_a_subject_that_dies_is_a_finding(workshop: Path) -> None:
    (workshop / "dying.py").write_text(DYING)
    wanted = Campaign("dying", programs=25, against="numtorch", output=workshop / "fuzz")
    progress = Progressing(Console(file=io.StringIO()), wanted)
    shown: list[str] = []

    def listen(so_far: Result) -> None:
        progress.listen(so_far)
        shown.append(progress.bar.tasks[0].description)

    result = run(wanted, listen)
    assert {(cause.status, cause.kinds) for cause in result.found} == {("CRASH", "exited with code 3")}
    assert result.tally.programs == 25
    # To make it small takes a process a try, in which the number of programs does not grow.
    assert any(text.endswith("1 finding; making it small: CRASH: exited with code 3") for text in shown), shown
    assert "small" not in shown[-1]


def test_an_oracle_that_dies_is_wrong_and_its_program_is_made_small(workshop: Path) -> None:
    (workshop / "faulty.py").write_text(FAULTY)
    result = campaign("numtorch", workshop, programs=40, against="faulty")
    ((cause, found),) = result.found.items()
    assert (cause.status, cause.kinds) == ("BLOCKED", "the oracle: killed by SIGSEGV")
    assert str(found.adjudication) == "the oracle is wrong: the program ends its process"
    ((_, program),) = result.campaign.store.read()
    assert len(program.steps) <= 2


def test_the_number_of_a_program_says_all_about_it() -> None:
    assert drawn(3, 17) == drawn(3, 17)
    assert drawn(3, 17) != drawn(4, 17)


# --------------------------------------------------------------------------------------------------------- the command


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", "fuzz", *arguments, "--output", "fuzz", "--against", "numtorch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
    )


def test_the_command_says_what_differs_and_ends_with_1(negating: str) -> None:
    process = command(negating, "--programs", "100", "--stats")
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 1, out
    assert "✗ value at torch.tanh()" in out
    assert "100 programs (numbers 0 to 99 of seed 0)" in out
    assert "what occurred" in out
    assert "% in the two sides (numtorch" in out.replace("\n", " ")
    page = Path("fuzz/index.html").read_text()
    assert f"report: {Path('fuzz/index.html').absolute()}" in out.replace("\n", "")
    assert "in 100 random programs." in page
    assert page.index("value at torch.tanh()") < page.index("Features and levels")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_what_was_found_before_it_was_stopped_is_there(negating: str, workshop: Path, how: signal.Signals) -> None:
    process = command(negating)
    process_store = Store(workshop / "fuzz" / "findings")
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and not list(process_store.read()):
        time.sleep(0.1)
    process.send_signal(how)
    out, _ = process.communicate(timeout=60)
    assert list(process_store.read())
    if how == signal.SIGINT:
        assert process.returncode == 2
        assert "interrupted" in out


def test_an_unknown_subject_is_one_line_and_2() -> None:
    process = command("no_such_module")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert len(out.strip().splitlines()) == 1


# --------------------------------------------------------------------------------------------------------------- causes

STEPS = (
    Bind(out="x", value=TensorLiteral("float32", (), bytes(4))),
    Operator(operator="mul", args=(Ref("x"), Ref("x")), out="y"),
    Method(self=Ref("y"), name="backward"),
)


def cause(step: int, facet: str, oracle: str = "1", subject: str = "2") -> Cause:
    difference = Difference(step=(step,), facet=facet, oracle=oracle, subject=subject)
    return Cause.of(Program(steps=STEPS), Verdict(status="FAIL", differences=(difference,)))


def test_values_do_not_tell_causes_apart() -> None:
    assert cause(1, "value", "3.0", "4.0") == cause(1, "value", "5.0", "6.0")


def test_operations_facets_and_error_codes_do() -> None:
    assert (
        len(
            {
                cause(1, "value"),
                cause(2, "value"),
                cause(2, "grad"),
                cause(2, "error_code", "a (raises E: 1)", "b (raises F: 2)"),
                cause(2, "error_code", "a (raises E: 1)", "c (raises F: 2)"),
            }
        )
        == 5
    )


def test_a_folder_is_claimed_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "findings")
    assert store.claim(cause(1, "value"))
    assert not store.claim(cause(1, "value"))
    assert list(store.read()) == []
    assert store.claim(cause(1, "value")), "a claim of a process that wrote nothing is freed"


def test_a_finding_reads_as_it_was_written(tmp_path: Path) -> None:
    store = Store(tmp_path / "findings")
    verdict = Verdict(status="CRASH", reason="exited with code 3")
    program = Program(steps=STEPS)
    found = Found(
        cause=Cause.of(program, verdict), verdict=verdict, subject="s", oracle="o", seed=0, index=1, drawn_steps=9
    )
    store.write(found, program, None, None)
    assert list(store.read()) == [(found, program)]
    assert msgspec.json.decode(next(tmp_path.glob("findings/*/finding.json")).read_bytes())["index"] == 1
