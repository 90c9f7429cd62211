"""torch.linalg."""

from types import FunctionType as _FunctionType

from .calls.checked import checked as _checked
from .calls.torch_function import public_module as _public_module
from .functions import (
    decomposition as _decomposition,
    linalg as _linalg,
    lu as _lu,
    norms as _norms,
    outputs as _outputs,
    products as _products,
    solvers as _solvers,
)

_names = _decomposition.LINALG | _lu.LINALG | _solvers.LINALG | _norms.LINALG | _linalg.LINALG | _products.LINALG
_outputs.bind(_names, _outputs.LINALG)
_names = {n: _checked(f, "linalg_" + n, False) if type(f) is _FunctionType else f for n, f in _names.items()}
_public_module(globals(), _names, "linalg_")
