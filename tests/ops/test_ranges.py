"""arange, linspace, logspace and eye against PyTorch."""

import pytest
import torch

from tests.oracle import DTYPES, same

NUMERIC = [d for d in DTYPES if d is not torch.bool]


def named(library, dtype):
    """The dtype of the same name in `library`."""
    return getattr(library, str(dtype).removeprefix("torch."))


ARANGES = [
    (5,), (5.0,), (0,), (1, 5), (1, 5, 2), (5, 1, -1), (1, 5.5, 2), (0, 1, 0.1), (-1.0, 1.0, 0.3),
    (True,), (2**40, 2**40 + 3), (2**62, 2**62 + 3), (0, 100, 7), (3, 3), (0, 1000), (0, 70.0, 0.7),
]  # fmt: skip


@pytest.mark.parametrize("args", ARANGES)
def test_arange(args):
    same(lambda torch: torch.arange(*args), exact=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("args", [(5,), (1, 20, 3), (0.5, 5), (0, 9, 0.25), (10, 0, -0.7), (-3, 3)])
def test_arange_dtypes(args, dtype):
    same(lambda torch: torch.arange(*args, dtype=named(torch, dtype)), exact=True)
