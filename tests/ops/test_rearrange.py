from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.ops.layouts import on_every_layout
from tests.oracle import DTYPES, LAYOUTS, same, sample

ON_LAYOUTS: dict[str, Callable[..., Any]] = {
    "repeat": lambda torch, x: x.repeat(2, 1, 3, 1),
    "tile": lambda torch, x: x.tile(2),
    "repeat_interleave": lambda torch, x: x.repeat_interleave(2, 1),
    "flip": lambda torch, x: [x.flip(0, 2), x.flip(1)],
    "roll": lambda torch, x: [x.roll(1, 2), x.roll((1, -2), (0, 1)), x.roll(2)],
    "rot90": lambda torch, x: [x.rot90(k, (0, 2)) for k in range(4)],
}


@pytest.mark.parametrize("name", ON_LAYOUTS)
def test_every_layout(name: str) -> None:
    on_every_layout(ON_LAYOUTS[name], shares=False, every=3)


RECORDED: dict[str, Callable[..., Any]] = {
    "repeat": lambda torch, x: [x.repeat(2, 1, 3), x.repeat((2, 2, 3, 1)), x.repeat(1, 1, 1)],
    "repeat_zero": lambda torch, x: x.repeat(2, 0, 1),
    "tile": lambda torch, x: [x.tile(2), torch.tile(x, (2, 1, 1, 3)), x.tile(())],
    "repeat_interleave": lambda torch, x: [
        x.repeat_interleave(2), torch.repeat_interleave(x, 3, -1), x.repeat_interleave(2, dim=0),
        x.repeat_interleave(0, 1), x.repeat_interleave(2, 1, output_size=6),
    ],
    "flip": lambda torch, x: [x.flip(0), torch.flip(x, (0, -1)), x.flip(dims=[1]), x.flip(())],
    "fliplr": lambda torch, x: [x.fliplr(), torch.flipud(x)],
    "roll": lambda torch, x: [x.roll(1), torch.roll(x, (1, -5), (0, 2)), x.roll(shifts=-1, dims=1)],
    "rot90": lambda torch, x: [
        x.rot90(), torch.rot90(x, 2, (1, 2)), x.rot90(-1, [0, 2]), x.rot90(4),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_copies(name: str) -> None:
    f = RECORDED[name]
    same(f, sample(2, 3, 4), second=True)
    same(lambda torch, x: f(torch, x * x), sample(2, 3, 4, dtype=torch.float64), second=True)
    same(f, sample(2, 3, 0))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", RECORDED)
def test_gradients_of_other_layouts(name: str, layout: str) -> None:
    same(RECORDED[name], sample(2, 3, 4, layout=layout))


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_dtype(dtype: torch.dtype) -> None:
    x = sample(2, 3, dtype=dtype)
    same(lambda torch, x: [x.repeat(2, 2), x.flip(0), x.roll(1), x.rot90(), x.tile(2)], x)
    same(lambda torch, x: x.repeat_interleave(2), x)


def test_channels_last() -> None:
    x = sample(2, 3, 2, 4, layout="channels_last")
    same(lambda torch, x: [x.repeat(1, 2, 1, 1), x.flip(1), x.roll(1, 1), x.rot90(1, (2, 3))], x)


def test_scalars() -> None:
    same(lambda torch, x: [x.repeat(2, 3), x.tile(2), x.flip(()), x.roll(1)], sample())
    same(lambda torch, x: x.repeat_interleave(2), sample())


@pytest.mark.parametrize("name", ["int64", "int32", "int8", "float32"])
def test_repeats_in_a_tensor(name: str) -> None:
    x, dtype = sample(2, 3), getattr(torch, name)
    same(lambda torch, r: torch.repeat_interleave(r), torch.tensor([1, 0, 3], dtype=dtype))
    same(lambda torch, x, r: x.repeat_interleave(r, 1), x, torch.tensor([1, 0, 3], dtype=dtype))
    same(lambda torch, x, r: x.repeat_interleave(r), x, torch.tensor([2], dtype=dtype))
    same(lambda torch, x, r: x.repeat_interleave(r, 0), x, torch.tensor(2, dtype=dtype))


ERRORS: dict[str, Callable[..., Any]] = {
    "repeat": lambda torch, x: x.repeat(2),
    "repeat_negative": lambda torch, x: x.repeat(2, -1),
    "repeat_nothing": lambda torch, x: x.repeat(),
    "repeat_interleave": lambda torch, x: x.repeat_interleave(-1),
    "repeat_interleave_size": lambda torch, x: x.repeat_interleave(2, output_size=3),
    "repeat_interleave_dim": lambda torch, x: x.repeat_interleave(2, 2),
    "repeats_negative": lambda torch, x: x.repeat_interleave(x.abs().long() - 9, 1),
    "repeats_count": lambda torch, x: x.repeat_interleave(x.select(0, 0).long() * 0, 0),
    "repeats_matrix": lambda torch, x: x.repeat_interleave(x.long()),
    "indices_matrix": lambda torch, x: torch.repeat_interleave(x.long()),
    "flip": lambda torch, x: x.flip(0, -2),
    "flip_dim": lambda torch, x: x.flip(2),
    "fliplr": lambda torch, x: x.select(0, 0).fliplr(),
    "flipud": lambda torch, x: x.sum().flipud(),
    "roll": lambda torch, x: x.roll(()),
    "roll_align": lambda torch, x: x.roll((1, 2), 0),
    "roll_no_dims": lambda torch, x: x.roll((1, 2)),
    "roll_dim": lambda torch, x: x.roll(1, 2),
    "rot90": lambda torch, x: x.rot90(1, (0,)),
    "rot90_vector": lambda torch, x: x.select(0, 0).rot90(),
    "rot90_same": lambda torch, x: x.rot90(1, (0, -2)),
    "rot90_dim": lambda torch, x: x.rot90(1, (0, 2)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    same(ERRORS[name], sample(2, 3))


def test_a_repeat_that_repeats_nothing_hands_its_gradient_on():
    def f(torch, x, g):
        return torch.autograd.grad(x.repeat(1, 1, 1), x, g)

    cotangent = torch.zeros(18).as_strided((1, 1, 3), (1, 18, 6))
    same(f, sample(1, 1, 3), cotangent, grad=False)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", [0, 1, -1, (0,), (1,), (0, 1), [0], 5, ()])
def test_flips_met_before_are_as_those_that_were_not(dtype: torch.dtype, dim: Any) -> None:
    for shape in ((2, 3), (), (4,), (2, 0), (2, 3, 4), (70, 70)):
        for layout in LAYOUTS:
            x = sample(*shape, dtype=dtype, layout=layout, grad=False)
            for _ in range(3):
                same(lambda torch, x: (x.flip(dim), x.flip(1), torch.flip(x, [0])), x, exact=True)
