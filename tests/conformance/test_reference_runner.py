"""The runner that stands alone: what it writes of a program is what the interpreter writes, as far as it can see."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conformance.cases import catalogue
from conformance.judging.compare import compare
from conformance.program import TensorLiteral
from conformance.recorder import record
from conformance.subjects import SubjectUnavailable, open_subject
from conformance.subjects.opening import RUNNER

EVERY = 9
"""One case in so many is tried; which ones changes with every case that is added."""


BEYOND = {"a generator", "what is seen of an ndarray", "builtins.format"}
"""What this runner does not do, beside some of Python's modules."""

X = TensorLiteral(dtype="float32", shape=(2,), data=np.array([1.0, 2.0], "<f4").tobytes())


@pytest.fixture(scope="module")
def runner():
    opened = open_subject(f"numtorch@{sys.executable}")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def interpreter():
    # Not in this process, where pytest has warning filters of its own.
    opened = open_subject("numtorch")
    yield opened
    opened.close()


@pytest.mark.parametrize("name", sorted(catalogue())[::EVERY])
def test_traces_are_those_of_the_interpreter(runner, interpreter, name):
    program = catalogue()[name].example(seed=1)
    theirs, ours = runner.run(program), interpreter.run(program)
    lacking = {
        their.reason
        for their, our in zip(theirs.steps, ours.steps, strict=True)
        if their.outcome == "unsupported" and our.outcome != "unsupported"
    }
    # What it cannot do is said by name; all else is alike.
    assert {
        reason for reason in lacking if not reason.startswith(("numpy.", "io.", "threading.", "collections."))
    } <= BEYOND
    assert lacking or not compare(ours, theirs, runner.describe().facets)


def test_a_program_leaves_nothing_to_the_next(runner, interpreter):
    def leave(torch):
        torch.set_grad_enabled(False)
        torch.set_anomaly_enabled(True)
        torch.set_default_dtype(torch.float64)
        torch.autograd.forward_ad.enter_dual_level()

    def look(torch):
        torch.is_grad_enabled()
        torch.is_anomaly_enabled()
        torch.get_default_dtype()
        torch.autograd.forward_ad.enter_dual_level()
        torch.tensor(1.0).std()

    left, looked = record(leave, {}), record(look, {})
    for subject in (runner, interpreter):
        subject.run(left)
    # What PyTorch warns of once a process is said every time.
    again = [runner.run(looked) for _ in range(2)]
    assert again[0] == again[1]
    assert not compare(interpreter.run(looked), again[0], runner.describe().facets)


def test_errors_get_their_code_from_the_harness(runner):
    def case(torch, x):
        y = x.requires_grad_().exp()
        y.sum().backward()
        y.sum().backward()

    (failed,) = [step for step in runner.run(record(case, {"x": X})).steps if step.outcome == "raised"]
    assert failed.error.code == "graph_freed"


def test_it_is_one_file_of_python_3_8_that_imports_the_standard_library_alone():
    tree = ast.parse(Path(RUNNER).read_text(), feature_version=(3, 8))
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert imported <= set(sys.stdlib_module_names)


def test_a_module_that_is_not_torch_like_is_refused():
    with pytest.raises(SubjectUnavailable, match="json has no tensor: is it torch-like"):
        open_subject(f"json@{sys.executable}")


def test_a_python_that_is_not_there_is_one_sentence():
    with pytest.raises(SubjectUnavailable, match="cannot start 'torch@/no/such/python'"):
        open_subject("torch@/no/such/python")


def test_a_command_is_a_subject(tmp_path):
    quoted = f"stdio:{sys.executable} {RUNNER} numtorch"
    opened = open_subject(quoted)
    try:
        assert opened.describe().name == "numtorch"
    finally:
        opened.close()


def test_what_it_prints_beside_its_answers_goes_to_stderr(tmp_path):
    (tmp_path / "loud.py").write_text("import numtorch\nglobals().update(vars(numtorch))\nprint('hello')\n")
    requests = [{"kind": "hello", "seq": 1}, {"kind": "dance", "seq": 2}, {"kind": "bye", "seq": 3}]
    text = "not json\n" + "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run(
        [sys.executable, RUNNER, "loud"],
        input=text,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=_environment(tmp_path),
    )
    assert done.returncode == 0
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["kind"] for answer in answers] == ["error", "hello", "error", "done"]
    assert done.stderr == "hello\n"


def _environment(folder):
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
