"""What a script does is compared with what its program does."""

from __future__ import annotations

import contextlib
import io
import threading
import unittest.mock
import warnings
from typing import Any

import pytest

from conformance.interpreter.threads import Thread
from conformance.program import Program, outs
from conformance.render import script
from conformance.render.body import Body


def seen(value: object) -> object:
    """What can be seen of a value that a script left in a variable."""
    import torch

    if not isinstance(value, torch.Tensor):
        return type(value).__name__
    with torch._C.DisableTorchFunctionSubclass():  # of a class of the program, which may answer as it likes
        return seen_tensor(value)


def seen_tensor(value: Any) -> object:
    import torch

    try:
        leaf = value.is_leaf
    except RuntimeError:  # of a view that cannot be derived from its base any more
        return "stale view"
    if value.is_inference() or not leaf:
        grad = None
    else:
        grad = None if value.grad is None else seen(value.grad)
    numbers = value.detach().resolve_conj().resolve_neg()
    data = (
        numbers.cpu().reshape(-1).clone(memory_format=torch.contiguous_format).view(torch.uint8).tolist()
        if numbers.numel() and numbers.dim()
        else str(numbers)
    )
    version = None if value.is_inference() else value._version
    return value.dtype, value.shape, data, value.requires_grad, value.is_leaf, version, grad


def assert_script_does_the_same(program: Program) -> None:
    torch = pytest.importorskip("torch")
    from conformance.interpreter.interpreter import Session, run

    trace = run(program, torch)
    with Session(torch, program) as session:
        for step in program.steps:
            session.step(step, observe=False)
        values = {name: seen(value) for name, value in session.values.items()}
    body = Body(program.steps, trace=trace)
    body.write()
    text = script(program, trace)
    variables: dict[str, object] = {}
    enabled = torch.is_grad_enabled()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            with unittest.mock.patch.object(threading, "Thread", Thread):  # as the program's threads run
                exec(compile(text, "script", "exec"), variables)
        torch.set_grad_enabled(enabled)
        bound = {name for step in program.steps for name in outs(step)}
        for name, value in values.items():
            if name in bound and name in body.variables:
                assert seen(variables[body.variables[name]]) == value, (name, text)
    finally:
        torch.set_grad_enabled(enabled)
        while torch.autograd.forward_ad._current_level >= 0:  # what a script leaves open would be every later test's
            torch.autograd.forward_ad.exit_dual_level()
