"""Layers that pool against PyTorch's."""

from typing import Any

import pytest

from tests.oracle import same, sample

SIZES = {1: (9,), 2: (6, 7), 3: (4, 5, 6)}

KINDS = [
    ("MaxPool", (2,), {}),
    ("MaxPool", (3,), {"stride": 2, "padding": 1, "return_indices": True, "ceil_mode": True}),
    ("MaxPool", (2,), {"dilation": 2}),
    ("AvgPool", (2,), {}),
    ("AvgPool", (3,), {"stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}),
    ("LPPool", (3, 2), {}),
    ("LPPool", (1.5, 3), {"stride": 2, "ceil_mode": True}),
    ("LPPool", (float("inf"), 2), {}),
    ("LPPool", (-float("inf"), 2), {}),
    ("AdaptiveMaxPool", (3,), {}),
    ("AdaptiveMaxPool", (2,), {"return_indices": True}),
    ("AdaptiveAvgPool", (3,), {}),
    ("AdaptiveAvgPool", (1,), {}),
]


@pytest.mark.parametrize("kind, args, options", KINDS)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_layers(kind: str, args: Any, options: Any, dims: int) -> None:
    def run(torch: Any, x: Any) -> Any:
        layer = getattr(torch.nn, f"{kind}{dims}d")(*args, **options)
        return layer(x), repr(layer), sorted(layer.state_dict())

    low = 0.1 if args[0] == 1.5 else -2.0  # a power of a negative number is none
    for batch in ((2,), ()):
        same(run, sample(*batch, 3, *SIZES[dims], low=low))


def test_a_size_of_none_stays() -> None:
    same(lambda torch, x: torch.nn.AdaptiveAvgPool2d((None, 2))(x), sample(2, 3, 5, 6))
    same(lambda torch, x: torch.nn.AdaptiveMaxPool3d((2, None, 3))(x), sample(2, 4, 5, 6))


def test_arguments_that_are_refused() -> None:
    same(lambda torch: torch.nn.LPPool2d(0, 2))
    same(lambda torch, x: torch.nn.AdaptiveAvgPool2d((2, 2))(x), sample(2, 3))
    same(lambda torch, x: torch.nn.AvgPool2d(2, divisor_override=0)(x), sample(2, 3, 4))
