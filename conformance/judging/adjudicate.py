"""Who is wrong about a gradient: the subject, the oracle, or nobody. Asked of the function itself, by finite differences.

The program up to the backward is a function of the leaf in question. It is run in float64, on the oracle, with the leaf moved a
little to either side in a few random directions, and the slope is compared with what each side said.

subject      the oracle's gradient is the slope, and the subject's is not
oracle       the other way round
convention   the function has a kink there: left and right slopes differ however near one looks, and any answer is a choice
unstable     the slope does not settle (overflow, a function that jumps), or neither answer is it
unjudged     it is not the slope that either side was to give: something in the program stands between a function and its
             gradient (detach, a hook, a Function of the program's own, a grad mode), or the leaf is no literal

Of a gradient that was made with create_graph the slope is one of gradients: where the program differentiates such a one again,
the differences are those of the first gradient.

Three witnesses are heard, each of which knows less of the others than one would think:

differences    central ones at two distances, extrapolated (Richardson): exact to seven digits, and they know no formula
complex step   the imaginary part of the function a tiny way off the real line: exact to all digits, but for analytic functions
               alone; heard where it agrees with the differences, and then it takes their place
forward mode   the oracle's own tangents: other formulas than those of its backward; heard where the differences do not settle

Only the oracle computes here; a function value that it gets wrong itself would mislead.

One difference in what is raised is judged, too: where the oracle fails an assertion of its own code ("INTERNAL ASSERT FAILED …
please report a bug to PyTorch") it says itself who is wrong. And where a program ends the oracle's process there is no
difference: `CRASHED` is what campaigns say of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal as OneOf

import msgspec
import numpy as np

from conformance.judging.double import array_at, to_double
from conformance.judging.verdict import Difference
from conformance.numbers import EPSILON, elements
from conformance.program import (
    Bind,
    Call,
    Class,
    Enter,
    Exit,
    Function,
    Get,
    Global,
    List,
    Method,
    Operand,
    Operator,
    Program,
    Ref,
    Set,
    Step,
    TensorLiteral,
    Tuple,
    operands,
    walk,
)
from conformance.subjects.base import Subject, SubjectError
from conformance.trace import Trace

Says = OneOf["subject", "oracle", "convention", "unstable", "unjudged"]

STEP = 1e-4
"""How far the leaf is moved, relative to its size: the error of a central difference is its square, 1e-8, and rounding adds
1e-12. A kink that is nearer than this is one."""

DIRECTIONS = 3
"""A wrong gradient is orthogonal to three random directions only if it is made for it."""

_FORWARD = "torch.autograd.forward_ad"

TOLERANCE = 64.0
"""Units in the last place of the gradient's own dtype, on top of what the differences leave open (1e-6): an answer in float32
that is right is nearer than that, and a wrong formula is not."""


ADJUDICATED = ("value", "grad", "raised")
"""The facets of which `adjudicate` may have a word to say."""

ASSERTION = "it fails an assertion of its own, which it asks to be reported as a bug"

CRASH = "the program ends its process"


class Adjudication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is wrong, and what it was told from."""

    says: Says
    note: str = ""

    def __str__(self) -> str:
        if self.note in (ASSERTION, CRASH):
            return f"the oracle is wrong: {self.note}"
        words = {
            "subject": "the subject is wrong, by the slope",
            "oracle": "the oracle is wrong, by the slope",
            "convention": "a kink: either answer is a convention",
            "unstable": "the slope does not settle it",
            "unjudged": "not judged by the slope",
        }
        return words[self.says] + (f" ({self.note})" if self.note else "")


CRASHED = Adjudication("oracle", CRASH)


def adjudicate(program: Program, difference: Difference, oracle: Trace, subject: Trace, judge: Subject) -> Adjudication:
    """Who is wrong at a difference between two traces of a program. `judge` computes: the oracle, as a rule."""
    if difference.facet == "raised":
        internal = "INTERNAL ASSERT FAILED" in difference.oracle
        return Adjudication("oracle", ASSERTION) if internal else Adjudication("unjudged", "an error is no number")
    question = _question(program, difference)
    if isinstance(question, str):
        return Adjudication("unjudged", question)
    said = [question.answer(trace) for trace in (oracle, subject)]
    if said[0] is None or said[1] is None:
        return Adjudication("unjudged", "one side gave no gradient")
    try:
        return _compare(question, oracle, said[0], said[1], judge)
    except SubjectError as error:
        return Adjudication("unstable", str(error))


@dataclass(frozen=True)
class _Question:
    """The gradient of which outputs, from which seeds, with respect to which literal."""

    program: Program
    step: int
    outputs: tuple[tuple[Ref, Operand], ...]
    leaf: int
    """The step that binds the literal."""
    seen: str
    """Under which name the gradient stands in a trace."""
    accumulates: bool

    @property
    def literal(self) -> TensorLiteral:
        step = self.program.steps[self.leaf]
        assert isinstance(step, Bind)
        assert isinstance(step.value, TensorLiteral)
        return step.value

    def answer(self, trace: Trace) -> np.ndarray[Any, Any] | None:
        """What a trace has as the gradient, without what was there before."""
        after = array_at(trace, (self.step,), self.seen)
        if after is None:
            return None
        value = np.asarray(elements(after.dtype, after.shape, after.data), dtype=np.float64)
        before = array_at(trace, (self.step - 1,), self.seen) if self.accumulates and self.step else None
        return value if before is None else value - elements(before.dtype, before.shape, before.data)

    def at(self, moved: np.ndarray[Any, Any], single: Trace) -> Program:
        """The program that computes the function with the leaf elsewhere: its last step returns the value."""
        kind, form = ("complex128", "<c16") if np.iscomplexobj(moved) else ("float64", "<f8")
        literal = TensorLiteral(kind, self.literal.shape, moved.astype(form).tobytes())
        leaf = msgspec.structs.replace(self.program.steps[self.leaf], value=literal)
        return self._lifted(single, (leaf,), _summed(self.outputs))

    def along(self, moved: np.ndarray[Any, Any], direction: np.ndarray[Any, Any], single: Trace) -> Program:
        """The program that computes the function's tangent in a direction, by forward mode: its last step returns it."""
        values = [
            TensorLiteral("float64", self.literal.shape, one.astype("<f8").tobytes()) for one in (moved, direction)
        ]
        leaf = self.program.steps[self.leaf]
        assert isinstance(leaf, Bind)
        dual = (
            Call(function=Global(f"{_FORWARD}.enter_dual_level")),
            Call(function=Global(f"{_FORWARD}.make_dual"), args=tuple(values), out=leaf.out, drops=leaf.drops),
        )
        *sums, last = _summed(self.outputs)
        assert isinstance(last, Method)
        ending = (
            Call(function=Global(f"{_FORWARD}.unpack_dual"), args=(last.self,), out="adjudged_dual"),
            Get(self=Ref("adjudged_dual"), name="tangent", out="adjudged_tangent"),
            Method(self=Ref("adjudged_tangent"), name="detach", out="adjudged"),
        )
        return self._lifted(single, dual, (*sums, *ending))

    def _lifted(self, single: Trace, leaf: tuple[Step, ...], ending: Iterable[Step]) -> Program:
        # The leaf is put in after the rest was lifted to float64: lifting would round it to its own dtype first.
        before = msgspec.structs.replace(self.program, steps=self.program.steps[: self.step])
        lifted = to_double(before, single)
        prelude, rest = lifted.steps[: self.leaf + 1], lifted.steps[self.leaf + 2 :]
        return msgspec.structs.replace(lifted, steps=(*prelude, *leaf, *rest, *ending), observe="last")


def _summed(outputs: tuple[tuple[Ref, Operand], ...]) -> Iterator[Step]:
    total = ""
    for number, (output, seed) in enumerate(outputs):
        name = f"adjudged_{number}"
        if seed is None:
            yield Method(self=output, name="sum", out=name)
        else:
            # A seed that the program drops as it hands it over is still bound before that step.
            yield Operator(operator="mul", args=(output, seed), out=f"{name}_each")
            yield Method(self=Ref(f"{name}_each"), name="sum", out=name)
        if total:
            yield Operator(operator="add", args=(Ref(total), Ref(name)), out=f"{name}_total")
            name = f"{name}_total"
        total = name
    yield Method(self=Ref(total), name="detach", out="adjudged")


# ------------------------------------------------------------------------------------------------------- what is asked


def _question(program: Program, difference: Difference) -> _Question | str:
    """What the difference is about, or why it cannot be judged."""
    if len(difference.step) != 1 or difference.facet not in ("grad", "value"):
        return "the difference is no gradient of the program's own"
    number = difference.step[0]
    if number >= len(program.steps):
        return "the difference is no gradient of the program's own"
    step = program.steps[number]
    asked = _backward(step, difference) or _grad(step, difference)
    if asked is None:
        return "the step computes no gradient"
    outputs, name, seen, accumulates = asked
    leaf = _literal_of(program.steps[:number], name)
    if leaf is None:
        return f"{name} is no literal of the program"
    between = _between(program.steps[:number])
    if between:
        return f"{between} stands between the function and its gradient"
    return _Question(program, number, outputs, leaf, seen, accumulates)


_Asked = tuple[tuple[tuple[Ref, Operand], ...], str, str, bool]


def _backward(step: Step, difference: Difference) -> _Asked | None:
    if not (isinstance(step, Method) and step.name == "backward" and isinstance(step.self, Ref)):
        return None
    if not difference.name.endswith(".grad"):
        return None
    seed = step.args[0] if step.args else step.kwargs.get("gradient")
    return ((step.self, seed),), difference.name.removesuffix(".grad"), difference.name, True


def _grad(step: Step, difference: Difference) -> _Asked | None:
    if not (isinstance(step, Call) and step.function == Global("torch.autograd.grad") and len(step.args) > 1):
        return None
    outputs, inputs = _listed(step.args[0]), _listed(step.args[1])
    seeds = _listed(step.args[2] if len(step.args) > 2 else step.kwargs.get("grad_outputs"))
    index = difference.name.rpartition("[")[2].rstrip("]")
    if (
        not index.isdecimal()
        or int(index) >= len(inputs)
        or not all(isinstance(one, Ref) for one in (*outputs, *inputs))
    ):
        return None
    pairs = tuple(zip(outputs, (*seeds, *[None] * (len(outputs) - len(seeds))), strict=True))
    return pairs, inputs[int(index)].name, difference.name, False  # type: ignore[union-attr, return-value]


def _listed(operand: Operand) -> tuple[Operand, ...]:
    if isinstance(operand, List | Tuple):
        return operand.items
    return () if operand is None else (operand,)


def _literal_of(steps: tuple[Step, ...], name: str) -> int | None:
    for number, step in enumerate(steps):
        if isinstance(step, Bind) and step.out == name and isinstance(step.value, TensorLiteral):
            return number if step.value.dtype in ("float16", "float32", "float64") else None
    return None


_CUTS = frozenset(
    ["detach", "detach_", "register_hook", "register_post_accumulate_grad_hook", "register_prehook", "retain_grad"]
    + ["set_", "apply", "round", "floor", "ceil", "trunc", "sign", "float", "half", "bfloat16", "to", "type"]
    + ["item", "tolist", "numpy", "data_ptr"]
)
"""Methods behind which a slope and a gradient are different things."""

_HARMLESS = frozenset(["T", "mT", "shape", "dtype", "requires_grad", "is_leaf", "grad_fn", "_version"])


def _between(steps: tuple[Step, ...]) -> str:
    """What of the program keeps a gradient from being the slope; empty if nothing does."""
    for step in steps:
        match step:
            case Enter() | Exit():
                return "a context"
            case Get(name=name) if name not in _HARMLESS:
                return f".{name}"
            case Set(name=name) if name != "requires_grad":
                return f".{name} ="
            case Method(name=name) if name.rstrip("_") in _CUTS or name in _CUTS:
                return f".{name}()"
            case Call(function=Global(path="torch.autograd.grad"), kwargs={"create_graph": True}):
                continue  # a function of the leaf like any other
            case Call(function=Global(path=path)) if path.rpartition(".")[2] in _CUTS or "grad" in path.split(".")[-1]:
                return f"{path}()"
        for operand in operands(step):
            if any(isinstance(part, Function | Class) for part in walk(operand)):
                return "a function of the program"
    return ""


# --------------------------------------------------------------------------------------------------------- the slope


def _compare(
    question: _Question, single: Trace, oracle: np.ndarray[Any, Any], subject: np.ndarray[Any, Any], judge: Subject
) -> Adjudication:
    literal = question.literal
    at = np.asarray(elements(literal.dtype, literal.shape, literal.data), dtype=np.float64)
    if oracle.shape != at.shape or subject.shape != at.shape:
        return Adjudication("unjudged", "the gradient has another shape than the leaf")

    witness = _Witness(question, single, judge, at)
    stream = np.random.RandomState(0)
    epsilon = EPSILON.get(literal.dtype, EPSILON["float32"])
    right = {"oracle": True, "subject": True}
    note = ""
    for _ in range(DIRECTIONS if at.size > 1 else 1):
        direction = stream.standard_normal(at.shape) if at.size > 1 else np.ones(at.shape)
        heard = witness.slope(direction)
        if isinstance(heard, Adjudication):
            return heard
        for who, claimed in (("oracle", oracle), ("subject", subject)):
            along = float(np.sum(claimed * direction))
            scale = max(abs(heard.slope), float(np.sum(np.abs(claimed * direction))), 1e-3)
            right[who] &= abs(along - heard.slope) <= (TOLERANCE * epsilon + heard.error) * scale
        said = (float(np.sum(claimed * direction)) for claimed in (oracle, subject))
        note = note or "{} {:.7g}, oracle {:.7g}, subject {:.7g}".format(heard.by, heard.slope, *said)
    if right["oracle"] != right["subject"]:
        return Adjudication("subject" if right["oracle"] else "oracle", note)
    return Adjudication("unstable", ("both are the slope; " if right["oracle"] else "neither is the slope; ") + note)


@dataclass(frozen=True)
class _Heard:
    """A slope, from whom, and how far it may be off."""

    slope: float
    by: str
    error: float


class _Witness:
    """The slope of a question's function at a point, along one direction after another."""

    def __init__(self, question: _Question, single: Trace, judge: Subject, at: np.ndarray[Any, Any]) -> None:
        self.question, self.single, self.judge, self.at = question, single, judge, at
        self.middle = self.value(at).real

    def value(self, moved: np.ndarray[Any, Any]) -> complex:
        """The function elsewhere; nan where it cannot be computed."""
        return self._last(self.question.at(moved, self.single))

    def _last(self, program: Program) -> complex:
        trace = self.judge.run(program)
        found = array_at(trace, (len(trace.steps) - 1,), "adjudged")
        return complex(elements(found.dtype, found.shape, found.data)) if found is not None else complex("nan")

    def slope(self, direction: np.ndarray[Any, Any]) -> _Heard | Adjudication:
        """What is heard of the slope; an Adjudication where nobody can be blamed."""
        found = _slope(lambda moved: self.value(moved).real, self.at, direction, self.middle)
        if isinstance(found, Adjudication):
            if found.says == "convention":
                return found
            tangent = self._last(self.question.along(self.at, direction, self.single)).real
            # Where a function jumps or ends, its tangent says nothing of the other side.
            return _Heard(tangent, "forward mode", 1e-6) if np.isfinite([self.middle, tangent]).all() else found
        step = 1e-30
        tiny = self.value(self.at + 1j * step * direction).imag / step
        if abs(tiny - found) <= 1e-6 * max(abs(found), 1e-3):
            return _Heard(tiny, "complex step", 0.0)
        return _Heard(found, "slope", 1e-6)


def _slope(
    value: Callable[[np.ndarray[Any, Any]], float],
    at: np.ndarray[Any, Any],
    direction: np.ndarray[Any, Any],
    middle: float,
) -> float | Adjudication:
    """The derivative along a direction, by central differences at two distances (Richardson); or why there is none."""
    step = STEP * max(1.0, float(np.max(np.abs(at), initial=0.0)))

    def sides(distance: float) -> tuple[float, float]:
        ahead, behind = value(at + distance * direction), value(at - distance * direction)
        return (ahead - middle) / distance, (middle - behind) / distance

    wide, near = sides(step), sides(step / 2)
    if not np.all(np.isfinite([middle, *wide, *near])):
        return Adjudication("unstable", "the function is not finite around the point")
    scale = max(*(abs(one) for one in (*wide, *near)), 1e-3)
    bends = [abs(one[0] - one[1]) / scale for one in (wide, near)]
    if bends[0] > 1e-2 and bends[1] > 0.7 * bends[0]:  # where it is smooth, half the distance is half the bend
        close, bend = sides(step / 64), abs(near[0] - near[1])
        # At a kink each side keeps its slope however near one looks; at a jump it grows as the distance shrinks.
        keeps = all(abs(one - other) < 0.1 * bend for one, other in zip(near, close, strict=True))
        steepest = [max(map(abs, one)) for one in (wide, near, close)]
        if keeps or (1.8 < steepest[1] / steepest[0] < 2.2 and 28 < steepest[2] / steepest[1] < 36):
            return Adjudication("convention", f"slopes {near[1]:.4g} from the left and {near[0]:.4g} from the right")
    central = [(one[0] + one[1]) / 2 for one in (wide, near)]
    if abs(central[0] - central[1]) > 1e-4 * scale:
        return Adjudication("unstable", f"the slope is {central[0]:.4g} from afar and {central[1]:.4g} from near")
    return (4 * central[1] - central[0]) / 3
