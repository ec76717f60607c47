"""Max pooling against PyTorch's: NaN, infinities, ties, integers, refusals, gradients that meet."""

from typing import Any

import pytest
import torch

from minitorch_np import kernels
from tests.oracle import INTEGRAL, arrange, same, sample

WINDOWS: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 1, "padding": 1},
    {"kernel_size": 2, "stride": 3, "dilation": 2, "padding": 1, "ceil_mode": True},
]


NAMES = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")


def pooled(torch: Any, x: Any, **options: Any) -> Any:
    name = f"max_pool{x.ndim - 2}d"
    return getattr(torch.nn.functional, name)(x, return_indices=True, **options)


@pytest.mark.parametrize("options", WINDOWS, ids=str)
@pytest.mark.parametrize("shape", [(2, 3, 9), (2, 3, 7, 6), (4, 16, 16, 12), (2, 2, 5, 4, 6)])
def test_what_is_largest(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    x = sample(*shape)
    same(lambda torch, x: pooled(torch, x, **options), x)
    odd = x.detach().clone()
    odd[0, 0] = float("nan")
    odd[0, 1] = -float("inf")
    odd[0, 2 % shape[1]] = 1.0
    odd[1, 0, ..., 2:4] = float("nan")
    same(lambda torch, x: pooled(torch, x, **options), odd)


@pytest.mark.parametrize("dtype", INTEGRAL, ids=str)
def test_integers(dtype: torch.dtype) -> None:
    for shape in ((2, 3, 9), (2, 3, 7, 6), (2, 2, 5, 4, 6)):
        x = sample(*shape, dtype=dtype, high=9)
        same(lambda torch, x: pooled(torch, x, kernel_size=2, padding=1), x)
        same(lambda torch, x: getattr(torch, f"max_pool{x.ndim - 2}d")(x, 2), x)


REFUSED: list[tuple[tuple[int, ...], tuple[Any, ...]]] = [
    ((2, 2), (2,)),
    ((3, 3, 3), ((2, 2, 2),)),
    ((3, 3, 3), (2, (2, 2, 2))),
    ((3, 3, 3), (2, 2, (1, 1, 1))),
    ((3, 3, 3), (2, 2, 0, (1, 1, 1))),
    ((3, 3, 3), (0,)),
    ((3, 3, 3), (-1,)),
    ((3, 3, 3), (2, -1)),
    ((3, 3, 3), (2, 2, 0, 0)),
    ((3, 3, 3), (2, 2, 2)),
    ((3, 3, 3), (2, 2, -1)),
    ((3, 3, 3), (5,)),
    ((1, 3, 0, 3), (2,)),
    ((2, 0, 3, 3), (2,)),
    ((0, 3, 3, 3), (2,)),
    ((3, 3, 3), ((),)),
    ((3, 3, 3), (2, ())),
]


@pytest.mark.parametrize("shape, args", REFUSED)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_arguments_that_are_refused(dims: int, shape: tuple[int, ...], args: Any) -> None:
    name = f"max_pool{dims}d"
    wide = shape[:1] + (3,) * (dims - 2) + shape[1:] if dims > 2 else shape[: len(shape) + dims - 2]
    same(lambda torch, x: getattr(torch.nn.functional, name)(x, *args), sample(*wide))
    same(lambda torch, x: getattr(torch.nn.functional, name)(x, *args), sample(*wide, grad=False))


def test_one_dim_is_row_major_where_no_gradient_is_asked_for() -> None:
    x = arrange(sample(2, 3, 8), "transposed")
    same(lambda torch, x: torch.max_pool1d(x, 2), x)
    same(lambda torch, x: torch.max_pool1d(x, 2), x.detach())

    def f(torch: Any, x: Any) -> Any:
        with torch.no_grad():
            return torch.max_pool1d(x, 2)

    same(f, x)


def test_gradients_that_meet_in_one_place_add_up() -> None:
    for shape in ((2, 3, 6, 5), (4, 16, 16, 12)):
        x = sample(*shape)
        same(lambda torch, x: torch.max_pool2d(x, 3, 1, 1), x)
        same(lambda torch, x: torch.max_pool2d(x, 3, 1, 1).exp(), x, second=shape[0] == 2)


@pytest.mark.parametrize("planes", [1, 5000])
def test_a_window_without_an_element(planes: int) -> None:
    x = sample(planes, 1, 1, 1, grad=False)
    same(lambda torch, x: pooled(torch, x, kernel_size=2, padding=1, dilation=2), x)


def test_only_ints_find_what_was_kept_for_ints() -> None:
    def f(torch: Any, x: Any, *args: Any) -> Any:
        functional = torch.nn.functional
        for name in ("max_pool2d", "avg_pool2d"):
            getattr(functional, name)(x, (1, 2), 1, 0)
        return getattr(functional, args[0])(x, *args[1:])

    x = sample(2, 3, 4, 4, grad=False)
    for name in ("max_pool2d", "avg_pool2d"):
        for args in (((1.0, 2.0), 1, 0), ((1, 2), (1.0, 1), 0), ((1, 2), 1, 0.0), ([1, 2], [1], 0)):
            same(lambda torch, x, name=name, args=args: f(torch, x, name, *args), x)


@pytest.mark.parametrize("layout", ["contiguous", "reversed", "sliced", "transposed"])
def test_few_elements_of_any_layout_and_history(layout: str) -> None:
    for grad in (True, False):
        x = arrange(sample(2, 1, 6, 4, grad=grad), layout)
        for _ in range(2):  # as new, and as known
            same(lambda torch, x: pooled(torch, x, kernel_size=2), x)
            same(lambda torch, x: torch.nn.functional.avg_pool2d(x, 2, 1, 1), x)
            same(lambda torch, x: torch.nn.functional.avg_pool2d(x[0], (1, 2)), x)


@pytest.mark.parametrize("window", [(2,), (3, 1, 1), ((2, 3), 2, 1, (2, 1)), (3, 2, 0, 1, True)])
def test_channels_side_by_side_in_compiled_loops(window: Any) -> None:
    def run(torch: Any, x: Any) -> Any:
        return pooled(torch, x, **dict(zip(NAMES, window, strict=False)))

    _ = kernels.compiler  # loaded, loops walk few elements as well
    for shape in ((2, 3, 9, 8), (2, 16, 28, 28)):
        x = sample(*shape).detach()
        x[0, 0], x[1, 0, 2:5, 3:6], x[1, 1] = 1.0, float("nan"), -float("inf")
        x = x.contiguous(memory_format=torch.channels_last)
        same(run, x)
        same(lambda torch, x: run(torch, x)[0], sample(*shape).detach().to(
            memory_format=torch.channels_last).requires_grad_())  # fmt: skip
