"""matmul, linear, inner, outer, tensordot, kron, matrix_power against torch."""

import itertools

import pytest
import torch

import minitorch_np
from minitorch_np.ops.linalg import linear as our_linear
from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

HALF_SUM = (2e-2, 4e-2)
"""PyTorch rounds some half products on the way, where ours are rounded once."""

PAIRS = [
    ((4,), (4,)), ((4,), (4, 3)), ((2, 4), (4,)), ((2, 4), (4, 3)), ((5, 2, 4), (4,)),
    ((5, 2, 4), (4, 3)), ((4,), (5, 4, 3)), ((2, 4), (5, 4, 3)), ((5, 2, 4), (5, 4, 3)),
    ((5, 2, 4), (1, 4, 3)), ((1, 2, 4), (5, 4, 3)), ((2, 1, 2, 4), (3, 4, 3)),
    ((2, 3, 2, 4), (4,)), ((4,), (2, 3, 4, 2)), ((2, 3, 2, 4), (4, 3)), ((2, 4), (2, 3, 4, 2)),
    ((2, 0, 4), (4, 3)), ((2, 3, 0), (0, 3)), ((0, 2, 3), (0, 3, 2)), ((3, 1, 4), (4, 1)),
    ((1, 1, 4), (1, 4, 1)), ((2, 3, 2, 4), (2, 3, 4, 2)),
]  # fmt: skip


def linear(t, x, w, b=None):
    """F.linear of either library."""
    return (our_linear if t is minitorch_np else torch.nn.functional.linear)(x, w, b)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_matmul(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    for p, q in [(True, True), (True, False), (False, True), (False, False)]:
        x, y = sample(*a, grad=p), sample(*b, grad=q)
        same(lambda t, x, y: t.matmul(x, y), x, y, second=True)
    same(lambda t, x, y: x @ y, sample(*a), sample(*b))


@pytest.mark.parametrize(("a", "b"), [p for p in PAIRS if max(map(len, p)) > 2])
def test_matmul_layouts(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    for i, (first, second) in enumerate(itertools.product(LAYOUTS, LAYOUTS)):
        x = sample(*a, layout=first, grad=bool(i & 1))
        y = sample(*b, layout=second, grad=bool(i & 2))
        same(lambda t, x, y: t.matmul(x, y), x, y)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_matmul_dtypes(dtype: torch.dtype) -> None:
    tol = HALF_SUM if dtype in FLOATING[:2] else None
    for a, b in PAIRS[:10]:
        same(lambda t, x, y: x @ y, sample(*a, dtype=dtype), sample(*b, dtype=dtype), tol=tol)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((), (2,)), ((2,), ()), ((3,), (4,)), ((2, 3), (2, 3)), ((2, 3, 4), (2, 3, 4)),
        ((2, 3, 4), (5, 4, 3)), ((3,), (2, 4, 3)), ((2, 3, 4), (3,)), ((2, 3, 4), (3, 2)),
        ((4, 2, 3, 4), (3, 4, 2)),
    ],
)  # fmt: skip
def test_matmul_errors(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    same(lambda t, x, y: t.matmul(x, y), sample(*a), sample(*b))


@pytest.mark.parametrize("f", [lambda t, x: x @ 1, lambda t, x: 1 @ x, lambda t, x: t.matmul(x, 1)])
def test_matmul_of_a_number(f: object) -> None:
    same(f, sample(2, 2))


@pytest.mark.parametrize(("a", "b"), PAIRS[:12])
def test_matmul_out(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = sample(*a, grad=False), sample(*b, grad=False)
    same(lambda t, x, y: t.matmul(x, y, out=t.empty(0)), x, y)
    same(lambda t, x, y: t.matmul(x, y, out=t.empty(0)), x.requires_grad_(), y)


@pytest.mark.parametrize(
    "shape", [(4,), (3, 4), (2, 3, 4), (2, 2, 3, 4), (0, 4), (2, 0, 4), (1, 4)]
)
@pytest.mark.parametrize("bias", [None, (5,), (1,), (3, 5), ()])
def test_linear(shape: tuple[int, ...], bias: tuple[int, ...] | None) -> None:
    rest = [] if bias is None else [sample(*bias)]
    for layout, grad in itertools.product(LAYOUTS, (True, False)):
        x = sample(*shape, layout=layout, grad=grad)
        same(linear, x, sample(5, 4), *rest, second=True)
        same(linear, x, sample(5, 4, layout="transposed"), *rest)


@pytest.mark.parametrize(
    ("x", "w", "b"),
    [
        ((3, 5), (5, 4), (5,)), ((2, 3, 5), (5, 4), (5,)), ((5,), (5, 4), (5,)),
        ((3, 4), (5, 4), (3,)), ((), (5, 4), (5,)), ((2, 3, 4), (5, 4), (3,)), ((4,), (5, 4), (3,)),
        ((4,), (4,), ()), ((4,), (4,), None), ((3, 4), (4,), None), ((3, 4), (4,), (3,)),
        ((2, 3, 4), (4,), (3,)), ((2, 3, 4), (2, 5, 4), None), ((2, 3, 4), (5, 4), (2, 3, 5)),
        ((2, 3, 4), (5, 4), (1, 2, 3, 5)),
    ],
)  # fmt: skip
def test_linear_odd_shapes(
    x: tuple[int, ...], w: tuple[int, ...], b: tuple[int, ...] | None
) -> None:
    rest = [] if b is None else [sample(*b)]
    same(linear, sample(*x), sample(*w), *rest)


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
def test_linear_dtypes(dtype: torch.dtype) -> None:
    tol = HALF_SUM if dtype in FLOATING[:2] else None
    x, w, b = (sample(*s, dtype=dtype) for s in ((3, 4), (5, 4), (5,)))
    same(linear, x, w, b, tol=tol)
    same(linear, x, w.double(), b)
    same(linear, x, w, b.to(torch.float32 if dtype is torch.float64 else torch.float64))


@pytest.mark.parametrize("name", ["outer", "ger", "inner"])
def test_outer_and_inner(name: str) -> None:
    shapes = [(3,), (4,), (), (2, 3), (5, 3), (2, 4, 3), (0,)]
    for a, b in itertools.product(shapes, shapes):
        same(lambda t, x, y: getattr(t, name)(x, y), sample(*a), sample(*b), second=True)
    same(lambda t, x: getattr(x, name)(x), sample(3, layout="sliced"))
    same(lambda t, x, y: getattr(t, name)(x, y), sample(3), sample(3, dtype=torch.float64))
    same(lambda t, x, y: getattr(t, name)(x, y), sample(3), sample(3, dtype=torch.int64))


def test_outer_out() -> None:
    same(lambda t, x: t.outer(x, x, out=t.empty(0)), sample(3, grad=False))


@pytest.mark.parametrize(
    ("a", "b", "dims"),
    [
        ((2, 3), (3, 4), 1), ((2, 3, 4), (3, 4, 5), 2), ((2, 3), (4, 5), 0), ((2, 3), (3, 4), 2),
        ((2, 3, 4), (4, 3, 5), ([1, 2], [1, 0])), ((2, 3, 4), (4, 3, 5), ([-1], [0])),
        ((2, 3, 1), (4, 3, 5), ([1, 2], [1, 0])), ((2, 3, 4), (1, 3, 5), ([1, 2], [1, 0])),
        ((2, 3), (3, 4), ([0], [0, 1])), ((2, 3), (3, 4), -1), ((2, 3), (3, 4), 3),
    ],
)  # fmt: skip
def test_tensordot(a: tuple[int, ...], b: tuple[int, ...], dims: object) -> None:
    same(lambda t, x, y: t.tensordot(x, y, dims), sample(*a), sample(*b), second=True)
    same(
        lambda t, x, y: t.tensordot(x, y, dims),
        sample(*a, layout="reversed"), sample(*b, layout="sliced"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b"), [((2, 3), (4, 5)), ((3,), (4,)), ((2, 3), (4,)), ((), (2, 2)), ((2, 1, 3), (2, 2))]
)
def test_kron(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    same(lambda t, x, y: t.kron(x, y), sample(*a), sample(*b), second=True)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7])
def test_matrix_power(n: int) -> None:
    same(lambda t, x: t.matrix_power(x, n), sample(3, 3), grad_tol=(1e-4, 1e-4))
    same(lambda t, x: t.matrix_power(x, n), sample(2, 3, 3), grad_tol=(1e-4, 1e-4))
    same(lambda t, x: t.matrix_power(x, n), sample(3, 2))
    same(lambda t, x: t.matrix_power(x, n), sample(3))
