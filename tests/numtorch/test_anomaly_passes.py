"""Anomaly mode over graphs that the plain passes would run: whether the mode was on or off when they were made."""

from collections.abc import Callable
from typing import Any

import pytest

import numtorch as torch
from numtorch.backward import capture, plain_pass

PASSES: dict[str, Callable[[Any, Any], Any]] = {
    "backward from a scalar": lambda x, y: y.sum().backward(),
    "backward with a gradient": lambda x, y: y.backward(torch.ones_like(y)),
    "backward that keeps the graph": lambda x, y: y.sum().backward(retain_graph=True),
    "backward to an input": lambda x, y: y.sum().backward(inputs=[x]),
    "grad": lambda x, y: torch.autograd.grad(y.sum(), x),
    "grad with a graph of its own": lambda x, y: torch.autograd.grad(y.sum(), x, create_graph=True),
}


@pytest.mark.parametrize("made_within", [False, True])
@pytest.mark.parametrize("how", PASSES)
@pytest.mark.filterwarnings("ignore")
def test_a_nan_is_refused_in_every_kind_of_pass(how: str, made_within: bool) -> None:
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    with torch.autograd.set_detect_anomaly(made_within):
        y = (x * 0.0).sqrt() * 0.0  # 0 * inf in the backward of sqrt
    with (
        torch.autograd.detect_anomaly(),
        pytest.raises(RuntimeError, match=r"'SqrtBackward0' returned nan values in its 0th output"),
    ):
        PASSES[how](x, y)
    assert x.grad is None


@pytest.mark.parametrize("how", PASSES)
def test_a_nan_passes_while_the_mode_is_off(how: str) -> None:
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    found = PASSES[how](x, (x * 0.0).sqrt() * 0.0)
    (grad,) = found or (x.grad,)
    assert grad[0].isnan()


@pytest.mark.parametrize("how", PASSES)
@pytest.mark.filterwarnings("ignore")
def test_no_plain_pass_runs_within_the_mode(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> Any:
        raise AssertionError("a pass that looks for no NaN")

    monkeypatch.setattr(plain_pass, "run", refuse)
    monkeypatch.setattr(capture, "over_arrays", refuse)
    monkeypatch.setattr(capture, "over_tensors", refuse)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.detect_anomaly():
        PASSES[how](x, x * 2.0)


@pytest.mark.filterwarnings("ignore")
def test_the_warning_names_the_line_that_made_the_node() -> None:
    x = torch.tensor([0.0], requires_grad=True)
    with torch.autograd.detect_anomaly():
        y = (x * 0.0).sqrt() * 0.0  # the line
        with pytest.warns(UserWarning, match="Error detected in SqrtBackward0") as told, pytest.raises(RuntimeError):
            y.sum().backward()
    assert any("# the line" in str(warning.message) for warning in told)
