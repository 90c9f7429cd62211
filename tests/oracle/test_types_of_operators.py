"""Every operator of numtorch over half precision and complex numbers: dtype and values of what comes out, or what is said."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
import numtorch.nn.functional  # noqa: E402
from conformance.operators.expressions import expressions  # noqa: E402
from tests.numtorch.operator_samples import LEAVES  # noqa: E402

HALF_OTHERWISE = {"linalg_matrix_exp", "complex_of", "view_as_complex", "fft_c2c", "fft_c2r", "mul_complex"} | {
    *("pow_complex", "pow_complex_base"),
}
"""What is not compared in half precision: PyTorch's exponential of a matrix misses by thirty orders of magnitude there, and
numtorch has no complex32."""

NOT_UNIQUE = {"linalg_eigh", "linalg_svd", "linalg_qr"}
"""Rows whose results are one of several."""

LAID_OUT_OTHERWISE = {
    "F.conv1d(b, e.transpose(1, 2)[..., :2], padding='same')",
    "F.conv1d(b, e.transpose(1, 2)[:, :1, :2], groups=2)",
}
"""Calls whose results PyTorch lays out by the strides of the weight, channels last; numtorch goes by the input's alone."""

ROUNDING = {"float16": 4e-3, "bfloat16": 3e-2, "complex64": 1e-4}


def names(lib: Any, dtype: str, scalars: bool, requires_grad: bool) -> dict[str, Any]:
    """What the expressions name, all of one dtype, and all 0-d if asked."""

    def tensor(value: Any, kind: Any = None) -> Any:
        return lib.tensor(np.ravel(value)[0].item() if scalars else value, dtype=kind)

    kind = getattr(lib, dtype)
    found = {name: tensor(value, kind).requires_grad_(requires_grad) for name, value in LEAVES.items()}
    found["c"] = tensor([[1.5, 0.7, 2.2], [0.9, 1.1, 3.1]], kind)
    found["mask"] = tensor([[True, False, True], [False, False, True]])
    found["i"], found["j"] = tensor([1, 0]), tensor([[0, 1, 1], [1, 0, 0]])
    return {**found, "torch": lib, "F": lib.nn.functional, "inf": float("inf")}


def outcome(lib: Any, text: str, given: dict[str, Any]) -> list:
    """The results, or the error."""
    try:
        found = eval(text, given)
    except Exception as error:
        return [(type(error).__name__, str(error).partition("\nException raised")[0])]
    results = found if isinstance(found, (tuple, list)) else [found]
    return [r for one in results for r in (one if isinstance(one, (tuple, list)) else [one])]


def alike(ours: Any, theirs: Any, dtype: str) -> bool:
    """Whether two results are of one dtype and layout, and of the same values but for rounding."""
    if not (hasattr(theirs, "grad_fn") and hasattr(ours, "grad_fn")):
        return bool(ours == theirs)
    if (str(ours.dtype), tuple(ours.shape), ours.stride()) != (str(theirs.dtype), tuple(theirs.shape), theirs.stride()):
        return False
    mine, other = np.array(ours.detach().tolist()), np.array(theirs.detach().tolist())
    size = np.max(np.abs(other), initial=1.0, where=np.isfinite(other))
    return bool(np.allclose(mine, other, rtol=ROUNDING[dtype], atol=ROUNDING[dtype] * size, equal_nan=True))


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("scalars", [False, True])
@pytest.mark.parametrize("dtype", ROUNDING)
def test_operators_meet_types_as_pytorch_does(dtype: str, scalars: bool, requires_grad: bool) -> None:
    missed = []
    given = [names(lib, dtype, scalars, requires_grad) for lib in (numtorch, torch)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row, texts in expressions().items():
            if row in NOT_UNIQUE or (row in HALF_OTHERWISE and dtype != "complex64"):
                continue
            for text in texts:
                if text in LAID_OUT_OTHERWISE:
                    continue
                ours, theirs = (outcome(lib, text, known) for lib, known in zip((numtorch, torch), given, strict=True))
                if len(ours) != len(theirs) or not all(alike(*pair, dtype) for pair in zip(ours, theirs, strict=True)):
                    missed.append(f"{row}: {text}\n  {ours}\n  {theirs}")
    assert not missed, "\n".join(missed)
