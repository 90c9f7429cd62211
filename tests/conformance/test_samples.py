"""Programs of PyTorch's own operator database."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.case import Case
from conformance.cli import main
from conformance.program import Program
from conformance.running.launch import CannotRun, run
from conformance.running.sampling import draw
from conformance.samples import FEATURES, MODULES, database, modules_of
from conformance.subjects import open_subject


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    pytest.importorskip("torch")
    pytest.importorskip("expecttest", reason="PyTorch's operator database needs it: pip install 'torchstone[samples]'")
    found = [case for module in MODULES for case in vars(importlib.import_module(module)).values()]
    return {case.id: case for case in found if isinstance(case, Case)}


@pytest.fixture
def drawn(cases: dict[str, Case]) -> Callable[[str, int], list[Program]]:
    def programs(id: str, count: int) -> list[Program]:
        found: list[Program] = []
        draw(cases[id].programs(), found.append, seed=1, max_examples=count)
        for program in found:
            program.validate()
        return found

    return programs


def texts(programs: list[Program]) -> list[str]:
    return [program.to_json().decode() for program in programs]


def test_cases_of_operators_are_found_by_the_feature_in_their_id() -> None:
    assert [modules_of(f"{feature}/linalg.pinv") for feature in FEATURES] == [(module,) for module in MODULES]
    assert modules_of("accumulation/backward_adds_to_grad") == ()


def test_nothing_is_imported_of_the_database_unless_it_is_asked_for() -> None:
    lines = "from conformance import cli; from conformance.running.session import all_cases; all_cases()"
    asked = "import sys; sys.exit('torch.testing._internal.common_methods_invocations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", f"{lines}; import torch; {asked}"], check=False).returncode == 0


def test_a_missing_database_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_module(name: str) -> Any:
        raise ModuleNotFoundError("No module named 'expecttest'", name="expecttest")

    monkeypatch.setattr(database, "importlib", SimpleNamespace(import_module=no_module))
    monkeypatch.setattr("sys.argv", ["torchstone", "run", "numtorch", "--sample-inputs"])
    database.operators.cache_clear()
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err.strip()
    assert ended.value.code == 2
    assert len(said.splitlines()) == 1
    assert "pip install 'torchstone[oracle,samples]'" in said


def test_what_was_recorded_has_no_samples() -> None:
    with pytest.raises(CannotRun, match="--sample-inputs needs PyTorch"):
        run("numtorch", oracle="recorded", cases=MODULES)


def test_every_operator_has_a_case_or_a_reason(cases: dict[str, Case]) -> None:
    from conformance.samples.left_out import ARGUMENTS, told, why

    known = database.operators()
    assert {f"sample_inputs/{name}" for name, entry in known.items() if not why(entry)} <= set(cases)
    assert set(ARGUMENTS) <= set(known)
    assert all(not database.samples(name, database.dtypes_of(known[name])[0], 0).calls for name in ARGUMENTS)
    assert any("jiterator_unary" in line for line in told())


def test_an_operator_is_called_in_every_way(drawn: Callable[[str, int], list[Program]]) -> None:
    found = texts(drawn("sample_inputs/mul", 150))
    for shown in ('"torch.mul"', '"name":"mul"', '"name":"mul_"', '"operator":"mul"', '"operator":"imul"'):
        assert any(shown in text for text in found), shown
    for dtype in database.DTYPES:
        assert any(f'"dtype":"{dtype}"' in text for text in found), dtype


def test_every_derivative_is_asked_for(drawn: Callable[[str, int], list[Program]]) -> None:
    found = texts(drawn("sample_inputs/linalg.pinv", 80))
    for shown in ("torch.autograd.grad", "create_graph", "make_dual", "unpack_dual", "as_strided"):
        assert any(shown in text for text in found), shown


def test_a_function_that_only_the_database_has_is_recorded(drawn: Callable[[str, int], list[Program]]) -> None:
    assert any('"name":"expand"' in text for text in texts(drawn("sample_inputs/expand", 10)))
    assert any(
        '"torch.nn.functional.dropout"' in text for text in texts(drawn("sample_inputs/nn.functional.dropout", 10))
    )
    assert any('"name":"mT"' in text for text in texts(drawn("sample_inputs/mT", 10)))


def test_the_same_programs_are_drawn_again_whatever_was_drawn_before(
    drawn: Callable[[str, int], list[Program]],
) -> None:
    first = drawn("sample_inputs/addmm", 10)
    database.samples.cache_clear()
    drawn("sample_inputs/cat", 3)
    assert drawn("sample_inputs/addmm", 10) == first


def test_calls_that_no_program_can_say_are_counted(cases: dict[str, Case]) -> None:
    left_out = cases["sample_inputs/grid_sampler_3d"].left_out()
    assert list(left_out) == ["a tensor of more than 25,000 elements"]
    assert cases["sample_inputs/linalg.pinv"].left_out() == {}


@pytest.mark.parametrize("layout", ["row by row", "permuted", "expanded", "gaps", "conjugated", "one element"])
def test_a_leaf_lies_as_the_tensor_that_it_is_made_of(layout: str) -> None:
    torch = pytest.importorskip("torch")
    from conformance.interpreter.namespace import namespace_of
    from conformance.samples.operands import leaf

    tensor = torch.arange(24.0).reshape(2, 3, 4)
    tensor = {
        "row by row": lambda: tensor,
        "permuted": lambda: tensor.permute(2, 0, 1),
        "expanded": lambda: tensor[:, :1].expand(2, 5, 4),
        "gaps": lambda: tensor[:, 1:, ::2],
        "conjugated": lambda: torch.complex(tensor, tensor + 1).conj(),
        "one element": lambda: tensor[1, 2, 1::4],
    }[layout]()
    made = leaf(tensor).made(namespace_of(torch).tensor(leaf(tensor).literal))
    assert torch.equal(made, tensor)
    assert made.is_conj() == tensor.is_conj()
    if layout != "one element":  # whose stride says nothing
        assert made.stride() == tensor.stride()


def test_pytorch_agrees_with_itself_on_calls_and_errors(cases: dict[str, Case]) -> None:
    wanted = ["sample_inputs/linalg.pinv.hermitian", "sample_inputs/empty_like", "error_inputs/gather"]
    assert set(wanted) <= set(cases)
    from conformance.running.checking import compare_once

    one, other = open_subject("torch", isolate=False), open_subject("torch", isolate=False)
    for id in wanted:
        found: list[Program] = []
        draw(cases[id].programs(), found.append, seed=2, max_examples=6)
        verdicts = {compare_once(program, one, other).verdict.status for program in found}
        assert verdicts == {"PASS"}, id


def test_the_larger_set_of_calls_has_special_values(cases: dict[str, Case]) -> None:
    torch = pytest.importorskip("torch")
    sizes, special = [], []
    for more in (False, True):
        calls = database.samples("sin", "float32", 0, more).calls
        sizes.append(len(calls))
        special.append(any(not torch.isfinite(call.input).all() for call in calls))
    assert sizes[0] < sizes[1]
    assert special == [False, True]
