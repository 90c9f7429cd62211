"""Batches of datasets, and the random order that they come in, of PyTorch and of numtorch."""

import collections
import warnings

import numpy as np
import pytest
import torch
import torch.utils.data

import numtorch
import numtorch.utils.data

Pair = collections.namedtuple("Pair", "x y")


def seen(program, module):
    """What a program tells, and of an exception its type and text, of tensors what they print."""
    module.manual_seed(3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            told = program(module, module.utils.data)
        except Exception as error:
            told = type(error).__name__, str(error)
        after = module.rand(2).tolist()  # the stream is where it would be
    return plain(told), after, [str(warning.message) for warning in caught]


def plain(value):
    if isinstance(value, (torch.Tensor, numtorch.Tensor)):
        return repr(value)
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(part) for part in value]
    return value


def rows(t, n=11):
    return t.arange(2.0 * n).reshape(n, 2), t.arange(n)


def streamed(data, n=7):
    class Counting(data.IterableDataset):
        def __iter__(self):
            return iter(range(n))

        def __len__(self):
            return 5

        def __repr__(self):
            return "counting"

    return Counting()


PROGRAMS = {
    "in order": lambda t, d: list(d.DataLoader(d.TensorDataset(*rows(t)), batch_size=4)),
    "shuffled": lambda t, d: list(d.DataLoader(d.TensorDataset(*rows(t)), batch_size=4, shuffle=True)),
    "two epochs": lambda t, d: [list(loader) for loader in [d.DataLoader(range(9), 2, shuffle=True)] * 2],
    "whole batches": lambda t, d: [
        (len(loader), list(loader)) for loader in [d.DataLoader(range(9), batch_size=4, drop_last=True, shuffle=True)]
    ],
    "a stream of its own": lambda t, d: list(
        d.DataLoader(range(9), 3, shuffle=True, generator=t.Generator().manual_seed(5))
    ),
    "without batches": lambda t, d: list(d.DataLoader([np.ones(2), 2, "a", (1, np.float32(2))], batch_size=None)),
    "with replacement": lambda t, d: [list(d.RandomSampler(range(9), True, n)) for n in (5, 32, 40, 64)],
    "more than there are": lambda t, d: list(d.RandomSampler(range(4), num_samples=10)),
    "a subset at random": lambda t, d: list(d.SubsetRandomSampler([4, 2, 8])),
    "batches of a sampler": lambda t, d: [
        (len(s), list(s)) for s in [d.BatchSampler(d.SequentialSampler(range(7)), 3, last) for last in (True, False)]
    ],
    "split": lambda t, d: [(s.indices, list(s)) for s in d.random_split(range(10), [7, 3])],
    "split by fractions": lambda t, d: [s.indices for s in d.random_split(range(11), [0.5, 0.3, 0.2])],
    "split to nothing": lambda t, d: [s.indices for s in d.random_split(range(2), [0.9, 0.05, 0.05])],
    "split wrongly": lambda t, d: d.random_split(range(10), [7, 4]),
    "batches of subsets": lambda t, d: list(d.DataLoader(d.Subset(d.TensorDataset(*rows(t)), [1, 3, 5]), 2)),
    "concatenated": lambda t, d: [
        (len(both), both[-1], both[3], list(d.DataLoader(both, 4)))
        for both in [d.TensorDataset(t.arange(3)) + d.TensorDataset(t.arange(3, 5))]
    ],
    "side by side": lambda t, d: list(d.DataLoader(d.StackDataset(range(5), d.TensorDataset(t.rand(5))), 2)),
    "side by side by name": lambda t, d: list(d.DataLoader(d.StackDataset(x=range(5), y=range(5, 10)), 2)),
    "of a stream": lambda t, d: list(d.DataLoader(streamed(d), 3)),
    "of whole batches of a stream": lambda t, d: list(d.DataLoader(streamed(d), 3, drop_last=True)),
    "of a stream that said too little": lambda t, d: [
        (len(loader), list(loader)) for loader in [d.DataLoader(streamed(d), None)]
    ],
    "of two streams": lambda t, d: list(d.DataLoader(streamed(d) + streamed(d), 4)),
    "every kind of sample": lambda t, d: d.default_collate(
        [{"a": 1, "b": [1.5, t.ones(2)], "c": Pair(np.ones(2), True), "d": "x", "e": np.float32(1)}] * 2
    ),
    "converted": lambda t, d: d.default_convert({"a": np.ones(2), "b": (1, np.int64(3)), "c": Pair(np.ones(1), "x")}),
    "pinned": lambda t, d: list(d.DataLoader(range(3), pin_memory=True)),
    "of unequal lists": lambda t, d: d.default_collate([[1, 2], [1]]),
    "of unequal tensors": lambda t, d: d.default_collate([t.ones(2), t.ones(3)]),
    "of what cannot be": lambda t, d: d.default_collate([object]),
    "of words in arrays": lambda t, d: d.default_collate([np.array(["a"])]),
    "unequal rows": lambda t, d: d.TensorDataset(t.ones(2), t.ones(3)),
    "set too late": lambda t, d: setattr(d.DataLoader(range(3)), "batch_size", 2),
    "no batch": lambda t, d: d.DataLoader(range(3), batch_size=0),
    "an empty dataset": lambda t, d: d.DataLoader([], shuffle=True),
    "a sampler and shuffled": lambda t, d: d.DataLoader(range(3), sampler=range(3), shuffle=True),
    "batches and a size": lambda t, d: d.DataLoader(range(3), 2, batch_sampler=[[0]]),
    "no batches that are whole": lambda t, d: d.DataLoader(range(3), None, drop_last=True),
    "a shuffled stream": lambda t, d: d.DataLoader(streamed(d), shuffle=True),
    "a stream and a sampler": lambda t, d: d.DataLoader(streamed(d), sampler=[1]),
    "workers below none": lambda t, d: d.DataLoader(range(3), num_workers=-1),
    "workers that are to persist": lambda t, d: d.DataLoader(range(3), persistent_workers=True),
    "something fetched before": lambda t, d: d.DataLoader(range(3), prefetch_factor=2),
    "a dataset without samples": lambda t, d: d.Dataset()[0],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_batches(name):
    assert seen(PROGRAMS[name], numtorch) == seen(PROGRAMS[name], torch)


def test_workers_change_neither_the_batches_nor_their_order():
    def batches(module):
        module.manual_seed(3)
        return [batch.tolist() for batch in module.utils.data.DataLoader(range(9), 2, shuffle=True, num_workers=1)]

    assert batches(numtorch) == batches(torch)
