"""torch.autograd: backward and grad, and the tools around them."""

from . import anomaly_mode
from .entry import backward, grad

__all__ = ["anomaly_mode", "backward", "grad"]
