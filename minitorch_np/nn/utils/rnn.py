"""Sequences of different lengths as one tensor, and back. Source: torch/nn/utils/rnn.py."""

from collections.abc import Iterable
from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.ops.creation import full
from minitorch_np.ops.ranges import arange
from minitorch_np.overloads import need_tensors
from minitorch_np.tensor import Tensor

__all__ = ["invert_permutation", "pad_sequence", "unpad_sequence"]


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation (N,) that undoes another; None of None."""
    if permutation is None:
        return None
    return permutation.new_empty(permutation.sizes).scatter_(
        0, permutation, arange(permutation.numel())
    )


def pad_sequence(
    sequences: Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences (L, *) of their own lengths L side by side in (T, B, *), or (B, T, *) with
    `batch_first`: T is the longest length, and what is missing has one value.

    Raises: RuntimeError where there are none, or their other dims differ; TypeError for what is no
    tensor. Source: pad_sequence, aten/src/ATen/native/PackedSequence.cpp.
    """
    if not isinstance(sequences, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    several = tuple(sequences)
    need_tensors(several)
    if not several:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    first = several[0]
    if not first.ndim:
        raise RuntimeError("ArrayRef: invalid slice, N = 1; size = 0")
    longest = max(one.size(0) for one in several)
    sides = (len(several), longest) if batch_first else (longest, len(several))
    whole = full((*sides, *first.sizes[1:]), padding_value, dtype=first.dtype)
    for nr, one in enumerate(several):
        length = one.sizes[0]
        start = longest - length if padding_side == "left" else 0
        if batch_first:
            _ = whole.select(0, nr).narrow(0, start, length).copy_(one)
        else:
            _ = whole.narrow(0, start, length).select(1, nr).copy_(one)
    return whole


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """The sequences that `pad_sequence` padded behind their ends, copied to a list.

    As in PyTorch, a tensor whose batch is not first is transposed in place.
    """
    if not batch_first:
        _ = padded_sequences.transpose_(0, 1)
    places = arange(padded_sequences.sizes[1])
    pairs = zip(padded_sequences, lengths, strict=True)
    return [sequence[places < length] for sequence, length in pairs]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
