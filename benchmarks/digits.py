"""Images for the suites that read data: MNIST where it lies, else as many made-up digits."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.data import mnist

__all__ = ["MEAN", "STD", "Digits", "digits"]

MEAN, STD = 0.1307, 0.3081  # of MNIST's training pixels


class Digits(NamedTuple):
    """Images (N, 28, 28) of uint8 and labels (N,) of int64, to train on and to test with."""

    name: str
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


def digits() -> Digits:
    """MNIST from $MINITORCH_DATA or ./data, else ten noisy patterns that can be told apart."""
    found = mnist(Path(os.environ.get("MINITORCH_DATA") or "data"))
    if found is not None:
        train, test = (
            (images.reshape(-1, 28, 28) * 255).round().astype(np.uint8)
            for images in (found.train_images, found.test_images)
        )
        return Digits("MNIST", train, found.train_labels, test, found.test_labels)
    random = np.random.default_rng(0)
    patterns = random.integers(0, 256, (10, 28, 28))
    labels = random.integers(0, 10, 70_000)
    noise = random.integers(0, 256, (70_000, 28, 28), np.uint8)
    images = (patterns[labels].astype(np.uint8) >> 2) + (noise >> 2) * 3
    return Digits(
        "made-up digits", images[:60_000], labels[:60_000], images[60_000:], labels[60_000:]
    )
