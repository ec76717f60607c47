"""Layers of convolutions against PyTorch's: parameters, draws, results, what they print."""

from typing import Any

import pytest

from tests.oracle import same, sample

SIZES = {1: (7,), 2: (5, 6), 3: (4, 3, 5)}
TOLERANCE = (1e-5, 1e-5)
"""Sums of products in another order than PyTorch's."""


def run(torch: Any, x: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    torch.manual_seed(0)
    layer = getattr(torch.nn, name)(*args, **kwargs)
    kept = sorted(layer.state_dict())
    return layer(x), repr(layer), kept, layer.weight, layer.bias


PLAIN = [
    {},
    {"stride": 2, "padding": 1, "bias": False},
    {"dilation": 2, "groups": 2, "padding": "same"},
    {"padding": "valid"},
    {"padding": 1, "padding_mode": "reflect"},
    {"padding": "same", "padding_mode": "circular"},
    {"padding": (2, 1, 1), "padding_mode": "replicate"},
]


@pytest.mark.parametrize("options", PLAIN, ids=str)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_convolutions(dims: int, options: dict[str, Any]) -> None:
    if isinstance(options.get("padding"), tuple):
        options = {**options, "padding": options["padding"][:dims]}
    for batch in ((2,), ()):
        x = sample(*batch, 4, *SIZES[dims])
        kernel = 2 if "stride" in options else 3
        same(
            lambda torch, x: run(torch, x, f"Conv{dims}d", 4, 6, kernel, **options),
            x, tol=TOLERANCE,
        )  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [{}, {"stride": 3, "padding": 1, "output_padding": 2}, {"groups": 2, "dilation": 2}],
    ids=str,
)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_transposed_convolutions(dims: int, options: dict[str, Any]) -> None:
    same(
        lambda torch, x: run(torch, x, f"ConvTranspose{dims}d", 4, 6, 2, **options),
        sample(2, 4, *SIZES[dims]), tol=TOLERANCE,
    )  # fmt: skip


@pytest.mark.parametrize("size", [[9, 12], [10, 11], [2, 6, 10, 12], [9, 13], [9], [1, 2, 3]])
def test_output_sizes(size: list[int]) -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        return torch.nn.ConvTranspose2d(4, 6, 1, stride=2)(x, size)

    same(f, sample(2, 4, 5, 6), tol=TOLERANCE)


WRONG = [
    ("Conv2d", (4, 6, 3), {"groups": 0}),
    ("Conv2d", (4, 6, 3), {"groups": 3}),
    ("Conv2d", (4, 6, 3), {"groups": 4}),
    ("Conv1d", (4, 6, 3), {"stride": 2, "padding": "same"}),
    ("ConvTranspose1d", (4, 6, 3), {"padding_mode": "circular"}),
]


@pytest.mark.parametrize("name, args, options", WRONG)
def test_arguments_that_are_refused(name: str, args: Any, options: Any) -> None:
    same(lambda torch: getattr(torch.nn, name)(*args, **options).extra_repr())
