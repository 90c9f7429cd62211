"""MyGrad: NumPy arrays with a tape that lasts for one backward. https://mygrad.readthedocs.io"""

from __future__ import annotations

from typing import Any

import mygrad as mg
import numpy as np
from mygrad import nnet

from conformance.subjects.libraries.library import TAPE_FEATURES, Library, Tape
from conformance.subjects.libraries.numpy_like import named, operators


def _numpy(value: Any) -> np.ndarray[Any, Any]:
    return np.asarray(value.data if isinstance(value, mg.Tensor) else value)


def _backward(value: Any, cotangent: Any, _: Any) -> None:
    value.backward() if cotangent is None else value.backward(_numpy(cotangent))


_REFUSED = frozenset(["sign", "trunc", "floor", "ceil", "round", "remainder", "fmod", "floor_divide", "heaviside"])
"""NumPy's functions that MyGrad refuses to apply to what has a gradient."""

LIBRARY = Library(
    name="mygrad",
    version=mg.__version__,
    array=lambda array: mg.tensor(array, constant=True),
    numpy=_numpy,
    operators={
        **{name: row for name, row in operators(mg).items() if name not in _REFUSED},
        # A condition that is a tensor of MyGrad is taken apart, number by number.
        "where": lambda condition, input, other: mg.where(_numpy(condition), input, other),
        "masked_fill": lambda input, mask, value: mg.where(_numpy(mask), value, input),
        **named(nnet.activations, "relu=relu sigmoid=sigmoid nn.functional.selu=selu nn.functional.softsign=soft_sign"),
        "nn.functional.elu": lambda input, alpha=1.0: nnet.activations.elu(input, alpha),
        "nn.functional.leaky_relu": lambda input, negative_slope=0.01: nnet.activations.leaky_relu(
            input, negative_slope
        ),
        "softmax": lambda input, dim: nnet.activations.softmax(input, axis=dim),
        "log_softmax": lambda input, dim: nnet.activations.logsoftmax(input, axis=dim),
    },
    derivatives=Tape(
        track=lambda value: mg.tensor(_numpy(value), constant=False), backward=_backward, grad=lambda v: v.grad
    ),
    features=TAPE_FEATURES,
)
