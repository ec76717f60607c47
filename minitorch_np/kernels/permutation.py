"""Fisher-Yates: a permutation from as many random words as it makes swaps."""

import numpy as np

from .compiler import Indices, jit
from .compiler import build as build_all

Words = np.ndarray[tuple[int], np.dtype[np.uint64]]


@jit
def shuffle(draws: Words, order: Indices) -> None:
    """Swaps each place of `order` with one of those from it on: `draws` modulo their number."""
    n = order.size
    for i in range(draws.size):
        j = i + np.int64(draws[i] % np.uint64(n - i))
        order[i], order[j] = order[j], order[i]


def build() -> None:
    """Compile everything here."""
    build_all(globals())
