"""Distances against PyTorch's: special rows, batches, modes, second derivatives, errors."""

import math

import pytest
import torch

from tests.oracle import same, sample

NORMS = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, math.inf]
DOUBLE = torch.float64


def equal_rows():
    """Rows of small integers, some of which are the same."""
    return sample(5, 2, dtype=torch.int64, low=0).to(DOUBLE).requires_grad_()


@pytest.mark.parametrize("p", NORMS)
def test_second_derivatives(p):
    x, y = sample(3, 4, dtype=DOUBLE), sample(2, 4, dtype=DOUBLE, seed=1)
    same(lambda torch, x, y: torch.cdist(x, y, p), x, y, second=True)
    same(lambda torch, x: torch.pdist(x, p), x, second=True)
    same(lambda torch, x: torch.nn.functional.pdist(x.t(), p), x, second=True)


@pytest.mark.parametrize("p", NORMS)
def test_rows_that_are_the_same(p):
    x = equal_rows()
    same(lambda torch, x, y: torch.cdist(x, y, p), x, x.detach().clone().requires_grad_())
    same(lambda torch, x: torch.pdist(x, p), x)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize(
    "shapes", [((2, 1, 3, 4), (5, 2, 4)), ((0, 4), (3, 4)), ((3, 0), (2, 0)), ((30, 4), (27, 4))]
)
def test_shapes(p, shapes):
    x, y = (sample(*shape, dtype=DOUBLE, seed=i) for i, shape in enumerate(shapes))
    same(lambda torch, x, y: torch.cdist(x, y, p), x, y)


def test_many_differences_at_a_time():
    x, y = sample(40, 200, dtype=DOUBLE), sample(30, 200, dtype=DOUBLE, seed=1)
    same(lambda torch, x, y: torch.cdist(x, y, 1.5), x, y)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_many_rows_of_float32(p):
    x = sample(2, 20, 33, dtype=torch.float32)
    y = torch.cat([sample(2, 30, 33, dtype=torch.float32, seed=1), x.detach()[:, :3]], 1)
    x.detach()[0, 0, 0] = float("inf")
    sizes = {"compute_mode": "donot_use_mm_for_euclid_dist"}
    same(
        lambda torch, x, y: torch.cdist(x, y, p, **sizes),
        x, y.detach().requires_grad_(), tol=(1e-5, 2e-5),
    )  # fmt: skip
    same(
        lambda torch, x, y: torch.cdist(x.mT.contiguous().mT, y, p, **sizes),
        x, y.detach().requires_grad_(), tol=(1e-5, 2e-5),
    )  # fmt: skip


@pytest.mark.parametrize(
    "mode", ["use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist", "neither"]
)
def test_modes(mode):
    x, y = sample(2, 1, 3, 4, dtype=DOUBLE), sample(5, 2, 4, dtype=DOUBLE)
    same(lambda torch, x, y: torch.cdist(x, y, compute_mode=mode), x, y, second=True)


@pytest.mark.parametrize(
    "x, y, p",
    [
        (torch.ones(3), torch.ones(3), 2),
        (torch.ones(3, 2), torch.ones(3), 2),
        (torch.ones(3, 2), torch.ones(3, 3), 2),
        (torch.ones(3, 2), torch.ones(3, 2), -1),
        (torch.ones(3, 2), torch.ones(3, 2), math.nan),
        (torch.ones(3, 2).half(), torch.ones(3, 2).half(), 2),
        (torch.ones(3, 2).long(), torch.ones(3, 2).long(), 2),
        (torch.ones(3, 2), torch.ones(3, 2).long(), 2),
        (torch.ones(3, 2), torch.ones(3, 2).double(), 2),
        (torch.ones(2, 3, 2), torch.ones(3, 3, 2), 2),
    ],
)
def test_errors_of_cdist(x, y, p):
    same(lambda torch, x, y: torch.cdist(x, y, p), x, y)


@pytest.mark.parametrize(
    "x, p",
    [
        (torch.ones(3), 2),
        (torch.ones(3, 2).long(), 2),
        (torch.ones(3, 2).half(), 2),
        (torch.ones(1, 2).half().requires_grad_(), 2),
        (torch.ones(3, 2), -1),
        (torch.ones(1, 2), 2),
        (torch.ones(3, 0), 2),
    ],
)
def test_errors_of_pdist(x, p):
    same(lambda torch, x: torch.pdist(x, p), x)


@pytest.mark.parametrize(
    "x, y",
    [
        (torch.ones(3), torch.zeros(3)),
        (torch.ones(2, 3), torch.zeros(3)),
        (torch.ones(2, 3).long(), torch.zeros(3)),
        (torch.ones(2, 3), torch.ones(4)),
        (torch.ones(2, 3).bool(), torch.ones(2, 3).bool()),
        (torch.ones(()), torch.ones(())),
    ],
)
@pytest.mark.parametrize("keepdim", [True, False])
def test_pairs_of_vectors(x, y, keepdim):
    same(lambda torch, x, y: torch.pairwise_distance(x, y, 3, keepdim=keepdim), x, y)


@pytest.mark.parametrize(
    "x, y, dim",
    [
        (torch.ones(3), torch.ones(4), 0),
        (torch.ones(3).long(), torch.zeros(3), 0),
        (torch.ones(3).long(), torch.ones(3).long(), 0),
        (torch.ones(3, 2), torch.ones(3, 2), 2),
        (torch.ones(3, 2).double(), torch.ones(3, 2), 1),
        (torch.ones(()), torch.ones(()), 0),
        (torch.ones(0, 3), torch.ones(0, 3), 0),
        (sample(3, 4, dtype=DOUBLE), sample(1, 4, dtype=DOUBLE), 1),
        (sample(3, 4, dtype=DOUBLE), sample(4, dtype=DOUBLE), 0),
    ],
)
def test_angles(x, y, dim):
    same(lambda torch, x, y: torch.cosine_similarity(x, y, dim), x, y, second=True)
