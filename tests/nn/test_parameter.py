"""Parameter and Buffer against PyTorch's."""

import copy
import pickle

import numpy as np
import pytest
import torch

import minitorch_np
from tests.oracle import same, sample


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, x: repr(torch.nn.Parameter(x.detach())),
        lambda torch, x: str(torch.nn.Parameter(x.detach(), requires_grad=False)),
        lambda torch, x: torch.nn.Parameter(x.detach()),
        lambda torch, x: torch.nn.Parameter(x.detach()).detach(),
        lambda torch, x: torch.nn.Parameter(),
        lambda torch, x: torch.nn.Parameter(x.detach()) * 2,
        lambda torch, x: torch.nn.Parameter(x.detach()).t(),
        lambda torch, x: torch.nn.Parameter(x.detach())[0],
        lambda torch, x: torch.nn.Parameter(x.detach().int()),
        lambda torch, x: torch.nn.Parameter(x.detach().int(), requires_grad=False),
        lambda torch, x: torch.nn.Parameter([1.0]),
        lambda torch, x: torch.nn.Parameter(torch.nn.Parameter(x.detach())),
        lambda torch, x: torch.nn.Buffer(x.detach()),
        lambda torch, x: torch.nn.Buffer(x.detach(), persistent=False).persistent,
        lambda torch, x: [
            isinstance(t, kind)
            for t in (torch.nn.Parameter(x.detach()), torch.nn.Buffer(x.detach()), x)
            for kind in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer)
        ],
        lambda torch, x: type(torch.nn.Parameter(x.detach()) * 2) is torch.Tensor,
        lambda torch, x: type(torch.nn.Parameter(x.detach()).data) is torch.Tensor,
        lambda torch, x: type(torch.nn.Parameter(x.detach()).requires_grad_(False)).__name__,
        lambda torch, x: [torch.typename(x.detach()), torch.typename(3), torch.typename(int)],
    ],
)
def test_same_as_torch(f):
    same(f, sample(2, 3, layout="transposed"))


def test_shares_memory_and_version_with_its_data():
    def f(torch, x):
        data = x.detach()
        parameter = torch.nn.Parameter(data)
        with torch.no_grad():
            parameter.add_(1)
        return data, data._version, parameter._version, parameter._base is None, parameter.is_leaf

    same(f, sample(2, 3))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
@pytest.mark.parametrize("grad", [True, False])
def test_copies(copied, grad):
    def f(torch, x):
        parameter = torch.nn.Parameter(x.detach(), requires_grad=grad)
        other = copied(parameter)
        with torch.no_grad():
            other += 1
        return type(other).__name__, other, parameter, isinstance(other, torch.nn.Parameter)

    same(f, sample(2, 3, layout="sliced"))


def test_one_copy_for_one_parameter():
    parameter = minitorch_np.nn.Parameter(minitorch_np.zeros(2))
    a, b = copy.deepcopy([parameter, parameter])
    assert a is b and a is not parameter


def test_gradient_accumulates():
    def f(torch, x):
        parameter = torch.nn.Parameter(x.detach())
        (parameter * x).backward(x.detach())
        (parameter * x).backward(x.detach())
        return parameter.grad

    same(f, sample(2, 3))


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, p, y: setattr(p, "data", y),
        lambda torch, p, y: setattr(p, "data", y.double()),
        lambda torch, p, y: setattr(p, "data", y.int()),
        lambda torch, p, y: setattr(p, "data", None),
        lambda torch, p, y: p.data.add_(1),
        lambda torch, p, y: setattr(p, "data", y[:, 1:]),
    ],
)
def test_data(f):
    def g(torch, x, y):
        parameter = torch.nn.Parameter(x.detach())
        (parameter * 2).sum().backward()
        f(torch, parameter, y.detach())
        return parameter, parameter._version, parameter.grad

    same(g, sample(2, 3), sample(2, 4, seed=1))


def test_backward_after_data_changed_shape():
    def f(torch, x, y):
        parameter = torch.nn.Parameter(x.detach())
        (parameter * 2).sum().backward()
        parameter.data, parameter.grad = y.detach(), None
        (parameter * 3).sum().backward()
        return parameter.grad

    same(f, sample(2, 3), sample(4, seed=1))


def test_values_are_what_torch_gave():
    source = torch.nn.Parameter(sample(3).detach())
    mine = minitorch_np.nn.Parameter(minitorch_np.from_numpy(source.detach().numpy()))
    np.testing.assert_array_equal(mine.detach().numpy(), source.detach().numpy())


@pytest.mark.parametrize(("inside", "wants"), [(False, True), (False, False), (True, True)])
def test_of_an_inference_tensor(inside, wants):
    def f(torch):
        with torch.inference_mode():
            made = torch.ones(3)
            if inside:
                return torch.nn.Parameter(made, wants).requires_grad
        return torch.nn.Parameter(made, wants).requires_grad

    same(f)
