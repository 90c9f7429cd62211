"""PyTorch's operator database: which operators there are, and the calls that PyTorch tests each with.

It is part of PyTorch's tests (`torch.testing._internal`), an entry (`OpInfo`) an operator. Its calls are made when they are
asked for, from a seed of their own, and those of an operator are kept until the next one's turn.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import random
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.samples.operands import Unsayable, check

DTYPES = ("float32", "float64", "complex64", "int64", "bfloat16", "bool")
"""What operators are called on, simple ones first."""


class SamplesUnavailable(Exception):
    """The database cannot be read here."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            "the sample inputs of PyTorch's operators come from its own operator database, which needs PyTorch and"
            f" expecttest, and {missing} is not installed: pip install 'torchstone[oracle,samples]'"
        )


@dataclass(frozen=True)
class Made:
    """Some calls of an operator, small ones first, and how many of those that PyTorch has are none of them, by reason."""

    calls: tuple[Any, ...]
    left_out: Mapping[str, int]


@functools.cache
def operators() -> Mapping[str, Any]:
    """The entries by name: ``linalg.pinv``, and ``linalg.pinv.hermitian`` if there are several of one operator.

    Raises SamplesUnavailable.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            database = importlib.import_module("torch.testing._internal.common_methods_invocations").op_db
    except ModuleNotFoundError as error:
        raise SamplesUnavailable(error.name or str(error)) from error
    return {entry.full_name: entry for entry in sorted(database, key=lambda entry: entry.full_name)}


def dtypes_of(entry: Any) -> list[str]:
    """Those that an operator takes."""
    taken = {str(dtype).removeprefix("torch.") for dtype in entry.supported_dtypes("cpu")}
    return [name for name in DTYPES if name in taken]


def is_differentiable(entry: Any, dtype: str) -> bool:
    """Whether an operator has a derivative where its operands are of some dtype."""
    return any(str(one) == f"torch.{dtype}" for one in entry.supported_backward_dtypes("cpu"))


def has_more(entry: Any) -> bool:
    """Whether PyTorch has a larger set of calls of an operator as well: with special values, broadcast, of mixed dtypes."""
    return entry.reference_inputs_func is not None


@functools.lru_cache(maxsize=16)
def samples(name: str, dtype: str, seed: int, more: bool = False) -> Made:
    """The calls that an operator is to answer, on operands of a dtype; with `more`, those of the larger set."""
    import torch

    entry = operators()[name]
    # Not by `entry.sample_inputs`, which gives every call the same numbers, and walks the stack for each.
    make = entry.reference_inputs_func if more else entry.sample_inputs_func
    differentiable = is_differentiable(entry, dtype)
    with _seeded(f"{name} {dtype} {seed}"):
        return _sayable(make(entry, "cpu", getattr(torch, dtype), requires_grad=differentiable))


def samples_left_out(name: str) -> Mapping[str, int]:
    """How many calls of an operator no program can say, on operands of all dtypes, by reason."""
    total, entry = Counter[str](), operators()[name]
    for dtype in dtypes_of(entry):
        total.update(samples(name, dtype, 0, has_more(entry)).left_out)  # the larger set has the other one in it
    return dict(sorted(total.items()))


@functools.lru_cache(maxsize=4)
def errors(name: str) -> Made:
    """The calls that an operator is to refuse."""
    entry = operators()[name]
    if entry.error_inputs_func is None:
        return Made((), {})
    with _seeded(f"{name} errors"):
        return _sayable(error.sample_input for error in entry.error_inputs_func(entry, "cpu"))


def errors_left_out(name: str) -> Mapping[str, int]:
    """As `samples_left_out`, of the calls that an operator is to refuse."""
    return errors(name).left_out


def _sayable(made: Iterable[Any]) -> Made:
    calls, left_out = [], Counter[str]()
    try:
        for call in made:
            try:
                calls.append((check((call.input, call.args, call.kwargs)), call))
            except Unsayable as error:
                left_out[str(error)] += 1
    except Exception as error:  # of the database: a few sets of calls break off for some dtypes
        left_out[f"a call that PyTorch fails to make ({type(error).__name__})"] += 1
    calls.sort(key=lambda sized: sized[0])  # stable: equally large ones stay in PyTorch's order
    return Made(tuple([call for _, call in calls]), left_out)


@contextmanager
def _seeded(text: str) -> Iterator[None]:
    """Within it random numbers follow from a text, whatever makes them; behind it they go on as before."""
    import torch

    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    before = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Not by torch.manual_seed, which visits every device and takes 100 times as long.
        torch.default_generator.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])
