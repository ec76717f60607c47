"""Datasets: things with a length and an item at each index. Source: torch/utils/data/dataset.py."""

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Generic, Protocol, TypeVar, cast

from minitorch_np.ops.random_creation import randperm
from minitorch_np.random import Generator
from minitorch_np.tensor import Tensor

__all__ = [
    "ChainDataset", "ConcatDataset", "Dataset", "InMemory", "IterableDataset", "StackDataset",
    "Subset", "TensorDataset", "random_split",
]  # fmt: skip

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """A map from indices to samples; subclasses define `__getitem__` and `__len__`."""

    def __getitem__(self, index: int) -> T:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: "Dataset[T]") -> "ConcatDataset[T]":
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T], Iterable[T]):
    """A stream of samples; subclasses define `__iter__`."""

    def __add__(self, other: Dataset[T]) -> "ChainDataset[T]":  # pyright: ignore[reportIncompatibleMethodOverride]  # as in PyTorch
        return ChainDataset([self, other])


class InMemory(Protocol):
    """A dataset whose batches are one gather: it gives the tensors to gather from, and the rows."""

    def tensors_and_rows(
        self, indices: Sequence[int]
    ) -> tuple[tuple[Tensor, ...], Sequence[int]] | None:
        """The whole tensors, and which of their rows `indices` are; None if it is not in memory."""
        ...


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Samples along the first dimension of tensors of one length."""

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensors[0].size(0) != t.size(0) for t in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple([t[index] for t in self.tensors])

    def __len__(self) -> int:
        return self.tensors[0].sizes[0]

    def tensors_and_rows(
        self, indices: Sequence[int]
    ) -> tuple[tuple[Tensor, ...], Sequence[int]] | None:
        """The tensors, and `indices` themselves."""
        return self.tensors, indices


class Subset(Dataset[T]):
    """The samples of `dataset` at `indices`."""

    def __init__(self, dataset: Dataset[T], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, idx: int | list[int]) -> T:
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]  # pyright: ignore[reportArgumentType]  # may take a list
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list[int]) -> list[T]:
        """The samples at several indices at once."""
        rows = [self.indices[i] for i in indices]
        several = getattr(self.dataset, "__getitems__", None)
        if callable(several):
            return cast("list[T]", several(rows))
        return [self.dataset[row] for row in rows]

    def __len__(self) -> int:
        return len(self.indices)

    def tensors_and_rows(
        self, indices: Sequence[int]
    ) -> tuple[tuple[Tensor, ...], Sequence[int]] | None:
        """The tensors below, and the rows that `indices` of this subset are there."""
        below = getattr(self.dataset, "tensors_and_rows", None)
        if below is None:
            return None
        mine = self.indices
        return cast(
            "tuple[tuple[Tensor, ...], Sequence[int]] | None", below([mine[i] for i in indices])
        )


class ConcatDataset(Dataset[T]):
    """Datasets one after the other."""

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        for d in self.datasets:
            if isinstance(d, IterableDataset):
                raise AssertionError("ConcatDataset does not support IterableDataset")
        lengths = [len(cast(Sized, d)) for d in self.datasets]
        self.cumulative_sizes = list(itertools.accumulate(lengths))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: int) -> T:
        if idx < 0:
            if -idx > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            idx += len(self)
        at = bisect.bisect_right(self.cumulative_sizes, idx)
        before = self.cumulative_sizes[at - 1] if at else 0
        return self.datasets[at][idx - before]


class StackDataset(Dataset[tuple[object, ...] | dict[str, object]]):
    """Datasets of one length side by side: a sample is a tuple of theirs, or a dict where they are
    given by name.

    Raises: ValueError without datasets, for both kinds at once, for lengths that differ, and where
    a dataset's `__getitems__` answers with too few samples or too many.
    Source: torch.utils.data.StackDataset.
    """

    datasets: tuple[Dataset[object], ...] | dict[str, Dataset[object]]

    def __init__(self, *args: Dataset[object], **kwargs: Dataset[object]) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like "
                "input/output, but both types are given."
            )
        self.datasets = args or kwargs
        if not self.datasets:
            raise ValueError("At least one dataset should be passed")
        first, *others = [cast(Sized, d) for d in self._columns()]
        self._length = len(first)
        if any(len(other) != self._length for other in others):
            raise ValueError("Size mismatch between datasets")

    def _columns(self) -> Iterable[Dataset[object]]:
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def _row(self, samples: Iterable[object]) -> tuple[object, ...] | dict[str, object]:
        """One sample of each dataset, put together as they were given."""
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, samples, strict=True))
        return tuple(samples)

    def __getitem__(self, index: int) -> tuple[object, ...] | dict[str, object]:
        return self._row([d[index] for d in self._columns()])

    def __getitems__(self, indices: list[int]) -> list[tuple[object, ...] | dict[str, object]]:
        """The samples at several indices at once, asked of each dataset at once where it can."""
        columns: list[Sequence[object]] = []
        for dataset in self._columns():
            several = getattr(dataset, "__getitems__", None)
            if not callable(several):
                columns.append([dataset[i] for i in indices])
                continue
            columns.append(cast("Sequence[object]", several(indices)))
            if len(columns[-1]) != len(indices):
                raise ValueError(
                    f"Nested dataset's output size mismatch. Expected {len(indices)}, got "
                    f"{len(columns[-1])}"
                )
        return [self._row(samples) for samples in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


class ChainDataset(IterableDataset[T]):
    """Streams one after the other; a length only where each of them has one.

    Raises: AssertionError when it comes to what is no IterableDataset, not before.
    Source: torch.utils.data.ChainDataset.
    """

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = datasets

    def _streams(self) -> Iterator[IterableDataset[T]]:
        for d in self.datasets:
            if not isinstance(d, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield d

    def __iter__(self) -> Iterator[T]:
        return itertools.chain.from_iterable(self._streams())

    def __len__(self) -> int:
        return sum(len(cast(Sized, d)) for d in self._streams())


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[T]]:
    """`dataset` dealt at random into subsets of `lengths`, or of fractions that sum to 1.

    What fractions leave over goes to the first subsets, one sample each.
    """
    size = len(cast(Sized, dataset))
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        counts: list[int] = []
        for i, part in enumerate(lengths):
            if part < 0 or part > 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1")
            counts.append(math.floor(size * part))
        for i in range(size - sum(counts)):
            counts[i % len(counts)] += 1
        lengths = counts
        for i, count in enumerate(counts):
            if count == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.",
                    stacklevel=2,
                )
    if sum(lengths) != size:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = cast("list[int]", randperm(size, generator=generator).tolist())
    whole = [int(n) for n in lengths]
    ends = itertools.accumulate(whole)
    return [Subset(dataset, order[end - n : end]) for end, n in zip(ends, whole, strict=True)]


def items(dataset: IterableDataset[T]) -> Iterator[T]:
    """The stream of an iterable dataset."""
    return iter(dataset)
