"""LBFGS against PyTorch's on a curved valley: losses, evaluations, parameters and state."""

import pytest

from tests.oracle import same

ROUGHLY = {"float32": (2e-3, 2e-3), "float64": (1e-7, 1e-7)}
"""The valley magnifies the last bit of every step."""


def descend(torch, dtype, calls, **options):
    kind = getattr(torch, dtype)
    x = torch.nn.Parameter(torch.tensor([-1.2, 1.0, 0.5], dtype=kind))
    y = torch.nn.Parameter(torch.tensor([[0.3, -0.2]], dtype=kind))
    unused = torch.nn.Parameter(torch.ones(2, dtype=kind))
    optimizer = torch.optim.LBFGS([x, y, unused], **options)
    sign = -1 if options.get("maximize") else 1
    count = [0]

    def closure():
        count[0] += 1
        optimizer.zero_grad()
        valley = (100 * (x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x[:-1]) ** 2).sum()
        loss = sign * (valley + (y**4).sum() + (y * x[0]).sum())
        loss.backward()
        return loss

    losses = [optimizer.step(closure) for _ in range(calls)]
    saved = optimizer.state_dict()
    state = {str(k): v for k, v in saved["state"].items()}
    versions = [p._version for p in (x, y, unused)]
    return losses, x, y, versions, count, saved["param_groups"], state, repr(optimizer)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"history_size": 2},
        {"max_eval": 4},
        {"maximize": True},
        {"tolerance_grad": 1.0},
        {"tolerance_change": 0.1},
        {"max_iter": 1},
    ],
)
@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_same_as_torch(dtype, options, search):
    rate = 0.002 if search is None else 1
    given = {"lr": rate, "max_iter": 5, "line_search_fn": search, **options}
    same(lambda torch: descend(torch, dtype, 2, **given), tol=ROUGHLY[dtype])


@pytest.mark.parametrize("rate", [0.1, 5.0, 300.0])
@pytest.mark.parametrize("most", [1, 2, 3, 12])
def test_line_search(rate, most):
    options = {"lr": rate, "max_iter": 3, "max_eval": most, "line_search_fn": "strong_wolfe"}
    same(lambda torch: descend(torch, "float64", 3, **options), tol=(1e-6, 1e-6))


def test_a_rate_that_is_a_tensor():
    same(lambda torch: descend(torch, "float64", 2, lr=torch.tensor(0.002), max_iter=4))


def test_many_steps_reach_the_bottom():
    options = {"max_iter": 200, "line_search_fn": "strong_wolfe"}

    def f(torch):
        return descend(torch, "float64", 1, **options)[1]

    same(f, tol=(1e-4, 1e-4))


@pytest.mark.parametrize("options", [{"line_search_fn": "other"}, {"lr": -1}])
def test_errors(options):
    same(lambda torch: descend(torch, "float32", 1, **options))


def test_one_group_only():
    def f(torch):
        groups = [{"params": [torch.nn.Parameter(torch.ones(2))]} for _ in range(2)]
        return torch.optim.LBFGS(groups)

    same(f)
    same(lambda torch: torch.optim.LBFGS([torch.ones(2)], lr=torch.ones(2)))


def test_at_rest():
    def f(torch):
        p = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.LBFGS([p])
        return optimizer.step(lambda: (p * 0).sum()), optimizer.state_dict()["state"]

    same(f)
