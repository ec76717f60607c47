"""One look for all pictures: palette, type sizes, and a figure that needs no display."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

INK, MUTED, FAINT, PAPER = "#1f2733", "#6b7684", "#dfe4ea", "#ffffff"
BLUE, ORANGE, GREEN, RED, PURPLE = "#2f6db5", "#e0812b", "#3a9a6b", "#c8423f", "#7a5ba8"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, RED)

# From light to dark, so that ink on a light cell and paper on a dark one can both be read.
BLUES = LinearSegmentedColormap.from_list("blues", ["#f4f7fb", "#a9c7e8", "#2f6db5", "#12305a"])
REDS = LinearSegmentedColormap.from_list("reds", ["#fbf5f3", "#efb8a5", "#c8423f", "#6d1a1f"])
# Position in memory: neighbours look alike, the two ends do not.
MEMORY = LinearSegmentedColormap.from_list(
    "memory", ["#fbe3a2", "#f2a65a", "#d9637a", "#8d5aa8", "#3b5b9a"]
)
# Signed values around 0.
SIGNED = LinearSegmentedColormap.from_list("signed", [RED, "#f7f7f7", BLUE])


def figure(width: float, height: float, title: str, subtitle: str = "") -> Figure:
    """An empty figure, in inches, whose title states a finding; leave its top 0.9 inch free."""
    result = Figure(figsize=(width, height), facecolor=PAPER, dpi=130)
    FigureCanvasAgg(result)
    left = 0.3 / width
    result.text(left, 1 - 0.30 / height, title, size=14, weight="bold", color=INK, va="center")
    result.text(left, 1 - 0.58 / height, subtitle, size=10, color=MUTED, va="center")
    return result


def tidy(axes: Axes, *, x: str = "", y: str = "", title: str = "") -> Axes:
    """The axes with only the lines that carry information."""
    axes.set_facecolor(PAPER)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(MUTED)
    axes.tick_params(colors=MUTED, labelsize=9, length=3)
    axes.grid(color=FAINT, linewidth=0.7, axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel(x, color=MUTED, size=9.5)
    axes.set_ylabel(y, color=MUTED, size=9.5)
    axes.set_title(title, color=INK, size=10.5, loc="left")
    return axes


def bare(axes: Axes, title: str = "") -> Axes:
    """The axes with nothing but their content."""
    axes.set_axis_off()
    axes.set_title(title, color=INK, size=10.5, loc="left")
    return axes


def save(picture: Figure, path: Path) -> Path:
    """The path the figure was written to."""
    picture.savefig(path, facecolor=PAPER)
    return path
