"""Nobody wins by computing something else: before anything is timed, every engine's results are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.workload import Array, Engine, Workload

#: A few hundred roundings of float32; no workload needs more.
RELATIVE, ABSOLUTE = 1e-4, 1e-5


@dataclass
class ResultsDiffer(Exception):
    """An engine's result of a workload is not the reference's."""

    workload: str
    engine: str
    reference: str
    what: str

    def __str__(self) -> str:
        """Say who computed something else, and what."""
        return f"{self.workload}: {self.engine} and {self.reference} computed different things: {self.what}"


def results(workload: Workload, engine: Engine) -> list[Array]:
    """Run a workload once, and return copies of its numbers."""
    step = engine.step(workload.mode, workload.function, *workload.arrays())
    return [np.array(engine.to_numpy(value)) for value in step.once()]


def check_equal(workload: Workload, engine: Engine, expected: list[Array], reference: str) -> None:
    """Raise ResultsDiffer unless an engine computes the same arrays."""

    def differ(what: str) -> ResultsDiffer:
        return ResultsDiffer(workload.id, engine.name, reference, what)

    actual = results(workload, engine)

    if len(expected) != len(actual):
        raise differ(f"{len(actual)} results, not {len(expected)}")
    for i, (want, have) in enumerate(zip(expected, actual, strict=True)):
        if want.shape != have.shape:
            raise differ(f"result {i} has shape {have.shape}, not {want.shape}")
        if want.dtype != have.dtype and engine.keeps_dtype:
            raise differ(f"result {i} has dtype {have.dtype}, not {want.dtype}")
        if not np.all(np.isfinite(want)):
            raise differ(f"result {i} is not finite, so it says nothing")
        scale = float(np.max(np.abs(want), initial=0.0))
        if not np.allclose(have, want, rtol=RELATIVE, atol=ABSOLUTE * scale):
            raise differ(f"result {i} is off by up to {describe(want, have)}")


def describe(want: Array, have: Array) -> Any:
    """Say how far apart two arrays are."""
    return f"{float(np.max(np.abs(have - want))):.3g} where the largest number is {float(np.max(np.abs(want))):.3g}"
