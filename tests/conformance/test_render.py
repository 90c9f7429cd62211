"""Programs as scripts that a person would have written."""

# ruff: noqa: F841 - a case names its results, so that the recorder sees them stored

import struct
import textwrap

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from conformance.generate import same_shape
from conformance.program import Bind, Method, Operator, Program, Ref, TensorLiteral
from conformance.recorder import record
from conformance.render import lines, script
from conformance.render.literals import tensor
from tests.conformance.same_script import assert_script_does_the_same

X = {"x": TensorLiteral("float32", (2,), struct.pack("<2f", 1, 0.1))}


def written(function, inputs=X, **options) -> str:
    """The script of a case, without the lines that every script starts with."""
    text = script(record(function, inputs), **options)
    return text.removeprefix("import torch\n\nx = torch.tensor([1.0, 0.1])\n")


def code(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


# --------------------------------------------------------------------------------------------------------------- readability


def test_a_script_imports_the_module_under_the_name_of_torch():
    def case(torch, copy, x):
        y = copy.copy(x)

    assert script(record(case, X), module="numtorch") == code("""
        import copy
        import numtorch as torch

        x = torch.tensor([1.0, 0.1])
        y = copy.copy(x)
    """)


def test_temporaries_stand_where_they_are_used():
    def case(torch, x):
        u = x.pow(3).sum() + (1 - x) * 2**-x
        u.backward(torch.ones(2), retain_graph=True)
        v, w = torch.autograd.grad(u, (x, x))
        return v, w

    assert written(case) == code("""
        u = x.pow(3).sum() + (1 - x) * 2 ** -x
        u.backward(torch.ones(2), retain_graph=True)
        v, w = torch.autograd.grad(u, (x, x))
    """)


def test_an_operand_is_not_moved_past_another():
    def case(torch, x):
        first = [x.sin()]
        second = [x.add_(1)]
        torch.stack([second[0], first[0]])

    assert written(case) == code("""
        t0 = x.sin()
        t1 = x.add_(1)
        torch.stack([t1, t0])
    """)


def test_temporaries_used_in_another_order_than_they_were_made_are_variables():
    program = Program(
        steps=(
            Bind(out="x", value=X["x"]),
            Method(self=Ref("x"), name="sin", out="t0"),
            Method(self=Ref("x"), name="add_", args=(1,), out="t1"),
            Operator(operator="sub", args=(Ref("t1"), Ref("t0")), out="y", drops=("t1", "t0")),
        )
    )
    assert_script_does_the_same(program)
    assert "y = t1 - t0" in script(program)


def test_a_variable_is_bound_again_where_its_value_ends():
    def case(torch, x):
        y = x.sin()
        y = y * 2
        y *= y
        x[0] += 1
        x.grad += x

    assert written(case) == code("""
        y = x.sin()
        y = y * 2
        y *= y
        x[0] += 1
        x.grad += x
    """)


def test_an_in_place_operator_leaves_other_names_alone():
    def case(torch, x):
        y = x.sin()
        z = y
        z *= 2
        return y, z

    assert written(case) == code("""
        y = x.sin()
        z = y
        z *= 2
    """)


def test_what_is_deleted_is_deleted():
    def case(torch, x):
        y = x.sin()
        x.cos()
        del y
        x.tan()

    assert written(case) == code("""
        y = x.sin()
        x.cos()
        del y
        x.tan()
    """)


def test_blocks_are_indented_and_left_by_what_they_raise():
    def case(torch, x):
        with torch.no_grad(), torch.enable_grad() as inner:
            y = x.sin()
        try:
            with torch.no_grad():
                raise ValueError("left")
        except ValueError:
            pass
        return y, inner

    assert written(case) == code("""
        with torch.no_grad():
            with torch.enable_grad() as inner:
                y = x.sin()
        try:
            with torch.no_grad():
                raise ValueError("left")
        except ValueError:
            pass
    """)


def test_functions_are_lambdas_where_they_can_be():
    def case(torch, x):
        def hook(g):
            h = g * x
            raise ValueError("no")

        x.register_hook(lambda g: g * 2)
        x.register_hook(hook)

        @torch.no_grad()
        def numbers(n):
            sent = yield n
            yield sent.sin()

        next(numbers(x))

    assert written(case) == code("""
        x.register_hook(lambda g: g * 2)

        def hook(g):
            h = g * x
            raise ValueError("no")

        x.register_hook(hook)

        @torch.no_grad()
        def numbers(n):
            sent = yield n
            yield sent.sin()

        next(numbers(x))
    """)


def test_a_class_is_a_class():
    def case(torch, x):
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.scale = 2
                return x * 2

            @staticmethod
            @torch.autograd.function.once_differentiable
            def backward(ctx, g):
                return g * ctx.scale

        return Double.apply(x)

    assert written(case).startswith(
        "\n"
        + code("""
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x1):
                ctx.scale = 2
                return x1 * 2

            @staticmethod
            @torch.autograd.function.once_differentiable
            def backward(ctx, g):
                return g * ctx.scale
        """)
    )


def test_a_method_shows_the_defaults_of_its_parameters():
    def case(torch, x):
        class Scale(torch.autograd.Function):
            @staticmethod
            def forward(ctx, values, by=2.0, name=None):
                return values * by

        return Scale.apply(x, by=3)

    assert "    def forward(ctx, values, by=2.0, name=None):\n" in written(case)


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (TensorLiteral("float32", (), struct.pack("<f", 0.1)), "torch.tensor(0.1)"),
        (
            TensorLiteral("float64", (2,), struct.pack("<dd", float("nan"), -0.0)),
            "torch.tensor([float('nan'), -0.0], dtype=torch.float64)",
        ),
        (TensorLiteral("int64", (2, 1), struct.pack("<qq", 1, -2)), "torch.tensor([[1], [-2]])"),
        (TensorLiteral("bool", (1,), b"\1"), "torch.tensor([True])"),
        (TensorLiteral("complex64", (1,), struct.pack("<ff", 1, -2)), "torch.tensor([1.0-2.0j])"),
        (
            TensorLiteral("complex32", (1,), struct.pack("<ee", 1, 0.1)),
            "torch.tensor([1.0+0.1j], dtype=torch.complex32)",
        ),
        (TensorLiteral("bfloat16", (1,), b"\x80\x3f"), "torch.tensor([1.0], dtype=torch.bfloat16)"),
        (TensorLiteral("float32", (0,), b""), "torch.tensor([])"),
        (TensorLiteral("int64", (0, 2), b""), "torch.zeros((0, 2), dtype=torch.int64)"),
    ],
)
def test_tensors_are_written_with_the_fewest_digits(literal, text):
    assert tensor(literal) == text


def test_parentheses_stand_where_python_needs_them():
    def case(torch, x):
        return (
            (x + 1) * 2,
            -(x**2),
            (-x) ** 2,
            (x < 1) == (x > 2),
            (x @ x).T[0, 1:, None, ...],
            x - (x - x),
            x.f(-1.5)[()],
        )

    assert [line for line in written(case).splitlines() if line] == [
        "t1 = (x + 1) * 2",
        "t3 = -x ** 2",
        "t5 = (-x) ** 2",
        "t8 = (x < 1) == (x > 2)",
        "t11 = (x @ x).T[0, 1:, None, ...]",
        "t13 = x - (x - x)",
        "t15 = x.f(-1.5)[()]",
    ]


# ------------------------------------------------------------------------------------------------------------ step by step


def test_every_step_has_a_line_under_the_names_of_the_program():
    def case(torch, x):
        y = x.sin().sum()
        with torch.no_grad():
            y *= y

    assert lines(record(case, X)) == [
        (0, "x = torch.tensor([1.0, 0.1])"),
        (1, "t0 = x.sin()"),
        (2, "y = t0.sum()"),
        (3, "t1 = torch.no_grad()"),
        (4, "with t1:"),
        (5, "    y *= y  # now y1"),
        (6, "# leaves t1"),
    ]


# ------------------------------------------------------------------------------------------------------- the same results


ACTIONS = ["sin", "mul", "imul", "setitem", "backward", "hook", "no_grad", "again", "view", "delete", "clear", "fail"]


def random_walk(torch, xs, actions):
    kept = [x.requires_grad_() for x in xs]
    y = kept[0] * kept[-1]
    for number, action in actions:
        other = kept[number % len(kept)]
        if action == "sin":
            y = y.sin()
        elif action == "mul":
            z = y * other.cos()
            kept.append(z)
        elif action == "imul":
            y *= other
        elif action == "setitem":
            y[0] += 1
        elif action == "backward":
            (y * other).sum().backward(retain_graph=number % 2 == 0)
        elif action == "hook":
            y.register_hook(lambda g, other=other: g * 2)
        elif action == "no_grad":
            with torch.no_grad():
                kept[0].mul_(2)
                y += 1
        elif action == "again":
            kept.append(y + y)
        elif action == "view":
            # Not `y = y.view(-1)`: PyTorch 2.13.0 itself crashes on a hook of a view whose item was written.
            y = y.view(-1) * 1
        elif action == "delete":
            del kept[1:]
        elif action == "clear":
            kept[0].grad = None
        else:
            y.expand(7, 7, 7)
    return kept, y


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    same_shape(2, min_dims=1, values="finite"),
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from(ACTIONS)), max_size=12),
)
def test_the_script_of_any_program_does_what_the_program_does(xs, actions):
    assert_script_does_the_same(record(random_walk, {"xs": xs, "actions": actions}))


def test_the_script_of_a_program_that_raises_goes_on():
    pytest.importorskip("torch")
    import torch

    from conformance.interpreter.interpreter import run

    def case(torch, x):
        y = x.requires_grad_().sum()
        y.backward()
        z = x.view(3)
        w = z.sin()
        v = x.cos()

    program = record(case, X)
    assert script(program, run(program, torch)) == code("""
        import torch

        x = torch.tensor([1.0, 0.1])
        y = x.requires_grad_().sum()
        y.backward()
        try:
            x.view(3)
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
        # w = z.sin()  (blocked)
        v = x.cos()
    """)


def test_programs_that_no_recorder_wrote_are_rendered_too():
    program = Program(
        steps=(
            Bind(out="a", value=X["x"]),
            Operator(operator="imul", args=(Ref("a"), 2), out="b"),
            Operator(operator="add", args=(Ref("a"), Ref("b")), out="c"),
        )
    )
    assert_script_does_the_same(program)
