"""Subclasses with `__torch_function__`: what they see, what they get, and that nobody pays while there is none."""

import contextlib
import gc
import inspect
import threading

import pytest

import numtorch as torch
from numtorch.calls import torch_function


def recorder():
    """A subclass that writes down the names of the functions that it is given to."""
    seen = []

    class Recorder(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            seen.append(func.__name__)
            return super().__torch_function__(func, types, args, kwargs or {})

    return Recorder, seen


def test_functions_have_their_own_code_again_when_the_last_subclass_is_gone():
    gc.collect()
    before = torch_function.living
    code = torch.cat.__code__
    recorder_class, _ = recorder()
    assert torch.cat.__code__ is not code or before
    del recorder_class
    gc.collect()
    assert torch_function.living == before
    assert torch.cat.__code__ is code


def test_a_subclass_that_functions_were_given_is_not_kept_alive_by_that():
    gc.collect()
    before = torch_function.living
    recorder_class, _ = recorder()
    torch.exp(torch.ones(2).as_subclass(recorder_class))
    del recorder_class
    gc.collect()
    assert torch_function.living == before


def test_a_function_is_the_same_object_before_and_after():
    before = torch.cat, torch.Tensor.add, torch.exp
    recorder_class, seen = recorder()
    x = torch.ones(2).as_subclass(recorder_class)
    assert (torch.cat, torch.Tensor.add, torch.exp) == before
    from_before = before[0]
    assert type(from_before([x, x])) is recorder_class
    assert seen[-1] == "cat"


def test_a_function_that_closes_over_something_asks_too():
    recorder_class, seen = recorder()
    x = torch.ones(2).as_subclass(recorder_class)
    assert torch.mul.__closure__
    assert type(torch.mul(torch.ones(2), x)) is recorder_class
    assert seen == ["as_subclass", "mul"] or seen == ["mul"]


def test_a_parameter_overrides_nothing():
    gc.collect()
    before = torch_function.living

    class Weight(torch.nn.Parameter):
        pass

    assert torch_function.living == before
    assert type(Weight(torch.ones(2)) * 2) is torch.Tensor


def test_formulas_ask_no_subclass():
    recorder_class, seen = recorder()
    x = torch.ones(2).as_subclass(recorder_class).requires_grad_()
    (y,) = torch.autograd.grad((x * x).sum(), x, create_graph=True)
    assert seen[-1] == "grad"
    assert torch.equal(y.as_subclass(torch.Tensor), torch.full((2,), 2.0))


def test_python_functions_can_ask():
    recorder_class, _ = recorder()
    x = torch.ones(2).as_subclass(recorder_class)

    def double(x):
        if torch.overrides.has_torch_function_unary(x):
            return torch.overrides.handle_torch_function(double, (x,), x)
        return x * 2

    assert type(double(x)) is recorder_class
    assert type(double(torch.ones(2))) is torch.Tensor


def test_signatures_stay_what_they_are_while_a_subclass_lives():
    before = inspect.signature(torch.cat), inspect.signature(torch.nn.functional.cross_entropy)
    _subclass, _ = recorder()
    assert (inspect.signature(torch.cat), inspect.signature(torch.nn.functional.cross_entropy)) == before


def test_errors_about_arguments_stay_what_they_are_while_a_subclass_lives():
    def text():
        try:
            torch.Tensor.__array__(torch.ones(2), copy=True)
        except TypeError as error:
            return str(error)

    before = text()
    _subclass, _ = recorder()
    assert text() == before == "__array__() got an unexpected keyword argument 'copy'"


class Counting(torch.overrides.TorchFunctionMode):
    """A mode that counts what it is given."""

    def __init__(self):
        self.calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **(kwargs or {}))


def test_functions_have_their_own_code_again_after_a_mode():
    gc.collect()
    others = torch_function.asking
    code = torch.cat.__code__
    with Counting() as mode:
        torch.cat([torch.ones(1)])
    assert mode.calls == 2
    assert torch_function.asking == others
    assert torch.cat.__code__ is code


def test_a_mode_is_asked_in_its_own_thread_only():
    found = []
    with Counting() as mode:
        thread = threading.Thread(target=lambda: found.append(torch.ones(2) + 1))
        thread.start()
        thread.join()
    assert mode.calls == 0
    assert found[0].tolist() == [2.0, 2.0]


def test_a_mode_that_is_left_by_an_error_is_left():
    with contextlib.suppress(ZeroDivisionError), Counting():
        raise ZeroDivisionError
    assert torch.overrides._get_current_function_mode() is None
    with pytest.raises(RuntimeError, match="stack is empty"):
        torch.overrides._pop_mode()


def test_modes_are_known_from_the_outermost_in():
    with Counting() as outer, Counting() as inner:
        assert torch.overrides._get_current_function_mode_stack() == [outer, inner]
        with torch.overrides._pop_mode_temporarily() as left:
            torch.ones(2)
    assert left is inner
    assert (outer.calls, inner.calls) == (1, 0)


def test_names_of_what_can_be_overridden():
    names = [
        torch.add,
        torch.Tensor.add,
        torch.nn.functional.relu,
        torch.linalg.norm,
        torch.split,
        torch.Tensor.grad.__get__,
    ]
    assert [torch.overrides.resolve_name(f) for f in names] == [
        "torch.add",
        "torch.Tensor.add",
        "torch.nn.functional.relu",
        "torch.linalg.norm",
        "torch.functional.split",
        "torch.Tensor.grad.__get__",
    ]
    assert torch.overrides.resolve_name(len) is None
