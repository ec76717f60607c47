"""The loops over planes against products of all windows with their filters."""

import numpy as np
import pytest

from minitorch_np import kernels

CASES = [
    ((9, 8), (3, 2), (1, 1), (1, 1)),
    ((9, 20), (2, 3), (2, 1), (1, 2)),
    ((12, 11), (1, 2), (1, 3), (2, 1)),
]


@pytest.mark.parametrize("each", [1, 3])
@pytest.mark.parametrize("size, kernel, stride, dilation", CASES)
def test_both_loops(size, kernel, stride, dilation, each) -> None:
    rng = np.random.default_rng(0)
    numbers = zip(size, kernel, stride, dilation, strict=True)
    grid = tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in numbers)
    a = rng.normal(size=(2, 4, *size)).astype(np.float32)
    filters = rng.normal(size=(4 * each, *kernel)).astype(np.float32)
    g = rng.normal(size=(2, 4 * each, *grid)).astype(np.float32)
    expected, shares = np.ones(g.shape), np.ones(filters.shape)
    planes = np.repeat(a, each, 1)
    for i, j in np.ndindex(*kernel):
        part = planes[
            :, :, i * dilation[0] :: stride[0], j * dilation[1] :: stride[1]
        ][:, :, : grid[0], : grid[1]]  # fmt: skip
        expected += part * filters[:, i, j][:, None, None]
        shares[:, i, j] += (part * g).sum((0, 2, 3))
    sizes = np.array((*size, *grid), np.int64)
    window = np.array((*kernel, *stride, *dilation), np.int64)
    out = np.ones(g.shape, np.float32)
    numbers = sizes, window, each
    planes = out.shape[0] * out.shape[1]
    kernels.depthwise.correlate(a.ravel(), filters.ravel(), out.ravel(), *numbers, 0, planes)
    assert np.allclose(out, expected, atol=1e-4)
    found = np.ones(filters.shape, np.float32)
    kernels.depthwise.weigh(a.ravel(), g.ravel(), found.ravel(), *numbers, 0, len(filters))
    assert np.allclose(found, shares, atol=1e-3)
