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


max = _make("max", "values", "indices")
min = _make("min", "values", "indices")
median = _make("median", "values", "indices")
kthvalue = _make("kthvalue", "values", "indices")
sort = _make("sort", "values", "indices")
topk = _make("topk", "values", "indices")
aminmax = _make("aminmax", "min", "max")
linalg_inv_ex = _make("linalg_inv_ex", "inverse", "info")
linalg_solve_ex = _make("linalg_solve_ex", "result", "info")
linalg_cholesky_ex = _make("linalg_cholesky_ex", "L", "info")
linalg_slogdet = _make("linalg_slogdet", "sign", "logabsdet")
slogdet = _make("slogdet", "sign", "logabsdet")
linalg_qr = _make("linalg_qr", "Q", "R")
qr = _make("qr", "Q", "R")
linalg_eigh = _make("linalg_eigh", "eigenvalues", "eigenvectors")
linalg_svd = _make("linalg_svd", "U", "S", "Vh")
svd = _make("svd", "U", "S", "V")
linalg_lstsq = _make("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
frexp = _make("frexp", "mantissa", "exponent")
cummax = _make("cummax", "values", "indices")
cummin = _make("cummin", "values", "indices")
nanmedian = _make("nanmedian", "values", "indices")
mode = _make("mode", "values", "indices")

_of_out: dict[Any, Any] = {}


def of_out(kind: Any) -> Any:
    """What the same operator returns where it wrote into tensors of the caller's."""
    if kind not in _of_out:
        _of_out[kind] = _make(kind.__name__ + "_out", *kind._fields)
    return _of_out[kind]
