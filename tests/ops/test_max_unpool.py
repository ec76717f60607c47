"""Max unpooling against PyTorch's: indices that repeat or point outside, layouts, refusals."""

from typing import Any

import pytest
import torch

from tests.oracle import arrange, same, sample


def unpooled(torch: Any, x: Any, index: Any, *args: Any) -> Any:
    return getattr(torch.nn.functional, f"max_unpool{x.ndim - 2}d")(x, index, *args)


@pytest.mark.parametrize("first", [-1, 0, 3, 12, 13, 16])
def test_indices(first: int) -> None:
    index = torch.arange(4).view(1, 1, 2, 2).expand(2, 3, 2, 2).contiguous() + first
    same(lambda torch, x, i: unpooled(torch, x, i, 2), sample(2, 3, 2, 2), index)
    same(lambda torch, x, i: unpooled(torch, x, i, 2), sample(2, 3, 2, 2), index.int())


def test_of_several_elements_for_one_place_the_last_one_stays() -> None:
    index = torch.tensor([0, 1, 1, 0]).view(1, 1, 2, 2)
    same(lambda torch, x, i: unpooled(torch, x, i, 2), sample(1, 1, 2, 2), index, second=True)


def test_channels_last() -> None:
    index = torch.arange(12).view(1, 2, 3, 2)
    for layouts in (("channels_last",) * 2, ("channels_last", ""), ("", "channels_last")):
        x, i = arrange(sample(1, 2, 3, 2), layouts[0]), arrange(index, layouts[1])
        same(lambda torch, x, i: unpooled(torch, x, i, 2), x, i.requires_grad_(False))


@pytest.mark.parametrize(
    "shape", [(2, 3, 2, 2), (2, 0, 2, 2), (0, 3, 2, 2), (2, 3, 2, 0), (2, 2, 2)]
)
@pytest.mark.parametrize("args", [(2,), ((2, 2, 2),), (2, 0), (2, 2, 2)])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_arguments_that_are_refused(dims: int, shape: tuple[int, ...], args: Any) -> None:
    wide = (*shape, *(2,) * (dims - 2)) if dims > 1 else shape[:-1]
    index = torch.zeros(wide, dtype=torch.int64)
    name = f"max_unpool{dims}d"
    f = lambda torch, x, i: getattr(torch.nn.functional, name)(x, i, *args)  # noqa: E731
    same(f, sample(*wide), index)
    same(f, sample(*wide), torch.zeros((*wide[:-1], 1), dtype=torch.int64))
