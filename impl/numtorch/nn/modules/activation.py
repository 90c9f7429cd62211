"""Activations, dropout and losses as modules: each a function of torch.nn.functional and what it is called with."""

from __future__ import annotations

from typing import Any

from ...nn import functional as F
from ...tensor import Tensor
from .module import Module


class _Function(Module):
    """A function of `input`, with constants that are attributes of the module under the names of the parameters."""

    function = ""
    constants: dict[str, Any] = {}
    shown: tuple[str, ...] = ()
    """Attributes that the text shows, those with a colon by their value alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        given = dict(zip(self.constants, args, strict=False)) | kwargs
        unknown = next((name for name in kwargs if name not in self.constants), None)
        if unknown is not None:
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument '{unknown}'")
        if len(args) > len(self.constants):
            takes = f"from 1 to {len(self.constants) + 1}" if self.constants else "1"
            raise TypeError(
                f"{type(self).__name__}.__init__() takes {takes} positional argument{'s' * bool(self.constants)} but "
                f"{len(args) + 1} were given"
            )
        for name, default in self.constants.items():
            setattr(self, name, given.get(name, default))

    def forward(self, input: Tensor) -> Tensor:
        """The function's value."""
        return getattr(F, self.function)(input, **{name: getattr(self, name) for name in self.constants})

    def extra_repr(self) -> str:
        """The constants."""
        parts = [
            f"{getattr(self, name[:-1])}" if name.endswith(":") else f"{name}={getattr(self, name)}"
            for name in self.shown
        ]
        return ", ".join(
            parts + ["inplace=True"] * bool(getattr(self, "inplace", False) and "inplace" not in self.shown)
        )


def _activation(name: str, function: str, constants: dict[str, Any], *shown: str, **members: Any) -> type:
    doc = f"torch.nn.functional.{function} as a module."
    found = type(
        name, (_Function,), {"function": function, "constants": constants, "shown": shown, "__doc__": doc, **members}
    )
    found.__module__ = __name__
    return found


_IN_PLACE = {"inplace": False}

ReLU = _activation("ReLU", "relu", _IN_PLACE)
ReLU6 = _activation("ReLU6", "relu6", _IN_PLACE)
SELU = _activation("SELU", "selu", _IN_PLACE)
SiLU = _activation("SiLU", "silu", _IN_PLACE)
Mish = _activation("Mish", "mish", _IN_PLACE)
Hardswish = _activation("Hardswish", "hardswish", _IN_PLACE)
Hardsigmoid = _activation("Hardsigmoid", "hardsigmoid", _IN_PLACE)
Sigmoid = _activation("Sigmoid", "sigmoid", {})
Tanh = _activation("Tanh", "tanh", {})
LogSigmoid = _activation("LogSigmoid", "logsigmoid", {})
Softsign = _activation("Softsign", "softsign", {})
Tanhshrink = _activation("Tanhshrink", "tanhshrink", {})
ELU = _activation("ELU", "elu", {"alpha": 1.0, **_IN_PLACE}, "alpha")
CELU = _activation("CELU", "celu", {"alpha": 1.0, **_IN_PLACE}, "alpha")
LeakyReLU = _activation("LeakyReLU", "leaky_relu", {"negative_slope": 0.01, **_IN_PLACE}, "negative_slope")
Hardtanh = _activation("Hardtanh", "hardtanh", {"min_val": -1.0, "max_val": 1.0, **_IN_PLACE}, "min_val", "max_val")
GELU = _activation(
    "GELU",
    "gelu",
    {"approximate": "none"},
    extra_repr=lambda self: f"approximate={self.approximate!r}",
)
Softplus = _activation("Softplus", "softplus", {"beta": 1.0, "threshold": 20.0}, "beta", "threshold")
Softshrink = _activation("Softshrink", "softshrink", {"lambd": 0.5}, "lambd:")
Hardshrink = _activation("Hardshrink", "hardshrink", {"lambd": 0.5}, "lambd:")
Softmax = _activation("Softmax", "softmax", {"dim": None}, "dim")
LogSoftmax = _activation("LogSoftmax", "log_softmax", {"dim": None}, "dim")
Softmin = _activation("Softmin", "softmin", {"dim": None}, "dim")


class Dropout(_Function):
    """Elements set to zero at random while training, the others scaled up."""

    constants = {"p": 0.5, "inplace": False}
    shown = ("p", "inplace")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not 0 <= self.p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {self.p}")

    def forward(self, input: Tensor) -> Tensor:
        """The input with holes."""
        return F.dropout(input, self.p, self.training, self.inplace)


class _Loss(_Function):
    """A function of an input and a target."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return getattr(F, self.function)(input, target, **{name: getattr(self, name) for name in self.constants})


def _loss(name: str, function: str, **constants: Any) -> type:
    doc = f"torch.nn.functional.{function} as a module."
    found = type(name, (_Loss,), {"function": function, "constants": constants, "__doc__": doc})
    found.__module__ = __name__
    return found


_REDUCTION = {"size_average": None, "reduce": None, "reduction": "mean"}

MSELoss = _loss("MSELoss", "mse_loss", **_REDUCTION)
L1Loss = _loss("L1Loss", "l1_loss", **_REDUCTION)
SmoothL1Loss = _loss("SmoothL1Loss", "smooth_l1_loss", **_REDUCTION, beta=1.0)
HuberLoss = _loss("HuberLoss", "huber_loss", reduction="mean", delta=1.0)
NLLLoss = _loss("NLLLoss", "nll_loss", weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean")
CrossEntropyLoss = _loss(
    "CrossEntropyLoss",
    "cross_entropy",
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
)
BCELoss = _loss("BCELoss", "binary_cross_entropy", weight=None, **_REDUCTION)
BCEWithLogitsLoss = _loss(
    "BCEWithLogitsLoss", "binary_cross_entropy_with_logits", weight=None, **_REDUCTION, pos_weight=None
)
