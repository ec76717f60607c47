"""Products of three: `bilinear`, and the sum behind it and behind its gradients.

Source: aten/src/ATen/native/Linear.cpp bilinear, _trilinear.
"""

import math

from minitorch_np.op import composite, op
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.einsum import sumproduct_pair
from minitorch_np.tensor import Tensor

__all__ = ["bilinear"]

Dims = tuple[int, ...]


@op("contiguous", method=False, aten="_trilinear", frugal=True)
def trilinear(
    i1: Tensor,
    i2: Tensor,
    i3: Tensor,
    expand1: Dims,
    expand2: Dims,
    expand3: Dims,
    sumdim: Dims,
) -> Tensor:
    """The product of three tensors, each with new dims at `expand`, summed over `sumdim`."""
    expanded = ((i1, expand1), (i2, expand2), (i3, expand3))
    given = [_widened(t, at) for t, at in expanded]
    sizes = [
        next(t.sizes[d] for t, (_, at) in zip(given, expanded, strict=True) if d not in at)
        for d in range(given[0].ndim)
    ]
    kept = [n for d, n in enumerate(sizes) if d not in sumdim]
    # the third factor comes last: a sum along a dim that it lacks need not wait for it
    early = [d for d in sumdim if d in expand3]
    late = [d for d in sumdim if d not in early]
    shape = tuple([1 if d in sumdim else n for d, n in enumerate(sizes)])
    done = zeros(i1, shape)
    gone = {*early, _UNROLLED, *(set(expand1) & set(expand2))}
    held = math.prod([n for d, n in enumerate(sizes) if d not in gone])
    total = sizes[_UNROLLED] if all(t.numel() for t in given) else 0
    some = total if _UNROLLED in early else max(1, HELD // max(1, held))
    if i1.dtype.is_half:  # each sum is rounded, as in ATen's unrolled loop
        some = 1
    for k in range(0, total, some or 1):
        n = min(some, total - k)
        a, b, c = [t if t.sizes[_UNROLLED] == 1 else t.narrow(_UNROLLED, k, n) for t in given]
        product = sumproduct_pair(sumproduct_pair(a, b, early), c, late)
        (done if _UNROLLED in sumdim else done.narrow(_UNROLLED, k, n)).add_(product)
    return done.view(kept)


_UNROLLED = 1
"""The dim along which products are made some at a time, so that none is held for all."""
HELD = 1 << 16
"""Elements of the product of two factors that may be held at once."""


def _widened(t: Tensor, at: Dims) -> Tensor:
    """A tensor without history, with new dims at those places of the result."""
    t = t.untracked()
    for d in at:
        t = t.unsqueeze(d)
    return t


trilinear.vjp(
    i1=lambda g, i2, i3, expand1, expand2, expand3, sumdim: trilinear(
        g, i2, i3, sumdim, expand2, expand3, expand1
    ),
    i2=lambda g, i1, i3, expand1, expand2, expand3, sumdim: trilinear(
        i1, g, i3, expand1, sumdim, expand3, expand2
    ),
    i3=lambda g, i1, i2, expand1, expand2, expand3, sumdim: trilinear(
        i1, i2, g, expand1, expand2, sumdim, expand3
    ),
)
trilinear.jvp("linear")


def check_bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    """Nothing, when dtypes and shapes belong together. Raises: RuntimeError, IndexError."""
    given = {"input1": input1, "input2": input2, "weight": weight}
    if bias is not None:
        given["bias"] = bias
    if any(t.dtype is not input1.dtype for t in given.values()):
        kinds = ", ".join([f"{name}: {t.dtype.cpp_name}" for name, t in given.items()])
        raise RuntimeError(f"All tensors must have the same dtype, got {kinds}")
    if input1.ndim != input2.ndim:
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}"
        )
    for d, (m, n) in enumerate(zip(input1.sizes[:-1], input2.sizes[:-1], strict=True)):
        if m != n:
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {d}: got {m} and {n}"
            )
    for place, t in ((1, input1), (2, input2)):
        if t.size(-1) != weight.size(place):
            raise RuntimeError(
                f"bilinear(): input{place} size does not match weight size: "
                f"got {t.size(-1)} but expected {weight.size(place)}"
            )
    if bias is not None and bias.size(0) != weight.size(0):
        raise RuntimeError(
            "bilinear(): bias size does not match weight size: "
            f"got {bias.size(0)} but expected {weight.size(0)}"
        )


@composite(method=False)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`x1 W x2 + b` for each of the outputs: (*, I), (*, J), (O, I, J) and (O) to (*, O)."""
    check_bilinear(input1, input2, weight, bias)
    first = input1.reshape((-1, input1.sizes[-1]))
    second = input2.reshape((-1, input2.sizes[-1]))
    product = trilinear(first, weight, second, (1, 3), (0,), (1, 2), (2, 3))
    result = product.reshape((*input1.sizes[:-1], weight.sizes[0]))
    return result if bias is None else result + bias
