"""The public API: one program on one subject, from Python."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import numpy as np
import pytest

import conformance
import numtorch
from conformance import Program, check, record
from conformance.subjects import SubjectUnavailable


def twice(torch: Any, x: Any) -> None:
    """Two backward passes over one graph."""
    u = x.requires_grad_().pow(3).sum()
    u.backward(retain_graph=True)
    u.backward()


def slope_of_cos(torch: Any, x: Any) -> None:
    """The gradient of the cosine."""
    x.requires_grad_().cos().sum().backward()


def test_a_function_is_recorded_and_compared() -> None:
    checked = check(numtorch, twice, x=np.array([1.0, 2.0], dtype="float32"))
    assert checked
    assert str(checked) == "numtorch: PASS"
    assert "torch.tensor([1.0, 2.0])" in checked.reproducer


def test_a_subject_that_is_named_runs_in_a_process_of_its_own() -> None:
    assert check("numtorch", twice, x=np.array([1.0]))


def test_a_difference_is_told_with_its_program() -> None:
    checked = check("tests.fakes.wrong_sign", slope_of_cos, x=np.array([3.0]))
    assert not checked
    assert checked.verdict.first is not None
    assert checked.verdict.first.facet == "grad"
    assert "first difference, at step 4: x.grad" in repr(checked)
    assert ".cos()" in repr(checked)


def test_what_a_subject_lacks_is_no_difference() -> None:
    checked = check(numtorch, lambda torch, x: torch.special.airy_ai(x), x=np.array([3.0]))
    assert checked.verdict.status == "UNSUPPORTED"
    assert not checked


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3).T, np.array([1.0, 2.0], ">f8"), np.array(2, "int16")])
def test_an_array_becomes_the_tensor_of_its_elements(array: np.ndarray) -> None:
    (step, *_) = check(numtorch, lambda torch, x: x.clone(), x=array).program.steps
    literal: Any = step.value  # type: ignore[union-attr]
    back = np.frombuffer(literal.data, np.dtype(literal.dtype).newbyteorder("<")).reshape(literal.shape)
    assert back.shape == array.shape
    assert (back == array).all()


def test_a_program_holds_its_inputs_already() -> None:
    program = record(twice, {"x": check(numtorch, twice, x=np.array([1.0])).program.steps[0].value})  # type: ignore[union-attr]
    assert check(numtorch, program)
    with pytest.raises(TypeError, match="holds its inputs already"):
        check(numtorch, program, x=1.0)


def test_what_is_no_subject_is_said() -> None:
    with pytest.raises(SubjectUnavailable, match="no_such_module"):
        check("no_such_module", Program(steps=()))


def test_every_name_of_the_public_api_is_there_and_none_is_a_module() -> None:
    modules = {module.name for module in pkgutil.iter_modules(conformance.__path__)}
    assert not modules & set(conformance.__all__)
    fresh = importlib.reload(conformance)
    for name in fresh.__all__:
        assert callable(getattr(fresh, name)), name
    assert set(fresh.__all__) <= set(dir(fresh))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fresh.nothing
