"""Normalisation of small tensors by compiled loops: the bits are those of NumPy's functions."""

import itertools
from typing import Any

import numpy as np
import pytest

import minitorch_np
from minitorch_np import kernels
from minitorch_np.nn import functional as F

SHAPES = [(1, 1), (5, 1), (1, 9, 7), (3, 2, 128), (2, 2, 129), (4, 1, 33), (3, 5), (2, 3, 5, 6)]


def arrays(shape: tuple[int, ...], count: int, each: tuple[int, ...]) -> list[Any]:
    """One whose sums depend on their order, with zeros of both signs, inf and nan; and others."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=shape) * 10.0 ** rng.integers(-9, 9, size=shape)
    a -= np.flip(a, -1)  # so that of its sums little but the rounding is left
    a[-1, -1] = [np.nan, np.inf, -0.0, 1.0][len(shape) % 4]
    made = [a, *[rng.uniform(0.5, 2, size=each) for _ in range(count)]]
    return [minitorch_np.tensor(x, dtype=minitorch_np.float32) for x in made]


def bits(t: Any) -> tuple[object, ...]:
    a = t.detach().numpy()
    return t.shape, t.stride(), np.where(np.isnan(a), np.float32(np.nan), a).tobytes()


def both_ways(monkeypatch: pytest.MonkeyPatch, f: Any) -> None:
    """Both before compiled code is loaded and afterwards, the first time and the next."""
    _ = kernels.compiler  # which loads it
    monkeypatch.setattr(kernels, "waiting", [print])
    before = f()
    monkeypatch.setattr(kernels, "waiting", [])
    assert f() == f() == before


@pytest.mark.parametrize("given", list(itertools.product((True, False), repeat=2)))
@pytest.mark.parametrize("shape", SHAPES)
def test_rows(
    shape: tuple[int, ...], given: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, *values = arrays(shape, 2, shape[1:])
    w, b = (t if some else None for t, some in zip(values, given, strict=True))
    outs = minitorch_np.native_layer_norm
    both_ways(monkeypatch, lambda: [bits(t) for t in outs(x, shape[1:], w, b, 1e-5)])


@pytest.mark.parametrize("given", list(itertools.product((True, False), repeat=3)))
@pytest.mark.parametrize("shape", SHAPES)
def test_batches(
    shape: tuple[int, ...], given: tuple[bool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, *values = arrays(shape, 4, shape[1:2])
    w, b = (t if some else None for t, some in zip(values[:2], given[:2], strict=True))

    def f() -> list[Any]:
        running = [t.clone() for t in values[2:]] if given[2] else [None, None]
        outs = minitorch_np.native_batch_norm(x, w, b, *running, True, 0.3, 1e-5)
        return [bits(t) for t in [*outs, *running] if t is not None]

    both_ways(monkeypatch, f)


def test_layouts_and_channels_without_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w, b = arrays((2, 3, 4, 5), 2, (3,))
    for t in (x, x.contiguous(memory_format=minitorch_np.channels_last), x.mT, x[:, :, 1:], x[:1]):
        both_ways(monkeypatch, lambda t=t: bits(F.batch_norm(t, None, None, w, b, True)))
        both_ways(monkeypatch, lambda t=t: bits(F.layer_norm(t, t.shape[2:])))
    same = minitorch_np.ones(3, 2)
    norm = minitorch_np.native_batch_norm
    both_ways(monkeypatch, lambda: bits(norm(same, None, None, None, None, True, 0.1, 0.0)[2]))
