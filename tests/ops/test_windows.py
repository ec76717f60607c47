"""Windows of images, and images of windows, against the definition."""

import itertools

import numpy as np
import pytest

from minitorch_np.ops.windows import Window, correlate, gathered, scattered, spread, weigh

WINDOWS = [
    Window((2, 3), (1, 1), (0, 0), (1, 1)),
    Window((2, 2), (2, 1), (1, 0), (1, 2)),
    Window((3, 1), (1, 3), (2, 1), (2, 1)),
    Window((1, 1), (1, 1), (0, 0), (1, 1)),
]
SIZE = (6, 7)


def grid(w: Window) -> tuple[int, ...]:
    numbers = zip(SIZE, w.kernel, w.stride, w.padding, w.dilation, strict=True)
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in numbers)


def pairs(w: Window):
    """(place in the window, place in the grid, place in the image) of all that is in the image."""
    for at in itertools.product(*map(range, w.kernel), *map(range, grid(w))):
        inner, outer = at[:2], at[2:]
        where = [
            o * s + i * d - p
            for o, s, i, d, p in zip(outer, w.stride, inner, w.dilation, w.padding, strict=True)
        ]
        if all(0 <= x < n for x, n in zip(where, SIZE, strict=True)):
            yield inner, outer, tuple(where)


@pytest.mark.parametrize("w", WINDOWS)
def test_gathering_and_scattering(w: Window) -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(2, 3, *SIZE))
    expected = np.zeros((2, 3, *w.kernel, *grid(w)))
    for inner, outer, where in pairs(w):
        expected[(..., *inner, *outer)] = a[(..., *where)]
    assert np.array_equal(gathered(a, w, grid(w)), expected)
    columns = rng.normal(size=expected.shape)
    image = np.zeros(a.shape)
    for inner, outer, where in pairs(w):
        image[(..., *where)] += columns[(..., *inner, *outer)]
    assert np.allclose(scattered(columns, w, SIZE), image)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("w", WINDOWS)
def test_products_are_one_another_s_transposes(w: Window, groups: int) -> None:
    rng = np.random.default_rng(1)
    a, weight = rng.normal(size=(3, 4, *SIZE)), rng.normal(size=(6, 4 // groups, *w.kernel))
    g = rng.normal(size=(3, 6, *grid(w)))
    product = np.sum(correlate(a, weight, None, w, groups, grid(w)) * g)
    assert np.isclose(product, np.sum(spread(g, weight, None, w, groups, SIZE) * a))
    assert np.isclose(product, np.sum(weigh(a, g, w, groups) * weight))


@pytest.mark.parametrize("outputs", [2, 40])
def test_both_ways_of_spreading(outputs: int) -> None:
    w = Window((3, 2), (1, 1), (1, 0), (1, 2))
    rng = np.random.default_rng(2)
    g, weight = rng.normal(size=(2, outputs, *grid(w))), rng.normal(size=(outputs, 3, *w.kernel))
    columns = np.einsum("nohw,ocij->ncijhw", g, weight)
    assert np.allclose(spread(g, weight, None, w, 1, SIZE), scattered(columns, w, SIZE))
