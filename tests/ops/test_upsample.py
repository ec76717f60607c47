"""Images of another size against PyTorch: modes, sizes and factors, dtypes, layouts, refusals."""

from typing import Any

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample

HALF = {torch.float16: (4e-3, 4e-3), torch.bfloat16: (3e-2, 3e-2)}
"""PyTorch rounds weights or sums of half types here and there; ours are rounded once."""

MODES = [
    ("nearest", 1), ("nearest", 2), ("nearest", 3), ("nearest-exact", 1), ("nearest-exact", 2),
    ("nearest-exact", 3), ("linear", 1), ("bilinear", 2), ("bicubic", 2), ("trilinear", 3),
]  # fmt: skip
WAYS: list[dict[str, Any]] = [
    {"size": 3}, {"size": 9}, {"size": 1}, {"size": 5}, {"size": 10}, {"scale_factor": 1.7},
    {"scale_factor": 0.6}, {"scale_factor": 3.0, "recompute_scale_factor": True},
    {"scale_factor": 1.3, "recompute_scale_factor": True}, {"scale_factor": 0.1}, {"size": 0},
    {"size": -1}, {"scale_factor": -1.0}, {"size": 3, "scale_factor": 2.0}, {},
    {"size": 3, "recompute_scale_factor": True}, {"size": [3] * 4}, {"scale_factor": [2.0] * 4},
    {"size": 4, "antialias": True}, {"size": 4, "align_corners": True},
    {"scale_factor": 1.7, "align_corners": True}, {"size": 1, "align_corners": True},
]  # fmt: skip


@pytest.mark.parametrize("mode, dims", MODES)
@pytest.mark.parametrize("nr", range(len(WAYS)))
def test_ways(mode: str, dims: int, nr: int) -> None:
    def run(torch: Any, x: Any) -> Any:
        return torch.nn.functional.interpolate(x, mode=mode, **WAYS[nr])

    same(run, sample(2, 3, *(5, 4, 3)[:dims]), second=True)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_antialiased(mode: str) -> None:
    for way in WAYS:

        def run(torch: Any, x: Any, way: Any = way) -> Any:
            given = {"antialias": True, **way}
            return torch.nn.functional.interpolate(x, mode=mode, **given)

        same(run, sample(2, 3, 12, 7), second=True)
    same(lambda torch, x: torch.nn.functional.interpolate(x, 3, mode=mode), sample(1, 2, 5, 5))


@pytest.mark.parametrize("mode, dims", MODES)
def test_dtypes(mode: str, dims: int) -> None:
    for dtype in DTYPES:
        high = 255 if dtype.itemsize == 1 else 2
        x = sample(2, 3, *(5, 4, 3)[:dims], dtype=dtype, low=0, high=high, grad=False)
        for size in (3, 8, 70):
            if size < 70 or dims < 3:
                same(
                    lambda torch, x, n=size: torch.nn.functional.interpolate(x, n, mode=mode),
                    x, tol=HALF.get(dtype),
                )  # fmt: skip


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_bytes_are_equal(mode: str, antialias: bool) -> None:
    for shape in ((2, 3, 11, 8), (1, 6, 5, 9), (1, 1, 1, 1), (2, 3, 2, 40)):
        for size in (1, 3, 7, 12):
            for layout in ("contiguous", "channels_last"):
                x = sample(*shape, dtype=torch.uint8, high=255, layout=layout)
                same(
                    lambda torch, x, n=size: torch.nn.functional.interpolate(
                        x, (n, n + 1), mode=mode, antialias=antialias
                    ),
                    x,
                )


@pytest.mark.parametrize("mode, dims", MODES)
@pytest.mark.parametrize("layout", [*LAYOUTS, "channels_last"])
def test_layouts(mode: str, dims: int, layout: str) -> None:
    for channels in (1, 3, 5):
        x = sample(2, channels, *(5, 4, 3)[:dims], layout=layout)
        same(lambda torch, x: torch.nn.functional.interpolate(x, scale_factor=1.6, mode=mode), x)
    x = sample(1, 5, *(3, 4, 3)[:dims], layout=layout, grad=False)
    size = {1: 200, 2: 70, 3: 20}[dims]
    same(lambda torch, x: torch.nn.functional.interpolate(x, size, mode=mode), x)


def test_other_names() -> None:
    x = sample(2, 3, 4, 5)
    same(lambda torch, x: torch.nn.functional.upsample(x, 7), x)
    same(lambda torch, x: torch.nn.functional.upsample(x, scale_factor=2.0, mode="bicubic"), x)
    same(lambda torch, x: torch.nn.functional.upsample_nearest(x, scale_factor=1.5), x)
    same(lambda torch, x: torch.nn.functional.upsample_bilinear(x, (3, 9)), x)


def test_refused() -> None:
    for ndim in (2, 3, 4, 5, 6):
        for mode in ("nearest", "linear", "bilinear", "bicubic", "trilinear", "lanczos", "foo"):
            same(
                lambda torch, x, m=mode: torch.nn.functional.interpolate(x, 3, mode=m),
                sample(*(2, 3, 4, 5, 3, 2)[:ndim]),
            )
    for shape in ((0, 2, 4), (1, 0, 4), (1, 2, 0), (0, 2, 4, 5), (1, 0, 4, 5), (1, 2, 4, 0)):
        same(lambda torch, x: torch.nn.functional.interpolate(x, 3), sample(*shape))
    x = sample(1, 2, 4, 5)
    same(lambda torch, x: torch.nn.functional.interpolate(
        x, 3, mode="lanczos", antialias=True, align_corners=True), x)  # fmt: skip
    same(lambda torch, x: torch.nn.functional.interpolate(x, 3, align_corners=False), x)


@pytest.mark.parametrize("mode, dims", MODES)
def test_compiled_loops(mode: str, dims: int) -> None:
    x = sample(4, 8, *{1: (200,), 2: (20, 15), 3: (6, 8, 9)}[dims])
    for factor in (1.5, 0.7):
        same(
            lambda torch, x, f=factor: torch.nn.functional.interpolate(
                x, scale_factor=f, mode=mode
            ),
            x, grad_tol=(1e-5, 1e-5),
        )  # fmt: skip


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_compiled_loops_antialiased(mode: str) -> None:
    x = sample(4, 8, 20, 31)
    for size in ((7, 40), (30, 9)):
        same(
            lambda torch, x, n=size: torch.nn.functional.interpolate(
                x, n, mode=mode, antialias=True
            ),
            x, grad_tol=(1e-5, 1e-5),
        )  # fmt: skip
