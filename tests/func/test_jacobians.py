"""jacrev: of functions with several arguments and outputs, in chunks, and through many ops."""

from typing import Any

import pytest

from tests.func.compare import alike
from tests.oracle import sample

X, W = sample(5, 3, grad=False), sample(4, 3, grad=False)
IMAGE, KERNEL = sample(2, 2, 5, 5, grad=False), sample(3, 2, 3, 3, grad=False)


def test_structures() -> None:
    alike(lambda torch, x: torch.func.jacrev(torch.sin)(x[0]), X)
    alike(
        lambda torch, x, w: torch.func.jacrev(lambda x, w: (x @ w.t(), x.sum()), (0, 1))(x, w), X, W
    )
    alike(
        lambda torch, x: torch.func.jacrev(lambda d: {"a": d["x"].sin(), "b": (d["x"].sum(),)})(
            {"x": x[0]}
        ),
        X,
    )
    alike(lambda torch, x: torch.func.jacrev(lambda x: (x.sin(), x), has_aux=True)(x[0]), X)
    alike(lambda torch, x: torch.func.jacrev(lambda x: x.sin())(x[0]), sample(5, 3))
    alike(lambda torch, x: torch.func.jacrev(lambda x: x.long())(x[0]), X)
    alike(lambda torch, x: torch.func.jacrev(lambda x: x, argnums=3)(x[0]), X)
    alike(lambda torch, x: torch.func.jacrev(lambda x: x, chunk_size=0)(x[0]), X)


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 7, 100])
def test_chunks(chunk_size: int) -> None:
    alike(
        lambda torch, x, w: torch.func.jacrev(
            lambda x, w: ((x @ w.t()).sin(), w.sum()), (0, 1), chunk_size=chunk_size
        )(x, w),
        X, W,
    )  # fmt: skip


def test_within_one_another() -> None:
    def twice(torch, f):
        return torch.func.jacrev(torch.func.jacrev(f))

    alike(lambda torch, x: twice(torch, lambda x: (x**3).sum() + x.prod())(x[0]), X)
    alike(
        lambda torch, x: torch.vmap(torch.func.jacrev(lambda x: x.sin() * x.sum()))(x),
        X,
        stride=False,
    )
    alike(
        lambda torch, x: torch.vmap(twice(torch, lambda x: (x.sin() * x.sum()).sum()))(x),
        X,
        stride=False,
    )
    alike(
        lambda torch, x: torch.func.grad(lambda x: (torch.func.jacrev(torch.sin)(x) ** 2).sum())(
            x[0]
        ),
        X,
    )


FUNCTIONS: dict[str, Any] = {
    "softmax": lambda torch, x: x.softmax(1),
    "cross_entropy": lambda torch, x: torch.nn.functional.cross_entropy(
        x, torch.tensor([0, 1, 2, 0, 1]), reduction="none"
    ),
    "embedding": lambda torch, x: torch.nn.functional.embedding(torch.tensor([0, 1, 1]), x),
    "cat": lambda torch, x: torch.cat([x, x.sin()], 1),
    "cumsum": lambda torch, x: x.cumsum(1),
    "max": lambda torch, x: x.max(1)[0],
    "sort": lambda torch, x: x.sort(1)[0],
    "norm": lambda torch, x: x.norm(dim=1),
    "std": lambda torch, x: x.std(1),
    "prod": lambda torch, x: x.prod(1),
    "index": lambda torch, x: x[:, torch.tensor([0, 2, 2])].sin(),
    "layer_norm": lambda torch, x: torch.nn.functional.layer_norm(x, (3,)),
    "batch_norm": lambda torch, x: torch.nn.functional.batch_norm(x, None, None, training=True),
    "where": lambda torch, x: torch.where(x > 0, x * 2, x.sin()),
    "matmul": lambda torch, x: x.t() @ x,
    "einsum": lambda torch, x: torch.einsum("ij,kj->ik", x, x),
    "copy": lambda torch, x: torch.zeros(5, 3).copy_(x),
    "in place": lambda torch, x: (x * 1).mul_(x).add_(1),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_through_many_ops(name: str) -> None:
    alike(
        lambda torch, x: torch.func.jacrev(lambda x: FUNCTIONS[name](torch, x))(x), X, stride=False
    )


def test_through_convolution() -> None:
    def f(torch: Any, x: Any, k: Any) -> Any:
        return torch.nn.functional.max_pool2d(torch.nn.functional.conv2d(x, k).relu(), 2)

    alike(
        lambda torch, x, k: torch.func.jacrev(lambda k: f(torch, x, k))(k),
        IMAGE,
        KERNEL,
        stride=False,
    )
    alike(
        lambda torch, x, k: torch.func.jacrev(lambda x: f(torch, x, k))(x),
        IMAGE,
        KERNEL,
        stride=False,
    )
    alike(
        lambda torch, x: torch.func.jacrev(lambda x: torch.nn.functional.group_norm(x, 2))(x),
        IMAGE,
        stride=False,
    )


def test_gradients_for_each_image() -> None:
    def loss(torch: Any, k: Any, w: Any, x: Any, y: Any) -> Any:
        functional = torch.nn.functional
        h = functional.max_pool2d(functional.conv2d(x[None], k).relu(), 2)
        return functional.cross_entropy(h.flatten(1) @ w, y[None])

    def f(torch: Any, k: Any, w: Any, x: Any, chunk_size: Any) -> Any:
        each = torch.func.grad(lambda k, w, x, y: loss(torch, k, w, x, y), (0, 1))
        return torch.vmap(each, (None, None, 0, 0), chunk_size=chunk_size)(
            k, w, x, torch.tensor([0, 3])
        )

    for chunk_size in (None, 1, 2):
        alike(f, KERNEL, sample(3, 4, grad=False), IMAGE, chunk_size, stride=False)


def net(torch: Any, w1: Any, b1: Any, w2: Any, x: Any) -> Any:
    functional = torch.nn.functional
    return functional.linear(functional.linear(x, w1, b1).tanh(), w2)


WEIGHTS = (sample(6, 3, grad=False), sample(6, grad=False), sample(2, 6, grad=False))


def test_jacfwd() -> None:
    def jacfwd(torch):
        return torch.func.jacfwd

    alike(lambda torch, x: jacfwd(torch)(torch.sin)(x[0]), X)
    alike(lambda torch, x: jacfwd(torch)(lambda x: x.sin() * torch.ones(3))(x[0, 0]), X)
    alike(lambda torch, x: jacfwd(torch)(lambda x: (x.sin(), x), has_aux=True)(x[0]), X)
    alike(
        lambda torch, x: jacfwd(torch)(lambda d: {"a": d["x"].sin(), "b": (d["x"].sum(),)})(
            {"x": x[0]}
        ),
        X,
    )
    alike(
        lambda torch, *a: jacfwd(torch)(lambda *a: net(torch, *a), (0, 1, 2, 3))(*a),
        *WEIGHTS,
        X,
        stride=False,
    )
    alike(
        lambda torch, x: jacfwd(torch)(lambda x: torch.vmap(lambda r: r.sin() * r.sum())(x))(x),
        X,
        stride=False,
    )
    alike(lambda torch, x: jacfwd(torch)(lambda x: x * torch.rand(3))(x[0]), X)
    alike(lambda torch, x: jacfwd(torch)(lambda x: 3)(x[0]), X)
    alike(lambda torch, x: jacfwd(torch)(lambda x: x, argnums=2)(x[0]), X)


def test_hessian() -> None:
    def hessian(torch):
        return torch.func.hessian

    def f(x):
        return (x**3).sum() + x.prod()

    for x in (X, sample(5, 3)):
        alike(lambda torch, x: hessian(torch)(f)(x[0]), x)
    alike(lambda torch, x: torch.func.jacfwd(torch.func.jacfwd(f))(x[0]), X)
    alike(lambda torch, x: torch.func.jacrev(torch.func.jacfwd(f))(x[0]), X)
    alike(lambda torch, x: torch.vmap(hessian(torch)(f))(x), X, stride=False)
    alike(lambda torch, x: torch.func.grad(lambda x: (hessian(torch)(f)(x) ** 2).sum())(x[0]), X)

    def loss(torch: Any, *given: Any) -> Any:
        target = torch.tensor([0, 1, 0, 1, 1])
        return torch.nn.functional.cross_entropy(net(torch, *given), target)

    alike(
        lambda torch, *a: hessian(torch)(lambda *a: loss(torch, *a), (0, 1, 2))(*a),
        *WEIGHTS,
        X,
        stride=False,
    )


def test_forward_mode_around_reverse_mode() -> None:
    def slope(torch):
        return torch.func.grad(lambda x: (x.sin() * x.sum()).sum())

    def jvp(torch):
        return torch.func.jvp

    alike(lambda torch, x: jvp(torch)(slope(torch), (x,), (x,)), X)
    alike(
        lambda torch, x: torch.vmap(lambda v: jvp(torch)(slope(torch), (x,), (v,))[1])(
            torch.ones(2, 5, 3)
        ),
        X,
    )
    alike(lambda torch, x: torch.vmap(lambda x: jvp(torch)(slope(torch), (x,), (x * 2,)))(x), X)
    alike(lambda torch, x: jvp(torch)(torch.vmap(slope(torch)), (x,), (x,)), X, stride=False)
    alike(
        lambda torch, x: torch.func.grad(
            lambda x: jvp(torch)(lambda x: x.sin() * x.sum(), (x,), (x,))[1].sum()
        )(x),
        X,
    )


def test_rules_that_look_at_zeros() -> None:
    x = X.clone()
    x[1, 2] = x[2, 0] = x[2, 1] = 0
    for f in (
        lambda x: x.cumprod(1),
        lambda x: x.prod(1),
        lambda x: x.prod(),
        lambda x: (x * 0).amax(1),
        lambda x: (x * 0).norm(),
        lambda x: x.max(),
        lambda x: x[x > 0],
    ):
        alike(lambda torch, x: torch.func.jacrev(f)(x), x, stride=False)
    alike(lambda torch, x: torch.vmap(torch.func.hessian(lambda x: x.prod()))(x), x, stride=False)
