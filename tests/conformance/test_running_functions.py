"""Running a program's functions and classes: hooks, threads, generators, methods, and Functions."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from conformance.interpreter.interpreter import MAX_CALLS
from conformance.program import (
    Bind,
    Class,
    Function,
    Global,
    Member,
    Method,
    Raise,
    Ref,
    Yield,
)
from conformance.trace import NodeSeen, Opaque, TensorSeen
from tests.conformance.small_programs import (
    bind,
    call,
    enter,
    exit_,
    function,
    get,
    leaf,
    method,
    op,
    steps,
    tensor,
    value,
)

torch = pytest.importorskip("torch")


def test_a_hook_is_called_and_recorded_with_what_it_was_given() -> None:
    hook = function("double", ("g",), op("mul", "$g", 2, out="h", drops=("g",)), result="$h")
    *_, last = steps(
        *leaf("x", [1.0, 2.0]),
        method("$x", "register_hook", hook),
        method("$x", "sum", out="s"),
        method("$s", "backward"),
    )
    (called,) = last.calls
    assert called.function == "double"
    assert called.arguments == (TensorSeen("g"),)
    assert called.changes["g"].value.data == tensor([1.0, 1.0]).data  # type: ignore[union-attr]
    assert value(called.steps[0], "h") == tensor([2.0, 2.0]).data
    assert value(last, "x.grad") == tensor([2.0, 2.0]).data


def test_a_thread_runs_to_its_end_within_its_start() -> None:
    double = function("double", (), op("mul", "$x", 2, out="y"), method("$y", "sum", out="s"), method("$s", "backward"))
    *_, made, started, joined = steps(
        *leaf("x", [1.0, 2.0]),
        call("threading.Thread", target=double, out="thread"),
        method("$thread", "start"),
        method("$thread", "join"),
    )
    assert not made.calls
    assert not joined.calls
    assert [called.function for called in started.calls] == ["double"]
    assert value(started, "x.grad") == tensor([2.0, 2.0]).data


def test_an_exception_that_ends_a_thread_is_in_the_record_of_its_call(capfd: pytest.CaptureFixture[str]) -> None:
    refuse = function("refuse", (), raises=Raise("LookupError", "no"))
    _, started, after = steps(
        call("threading.Thread", target=refuse, out="thread"), method("$thread", "start"), bind("one", 1)
    )
    assert started.outcome == after.outcome == "returned"
    assert started.calls[0].error is not None
    assert started.calls[0].error.message == "no"
    assert capfd.readouterr().err == ""


def test_the_mode_inside_a_function_is_seen() -> None:
    hook = function("hook", ("g",), bind("one", 1))
    for create_graph in (False, True):
        *_, last = steps(
            *leaf("x", [1.0]),
            method("$x", "register_hook", hook),
            op("mul", "$x", "$x", out="y"),
            method("$y", "backward", create_graph=create_graph),
        )
        assert last.calls[0].mode.grad is create_graph  # type: ignore[union-attr]


def test_an_error_in_a_hook_goes_through_unchanged_and_ends_the_body() -> None:
    hook = function("hook", ("g",), bind("one", 1), raises=Raise("ValueError", "mine"))
    *_, last = steps(
        *leaf("x", [1.0]), method("$x", "register_hook", hook), method("$x", "sum", out="s"), method("$s", "backward")
    )
    assert last.error is not None
    assert (last.error.type, last.error.message) == ("ValueError", "mine")
    assert last.calls[0].error == last.error

    failing = function("f", (), call("torch.ones", -1), bind("never", 1))
    _, last = steps(bind("f", failing), call("$f"))
    assert [step.outcome for step in last.calls[0].steps] == ["raised"]


def test_wrong_arguments_are_pythons_own_error() -> None:
    _, last = steps(bind("f", function("f", ("a", "b"))), call("$f", 1))
    assert last.error is not None
    assert last.error.message == "f() missing 1 required positional argument: 'b'"


def test_outer_names_are_looked_up_late() -> None:
    late = function("f", (), op("add", "$x", 1, out="y"), result="$y")
    first, before, bound, after = steps(bind("f", late), call("$f", out="a"), bind("x", 1), call("$f", out="b"))
    assert first.outcome == bound.outcome == "returned"
    assert before.error is not None
    assert before.error.type == "NameError"
    assert after.result == 2


def test_a_context_of_a_body_is_closed_when_the_body_fails() -> None:
    body = function("f", (), call("torch.no_grad", out="c"), enter("$c"), call("torch.ones", -1), exit_("$c"))
    _, last, after = steps(bind("f", body), call("$f"), *leaf("x", [1.0])[:1])
    assert last.outcome == "raised"
    assert torch.is_grad_enabled()
    assert (last.mode, after.mode) == (UNSET,) * 2


def test_a_generator_is_a_real_one() -> None:
    body = Function(
        "numbers",
        ("a",),
        (Yield(value=Ref("a"), out="got"), op("add", "$a", 1, out="b"), Yield(value=Ref("b"))),
        generator=True,
    )
    made, first, second, end, decorated = steps(
        bind("g", body),
        call("$g", 5, out="it"),
        op("next", "$it", out="one"),
        op("next", "$it", out="two"),
        op("next", "$it", out="three"),
    )[:5]
    assert first.result == Opaque("generator")
    assert (second.result, end.result) == (5, 6)
    assert decorated.error is not None
    assert decorated.error.type == "StopIteration"
    assert [c.function for c in end.calls] == ["numbers"]
    assert made.outcome == "returned"


def test_a_decorated_generator_keeps_its_mode_to_itself() -> None:
    body = Function("g", (), (call("torch.is_grad_enabled", out="m"), Yield(value=Ref("m"))), generator=True)
    *_, made, item, outside = steps(
        bind("f", body),
        call("torch.no_grad", out="c"),
        call("$c", "$f", out="d"),
        call("$d", out="it"),
        op("next", "$it", out="one"),
        call("torch.is_grad_enabled", out="after"),
    )
    assert made.result == Opaque("generator")
    assert (item.result, outside.result) == (False, True)


@pytest.mark.parametrize("name", ["values", "body", "make", "function"])
def test_a_parameter_may_have_any_name(name) -> None:
    double = function("double", (name,), op("mul", f"${name}", 2, out="r"), result="$r")
    trace = steps(bind("double", double), *leaf("x", [1.0]), call("$double", "$x", out="y"))
    assert value(trace[-1], "y") == tensor([2.0]).data


def test_a_method_has_defaults_and_keywords() -> None:
    body = Function(
        "forward", ("ctx", "values", "by"), (op("mul", "$values", "$by", out="r"),), Ref("r"), defaults=(2,)
    )
    scale = Class("Scale", Global("torch.autograd.Function"), {"forward": Member(body, "staticmethod")})
    trace = steps(
        Bind(out="Scale", value=scale),
        *leaf("x", [1.0, 2.0]),
        method("$Scale", "apply", "$x", out="twice"),
        Method(self=Ref("Scale"), name="apply", args=(), kwargs={"values": Ref("x"), "by": 3}, out="thrice"),
    )
    assert value(trace[-2], "twice") == tensor([2.0, 4.0]).data
    assert value(trace[-1], "thrice") == tensor([3.0, 6.0]).data


def test_a_class_is_a_subclass_of_autograds_function() -> None:
    double = Class(
        "Double",
        Global("torch.autograd.Function"),
        {
            "forward": Member(
                function("forward", ("ctx", "a"), op("mul", "$a", 2, out="r"), result="$r"), "staticmethod"
            ),
            "backward": Member(
                function("backward", ("ctx", "g"), op("mul", "$g", 2, out="r"), result="$r"), "staticmethod"
            ),
        },
    )
    trace = steps(
        Bind(out="Double", value=double),
        get("$Double", "apply", out="apply"),
        *leaf("x", [1.0, 2.0]),
        call("$apply", "$x", out="y"),
        get("$y", "grad_fn", out="f"),
        method("$y", "sum", out="s"),
        method("$s", "backward"),
    )
    assert trace[5].result == NodeSeen("DoubleBackward")
    assert [c.function for c in trace[-1].calls] == ["backward"]
    assert value(trace[-1], "x.grad") == tensor([2.0, 2.0]).data


def test_calls_beyond_the_limit_are_counted_and_not_recorded() -> None:
    body = function("f", ("a",), result="$a")
    *_, last = steps(
        bind("f", body),
        call("builtins.map", Ref("f"), Ref("r"), out="m") if False else call("builtins.range", MAX_CALLS + 5, out="r"),
        call("builtins.map", "$f", "$r", out="m"),
        call("builtins.sum", "$m", out="total"),
    )
    assert last.result == sum(range(MAX_CALLS + 5))
    assert len(last.calls) == MAX_CALLS
    assert last.reason == "5 more calls, not recorded"
