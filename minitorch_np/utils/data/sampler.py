"""Samplers: in which order a loader visits the indices. Source: torch/utils/data/sampler.py."""

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Generic, TypeVar, cast

from minitorch_np.dtypes import float64, int64
from minitorch_np.ops.creation import empty
from minitorch_np.ops.from_data import as_tensor
from minitorch_np.ops.random_creation import randint, randperm
from minitorch_np.ops.sampling import multinomial
from minitorch_np.random import Generator
from minitorch_np.tensor import Tensor

__all__ = [
    "BatchSampler", "RandomSampler", "Sampler", "SequentialSampler", "SubsetRandomSampler",
    "WeightedRandomSampler", "drawn_seed",
]  # fmt: skip

T = TypeVar("T", covariant=True)


def drawn_seed(generator: Generator | None) -> int:
    """A seed drawn as PyTorch draws one: a 63-bit integer from `generator`, or the default one."""
    return int(empty((), dtype=int64).random_(generator=generator).item())


def _listed(indices: Tensor) -> list[int]:
    return cast("list[int]", indices.tolist())


class Sampler(Generic[T]):
    """An iterable of indices, or of batches of them."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """Every index in order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Every index once in random order, or `num_samples` drawn with replacement.

    Without a generator, one is seeded by a draw from the default one, so that the order follows
    from `manual_seed` as PyTorch's does.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(
                "num_samples should be a positive integer value, but got "
                f"num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """How many indices one pass gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        # Not `yield from`: a chain hands out each index without waking a generator for it.
        return itertools.chain.from_iterable(map(_listed, self.runs()))

    def runs(self) -> Iterator[Tensor]:
        """The indices in the runs that PyTorch draws: 32 with replacement, else a permutation."""
        n = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(drawn_seed(None))
        block = 32 if self.replacement else n
        whole, rest = divmod(self.num_samples, block)
        for size in [block] * whole + [rest]:
            if self.replacement:
                drawn = randint(0, n, (size,), generator=generator)
            elif size or self.generator is not None:
                drawn = randperm(n, generator=generator)  # drawn even for no rest: it moves on
            else:
                return  # nobody sees where this pass's own generator ends
            yield drawn[:size]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        order = cast("list[int]", randperm(len(self.indices), generator=self.generator).tolist())
        for i in order:
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """`num_samples` indices, each drawn with the weight it has in `weights`.

    Weights need not sum to 1. With replacement unless told otherwise; without, at most as many as
    there are weights above 0. A pass draws when its first index is asked for, from `generator` or
    the default one.
    Raises: ValueError for a num_samples, replacement or shape of weights that is none; what
    `multinomial` raises, when drawing.
    Source: torch.utils.data.WeightedRandomSampler.
    """

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={num_samples}"
            )
        if not isinstance(replacement, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise ValueError(
                "weights should be a 1d sequence but given weights have shape "
                f"{tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        )
        yield from cast("list[int]", drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Runs of `batch_size` indices of another sampler; a short last one unless `drop_last`."""

    def __init__(
        self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool
    ) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(
                f"batch_size should be a positive integer value, but got batch_size={batch_size}"
            )
        if not isinstance(drop_last, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(cast(Sized, self.sampler)), self.batch_size)
        return whole if self.drop_last or not rest else whole + 1
