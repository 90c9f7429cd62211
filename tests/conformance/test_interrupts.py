"""Ctrl-C ends a run, wherever it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import journal
from conformance.running import interrupts, launch
from conformance.running.plugin import Catalogue
from conformance.running.sampling import draw

pytestmark = pytest.mark.usefixtures("workshop")

DROPPING = """
import signal, weakref

class Gone:
    pass

def neg(x):
    gone = Gone()
    reference = weakref.ref(gone, lambda _: signal.raise_signal(signal.SIGINT))
    del gone
    return {module}.neg(x)
"""
"""A subject at whose `neg` Ctrl-C comes where Python drops the exception."""


def dropping(module: str) -> str:
    Path("dropping.py").write_text(
        f"import {module}\nglobals().update(vars({module}))\n{DROPPING.format(module=module)}"
    )
    return "dropping"


@pytest.fixture(autouse=True)
def imported() -> Iterator[None]:
    yield
    sys.modules.pop("dropping", None)


def run(subject: str, **options: object) -> launch.Result:
    given = {"cases": ["workshop.py"], "selection": "workshop", "isolate": False, "max_examples": 1, **options}
    return launch.run(subject, output=Path("out"), **given)  # type: ignore[arg-type]


def test_one_that_python_drops_in_the_last_program_of_a_case_ends_the_run() -> None:
    result = run(dropping("torch"))
    assert result.exit_code == launch.COULD_NOT_RUN
    ran = journal.read(Path("out/run.jsonl"))
    assert ran.interrupted
    assert "workshop/multiplies" not in {case for case, _ in ran.programs}


def test_one_that_python_drops_ends_a_case_of_recorded_programs_at_the_next() -> None:
    result = run(dropping("numtorch"), oracle="recorded", selection="operators_have_names", cases=[], max_examples=50)
    assert result.exit_code == launch.COULD_NOT_RUN
    assert len(result.runs["dropping"].programs) == 1


def test_one_that_python_drops_while_drawing_ends_it_with_the_example() -> None:
    from hypothesis import strategies

    seen = []

    def see(number: int) -> None:
        seen.append(number)
        with interrupts.remembered(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        draw(strategies.integers(), see, seed=0, max_examples=20)
    assert len(seen) == 1


def test_one_before_the_first_case_is_not_answered_with_the_run_before() -> None:
    class Listener:
        def pytest_collection(self) -> None:
            signal.raise_signal(signal.SIGINT)

    run("right_subject")
    before = Path("out/run.jsonl").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        run("right_subject", listener=Listener())
    assert Path("out/run.jsonl").read_bytes() == before


def test_one_while_the_cases_are_looked_for_is_no_complaint_about_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Catalogue, "collect", lambda self: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        run("right_subject")


@pytest.mark.parametrize("dealt_with", [False, True])
def test_one_inside_of_executed_text_ends_the_command_with_its_own_code(dealt_with: bool) -> None:
    """Also where pytest has caught it, and the command ends by itself."""
    Path("ends.py").write_text(
        f"""
import contextlib, sys
from conformance import cli

def main(**_):
    with contextlib.suppress(KeyboardInterrupt if {dealt_with} else ()):
        exec("raise KeyboardInterrupt")
    sys.exit({launch.COULD_NOT_RUN})

cli.command.main = main
cli.main()
"""
    )
    ended = subprocess.run([sys.executable, "-m", "ends"], capture_output=True, text=True, check=False)
    said = "" if dealt_with else "torchstone: interrupted\n"
    assert (ended.returncode, ended.stderr) == (launch.COULD_NOT_RUN, said)


def test_what_python_says_of_one_that_it_drops_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def destroyed(error: type[BaseException]) -> None:
        class Object:
            def __del__(self) -> None:
                raise error

        Object()

    said = []
    before, sys.unraisablehook = sys.unraisablehook, lambda unraisable: said.append(unraisable.exc_type)
    try:
        with interrupts.remembered():
            destroyed(KeyboardInterrupt)
            destroyed(ValueError)
    finally:
        sys.unraisablehook = before
    assert said == [ValueError]


def test_it_is_forgotten_once_it_was_dealt_with() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.remembered():
        signal.raise_signal(signal.SIGINT)
    with interrupts.remembered():
        interrupts.check()
        assert not interrupts.pressed()
    interrupts.check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_in_the_background_of_a_script_ends_with_what_it_has(how: signal.Signals, workers: int) -> None:
    """A shell has it ignore Ctrl-C; and `timeout` sends SIGTERM to its workers as well."""
    command = [sys.executable, "-m", "conformance", "run", "right_subject", "--cases=workshop.py", "-k", "workshop"]
    begun = subprocess.Popen(
        [*command, f"-n{workers}", "--max-examples=100000", "--output=out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    part, deadline = Path("out", "run.gw0.jsonl" if workers else "run.main.jsonl"), time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(begun.pid, how)
    said, _ = begun.communicate(timeout=60)
    assert begun.returncode == launch.COULD_NOT_RUN, said
    assert "interrupted when" in said
    assert "Warning" not in said
    assert "Traceback" not in said
    assert not part.exists()
    assert journal.read(Path("out/run.jsonl")).interrupted


def test_what_timeout_sends_twice_ends_a_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(interrupts.time, "monotonic", lambda: now)
    with interrupts.taken(), interrupts.remembered():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)  # Now the reports are written.
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        now += interrupts.AT_ONCE
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_who_ignores_it_is_left_alone() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.remembered():
            signal.raise_signal(signal.SIGINT)
            interrupts.check()
    finally:
        signal.signal(signal.SIGINT, before)
