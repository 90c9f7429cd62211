"""torch.linalg."""

from .functions import decomposition as _decomposition, linalg as _linalg, products as _products
from .overrides import public_module as _public_module

_public_module(globals(), _decomposition.LINALG | _linalg.LINALG | _products.LINALG, "linalg_")
