"""Checks a runner before any verdict on the library: does it speak the protocol, and write traces as they are specified?

Each check is one sentence and a small program; what is wrong is told in the words of docs/trace.md and docs/program.md. A check
of something that the subject says it does not observe is left out. Nothing here is about PyTorch: no oracle is asked.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from msgspec import UNSET

from conformance.interpreter.namespace import DTYPES
from conformance.journal import Description
from conformance.program import (
    Bind,
    Call,
    Enter,
    Float,
    Function,
    Get,
    Global,
    Method,
    Operator,
    Program,
    Ref,
    Step,
    TensorLiteral,
)
from conformance.subjects import Process, Subject, SubjectError, SubjectUnavailable, open_subject
from conformance.trace import FACETS, StepTrace, TensorSeen, Trace


class Wrong(Exception):
    """What a runner does otherwise than specified. The text is for its author."""


@dataclass(frozen=True)
class Finding:
    """What became of one check."""

    sentence: str
    says: OneOf["ok", "wrong", "left out"]
    note: str = ""


Check = Callable[["Patient"], None]

CHECKS: list[tuple[Check, tuple[str, ...]]] = []
"""Every check, and the facets that the subject must observe for it to make sense."""


def check(*facets: str) -> Callable[[Check], Check]:
    """Enters a check. Its docstring is the sentence."""

    def enter(function: Check) -> Check:
        CHECKS.append((function, facets))
        return function

    return enter


def examine(name: str) -> Iterator[Finding]:
    """Runs every check on a subject, one finding after the other. Raises SubjectUnavailable if it does not even start."""
    subject = open_subject(name)
    try:
        patient = Patient(subject)
        for function, facets in CHECKS:
            sentence = (function.__doc__ or "").strip()
            missing = [facet for facet in facets if facet not in patient.facets]
            if missing:
                yield Finding(sentence, "left out", f"it does not observe {', '.join(missing)}")
                continue
            try:
                function(patient)
            except Wrong as wrong:
                yield Finding(sentence, "wrong", str(wrong))
            except SubjectUnavailable:
                raise
            except SubjectError as error:
                yield Finding(sentence, "wrong", f"it did not answer: {error}")
            else:
                yield Finding(sentence, "ok")
    finally:
        subject.close()


class Patient:
    """A subject under examination."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.description: Description = subject.describe()
        self.facets = frozenset(self.description.facets or FACETS)
        # One that has doubles alone is told so once, and not by every check.
        self.code = next((code for code in CODES if self._binds(code)), "f")
        self.x = Bind(out="x", value=self.tensor(1.0, 2.0))

    def _binds(self, code: str) -> bool:
        try:
            (step,) = self.run(Bind(out="x", value=_tensor((1.0,), (1,), code)))
        except (Wrong, SubjectError):
            return False  # The checks say what is wrong.
        return step.outcome == "returned"

    def tensor(self, *numbers: float, shape: tuple[int, ...] | None = None) -> TensorLiteral:
        return _tensor(numbers, (len(numbers),) if shape is None else shape, self.code)

    def run(self, *steps: Step, seed: int = 0) -> tuple[StepTrace, ...]:
        """The traces of these steps, of which there are as many. Raises Wrong if there are not."""
        trace: Trace = self.subject.run(Program(steps=steps, seed=seed))
        if len(trace.steps) != len(steps):
            raise Wrong(f"a program of {len(steps)} steps has a trace of {len(trace.steps)}")
        return trace.steps


CODES = {"f": "float32", "d": "float64"}
"""The dtypes that the checks are made with, the first of them that the subject has."""


def _tensor(numbers: Sequence[float], shape: tuple[int, ...], code: str) -> TensorLiteral:
    return TensorLiteral(dtype=CODES[code], shape=shape, data=struct.pack(f"<{len(numbers)}{code}", *numbers))


def _expect(what: bool, otherwise: str) -> None:
    if not what:
        raise Wrong(otherwise)


# ----------------------------------------------------------------------------------------------------------- the checks


@check()
def _describes_itself(patient: Patient) -> None:
    """It says who it is and what it observes."""
    said = patient.description
    _expect(bool(said.name), "the description has no name")
    _expect(
        bool(said.version),
        "the description has no version (of a Python module: `__version__`), so that two runs cannot be told apart",
    )
    unknown = [facet for facet in said.facets if facet not in FACETS]
    _expect(not unknown, f"unknown facets: {', '.join(unknown)}; there are {', '.join(FACETS)}")


@check()
def _empty_program(patient: Patient) -> None:
    """A program without steps has a trace without steps."""
    patient.run()


@check("value")
def _tensors_are_seen(patient: Patient) -> None:
    """A tensor is observed under the name that it is bound to, with all that is new about it."""
    (step,) = patient.run(Bind(out="x", value=_tensor((1.0, 2.0), (2,), "f")))
    hint = (
        "; one of doubles alone gives them both names and leaves `dtype` out of its facets (`torchstone docs subjects`)"
    )
    _expect(
        step.outcome == "returned",
        f"binding a float32 tensor is {step.outcome} ({step.reason or step.error})"
        + (hint if patient.code == "d" else ""),
    )
    _expect(
        "x" in step.changes, f"after `x = tensor([1., 2.])` the changes are of {', '.join(step.changes) or 'nothing'}"
    )
    change = step.changes["x"]
    fields = {"value": "value", "dtype": "dtype", "shape": "shape", "stride": "stride", "version": "version"}
    fields |= {"requires_grad": "requires_grad", "is_leaf": "is_leaf"}
    absent = [facet for facet, field in fields.items() if facet in patient.facets and getattr(change, field) is UNSET]
    _expect(not absent, f"it says that it observes {', '.join(absent)}, and writes nothing of it for a new tensor")


@check("value")
def _bits_survive(patient: Patient) -> None:
    """The elements of a tensor come back with every bit: signs of zero, infinities, the smallest numbers."""
    for dtype, code, numbers in (
        ("float32", "f", (1.0, -0.0, float("inf"), -float("inf"), 1e-45, 3.4e38)),
        ("float64", "d", (1.0, -0.0, float("inf"), 5e-324)),
        ("int64", "q", (0, -1, 2**63 - 1)),
        ("bool", "?", (True, False)),
    ):
        data = struct.pack(f"<{len(numbers)}{code}", *numbers)
        (step,) = patient.run(Bind(out="x", value=TensorLiteral(dtype=dtype, shape=(len(numbers),), data=data)))
        if step.outcome == "unsupported":
            continue
        value = step.changes["x"].value if "x" in step.changes else UNSET
        _expect(value is not UNSET, f"a tensor of {dtype} has no value")
        assert value is not UNSET
        if value.dtype != dtype and "dtype" not in patient.facets:
            continue  # Another dtype stands for it.
        _expect(value.dtype == dtype, f"a tensor of {dtype} comes back as {value.dtype}")
        _expect(value.data == data, f"elements of {dtype} come back as {value.data.hex()}, not {data.hex()}")


@check("value")
def _shapes_survive(patient: Patient) -> None:
    """Tensors without dimensions and without elements keep their shapes, or are unsupported."""
    for shape in ((), (0,), (2, 0), (1, 2)):
        count = 1
        for size in shape:
            count *= size
        (step,) = patient.run(Bind(out="x", value=patient.tensor(*range(count), shape=shape)))
        if step.outcome == "unsupported":
            continue
        value = step.changes["x"].value if "x" in step.changes else UNSET
        _expect(value is not UNSET and value.shape == shape, f"a tensor of shape {shape} comes back as {value}")


@check("value")
def _only_changes_are_written(patient: Patient) -> None:
    """What has not changed since the step before is not written again."""
    # Not the last step, after which texts are written as well.
    _, step, _ = patient.run(patient.x, Operator(operator="add", args=(Ref("x"), 1), out="y"), Bind(out="z", value=1))
    if step.outcome == "returned":
        _expect("y" in step.changes, "the result of `y = x + 1` is not among the changes")
        _expect("x" not in step.changes, "after `y = x + 1` the changes have x, in which nothing is new")


@check()
def _dropped_names_are_gone(patient: Patient) -> None:
    """A name in `drops` is let go as its step runs, and reading it later is blocked."""
    drop = Operator(operator="add", args=(Ref("x"), 1), out="y", drops=("x",))
    _, _, step = patient.run(patient.x, drop, Bind(out="z", value=Ref("x")))
    _expect(step.outcome == "blocked", f"a step that reads a dropped name is {step.outcome}, not blocked")


@check()
def _unknown_names_are_unsupported(patient: Patient) -> None:
    """A function that the library lacks is unsupported, with its name as the reason, and what needs its result does not run."""
    call = Call(function=Global("torch.no_such_function"), args=(Ref("x"),), out="y")
    _, step, after = patient.run(patient.x, call, Operator(operator="add", args=(Ref("y"), 1), out="z"))
    _expect(step.outcome == "unsupported", f"torch.no_such_function(x) is {step.outcome}, not unsupported")
    _expect(bool(step.reason), "an unsupported step gives no reason: the name that is missing")
    # A runner may end there: then everything behind is unsupported for the same reason.
    _expect(
        after.outcome in ("blocked", "unsupported"), f"a step that needs its result is {after.outcome}, not blocked"
    )


@check("raised")
def _errors_are_recorded(patient: Patient) -> None:
    """A step that raises is recorded as raised, and the program goes on."""
    # Two, since a library may take one of them: Paddle adds a text to a tensor, and nothing happens.
    wrong = (
        Operator(operator="add", args=(Ref("x"), "a"), out="y"),
        Method(self=Ref("x"), name="reshape", args=(7,), out="y"),
    )
    outcomes = []
    for mistake in wrong:
        _, step, after = patient.run(patient.x, mistake, Bind(out="z", value=patient.tensor(3.0)))
        outcomes.append(step.outcome)
        if step.outcome == "raised":
            _expect(step.error is not None, "a step that raised has no `error`")
            _expect(after.outcome == "returned", f"after a step that raised, the next is {after.outcome}")
    _expect(
        "raised" in outcomes or outcomes == ["unsupported"] * len(wrong),
        f"`x + 'a'` is {outcomes[0]} and `x.reshape(7)` is {outcomes[1]}; neither is raised",
    )


@check()
def _results_are_said(patient: Patient) -> None:
    """A result that is no tensor is written as the `result` of its step."""
    _, step = patient.run(patient.x, Get(self=Ref("x"), name="ndim", out="n"))
    if step.outcome == "returned":
        _expect(step.result == 1, f"the result of `x.ndim` is {step.result!r}, not 1")


@check("alias")
def _shared_memory(patient: Patient) -> None:
    """Names that share memory stand together in `alias`."""
    _, step = patient.run(patient.x, Method(self=Ref("x"), name="view", args=(-1,), out="y"))
    if step.outcome == "returned":
        _expect(step.alias == (("x", "y"),), f"after `y = x.view(-1)` alias is {step.alias}")


@check("identity")
def _one_object(patient: Patient) -> None:
    """Names of one object stand together in `identity`."""
    _, step = patient.run(patient.x, Bind(out="y", value=Ref("x")))
    _expect(step.identity == (("x", "y"),), f"after `y = x` identity is {step.identity}")


@check("hooks")
def _calls_are_recorded(patient: Patient) -> None:
    """A call of a function of the program is recorded with the step that caused it, and with the trace of its own steps."""
    hook = Function(
        name="hook", parameters=("g",), steps=(Operator(operator="mul", args=(Ref("g"), 2), out="h"),), result=Ref("h")
    )
    # Not of the tensor that backward begins at: candle calls such a hook twice, and that is not its runner's doing.
    steps = (
        Bind(out="x", value=patient.tensor(1.0)),
        Method(self=Ref("x"), name="requires_grad_", out="a"),
        Method(self=Ref("x"), name="register_hook", args=(hook,)),
        Operator(operator="mul", args=(Ref("x"), 3), out="y"),
        Method(self=Ref("y"), name="backward"),
    )
    trace = patient.run(*steps)
    if all(step.outcome == "returned" for step in trace):
        calls = trace[-1].calls
        _expect(len(calls) == 1 and calls[0].function == "hook", f"a hook that ran once is recorded {len(calls)} times")
        _expect(len(calls[0].steps) == 1, f"its body of one step has a trace of {len(calls[0].steps)}")


@check("value", "grad")
def _gradients_are_tensors(patient: Patient) -> None:
    """What `x.grad` gives is a tensor, and what `y.backward(g)` takes is one, too."""
    *before, step, read = patient.run(
        Bind(out="x", value=patient.tensor(2.0, shape=())),
        Method(self=Ref("x"), name="requires_grad_", out="a"),
        Operator(operator="mul", args=(Ref("x"), 3), out="y"),
        Bind(out="g", value=patient.tensor(1.0, shape=())),
        Method(self=Ref("y"), name="backward", args=(Ref("g"),)),
        Get(self=Ref("x"), name="grad", out="h"),
    )
    if any(each.outcome != "returned" for each in before) or step.outcome == "unsupported":
        return
    raised = "nothing" if step.error is None else f"{step.error.type}: {step.error.message}"
    _expect(step.outcome == "returned", f"`y.backward(g)`, g being a tensor as y is, raises {raised}")
    _expect(
        isinstance(read.result, TensorSeen),
        "after `y.backward(g)` what `x.grad` gives is no tensor; whose engine keeps arrays wraps them, by a property",
    )


@check("mode")
def _fresh_state(patient: Patient) -> None:
    """A program that leaves a mode entered does not change the next one."""
    first = patient.run(patient.x)
    patient.run(Call(function=Global("torch.no_grad"), out="c"), Enter(context=Ref("c")))
    again = patient.run(patient.x)
    _expect(
        first == again, f"after a program that left no_grad entered, modes are {again[0].mode}, not {first[0].mode}"
    )


@check()
def _same_answer_twice(patient: Patient) -> None:
    """The same program has the same trace every time."""
    steps = (patient.x, Operator(operator="mul", args=(Ref("x"), Float("0.1")), out="y"))
    _expect(patient.run(*steps) == patient.run(*steps), "two runs of `y = x * 0.1` differ")


@check()
def _unknown_dtypes(patient: Patient) -> None:
    """A dtype that the library lacks is unsupported, and no error of the runner."""
    for dtype in DTYPES:
        size = {"complex128": 16, "complex64": 8, "complex32": 4, "bfloat16": 2, "bool": 1}.get(dtype)
        size = size or int("".join(filter(str.isdigit, dtype))) // 8
        (step,) = patient.run(Bind(out="x", value=TensorLiteral(dtype=dtype, shape=(1,), data=bytes(size))))
        _expect(step.outcome in ("returned", "unsupported"), f"a tensor of {dtype} is {step.outcome}: {step.error}")


@check()
def _ends_when_told(patient: Patient) -> None:
    """It answers bye, and a new process does as the first did."""
    first = patient.run(patient.x)
    if isinstance(patient.subject, Process):
        _expect(patient.subject.end(), "it does not answer bye with done")
        _expect(patient.run(patient.x) == first, "a new process answers otherwise")
