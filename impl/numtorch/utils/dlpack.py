"""torch.utils.dlpack: memory exchanged with other libraries."""

from ..functions.protocols import DLDeviceType, from_dlpack, to_dlpack

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]
