"""Modules that pad against PyTorch's."""

from typing import Any

import pytest

from tests.oracle import same, sample

KINDS = ["CircularPad", "ReflectionPad", "ReplicationPad", "ZeroPad", "ConstantPad"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_modules(kind: str, dims: int) -> None:
    rest = (1.5,) if kind == "ConstantPad" else ()

    def run(torch: Any, x: Any, padding: Any) -> Any:
        module = getattr(torch.nn, f"{kind}{dims}d")(padding, *rest)
        return module(x), repr(module), module.padding, sorted(module.state_dict())

    for ndim in range(dims, dims + 4):
        for padding in (1, [2, 1, 0, 1, 1, 2][: 2 * dims], (-1, 1) * dims):
            same(run, sample(*(2, 3, 4, 3, 4, 2)[:ndim]), padding)
