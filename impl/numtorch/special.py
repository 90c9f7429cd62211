"""torch.special: what the families of functions/ bring for it."""

import importlib as _importlib

from .calls.checked import checked as _checked, is_checked as _is_checked
from .calls.torch_function import public_module as _public_module
from .methods import FAMILIES as _FAMILIES

for _family in _FAMILIES:
    _found = getattr(_importlib.import_module(f".functions.{_family}", __package__), "SPECIAL", {})
    _found = {
        name: _checked(function, "special_" + name, False) if _is_checked(function, name, False) else function
        for name, function in _found.items()
    }
    _public_module(globals(), _found, "special_")
