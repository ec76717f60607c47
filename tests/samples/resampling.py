"""Copies, padding, interpolation, scatter-reduce and what rearranges pixels."""

from collections.abc import Iterator
from typing import Any

from minitorch_np.op import REGISTRY
from tests.samples.spec import In, Sample, mask, one, whole, x

__all__ = ["BACKWARD", "SAMPLES"]

IMAGE, VOLUME = x(2, 3, 4, 5), x(1, 2, 3, 4, 3)


def _padded() -> Iterator[Sample]:
    """Each padding op, with room for its borders, with and without a batch."""
    for mode, name in (("reflect", "reflection"), ("replicate", "replication")):
        for count, given in enumerate((x(2, 3, 4), IMAGE, VOLUME), 1):
            pads = (1, 2, -1, 1, 2, 0)[: 2 * count]
            f = lambda torch, a, p=pads, m=mode: torch.nn.functional.pad(a, p, m)  # noqa: E731
            single = given._replace(shape=(given.shape or ())[1:])
            yield one(f"{name}_pad{count}d", f, given)
            yield one(f"{name}_pad{count}d", f, single)
    constant: Any = lambda torch, a: torch.constant_pad_nd(a, (1, 2, -1, 0), 1)  # noqa: E731
    yield one("constant_pad_nd", constant, x())
    yield one("constant_pad_nd", lambda torch, a: torch.constant_pad_nd(a, (-1, 0)), IMAGE)


def _combined() -> Iterator[Sample]:
    """scatter_reduce and index_reduce of each kind, some places named twice or never."""
    at, rows = whole([0, 2, 0], [2, 2, 1]), whole(2, 0, 2)
    for reduce in ("sum", "prod", "mean", "amin", "amax"):
        for include in (True, False):
            k = {"reduce": reduce, "include_self": include}
            f = lambda torch, a, i, b, k=k: a.scatter_reduce(0, i, b, **k)  # noqa: E731
            yield one("scatter_reduce", f, x(4, 3), at, x(2, 4))
            if reduce != "sum":
                g = lambda torch, a, i, b, k=k: a.index_reduce(1, i, b, **k)  # noqa: E731
                yield one("index_reduce", g, x(2, 4, 2), rows, x(2, 3, 2))
    f = lambda torch, a, i, b: a.clone().scatter_reduce_(1, i, b, "sum")  # noqa: E731
    yield one("scatter_reduce_", f, x(4, 3), at, x(2, 4))
    g = lambda torch, a, i, b: a.clone().index_reduce_(0, i, b, "amax")  # noqa: E731
    yield one("index_reduce_", g, x(4, 3), rows, x(3, 3))
    zeros = lambda torch, a, i: a.scatter_reduce(0, i, a[:2] * 0, "prod")  # noqa: E731
    yield one("twice_refused", zeros, x(4, 3), at)


def _copies() -> Iterator[Sample]:
    """Copies of what views show, each with the arguments that the view takes."""
    calls: list[tuple[str, tuple[int, ...], tuple[Any, ...]]] = [
        ("alias_copy", (2, 3, 4), ()), ("as_strided_copy", (3, 4), ((2, 2), (1, 2), 1)),
        ("expand_copy", (2, 1), ((2, -1, 3),)), ("permute_copy", (2, 3, 4), ((2, 0, 1),)),
        ("select_copy", (2, 3, 4), (1, -1)), ("slice_copy", (2, 4), (1, 1, 4, 2)),
        ("squeeze_copy", (2, 1, 3, 1), ()), ("squeeze_copy", (2, 1, 3, 1), (1,)),
        ("squeeze_copy", (2, 1, 3, 1), ((1, 3),)), ("t_copy", (2, 3), ()),
        ("transpose_copy", (2, 3, 4), (0, -1)),
        ("unfold_copy", (2, 4), (1, 2, 1)), ("unsqueeze_copy", (2, 3), (-1,)),
        ("narrow_copy", (2, 4), (1, 1, 2)), ("detach_copy", (2, 3), ()),
        ("unsafe_split", (2, 3, 2), (2, 1)), ("unsafe_split_with_sizes", (2, 3, 2), ([1, 2], 1)),
    ]  # fmt: skip
    for name, shape, args in calls:
        f = lambda torch, a, n=name, args=args: getattr(torch, n)(a, *args)  # noqa: E731
        yield one(name, f, x(*shape))
    yield one("split_pieces", lambda torch, a: torch.split_copy(a, 2, 1), x(2, 3, 2))
    split = lambda torch, a: torch.split_with_sizes_copy(a, [1, 2], 1)  # noqa: E731
    yield one("split_sections", split, x(2, 3, 2))
    yield one("unbind_pieces", lambda torch, a: torch.unbind_copy(a, 1), x(2, 3, 2))
    yield one("view_size_copy", lambda torch, a: torch.view_copy(a, (3, -1)), x(2, 3, 4))
    yield one("view_dtype_copy", lambda torch, a: torch.view_copy(a, torch.uint8), x(2, 4))
    yield one("blocks", lambda torch, *t: torch.block_diag(*t), x(2, 3), x(4), x(3, 1))
    put = lambda torch, a, b: torch.as_strided_scatter(a, b, (2, 2), (1, 2), 1)  # noqa: E731
    yield one("as_strided_scatter", put, x(3, 4), x(2, 2))
    yield one("nonzero_static", lambda torch, a: torch.nonzero_static(a, size=3), x())


def _resized() -> Iterator[Sample]:
    """Each op that gives images another size: larger along one dim, smaller along another."""
    images = {3: x(2, 2, 5), 4: x(2, 3, 5, 4), 5: x(1, 2, 4, 3, 5)}
    for mode, ndim, name in RESIZED:
        size = (7, 3, 4)[5 - ndim :]
        smooth = name.endswith("_aa")
        f = lambda torch, a, m=mode, s=size, k=smooth: torch.nn.functional.interpolate(  # noqa: E731
            a, s, mode=m, antialias=k
        )
        yield one(name, f, images[ndim])
        if not mode.startswith("nearest"):
            g = lambda torch, a, m=mode, k=smooth: torch.nn.functional.interpolate(  # noqa: E731
                a, scale_factor=1.7, mode=m, antialias=k, align_corners=m != "lanczos"
            )
            yield one(name, g, images[ndim])


RESIZED = [
    ("nearest", 3, "upsample_nearest1d"), ("nearest", 4, "upsample_nearest2d"),
    ("nearest", 5, "upsample_nearest3d"), ("nearest-exact", 3, "_upsample_nearest_exact1d"),
    ("nearest-exact", 4, "_upsample_nearest_exact2d"),
    ("nearest-exact", 5, "_upsample_nearest_exact3d"), ("linear", 3, "upsample_linear1d"),
    ("bilinear", 4, "upsample_bilinear2d"), ("trilinear", 5, "upsample_trilinear3d"),
    ("bicubic", 4, "upsample_bicubic2d"), ("bilinear", 4, "_upsample_bilinear2d_aa"),
    ("bicubic", 4, "_upsample_bicubic2d_aa"), ("lanczos", 4, "_upsample_lanczos2d_aa"),
]  # fmt: skip
"""The mode and number of dims of each op that resamples."""

GRID = In((2, 3, 2, 2), low=-1.2, high=1.2)
SPACE = In((1, 2, 3, 2, 3), low=-1.2, high=1.2)


def _sampled() -> Iterator[Sample]:
    """Each way to sample images at points."""
    for mode in (0, 1, 2):
        for padding in (0, 1, 2):
            f = lambda torch, a, g, m=mode, p=padding: torch.grid_sampler_2d(a, g, m, p, False)  # noqa: E731
            size = 0.1 if mode == 2 else 2.0  # or 48 sums, each rounded to half, would differ
            yield one("grid_sampler_2d", f, x(2, 3, 4, 5, low=-size, high=size), GRID)
        f = lambda torch, a, g, m=mode: torch.grid_sampler_3d(a, g, m, 0, True)  # noqa: E731
        yield one("grid_sampler_3d", f, x(1, 2, 3, 4, 3), SPACE)
    grid = lambda torch, a: torch.affine_grid_generator(a, (2, 3, 4, 5), False)  # noqa: E731
    yield one("affine_grid_generator", grid, x(2, 2, 3))
    grid = lambda torch, a: torch.affine_grid_generator(a, (1, 3, 4, 5, 2), True)  # noqa: E731
    yield one("affine_grid_generator", grid, x(1, 3, 4))


def _shuffled() -> Iterator[Sample]:
    """What moves pixels and channels, and dropout with its mask."""
    for name, given in (
        ("pixel_shuffle", x(2, 8, 3, 2)), ("pixel_unshuffle", x(2, 3, 4, 2)),
        ("channel_shuffle", x(2, 4, 3, 2)), ("native_channel_shuffle", x(2, 4, 3, 2)),
    ):  # fmt: skip
        yield one(name, lambda torch, a, n=name: getattr(torch, n)(a, 2), given)
    backward = lambda torch, a, m: aten(torch, "native_dropout_backward")(a, m, 2.0)  # noqa: E731
    yield one("native_dropout_backward", backward, x(), mask())
    yield one("native_dropout_backward", backward, x(), x())


def aten(library: Any, name: str) -> Any:
    """An op that torch has under no name but ATen's."""
    if hasattr(library, "ops") and hasattr(library.ops, "aten"):
        return getattr(library.ops.aten, name)
    return REGISTRY[name].function


SAMPLES: list[Sample] = [
    *_padded(), *_combined(), *_copies(), *_resized(), *_sampled(), *_shuffled(),
]  # fmt: skip

BACKWARD: dict[str, str] = (
    {
        f"{name}_pad{count}d_backward": f"{name}_pad{count}d"
        for name in ("reflection", "replication")
        for count in (1, 2, 3)
    }
    | {f"{name}_backward": name for _, _, name in RESIZED}
    | {
        "grid_sampler_2d_backward": "grid_sampler_2d",
        "grid_sampler_3d_backward": "grid_sampler_3d",
        "grid_sampler_double_backward": "grid_sampler_2d",
    }
)
