"""A program ends, and nothing of it is left in PyTorch: neither modes nor what was suspended within them."""

from __future__ import annotations

from typing import Any

import torch

from conformance.generate import encode
from conformance.interpreter.interpreter import run
from conformance.judging.double import rounded_otherwise
from conformance.program import Program, TensorLiteral
from conformance.recorder import record


def test_a_generator_that_stays_suspended_leaves_no_mode_behind() -> None:
    def case(torch: Any, x: Any) -> None:
        @torch.enable_grad()
        def numbers(n: Any) -> Any:
            with torch.inference_mode():
                yield n * 2

        it = numbers(x)
        next(it)
        it.close()

    recorded = record(case, {"x": TensorLiteral("float64", (2,), encode([1.0, 2.0], "float64"))})
    closed = next(i for i, step in enumerate(recorded.steps) if getattr(step, "name", "") == "close")
    kept = Program(steps=recorded.steps[:closed])
    run(rounded_otherwise(kept, 1, "float32"), torch)
    assert not torch.ones(1).is_inference()
