"""Max pooling of planes, window by window."""

import numpy as np

from .compiler import Flat, Indices, jit
from .compiler import build as build_all
from .shares import shared

LOWEST = np.float32(-np.inf)


@shared("ppp........", "a.size // (height * width)", 3.0)
@jit
def largest(
    a: Flat, best: Flat, index: Indices, height: int, width: int, out_height: int, out_width: int,
    kernel: Indices, stride: Indices, padding: Indices, dilation: Indices,
) -> None:  # fmt: skip
    """best = the largest element of each window of planes, index = where in its plane it is: the
    first of several, the last of NaNs. The last four have a number for the height and one for the
    width.
    """
    size, cells = height * width, out_height * out_width
    for plane in range(best.size // cells):
        x = a[plane * size : plane * size + size]
        for row in range(out_height):
            top = row * stride[0] - padding[0]
            for column in range(out_width):
                left = column * stride[1] - padding[1]
                found, at = LOWEST, -1
                for i in range(kernel[0]):
                    h = top + i * dilation[0]
                    if h < 0 or h >= height:
                        continue
                    for j in range(kernel[1]):
                        w = left + j * dilation[1]
                        if w < 0 or w >= width:
                            continue
                        value = x[h * width + w]
                        if at < 0 or value > found or value != value:
                            found, at = value, h * width + w
                place = plane * cells + row * out_width + column
                best[place], index[place] = found, at


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
