"""Classes go by PyTorch's names, and are found again all the same; the names are in tests/transcripts/names.txt."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import numtorch as torch

WITHOUT_TORCH = """
import copy, pickle, sys
sys.modules["torch"] = None  # importing it fails
import numtorch
values = (numtorch.ones(2, requires_grad=True), numtorch.nn.Parameter(numtorch.ones(2)), numtorch.Size([2]), numtorch.float64,
          numtorch.device("cpu"), numtorch.strided)
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    again = pickle.loads(pickle.dumps(values, protocol))
    assert list(map(type, again)) == list(map(type, values)), again
    assert again[2:] == values[2:] and again[3] is numtorch.float64
copy.deepcopy(values)
"""


def test_pickling_needs_no_pytorch():
    impl = Path(torch.__file__).parents[1]
    subprocess.run([sys.executable, "-c", WITHOUT_TORCH], check=True, env={"PYTHONPATH": str(impl)})


def test_a_subclass_of_tensor_keeps_its_attributes_when_pickled():
    old = Named._make_subclass(Named, torch.ones(2), True)
    old.mark = "kept"
    new = pickle.loads(pickle.dumps(old))
    assert type(new) is Named
    assert new.requires_grad
    assert new.mark == "kept"


class Named(torch.Tensor):
    """A subclass that pickle can find."""


@pytest.mark.parametrize("make", [torch.ones, torch.rand, torch.empty])
def test_there_is_no_other_device_than_the_cpu(make):
    with pytest.raises(NotImplementedError, match="numtorch computes on the cpu only"):
        make(2, device="meta")
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
        make(2, device=torch.device("cuda", 0))


def test_functions_of_the_module_call_their_first_operand_input():
    x = torch.tensor([1.0, 4.0])
    assert torch.sqrt(input=x).tolist() == [1.0, 2.0]
    assert torch.add(input=x, other=1).tolist() == [2.0, 5.0]
    assert torch.sum(input=x).item() == 5.0


def test_methods_call_it_self():
    with pytest.raises(TypeError, match="input"):
        torch.tensor([1.0]).sqrt(input=torch.tensor([1.0]))
