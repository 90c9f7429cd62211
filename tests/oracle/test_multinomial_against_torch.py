"""Indices that multinomial draws of one seed, what it refuses, and where the generator stands thereafter."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

CALLS = """
torch.multinomial(torch.arange(20.), 10)
torch.multinomial(torch.arange(20.).view(4, 5) + 1, 4)
torch.arange(3.).multinomial(1)
torch.multinomial(torch.arange(20.).view(4, 5) + 1, 7, replacement=True)
torch.multinomial(torch.arange(20.).double(), 3)
torch.multinomial(torch.arange(20.).double().view(5, 4).t() + 1, 7, True)
torch.multinomial(torch.arange(6.).view(2, 3).t() + 1, 2)
torch.multinomial(torch.tensor([0, 0, .3, 0, .7, 0.]), 12, True)
torch.multinomial(torch.tensor([0, 0, .3, 0, .7, 0.]), 2)
torch.multinomial(torch.ones(5).bfloat16(), 3)
torch.multinomial(torch.ones(5).half(), 9, True)
torch.multinomial(torch.ones(4), 1, True)
torch.multinomial(torch.ones(2, 3, requires_grad=True), 2)
torch.ones(3).multinomial(2, generator=torch.Generator().manual_seed(1))
torch.multinomial(torch.ones(0, 3), 1)
torch.multinomial(torch.ones(0, 3), 4, True)
torch.multinomial(torch.ones(0), 1)
torch.multinomial(torch.ones(2), 5, True, out=torch.empty(3, dtype=torch.int64))
torch.multinomial(torch.ones(2), 1, out=torch.empty(0))
torch.multinomial(torch.ones(2), 1, out=torch.zeros(1, dtype=torch.int64))._version
torch.multinomial(torch.tensor([1., -1]), 1)
torch.multinomial(torch.zeros(2), 1)
torch.multinomial(torch.tensor([[1., 0], [0, 0]]), 1)
torch.multinomial(torch.tensor([1., nan]), 1)
torch.multinomial(torch.tensor([1., inf]), 1)
torch.multinomial(torch.tensor([1., nan]), 3, True)
torch.multinomial(torch.tensor([1., inf]), 3, True)
torch.multinomial(torch.tensor([-1., 1]), 3, True)
torch.multinomial(torch.zeros(2), 3, True)
torch.multinomial(torch.tensor([1, 2]), 1)
torch.multinomial(torch.ones(2) + 0j, 1)
torch.multinomial(torch.tensor([True]), 1)
torch.multinomial(torch.ones(2), 3)
torch.multinomial(torch.ones(2), 0)
torch.multinomial(torch.ones(2), -1)
torch.multinomial(torch.ones(2, 0), 1)
torch.multinomial(torch.ones(2, 2, 2), 1)
torch.multinomial(torch.tensor(1.), 1)
torch.multinomial(torch.ones(2), 2.5)
torch.multinomial([1., 2.], 1)
torch.multinomial(torch.ones(2))
torch.multinomial(input=torch.ones(2), num_samples=1)
torch.vmap(lambda p: torch.multinomial(p, 2), randomness='different')(torch.ones(3, 4))
torch.vmap(lambda p: torch.multinomial(p, 2))(torch.ones(3, 4))
torch.vmap(lambda p: torch.multinomial(torch.ones(4), 2), randomness='same')(torch.ones(3, 4))
"""


def drawn(module: Any, call: str) -> tuple[str, float]:
    """What a call says of seed 3, and the number that is drawn next."""
    module.manual_seed(3)
    try:
        said = repr(eval(call, {"torch": module, "nan": float("nan"), "inf": float("inf")}))
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    return said, float(module.rand(1))


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_what_is_drawn_and_refused(call: str) -> None:
    assert drawn(numtorch, call) == drawn(torch, call)
