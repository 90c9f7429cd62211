"""What factories write into `out=`: its type, memory, version, flags and node, and what they refuse."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

CALLS = """
torch.zeros(2, 3, out=o) | torch.ones((2, 3), out=o) | torch.full((2, 3), 2., out=o) | torch.empty(2, 3, out=o).fill_(1)
torch.arange(6, out=o) | torch.linspace(0, 1, 6, out=o) | torch.eye(2, 3, out=o)
torch.rand(2, 3, out=o) | torch.randn(2, 3, out=o) | torch.randint(5, (2, 3), out=o) | torch.randint(1, 5, (2, 3), out=o)
torch.randperm(6, out=o) | torch.normal(0., 1., (2, 3), out=o) | torch.normal(torch.zeros(2, 3), 1., out=o)
torch.normal(0., torch.ones(2, 3), out=o) | torch.normal(torch.zeros(2, 3), torch.ones(2, 1), out=o)
torch.bernoulli(torch.ones(2, 3) / 2, out=o) | torch.bernoulli(torch.full((2, 3), .5, requires_grad=True), out=o)
torch.normal(torch.zeros(2, 3, requires_grad=True), 1., out=o) | torch.zeros(2, 3, out=o, requires_grad=True)
torch.rand(2, 3, out=o, requires_grad=True) | torch.rand(2, 3, out=o, dtype=torch.float64)
torch.randint(5, (2, 3), out=o, dtype=torch.float32)
"""
OUTS = """
torch.zeros(2, 3) | torch.empty(0) | torch.zeros(6) | torch.zeros(4) | torch.zeros(2, 3, requires_grad=True)
torch.zeros(6, requires_grad=True) | torch.zeros(2, 3, requires_grad=True) * 1 | torch.zeros(4, requires_grad=True) * 1
torch.zeros(2, 3, dtype=torch.float64) | torch.zeros(2, 3, dtype=torch.int64) | torch.zeros(6, dtype=torch.int64)
torch.zeros(2, 3, dtype=torch.float16) | torch.zeros(2, 3, dtype=torch.bool) | torch.zeros(3, 2).t()
(torch.zeros(3, 2, requires_grad=True) * 1).t()
"""


def several(text: str) -> list[str]:
    return [one.strip() for line in text.strip().splitlines() for one in line.split("|")]


def written(module: Any, call: str, out: str, grad: bool) -> list:
    """What is seen of `out` after a factory wrote into it, or of the error."""
    module.manual_seed(0)
    o = eval(out, {"torch": module})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with module.set_grad_enabled(grad):
                result = eval(call, {"torch": module, "o": o})
        except Exception as error:
            return [type(error).__name__, str(error).replace("numtorch", "torch"), o._version]
    fn = o.grad_fn
    nodes = fn and [fn.name(), *(n and n.name() for n, _ in fn.next_functions)]
    values = o.detach().double().tolist()
    seen = [result is o, str(o.dtype).removeprefix("num"), tuple(o.shape), o.stride(), o._version, o.requires_grad]
    return [*seen, nodes, values, [str(w.message).split(" (Triggered")[0] for w in caught]]


@pytest.mark.parametrize("out", several(OUTS))
def test_factories_write_into_out_as_pytorch(out: str) -> None:
    for call, grad in itertools.product(several(CALLS), (True, False)):
        theirs, ours = [written(module, call, out, grad) for module in (torch, numtorch)]
        assert ours == theirs, (call, grad)


def test_a_factory_that_wrote_into_a_result_has_no_derivative() -> None:
    texts = []
    for module in (torch, numtorch):
        o = module.zeros(3, requires_grad=True) * 1
        with pytest.raises(RuntimeError) as caught:
            module.ones(3, out=o).sum().backward()
        texts.append(str(caught.value))
    assert texts[0] == texts[1]
