"""The memory of large results: used again, and never while somebody refers to it."""

import platform
import subprocess
import sys
import threading

import numpy as np
import pytest

import numtorch as torch
from numtorch.memory import buffers, descriptor

SIZE = descriptor.LARGE // 4


@pytest.fixture(autouse=True)
def pool(monkeypatch):
    found = {}
    monkeypatch.setattr(buffers, "_pool", found)
    return found


def large(value):
    return torch.full((SIZE,), value)


def kept(pool):
    return sum([len(found) for found in pool.values()])


def test_the_memory_of_a_result_that_is_gone_is_used_again(pool):
    x = large(2.0)
    for _ in range(3):
        y = x * 3.0
        assert y[-1].item() == 6.0
        del y
    assert kept(pool) == 1


@pytest.mark.parametrize(
    "share",
    [
        lambda y: y.numpy(),
        lambda y: y.numpy()[5:8],
        lambda y: y[5:8],
        lambda y: y.detach(),
        lambda y: y.reshape(2, -1).t(),
        lambda y: memoryview(y.numpy()),
        lambda y: y.untyped_storage(),
        lambda y: np.from_dlpack(y.numpy()),
    ],
)
def test_what_shares_the_memory_of_a_result_keeps_it(pool, share):
    x = large(2.0)
    y = x * 3.0
    shared = share(y)
    before = bytes(memoryview(y.numpy())[:64])
    del y
    z = x * 5.0
    assert kept(pool) == 2
    assert z[7].item() == 10.0
    del z
    again = x * 3.0
    assert bytes(memoryview(again.numpy())[:64]) == before
    del shared


def test_a_graph_keeps_what_it_saved(pool):
    x = large(2.0).requires_grad_()
    y = (x * 3.0).exp() * 0.0 + x * x
    y.mean().backward()
    assert x.grad[11].item() == pytest.approx(4.0 / SIZE)
    first = x.grad
    x.grad = None
    (x * x * x).mean().backward()
    assert first[11].item() == pytest.approx(4.0 / SIZE)
    assert x.grad[11].item() == pytest.approx(12.0 / SIZE)


def test_a_gradient_in_such_memory_is_stolen_and_added_to_in_place(pool):
    x = large(2.0).requires_grad_()
    (x * 3.0).backward(torch.ones(SIZE))
    first = x.grad
    assert first._version == 0
    (x * 3.0).backward(torch.ones(SIZE))
    assert x.grad is first
    assert (first._version, first[5].item()) == (1, 6.0)


def test_no_more_is_kept_than_the_limit(pool, monkeypatch):
    monkeypatch.setattr(buffers, "LIMIT", 3 * descriptor.LARGE)
    x = large(1.0)
    held = [x * float(i) for i in range(2, 7)]
    assert kept(pool) == 3
    assert [y[0].item() for y in held] == [2.0, 3.0, 4.0, 5.0, 6.0]
    held.clear()
    longer = torch.ones(SIZE + 1) * 2.0
    assert longer[-1].item() == 2.0
    assert sum([size * len(found) for size, found in pool.items()]) <= 3 * descriptor.LARGE
    assert (SIZE + 1) * 4 in pool


def test_threads_never_share_a_result(pool):
    x, wrong = large(1.0), []

    def work(number):
        for _ in range(5):
            y = x * number
            if not (y.numpy() == number).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(float(n),)) for n in range(2, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("name", ["tanh", "exp", "sqrt", "neg", "reciprocal", "sin", "square"])
def test_gradients_are_those_of_small_tensors(pool, name):
    values = np.linspace(0.1, 0.9, SIZE, dtype=np.float32)
    results = []
    for part in (values, values[: SIZE // 2]):
        x = torch.tensor(part, requires_grad=True)
        y = getattr(x, name)()
        ((y - x) * y / x + y).sum().backward()
        results.append((y.detach().numpy(), x.grad.numpy()))
    for whole, half in zip(*results, strict=True):
        assert (whole[: SIZE // 2] == half).all()


STEPS = """
import resource
import numtorch as torch

weight = torch.zeros(100_000, requires_grad=True)

def step():
    weight.grad = None
    (weight * weight).sum().backward()
    with torch.no_grad():
        weight.sub_(weight.grad, alpha=0.1)

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

for _ in range(20):
    step()
before = faults()
for _ in range(100):
    step()
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc learns what to keep")
def test_a_step_of_training_asks_the_system_for_no_memory():
    """In a process of its own: whoever has freed a large array before has taught the heap already."""
    told = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    assert int(told.stdout) < 100, "pages for 100 steps"
