"""What a script asks about devices, of a PyTorch that was built for the cpu and of numtorch."""

import pytest
import torch

import numtorch

ASKED = [
    "accelerator.current_accelerator()",
    "accelerator.current_device_index()",
    "accelerator.device_count()",
    "accelerator.is_available()",
    "accelerator.synchronize()",
    "backends.cuda.is_built()",
    "backends.cuda.matmul.allow_tf32",
    "backends.cudnn.allow_tf32",
    "backends.cudnn.benchmark",
    "backends.cudnn.deterministic",
    "backends.cudnn.enabled",
    "backends.cudnn.is_available()",
    "backends.cudnn.version()",
    "backends.mps.is_available()",
    "backends.mps.is_built()",
    "cuda.current_device()",
    "cuda.device_count()",
    "cuda.empty_cache()",
    "cuda.get_device_capability()",
    "cuda.get_device_name()",
    "cuda.get_device_properties(0)",
    "cuda.is_available()",
    "cuda.is_bf16_supported()",
    "cuda.is_initialized()",
    "cuda.manual_seed_all(1)",
    "cuda.max_memory_allocated()",
    "cuda.memory_allocated()",
    "cuda.seed_all()",
    "cuda.synchronize()",
    "version.cuda",
    "version.debug",
    "version.hip",
]


def answer(expression: str, module: object) -> object:
    try:
        return eval(f"module.{expression}", {"module": module})
    except Exception as error:
        return type(error), str(error)


@pytest.mark.skipif(torch.version.cuda is not None, reason="this PyTorch was built for CUDA")
@pytest.mark.parametrize("expression", ASKED)
def test_a_device_that_is_not_there(expression):
    assert answer(expression, numtorch) == answer(expression, torch)
