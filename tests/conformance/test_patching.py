"""A change of one function is made to a numtorch that is imported already; any other is not."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from mutation.faults import fault
from mutation.patching import Imported
from mutation.planting import Texts, forget, package
from mutation.stated import StatedMutant, stated_mutants


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """In a fresh process, not a forked one: what holds a function is looked for, and tests before this one hold many."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as one:
        return one.submit(function, *arguments).result()


def _taken(texts: Texts) -> tuple[bool, float]:
    """Whether the change could be made, and a gradient, which is 4 without one."""
    forget()
    taken = Imported().take(texts)
    import numtorch as torch

    x = torch.tensor([2.0], requires_grad=True)
    for _ in range(2):
        (x * 3 - x).sum().backward()
    return taken, x.grad.item()


def _with(file: str, old: str, new: str) -> Texts:
    text = (package() / file).read_text()
    assert old in text
    return {file: text.replace(old, new, 1)}


@pytest.mark.parametrize(("name", "grad"), [("accumulate-overwrites", 2.0), ("sub-keeps-the-sign", 8.0)])
def test_a_changed_function_is_what_runs_whoever_holds_it(name: str, grad: float) -> None:
    assert apart(_taken, fault(name).texts()) == (True, grad)


def _tangent(number: int) -> tuple[bool, float]:
    forget()
    taken = Imported(["numtorch.dispatch.forward"]).take(_of_product()[number].texts())
    import numtorch as torch
    from numtorch.autograd import forward_ad

    with forward_ad.dual_level():
        x = forward_ad.make_dual(torch.tensor(2.0), torch.tensor(1.0))
        y = forward_ad.make_dual(torch.tensor(3.0), torch.tensor(10.0))
        return taken, forward_ad.unpack_dual(x * y).tangent.item()


def _of_product() -> list[StatedMutant]:
    return [mutant for mutant in stated_mutants() if mutant.row == "mul"]


def test_another_tangent_of_a_row_is_what_runs() -> None:
    number = next(n for n, one in enumerate(_of_product()) if one.new == "(other_t * self_p - self_t * other_p)")
    assert apart(_tangent, number) == (True, 17.0)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("backward/accumulate.py", "\n\n\ndef ", "\n\n\nMORE = 1\n\n\ndef "),
        ("dispatch/pointwise.py", "    __slots__ = (", "    __slots__ = ('more', "),
        ("backward/hooks.py", "def ", "def more(): ...\n\n\ndef "),
    ],
    ids=["of a module", "of a class", "another function"],
)
def test_what_shows_on_import_is_not_changed_afterwards(file: str, old: str, new: str) -> None:
    assert apart(_taken, _with(file, old, new)) == (False, 4.0)
