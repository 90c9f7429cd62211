"""Every deliberately bad subject is caught, by the facet that its fault belongs to; and one that is only noisy is not."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.program import Program, Raise
from conformance.subjects import (
    InProcess,
    Process,
    SubjectCrashed,
    SubjectTimeout,
    SubjectUnavailable,
    oracle,
    stdio,
)
from tests.conformance.small_programs import bind, call, enter, exit_, leaf, method, op, program, tensor

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]

CALLS_SIN = program(bind("x", tensor([1.0, 2.0])), call("torch.sin", "$x", out="y"))
CALLS_EXP = program(bind("x", tensor([1.0, 2.0])), method("$x", "exp", out="y"))

TELLING: dict[str, tuple[Program, str, int]] = {
    # The fake; a program, the facet and the step at which the two must part.
    "accumulate_overwrites": (
        program(
            *leaf("x", [1.0, 2.0]),
            method("$x", "sum", out="s"),
            method("$s", "backward"),
            method("$x", "sum", out="t"),
            method("$t", "backward"),
        ),
        "grad",
        5,
    ),
    "retain_graph_ignored": (
        program(
            *leaf("x", [1.0, 2.0]),
            op("mul", "$x", "$x", out="y"),
            method("$y", "sum", out="s"),
            method("$s", "backward"),
            method("$s", "backward"),
        ),
        "raised",
        5,
    ),
    "version_check_skipped": (
        program(
            *leaf("x", [1.0, 2.0]),
            method("$x", "exp", out="y"),
            method("$y", "add_", 1),
            method("$y", "sum", out="s"),
            method("$s", "backward"),
        ),
        "raised",
        5,
    ),
    "detach_copies": (program(bind("x", tensor([1.0, 2.0])), method("$x", "detach", out="d")), "alias", 1),
    "integers_accepted": (
        program(bind("x", tensor([1, 2], "int64")), method("$x", "requires_grad_", out="y")),
        "raised",
        1,
    ),
    "first_output_only": (
        program(
            *leaf("x", [1.0, 2.0]),
            method("$x", "sum", out="s"),
            method("$x", "prod", out="p"),
            call("torch.autograd.grad", ["$s", "$p"], "$x", out="g"),
        ),
        "value",
        4,
    ),
    "no_grad_leaks": (
        program(call("torch.no_grad", out="c"), enter("$c"), exit_("$c", Raise("ValueError", "left"))),
        "mode",
        2,
    ),
    "matmul_overwrites": (
        program(
            *leaf("x", [[1.0, 2.0], [3.0, 4.0]]),
            op("matmul", "$x", "$x", out="y"),
            method("$y", "sum", out="s"),
            method("$s", "backward"),
        ),
        "grad",
        4,
    ),
    "one_stretched_dimension": (
        program(
            *leaf("x", [[1.0]]),
            bind("y", tensor([[1.0, 2.0], [3.0, 4.0]])),
            op("mul", "$x", "$y", out="z"),
            method("$z", "sum", out="s"),
            method("$s", "backward"),
        ),
        "grad",
        5,
    ),
    "wrong_sign": (
        program(
            *leaf("x", [1.0, 2.0]),
            method("$x", "cos", out="y"),
            method("$y", "sum", out="s"),
            method("$s", "backward"),
        ),
        "grad",
        4,
    ),
}


def fake(name: str, **options: Any) -> Process:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "impl")))}
    command = [sys.executable, "-m", "conformance.subjects.child", f"tests.fakes.{name}"]
    return Process(command, name, environment=environment, **options)


@pytest.fixture(scope="module")
def right() -> InProcess:
    return oracle()


@pytest.fixture
def running() -> Iterator[Any]:
    started: list[Process] = []

    def start(name: str, **options: Any) -> Process:
        started.append(fake(name, **options))
        return started[-1]

    yield start
    for process in started:
        process.close()


def verdict(right: InProcess, subject: Process, of: Program) -> Verdict:
    return judge(of, right.run(of), subject.run(of), right)


@pytest.mark.parametrize("name", TELLING)
def test_a_fault_is_caught_by_its_facet(name: str, right: InProcess, running: Any) -> None:
    telling, facet, step = TELLING[name]
    found = verdict(right, running(name), telling)
    assert found.status == "FAIL"
    assert (facet, step) in [(difference.facet, difference.step[0]) for difference in found.differences]
    assert min(difference.step[0] for difference in found.differences if difference.level != "exact") == step


def test_a_fault_shows_only_where_it_is_used(right: InProcess, running: Any) -> None:
    assert verdict(right, running("retain_graph_ignored"), CALLS_EXP).fails("required") is False


@pytest.mark.parametrize(("name", "how"), [("exits", "exited with code 3"), ("segfaults", "killed by SIGSEGV")])
def test_a_process_that_ends_is_a_crash_of_one_program(name: str, how: str, right: InProcess, running: Any) -> None:
    subject = running(name)
    for _ in range(2):
        with pytest.raises(SubjectCrashed, match=how):
            subject.run(CALLS_SIN)
        assert not verdict(right, subject, CALLS_EXP).fails("required")


def test_a_crash_keeps_what_was_written_last(running: Any) -> None:
    with pytest.raises(SubjectCrashed) as caught:
        running("exits").run(CALLS_SIN)
    assert caught.value.code == 3
    assert "sin of torch.Size([2])\nassertion failed: x != NULL" in caught.value.stderr


def test_half_a_reply_is_a_crash(running: Any) -> None:
    with pytest.raises(SubjectCrashed, match="in the middle of a reply"):
        running("half_a_line").run(CALLS_SIN)


def test_no_answer_is_a_timeout_of_one_program(right: InProcess, running: Any) -> None:
    subject = running("never_answers", deadline=0.5)
    subject.start()
    subject.deadline = 0.5
    first = subject.pid
    with pytest.raises(SubjectTimeout, match=r"no answer within 0\.5 s"):
        subject.run(CALLS_SIN)
    subject.deadline = 10.0
    assert not verdict(right, subject, CALLS_EXP).fails("required")
    assert subject.pid != first


def test_what_a_subject_prints_does_not_disturb(right: InProcess, running: Any) -> None:
    subject = running("prints_garbage")
    for _ in range(3):
        assert not verdict(right, subject, CALLS_SIN).fails("required")


def test_a_megabyte_on_stderr_does_not_disturb(right: InProcess, running: Any) -> None:
    subject = running("loud")
    for _ in range(3):
        assert not verdict(right, subject, CALLS_SIN).fails("required")


def test_an_answer_to_another_request_is_a_crash_of_one_program(right: InProcess, running: Any) -> None:
    subject = running("wrong_number")
    with pytest.raises(SubjectCrashed, match="answered 999 to request 2"):
        subject.run(CALLS_SIN)
    assert not verdict(right, subject, CALLS_EXP).fails("required")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system does not tell of processes: no /proc")
def test_what_a_subject_started_ends_with_it(right: InProcess, running: Any) -> None:
    subject = running("forks")
    with pytest.raises(SubjectCrashed, match="exited with code 7"):
        subject.run(CALLS_SIN)
    assert not sleeping()
    assert not verdict(right, subject, CALLS_EXP).fails("required")


def sleeping() -> list[Path]:
    """The processes that `forks` starts."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if b"time.sleep(600)" in path.read_bytes():
                found.append(path)
    return found


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell of memory: no /proc")
def test_too_much_memory_is_a_crash_of_one_program(right: InProcess, running: Any) -> None:
    subject = running("eats_memory", memory=1 << 29)
    with pytest.raises(SubjectCrashed, match=r"it held more than 0\.5 GiB of memory"):
        subject.run(CALLS_SIN)
    assert not verdict(right, subject, CALLS_EXP).fails("required")


def test_a_reply_without_an_end_is_a_crash_of_one_program(
    right: InProcess, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdio, "LONGEST_REPLY", 8 << 20)
    subject = running("endless_line")
    with pytest.raises(SubjectCrashed, match="a reply of more than 8 MiB"):
        subject.run(CALLS_SIN)
    assert not verdict(right, subject, CALLS_EXP).fails("required")


def test_a_subject_that_does_not_import_says_why(running: Any) -> None:
    with pytest.raises(SubjectUnavailable) as caught:
        running("raises_on_import").start()
    assert "cannot be imported: ImportError: this machine has no accelerator" in str(caught.value)
    assert "libfast.so.3: cannot open shared object file" in str(caught.value)


def test_a_module_without_torchs_names_is_refused(running: Any) -> None:
    with pytest.raises(SubjectUnavailable, match="has no function named 'tensor'"):
        running("not_torch_like").start()


def test_restarts_have_a_limit(running: Any) -> None:
    subject = running("exits", restarts=1)
    for _ in range(2):
        with pytest.raises(SubjectCrashed):
            subject.run(CALLS_SIN)
    with pytest.raises(SubjectUnavailable, match="used up its restarts"):
        subject.run(CALLS_EXP)


def test_every_fake_is_tried_and_says_what_is_wrong() -> None:
    source = Path(__file__).read_text()
    for path in (ROOT / "tests/fakes").glob("*.py"):
        if path.stem != "base":
            assert f'"{path.stem}"' in source
            assert "Caught b" in path.read_text()
