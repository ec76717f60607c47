"""How the digit classifier learned, what it confuses, and what its first layer looks for."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from experiments.pictures import style

Result = Mapping[str, Any]
COLOURS = dict(zip(("SGD", "Adam"), style.SERIES))
DASHES = (0, (4, 3))


def draw(results: Mapping[str, Result], folder: Path) -> Iterator[tuple[Path, str]]:
    """Curves, confusion matrices, sample digits, and first-layer weights."""
    result = next(iter(results.values()))
    yield (
        _curves(results, folder / "loss.png"),
        "Training loss, averaged over 25 steps, and accuracy on the test images after each epoch.",
    )
    yield (
        _confusion(result["runs"], folder / "confusion.png"),
        "Test images by true and predicted digit; the diagonal, all of it right, is left pale.",
    )
    yield (
        _digits(result, folder / "digits.png"),
        "Above: test images in order. Below: images that the classifier gets wrong.",
    )
    yield (
        _weights(result["runs"], folder / "weights.png"),
        "Weights of the first layer, each unit as an image: blue adds, red subtracts.",
    )


def smooth(values: NDArray[Any], width: int) -> NDArray[Any]:
    """Means over `width` neighbours, as long as the input; shorter windows at the ends."""
    kernel, ones = np.ones(min(width, len(values))), np.ones(len(values))
    return np.convolve(values, kernel, "same") / np.convolve(ones, kernel, "same")


def _curves(results: Mapping[str, Result], path: Path) -> Path:
    first = next(iter(results.values()))
    picture = style.figure(
        12,
        4.7,
        f"{first['accuracy']:.2%} of the test images, by the weaker of two optimizers",
        "Both start from the same weights. Solid: "
        + "; dashed: ".join(
            (next(iter(results)), ", ".join(list(results)[1:]) or "no other engine")
        ),
    )
    left = picture.add_axes((0.06, 0.13, 0.50, 0.64))
    right = picture.add_axes((0.64, 0.13, 0.33, 0.64))
    style.tidy(left, x="step", title="training loss")
    style.tidy(right, x="epoch", title="test accuracy")
    for engine, result in enumerate(results.values()):
        for name, run in result["runs"].items():
            look = (
                {"color": COLOURS[name], "linewidth": 2.0}
                if engine == 0
                else {"color": style.INK, "linewidth": 0.7, "linestyle": DASHES}
            )
            left.plot(smooth(np.array(run["losses"]), 25), **look)
            accuracies = [test["accuracy"] for test in run["tests"]]
            epochs = np.arange(1, len(accuracies) + 1)
            right.plot(epochs, accuracies, marker="o" if engine == 0 else None, **look)
            right.set_xticks(epochs)
    left.set_yscale("log")
    right.yaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
    handles = [Line2D([], [], color=c, linewidth=2, label=name) for name, c in COLOURS.items()]
    left.legend(handles=handles, frameon=False, fontsize=9.5, loc="upper right")
    return style.save(picture, path)


def _confusion(runs: Mapping[str, Result], path: Path) -> Path:
    name, run = next(iter(runs.items()))
    counts = run["tests"][-1]["confusion"].astype(int)
    wrong = counts - np.diag(np.diag(counts))
    true, taken = np.unravel_index(wrong.argmax(), wrong.shape)
    picture = style.figure(
        12,
        5.9,
        f"The commonest slip: a {true} is read as a {taken}, {wrong.max()} times",
        f"Errors of {wrong.sum():,} in {counts.sum():,} test images after training with {name}; "
        "shades count errors only.",
    )
    axes = picture.add_axes((0.05, 0.09, 0.44, 0.72))
    axes.imshow(wrong, cmap=style.REDS, vmin=0, vmax=max(1, wrong.max()))
    for (i, j), n in np.ndenumerate(counts):
        if n:
            dark = i != j and n > 0.6 * wrong.max()
            colour = style.PAPER if dark else style.MUTED if i == j else style.INK
            axes.text(j, i, n, ha="center", va="center", size=9, color=colour)
    _digit_axes(axes, "predicted", "true")
    bars = picture.add_axes((0.58, 0.09, 0.39, 0.72))
    style.tidy(bars, x="errors among each hundred images of the digit")
    bars.grid(visible=False)
    for k, (optimizer, other) in enumerate(runs.items()):
        table = other["tests"][-1]["confusion"]
        rates = 100 * (1 - np.diag(table) / np.maximum(table.sum(1), 1))
        place = np.arange(10) + 0.38 * (k - 0.5)
        bars.barh(place, rates, 0.34, color=COLOURS[optimizer], label=optimizer)
    bars.set_yticks(range(10))
    bars.invert_yaxis()
    bars.legend(frameon=False, fontsize=9.5)
    return style.save(picture, path)


def _digit_axes(axes: Axes, x: str, y: str) -> None:
    axes.set_xticks(range(10))
    axes.set_yticks(range(10))
    axes.tick_params(length=0, colors=style.MUTED, labelsize=9.5)
    axes.set_xlabel(x, color=style.MUTED, size=9.5)
    axes.set_ylabel(y, color=style.MUTED, size=9.5)
    axes.spines[:].set_visible(False)


def _digits(result: Result, path: Path) -> Path:
    name, run = next(iter(result["runs"].items()))
    labels, predicted = result["labels"], run["tests"][-1]["predicted"]
    missed = np.flatnonzero(labels != predicted)
    side = round(result["images"].shape[1] ** 0.5)
    picture = style.figure(
        12,
        5.6,
        f"Right on {np.mean(labels == predicted):.2%}; what it misses is often hard to read",
        f"Predictions after training with {name}. Below in red: predicted, and in brackets true.",
    )
    for row, indices in enumerate((np.arange(24), missed[:24])):
        for place, index in enumerate(indices):
            i, j = divmod(place, 12)
            box = (0.025 + 0.08 * j, 0.66 - 0.185 * i - 0.42 * row, 0.07, 0.13)
            axes = picture.add_axes(box)
            axes.imshow(result["images"][index].reshape(side, side), cmap="gray_r")
            style.bare(axes)
            good = labels[index] == predicted[index]
            text = f"{predicted[index]}" if good else f"{predicted[index]} ({labels[index]})"
            axes.set_title(
                text, size=10, color=style.MUTED if good else style.RED, loc="center", pad=2
            )
    return style.save(picture, path)


def _weights(runs: Mapping[str, Result], path: Path) -> Path:
    picture = style.figure(
        12,
        4.2,
        "The first layer learns strokes, and little but noise at the border that is always blank",
        "The 32 units with the largest weights, of 256, by optimizer. Blue adds, red subtracts.",
    )
    for k, (name, run) in enumerate(runs.items()):
        weights = run["weights"]
        side = round(weights.shape[1] ** 0.5)
        strongest = np.argsort(-np.linalg.norm(weights, axis=1))[:32]
        picture.text(
            0.025 + 0.49 * k, 0.80, name, size=10.5, color=COLOURS[name], weight="bold", va="center"
        )
        for place, unit in enumerate(strongest):
            i, j = divmod(place, 8)
            box = (0.025 + 0.49 * k + 0.058 * j, 0.61 - 0.185 * i, 0.054, 0.165)
            axes = style.bare(picture.add_axes(box))
            image = weights[unit].reshape(side, side)
            reach = np.abs(image).max()
            axes.imshow(image, cmap=style.SIGNED, vmin=-reach, vmax=reach)
    return style.save(picture, path)
