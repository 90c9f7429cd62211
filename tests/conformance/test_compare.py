"""Comparing traces: what differs, in which facet, said once; and numbers judged by the oracle in double precision."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from conformance.interpreter.interpreter import run
from conformance.judging.compare import FEW_ULP, close, compare
from conformance.judging.double import array_at, to_double, without_prelude
from conformance.judging.judge import judge
from conformance.judging.verdict import Difference
from conformance.numbers import EPSILON, alike_but_for_tangents, apart, elements, ulp
from conformance.program import Float, Function, Global, Program, Ref
from conformance.subjects import oracle
from conformance.trace import (
    FACETS,
    Array,
    FunctionCall,
    Opaque,
    Raised,
    Sequence,
    StepTrace,
    TensorChange,
    Trace,
    Warned,
)
from tests.conformance.small_programs import bind, call, get, leaf, method, op, program, tensor

torch = pytest.importorskip("torch")

SQUARES = program(
    *leaf("x", [1.0, 2.0]),
    op("pow", "$x", 2, out="y"),
    method("$y", "sum", out="s"),
    method("$s", "backward"),
    op("mul", "$x", 3, out="z"),
)


def array(*values: float, dtype: str = "float32") -> Array:
    return Array(dtype, (len(values),), np.array(values, dtype).tobytes())


def trace(*steps: StepTrace) -> Trace:
    return Trace(steps=steps)


def changed(name: str, **fields: Any) -> StepTrace:
    return StepTrace(outcome="returned", changes={name: TensorChange(**fields)})


def edited(of: Trace, step: int, **fields: Any) -> Trace:
    """The trace with some fields of a step replaced."""
    steps = list(of.steps)
    steps[step] = msgspec.structs.replace(steps[step], **fields)
    return Trace(steps=tuple(steps))


def with_change(of: Trace, step: int, name: str, **fields: Any) -> Trace:
    changes = dict(of.steps[step].changes)
    changes[name] = msgspec.structs.replace(changes[name], **fields)
    return edited(of, step, changes=changes)


def facets(differences: tuple[Difference, ...]) -> list[tuple[str, tuple[int, ...], str]]:
    return [(d.facet, d.step, d.name) for d in differences]


@pytest.fixture(scope="module")
def squares() -> Trace:
    return run(SQUARES, torch)


# ------------------------------------------------------------------------------------------------ numbers within texts


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("is [0.6000, -1.2000]", "is [0.6001, -1.2000]", True),
        ("is [0.6000, -1.2000]", "is [0.6002, -1.2000]", False),
        ("is [0.6000, -1.2000]", "is [0.6000, 1.2000]", False),
        ("is 2.4000e+06", "is 2.4001e+06", True),
        ("is 2.4000e+06", "is 2.4000e+05", False),
        ("is 4.611796565704948", "is 4.611796565704947", True),
        ("is 4.61179656570494", "is 4.611796565704940001", True),
        ("is 0.1", "is 0.2", False),
        ("size 2", "size 3", False),
        ("is [0.6000]", "was [0.6000]", False),
        ("is [0.6000]", "is [0.6000, 0.6000]", False),
    ],
)
def test_texts_are_equal_but_for_the_last_digit_of_numbers(one: str, other: str, same: bool) -> None:
    raising = [trace(StepTrace(outcome="raised", error=Raised("RuntimeError", text, "other"))) for text in (one, other)]
    assert [d.facet for d in compare(*raising)] == ([] if same else ["message"])


# ----------------------------------------------------------------------------------------------------------- facets


@pytest.mark.parametrize(
    ("one", "other", "dtype", "same"),
    [
        ("tensor(78., tangent=29.90999984741211)", "tensor(78., tangent=29.910001754760742)", "float32", True),
        ("tensor(78., tangent=29.90999984741211)", "tensor(78., tangent=29.910001754760742)", "float64", False),
        ("tensor(78., tangent=15.0)", "tensor(78., tangent=15.000000953674316)", "float32", True),
        ("tensor(78., tangent=15.0)", "tensor(78., tangent=16.0)", "float32", False),
        ("tensor([1.], tangent=tensor([0.]))", "tensor([1.], tangent=tensor([-0.]))", "float32", True),
        ("tensor([1.], tangent=tensor([4.0000e-03]))", "tensor([1.], tangent=tensor([3.9999e-03]))", "float64", True),
        ("tensor([1.], tangent=tensor([4.0000e-03]))", "tensor([1.], tangent=tensor([3.9997e-03]))", "float64", False),
        ("tensor([1.], tangent=tensor([1.]))", "tensor([1.], tangent=tensor([1.], grad_fn=<X>))", "float32", False),
        ("tensor([1.], tangent=tensor([nan]))", "tensor([1.], tangent=tensor([1.]))", "float32", False),
        ("tensor([1.0000], tangent=tensor([1.]))", "tensor([1.0001], tangent=tensor([1.]))", "float32", False),
    ],
)
def test_the_texts_of_duals_are_equal_but_for_roundings_of_tangents(
    one: str, other: str, dtype: str, same: bool
) -> None:
    assert alike_but_for_tangents(one, other, dtype) is alike_but_for_tangents(other, one, dtype) is same


def test_a_trace_does_not_differ_from_itself(squares: Trace) -> None:
    assert compare(squares, Trace.from_json(squares.to_json())) == ()


@pytest.mark.parametrize(
    ("name", "fields", "facet"),
    [
        ("y", {"value": array(1.0, 5.0)}, "value"),
        ("y", {"dtype": "float64"}, "dtype"),
        ("y", {"shape": (2, 1)}, "shape"),
        ("y", {"stride": (7,)}, "stride"),
        ("y", {"requires_grad": False}, "requires_grad"),
        ("y", {"is_leaf": True}, "is_leaf"),
        ("y", {"version": 1}, "version"),
    ],
)
def test_every_field_of_a_tensor_has_its_facet(squares: Trace, name: str, fields: dict[str, Any], facet: str) -> None:
    assert facets(compare(squares, with_change(squares, 2, name, **fields))) == [(facet, (2,), "y")]


@pytest.mark.parametrize(
    ("fields", "facet"),
    [
        ({"alias": (("x", "y"),)}, "alias"),
        ({"identity": (("x", "y"),)}, "identity"),
        ({"warnings": (Warned("UserWarning", "careful"),)}, "warning"),
        ({"graph": msgspec.UNSET}, "graph"),
    ],
)
def test_every_observation_of_the_whole_has_its_facet(squares: Trace, fields: dict[str, Any], facet: str) -> None:
    assert facets(compare(squares, edited(squares, 2, **fields)))[0][:2] == (facet, (2,))


def test_a_missing_gradient_is_a_difference_of_grad(squares: Trace) -> None:
    none = edited(squares, 4, changes={})
    (difference,) = compare(squares, none)
    assert (difference.facet, difference.name, difference.oracle, difference.subject) == (
        "grad",
        "x",
        "tensor([2., 4.])",
        "None",
    )


def test_a_gradients_number_belongs_to_grad_and_is_required(squares: Trace) -> None:
    (difference,) = compare(squares, with_change(squares, 4, "x.grad", value=array(2.0, 5.0)))
    assert (difference.facet, difference.level) == ("grad", "required")


def test_only_the_facets_that_a_subject_has_are_compared(squares: Trace) -> None:
    other = with_change(with_change(squares, 2, "y", version=3), 2, "y", is_leaf=True)
    assert facets(compare(squares, other, ["is_leaf"])) == [("is_leaf", (2,), "y")]


def test_what_a_subject_leaves_out_is_not_compared(squares: Trace) -> None:
    silent = with_change(squares, 2, "y", stride=msgspec.UNSET, version=msgspec.UNSET)
    assert compare(squares, silent) == ()


def test_errors_are_compared_by_code_type_and_text() -> None:
    def raising(type_: str, message: str, code: str) -> Trace:
        return trace(StepTrace(outcome="raised", error=Raised(type_, message, code)))

    base = raising("RuntimeError", "freed", "graph_freed")
    assert facets(compare(base, raising("ValueError", "freed", "graph_freed"))) == [("error_type", (0,), "")]
    assert facets(compare(base, raising("RuntimeError", "gone", "graph_freed"))) == [("message", (0,), "")]
    assert facets(compare(base, raising("RuntimeError", "freed", "other"))) == [("error_code", (0,), "")]


def test_after_one_raised_and_the_other_did_not_nothing_more_is_said(squares: Trace) -> None:
    error = Raised("RuntimeError", "no", "other")
    raising = edited(squares, 2, outcome="raised", error=error, result=None, changes={}, graph=msgspec.UNSET)
    raising = edited(raising, 3, outcome="blocked", reason="y", result=None, changes={})
    (difference,) = compare(squares, raising)
    assert (difference.facet, difference.step) == ("raised", (2,))
    assert (difference.oracle, difference.subject) == ("returns tensor y", "raises RuntimeError: no")


def test_what_was_called_is_not_compared_where_only_one_side_raised() -> None:
    one = StepTrace(outcome="returned", calls=(FunctionCall("hook", (), ()),))
    other = StepTrace(outcome="raised", error=Raised("RuntimeError", "no", "other"))
    assert facets(compare(trace(one), trace(other))) == [("raised", (0,), "")]


def test_a_difference_that_stays_is_said_once() -> None:
    first = changed("x", value=array(1.0), version=0)
    one = trace(first, StepTrace(outcome="returned"), changed("x", version=1))
    other = trace(changed("x", value=array(2.0), version=0), StepTrace(outcome="returned"), changed("x", version=1))
    assert facets(compare(one, other)) == [("value", (0,), "x")]


def test_a_change_that_only_one_side_makes_is_a_difference() -> None:
    one = trace(changed("x", version=0), changed("x", version=1))
    other = trace(changed("x", version=0), StepTrace(outcome="returned"))
    assert facets(compare(one, other)) == [("version", (1,), "x")]


def test_texts_of_numbers_that_differ_are_not_blamed_for_it() -> None:
    one = trace(changed("x", value=array(1.0), repr="tensor([1.])"))
    nearly = trace(changed("x", value=array(np.nextafter(np.float32(1), 2)), repr="tensor([1.0000])"))
    worded = trace(changed("x", value=array(1.0), repr="[1.]"))
    assert compare(one, nearly) == ()
    assert facets(compare(one, worded)) == [("repr", (0,), "x")]


@pytest.mark.parametrize(
    ("oracles", "subjects", "facet"),
    [
        (1, 2, "value"),
        (True, False, "value"),
        (None, 1, "value"),
        (Opaque("RemovableHandle"), Opaque("Handle"), "repr"),
        ("text", "other", "repr"),
        (Global("torch.float32"), Global("torch.float64"), "dtype"),
        (Sequence("tuple", (1,)), Sequence("list", (1,)), "repr"),
        (Sequence("tuple", (1,)), Sequence("tuple", (2,)), "value"),
        (Sequence("tuple", (1,)), Sequence("tuple", (1, 1)), "value"),
    ],
)
def test_results_differ_by_what_they_are(oracles: Any, subjects: Any, facet: str) -> None:
    one, other = (trace(StepTrace(outcome="returned", result=r)) for r in (oracles, subjects))
    assert facets(compare(one, other)) == [(facet, (0,), "")]


def test_a_flag_that_a_step_reads_belongs_to_the_facet_of_that_flag() -> None:
    reads = program(bind("x", tensor([1.0])), get("$x", "_version", out="v"))
    right = run(reads, torch)
    wrong = edited(right, 1, result=5)
    assert facets(compare(right, wrong, None, reads)) == [("version", (1,), "")]


def test_calls_are_compared_by_name_order_arguments_and_steps() -> None:
    hook = Function("hook", ("g",), (op("mul", "$g", 2, out="h"),), Ref("h"))
    hooked = program(
        *leaf("x", [1.0]), method("$x", "register_hook", hook), method("$x", "sum", out="s"), method("$s", "backward")
    )
    right = run(hooked, torch)
    (called,) = right.steps[4].calls

    def with_calls(*calls: Any) -> Trace:
        return edited(right, 4, calls=calls)

    assert facets(compare(right, with_calls())) == [("hooks", (4,), "")]
    assert facets(compare(right, with_calls(called, called))) == [("hooks", (4,), "")]
    other = msgspec.structs.replace(called, arguments=(None,))
    assert facets(compare(right, with_calls(other))) == [("hooks", (4, 0), "g")]
    other = msgspec.structs.replace(called, steps=with_change(Trace(steps=called.steps), 0, "h", version=9).steps)
    assert facets(compare(right, with_calls(other))) == [("version", (4, 0, 0), "h")]


@pytest.mark.parametrize(("dtype", "shape"), [("float32", (1,)), ("float8_e4m3fn", (1,)), ("float32", (-1,))])
def test_an_array_that_is_none_is_refused_where_it_is_read(dtype: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"no dtype|bytes are no|shape"):
        Array(dtype, shape, b"\0")


# ----------------------------------------------------------------------------------------------------------- numbers


@given(st.sampled_from(sorted(set(EPSILON) - {"complex32", "bfloat16"})), st.data())
@settings(max_examples=200, deadline=None)
def test_neighbours_are_one_ulp_apart(dtype: str, data: st.DataObject) -> None:
    if dtype.startswith("complex"):
        return
    kind = np.dtype(dtype).type
    width = np.dtype(dtype).itemsize * 8
    number = kind(data.draw(st.floats(width=width, allow_nan=False, allow_infinity=False)))  # type: ignore[arg-type]
    with np.errstate(over="ignore"):
        following = np.nextafter(number, kind(np.inf))
    if np.isfinite(following):
        assert apart(dtype, np.array(number), np.array(following)) in (0.5, 1.0)
    assert apart(dtype, np.array(number), np.array(number)) == 0


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (0.0, -0.0, True),
        (np.nan, -np.nan, True),
        (np.inf, np.inf, True),
        (np.inf, -np.inf, False),
        (np.nan, 1.0, False),
        (np.inf, 3e38, False),
        (1.0, 1.0 + 4 * 2.0**-23, True),
        (1.0, 1.0 + 5 * 2.0**-23, False),
        (1e-45, 0.0, True),
    ],
)
def test_a_few_ulp_are_no_difference(one: float, other: float, equal: bool) -> None:
    assert FEW_ULP == 4
    assert close(array(one), array(other)) is equal
    assert close(array(other), array(one)) is equal


def test_bfloat16_has_its_own_ulp() -> None:
    assert ulp("bfloat16", 1.0) == 2.0**-7
    assert elements("bfloat16", (1,), b"\x80\x3f") == 1.0


# ------------------------------------------------------------------------------------------------------------- judging


def judged(of: Program, change: Any, single: Trace | None = None) -> Any:
    """The verdict on a subject whose trace is the oracle's, changed."""
    right = oracle()
    trace_ = single or right.run(of)
    return judge(of, trace_, change(trace_), right)


def test_a_wrong_number_fails_and_the_note_says_how_far_it_is() -> None:
    verdict = judged(SQUARES, lambda t: with_change(t, 4, "x.grad", value=array(2.0, 4.1)))
    assert verdict.status == "FAIL"
    assert verdict.first.note.startswith("float64 says 4, from which the subject is ")
    assert verdict.fails("required")


def test_equal_traces_pass_without_a_replay() -> None:
    right = oracle()
    same = right.run(SQUARES)
    # An oracle that could not even run: it is not asked.
    assert judge(SQUARES, same, same, None).status == "PASS"


LONG_SUM = program(
    *leaf("x", list(np.linspace(0.1, 1.7, 5001, dtype="float32"))),
    method("$x", "exp", out="y"),
    method("$y", "sum", out="s", drops=("y",)),
    method("$s", "log", out="l"),
)


def test_a_sum_in_another_order_is_accepted_and_counted() -> None:
    single = oracle().run(LONG_SUM)
    y = np.exp(elements("float32", (5001,), LONG_SUM.steps[0].value.data)).astype("float32")  # type: ignore[union-attr]
    one_by_one = np.float32(0)
    for element in y:
        one_by_one = np.float32(one_by_one + element)
    worse = Array("float32", (), one_by_one.tobytes())
    assert not close(single.steps[3].changes["s"].value, worse)  # type: ignore[arg-type]
    verdict = judged(LONG_SUM, lambda t: with_change(t, 3, "s", value=worse), single)
    assert (verdict.status, verdict.judged) == ("PASS", 1)


def test_the_same_error_in_a_short_sum_is_not_accepted() -> None:
    verdict = judged(
        SQUARES, lambda t: with_change(t, 3, "s", value=Array("float32", (), np.float32(5.0005).tobytes()))
    )
    assert verdict.status == "FAIL"


def test_where_the_oracle_breaks_a_tie_otherwise_in_float64_nobody_is_blamed() -> None:
    tie = program(
        bind("x", tensor([1e8, 1.0])),
        method("$x", "sum", out="s"),
        op("gt", "$s", 1e8, out="larger"),
        op("mul", "$x", "$larger", out="y"),
    )
    verdict = judged(tie, lambda t: with_change(t, 3, "y", value=array(1e8, 1.0)))
    assert verdict.status == "INCONCLUSIVE"
    assert "in float64 larger is" in verdict.reason


def test_where_the_oracle_overflows_in_float32_only_nobody_is_blamed() -> None:
    overflow = program(bind("x", tensor([100.0])), method("$x", "exp", out="y"))
    assert judged(overflow, lambda t: with_change(t, 1, "y", value=array(3e38))).status == "INCONCLUSIVE"


def test_a_cancellation_that_could_be_the_order_of_a_sum_is_inconclusive_and_not_accepted() -> None:
    cancels = program(bind("x", tensor([1e6, 0.1, -1e6])), method("$x", "sum", out="s"))
    zero = Array("float32", (), np.float32(1.05).tobytes())
    assert judged(cancels, lambda t: with_change(t, 1, "s", value=zero)).status == "INCONCLUSIVE"
    far = Array("float32", (), np.float32(100).tobytes())
    assert judged(cancels, lambda t: with_change(t, 1, "s", value=far)).status == "FAIL"


def test_a_nan_of_the_subject_is_wrong_where_the_oracle_has_none() -> None:
    verdict = judged(SQUARES, lambda t: with_change(t, 4, "x.grad", value=array(2.0, np.nan)))
    assert verdict.status == "FAIL"


def test_integers_have_no_tolerance() -> None:
    counts = program(bind("x", tensor([1, 2], "int64")), op("mul", "$x", 2**40, out="y"))
    wrong = array(2**40, 2**41 + 1, dtype="int64")
    assert judged(counts, lambda t: with_change(t, 1, "y", value=wrong)).status == "FAIL"


def test_a_number_that_a_step_returned_is_judged_like_one_in_a_tensor() -> None:
    item = program(*leaf("x", list(np.linspace(0.1, 1.7, 301))), method("$x", "sum", out="s"), method("$s", "item"))
    right = oracle().run(item)
    number = float(right.steps[3].result)  # type: ignore[arg-type]

    def off(by: float) -> Any:
        return judged(item, lambda t: edited(t, 3, result=Float.of(number + by)), right).status

    assert off(1e-9) == "PASS"
    assert off(1e-2) == "FAIL"


def test_a_name_that_the_subject_lacks_makes_the_program_unsupported() -> None:
    lacking = Trace(
        steps=(*oracle().run(SQUARES).steps[:2], *[StepTrace(outcome="unsupported", reason="Tensor.pow")] * 4)
    )
    verdict = judged(SQUARES, lambda _: lacking)
    assert (verdict.status, verdict.reason, verdict.differences) == ("UNSUPPORTED", "no 'Tensor.pow'", ())


def test_a_difference_before_the_missing_name_still_fails() -> None:
    right = with_change(oracle().run(SQUARES), 0, "x_", value=array(1.0, 3.0))
    lacking = Trace(steps=(*right.steps[:2], StepTrace(outcome="unsupported", reason="Tensor.pow")))
    assert judged(SQUARES, lambda _: lacking).status == "FAIL"


def test_a_function_that_the_oracle_lacks_blocks_the_program() -> None:
    newer = program(bind("x", tensor([1.0])), call("torch.function_of_tomorrow", "$x", out="y"))
    verdict = judged(newer, lambda t: edited(t, 1, outcome="returned", reason=""))
    assert (verdict.status, verdict.reason) == ("BLOCKED", "the oracle has no 'torch.function_of_tomorrow'")


def test_what_both_lack_is_the_same() -> None:
    assert judged(program(bind("x", tensor([1.0])), get("$x", "no_such_attribute")), lambda t: t).status == "PASS"


# -------------------------------------------------------------------------------------------------------- in double


def test_a_program_in_double_has_no_float32_left() -> None:
    every = program(
        bind("x", tensor([0.1, 0.2])),
        bind("h", tensor([0.1], "float16")),
        bind("i", tensor([1, 2], "int64")),
        bind("c", tensor([1 + 2j], "complex64")),
        method("$i", "float", out="f"),
        call("torch.ones", 2, out="o"),
        call("torch.rand", 2, out="r", requires_grad=True),
        call("torch.empty", 2, out="e"),
        method("$e", "normal_", out="n"),
        op("truediv", "$i", 3, out="q"),
    )
    right = oracle()
    single = right.run(every)
    double = without_prelude(right.run(to_double(every, single)))
    assert len(double.steps) == len(single.steps)
    dtypes = {
        name: change.dtype for step in reversed(double.steps) for name, change in step.changes.items() if change.value
    }
    assert {name: dtype for name, dtype in dtypes.items() if name not in ("i",)} == dict.fromkeys(
        ["x", "h", "f", "o", "r", "e", "n", "q"], "float64"
    ) | {"c": "complex128"}
    for name, step in (("r", 6), ("n", 8), ("x", 0)):
        one, other = array_at(single, (step,), name), array_at(double, (step,), name)
        assert one is not None
        assert other is not None
        assert np.array_equal(
            elements(one.dtype, one.shape, one.data).astype("f8"), elements(other.dtype, other.shape, other.data)
        )
    assert torch.get_default_dtype() == torch.float32


def test_functions_are_in_double_as_well() -> None:
    hook = Function("hook", ("g",), (bind("w", tensor([0.1, 0.2])), op("mul", "$g", "$w", out="h")), Ref("h"))
    hooked = program(
        *leaf("x", [0.1, 0.2]),
        method("$x", "register_hook", hook),
        method("$x", "sum", out="s"),
        method("$s", "backward"),
    )
    right = oracle()
    double = without_prelude(right.run(to_double(hooked, right.run(hooked))))
    seen = array_at(double, (4, 0, 1), "h")
    assert seen is not None
    assert seen.dtype == "float64"


def test_a_subject_without_versions_is_not_held_to_those_in_a_text() -> None:
    def raises(version: int) -> Trace:
        text = f"modified by an inplace operation: is at version {version}; expected version 0 instead. Hint"
        return Trace(steps=(StepTrace(outcome="raised", error=Raised("RuntimeError", text, "version_mismatch")),))

    assert [one.facet for one in compare(raises(1), raises(2))] == ["message"]
    assert not compare(raises(1), raises(2), set(FACETS) - {"version"})
