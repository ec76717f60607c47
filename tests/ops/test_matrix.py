"""trace, cross and QR against torch."""

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_trace_dtypes(dtype: torch.dtype) -> None:
    same(lambda t, x: t.trace(x), sample(3, 4, dtype=dtype), tol=(2e-2, 2e-2))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_trace(layout: str) -> None:
    for shape in [(3, 3), (2, 4), (4, 2), (1, 1), (0, 2)]:
        same(lambda t, x: x.trace(), sample(*shape, layout=layout), second=True)


def test_trace_errors() -> None:
    for shape in [(3,), (), (2, 2, 2)]:
        same(lambda t, x: t.trace(x), sample(*shape))


@pytest.mark.parametrize("dim", [0, -1, 1, None])
def test_cross(dim: int | None) -> None:
    shapes = [(3, 3), (2, 3), (3, 2, 3), (3,), (2, 2)]
    for a, b in [*zip(shapes, shapes, strict=True), ((1, 3), (2, 3)), ((3,), (1, 3))]:
        same(lambda t, x, y: t.cross(x, y, dim), sample(*a), sample(*b, seed=1), second=True)
        if dim is not None:
            same(lambda t, x, y: t.linalg.cross(x, y, dim=dim), sample(*a), sample(*b, seed=1))


@pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (1, 1), (2, 4, 3), (5, 1), (1, 5)])
def test_qr(mode: str, shape: tuple[int, ...]) -> None:
    for layout in LAYOUTS:
        for dtype in (torch.float32, torch.float64):
            x = sample(*shape, layout=layout, dtype=dtype, grad=False)
            same(lambda t, x: t.linalg.qr(x, mode), x, tol=(1e-4, 1e-5))


def test_qr_special() -> None:
    same(lambda t, x: t.linalg.qr(x), torch.eye(3))
    same(lambda t, x: t.linalg.qr(x), -torch.eye(3))
    same(lambda t, x: t.linalg.qr(x), sample(3))
    same(lambda t, x: t.linalg.qr(x, "some"), sample(3, 3))
    same(lambda t, x: t.linalg.qr(x), torch.ones(2, 2).int())
    x = sample(200, 50, grad=False)
    same(lambda t, x: t.linalg.qr(x), x, tol=(1e-3, 1e-5))


def test_flat_diagonals():
    x = sample(2, 3)
    for offset in (0, 1, -2):
        same(lambda torch, x, o=offset: torch.diagflat(x, o), x, second=True)
    same(lambda torch, x: x.t().diagflat(), x)
    same(lambda torch, x: torch.diagflat(x.sum()), x)


def test_powers():
    x = sample(2, 3, dtype=torch.float64)
    same(lambda torch, x: torch.linalg.vander(x), x, second=True)
    same(lambda torch, x: torch.linalg.vander(x, N=2), x)
    same(lambda torch, x: torch.linalg.vander(x[0, 0], N=3), x)
    same(lambda torch, x: torch.linalg.vander(x.long()), x.detach() * 3)
    same(lambda torch, x: torch.linalg.vander(x, N=1), x)
    same(lambda torch, x: torch.linalg.vander(x.half()), x)
    same(lambda torch, x: torch.linalg.vander(x > 0), x)


def test_rows_of_powers() -> None:
    x = sample(4, dtype=torch.float64)
    for n, increasing in ((None, False), (3, True), (6, False), (2, True), (1, False), (0, True)):
        same(lambda torch, x, n=n, i=increasing: torch.vander(x, n, i), x, second=True)
    for dtype in (torch.bool, torch.uint8, torch.int32, torch.float16, torch.bfloat16):
        same(lambda torch, x: torch.vander(x), (x.detach() * 3).abs().to(dtype))
    same(lambda torch, x: torch.vander(x[:0]), x)
    for call in (
        lambda torch, x: torch.vander(x, -1),
        lambda torch, x: torch.vander(x.view(2, 2)),
        lambda torch, x: torch.vander(x, 2.0),
        lambda torch, x: torch.vander(x, N=2, increasing=1),
    ):
        same(call, x)
