"""Memory as cells: what shares them, how strides walk them, how a broadcast reads them again."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from experiments.pictures import style

CELLS = 24
Result = Mapping[str, Any]


def draw(results: Mapping[str, Result], folder: Path) -> Iterator[tuple[Path, str]]:
    """Storage and views, the stride map, and a broadcast."""
    result = next(iter(results.values()))
    yield (
        _storage(result, folder / "storage.png"),
        "A colour is a place in memory: every view shows cells of the one row on top.",
    )
    yield (
        _strides(result, folder / "strides.png"),
        "The cell that is read at each step when a tensor is read row by row.",
    )
    yield (
        _broadcast(result, folder / "broadcast.png"),
        "Stride 0 reads a cell again instead of copying it; pale cells take no memory.",
    )


def _cell(axes: Axes, x: float, y: float, number: float, *, real: bool = True) -> None:
    colour = style.MEMORY(number / (CELLS - 1))
    axes.add_patch(
        Rectangle(
            (x, y),
            0.92,
            0.92,
            facecolor=colour,
            alpha=1 if real else 0.35,
            edgecolor=style.INK if real else style.MUTED,
            linewidth=0.8 if real else 0.6,
            linestyle="-" if real else (0, (3, 2)),
        )
    )
    dark = real and number > 14
    axes.text(
        x + 0.46,
        y + 0.46,
        f"{number:g}",
        ha="center",
        va="center",
        size=8.5,
        color=style.PAPER if dark else style.INK,
    )


def _cells(
    axes: Axes, x: float, y: float, values: NDArray[Any], label: str, *, real: Any = None
) -> None:
    """A tensor of up to three dimensions as slabs of cells below its label at (x, y).

    Cells where `real` is False are drawn as ghosts.
    """
    slabs = values.reshape((-1, *values.shape[-2:])) if values.ndim > 1 else values[None, None]
    solid = np.ones(slabs.shape, bool) if real is None else np.reshape(real, slabs.shape)
    axes.text(x, y + 1.25, label, size=9.5, color=style.INK, va="bottom", linespacing=1.35)
    for k, i, j in np.ndindex(slabs.shape):
        left = x + k * (slabs.shape[2] + 0.5) + j
        _cell(axes, left, y - i, slabs[k, i, j], real=bool(solid[k, i, j]))


def _canvas(picture: Figure, width: float, height: float) -> Axes:
    axes = style.bare(picture.add_axes((0.026, 0.02, 0.95, 1 - 0.85 / picture.get_figheight())))
    axes.set_xlim(0, width)
    axes.set_ylim(-height, 0)
    axes.set_aspect("equal", anchor="NW")
    return axes


def _geometry(name: str, fact: Result) -> str:
    return f"{name}\nshape {fact['shape']}  stride {fact['stride']}  offset {fact['offset']}"


def _storage(result: Result, path: Path) -> Path:
    views = result["view"] | result["reshape"]
    picture = style.figure(
        12,
        6.0,
        "Six tensors, one row of memory: a view is a shape, strides and an offset",
        "Every cell shows its address; equal colours are the same cell. Only base is contiguous, "
        "and yet the last one was made by view().",
    )
    axes = _canvas(picture, 35, 15.4)
    _cells(axes, 0, -2.6, np.arange(CELLS), "the storage: 24 cells, 96 bytes, shared by all")
    order = (
        "base",
        "base.transpose(0, 2)",
        "base[:, :1].expand(2, 3, 4)",
        "base[1, :, ::2]",
        "base[0].unfold(1, 2, 1)",
        "base[:, :2].view(2, 8)",
    )
    for place, name in enumerate(order):
        x, y = (0, 11.9, 24.8)[place % 3], -6.4 - 6.2 * (place // 3)
        _cells(axes, x, y, views[name]["values"], _geometry(name, views[name]))
    return style.save(picture, path)


def _strides(result: Result, path: Path) -> Path:
    picture = style.figure(
        12,
        4.6,
        "Strides decide the walk through memory: ahead, back and forth, or again",
        "Address of each element, in the order of reading; below each name its strides.",
    )
    names = ("base", "base.transpose(0, 2)", "base[:, :1].expand(2, 3, 4)", "base[1, :, ::2]")
    for k, name in enumerate(names):
        axes = picture.add_axes((0.055 + 0.24 * k, 0.13, 0.205, 0.58))
        fact = result["view"][name]
        address = fact["values"].reshape(-1)
        style.tidy(
            axes, x="element", y="address" if k == 0 else "", title=f"{name}\n{fact['stride']}"
        )
        axes.plot(address, color=style.FAINT, linewidth=1.4, zorder=1)
        axes.scatter(
            np.arange(address.size),
            address,
            c=address,
            cmap=style.MEMORY,
            vmin=0,
            vmax=CELLS - 1,
            s=34,
            edgecolors=style.INK,
            linewidths=0.5,
            zorder=2,
        )
        axes.set_xlim(-1, CELLS)
        axes.set_ylim(-1, CELLS)
        axes.set_xticks((0, 8, 16, 24))
        axes.set_yticks((0, 8, 16, 24))
    return style.save(picture, path)


def _broadcast(result: Result, path: Path) -> Path:
    facts, digit = result["broadcast"], result["digit"]
    many, copies = digit["expand"]["bytes"], digit["repeat"]["bytes"]
    picture = style.figure(
        12,
        3.6,
        "Broadcasting copies nothing: a stretched dimension has stride 0",
        f"Ghosts take no memory. A digit repeated 100 times: {many:,} bytes by expand, "
        f"{copies:,} by repeat.",
    )
    axes = _canvas(picture, 29.5, 6.6)
    row, column = np.zeros((3, 4), bool), np.zeros((3, 4), bool)
    row[0], column[:, 0] = True, True
    for x, name, key, real in (
        (0, "row", "row", None),
        (5.5, "row.expand(3, 4)", "wide", row),
        (12, "column", "column", None),
        (15.5, "column.expand(3, 4)", "tall", column),
        (22.5, "row + column", "total", None),
    ):
        fact = facts[key]
        label = f"{name}\nshape {fact['shape']}\nstride {fact['stride']}"
        _cells(axes, x, -3.2, fact["values"], label, real=real)
    for x, sign in ((4.7, "→"), (10.7, "+"), (14.2, "→"), (21, "=")):
        axes.text(x, -3.75, sign, size=18, color=style.MUTED, ha="center", va="center")
    return style.save(picture, path)
