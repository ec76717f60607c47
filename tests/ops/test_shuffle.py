"""Pixels and channels moved, against PyTorch."""

from typing import Any

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample

NAMES = ["pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle"]


@pytest.mark.parametrize("layout", [*LAYOUTS, "channels_last"])
@pytest.mark.parametrize("name", NAMES)
def test_cases(name: str, layout: str) -> None:
    def run(torch: Any, x: Any, factor: int) -> Any:
        return getattr(torch.nn.functional, name)(x, factor)

    for shape in ((2, 8, 4, 6), (8, 4, 6), (3, 2, 8, 4, 6), (4, 6), (2, 8, 0, 6), (2, 0, 4, 6)):
        for factor in (2, 1, 3, 4, 0, -2):
            same(run, sample(*shape, layout=layout), factor, second=layout == "contiguous")


@pytest.mark.parametrize("name", NAMES)
def test_dtypes(name: str) -> None:
    for dtype in DTYPES:
        same(lambda torch, x: getattr(torch, name)(x, 2), sample(2, 4, 2, 4, dtype=dtype))


@pytest.mark.parametrize("name", ["pixel_shuffle", "channel_shuffle"])
def test_volumes_with_channels_last(name: str) -> None:
    x = sample(1, 8, 4, 4, 4).detach().contiguous(memory_format=torch.channels_last_3d)
    same(lambda torch, x: getattr(torch, name)(x, 2), x)
