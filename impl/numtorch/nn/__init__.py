"""torch.nn: parameters, modules, and the functions that modules are made of."""

from ..lacking import lookup as _lookup
from ..nn import functional, init, modules, parameter, utils
from .modules import *  # noqa: F403
from .modules import __all__ as _MODULES
from .parameter import Buffer, Parameter

__all__ = ["Buffer", "Parameter", "functional", "init", "modules", "parameter", "utils", *_MODULES]
__getattr__ = _lookup("torch.nn")
