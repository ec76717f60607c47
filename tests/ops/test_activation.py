"""Activation functions against torch.nn.functional: values, kinks, both derivatives, refusals."""

import pytest
import torch

from minitorch_np.ops import activation, smooth
from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample


class Ours:
    """Our activation functions by their name in nn.functional."""

    def __getattr__(self, name):
        return getattr(activation, name, None) or getattr(smooth, name)


OURS = Ours()


def functional(t):
    """nn.functional of either library."""
    return torch.nn.functional if t is torch else OURS


CASES = {
    "relu": [()],
    "threshold": [(0.1, 20), (-1, 0.5)],
    "leaky_relu": [(), (0.2,), (-0.5,), (2.0,)],
    "elu": [(), (0.5,)],
    "selu": [()],
    "celu": [(), (2.0,)],
    "hardtanh": [(), (-0.5, 0.7), (0, 1)],
    "relu6": [()],
    "hardsigmoid": [()],
    "hardshrink": [(), (1.0,)],
    "softshrink": [(), (1.0,)],
    "gelu": [()],
    "silu": [()],
    "mish": [()],
    "softplus": [(), (2.0,), (1, 0.5)],
    "logsigmoid": [()],
    "hardswish": [()],
    "softsign": [()],
    "tanhshrink": [()],
}
ALL = [(name, args) for name, cases in CASES.items() for args in cases]
# gelu(inf) is nan in torch's float32 and inf in its float64: left out
EDGES = [
    0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 6.0, -6.0, 30.0, -30.0, 100.0, -100.0, 1e-8,
    float("inf"), float("-inf"), float("nan"),
]  # fmt: skip


@pytest.mark.parametrize("name, args", ALL)
def test_values_strides_and_both_derivatives(name, args):
    def f(t, x):
        return getattr(functional(t), name)(x, *args)

    for layout in LAYOUTS:
        same(f, sample(2, 3, 4, low=-4, high=4, layout=layout, dtype=torch.float64),
             second=name != "hardsigmoid")  # fmt: skip
    for shape in [(), (0,), (1, 3)]:
        same(f, sample(*shape, low=-4, high=4), second=name != "hardsigmoid")
    same(f, sample(1, 4).expand(3, 4))


@pytest.mark.parametrize("name, args", ALL)
def test_every_dtype(name, args):
    for dtype in DTYPES:
        # several roundings to a half type in a row; ATen has other places for them
        loose = {torch.float16: (4e-3, 1e-3), torch.bfloat16: (3e-2, 1e-2)}.get(dtype)
        same(lambda t, x: getattr(functional(t), name)(x, *args), sample(5, dtype=dtype),
             tol=loose)  # fmt: skip


@pytest.mark.parametrize("name, args", ALL)
def test_edges(name, args):
    for dtype in FLOATING:
        loose = {torch.float16: (4e-3, 1e-3), torch.bfloat16: (3e-2, 1e-2)}.get(dtype)
        same(lambda t, x: getattr(functional(t), name)(x, *args),
             torch.tensor(EDGES[:-3] if name == "gelu" else EDGES, dtype=dtype).requires_grad_(),
             tol=loose)  # fmt: skip


@pytest.mark.parametrize("approximate", ["none", "tanh", "other"])
def test_gelu_approximations(approximate):
    def f(t, x):
        return functional(t).gelu(x, approximate=approximate)

    same(f, sample(3, 5, low=-4, high=4, dtype=torch.float64), second=True)
    same(f, torch.tensor(EDGES[:-3]).requires_grad_())


def test_refusals():
    x = sample(2, 3)
    same(lambda t, x: t.celu(x, 0), x)
    same(lambda t, x: functional(t).softshrink(x, -1), x)
    same(lambda t, x: functional(t).hardtanh(x, 0, 6), sample(4, dtype=torch.uint8))


@pytest.mark.parametrize("name", ["relu"])
def test_in_place(name):
    def change(t, x):
        y = x * 2
        z = getattr(y, f"{name}_")()
        return z, z is y

    same(change, sample(2, 3), second=True)
    same(lambda t, x: getattr(x, f"{name}_")(), sample(2, 3))


def test_methods_are_torchs():
    names = [n for n in [*CASES, "log_sigmoid"] if hasattr(minitorch_tensor(), n)]
    assert names == [n for n in names if hasattr(torch.Tensor, n)]


def minitorch_tensor():
    """Our Tensor class."""
    from tests.oracle import Tensor

    return Tensor


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
def test_gelu_far_below(dtype):
    # one element each: at +inf ATen's vector and scalar paths differ
    for value in (float("-inf"), float("nan"), -20.0, -6.0, -0.0, 20.0):
        x = torch.tensor([value], dtype=dtype, requires_grad=True)
        same(lambda t, x: t.nn.functional.gelu(x), x)


@pytest.mark.parametrize(
    "name, args",
    [("elu_", (0.5,)), ("elu_", (-0.5,)), ("selu_", ()), ("celu_", (0.5,)), ("celu_", (-2.0,)),
     ("leaky_relu_", (0.1,)), ("leaky_relu_", (-0.1,)), ("threshold_", (0.2, 5.0)),
     ("hardtanh_", ()), ("relu_", ())],
)  # fmt: skip
def test_what_the_in_place_form_keeps(name, args):
    x = sample(3, 4, low=-2, high=2)

    def applied(torch, x):
        return getattr(torch.nn.functional, name)(x * 1, *args)

    same(applied, x, second=not args or args[0] > 0)
    same(lambda torch, x: torch.autograd.grad(applied(torch, x).mul_(2).sum(), x), x)
    same(lambda torch, x: torch.autograd.grad(applied(torch, x).sum(), x), x)
    same(lambda torch, x: applied(torch, x).grad_fn._saved_result, x)
