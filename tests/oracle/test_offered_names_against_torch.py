"""No function or method of numtorch goes by a name that PyTorch has not."""

import torch

import numtorch


def test_functions_are_those_of_pytorch():
    ours = {name for name in dir(numtorch) if not hasattr(torch, name)}
    assert ours <= {"drawing"}  # which draws graphs, and is said to be numtorch's own


def test_methods_are_those_of_pytorch():
    ours = {name for name in dir(numtorch.Tensor) if not name.startswith("_") and not hasattr(torch.Tensor, name)}
    assert not ours
