"""Quantiles, by sorting and interpolating. Source: aten/src/ATen/native/Sorting.cpp."""

from collections.abc import Callable

from minitorch_np import dtypes
from minitorch_np.loops import resize_output
from minitorch_np.op import composite
from minitorch_np.ops.creation import full_like, scalar_tensor
from minitorch_np.ops.sort import sort
from minitorch_np.ops.view import broadcast_tensors
from minitorch_np.shapes import Shape, wrap_dim
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor

__all__ = ["nanquantile", "quantile"]

MODES = ("linear", "lower", "higher", "midpoint", "nearest")


def _checked(input: Tensor, q: Tensor | float, interpolation: str, out: Tensor | None) -> Tensor:
    """The chances as a tensor. Raises: RuntimeError."""
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q:g}")
        q = scalar_tensor(q, dtype=input.dtype)
    if interpolation not in MODES:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    if not input.numel():
        raise RuntimeError("quantile() input tensor must be non-empty")
    if q.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if q.dtype is not input.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    if out is not None and out.dtype is not input.dtype:
        raise RuntimeError("quantile() out tensor must be same dtype as the input tensor")
    return q


def _in_rows(input: Tensor, dim: int | None, kept: Shape) -> Tensor:
    """What the quantiles are of, along the last of dims `kept` and one more."""
    if dim is None:
        rows = input.flatten()
    elif dim in (-1, input.ndim - 1):
        rows = input
    else:
        rows = input.unsqueeze(-1).transpose(dim, -1)
    return rows.reshape((*kept, rows.sizes[-1] if rows.ndim else 1))


def _ranks(rows: Tensor, q: Tensor, ignore_nan: bool) -> Tensor:
    """Where in the order the quantiles lie: a row that has nan has it last, and so everywhere."""
    if ignore_nan:
        ranks = q * (rows.isnan().logical_not_().sum(-1, True) - 1)
        return ranks.masked_fill_(ranks < 0, 0)
    last = rows.sizes[-1] - 1
    ranks, spoilt = broadcast_tensors(q * last, rows.isnan().any(-1, True))
    return ranks.masked_fill(spoilt, last)


def _between(rows: Tensor, ranks: Tensor, interpolation: str, chances: int) -> Tensor:
    """The elements at `ranks`, which are whole numbers or lie between two."""
    if interpolation == "lower":
        ranks.floor_()
    elif interpolation == "higher":
        ranks.ceil_()
    elif interpolation == "nearest":
        ranks.round_()
    two = interpolation in ("linear", "midpoint")
    at = _by_rank(rows, chances * (2 if two else 1))
    below = ranks.to(dtypes.int64)
    found = at(below)
    if two:
        weights = full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - below
        above = ranks.ceil_().to(dtypes.int64)
        found.lerp_(at(above), weights)
    return found


def _by_rank(rows: Tensor, count: int) -> Callable[[Tensor], Tensor]:
    """What finds elements by their ranks, `count` of them in each row.

    PyTorch selects few of many out of the rows themselves, and sorts the rows for more than the
    square root of their length. Which of the two shows in the graph; here both need the sort, and
    of equal elements the first is found, where PyTorch's selection finds any.
    """
    if count * count > rows.sizes[-1]:
        values = sort(rows)[0]
        return lambda ranks: values.gather(-1, ranks)
    rows = rows.contiguous()
    places = sort(rows.detach())[1]
    return lambda ranks: rows.gather(-1, places.gather(-1, ranks))


def _quantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None,
    keepdim: bool,
    interpolation: str,
    ignore_nan: bool,
    out: Tensor | None,
) -> Tensor:
    q = _checked(input, q, interpolation, out)
    d = None if dim is None else wrap_dim(dim, input.ndim)
    if d is None or not input.ndim:
        shape: Shape = (1,) * input.ndim if keepdim else ()
    else:
        shape = tuple(input.sizes[:d]) + ((1,) if keepdim else ()) + tuple(input.sizes[d + 1 :])
    if not bool(q.ge(0).logical_and_(q.le(1)).all()):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    rows = _in_rows(input, d, shape)
    if rows.sizes[-1] > 2**24:
        raise RuntimeError("quantile() input tensor is too large")
    found = _between(rows, _ranks(rows, q, ignore_nan), interpolation, q.numel())
    if q.ndim:  # the chances become the first dim
        found = found.unsqueeze_(0).transpose_(0, -1)
    found = found.squeeze_(-1)
    if out is None:
        return found
    if out.sizes != found.sizes:
        resize_output(out, found.sizes, contiguous(found.sizes))
    return out.copy_(found)


@composite()
def quantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """The `q`-th quantiles along `dim`, or of everything; nan where there is one.

    A vector of chances `q` adds a first dim. `interpolation` says what is taken between elements.
    """
    return _quantile(input, q, dim, keepdim, interpolation, False, out)


@composite()
def nanquantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """`quantile` of what is not nan; nan where nothing is left."""
    return _quantile(input, q, dim, keepdim, interpolation, True, out)
