"""What a running program holds: nothing longer than its steps say."""

from __future__ import annotations

import gc
import types
import weakref
from typing import Any

import pytest
from msgspec import UNSET

from conformance.interpreter.interpreter import run
from tests.conformance.small_programs import (
    bind,
    call,
    function,
    get,
    leaf,
    method,
    op,
    program,
    set_,
    steps,
    tensor,
)

torch = pytest.importorskip("torch")


class Watched:
    """A namespace whose function `probe` says which of the tensors that `watch` was given are alive as it is called."""

    def __init__(self) -> None:
        self.module = types.ModuleType("watched")
        vars(self.module).update(vars(torch))
        self.references: dict[str, Any] = {}
        self.alive: list[tuple[str, ...]] = []

        def watch(x: Any, name: str) -> Any:
            self.references[name] = weakref.ref(x)
            return x

        def probe(*_: object, **__: object) -> None:
            self.alive.append(tuple(name for name, reference in self.references.items() if reference() is not None))

        def take(x: Any) -> None:
            del x
            probe()

        def keep(x: Any, error: bool = False) -> None:
            # A frame that holds x is in the traceback.
            raise RuntimeError("kept")

        for function_ in (watch, probe, take, keep):
            setattr(self.module, function_.__name__, function_)

    def run(self, *of: Any, **options: Any) -> list[tuple[str, ...]]:
        enabled = gc.isenabled()
        gc.disable()  # what is let go is gone by its reference count alone
        try:
            run(program(*of, **options), self.module)
        finally:
            if enabled:
                gc.enable()
        return self.alive


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_name_is_held_until_the_step_that_drops_it(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        call("torch.probe"),
        op("add", "$x1", 1, out="y", drops=("x1",)),
        call("torch.probe"),
    ) == [("x",), ()]


def test_the_call_holds_the_last_reference_to_its_arguments(watched: Watched) -> None:
    # `take` lets go of its parameter; if anything else held the argument, it would still be alive then.
    for arguments in (("$x1",),):
        assert watched.run(
            bind("x", tensor([1.0])),
            call("torch.watch", "$x", "x", out="x1", drops=("x",)),
            call("torch.take", *arguments, drops=("x1",)),
        ) == [()]


def test_keywords_and_selves_are_not_held_either(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        call("torch.take", x="$x1", drops=("x1",)),
    ) == [()]


def test_a_result_that_nobody_wants_is_gone_with_its_step(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        op("add", "$x", 1, out="y"),
        call("torch.watch", "$y", "y", out="z", drops=("z", "y")),
        call("torch.probe"),
    ) == [()]


def test_an_exception_is_let_go_with_its_frames(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        call("torch.keep", "$x1", drops=("x1",)),
        call("torch.probe"),
    ) == [()]


def test_a_step_that_is_blocked_lets_go_as_well(watched: Watched) -> None:
    assert watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        method("$x1", "sum", 7, out="s"),
        op("add", "$s", "$x1", drops=("x1",)),
        call("torch.probe"),
    ) == [()]


def test_observing_keeps_no_gradient_and_no_graph_alive(watched: Watched) -> None:
    assert watched.run(
        *leaf("x", [1.0]),
        op("mul", "$x", "$x", out="y"),
        call("torch.watch", "$y", "y", out="y1", drops=("y",)),
        method("$y1", "exp", out="z", drops=("y1",)),
        method("$z", "sum", out="s", drops=("z",)),
        call("torch.probe"),
        method("$s", "backward", drops=("s",)),
        get("$x", "grad", out="g"),
        call("torch.watch", "$g", "g", out="g1", drops=("g", "g1")),
        set_("$x", "grad", None),
        call("torch.probe"),
    ) == [(), ()]


def test_a_functions_argument_ends_where_the_body_drops_it(watched: Watched) -> None:
    body = function(
        "f",
        ("a",),
        call("torch.watch", "$a", "a", out="b", drops=("a",)),
        call("torch.take", "$b", drops=("b",)),
    )
    assert watched.run(
        bind("f", body), bind("x", tensor([1.0])), op("add", "$x", 1, out="y"), call("$f", "$y", drops=("y",))
    ) == [()]


def test_the_locals_of_a_call_end_with_it_but_for_what_a_closure_reads(watched: Watched) -> None:
    inner = function("inner", (), op("add", "$kept", 1, out="r"), result="$r")
    outer = function(
        "outer",
        (),
        call("torch.ones", 2, out="a"),
        call("torch.watch", "$a", "kept", out="kept"),
        call("torch.ones", 2, out="b"),
        call("torch.watch", "$b", "other", out="other"),
        bind("i", inner),
        result="$i",
    )
    assert watched.run(bind("f", outer), call("$f", out="g"), call("torch.probe"), call("$g")) == [("kept",)]


def test_nothing_lives_on_after_the_program(watched: Watched) -> None:
    # The hook closes over the scope in which it was made, which holds the tensor that holds the hook.
    hook = function("hook", ("g",), op("mul", "$g", "$x1", out="h"), result="$h")
    watched.run(
        bind("x", tensor([1.0])),
        call("torch.watch", "$x", "x", out="x1", drops=("x",)),
        method("$x1", "requires_grad_", out="x2"),
        method("$x2", "register_hook", hook, out="handle"),
    )
    gc.collect()
    assert watched.references["x"]() is None


@pytest.mark.parametrize("keep", [False, True])
def test_gradients_are_stolen_as_they_are_without_the_harness(keep: bool) -> None:
    # PyTorch takes a gradient over instead of copying it if nobody else holds it: seen by where x.grad lives.
    def by_hand() -> bool:
        x = torch.ones(2, requires_grad=True)
        g = torch.ones(2) * 3
        if keep:
            x.view(2).backward(g)
            return bool(x.grad.data_ptr() == g.data_ptr())
        at = g.data_ptr()
        y = x.view(2)
        (y * 1).backward(torch.ones(2) * 3)
        del g
        return bool(x.grad.data_ptr() == at)

    *_, last = steps(
        *leaf("x", [1.0, 1.0]),
        bind("one", tensor([1.0, 1.0])),
        op("mul", "$one", 3, out="g"),
        method("$x", "view", 2, out="y"),
        method("$y", "backward", "$g", drops=("y",) if keep else ("y", "g")),
    )
    if keep:
        assert by_hand()
        assert last.alias == (("x.grad", "g"),)
    else:
        assert last.changes["x.grad"].version == 0


def test_two_leaves_that_share_a_temporary_gradient_do_not_share_memory() -> None:
    *_, last = steps(
        *leaf("a", [1.0, 1.0]),
        *leaf("b", [1.0, 1.0]),
        bind("one", tensor([1.0, 1.0])),
        op("add", "$a", "$b", out="y"),
        op("mul", "$one", 3, out="g"),
        method("$y", "backward", "$g", drops=("y", "g")),
    )
    assert {"a.grad", "b.grad"} <= last.changes.keys()
    assert last.alias in ((), UNSET)
