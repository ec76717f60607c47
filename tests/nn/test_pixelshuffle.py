"""Modules that move pixels and channels against PyTorch's."""

from typing import Any

from tests.oracle import same, sample


def test_modules() -> None:
    def run(torch: Any, x: Any, name: str) -> Any:
        module = getattr(torch.nn, name)(2)
        return module(x), repr(module)

    for name in ("PixelShuffle", "PixelUnshuffle", "ChannelShuffle"):
        same(run, sample(2, 4, 4, 6), name)
