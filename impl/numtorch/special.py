"""torch.special: what the families of functions/ bring for it."""

import importlib as _importlib

from .methods import FAMILIES as _FAMILIES

for _family in _FAMILIES:
    globals().update(getattr(_importlib.import_module(f".functions.{_family}", __package__), "SPECIAL", {}))
