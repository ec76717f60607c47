"""Windows as columns, and back, against PyTorch's."""

from typing import Any

from tests.oracle import same, sample


def run(torch: Any, x: Any, name: str, *args: Any) -> Any:
    layer = getattr(torch.nn, name)(*args)
    return layer(x), repr(layer)


def test_unfold() -> None:
    for batch in ((2,), ()):
        x = sample(*batch, 3, 6, 5)
        same(lambda torch, x: run(torch, x, "Unfold", 2), x)
        same(lambda torch, x: run(torch, x, "Unfold", (2, 3), 1, (1, 0), 2), x)


def test_fold() -> None:
    for batch in ((2,), ()):
        same(lambda torch, x: run(torch, x, "Fold", (5, 4), 2), sample(*batch, 12, 12))
        same(lambda torch, x: run(torch, x, "Fold", 5, (2, 3), 2, 1, 2), sample(*batch, 6, 6))
