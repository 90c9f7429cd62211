"""Builds a run.jsonl that holds everything a report has to show, out of the real records and by hand.

By hand, because a report is tested with what an implementation may say one day, not with what one says today: a crash, a
time-out, hostile strings, a graph of the wrong form, a number that is wrong inside a hook.
"""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec

from conformance.journal import (
    CaseRecord,
    Description,
    Finding,
    Footer,
    Header,
    LevelOutcome,
    Outcome,
    ProgramRecord,
    Record,
    VerdictRecord,
    count_statuses,
)
from conformance.judging.verdict import Difference, Status, Verdict
from conformance.program import Bind, Call, Float, Function, Get, Global, Method, Operator, Program, Ref, TensorLiteral
from conformance.trace import (
    LEVELS,
    Array,
    FunctionCall,
    Graph,
    Level,
    Mode,
    Node,
    Raised,
    StepTrace,
    TensorChange,
    TensorSeen,
    Trace,
    Warned,
)

HOSTILE = "</script><img src=x onerror=alert(1)>\"'<b>&amp;{{ 7*7 }}\x00\u202e]]>-->"
"""What a subject may say to break out of a report."""


def array(*numbers: float, shape: tuple[int, ...] | None = None) -> Array:
    """A float32 array."""
    return Array("float32", (len(numbers),) if shape is None else shape, struct.pack(f"<{len(numbers)}f", *numbers))


def literal(*numbers: float) -> TensorLiteral:
    """A float32 vector as a program gives it."""
    return TensorLiteral("float32", (len(numbers),), struct.pack(f"<{len(numbers)}f", *numbers))


def tensor(value: Array, **more: object) -> TensorChange:
    """A tensor seen for the first time."""
    stride: list[int] = []
    size = 1
    for length in reversed(value.shape):
        stride.insert(0, size)
        size *= length
    seen: dict[str, object] = {
        "value": value,
        "dtype": value.dtype,
        "shape": value.shape,
        "stride": tuple(stride),
        "requires_grad": False,
        "is_leaf": True,
        "version": 0,
        "grad": "none",
    }
    return TensorChange(**(seen | more))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------------- programs

CUBE_GRAPH = Graph(
    nodes=(
        Node("SumBackward0", ((1, 0),)),
        Node("PowBackward0", ((2, 0),)),
        Node("AccumulateGrad", (), variable="x"),
    ),
    roots={"y": (1, 0), "u": (0, 0)},
)
MUL_GRAPH = Graph(
    nodes=(
        Node("SumBackward0", ((1, 0),)),
        Node("MulBackward0", ((2, 0), (3, 0))),
        Node("AccumulateGrad", (), variable="x"),
        Node("MulBackward0", ((2, 0), (None, 0))),
    ),
    roots={"y": (1, 0), "u": (0, 0)},
)
CUBE = Program(
    steps=(
        Bind(out="x", value=literal(1.5, -2.0)),
        Method(self=Ref("x"), name="requires_grad_"),
        Method(self=Ref("x"), name="pow", args=(3,), out="y"),
        Method(self=Ref("y"), name="sum", out="u"),
        Method(self=Ref("u"), name="backward", kwargs={"retain_graph": True}),
        Method(self=Ref("u"), name="backward"),
        Get(self=Ref("x"), name="grad", out="g"),
        Method(self=Ref("u"), name="backward"),
    )
)
FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)
GRAPH_FREED = Raised("RuntimeError", FREED, "graph_freed")
HOOK = Function(
    name="double",
    parameters=("grad",),
    steps=(
        Operator(operator="mul", args=(Ref("grad"), Float("2.0")), out="twice"),
        Call(function=Global("torch.neg"), args=(Ref("twice"),), out="negated"),
    ),
    result=Ref("negated"),
)
HOOKED = Program(
    steps=(
        Bind(out="x", value=literal(0.1, 0.25)),
        Bind(out="double", value=HOOK),
        Method(self=Ref("x"), name="requires_grad_"),
        Method(self=Ref("x"), name="register_hook", args=(Ref("double"),), out="handle"),
        Operator(operator="mul", args=(Ref("x"), Ref("x")), out="y"),
        Method(self=Ref("y"), name="sum", out="u"),
        Method(self=Ref("u"), name="backward"),
    )
)


def cube_trace(
    *,
    doubled: bool = True,
    freed: Raised | None = GRAPH_FREED,
    graph: Graph = CUBE_GRAPH,
) -> Trace:
    """What `CUBE` does: on PyTorch, or where gradients overwrite instead of add, or the graph is never freed."""
    twice = array(13.5, 24.0) if doubled else array(6.75, 12.0)
    last = StepTrace(outcome="raised", error=freed) if freed else StepTrace(outcome="returned")
    return Trace(
        steps=(
            StepTrace(
                outcome="returned",
                result=TensorSeen("x"),
                mode=Mode(grad=True, inference=False),
                alias=(),
                identity=(),
                graph=Graph((), {}),
                changes={"x": tensor(array(1.5, -2.0))},
            ),
            StepTrace(outcome="returned", result=TensorSeen("x"), changes={"x": TensorChange(requires_grad=True)}),
            StepTrace(
                outcome="returned",
                result=TensorSeen("y"),
                changes={"y": tensor(array(3.375, -8.0), requires_grad=True, is_leaf=False)},
            ),
            StepTrace(
                outcome="returned",
                result=TensorSeen("u"),
                changes={"u": tensor(array(-4.625, shape=()), requires_grad=True, is_leaf=False)},
                graph=graph,
            ),
            StepTrace(
                outcome="returned",
                changes={"x": TensorChange(grad="tensor"), "x.grad": tensor(array(6.75, 12.0))},
            ),
            StepTrace(
                outcome="returned",
                changes={"x.grad": TensorChange(value=twice, version=1)},
                warnings=(Warned("UserWarning", "this is only an example of a warning"),),
            ),
            StepTrace(
                outcome="returned", result=TensorSeen("g"), identity=(("g", "x.grad"),), alias=(("g", "x.grad"),)
            ),
            last,
        )
    )


def hook_trace(*, sign: float = -1.0) -> Trace:
    """What `HOOKED` does; a subject whose negation in a hook does nothing has `sign` 1."""
    got, want = array(0.2, 0.5), array(sign * 0.4, sign * 1.0)
    call = FunctionCall(
        function="double",
        arguments=(TensorSeen("grad"),),
        steps=(
            StepTrace(
                outcome="returned",
                result=TensorSeen("twice"),
                changes={"grad": tensor(got), "twice": tensor(array(0.4, 1.0))},
            ),
            StepTrace(outcome="returned", result=TensorSeen("negated"), changes={"negated": tensor(want)}),
        ),
    )
    return Trace(
        steps=(
            StepTrace(outcome="returned", result=TensorSeen("x"), changes={"x": tensor(array(0.1, 0.25))}),
            StepTrace(outcome="returned"),
            StepTrace(outcome="returned", result=TensorSeen("x"), changes={"x": TensorChange(requires_grad=True)}),
            StepTrace(outcome="returned"),
            StepTrace(
                outcome="returned",
                result=TensorSeen("y"),
                changes={"y": tensor(array(0.01, 0.0625), requires_grad=True)},
            ),
            StepTrace(
                outcome="returned",
                result=TensorSeen("u"),
                changes={"u": tensor(array(0.0725, shape=()), requires_grad=True)},
                graph=MUL_GRAPH,
            ),
            StepTrace(outcome="returned", calls=(call,), changes={"x.grad": tensor(want)}),
        )
    )


# ---------------------------------------------------------------------------------------------------------------- cases

SOURCE = '''@case(lecture="{feature}")
def {name}(torch, x: floats(min_dims=1)):
    """{sentence}"""
    u = x.requires_grad_().pow(3).sum()
    u.backward(retain_graph=True)
    u.backward()
'''


def case_record(id: str, sentence: str) -> CaseRecord:
    feature, name = id.split("/")
    source = SOURCE.format(feature=feature, name=name, sentence=sentence)
    return CaseRecord(id=id, sentence=sentence, source=source, lecture=feature, requires=("backward",))


def passing(id: str, sentence: str, *, hooked: bool = False) -> list[Record]:
    """A case that passes, with an example."""
    program, trace = (HOOKED, hook_trace()) if hooked else (CUBE, cube_trace())
    example = Finding(program=program, oracle=trace, subject=trace, verdict=Verdict(status="PASS"))
    levels = {level: LevelOutcome(status="PASS") for level in LEVELS}
    return _records(id, sentence, program, Verdict(status="PASS"), levels, example)


def failing(
    id: str,
    sentence: str,
    program: Program,
    oracle: Trace,
    subject: Trace,
    *differences: Difference,
    expected: bool = False,
    reason: str = "",
) -> list[Record]:
    """A case that fails at the levels of its differences."""
    verdict = Verdict(status="FAIL", differences=differences)
    finding = Finding(program=program, oracle=oracle, subject=subject, verdict=verdict)
    levels: dict[Level, LevelOutcome] = {
        level: LevelOutcome(status="FAIL", failing=17, finding=finding)
        if verdict.fails(level)
        else LevelOutcome(status="PASS")
        for level in LEVELS
    }
    return _records(id, sentence, program, verdict, levels, expected=expected, reason=reason)


def unanswered(id: str, sentence: str, status: Status, reason: str) -> list[Record]:
    """A case without a comparison: CRASH, TIMEOUT, UNSUPPORTED, BLOCKED, INCONCLUSIVE."""
    verdict = Verdict(status=status, reason=reason)
    finding = Finding(program=CUBE, oracle=cube_trace(), verdict=verdict)
    kept = finding if status in ("CRASH", "TIMEOUT") else None
    levels: dict[Level, LevelOutcome] = {
        level: LevelOutcome(status=status, failing=1 if kept else 0, finding=kept) for level in LEVELS
    }
    return _records(id, sentence, CUBE, verdict, levels, finding, reason=reason)


def _records(
    id: str,
    sentence: str,
    program: Program,
    verdict: Verdict,
    levels: dict[Level, LevelOutcome],
    example: Finding | None = None,
    *,
    expected: bool | None = None,
    reason: str = "",
) -> list[Record]:
    outcome = Outcome(
        case=id,
        status=verdict.status,
        expected=verdict.status == "PASS" if expected is None else expected,
        programs=20,
        counts={verdict.status: 17, "PASS": 3} if verdict.status != "PASS" else {"PASS": 20},
        levels=levels,
        example=example,
        reason=reason,
        seconds=0.125,
    )
    return [
        case_record(id, sentence),
        ProgramRecord(case=id, index=0, program=program),
        VerdictRecord(case=id, index=0, verdict=verdict),
        outcome,
    ]


HEADER = Header(
    torchstone="0.1.0",
    subject=Description(
        name="numtorch", version="0.1.0", platform="Linux x86_64", notes={"python": "3.11.7", "numpy": "2.4.6"}
    ),
    oracle=Description(name="torch", version="2.13.0+cpu", platform="Linux x86_64", notes={"python": "3.11.7"}),
    seed=7,
    profile="quick",
    max_examples=20,
    suite="9f86d081884c7d65",
    started="2026-11-23T15:00:00Z",
)

OVERWRITES = (
    Difference(
        step=(5,),
        facet="grad",
        name="x.grad",
        oracle="[13.5, 24.]",
        subject="[6.75, 12.]",
        note="8.4e6 ulp apart; float64 says [13.5, 24.]; finite differences agree with PyTorch",
    ),
    Difference(step=(5,), facet="version", name="x.grad", oracle="1", subject="0"),
)
NEVER_FREED = (
    Difference(step=(7,), facet="raised", oracle="raised RuntimeError", subject="returned"),
    Difference(step=(7,), facet="error_code", oracle="graph_freed", subject="none"),
)


def everything() -> list[Record]:
    """The records of a run that has one of everything: 17 cases in 6 features."""
    hostile = Raised(type=HOSTILE, message=HOSTILE, code=HOSTILE)
    groups: list[list[Record]] = [
        passing("accumulation/backward_adds_to_grad", "Tensor.backward() adds to the grad of the leaves."),
        passing("accumulation/zero_grad_sets_none", "zero_grad() sets every gradient to None."),
        failing(
            "accumulation/grad_keeps_its_identity",
            "A second backward adds in place, so grad stays one object.",
            CUBE,
            cube_trace(),
            cube_trace(doubled=False),
            *OVERWRITES,
        ),
        failing(
            "accumulation/grad_accumulates_over_losses",
            "Gradients of two losses add up in one leaf.",
            CUBE,
            cube_trace(),
            cube_trace(doubled=False),
            *OVERWRITES,
        ),
        passing("freeing/retain_graph_keeps_buffers", "retain_graph=True keeps the saved values."),
        failing(
            "freeing/second_backward_raises",
            "A second backward through a freed graph raises.",
            CUBE,
            cube_trace(),
            cube_trace(freed=None),
            *NEVER_FREED,
        ),
        failing(
            "freeing/message_names_retain_graph",
            "The error about a freed graph names retain_graph=True.",
            CUBE,
            cube_trace(),
            cube_trace(freed=Raised("RuntimeError", "graph was freed", "graph_freed")),
            Difference(step=(7,), facet="message", oracle=FREED[:80] + "…", subject="graph was freed"),
            expected=True,
            reason="texts of the engine are not copied yet (issue 12)",
        ),
        passing("graph/functions_are_named", "grad_fn names the operator that made a tensor."),
        failing(
            "graph/pow_is_one_node",
            "x.pow(3) adds one node to the graph.",
            CUBE,
            cube_trace(),
            cube_trace(graph=MUL_GRAPH),
            Difference(step=(3,), facet="graph", oracle="PowBackward0 ← y", subject="MulBackward0 ← y"),
        ),
        passing(
            "hooks/hook_runs_before_accumulation", "A hook sees the gradient before it is accumulated.", hooked=True
        ),
        failing(
            "hooks/hook_replaces_the_gradient",
            "What a tensor's hook returns replaces the gradient.",
            HOOKED,
            hook_trace(),
            hook_trace(sign=1.0),
            Difference(step=(6, 0, 1), facet="value", name="negated", oracle="[-0.4, -1.]", subject="[0.4, 1.]"),
            Difference(step=(6,), facet="grad", name="x.grad", oracle="[-0.4, -1.]", subject="[0.4, 1.]"),
        ),
        unanswered(
            "hooks/hook_on_a_freed_node",
            "A hook on a freed node never runs.",
            "CRASH",
            "exited with signal 11 (SIGSEGV)",
        ),
        unanswered(
            "hooks/hook_that_waits", "A hook can run a backward of its own.", "TIMEOUT", "no answer within 10 s"
        ),
        unanswered(
            "operators/hypot_has_a_derivative", "hypot has the derivative x / hypot.", "UNSUPPORTED", "no 'hypot'"
        ),
        unanswered(
            "operators/median_of_ties",
            "median sends the gradient to one of the ties.",
            "INCONCLUSIVE",
            "unstable oracle",
        ),
        unanswered("operators/needs_cuda", "A CUDA tensor has a CUDA gradient.", "BLOCKED", "the oracle has no CUDA"),
        failing(
            "hostile/says_html",
            f"A sentence is shown as it is: {HOSTILE}",
            CUBE,
            cube_trace(graph=Graph((Node(HOSTILE, ()),), {HOSTILE: (0, 0)})),
            cube_trace(freed=hostile, graph=Graph((Node("x" + HOSTILE, ()),), {HOSTILE: (0, 0)})),
            Difference(step=(7,), facet="message", name=HOSTILE, oracle=HOSTILE, subject=HOSTILE, note=HOSTILE),
            reason=HOSTILE,
        ),
    ]
    return run_of(groups)


def all_pass(cases: int = 3) -> list[Record]:
    """The records of a run in which everything passes."""
    return run_of([passing(f"feature{n % 20}/case_{n}", f"Case number {n} is true.") for n in range(cases)])


def interrupted() -> list[Record]:
    """A run that was cut off: passes so far, and a case in the middle of its second program."""
    records = [record for record in all_pass(5) if not isinstance(record, Footer)]
    last = records.pop()
    assert isinstance(last, Outcome)
    return [*records, ProgramRecord(case=last.case, index=1, program=HOOKED)]


def run_of(groups: list[list[Record]]) -> list[Record]:
    """The records of a run that came to its end, with these cases."""
    outcomes = [record for group in groups for record in group if isinstance(record, Outcome)]
    footer = Footer(
        cases=len(outcomes),
        programs=sum(outcome.programs for outcome in outcomes),
        counts=count_statuses(outcomes),
        unexpected=sum(not outcome.expected for outcome in outcomes),
        seconds=12.5,
        shares={"drawing": 1.5, "oracle": 6.0, "subject": 3.0, "comparing": 2.0},
    )
    return [HEADER, *(record for group in groups for record in group), footer]


def write(path: Path, records: list[Record]) -> Path:
    """The records as a run.jsonl."""
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
    return path
