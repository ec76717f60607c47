"""Copies of what views show against PyTorch."""

from typing import Any

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample

CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("alias_copy", ()), ("as_strided_copy", ((2, 2), (1, 2), 1)), ("detach_copy", ()),
    ("expand_copy", ((2, 2, 1, 4),)), ("expand_copy", ((3,),)), ("narrow_copy", (1, 0, 1)),
    ("narrow_copy", (-1, -3, 2)), ("narrow_copy", (3, 0, 1)), ("narrow_copy", (0, 9, 1)),
    ("narrow_copy", (0, 0, -1)), ("narrow_copy", (0, 0, 9)), ("permute_copy", ((2, 0, 1),)),
    ("permute_copy", ((2, 0),)), ("select_copy", (2, -1)), ("select_copy", (2, 7)),
    ("slice_copy", (2, 1, 4, 2)), ("slice_copy", (2, 1, 4, 0)), ("squeeze_copy", ()),
    ("squeeze_copy", (1,)), ("squeeze_copy", ((0, 1),)), ("t_copy", ()),
    ("transpose_copy", (0, 2)), ("transpose_copy", (0, 3)), ("unbind_copy", (2,)),
    ("unfold_copy", (2, 3, 1)), ("unfold_copy", (2, 9, 1)), ("unsqueeze_copy", (-1,)),
    ("view_copy", ((4, -1),)), ("view_copy", ((5, -1),)), ("split_copy", (2, 2)),
    ("split_copy", (0, 2)), ("split_with_sizes_copy", ([1, 3], 2)),
    ("split_with_sizes_copy", ([1, 2], 2)), ("diagonal_copy", (1, 0, 2)), ("unsafe_split", (3, 2)),
    ("unsafe_split", (-1, 2)), ("unsafe_split_with_sizes", ([3, 1], 2)), ("unsafe_chunk", (3, 2)),
    ("unsafe_chunk", (0, 2)),
]  # fmt: skip


@pytest.mark.parametrize("nr", range(len(CALLS)))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_calls(nr: int, layout: str) -> None:
    name, args = CALLS[nr]
    x = sample(2, 1, 4, layout=layout)
    same(lambda torch, x: getattr(torch, name)(x, *args), x, second=layout == "contiguous")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_other_dtypes(dtype: torch.dtype) -> None:
    x = sample(2, 4, dtype=dtype)
    for name in ("uint8", "int16", "float64"):
        same(lambda torch, x, n=name: torch.view_copy(x, getattr(torch, n)), x)


@pytest.mark.parametrize("shape", [(0,), (2, 2), (4, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_out(shape: tuple[int, ...], dtype: str) -> None:
    def run(name: str, *args: Any) -> None:
        def body(torch: Any, x: Any) -> Any:
            out = torch.ones(shape, dtype=getattr(torch, dtype))
            return getattr(torch, name)(x, *args, out=out) is out, out

        same(body, sample(2, 4, grad=False))

    run("narrow_copy", 1, 1, 2)
    run("slice_copy", 1, 1, 3)
    run("permute_copy", (1, 0))
    run("diagonal_copy")
    run("view_copy", (2, 4))

    def several(torch: Any, x: Any, count: int) -> Any:
        made = [torch.ones(shape, dtype=getattr(torch, dtype)) for _ in range(count)]
        returned = torch.split_with_sizes_copy(x, [2, 2], 1, out=made)
        return returned is None, made

    for count in (2, 1):
        same(several, sample(2, 4, grad=False), count)
    for name, args in (("split_copy", (2, 1)), ("unbind_copy", (0,))):

        def each(torch: Any, x: Any, count: int, name: str = name, args: Any = args) -> Any:
            made = [torch.ones(shape, dtype=getattr(torch, dtype)) for _ in range(count)]
            return getattr(torch, name)(x, *args, out=made), made

        for count in (2, 1):
            same(each, sample(2, 4, grad=False), count)


def test_as_strided_scatter() -> None:
    def run(torch: Any, x: Any, s: Any, *args: Any) -> Any:
        return torch.as_strided_scatter(x, s, *args)

    x, s = sample(3, 4), sample(2, 2, seed=1)
    for args in (
        ((2, 2), (1, 2)), ((2, 2), (4, 1), 5), ((2, 2), (2, 2), 1), ((2, 2), (4, 1), 8),
        ((2, 3), (1, 2)), ((2, 2), (0, 1)),
    ):  # fmt: skip
        same(run, x, s, *args, second=True)
    same(run, x.detach().t(), s, (2, 2), (1, 2))
    same(run, x.detach().t().requires_grad_(), s, (2, 2), (1, 2))
    same(run, x.detach()[1:], s.double(), (2, 2), (1, 2))


def test_pieces_are_written_to_as_if_they_were_copies() -> None:
    def run(torch: Any, x: Any) -> Any:
        first, second = torch.unsafe_split(x, 2)
        first.mul_(2)
        return first, second, first._is_view()

    same(run, sample(4, 2), grad=False)
