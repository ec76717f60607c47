"""Linear and Identity against PyTorch's."""

import numpy as np
import pytest

import minitorch_np
from tests.oracle import FLOATING, same, sample


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("bias", [True, False])
def test_parameters_are_bit_equal(dtype, bias):
    def f(torch):
        torch.manual_seed(3)
        kind = getattr(torch, str(dtype).removeprefix("torch."))
        module = torch.nn.Linear(17, 33, bias=bias, dtype=kind)
        return list(module.parameters()), module.bias is None, repr(module)

    same(f, exact=True)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 5), (5,), (0, 5), (2, 2, 2, 5)])
def test_forward_and_gradients(shape, bias):
    def f(torch, x, g):
        torch.manual_seed(0)
        module = torch.nn.Linear(5, 3, bias=bias)
        out = module(x)
        out.backward(g.detach())
        return out, [p.grad for p in module.parameters()], x.grad

    same(f, sample(*shape), sample(*shape[:-1], 3, seed=1), grad=False)


@pytest.mark.parametrize("layout", ["transposed", "sliced", "offset"])
def test_layouts(layout):
    def f(torch, x):
        torch.manual_seed(0)
        return torch.nn.Linear(5, 3)(x)

    same(f, sample(4, 5, layout=layout))


@pytest.mark.parametrize(
    "f",
    [
        lambda torch: torch.nn.Linear(5, 3)(torch.ones(4, 6)),
        lambda torch: torch.nn.Linear(0, 3).bias,
        lambda torch: torch.nn.Linear(5, 0)(torch.ones(4, 5)),
        lambda torch: torch.nn.Linear(5, 3)(torch.ones(4, 5, dtype=torch.float64)),
    ],
)
def test_edges(f):
    same(f)


def test_no_gpu():
    with pytest.raises(RuntimeError, match="CPU"):
        minitorch_np.nn.Linear(2, 2).cuda()


def test_identity():
    same(lambda torch, x: torch.nn.Identity(3, nothing=4)(x), sample(2, 3))
    same(lambda torch: repr(torch.nn.Identity(54, a=3)))


@pytest.mark.parametrize("given", ["a", 3, np.ones((1, 2), np.float32)])
def test_what_is_no_tensor(given):
    same(lambda torch: torch.nn.Linear(2, 3)(given))
    same(lambda torch: torch.nn.functional.linear(torch.ones(2), given))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sizes", [(3, 4, 5), (0, 4, 5)])
def test_bilinear(bias, sizes):
    def f(torch, x, y):
        torch.manual_seed(0)
        layer = torch.nn.Bilinear(*sizes, bias=bias)
        return layer(x, y), list(layer.parameters()), repr(layer)

    same(f, sample(2, 3), sample(2, 4))
