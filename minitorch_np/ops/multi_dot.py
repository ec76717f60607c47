"""torch.linalg's products of many matrices, and of batches of vectors.

Source: aten/src/ATen/native/LinearAlgebra.cpp linalg_multi_dot, linalg_vecdot.
"""

from collections.abc import Sequence

from minitorch_np.loops import resize_output
from minitorch_np.op import composite
from minitorch_np.ops.factory import refuse
from minitorch_np.ops.products import mm, vdot
from minitorch_np.shapes import listed
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor

__all__ = ["multi_dot", "vecdot"]


@composite(method=False)
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The sums of `x * y` along `dim`, broadcast; the `vdot` of two vectors, whatever `dim` is."""
    if not x.dtype.is_floating_point:
        raise NotImplementedError(
            "linalg.vecdot: Expected a floating point or complex tensor as input. Got "
            + x.dtype.aten_name
        )
    if x.dtype is not y.dtype:
        raise RuntimeError(
            "linalg.vecdot: Expected x and y to have the same dtype, but found x of type "
            f"{x.dtype.aten_name} and y of type {y.dtype.aten_name} instead"
        )
    if out is not None and out.dtype is not x.dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected out of dtype{x.dtype.aten_name} but found "
            + out.dtype.aten_name
        )
    if x.ndim == y.ndim == 1:
        return vdot(x, y, out=out)
    return x.mul(y).sum(dim, out=out)


@composite(method=False)
def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of matrices in the order that takes the fewest multiplications.

    A vector may stand first, as a row, or last, as a column; the result lacks its dim.
    """
    given = _checked(tensors)
    first, last = given[0], given[-1]
    shape = tensors[0].sizes[:-1] + tensors[-1].sizes[1:]
    order = cheapest([t.sizes[0] for t in given] + [last.sizes[1]])
    if out is None:
        return chained(given, order, 0, len(given) - 1).view(shape)
    if out.dtype is not first.dtype:
        raise RuntimeError(
            f"multi_dot(): expected out tensor to have dtype {first.dtype.cpp_name} but got "
            + out.dtype.cpp_name
        )
    if out.sizes != shape:
        resize_output(out, shape, contiguous(shape))
    seen = out.view((first.sizes[0], last.sizes[1]))
    _ = chained(given, order, 0, len(given) - 1, seen)
    return out


def _checked(tensors: Sequence[Tensor]) -> list[Tensor]:
    """All factors as matrices. Raises: RuntimeError where they are not a chain."""
    if isinstance(tensors, Tensor):
        refuse("linalg_multi_dot", "tensors", "tuple of Tensors", tensors, 1)
    n = len(tensors)
    if n < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {n}")
    for t, which in ((tensors[0], "first"), (tensors[-1], "last")):
        if t.ndim not in (1, 2):
            raise RuntimeError(
                f"multi_dot(): the {which} tensor must be 1D or 2D but got {t.ndim}D"
            )
    given = list(tensors)
    given[0] = given[0].unsqueeze(0) if given[0].ndim == 1 else given[0]
    given[-1] = given[-1].unsqueeze(-1) if given[-1].ndim == 1 else given[-1]
    for i, t in enumerate(given):
        if t.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {t.ndim}D")
    for i in range(1, n):
        old, new = given[0].dtype, given[i].dtype
        if new is not old:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{old.cpp_name} and tensor {i} {new.cpp_name}"
            )
        if given[i - 1].sizes[1] != given[i].sizes[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i - 1} and {i} with shapes {listed(tensors[i - 1].sizes)} "
                f"and {listed(tensors[i].sizes)} cannot be multiplied"
            )
    return given


def cheapest(sizes: Sequence[int]) -> dict[tuple[int, int], int]:
    """After which factor to split the product of factors i to j, so that it costs the least.

    Factor i is (sizes[i], sizes[i + 1]); of splits that cost the same, the first, but the last of
    three factors' two. Source: matrix_chain_order, after Cormen et al., Introduction to Algorithms.
    """
    n = len(sizes) - 1
    costs: dict[tuple[int, int], int] = {(i, i): 0 for i in range(n)}
    splits: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            options = {
                k: costs[i, k] + costs[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                for k in range(i, j)
            }
            order = reversed(options) if n == 3 else options
            splits[i, j] = min(order, key=options.__getitem__)
            costs[i, j] = options[splits[i, j]]
    return splits


def chained(
    given: Sequence[Tensor],
    splits: dict[tuple[int, int], int],
    i: int,
    j: int,
    out: Tensor | None = None,
) -> Tensor:
    """The product of the factors i to j."""
    if i == j:
        return given[i]
    k = splits[i, j]
    return mm(chained(given, splits, i, k), chained(given, splits, k + 1, j), out=out)
