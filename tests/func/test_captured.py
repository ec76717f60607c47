"""Writes under transforms that differentiate: to what was made inside, and to nothing captured."""

import itertools
import re
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

import minitorch_np
from experiments.conformance.bridge import Unshared, counterpart, mapped, ours
from minitorch_np.overloads import Parameter, parameters_of
from minitorch_np.utils._pytree import tree_leaves, tree_map
from tests import torch_overloads, versions
from tests.errors.test_taken import ENTRIES
from tests.func.compare import alike
from tests.test_overloads import HEADS, LINES

X, C = torch.tensor([0.5, -1.5, 2.0]), torch.tensor([1.0, 3.0, -0.5])
PINNED = versions.VERSION == (2, 15)
WRITES = [
    (head[0][1:], line.partition(" ")[2], ":" in head)
    for line, head in zip(LINES, HEADS, strict=True)
    if head[0].startswith(".") and head[0].endswith("_") and head[0] != ".requires_grad_"
    if "Number other, Number alpha" not in line  # deprecated, and not here
]


def value(torch: Any, parameter: Parameter, captured: Any) -> Any:
    """An argument of a parameter's kind."""
    match parameter.kind:
        case "Tensor":
            return torch.ones(3)
        case "tuple of Tensors":
            return [torch.zeros(1, dtype=torch.int64)]
        case "torch.Storage":
            return captured.untyped_storage()
        case "torch.Generator":
            return None
        case "torch.memory_format":
            return torch.contiguous_format
        case "torch.dtype" | "object":
            return torch.float32
        case kind:
            return torch_overloads.VALID[kind]


def under(kind: str, torch: Any, body: Callable[[Any], object], x: Any) -> Any:
    """What a transform makes of a function that runs `body` first."""

    def f(x: Any) -> Any:
        body(x)
        return (x * x).sum()

    match kind:
        case "vjp":
            return torch.func.vjp(f, x)[1](torch.tensor(2.0))
        case "jvp":
            return torch.func.jvp(f, (x,), (torch.ones_like(x),))
        case "vmap of grad":
            return torch.vmap(torch.func.grad(f))(torch.stack([x, x]))
        case "grad of vmap":
            return torch.func.grad(lambda x: torch.vmap(f)(torch.stack([x, x])).sum())(x)
        case _:
            return getattr(torch.func, kind)(f)(x)


def call(torch: Any, name: str, text: str, alone: bool, x: Any) -> Any:
    """A method with arguments of its kinds, of a captured tensor inside `grad`."""
    captured = torch.ones(3)
    parameters = parameters_of(text, alone)
    args = [value(torch, p, captured) for p in parameters if not p.keyword]
    kwargs = {
        p.name: value(torch, p, captured) for p in parameters if p.keyword and p.default is None
    }
    under("grad", torch, lambda _: getattr(captured, name)(*args, **kwargs), x)


@pytest.mark.skipif(not PINNED, reason="the names are those of PyTorch 2.15")
@pytest.mark.parametrize("name, text, alone", WRITES)
def test_every_method_that_writes(name: str, text: str, alone: bool) -> None:
    alike(lambda torch, x: call(torch, name, text, alone, x), X)


TRANSFORMS = [
    "grad", "vjp", "jvp", "jacrev", "jacfwd", "hessian", "vmap of grad", "grad of vmap",
]  # fmt: skip
BODIES: dict[str, Callable[[Any, Any, Any], object]] = {
    "captured": lambda torch, c, x: c.mul_(2),
    "view of captured": lambda torch, c, x: c.view(-1)[1:].mul_(2),
    "piece of captured": lambda torch, c, x: c.unbind()[0].mul_(2),
    "expanded": lambda torch, c, x: c[0].expand(2).mul_(2),
    "detached": lambda torch, c, x: c.detach().mul_(2),
    "data": lambda torch, c, x: c.data.mul_(2),
    "same": lambda torch, c, x: c.contiguous().to(torch.float32).mul_(2),
    "item": lambda torch, c, x: c.__setitem__(0, 2.0),
    "items": lambda torch, c, x: c.__setitem__([0, 1], 2.0),
    "masked items": lambda torch, c, x: c.__setitem__(c > 0, 2.0),
    "sum": lambda torch, c, x: c.__iadd__(2),
    "under no_grad": lambda torch, c, x: torch.no_grad()(c.mul_)(2),
    "integers": lambda torch, c, x: torch.no_grad()(c.to(torch.int32).mul_)(2),
    "relu_": lambda torch, c, x: torch.nn.functional.relu(c, inplace=True),
    "init": lambda torch, c, x: torch.nn.init.zeros_(c),
    "out": lambda torch, c, x: torch.mul(c, 2, out=c),
    "clone": lambda torch, c, x: c.clone().mul_(2),
    "sum of captured": lambda torch, c, x: (c + 0).mul_(2),
    "zeros": lambda torch, c, x: torch.zeros(3).mul_(2),
    "like": lambda torch, c, x: torch.ones_like(c).mul_(2),
    "new": lambda torch, c, x: c.new_zeros(3).mul_(2),
    "tensor": lambda torch, c, x: torch.tensor([1.0, 2.0]).mul_(2),
    "arange": lambda torch, c, x: torch.arange(3.0)[1:].mul_(2),
    "product": lambda torch, c, x: c[None].matmul(c[:, None]).mul_(2),
    "result": lambda torch, c, x: (x * 2).mul_(2),
    "view of a result": lambda torch, c, x: (x * 2).view(-1)[1:].mul_(2),
    "input": lambda torch, c, x: (x.mul_(2), x.div_(2)),
    "view of an input": lambda torch, c, x: (x[1:].mul_(2), x[1:].div_(2)),
    "wrong argument": lambda torch, c, x: c.mul_("a"),
    "wrong shape": lambda torch, c, x: c.add_(torch.ones(4)),
    "wrong dtype": lambda torch, c, x: c.to(torch.int32).div_(2),
}


@pytest.mark.parametrize("kind", TRANSFORMS)
@pytest.mark.parametrize("name", BODIES)
def test_what_a_function_may_write_to(name: str, kind: str) -> None:
    def program(torch: Any, x: Any, c: Any) -> Any:
        return under(kind, torch, partial(BODIES[name], torch, c), x), c, x

    alike(program, X, C)


def test_a_captured_parameter() -> None:
    def program(torch: Any, x: Any) -> Any:
        weight = torch.nn.Parameter(torch.ones(3))
        with torch.no_grad():
            return under("grad", torch, lambda x: weight.add_(1), x)

    alike(program, X)


def test_the_running_statistics_of_a_norm() -> None:
    def program(torch: Any, x: Any) -> Any:
        norm = torch.nn.BatchNorm1d(3)
        return torch.func.grad(lambda x: norm(x).pow(3).sum())(x)

    alike(program, torch.randn(4, 3))


NESTED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "what the outer one made": lambda func, x, c: func.grad(
        lambda x: func.grad(lambda y: ((z := x * 2).mul_(2), (y * z).sum())[1])(x).sum()
    )(x),
    "what the outer one captured": lambda func, x, c: func.grad(
        lambda x: func.grad(lambda y: (c.mul_(2), (y * c).sum())[1])(x).sum()
    )(x),
    "what the outer one made before": lambda func, x, c: func.grad(
        lambda x: (lambda z: func.grad(lambda y: (z.mul_(2), (y * z).sum())[1])(x).sum())(x * 2)
    )(x),
    "what the inner one returned": lambda func, x, c: func.grad(
        lambda x: func.grad(lambda y: (y * y * y).sum())(x).mul_(2).sum()
    )(x),
    "a captured tensor given to the inner one": lambda func, x, c: func.grad(
        lambda x: func.jvp(lambda y: y.mul_(2), (c,), (c * 1,))[0].sum() + x.sum()
    )(x),
    "a result given to the inner one": lambda func, x, c: func.jvp(
        lambda x: func.jvp(lambda y: y.mul_(x), (x * 2,), (x * 3,)), (x,), (c,)
    ),
    "an input and its tangent": lambda func, x, c: func.jvp(
        lambda y: y.mul_(x), (x.clone(),), (c.clone(),)
    ),
    "examples": lambda func, x, c: func.grad(
        lambda x: func.vmap(lambda y: y.mul_(2))(x * 1).sum()
    )(x),
    "captured examples": lambda func, x, c: func.grad(
        lambda x: func.vmap(lambda y: y.mul_(2))(c).sum() + x.sum()
    )(x),
    "what was captured, though it is given, too": lambda func, x, c: func.jvp(
        lambda y: (x.mul_(2), y)[1], (x,), (c,)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NESTED)
def test_nested(name: str) -> None:
    alike(lambda torch, x, c: NESTED[name](torch.func, x, c), X, C)


def test_what_outlived_an_earlier_transform() -> None:
    def program(torch: Any, x: Any) -> Any:
        kept: list[Any] = []
        under("grad", torch, lambda x: kept.append(torch.zeros(3)), x)
        return under("grad", torch, lambda x: kept[0].add_(1), x)

    alike(program, X)


def test_nothing_is_dated_outside() -> None:
    torch = minitorch_np

    def fails(x: Any) -> Any:
        raise ValueError("inside")

    before = torch.ones(3)
    with pytest.raises(ValueError, match="inside"):
        torch.func.grad(fails)(torch.ones(3))
    torch.func.grad(lambda x: (x * x).sum())(torch.ones(3))
    for tensor in (before, torch.ones(3), torch.ones(3) * 2):
        assert tensor.ticks is None
    before.mul_(2)
    assert before.tolist() == [2, 2, 2]


def test_nothing_is_lost() -> None:
    torch = minitorch_np

    captured = torch.ones(3)
    with pytest.raises(RuntimeError, match=re.escape("(aten::mul_.Tensor) that would mutate")):
        under("grad", torch, lambda x: captured.mul_(2), torch.ones(3))
    assert captured.tolist() == [1, 1, 1] and captured._version == 0


def refusal(f: Callable[..., Any], x: Any, given: Any) -> str:
    """What `grad` and `jvp` say, by `x` wherever it is given; others are captured."""
    func = minitorch_np.func

    def loss(y: Any) -> Any:
        args, kwargs = tree_map(lambda t: y if t is x else t, given)
        found = [t for t in tree_leaves(f(*args, **kwargs)) if isinstance(t, minitorch_np.Tensor)]
        return sum([(t * t).sum() for t in found if t.is_floating_point()], (y * y).sum())

    start = x.detach().clone()
    tangent = minitorch_np.ones_like(start)
    told = ""
    with warnings.catch_warnings(action="ignore"):
        for run in (lambda: func.grad(loss)(start), lambda: func.jvp(loss, (start,), (tangent,))):
            try:
                run()
            except Exception as error:  # noqa: BLE001  # whatever it is
                told += str(error)
    return told


@pytest.mark.parametrize("name", ENTRIES)
def test_no_op_writes_to_what_it_is_given(name: str) -> None:
    entry = ENTRIES[name]
    for sample in itertools.islice(entry.samples(entry.dtypes[0]), 4):
        try:
            function = counterpart(entry.function, entry.name)
            given = mapped([sample.args, sample.kwargs], ours, to_ours=True)
        except (Unshared, AttributeError):
            continue
        floats = [t for t in tree_leaves(given) if isinstance(t, minitorch_np.Tensor)]
        x = next((t for t in floats if t.is_floating_point()), minitorch_np.ones(2))
        error = refusal(function, x, given)
        assert "would mutate a captured Tensor" not in error
