"""Fisher-Yates: a permutation from as many random words as it makes swaps."""

from typing import Any

import numpy as np

from .compiler import jit

Words = np.ndarray[tuple[int], np.dtype[np.uint64]]
Order = np.ndarray[tuple[int], np.dtype[Any]]


@jit
def shuffle(draws: Words, order: Order) -> None:
    """Swaps each place of `order` with one of those from it on: `draws` modulo their number."""
    n = order.size
    for i in range(draws.size):
        j = i + np.int64(draws[i] % np.uint64(n - i))
        order[i], order[j] = order[j], order[i]


def build() -> None:
    """Compile everything here."""
    shuffle(np.zeros(1, np.uint64), np.arange(2))
