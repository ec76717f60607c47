"""Named results, as torch.return_types has them: tuples whose fields have names."""

from typing import NamedTuple

from minitorch_np.tensor import Tensor

__all__ = [
    "aminmax", "cummax", "cummin", "frexp", "histogram", "histogramdd", "kthvalue",
    "linalg_qr", "max", "median", "min", "mode", "nanmedian", "sort", "topk",
]  # fmt: skip


def _text(self: tuple[object, ...]) -> str:
    """PyTorch's repr: every field on a line of its own."""
    names: tuple[str, ...] = getattr(self, "_fields")  # noqa: B009
    lines = ",\n".join(f"{name}={value!r}" for name, value in zip(names, self, strict=True))
    return f"torch.return_types.{type(self).__name__}(\n{lines})"


class max(NamedTuple):
    """The largest values along a dimension, and where they were."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class min(NamedTuple):
    """The smallest values along a dimension, and where they were."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class median(NamedTuple):
    """The lower medians along a dimension, and where they were."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class nanmedian(NamedTuple):
    """The lower medians of what is not NaN along a dimension, and where they were."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class mode(NamedTuple):
    """The most frequent values along a dimension, and where they were last."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class kthvalue(NamedTuple):
    """The k-th smallest values along a dimension, and where they were."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class sort(NamedTuple):
    """The values in order along a dimension, and where they were."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class topk(NamedTuple):
    """The k largest (or smallest) values along a dimension, and where they were."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class cummax(NamedTuple):
    """The largest value so far along a dimension, and where it was."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class cummin(NamedTuple):
    """The smallest value so far along a dimension, and where it was."""

    values: Tensor
    indices: Tensor
    __repr__ = _text


class aminmax(NamedTuple):
    """The smallest and the largest values."""

    min: Tensor
    max: Tensor
    __repr__ = _text


class frexp(NamedTuple):
    """Mantissas and exponents."""

    mantissa: Tensor
    exponent: Tensor
    __repr__ = _text


class histogram(NamedTuple):
    """What fell between each two edges, and the edges."""

    hist: Tensor
    bin_edges: Tensor
    __repr__ = _text


class histogramdd(NamedTuple):
    """What fell between each two edges in each dimension, and the edges by dimension."""

    hist: Tensor
    bin_edges: tuple[Tensor, ...]
    __repr__ = _text


class linalg_qr(NamedTuple):
    """An orthogonal and an upper triangular factor."""

    Q: Tensor
    R: Tensor
    __repr__ = _text
