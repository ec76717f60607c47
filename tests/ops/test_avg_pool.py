"""Average pooling against PyTorch's: what counts, integers, `out=`, refusals."""

from typing import Any

import pytest
import torch

from tests.oracle import same, sample


def pooled(torch: Any, x: Any, *args: Any, **options: Any) -> Any:
    return getattr(torch.nn.functional, f"avg_pool{x.ndim - 2}d")(x, *args, **options)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize("window", [(2,), (3, 2, 1), (2, 3, 1), (3, 1)])
@pytest.mark.parametrize("shape", [(2, 3, 9), (2, 3, 7, 6), (2, 2, 5, 4, 6)])
def test_what_counts(shape: Any, window: Any, count_include_pad: bool, ceil_mode: bool) -> None:
    same(
        lambda torch, x: pooled(torch, x, *window, ceil_mode=ceil_mode,
                                count_include_pad=count_include_pad),
        sample(*shape, dtype=torch.float64), second=True,
    )  # fmt: skip


@pytest.mark.parametrize("divisor", [1, 7, -3])
def test_integers(divisor: int) -> None:
    for shape in ((2, 3, 7, 6), (2, 2, 5, 4, 6)):
        x = sample(*shape, dtype=torch.int64, low=-9, high=9)
        same(lambda torch, x: pooled(torch, x, 3, 2, 1, divisor_override=divisor), x)
        same(lambda torch, x: pooled(torch, x, 3, 2, 1), x)


def test_out() -> None:
    def f(torch: Any, x: Any, out: Any) -> Any:
        name = f"avg_pool{x.ndim - 2}d"
        return getattr(torch._C._nn if hasattr(torch, "_C") else torch.nn.functional, name)(
            x, 2, out=out
        )

    for shape in ((2, 3, 6, 4), (2, 2, 4, 2, 6)):
        x = sample(*shape, grad=False)
        half = [n // 2 for n in shape[2:]]
        same(f, x, sample(2, shape[1], *half, grad=False))
        same(f, x, sample(2, shape[1], *half, grad=False, layout="reversed"))
        same(f, x, sample(2, shape[1], *half, dtype=torch.float64, grad=False))
        same(f, x, sample(0, grad=False))


@pytest.mark.parametrize("args", [((2, 2),), (2, (2, 2)), (0,), (2, 0), (-1,), (2, -1), (5,)])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_arguments_that_are_refused(dims: int, args: Any) -> None:
    name = f"avg_pool{dims}d"
    for shape in ((3,) * (dims + 1), (3,) * dims, (2, 0, *(3,) * dims), (2,) * (dims + 3)):
        same(lambda torch, x: getattr(torch.nn.functional, name)(x, *args), sample(*shape))
