"""Pictures of results: a roofline of what computes, and how ours stands to each peer by suite."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.timing import OURS, Row
from experiments.pictures.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    RED,
    figure,
    save,
    tidy,
)

__all__ = ["draw"]

COLOURS = (ORANGE, GREEN, PURPLE, RED, "#4aa3a2", "#b0893e", "#8c8f94", "#d98cb3", INK)
MARKERS = "osD^v<>Ph"
# Past so many rows a picture of ratios shows those where ours is farthest behind or ahead.
SHOWN = 40


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """The pictures that `rows` have data for, as SVG and PNG in `folder`."""
    paths: list[Path] = []
    counted = [row for row in rows if row.flop and row.nbytes and OURS in row.times]
    # halves have hardware of their own, and with it a roof of their own
    counted = [row for row in counted if not row.case.endswith("float16")]
    if counted:
        paths += both(roofline(counted), folder / "roofline")
    grown = [row for row in rows if row.suite == "scaling" and OURS in row.times]
    if grown:
        paths += both(growth(grown), folder / "scaling")
    for suite, group in groupby(rows, key=lambda row: row.suite):
        shown = [row for row in group if OURS in row.times and len(row.times) > 1]
        if shown:
            paths += both(ratios(suite, shown), folder / f"ratios-{suite}")
    return paths


def both(picture: Figure, stem: Path) -> Iterator[Path]:
    """The paths of a figure, written in both formats."""
    for suffix in (".svg", ".png"):
        yield save(picture, stem.with_suffix(suffix))


def peers_of(rows: Sequence[Row]) -> list[str]:
    """Every candidate but ours, in the order they come in."""
    return list(dict.fromkeys(name for row in rows for name in row.times if name != OURS))


def roofline(rows: Sequence[Row]) -> Figure:
    """GFLOP/s over FLOP a byte of every candidate, below the best that any of them reached."""
    names = [OURS, *peers_of(rows)]
    best = {name: max(speed(row, name) for row in rows if name in row.times) for name in names}
    roof = max(best.values())
    slope = max(row.nbytes / t.best / 1e9 for row in rows for t in row.times.values())
    first, *others = sorted(names, key=best.__getitem__, reverse=True)
    compared = [OURS] if first != OURS else others[:1]
    title = f"{first} reaches {roof:,.0f} GFLOP/s" + "".join(
        f", {name} {best[name]:,.0f}" for name in compared
    )
    picture = figure(
        8.4, 5.6, title,
        "One thread. The roof is the best any candidate reached: in bytes a second, then in FLOP.",
    )  # fmt: skip
    axes = picture.add_axes((0.09, 0.11, 0.72, 0.72))
    tidy(axes, x="FLOP per byte that must move", y="GFLOP/s")
    points = [row.flop / row.nbytes for row in rows]
    low, high = min(points) / 1.5, max(points) * 1.5
    knee = roof / slope
    corners = [low, *([knee] if low < knee < high else []), high]
    axes.plot(corners, [min(roof, slope * x) for x in corners], color=MUTED, lw=1.2, zorder=1)
    for name, colour, marker in zip(names, (BLUE, *COLOURS), MARKERS):
        own = [row for row in rows if name in row.times]
        axes.scatter(
            [row.flop / row.nbytes for row in own], [speed(row, name) for row in own],
            s=26 if name == OURS else 16, color=colour, marker=marker, label=name,
            alpha=0.85, linewidths=0, zorder=3 if name == OURS else 2,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    plain_ticks(axes)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=9)
    return picture


def speed(row: Row, name: str) -> float:
    """GFLOP/s of a candidate's shortest time."""
    return row.flop / row.times[name].best / 1e9


def ratios(suite: str, rows: Sequence[Row]) -> Figure:
    """A line of dots a row: our time as a part of each peer's; left of 1 ours is faster."""
    names = peers_of(rows)
    kept = rows
    if len(rows) > SHOWN:
        ordered = sorted(rows, key=lambda row: max(row.ratio(n) for n in row.times if n != OURS))
        kept = [*ordered[: SHOWN // 2], *ordered[-SHOWN // 2 :]]
    won = sum(row.ratio(n) < 1 for row in rows for n in row.times if n != OURS)
    pairs = sum(len(row.times) - 1 for row in rows)
    height = 1.7 + 0.24 * len(kept)
    subtitle = "Our time as a part of the peer's, shortest of each; a bar marks a target."
    if len(kept) < len(rows):
        subtitle += f" Of {len(rows)} rows, the {SHOWN // 2} best and the {SHOWN // 2} worst."
    picture = figure(9.2, height, f"{suite}: ours is faster in {won} of {pairs} pairs", subtitle)
    axes = picture.add_axes((0.34, 0.62 / height, 0.46, 1 - 1.5 / height))
    tidy(axes)
    axes.grid(visible=False)
    for y, row in enumerate(reversed(kept)):
        axes.axhline(y, color=FAINT, lw=0.7, zorder=0)
        for name, colour, marker in zip(names, COLOURS, MARKERS):
            if name in row.times:
                axes.plot(row.ratio(name), y, marker, color=colour, ms=5, alpha=0.9, zorder=3)
            if name in row.targets and name in row.times:
                axes.plot(row.targets[name], y, "|", color=colour, ms=11, mew=1.6, zorder=2)
    axes.axvline(1, color=INK, lw=1, zorder=1)
    axes.set_yticks(range(len(kept)), [row.case for row in reversed(kept)])
    axes.set_ylim(-0.7, len(kept) - 0.3)
    axes.set_xscale("log")
    plain_ticks(axes)
    axes.set_xlabel("faster than the peer  <  1  <  slower", color=MUTED, size=9.5)
    handles = [
        axes.plot([], [], marker, color=colour, label=name)[0]
        for name, colour, marker in zip(names, COLOURS, MARKERS)
    ]
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=9
    )
    return picture


def growth(rows: Sequence[Row]) -> Figure:
    """A panel for each size that grows: a step's time over it, for every candidate."""
    panels = {
        what: [(float(row.case.split()[1].rstrip(",")), row) for row in group]
        for what, group in groupby(rows, key=lambda row: row.case.split()[0])
    }
    picture = figure(
        10.5, 4.2, "A step's time as it grows", "Milliseconds, shortest of each, one thread."
    )
    for i, (what, points) in enumerate(panels.items()):
        axes = picture.add_axes((0.065 + i * 0.33, 0.14, 0.25, 0.58))
        rest = points[0][1].case.partition(", ")[2]
        tidy(axes, x=what, title=f"over {what}" + (f" ({rest})" if rest else ""))
        for name, colour, marker in zip([OURS, *peers_of(rows)], (BLUE, *COLOURS), MARKERS):
            own = [(size, row.times[name].best * 1e3) for size, row in points if name in row.times]
            axes.plot(
                *zip(*own, strict=True), marker=marker, ms=4, lw=1.4, color=colour, label=name
            )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        plain_ticks(axes)
        if i == 0:
            axes.legend(frameon=False, fontsize=9)
    return picture


def plain_ticks(axes: Axes) -> None:
    """Numbers on logarithmic axes as one says them: 0.5, 20, 1,000; between decades 2 and 5."""
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() != "log":
            continue
        low, high = axis.get_view_interval()
        wide = high / low > 30
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(
            NullFormatter()
            if wide
            else FuncFormatter(lambda v, _: f"{v:.2g}" if f"{v:e}"[0] in "2357" else "")
        )
        axis.set_tick_params(which="minor", labelsize=8, colors=MUTED)
