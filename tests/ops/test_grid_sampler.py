"""Images sampled at points against PyTorch: modes, borders, layouts, derivatives, refusals."""

from typing import Any

import pytest
import torch

from minitorch_np import kernels
from minitorch_np.kernels.cpu import has
from tests.oracle import DTYPES, LAYOUTS, same, sample

LOOSE = (2e-5, 2e-5)
"""Of second derivatives in float32: sums of products of weights, made in another order."""


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_modes(mode: str, padding: str, align: bool) -> None:
    def run(torch: Any, x: Any, grid: Any) -> Any:
        return torch.nn.functional.grid_sample(x, grid, mode, padding, align)

    for dtype in (torch.float64, torch.float32):
        tol = LOOSE if dtype is torch.float32 else None
        x, grid = sample(2, 3, 4, 5, dtype=dtype), sample(2, 3, 4, 2, dtype=dtype, seed=3)
        same(run, x, grid, second=True, tol=tol)
        same(run, x.detach(), grid, second=True, tol=tol)
        same(run, x, grid.detach(), second=True, tol=tol)
        x, grid = sample(1, 2, 3, 4, 3, dtype=dtype), sample(1, 2, 3, 2, 3, dtype=dtype, seed=3)
        same(run, x, grid, second=True, tol=tol)
        for shape in ((1, 2, 1, 1), (2, 0, 3, 3), (0, 2, 3, 3)):
            at = sample(shape[0], 3, 4, 2, dtype=dtype)
            same(run, sample(*shape, dtype=dtype), at, tol=tol)


@pytest.mark.parametrize("layout", [*LAYOUTS, "channels_last"])
def test_layouts(layout: str) -> None:
    x, grid = sample(2, 3, 4, 5, layout=layout), sample(2, 3, 4, 2, layout=layout, high=1, low=-1)
    for mode in ("bilinear", "nearest", "bicubic"):

        def run(torch: Any, x: Any, grid: Any, mode: str = mode) -> Any:
            return torch.nn.functional.grid_sample(x, grid, mode, align_corners=False)

        same(run, x, grid, tol=LOOSE)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    tol = {2: (2e-2, 2e-2)}.get(dtype.itemsize)
    for shape, points in (((2, 3, 4, 5), (2, 3, 4, 2)), ((1, 2, 3, 4, 3), (1, 2, 2, 2, 3))):
        x, grid = sample(*shape, dtype=dtype, grad=False), sample(*points, dtype=dtype, grad=False)
        for mode in (0, 1, 2):
            same(lambda torch, x, g, m=mode: torch.grid_sampler(x, g, m, 0, True), x, grid, tol=tol)


def test_refused() -> None:
    x, g = sample(2, 3, 4, 5), sample(2, 3, 4, 2)
    space = sample(2, 3, 4, 2, 3)

    def run(torch: Any, x: Any, g: Any) -> Any:
        return torch.nn.functional.grid_sample(x, g, align_corners=False)

    for a, b in (
        (x, space), (x, g[:1]), (x, g[..., :1]), (x, g.double()), (x[:, :, :0], g), (x[0], g),
        (x.sum(), g), (x, g[:, :0]),
    ):  # fmt: skip
        same(run, a.detach(), b.detach())
    same(lambda torch, x, g: torch.grid_sampler_2d(x, g, 0, 0, False), sample(2, 3, 4, 5, 6), space)
    same(lambda torch, x, g: torch.grid_sampler_3d(x, g, 0, 0, False), x, g)
    for mode, padding in (("foo", "zeros"), ("nearest", "foo")):
        same(
            lambda torch, x, g, m=mode, p=padding: torch.nn.functional.grid_sample(x, g, m, p), x, g
        )
    same(lambda torch, x, g: torch.nn.functional.grid_sample(x, g), x, g)


def test_affine_grids() -> None:
    flat, deep = sample(2, 2, 3), sample(2, 3, 4)
    sizes: list[tuple[int, ...]] = [
        (2, 3, 4, 5), (1, 3, 4, 5), (2, 3, 4), (2, 3, 0, 5), (2, 0, 4, 5), (2, 3, 1, 1),
        (2, 3, 1, 4), (2, 3, 4, 5, 6),
    ]  # fmt: skip
    for size in sizes:
        for align in (True, False, None):
            for theta in (flat, deep):
                same(
                    lambda torch, t, s=size, a=align: torch.nn.functional.affine_grid(t, s, a),
                    theta, second=True,
                )  # fmt: skip
        same(lambda torch, t, s=size: torch.affine_grid_generator(t, s, False), flat)
    for dtype in DTYPES:
        theta = sample(2, 2, 3, dtype=dtype)
        same(lambda torch, t: torch.affine_grid_generator(t, (2, 3, 4, 5), False), theta)
        same(lambda torch, t: torch.nn.functional.affine_grid(t, (2, 3, 4, 5), False), theta)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_compiled_loops(mode: str) -> None:
    def run(torch: Any, x: Any, grid: Any) -> Any:
        return torch.nn.functional.grid_sample(x, grid, mode, align_corners=False)

    for shape, points in (((2, 5, 24, 30), (2, 20, 25, 2)), ((2, 4, 9, 8, 10), (2, 8, 9, 8, 3))):
        x, grid = sample(*shape), sample(*points, low=-1.1, high=1.1, seed=2)
        same(run, x, grid, tol=(1e-4, 1e-4))


@pytest.mark.skipif(not has("fma"), reason="PyTorch's vectors round products and sums together")
@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("mode", [0, 1, 2])
def test_compiled_loops_have_the_bits_of_pytorch(mode: int, padding: int, align: bool) -> None:
    _ = kernels.compiler  # loaded, loops walk few elements as well

    def run(torch: Any, x: Any, grid: Any) -> Any:
        return torch.grid_sampler_2d(x, grid, mode, padding, align)

    reach = 6.0 if padding == 2 else 1.4
    for dtype in (torch.float32, torch.float64):
        for shape, points in (
            ((2, 3, 6, 5), (2, 3, 5, 2)), ((2, 3, 24, 30), (2, 11, 13, 2)),
            ((2, 3, 1, 1), (2, 3, 5, 2)),
        ):  # fmt: skip
            x = sample(*shape, dtype=dtype)
            grid = sample(*points, dtype=dtype, low=-reach, high=reach, seed=2)
            same(run, x.detach().transpose(2, 3).requires_grad_(), grid, tol=(0, 0))
            same(run, x, grid.detach(), tol=(0, 0))
            # of points alone torch has another function, which rounds cubes in its own way
            same(run, x.detach(), grid, tol=(1e-4, 1e-4) if mode == 2 else (0, 0))


@pytest.mark.parametrize("mode", [0, 1])
def test_points_and_elements_that_are_no_numbers(mode: int) -> None:
    """Nan and infinity in images stay where they are; a point at nan is nowhere."""
    _ = kernels.compiler

    def run(torch: Any, x: Any, grid: Any, padding: int) -> Any:
        return torch.grid_sampler_2d(x, grid, mode, padding, False)

    x, grid = sample(1, 2, 5, 6, grad=False), sample(1, 9, 9, 2, low=-1.5, high=1.5, grad=False)
    x[0, 0, 0, 0], x[0, 1, 2, 3] = float("inf"), float("nan")
    for padding in (0, 1, 2):
        same(run, x, grid, padding)
    grid[0, 0, 0, 0], grid[0, 1, 1, 1], grid[0, 2, 2] = float("nan"), float("inf"), 1e30
    same(run, x, grid, 0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_half_types_round_step_by_step(dtype: torch.dtype, padding: int) -> None:
    """Samples of volumes, their gradients and those of flat grids: to the last bit."""
    for align in (False, True):
        x, grid = sample(2, 3, 4, 4, 4, dtype=dtype), sample(2, 3, 2, 2, 3, dtype=dtype, seed=1)
        f = lambda t, x, g, a=align: t.grid_sampler_3d(x, g, 0, padding, a)  # noqa: E731
        same(f, x, grid, tol=(0, 0))
        x, grid = sample(2, 3, 4, 4, dtype=dtype, grad=False), sample(2, 3, 2, 2, dtype=dtype)
        same(lambda t, x, g, a=align: t.grid_sampler_2d(x, g, 0, padding, a), x, grid, tol=(0, 0))


@pytest.mark.parametrize("padding", [1, 2])
def test_reflected_half_types_have_no_second_derivative(padding: int) -> None:
    def twice(t: Any, x: Any, grid: Any) -> Any:
        y = t.grid_sampler_2d(x, grid, 0, padding, False)
        first = t.autograd.grad(y.sum(), (x, grid), create_graph=True)
        return t.autograd.grad(first[1].sum(), (x, grid))[0].shape

    half = torch.float16
    same(twice, sample(1, 2, 4, 4, dtype=half), sample(1, 2, 2, 2, dtype=half, seed=1))
