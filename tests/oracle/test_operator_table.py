"""The table of operators says what PyTorch does: every form exists, and every result has the shape that the row computes."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from conformance.interpreter.namespace import namespace_of
from conformance.operators import TABLE, Form, Operator, Unfit
from conformance.program import Float, List

SHAPES = [(), (1,), (2,), (3,), (2, 3), (3, 3), (1, 3), (2, 1), (2, 3, 2), (2, 2, 3), (0,), (0, 2)]
ROWS = [pytest.param(row, id=row.name) for row in TABLE.values()]


def plain(operand: Any) -> Any:
    if isinstance(operand, Float):
        return float(operand)
    if isinstance(operand, List):
        return [plain(item) for item in operand.items]
    return operand


def tensor(shape: tuple[int, ...], kind: str, below: int = 1) -> torch.Tensor:
    count = math.prod(shape)
    if kind == "index":
        return (torch.arange(count) % max(below, 1)).reshape(shape)
    if kind == "mask":
        return (torch.arange(count) % 2 == 0).reshape(shape)
    return (torch.sin(torch.arange(count) * 1.7) + 1.2).reshape(shape)


def arguments(row: Operator, shape: tuple[int, ...], number: int) -> tuple[list[Any], dict[str, Any], tuple[Any, ...]]:
    """What follows the first operand: positional, by keyword, and as the row's rule sees it. Raises Unfit."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    seen: list[Any] = []
    for argument in row.arguments:
        chosen = argument.choose(shape, number)
        value = plain(chosen)
        if argument.tensor:
            below = argument.below(shape, tuple(seen)) if argument.below else 1
            value = tensor(chosen, argument.tensor, below)  # type: ignore[arg-type]
        if argument.keyword:
            keywords[argument.keyword] = value
        else:
            positional.append(value)
        seen.append(chosen)
    return positional, keywords, tuple(seen)


def call(row: Operator, form: Form, x: torch.Tensor, positional: list[Any], keywords: dict[str, Any]) -> Any:
    import operator

    names = namespace_of(torch)
    if form == "function":
        first = [[x, positional[0]], *positional[1:]] if row.takes_list else [x, *positional]
        return names.resolve(row.function)(*first, **keywords)
    if form in ("method", "inplace"):
        return getattr(x, row.form(form))(*positional, **keywords)
    return getattr(operator, row.form(form))(x, *positional)


@pytest.mark.parametrize("row", ROWS)
def test_results_have_the_shapes_that_the_row_computes(row: Operator) -> None:
    tried = 0
    for shape in SHAPES:
        for number in range(6):
            try:
                positional, keywords, seen = arguments(row, shape, number)
                expected = row.results(shape, seen)
            except Unfit:
                continue
            form = next(form for form in row.forms if form != "inplace_symbol")
            try:
                found = call(row, form, tensor(shape, "float"), positional, keywords)
            except (RuntimeError, IndexError, ValueError) as error:
                if 0 in shape:
                    continue  # what PyTorch does with no elements is for a program to find out
                raise AssertionError(f"{row.name} of {shape} with {seen}: {error}") from error
            tried += 1
            if row.by_values:
                continue
            several = found if isinstance(found, (tuple, list)) else (found,)
            assert tuple([tuple(one.shape) for one in several]) == expected, (row.name, shape, seen)
    assert tried


@pytest.mark.parametrize("row", ROWS)
def test_every_form_exists(row: Operator) -> None:
    assert row.forms
    names = namespace_of(torch)
    for form in row.forms:
        if form == "function":
            assert callable(names.resolve(row.function))
        elif form in ("method", "inplace"):
            assert callable(getattr(torch.Tensor, row.form(form)))
        else:
            assert hasattr(torch.Tensor, f"__{row.form(form)}__")


def test_the_table_is_large() -> None:
    assert len(TABLE) >= 250
