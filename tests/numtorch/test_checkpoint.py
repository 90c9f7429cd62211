"""What checkpoint says in debug mode, where its text has file names and line numbers; all else is in the catalogue."""

import gc
import weakref

import pytest

import numtorch as torch

checkpoint = torch.utils.checkpoint


def mismatch(**options):
    """The error of a recomputation that runs other operators than the forward."""
    functions = iter([lambda a: (a * 2).sin().exp(), lambda a: a * 2])

    def function(a):
        return next(functions)(a)

    x = torch.ones(2, requires_grad=True)
    y = checkpoint.checkpoint(function, x, use_reentrant=False, **options)
    with pytest.raises(checkpoint.CheckpointError) as caught:
        y.sum().backward()
    return caught.value


def test_debug_mode_logs_the_operators_of_both_runs():
    text = str(mismatch(debug=True))
    assert "(1 of 3 in original)" in text
    assert "(1 of 1 in recompute)" in text
    forward, again = text.split("Operations executed during")[1:]
    assert [line.split(" = ")[1] for line in forward.strip().splitlines() if " = " in line] == [
        "mul($0, $1)",
        "sin($2)",
        "exp($3)",
    ]
    assert [line.split(" = ")[1] for line in again.splitlines() if " = " in line] == ["mul($0, $1)"]


def test_debug_mode_says_where_an_operator_was_called():
    assert f"{__file__}:" in str(mismatch(debug=True)).partition("2. Stack traces")[0]


def test_the_error_of_debug_mode_is_caused_by_the_plain_one():
    assert str(mismatch(debug=True).__cause__) == str(mismatch())


@pytest.mark.parametrize(
    ("enabled", "debug", "logged"), [(True, False, True), (False, True, False), (None, True, True)]
)
def test_the_context_overrides_the_argument(enabled, debug, logged):
    with checkpoint.set_checkpoint_debug_enabled(enabled):
        assert ("in original)" in str(mismatch(debug=debug))) is logged


def test_a_checkpoint_lets_go_of_its_arguments():
    gc.disable()
    try:
        x = torch.ones(2, requires_grad=True)
        seen = weakref.ref(x)
        checkpoint.checkpoint(lambda a: a.sin().exp(), x, use_reentrant=False).sum().backward()
        del x
        assert seen() is None
    finally:
        gc.enable()
