"""lerp, addcmul and addcdiv against torch."""

import itertools

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample


@pytest.mark.parametrize("weight", [0, 0.3, 0.5, 0.8, 1, -1.5])
def test_lerp(weight):
    for layout in LAYOUTS:
        same(
            lambda t, x, y: t.lerp(x, y, weight),
            sample(2, 3, 4, layout=layout),
            sample(2, 3, 4, seed=1),
            second=True,
        )
    for dtype in DTYPES:
        same(
            lambda t, x, y: x.lerp(y, weight),
            sample(5, dtype=dtype),
            sample(5, dtype=dtype, seed=1),
        )
        same(
            lambda t, x, y: t.lerp(x, y, x), sample(5, dtype=dtype), sample(5, dtype=dtype, seed=1)
        )
    same(lambda t, x, y: (x * 1).lerp_(y, weight), sample(2, 3), sample(3), second=True)


def test_lerp_of_tensors():
    same(
        lambda t, x, y, w: t.lerp(x, y, w),
        sample(2, 3),
        sample(3, seed=1),
        sample(2, 1, seed=2),
        second=True,
    )
    same(lambda t, x, y: t.lerp(x, y, 0.5), sample(3), sample(3, dtype=torch.float64))
    same(lambda t, x, y: t.lerp(x, x, y), sample(3), sample(3, dtype=torch.float64))


@pytest.mark.parametrize("op", ["addcmul", "addcdiv"])
@pytest.mark.parametrize("value", [1, 2, -0.5, 0])
def test_fused(op, value):
    def f(t, x, y, z):
        return getattr(t, op)(x, y, z, value=value)

    for one, other in itertools.product(LAYOUTS, LAYOUTS):
        same(
            f,
            sample(2, 3, 4, layout=one),
            sample(2, 3, 4, layout=other, seed=1),
            sample(2, 3, 4, low=0.5, seed=2),
        )
    same(f, sample(2, 3), sample(3, seed=1), sample(2, 1, low=0.5, seed=2), second=True)
    for dtype in DTYPES:
        loose = {torch.float16: (4e-3, 4e-3), torch.bfloat16: (3e-2, 3e-2)}.get(dtype)
        z = (
            sample(5, dtype=dtype, low=0.5, seed=2)
            if dtype.is_floating_point
            else torch.ones(5).to(dtype)
        )
        same(f, sample(5, dtype=dtype), sample(5, dtype=dtype, seed=1), z, tol=loose)
        same(f, sample(5), sample(5, dtype=dtype, seed=1), z)
    same(
        lambda t, x, y, z: getattr(x * 1, f"{op}_")(y, z, value=value),
        sample(2, 3),
        sample(3),
        sample(3, low=0.5),
    )
    same(f, sample(2), sample(3), sample(4))


def test_a_number_as_weight_is_not_freed() -> None:
    def twice(torch, x, y, weight):
        out = torch.lerp(x, y, weight)
        for _ in range(2):
            out.backward(torch.ones(3))
        return x.grad, out.grad_fn._saved_weight

    same(twice, sample(3), sample(3, seed=1), 0.3)
    same(twice, sample(3), sample(3, seed=1), sample(3, seed=2))
