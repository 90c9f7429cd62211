"""torch.linalg."""

from .functions import decomposition as _decomposition, linalg as _linalg, outputs as _outputs, products as _products
from .overrides import public_module as _public_module

_names = _decomposition.LINALG | _linalg.LINALG | _products.LINALG
_outputs.bind(_names, _outputs.LINALG)
_public_module(globals(), _names, "linalg_")
