from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.ops.layouts import on_every_layout
from tests.oracle import LAYOUTS, same, sample

ON_LAYOUTS: dict[str, Callable[..., Any]] = {
    "transpose": lambda torch, x: x.transpose(0, -1),
    "t": lambda torch, x: x[0].t() if len(x) else x,
    "permute": lambda torch, x: x.permute(2, 0, 1),
    "movedim": lambda torch, x: x.movedim((0, 1), (-1, 0)),
    "mT": lambda torch, x: x.mT,
}


@pytest.mark.parametrize("name", ON_LAYOUTS)
def test_views_of_every_layout(name: str) -> None:
    on_every_layout(ON_LAYOUTS[name])


RECORDED: dict[str, Callable[..., Any]] = {
    "transpose": lambda torch, x: torch.transpose(x, 0, 2) * 2,
    "swapaxes": lambda torch, x: [x.swapaxes(0, 1), torch.swapdims(x, -1, 0)],
    "t": lambda torch, x: [x.view(6, 4).t(), x.view(24).t(), torch.t(x.view(4, 6))],
    "permute": lambda torch, x: [torch.permute(x, (2, 0, 1)), x.permute(dims=(1, -1, 0))],
    "movedim": lambda torch, x: [x.movedim(0, -1), torch.moveaxis(x, (0, 1), (1, 2))],
    "T": lambda torch, x: [x.view(6, 4).T, x.mT, x.mH, x.view(6, 4).H, x.adjoint(), x.real],
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_views(name: str) -> None:
    f = RECORDED[name]
    same(f, sample(2, 3, 4), second=True, exact=True)
    same(lambda torch, x: f(torch, x * x), sample(2, 3, 4, dtype=torch.float64), second=True)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["transpose", "permute", "movedim"])
def test_gradients_of_other_layouts(name: str, layout: str) -> None:
    same(RECORDED[name], sample(2, 3, 4, layout=layout))


SCALARS: dict[str, Callable[..., Any]] = {
    "transpose": lambda torch, x: [x.transpose(0, -1), x.t(), x.permute(())],
    "movedim": lambda torch, x: x.movedim(0, 0),
    "T": lambda torch, x: x.T,
    "H": lambda torch, x: x.H,
    "mT": lambda torch, x: x.mT,
    "mH": lambda torch, x: x.mH,
    "adjoint": lambda torch, x: x.adjoint(),
}


@pytest.mark.parametrize("name", SCALARS)
def test_scalars(name: str) -> None:
    same(SCALARS[name], sample())


ERRORS: dict[str, Callable[..., Any]] = {
    "transpose": lambda torch, x: x.transpose(0, 3),
    "t": lambda torch, x: x.t(),
    "permute": lambda torch, x: x.permute(0, 1),
    "permute_twice": lambda torch, x: x.permute(0, 1, -2),
    "permute_nothing": lambda torch, x: x.permute(),
    "movedim": lambda torch, x: x.movedim((0, 1), (0,)),
    "movedim_twice": lambda torch, x: x.movedim((0, 0), (1, 2)),
    "mT": lambda torch, x: x[0, 0].mT,
    "H": lambda torch, x: x.H,
    "H1": lambda torch, x: x[0, 0].H,
    "adjoint": lambda torch, x: x[0, 0].adjoint(),
    "no_tensor": lambda torch, x: torch.transpose(3, 0, 1),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    same(ERRORS[name], sample(2, 3, 4))


def test_T_of_other_than_matrices_warns() -> None:
    same(lambda torch, x: x.T, sample(2, 3, 4))
    same(lambda torch, x: x.T, sample(3))


IN_PLACE: dict[str, Callable[..., Any]] = {
    "transpose": lambda x: x.transpose(0, 2),
    "permute": lambda x: x.permute(1, 2, 0),
    "movedim": lambda x: x.movedim(0, 1),
    "t": lambda x: x.view(4, 6).t(),
    "mT": lambda x: x.mT,
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_writes_through_views_are_differentiated(name: str) -> None:
    """The base's history is rebased, and other views see it; first and second derivatives."""
    see = IN_PLACE[name]

    def write(torch: Any, x: Any, y: Any) -> Any:
        base = x * x
        before = base.view(-1)
        view = see(base)
        view.mul_(see(y))
        return base * base, base, view, before, view._base is base, base._version

    same(write, sample(2, 3, 4), sample(2, 3, 4, seed=1), second=True)
