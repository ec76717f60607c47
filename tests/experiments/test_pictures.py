"""Every picture can be drawn from what a program returns, with one engine or two."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from experiments import data, pictures

EXPECTED = {
    "tensor_basics": ["storage", "strides", "broadcast"],
    "dying_relu": ["layers", "loss", "variance", "gradients", "grid"],
    "mnist_mlp": ["loss", "confusion", "digits", "weights"],
}


@pytest.fixture(scope="module")
def digits() -> data.Data:
    return data.digits()


@pytest.fixture
def results(digits: data.Data, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that runs a program for one epoch, on a small grid and one seed."""

    def run(name: str) -> Any:
        module = importlib.import_module(f"reference.{name}")
        monkeypatch.setattr(module, "DEPTHS", (1, 2), raising=False)
        monkeypatch.setattr(module, "SEEDS", range(1), raising=False)
        return module.main(digits, epochs=1)

    return run


@pytest.mark.slow  # seconds each: loading matplotlib and rendering whole pictures is the test
@pytest.mark.parametrize("name", EXPECTED)
def test_draw(name: str, results: Any, tmp_path: Path) -> None:
    result = results(name)
    engines = {"minitorch_np": result, "torch-cpu": result, "torch-cuda": None}
    drawn = pictures.draw(name, engines, tmp_path / "new")
    assert [path.stem for path, _ in drawn] == EXPECTED[name]
    for path, caption in drawn:
        pixels = imread(path)[..., :3]
        assert pixels.shape[1] == 1560 and np.ptp(pixels) > 0.8
        # Nothing is cut off: the outermost pixels are paper.
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert (edge == 1).all(), path.stem
        assert caption.endswith(".")


def test_without_results_there_is_no_picture(tmp_path: Path) -> None:
    assert pictures.draw("mnist_mlp", {"minitorch_np": None}, tmp_path / "none") == []
    assert pictures.draw("unknown", {"minitorch_np": {"a": 1}}, tmp_path / "none") == []
    assert not (tmp_path / "none").exists()
