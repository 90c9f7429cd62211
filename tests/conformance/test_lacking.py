"""What a small engine lacks, in Python's own words: no failure, unless it is an implementation that shows everything."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest

from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.program import Program, TensorLiteral
from conformance.recorder import record
from conformance.subjects import InProcess, open_subject, oracle
from conformance.trace import FACETS

torch = pytest.importorskip("torch")

SMALL = ("value", "grad", "raised", "shape", "requires_grad")


class Tensor:
    """Numbers that can be added, and asked for little else."""

    __slots__ = ("__weakref__", "numbers", "requires_grad")

    def __init__(self, numbers: Any, dtype: Any = None) -> None:
        self.numbers = np.asarray(numbers, "float64")
        self.requires_grad = False

    shape = property(lambda self: self.numbers.shape)
    grad = property(lambda self: None)
    dtype = property(lambda self: "float64")

    def numpy(self) -> Any:
        return self.numbers

    def __add__(self, other: Any) -> Tensor:
        return Tensor(self.numbers + getattr(other, "numbers", other))

    def __sub__(self, other: Any) -> Tensor:
        return self.grad - other

    def __mul__(self, other: Any) -> Tensor:
        return Tensor(self.numbers * getattr(other, "numbers", other))

    def __matmul__(self, other: Any) -> Tensor:
        return Tensor(self.numbers @ other.numbers)

    def sum(self) -> Tensor:
        return Tensor(self.numbers.sum())

    add = __add__
    mul = lambda self, other: self * other
    mm = __matmul__


def engine(**names: Any) -> InProcess:
    module = types.ModuleType("engine")
    vars(module).update(Tensor=Tensor, tensor=Tensor, float32="float64", float64="float64", **names)
    return InProcess(module)


def verdict_on(case: Any, facets: tuple[str, ...] = SMALL, subject: Any = None, **dtypes: str) -> Verdict:
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    literals = {
        name: TensorLiteral(dtype, values.shape, values.astype(dtype).tobytes())
        for name, dtype in {"x": "float32", **dtypes}.items()
    }
    program: Program = record(case, literals)
    right = oracle()
    return judge(program, right.run(program), (subject or engine()).run(program), right, facets)


def compares(torch: Any, x: Any) -> None:
    x > x + 1


def negates(torch: Any, x: Any) -> None:
    -x


def divides_a_number(torch: Any, x: Any) -> None:
    1 / x


def indexes(torch: Any, x: Any) -> None:
    x[0]


def assigns(torch: Any, x: Any) -> None:
    x[0] = 1.0


def unpacks(torch: Any, x: Any) -> None:
    _one, _other = x


def is_a_number(torch: Any, builtins: Any, x: Any) -> None:
    builtins.float(x.sum())


def sets_its_grad(torch: Any, x: Any) -> None:
    x.grad = x + x


def sets_its_data(torch: Any, x: Any) -> None:
    x.data = x


def scales(torch: Any, x: Any) -> None:
    x.add(x, alpha=2)


def sums_a_dimension(torch: Any, x: Any) -> None:
    x.sum(0)


LACKS = {
    compares: "no 'operator.gt'",
    negates: "no 'operator.neg'",
    divides_a_number: "no 'operator.truediv'",
    indexes: "no 'operator.getitem'",
    assigns: "no 'operator.setitem'",
    unpacks: "no 'operator.iter'",
    is_a_number: "no 'builtins.float'",
    sets_its_grad: "no 'grad ='",
    sets_its_data: "no 'data'",
    scales: "no 'add(alpha=)'",
    sums_a_dimension: "no 'sum() of 2 arguments'",
}


@pytest.mark.parametrize(("case", "reason"), LACKS.items(), ids=[case.__name__ for case in LACKS])
def test_what_python_says_is_missing_is_lacking(case: Any, reason: str) -> None:
    found = verdict_on(case)
    assert (found.status, found.reason) == ("UNSUPPORTED", reason)


@pytest.mark.parametrize("case", [compares, is_a_number, sets_its_grad, scales, sums_a_dimension])
def test_and_a_failure_of_what_shows_everything(case: Any) -> None:
    assert verdict_on(case, tuple(FACETS)).status == verdict_on(case, ()).status == "FAIL"


def test_a_function_of_the_program_may_find_it() -> None:
    def hooked(torch: Any, x: Any) -> None:
        x.requires_grad_()
        x.register_hook(lambda grad: x.add(grad, alpha=2))
        x.sum().backward()

    class Other(torch.Tensor):
        def add(self, other: Any) -> Any:
            return torch.add(self, other)

    module = types.ModuleType("another")
    vars(module).update(
        vars(torch), tensor=lambda data, dtype: torch.tensor(data, dtype=dtype).as_subclass(Other), Tensor=torch.Tensor
    )
    found = verdict_on(hooked, SMALL, InProcess(module))
    assert (found.status, found.reason) == ("UNSUPPORTED", "no 'add(alpha=)'")


def test_nothing_in_the_place_of_a_value_is_no_lack() -> None:
    def subtracts(torch: Any, x: Any) -> None:
        x - x

    def doubles_its_gradient(torch: Any, x: Any) -> None:
        x.requires_grad_().sum().backward()
        x.grad * 2

    assert verdict_on(subtracts).status == "FAIL"

    class Deaf(torch.Tensor):
        def backward(self) -> None:
            pass

    module = types.ModuleType("another")
    vars(module).update(
        vars(torch), tensor=lambda data, dtype: torch.tensor(data, dtype=dtype).as_subclass(Deaf), Tensor=torch.Tensor
    )
    assert verdict_on(doubles_its_gradient, ("value", "raised"), InProcess(module)).status == "FAIL"


def multiplies(torch: Any, x: Any, y: Any) -> None:
    x.mm(y)


def test_whoever_does_not_observe_a_dtype_need_not_refuse_it() -> None:
    found = verdict_on(multiplies, y="float64")
    assert (found.status, "refuses a dtype" in found.reason) == ("UNSUPPORTED", True)


def test_but_whoever_does_must() -> None:
    assert verdict_on(multiplies, (*SMALL, "dtype"), y="float64").status == "FAIL"
    assert verdict_on(multiplies, (), y="float64").status == "FAIL"


def test_a_refusal_for_another_reason_is_owed_by_all() -> None:
    def leaves(torch: Any, x: Any) -> None:
        x.sum().backward()

    class Willing(torch.Tensor):
        def backward(self) -> None:
            pass

    module = types.ModuleType("another")
    vars(module).update(
        vars(torch),
        tensor=lambda data, dtype: torch.tensor(data, dtype=dtype).as_subclass(Willing),
        Tensor=torch.Tensor,
    )
    assert verdict_on(leaves, SMALL, InProcess(module)).status == "FAIL"


MODULE = """
class Tensor:
    shape = ()
    def __init__(self, data, dtype=None):
        pass
    def sum(self):
        raise NotImplementedError("sums are not made\\nyet")
tensor, float32 = Tensor, "float32"

def __torchstone_lacks__(error):
    return isinstance(error, NotImplementedError)
"""


@pytest.mark.parametrize("of", ["itself", "another Python"])
def test_a_module_can_say_itself_that_an_error_tells_of_a_lack(of: str, tmp_path: Any, monkeypatch: Any) -> None:
    import sys

    (tmp_path / "lacking_engine.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    opened = open_subject("lacking_engine" if of == "itself" else f"lacking_engine@{sys.executable}")
    values = np.array(1.0, "float32")
    program = record(lambda torch, x: x.sum(), {"x": TensorLiteral("float32", (), values.tobytes())})
    try:
        step = opened.run(program).steps[-1]
    finally:
        opened.close()
    assert (step.outcome, step.reason) == ("unsupported", "sums are not made")
