"""PyTorch compared with itself, made to do the same by another way: nothing of that may be called a difference."""

from __future__ import annotations

import contextlib
import functools
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec import UNSET

from conformance.cli import command
from conformance.fuzz.worker import drawn
from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.program import Global, Program, Step
from conformance.subjects import Process, Subject, SubjectUnavailable, open_subject, oracle
from conformance.subjects.base import SubjectUnsupported
from conformance.subjects.defaults import WithDefault
from conformance.subjects.strided import Strided
from conformance.subjects.variants import VARIANTS, open_variant
from conformance.trace import Array
from tests.conformance.small_programs import bind, call, enter, exit_, function, get, leaf, method, op, program, tensor

pytest.importorskip("torch")

NAMES = ("torch:threads=2", "torch:strided", "torch:reassociated", "torch:dtype=float64", "torch:device=cpu")
PROGRAMS = 40

# Larger than those that are drawn: PyTorch shares work among threads from 32,768 elements on.
LARGE = program(
    *leaf("x", list(np.random.RandomState(0).randn(40_000).astype("float32"))),
    method("$x", "exp", out="y"),
    method("$y", "sum", out="s"),
    method("$y", "cumsum", 0, out="c"),
    method("$y", "reshape", [200, 200], out="m"),
    op("matmul", "$m", "$m", out="p"),
    method("$p", "mean", out="e"),
    method("$e", "backward"),
)


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[[str], Subject]]:
    """Opens a variant once: in a process only if it needs one, since there PyTorch takes seconds to import."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def open_once(name: str) -> Subject:
            alone = VARIANTS[name.removeprefix("torch:").partition("=")[0]].alone
            subject = open_subject(name, isolate=alone)
            assert isinstance(subject, Process) == alone
            return stack.enter_context(contextlib.closing(subject))

        yield open_once


@pytest.mark.parametrize("name", NAMES)
def test_a_variant_is_no_false_alarm(name: str, opened: Callable[[str], Subject]) -> None:
    right, subject = oracle(), opened(name)
    facets = subject.describe().facets
    said = []
    for one in (LARGE, *(drawn(7, index) for index in range(PROGRAMS))):
        try:
            said.append(judge(one, right.run(one), subject.run(one), right, facets))
        except SubjectUnsupported:
            continue
    assert {verdict.status for verdict in said} <= {"PASS", "INCONCLUSIVE"}, said
    assert sum(verdict.status == "PASS" for verdict in said) > 0.9 * PROGRAMS


def elements(of: Program, name: str, subject: Subject, step: int) -> Array:
    value = subject.run(of).steps[step].changes[name].value
    assert isinstance(value, Array)
    return value


def test_the_other_order_gives_other_numbers(opened: Callable[[str], Subject]) -> None:
    sums = {elements(LARGE, "s", one, 3).data for one in (oracle(), opened("torch:reassociated"))}
    assert len(sums) == 2


def test_the_other_order_overflows_no_sooner(opened: Callable[[str], Subject]) -> None:
    asks = program(bind("x", tensor([1e30, 2.0, 3e29])), method("$x", "std", out="s"))
    right = oracle()
    other = opened("torch:reassociated")
    assert judge(asks, right.run(asks), other.run(asks), right, other.describe().facets).status == "PASS"


def test_the_other_order_has_tangents_wherever_pytorch_has(opened: Callable[[str], Subject]) -> None:
    mode = "torch.autograd.forward_ad"
    asks = program(
        call("torch.inference_mode", out="inference"),
        enter("$inference"),
        bind("x", tensor([1.0, math.nan])),
        exit_("$inference"),
        call(f"{mode}.enter_dual_level"),
        call(f"{mode}.make_dual", "$x", tensor([1.0, 1.0]), out="d"),
        method("$d", "nansum", out="y"),
    )
    right = oracle()
    assert right.run(asks).steps[-1].outcome == "returned"
    other = opened("torch:reassociated")
    assert judge(asks, right.run(asks), other.run(asks), right, other.describe().facets).status == "PASS"


def test_with_gaps_a_tensor_is_not_contiguous_and_not_a_view() -> None:
    asks = program(bind("x", tensor([[1.0, 2.0], [3.0, 4.0]])), method("$x", "_is_view", out="v"))
    opened = open_subject("torch:strided", isolate=False)
    first, second = opened.run(asks).steps
    assert first.changes["x"].stride == (4, 2)
    assert first.changes["x"].version == 0
    assert second.result is False


SQUARE = bind("x", tensor([[1.0, 2.0], [3.0, 4.0]]))
SAME = function("f", ("t",), result="$t")
ROWS = (SQUARE, op("getitem", "$x", 0, out="a"), op("getitem", "$x", 1, out="b"))


def with_gaps(*steps: Step, torch: Any = None) -> Verdict:
    """What is said of PyTorch, or of something like it, whose tensors have gaps."""
    opened = Strided(torch or open_subject("torch", isolate=False).module, "strided")  # type: ignore[attr-defined]
    one, right = program(*steps), oracle()
    return judge(one, right.run(one), opened.run(one), right, opened.describe().facets)


@pytest.mark.parametrize(
    "steps",
    [
        (SQUARE, method("$x", "t", out="y"), method("$y", "contiguous", out="z"), method("$z", "add_", 1)),
        (SQUARE, op("mul", "$x", 2, out="y"), method("$y", "ravel", out="z"), method("$z", "add_", 1)),
        (SQUARE, method("$x", "add_", "$x")),
        (SQUARE, method("$x", "detach", out="y"), method("$x", "mul_", "$y")),
        (*ROWS, method("$a", "add_", "$b")),
    ],
)
def test_with_gaps_all_is_the_same_but_what_hangs_on_the_layout(steps: tuple[Step, ...]) -> None:
    assert with_gaps(*steps).status == "PASS"


@pytest.mark.parametrize("step", [method("$x", "contiguous"), call("torch.ravel", "$x")])
def test_a_copy_of_one_layout_alone_is_not_supported(step: Step) -> None:
    with pytest.raises(SubjectUnsupported, match="copy"):
        with_gaps(SQUARE, step)


def saved_by(*steps: Step) -> tuple[Step, ...]:
    """Steps within hooks on saved tensors."""
    hooks = call("torch.autograd.graph.saved_tensors_hooks", SAME, SAME, out="c")
    return (SQUARE, method("$x", "requires_grad_"), hooks, enter("$c"), *steps)


DUAL = (
    op("mul", "$x", 1, out="p"),
    call("torch.func.jvp", SAME, ("$p",), ("$v",), out="y"),
)  # only the tangent has gaps


@pytest.mark.parametrize(
    "steps",
    [
        saved_by(call("torch.linalg.det", "$x", out="y")),
        saved_by(op("getitem", "$x", 0, out="a"), method("$a", "atanh", out="b"), method("$b", "inner", "$a", out="y")),
        (SQUARE, bind("v", tensor([[1.0, 2.0], [3.0, 4.0]])), *DUAL),
        (SQUARE, method("$x", "as_strided", (3,), (1,), out="y")),
        (*ROWS, method("$x", "add_", "$a")),
        (SQUARE, method("$x", "t", out="y"), method("$x", "add_", "$y")),
    ],
)
def test_what_pytorch_does_otherwise_for_another_layout_blames_nobody(steps: tuple[Step, ...]) -> None:
    verdict = with_gaps(*steps)
    assert (verdict.status, verdict.at) == ("INCONCLUSIVE", len(steps) - 1)
    assert "if its tensors lie as the subject's do" in verdict.reason


def another(**replaced: Any) -> ModuleType:
    import torch

    made = ModuleType("another")
    made.__dict__.update({name: getattr(torch, name) for name in dir(torch) if not name.startswith("__")}, **replaced)
    return made


def test_but_who_saves_something_else_is_still_wrong() -> None:
    import torch

    class Inner(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.save_for_backward(b, a + 1)
            return torch.inner(a, b)

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            b, a = ctx.saved_tensors
            return grad * b, grad * a

    steps = saved_by(
        op("getitem", "$x", 0, out="a"), method("$a", "atanh", out="b"), call("torch.inner", "$b", "$a", out="y")
    )
    assert with_gaps(*steps).status == "INCONCLUSIVE"
    verdict = with_gaps(*steps, torch=another(inner=Inner.apply))
    assert verdict.status == "FAIL"
    # That the row comes first hangs on its layout; what is said of it is left out.
    assert {one.step for one in verdict.differences} == {(6, 1)}


def test_who_claims_the_strides_of_pytorch_is_held_to_them() -> None:
    one, right = program(*saved_by(call("torch.linalg.det", "$x", out="y"))), oracle()
    trace = open_subject("torch:strided", isolate=False).run(one)
    verdict = judge(one, right.run(one), trace, right, ("value", "stride"))
    assert verdict.status == "FAIL"
    assert [one.facet for one in verdict.differences][:1] == ["stride"]


def test_gradients_that_a_program_makes_stay_dense() -> None:
    gives = program(
        *leaf("x", [1.0, 2.0]),
        bind("g", tensor([3.0, 4.0])),
        op("mul", "$g", 2, out="h"),
        call("torch.autograd.backward", "$x", "$h"),
    )
    opened = open_subject("torch:strided", isolate=False)
    assert opened.run(gives).steps[2].changes["g"].stride == (2,)
    gives = program(*leaf("x", [1.0, 2.0]), bind("g", tensor([3.0, 4.0])), method("$x", "backward", "$g"))
    assert opened.run(gives).steps[2].changes["g"].stride == (1,)


ONES = call("torch.ones", 2, out="x")


def test_what_says_no_dtype_has_the_other_default() -> None:
    opened = open_subject("torch:dtype=float64", isolate=False)
    made = program(ONES, bind("y", tensor([1.0])), op("mul", "$x", "$y", out="z"))
    first, second, third = opened.run(made).steps
    assert first.changes["x"].dtype == third.changes["z"].dtype == "float64"
    assert second.changes["y"].dtype == "float32"
    assert judge(made, oracle().run(made), opened.run(made), None, opened.describe().facets).status == "PASS"
    assert oracle().run(made).steps[0].changes["x"].dtype == "float32"  # it is the usual one again


def test_on_a_device_everything_is_made_there() -> None:
    import torch

    # The one other device of every machine: it has no elements, so no subject is opened on it.
    meta = WithDefault(
        torch,
        "torch:device=meta",
        frozenset(),
        lambda: torch.set_default_device("meta"),
        lambda: torch.set_default_device(None),
    )
    first, second = meta.run(program(ONES, bind("y", tensor([1.0])))).steps
    assert first.changes["x"].value is second.changes["y"].value is UNSET
    assert torch.get_default_device().type == "cpu"


@pytest.mark.parametrize("name", ["torch:dtype=float64", "torch:device=cpu"])
def test_random_numbers_are_other_ones_by_another_default(name: str) -> None:
    with pytest.raises(SubjectUnsupported, match="random"):
        open_subject(name, isolate=False).run(program(bind("x", tensor([1.0])), call("torch.rand", 2, out="r")))


@pytest.mark.parametrize(
    "steps",
    [
        (bind("y", tensor([1.0, 2.0])), op("matmul", "$x", "$y")),
        (get("$x", "dtype", out="d"), op("eq", "$d", Global("torch.float32"))),
    ],
)
def test_what_hangs_on_the_default_dtype_is_left_out(steps: tuple[Step, ...]) -> None:
    opened = open_subject("torch:dtype=float64", isolate=False)
    with pytest.raises(SubjectUnsupported, match="step 2 hangs on the default"):
        opened.run(program(ONES, *steps))


@pytest.mark.parametrize(
    ("name", "isolate", "says"),
    [
        ("torch:sideways", False, "no variant is named 'sideways'; there are torch:threads"),
        ("torch:threads", True, "does not say how many threads"),
        ("torch:reassociated", False, "needs a process of its own"),
        ("torch:dtype", False, "names no dtype, as torch:dtype=float64 does"),
        ("torch:dtype=int64", False, "int64 cannot be the default dtype"),
        ("torch:device", False, "cannot compute on 'no device' here"),
        ("torch:device=meta", False, "cannot compute on 'meta' here: Cannot copy out of meta tensor"),
        ("torch:device=cuda:99", False, "cannot compute on 'cuda:99' here"),
    ],
)
def test_what_cannot_be_opened_says_why(name: str, isolate: bool, says: str) -> None:
    with pytest.raises(SubjectUnavailable, match=says):
        open_subject(name, isolate=isolate)


def test_the_command_lists_them() -> None:
    result = CliRunner().invoke(command, ["subjects"])
    assert result.exit_code == 0
    for name, variant in VARIANTS.items():
        assert f"torch:{name}" in result.output
        assert variant.sentence.partition(" (")[0] in " ".join(result.output.split())


def test_other_roundings_do_not_import_the_compiler() -> None:
    # In a process of its own: any test before may have imported it.
    asked = """
import sys, torch
from conformance.interpreter.rounding import rounded
with rounded(1, "float32"):
    moved = torch.tensor([0.5]).exp()
assert moved.item() != torch.tensor([0.5]).exp().item()
print("torch._dynamo" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == "False\n"


def test_the_compiled_pytorch_translates_every_operator_and_agrees() -> None:
    import torch
    from torch._dynamo.utils import counters

    steps = program(
        *leaf("x", [1.0]),
        method("$x", "exp", out="y"),
        op("mul", "$y", 2, out="z"),
        method("$z", "sum", out="s"),
        method("$s", "backward"),
    )
    subject = open_variant(torch, "torch:compiled", alone=True)
    counters.clear()
    trace = subject.run(steps)
    assert counters["stats"]["unique_graphs"] == 3
    assert judge(steps, oracle().run(steps), trace, oracle(), subject.describe().facets).status == "PASS"
