"""A case, called with a recording torch, becomes a Program."""

# ruff: noqa: F821, F841, RUF059, RET504 - a case names its results, so that the recorder sees them stored

import copy
import gc
import re
import struct
import sys

import pytest
from hypothesis import given, strategies as st

from conformance.program import (
    Bind,
    Call,
    Class,
    Delete,
    Enter,
    Exit,
    Float,
    Function,
    Get,
    Global,
    List,
    Method,
    Operator,
    Program,
    Raise,
    Ref,
    SetItem,
    TensorLiteral,
    Unpack,
    Yield,
)
from conformance.recorder import RecordingError, record
from conformance.recorder.recording import Recording
from conformance.recorder.symbols import Symbol, symbol


def tensor(*values: float) -> TensorLiteral:
    return TensorLiteral("float32", (len(values),), struct.pack(f"<{len(values)}f", *values))


def steps(function, **inputs):
    """The steps of a case after those that bind its inputs."""
    program = record(function, inputs)
    program.validate()
    assert Program.from_json(program.to_json()) == program
    return [step for step in program.steps if not (isinstance(step, Bind) and isinstance(step.value, TensorLiteral))]


def only(function, **inputs):
    (step,) = steps(function, **inputs)
    return step


X = {"x": tensor(1, 2)}


# ------------------------------------------------------------------------------------------------------------ operations


def test_a_call_keeps_constants_as_globals_and_lists_as_lists():
    def case(torch):
        x = torch.tensor([1.0, 2], dtype=torch.float64)

    assert only(case) == Call(
        function=Global("torch.tensor"),
        args=(List((Float("1.0"), 2)),),
        kwargs={"dtype": Global("torch.float64")},
        out="x",
    )


def test_keyword_arguments_keep_their_order():
    # An error names the first that does not fit.
    def first(torch):
        x = torch.zeros(2, unknown=1, also_unknown=2)

    def second(torch):
        x = torch.zeros(2, also_unknown=2, unknown=1)

    one, other = record(first, {}), record(second, {})
    read = Program.from_json(one.to_json())
    assert list(read.steps[0].kwargs) == ["unknown", "also_unknown"]
    assert (read, hash(read), read.digest) == (one, hash(one), one.digest)
    assert one != other
    assert one.digest != other.digest


def test_operators_reflect_as_in_python():
    def case(torch, x):
        y = 1 / x
        z = x < 2
        w = -x
        v = x @ y

    assert steps(case, **X) == [
        Operator(operator="truediv", args=(1, Ref("x")), out="y"),
        Operator(operator="lt", args=(Ref("x"), 2), out="z"),
        Operator(operator="neg", args=(Ref("x"),), out="w"),
        Operator(operator="matmul", args=(Ref("x"), Ref("y")), out="v"),
    ]


def test_an_in_place_operator_binds_a_new_name_and_lets_the_old_one_go():
    def case(torch, x):
        x *= x

    assert only(case, **X) == Operator(operator="imul", args=(Ref("x"), Ref("x")), out="x1", drops=("x",))


def test_augmented_item_assignment_is_three_steps():
    def case(torch, x):
        x[0] += 1

    assert steps(case, **X) == [
        Operator(operator="getitem", args=(Ref("x"), 0), out="t0"),
        Operator(operator="iadd", args=(Ref("t0"), 1), out="t1", drops=("t0",)),
        SetItem(self=Ref("x"), index=0, value=Ref("t1"), drops=("t1",)),
    ]


def test_attributes_are_read_written_and_deleted_when_the_case_says():
    def case(torch, x):
        g = x.grad
        x.grad = None
        del x.grad

    kinds = [type(step).__name__ for step in steps(case, **X)]
    assert kinds == ["Get", "Set", "DeleteAttribute"]


def test_an_attribute_that_the_case_sets_anywhere_is_read_and_not_called():
    def case(torch, x):
        y = x.scale
        x.scale = 3

    assert steps(case, **X)[0] == Get(self=Ref("x"), name="scale", out="y")


def test_copies_are_calls():
    def case(torch, x):
        y = copy.deepcopy(x)
        z = copy.copy(x)

    assert [step.function.path for step in steps(case, **X)] == ["copy.deepcopy", "copy.copy"]
    assert [step.out for step in steps(case, **X)] == ["y", "z"]


def test_a_host_module_is_recorded_when_a_parameter_asks_for_it():
    def case(torch, builtins, x):
        text = builtins.repr(x)

    assert only(case, **X) == Call(function=Global("builtins.repr"), args=(Ref("x"),), out="text")


# --------------------------------------------------------------------------------------------------------------- contexts


def test_a_block_is_entered_and_left():
    def case(torch, x):
        with torch.no_grad():
            y = x.sin()

    call, enter, sin, leave = steps(case, **X)
    assert (enter, leave) == (Enter(context=Ref("t0")), Exit(context=Ref("t0"), drops=("t0",)))


def test_an_exception_leaves_a_block_with_its_name_and_text():
    def case(torch):
        try:
            with torch.no_grad():
                raise KeyError("k")
        except KeyError:
            pass

    assert steps(case)[-1].error == Raise("KeyError", "k")


# -------------------------------------------------------------------------------------------------------------- functions


def test_a_function_is_bound_once_however_often_it_is_passed():
    def case(torch, x):
        def double(g):
            return g * 2

        x.register_hook(double)
        x.register_hook(double)

    bind, first, second = steps(case, **X)
    product = Operator(operator="mul", args=(Ref("g"), 2), out="t0")
    assert bind == Bind(out="double", value=Function("double", ("g",), (product,), Ref("t0")))
    assert first.args == second.args == (Ref("double"),)


def test_a_lambda_stands_where_it_is_passed_until_it_is_needed_again():
    def case(torch, x, again):
        hooks = [lambda g: g.neg()]
        x.register_hook(hooks[0])
        if again:
            x.register_hook(hooks[0])

    assert isinstance(only(case, **X, again=False).args[0], Function)
    bind, first, second = steps(case, **X, again=True)
    assert first.args == second.args == (Ref(bind.out),)


def test_a_function_reads_outer_names_and_keeps_them_alive():
    def case(torch, x):
        y = x.sin()
        x.register_hook(lambda g: g * y)
        del y
        x.cos()

    with pytest.raises(RecordingError, match="`y` is read by"):
        record(case, X)


def test_what_a_body_raises_is_data_and_what_goes_wrong_in_it_is_not():
    def deliberate(torch, x):
        def hook(g):
            raise ValueError("no")

        x.register_hook(hook)

    def mistaken(torch, x):
        x.register_hook(lambda g: undefined)

    assert steps(deliberate, **X)[0].value.raises == Raise("ValueError", "no")
    with pytest.raises(NameError):
        record(mistaken, X)


def test_a_generator_yields():
    def case(torch, x):
        @torch.no_grad()
        def numbers(n):
            sent = yield n.sin()
            yield sent

        it = numbers(x)
        next(it)
        it.send(x)

    decorate = steps(case, **X)[1]
    body = decorate.args[0]
    assert body.generator
    assert [step for step in body.steps if isinstance(step, Yield)] == [
        Yield(value=Ref("t1"), out="sent", drops=("t1",)),
        Yield(value=Ref("sent")),
    ]
    assert decorate.out == "numbers"


def test_a_class_is_data_with_its_decorators():
    def case(torch, x):
        class Double(torch.autograd.Function):
            scale = 2

            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            @torch.autograd.function.once_differentiable
            def backward(ctx, g):
                return g * 2

        y = Double.apply(x)

    decorate, bind, apply = steps(case, **X)
    assert isinstance(bind.value, Class)
    assert bind.value.base == Global("torch.autograd.Function")
    assert bind.value.members["backward"].value == Ref(decorate.out)
    assert bind.value.members["forward"].decorator == "staticmethod"
    assert apply == Method(self=Ref("Double"), name="apply", args=(Ref("x"),), out="y")


def test_a_method_keeps_the_defaults_of_its_parameters():
    def case(torch, x):
        class Scale(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, by=2.0, name=None):
                return x * by

        y = Scale.apply(x, by=3)

    forward = steps(case, **X)[0].value.members["forward"].value
    assert forward.parameters[1:] == ("x1", "by", "name")
    assert forward.defaults == (Float("2.0"), None)


def test_starred_parameters_are_counted_by_their_unpacking():
    def case(torch, x):
        def both(*grads):
            a, b = grads
            return a + b

        torch.f(both)

    assert steps(case, **X)[0].value.parameters == ("grad0", "grad1")


# -------------------------------------------------------------------------------------------------- names and lifetimes


def test_names_are_the_cases_own_and_never_bound_twice():
    def case(torch, x):
        x = x.sin()
        x1 = x.cos()
        x = x1 + x.tan()
        a, b = x.max(0)
        (c := x.exp())
        d = e = x.log()
        return c, d, e, a, b

    found = steps(case, **X)
    assert [step.outs if isinstance(step, Unpack) else step.out for step in found] == [
        "x2", "x1", "t0", "x3", "t1", ("a", "b"), "c", "d",
    ]  # fmt: skip


def test_a_temporary_ends_in_the_step_that_uses_it():
    def case(torch, x):
        u = (x * 2).sum()

    assert [step.drops for step in steps(case, **X)] == [(), ("t0",)]


def test_a_variable_that_is_bound_again_ends_in_the_step_that_does_so():
    def case(torch, x):
        y = x.sin()
        y = y * 2
        return y

    assert [step.drops for step in steps(case, **X)] == [(), ("y",)]


def test_a_variable_that_ends_after_a_call_was_not_the_calls_last_reference():
    def case(torch, x):
        g = x.sin()
        x.backward(g)
        g = None

    def helped(torch, x):
        def helper(v):
            g = v.sin()
            v.backward(g)

        helper(x)
        x.cos()

    assert steps(case, **X)[1:] == [Method(self=Ref("x"), name="backward", args=(Ref("g"),)), Delete(drops=("g",))]
    assert Delete(drops=("g",)) in steps(helped, **X)


def test_what_ends_because_the_body_returns_is_not_recorded():
    def case(torch, x):
        y = x.sin()
        z = [y.cos()]
        x.tan()

    assert [step.drops for step in steps(case, **X)] == [(), (), ("t1",)]


def test_a_result_that_nobody_takes_has_a_name_until_its_step_ends():
    def case(torch, x):
        x.sin()

    assert only(case, **X) == Method(self=Ref("x"), name="sin", out="t0", drops=("t0",))


# ------------------------------------------------------------------------------------------------------------- the guide


def test_unpacking_needs_no_guide():
    def case(torch, x):
        a, b = x
        (c,) = x

    assert steps(case, **X) == [Unpack(value=Ref("x"), outs=("a", "b")), Unpack(value=Ref("x"), outs=("c",))]


def test_lengths_shapes_and_dtypes_are_asked_of_the_guide():
    pytest.importorskip("torch")

    def case(torch, x):
        for _ in range(x.shape[0]):
            x = x.sin()
        assert len(x) == 3
        if x.dtype == torch.float32:
            x.cos()
        for v in x:
            v.exp()
        first, *rest = x
        torch.stack([*x])

    found = steps(case, x=tensor(1, 2, 3))
    assert [step.name for step in found if isinstance(step, Method)] == ["sin"] * 3 + ["cos"] + ["exp"] * 3
    assert [step.outs for step in found if isinstance(step, Unpack)] == [
        ("v", "v1", "v2"), ("first", "rest", "rest1"), ("t8", "t9", "t10"),
    ]  # fmt: skip


def test_what_has_no_length_is_unpacked_to_nothing():
    pytest.importorskip("torch")

    def case(torch, x):
        for v in x.sum():
            v.sin()

    assert steps(case, **X)[-1] == Unpack(value=Ref("t0"), outs=(), drops=("t0",))


@pytest.mark.parametrize(
    ("expression", "instead"),
    [
        (lambda x: bool(x), "torch.where"),
        (lambda x: float(x), "x.item()"),
        (lambda x: int(x), "x.item()"),
        (lambda x: x.__class__(), "builtins.type(x)"),
        (lambda x: x in [1, 2], "torch.where"),
        (lambda x: 1 in x, ".any()"),
        (lambda x: f"{x}", "builtins.format"),
        (lambda x: str(x), "builtins.str"),
        (lambda x: {1, 2} and x.f({1, 2}), "lists, tuples and dicts"),
        (lambda x: x.f(object()), "cannot hold"),
        (lambda x: x.f(lambda *a: a), r"a parameter for each"),
        (lambda x: x.f(lambda g, *, k: g), "positional"),
        (lambda x: x.f(lambda g: len(g)), "outside of the function"),
        (lambda x: x.foo.bar, "properties.py"),
    ],
)
def test_what_cannot_be_recorded_says_what_to_write_instead(expression, instead):
    with pytest.raises(RecordingError, match=re.escape(instead)):
        record(lambda torch, x: expression(x), X)


def test_a_value_of_a_function_does_not_leave_it():
    def case(torch, x):
        seen = []
        x.register_hook(lambda g: seen.append(g))
        x + seen[0]

    with pytest.raises(RecordingError, match="`g` belongs to the function"):
        record(case, X)


# ----------------------------------------------------------------------------------------------------------- determinism


def everything(torch, builtins, x, count):
    kept = []
    for number in range(count):
        y = x.sin() if number % 2 else x * number
        y *= y
        kept.append(y)
        try:
            with torch.no_grad() as mode:
                x = x + 1
                if number % 3 == 0:
                    raise ValueError("left")
        except ValueError as error:
            caught = error
    kept.append(kept)
    x.register_hook(lambda g: g * x)
    return kept


@given(st.integers(0, 8))
def test_the_same_case_and_inputs_give_the_same_bytes(count):
    inputs = {**X, "count": count}
    assert record(everything, inputs).to_json() == record(everything, inputs).to_json()


def test_when_python_collects_cycles_makes_no_difference():
    def case(torch, x):
        cycle = [x.sin()]
        cycle.append(cycle)
        del cycle
        for _ in range(50):
            x = [x.cos()][0]

    thresholds = gc.get_threshold()
    before = record(case, X)
    gc.set_threshold(1)
    try:
        assert record(case, X) == before
    finally:
        gc.set_threshold(*thresholds)


def test_a_symbol_that_outlives_its_recording_says_nothing(monkeypatch):
    # Hypothesis, Ctrl-C or a timeout may give up a recording at any point, and what is left of it ends when nobody records.
    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    half_made = object.__new__(Symbol)
    scope = Recording().scope
    scope.name("x")
    whole = symbol(scope, "x")
    scope.append(Delete())
    del half_made, whole
    assert not unraisable
    assert scope.finish() == (Delete(),)
