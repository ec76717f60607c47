"""How ReLUs die, how variance flows through depth, and which networks learn."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from experiments.pictures import style
from experiments.theory import predicted

Result = Mapping[str, Any]
STORY = {
    "negative": "weights -|w|, biases 0",
    "negative, default biases": "weights -|w|, PyTorch's biases",
    "He uniform": "He initialisation",
}
COLOURS = dict(zip(STORY, (style.RED, style.ORANGE, style.BLUE)))
PAIRS = {
    ("He uniform", "ReLU"): style.BLUE,
    ("Xavier", "Tanh"): style.GREEN,
    ("He uniform", "Tanh"): style.ORANGE,
    ("Xavier", "ReLU"): style.RED,
}
# Cross-entropy of ten equal guesses.
GUESSING = float(np.log(10))


def draw(results: Mapping[str, Result], folder: Path) -> Iterator[tuple[Path, str]]:
    """Pre-activations, losses, variance over depth, gradients over depth, and the grid."""
    result = next(iter(results.values()))
    yield (
        _layers(result["runs"], folder / "layers.png"),
        "Pre-activations of the four hidden layers before training, over 256 digits.",
    )
    yield (
        _losses({engine: r["runs"] for engine, r in results.items()}, folder / "loss.png"),
        "Training loss; the engines' curves lie over one another.",
    )
    yield (
        _flow(result["flow"], folder / "variance.png"),
        "Variance of pre-activations and gradients: theory as lines, measurements as dots.",
    )
    yield (
        _gradients(result["grid"], folder / "gradients.png"),
        "Mean squared gradient at each hidden layer of the deepest ReLU networks, at the start.",
    )
    yield (
        _grid(result["grid"], folder / "grid.png"),
        "Loss after training, and the fraction of units that no digit sends a gradient to.",
    )


def _layers(runs: Mapping[Any, Any], path: Path) -> Path:
    picture = style.figure(
        12,
        7.0,
        "Negative weights kill the first layer, and silence everything behind it",
        "Pre-activations before training. Left of 0 a ReLU is off; a unit is dead when no digit "
        "sends a gradient back to it.",
    )
    for row, (init, label) in enumerate(STORY.items()):
        run = runs[init, "SGD"]
        for column, z in enumerate(run["hidden"]):
            axes = picture.add_axes((0.075 + 0.235 * column, 0.625 - 0.275 * row, 0.2, 0.165))
            _histogram(axes, z, COLOURS[init])
            dead = run["dead"][column]
            axes.text(
                0.98,
                0.95,
                f"{dead:.0%} dead",
                transform=axes.transAxes,
                ha="right",
                va="top",
                size=9,
                color=style.RED if dead > 0.5 else style.MUTED,
                weight="bold" if dead > 0.5 else "normal",
            )
            if row == 0:
                axes.set_title(
                    f"layer {column + 1}", size=10.5, color=style.INK, loc="left", pad=24
                )
            if column == 0:
                axes.text(
                    0,
                    1.06,
                    label,
                    transform=axes.transAxes,
                    size=10,
                    color=COLOURS[init],
                    weight="bold",
                )
    return style.save(picture, path)


def _histogram(axes: Axes, z: Any, colour: str) -> None:
    reach = float(np.abs(z).max()) or 1.0
    style.tidy(axes)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.set_yticks(())
    # An odd number of bins, so that 0 has one to itself.
    axes.hist(z.reshape(-1), bins=61, range=(-reach, reach), color=colour, alpha=0.85)
    axes.axvline(0, color=style.INK, linewidth=0.8)
    if not z.any():
        axes.text(0.06, 0.6, "exactly 0", transform=axes.transAxes, size=9, color=style.INK)
    axes.set_ylim(top=axes.get_ylim()[1] * 1.25)


def _losses(engines: Mapping[str, Mapping[Any, Any]], path: Path) -> Path:
    runs = list(engines.values())
    picture = style.figure(
        12,
        4.6,
        "What is dead stays dead under every optimizer; He initialisation learns",
        "Cross-entropy on 256 digits. The dotted line is guessing: ln 10.",
    )
    names = list(dict.fromkeys(optimizer for _, optimizer in runs[0]))
    top = max(max(run["losses"]) for run in runs[0].values())
    for k, optimizer in enumerate(names):
        axes = picture.add_axes((0.055 + 0.315 * k, 0.13, 0.28, 0.6))
        style.tidy(axes, x="step", y="loss" if k == 0 else "", title=optimizer)
        axes.axhline(GUESSING, color=style.MUTED, linestyle=":", linewidth=1)
        for width, (init, colour) in zip((5.0, 2.2, 2.2), COLOURS.items()):
            for engine, run in enumerate(runs):
                curve = run[init, optimizer]["losses"]
                axes.plot(
                    curve,
                    color=colour if engine == 0 else style.INK,
                    linewidth=width if engine == 0 else 0.7,
                    linestyle="-" if engine == 0 else (0, (4, 3)),
                )
        axes.set_ylim(0, top * 1.05)
    handles = [Line2D([], [], color=c, linewidth=2.2, label=STORY[i]) for i, c in COLOURS.items()]
    if len(runs) > 1:
        other = {"color": style.INK, "linewidth": 0.7, "linestyle": (0, (4, 3))}
        handles.append(Line2D([], [], **other, label=", ".join(list(engines)[1:])))
    picture.axes[0].legend(handles=handles, frameon=False, fontsize=8.5, loc="lower left")
    return style.save(picture, path)


def _flow(flow: Mapping[Any, Any], path: Path) -> Path:
    seeds = len(next(iter(flow.values())))
    picture = style.figure(
        12,
        5.0,
        "He with ReLU and Xavier with Tanh carry variance through depth; swapped they do not",
        f"Mean over {seeds} networks of width 512, relative to where the signal starts. "
        "Lines: theory. Dots: measured. Band: within a factor of 2.",
    )
    panels = (
        ("variance", "pre-activations, forward"),
        ("gradient variance", "gradients, backward"),
    )
    for k, (key, title) in enumerate(panels):
        axes = picture.add_axes((0.06 + 0.40 * k, 0.12, 0.35, 0.62))
        style.tidy(axes, x="layer", title=title)
        axes.axhspan(0.5, 2, color=style.FAINT, alpha=0.6, zorder=0)
        for pair, colour in PAIRS.items():
            measured = {
                name: np.mean([run[name] for run in flow[pair]], axis=0) for name, _ in panels
            }
            depth, start = len(measured["variance"]), 0 if k == 0 else -1
            theory = predicted(
                *pair, measured["variance"][0], measured["gradient variance"][-1], depth
            )
            layers = np.arange(1, depth + 1)
            axes.plot(layers, theory[k] / theory[k][start], color=colour, linewidth=1.6)
            axes.scatter(layers, measured[key] / measured[key][start], color=colour, s=18, zorder=3)
        axes.set_yscale("log")
        axes.set_xticks((1, 5, 10, 15, 20))
    handles = [
        Line2D([], [], color=colour, marker="o", markersize=4.5, label=f"{activation}, {init}")
        for (init, activation), colour in PAIRS.items()
    ]
    picture.legend(
        handles=handles,
        frameon=False,
        fontsize=9.5,
        loc="center left",
        bbox_to_anchor=(0.835, 0.45),
    )
    return style.save(picture, path)


def _gradients(grid: Mapping[Any, Any], path: Path) -> Path:
    depth = max(cell[2] for cell in grid)
    picture = style.figure(
        12,
        4.8,
        f"Through {depth} layers of ReLU, only He's weights bring the gradient back whole",
        "Mean squared gradient at each hidden layer before training. Networks whose gradients are "
        "exactly 0 have no line.",
    )
    axes = picture.add_axes((0.06, 0.12, 0.66, 0.66))
    style.tidy(axes, x="layer", y="mean squared gradient")
    layers = np.arange(1, depth + 1)
    silent = []
    inits = list(dict.fromkeys(cell[0] for cell in grid))
    palette = dict(
        zip(
            inits,
            (
                style.RED,
                style.ORANGE,
                style.INK,
                style.PURPLE,
                style.GREEN,
                style.BLUE,
                "#63b3d8",
                style.MUTED,
            ),
        )
    )
    for init in inits:
        values = np.array(grid[init, "ReLU", depth]["gradient variance"])
        if not values.any():
            silent.append(init)
            continue
        values = np.where(values > 0, values, np.nan)
        axes.plot(layers, values, color=palette[init], marker="o", markersize=4, label=init)
    axes.set_yscale("log")
    axes.set_xticks(layers)
    axes.legend(frameon=False, fontsize=9.5, loc="center left", bbox_to_anchor=(1.02, 0.5))
    if silent:
        picture.text(
            0.745, 0.16, f"exactly 0 everywhere:\n{', '.join(silent)}", size=9.5, color=style.MUTED
        )
    return style.save(picture, path)


def _grid(grid: Mapping[Any, Any], path: Path) -> Path:
    inits, activations, depths = (list(dict.fromkeys(c[k] for c in grid)) for k in range(3))
    picture = style.figure(
        12,
        5.6,
        "Depth forgives little: of eight beginnings, only Xavier's and He's get far",
        f"Each cell is one network of width 64, with {depths[0]} to {depths[-1]} hidden layers.",
    )
    columns = [(a, d) for a in activations for d in depths]
    panels = (
        (
            "loss after training",
            lambda run: run["losses"][-1],
            style.BLUES.reversed(),
            GUESSING,
            "{:.1f}",
        ),
        ("dead units", lambda run: float(np.mean(run["dead"])), style.REDS, 1.0, "{:.0%}"),
    )
    for k, (title, value, colours, top, form) in enumerate(panels):
        axes = picture.add_axes((0.15 + 0.43 * k, 0.08, 0.405, 0.66))
        cells = np.array([[value(grid[i, *c]) for c in columns] for i in inits])
        axes.imshow(cells, cmap=colours, vmin=0, vmax=top, aspect="auto")
        for (i, j), v in np.ndenumerate(cells):
            dark = (v / top < 0.45) if k == 0 else (v / top > 0.5)
            axes.text(
                j,
                i,
                form.format(v),
                ha="center",
                va="center",
                size=7.5,
                color=style.PAPER if dark else style.INK,
            )
        axes.set_title(title, size=10.5, color=style.INK, loc="left", pad=20)
        axes.set_xticks(
            range(len(columns)), [str(d) for _, d in columns], size=8.5, color=style.MUTED
        )
        axes.set_yticks(range(len(inits)), inits if k == 0 else [], size=9, color=style.INK)
        axes.tick_params(length=0)
        for n, name in enumerate(activations):
            axes.text(
                (n + 0.5) * len(depths) - 0.5,
                -0.62,
                name,
                ha="center",
                va="bottom",
                size=9,
                color=style.MUTED,
            )
            if n:
                axes.axvline(n * len(depths) - 0.5, color=style.PAPER, linewidth=3)
        axes.spines[:].set_visible(False)
    return style.save(picture, path)
