"""A warning names the line of the program, whatever of numtorch lies between."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import numtorch as torch


class Plain(torch.Tensor):
    """A subclass, so that every public function asks who answers."""


def leaf(*shape: int) -> Any:
    return torch.ones(shape, requires_grad=True)


def in_dual_level() -> None:
    with torch.autograd.forward_ad.dual_level():
        torch.autograd.forward_ad.make_dual(torch.ones(3), torch.ones(3)).T


def in_thread() -> None:
    thread = threading.Thread(target=lambda: torch.ones(3).T)
    thread.start()
    thread.join()


CALLS: dict[str, Callable[[], object]] = {
    "a function": lambda: torch.cross(torch.ones(2, 3), torch.ones(2, 3)),
    "a function that takes out=": lambda: torch.cholesky(torch.eye(2)),
    "a method": lambda: torch.ones(2).new_tensor(torch.ones(2)),
    "a property": lambda: torch.ones(3).T,
    "an attribute that looks like one": lambda: (leaf(2) * 2).grad,
    "an out= of another shape": lambda: torch.add(torch.ones(2), 1, out=torch.ones(3)),
    "a write that drops an imaginary part": lambda: torch.ones(2).copy_(torch.ones(2, dtype=torch.complex64)),
    "an item assignment": lambda: torch.ones(1).expand(3).__setitem__(torch.tensor([0]), 2.0),
    "a backward": lambda: leaf(1).backward(create_graph=True),
    "autograd.grad": lambda: torch.autograd.grad((x := leaf(1)) * 2, x, only_inputs=False),
    "gradcheck": lambda: torch.autograd.gradcheck(lambda x: x, leaf(1)),
    "a module": lambda: torch.nn.Softmax()(torch.ones(2)),
    "a mode": lambda: torch.autograd.detect_anomaly(),
    "a subclass": lambda: torch.ones(3).as_subclass(Plain).T,
    "a level of forward mode": in_dual_level,
    "a transform": lambda: torch.func.grad(lambda x: x.T.sum())(torch.ones(3)),
    "a thread": in_thread,
}


@pytest.mark.parametrize("what", CALLS)
def test_a_warning_names_the_line_of_the_program(what: str) -> None:
    # gradcheck finds that float32 is too coarse
    with warnings.catch_warnings(record=True) as warned, contextlib.suppress(RuntimeError):
        warnings.simplefilter("always")
        CALLS[what]()
    assert warned
    code = CALLS[what].__code__
    lines = {line for inner in (code, *code.co_consts) if hasattr(inner, "co_lines") for *_, line in inner.co_lines()}
    assert {(one.filename, one.lineno in lines) for one in warned} == {(__file__, True)}


def test_a_filter_for_the_program_itself_meets_the_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", module=__name__.replace(".", r"\."))
        with pytest.raises(UserWarning, match=r"x\.T"):
            torch.ones(3).T


TESTS = """
import numpy as np
import numtorch as torch


def test_inf_minus_inf():
    x = torch.tensor([float("inf")])
    assert (x - x).isnan().all()


def test_a_number_by_zero():
    assert (torch.ones(1) / torch.zeros(1)).isinf().all()


def test_numpy_by_itself():
    np.ones(1) / np.zeros(1)
"""


def test_pytest_is_told_of_no_infinite_number_but_for_numpys_own(tmp_path: Path) -> None:
    """Pytest takes back what filters a module of tests adds as it is imported, and torchstone's plugin adds them again."""
    (tmp_path / "test_infinite.py").write_text(TESTS)
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "conformance.plugin_on_demand"]
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    failed = [line.split("::")[1].split(" ")[0] for line in told.stdout.splitlines() if line.startswith("FAILED")]
    assert failed == ["test_numpy_by_itself"], told.stdout
