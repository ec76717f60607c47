"""Functions that give images another size or rearrange them. Source: torch/nn/functional.py."""

import warnings
from collections.abc import Sequence
from typing import Any, cast

from minitorch_np.flight import depth
from minitorch_np.ops.adaptive_pool import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
)
from minitorch_np.ops.factory import is_index
from minitorch_np.ops.grid_sampler import affine_grid_generator, grid_sampler
from minitorch_np.ops.upsample import output_size
from minitorch_np.ops.upsample_ops import ALIGNED, NEAREST, Form
from minitorch_np.overloads import is_int, unfitting
from minitorch_np.tensor import Tensor

__all__ = [
    "affine_grid",
    "grid_sample",
    "interpolate",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

Size = int | Sequence[int]
Factor = float | Sequence[float]

_SPATIAL = {"linear": 1, "bilinear": 2, "bicubic": 2, "lanczos": 2, "trilinear": 3}
"""How many dims each interpolating mode is for."""


AREAS = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}
"""Of so many dims, the op that averages areas."""


def each_size(input: Tensor, size: Size) -> Sequence[int]:
    """The size of each dim from 2 on. Raises: ValueError, TypeError."""
    dims = input.ndim - 2
    if not isinstance(size, (tuple, list)):
        return [cast(int, size)] * dims
    if len(size) != dims:
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of {list(input.sizes[2:])} and output size of {size}. Please "
            "provide input tensor in (N, C, d1, d2, ...,dK) format and output size in "
            "(o1, o2, ...,oK) format."
        )
    if not all(is_int(n) or isinstance(n, bool) for n in size):
        raise TypeError(
            "expected size to be one of int or Tuple[int] or Tuple[int, int] or "
            f"Tuple[int, int, int], but got size with types {[type(n) for n in size]}"
        )
    return size


def each_factor(input: Tensor, scale_factor: Factor) -> list[float]:
    """The factor of each dim from 2 on. Raises: ValueError."""
    dims = input.ndim - 2
    if not isinstance(scale_factor, (tuple, list)):
        return [cast(float, scale_factor)] * dims
    if len(scale_factor) != dims:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {list(input.sizes[2:])} and scale_factor of shape "
            f"{scale_factor}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and "
            "scale_factor in (s1, s2, ...,sK) format."
        )
    return list(scale_factor)


def interpolate(
    input: Tensor,
    size: Size | None = None,
    scale_factor: Factor | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """(N, C, d1, ...) with other sizes from dim 2 on: `size`, or what `scale_factor` leads to.

    `mode`: 'nearest', 'nearest-exact', 'linear', 'bilinear', 'bicubic', 'trilinear', 'lanczos' or
    'area'. Factors are used to place elements too, unless `recompute_scale_factor`.
    """
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear "
            "| bicubic | trilinear"
        )
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    sizes = factors = None
    if size is not None:
        sizes = each_size(input, size)
    elif scale_factor is not None:
        factors = each_factor(input, scale_factor)
    else:
        raise ValueError("either size or scale_factor should be defined")
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if factors is not None and (recompute_scale_factor or mode == "area"):
        sizes, factors = [int(n * f) for n, f in zip(input.sizes[2:], factors, strict=True)], None
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and input.ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires "
            "a 4-D tensor as input"
        )
    return resized(input, sizes, factors, mode, bool(align_corners), antialias)


def need_ints(run: Form, input: Tensor, size: Sequence[int] | None, *rest: object) -> None:
    """Raise torch's TypeError where a size starts with no int: PyTorch's function passes on the
    factors of all dims as one argument, the last."""
    if size is not None and not is_index(size[0]):
        raise unfitting(cast(Any, run).__name__, input, size, *rest)


def resized(
    input: Tensor,
    size: Sequence[int] | None,
    factors: list[float] | None,
    mode: str,
    align_corners: bool,
    antialias: bool,
) -> Tensor:
    """`interpolate` by the op for the mode. Raises: NotImplementedError where there is none."""
    dims = input.ndim - 2
    scales = factors or [None] * dims
    if (mode, dims) in NEAREST:
        run = NEAREST[mode, dims]
        need_ints(run, input, size, factors)
        return run(input, output_size(input.sizes, size, factors), *scales)
    if _SPATIAL.get(mode) == dims:
        if mode == "lanczos" and align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if mode == "lanczos" and not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
        run = ALIGNED[mode, antialias]
        need_ints(run, input, size, align_corners, factors)
        return run(input, output_size(input.sizes, size, factors), align_corners, *scales)
    if mode == "area" and dims in AREAS:
        return AREAS[dims](input, output_size(input.sizes, size, factors))
    if dims in (1, 2, 3) and mode in ("linear", "bilinear", "trilinear"):
        raise NotImplementedError(
            f"Got {input.ndim}D input, but {mode} mode needs {_SPATIAL[mode] + 2}D input"
        )
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the "
        "modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact "
        f"(got {mode})"
    )


def deprecated(name: str) -> None:
    """Warn that a function has another name now."""
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=depth(),
    )


def upsample(
    input: Tensor,
    size: Size | None = None,
    scale_factor: Factor | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """`interpolate` under its older name."""
    deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: Size | None = None, scale_factor: Factor | None = None
) -> Tensor:
    """`interpolate` by nearest elements."""
    deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(
    input: Tensor, size: Size | None = None, scale_factor: Factor | None = None
) -> Tensor:
    """`interpolate` by bilinear interpolation with corners on corners."""
    deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


_INTERPOLATIONS = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def aligned(align_corners: bool | None) -> bool:
    """`align_corners`, False where nothing was said, with a warning."""
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since "
            "1.3.0. Please specify align_corners=True if the old behavior is desired. See the "
            "documentation of grid_sample for details.",
            stacklevel=depth(),
        )
    return bool(align_corners)


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Images (N, C, H, W) at the points of a grid (N, H', W', 2): (N, C, H', W'); or in 3 dims.

    Coordinates are in [-1, 1], x first; beyond that lie zeros, the border, or mirror images.
    """
    if mode not in _INTERPOLATIONS:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in _PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    modes = _INTERPOLATIONS.index(mode), _PADDINGS.index(padding_mode)
    return grid_sampler(input, grid, *modes, aligned(align_corners))


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid for `grid_sample` that affine maps (N, 2, 3) make of images of `size` (N, C, H, W).

    (N, H, W, 2); or (N, D, H, W, 3) of maps (N, 3, 4). Raises: ValueError, NotImplementedError.
    """
    align = aligned(align_corners)
    if not theta.dtype.is_floating_point:
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    dims = len(size) - 2
    if dims not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {size}."
        )
    if theta.ndim != 3 or theta.sizes[-2:] != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size "
            f"{size}. Got {theta.shape}."
        )
    if align and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when "
            "align_corners=True. This is not an intended use case of affine_grid. See the "
            "documentation of affine_grid for details.",
            stacklevel=depth(),
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator(theta, tuple(size), align)
