"""torch.linalg."""

from .functions import decomposition as _decomposition, linalg as _linalg, products as _products

globals().update(_decomposition.LINALG | _linalg.LINALG | _products.LINALG)
