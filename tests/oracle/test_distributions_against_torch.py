"""cauchy_, exponential_, geometric_ and log_normal_: PyTorch's numbers for PyTorch's seed, and its refusals."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings, strategies as st

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

KINDS = ["float32", "float64", "bfloat16", "float16", "int64", "int16", "uint8", "bool", "complex64"]
calls = st.one_of(
    st.tuples(st.just("exponential_"), st.sampled_from([1, 0.25, 0])),
    st.tuples(st.just("cauchy_"), st.sampled_from([0, -2.5, 1e3]), st.sampled_from([1, 0.01, 30.0, 0, -1])),
    st.tuples(st.just("geometric_"), st.sampled_from([0.01, 0.5, 0.97, 0, 1, 1.5])),
    st.tuples(st.just("log_normal_"), st.sampled_from([0, -1, 2.5]), st.sampled_from([1, 0.25, 0, -3])),
)


def filled(lib, seed, kind, size, steps):
    """What is seen of tensors that are filled one after the other from one stream, each row by row and column by column."""
    lib.manual_seed(seed)
    seen = []
    for name, *given_ in steps:
        for lies in ("row", "column"):
            x = lib.zeros(size, 3, dtype=getattr(lib, kind))
            x = x if lies == "row" else x.t()
            try:
                assert getattr(x, name)(*given_) is x
            except (RuntimeError, TypeError, NotImplementedError) as error:
                seen.append([type(error).__name__, str(error)])
            seen.append([str(x.tolist()), x._version])
    return [*seen, lib.rand(1).item(), lib.randn(1).item()]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**63), st.sampled_from(KINDS), st.integers(0, 9), st.lists(calls, min_size=1, max_size=3))
@example(0, "float64", 1, [("cauchy_", 1e3, 30.0)])  # which PyTorch rounds once
@example(0, "float64", 9, [("log_normal_", 2.5, 0.25)])
@example(0, "float64", 9, [("cauchy_", 1e308, 1e308), ("cauchy_", float("inf"), 1.0)])
def test_numbers_are_pytorchs(seed, kind, size, steps):
    assert filled(numtorch, seed, kind, size, steps) == filled(torch, seed, kind, size, steps)


@pytest.mark.parametrize(
    "call", ["cauchy_(1, 2, 3)", "geometric_()", "log_normal_('a')", "cauchy_(median='x')", "geometric_(p=1)"]
)
def test_wrong_arguments_are_refused_in_pytorchs_words(call):
    def said(lib):
        with pytest.raises((TypeError, RuntimeError)) as error:
            eval(f"x.{call}", {"x": lib.zeros(2)})
        return type(error.value), str(error.value)

    assert said(numtorch) == said(torch)
