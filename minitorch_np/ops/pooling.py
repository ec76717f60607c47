"""What all pooling shares: the window, the sizes it leads to, and PyTorch's checks of both.

Images are (C, *size) or (N, C, *size) with two or three spatial dims; one spatial dim is two with
a size of 1. Source: aten/src/ATen/native/Pool.h.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np import kernels, strides
from minitorch_np.dtypes import float32
from minitorch_np.form import Form, form_of
from minitorch_np.kernels.large import FLOAT, MANY
from minitorch_np.loops import quietly
from minitorch_np.ops.windows import Window
from minitorch_np.shapes import Shape, listed, several
from minitorch_np.strides import Stride
from minitorch_np.tensor import Tensor, empty

__all__ = [
    "Ints", "Sliding", "check_pool", "output_size", "sliding", "taken", "walks", "window_of",
]  # fmt: skip

Array = NDArray[Any]
Ints = int | Sequence[int]

_COUNT = {2: "two", 3: "three"}
_LIMIT = 2**63 - 1


def taken(value: Ints | None, dims: int) -> Shape:
    """A number for each dim, or those that are given, none for None: as PyTorch passes them on."""
    return () if value is None else several(value, dims)


def window_of(
    name: str,
    dims: int,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints = 1,
) -> Window:
    """The window of a pooling op; no stride means that of the kernel. Raises: RuntimeError."""
    either = "" if name == "avg_pool3d" else "either "
    kinds = (
        ("kernel_size", kernel_size, f"must {either}be"),
        ("stride", () if stride is None else stride, f"must {either}be omitted,"),
        ("padding", padding, f"must {either}be"),
        ("dilation", dilation, "must be either"),
    )
    found: list[Shape] = []
    for kind, value, must in kinds:
        numbers = several(value)
        if kind == "stride" and not numbers:
            numbers = found[0]
        if len(numbers) not in (1, dims):
            raise RuntimeError(
                f"{name}: {kind} {must} a single int, or a tuple of {_COUNT[dims]} ints"
            )
        found.append(numbers * dims if len(numbers) == 1 else numbers)
    return Window(*found)


class Sliding(NamedTuple):
    """A window over the images of one form, and what follows from the sizes of both."""

    window: Window
    to: Shape
    """How often it fits in each dim."""
    form: Form
    """Of the result."""
    direct: bool
    """Whether compiled loops take the images and write the result as both are."""
    numbers: NDArray[np.int64]
    """The sizes of an image and of its result, and the window: as those loops read them."""


def sliding(input: Tensor, w: Window, to: Shape, stride: Stride) -> Sliding:
    """The plan of pooling tensors of the form of `input` to a result of this stride."""
    form = form_of((*input.sizes[: -len(to)], *to), stride, input.dtype)
    direct = len(to) == 2 and input.dtype is float32 and form.count > 0
    direct = direct and input.form.in_order and form.in_order
    numbers = np.array((*input.sizes[-len(to) :], *to, *itertools.chain(*w)), np.int64)
    return Sliding(w, to, form, direct, numbers)


def walks(a: Array) -> bool:
    """Whether compiled loops walk images: float32 in C order, many of them, or where what compiles
    them is loaded anyway."""
    return (a.size >= MANY or not kernels.waiting) and a.dtype == FLOAT and a.flags.carray


def output_size(n: int, k: int, pad: int, stride: int, dilation: int, ceil_mode: bool) -> int:
    """How often a window fits. Raises: RuntimeError. Source: pooling_output_shape, Pool.h."""
    if stride == 0:
        raise RuntimeError("stride should not be zero")
    if pad < 0:
        raise RuntimeError(f"pad must be non-negative, but got pad: {pad}")
    span = (k - 1) * dilation + 1
    if abs(span) > _LIMIT:
        raise RuntimeError(
            f"effective kernel size overflows, but got kernel_size={k} and dilation={dilation}"
        )
    if pad > (span // 2 if span >= 0 else -(-span // 2)):  # as C divides
        raise RuntimeError(
            "pad should be at most half of effective kernel size, but got "
            f"pad={pad}, kernel_size={k} and dilation={dilation}"
        )
    more = stride - 1 if ceil_mode else 0
    size = (n + 2 * pad - span + more) // stride + 1
    # a window must start within the image or the padding before it
    return size - 1 if ceil_mode and (size - 1) * stride >= n + pad else size


def output_sizes(size: Shape, w: Window, ceil_mode: bool) -> Shape:
    """`output_size` in each dim."""
    numbers = zip(size, w.kernel, w.padding, w.stride, w.dilation, strict=True)
    return tuple([output_size(n, k, p, s, d, ceil_mode) for n, k, p, s, d in numbers])


def by(sizes: Sequence[int]) -> str:
    """Sizes as messages have them: 3x4."""
    return "x".join(map(str, sizes))


def named(letter: str, numbers: Sequence[int]) -> str:
    """Numbers with the names of their dims: kH: 2 kW: 3."""
    names = "THW"[-len(numbers) :]
    return " ".join(f"{letter}{n}: {x}" for n, x in zip(names, numbers, strict=True))


def check_pool(name: str, input: Tensor, w: Window, to: Shape) -> None:
    """Raise RuntimeError for windows and images that do not go together.

    Source: pool2d_shape_check and pool3d_shape_check, Pool.h.
    """
    dims, shape = len(to), input.sizes
    for called, letter, numbers in (
        ("kernel size", "k", w.kernel),
        ("stride", "d", w.stride),
        ("dilation", "dilation", w.dilation),
    ):
        if any(n <= 0 for n in numbers):
            raise RuntimeError(
                f"{called} should be greater than zero, but got {named(letter, numbers)}"
            )
    if dims == 2:
        if input.ndim not in (3, 4) or 0 in shape[input.ndim - 3 :]:
            raise RuntimeError(
                "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, "
                f"but got:{listed(shape)}"
            )
    else:
        check_solid(name, input)
        if name == "avg_pool3d()" and any(n < k for n, k in zip(shape[-3:], w.kernel, strict=True)):
            raise RuntimeError(
                f"input image ({named('', shape[-3:])}) smaller than kernel size "
                f"({named('k', w.kernel)})"
            )
    if any(n < 1 for n in to):
        c = shape[-dims - 1]
        raise RuntimeError(
            f"Given input size: ({by((c, *shape[-dims:]))}). Calculated output size: "
            f"({by((c, *to))}). Output size is too small"
        )


def check_solid(name: str, input: Tensor) -> None:
    """Raise RuntimeError unless (N, C, D, H, W), or without N, has elements but for its batch."""
    for d in range(input.ndim - 4, input.ndim):
        if not input.sizes[d]:
            raise RuntimeError(
                f"{name}: Expected input to have non-zero size for non-batch dimensions, but input "
                f"has sizes {listed(input.sizes)} with dimension {d} being empty"
            )


def suggested(shape: Shape, input: Tensor) -> Stride:
    """The stride of a new tensor in the memory format that `input` suggests."""
    last = strides.is_channels_last_like(input.sizes, input.strides)
    if last and len(shape) in (4, 5):
        return (strides.channels_last if len(shape) == 4 else strides.channels_last_3d)(shape)
    return strides.contiguous(shape)


def made(values: Array, stride: Stride, like: Tensor) -> Tensor:
    """A tensor of these values, rounded if the dtype is narrower."""
    done = empty(values.shape, stride, like.dtype)
    quietly(np.copyto, done.array, values, casting="unsafe")
    return done


def widened(a: Array, w: Window, to: Shape, value: float) -> Array:
    """Images with `value` around them, as far as their windows reach."""
    dims = len(to)
    size = a.shape[-dims:]
    numbers = zip(size, w.kernel, w.padding, w.stride, w.dilation, to, strict=True)
    sizes = [max(n + p, (o - 1) * s + (k - 1) * d + 1) for n, k, p, s, d, o in numbers]
    if sizes == [*size]:
        return a
    wide = np.full((*a.shape[:-dims], *sizes), value, a.dtype)
    wide[(..., *[slice(p, p + n) for n, p in zip(size, w.padding, strict=True)])] = a
    return wide


@functools.lru_cache(64)
def steps(w: Window, to: Shape) -> Sequence[tuple[Shape, tuple[slice, ...]]]:
    """Each place in a window, and where the elements there lie in an image that is `widened`."""
    found: list[tuple[Shape, tuple[slice, ...]]] = []
    for at in itertools.product(*map(range, w.kernel)):
        numbers = zip(at, w.dilation, w.stride, to, strict=True)
        where = [slice(i * d, i * d + (o - 1) * s + 1, s) for i, d, s, o in numbers]
        found.append((at, tuple(where)))
    return found


def compute(t: Tensor) -> Array:
    """The elements as kernels compute with them: half types as float32."""
    return t.array if not t.dtype.is_half else quietly(t.array.astype, np.float32)
