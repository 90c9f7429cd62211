"""Running a program: what each step does, what the interpreter holds (nothing), and that programs never meet."""

from __future__ import annotations

import gc
import math
import types
import warnings
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from msgspec import UNSET

from conformance.interpreter import MAX_CALLS, Session, run
from conformance.numbers import elements
from conformance.program import (
    Bind,
    Call,
    Class,
    Complex,
    Dict,
    Float,
    Function,
    Global,
    List,
    Member,
    Method,
    Program,
    Raise,
    Ref,
    Slice,
    TensorLiteral,
    Tuple,
    Unpack,
    Yield,
)
from conformance.trace import NodeSeen, Opaque, Sequence, StepTrace, TensorSeen, Trace
from tests.conformance.small_programs import (
    bind,
    call,
    delete,
    enter,
    exit_,
    function,
    get,
    leaf,
    method,
    op,
    operand,
    program,
    set_,
    tensor,
)

torch = pytest.importorskip("torch")


def steps(*of: Any, **options: Any) -> tuple[StepTrace, ...]:
    return run(program(*of, **options), torch).steps


def value(trace: StepTrace, name: str) -> bytes:
    return trace.changes[name].value.data  # type: ignore[union-attr]


# ------------------------------------------------------------------------------------------------------------- outcomes


def test_a_step_binds_what_it_returned() -> None:
    *_, last = steps(bind("x", tensor([1.0, 2.0])), op("mul", "$x", 3, out="y"))
    assert last.outcome == "returned"
    assert last.result == TensorSeen("y")
    assert value(last, "y") == tensor([3.0, 6.0]).data


def test_a_step_that_raises_is_recorded_and_the_program_goes_on() -> None:
    *_, raising, after = steps(*leaf("x", [1.0]), method("$x", "add_", 1), op("mul", "$x", 2, out="y"))
    assert raising.outcome == "raised"
    assert raising.error is not None
    assert (raising.error.type, raising.error.code) == ("RuntimeError", "leaf_inplace")
    assert after.outcome == "returned"


def test_a_step_that_needs_a_missing_result_is_blocked() -> None:
    *_, blocked = steps(
        bind("x", tensor([1.0])), method("$x", "sum", 7, out="s"), method("$s", "backward"), op("add", "$s", 1, out="t")
    )
    assert (blocked.outcome, blocked.reason) == ("blocked", "s")


def test_a_step_after_the_last_use_is_blocked() -> None:
    *_, blocked = steps(bind("x", tensor([1.0])), op("add", "$x", 1, out="y", drops=("x",)), op("add", "$x", 1))
    assert (blocked.outcome, blocked.reason) == ("blocked", "x")


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (call("torch.no_such_function", out="y"), "torch.no_such_function"),
        (call("torch.no.such.module", out="y"), "torch.no.such.module"),
        (method("$x", "no_such_method", out="y"), "Tensor.no_such_method"),
        (get("$x", "no_such_attribute", out="y"), "Tensor.no_such_attribute"),
    ],
)
def test_a_name_that_is_not_there_is_unsupported(step: Any, name: str) -> None:
    _, trace = steps(bind("x", tensor([1.0])), step)
    assert (trace.outcome, trace.reason) == ("unsupported", name)


def test_an_attribute_error_from_inside_a_call_is_raised() -> None:
    # mse_loss looks up 'size' on what it is given; the program's own name, mse_loss, is there.
    _, trace = steps(bind("x", tensor([1.0])), call("torch.nn.functional.mse_loss", "$x", "text"))
    assert trace.outcome == "raised"
    assert trace.error is not None
    assert trace.error.type == "AttributeError"


def test_a_name_missing_inside_a_hook_makes_the_step_unsupported() -> None:
    hook = function("hook", ("g",), method("$g", "no_such_method", out="h"), result="$h")
    *_, trace = steps(
        *leaf("x", [1.0]), method("$x", "register_hook", hook), method("$x", "sum", out="s"), method("$s", "backward")
    )
    assert (trace.outcome, trace.reason) == ("unsupported", "Tensor.no_such_method")


@pytest.mark.parametrize("error", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError"])
def test_nothing_that_a_subject_raises_ends_the_harness(error: str) -> None:
    raising = function("f", (), raises=Raise(error))
    _, trace, after = steps(bind("f", raising), call("$f"), bind("x", 1))
    assert trace.error is not None
    assert trace.error.type == error
    assert after.outcome == "returned"


def test_the_users_own_interrupt_ends_the_run() -> None:
    fake = types.ModuleType("interrupted")
    fake.Tensor = torch.Tensor  # type: ignore[attr-defined]

    def interrupted() -> None:
        raise KeyboardInterrupt

    fake.wait = interrupted  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        run(program(call("torch.wait")), fake)


def test_endless_recursion_is_an_error_like_any_other() -> None:
    again = function("f", (), call("$f", out="r"), result="$r")
    _, trace = steps(bind("f", again), call("$f"))
    assert trace.error is not None
    assert trace.error.type == "RecursionError"


def test_warnings_belong_to_their_step_and_are_repeated_in_every_program() -> None:
    nonleaf = program(*leaf("x", [1.0]), op("mul", "$x", 2, out="y"), get("$y", "grad"), op("mul", "$x", 3))
    for _ in range(2):
        trace = run(nonleaf, torch)
        assert [len(step.warnings) for step in trace.steps] == [0, 0, 0, 1, 0]
        assert trace.steps[3].warnings[0].category == "UserWarning"


def test_what_pytorch_warns_of_once_per_process_is_warned_of_in_every_program() -> None:
    discards = program(bind("c", tensor([1j], "complex64")), method("$c", "float", out="f"))
    for _ in range(2):
        _, trace = run(discards, torch).steps
        assert [w.message for w in trace.warnings] == ["Casting complex values to real discards the imaginary part"]
    assert not torch.is_warn_always_enabled()


def test_the_callers_filters_of_warnings_come_back() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        before = list(warnings.filters)
        run(program(bind("x", 1)), torch)
        assert warnings.filters == before


# ------------------------------------------------------------------------------------------------------------- operands


@pytest.mark.parametrize(
    ("of", "seen"),
    [
        (None, None),
        (True, True),
        (2**70, 2**70),
        ("text", "text"),
        (Float("-0.0"), Float("-0.0")),
        (Float("nan"), Float("nan")),
        (Complex("1.0", "-0.0"), Complex("1.0", "-0.0")),
        (Global("torch.float32"), Global("torch.float32")),
        (Global("torch.strided"), Global("torch.strided")),
        (Tuple((1, List((2,)))), Sequence("tuple", (1, Sequence("list", (2,))))),
        (Slice(1, None, 2), Opaque("slice")),
        (Global("torch.sin"), Opaque("function")),
    ],
)
def test_an_operand_is_the_value_that_it_says(of: Any, seen: Any) -> None:
    (trace,) = run(Program(steps=(Bind(out="v", value=of),)), torch).steps
    assert trace.result == seen


WIDTH = {"bool": 1, "uint8": 1, "int8": 1, "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2} | {
    **dict.fromkeys(["int32", "uint32", "float32"], 4),
    **dict.fromkeys(["int64", "uint64", "float64", "complex64"], 8),
    "complex128": 16,
}
DTYPES = sorted(WIDTH)


@given(st.sampled_from(DTYPES), st.sampled_from([(), (1,), (3,), (2, 3), (0,), (0, 3), (2, 0), (1, 1, 2)]), st.data())
@settings(max_examples=150, deadline=None)
def test_every_bit_of_a_tensor_arrives(dtype: str, shape: tuple[int, ...], data: st.DataObject) -> None:
    size = math.prod(shape) * WIDTH[dtype]
    content = data.draw(st.binary(min_size=size, max_size=size))
    if dtype == "bool":
        content = bytes(byte & 1 for byte in content)
    (trace,) = run(Program(steps=(Bind(out="x", value=TensorLiteral(dtype, shape, content)),)), torch).steps
    seen = trace.changes["x"].value
    assert (seen.dtype, seen.shape) == (dtype, shape)  # type: ignore[union-attr]
    if seen.data != content:  # type: ignore[union-attr]
        # Only the payload of a nan may be lost: compare the numbers, zeros by their sign.
        with np.errstate(all="ignore"):
            one, other = elements(dtype, shape, content), elements(dtype, shape, seen.data)  # type: ignore[union-attr]
        for a, b in ((one.real, other.real), (one.imag, other.imag)):
            assert np.array_equal(a, b, equal_nan=True)
            assert np.array_equal(np.signbit(a)[~np.isnan(a)], np.signbit(b)[~np.isnan(b)])


def test_a_literal_is_a_plain_leaf() -> None:
    for shape in ((), (2, 3), (0, 3)):
        array = tensor(np.zeros(shape))
        with Session(torch) as session:
            session.step(bind("x", array))
            x = session.values["x"]
            assert (x.is_leaf, x.requires_grad, x._version, x._is_view()) == (True, False, 0, False)
            del x


@pytest.mark.parametrize(
    "path",
    [
        "builtins.open",
        "builtins.eval",
        "builtins.exec",
        "builtins.__import__",
        "torch.os",
        "torch.sys.modules",
        "os.system",
    ]
    + ["copy.copyreg", "torch.sin.__globals__", "torch.Tensor.backward.__globals__"],
)
def test_a_program_cannot_stray_outside_of_the_namespace(path: str) -> None:
    (trace,) = run(Program(steps=(Bind(out="v", value=Global(path)),)), torch).steps
    assert trace.outcome == "unsupported"


def test_a_program_is_never_code() -> None:
    hostile = "__import__('os')._exit(1)"
    _, by_name, by_keyword, by_parameter = run(
        Program(
            steps=(
                Bind(out="x", value=1),
                Method(self=Ref("x"), name=hostile),
                Method(self=Ref("x"), name="bit_length", kwargs={hostile: 1}),
                Bind(out="f", value=Function("f", (f"a=({hostile})",), ())),
            )
        ),
        torch,
    ).steps
    assert by_name.outcome == "unsupported"
    assert by_keyword.outcome == by_parameter.outcome == "raised"


def test_operators_follow_pythons_reflection() -> None:
    *_, trace = steps(bind("x", tensor([2.0, 4.0])), op("truediv", 1, "$x", out="y"))
    assert value(trace, "y") == tensor([0.5, 0.25]).data


def test_unpacking_a_wrong_number_of_values_is_pythons_error() -> None:
    few, many, right = steps(
        Unpack(value=operand((1, 2)), outs=("a", "b", "c")),
        Unpack(value=operand((1, 2)), outs=("d",)),
        Unpack(value=operand((1, 2)), outs=("e", "f")),
    )
    assert few.error is not None
    assert few.error.message == "not enough values to unpack (expected 3, got 2)"
    assert many.error is not None
    assert many.error.message.startswith("too many values to unpack (expected 1")
    assert right.outcome == "returned"


# ------------------------------------------------------------------------------------------------------------- lifetimes


class Watched:
    """A namespace whose function `probe` says which of the tensors that `watch` was given are alive as it is called."""

    def __init__(self) -> None:
        self.module = types.ModuleType("watched")
        vars(self.module).update(vars(torch))
        self.references: dict[str, Any] = {}
        self.alive: list[tuple[str, ...]] = []

        def watch(x: Any, name: str) -> Any:
            self.references[name] = weakref.ref(x)
            return x

        def probe(*_: object, **__: object) -> None:
            self.alive.append(tuple(name for name, reference in self.references.items() if reference() is not None))

        def take(x: Any) -> None:
            del x
            probe()

        def keep(x: Any, error: bool = False) -> None:
            # A frame that holds x is in the traceback.
            raise RuntimeError("kept")

        for function_ in (watch, probe, take, keep):
            setattr(self.module, function_.__name__, function_)

    def run(self, *of: Any, **options: Any) -> list[tuple[str, ...]]:
        enabled = gc.isenabled()
        gc.disable()  # what is let go is gone by its reference count alone
        try:
            run(program(*of, **options), self.module)
        finally:
            if enabled:
                gc.enable()
        return self.alive


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_name_is_held_until_the_step_that_drops_it(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        call("torch.probe"),
        op("add", "$x1", 1, out="y", drops=("x1",)),
        call("torch.probe"),
    ) == [("x",), ()]


def test_the_call_holds_the_last_reference_to_its_arguments(watched: Watched) -> None:
    # `take` lets go of its parameter; if anything else held the argument, it would still be alive then.
    for arguments in (("$x1",),):
        assert watched.run(
            bind("x", tensor([1.0])),
            call("torch.watch", "$x", "x", out="x1", drops=("x",)),
            call("torch.take", *arguments, drops=("x1",)),
        ) == [()]


def test_keywords_and_selves_are_not_held_either(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        call("torch.take", x="$x1", drops=("x1",)),
    ) == [()]


def test_a_result_that_nobody_wants_is_gone_with_its_step(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        op("add", "$x", 1, out="y"),
        call("torch.watch", "$y", "y", out="z", drops=("z", "y")),
        call("torch.probe"),
    ) == [()]


def test_an_exception_is_let_go_with_its_frames(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        call("torch.keep", "$x1", drops=("x1",)),
        call("torch.probe"),
    ) == [()]


def test_a_step_that_is_blocked_lets_go_as_well(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        method("$x1", "sum", 7, out="s"),
        op("add", "$s", "$x1", drops=("x1",)),
        call("torch.probe"),
    ) == [()]


def test_observing_keeps_no_gradient_and_no_graph_alive(watched: Watched) -> None:
    assert watched.run(
        *leaf("x", [1.0]),
        op("mul", "$x", "$x", out="y"),
        call("torch.watch", "$y", "y", out="y1", drops=("y",)),
        method("$y1", "exp", out="z", drops=("y1",)),
        method("$z", "sum", out="s", drops=("z",)),
        call("torch.probe"),
        method("$s", "backward", drops=("s",)),
        get("$x", "grad", out="g"),
        call("torch.watch", "$g", "g", out="g1", drops=("g", "g1")),
        set_("$x", "grad", None),
        call("torch.probe"),
    ) == [(), ()]


def test_a_functions_argument_ends_where_the_body_drops_it(watched: Watched) -> None:
    body = function(
        "f",
        ("a",),
        call("torch.watch", "$a", "a", out="b", drops=("a",)),
        call("torch.take", "$b", drops=("b",)),
    )
    assert watched.run(
        bind("f", body), bind("x", tensor([1.0])), op("add", "$x", 1, out="y"), call("$f", "$y", drops=("y",))
    ) == [()]


def test_the_locals_of_a_call_end_with_it_but_for_what_a_closure_reads(watched: Watched) -> None:
    inner = function("inner", (), op("add", "$kept", 1, out="r"), result="$r")
    outer = function(
        "outer",
        (),
        call("torch.ones", 2, out="a"),
        call("torch.watch", "$a", "kept", out="kept"),
        call("torch.ones", 2, out="b"),
        call("torch.watch", "$b", "other", out="other"),
        bind("i", inner),
        result="$i",
    )
    assert watched.run(bind("f", outer), call("$f", out="g"), call("torch.probe"), call("$g")) == [("kept",)]


def test_nothing_lives_on_after_the_program(watched: Watched) -> None:
    # The hook closes over the scope in which it was made, which holds the tensor that holds the hook.
    hook = function("hook", ("g",), op("mul", "$g", "$x1", out="h"), result="$h")
    watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        method("$x1", "requires_grad_", out="x2"),
        method("$x2", "register_hook", hook, out="handle"),
    )
    gc.collect()
    assert watched.references["x"]() is None


@pytest.mark.parametrize("keep", [False, True])
def test_gradients_are_stolen_as_they_are_without_the_harness(keep: bool) -> None:
    # PyTorch takes a gradient over instead of copying it if nobody else holds it: seen by where x.grad lives.
    def by_hand() -> bool:
        x = torch.ones(2, requires_grad=True)
        g = torch.ones(2) * 3
        if keep:
            x.view(2).backward(g)
            return bool(x.grad.data_ptr() == g.data_ptr())
        at = g.data_ptr()
        y = x.view(2)
        (y * 1).backward(torch.ones(2) * 3)
        del g
        return bool(x.grad.data_ptr() == at)

    *_, last = steps(
        *leaf("x", [1.0, 1.0]),
        bind("one", tensor([1.0, 1.0])),
        op("mul", "$one", 3, out="g"),
        method("$x", "view", 2, out="y"),
        method("$y", "backward", "$g", drops=("y",) if keep else ("y", "g")),
    )
    if keep:
        assert by_hand()
        assert last.alias == (("x.grad", "g"),)
    else:
        assert last.changes["x.grad"].version == 0


def test_two_leaves_that_share_a_temporary_gradient_do_not_share_memory() -> None:
    *_, last = steps(
        *leaf("a", [1.0, 1.0]),
        *leaf("b", [1.0, 1.0]),
        bind("one", tensor([1.0, 1.0])),
        op("add", "$a", "$b", out="y"),
        op("mul", "$one", 3, out="g"),
        method("$y", "backward", "$g", drops=("y", "g")),
    )
    assert {"a.grad", "b.grad"} <= last.changes.keys()
    assert last.alias in ((), UNSET)


# ---------------------------------------------------------------------------------------------------------- global state


LEAVES_BEHIND = {
    "no_grad": [call("torch.no_grad", out="c"), enter("$c")],
    "inference": [call("torch.inference_mode", out="c"), enter("$c")],
    "function": [call("torch.set_grad_enabled", False)],
    "dtype": [call("torch.set_default_dtype", Global("torch.float64"))],
    "anomaly": [call("torch.autograd.set_detect_anomaly", True)],
    "anomaly context": [call("torch.autograd.detect_anomaly", out="c"), enter("$c")],
    "saved hooks": [
        bind("f", Function("f", ("t",), (), 3)),
        call("torch.autograd.graph.saved_tensors_hooks", "$f", "$f", out="c"),
        enter("$c"),
    ],
    "dual level": [call("torch.autograd.forward_ad.dual_level", out="c"), enter("$c")],
    "dual level by hand": [call("torch.autograd.forward_ad.enter_dual_level")],
    "one context twice": [call("torch.no_grad", out="c"), enter("$c"), enter("$c")],
    "seed": [call("torch.rand", 3, out="r")],
}


@pytest.mark.parametrize("left", LEAVES_BEHIND)
def test_whatever_a_program_leaves_open_the_next_one_starts_fresh(left: str) -> None:
    probe = program(
        *leaf("x", [2.0]),
        method("$x", "pow", 2, out="y"),
        method("$y", "sum", out="s", drops=("y",)),
        method("$s", "backward"),
        call("torch.rand", 2, out="r"),
        call("torch.autograd.forward_ad.enter_dual_level", out="level"),
    )
    before = run(probe, torch)
    trace = run(program(*LEAVES_BEHIND[left]), torch)
    assert {step.outcome for step in trace.steps} == {"returned"}
    assert run(probe, torch) == before
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_a_context_left_in_a_program_is_not_left_twice() -> None:
    none = program(call("torch.no_grad", out="c"), enter("$c"), exit_("$c"))
    *_, last = run(none, torch).steps
    assert last.mode.grad is True  # type: ignore[union-attr]


def test_the_mode_is_seen_after_every_step() -> None:
    trace = run(
        program(call("torch.no_grad", out="c"), enter("$c"), bind("x", 1), exit_("$c", Raise("ValueError", "out"))),
        torch,
    )
    assert [getattr(step.mode, "grad", None) for step in trace.steps] == [True, False, None, True]


def test_the_seed_of_a_program_is_where_its_random_numbers_start() -> None:
    def drawn(seed: int) -> bytes:
        return value(steps(call("torch.rand", 4, out="r"), seed=seed)[0], "r")

    torch.manual_seed(5)
    by_hand = torch.rand(4).numpy().tobytes()
    assert drawn(5) == by_hand
    assert drawn(5) == drawn(5) != drawn(6)


# ------------------------------------------------------------------------------------------------- functions and classes


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


# --------------------------------------------------------------------------------------------------------------- whole


def test_a_program_that_is_observed_at_its_end_says_everything_there() -> None:
    first, *_, last = steps(bind("x", tensor([1.0])), op("add", "$x", 1, out="y"), delete("x"), observe="last")
    assert first.changes == {}
    assert set(last.changes) == {"y"}


def test_running_twice_gives_the_same_bytes() -> None:
    twice = program(
        *leaf("x", [1.0, 2.0]), op("mul", "$x", "$x", out="y"), method("$y", "sum", out="s"), method("$s", "backward")
    )
    one, other = run(twice, torch), run(twice, torch)
    assert one.to_json() == other.to_json()
    assert Trace.from_json(one.to_json()) == one


def test_ten_thousand_nodes_are_no_trouble() -> None:
    chain = [op("mul", f"$y{i}", 1.0, out=f"y{i + 1}", drops=(f"y{i}",)) for i in range(10_000)]
    *_, last = steps(*leaf("x", [1.0]), op("mul", "$x", 1.0, out="y0"), *chain, observe="last")
    assert len(last.graph.nodes) == 10_002  # type: ignore[union-attr]


def test_a_session_runs_the_steps_so_far() -> None:
    with Session(torch) as session:
        session.step(bind("x", tensor([1.0, 2.0])))
        session.step(method("$x", "unbind", out="parts"), observe=False)
        assert len(session.values["parts"]) == 2
    assert not session.values


def test_dictionaries_and_lists_arrive() -> None:
    (trace,) = run(Program(steps=(Bind(out="d", value=Dict((("a", tensor([1.0])), ("b", 2)))),)), torch).steps
    assert set(trace.changes) == {"d['a']"}


def test_a_library_may_keep_its_own_module_s_warnings_to_itself():
    library = types.ModuleType("quietlib")
    source = "import warnings\ndef loud(): warnings.warn('loud')\ndef quiet(): warnings.warn('quiet', RuntimeWarning)\n"
    exec(compile(source, "quietlib.py", "exec"), library.__dict__)
    program = Program(steps=(Call(function=Global("torch.loud")), Call(function=Global("torch.quiet"))))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="quietlib")
        trace = run(program, library)
    assert [[w.message for w in step.warnings] for step in trace.steps] == [["loud"], []]
