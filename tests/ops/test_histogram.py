"""histogram.py against PyTorch: elements on edges and outside, weights, densities, refusals."""

import pytest
import torch

from tests.oracle import FLOATING, same

NAN = float("nan")


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("density", [False, True])
def test_elements_on_edges_outside_and_nan(dtype, density):
    x = torch.tensor([0.0, 0.25, 0.5, 1.0, 1.0, 2.0, -1.0, 0.75, 1e-9]).to(dtype)
    w = torch.arange(9).to(dtype)
    for weight in (None, w):
        same(
            lambda torch, x, w: torch.histogram(x, 4, range=(0, 1), weight=w, density=density),
            x,
            weight,
        )
        same(lambda torch, x, w: x.histogram(7, weight=w, density=density), x, weight)
        edges = torch.tensor([0.0, 0.25, 0.25, 1.0], dtype=dtype)
        same(
            lambda torch, x, e, w: torch.histogram(x, e, weight=w, density=density),
            x,
            edges,
            weight,
        )
    spoilt = torch.cat([x, torch.tensor([NAN], dtype=dtype)])
    same(lambda torch, x: torch.histogram(x, 4, range=(0, 1)), spoilt)
    same(lambda torch, x: torch.histogram(x.view(3, 3).t(), 3), x)


def test_all_elements_alike_and_none():
    same(lambda torch, x: torch.histogram(x, 3), torch.ones(4))
    same(lambda torch, x: torch.histogram(x, 3), torch.ones(0))
    same(lambda torch, x: torch.histogram(x, 3, density=True), torch.ones(0))


def test_given_results():
    x = torch.rand(10)
    same(lambda torch, x: torch.histogram(x, 3, out=(torch.zeros(3), torch.zeros(4))), x)
    same(lambda torch, x: torch.histogram(x, 3, out=(torch.zeros(5), torch.zeros(1))), x)
    same(lambda torch, x: torch.histogram(x, 3, out=(torch.zeros(6)[::2], torch.zeros(8)[::2])), x)
    same(lambda torch, x: torch.histogram(x, 3, out=(torch.zeros(3).double(), torch.zeros(4))), x)
    same(lambda torch, x: torch.histogram(x, 3, out=(torch.zeros(3), torch.zeros(4).double())), x)


def test_points():
    x, w = torch.rand(4, 5, 2), torch.rand(4, 5)
    same(lambda torch, x: torch.histogramdd(x, 3), x)
    same(lambda torch, x, w: torch.histogramdd(x, [2, 3], weight=w, density=True), x, w)
    same(lambda torch, x: torch.histogramdd(x, [2, 3], range=[0.0, 0.5, 0.2, 1.0]), x)
    same(
        lambda torch, x: torch.histogramdd(x, [torch.tensor([0, 0.5, 1]), torch.tensor([0, 1.0])]),
        x,
    )


def test_histories_say_only_that_there_is_no_derivative():
    x = torch.rand(4, 2, requires_grad=True)
    same(lambda torch, x: torch.histogram(x, 3)[0], x)
    same(lambda torch, x: torch.histogramdd(x, 3)[0], x)


def test_refusals():
    x = torch.rand(4)
    same(lambda torch, x: torch.histogram(x, 0), x)
    same(lambda torch, x: torch.histogram(x.long(), 3), x)
    same(lambda torch, x: torch.histogram(x, 3, range=(1.0, 0.0)), x)
    same(lambda torch, x: torch.histogram(x, 3, range=(1.0,)), x)
    same(lambda torch, x: torch.histogram(x * NAN, 3), x)
    same(lambda torch, x: torch.histogram(x, 3, weight=x[:2]), x)
    same(lambda torch, x: torch.histogram(x, 3, weight=x.double()), x)
    same(lambda torch, x: torch.histogram(x, x.view(2, 2)), x)
    same(lambda torch, x: torch.histogram(x, x[:0]), x)
    same(lambda torch, x: torch.histogram(x, x[:1]), x)
    same(lambda torch, x: torch.histogram(x, x.double()), x)
    same(lambda torch, x: torch.histogram(x.long(), x.long()), x)
    same(lambda torch, x: torch.histogramdd(x, 2), x)
    same(lambda torch, x: torch.histogramdd(x.view(2, 2), [2]), x)
    same(lambda torch, x: torch.histogramdd(x.view(2, 2), [2, 0]), x)
    same(lambda torch, x: torch.histogramdd(x.view(2, 2), [x]), x)
    same(lambda torch, x: torch.histogramdd(x.view(2, 2).half(), 2), x)
