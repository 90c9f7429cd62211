"""Operators of one, two and three numbers, applied element by element."""

from __future__ import annotations

from typing import Any

from conformance.generate import Values
from conformance.operators.row import Argument, Operator, Unfit, add, broadcast, computed, constants, like, same
from conformance.program import Float

_SYMBOLS = {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "remainder": "mod", "pow": "pow", "neg": "neg"}


def _row(name: str, arguments: tuple[Argument, ...] = (), *, inplace: bool | str = True, **more: Any) -> None:
    symbol = _SYMBOLS.get(name, "abs" if name == "abs" else "")
    given = {
        "function": f"torch.{name}",
        "method": name,
        "symbol": symbol,
        "inplace": inplace if isinstance(inplace, str) else f"{name}_" if inplace else "",
        "inplace_symbol": f"i{symbol}" if symbol and arguments else "",
        "kind": "pointwise",
        "shape": broadcast,
        **more,
    }
    add(Operator(name, arguments=arguments, **given))


def _number(*values: float, **options: Any) -> Argument:
    return constants(*[value if isinstance(value, int) else Float.of(value) for value in values], **options)


# ---- one operand: where the function is smooth, and where it is not
UNARY: dict[str, tuple[Values, tuple[float, ...]]] = {
    "neg": ("any", ()),
    "exp": ("any", ()),
    "sin": ("any", ()),
    "cos": ("any", ()),
    "tanh": ("any", ()),
    "sigmoid": ("any", ()),
    "relu": ("any", (0.0,)),
    "abs": ("any", (0.0,)),
    "square": ("any", ()),
    "sqrt": ("positive", (0.0,)),
    "rsqrt": ("positive", (0.0,)),
    "reciprocal": ("nonzero", (0.0,)),
    "log": ("positive", (0.0,)),
    "log2": ("positive", (0.0,)),
    "log10": ("positive", (0.0,)),
    "log1p": ("positive", (-1.0,)),
    "exp2": ("any", ()),
    "expm1": ("any", ()),
    "tan": ("smooth", ()),
    "asin": ("any", (-1.0, 1.0)),
    "acos": ("any", (-1.0, 1.0)),
    "atan": ("any", ()),
    "sinh": ("any", ()),
    "cosh": ("any", ()),
    "asinh": ("any", ()),
    "acosh": ("positive", (1.0,)),
    "atanh": ("any", (-1.0, 1.0)),
    "erf": ("any", ()),
    "erfc": ("any", ()),
    "erfinv": ("any", (-1.0, 1.0)),
    "lgamma": ("positive", (0.0,)),
    "digamma": ("positive", (0.0,)),
    "sinc": ("any", (0.0,)),
    "floor": ("any", ()),
    "ceil": ("any", ()),
    "round": ("any", ()),
    "trunc": ("any", ()),
    "frac": ("any", ()),
    "sign": ("any", (0.0,)),
    "sgn": ("any", (0.0,)),
    "logit": ("any", (0.0, 1.0)),
    "deg2rad": ("any", ()),
    "rad2deg": ("any", ()),
    "nan_to_num": ("any", ()),
    "i0": ("any", ()),
    "selu": ("any", (0.0,)),
    "celu": ("any", (0.0,)),
    "positive": ("any", ()),
}
for _name, (_values, _kinks) in UNARY.items():
    _forms: dict[str, Any] = {
        "selu": {"method": "", "inplace": False},
        "celu": {"method": "", "inplace": False},
        "positive": {"symbol": "pos", "inplace": False},
    }.get(_name, {})
    _row(_name, values=_values, kinks=_kinks, **_forms)

# ---- activations that live in torch.nn.functional
for _name, _kinks in {
    "gelu": (),
    "silu": (),
    "mish": (),
    "elu": (0.0,),
    "softplus": (20.0,),
    "leaky_relu": (0.0,),
    "relu6": (0.0, 6.0),
    "hardtanh": (-1.0, 1.0),
    "hardsigmoid": (-3.0, 3.0),
    "hardswish": (-3.0, 3.0),
    "softshrink": (-0.5, 0.5),
    "hardshrink": (-0.5, 0.5),
    "logsigmoid": (),
    "softsign": (0.0,),
    "tanhshrink": (),
}.items():
    # (Of nan the vectorized loop of hardtanh's backward makes 0, and the loop over the elements that remain does not.)
    add(Operator(_name, "pointwise", function=f"torch.nn.functional.{_name}", kinks=_kinks, finite=_name == "hardtanh"))

# ---- two operands
_alpha = _number(1, 2, 0.5, keyword="alpha", optional=True)
_row("add", (like(), _alpha))
_row("sub", (like(), _alpha))
_row("mul", (like(),))
_row("div", (like(),))
_row("remainder", (like("nonzero"),))
_row("pow", (like("finite"),), values="positive", kinks=(0.0,))
_row("fmod", (like("nonzero"),))
_row("atan2", (like(),), kinks=(0.0,))
_row("hypot", (like(),), kinks=(0.0,))
_row("copysign", (like(),), kinks=(0.0,))
_row("xlogy", (like("positive"),), kinks=(0.0,))
_row("float_power", (like("finite"),), values="positive")
for _name in ("maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2", "rsub"):
    _row(_name, (like(),), inplace=False, method="" if _name == "rsub" else _name)
_row("true_divide", (like("nonzero"),))
_row("floor_divide", (like("nonzero"),), symbol="floordiv")
_row("dist", (like(),), inplace=False, shape=lambda shape, arguments: broadcast(shape, arguments) and ())

# ---- an operand and a number
_row("add_number", (_number(1, 2.5, -1),), function="torch.add", method="add", symbol="add", inplace="add_",
     inplace_symbol="iadd")  # fmt: skip
_row("mul_number", (_number(2, 0.5, -3, 0),), function="torch.mul", method="mul", symbol="mul", inplace="mul_",
     inplace_symbol="imul")  # fmt: skip
_row("div_number", (_number(2, 0.5, -3),), function="torch.div", method="div", symbol="truediv", inplace="div_",
     inplace_symbol="itruediv")  # fmt: skip
_row("pow_number", (_number(3, 2, 1, 0, -1, 0.5, 1.5),), function="torch.pow", method="pow", symbol="pow",
     inplace="pow_", kinks=(0.0,))  # fmt: skip
_row("clamp", (_number(-1, -0.5, 0), _number(1, 0.5, 2)), kinks=(-1.0, -0.5, 0.0, 0.5, 1.0, 2.0))
_row("clamp_min", (_number(0, -1, 0.5),), kinks=(-1.0, 0.0, 0.5))
_row("clamp_max", (_number(1, 0, 0.5),), kinks=(0.0, 0.5, 1.0))
_row("threshold", (_number(0, 1), _number(2, -1)), inplace=False, method="", kinks=(0.0, 1.0),
     function="torch.nn.functional.threshold")  # fmt: skip
_row("div_rounded", (like("nonzero"), constants("floor", "trunc", keyword="rounding_mode")), function="torch.div",
     method="div", inplace="div_")  # fmt: skip
_row("fill", (_number(2, 0.5),), function="torch.fill", method="", inplace="fill_", shape=lambda shape, _: shape)
_row("zero_", (), function="", method="", inplace="zero_")

# ---- three operands
_row("addcmul", (like(), like(), _number(1, 2, 0.5, keyword="value", optional=True)))
_row("addcdiv", (like(), like("nonzero"), _number(1, 2, keyword="value", optional=True)))
_row("lerp", (like(), _number(0.25, 0.5, 2)))
_row("lerp_tensor", (like(), like("smooth")), function="torch.lerp", method="lerp", inplace="lerp_")
_row("masked_fill", (same(tensor="mask"), _number(0, 2.5)))
_row("where", (same(tensor="mask"), like()), function="", method="where", inplace=False)

# ---- comparisons and tests: never differentiable, except that the in-place form is recorded
for _name, _symbol in {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}.items():
    _row(_name, (like("special"),), kind="comparison", symbol=_symbol, differentiable=False)
for _name in ("isnan", "isinf", "isfinite", "signbit", "logical_not"):
    _row(_name, (), kind="comparison", inplace=_name == "logical_not", differentiable=False)
for _name in ("logical_and", "logical_or", "logical_xor"):
    _row(_name, (like("special"),), kind="comparison", differentiable=False)
_row("isclose", (like(),), kind="comparison", inplace=False, differentiable=False)
_row("heaviside", (like(),), kinks=(0.0,))
_row("nextafter", (like(),), differentiable=False)

# ---- conversions: pointwise, with another dtype
for _name in ("double", "float", "half", "long", "bool"):
    add(Operator(_name, "copy", method=_name, differentiable=_name in ("double", "float", "half")))
_row("clone", (), kind="copy", inplace=False)
_row("zeros_like", (), kind="copy", inplace=False, method="", differentiable=False)
_row("ones_like", (), kind="copy", inplace=False, method="", differentiable=False)

# ---- distributions along a dimension, and losses
_dim = computed(lambda shape: [*range(max(len(shape), 1)), -1])
for _name in ("softmax", "log_softmax"):
    _row(_name, (_dim,), inplace=False, shape=lambda shape, _: shape)
add(Operator("softmin", "pointwise", (_dim,), function="torch.nn.functional.softmin"))
_row("normalize", (), function="torch.nn.functional.normalize", method="", inplace=False, values="smooth",
     shape=lambda shape, _: shape if len(shape) > 1 else Unfit)  # fmt: skip
for _name, _other in {
    "mse_loss": "any",
    "l1_loss": "any",
    "smooth_l1_loss": "any",
    "huber_loss": "any",
    "kl_div": "positive",
    "soft_margin_loss": "special",
}.items():
    _reduction = constants("mean", "sum", "none", keyword="reduction")
    add(
        Operator(
            _name,
            "loss",
            (same(_other), _reduction),  # type: ignore[arg-type]
            function=f"torch.nn.functional.{_name}",
            shape=lambda shape, arguments: shape if arguments[-1] == "none" else (),
            kinks=(0.0,),
        )
    )
