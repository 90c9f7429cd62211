"""Activations, dropout and losses as modules: each a function of torch.nn.functional and what it is called with."""

from __future__ import annotations

from typing import Any

from ...creation import empty
from ...nn import functional as F
from ...tensor import Tensor
from ..init import constant_
from ..parameter import Parameter
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


GLU = _activation("GLU", "glu", {"dim": -1}, "dim")


class Threshold(_Function):
    """torch.nn.functional.threshold as a module."""

    function = "threshold"
    shown = ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The input where it is greater than the threshold, the value elsewhere."""
        return F.threshold(input, self.threshold, self.value, self.inplace)


class RReLU(_Function):
    """torch.nn.functional.rrelu as a module."""

    constants = {"lower": 1.0 / 8, "upper": 1.0 / 3, "inplace": False}
    shown = ("lower", "upper")

    def forward(self, input: Tensor) -> Tensor:
        """The function's value."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class PReLU(Module):
    """torch.nn.functional.prelu as a module, with the slope a parameter."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """The slope that it begins with."""
        constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """The function's value."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """How many slopes."""
        return f"num_parameters={self.num_parameters}"


class Softmax2d(Module):
    """torch.nn.functional.softmax over the channels of pictures."""

    def forward(self, input: Tensor) -> Tensor:
        """The fractions."""
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3)


class Dropout(_Function):
    """Elements set to zero at random while training, the others scaled up."""

    function = "dropout"
    constants = {"p": 0.5, "inplace": False}
    shown = ("p", "inplace")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not 0 <= self.p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {self.p}")

    def forward(self, input: Tensor) -> Tensor:
        """The input with holes."""
        inplace = self.inplace and self.function != "feature_alpha_dropout"  # which PyTorch's module forgets
        return getattr(F, self.function)(input, self.p, self.training, *([inplace] if inplace else []))


def _dropout(name: str, function: str) -> type:
    doc = f"torch.nn.functional.{function} as a module."
    found = type(name, (Dropout,), {"function": function, "__doc__": doc})
    found.__module__ = __name__
    return found


Dropout1d, Dropout2d, Dropout3d = [_dropout(f"Dropout{n}d", f"dropout{n}d") for n in (1, 2, 3)]
AlphaDropout = _dropout("AlphaDropout", "alpha_dropout")
FeatureAlphaDropout = _dropout("FeatureAlphaDropout", "feature_alpha_dropout")


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

__all__ = [
    "AlphaDropout",
    "BCELoss",
    "BCEWithLogitsLoss",
    "CELU",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "ELU",
    "FeatureAlphaDropout",
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HuberLoss",
    "L1Loss",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "Mish",
    "NLLLoss",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]
