"""The functional namespace against PyTorch's, for what no module covers."""

import pytest
import torch

import minitorch_np
from tests.oracle import same, sample


@pytest.mark.parametrize("name", minitorch_np.nn.functional.__all__)
def test_every_name_is_torchs(name):
    assert hasattr(torch.nn.functional, name)


@pytest.mark.parametrize(
    "f",
    [
        lambda F, x: F.relu6(x),
        lambda F, x: F.hardsigmoid(x),
        lambda F, x: F.hardswish(x),
        lambda F, x: F.hardshrink(x),
        lambda F, x: F.softshrink(x),
        lambda F, x: F.hardsigmoid(x * 1, inplace=True),
        lambda F, x: F.hardswish(x * 1, inplace=True),
        lambda F, x: F.hardtanh(x, 1, -1),
        lambda F, x: F.softmin(x, 1),
        lambda F, x: F.softmin(x),
        lambda F, x: F.softmax(x[0]),
        lambda F, x: F.softmax(x, 1, dtype=None),
        lambda F, x: F.normalize(x),
        lambda F, x: F.normalize(x, 1.0, 0),
        lambda F, x: F.relu_(x * 1),
        lambda F, x: F.selu_(x.detach() * 1),
        lambda F, x: F.leaky_relu_(x.detach() * 1, 0.1),
    ],
)
def test_same_as_torch(f):
    same(lambda torch, x: f(torch.nn.functional, x), sample(4, 3))


@pytest.mark.parametrize("classes", [-1, 0, 3, 6])
@pytest.mark.parametrize("data", [[0, 2, 1], [[0, 1], [2, 0]], 1, [], [-1], [0.5], [[0, 5, 2]]])
def test_one_hot(data, classes):
    same(lambda torch, t: torch.nn.functional.one_hot(t, classes), tensor_of(data))
    same(lambda torch, t: torch.nn.functional.one_hot(t.t(), classes), tensor_of([[0, 1, 2]] * 2))


def test_one_hot_under_modes():
    def f(torch, t):
        return torch.nn.functional.one_hot(t % 3, 3)

    x = torch.arange(6).view(2, 3)
    same(f, x)
    same(lambda torch, t: torch.inference_mode()(f)(torch, t).is_inference(), x)
    same(lambda torch, t: f(torch, t)[..., :0], x[:, ::2])


def tensor_of(data):
    return torch.tensor(data, dtype=torch.int64 if data == [] else None)


@pytest.mark.parametrize("hard", [True, False])
@pytest.mark.parametrize("options", [{}, {"tau": 2.0, "dim": 0}, {"eps": 1e-3}])
def test_gumbel_softmax(hard, options):
    def f(torch, x):
        torch.manual_seed(3)
        return torch.nn.functional.gumbel_softmax(x.t(), hard=hard, **options)

    same(f, sample(3, 4))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    "shape, places, target",
    [((2, 3), (5,), (2,)), ((3,), (5,), ()), ((2, 3), (5, 4), (2, 4)), ((2, 3), (5,), (2, 5)),
     ((2, 3, 1), (5,), (2,)), ((2, 4), (5,), (2,)), ((3,), (5, 4), (4,))],
)  # fmt: skip
def test_linear_cross_entropy(reduction, shape, places, target):
    soft = target[-1:] == places
    aim = sample(*target) if soft else torch.zeros(target, dtype=torch.int64)

    def f(torch, x, w, y, b):
        return torch.nn.functional.linear_cross_entropy(x, w, y, linear_bias=b, reduction=reduction)

    same(f, sample(*shape), sample(*places, 3), aim.detach(), sample(*places))
    same(f, sample(*shape), sample(*places, 3), aim.detach(), sample(7))
    same(f, sample(*shape), sample(3), aim.detach(), None)


OPTIONS = [
    {},
    {"batch_chunk_size": 2},
    {"batch_chunk_size": 2, "allow_retain_graph": True},
    {"chunking_method": "aspect_ratio:2"},
    {"chunking_method": None},
    {"batch_chunk_size": 5, "chunking_method": "aspect_ratio"},
    {"acc_policy": "compact"},
    {"acc_dtype": "float32"},
    {"acc_dtype": "float64"},
    {"acc_dtype": "int32"},
    {"acc_policy": "other"},
    {"chunking_method": "other"},
    {"batch_chunk_size": 0},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_linear_cross_entropy_in_chunks(options, reduction, dtype):
    def f(torch, x, w, y, b, c):
        given = dict(options)
        if "acc_dtype" in given:
            given["acc_dtype"] = getattr(torch, given["acc_dtype"])
        layer = torch.nn.LinearCrossEntropyOptions(**given)
        loss = torch.nn.functional.linear_cross_entropy(
            x, w, y, linear_bias=b, weight=c, reduction=reduction, options=layer
        )
        leaves = [t for t in (x, w, b) if t is not None]
        return loss, torch.autograd.grad(loss, leaves, torch.ones_like(loss) * 0.5)

    x, w, b = sample(7, 3, dtype=dtype), sample(5, 3, dtype=dtype, seed=1), sample(5, dtype=dtype)
    weights = sample(5, dtype=dtype, low=0.5, high=2.0, grad=False)
    tol = (4e-3, 4e-3) if dtype is torch.float16 else None
    for target in (torch.tensor([0, 4, -100, 2, 1, 1, 3]), sample(7, 5, dtype=dtype, grad=False)):
        for bias, c in ((b, None), (None, weights)):
            same(f, x, w, target, bias, c, grad=False, tol=tol)


def test_linear_cross_entropy_whose_options_are_ignored():
    def f(torch, x, w, y, **options):
        return torch.nn.functional.linear_cross_entropy(
            x, w, y, options=torch.nn.LinearCrossEntropyOptions(), **options
        )

    given = sample(2, 3), sample(5, 3)
    same(lambda torch, *t: f(torch, *t, label_smoothing=0.1), *given, torch.tensor([0, 1]))
    same(lambda torch, *t: f(torch, *t), *given, sample(2, 5))
    same(lambda torch, *t: f(torch, *t), sample(2, 3), sample(5, 2, 3), torch.tensor([[0, 1]] * 2))


@pytest.mark.parametrize("target", [[7, 0], [-100, -100]])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_linear_cross_entropy_of_no_classes(target, reduction):
    def f(torch, x, w, y):
        options = torch.nn.LinearCrossEntropyOptions(allow_retain_graph=True)
        return torch.nn.functional.linear_cross_entropy(
            x, w, y, reduction=reduction, options=options
        )

    same(f, sample(2, 3), sample(5, 3), torch.tensor(target))


def test_linear_cross_entropy_goes_back_once():
    def f(torch, x, w):
        options = torch.nn.LinearCrossEntropyOptions()
        loss = torch.nn.functional.linear_cross_entropy(x, w, torch.tensor([0, 1]), options=options)
        loss.backward(retain_graph=True)
        loss.backward()

    same(f, sample(2, 3), sample(5, 3))


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_linear_cross_entropy_in_chunks_has_no_second_derivative(reduction):
    def f(torch, x, w):
        options = torch.nn.LinearCrossEntropyOptions(allow_retain_graph=True)
        loss = torch.nn.functional.linear_cross_entropy(
            x, w, torch.tensor([0, 1]), reduction=reduction, options=options
        )
        g = torch.ones_like(loss).requires_grad_()
        return torch.autograd.grad(loss, (x, w), g, create_graph=True)

    same(f, sample(2, 3), sample(5, 3), grad=False)
