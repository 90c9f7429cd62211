"""torch.optim: what a training script needs, SGD and Adam, and schedules of their learning rates."""

from ..lacking import lookup as _lookup
from . import lr_scheduler
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]
__getattr__ = _lookup("torch.optim")
