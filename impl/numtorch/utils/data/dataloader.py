"""The loader: batches of a dataset, one after the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from ...warning import warn
from .collate import default_collate, default_convert
from .dataset import IterableDataset, samples
from .sampler import BatchSampler, RandomSampler, SequentialSampler, drawn_seed

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


def get_worker_info() -> None:
    """What a worker process knows of itself: nothing, since there are none."""


class _Endless:
    """The sampler of a dataset that yields: there are no indices."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader:
    """Batches of a dataset, in its order or a random one (`shuffle`), as PyTorch draws it from the same seed.

    All is done in this process: `num_workers` and what goes with it is taken, and changes nothing. Raises ValueError for
    options that do not go together.
    """

    _initialized = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Any = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Any = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        yields = isinstance(dataset, IterableDataset)
        if yields:
            _check_no_indices(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None and yields:
            sampler = _Endless()
        elif sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.collate_fn = collate_fn or (default_collate if batch_sampler is not None else default_convert)
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self._length_told: int | None = None
        self._begun = False
        self._initialized = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        if self.pin_memory:
            warn(
                "'pin_memory' argument is set as true but no accelerator is found, "
                "then device pinned memory won't be used.",
            )
        order = iter(self.sampler if self.batch_sampler is None else self.batch_sampler)
        # PyTorch draws a seed for its workers, whether it has any or not; those that persist keep theirs.
        if not self._begun:
            drawn_seed(self.generator)
        self._begun = self.persistent_workers
        return self._streamed(order) if isinstance(self.dataset, IterableDataset) else self._indexed(order)

    def _indexed(self, order: Iterator[Any]) -> Iterator[Any]:
        for index in order:
            yield self.collate_fn(self.dataset[index] if self.batch_sampler is None else samples(self.dataset, index))

    def _streamed(self, order: Iterator[Any]) -> Iterator[Any]:
        stream = iter(self.dataset)
        for yielded, index in enumerate(order, 1):
            batch = list(itertools.islice(stream, 1 if index is None else len(index)))
            if not batch or (self.drop_last and len(batch) < len(index)):
                return
            if self._length_told is not None and yielded > self._length_told:
                warn(
                    f"Length of IterableDataset {self.dataset} was reported to be {self._length_told}"
                    f"(when accessing len(dataloader)), but {yielded} samples have been fetched. ",
                )
            yield self.collate_fn(batch[0] if index is None else batch)

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        self._length_told = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return self._length_told
        return (math.floor if self.drop_last else math.ceil)(self._length_told / self.batch_size)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool) -> None:
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_no_indices(shuffle: bool | None, sampler: Any, batch_sampler: Any) -> None:
    given = {"sampler": sampler, "batch_sampler": batch_sampler}
    if shuffle:
        raise ValueError(
            f"DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={shuffle}"
        )
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
            )
