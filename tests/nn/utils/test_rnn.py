"""Sequences padded and taken apart again, as PyTorch does."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.oracle import same, sample

Case = Callable[[Any, Any, Any], Any]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("rest", [(), (2,), (2, 3)], ids=str)
def test_pad(rest: tuple[int, ...], side: str, batch_first: bool) -> None:
    def f(torch: Any, *sequences: Any) -> Any:
        pad = torch.nn.utils.rnn.pad_sequence
        return pad(sequences, batch_first, -1.5, side), pad(iter(sequences), batch_first)

    same(f, *[sample(n, *rest) for n in (3, 1, 4, 0)])
    same(f, *[sample(n, *rest).to(torch.float16) for n in (1, 2)])


CASES: dict[str, Case] = {
    "one tensor": lambda torch, rnn, x: rnn.pad_sequence(x),
    "integers": lambda torch, rnn, x: rnn.pad_sequence([x.long(), x[:1].long()], padding_value=7),
    "of two dtypes": lambda torch, rnn, x: rnn.pad_sequence([x, x[:1].double()]),
    "of none": lambda torch, rnn, x: rnn.pad_sequence([]),
    "of no dims": lambda torch, rnn, x: rnn.pad_sequence([x[0, 0]]),
    "of other sizes": lambda torch, rnn, x: rnn.pad_sequence([x, x[:, :1].repeat(1, 5)]),
    "of more dims": lambda torch, rnn, x: rnn.pad_sequence([x, x[None]]),
    "no tensors": lambda torch, rnn, x: rnn.pad_sequence([x, 1]),
    "no list": lambda torch, rnn, x: rnn.pad_sequence(3),
    "another side": lambda torch, rnn, x: rnn.pad_sequence([x], padding_side="up"),
    "permutation": lambda torch, rnn, x: rnn.invert_permutation(torch.tensor([2, 0, 3, 1])),
    "no permutation": lambda torch, rnn, x: rnn.invert_permutation(None),
}


@pytest.mark.parametrize("case", CASES)
def test_calls(case: str) -> None:
    same(lambda torch, x: CASES[case](torch, torch.nn.utils.rnn, x), sample(3, 2))


@pytest.mark.parametrize("batch_first", [False, True])
def test_there_and_back(batch_first: bool) -> None:
    def f(torch: Any, *sequences: Any) -> Any:
        rnn, lengths = torch.nn.utils.rnn, torch.tensor([3, 1, 2])
        padded = rnn.pad_sequence(sequences, batch_first)
        return rnn.unpad_sequence(padded, lengths, batch_first), padded.shape, padded.stride()

    same(f, *[sample(n, 2) for n in (3, 1, 2)])
