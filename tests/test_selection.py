"""Which of equal elements topk and kthvalue pick, against torch."""

import pytest
import torch

from minitorch_np import selection

LENGTHS = [1, 2, 3, 5, 16, 17, 40, 200, 700]
LEVELS = [1, 2, 5, 50]


def organ_pipe(n: int) -> torch.Tensor:
    """Numbers up and down again, on which quickselect goes badly and heaps take over."""
    half = torch.arange(n // 2)
    return torch.cat([half, half.flip(0)])


def drawn() -> list[torch.Tensor]:
    """Small integers, so that many are equal."""
    generator = torch.Generator().manual_seed(0)
    several = [
        torch.randint(0, levels, (n,), generator=generator) for n in LENGTHS for levels in LEVELS
    ]
    return [*several, organ_pipe(400), organ_pipe(3000)]


@pytest.mark.parametrize("x", drawn(), ids=lambda x: f"{x.numel()} of {int(x.max()) + 1}")
def test_equal_elements(x: torch.Tensor) -> None:
    keys, n = x.tolist(), x.numel()
    for k in {1, 2, n // 70, n // 3, n - 1, n} - {0}:
        if k > n:
            continue
        for ordered in (True, False):
            expected = x.topk(k, largest=False, sorted=ordered).indices.tolist()
            assert selection.first(keys, k, ordered) == expected
        assert selection.kth(keys, k - 1) == x.kthvalue(k).indices.item()


def test_nothing() -> None:
    assert selection.first([1, 1], 0, True) == []
