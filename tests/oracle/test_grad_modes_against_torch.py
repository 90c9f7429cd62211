"""Grad modes around what a program cannot be data of: classes, coroutines, generators that are thrown into or closed.

Each function is run with PyTorch and with numtorch, and what it notes down must be the same.
"""

import asyncio
import warnings

import pytest
import torch

import numtorch


def class_decoration(lib, note):
    """A decorated class is a function that makes instances under the mode; methods run as they are called."""
    x = lib.ones(2, requires_grad=True)
    for mode in (lib.no_grad(), lib.set_grad_enabled(False), lib.inference_mode()):
        lib.set_grad_enabled(True)

        @mode
        class Holder:
            def __init__(self, a):
                self.doubled = a * 2

            def tripled(self, a):
                return a * 3

        note(type(Holder).__name__, Holder.__name__)
        holder = Holder(x)
        note(type(holder).__name__, holder.doubled.requires_grad, holder.tripled(x).requires_grad)
        note(holder.doubled.is_inference())


def bare_class_decoration(lib, note):
    """The same without parentheses."""
    x = lib.ones(2, requires_grad=True)

    @lib.no_grad
    class Holder:
        def __init__(self, a):
            self.doubled = a * 2

    note(Holder.__name__, Holder(x).doubled.requires_grad)


def coroutines(lib, note):
    """Calling a decorated coroutine function is under the mode, running its coroutine is not."""
    x = lib.ones(2, requires_grad=True)

    @lib.no_grad()
    async def double(a):
        note(lib.is_grad_enabled())
        await asyncio.sleep(0)
        note(lib.is_grad_enabled())
        return a * 2

    @lib.inference_mode()
    async def triple(a):
        return a * 3

    async def main():
        note(lib.is_grad_enabled())
        note((await double(x)).requires_grad, (await triple(x)).is_inference(), lib.is_grad_enabled())
        with lib.no_grad():
            note((await double(x)).requires_grad)
        note(lib.is_grad_enabled())

    asyncio.run(main())
    note(type(double).__name__, double.__name__)


def modes_held_over_await(lib, note):
    """A mode entered in one coroutine is in force in whichever runs while the first waits."""

    async def off():
        with lib.no_grad():
            await asyncio.sleep(0)
            note("off", lib.is_grad_enabled())

    async def other():
        note("other", lib.is_grad_enabled())
        await asyncio.sleep(0)
        note("other", lib.is_grad_enabled())

    async def main():
        await asyncio.gather(off(), other())

    asyncio.run(main())
    note(lib.is_grad_enabled())


def thrown_into_generators(lib, note):
    """throw, close and the return value reach the generator, under the mode, and its caller, outside of it."""

    @lib.no_grad()
    def generator():
        try:
            got = yield lib.is_grad_enabled()
            note("got", got, lib.is_grad_enabled())
            yield 1
        except ValueError as error:
            note("caught", str(error), lib.is_grad_enabled())
            yield 2
        finally:
            note("finally", lib.is_grad_enabled())
        return 3

    running = generator()
    note(next(running), lib.is_grad_enabled())
    note(running.throw(ValueError("thrown")), lib.is_grad_enabled())
    try:
        next(running)
    except StopIteration as stop:
        note("returned", stop.value)
    running = generator()
    next(running)
    running.close()
    note(lib.is_grad_enabled())
    running = generator()
    next(running)
    note(running.send("sent"))
    try:
        running.throw(KeyError("unhandled"))
    except KeyError as error:
        note("raised", str(error), lib.is_grad_enabled())
    note(type(running).__name__, generator.__name__)


def decorated_names(lib, note):
    """A decorated function keeps its name, its text and what it wraps."""

    def double(a):
        """Twice as much."""
        return a * 2

    for mode in (lib.no_grad(), lib.enable_grad(), lib.inference_mode(), lib.no_grad):
        decorated = mode(double)
        note(decorated.__name__, decorated.__doc__, decorated.__wrapped__ is double)
    note(repr(lib.set_grad_enabled(True)), str(lib.set_grad_enabled(mode=True)))


def forward_flag(lib, note):
    """The flag of forward mode is on under no_grad and off in inference mode, unless that is switched off."""
    flag = lib._C._is_fwd_grad_enabled
    note(flag())
    with lib.no_grad():
        note(flag())
    with lib.inference_mode():
        note(flag())
        with lib.enable_grad():
            note(flag())
        with lib.inference_mode(False):
            note(flag())
        note(flag())
    note(flag())


@pytest.mark.parametrize(
    "program",
    [
        class_decoration,
        bare_class_decoration,
        coroutines,
        modes_held_over_await,
        thrown_into_generators,
        decorated_names,
        forward_flag,
    ],
    ids=lambda f: f.__name__,
)
def test_modes_do_what_they_do_in_pytorch(program):
    noted = []
    for lib in (torch, numtorch):
        notes = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                program(lib, lambda *values: notes.append(repr(values)))  # noqa: B023
            finally:
                lib.set_grad_enabled(True)
        notes += [(w.category.__name__, str(w.message)) for w in caught]
        noted.append(notes)
    assert noted[0] == noted[1]
