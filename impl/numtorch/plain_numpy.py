"""NumPy's names in a module that CPython reads quickly: everything here says `from .plain_numpy import np`.

NumPy's own module has a `__getattr__`, for what it imports late, and CPython specialises the reading of a name (`np.tanh`)
only for modules that have none: 290 instructions a time, of the 3,200 that tanh takes, instead of 50.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy

__all__ = ["np"]

if TYPE_CHECKING:
    import numpy as np
else:
    np = type(numpy)("numpy")
    vars(np).update({name: value for name, value in vars(numpy).items() if name != "__getattr__"})
