"""Programs made smaller: as far as it goes, never further than they fail, and within the budget."""

from __future__ import annotations

import random

from conformance.compose.programs import BLOCK, compose
from conformance.program import (
    Bind,
    Call,
    Enter,
    Exit,
    Function,
    Global,
    List,
    Method,
    Operator,
    Program,
    Ref,
    SetItem,
    Step,
    TensorLiteral,
)
from conformance.reduce import reduce
from conformance.trace import Array, StepTrace, TensorChange, TensorSeen, Trace

X = TensorLiteral("float32", (2, 3), bytes(24))


def program(*steps: Step) -> Program:
    made = Program(steps=steps)
    made.validate()
    return made


def binds(name: str) -> Bind:
    return Bind(out=name, value=X)


def calls(method: str) -> object:
    return lambda candidate: any(isinstance(step, Method) and step.name == method for step in candidate.steps)


def test_steps_that_are_not_needed_go_with_all_that_needs_them() -> None:
    big = program(
        binds("x"),
        binds("y"),
        Method(self=Ref("y"), name="exp", out="z"),
        Operator(operator="add", args=(Ref("z"), Ref("y")), out="w"),
        Method(self=Ref("x"), name="sin", out="v", drops=("y",)),
        Method(self=Ref("w"), name="cos", out="u"),
    )
    small = reduce(big, calls("sin"))  # type: ignore[arg-type]
    assert [type(step).__name__ for step in small.steps] == ["Bind", "Method"]
    assert small.steps[1] == Method(self=Ref("x"), name="sin", out="v")


def test_literals_become_simple() -> None:
    small = reduce(program(binds("x"), Method(self=Ref("x"), name="sin", out="y")), calls("sin"))  # type: ignore[arg-type]
    assert small.steps[0] == Bind(out="x", value=TensorLiteral("float32", (), b"\x00\x00\x80?"))


def test_a_shape_that_matters_stays() -> None:
    def two_dimensions(candidate: Program) -> bool:
        return any(isinstance(step, Bind) and len(step.value.shape) == 2 for step in candidate.steps)  # type: ignore[union-attr]

    small = reduce(program(binds("x"), binds("y")), two_dimensions)
    (step,) = small.steps
    assert step.value.shape == (1, 1)  # type: ignore[union-attr]


def test_a_context_goes_with_both_its_halves() -> None:
    big = program(
        binds("x"),
        Call(function=Global("torch.no_grad"), out="c"),
        Enter(context=Ref("c")),
        Method(self=Ref("x"), name="sin", out="y"),
        Exit(context=Ref("c"), drops=("c",)),
    )
    small = reduce(big, calls("sin"))  # type: ignore[arg-type]
    assert not [step for step in small.steps if isinstance(step, Enter | Exit)]


def test_keywords_and_items_that_are_not_needed_go() -> None:
    big = program(
        binds("x"),
        binds("y"),
        Call(function=Global("torch.cat"), args=(List((Ref("x"), Ref("y"))),), kwargs={"dim": 1}, out="z"),
    )
    small = reduce(big, lambda one: any(isinstance(step, Call) and step.args for step in one.steps))
    call = small.steps[-1]
    assert isinstance(call, Call)
    assert (len(call.args[0].items), call.kwargs) == (1, {})  # type: ignore[union-attr]


def test_an_operand_that_does_not_matter_becomes_a_number() -> None:
    steps: list[Step] = [
        Operator(operator="add", args=(Ref("x"), Ref("v")), out="y"),
        Method(self=Ref("y"), name="sin", out="z"),
    ]

    def adds(candidate: Program) -> bool:
        return any(isinstance(step, Operator) for step in candidate.steps) and calls("sin")(candidate)  # type: ignore[operator]

    small = reduce(program(binds("x"), binds("v"), *steps), adds)
    assert [getattr(step, "args", None) for step in small.steps] == [None, (Ref("x"), 1), ()]


def test_a_write_needs_no_operand() -> None:
    def writes(candidate: Program) -> bool:
        return calls("zero_")(candidate) or any(isinstance(step, Method) and step.args for step in candidate.steps)  # type: ignore[operator]

    small = reduce(program(binds("x"), binds("v"), Method(self=Ref("x"), name="copy_", args=(Ref("v"),))), writes)
    assert small.steps[1:] == (Method(self=Ref("x"), name="zero_"),)


def test_a_body_becomes_shorter() -> None:
    body = Function(
        "hook",
        ("grad",),
        (
            Operator(operator="mul", args=(Ref("grad"), 2), out="a"),
            Operator(operator="add", args=(Ref("a"), 1), out="b"),
        ),
        result=Ref("b"),
    )
    big = program(binds("x"), Method(self=Ref("x"), name="register_hook", args=(body,), out="h"))
    small = reduce(big, lambda one: any(isinstance(step, Method) and step.args for step in one.steps))
    hook = small.steps[-1].args[0]  # type: ignore[union-attr]
    assert hook == Function("hook", ("grad",), (), result=Ref("grad"))


def test_what_was_computed_becomes_a_literal() -> None:
    big = program(
        binds("x"),
        Method(self=Ref("x"), name="exp", out="y"),
        Method(self=Ref("y"), name="sin", out="z"),
    )
    seen = TensorSeen("y")
    value = TensorChange(value=Array("float32", (2,), bytes(8)))
    trace = Trace(
        steps=(
            StepTrace(outcome="returned"),
            StepTrace(outcome="returned", result=seen, changes={"y": value}),
            StepTrace(outcome="returned"),
        )
    )
    small = reduce(big, calls("sin"), values=trace)  # type: ignore[arg-type]
    assert [type(step).__name__ for step in small.steps] == ["Bind", "Method"]


def test_the_budget_holds() -> None:
    ran = 0

    def fails(candidate: Program) -> bool:
        nonlocal ran
        ran += 1
        return False

    big = program(*[binds(f"x{number}") for number in range(30)])
    reduce(big, fails, tries=7)
    assert ran == 7


def test_every_candidate_is_a_valid_program() -> None:
    stream = random.Random(3)

    def fails(candidate: Program) -> bool:
        candidate.validate()
        return any(isinstance(step, SetItem) for step in candidate.steps)

    reduced = 0
    for _ in range(60):
        drawn = compose([stream.randbytes(BLOCK) for _ in range(12)])
        if fails(drawn):
            small = reduce(drawn, fails)
            assert len(small.steps) <= 6
            reduced += 1
    assert reduced > 5


def test_an_operand_stands_in_for_a_result() -> None:
    big = program(
        binds("x"),
        Method(self=Ref("x"), name="exp", out="y"),
        Operator(operator="add", args=(Ref("y"), Ref("x")), out="z"),
        Method(self=Ref("z"), name="sin", out="v"),
    )
    assert [type(step).__name__ for step in reduce(big, calls("sin")).steps] == ["Bind", "Method"]  # type: ignore[arg-type]


def test_a_call_becomes_the_body_of_its_function() -> None:
    function = Function(
        name="f",
        parameters=("a",),
        steps=(Method(self=Ref("a"), name="sin", out="b"), Method(self=Ref("b"), name="cos", out="c", drops=("a",))),
        result=Ref("c"),
    )
    big = program(
        binds("x"),
        Bind(out="f", value=function),
        Call(function=Ref("f"), args=(Ref("x"),), out="y"),
        Method(self=Ref("y"), name="exp", out="z"),
    )

    def sine_at_the_top(candidate: Program) -> bool:
        candidate.validate()
        named = [step.name for step in candidate.steps if isinstance(step, Method)]
        bodies = [step for step in candidate.steps if isinstance(step, Bind) and isinstance(step.value, Function)]
        return "sin" in named or any("sin" in (one.name for one in step.value.steps) for step in bodies)  # type: ignore[union-attr]

    small = reduce(big, sine_at_the_top)
    assert len(small.steps) <= 2


def test_an_operand_and_its_gradient_become_small_together() -> None:
    def alike(candidate: Program) -> bool:
        shapes = {step.value.shape for step in candidate.steps if isinstance(step, Bind)}  # type: ignore[union-attr]
        return len(candidate.steps) == 2 and len(shapes) == 1

    small = reduce(program(binds("x"), binds("g")), alike)
    assert {step.value.shape for step in small.steps} == {()}  # type: ignore[union-attr]


def test_a_gradient_takes_the_shape_of_what_stands_for_the_result() -> None:
    stretched = program(
        binds("x"),
        Method(self=Ref("x"), name="unsqueeze", args=(0,), out="y"),
        Bind(out="g", value=TensorLiteral("float32", (1, 2, 3), bytes(24))),
        Method(self=Ref("y"), name="backward", args=(Ref("g"),)),
    )

    def fits(candidate: Program) -> bool:
        shapes = {s.out: s.value.shape for s in candidate.steps if isinstance(s, Bind)}  # type: ignore[union-attr]
        stretches = any(isinstance(step, Method) and step.name == "unsqueeze" for step in candidate.steps)
        if not {"x", "g"} <= set(shapes) or not calls("backward")(candidate):  # type: ignore[operator]
            return False
        return shapes["g"] == ((1,) if stretches else ()) + shapes["x"]

    smallest = reduce(stretched, fits)
    assert [type(step).__name__ for step in smallest.steps] == ["Bind", "Bind", "Method"]
