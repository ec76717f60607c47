"""Pictures of what the experiments returned, as PNG files with captions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.pictures import dying_relu, mnist_mlp, tensor_basics

DRAWERS = {
    "tensor_basics": tensor_basics.draw,
    "dying_relu": dying_relu.draw,
    "mnist_mlp": mnist_mlp.draw,
}


def draw(experiment: str, returned: Mapping[str, Any], folder: Path) -> list[tuple[Path, str]]:
    """Paths and captions of an experiment's pictures, written into `folder`.

    `returned` holds what each engine's `main` returned, by the engine's name. The first engine is
    drawn; where curves can be compared, the others lie over it. No engine, no pictures.
    """
    results = {name: result for name, result in returned.items() if result}
    if experiment not in DRAWERS or not results:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    return list(DRAWERS[experiment](results, folder))
