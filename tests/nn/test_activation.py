"""Activation modules against PyTorch's: values, gradients, in-place forms, reprs."""

import pytest

from tests.oracle import same, sample

INPLACE = [
    "ReLU", "ReLU6", "ELU", "CELU", "SELU", "SiLU", "Mish", "LeakyReLU", "Hardtanh", "Hardsigmoid",
    "Hardswish",
]  # fmt: skip
MODULES = [
    *[lambda nn, name=name: getattr(nn, name)() for name in INPLACE],
    lambda nn: nn.Threshold(0.1, 20),
    lambda nn: nn.Sigmoid(),
    lambda nn: nn.Tanh(),
    lambda nn: nn.GELU(),
    lambda nn: nn.GELU("tanh"),
    lambda nn: nn.LogSigmoid(),
    lambda nn: nn.Softplus(),
    lambda nn: nn.Softplus(2, 1),
    lambda nn: nn.PReLU(),
    lambda nn: nn.PReLU(3, init=0.5),
    lambda nn: nn.Softsign(),
    lambda nn: nn.Hardshrink(),
    lambda nn: nn.Hardshrink(0.2),
    lambda nn: nn.Softshrink(),
    lambda nn: nn.Softshrink(0.2),
    lambda nn: nn.Softmin(1),
    lambda nn: nn.Softmin(),
    lambda nn: nn.Tanhshrink(),
    lambda nn: nn.Softmax(1),
    lambda nn: nn.Softmax(dim=-1),
    lambda nn: nn.Softmax(),
    lambda nn: nn.LogSoftmax(0),
    lambda nn: nn.LogSoftmax(),
    lambda nn: nn.ELU(0.5),
    lambda nn: nn.CELU(0.5),
    lambda nn: nn.LeakyReLU(0.2),
    lambda nn: nn.Hardtanh(-0.5, 0.7),
]


@pytest.mark.parametrize("make", MODULES)
def test_values_and_repr(make):
    same(lambda torch, x: make(torch.nn)(x), sample(4, 3))
    same(lambda torch: [repr(make(torch.nn)), list(make(torch.nn).state_dict())])


@pytest.mark.parametrize("name", INPLACE)
def test_in_place(name):
    def f(torch, x):
        y = x * 1
        out = getattr(torch.nn, name)(inplace=True)(y)
        out.backward(torch.ones(4, 3))
        return out.detach(), out is y, y._version, x.grad

    same(f, sample(4, 3), grad=False)
    same(lambda torch: repr(getattr(torch.nn, name)(inplace=True)))


def test_threshold_in_place():
    same(lambda torch, x: torch.nn.Threshold(0.1, 20, True)(x * 1).detach(), sample(4, 3))
    same(lambda torch: repr(torch.nn.Threshold(0.1, 20, True)))


@pytest.mark.parametrize(
    "f",
    [
        lambda torch: torch.nn.Softmax(1.0),
        lambda torch: torch.nn.LogSoftmax(True),
        lambda torch: torch.nn.Hardtanh(1, -1),
        lambda torch: repr(torch.nn.Hardtanh(min_value=-2, max_value=3)),
        lambda torch: torch.nn.PReLU(4)(torch.ones(2, 3)),
        lambda torch: torch.nn.GELU("nope")(torch.ones(2)),
    ],
)
def test_errors_and_warnings(f):
    same(f)


def test_prelu_gradient():
    def f(torch, x):
        module = torch.nn.PReLU(3)
        module(x).backward(torch.ones(4, 3))
        return module.weight.grad, x.grad

    same(f, sample(4, 3), grad=False)


@pytest.mark.parametrize("shape", [(3, 2, 4), (2, 3, 2, 4), (3, 4), ()])
def test_softmax2d(shape):
    same(lambda torch, x: torch.nn.Softmax2d()(x), sample(*shape))
    same(lambda torch: repr(torch.nn.Softmax2d()))
