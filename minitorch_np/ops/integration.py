"""Integrals of sampled functions by the trapezoid rule. Source: ATen/native/Integration.cpp."""

from minitorch_np import dtypes
from minitorch_np.op import composite
from minitorch_np.ops.binary import div_scalar
from minitorch_np.ops.creation import zeros
from minitorch_np.ops.scalar import mul_scalar
from minitorch_np.ops.slicing import slice
from minitorch_np.shapes import wrap_dim
from minitorch_np.tensor import Number, Tensor

__all__ = ["cumulative_trapezoid", "trapezoid", "trapz"]


def _ends(t: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """All but the last and all but the first along `dim`."""
    return slice(t, dim, 0, -1), slice(t, dim, 1)


def _check_step(name: str, y: Tensor, dx: Number) -> None:
    if y.dtype is dtypes.bool_:
        raise NotImplementedError(
            f"{name}: received a bool input for `y`, but bool is not supported"
        )
    if isinstance(dx, bool):
        raise RuntimeError(f"{name}: Currently, we only support dx as a real number.")


def _steps(name: str, y: Tensor, x: Tensor, dim: int) -> Tensor:
    """The distances between neighbouring points, ready to be broadcast against those of `y`."""
    if y.dtype is dtypes.bool_ or x.dtype is dtypes.bool_:
        raise NotImplementedError(
            f"{name}: received a bool input for `x` or `y`, but bool is not supported"
        )
    if x.ndim == 1:
        if x.sizes[0] != y.sizes[dim]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        shape = [1] * y.ndim
        shape[dim] = x.sizes[0]
        x = x.view(shape)
    elif x.ndim < y.ndim:
        x = x.view([1] * (y.ndim - x.ndim) + list(x.sizes))
    left, right = _ends(x, dim)
    return right - left


@composite(method=False)
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number = 1, dim: int = -1) -> Tensor:
    """The integral of `y` along `dim`, sampled at points `x` or in steps of `dx`.

    Points of fewer dims are broadcast after their distances have been taken. Of no sample it is 0.
    """
    d = wrap_dim(dim, y.ndim)
    if not y.size(dim):
        return zeros([n for k, n in enumerate(y.sizes) if k != d], dtype=y.dtype)
    if x is None:
        _check_step("trapezoid", y, dx)
        edges = mul_scalar(y.select(d, 0) + y.select(d, -1), 0.5)
        return mul_scalar(y.sum(d) - edges, float(dx))
    steps = _steps("trapezoid", y, x, d)
    left, right = _ends(y, d)
    return div_scalar(((left + right) * steps).sum(d), 2.0)


@composite(method=False)
def trapz(y: Tensor, x: Tensor | None = None, *, dx: Number = 1, dim: int = -1) -> Tensor:
    """`trapezoid`, under its older name."""
    return trapezoid(y, dx=dx, dim=dim) if x is None else trapezoid(y, x, dim=dim)


@composite(method=False)
def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: Number = 1, dim: int = -1
) -> Tensor:
    """The integrals of `y` along `dim` from the first sample to each later one: see `trapezoid`."""
    d = wrap_dim(dim, y.ndim)
    if x is None:
        _check_step("cumulative_trapezoid", y, dx)
        left, right = _ends(y, d)
        return mul_scalar(left + right, float(dx) / 2.0).cumsum(d)
    steps = _steps("cumulative_trapezoid", y, x, d)
    left, right = _ends(y, d)
    return div_scalar(((left + right) * steps).cumsum(d), 2.0)
