"""Gradients of each example's weights: as PyTorch's, and all at once."""

import pytest
import torch as real

from minitorch_np.func.dispatch import VmapLevel
from tests.func.compare import alike
from tests.oracle import sample

B = 3
kind = {"dtype": real.float64, "grad": False}


def conv(**options):
    return lambda torch, x, w, b: torch.nn.functional.conv2d(x, w, b, **options)


def transposed(**options):
    return lambda torch, x, w, b: torch.nn.functional.conv_transpose2d(x, w, b, **options)


def batch_norm(torch, x, w, b):
    return torch.nn.functional.batch_norm(x, None, None, w, b, training=True)


def group_norm(torch, x, w, b):
    return torch.nn.functional.group_norm(x, 2, w, b)


def layer_norm(torch, x, w, b):
    return torch.nn.functional.layer_norm(x, w.shape, w, b)


OPS = {
    "conv": (conv(), (2, 4, 5, 5), (6, 4, 3, 3), (6,)),
    "grouped": (conv(groups=2, padding=1, stride=2), (2, 4, 5, 5), (6, 2, 3, 3), (6,)),
    "dilated": (conv(dilation=2), (1, 2, 6, 6), (3, 2, 2, 2), (3,)),
    "conv1d": (
        lambda torch, x, w, b: torch.nn.functional.conv1d(x, w, b), (2, 2, 5), (3, 2, 2), (3,)
    ),
    "transposed": (transposed(), (2, 4, 3, 3), (4, 3, 2, 2), (3,)),
    "transposed groups": (transposed(groups=2, stride=2), (2, 4, 3, 3), (4, 3, 2, 2), (6,)),
    "batch norm": (batch_norm, (4, 3, 2), (3,), (3,)),
    "batch norm of vectors": (batch_norm, (5, 3), (3,), (3,)),
    "group norm": (group_norm, (3, 4, 2, 2), (4,), (4,)),
    "layer norm": (layer_norm, (2, 3, 4), (4,), (4,)),
    "layer norm of planes": (layer_norm, (2, 3, 4), (3, 4), (3, 4)),
    "layer norm of one row": (layer_norm, (4,), (4,), (4,)),
}  # fmt: skip

DIMS = [(0, None, None), (0, 0, 0), (None, 0, 0), (None, 0, None), (None, None, 0), (1, -1, 0)]


def given(shapes, dims):
    """The arguments, with the batch at its dimension."""
    made = []
    for seed, (shape, dim) in enumerate(zip(shapes, dims)):
        t = (
            sample(*shape, seed=seed, **kind)
            if dim is None
            else sample(B, *shape, seed=seed, **kind)
        )
        made.append(t if dim is None else t.movedim(0, dim).contiguous())
    return made


@pytest.fixture
def no_loop(monkeypatch):
    """Whether everything goes by a rule."""

    def refuse(self, op, args, kwargs):
        raise AssertionError(f"{op.name} runs on one example after the other")

    monkeypatch.setattr(VmapLevel, "one_by_one", refuse)


@pytest.mark.parametrize("dims", DIMS, ids=str)
@pytest.mark.parametrize("name", OPS)
def test_the_op_and_its_gradients(name, dims, no_loop):
    f, *shapes = OPS[name]

    def loss(torch, *args):
        out = f(torch, *args)
        return (out * out.detach().cos()).sum(), out

    def program(torch, *args):
        grad = torch.func.grad(lambda *a: loss(torch, *a), (0, 1, 2), has_aux=True)
        grads, out = torch.func.vmap(grad, dims)(*args)
        return *grads, out

    alike(program, *given(shapes, dims), stride=False)


@pytest.mark.parametrize("name", ["conv", "grouped", "transposed", "layer norm"])
def test_their_second_derivatives(name, no_loop):
    # PyTorch refuses those of batch norm here
    f, *shapes = OPS[name]

    def program(torch, x, w, b, v):
        def slope(x, w):
            return torch.func.grad(lambda x, w: f(torch, x, w, b).pow(3).sum(), (0, 1))(x, w)

        return torch.func.vmap(lambda x, w, v: torch.func.vjp(slope, x, w)[1]((v, w)))(x, w, v)

    x, w, b = given(shapes, (0, 0, None))
    v = sample(*x.shape, seed=9, **kind)
    alike(program, x, w, b, v, stride=False)
