"""What PyTorch's parser says of keywords that fit no overload: in the order of its hash table, types by their C names."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
from numtorch.calls.keyword_order import in_order  # noqa: E402

NAMES = [
    "dim",
    "keepdim",
    "out",
    "dtype",
    "correction",
    "unbiased",
    "device",
    "requires_grad",
    "layout",
    "pin_memory",
    "stable",
    "descending",
    "foo",
    "x",
    "input",
    "an_argument_of_a_long_name",
    "eightlet",
    "exactly_sixteen_",
]

CALLS = """
torch.std('q', dim=1, out=2) | torch.std(torch.ones(2), foo=1, bar=2, baz=3) | torch.sort(torch.ones(2), foo=1, bar=2)
torch.sort(torch.ones(2), dim=1., descending=2) | torch.sort(torch.ones(2), out=1, descending=True, dim='x')
torch.ones(2).std(dim='a', unbiased=3) | torch.ones(2).std(dim='a', unbiased=3, foo=4)
torch.max(torch.ones(2), dim='a', keepdim=1, out=3) | torch.var(torch.ones(2), correction='a', dim=(1,), keepdim=3)
torch.bernoulli(torch.ones(2), out=3, dtype=torch.float32) | torch.bernoulli(torch.ones(2), generator=torch.Generator(), p='')
torch.ones(2).median(dim='q', keepdim=4) | torch.normal(mean='a', std=torch.ones(1), size=(2,)) | torch.normal(1., 2.)
torch.ones(2).index_fill(dim='a', index=3, value=4) | torch.arange(end='a', start=1, step=2, dtype=torch.int64)
torch.where(condition=1, input=2, other=3) | torch.sum('x', dim=torch.finfo(torch.float32), out=torch.max)
torch.sum('x', dim=torch.strided, out=torch.contiguous_format, dtype=torch.device('cpu'), z=torch.ones(1).max(0))
torch.relu(torch.float32) | torch.relu(torch.Size((1,))) | torch.relu(torch.ones(1).untyped_storage())
"""


def told(module: Any, call: str) -> str:
    with pytest.raises(TypeError) as caught:
        eval(call, {"torch": module})
    return str(caught.value).replace("numtorch", "torch")


@pytest.mark.parametrize("call", [one.strip() for line in CALLS.strip().splitlines() for one in line.split("|")])
def test_keywords_that_do_not_fit_are_told_as_by_pytorch(call: str) -> None:
    assert told(numtorch, call) == told(torch, call)


def test_any_keywords_come_in_the_order_of_pytorchs_hash_table() -> None:
    draw = random.Random(0)
    for _ in range(300):
        keywords = dict.fromkeys(draw.sample(NAMES, draw.randint(2, 9)), 1)
        with pytest.raises(TypeError) as caught:
            torch.std("q", **keywords)
        given = str(caught.value).partition("got (str, ")[2].partition(")")[0]
        assert [one.partition("=")[0] for one in given.split(", ")] == list(in_order(keywords))
