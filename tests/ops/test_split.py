from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.ops.layouts import on_every_layout
from tests.oracle import LAYOUTS, same, sample

ON_LAYOUTS: dict[str, Callable[..., Any]] = {
    "split": lambda torch, x: x.split(2, 1),
    "split_sizes": lambda torch, x: x.split([0, x.shape[-1]], -1),
    "chunk": lambda torch, x: x.chunk(3, 2),
    "unbind": lambda torch, x: x.unbind(1),
    "tensor_split": lambda torch, x: x.tensor_split(2, 1),
    "tensor_split_at": lambda torch, x: x.tensor_split((1, 5, -1), 1),
}


@pytest.mark.parametrize("name", ON_LAYOUTS)
def test_views_of_every_layout(name: str) -> None:
    on_every_layout(ON_LAYOUTS[name])


RECORDED: dict[str, Callable[..., Any]] = {
    "split": lambda torch, x: x.split(2, 1),
    "split_dim": lambda torch, x: x.split(split_size=2, dim=-1),
    "split_function": lambda torch, x: torch.split(x, 1),
    "split_sizes": lambda torch, x: x.split([1, 2], 1),
    "split_sizes_function": lambda torch, x: torch.split(x, (1, 3), -1),
    "split_with_sizes": lambda torch, x: x.split_with_sizes([3, 0, 1], 2),
    "split_one": lambda torch, x: x.split(2, 1)[1],
    "chunk": lambda torch, x: [*x.chunk(2), *torch.chunk(x, 3, -1), *x.chunk(7, 1)],
    "unbind": lambda torch, x: [*x.unbind(), *torch.unbind(x, -1)],
    "unbind_one": lambda torch, x: x.unbind(1)[2],
    "tensor_split": lambda torch, x: [*x.tensor_split(2, 1), *torch.tensor_split(x, (1, 3), 2)],
    "hsplit": lambda torch, x: [*x.hsplit(3), *torch.hsplit(x.select(0, 0).select(0, 0), (1, 3))],
    "vsplit": lambda torch, x: [*x.vsplit(2), *torch.vsplit(x, (1,))],
    "dsplit": lambda torch, x: [*x.dsplit(2), *torch.dsplit(x, (1, 2))],
}


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_views(name: str) -> None:
    f = RECORDED[name]
    same(f, sample(2, 3, 4), second=True, exact=True)
    same(lambda torch, x: f(torch, x * x), sample(2, 3, 4, dtype=torch.float64), second=True)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["split", "split_one", "unbind", "unbind_one", "tensor_split"])
def test_gradients_of_other_layouts(name: str, layout: str) -> None:
    same(RECORDED[name], sample(2, 3, 4, layout=layout))


def test_results_are_tuples() -> None:
    for f in (
        lambda x: x.split(1),
        lambda x: x.chunk(2),
        lambda x: x.unbind(),
        lambda x: x.hsplit(3),
    ):
        same(lambda torch, x, f: isinstance(f(x), tuple), sample(2, 3), f)


def test_empty_tensors() -> None:
    x = sample(0, 3)
    same(lambda torch, x: [*x.split(2), *x.chunk(3), *x.split(0), *x.tensor_split(2)], x)
    same(lambda torch, x: len(x.unbind()), x)


def test_sections_in_a_tensor() -> None:
    x = sample(5)
    same(lambda torch, x, at: torch.tensor_split(x, at), x, torch.tensor([1, 3]))
    same(lambda torch, x, at: torch.tensor_split(x, at), x, torch.tensor(2))
    same(lambda torch, x, at: torch.tensor_split(x, at), x, torch.tensor([1.0]))
    same(lambda torch, x, at: torch.tensor_split(x, at), x, torch.tensor([[1]]))
    same(lambda torch, x, at: torch.tensor_split(x, sections=at), x, torch.tensor(2))
    same(lambda torch, x, at: torch.tensor_split(x, indices=at), x, torch.tensor([1]))
    same(
        lambda torch, x, at: x.tensor_split(tensor_indices_or_sections=at, dim=1),
        x,
        torch.tensor([1]),
    )


@pytest.mark.parametrize("name", ["tensor_split", "hsplit", "vsplit", "dsplit"])
def test_where_to_cut_by_name(name):
    x = sample(2, 4, 2)
    same(lambda torch, x: getattr(torch, name)(x, sections=2), x)
    same(lambda torch, x: getattr(x, name)(indices=(1,)), x)
    same(lambda torch, x: getattr(torch, name)(x, indices=[1]), x)
    same(lambda torch, x: getattr(x, name)(sections=(1,)), x)
    same(lambda torch, x: getattr(x, name)(indices=1), x)
    same(lambda torch, x: getattr(x, name)(2, indices=(1,)), x)
    same(lambda torch, x: getattr(torch, name)(x), x)


ERRORS: dict[str, Callable[..., Any]] = {
    "split": lambda torch, x: x.split(-1),
    "split_zero": lambda torch, x: x.split(0),
    "split_dim": lambda torch, x: x.split(1, 3),
    "split_scalar": lambda torch, x: x.sum().split(1),
    "sections": lambda torch, x: x.split([1, 2]),
    "sections_negative": lambda torch, x: x.split([-1, 3]),
    "chunk": lambda torch, x: x.chunk(0),
    "chunk_scalar": lambda torch, x: x.sum().chunk(1),
    "unbind": lambda torch, x: x.unbind(3),
    "unbind_scalar": lambda torch, x: x.sum().unbind(),
    "tensor_split": lambda torch, x: x.tensor_split(0),
    "tensor_split_scalar": lambda torch, x: x.sum().tensor_split(1),
    "hsplit": lambda torch, x: x.hsplit(2),
    "hsplit_scalar": lambda torch, x: x.sum().hsplit(2),
    "vsplit": lambda torch, x: x.vsplit(0),
    "vsplit_vector": lambda torch, x: x.select(0, 0).select(0, 0).vsplit(1),
    "dsplit": lambda torch, x: x.dsplit(3),
    "dsplit_matrix": lambda torch, x: x.select(0, 0).dsplit(3),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    same(ERRORS[name], sample(2, 3, 4))


REFUSED: dict[str, Callable[..., Any]] = {
    "split": lambda x: x.split(1)[1].mul_(2),
    "chunk": lambda x: x.chunk(2)[0].zero_(),
    "unbind": lambda x: x.unbind(1)[1].mul_(2),
    "view_of_one": lambda x: x.unbind(1)[1].select(0, 1).mul_(2),
    "geometry": lambda x: x.split(1)[1].unsqueeze_(0),
    "base": lambda x: [x.split(1), x.mul_(2)][0][0].grad_fn,
    "base_used": lambda x: [x.split(1), x.mul_(2)][0][0] * 2,
    "no_grad_mode": lambda x: x.detach().split(1)[0].mul_(2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_writes_to_one_of_several_views_are_refused(name: str) -> None:
    same(lambda torch, x: REFUSED[name](x * 1), sample(2, 3, 4))
    same(lambda torch, x: REFUSED[name](x), sample(2, 3, 4))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pieces_of_any_layout(layout: str) -> None:
    x = sample(2, 5, 3, layout=layout)
    for dim in (0, 1, -1):
        same(lambda torch, x: x.unbind(dim), x)  # called at once
        same(lambda torch, x: x.split(2, dim), x)
        same(lambda torch, x: x.chunk(1, dim), x)
    same(lambda torch, x: x.split([0, 3, 2, 0], 1), x)
    same(lambda torch, x: x[:, 1:1].split(2, 1), x)
    same(lambda torch, x: x[1:1].unbind(), x)


@pytest.mark.parametrize("mode", ["no_grad", "inference_mode", "set_grad_enabled"])
@pytest.mark.parametrize("cut", ["unbind", "chunk"])
def test_what_pieces_made_elsewhere_say_when_they_are_written_to(mode: str, cut: str) -> None:
    def run(torch: Any, x: Any) -> Any:
        x = x * 1
        with getattr(torch, mode)() if mode != "set_grad_enabled" else torch.set_grad_enabled(True):
            pieces = x.unbind(0) if cut == "unbind" else x.chunk(2, 0)
        return pieces[1].mul_(2)

    def nested(torch: Any, x: Any) -> Any:
        x = x * 1
        with torch.inference_mode():
            row = x[:]
        return (row.unbind(0) if cut == "unbind" else row.chunk(2, 0))[1].mul_(2)

    same(run, sample(2, 3, 4))
    same(run, sample(2, 3, 4, grad=False))
    same(nested, sample(2, 3, 4))


def test_names_of_arguments_are_those_of_torch():
    same(lambda torch, x: torch.split(tensor=x, split_size_or_sections=2, dim=1), sample(3, 4))
    same(lambda torch, x: torch.split(x, split_size_or_sections=[3, 1], dim=-1), sample(3, 4))
    same(lambda torch, x: torch.split(input=x, split_size_or_sections=2), sample(3, 4))
    same(lambda torch, x: x.split(split_size=2), sample(3, 4))
