"""The modules of torch.nn."""

from .activation import *  # noqa: F403
from .activation import __all__ as _ACTIVATION
from .container import ModuleDict, ModuleList, ParameterList, Sequential
from .convolution import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Embedding, EmbeddingBag, Flatten, Identity, Linear, Unflatten
from .losses import *  # noqa: F403
from .losses import __all__ as _LOSSES
from .module import Module
from .normalization import *  # noqa: F403
from .normalization import __all__ as _NORMALIZATION
from .pictures import *  # noqa: F403
from .pictures import __all__ as _PICTURES
from .pooling import *  # noqa: F403
from .pooling import __all__ as _POOLING

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Embedding",
    "EmbeddingBag",
    "Flatten",
    "Identity",
    "Linear",
    "Module",
    "ModuleDict",
    "ModuleList",
    "ParameterList",
    "Sequential",
    "Unflatten",
]
__all__ += _ACTIVATION + _LOSSES + _NORMALIZATION + _PICTURES + _POOLING
