from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.ops.slicing import slice as our_slice
from tests.ops.layouts import on_every_layout
from tests.oracle import DTYPES, LAYOUTS, same, sample


def slice_of(library: Any, x: Any, *args: Any) -> Any:
    """The slice op of either library: torch shows it by indexing alone."""
    if library is minitorch_np:
        return our_slice(x, *args)
    return torch.ops.aten.slice(x, *args)


ON_LAYOUTS: dict[str, Callable[..., Any]] = {
    "narrow": lambda torch, x: x.narrow(1, -1, 1),
    "select": lambda torch, x: x.select(-1, 0),
    "select_end": lambda torch, x: x.select(1, -1),
    "slice": lambda torch, x: slice_of(torch, x, 2, 1, None, 2),
    "diagonal": lambda torch, x: [x.diagonal(), x.diagonal(1, -1, 0), x.diagonal(-2, 1, 2)],
    "unfold": lambda torch, x: [x.unfold(1, 1, 1), x.unfold(2, 2, 1), x.unfold(2, 0, 3)],
    "as_strided": lambda torch, x: [x.as_strided((2, 2), (1, 2)), x.as_strided((3,), (0,), 5)],
}


@pytest.mark.parametrize("name", ON_LAYOUTS)
def test_views_of_every_layout(name: str) -> None:
    on_every_layout(ON_LAYOUTS[name])


RECORDED: dict[str, Callable[..., Any]] = {
    "narrow": lambda torch, x: [x.narrow(1, 1, 2), torch.narrow(x, 2, -3, 2)],
    "narrow_tensor": lambda torch, x: x.narrow(1, (x * 0).sum().long() + 1, 2),
    "select": lambda torch, x: [x.select(0, 1), torch.select(x, -1, -2)],
    "slice": lambda torch, x: [slice_of(torch, x, 1, 1, 9, 2), slice_of(torch, x, 2, None, -1, 1)],
    "slice_none": lambda torch, x: slice_of(torch, x, 1, 2, 1, 1),
    "diagonal": lambda torch, x: [x.diagonal(), torch.diagonal(x, -1, 2, 1), x.diagonal(9)],
    "diag": lambda torch, x: [
        x.select(0, 0).diag(), torch.diag(x.select(0, 0), -1), x.select(0, 0).select(0, 1).diag(1),
        x.select(0, 0).diag(9),
    ],
    "diag_embed": lambda torch, x: [x.diag_embed(), torch.diag_embed(x, -1, 0, 2)],
    "unfold": lambda torch, x: [x.unfold(2, 3, 1), x.unfold(1, 2, 5), x.unfold(-1, 2, 2)],
    "as_strided": lambda torch, x: [x.as_strided((2, 3), (4, 1), 5), x.as_strided((2,), (3,))],
    "slice_scatter": lambda torch, x: torch.slice_scatter(x, x.narrow(1, 0, 2) * 2, 1, 0, 3, 2),
    "select_scatter": lambda torch, x: torch.select_scatter(x, x.select(0, 0) * 2, 0, 1),
    "diagonal_scatter": lambda torch, x: torch.diagonal_scatter(x, x.diagonal(1) * 2, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_views(name: str) -> None:
    f = RECORDED[name]
    same(f, sample(2, 3, 4), second=True, exact=True)
    same(lambda torch, x: f(torch, x * x), sample(2, 3, 4, dtype=torch.float64), second=True)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["narrow", "select", "slice", "diagonal", "diag", "unfold"])
def test_gradients_of_other_layouts(name: str, layout: str) -> None:
    same(RECORDED[name], sample(2, 3, 4, layout=layout))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_windows_add_up_in_the_tensors_dtype(dtype: torch.dtype) -> None:
    same(lambda torch, x: x.unfold(0, 7, 1), sample(40, dtype=dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_dtype(dtype: torch.dtype) -> None:
    x = sample(2, 3, dtype=dtype)
    same(lambda torch, x: [x.select(0, 1), x.diagonal(), x.diag(), x.diag_embed()], x)


def test_scalars() -> None:
    same(lambda torch, x: x.unfold(0, 1, 1), sample(grad=False))
    same(lambda torch, x: x.unfold(0, 0, 1), sample(grad=False))


ERRORS: dict[str, Callable[..., Any]] = {
    "narrow": lambda torch, x: x.narrow(1, 2, 2),
    "narrow_start": lambda torch, x: x.narrow(1, 4, 1),
    "narrow_length": lambda torch, x: x.narrow(1, 0, -1),
    "narrow_scalar": lambda torch, x: x.sum().narrow(0, 0, 1),
    "select": lambda torch, x: x.select(1, 3),
    "select_dim": lambda torch, x: x.select(3, 0),
    "select_scalar": lambda torch, x: x.sum().select(0, 0),
    "slice": lambda torch, x: slice_of(torch, x, 0, 0, 1, 0),
    "slice_scalar": lambda torch, x: slice_of(torch, x.sum(), 0, 0, 1, 1),
    "diagonal": lambda torch, x: x.diagonal(0, 1, -2),
    "diagonal_dim": lambda torch, x: x.diagonal(0, 1, 3),
    "diag": lambda torch, x: x.diag(),
    "diag_scalar": lambda torch, x: x.sum().diag(),
    "diag_embed": lambda torch, x: x.diag_embed(0, 1, 1),
    "diag_embed_scalar": lambda torch, x: x.sum().diag_embed(),
    "unfold": lambda torch, x: x.unfold(1, 4, 1),
    "unfold_size": lambda torch, x: x.unfold(1, -1, 1),
    "unfold_step": lambda torch, x: x.unfold(1, 1, 0),
    "as_strided": lambda torch, x: x.as_strided((25,), (1,)),
    "as_strided_length": lambda torch, x: x.as_strided((25, 1), (1,)),
    "as_strided_negative": lambda torch, x: x.as_strided((2,), (-1,), 5),
    "as_strided_offset": lambda torch, x: x.as_strided((2,), (1,), -1),
    "slice_scatter": lambda torch, x: torch.slice_scatter(x, x, 1, 0, 1),
    "select_scatter": lambda torch, x: torch.select_scatter(x, x, 1, 0),
    "diagonal_scatter": lambda torch, x: torch.diagonal_scatter(x, x, 1, 0),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    same(ERRORS[name], sample(2, 3, 4))


IN_PLACE: dict[str, Callable[..., Any]] = {
    "narrow": lambda x: x.narrow(1, 1, 2),
    "select": lambda x: x.select(1, -1),
    "diagonal": lambda x: x.diagonal(0, 1, 2),
    "as_strided": lambda x: x.as_strided((2, 3), (4, 1), 5),
    "chain": lambda x: x.select(0, 1).narrow(1, 1, 3).t().diagonal(),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_writes_through_views_are_differentiated(name: str) -> None:
    see = IN_PLACE[name]

    def write(torch: Any, x: Any, y: Any) -> Any:
        base = x * x
        before = base.narrow(2, 0, 3)
        view = see(base)
        view.mul_(see(y))
        view.add_(see(base * 2))
        return base * base, view, before, view._base is base, base._version

    same(write, sample(2, 3, 4), sample(2, 3, 4, seed=1), second=True)


@pytest.mark.parametrize("name", IN_PLACE)
def test_zeros_and_copies_through_views(name: str) -> None:
    see = IN_PLACE[name]

    def write(torch: Any, x: Any, y: Any) -> Any:
        base = x * x
        see(base).zero_()
        see(base).copy_(see(y * y))
        return base * base

    same(write, sample(2, 3, 4), sample(2, 3, 4, seed=1), second=True)


OVERLAPS: dict[str, Callable[..., Any]] = {
    "windows": lambda x: x.as_strided((3, 3), (1, 1)),
    "expanded": lambda x: x.as_strided((2, 3, 4), (0, 4, 1)),
    "expanded_input": lambda x: x.narrow(0, 0, 1).expand(2, 3, 4).as_strided((3, 2), (4, 1), 1),
    "windows_of_windows": lambda x: x.as_strided((3, 3), (1, 1)).as_strided((2, 2), (2, 1)),
    "all_once": lambda x: x.as_strided((), (), 7),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_memory_that_elements_share_shares_its_gradient(name: str) -> None:
    same(lambda torch, x: OVERLAPS[name](x), sample(2, 3, 4), second=True)
    same(lambda torch, x: OVERLAPS[name](x * x), sample(2, 3, 4), second=True)


@pytest.mark.parametrize("start", [1, [1], 1.0, True])
def test_narrow_from_a_tensor(start):
    same(lambda torch, x: x.narrow(1, torch.tensor(start), 1), sample(2, 3))


def test_a_matrix_too_large_for_its_diagonal():
    for far in (2**40, -(2**40), 2**31):
        same(lambda torch, x, far=far: torch.diag(x, far), sample(2, grad=False))
        same(lambda torch, x, far=far: x.diag_embed(far), sample(2, 1, grad=False))
