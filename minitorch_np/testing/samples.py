"""make_tensor: random values of any dtype, in the ranges that show faults.

Source: torch/testing/_creation.py.
"""

from collections.abc import Sequence

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.ops.creation import empty
from minitorch_np.ops.random_creation import randint
from minitorch_np.tensor import Tensor

__all__ = ["make_tensor"]


def make_tensor(
    *shape: int | Sequence[int],
    dtype: Dtype,
    device: str = "cpu",
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
) -> Tensor:
    """A tensor of values uniform in [low, high): floats [-9, 9), integers [-9, 10) or [0, 10).

    `noncontiguous` takes every second element of a larger tensor; `exclude_zero` replaces zeros
    by the smallest positive value. The draws are PyTorch's from the same seed.
    """
    sizes: list[int] = []
    for part in shape:
        sizes.extend([part] if isinstance(part, int) else part)
    if requires_grad and not dtype.is_floating_point:
        raise ValueError(
            "`requires_grad=True` is not supported for boolean and integral dtypes, but got "
            f"dtype={dtype}"
        )
    low, high = _bounds(dtype, low, high)
    wide = [*sizes[:-1], 2 * sizes[-1]] if noncontiguous and sizes else sizes
    if dtype.is_floating_point:
        result = empty(wide, dtype=dtype, device=device).uniform_(low, high)
    else:
        result = randint(int(low), int(high), wide, dtype=dtype, device=device)
    if noncontiguous and sizes:
        result = result[..., 1::2]
    if exclude_zero:
        smallest = dtypes.finfo(dtype).tiny if dtype.is_floating_point else 1
        result[result == 0] = smallest
    if requires_grad:
        result.requires_grad = True
    return result


def _bounds(dtype: Dtype, low: float | None, high: float | None) -> tuple[float, float]:
    """The range asked for, or the dtype's own."""
    if dtype is dtypes.bool_:
        least, most = 0, 2
    elif dtype is dtypes.uint8:
        least, most = 0, 10
    elif dtype.is_floating_point:
        least, most = -9, 9
    else:
        least, most = -9, 10
    low = least if low is None else low
    high = most if high is None else high
    if low != low or high != high:
        raise ValueError(f"`low` and `high` cannot be NaN, but got low={low} and high={high}")
    if low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    return low, high
