"""Batch and instance normalisation layers against PyTorch's."""

from typing import Any

import pytest
import torch

from tests.oracle import same, sample

SHAPES = {"1d": (4, 3, 5), "2d": (2, 3, 4, 5), "3d": (2, 3, 2, 2, 3)}


def ran(module: Any, x: Any) -> Any:
    """Two steps of training and one of evaluation, with the state after them."""
    outs = [module(x), module(x * 2 + 1), module.eval()(x)]
    return outs, dict(module.state_dict()), repr(module)


@pytest.mark.parametrize("kind", ["BatchNorm", "InstanceNorm"])
@pytest.mark.parametrize("dims", SHAPES)
@pytest.mark.parametrize("options", [
    {}, {"momentum": None}, {"momentum": 0.3}, {"affine": True, "track_running_stats": True},
    {"affine": True, "bias": False}, {"affine": False}, {"track_running_stats": False},
    {"eps": 0.1},
])  # fmt: skip
def test_steps(kind: str, dims: str, options: dict[str, Any]) -> None:
    def f(torch: Any, x: Any) -> Any:
        return ran(getattr(torch.nn, f"{kind}{dims}")(3, **options), x)

    same(f, sample(*SHAPES[dims]), tol=(1e-5, 1e-5))


@pytest.mark.parametrize("kind", ["BatchNorm", "InstanceNorm"])
@pytest.mark.parametrize("dims", SHAPES)
def test_dims(kind: str, dims: str) -> None:
    for shape in [(3,), (4, 3), *SHAPES.values(), (2, 2, 2, 2, 2, 2)]:
        same(lambda torch, x: getattr(torch.nn, f"{kind}{dims}")(3)(x), sample(*shape))


def test_other_channels() -> None:
    x = sample(2, 4, 5)
    same(lambda torch, x: torch.nn.InstanceNorm1d(3, affine=True)(x), x)
    same(lambda torch, x: torch.nn.InstanceNorm1d(3)(x), x)
    same(lambda torch, x: torch.nn.BatchNorm1d(3)(x), x)


def test_states_without_a_count() -> None:
    def f(torch: Any) -> Any:
        module = torch.nn.BatchNorm1d(2)
        state = module.state_dict()
        del state["num_batches_tracked"]
        state._metadata.clear()
        return str(module.load_state_dict(state)), module.num_batches_tracked

    same(f)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_dtype(dtype: torch.dtype) -> None:
    def f(torch: Any) -> Any:
        kind = getattr(torch, str(dtype).removeprefix("torch."))
        return dict(torch.nn.BatchNorm2d(2, dtype=kind).state_dict())

    same(f)
