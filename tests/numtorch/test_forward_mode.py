"""Forward-mode AD: the tangent of every operator is its directional derivative, and leaving a level leaves nothing behind."""

from __future__ import annotations

import inspect
import itertools
import threading
from typing import Any

import numpy as np
import pytest

import numtorch as torch
from numtorch import dispatch, tangents
from numtorch.autograd import forward_ad as fw
from numtorch.calls import replacing, torch_function
from numtorch.forward_rules.table import FAMILIES
from numtorch.overrides import TorchFunctionMode
from tests.numtorch.operator_samples import LEAVES, constants, leaf, samples

STEP = 1e-6
REFUSED = {
    "igamma",
    "igammac",
    "zeta",
    "zeta_self",
    "zeta_other",
    "heaviside",
    "heaviside_of",
    "index_reduce",
    "cholesky",
}
REFUSED |= {"rrelu_with_noise_of", "unique", "unique_consecutive"}
REFUSED |= {"embedding_bag", "multi_margin_loss", "multilabel_margin_loss"}
REFUSED |= {"cdist", "pdist", "euclidean_dist", "scaled_dot_product_flash_attention_for_cpu"}
REFUSED |= {f"grid_sampler_{n}d{of}" for n in (2, 3) for of in ("", "_backward")}
"""Operators of which PyTorch has no tangent."""
NO_DERIVATIVE = {"cholesky_inverse", "pow_complex", "pow_complex_base"}
"""Operators whose tangent in PyTorch 2.13 is not the derivative (docs/findings.md): of the first it has two factors in the
wrong order, of the others, a real tensor and a complex number, the real part alone."""
SAMPLES = [(row, text) for row, texts in samples().items() if row not in NO_DERIVATIVE for text in texts]


@pytest.fixture
def direction() -> dict[str, np.ndarray]:
    """A direction for each leaf."""
    draw = np.random.default_rng(3)
    return {name: draw.normal(size=np.shape(value)) for name, value in LEAVES.items()}


def evaluate(text: str, leaves: dict[str, Any]) -> list[Any]:
    """The floating results of an expression, from the same random numbers each time."""
    torch.manual_seed(0)
    found = eval(text, {**constants(), **leaves})
    several = found if isinstance(found, (tuple, list)) else (found,)
    return [t for t in several if isinstance(t, torch.Tensor) and (t.is_floating_point() or t.is_complex())]


@pytest.mark.parametrize(("row", "text"), SAMPLES)
@pytest.mark.filterwarnings("ignore")
def test_tangent_is_the_directional_derivative(row: str, text: str, direction: dict[str, np.ndarray]) -> None:
    def moved(by: float) -> dict[str, Any]:
        return {
            n: torch.tensor((np.array(v) + by * direction[n]).tolist(), dtype=torch.float64) for n, v in LEAVES.items()
        }

    found = {recorded: tangents_of(row, text, direction, recorded) for recorded in (False, True)}
    if found[False] is None or found[True] is None:
        assert found[False] is found[True] is None
        return
    with torch.no_grad():
        before, after = evaluate(text, moved(-STEP)), evaluate(text, moved(STEP))
    for recorded, each in found.items():
        assert each is not None
        for tangent, low, high in zip(each, before, after, strict=True):
            wanted = ((high - low) / (2 * STEP)).numpy()
            got = np.zeros_like(wanted) if tangent is None else tangent.detach().numpy()
            np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=2e-7, err_msg=f"recorded: {recorded}")


def tangents_of(row: str, text: str, direction: dict[str, np.ndarray], recorded: bool) -> list[Any] | None:
    """The tangents of an expression, whose leaves require grad if it is to be recorded; None where there are to be none."""
    with fw.dual_level():
        duals = {}
        for name in LEAVES:
            primal = leaf(name) if recorded else leaf(name).detach()
            duals[name] = fw.make_dual(primal, torch.tensor(direction[name].tolist(), dtype=torch.float64))
        try:
            results = [fw.unpack_dual(t) for t in evaluate(text, duals)]
        except NotImplementedError:
            assert row in REFUSED, text
            return None
    if "'prod'" in text and row == "scatter_reduce":
        assert all(tangent is None for _, tangent in results)  # which is what PyTorch does
        return None
    return [tangent for _, tangent in results]


def codes() -> dict[Any, Any]:
    """The code of all functions that a level may exchange."""
    modules = [vars(getattr(dispatch, family)).values() for family in FAMILIES]
    return {f: f.__code__ for f in (*itertools.chain(*modules), *torch_function.all_known()) if hasattr(f, "__code__")}


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("row_major", [True, False])
def test_tangents_of_solutions_have_right_gradients(left: bool, row_major: bool) -> None:
    """Whether the factors are the matrix's or its transpose's, solved from the left or from the right."""
    A, B = leaf("q").detach(), leaf("q").detach() + 0.5
    A = A if row_major else A.T

    def moved(dA: torch.Tensor, dB: torch.Tensor) -> torch.Tensor:
        solved = torch.func.jvp(lambda a, b: torch.linalg.solve(a, b, left=left), (A, B), (dA, dB))[1]
        return solved + torch.func.jvp(torch.linalg.det, (A,), (dA,))[1]

    given = [leaf("q"), leaf("q")]
    assert torch.autograd.gradcheck(moved, given)
    assert torch.autograd.gradgradcheck(moved, given)


def test_operators_are_what_they_were_once_the_level_is_left() -> None:
    with fw.dual_level():
        pass  # which imports what is imported on demand
    replacing.put_all_back()
    before = codes()
    defaults = {f: (f.__defaults__, f.__kwdefaults__) for f in before}
    with fw.dual_level():
        assert dispatch.mul.__code__ is not before[dispatch.mul]
        replacing.put_all_back()
        assert dispatch.mul.__code__ is not before[dispatch.mul]
    replacing.put_all_back()
    assert codes() == before
    assert {f: (f.__defaults__, f.__kwdefaults__) for f in before} == defaults


def test_operator_has_its_own_code_again_when_it_is_first_called_after_the_level() -> None:
    replacing.put_all_back()
    x, code, public = torch.tensor([2.0]), dispatch.mul.__code__, torch.mul.__code__
    for _ in range(2):
        with fw.dual_level():
            assert dispatch.mul.__code__ is not code
        torch.mul(x, x), dispatch.mul(x, x)
        assert dispatch.mul.__code__ is code
        assert torch.mul.__code__ is public


def test_level_does_not_show_in_the_signature_of_a_function() -> None:
    before = inspect.signature(torch.nn.functional.smooth_l1_loss), inspect.signature(torch.mul)
    with fw.dual_level():
        assert (inspect.signature(torch.nn.functional.smooth_l1_loss), inspect.signature(torch.mul)) == before
    assert (inspect.signature(torch.nn.functional.smooth_l1_loss), inspect.signature(torch.mul)) == before


def test_mode_after_a_level_is_told_of_what_has_a_default_by_keyword() -> None:
    told = []

    class Told(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            told.append((args, kwargs))
            return func(*args, **(kwargs or {}))

    x = torch.tensor([0.5])
    with Told():
        torch.unique(x, False)
    before, told[:] = list(told), []
    with fw.dual_level():
        pass
    with Told():
        torch.unique(x, False)
    assert str(told) == str(before)


def test_exception_leaves_the_level() -> None:
    replacing.put_all_back()
    code = dispatch.mul.__code__
    with pytest.raises(ZeroDivisionError), fw.dual_level():
        raise ZeroDivisionError
    dispatch.mul(torch.tensor(1.0), 2.0)
    assert dispatch.mul.__code__ is code
    assert tangents.entered is None


def test_subclass_that_overrides_and_a_level_do_not_disturb_each_other() -> None:
    asked = []

    def sine_of(x: Any) -> Any:
        return fw.unpack_dual(torch.sin(fw.make_dual(x, torch.ones(2)))).tangent

    x = torch.tensor([0.5, 1.0])
    wanted = torch.cos(x)
    with fw.dual_level():

        class Asking(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                asked.append(func.__name__)
                return super().__torch_function__(func, types, args, kwargs)

        assert torch.equal(sine_of(x), wanted)
        torch.sin(x.as_subclass(Asking))
    assert "sin" in asked
    torch.sin(x.as_subclass(Asking))
    assert asked.count("sin") == 2
    with fw.dual_level():
        assert torch.equal(sine_of(x), wanted)


def test_threads_see_the_level_and_switch_it_off_for_themselves() -> None:
    found: list[Any] = []
    with fw.dual_level():
        dual = fw.make_dual(torch.ones(2), torch.ones(2))

        def work() -> None:
            found.append(fw.unpack_dual(dual * 2).tangent)
            with fw._set_fwd_grad_enabled(False):
                found.append(fw.unpack_dual(dual).tangent)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert fw.unpack_dual(dual).tangent is not None
    assert found[0].tolist() == [2.0, 2.0]
    assert found[1] is None


def test_tangent_of_a_hidden_primal_is_not_drawn_again() -> None:
    torch.manual_seed(0)
    wanted = torch.full((3,), 0.5).bernoulli(), torch.zeros(3).uniform_(), torch.rand(3)
    torch.manual_seed(0)
    with fw.dual_level():
        dual = fw.make_dual(torch.full((3,), 0.5), torch.ones(3))
        found = dual.bernoulli(), dual.clone().uniform_(), torch.rand(3)
    for a, b in zip(found, wanted, strict=True):
        assert a.tolist() == b.tolist()


def test_saved_tensor_hooks_are_not_called_for_what_rules_compute() -> None:
    packed: list[Any] = []

    def pack(tensor: Any) -> Any:
        packed.append(tensor)
        return tensor

    x = torch.tensor([0.5, 1.0])
    with fw.dual_level(), torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        tangent = fw.unpack_dual(torch.atan2(fw.make_dual(x, torch.ones(2)), x)).tangent
    assert tangent is not None
    assert not packed
