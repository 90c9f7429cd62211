"""apply_, map_ and map2_ call a Python function for each element as PyTorch does; complex and polar put numbers together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
CALLED = """
d.apply_(double) | d.t().apply_(seen) | d.expand(2, 2, 2).apply_(double) | i.apply_(lambda v: v + 1.7)
z.apply_(double)
torch.tensor([True]).apply_(lambda v: 0) | torch.tensor(2.0).apply_(double) | torch.ones(0).apply_(3) | d.apply_(int)
x.apply_(double) | (x * 2).apply_(double) | d.apply_(3) | d.apply_(None) | d.apply_() | d.apply_(callable=double)
d.apply_(lambda v: None) | d.apply_(lambda v: "a") | d.apply_(lambda v: 1 / 0) | d.map_(d, add) | d.map_(d[0], add)
d.map_(x, add) | x.map_(d, add) | d.map_(torch.ones(3), add) | d[0].map_(d, add) | d.map_(d.double(), add)
d.map_(d, 3)
d.map_(None, add) | d.map_(d) | d.map_(tensor=d, callable=add) | d.map_(x.double(), add)
d.map2_(d, d[0], lambda a, b, c: a + b * c)
d.map2_(x, d, add) | d.map2_(d.double(), d, add) | d.map2_(d, d.double(), add) | d.map2_(d, None, add)
d.map2_(torch.ones(3), d, add)
"""
COMPLEX = """
torch.complex(x, d) | torch.complex(d, x) | torch.complex(x, x) | torch.complex(x[0], d) | torch.complex(d.t(), x)
torch.complex(1.0, d)
torch.complex(d.t(), x.t()) | torch.complex(d.double(), d.double()) | torch.complex(d.double(), d) | torch.complex(i, i)
torch.complex(None, d) | torch.complex(d) | torch.complex(d, d, out=torch.empty(0, dtype=torch.complex64))
torch.polar(d)
torch.complex(d, d, out=torch.empty(0)) | torch.complex(x, d, out=torch.empty(0, dtype=torch.complex64))
torch.polar(x, d)
torch.polar(d, x) | torch.polar(x, x) | torch.polar(x[0], d) | torch.polar(d.t(), x) | torch.polar(i, i)
torch.polar(d.double(), d)
torch.polar(d.half(), d.half()) | torch.complex(torch.ones(3), d) | torch.polar(x * 2, x).abs()
torch.complex(x, x * 3).angle()
"""


def expressions(text: str) -> list[str]:
    """The expressions of a table."""
    return [one.strip() for line in text.strip().split("\n") for one in line.split(" | ")]


def look(value: Any) -> tuple:
    """What is compared of a tensor, its numbers last."""
    node = value.grad_fn
    names = [] if node is None else [node.name(), sorted(n for n in dir(node) if n.startswith("_saved"))]
    return str(value.dtype), value.stride(), value._version, value.requires_grad, names, np.array(value.tolist())


def outcome(lib: Any, text: str) -> list:
    """The tensors that come of an expression, or the error."""
    calls: list = []
    x = lib.tensor([[1.0, 2.0], [3.0, 0.5]], requires_grad=True)
    names = {
        "torch": lib,
        "x": x,
        "d": lib.tensor([[1.0, 2.0], [3.0, 4.0]]),
        "i": lib.tensor([1, 2]),
        "z": lib.tensor([1j, 2.0]),
        "double": lambda v: v * 2,
        "seen": lambda v: calls.append(v) or v,
        "add": lambda *args: sum(args),
    }
    try:
        found = eval(text, names)
    except Exception as error:
        return [type(error).__name__, str(error)]
    results = [found, names["d"]]
    if found.requires_grad:
        seed = lib.tensor([[1 + 1j, 2 - 1j], [0.5, 1j]]) if found.is_complex() else lib.ones(found.shape)
        for graph in (False, True):
            results += lib.autograd.grad(found, x, seed.to(found.dtype), create_graph=graph, retain_graph=True)
    return [calls, *map(look, results)]


@pytest.mark.parametrize("text", expressions(CALLED + COMPLEX))
def test_each_call_does_what_pytorch_does(text: str) -> None:
    ours, theirs = outcome(numtorch, text), outcome(torch, text)
    assert [o[:-1] if isinstance(o, tuple) else o for o in ours] == [
        t[:-1] if isinstance(t, tuple) else t for t in theirs
    ]
    for a, b in zip(ours, theirs, strict=True):
        assert not isinstance(a, tuple) or np.allclose(a[-1], b[-1], 1e-5, 1e-6)
