"""Windows as columns, and back, against PyTorch's: what is refused, and bools."""

from typing import Any

import pytest
import torch

from tests.oracle import same, sample

ARGS: list[tuple[Any, ...]] = [
    (2,), (5,), (0,), (2, 0), (2, 1, -1), (2, 1, 0, 0), ((2, 2, 2),), (2, (1, 1, 1)),
    (2, 1, (1,)), (2, 1, 0, (1, 1, 1)), ((3, 2), 1, (1, 0), 2),
]  # fmt: skip


@pytest.mark.parametrize("args", ARGS)
def test_unfold(args: Any) -> None:
    for shape in ((2, 3, 4, 4), (3, 4, 4), (4, 4), (2, 2, 3, 4, 4), (0, 3, 4, 4), (2, 0, 4, 4)):
        x = sample(*shape, dtype=torch.float64)
        same(lambda torch, x: torch.nn.functional.unfold(x, *args), x, second=True)


@pytest.mark.parametrize("args", ARGS)
def test_fold(args: Any) -> None:
    for shape in ((2, 12, 9), (12, 9), (12,), (2, 2, 12, 9), (2, 11, 9), (0, 12, 9), (2, 12, 0),
                  (2, 12, 8)):  # fmt: skip
        x = sample(*shape, dtype=torch.float64)
        same(lambda torch, x: torch.nn.functional.fold(x, 4, *args), x, second=True)


@pytest.mark.parametrize("size", [(4, 4, 4), (4,), 0, 5])
def test_sizes_that_are_refused(size: Any) -> None:
    same(lambda torch, x: torch.nn.functional.fold(x, size, 2), sample(2, 12, 9))


def test_bools() -> None:
    x = sample(2, 12, 9, dtype=torch.bool)
    same(lambda torch, x: torch.nn.functional.fold(x, 4, 2), x)
    same(lambda torch, x: torch.nn.functional.unfold(x.view(2, 3, 6, 6), 2), x)
