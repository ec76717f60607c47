"""Images sampled at the points of a grid: grid_sampler_2d and 3d, and grids of affine maps.

`interpolation_mode` is 0 for bilinear (trilinear), 1 for nearest, 2 for bicubic, `padding_mode` 0
for zeros, 1 for border, 2 for reflection. Coordinates lie in [-1, 1], that of the last dim first.
Source: aten/src/ATen/native/GridSampler.cpp, AffineGridGenerator.cpp.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np import kernels, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import float32, float64
from minitorch_np.kernels.large import MANY, loop
from minitorch_np.loops import not_implemented, quietly
from minitorch_np.op import REGISTRY, composite, op
from minitorch_np.ops.creation import zeros
from minitorch_np.ops.grid_points import BICUBIC, BILINEAR, NEAREST, REFLECTION, Samples
from minitorch_np.ops.ranges import linspace
from minitorch_np.plan import Rule
from minitorch_np.shapes import Shape, listed, numel
from minitorch_np.tensor import Tensor, empty, stored

__all__ = ["affine_grid_generator", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d"]

Array = NDArray[Any]


class GridGradients(NamedTuple):
    """The gradients of an image and of the points it was sampled at."""

    grad_input: Tensor
    grad_grid: Tensor


def check_common(input: Tensor, grid: Tensor) -> None:
    """Raise where an image and a grid do not belong together.

    Source: check_grid_sampler_common, aten/src/ATen/native/GridSamplerUtils.h.
    """
    if not input.sizes or not grid.sizes:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    shapes = f"{listed(input.sizes)} and grid with sizes {listed(grid.sizes)}"
    if input.sizes[0] != grid.sizes[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with "
            f"sizes {shapes}"
        )
    if grid.sizes[-1] != input.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension, but "
            f"got grid with sizes {listed(grid.sizes)}"
        )
    for d, n in enumerate(input.sizes[2:], 2):
        if not n:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input "
                f"has sizes {listed(input.sizes)} with dimension {d} being empty"
            )


def check_dims(input: Tensor, grid: Tensor, ndim: int) -> None:
    """Raise where image and grid have other numbers of dims."""
    if input.ndim != ndim or grid.ndim != ndim:
        raise RuntimeError(
            f"grid_sampler(): expected {ndim}D input and grid with same number of dimensions, but "
            f"got input with sizes {listed(input.sizes)} and grid with sizes {listed(grid.sizes)}"
        )


def check_dtypes(name: str, dtype: Dtype, grid: Tensor) -> None:
    """Raise for a dtype that has no loop, or for two dtypes."""
    if not dtype.is_floating_point:
        raise not_implemented(name, dtype)
    if grid.dtype is not dtype:
        raise RuntimeError(
            f"expected scalar type {dtype.aten_name} but found {grid.dtype.aten_name}"
        )


def contiguous(values: Array, shape: Shape, dtype: Dtype) -> Tensor:
    """A contiguous tensor of values, rounded if its dtype is narrower."""
    out = empty(shape, strides.contiguous(shape), dtype)
    out.array[...] = values.reshape(shape)
    return out


def in_order(*tensors: Tensor) -> list[Array] | None:
    """The arrays of images and points as compiled loops take them, in C order; None where NumPy
    does: for half types, and for few elements until something else loads what compiles."""
    dtype = tensors[0].dtype
    if dtype is not float32 and dtype is not float64:
        return None
    if kernels.waiting and max([t.numel() for t in tensors]) < MANY:
        return None
    arrays = [t.array for t in tensors]
    return [a if a.flags.carray else np.array(a, order="C") for a in arrays]


def loop_of(input: Tensor, mode: int) -> str | None:
    """The compiled loop for such images, or None."""
    if input.ndim == 4 and mode in _LOOPS and numel(input.sizes[2:]) < 1 << 30:
        return _LOOPS[mode]
    return None


_LOOPS = {BILINEAR: "grids.linear", NEAREST: "grids.nearest", BICUBIC: "grids.cubic"}


def sampled(input: Tensor, grid: Tensor, mode: int, padding: int, align: bool) -> Tensor:
    """The image at the points of a grid: (N, C, *grid.sizes[1:-1])."""
    name = "grid_sampler_2d_cpu_kernel_impl" if input.ndim == 4 else "grid_sampler3d_cpu"
    shape = (*input.sizes[:2], *grid.sizes[1:-1])
    if 0 in shape:
        return contiguous(np.zeros(shape), shape, input.dtype)
    check_dtypes(name, input.dtype, grid)
    walk = loop_of(input, mode)
    arrays = in_order(input, grid) if walk else None
    if walk and arrays:
        out = empty(shape, strides.contiguous(shape), input.dtype)
        sizes = numel(shape[2:]), *input.sizes[2:]
        loop(walk, input.dtype.np)(*arrays, out.array, *sizes, padding, align)
        return out
    points = Samples(input.sizes, grid, mode, padding, align, False)
    image = input.array.astype(points.kind, copy=False)
    return contiguous(points.of(image, (0,) * points.count), shape, input.dtype)


def gradients_by_loop(
    arrays: list[Array], input: Tensor, grid: Tensor, mode: int, padding: int, align: bool,
    mask: Sequence[bool],
) -> GridGradients:  # fmt: skip
    """`gradients` of the arrays that were put `in_order`."""
    found: list[Tensor] = []
    for t, asked in zip((input, grid), mask, strict=True):
        shape = t.sizes if asked else (0,)
        found.append(empty(shape, strides.contiguous(shape), t.dtype))
    of_image, of_grid = found
    of_image.array.fill(0)
    numbers = numel(grid.sizes[1:-1]), *input.sizes[2:], padding, align
    name, dtype = f"{_LOOPS[mode]}_backward", input.dtype.np
    if mode != NEAREST:
        loop(name, dtype)(*arrays, of_image.array, of_grid.array, *numbers)
        return GridGradients(of_image, of_grid)
    of_grid.array.fill(0)
    if mask[0]:
        loop(name, dtype)(arrays[0], arrays[2], of_image.array, *numbers)
    return GridGradients(of_image, of_grid)


def gradients(
    g: Tensor, input: Tensor, grid: Tensor, mode: int, padding: int, align: bool,
    mask: Sequence[bool],
) -> GridGradients:  # fmt: skip
    """The gradients of `sampled` that `mask` asks for, tensors without elements for others."""
    arrays = in_order(g, input, grid) if g.numel() and loop_of(input, mode) else None
    if arrays:
        return gradients_by_loop(arrays, input, grid, mode, padding, align, mask)
    points = Samples(input.sizes, grid, mode, padding, align, mask[1])
    kind = points.kind
    flat = g.array.astype(kind, copy=False).reshape(*input.sizes[:2], points.points)
    none = contiguous(np.zeros(0), (0,), input.dtype)
    image = sums = none
    if mask[0]:
        image = contiguous(points.spread(flat, (0,) * points.count), input.sizes, input.dtype)
    if mask[1]:
        whole = input.array.astype(kind, copy=False)
        if input.dtype.is_half and points.mode == BILINEAR:
            slopes = bilinear_slopes if points.count == 2 else trilinear_slopes
            by = slopes(points, whole, flat)
        else:
            by = [points.slope(whole, flat, d) for d in range(points.count)]
        sums = contiguous(np.stack(by, -1), grid.sizes, grid.dtype)
    return GridGradients(image, sums)


def bilinear_slopes(points: Samples, image: Array, g: Array) -> list[Array]:
    """The gradients for x and y of samples of flat images, rounded to a half type where ATen does.

    Source: ApplyGridSample::backward, aten/src/ATen/native/cpu/GridSamplerKernel.cpp.
    """
    rows, columns = points.axes
    pixels = image.reshape(*image.shape[:2], -1)
    taps: list[Array] = []
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        place = rows.at[..., i] * image.shape[3] + columns.at[..., j]
        inside = (rows.inside[..., i] & columns.inside[..., j])[:, None]
        found = np.take_along_axis(pixels, place[:, None], 2)
        taps.append(np.where(inside, found, image.dtype.type(0)))
    nw, ne, sw, se = taps
    north, south = [rows.weights[0][:, None, :, k] for k in range(2)]
    west, east = [columns.weights[0][:, None, :, k] for k in range(2)]
    x = (((ne - nw) * north + (se - sw) * south) * g).sum(1)
    y = (((sw - nw) * west + (se - ne) * east) * g).sum(1)
    return [x * columns.weights[1][..., 1], y * rows.weights[1][..., 1]]


def trilinear_slopes(points: Samples, image: Array, g: Array) -> list[Array]:
    """The gradients for x, y and z of samples of volumes, rounded to a half type where ATen does.

    Source: grid_sampler_3d_backward_cpu_impl, aten/src/ATen/native/GridSampler.cpp.
    """
    axes = points.axes[::-1]  # x, y, z
    n, m = image.shape[-1], image.shape[-2]
    pixels = image.reshape(*image.shape[:2], -1)
    sums: list[Array] = [np.zeros(g.shape[::2], image.dtype) for _ in axes]
    for c, (k, j, i) in itertools.product(
        range(image.shape[1]), itertools.product(range(2), repeat=3)
    ):
        taps = i, j, k
        x, y, z = [axis.at[..., tap] for axis, tap in zip(axes, taps, strict=True)]
        inside = [axis.inside[..., tap] for axis, tap in zip(axes, taps, strict=True)]
        found = np.take_along_axis(pixels[:, c], (z * m + y) * n + x, 1)
        value = np.where(np.logical_and.reduce(inside), found, image.dtype.type(0))
        for d, tap in enumerate(taps):
            term = value
            for e in range(3):
                term = term if d == e else term * axes[e].weights[0][..., taps[e]]
            sums[d] = sums[d] + term * g[:, c] if tap else sums[d] - term * g[:, c]
    return [total * axis.weights[1][..., 1] for total, axis in zip(sums, axes, strict=True)]


@op("contiguous", method=False, node="torch::autograd::NotImplemented")
def grid_sampler_double_backward(
    which: str,
    grad_grad_input: Tensor,
    grad_grad_grid: Tensor,
    grad_output: Tensor,
    input: Tensor,
    grid: Tensor,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
) -> Tensor:
    """The gradient of `gradients` for the argument `which`; nothing arrives at empty results.

    Raises: RuntimeError for half types, reflection and a gradient of points, as PyTorch does.
    Source: grid_sampler_2d_double_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    points = Samples(input.sizes, grid, interpolation_mode, padding_mode, align_corners)
    kind = points.kind
    shape = (*input.sizes[:2], points.points)
    g, image = grad_output.array.astype(kind).reshape(shape), input.array.astype(kind)
    over = grad_grad_input.array.astype(kind) if grad_grad_input.sizes == input.sizes else None
    along: list[Array] = []
    if grad_grad_grid.sizes == grid.sizes:
        moved = grad_grad_grid.array.astype(kind).reshape(-1, 1, points.points, points.count)
        along = [moved[..., d] for d in range(points.count)]
    if which == "input":
        reflected = padding_mode == REFLECTION and interpolation_mode == BILINEAR
        if along and reflected and input.dtype.is_half:  # in which PyTorch's weights are float32
            raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
        total = np.zeros(input.sizes, kind)
        for d, move in enumerate(along):
            total += points.spread(g * move, points.once(d))
        return contiguous(total, input.sizes, input.dtype)
    if which == "grad_output":
        total = changed(points, image, over, along, None)
        return contiguous(total, grad_output.sizes, input.dtype)
    by = [(g * changed(points, image, over, along, e)).sum(1) for e in range(points.count)]
    return contiguous(np.stack(by, -1), grid.sizes, grid.dtype)


def changed(
    points: Samples, image: Array, over: Array | None, along: list[Array], by: int | None
) -> Array:
    """How samples change with the image, by `over`, and with their points, by `along` a coordinate.

    Differentiated once more by the coordinate `by`, if given.
    """
    total = np.zeros((*points.shape[:2], points.points), image.dtype)
    if over is not None:
        total += points.of(over, (0,) * points.count if by is None else points.once(by))
    for d, move in enumerate(along):
        total += move * points.of(image, points.once(d, by))
    return total


@op("contiguous", method=False, node="GridSampler2DBackward0", called="input")
def grid_sampler_2d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Images (N, C, H, W) at points (N, H', W', 2): (N, C, H', W').

    Source: aten/src/ATen/native/GridSampler.cpp.
    """
    check_common(input, grid)
    check_dims(input, grid, 4)
    return sampled(input, grid, interpolation_mode, padding_mode, align_corners)


@op("contiguous", method=False, node="GridSampler2DBackwardBackward0", called="input")
def grid_sampler_2d_backward(
    grad_output: Tensor,
    input: Tensor,
    grid: Tensor,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
    output_mask: Sequence[bool],
) -> GridGradients:
    """The gradients of `grid_sampler_2d` that are asked for; the others have no elements."""
    return gradients(
        grad_output, input, grid, interpolation_mode, padding_mode, align_corners, output_mask
    )


@op("contiguous", method=False, node="GridSampler3DBackward0", called="input")
def grid_sampler_3d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Images (N, C, D, H, W) at points (N, D', H', W', 3): (N, C, D', H', W').

    Source: aten/src/ATen/native/GridSampler.cpp.
    """
    check_common(input, grid)
    check_dims(input, grid, 5)
    return sampled(input, grid, interpolation_mode, padding_mode, align_corners)


@op("contiguous", method=False, node="GridSampler3DBackwardBackward0", called="input")
def grid_sampler_3d_backward(
    grad_output: Tensor,
    input: Tensor,
    grid: Tensor,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
    output_mask: Sequence[bool],
) -> GridGradients:
    """The gradients of `grid_sampler_3d` that are asked for; the others have no elements."""
    return gradients(
        grad_output, input, grid, interpolation_mode, padding_mode, align_corners, output_mask
    )


def both(backward: Callable[..., GridGradients]) -> Rule:
    """The rule of image and points: the gradients that are wanted, by one walk over the points."""

    def rule(
        g: Tensor, input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int,
        align_corners: bool, wanted: tuple[bool, bool],
    ) -> Sequence[Tensor | None]:  # fmt: skip
        found = backward(g, input, grid, interpolation_mode, padding_mode, align_corners, wanted)
        return tuple([t if asked else None for t, asked in zip(found, wanted, strict=True)])

    return rule


_flat, _deep = both(grid_sampler_2d_backward), both(grid_sampler_3d_backward)
grid_sampler_2d.vjp(input=_flat, grid=_flat)
grid_sampler_3d.vjp(input=_deep, grid=_deep)


def twice(which: str) -> Rule:
    """The rule of an argument of the two backward ops."""

    def rule(
        g_grad_input: Tensor, g_grad_grid: Tensor, grad_output: Tensor, input: Tensor, grid: Tensor,
        interpolation_mode: int, padding_mode: int, align_corners: bool,
    ) -> Tensor:  # fmt: skip
        modes = interpolation_mode, padding_mode, align_corners
        return grid_sampler_double_backward(
            which, g_grad_input, g_grad_grid, grad_output, input, grid, *modes
        )

    return rule


for _backward in (grid_sampler_2d_backward, grid_sampler_3d_backward):
    _backward.vjp(grad_output=twice("grad_output"), input=twice("input"), grid=twice("grid"))


@composite(method=False)
def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sampler_2d` of images with four dims, `grid_sampler_3d` of others."""
    sample = grid_sampler_2d if input.ndim == 4 else grid_sampler_3d
    return sample(input, grid, interpolation_mode, padding_mode, align_corners)


def base_grid(size: Shape, dtype: Dtype, align: bool) -> Tensor:
    """The points of a grid of `size`, (N, C, ...), each followed by a 1: (N, P, dims + 1)."""
    points_of = kept_points if numel(size[2:]) <= KEPT else regular_points
    points = points_of(size[2:], dtype, align)
    return stored(np.broadcast_to(points, (size[0], *points.shape)), dtype)


def regular_points(dims: Shape, dtype: Dtype, align: bool) -> Array:
    """Those of one image: (P, dims + 1)."""
    grid = np.ones((*dims, len(dims) + 1), dtype.np)
    for at, n in enumerate(reversed(dims)):
        steps = linspace(-1, 1, n, dtype=dtype) if n > 1 else zeros((1,), dtype=dtype)
        if not align:
            steps = steps * (n - 1) / n
        column = steps.array.reshape((-1,) + (1,) * at)
        quietly(np.copyto, grid[..., at], column, casting="unsafe")
    return grid.reshape(-1, len(dims) + 1)


KEPT = 1 << 16
"""Points of an image up to which they are kept for other images of the size, which most are."""

kept_points = functools.lru_cache(16)(regular_points)


@op("contiguous", method=False)
def affine_grid_generator(theta: Tensor, size: Shape, align_corners: bool) -> Tensor:
    """The points that the maps `theta`, (N, 2, 3) or (N, 3, 4), send those of a regular grid to.

    Source: aten/src/ATen/native/AffineGridGenerator.cpp.
    """
    if len(size) not in (4, 5):
        raise RuntimeError("AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.")
    points = base_grid(tuple(size), theta.dtype, align_corners)
    product = REGISTRY["bmm"].impl(points, theta.untracked().transpose(1, 2))
    assert isinstance(product, Tensor)
    return product.view((size[0], *size[2:], len(size) - 2))


affine_grid_generator.vjp(
    theta=lambda g, size, align_corners: (
        base_grid(tuple(size), g.dtype, align_corners)
        .transpose(1, 2)
        .bmm(g.reshape((size[0], -1, len(size) - 2)))
        .transpose(1, 2)
    )
)
affine_grid_generator.jvp("linear")
