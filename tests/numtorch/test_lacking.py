"""What a program finds where numtorch has nothing: devices that are not there, and names that say what the library is."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import numtorch as torch

ENVIRONMENT = {"PYTHONPATH": str(Path(torch.__file__).parents[1])}


@pytest.mark.parametrize("module", ["", "accelerator", "autograd", "backends", "cuda", "nn", "optim", "utils"])
def test_a_lacking_name_says_what_numtorch_is(module):
    name = f"torch.{module}".rstrip(".")
    found = getattr(torch, module) if module else torch
    assert not hasattr(found, "compiled_by_nobody")
    with pytest.raises(AttributeError) as raised:
        found.compiled_by_nobody
    told = str(raised.value)
    assert told.startswith(
        f"module '{name}' has no attribute 'compiled_by_nobody' (numtorch is PyTorch's autograd on NumPy"
    )


def test_python_says_which_name_is_near():
    ran = subprocess.run(
        [sys.executable, "-c", "import numtorch; numtorch.nn.Linaer"], env=ENVIRONMENT, capture_output=True, text=True
    )
    assert "Did you mean: 'Linear'?" in ran.stderr


def test_a_script_that_looks_for_a_device_finds_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)  # what it was is put back
    found = [torch.cuda.is_available(), torch.backends.mps.is_available(), torch.accelerator.is_available()]
    assert found == [False, False, False]
    assert torch.version.cuda is None
    torch.backends.cudnn.deterministic = True
    torch.cuda.empty_cache()
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
        torch.cuda.synchronize()
    with pytest.raises(RuntimeError, match="Cannot access accelerator device when none is available"):
        torch.accelerator.synchronize()


@pytest.mark.parametrize("function", [torch.add, torch.Tensor.sum, torch.Tensor.add])
def test_a_signature_can_be_read(function):
    told = str(inspect.signature(function))
    assert " at 0x" not in told
    assert "<not given>" in told


def test_what_is_offered_are_names_of_pytorch():
    offered = dir(torch)
    assert {"nn", "autograd", "add", "Tensor", "cholesky"} <= set(offered)
    assert not {"dispatch", "kernels", "late", "gc", "Any", "warnings"} & set(offered)
