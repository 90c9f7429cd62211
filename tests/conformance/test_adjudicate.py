"""Who is wrong about a gradient. The functions are PyTorch's; what the subject said of them is made up."""

from __future__ import annotations

import struct
import types

import msgspec
import numpy as np
import pytest

from conformance.judging.adjudicate import adjudicate
from conformance.judging.judge import judge
from conformance.judging.verdict import Difference
from conformance.program import (
    Bind,
    Call,
    Float,
    Function,
    Global,
    List,
    Method,
    Operator,
    Program,
    Ref,
    Step,
    TensorLiteral,
)
from conformance.subjects import InProcess, oracle
from conformance.trace import Array, Trace

pytest.importorskip("torch")


def vector(*numbers: float) -> TensorLiteral:
    return TensorLiteral("float32", (len(numbers),), struct.pack(f"<{len(numbers)}f", *numbers))


def leaf(*numbers: float) -> tuple[Step, ...]:
    return Bind(out="x", value=vector(*numbers)), Method(self=Ref("x"), name="requires_grad_")


BACKWARD = (Bind(out="g", value=vector(2.0, 3.0)), Method(self=Ref("y"), name="backward", args=(Ref("g"),)))


def program(*steps: Step) -> Program:
    made = Program(steps=steps)
    made.validate()
    return made


def says(made: Program, name: str, change, *, of_oracle: bool = False) -> str:  # type: ignore[no-untyped-def]
    """The adjudication, if one side had `change` of what PyTorch says is the gradient."""
    answers = oracle()
    right = answers.run(made)
    wrong = _changed(right, name, change)
    sides = (wrong, right) if of_oracle else (right, wrong)
    step = max(number for number, seen in enumerate(right.steps) if name in seen.changes)
    facet = "grad" if name.endswith(".grad") else "value"
    difference = Difference(step=(step,), facet=facet, name=name, oracle="", subject="")
    return str(adjudicate(made, difference, *sides, answers).says)


def _changed(trace: Trace, name: str, change) -> Trace:  # type: ignore[no-untyped-def]
    """The trace with another value in the last change of a name."""
    steps = list(trace.steps)
    for index in reversed(range(len(steps))):
        seen = steps[index].changes.get(name)
        if seen is not None and isinstance(seen.value, Array):
            values = np.frombuffer(seen.value.data, np.dtype(seen.value.dtype)).reshape(seen.value.shape)
            new = np.asarray(change(values), values.dtype)
            array = Array(seen.value.dtype, seen.value.shape, new.tobytes())
            changes = {**steps[index].changes, name: msgspec.structs.replace(seen, value=array)}
            steps[index] = msgspec.structs.replace(steps[index], changes=changes)
            return msgspec.structs.replace(trace, steps=tuple(steps))
    raise AssertionError(f"{name} never changes")


def test_a_wrong_gradient_is_the_subjects_fault() -> None:
    made = program(*leaf(0.3, -1.2), Method(self=Ref("x"), name="tanh", out="y"), *BACKWARD)
    assert says(made, "x.grad", lambda grad: -grad) == "subject"
    assert says(made, "x.grad", lambda grad: grad * 1.001) == "subject"
    assert says(made, "x.grad", lambda grad: grad[::-1]) == "subject"


def test_or_the_oracles() -> None:
    made = program(*leaf(0.3, -1.2), Method(self=Ref("x"), name="tanh", out="y"), *BACKWARD)
    assert says(made, "x.grad", lambda grad: -grad, of_oracle=True) == "oracle"


def test_at_a_kink_it_is_nobodys() -> None:
    made = program(*leaf(0.0, 1.0), Method(self=Ref("x"), name="relu", out="y"), *BACKWARD)
    assert says(made, "x.grad", lambda grad: grad + np.array([1.0, 0.0])) == "convention"


def test_beside_a_kink_it_is_somebodys() -> None:
    made = program(*leaf(0.1, 1.0), Method(self=Ref("x"), name="relu", out="y"), *BACKWARD)
    assert says(made, "x.grad", lambda grad: grad + np.array([1.0, 0.0])) == "subject"


def test_where_the_function_is_not_finite_it_is_not_settled() -> None:
    made = program(*leaf(0.0, 1.0), Method(self=Ref("x"), name="log", out="y"), *BACKWARD)
    assert says(made, "x.grad", lambda grad: grad * [1, 2]) == "unstable"


def test_gradients_that_were_there_before_are_left_out() -> None:
    made = program(
        *leaf(0.3, -1.2),
        Method(self=Ref("x"), name="exp", out="y"),
        Bind(out="g", value=vector(2.0, 3.0)),
        Method(self=Ref("y"), name="backward", args=(Ref("g"),), kwargs={"retain_graph": True}),
        Method(self=Ref("y"), name="backward", args=(Ref("g"),)),
    )
    assert says(made, "x.grad", lambda grad: grad / 2) == "subject"


def test_autograd_grad_is_judged_alike() -> None:
    made = program(
        *leaf(0.3, -1.2),
        Method(self=Ref("x"), name="exp", out="y"),
        Operator(operator="mul", args=(Ref("x"), Float("3.0")), out="z"),
        Bind(out="g", value=vector(2.0, 3.0)),
        Call(
            function=Global("torch.autograd.grad"),
            args=(List((Ref("y"), Ref("z"))), List((Ref("x"),)), List((Ref("g"), Ref("g")))),
            out="t",
        ),
    )
    assert says(made, "t[0]", lambda grad: grad + 1) == "subject"


@pytest.mark.parametrize(
    "between",
    [
        pytest.param((Method(self=Ref("x"), name="detach", out="d"),), id="detach"),
        pytest.param(
            (Method(self=Ref("x"), name="register_hook", args=(Function("h", ("grad",), ()),), out="d"),), id="hook"
        ),
    ],
)
def test_what_stands_between_function_and_gradient_is_not_judged(between: tuple[Step, ...]) -> None:
    made = program(*leaf(0.3, -1.2), *between, Method(self=Ref("x"), name="exp", out="y"), *BACKWARD)
    assert says(made, "x.grad", lambda grad: -grad) == "unjudged"


# ------------------------------------------------------------------------------------------------------------ witnesses


def heard(made: Program, name: str, change) -> str:  # type: ignore[no-untyped-def]
    answers = oracle()
    right = answers.run(made)
    step = max(number for number, seen in enumerate(right.steps) if name in seen.changes)
    difference = Difference(step=(step,), facet="grad", name=name, oracle="", subject="")
    return adjudicate(made, difference, right, _changed(right, name, change), answers).note


def test_of_an_analytic_function_the_complex_step_is_heard() -> None:
    made = program(*leaf(0.3, -1.2), Method(self=Ref("x"), name="tanh", out="y"), *BACKWARD)
    assert heard(made, "x.grad", lambda grad: -grad).startswith("complex step ")


def test_of_another_the_differences_are() -> None:
    made = program(*leaf(0.3, -1.2), Method(self=Ref("x"), name="relu", out="y"), *BACKWARD)
    assert heard(made, "x.grad", lambda grad: grad + 1).startswith("slope ")


STEEP = program(
    *leaf(0.3, -1.2),
    Operator(operator="mul", args=(Ref("x"), Float("1e6")), out="w"),
    Method(self=Ref("w"), name="sin", out="y"),
    *BACKWARD,
)


def test_where_the_differences_do_not_settle_forward_mode_is_heard() -> None:
    # The sine turns a hundred times between the points that a difference is taken of. In float32 its argument is off by so
    # much that PyTorch's own gradient is not the slope; the float64 that it was replayed in is what is said here.
    exact = [2e6 * np.cos(np.float64(np.float32(0.3)) * 1e6), 3e6 * np.cos(np.float64(np.float32(-1.2)) * 1e6)]
    answers = oracle()
    right = _changed(answers.run(STEEP), "x.grad", lambda grad: exact)
    wrong = _changed(right, "x.grad", lambda grad: -grad)
    difference = Difference(step=(len(STEEP.steps) - 1,), facet="grad", name="x.grad", oracle="", subject="")
    found = adjudicate(STEEP, difference, right, wrong, answers)
    assert (found.says, found.note.split(" ")[:2]) == ("subject", ["forward", "mode"])


def test_the_gradient_of_a_gradient_is_judged_by_differences_of_gradients() -> None:
    made = program(
        *leaf(0.3, -1.2),
        Method(self=Ref("x"), name="exp", out="e"),
        Operator(operator="mul", args=(Ref("e"), Ref("x")), out="y"),
        Bind(out="g", value=vector(2.0, 3.0)),
        Call(
            function=Global("torch.autograd.grad"),
            args=(Ref("y"), List((Ref("x"),)), Ref("g")),
            kwargs={"create_graph": True},
            out="t",
        ),
        Operator(operator="getitem", args=(Ref("t"), 0), out="d"),
        Method(self=Ref("d"), name="backward", args=(Ref("g"),)),
    )
    assert says(made, "x.grad", lambda grad: grad * 1.01) == "subject"
    assert says(made, "x.grad", lambda grad: grad * 1.01, of_oracle=True) == "oracle"


# --------------------------------------------------------------------------------------- an oracle that is wrong itself


def test_a_subject_that_is_right_is_not_blamed_for_the_oracles_formula() -> None:
    import torch

    class Tanh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):  # type: ignore[no-untyped-def]
            ctx.save_for_backward(x)
            return torch.tanh(x)

        @staticmethod
        def backward(ctx, grad):  # type: ignore[no-untyped-def]
            (x,) = ctx.saved_tensors
            return grad * (1 - torch.tanh(x))  # the square is missing

    patched = types.ModuleType("patched")
    patched.__dict__.update({name: getattr(torch, name) for name in dir(torch) if not name.startswith("__")})
    patched.__dict__["tanh"] = Tanh.apply
    made = program(*leaf(0.3, -1.2), Call(function=Global("torch.tanh"), args=(Ref("x"),), out="y"), *BACKWARD)
    wrong, right = InProcess(patched), oracle()
    sides = wrong.run(made), right.run(made)
    verdict = judge(made, *sides, wrong)
    first = next(difference for difference in verdict.differences if difference.facet == "grad")
    assert verdict.status == "FAIL"
    assert adjudicate(made, first, *sides, wrong).says == "oracle"
    assert "the oracle is wrong" in str(adjudicate(made, first, *sides, wrong))


def test_an_assertion_that_fails_in_pytorch_is_no_fault_of_the_subject() -> None:
    made = program(
        *leaf(1.0),
        Call(function=Global("torch.lgamma"), args=(Ref("x"),), out="y"),
        Method(self=Ref("y"), name="retain_grad"),
        Method(self=Ref("y"), name="unsqueeze_", args=(-1,)),
        Method(self=Ref("y"), name="atanh_"),
    )
    answers = oracle()
    asserted = answers.run(made)
    whole = program(*(step for step in made.steps if getattr(step, "name", "") != "retain_grad"))
    quiet = answers.run(whole).steps
    spared = msgspec.structs.replace(asserted, steps=(*asserted.steps[:-1], quiet[-1]))
    raised = next(d for d in judge(made, asserted, spared, answers).differences if d.facet == "raised")
    assert str(adjudicate(made, raised, asserted, spared, answers)).startswith(
        "the oracle is wrong: it fails an assertion"
    )
    turned = msgspec.structs.replace(raised, oracle=raised.subject, subject=raised.oracle)
    assert adjudicate(made, turned, spared, asserted, answers).says == "unjudged"
