"""probability.py, and special.erfcx, against PyTorch: tails, limits, zeros times infinities."""

import pytest
import torch

from tests.oracle import same

INF, NAN = float("inf"), float("nan")
EDGES = [0.0, -0.0, 0.46, -0.46, 0.5, 4.0, 4.1, -6.2, -26.0, -27.0, 30.0, 60.0, 1e10, 1e200]
EDGES += [-1.0, -1.0001, -40.0, -1e5, INF, -INF, NAN]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", ["erfcx", "ndtr", "log_ndtr", "entr"])
def test_tails(name, dtype):
    x = torch.cat([torch.tensor(EDGES).to(dtype), torch.linspace(-12, 12, 97, dtype=dtype)])
    # of float32, exp(x * x) magnifies what x * x lost
    tol = (2e-5, 1e-5) if dtype is torch.float32 else None
    same(lambda torch, x: getattr(torch.special, name)(x), x, tol=tol)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_quantiles(dtype):
    some = [0.0, 1.0, -0.1, 1.1, NAN, 0.5, 0.1353, 0.1354, 0.8647, 1e-14, 1e-30, 0.999999]
    x = torch.tensor(some, dtype=dtype)
    same(lambda torch, x: torch.special.ndtri(x), x)
    same(lambda torch, x: torch.special.ndtri(x), torch.rand(50).to(dtype).requires_grad_())


def test_zero_times_what_is_not_finite():
    x, y = torch.meshgrid(
        torch.tensor([0.0, 1.0, -2.0, NAN]),
        torch.tensor([-2.0, -1.0, 0.0, INF, NAN]),
        indexing="ij",
    )
    same(lambda torch, x, y: torch.special.xlog1py(x, y), x, y.clone().requires_grad_())
    same(lambda torch, x: torch.special.xlog1py(x, -1), x.clone().requires_grad_())
    same(lambda torch, x: torch.special.xlog1py(x, 0.5), x.clone().requires_grad_())
    same(lambda torch, y: torch.special.xlog1py(0, y), y.clone().requires_grad_())


def test_refusals():
    x = torch.rand(3)
    same(lambda torch: torch.special.xlog1py(2, 3.0))
    for name in ("ndtri", "log_ndtr", "erfcx"):
        same(lambda torch, x, n=name: getattr(torch.special, n)(x.half()), x)
    same(lambda torch, x: torch.special.ndtr(x, out=torch.zeros(3, dtype=torch.int64)), x)
    same(lambda torch, x: torch.special.ndtr(x, out=torch.zeros(2)), x)
