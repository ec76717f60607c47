"""The loop of max pooling against NumPy's windows."""

import numpy as np
import pytest

from minitorch_np import kernels

CASES = [
    ((9, 8), (2, 2), (2, 2), (0, 0), (1, 1)),
    ((9, 8), (3, 2), (1, 2), (1, 1), (1, 1)),
    ((7, 11), (2, 3), (2, 1), (1, 2), (2, 2)),
]


@pytest.mark.parametrize("size, kernel, stride, padding, dilation", CASES)
def test_largest(size, kernel, stride, padding, dilation) -> None:
    a = np.random.default_rng(0).normal(size=(5, *size)).astype(np.float32)
    a[1, 2:4, 3] = np.nan
    a[2] = -np.inf
    a[3] = 1
    numbers = list(zip(size, kernel, stride, padding, dilation, strict=True))
    height, width = ((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in numbers)
    best = np.empty((5, height, width), np.float32)
    index = np.empty(best.shape, np.int64)
    arrays = [np.array(x, np.int64) for x in (kernel, stride, padding, dilation)]
    kernels.pools.largest(a.ravel(), best.ravel(), index.ravel(), *size, height, width, *arrays)
    for plane, row, column in np.ndindex(best.shape):
        rows, columns = (
            [at for i in range(k) if 0 <= (at := o * s - p + i * d) < n]
            for o, (n, k, s, p, d) in zip((row, column), numbers, strict=True)
        )
        places = [(h, w) for h in rows for w in columns]
        values = [a[plane, h, w] for h, w in places]
        unordered = [i for i, v in enumerate(values) if np.isnan(v)]
        first = unordered[-1] if unordered else int(np.argmax(values))
        h, w = places[first]
        assert index[plane, row, column] == h * size[1] + w
        assert np.array_equal(best[plane, row, column], values[first], equal_nan=True)
