"""conv1d, conv2d, conv3d and their transposes against PyTorch's, where they differ from the op."""

from typing import Any

import pytest
import torch

from tests.oracle import same, sample


def conv(name: str, *shapes: Any, **options: Any) -> None:
    same(
        lambda torch, *t: getattr(torch.nn.functional, name)(*t, **options),
        *[sample(*s, dtype=torch.float64) for s in shapes],
    )  # fmt: skip


@pytest.mark.parametrize("dilation", [1, 2, 3, (1, 1, 1)])
@pytest.mark.parametrize("kernel", [2, 3, 4])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_same_padding(dims: int, kernel: int, dilation: Any) -> None:
    sizes, window = (9, 8, 10)[:dims], (kernel, 3, 2)[:dims]
    for batch in ((2,), ()):
        conv(f"conv{dims}d", (*batch, 2, *sizes), (3, 2, *window), padding="same",
             dilation=dilation)  # fmt: skip


@pytest.mark.parametrize(
    "image, filters, options",
    [
        ((1, 2, 4, 4), (2, 2, 2, 2), {"padding": "foo"}),
        ((1, 2, 4, 4), (2, 2, 2, 2), {"padding": "same", "stride": 2}),
        ((1, 2, 4, 4), (2, 2, 2, 2), {"padding": "same", "stride": (1, 1, 1)}),
        ((1, 2, 4, 4), (2, 2, 2, 2), {"padding": "same", "groups": 0}),
        ((1, 2, 4, 4), (2, 2, 2), {"padding": "same"}),
        ((1, 2, 4, 4), (2, 2), {"padding": "same"}),
        ((2, 2), (2, 2, 2, 2), {}),
        ((1, 1, 2, 4, 4), (2, 2, 2, 2), {}),
    ],
)
def test_arguments_that_are_refused(image: Any, filters: Any, options: Any) -> None:
    conv("conv2d", image, filters, **options)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_transposed_without_a_batch(dims: int) -> None:
    sizes = (4, 3, 5)[:dims]
    conv(f"conv_transpose{dims}d", (4, *sizes), (4, 3, *(2,) * dims), (3,), stride=2)
    conv(f"conv_transpose{dims}d", (1, 1, 4, *sizes), (4, 3, *(2,) * dims))


def test_a_bias_of_another_dtype() -> None:
    given = sample(1, 2, 4, 4), sample(2, 2, 2, 2), sample(2, dtype=torch.float64)
    same(lambda torch, *t: torch.nn.functional.conv2d(*t), *given)
    same(lambda torch, *t: torch.conv_transpose2d(*t), *given, grad=False)
