"""What operators with several results return: tuples whose parts also have names."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


def _make(name: str, *fields: str) -> Any:
    base = namedtuple(name, fields)

    def new(cls: type, *values: Any) -> Any:
        # As PyTorch's are: made of one sequence.
        return tuple.__new__(cls, values[0] if len(values) == 1 else values)

    def represent(self: Any) -> str:
        inside = ",\n".join(f"{f}={v!r}" for f, v in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{inside})"

    return type(
        name,
        (base,),
        {
            "__slots__": (),
            "__new__": new,
            "__repr__": represent,
            "__module__": "torch.return_types",
            "__doc__": f"The result of {name}.",
        },
    )


_FIELDS = {
    "max": ("values", "indices"),
    "min": ("values", "indices"),
    "median": ("values", "indices"),
    "kthvalue": ("values", "indices"),
    "sort": ("values", "indices"),
    "topk": ("values", "indices"),
    "aminmax": ("min", "max"),
    "linalg_inv_ex": ("inverse", "info"),
    "linalg_solve_ex": ("result", "info"),
    "linalg_cholesky_ex": ("L", "info"),
    "linalg_slogdet": ("sign", "logabsdet"),
    "slogdet": ("sign", "logabsdet"),
    "linalg_lu": ("P", "L", "U"),
    "linalg_lu_factor": ("LU", "pivots"),
    "linalg_lu_factor_ex": ("LU", "pivots", "info"),
    "lu_unpack": ("P", "L", "U"),
    "_lu_with_info": ("LU", "pivots", "info"),
    "linalg_qr": ("Q", "R"),
    "qr": ("Q", "R"),
    "linalg_eig": ("eigenvalues", "eigenvectors"),
    "linalg_eigh": ("eigenvalues", "eigenvectors"),
    "linalg_svd": ("U", "S", "Vh"),
    "svd": ("U", "S", "V"),
    "linalg_lstsq": ("solution", "residuals", "rank", "singular_values"),
    "frexp": ("mantissa", "exponent"),
    "cummax": ("values", "indices"),
    "cummin": ("values", "indices"),
    "nanmedian": ("values", "indices"),
    "mode": ("values", "indices"),
}


def __getattr__(name: str) -> Any:
    """A class of the table, made when it is first asked for: each takes 50 µs."""
    if name not in _FIELDS:
        raise AttributeError(f"module 'torch.return_types' has no attribute '{name}'")
    made = globals()[name] = _make(name, *_FIELDS[name])
    return made


_of_out: dict[Any, Any] = {}


def of_out(kind: Any) -> Any:
    """What the same operator returns where it wrote into tensors of the caller's."""
    if kind not in _of_out:
        _of_out[kind] = _make(kind.__name__ + "_out", *kind._fields)
    return _of_out[kind]
