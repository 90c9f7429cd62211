"""torch._C: the few names of PyTorch's C++ module that programs use."""

from typing import Any

from .overrides import DisableTorchFunctionSubclass, disabled_torch_function as _disabled_torch_function_impl
from .views import counter_of


class _autograd:
    """torch._C._autograd"""

    @staticmethod
    def _unsafe_set_version_counter(tensors: tuple[Any, ...], versions: tuple[int, ...]) -> None:
        """Let each tensor, and all that share its memory, have the version given for it."""
        if len(tensors) != len(versions):
            raise RuntimeError(f"tensors_len={len(tensors)}, versions_len={len(versions)}")
        for tensor, version in zip(tensors, versions, strict=True):
            if version < 0:
                raise RuntimeError(f"Cannot set a version_counter to a value below 0: {version}")
            counter_of(tensor)[0] = version


__all__ = ["DisableTorchFunctionSubclass", "_disabled_torch_function_impl", "_autograd"]
