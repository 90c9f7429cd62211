"""Arrays of NumPy are looked at as tensors are: what is in them, and which tensors they share memory with."""

from __future__ import annotations

from typing import Any

import pytest

import numtorch
from conformance.interpreter.interpreter import run
from conformance.judging.compare import compare
from conformance.program import Program
from conformance.trace import ArraySeen, Float, Sequence, StepTrace
from tests.conformance.small_programs import bind, call, method, op, program, tensor

torch = pytest.importorskip("torch")


def traced(module: Any, *steps: Any) -> tuple[StepTrace, ...]:
    return run(program(*steps), module).steps


@pytest.fixture(params=["torch", "numtorch"])
def module(request: pytest.FixtureRequest) -> Any:
    return {"torch": torch, "numtorch": numtorch}[request.param]


def test_an_array_is_said_with_type_shape_and_strides(module: Any) -> None:
    *_, trace = traced(module, bind("x", tensor([[1.0, 2.0]])), method("$x", "numpy", out="a"))
    assert trace.result == ArraySeen("a")
    seen = trace.changes["a"]
    assert (seen.dtype, seen.shape, seen.stride) == ("float32", (1, 2), (2, 1))
    assert seen.value.data == tensor([[1.0, 2.0]]).data  # type: ignore[union-attr]


def test_an_array_shares_memory_with_its_tensor(module: Any) -> None:
    *_, shared, _, written, _ = traced(
        module,
        bind("x", tensor([1.0, 2.0, 3.0])),
        op("getitem", "$x", 1, out="window"),
        method("$window", "numpy", out="a"),
        call("numpy.ones", (2,), out="b"),
        method("$x", "add_", 1),
        bind("last", 1),
    )
    assert shared.alias == (("x", "window", "a"),)
    assert set(written.changes) == {"x", "window", "a"}


def test_a_window_of_an_array_shares_memory_with_the_tensor_over_it(module: Any) -> None:
    *_, trace = traced(
        module,
        call("numpy.ones", (4,), out="a"),
        op("getitem", "$a", 2, out="scalar"),
        call("numpy.reshape", "$a", (2, 2), out="square"),
        op("getitem", "$square", 1, out="row"),
        call("torch.from_numpy", "$row", out="x"),
    )
    assert trace.alias == (("a", "square", "row", "x"),)


def test_a_scalar_of_numpy_shows_type_and_value(module: Any) -> None:
    *_, trace = traced(module, call("numpy.ones", (4,), out="a"), op("getitem", "$a", 2, out="scalar"))
    assert trace.result == Sequence("float64", (Float("1.0"),))


def test_an_array_in_the_place_of_a_tensor_is_a_difference() -> None:
    one, other = (
        run(program(bind("x", tensor([1.0])), step), torch)
        for step in (method("$x", "numpy", out="y"), method("$x", "clone", out="y"))
    )
    assert [(d.facet, d.oracle, d.subject) for d in compare(one, other) if d.facet == "value"] == [
        ("value", "ndarray y", "tensor y")
    ]


@pytest.mark.parametrize(
    "path",
    ["numpy.load", "numpy.fromfile", "numpy.memmap", "numpy.lib", "numpy.ndarray.tofile", "numpy.array.x", "numpy"]
    + ["io.open", "io.FileIO", "io.BytesIO.x", "io", "collections.abc"],
)
def test_what_could_reach_a_file_is_not_there(path: str) -> None:
    (trace,) = traced(torch, call(path))
    assert trace.outcome == "unsupported"


def test_bytes_in_memory_are_there() -> None:
    _, trace = traced(torch, call("io.BytesIO", out="file"), method("$file", "getvalue"))
    assert trace.outcome == "returned"


def test_such_a_program_survives_json() -> None:
    made = program(call("numpy.ones", (4,), out="a"))
    assert Program.from_json(made.to_json()) == made
