"""Padding against PyTorch: every mode, dims, signs, layouts, numbers and refusals."""

from typing import Any

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample

MODES = ["constant", "reflect", "replicate", "circular"]

CASES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((2, 3), (1, 1)), ((2, 3), (2, 0)), ((2, 3), (-1, 2)), ((2, 3), (-2, -1)), ((2, 3), (-2, -2)),
    ((2, 3), (3, 0)), ((2, 3), (4, 4)), ((3,), (1, 1)), ((0, 3), (1, 1)), ((2, 0), (1, 1)),
    ((0, 2, 3), (1, 1)), ((2, 0, 3), (1, 1)), ((2, 3, 4), (1, 1)), ((2, 2, 3, 4), (1, 1)),
    ((2, 3, 4), (1, 2, 2, 1)), ((2, 3, 4), (4, 1, 1, 1)), ((2, 3, 4), (1, 1, 3, 1)),
    ((2, 3, 4), (-4, 0, 1, 1)), ((2, 3, 4), (-4, 0, -3, 0)), ((2, 3, 4), (-5, 0, 0, 0)),
    ((2, 3, 4), (-1, -1, 1, -1)), ((0, 2, 3, 4), (1, 1, 1, 1)), ((2, 0, 3, 4), (1, 1, 1, 1)),
    ((2, 2, 3, 4), (1, 0, 2, -1)), ((2, 2, 3, 4), (1,)), ((2, 3), (1, 1, 1, 1)), ((2, 3), ()),
    ((2, 3, 4), (1, 1, 1, 1, 1, 1, 1, 1)), ((2, 3, 4, 5), (1, 2, 1, 0, 2, 1)), ((), ()),
    ((2, 3, 4, 5), (5, 1, 1, 1, 1, 1)), ((2, 3, 4, 5), (1, 1, 4, 1, 1, 1)),
    ((2, 3, 4, 5), (1, 1, 1, 1, 3, 1)), ((2, 3, 4, 5), (-5, 0, 1, 1, 1, 1)),
    ((1, 2, 3, 4, 5), (2, 1, -1, 3, 1, 1)), ((1, 2, 3, 4, 5), (1, 1, 1, 1)),
    ((2, 0), (1, 0, 0, 0)), ((2, 0), (0, 0, 1, 0)), ((2, 3), (-2, 3, -1, 2)),
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("nr", range(len(CASES)))
def test_cases(mode: str, nr: int) -> None:
    shape, pads = CASES[nr]
    same(lambda torch, x: torch.nn.functional.pad(x, pads, mode), sample(*shape), second=True)
    if mode == "constant":
        same(lambda torch, x: torch.constant_pad_nd(x, pads, 2), sample(*shape))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("layout", [*LAYOUTS, "channels_last"])
def test_layouts(mode: str, layout: str) -> None:
    for shape in ((2, 3, 4, 5), (1, 3, 2, 2), (2, 1, 3, 3), (3, 4, 3)):
        x = sample(*shape, layout=layout)
        for pads in ((1, 1, 1, 1), (-1, 0, 1, -1), (-1, -1, 0, 0)):
            same(lambda torch, x, p=pads: torch.nn.functional.pad(x, p, mode), x)
    x = sample(2, 2, 3, 3, 4).detach().contiguous(memory_format=torch.channels_last_3d)
    same(lambda torch, x: torch.nn.functional.pad(x, (1, 0, 2, 1, 1, 2), mode), x.requires_grad_())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    x = sample(2, 3, 4, dtype=dtype)
    for mode in MODES:
        for pads in ((2, 1), (1, 2, 2, 1)):
            same(lambda torch, x, p=pads, m=mode: torch.nn.functional.pad(x, p, m), x, exact=True)
    for value in (1, 2.5, -1, 300, 1e6, True, float("nan"), None):
        same(lambda torch, x, v=value: torch.nn.functional.pad(x, (1, 1), value=v), x)
        same(lambda torch, x, v=value or 0: torch.constant_pad_nd(x, (1, 1), v), x)


def test_refused() -> None:
    x = sample(2, 3)

    def run(mode: str, *given: Any) -> None:
        same(lambda torch, x: torch.nn.functional.pad(x, (1, 1), mode, *given), x)

    run("foo")
    for mode in MODES:
        run(mode, 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64])
@pytest.mark.parametrize("mode", ["reflect", "replicate"])
def test_many_elements(mode: str, dtype: torch.dtype) -> None:
    """Lines as long and as short as blocks of a copy, cropped ones, and such as are all edge."""
    for shape, pads in (
        ((3, 7, 300), [(2, 5), (0, 299), (-3, 4), (8, -290), (-200, -90)]),
        ((3, 7, 30, 20), [(2, 1, 0, 3), (19, 19, 29, 0), (-4, 3, 5, -7), (3, -19, 4, 4)]),
        ((2, 3, 9, 12, 13), [(1, 2, 3, 4, 5, 6), (0, -5, 11, -3, -2, 1)]),
    ):
        x = sample(*shape, dtype=dtype, grad=False)
        for pad in pads:
            same(lambda t, x, pad=pad: t.nn.functional.pad(x, pad, mode), x, exact=True)
            same(lambda t, x, pad=pad: t.nn.functional.pad(x.mT, pad, mode), x, exact=True)
    x = sample(3, 7, 300, dtype=dtype, grad=False)
    same(lambda t, x: t.nn.functional.pad(x, (350, -299), mode), x, exact=True)
