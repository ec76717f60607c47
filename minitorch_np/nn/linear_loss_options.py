"""How linear_cross_entropy takes its rows.

Source: torch/nn/modules/linear_cross_entropy_options.py.
"""

import dataclasses
from typing import Literal

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype

__all__ = ["LinearCrossEntropyOptions"]

_POLICIES = ("auto", "accurate", "compact")
_KINDS = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)


def check_sum(kind: dtype) -> None:
    """Raise ValueError for a dtype that losses are not summed in."""
    if kind not in _KINDS:
        raise ValueError(
            "acc_dtype must be one of {None, torch.float16, torch.bfloat16, "
            f"torch.float32, torch.float64}}, got {kind!r}. Pass "
            "acc_dtype=None to let the op pick automatically."
        )


@dataclasses.dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How many rows `linear_cross_entropy` takes at a time, and how it sums.

    `batch_chunk_size` rows, or what `chunking_method` makes of the sizes: 'aspect_ratio', so that
    logits take as much memory as the input, or that by a number ('aspect_ratio:2'). Half types are
    summed in `acc_dtype`. The gradients are kept once the loss was gone back through only with
    `allow_retain_graph`. `acc_policy` 'compact' saves memory, which makes no difference here but
    to the rows that 'auto' takes.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: Literal["accurate", "compact", "auto"] = "auto"
    acc_dtype: dtype | None = None

    def __post_init__(self) -> None:
        if self.acc_policy not in _POLICIES:
            raise ValueError(
                f"invalid acc_policy: {self.acc_policy!r}; expected one of "
                f"{', '.join(map(repr, _POLICIES))}"
            )
        if self.chunking_method is not None and self.chunking_method != "auto":
            name, colon, factor = self.chunking_method.partition(":")
            factor = factor if colon else "1"
            if not (name == "aspect_ratio" and factor.isdigit() and int(factor) > 0):
                raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        size = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None:
            check_sum(self.acc_dtype)

    def chunk_size(self, rows: int, in_features: int, classes: int, half: bool, soft: bool) -> int:
        """How many of these rows to take at a time, 1 at least. Raises: ValueError."""
        given, method = self.batch_chunk_size, self.chunking_method
        automatic = method == "auto" and given is None
        if method == "auto":
            method = "aspect_ratio" if automatic else None
        if method is None:
            return max(1, rows if given is None else min(given, rows))
        each = -(-rows // -(-classes // in_features))
        factor = int(method.partition(":")[2] or 1)
        size = min((1 << (each - 1).bit_length()) // factor, rows)
        compact = self.acc_policy == "compact" or (self.acc_policy == "auto" and not half)
        if automatic and compact:
            most = rows // 2 if soft else rows * classes // (4 * in_features)
            size = max(1, min(size, 1 << (most.bit_length() - 1) if most >= 1 else 1))
        if given is not None and given != size:
            raise ValueError(
                f"batch_chunk_size (={given}) and chunking_method ('{method}') give different "
                f"chunk sizes ({given} vs {size}); pass only one."
            )
        return max(1, size)

    def summed_in(self, kind: dtype) -> dtype:
        """The dtype that an input of this one is summed in."""
        if self.acc_dtype is not None:
            return self.acc_dtype
        check_sum(kind)
        return dtypes.float32 if self.acc_policy == "auto" and kind.is_half else kind
