"""The gated linear unit: layouts, both derivatives, and what is refused."""

import pytest
import torch

from tests.oracle import FLOATING, LAYOUTS, same, sample


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_values_strides_and_derivatives(dim, layout):
    same(
        lambda torch, x: torch.nn.functional.glu(x, dim),
        sample(4, 6, 2, dtype=torch.float64, layout=layout),
        second=True,
    )


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
def test_dtypes(dtype):
    same(lambda torch, x: torch.nn.functional.glu(x), sample(3, 8, dtype=dtype))


@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 0), (0, 4), (2, 3)])
def test_sizes(shape):
    same(lambda torch, x: torch.nn.functional.glu(x), sample(*shape))


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool], ids=str)
def test_refused_dtypes(dtype):
    same(lambda torch, x: torch.nn.functional.glu(x), sample(4, dtype=dtype))
    same(lambda torch, x: torch.nn.functional.glu(x, 5), sample(2, 4))


def test_module():
    same(lambda torch, x: [repr(torch.nn.GLU()), torch.nn.GLU(0)(x)], sample(2, 4))
