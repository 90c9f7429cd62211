"""Looking at tensors: everything that a Trace holds is seen, and looking disturbs nothing."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest
from msgspec import UNSET

from conformance.interpreter.interpreter import run
from conformance.interpreter.observe import MAX_REPRS
from conformance.program import Global, Program
from conformance.trace import Graph, Mode, Node, Opaque, Sequence, TensorSeen
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
    program,
    set_,
    steps,
    tensor,
)

torch = pytest.importorskip("torch")


def test_everything_is_said_of_a_new_tensor() -> None:
    (trace, _) = steps(bind("x", tensor([[1.0, 2.0]])), bind("y", 1))
    seen = trace.changes["x"]
    assert (seen.dtype, seen.shape, seen.stride) == ("float32", (1, 2), (2, 1))
    assert (seen.requires_grad, seen.is_leaf, seen.version, seen.grad) == (False, True, 0, "none")
    assert seen.value.data == tensor([[1.0, 2.0]]).data  # type: ignore[union-attr]
    assert trace.mode == Mode(grad=True, inference=False)


def test_afterwards_only_what_changed_is_said() -> None:
    *_, trace, _ = steps(bind("x", tensor([1.0])), bind("y", tensor([1.0])), method("$x", "add_", 1), bind("z", 1))
    assert set(trace.changes) == {"x"}
    seen = trace.changes["x"]
    assert (seen.version, seen.dtype, seen.stride, seen.grad) == (1, UNSET, UNSET, UNSET)


def test_a_write_that_no_version_counts_is_seen_all_the_same() -> None:
    # x.data has a counter of its own, so only the bytes tell.
    *_, trace, _ = steps(bind("x", tensor([1.0])), get("$x", "data", out="d"), method("$d", "add_", 1), bind("last", 1))
    assert trace.changes["x"].value.data == tensor([2.0]).data  # type: ignore[union-attr]
    assert trace.changes["x"].version is UNSET


def test_a_gradient_is_a_tensor_under_a_name_of_its_own() -> None:
    *_, trace, _ = steps(
        *leaf("x", [1.0, 2.0]), method("$x", "sum", out="s"), method("$s", "backward"), bind("last", 1)
    )
    assert trace.changes["x"].grad == "tensor"
    gradient = trace.changes["x.grad"]
    # The expanded gradient of sum was made dense by a copy, which counts as a write.
    assert (gradient.dtype, gradient.version, gradient.requires_grad) == ("float32", 1, False)


def test_a_gradient_that_is_cleared_is_gone() -> None:
    *_, cleared, again = steps(
        *leaf("x", [1.0]),
        method("$x", "sum", out="s"),
        method("$s", "backward"),
        set_("$x", "grad", None),
        method("$x", "sum", out="t"),
    )
    assert cleared.changes["x"].grad == "none"
    assert "x.grad" not in again.changes


def test_the_gradient_of_an_inner_tensor_is_only_looked_at_if_it_is_retained() -> None:
    def gradient(*more: Any) -> Any:
        trace = steps(*leaf("x", [1.0]), op("mul", "$x", 2, out="y"), *more, method("$y", "backward"))
        assert all(step.warnings == () for step in trace)
        assert ("y.grad" in trace[-1].changes) or trace[2].changes["y"].grad is UNSET
        return trace[-1].changes.get("y.grad")

    assert gradient() is None
    assert gradient(method("$y", "retain_grad")) is not None


def test_tensors_inside_of_containers_have_paths() -> None:
    *_, trace = steps(bind("x", tensor([1.0, 2.0])), method("$x", "unbind", out="parts"))
    assert trace.result == Sequence("tuple", (TensorSeen("parts[0]"), TensorSeen("parts[1]")))
    assert {"parts[0]", "parts[1]"} <= set(trace.changes)
    assert trace.alias == (("x", "parts[0]", "parts[1]"),)


def test_a_named_tuple_is_named() -> None:
    *_, trace = steps(bind("x", tensor([[1.0, 2.0]])), method("$x", "max", 1, out="m"))
    assert isinstance(trace.result, Sequence)
    assert trace.result.type == "max"


def test_memory_and_objects_are_grouped() -> None:
    *_, view, same, copied = steps(
        bind("x", tensor([1.0, 2.0])),
        method("$x", "view", 2, out="v"),
        method("$x", "contiguous", out="c"),
        method("$x", "clone", out="k"),
    )
    assert (view.alias, view.identity) == ((("x", "v"),), UNSET)
    assert (same.alias, same.identity) == ((("x", "v", "c"),), (("x", "c"),))
    assert (copied.alias, copied.identity) == (UNSET, UNSET)


def test_tensors_without_elements_share_nothing() -> None:
    *_, trace = steps(bind("x", tensor(np.zeros((0, 3)))), method("$x", "view", 3, 0, out="v"))
    assert trace.alias is UNSET


def test_the_graph_is_numbered_by_its_form() -> None:
    *_, trace = steps(
        *leaf("x", [1.0]),
        *leaf("w", [1.0]),
        op("mul", "$x", "$w", out="y"),
        op("add", "$y", "$x", out="z", drops=("y", "w")),
    )
    assert trace.graph == Graph(
        nodes=(
            Node("AddBackward0", ((1, 0), (2, 0))),
            Node("MulBackward0", ((2, 0), (3, 0))),
            Node("AccumulateGrad", (), "x"),
            Node("AccumulateGrad", ()),
        ),
        roots={"z": (0, 0)},
    )


def test_the_graph_is_said_only_when_it_changes() -> None:
    *_, same, _ = steps(
        *leaf("x", [1.0]), op("mul", "$x", 2, out="y"), method("$y", "detach", out="d"), bind("last", 1)
    )
    assert same.graph is UNSET


def test_an_output_number_is_part_of_the_root() -> None:
    *_, trace = steps(
        *leaf("x", [1.0, 2.0]), op("mul", "$x", 2, out="y"), method("$y", "unbind", out="p", drops=("y",))
    )
    assert trace.graph.roots == {"p[0]": (0, 0), "p[1]": (0, 1)}  # type: ignore[union-attr]


def test_the_last_step_shows_the_last_tensors() -> None:
    first, last = steps(bind("x", tensor([1.0])), method("$x", "requires_grad_", out="y"))
    assert first.changes["x"].repr is UNSET
    assert last.changes["y"].repr == "tensor([1.], requires_grad=True)"
    *_, last = steps(*[bind(f"x{number}", tensor([1.0])) for number in range(MAX_REPRS + 2)])
    assert len(last.changes) == MAX_REPRS


def test_a_tensor_of_inference_mode_has_no_version() -> None:
    *_, trace, _ = steps(
        call("torch.inference_mode", out="c"), enter("$c"), call("torch.ones", 2, out="x"), exit_("$c")
    )
    assert trace.changes["x"].version is None
    assert trace.mode is UNSET


def test_a_lazily_conjugated_tensor_shows_its_numbers() -> None:
    *_, trace = steps(bind("c", tensor([1 + 2j], "complex64")), method("$c", "conj", out="d"))
    assert trace.changes["d"].value.data == tensor([1 - 2j], "complex64").data  # type: ignore[union-attr]
    assert trace.alias == (("c", "d"),)


def test_strides_do_not_change_the_order_of_the_elements() -> None:
    *_, trace = steps(bind("x", tensor([[1.0, 2.0], [3.0, 4.0]])), method("$x", "t", out="y"))
    assert trace.changes["y"].value.data == tensor([[1.0, 3.0], [2.0, 4.0]]).data  # type: ignore[union-attr]
    assert trace.changes["y"].stride == (1, 2)


def test_inside_vmap_a_tensor_has_no_numbers_and_the_rest_is_seen() -> None:
    inner = function("f", ("a",), op("mul", "$a", 2, out="b"), result="$b")
    *_, trace = steps(
        bind("x", tensor([[1.0], [2.0]])),
        bind("f", inner),
        call("torch.func.vmap", "$f", out="v"),
        call("$v", "$x", out="y"),
    )
    (called,) = trace.calls
    assert called.changes["a"].value is UNSET
    assert called.changes["a"].shape == (1,)
    assert trace.changes["y"].value.data == tensor([[2.0], [4.0]]).data  # type: ignore[union-attr]


def test_a_forbidden_view_is_passed_over_until_it_is_used() -> None:
    trace = steps(
        *leaf("x", [1.0]),
        op("mul", "$x", 1, out="y"),
        call("torch.no_grad", out="c"),
        enter("$c"),
        method("$y", "view", 1, out="v"),
        exit_("$c"),
        method("$y", "add_", 1),
        op("mul", "$v", 2, out="z"),
    )
    assert [step.outcome for step in trace[:-1]] == ["returned"] * 8
    assert trace[-1].error is not None
    assert trace[-1].error.code == "no_grad_view_inplace"


def test_looking_does_not_call_the_programs_own_tensor_class() -> None:
    called: list[str] = []

    class Loud(torch.Tensor):  # type: ignore[misc]
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            called.append(getattr(func, "__name__", str(func)))
            return super().__torch_function__(func, types, args, kwargs or {})

    fake = types.ModuleType("loud")
    vars(fake).update(vars(torch))
    fake.loud = lambda x: torch.Tensor._make_subclass(Loud, x)  # type: ignore[attr-defined]
    run(
        program(bind("x", tensor([1.0])), call("torch.loud", "$x", out="y"), bind("z", 1), observe="every"),
        fake,
        NO_REPR,
    )
    assert called == []


NO_REPR = frozenset({"value", "grad", "graph", "alias"})


def test_observing_every_step_or_only_the_last_ends_in_the_same_state() -> None:
    def made(observe: Any) -> Program:
        return program(
            *leaf("x", [1.0, 2.0]),
            op("mul", "$x", "$x", out="y"),
            method("$y", "view", 2, out="v"),
            method("$v", "mul_", 2),
            method("$y", "sum", out="s"),
            method("$s", "backward"),
            observe=observe,
        )

    every, last = run(made("every"), torch), run(made("last"), torch)

    def state(trace: Any) -> dict[str, dict[str, Any]]:
        known: dict[str, dict[str, Any]] = {}
        for step in trace.steps:
            for name, change in step.changes.items():
                fields = {f: getattr(change, f) for f in change.__struct_fields__ if getattr(change, f) is not UNSET}
                known.setdefault(name, {}).update(fields)
        return known

    ends = state(every)
    del ends["x_"]  # dropped on the way
    assert ends == state(last)


# ----------------------------------------------------------------------------------------------- less than all of torch


class Bare:
    """A tensor that has a dtype, a shape, numbers and a gradient, and nothing else."""

    def __init__(self, values: Any, dtype: Any = None) -> None:
        self.array = np.asarray(values, dtype)
        self.grad: Bare | None = None

    @property
    def dtype(self) -> Any:
        return self.array.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    def numpy(self) -> Any:
        return self.array

    def __mul__(self, other: Any) -> Bare:
        return Bare(self.array * other)

    def window(self) -> Bare:
        return Bare(self.array[1:])

    def backward(self) -> None:
        self.grad = Bare(np.ones_like(self.array))


@pytest.fixture
def bare() -> types.ModuleType:
    module = types.ModuleType("bare")
    module.Tensor = Bare  # type: ignore[attr-defined]
    module.tensor = lambda values, dtype=None: Bare(values, dtype)  # type: ignore[attr-defined]
    module.float32 = np.dtype("float32")  # type: ignore[attr-defined]
    return module


def test_what_a_subject_lacks_is_absent(bare: types.ModuleType) -> None:
    (trace,) = run(program(bind("x", tensor([1.0, 2.0]))), bare).steps
    seen = trace.changes["x"]
    assert (seen.dtype, seen.shape) == ("float32", (2,))
    assert seen.value.data == tensor([1.0, 2.0]).data  # type: ignore[union-attr]
    assert (seen.stride, seen.requires_grad, seen.is_leaf, seen.version) == (UNSET,) * 4
    assert trace.graph is UNSET


def test_a_gradient_needs_no_flags_to_be_seen(bare: types.ModuleType) -> None:
    first, last = run(program(bind("x", tensor([1.0, 2.0])), method("$x", "backward")), bare).steps
    assert first.changes["x"].grad == "none"
    assert last.changes["x.grad"].value.data == tensor([1.0, 1.0]).data  # type: ignore[union-attr]


def test_memory_is_recognised_by_the_arrays_owner(bare: types.ModuleType) -> None:
    window = program(bind("x", tensor([1.0, 2.0])), method("$x", "window", out="w"), op("mul", "$x", 2, out="y"))
    _, trace, _ = run(window, bare).steps
    assert trace.alias == (("x", "w"),)


def test_a_subject_that_hands_out_copies_shares_no_memory(
    bare: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bare, "numpy", lambda self: self.array.copy())
    copies = program(bind("x", tensor([1.0, 2.0])), bind("y", tensor([3.0, 4.0])), bind("z", tensor([5.0, 6.0])))
    assert all(step.alias is UNSET for step in run(copies, bare).steps)


def test_a_dtype_that_a_subject_lacks_makes_the_step_unsupported(bare: types.ModuleType) -> None:
    (trace,) = run(program(bind("x", tensor([1.0], "float64"))), bare).steps
    assert (trace.outcome, trace.reason) == ("unsupported", "torch.float64")


def test_a_dtype_as_a_result_has_pytorchs_name(bare: types.ModuleType) -> None:
    *_, trace = run(program(bind("x", tensor([1.0])), get("$x", "dtype", out="d")), bare).steps
    assert trace.result == Global("torch.float32")


def test_anything_else_is_seen_by_the_name_of_its_type() -> None:
    *_, trace = steps(bind("x", tensor([1.0])), get("$x", "device", out="d"))
    assert trace.result == Opaque("device")
