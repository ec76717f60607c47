"""Recurrent layers and cells against PyTorch's."""

from typing import Any

import pytest
import torch

from tests.oracle import same, sample

OPTIONS: list[dict[str, Any]] = [
    {}, {"num_layers": 2}, {"bias": False}, {"batch_first": True}, {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True}, {"nonlinearity": "relu"},
    {"proj_size": 2}, {"proj_size": 2, "num_layers": 2, "bidirectional": True, "bias": False},
    {"num_layers": 2, "dropout": 1e-12}, {"dropout": 0.5},
]  # fmt: skip
KINDS = ["RNN", "GRU", "LSTM"]


def suits(kind: str, options: dict[str, Any]) -> bool:
    """Whether a layer has the options."""
    return not (
        ("nonlinearity" in options and kind != "RNN") or ("proj_size" in options and kind != "LSTM")
    )


SUITED = [
    pytest.param(kind, options, id=f"{kind} {options}")
    for kind in KINDS
    for options in OPTIONS
    if suits(kind, options)
]


def states(torch: Any, kind: str, options: dict[str, Any], batch: int, x: Any) -> Any:
    """Initial states that need gradients, made of an input."""
    many = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    sizes = [options.get("proj_size", 4), 4][: 2 if kind == "LSTM" else 1]
    made = [x.flatten()[: batch * n].reshape(1, batch, n).repeat(many, 1, 1) for n in sizes]
    return tuple(made) if kind == "LSTM" else made[0]


@pytest.mark.parametrize("kind, options", SUITED)
@pytest.mark.parametrize("given", [True, False])
def test_layers(kind: str, options: dict[str, Any], given: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        layer = getattr(torch.nn, kind)(3, 4, dtype=torch.float64, **options)
        batch = x.shape[0 if options.get("batch_first") else 1]
        out, last = layer(x, states(torch, kind, options, batch, x) if given else None)
        (out * out.detach().exp()).sum().backward(retain_graph=True)
        return out, last, [p.grad for p in layer.parameters()], layer.state_dict(), repr(layer)

    same(f, sample(5, 2, 3, dtype=torch.float64))


@pytest.mark.parametrize("kind, options", SUITED)
def test_without_a_batch(kind: str, options: dict[str, Any]) -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        layer = getattr(torch.nn, kind)(3, 4, dtype=torch.float64, **options)
        start = states(torch, kind, options, 1, x)
        start = tuple(t[:, 0] for t in start) if kind == "LSTM" else start[:, 0]
        return layer(x), layer(x, start)

    same(f, sample(5, 3, dtype=torch.float64))


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision(kind: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        layer = getattr(torch.nn, kind)(3, 4, 2, bidirectional=True)
        out, _ = layer(x)
        out.sum().backward()
        # of an LSTM PyTorch has a node of its own for all steps of a layer
        return out.detach(), x.grad, [p.grad for p in layer.parameters()]

    same(f, sample(5, 2, 3), grad=False, tol=(1e-4, 1e-5))


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives(kind: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        return getattr(torch.nn, kind)(3, 2, dtype=torch.float64)(x)[0]

    same(f, sample(2, 2, 3, dtype=torch.float64), second=True)


CELLS: list[dict[str, Any]] = [{}, {"bias": False}, {"nonlinearity": "relu"}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", CELLS)
@pytest.mark.parametrize("batched", [True, False])
def test_cells(kind: str, options: dict[str, Any], batched: bool) -> None:
    if not suits(kind, options):
        return

    def f(torch: Any, x: Any, h: Any) -> Any:
        torch.manual_seed(0)
        cell = getattr(torch.nn, f"{kind}Cell")(3, 4, **options)
        x, h = (x, h) if batched else (x[0], h[0])
        first = cell(x)
        again = cell(x, (h, h * 2) if kind == "LSTM" else h)
        return first, again, dict(cell.state_dict()), repr(cell)

    same(f, sample(2, 3), sample(2, 4, seed=1), tol=(1e-5, 1e-5))


REFUSED = {
    "projected RNN": lambda nn, x: nn.RNN(3, 4, proj_size=2),
    "projected GRU": lambda nn, x: nn.GRU(3, 4, proj_size=2),
    "nonlinearity": lambda nn, x: nn.RNN(3, 4, nonlinearity="sin"),
    "dropout": lambda nn, x: nn.LSTM(3, 4, 2, dropout=1.5),
    "bias": lambda nn, x: nn.LSTM(3, 4, 2, bias=1),
    "batch_first": lambda nn, x: nn.LSTM(3, 4, 2, batch_first=1),
    "floating size": lambda nn, x: nn.GRU(3.0, 4),
    "no size": lambda nn, x: nn.GRU(0, 4),
    "no hidden size": lambda nn, x: nn.GRU(3, 0),
    "no layers": lambda nn, x: nn.GRU(3, 4, 0),
    "wide projection": lambda nn, x: nn.LSTM(3, 4, proj_size=4),
    "negative projection": lambda nn, x: nn.LSTM(3, 4, proj_size=-1),
    "mode": lambda nn, x: nn.RNNBase("X", 3, 4),
    "input": lambda nn, x: nn.RNN(4, 4)(x),
    "dtype": lambda nn, x: nn.GRU(3, 4)(x.double()),
    "dims": lambda nn, x: nn.RNN(3, 4)(x[None]),
    "dims of an LSTM": lambda nn, x: nn.LSTM(3, 4)(x[None]),
    "dims of a GRU": lambda nn, x: nn.GRU(3, 4)(x[0, 0]),
    "hidden": lambda nn, x: nn.RNN(3, 4)(x, x),
    "hidden of two": lambda nn, x: nn.LSTM(3, 4)(x, (x, x)),
    "dims of hidden": lambda nn, x: nn.GRU(3, 4)(x, x[0]),
    "dims of hidden without a batch": lambda nn, x: nn.GRU(3, 4)(x[0], x),
    "dims of two": lambda nn, x: nn.LSTM(3, 4)(x, (x, x[0])),
    "dims of two without a batch": lambda nn, x: nn.LSTM(3, 4)(x[0], (x, x[0])),
    "dims of a cell": lambda nn, x: nn.RNNCell(3, 4)(x),
    "dims of a cell's state": lambda nn, x: nn.GRUCell(3, 4)(x[0], x),
    "dims of two states": lambda nn, x: nn.LSTMCell(3, 4)(x[0], (x[0], x)),
    "nonlinearity of a cell": lambda nn, x: nn.RNNCell(3, 4, nonlinearity="sin")(x[0]),
    "a cell's input": lambda nn, x: nn.RNNCell(4, 4)(x[0]),
    "a cell's batch": lambda nn, x: nn.RNNCell(3, 3)(x[0], x[:, 0]),
    "a cell's state": lambda nn, x: nn.RNNCell(3, 4)(x[0], x[0]),
    "a cell's states": lambda nn, x: nn.LSTMCell(3, 3)(x[0], (x[0], x[0, :, :2])),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(body: Any) -> None:
    same(lambda torch, x: body(torch.nn, x), sample(5, 2, 3))
