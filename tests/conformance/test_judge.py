"""Where a number is off honestly, and where it is wrong: both sides of every line that `judge` draws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.numbers import elements
from conformance.program import Global, List, Program, Ref, Unpack
from conformance.recorder import record
from conformance.subjects import oracle
from conformance.trace import FACETS, Array, Raised, StepTrace, Trace
from tests.conformance.small_programs import bind, call, leaf, method, op, program, tensor
from tests.conformance.test_compare import with_change

pytest.importorskip("torch")


def says(of: Program, step: int, name: str, answer: Any, dtype: str = "float32") -> str:
    """The status if the subject had this number in that place, and the oracle's own everywhere before and behind it."""
    right = oracle()
    single = right.run(of)
    value = np.asarray(answer, dtype)
    changed = with_change(single, step, name, value=Array(dtype, value.shape, value.tobytes()))
    return str(judge(of, Trace(steps=single.steps), changed, right).status)


def one_by_one(values: Any) -> np.float32:
    total = np.float32(0)
    for value in np.asarray(values, "float32"):
        total = np.float32(total + value)
    return total


def exactly(of: Program, step: int, name: str) -> Any:
    value = oracle().run(of).steps[step].changes[name].value
    assert isinstance(value, Array)
    return elements(value.dtype, value.shape, value.data).astype("float64")


@pytest.mark.parametrize("size", [1_000, 100_000])
@pytest.mark.parametrize("kind", ["positive", "normal", "tenths"])
def test_a_sum_may_be_made_one_by_one(size: int, kind: str) -> None:
    stream = np.random.RandomState(3)
    values = {"positive": stream.rand(size), "normal": stream.randn(size), "tenths": np.full(size, 0.1)}[kind]
    values = values.astype("float32")
    adds = program(bind("x", tensor(list(values))), method("$x", "sum", out="s"))
    assert says(adds, 1, "s", one_by_one(values)) == "PASS"


def test_but_every_term_must_be_in_it() -> None:
    values = np.random.RandomState(3).rand(1_000).astype("float32")
    adds = program(bind("x", tensor(list(values))), method("$x", "sum", out="s"))
    assert says(adds, 1, "s", values[:-1].sum()) == "FAIL"
    assert says(adds, 1, "s", values.sum() * 1.001) == "FAIL"


# x is about 1e6 and rounded once: its sine is anything.
STEEP = program(
    bind("x", tensor([1000003.1, 999001.7, 1000077.9, 998877.3])),
    op("mul", "$x", 1.1, out="y"),
    method("$y", "sin", out="z"),
    op("mul", "$z", "$z", out="w"),
)


def test_where_a_rounding_before_it_moves_a_number_it_may_move() -> None:
    x = np.float32([1000003.1, 999001.7, 1000077.9, 998877.3])
    other = np.sin(np.nextafter(np.float32(x * np.float32(1.1)), np.float32(0)))
    assert np.abs(other - exactly(STEEP, 2, "z")).max() > 1e-2  # 100,000 ulp and more
    assert says(STEEP, 2, "z", other) in ("PASS", "INCONCLUSIVE")


def test_but_not_further() -> None:
    assert says(STEEP, 2, "z", -exactly(STEEP, 2, "z")) == "FAIL"


def test_two_numbers_near_one_that_cancel_may_be_off_by_a_rounding_of_either() -> None:
    # The first four replays move both by as much to different sides, of these two numbers: the sum stays where it is.
    cancels = program(bind("x", tensor([-11.72, 6.62])), method("$x", "tanh", out="y"), method("$y", "sum", out="s"))
    assert says(cancels, 2, "s", exactly(cancels, 2, "s") + 2.0**-23) == "PASS"
    assert says(cancels, 2, "s", exactly(cancels, 2, "s") + 1e-4) == "FAIL"


def test_and_not_where_nothing_was_rounded() -> None:
    flat = program(bind("x", tensor([1000003.0, 999001.0])), method("$x", "sin", out="z"))
    assert says(flat, 1, "z", np.sin([1000003.06, 999001.06])) == "FAIL"


def test_a_gradient_of_a_well_conditioned_program_has_little_slack() -> None:
    smooth = program(
        *leaf("x", [0.3, -1.2, 0.7]),
        method("$x", "tanh", out="y"),
        op("mul", "$y", "$x", out="z"),
        method("$z", "sum", out="s"),
        method("$s", "backward"),
    )
    right = exactly(smooth, 5, "x.grad")
    assert says(smooth, 5, "x.grad", right * (1 + 2e-7)) == "PASS"
    assert says(smooth, 5, "x.grad", right * (1 + 3e-5)) == "FAIL"


CANCELS = program(bind("x", tensor([1e6, 0.1, -1e6])), method("$x", "sum", out="s"))


def test_a_number_that_may_have_lost_all_its_digits_is_inconclusive_and_no_pass() -> None:
    assert says(CANCELS, 1, "s", 0.5) == "INCONCLUSIVE"
    assert says(CANCELS, 1, "s", 100.0) == "FAIL"


def test_of_numbers_that_float64_draws_otherwise_none_passes_but_the_oracle_s_own() -> None:
    drawn = program(
        bind("x", tensor([0.0, 0.0, 0.0, 0.0])),
        call("torch.nn.init.uniform_", "$x"),
        op("mul", "$x", 3.0, out="y"),
    )
    seen = exactly(drawn, 2, "y")
    assert says(drawn, 2, "y", seen) == "PASS"
    assert says(drawn, 2, "y", seen * 1.01) == "INCONCLUSIVE"


@pytest.mark.parametrize("in_place", [False, True])
def test_numbers_that_were_drawn_while_nobody_looked_are_the_same_in_float64(in_place: bool) -> None:
    unseen = program(
        call("torch.zeros" if in_place else "torch.randn", 3, out="x", requires_grad=not in_place),
        method("$x", "uniform_" if in_place else "cos", out="y"),
        method("$y", "sin", out="z"),
        observe="last",
    )
    seen = exactly(unseen, 2, "z").astype("float32")
    assert says(unseen, 2, "z", np.nextafter(seen, np.float32(9))) == "PASS"
    assert says(unseen, 2, "z", seen * np.float32(1.01)) == "FAIL"


@pytest.mark.parametrize("options", [{}, {"dtype": Global("torch.float32")}])
def test_the_initial_weights_of_a_module_are_those_that_were_drawn(options: dict[str, Any]) -> None:
    layer = program(
        call("torch.nn.Linear", 2, 2, out="layer", **options),
        bind("x", tensor([1.5, -0.5])),
        method("$layer", "forward", "$x", out="y"),
    )
    seen = exactly(layer, 2, "y").astype("float32")
    assert says(layer, 2, "y", np.nextafter(seen, np.float32(9))) == "PASS"
    assert says(layer, 2, "y", seen * np.float32(1.01)) == "FAIL"


def test_where_every_order_is_exact_there_is_no_slack() -> None:
    exact = program(bind("x", tensor([1e6, 1.0, -1e6])), method("$x", "sum", out="s"))
    assert says(exact, 1, "s", 1.01) == "FAIL"


def test_a_sum_that_is_exact_only_as_a_whole_has_slack() -> None:
    # 7.96 and 1.04 are rounded, and add up to 9: a sum in another order loses what the two have behind the point.
    lucky = program(bind("x", tensor([-8.0, -8.0, -1.04, 4.0, 4.0, 7.96])), method("$x", "sum", out="s"))
    assert says(lucky, 1, "s", exactly(lucky, 1, "s") - 9.6e-7) == "PASS"


def test_a_product_that_is_taken_away_has_the_slack_of_what_it_is_taken_from() -> None:
    ones, n = tensor([[1.0, 1.0], [1.0, 1.0]]), tensor([[1.0, 1.0], [1.0, 1e-4]])
    cancels = program(bind("c", ones), bind("n", n), call("torch.addmm", "$c", "$c", "$n", alpha=-1, out="y"))
    assert says(cancels, 2, "y", [[-1.0, -1.0001659e-4]] * 2) == "PASS"
    assert says(cancels, 2, "y", [[-1.0, -1.1e-4]] * 2) == "FAIL"


def test_a_gradient_that_is_zero_and_has_no_memory_is_none_that_rounds() -> None:
    # The second derivative of abs is one of PyTorch's zero tensors, which have a shape and no elements.
    twice = program(
        *leaf("x", [2.3, 0.7]),
        method("$x", "abs", out="y"),
        op("mul", "$y", "$x", out="z"),
        call("torch.autograd.grad", "$z", "$x", tensor([0.3, 0.7]), create_graph=True, out="d"),
        method("$d", "__getitem__", 0, out="e"),
        method("$e", "sum", out="s"),
        method("$s", "backward"),
    )
    assert says(twice, 6, "s", exactly(twice, 6, "s") * 1.1) == "FAIL"


# ------------------------------------------------------------------------------------------- what is no number that rounds

POSITIONS = program(bind("x", tensor([0.1, 0.7, 0.7])), op("mul", "$x", 3.3, out="y"), method("$y", "argmax", out="i"))


def test_a_tie_of_equal_numbers_stays_one_with_other_roundings() -> None:
    wrong = 3 - exactly(POSITIONS, 2, "i")
    assert says(POSITIONS, 2, "i", wrong, "int64") == "FAIL"


def test_a_comparison_that_a_rounding_decides_blames_nobody() -> None:
    close = program(
        bind("x", tensor([0.1, 0.2, 0.3])),
        op("mul", "$x", 3.0, out="y"),
        op("add", "$x", "$x", out="x2"),
        op("add", "$x2", "$x", out="z"),
        op("gt", "$y", "$z", out="larger"),
        method("$larger", "sum", out="n"),
    )
    flipped = 1 - exactly(close, 4, "larger")
    assert says(close, 4, "larger", flipped.astype("bool"), "bool") == "INCONCLUSIVE"


def test_a_comparison_that_none_decides_is_wrong() -> None:
    far = program(bind("x", tensor([0.1, 0.2])), op("gt", "$x", 0.15, out="larger"))
    assert says(far, 1, "larger", [True, False], "bool") == "FAIL"


def test_a_jump_that_few_roundings_pass_blames_nobody_and_another_does() -> None:
    # i0(0.0001) is 1 + 2.5e-9: whether its ceiling is 1 or 2 hangs on the last bit, which four replays may all set alike.
    def ceiling(number: float) -> Program:
        return program(
            bind("x", tensor([2.65, 0.0001, number])), method("$x", "i0", out="y"), call("torch.ceil", "$y", out="z")
        )

    for number, status in [(0.0001, "INCONCLUSIVE"), (1.0, "FAIL")]:
        below = exactly(ceiling(number), 2, "z") - [0, 0, 1]
        assert says(ceiling(number), 2, "z", below) == status


def test_an_error_at_a_matrix_with_inf_blames_nobody_and_at_a_sound_one_does() -> None:
    for number, status in [(float("inf"), "INCONCLUSIVE"), (2.0, "FAIL")]:
        values = program(bind("x", tensor([[number, 1.0], [0.0, 1.0]])), call("torch.linalg.svdvals", "$x", out="y"))
        single = oracle().run(values)
        error = Raised(code="other", type="RuntimeError", message="no")
        raised = StepTrace(outcome="raised", error=error)
        other = StepTrace(outcome="returned") if single.steps[-1].outcome == "raised" else raised
        changed = Trace(steps=(*single.steps[:-1], other))
        assert judge(values, single, changed, oracle()).status == status


def test_a_sign_behind_a_matrix_with_nan_blames_nobody_and_behind_a_sound_one_does() -> None:
    def angle(*numbers: float) -> Program:
        return program(
            bind("x", tensor([list(numbers[:2]), list(numbers[2:])])),
            call("torch.linalg.slogdet", "$x", out="t"),
            Unpack(value=Ref("t"), outs=("sign", "log")),
            bind("zero", tensor(-0.0)),
            call("torch.atan2", "$sign", "$zero", out="y"),
        )

    broken, sound = angle(-1.0, -2.0, float("inf"), float("nan")), angle(1.0, 2.0, 3.0, 4.0)
    assert says(broken, 4, "y", -exactly(broken, 4, "y")) == "INCONCLUSIVE"
    assert says(sound, 4, "y", -exactly(sound, 4, "y")) == "FAIL"


def test_a_tangent_behind_an_operator_that_forward_mode_takes_apart_is_judged() -> None:
    # Taken apart it asks meta tensors for shapes, which have no numbers to round in another way.
    def body(torch: Any, x: Any, t: Any) -> None:
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(x, t).requires_grad_()
            (found,) = torch.autograd.grad(torch.nn.functional.layer_norm(dual, (3,)), dual, t)
            torch.autograd.forward_ad.unpack_dual(found).tangent * 2  # the last step but one

    of = record(body, {"x": tensor([1.0, 2.0, 4.0]), "t": tensor([0.5, 1.0, -1.0])})
    step, name = len(of.steps) - 2, of.steps[-2].out
    assert name is not None
    assert says(of, step, name, -exactly(of, step, name)) == "FAIL"


# ------------------------------------------------------------------ functions that are steep, matrices, and signs of nothing

NEAR_A_ROOT = program(bind("x", tensor([1.0001])), call("torch.lgamma", "$x", out="y"))
NEAR_SINGULAR = program(
    bind("a", tensor([[1.0, 1.0], [1.0, 1.0001]])), call("torch.linalg.solve", "$a", tensor([1.0, 2.0]), out="y")
)


def test_a_product_added_in_place_has_the_slack_of_its_terms() -> None:
    # 1 + (-1 + 1e-8): nothing of it is left where the product is rounded before it is added.
    adds = program(
        bind("z", tensor([[1.0]])),
        bind("a", tensor([[-1.0, 0.0001]])),
        bind("b", tensor([[1.0], [0.0001]])),
        method("$z", "addmm_", "$a", "$b", out="y"),
    )
    assert says(adds, 3, "z", [[1e-7]]) == "PASS"
    assert says(adds, 3, "z", [[1e-3]]) == "FAIL"


def test_a_mean_that_comes_with_a_variance_has_the_slack_of_its_terms() -> None:
    # PyTorch adds up as it goes, and is left with 2.8e-17 of numbers whose sum is exactly 0.
    both = program(bind("x", tensor([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])), call("torch.std_mean", "$x", 0, out="both"))
    both = Program(steps=(*both.steps, Unpack(Ref("both"), ("std", "mean"))))
    assert says(both, 2, "mean", 0.0) == "PASS"
    assert says(both, 2, "mean", 1e-3) == "FAIL"


def test_near_a_root_a_function_is_as_far_off_as_its_operand() -> None:
    value = exactly(NEAR_A_ROOT, 1, "y")
    assert says(NEAR_A_ROOT, 1, "y", value + 2.0**-23) == "PASS"
    assert says(NEAR_A_ROOT, 1, "y", value * 1.1) == "FAIL"


def test_a_pole_stays_one() -> None:
    pole = program(bind("x", tensor([-1.0])), call("torch.lgamma", "$x", out="y"))
    assert says(pole, 1, "y", [7.0]) == "FAIL"


def test_a_product_within_an_operator_has_the_slack_of_what_it_is_taken_from() -> None:
    adds = program(bind("x", tensor([1.49])), call("torch.addcmul", tensor([-2.27]), "$x", "$x", out="y"))
    x = np.float32(1.49)
    assert says(adds, 1, "y", [np.float32(-2.27) + x * x]) == "PASS"
    assert says(adds, 1, "y", exactly(adds, 1, "y") * 1.01) == "FAIL"


def test_a_product_with_one_and_almost_minus_one_has_the_slack_of_one() -> None:
    # (1 + erf(x / sqrt(2))) / 2 is 5.9e-8 here, and either of two numbers that are 3e-8 apart in single precision.
    steep = program(
        *leaf("x", [-5.298]), call("torch.nn.functional.gelu", "$x", out="y"), method("$y", "backward", tensor([1.0]))
    )
    exact = exactly(steep, 3, "x.grad")
    assert says(steep, 3, "x.grad", exact + 3e-8) == "PASS"
    assert says(steep, 3, "x.grad", exact * 3) == "FAIL"


def test_a_sum_that_overflows_in_another_order_has_the_slack_of_its_largest_terms() -> None:
    huge = float(np.finfo("float32").max)
    adds = program(
        bind("x", tensor([math.inf, -math.inf, 0.7, 0.7])),
        method("$x", "nan_to_num", out="y"),
        method("$y", "sum", out="s"),
    )
    assert exactly(adds, 1, "y")[0] == huge
    assert says(adds, 2, "s", 0.7) == "INCONCLUSIVE"


def test_a_gradient_that_a_pad_adds_up_has_the_slack_of_what_cancels() -> None:
    seed = np.float32([[[0.3, 0.11, 2.0], [2.64, -5.3, 2.65]]])
    pads = program(
        *leaf("x", [[[1.0], [2.0]]]),
        call("torch.nn.functional.pad", "$x", List((1, 1)), "replicate", out="y"),
        method("$y", "backward", tensor(seed.tolist())),
    )
    exact = exactly(pads, 3, "x.grad")
    unit = np.float32(2.0**-22)  # of 2.64
    assert says(pads, 3, "x.grad", exact + [[[0.0], [unit]]]) == "PASS"
    assert says(pads, 3, "x.grad", exact + [[[0.0], [1e-3]]]) == "FAIL"


def test_the_condition_of_a_matrix_of_exact_numbers_counts() -> None:
    value = exactly(NEAR_SINGULAR, 1, "y")
    assert says(NEAR_SINGULAR, 1, "y", value * 1.002) == "INCONCLUSIVE"
    assert says(NEAR_SINGULAR, 1, "y", value * 2) == "FAIL"


def test_a_logarithm_is_nowhere_exact_and_a_product_is() -> None:
    for name, operands in (("log10", ()), ("mul", ("$x",))):
        bound = 2.0 if name == "log10" else 10_000.0
        compares = program(
            bind("x", tensor([100.0])),
            call(f"torch.{name}", "$x", *operands, out="y"),
            op("gt", "$y", bound, out="larger"),
        )
        assert says(compares, 2, "larger", [True], "bool") == ("INCONCLUSIVE" if name == "log10" else "FAIL")


def test_the_sign_of_a_nan_that_was_computed_blames_nobody() -> None:
    for x, status in ((2.0, "INCONCLUSIVE"), (0.5, "FAIL")):
        signs = program(bind("x", tensor([x])), call("torch.acos", "$x", out="y"), call("torch.signbit", "$y", out="s"))
        assert says(signs, 2, "s", exactly(signs, 2, "s") == 0, "bool") == status


def test_so_does_the_sign_of_a_nan_that_went_through_further_operations() -> None:
    for x, status in ((-2.0, "INCONCLUSIVE"), (2.0, "FAIL")):
        for between in range(3):
            path = [call("torch.log10", f"$y{n}", out=f"y{n + 1}") for n in range(between)]
            root = call("torch.sqrt", "$x", out="y0")
            signs = program(bind("x", tensor([x])), root, *path, call("torch.signbit", f"$y{between}", out="s"))
            negative = exactly(signs, between + 2, "s")
            assert says(signs, between + 2, "s", negative == 0, "bool") == status


def test_the_sign_of_a_zero_that_was_chosen_blames_nobody_and_that_of_a_product_does() -> None:
    for name, status in (("maximum", "INCONCLUSIVE"), ("mul", "FAIL")):
        turns = program(
            bind("x", tensor([0.0])),
            call(f"torch.{name}", "$x", tensor([-0.0]), out="y"),
            call("torch.reciprocal", "$y", out="z"),
        )
        assert says(turns, 2, "z", -exactly(turns, 2, "z")) == status


def test_a_gradient_at_a_nan_that_hangs_on_the_place_in_a_vector_blames_nobody_and_another_does() -> None:
    # PyTorch's loop over vectors gives 0 at a nan, and what comes one by one behind them the gradient itself.
    for at, status in ((10, "INCONCLUSIVE"), (11, "FAIL")):
        values = np.full(18, 0.5, "float32")
        values[10], values[11] = np.nan, 3.0
        gradients = np.arange(1.0, 19.0, dtype="float32")
        clamps = program(
            *leaf("x", list(values)),
            call("torch.nn.functional.hardtanh", "$x", out="y"),
            method("$y", "backward", tensor(list(gradients))),
        )
        answer = exactly(clamps, 3, "x.grad")
        assert answer[at] == 0.0
        answer[at] = gradients[at]
        assert says(clamps, 3, "x.grad", answer) == status


def test_the_determinant_of_a_singular_matrix_blames_nobody_for_an_infinity_and_of_another_does() -> None:
    # In float32 roundings leave a determinant of multiples of one row, and others in float64.
    for last, status in (([1e-4, 1e-4, -1e-4], "INCONCLUSIVE"), ([1.0, 2.0, 3.0], "FAIL")):
        sized = program(
            *leaf("x", [[1.4, -0.86, -0.65], [100.0, 100.0, -100.0], last]),
            call("torch.linalg.slogdet", "$x", out="y"),
            op("getitem", "$y", 1, out="z"),
        )
        answer = exactly(sized, 3, "z")
        assert np.isfinite(answer)
        assert says(sized, 3, "z", np.full_like(answer, -np.inf)) == status


def test_an_infinity_whose_sign_hangs_on_the_place_in_a_vector_blames_nobody_and_another_does() -> None:
    # The derivative of logit at -0 is -inf by PyTorch's loop over vectors, and inf one by one; at 0 it is inf in either way.
    for zero, status in ((-0.0, "INCONCLUSIVE"), (0.0, "FAIL")):
        values = np.full(18, 0.5, "float32")
        values[3] = zero
        odds = program(
            *leaf("x", list(values)),
            call("torch.logit", "$x", out="y"),
            method("$y", "backward", tensor([1.0] * 18)),
        )
        answer = exactly(odds, 3, "x.grad")
        assert answer[3] == np.copysign(np.inf, zero)
        answer[3] = -answer[3]
        assert says(odds, 3, "x.grad", answer) == status


def test_a_gradient_of_a_matrix_with_inf_blames_nobody_and_of_a_sound_one_does() -> None:
    for inside, status in ((-np.inf, "INCONCLUSIVE"), (1.0, "FAIL")):
        decomposes = program(
            *leaf("x", [[2.0, inside], [-2.0, 2.0]]),
            call("torch.linalg.slogdet", "$x", out="t"),
            Unpack(value=Ref("t"), outs=("sign", "log")),
            method("$log", "backward"),
        )
        assert says(decomposes, 4, "x.grad", np.full((2, 2), np.nan)) == status


@pytest.mark.parametrize(("value", "status"), [(complex(2, np.inf), "INCONCLUSIVE"), (complex(2, 1), "FAIL")])
def test_of_an_infinite_complex_number_the_other_part_blames_nobody(value: complex, status: str) -> None:
    adds = program(bind("x", tensor([value], "complex64")), op("add", "$x", 1.0, out="y"))
    assert says(adds, 1, "y", [complex(np.nan, value.imag)], "complex64") == status


def test_a_sum_of_nothing_but_zeros_is_exact() -> None:
    adds = program(bind("x", tensor([0.0, 0.0])), method("$x", "sum", out="s"), method("$s", "exp", out="y"))
    assert says(adds, 2, "y", 1.5) == "FAIL"


# ------------------------------------------------------------------------------------------------ parameters that it lacks

ADDS_TWICE = program(
    *leaf("x", [1.0, 2.0]),
    call("torch.add", "$x", "$x", alpha=2, out="y"),
    method("$y", "sum", out="s"),
    method("$s", "backward"),
)
SMALL = ("value", "grad", "raised")
"""The facets of a small engine."""


def of_its_error(type: str, message: str, facets: tuple[str, ...] = SMALL, of: Program = ADDS_TWICE) -> Verdict:
    """What is said of a subject that raised this at the second step, and does as the oracle does before."""
    right = oracle()
    single = right.run(of)
    steps = list(single.steps)
    at = len(steps) - 3
    steps[at] = StepTrace(outcome="raised", error=Raised(type, message, ""))
    return judge(of, single, Trace(steps=tuple(steps)), right, facets)


@pytest.mark.parametrize("name", ["add", "Ops.add"])
def test_a_parameter_that_a_small_engine_lacks_is_no_failure(name: str) -> None:
    verdict = of_its_error("TypeError", f"{name}() got an unexpected keyword argument 'alpha'")
    assert (verdict.status, verdict.reason) == ("UNSUPPORTED", "no 'torch.add(alpha=)'")


@pytest.mark.parametrize(
    ("type", "message", "facets"),
    [
        ("TypeError", "add() got an unexpected keyword argument 'beta'", SMALL),
        ("TypeError", "_scaled() got an unexpected keyword argument 'alpha'", SMALL),
        ("TypeError", "add() got an unexpected type of alpha", SMALL),
        ("ValueError", "add() got an unexpected keyword argument 'alpha'", SMALL),
        ("TypeError", "add() got an unexpected keyword argument 'alpha'", ()),
        ("TypeError", "add() got an unexpected keyword argument 'alpha'", tuple(FACETS)),
    ],
)
def test_but_any_other_error_is_and_all_that_a_whole_implementation_raises(
    type: str, message: str, facets: tuple[str, ...]
) -> None:
    assert of_its_error(type, message, facets).status == "FAIL"


def test_and_so_it_is_where_pytorch_raises_as_well() -> None:
    adds = program(
        *leaf("x", [1.0, 2.0]), call("torch.add", "$x", "$x", alpha="a", out="y"), bind("a", 1), bind("b", 1)
    )
    verdict = of_its_error("TypeError", "add() got an unexpected keyword argument 'alpha'", (*SMALL, "message"), adds)
    assert verdict.status == "FAIL"
