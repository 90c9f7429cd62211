"""Which functions can be overridden, and how PyTorch writes each: what an override is told depends on that."""

from __future__ import annotations

from typing import Any

ASKS_ALL = frozenset(
    ["pow", "pow_", "__rsub__", "__rdiv__", "__rpow__", "__floordiv__", "__rfloordiv__", "__rmod__", "__rmatmul__"]
    + ["__rlshift__", "__rrshift__"]
)
"""Methods that PyTorch writes in Python and whose every tensor is asked."""

_ASKS_SELF = [
    "register_hook",
    "register_post_accumulate_grad_hook",
    "unflatten",
    "__len__",
    "__contains__",
    "__reversed__",
] + ["__deepcopy__", "__reduce_ex__", "__setstate__", "__format__", "__dir__", "__dlpack_device__"]
PYTHON: dict[str, dict[str, Any]] = {
    "backward": {"gradient": None, "retain_graph": None, "create_graph": False, "inputs": None},
    "norm": {"p": "fro", "dim": None, "keepdim": False, "dtype": None},
    "split": {"dim": 0},
    "__repr__": {"tensor_contents": None},
    "__array__": {"dtype": None},
    "__dlpack__": {"stream": -1, "max_version": None, "dl_device": None, "copy": None},
    **{name: {} for name in (*ASKS_ALL, *_ASKS_SELF)},
}
"""Methods that PyTorch writes in Python: these hand on their defaults as keywords, the others none at all."""

PYTHON_FUNCTIONS = frozenset(
    ["norm", "split", "atleast_1d", "atleast_2d", "atleast_3d", "meshgrid", "tensordot", "cdist", "einsum", "lu"]
    + [
        "broadcast_tensors",
        "cartesian_prod",
        "block_diag",
        "unique",
        "unique_consecutive",
        "chain_matmul",
        "stft",
        "istft",
    ]
)
"""Functions of torch that PyTorch writes in Python."""

FUNCTION_DEFAULTS: dict[str, dict[str, Any]] = {
    "norm": {"p": "fro", "dim": None, "keepdim": False, "out": None, "dtype": None}
}
"""Defaults of such functions that are written otherwise here."""

C_FUNCTIONAL = {
    **{
        name: name
        for name in ("gelu", "linear", "softplus", "one_hot", "hardshrink", "softshrink", "relu_", "sigmoid", "tanh")
    },
    **{
        name: name
        for name in ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
    },
    "logsigmoid": "log_sigmoid",
}
"""The functions of torch.nn.functional that PyTorch writes in C++, and their names there."""

OPERATORS = {
    "__add__": "add",
    "__radd__": "add",
    "__sub__": "sub",
    "__mul__": "mul",
    "__rmul__": "mul",
    "__truediv__": "div",
    "__rtruediv__": "__rdiv__",
    "__mod__": "remainder",
    "__pow__": "pow",
    "__matmul__": "matmul",
    "__rand__": "bitwise_and",
    "__ror__": "bitwise_or",
    "__rxor__": "bitwise_xor",
    "__lt__": "lt",
    "__le__": "le",
    "__gt__": "gt",
    "__ge__": "ge",
    "__ne__": "ne",
    "__iadd__": "add_",
    "__isub__": "sub_",
    "__imul__": "mul_",
    "__itruediv__": "div_",
    "__ifloordiv__": "floor_divide_",
    "__imod__": "remainder_",
    "__ipow__": "pow_",
    "__neg__": "neg",
    "__pos__": "positive",
    "__abs__": "abs",
}
"""Python's operators, and the methods that an override sees instead of them."""

BINARY = frozenset(OPERATORS) - {"__neg__", "__pos__", "__abs__"} | {"__eq__", "__rsub__", "__rpow__", "__floordiv__"}
NEVER = frozenset(
    ["__new__", "__init__", "__init_subclass__", "__hash__", "__torch_function__", "__iter__", "_numpy"]
    + [
        "_set_requires_grad",
        "_make_subclass",
        "is_tensor",
        "is_storage",
        "get_default_dtype",
        "set_default_dtype",
        "from_numpy",
        "from_dlpack",
    ]
)
"""What PyTorch asks nobody about, and what only this package calls."""

MODES_ONLY = frozenset(["tensor", "as_tensor", "asarray"])
"""What PyTorch asks its modes about, and no argument."""

WITH_OPTIONS = frozenset(["cpu"])
"""Methods that take options in PyTorch, and none here."""
