"""DataLoader: batches of a dataset in a sampler's order. Source: torch/utils/data/dataloader.py."""

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar, cast

import numpy as np

from minitorch_np.memory_format import contiguous_format
from minitorch_np.ops.from_data import from_numpy, tensor
from minitorch_np.random import Generator
from minitorch_np.tensor import Tensor
from minitorch_np.utils.data.collate import default_collate, default_convert
from minitorch_np.utils.data.dataset import Dataset, IterableDataset, TensorDataset
from minitorch_np.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    drawn_seed,
)

__all__ = ["DataLoader"]

T = TypeVar("T")

_FIXED = frozenset("batch_size batch_sampler sampler drop_last dataset persistent_workers".split())
"""What may not be set once the loader is made."""


class DataLoader(Generic[T]):
    """An iterable of batches; each pass visits the samples anew, shuffled if asked.

    With the same seed the order is PyTorch's: a pass first draws a base seed, then the shuffle
    draws the seed of its own generator. A batch of a TensorDataset (or of a Subset of one) is one
    gather per tensor. Loading happens in the calling process.
    """

    def __init__(
        self,
        dataset: Dataset[T],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[int] | Iterable[int] | None = None,
        batch_sampler: Sampler[list[int]] | Iterable[list[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[T]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: object = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        if multiprocessing_context is not None:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading "
                f"(num_workers > 0), but got num_workers={num_workers}"
            )
        self._streams = isinstance(dataset, IterableDataset)
        _check_options(self._streams, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if sampler is None and not self._streams:
            source = cast(Sized, dataset)
            sampler = (
                RandomSampler(source, generator=generator) if shuffle else SequentialSampler(source)
            )
        if batch_size is not None and batch_sampler is None and sampler is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.num_workers = num_workers
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.timeout, self.worker_init_fn = timeout, worker_init_fn
        self.prefetch_factor, self.persistent_workers = prefetch_factor, persistent_workers
        self.multiprocessing_context, self.in_order = multiprocessing_context, in_order
        batched = batch_sampler is not None or (self._streams and batch_size is not None)
        self.collate_fn: Callable[[Any], Any] = collate_fn or (
            default_collate if batched else default_convert
        )
        self._told_length: int | None = None
        self._initialized = True

    def __setattr__(self, name: str, value: object) -> None:
        if name in _FIXED and "_initialized" in self.__dict__:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized"
            )
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        if self.pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device "
                "pinned memory won't be used.",
                stacklevel=2,
            )
        drawn_seed(self.generator)  # workers would be seeded by it
        if self.timeout > 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        if self._streams:
            return self._counted(self._stream(), self._told_length)
        if self.batch_sampler is not None:
            shuffled = self._shuffled()
            return map(self._batch, self.batch_sampler) if shuffled is None else shuffled
        return (self.collate_fn(self.dataset[i]) for i in cast("Iterable[int]", self.sampler))

    def _stream(self) -> Iterator[Any]:
        samples = iter(cast("IterableDataset[T]", self.dataset))
        if self.batch_size is None:
            yield from map(self.collate_fn, samples)
            return
        while batch := list(itertools.islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def _counted(self, batches: Iterator[Any], told: int | None) -> Iterator[Any]:
        """The batches of a stream, with a warning past the length it claimed before this pass."""
        for count, batch in enumerate(batches, 1):
            if told is not None and count > told:
                warnings.warn(
                    f"Length of IterableDataset {self.dataset} was reported to be {told}(when "
                    f"accessing len(dataloader)), but {count} samples have been fetched. ",
                    stacklevel=2,
                )
            yield batch

    def _shuffled(self) -> Iterator[list[Tensor]] | None:
        """The batches of a shuffled TensorDataset, gathered by slices of one permutation; None for
        another loader, which goes by lists of indices."""
        batches, data = self.batch_sampler, self.dataset
        if type(batches) is not BatchSampler or type(batches.sampler) is not RandomSampler:
            return None
        order, size = batches.sampler, batches.batch_size
        if order.replacement or order.num_samples != len(order.data_source):
            return None
        if type(data) is not TensorDataset or self.collate_fn is not default_collate:
            return None
        count = order.num_samples - (order.num_samples % size if batches.drop_last else 0)
        return (
            [t.index_select(0, run[at : at + size]) for t in data.tensors]
            for run in order.runs()
            for at in range(0, min(count, len(run)), size)
        )

    def _batch(self, indices: Sequence[int]) -> object:
        in_memory = getattr(self.dataset, "tensors_and_rows", None)
        if in_memory is not None and self.collate_fn is default_collate:
            found = cast("tuple[tuple[Tensor, ...], Sequence[int]] | None", in_memory(indices))
            if found is not None:
                return _gather(*found)
        several = getattr(self.dataset, "__getitems__", None)
        if callable(several):
            return self.collate_fn(several(indices))
        return self.collate_fn([self.dataset[i] for i in indices])

    def __len__(self) -> int:
        if self._streams:
            length = self._told_length = len(cast(Sized, self.dataset))
            if self.batch_size is None:
                return length
            whole, rest = divmod(length, self.batch_size)
            return whole if self.drop_last or not rest else whole + 1
        order = self.sampler if self.batch_sampler is None else self.batch_sampler
        return len(cast(Sized, order))


def _gather(tensors: tuple[Tensor, ...], rows: Sequence[int]) -> list[Tensor]:
    """The rows of every tensor: a copied slice when they follow each other, else one gather."""
    first, end = rows[0], rows[0] + len(rows)
    if first >= 0 and rows[-1] == end - 1 and list(rows) == list(range(first, end)):
        return [t[first:end].clone(memory_format=contiguous_format) for t in tensors]
    # Straight through NumPy: `tensor` asks each element for its type.
    index = from_numpy(np.array(rows)) if set(map(type, rows)) == {int} else tensor(rows)
    selects = min(rows) >= 0  # index_select takes no index from the end
    return [t.index_select(0, index) if selects and t.ndim else t[index] for t in tensors]


def _check_workers(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool
) -> None:
    """Raise for options that need workers, and for workers, which there are none of here."""
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable "
            "multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers:
        raise NotImplementedError(
            f"minitorch_np's DataLoader has no num_workers={num_workers}: it loads in the calling "
            "process. Leave the argument out."
        )
    if prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if persistent_workers:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_options(
    streams: bool,
    batch_size: int | None,
    shuffle: bool | None,
    sampler: object,
    batch_sampler: object,
    drop_last: bool,
) -> None:
    """Raise for options that exclude each other, in PyTorch's order."""
    if streams:
        for name, given in (("shuffle", shuffle or None), ("sampler", sampler)):
            if given is not None:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                    f"{name}={given}"
                )
        if batch_sampler is not None:
            raise ValueError(
                "DataLoader with IterableDataset: expected unspecified batch_sampler option, but "
                f"got batch_sampler={batch_sampler}"
            )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                "drop_last"
            )
    elif batch_size is None and drop_last:
        raise ValueError(
            "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        )
