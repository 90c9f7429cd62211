"""torch.nn."""

from . import functional, parameter
from .parameter import Parameter

__all__ = ["Parameter", "functional", "parameter"]
