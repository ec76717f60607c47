"""Chains of matrices and batches of dot products against torch."""

from typing import Any

import pytest
import torch

from tests.oracle import DTYPES, same, sample

CHAINS = [
    ((3,), (3,)), ((3, 2), (2, 4)), ((3,), (3, 2)), ((1, 3), (3,)), ((3,), (3, 2), (2,)),
    ((2, 3), (3, 4), (4, 5)), ((5, 4), (4, 3), (3, 2)), ((2, 2), (2, 2), (2, 2)),
    ((2, 5), (5, 3), (3, 6), (6, 1)), ((6, 1), (1, 6), (6, 2), (2, 7), (7, 3)), ((0, 2), (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", CHAINS, ids=str)
def test_multi_dot(shapes: tuple[tuple[int, ...], ...]) -> None:
    each = [sample(*shape, seed=i) for i, shape in enumerate(shapes)]
    same(lambda t, *each: t.linalg.multi_dot(each), *each, second=True, tol=(1e-4, 1e-4))


def test_multi_dot_ties_go_left() -> None:
    """Of two orders that cost the same, the one whose rounding and nodes are PyTorch's."""

    def nodes(t: Any, *each: Any) -> list[str]:
        node = t.linalg.multi_dot(each).grad_fn.next_functions[0][0]
        return [parent.name() for parent, _ in node.next_functions]

    for count in (3, 4):
        each = [sample(2, 2, seed=i) for i in range(count)]
        same(nodes, *each)


@pytest.mark.parametrize(
    "shapes", [((3, 2), (2, 4)), ((3,), (3, 2), (2, 4)), ((3,), (3,))], ids=str
)
def test_multi_dot_out(shapes: tuple[tuple[int, ...], ...]) -> None:
    each = [sample(*shape, seed=i, grad=False) for i, shape in enumerate(shapes)]
    for dtype in (torch.float32, torch.float64):
        same(
            lambda t, *each: t.linalg.multi_dot(each[:-1], out=each[-1]),
            *each,
            torch.empty(0, dtype=dtype),
        )


@pytest.mark.parametrize(
    "shapes",
    [
        (), ((3,),), ((3, 3, 3), (3,)), ((3,), (3, 3, 3)), ((3,), (3,), (3,)), ((3,), (4,)),
        ((3, 3), (4, 4), (3, 3)), ((3, 3), (2, 3, 3), (3, 3)),
    ],
    ids=str,
)  # fmt: skip
def test_multi_dot_errors(shapes: tuple[tuple[int, ...], ...]) -> None:
    same(lambda t, *each: t.linalg.multi_dot(each), *(sample(*shape) for shape in shapes))


def test_multi_dot_other_dtypes() -> None:
    x = sample(3, 3)
    same(lambda t, x, y: t.linalg.multi_dot([x, y]), x, sample(3, 3, dtype=torch.float64))
    same(lambda t, x: t.linalg.multi_dot(x), x)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_vecdot_dtypes(dtype: torch.dtype) -> None:
    for shape in [(3,), (2, 3)]:
        x, y = sample(*shape, dtype=dtype), sample(*shape, dtype=dtype, seed=1)
        same(lambda t, x, y: t.linalg.vecdot(x, y), x, y, tol=(2e-2, 2e-2))


@pytest.mark.parametrize("dim", [0, -1, 1, 2])
def test_vecdot(dim: int) -> None:
    for a, b in [((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (3,)), ((), (3,)), ((3,), (4,))]:
        same(
            lambda t, x, y: t.linalg.vecdot(x, y, dim=dim),
            sample(*a), sample(*b, seed=1), second=True,
        )  # fmt: skip


def test_vecdot_out() -> None:
    x = sample(2, 3, grad=False)
    for dtype in (torch.float32, torch.float64):
        for of in (x, x[0]):
            out = torch.empty(0, dtype=dtype)
            same(lambda t, x, y, out: t.linalg.vecdot(x, y, out=out), of, of, out)
    same(lambda t, x, y: t.linalg.vecdot(x, y), x, x.double())
