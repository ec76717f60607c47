"""Layers that undo max pooling, and those whose windows are drawn, against PyTorch's."""

from typing import Any

import pytest

from tests.oracle import same, sample

SIZES = {1: (9,), 2: (6, 7), 3: (4, 5, 6)}


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling(dims: int) -> None:
    def run(torch: Any, x: Any) -> Any:
        pooled, indices = getattr(torch.nn, f"MaxPool{dims}d")(2, return_indices=True)(x)
        layer = getattr(torch.nn, f"MaxUnpool{dims}d")(2)
        return layer(pooled, indices, x.shape), repr(layer)

    for batch in ((2,), ()):
        same(run, sample(*batch, 3, *SIZES[dims]))


@pytest.mark.parametrize("size", [(5, 5), (9, 9), (4, 4, 4), (1, 3, 5, 5)])
def test_output_sizes(size: tuple[int, ...]) -> None:
    def run(torch: Any, x: Any) -> Any:
        indices = torch.zeros(2, 3, 2, 2, dtype=torch.int64)
        return torch.nn.MaxUnpool2d(2)(x, indices, size)

    same(run, sample(2, 3, 2, 2))


OPTIONS = [{"output_size": 2}, {"output_ratio": 0.5}, {"output_size": 2, "return_indices": True}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dims", [2, 3])
def test_drawn_windows(dims: int, options: dict[str, Any]) -> None:
    def run(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        layer = getattr(torch.nn, f"FractionalMaxPool{dims}d")(2, **options)
        return layer(x), repr(layer), layer.output_size, layer.output_ratio

    for batch in ((2,), ()):
        same(run, sample(*batch, 3, *SIZES[dims]))


WRONG = [{}, {"output_size": 2, "output_ratio": 0.5}, {"output_ratio": 1.5}]


@pytest.mark.parametrize("options", WRONG, ids=str)
def test_arguments_that_are_refused(options: dict[str, Any]) -> None:
    same(lambda torch: torch.nn.FractionalMaxPool2d(2, **options))
    same(lambda torch: torch.nn.FractionalMaxPool3d(2, **options))
    same(lambda torch: torch.nn.FractionalMaxPool3d((2, 0, 2), **options))
