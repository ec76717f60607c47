"""Means without nan, modes, covariances and correlations.

Source: aten/src/ATen/native/ReduceOps.cpp, TensorCompare.cpp and Correlation.cpp.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, return_types
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.kernels.large import loop
from minitorch_np.loops import resize_output
from minitorch_np.op import composite, op
from minitorch_np.ops.creation import scalar_tensor
from minitorch_np.ops.extremes import (
    Indices,
    Pair,
    check_dim,
    picked,
    picked_backward,
    selected,
    values_of,
)
from minitorch_np.ops.products import mm
from minitorch_np.ops.reduce import Dims, nansum
from minitorch_np.shapes import Shape, reduced, wrap_dim
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor

__all__ = ["corrcoef", "cov", "mode", "nanmean"]

Array = NDArray[np.generic]


@composite()
def nanmean(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The mean over `dim` of what is not nan; nan where nothing is left."""
    if not input.dtype.is_floating_point:
        raise NotImplementedError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{input.dtype.aten_name}"
        )
    there = input.detach().isnan().logical_not_().sum(dim, keepdim)
    if out is not None:
        return nansum(input, dim, keepdim, dtype=dtype, out=out).div_(there)
    return nansum(input, dim, keepdim, dtype=dtype).div(there)


def _last_of_most(rows: Array) -> Indices:
    """In each row, the place of the last of the most frequent elements; of several, the smallest.

    The last in an order that ATen's sort makes, which is not stable.
    """
    real = rows.dtype.kind == "f"
    flat = np.array(rows, np.float64 if real else np.int64, order="C").reshape(-1)
    found = np.empty((*rows.shape[:-1], 1), np.int64)
    loop("modes.of_doubles" if real else "modes.of_integers")(flat, found.reshape(-1))
    return found


def _check_results(input: Tensor, out: Pair) -> None:
    for t, kind, name in ((out[0], input.dtype, "values"), (out[1], dtypes.int64, "indices")):
        if t.dtype is not kind:
            raise RuntimeError(
                f"expected scalar type '{kind.aten_name}' but got '{t.dtype.aten_name}' for "
                f"{name} output"
            )


def _room(t: Tensor, kept: Shape, dim: int, keepdim: bool) -> Tensor:
    """`t`, resized for a result that keeps `dim` of size 1, and then rid of that.

    Source: _reduction_with_indices_allocate_or_resize_output, native/ReduceOpsUtils.h.
    """
    if not keepdim and t.ndim >= dim:
        t.unsqueeze_(dim)
    if t.sizes != kept:
        resize_output(t, kept, contiguous(kept))
    return t if keepdim else t.squeeze_(dim)


@op("reduction")
def mode(
    input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Pair | None = None
) -> return_types.mode:
    """The most frequent values along `dim`, of several the smallest, and where they stand last."""
    if out is not None:
        _check_results(input, out)
    d = wrap_dim(dim, input.ndim)
    check_dim("mode", input.sizes, d)
    if not input.ndim:
        index = np.zeros((), np.int64)
    elif not input.numel():
        index = np.zeros(reduced(input.sizes, (d,), True), np.int64)
    else:
        index = np.moveaxis(_last_of_most(np.moveaxis(values_of(input), d, -1)), -1, d)
    for t in out or ():
        if input.ndim:
            _ = _room(t, reduced(input.sizes, (d,), True), d, keepdim)
        else:
            t.restride((), (), t.offset)
    return return_types.mode(*selected(input, index, d, keepdim, out))


mode.vjp(
    input=lambda g_values, indices, input_shape, dim, keepdim: picked_backward(
        g_values, indices, input_shape, dim, keepdim
    )
)
mode.jvp(input=lambda t, dim, keepdim, indices: picked(t, indices, dim, keepdim))


def _check_weights(name: str, w: Tensor, n: int, kind: str) -> None:
    """Raise torch's error for weights that do not suit `n` observations."""
    if w.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with "
            f"{w.ndim} dimensions"
        )
    integral = w.dtype.category == dtypes.INTEGER
    if (kind == "integral") != integral or (kind != "integral") != w.dtype.is_floating_point:
        raise RuntimeError(
            f"cov(): expected {name} to have {kind} dtype but got {name} with "
            f"{w.dtype.aten_name} dtype"
        )
    if w.numel() != n:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the "
            f"input but got {w.numel()} != {n}"
        )
    if np.any(np.less(w.array, 0)):
        raise RuntimeError(f"cov(): {name} cannot be negative")


def _weights(n: int, fweights: Tensor | None, aweights: Tensor | None) -> Tensor | None:
    """The product of the weights that were given."""
    if fweights is not None:
        _check_weights("fweights", fweights, n, "integral")
    if aweights is None:
        return fweights
    _check_weights("aweights", aweights, n, "floating point")
    return aweights if fweights is None else fweights * aweights


def _freedom(
    n: int, correction: int, w: Tensor | None, total: Tensor, aweights: Tensor | None
) -> Tensor:
    """What the sums of products are divided by."""
    if w is None:
        return scalar_tensor(n - correction, dtype=dtypes.int64)
    if correction == 0:
        return total
    if aweights is None:
        return total - correction
    if w is aweights and n == 1 and correction == 1:
        return scalar_tensor(0, dtype=dtypes.int64)
    return total - correction * (w * aweights).sum() / total


@composite()
def cov(
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:
    """The covariances (N, N) of N variables observed in the columns of `input`, (N, M) or (M,).

    `fweights` say how often each column was observed, `aweights` how much it counts. As in PyTorch,
    a single observation with one kind of weights is overwritten by 0.
    """
    if input.ndim > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    if input.dtype is dtypes.bool_:
        raise NotImplementedError("cov(): bool dtype is not supported for input")
    rows = input.view(1, -1) if input.ndim < 2 else input
    n = rows.sizes[1]
    w = _weights(n, fweights, aweights)
    total = scalar_tensor(n, dtype=dtypes.int64) if w is None else w.sum()
    if w is not None and not bool(total.ne(0)):
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    average = (rows if w is None else rows * w).sum(1) / total
    freedom = _freedom(n, correction, w, total, aweights)
    if bool(freedom <= 0):
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number "
            "of observations.",
            UserWarning,
            stacklevel=depth(),
        )
        freedom.zero_()
    if n == 1 and (fweights is None) != (aweights is None):
        rows.zero_()
        rows = rows if rows.dtype.is_floating_point else rows.to(dtypes.float32)
    else:
        rows = rows - average.unsqueeze(1)
    return (mm(rows, (rows if w is None else rows * w).t()) / freedom).squeeze()


@composite()
def corrcoef(input: Tensor) -> Tensor:
    """The correlations (N, N) of N variables observed in the columns of `input`: see `cov`."""
    if input.ndim > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    c = cov(input)
    if not c.ndim:
        return c / c
    deviations = c.diagonal().sqrt()
    c = c / deviations.view(-1, 1)
    c = c / deviations.view(1, -1)
    return c.clip(-1, 1)
