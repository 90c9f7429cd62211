"""Faults are planted as they are written down, and those of a sample are found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mutation.faults import fault, faults
from mutation.planting import CannotPlant, Change, apart, changed, forget, package, plant, run_with

SAMPLE = "import numtorch as torch; x = torch.tensor([2.0], requires_grad=True); (x * 3).sum().backward(); print({})"


def test_every_fault_is_still_in_the_source() -> None:
    for one in faults():
        for change in one.changes:
            assert change.made_to((package() / change.file).read_text())


def test_faults_are_named_once_and_spread_over_kinds_and_features() -> None:
    assert len(faults()) >= 80
    assert len({one.sentence for one in faults()}) == len(faults())
    assert len({one.kind for one in faults()}) >= 7
    assert len({one.feature for one in faults()}) >= 25


def test_a_change_whose_text_is_gone_is_refused() -> None:
    with pytest.raises(CannotPlant, match="is no longer in the file"):
        changed([Change("backward/accumulate.py", "what nobody wrote", "anything")])


def test_a_change_whose_text_is_not_the_only_one_is_refused() -> None:
    with pytest.raises(CannotPlant, match="times in the file"):
        changed([Change("backward/accumulate.py", "import", "export")])


def test_a_change_that_is_no_python_is_refused() -> None:
    with pytest.raises(CannotPlant, match="no Python"):
        changed([Change("backward/accumulate.py", "def accumulate(", "def (accumulate")])


def test_a_change_of_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(CannotPlant, match="no such file"):
        changed([Change("nothing.py", "a", "b")])


def test_a_change_of_a_row_writes_dispatch_anew() -> None:
    texts = fault("sub-keeps-the-sign").texts()
    assert set(texts) == {"ops/pointwise.py", "dispatch/pointwise.py"}
    assert texts["dispatch/pointwise.py"] != (package() / "dispatch" / "pointwise.py").read_text()


def _planted(name: str) -> object:
    forget()
    plant(fault(name).texts())
    import numtorch as torch

    x = torch.tensor([2.0], requires_grad=True)
    for _ in range(2):
        (x * 3 - x).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize(("name", "grad"), [("accumulate-overwrites", [2.0]), ("sub-keeps-the-sign", [8.0])])
def test_a_planted_fault_is_what_runs(name: str, grad: list[float]) -> None:
    assert apart(_planted, name) == grad


def test_a_planted_fault_leaves_the_source_alone() -> None:
    before = (package() / "backward/accumulate.py").read_bytes()
    apart(_planted, "accumulate-overwrites")
    assert (package() / "backward/accumulate.py").read_bytes() == before


def test_nothing_is_planted_once_numtorch_is_imported() -> None:
    import numtorch  # noqa: F401

    with pytest.raises(CannotPlant, match="imported already"):
        plant({})


def test_a_copy_of_the_package_has_the_fault(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SAMPLE.format("x.grad.tolist(), torch.__file__")]
    ran = run_with(fault("mul-saves-the-wrong-factor").texts(), command, tmp_path)
    assert ran.stdout.startswith("[2.0]"), ran.stderr
    assert str(tmp_path) in ran.stdout
