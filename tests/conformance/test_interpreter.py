"""Running a program: what each step does, and that programs never meet."""

from __future__ import annotations

import gc
import math
import sys
import types
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from conformance.interpreter.interpreter import Session, run
from conformance.judging.double import rounded_otherwise
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
    Method,
    Program,
    Raise,
    Ref,
    Slice,
    TensorLiteral,
    Tuple,
    Unpack,
)
from conformance.trace import Opaque, Sequence, TensorSeen, Trace
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
    steps,
    tensor,
    value,
)

torch = pytest.importorskip("torch")


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


class WithoutOperators:
    """Tensors that have none."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


@pytest.mark.parametrize("name", ["add", "pow", "imul", "and_", "neg", "getitem"])
def test_an_operator_that_tensors_do_not_have_is_unsupported_and_a_comparison_raises(name: str) -> None:
    module = types.ModuleType("bare")
    module.tensor = module.Tensor = WithoutOperators  # type: ignore[attr-defined]
    operands = ("$x",) if name == "neg" else ("$x", 1)
    *_, trace, compared = run(
        program(call("torch.tensor", 1.0, out="x"), op(name, *operands, out="y"), op("lt", "$x", 1, out="z")),
        module,
    ).steps
    assert (trace.outcome, trace.reason) == ("unsupported", f"operator.{name}")
    assert compared.outcome == "raised"


def test_an_attribute_that_tensors_cannot_be_given_is_unsupported() -> None:
    module = types.ModuleType("bare")
    module.tensor = module.Tensor = WithoutOperators  # type: ignore[attr-defined]
    *_, trace = run(program(call("torch.tensor", 1.0, out="x"), set_("$x", "data", 1)), module).steps
    assert (trace.outcome, trace.reason) == ("unsupported", "data")


def test_tensors_without_elements_are_made_by_lists_where_there_is_no_zeros() -> None:
    module = types.ModuleType("bare")
    module.float32, module.Tensor = np.dtype("float32"), np.ndarray  # type: ignore[attr-defined]
    module.tensor = lambda data, dtype: np.array(data, dtype)  # type: ignore[attr-defined]
    empty, unsayable = (tensor(np.zeros(shape)) for shape in ((2, 0), (0, 2)))
    first, second = run(program(bind("x", empty), bind("y", unsayable)), module).steps
    assert first.outcome == "returned"
    assert (second.outcome, second.reason) == ("unsupported", "torch.zeros")


def test_a_grad_that_is_no_tensor_is_not_looked_at() -> None:
    class Tensor:
        shape, dtype, is_leaf, grad, requires_grad = (), None, True, 1.0, 2

    module = types.ModuleType("bare")
    module.Tensor, module.tensor = Tensor, lambda data: Tensor()  # type: ignore[attr-defined]
    (trace,) = run(program(call("torch.tensor", 1.0, out="x")), module).steps
    assert list(trace.changes) == ["x"]
    assert trace.changes["x"].requires_grad is True


def test_an_attribute_error_from_inside_a_call_is_raised() -> None:
    # mse_loss looks up 'size' on what it is given; the program's own name, mse_loss, is there.
    _, trace = steps(bind("x", tensor([1.0])), call("torch.nn.functional.mse_loss", "$x", "text"))
    assert trace.outcome == "raised"
    assert trace.error is not None
    assert trace.error.type == "AttributeError"


def test_where_pytorch_is_not_there_its_operations_are_not_rounded_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    import numtorch

    monkeypatch.delitem(sys.modules, "torch")
    _, begin, *_ = run(rounded_otherwise(program(*leaf("x", [1.0])), 1, "float32"), numtorch).steps
    assert "torch" not in sys.modules, "importing it takes longer than all else that such a process does"
    assert (begin.outcome, begin.reason) == ("unsupported", "conformance.rounded")


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


# --------------------------------------------------------------------------------------------------------- global state


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


# ---------------------------------------------------------------------------------------------------------------- whole


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
        traces = [run(program, library)]
    # As between two of pytest's items, the first of which has imported the library.
    traces.append(run(program, library))
    for trace in traces:
        assert [[w.message for w in step.warnings] for step in trace.steps] == [["loud"], []]


def test_classes_of_a_program_end_with_it() -> None:
    gc.collect()

    class Base:
        """What the program's class is a subclass of."""

    module = types.ModuleType("has_a_class")
    module.__dict__.update(vars(torch), Base=Base)
    made = Class("Made", Global("torch.Base"), {})
    run(Program(steps=(Bind(value=made, out="c"), Call(Ref("c"), out="x"))), module)
    assert Base.__subclasses__() == []
