"""Triangles and grids against PyTorch."""

import numpy as np
import pytest
import torch

import minitorch_np
from tests.oracle import DTYPES, LAYOUTS, same, sample


@pytest.mark.parametrize("name", ["tril", "triu"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_triangles(name, layout):
    for shape in [(3, 3), (2, 4), (4, 2), (0, 3), (2, 3, 4)]:
        for diagonal in (-2, 0, 1):
            x = sample(*shape, layout=layout)
            same(lambda torch, x, d=diagonal: getattr(torch, name)(x, d), x, second=True)
            same(lambda torch, x, d=diagonal: getattr(x * 2, name + "_")(d), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_triangles_of_every_dtype(dtype):
    same(lambda torch, x: (x.tril(), x.triu(1)), sample(3, 4, dtype=dtype), exact=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: t.tril(x[0]),
        lambda t, x: t.tril(x, out=t.zeros(2)),
        lambda t, x: t.tril(x, out=t.zeros(3, 4, dtype=t.int32)),
        lambda t, x: x[0].triu_(),
        lambda t, x: t.triu(x, out=t.zeros(4, 3).t()),
        lambda t, x: t.tril(x.bfloat16(), out=t.zeros(0)),
        lambda t, x: t.tril_indices(3, 4, 1),
        lambda t, x: t.triu_indices(3, 4, -1),
        lambda t, x: t.tril_indices(-1, 3),
        lambda t, x: t.triu_indices(3, -1),
        lambda t, x: t.tril_indices(3, 3, dtype=t.float32),
        lambda t, x: t.triu_indices(3, 3, dtype=t.int32),
        lambda t, x: t.tril_indices(0, 3),
        lambda t, x: t.triu_indices(2, 5, 3),
    ],
)
def test_calls(call):
    same(call, sample(3, 4, grad=False))


@pytest.mark.parametrize("indexing", ["ij", "xy", None, "ab"])
def test_meshgrid(indexing):
    options = {} if indexing is None else {"indexing": indexing}
    same(lambda torch, x, y: torch.meshgrid(x, y, **options), sample(2), sample(3))
    same(lambda torch, x, y: torch.meshgrid([x, y], **options), sample(2), sample())
    same(lambda torch, x: torch.meshgrid(x, **options), sample(2))
    same(lambda torch, x, y, z: torch.meshgrid(x, y, z, **options), sample(2), sample(3), sample(0))
    same(lambda torch, x: torch.meshgrid(**options), sample(2))


def test_meshgrid_refuses():
    same(
        lambda torch, x, y: torch.meshgrid(x, y, indexing="ij"),
        sample(2),
        sample(3, dtype=torch.int8),
    )
    same(lambda torch, x: torch.meshgrid(x, 3, indexing="ij"), sample(2))


@pytest.mark.parametrize("name", ["tril_", "triu_"])
def test_triangles_of_shared_memory(name):
    for stride in [(0, 1), (1, 0), (1, 1), (0, 0)]:
        for diagonal in (-1, 0, 1):
            x = torch.arange(1.0, 6).as_strided((3, 3), stride)
            same(lambda torch, x, d=diagonal: getattr(x, name)(d), x)


def test_combinations() -> None:
    x = sample(4)
    for given in ((), (1,), (3,), (5,), (0,), (-1,), (2, True), (0, True), (3, True)):
        same(lambda torch, x, g=given: torch.combinations(x, *g), x, second=True)
        same(lambda torch, x, g=given: torch.combinations(x[:0], *g), x)
    same(lambda torch, x: torch.combinations(x), sample(2, 2))
    same(lambda torch, x: torch.combinations(x), sample())


def test_cartesian_prod() -> None:
    x, y = sample(3), sample(2, seed=1)
    for given in ((x,), (x, y), (x, y, x), (), (x, sample()), (x, sample(2, 2)), (x, sample(0))):
        same(lambda torch, *t: torch.cartesian_prod(*t), *given)
    same(lambda torch, x, y: torch.cartesian_prod(x, y), x, y.detach().double())
    same(lambda torch, x: torch.cartesian_prod([x, x]), x)


@pytest.mark.parametrize(
    "shape", [(3, 3), (7, 3), (3, 7), (4, 3), (3, 3, 3), (0, 3), (1, 1), (9, 2)]
)
@pytest.mark.parametrize("wrap", [False, True])
def test_fill_diagonal(shape, wrap):
    x = sample(*shape)
    same(lambda torch, x: (x * 2).fill_diagonal_(1.5, wrap), x, second=True)
    same(lambda torch, x: (x.mT * 2).fill_diagonal_(2, wrap=wrap), x)
    same(lambda torch, x: x.detach().clone().mT.fill_diagonal_(torch.tensor(3.0), wrap), x)
    same(lambda torch, x: [y := x * 2, y[1:].fill_diagonal_(0.0, wrap), y][2], x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_fill_diagonal_of_every_dtype(dtype):
    x = sample(3, 4, dtype=dtype, grad=False)
    same(lambda torch, x: x.clone().fill_diagonal_(1), x, exact=True)
    same(lambda torch, x: x.clone().fill_diagonal_(1.5), x, exact=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.fill_diagonal_(1),
        lambda x: x[0:2].fill_diagonal_(1),
        lambda x: (x * 1).chunk(2)[0].fill_diagonal_(1),
        lambda x: x[0].fill_diagonal_(1),
        lambda x: x.sum().fill_diagonal_(1),
        lambda x: x.detach().expand(2, 3, 3).fill_diagonal_(1),
        lambda x: x.detach().fill_diagonal_("a"),
        lambda x: x.detach().fill_diagonal_(x[0]),
        lambda x: x.detach().fill_diagonal_(1, "a"),
        lambda x: x.detach().char().fill_diagonal_(300),
        lambda x: x.detach()[:1].expand(3, 3).fill_diagonal_(300),
    ],
)
def test_errors_of_fill_diagonal(call):
    same(lambda torch, x: call(x), sample(3, 3))


@pytest.mark.parametrize("name", ["tril", "triu"])
def test_triangles_once_there_is_compiled_code(name):
    _ = minitorch_np.ones(2, 2).mm(minitorch_np.ones(2, 2))
    for diagonal in (-9, -1, 0, 2, 9, np.int64(1), True, 1.5, None):
        for shape in [(3, 3), (2, 4), (4, 1), (2, 3, 4), (0, 3), (3, 0), (5,), ()]:
            x = sample(*shape)
            x.detach().view(-1)[:1] = float("nan")
            same(lambda torch, x, d=diagonal: getattr(torch, name)(x, d), x)
            same(lambda torch, x, d=diagonal: getattr(x, name)(d), x)
    for x in (sample(4, 3), sample(3, 4).double(), sample(3, 4).to(torch.int64)):
        same(lambda torch, x: getattr(torch, name)(x.t(), 1), x)
