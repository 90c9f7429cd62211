"""Random programs: what they can say, that they mean something, and that the same bytes say the same."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from conformance.compose import bodies, calls, random_programs
from conformance.compose.actions import ACTIONS, PHRASES, leaf
from conformance.compose.calls import call, defined
from conformance.compose.composer import Choices, Composer, Known
from conformance.compose.phrase import Phrase
from conformance.compose.programs import BLOCK, GONE, KEPT, REPLACED, STEPS, compose, composed, kept
from conformance.operators import TABLE, Unfit
from conformance.program import (
    Bind,
    Enter,
    Exit,
    Get,
    Method,
    Program,
    Ref,
    SetItem,
    TensorLiteral,
)
from conformance.subjects import open_subject, oracle


def drawn(count: int, seed: int = 0) -> list[Program]:
    """Random programs, faster than Hypothesis draws them."""
    stream = random.Random(seed)
    return [compose([stream.randbytes(BLOCK) for _ in range(stream.randint(2, 16))]) for _ in range(count)]


@pytest.fixture(scope="module")
def programs() -> list[Program]:
    return drawn(3000)


def test_every_program_is_valid_and_survives_json(programs: list[Program]) -> None:
    for program in programs:
        assert Program.from_json(program.to_json()) == program


def test_the_same_blocks_make_the_same_program() -> None:
    assert drawn(20) == drawn(20)


def test_programs_differ(programs: list[Program]) -> None:
    assert len({program.digest for program in programs}) > 0.98 * len(programs)


@pytest.fixture(scope="module")
def done() -> Counter[str]:
    """How often each thing was done in 10,000 programs."""
    stream = random.Random(1)
    blocks = [[stream.randbytes(BLOCK) for _ in range(stream.randint(2, 14))] for _ in range(10000)]
    return Counter(name for one in blocks for name in composed(one).done)


def test_every_operator_of_the_table_occurs(done: Counter[str]) -> None:
    assert [name for name in TABLE if not done[f"operator {name}"]] == []


def test_every_action_occurs(done: Counter[str]) -> None:
    assert [action.__name__ for action, _ in ACTIONS if not done[f"action {action.__name__}"]] == []


GROUPS = {
    "operators": ("pointwise other loss fans_out chain", 35, 50),
    "views": ("view", 10, 18),
    "writes": ("write write_item writing copy", 10, 18),
    "hooks": ("hook remove_hook hooks_at_work", 3, 8),
    "modes": ("mode detach modes_at_work", 4, 10),
    ".grad": ("write_grad let_go", 2, 8),
    "forward mode": ("make_dual unpack_dual forward_mode", 2, 8),
    "transforms of functions": ("transform", 1, 4),
}
"""Actions by what they are, and how many in a hundred they are: what finds bugs in other libraries, by their bug reports."""


def test_the_mix_is_what_finds_bugs(done: Counter[str]) -> None:
    # (The leaves that a program begins with, and the backward that it ends with, are no part of the mix.)
    names = {action.__name__ for action, _ in ACTIONS} - {"leaf", "backward"}
    total = sum(done[f"action {name}"] for name in names)
    shares = {
        group: 100 * sum(done[f"action {name}"] for name in actions.split()) / total
        for group, (actions, _, _) in GROUPS.items()
    }
    assert {group: share for group, share in shares.items() if not GROUPS[group][1] <= share <= GROUPS[group][2]} == {}


def test_every_phrase_occurs(done: Counter[str]) -> None:
    assert [one.__name__ for phrases in PHRASES.values() for one in phrases if not done[f"phrase {one.__name__}"]] == []


def test_steps_are_left_out_with_all_that_needs_them(programs: list[Program]) -> None:
    for program in programs[:300]:
        count = len(program.steps)
        assert kept(program, bytes([KEPT] * count)) is program
        assert kept(program, bytes([GONE] * count)).steps == ()
        smaller = kept(program, bytes([GONE, *[KEPT] * count]))
        smaller.validate()
        assert len(smaller.steps) < count
        for step in range(min(count, STEPS)):
            kept(program, bytes([*[KEPT] * step, REPLACED])).validate()


@pytest.mark.parametrize("phrases", PHRASES.values(), ids=PHRASES)
def test_every_phrase_is_recorded_whatever_is_picked(phrases: tuple[Phrase, ...]) -> None:
    for one in phrases:
        for seed in range(40):
            stream = random.Random(seed)
            composer = Composer()
            for _ in range(3):
                composer.attempt(leaf, stream.randbytes(BLOCK))
            composer.attempt(calls.view, stream.randbytes(BLOCK))
            composer.attempt(one, stream.randbytes(BLOCK))
            composer.program().validate()


def test_a_context_that_is_entered_is_left(programs: list[Program]) -> None:
    for program in programs:
        kinds = Counter(type(step) for step in program.steps)
        assert kinds[Enter] == kinds[Exit]


def test_cotangents_are_never_all_ones(programs: list[Program]) -> None:
    ones = {TensorLiteral("float32", (2,), b"\x00\x00\x80?" * 2), TensorLiteral("float32", (3,), b"\x00\x00\x80?" * 3)}
    for program in programs:
        bound = {step.out: step.value for step in program.steps if hasattr(step, "value") and hasattr(step, "out")}
        for step in program.steps:
            if isinstance(step, Method) and step.name == "backward" and step.args and isinstance(step.args[0], Ref):
                assert bound.get(step.args[0].name) not in ones


def test_no_bytes_at_all_make_the_simplest_program() -> None:
    program = compose([bytes(BLOCK)])
    assert [type(step).__name__ for step in program.steps] == ["Bind", "Method", "Bind", "Method"]


def test_what_does_not_fit_leaves_no_trace() -> None:
    composer = Composer()

    def half(composer: Composer, choices: Choices) -> None:
        composer.tensor(choices, (2,), reuse=False)
        raise Unfit

    assert not composer.attempt(half, b"")
    assert (composer.steps, composer.live, composer.name("x")) == ([], [], "x0")


def test_operands_are_counted_from_the_last_that_was_made() -> None:
    composer = Composer()
    for name in ("a", "b", "c"):
        composer.alive(Known(name, (2,)))
    assert [composer.pick(Choices(bytes([back]))).name for back in range(3)] == ["c", "b", "a"]


@settings(max_examples=40, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_programs())
def test_hypothesis_draws_them(program: Program) -> None:
    program.validate()


def test_hypothesis_shrinks_them_to_a_few_steps() -> None:
    def writes(program: Program) -> bool:
        return any(isinstance(step, SetItem) for step in program.steps)

    quick = settings(
        max_examples=500, database=None, deadline=None, derandomize=False, phases=[Phase.generate, Phase.shrink]
    )
    steps = [
        len(find(random_programs(), writes, settings=quick, random=random.Random(seed)).steps) for seed in range(4)
    ]
    assert max(steps) <= 6, steps


X, VIEW, OTHER = Known("x", (2, 2)), Known("d", (2,), base="x"), Known("v", (2,))
EXPANDED, UNFOLDED = Known("e", (2, 2), base="v", overlaps="expand"), Known("u", (2, 2), base="v", overlaps="unfold")


@pytest.mark.parametrize(
    ("name", "written", "operand", "expected"),
    [
        ("addr", X, VIEW, False),
        ("addr", X, OTHER, True),
        ("addmm", X, X, False),
        ("addmv", EXPANDED, OTHER, False),
        ("mul", X, X, True),
        ("mul", EXPANDED, X, True),
        ("mul", UNFOLDED, X, False),
        ("sin", UNFOLDED, None, False),
    ],
)
def test_what_pytorch_does_not_define_is_not_drawn(
    name: str, written: Known, operand: Known | None, expected: bool
) -> None:
    assert defined(TABLE[name], written, operand) is expected


def test_views_know_whose_memory_they_show() -> None:
    composer = Composer()
    x = composer.alive(Known("x", (3,)))
    for name in ("unfold", "view", "neg"):
        call(composer, Choices(bytes(8)), TABLE[name], x=x)
    shown = {one.name: (one.memory, one.overlaps) for one in composer.live[1:]}
    assert [*shown.values()] == [("x", "unfold"), ("x", ""), ("y2", "")]


@pytest.mark.parametrize("phrases", PHRASES.values(), ids=PHRASES)
def test_what_a_phrase_names_is_there_when_it_is_read(phrases: tuple[Phrase, ...]) -> None:
    right = oracle()
    for number, one in enumerate(dict.fromkeys(phrases)):
        for attempt in range(4):
            stream, composer = random.Random(f"{number}/{attempt}"), Composer()
            composer.tensor(Choices(b""), (2, 3), grad=True)
            composer.tensor(Choices(b""), (3,), reuse=False)
            call(composer, Choices(bytes(8)), TABLE["sin"], x=composer.live[0])
            if not composer.attempt(lambda composer, choices, one=one: one(composer, choices), stream.randbytes(BLOCK)):
                continue
            trace = right.run(composer.program())
            assert all(step.error is None or step.error.type != "NameError" for step in trace.steps), one.__name__


def test_a_program_looked_at_once_survives_a_hook_on_an_outdated_view() -> None:
    composer = Composer()
    x = TensorLiteral("float32", (), np.float32(1.83).tobytes())
    composer.append(Bind(out="x", value=x))
    composer.method(Ref("x"), "requires_grad_")
    composer.call("torch.squeeze", Ref("x"), out="y")
    composer.method(Ref("x"), "logical_not_")
    composer.method(Ref("y"), "register_hook", bodies.hook(bodies.TENSOR_HOOKS[0]), out="h")
    composer.append(Get(self=Ref("y"), name="grad_fn", out="n"))
    composer.method(Ref("n"), "register_hook", bodies.hook(bodies.doubles_inputs), out="i")
    every = composer.program()
    composer.observe = "last"
    last = composer.program()
    assert len(last.steps) == len(every.steps) + 1
    assert last == composer.program()
    with closing(open_subject("torch")) as pytorch:  # of its own: without that step it dies
        assert [step.outcome for step in pytorch.run(last).steps] == ["returned"] * len(last.steps)
