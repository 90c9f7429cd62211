"""HIPS autograd: functions of NumPy arrays, differentiated by `make_vjp`. https://github.com/HIPS/autograd"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from autograd import numpy as anp, scipy as _scipy  # noqa: F401 - the tables read autograd.scipy
from autograd.builtins import tuple as traced_tuple
from autograd.core import make_vjp
from autograd.numpy import linalg as _linalg  # noqa: F401
from autograd.scipy import special

from conformance.subjects.libraries.library import FUNCTIONAL_FEATURES, REAL_DTYPES, Functional, Library
from conformance.subjects.libraries.numpy_like import axes, named, operators


def _vjp(function: Callable[..., tuple[Any, ...]], values: Sequence[Any]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    pull, end = make_vjp(lambda inputs: traced_tuple(function(*inputs)), traced_tuple(tuple(values)))
    del end
    return lambda cotangents: tuple(pull(traced_tuple(tuple(cotangents))))


LIBRARY = Library(
    name="autograd",
    version=version("autograd"),
    array=np.asarray,
    numpy=lambda value: np.asarray(getattr(value, "_value", value)),
    operators={
        **operators(anp),
        **named(special, "erf=erf erfc=erfc erfinv=erfinv lgamma=gammaln digamma=psi sigmoid=expit logit=logit"),
        "logsumexp": lambda input, dim, keepdim=False: special.logsumexp(input, axis=axes(dim), keepdims=keepdim),
    },
    derivatives=Functional(_vjp),
    # KeyError: an operand for which an operator has no derivative.
    lacks=(NotImplementedError, KeyError),
    features=FUNCTIONAL_FEATURES,
    dtypes=(*REAL_DTYPES, "complex64", "complex128"),
)
