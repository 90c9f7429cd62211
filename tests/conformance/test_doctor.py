"""torchstone doctor: a sound runner passes every check, and each check finds a runner that is wrong in just that."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.commands.doctor import CHECKS, examine
from conformance.subjects import SubjectUnavailable
from conformance.subjects.opening import RUNNER


@pytest.mark.parametrize("subject", ["numtorch", f"numtorch@{sys.executable}"])
def test_sound_runners_are_sound(subject):
    findings = list(examine(subject))
    assert len(findings) == len(CHECKS)
    assert {finding.says for finding in findings} == {"ok"}, [f for f in findings if f.says != "ok"]


BROKEN = {
    "It says who": 'reply["description"]["version"] = ""',
    "A program without steps": 'trace["steps"].append({"outcome": "returned"})',
    "A tensor is observed under": '[step.get("changes", {}).get("x", {}).pop("stride", 0) for step in trace["steps"]]',
    "The elements of a tensor": '[c.get("value", {}).update(data="AAAAAA==") for s in steps for c in changes(s)]',
    "Tensors without dimensions": '[c["value"].update(shape=[1]) for s in steps for c in changes(s) if c["shape"] == []]',
    "What has not changed": 'steps[1:] and steps[1].setdefault("changes", {}).setdefault("x", {"version": 0})',
    "A name in `drops`": '[s.update(outcome="returned") for s in steps if s["outcome"] == "blocked"]',
    "A function that the library lacks": '[s.update(outcome="raised") for s in steps if s["outcome"] == "unsupported"]',
    "A step that raises": '[s.pop("error", 0) for s in steps]',
    "A result that is no tensor": '[s.update(result=None) for s in steps if s.get("result") == 1]',
    "Names that share memory": '[s.pop("alias", 0) for s in steps]',
    "Names of one object": '[s.pop("identity", 0) for s in steps]',
    "A call of a function": '[s.update(calls=s["calls"] * 2) for s in steps if s.get("calls")]',
    "What `x.grad` gives": '[s.update(result=None) for s in steps[-1:] if "h" in str(s.get("result"))]',
    "A program that leaves a mode": '[s["mode"].update(grad=count(state) % 4 < 2) for s in steps[:1] if "mode" in s]',
    "The same program has the same": "[s.update(reason=str(count(state))) for s in steps]",
    "A dtype that the library lacks": '[s.update(outcome="raised") for s in steps if "complex32" in s.get("reason", "")]',
    "It answers bye": 'reply.clear() if reply["kind"] == "done" else None',
}
"""For every check, by how its sentence begins: a change to the reference runner's answers that it must find."""


@pytest.fixture
def broken(tmp_path):
    def make(change):
        answering = "        replies.write(json.dumps(reply"
        text = Path(RUNNER).read_text().replace(answering, "        spoil(reply, state)\n" + answering)
        spoil = f"""
def changes(step):
    return list(step.get("changes", {{}}).values())


def count(state):
    state["count"] = state.get("count", 0) + 1
    return state["count"]


def spoil(reply, state):
    trace = reply.get("trace", {{"steps": []}})
    steps = trace["steps"]
    if {("trace" in change or "steps" in change)!r} and reply["kind"] != "trace":
        return
    if {"description" in change!r} and reply["kind"] != "hello":
        return
    {change}


if __name__ == "__main__":"""
        file = tmp_path / "broken.py"
        file.write_text(text.replace('\nif __name__ == "__main__":', spoil))
        return f"stdio:{sys.executable} {file} numtorch"

    return make


@pytest.mark.parametrize("sentence", BROKEN)
def test_each_check_finds_the_runner_that_is_wrong_in_it(broken, sentence):
    findings = list(examine(broken(BROKEN[sentence])))
    (found,) = [finding for finding in findings if finding.sentence.startswith(sentence)]
    assert found.says == "wrong"
    assert found.note


def test_a_mistake_that_a_library_takes_is_not_the_runners(broken):
    # Paddle returns what x + 'a' is.
    taken = '[s.update(outcome="returned", error=None) for s in steps if "str" in str(s.get("error"))]'
    assert [finding for finding in examine(broken(taken)) if finding.says == "wrong"] == []


def test_every_check_has_a_broken_runner():
    sentences = [function.__doc__.strip() for function, _ in CHECKS]
    assert [s for s in sentences if not any(s.startswith(b) for b in BROKEN)] == []


DOUBLES = """
import numpy as np

__version__ = "1"
__torchstone_description__ = {"facets": ["value", "shape", "raised"], "features": ["add"]}
float64 = np.dtype("float64")


class Tensor:
    def __init__(self, data):
        self.data = np.asarray(data, dtype=float)
        self.shape, self.dtype = self.data.shape, float64

    def numpy(self):
        return self.data

    def __add__(self, other):
        return Tensor(self.data + other)


def tensor(data, dtype=None):
    return Tensor(data)
"""


def test_an_engine_of_doubles_is_told_once_how_it_takes_part(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    Path("doubles.py").write_text(DOUBLES)
    (wrong,) = [finding for finding in examine("doubles") if finding.says == "wrong"]
    assert "gives them both names" in wrong.note
    Path("both_names.py").write_text(DOUBLES + "\nfloat32 = float64\n")
    assert {finding.says for finding in examine("both_names")} == {"ok", "left out"}


TAPE = """
import numpy as np

__version__ = "1"
__torchstone_description__ = {"facets": ["value", "shape", "grad", "raised"], "features": ["backward", "tape", "mul"]}
float32 = float64 = np.dtype("float64")


class Tensor:
    def __init__(self, data, requires_grad=False, way=None):
        self.data = np.asarray(data, dtype=float)
        self.shape, self.dtype = self.data.shape, float64
        self.requires_grad, self.way, self.grad = requires_grad, way, None

    def numpy(self):
        return self.data

    def requires_grad_(self):
        self.requires_grad = True
        return self

    def __mul__(self, other):
        return Tensor(self.data * other, self.requires_grad, (self, other))

    def backward(self, gradient):
        source, factor = self.way
        source.grad = GRADIENT


def tensor(data, dtype=None, requires_grad=False):
    return Tensor(data, requires_grad)
"""


@pytest.mark.parametrize(
    ("gradient", "note"),
    [
        ("gradient.data * factor", "gives is no tensor"),
        ("gradient[()] * factor", "raises"),
        ("gradient * factor", None),
    ],
)
def test_an_engine_that_keeps_arrays_as_gradients_is_told_so(tmp_path, monkeypatch, gradient, note):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    Path("arrays.py").write_text(TAPE.replace("GRADIENT", gradient))
    findings = {finding.sentence: finding for finding in examine("arrays")}
    found = findings["What `x.grad` gives is a tensor, and what `y.backward(g)` takes is one, too."]
    assert found.says == ("wrong" if note else "ok")
    assert (note or "") in found.note


def test_what_is_not_observed_is_left_out(broken):
    change = 'reply["description"].update(facets=["value", "raised"])'
    says = {finding.sentence.split(" ")[0]: finding.says for finding in examine(broken(change))}
    assert says["Names"] == "left out"
    assert json.dumps(sorted(set(says.values()))) == '["left out", "ok"]'


def test_a_runner_that_does_not_start_is_one_sentence():
    with pytest.raises(SubjectUnavailable, match="cannot start"):
        list(examine("stdio:/no/such/command"))


@pytest.mark.parametrize(
    ("subject", "code", "line"),
    [
        ("numtorch", 0, "numtorch: the module is sound"),
        ("stdio:/no/such/command", 2, "torchstone: cannot start"),
    ],
)
def test_the_command_says_so_and_its_exit_code_too(subject, code, line):
    done = subprocess.run([sys.executable, "-m", "conformance", "doctor", subject], capture_output=True, text=True)
    assert done.returncode == code
    assert line in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_runner_is_exit_code_1(broken):
    subject = broken(BROKEN["A program without steps"])
    done = subprocess.run([sys.executable, "-m", "conformance", "doctor", subject], capture_output=True, text=True)
    assert done.returncode == 1
    assert "✗ A program without steps has a trace without steps." in done.stdout
    assert "to mend in the runner" in done.stdout
