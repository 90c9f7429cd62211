"""torch.autograd: backward and grad, and the tools around them."""

from ..tensor import Tensor as Variable
from . import anomaly_mode, function, grad_mode, graph
from .anomaly_mode import set_detect_anomaly
from .entry import backward, grad
from .function import Function
from .grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = ["Function", "Variable", "anomaly_mode", "backward", "enable_grad", "function", "grad", "grad_mode", "graph",
           "inference_mode", "no_grad", "set_detect_anomaly", "set_grad_enabled"]
