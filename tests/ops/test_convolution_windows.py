"""Windows copied out by loops against NumPy's views of them, and convolutions of channels that lie
side by side against torch."""

import numpy as np
import pytest
import torch

from minitorch_np.dtypes import bfloat16
from minitorch_np.kernels.large import MANY, loop
from minitorch_np.ops.windows import Window, bits, gathered, turned
from tests.oracle import same, sample

WINDOWS = [
    ((9,), Window((3,), (1,), (0,), (1,))),
    ((21,), Window((4,), (3,), (5,), (2,))),
    ((5, 40), Window((3, 3), (1, 1), (1, 1), (1, 1))),
    ((7, 13), Window((2, 5), (2, 1), (1, 4), (3, 2))),
    ((3, 2), Window((1, 6), (1, 4), (0, 9), (1, 3))),  # some see nothing but zeros
    ((4, 5, 19), Window((2, 3, 3), (1, 2, 1), (1, 0, 2), (2, 1, 1))),
]
DTYPES = [np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.float16), bfloat16.np]


def grid_of(size: tuple[int, ...], w: Window) -> tuple[int, ...]:
    """The places where a window stops in an image of this size."""
    each = zip(size, *w, strict=True)
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in each)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("size, w", WINDOWS)
def test_windows_are_copied_whole(size: tuple[int, ...], w: Window, dtype: np.dtype) -> None:
    grid, random = grid_of(size, w), np.random.default_rng(3)
    for channels in (1, 3, 8, 19):
        a = random.standard_normal((2, channels, *size)).astype(dtype)
        expected = np.ascontiguousarray(gathered(a, w, grid))
        columns = np.full(expected.shape, np.nan, dtype)
        loop("windows.columns", bits(a).dtype)(bits(a), bits(columns), w.numbers(size, grid))
        assert columns.tobytes() == expected.tobytes()
        dims = len(size)
        order = 0, *range(2 + dims, 2 + 2 * dims), *range(2, 2 + dims), 1
        expected = np.ascontiguousarray(expected.transpose(order))
        rows, images = np.full(expected.shape, np.nan, dtype), np.ascontiguousarray(turned(a))
        numbers = w.numbers(size, grid)
        loop("windows.rows", bits(a).dtype)(bits(images), bits(rows), numbers, channels)
        assert rows.tobytes() == expected.tobytes()


SETTINGS = [
    ((1, 1), (1, 1), (0, 0), (1, 1)),
    ((3, 3), (1, 1), (1, 1), (1, 1)),
    ((3, 2), (2, 1), (0, 3), (1, 2)),
    ((1, 4), (1, 2), (2, 1), (3, 1)),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("outputs, groups", [(6, 1), (4, 4), (8, 4), (4, 2)])
@pytest.mark.parametrize("kernel, stride, padding, dilation", SETTINGS)
def test_channels_side_by_side(
    kernel, stride, padding, dilation, outputs: int, groups: int, dtype: torch.dtype
) -> None:
    def convolved(t, x, w, b):
        x = x.contiguous(memory_format=t.channels_last)
        return t.nn.functional.conv2d(x, w, b, stride, padding, dilation, groups)

    def transposed(t, x, w, b):
        x = x.contiguous(memory_format=t.channels_last)
        f = t.nn.functional.conv_transpose2d
        return f(x, w, b, stride, padding, 0, groups, dilation)

    there, back = (outputs, 4 // groups, *kernel), (4, outputs // groups, *kernel)
    for height, width in ((7, 9), (19, 42)):
        x, bias = sample(2, 4, height, width, dtype=dtype), sample(outputs, dtype=dtype)
        same(convolved, x, sample(*there, dtype=dtype), bias, tol=(1e-4, 1e-4))
        same(transposed, x, sample(*back, dtype=dtype), bias, tol=(1e-4, 1e-4))


def test_what_is_compared_is_large_enough() -> None:
    assert MANY <= 2 * 4 * 19 * 42
