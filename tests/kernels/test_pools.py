"""The loops of pooling against NumPy's windows."""

import itertools

import numpy as np
import pytest

import minitorch_np
from minitorch_np import kernels
from minitorch_np.nn import functional as F

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
    window = np.array((*size, height, width, *kernel, *stride, *padding, *dilation), np.int64)
    kernels.pools.largest(a.ravel(), best.ravel(), index.ravel(), window)
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


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("size, kernel, stride, padding, dilation", CASES)
def test_few_elements_are_pooled_the_same_once_compiled_code_is_loaded(
    size, kernel, stride, padding, dilation, ceil_mode, monkeypatch
) -> None:
    a = np.random.default_rng(1).normal(size=(2, 3, *size)).astype(np.float32)
    a[0, 1], a[1, 0], a[1, 1, 2:4, 3], a[1, 2] = -0.0, -np.inf, np.nan, 1
    x = minitorch_np.from_numpy(a)
    _ = kernels.compiler  # which loads it
    found = []
    for waiting in ([print], []):
        monkeypatch.setattr(kernels, "waiting", waiting)
        now = list(F.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode, True))
        averaged = itertools.product((True, False), (None, 7, -3)) if max(padding) < 2 else ()
        now += [F.avg_pool2d(x, kernel, stride, padding, ceil_mode, *rest) for rest in averaged]
        found.append([(t.shape, t.stride(), t.numpy().tobytes()) for t in now])
    assert found[0] == found[1]
