"""torch._C: the few names of PyTorch's C++ module that programs use."""

from .overrides import DisableTorchFunctionSubclass, disabled_torch_function as _disabled_torch_function_impl

__all__ = ["DisableTorchFunctionSubclass", "_disabled_torch_function_impl"]
