"""What numtorch says about arguments that do not fit, beside what PyTorch says: every function that its table has."""

from __future__ import annotations

import pytest

import numtorch
from numtorch.calls.overridable import PYTHON, PYTHON_FUNCTIONS
from numtorch.calls.signatures import _lines, refusal, signature_of

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")

X = object()  # a tensor stands here
FORMS = [(), (None,), (X, None), (None, None), (X, X, None), (X, None, None), ([None],), ([X, None],), ({"zzz": 1},),
         (X, {"zzz": 1}), (X, X, {"zzz": 1}), ("text",)]  # fmt: skip
# Overloads that PyTorch takes and tells nobody of, Python numbers that its drawing functions draw between, and what reads
# data, of which the functions say something themselves (test_creation_against_torch.py has them).
OTHERWISE = {
    "tensor",
    "as_tensor",
    "asarray",
    "new_tensor",
    "as_strided",
    "as_strided_",
    "bernoulli",
    "bernoulli_",
    "map_",
    "map2_",
    "nonzero",
    "random_",
    "split_with_sizes",
    "uniform_",
    "round_",
}


def arguments(form: tuple, lib) -> tuple[list, dict]:
    """The form's arguments, with tensors of the library."""

    def real(value):
        if value is X:
            return lib.ones(2, 2)
        return [real(v) for v in value] if isinstance(value, list) else value

    named = form[-1] if form and isinstance(form[-1], dict) else {}
    return [real(v) for v in (form[:-1] if named else form)], named


def said(call) -> str | None:
    """What a TypeError of the call says; None if there is none."""
    try:
        call()
    except TypeError as error:
        return str(error)
    except Exception:
        return None
    return None


def owner(lib, name: str, method: bool) -> tuple:
    """Where a function of the table is found, and under which name."""
    if method:
        return lib.ones(2, 2), name
    return (lib.linalg, name.removeprefix("linalg_")) if name.startswith("linalg_") else (lib, name)


def names() -> list[tuple[str, bool]]:
    """Every function and method of the table, and the ones in place, with whether it is a method.

    Those that PyTorch writes in Python ask the table later: test_wrong_calls_against_torch.py has them.
    """
    plain = {line.removeprefix(".") for line in _lines()}
    both = [(n, method) for n in sorted(plain | {n + "_" for n in plain}) for method in (False, True)]
    return [
        (n, m)
        for n, m in both
        if n not in OTHERWISE and n not in (PYTHON if m else PYTHON_FUNCTIONS) and signature_of(n, m)
        and hasattr(*owner(torch, n, m)) and hasattr(*owner(numtorch, n, m))
    ]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_the_table_refuses_what_pytorch_refuses_in_its_words(form):
    different = {}
    for name, method in names():
        args, named = arguments(form, torch)
        theirs = said(lambda: getattr(*owner(torch, name, method))(*args, **named))  # noqa: B023
        args, named = arguments(form, numtorch)
        ours = refusal(name, ((numtorch.ones(2, 2),) if method else ()) + tuple(args), named, method)
        if theirs != (None if ours is None else str(ours)):
            different["." * method + name] = (theirs, ours)
    assert not different, different


@pytest.mark.parametrize("form", [(None,), (X, None), (X, None, None)], ids=["None", "x-None", "x-None-None"])
def test_no_call_ends_in_an_attribute_error(form):
    """None where a tensor belongs is refused as PyTorch refuses it, whatever the function does with it first."""
    ended = {}
    for name, method in names():
        args, _ = arguments(form, numtorch)
        try:
            getattr(*owner(numtorch, name, method))(*args)
        except AttributeError as error:
            ended["." * method + name] = str(error)
        except Exception:
            continue
    assert not ended
