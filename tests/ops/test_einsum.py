"""einsum against torch: values, layouts, nodes, and every message of its parser."""

from typing import Any

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample

EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij,jk->ki", (2, 3), (3, 4)),
    ("ij->ji", (2, 3)), ("ij", (2, 3)), ("ba", (2, 3)), ("ij->", (2, 3)), ("ij->i", (2, 3)),
    ("ii", (3, 3)), ("ii->i", (3, 3)), ("iij->ij", (3, 3, 2)), ("i,i", (3,), (3,)),
    ("i,j->ij", (3,), (4,)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("i,->i", (3,), ()),
    ("...ij,...jk->...ik", (2, 3, 4), (2, 4, 5)), ("...ij,jk->...ik", (2, 3, 4), (4, 5)),
    ("b...i,i...->b...", (2, 3, 4), (4, 3)), ("i...->...", (2, 3, 4)), ("...->", (2, 3)),
    ("...i->i...", (2, 3, 4)), ("ij,ij->ij", (2, 3), (2, 3)), ("ij,kl->", (2, 3), (4, 2)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("ij,j,jk->i", (2, 3), (3,), (3, 4)),
    ("bn,anm,bm->ba", (2, 5), (3, 5, 4), (2, 4)), (" i j , j k -> i k ", (2, 3), (3, 4)),
    ("ij,jk->ik", (2, 1), (3, 4)), ("ij,ij->i", (1, 3), (2, 3)), ("aB,Bc->ac", (2, 3), (3, 4)),
    ("ij,jk->ik", (0, 3), (3, 4)), ("ij,jk->ik", (2, 0), (0, 4)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
]  # fmt: skip
ERRORS = [
    ("ij,jk->ik", (2, 3)), ("ij", (2, 3), (3,)), ("ijk", (2, 3)), ("i...", ()), ("i..j", (2, 3)),
    ("...i...", (2, 3)), ("i1", (2, 3)), ("ij->i1", (2, 3)), ("ij->ii", (2, 3)), ("ij->k", (2, 3)),
    ("ij->....", (2, 3)), ("ij->i..", (2, 3)), ("...->......", (2, 3)),
    ("ij,jk->ik", (2, 3), (4, 5)),
    ("ii", (2, 3)), ("...i,...i", (2, 3), (4, 3)), ("ij...k", (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("case", EQUATIONS, ids=lambda c: c[0])
def test_equations(case: tuple[str, *tuple[tuple[int, ...], ...]]) -> None:
    equation, *shapes = case
    for i, layout in enumerate(LAYOUTS):
        inputs = [sample(*s, layout=layout if n else LAYOUTS[-i]) for n, s in enumerate(shapes)]
        same(lambda t, *x: t.einsum(equation, *x), *inputs, second=layout == "contiguous")


@pytest.mark.parametrize("case", ERRORS, ids=lambda c: c[0])
def test_errors(case: tuple[str, *tuple[tuple[int, ...], ...]]) -> None:
    equation, *shapes = case
    same(lambda t, *x: t.einsum(equation, *x), *[sample(*s) for s in shapes])


def test_other_forms() -> None:
    x, y = sample(2, 3), sample(3, 4)
    same(lambda t, x, y: t.einsum("ij,jk", [x, y]), x, y)
    same(lambda t, x, y: t.einsum(x, [0, 1], y, [1, 2], [0, 2]), x, y)
    same(lambda t, x, y: t.einsum(x, [0, 1], y, [1, 2]), x, y)
    same(lambda t, x: t.einsum(x, [..., 1], [1, ...]), x)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    same(
        lambda t, x, y: t.einsum("ij,jk->ik", x, y),
        sample(2, 3, dtype=dtype), sample(3, 4, dtype=dtype), tol=(2e-2, 4e-2),
    )  # fmt: skip


REFUSED = {
    "nothing": lambda torch, x: torch.einsum(),
    "no operand": lambda torch, x: torch.einsum("ij"),
    "an empty list": lambda torch, x: torch.einsum("ij", []),
    "no equation": lambda torch, x: torch.einsum(x),
    "a number": lambda torch, x: torch.einsum("ij", 3),
}


@pytest.mark.parametrize("case", REFUSED)
def test_operands_are_refused_as_pytorch_refuses(case):
    same(REFUSED[case], sample(2, 3))


@pytest.mark.parametrize("case", [c for c in EQUATIONS if len(c) == 3], ids=lambda c: c[0])
def test_two_operands_as_new_and_as_known(case: tuple[str, *tuple[tuple[int, ...], ...]]) -> None:
    equation, *shapes = case

    def f(torch: Any, *given: Any) -> Any:
        """With a base that autograd met, without, and where nothing is recorded."""
        free = [t.detach().clone() for t in given]
        views = [[torch.stack([t, t + 1])[1] for t in each] for each in (given, free)]
        ways = [given, free, *views] * 2
        found = [torch.einsum(equation, *these) for these in ways]
        for context in (torch.no_grad(), torch.inference_mode()):
            with context:
                found.append(torch.einsum(equation, *free))
        return *found, *[t._is_view() for t in found], *[t.is_inference() for t in found]

    for layout in ("contiguous", "transposed", "sliced"):
        inputs = [sample(*s, layout=layout) for s in shapes]
        for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.int64):
            given = [t.detach().to(dtype) for t in inputs]
            if dtype.is_floating_point:
                given = [t.requires_grad_() for t in given]
            same(f, *given, tol=(2e-2, 4e-2) if dtype is torch.bfloat16 else None)


def test_an_operand_twice_and_writes_to_what_is_returned() -> None:
    def f(torch: Any, x: Any) -> Any:
        found = []
        for _ in range(2):
            found += [torch.einsum("ij,kj->ik", x, x), torch.einsum("ij,kj->ki", x, x)]
            found[-1].add_(1)
            with torch.no_grad():
                found.append(torch.einsum("ij,ij->i", x, x.T.contiguous()))
            found[-1].mul_(2)
        return *found, *[t._version for t in found]

    same(f, sample(3, 3, grad=False))
    same(f, sample(3, 3))


def test_writes_with_a_history_to_what_was_not_recorded() -> None:
    def f(torch: Any, x: Any) -> Any:
        with torch.no_grad():
            for _ in range(2):
                y = torch.einsum("ij,jk->ik", x, x)
        return y.mul_(x)

    same(f, sample(3, 3))
