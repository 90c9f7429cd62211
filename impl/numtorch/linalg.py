"""torch.linalg."""

from .functions import linalg as _products, reduction as _reduction

globals().update(_reduction.LINALG | _products.LINALG)
