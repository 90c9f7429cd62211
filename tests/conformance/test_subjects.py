"""Opening subjects, and the conversation with a process: every way in which it can go wrong has its own error."""

from __future__ import annotations

import gc
import importlib.metadata
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest

from conformance.program import Call, Global
from conformance.subjects import (
    InProcess,
    Process,
    SubjectCrashed,
    SubjectFailed,
    SubjectTimeout,
    SubjectUnavailable,
    limits,
    open_subject,
    opening,
    oracle,
)
from conformance.subjects.base import SubjectUnsupported, how_it_ended
from conformance.subjects.child import Settled
from conformance.subjects.inprocess import describe_module, observable
from conformance.subjects.messages import Answer, Run, Welcome, encoder, replies, requests
from conformance.trace import NotATrace, StepTrace, Trace
from tests.conformance.small_programs import bind, method, program, tensor

ONE = program(bind("x", 1))

HELLO = """
import json, os, sys, time
def read(): return json.loads(sys.stdin.readline())
def send(**message): print(json.dumps(message), flush=True)
def hello(**more): send(kind="hello", seq=read()["seq"], description={"name": "scripted"}, **more)
def answer(seq, *steps): send(kind="trace", seq=seq, trace={"format": 1, "steps": list(steps)})
"""
"""A runner in 'another language': nothing of conformance is imported."""


@pytest.fixture
def scripted() -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(script: str, **options: float) -> Process:
        command = [sys.executable, "-S", "-c", HELLO + textwrap.dedent(script)]
        started.append(Process(command, "scripted", **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for process in started:
        process.close()


def test_a_runner_in_another_language_needs_only_lines(scripted: Callable[..., Process]) -> None:
    subject = scripted("hello(); answer(read()['seq'], {'outcome': 'returned', 'result': 1})")
    assert subject.describe().name == "scripted"
    assert subject.run(ONE) == Trace(steps=(StepTrace(outcome="returned", result=1),))


def test_a_runner_may_say_that_it_does_not_do_such_programs(scripted: Callable[..., Process]) -> None:
    subject = scripted("hello(); send(kind='unsupported', seq=read()['seq'], reason='no generators')")
    with pytest.raises(SubjectUnsupported, match="no generators"):
        subject.run(ONE)


def test_a_runner_that_fails_goes_on(scripted: Callable[..., Process]) -> None:
    subject = scripted("hello(); send(kind='error', seq=read()['seq'], context='a bug of mine'); answer(read()['seq'])")
    with pytest.raises(SubjectFailed, match="a bug of mine"):
        subject.run(ONE)
    pid = subject.pid
    assert subject.run(ONE) == Trace(steps=())
    assert subject.pid == pid


def test_an_answer_to_an_earlier_request_is_passed_over(scripted: Callable[..., Process]) -> None:
    subject = scripted("hello(); seq = read()['seq']; answer(seq - 1, {'outcome': 'blocked'}); answer(seq)")
    assert subject.run(ONE) == Trace(steps=())


@pytest.mark.parametrize(
    "reply",
    ["print('not json', flush=True)", "send(kind='trace', seq=seq)", "send(kind='trace', seq=seq, trace={}, extra=1)"]
    + ["send(kind='nonsense', seq=seq)", "answer(seq + 1)", "sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush()"],
)
def test_an_answer_that_is_none_is_a_crash(scripted: Callable[..., Process], reply: str) -> None:
    subject = scripted(f"hello(); seq = read()['seq']; {reply}; time.sleep(60)")
    with pytest.raises(SubjectCrashed, match="answered"):
        subject.run(ONE)
    assert subject.pid is None


def test_a_process_that_closes_its_output_and_stays_is_a_crash(scripted: Callable[..., Process]) -> None:
    subject = scripted("hello(); read(); os.close(1); time.sleep(60)")
    with pytest.raises(SubjectCrashed, match="closed its output"):
        subject.run(ONE)


def test_a_process_that_does_not_read_is_a_timeout(scripted: Callable[..., Process]) -> None:
    large = program(bind("x", "a" * 1_000_000))
    subject = scripted("hello(); time.sleep(60)", deadline=0.3)
    with pytest.raises(SubjectTimeout):
        subject.run(large)


def test_a_process_that_others_keep_from_computing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    used, now = [0.0], [100.0]
    monkeypatch.setattr(limits, "_processor_time", lambda pid: used[0])
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    deadline = limits.Deadline(1, 10.0)
    assert deadline.left == 10.0
    used[0], now[0] = 2.0, 110.0
    assert not deadline.passed()
    assert deadline.left == 8.0
    used[0], now[0] = 10.0, 140.0
    assert deadline.passed(), "it has had its ten seconds"
    used[0], now[0] = 3.0, 160.0
    assert deadline.passed(), "there is an end to patience"


def test_a_process_that_sleeps_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(limits, "_processor_time", lambda pid: 5.0)
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    deadline = limits.Deadline(1, 10.0)
    assert deadline.left == 10.0
    now[0] = 110.0
    assert deadline.passed()


def test_a_reply_that_trickles_has_a_deadline_too(scripted: Callable[..., Process]) -> None:
    subject = scripted(
        "hello(); read()\nwhile True: os.write(1, b'x'); time.sleep(0.01)",
        deadline=0.3,
    )
    with pytest.raises(SubjectTimeout):
        subject.run(program(bind("x", 1)))


def test_large_programs_and_answers_pass(scripted: Callable[..., Process]) -> None:
    large = program(bind("x", "a" * 1_000_000))
    subject = scripted(
        "hello(); r = read(); answer(r['seq'], {'outcome': 'returned', 'result': r['program']['steps'][0]['value']})"
    )
    assert subject.run(large).steps[0].result == "a" * 1_000_000


def test_a_chatty_stderr_does_not_block_and_only_its_end_is_kept(scripted: Callable[..., Process]) -> None:
    subject = scripted(
        "hello(); read(); sys.stderr.write('x' * 1_000_000 + 'the end'); sys.stderr.flush(); os._exit(1)"
    )
    with pytest.raises(SubjectCrashed) as caught:
        subject.run(ONE)
    assert caught.value.stderr.endswith("the end")
    assert len(caught.value.stderr) <= 4096


def test_what_the_process_started_ends_with_it(scripted: Callable[..., Process], tmp_path: Path) -> None:
    subject = scripted(
        f"""
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
        hello()
        time.sleep(60)
        """,
        deadline=0.3,
    )
    with pytest.raises(SubjectTimeout):
        subject.run(ONE)
    grandchild = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while _lives(grandchild) and time.monotonic() < deadline:
        os.sched_yield()
    assert not _lives(grandchild)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("sys.stderr.write('no licence\\n'); sys.exit(5)", "did not start: exited with code 5\n    no licence"),
        ("time.sleep(60)", "did not start: no answer within"),
        ("hello(protocol=99)", "speaks protocol 99, and this torchstone 1"),
        ("answer(read()['seq'])", "answered hello with 'trace'"),
        ("send(kind='refused', seq=read()['seq'], reason='torchstone: not today')", "not today"),
    ],
)
def test_a_process_that_says_no_hello_is_unavailable(scripted: Callable[..., Process], script: str, says: str) -> None:
    with pytest.raises(SubjectUnavailable) as caught:
        scripted(script, hello_deadline=0.5 if "sleep" in script else 20.0).start()
    assert says in str(caught.value)


def test_a_command_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(SubjectUnavailable, match="cannot start"):
        Process(["/nonexistent/runner"]).start()


def test_closing_says_bye_and_waits(scripted: Callable[..., Process], tmp_path: Path) -> None:
    said = tmp_path / "said"
    subject = scripted(
        f"hello(); r = read(); open({str(said)!r}, 'w').write(r['kind']); send(kind='done', seq=r['seq'])"
    )
    subject.start()
    subject.close()
    assert said.read_text() == "bye"
    subject.close()


def test_messages_are_lines_and_come_back() -> None:
    run = Run(1, ONE)
    line = encoder.encode(run)
    assert b"\n" not in line
    assert requests.decode(line) == run
    answer = Answer(1, Trace(steps=()))
    assert replies.decode(encoder.encode(answer)) == answer
    welcome = Welcome(1, InProcess(ModuleType("m")).describe())
    assert replies.decode(encoder.encode(welcome)) == welcome


@pytest.mark.parametrize(
    ("code", "words"),
    [(3, "exited with code 3"), (-11, "killed by SIGSEGV"), (-99, "killed by signal 99"), (None, "closed its output")],
)
def test_an_end_is_said_in_words(code: int | None, words: str) -> None:
    assert how_it_ended(code).startswith(words)


# ------------------------------------------------------------------------------------------------------------- opening


@pytest.mark.parametrize("isolate", [True, False])
def test_a_module_that_is_not_there_is_said_to_be_missing(isolate: bool) -> None:
    with pytest.raises(SubjectUnavailable, match=r"no module is named 'no_such_library'; is it installed"):
        open_subject("no_such_library", isolate=isolate)


@pytest.mark.parametrize("isolate", [True, False])
def test_a_module_that_is_not_torch_like_is_told_what_it_lacks(isolate: bool) -> None:
    with pytest.raises(SubjectUnavailable) as caught:
        open_subject("json", isolate=isolate)
    assert str(caught.value).startswith(
        "torchstone: 'json' has no function named 'tensor' (needed by every case); is it torch-like?"
    )


def test_a_dependency_that_is_missing_is_not_mistaken_for_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_more.py").write_text("import no_such_dependency")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        SubjectUnavailable, match=r"'needs_more' cannot be imported: No module named 'no_such_dependency'"
    ):
        open_subject("needs_more", isolate=False)


def test_the_oracle_is_the_pinned_pytorch_and_runs_in_one_thread() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(2)
    subject = oracle()
    assert subject.describe().version.partition("+")[0] == opening.ORACLE_VERSION
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize(
    ("version", "accepted"), [("2.13.0", True), ("2.13.0+cpu", True), ("2.12.1", False), ("1.13.1", False)]
)
def test_another_version_is_no_oracle(version: str, accepted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("torch")
    other.__version__ = version  # type: ignore[attr-defined]
    other.Tensor = type("Tensor", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", other)
    if accepted:
        assert oracle().describe().version == version
    else:
        with pytest.raises(SubjectUnavailable, match=rf"{version} is installed; pip install torch==2\.13\.0"):
            oracle()


def test_that_the_oracle_is_installed_is_told_without_importing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "import sys; from conformance.subjects.opening import require_oracle; require_oracle()"
    told += "; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.13.1")
    with pytest.raises(SubjectUnavailable, match=r"1\.13\.1 is installed; pip install torch==2\.13\.0"):
        opening.require_oracle()


def test_without_pytorch_the_oracle_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SubjectUnavailable, match=r"pip install torch==2\.13\.0, or .*--oracle recorded.*-k random/"):
        oracle()


def test_the_child_explains_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance.subjects.child"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "usage:" in done.stderr


class _Bare:
    """A tensor of a library without a graph, whose gradient is set on instances only."""

    def __init__(self, values: object) -> None:
        self.values, self.grad = values, None

    requires_grad = True
    is_leaf = True
    _version = 0

    def stride(self) -> tuple[int, ...]:
        return (1,)


def test_a_module_that_lacks_an_attribute_declares_the_facet_as_not_observable() -> None:
    library = ModuleType("barelib")
    library.Tensor, library.tensor, library.is_grad_enabled = _Bare, _Bare, lambda: True  # type: ignore[attr-defined]
    facets = describe_module(library, "barelib").facets
    assert "graph" not in facets
    assert {"grad", "version", "stride", "mode", "value"} <= set(facets)


def test_a_complete_module_declares_no_lack() -> None:
    torch = pytest.importorskip("torch")
    assert describe_module(torch, "torch").facets == ()


def test_the_deadline_may_be_said_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHSTONE_DEADLINE", "0.25")
    assert Process(["true"]).deadline == 0.25
    for wrong in ("soon", "-1", "nan", "inf"):
        monkeypatch.setenv("TORCHSTONE_DEADLINE", wrong)
        with pytest.raises(SubjectUnavailable, match="TORCHSTONE_DEADLINE"):
            Process(["true"])


def test_sizes_of_numpy_are_sizes() -> None:
    """A library that counts with NumPy once ended the process: they are no numbers of JSON."""

    class Tensor:
        shape, dtype = (np.int64(2),), np.dtype("float32")

        def numpy(self) -> Any:
            return np.zeros(2, "f4")

    module = ModuleType("sizes")
    module.__dict__.update(Tensor=Tensor, tensor=lambda *_, **__: Tensor(), float32=Tensor.dtype, make=Tensor)
    made = Call(function=Global("torch.make"), args=(), out="x")
    (step,) = InProcess(module).run(program(made)).steps
    assert encoder.encode(Answer(1, Trace(steps=(step,))))
    assert step.changes["x"].shape == (2,)


def test_a_module_that_prints_its_tensors_otherwise_is_not_asked_for_their_texts() -> None:
    class Tensor:
        def __init__(self, data: object) -> None:
            self.data = data

        def __repr__(self) -> str:
            return f"Tensor({self.data})"

    module = ModuleType("module")
    module.Tensor = module.tensor = Tensor  # type: ignore[attr-defined]
    assert "repr" not in observable(module)
    Tensor.__repr__ = lambda self: "tensor([1.])"  # type: ignore[method-assign]
    assert "repr" in observable(module)


@pytest.mark.parametrize(
    "array",
    [
        {"dtype": "object", "shape": [1], "data": "AAAAAAAAAAA="},
        {"dtype": "float32", "shape": [2], "data": "AACAPw=="},
        {"dtype": "float32", "shape": [-1, -1], "data": "AACAPw=="},
    ],
    ids=["no dtype", "too few bytes", "a negative size"],
)
def test_an_answer_with_what_is_no_array_is_no_answer(array: dict[str, object]) -> None:
    answer = {"format": 1, "steps": [{"outcome": "returned", "changes": {"x": {"value": array}}}]}
    with pytest.raises(NotATrace, match=r"no (dtype|float32)"):
        Trace.from_json(msgspec.json.encode(answer))


def test_a_tensor_of_objects_has_no_elements_to_compare() -> None:
    """What NumPy makes of numbers and tensors in one array are addresses."""

    class Tensor:
        def __init__(self, data: object) -> None:
            self.data = np.asarray(data)

        shape = property(lambda self: self.data.shape)
        dtype = property(lambda self: self.data.dtype)

        def numpy(self) -> object:
            return self.data

        def mix(self) -> object:
            return Tensor(np.array([1.0, None], dtype=object))

    module = ModuleType("module")
    module.Tensor, module.float32 = Tensor, np.dtype("float32")  # type: ignore[attr-defined]
    module.tensor = lambda data, dtype=None: Tensor(np.asarray(data, dtype))  # type: ignore[attr-defined]
    trace = InProcess(module).run(program(bind("x", tensor([1.0])), method("$x", "mix", out="y")))
    assert trace.steps[0].changes["x"].dtype == "float32"
    assert trace.steps[1].changes["y"].dtype is msgspec.UNSET
    assert trace.steps[1].changes["y"].value is msgspec.UNSET


def test_what_a_program_imported_is_kept_out_of_the_garbage_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    settled = Settled()
    settled.look()
    gc.unfreeze()
    settled.look()
    assert not gc.get_freeze_count()  # nothing was imported
    monkeypatch.setitem(sys.modules, "imported_by_a_program", ModuleType("imported_by_a_program"))
    settled.look()
    assert gc.get_freeze_count()
    gc.unfreeze()


def test_a_trace_is_told_by_its_text_alone_if_the_process_is_ours(scripted: Callable[..., Process]) -> None:
    opened = open_subject("torch")
    assert isinstance(opened, Process)
    trace = opened.run(ONE)
    assert opened.text(ONE) == trace.to_json()
    assert opened.run_unless(ONE, trace.to_json()) is None
    assert opened.run_unless(ONE, trace.to_json()[:-1]) == trace
    opened.close()
    # Another may write it as it likes: with what this text has not, or in another order.
    other = scripted("hello(); answer(read()['seq'], {'outcome': 'returned', 'result': 1, 'reason': ''})")
    assert other.text(ONE) == Trace(steps=(StepTrace(outcome="returned", result=1),)).to_json()


def test_who_was_stopped_while_it_waited_finds_the_answer(scripted: Callable[..., Process]) -> None:
    process = scripted("hello(); answer(read()['seq'])", deadline=0.3)
    process.start()
    child = process._child
    assert child is not None
    select, looks = child._selector.select, iter(range(2))

    def stopped(timeout: float | None = None) -> Any:
        if next(looks, None) is None:
            return select(timeout)
        time.sleep(0.4)
        return []

    child._selector.select = stopped  # type: ignore[method-assign]
    assert process.run(ONE) == Trace(steps=())
