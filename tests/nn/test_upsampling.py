"""Modules that give images another size against PyTorch's."""

from typing import Any

from tests.oracle import same, sample


def test_modules() -> None:
    def run(torch: Any, x: Any, name: str, k: Any) -> Any:
        module = getattr(torch.nn, name)(**k)
        return module(x), repr(module), sorted(module.state_dict())

    x = sample(2, 3, 4, 5)
    for given in ({"size": 7}, {"size": (3, 8)}, {"scale_factor": 2}, {"scale_factor": (2, 1.5)}):
        for name in ("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"):
            same(run, x, name, given)
        same(run, x, "Upsample", {**given, "mode": "bicubic", "align_corners": True})
    same(run, x, "Upsample", {"scale_factor": 1.7, "recompute_scale_factor": True})
    same(run, x, "Upsample", {})
