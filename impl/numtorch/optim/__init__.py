"""torch.optim: what a training script needs, SGD and Adam."""

from ..lacking import lookup
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
__getattr__ = lookup("torch.optim")
