"""Recurrent layers and cells against PyTorch's."""

from typing import Any

import pytest
import torch

import minitorch_np
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
        return layer(x), list(layer.parameters())

    same(f, sample(5, 2, 3), tol=(1e-4, 1e-5))


AT_ONCE: list[dict[str, Any]] = [
    {}, {"bias": False}, {"batch_first": True}, {"num_layers": 2, "bidirectional": True},
    {"num_layers": 2, "dropout": 0.5},
]  # fmt: skip


@pytest.mark.parametrize("options", AT_ONCE, ids=str)
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_lstm_layers_at_once(options: dict[str, Any], given: bool, turned: bool) -> None:
    """In single precision all steps of a layer are one node, forth, back and back again."""

    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        layer = torch.nn.LSTM(3, 4, **options)
        if turned:  # weights whose rows do not lie together
            for p in layer.parameters():
                p.data = p.data.t().contiguous().t()
        start = x.transpose(0, 1) if turned else x
        batch = start.shape[0 if options.get("batch_first") else 1]
        hx = states(torch, "LSTM", options, batch, start) if given else None
        out, (h, c) = layer(start, hx)
        whole = out * out.detach().exp() + h[-1].exp().sum() + c[0].pow(2).sum()
        leaves = [x, *layer.parameters()]
        g = torch.linspace(-1, 1, whole.numel()).view(whole.shape)
        firsts = torch.autograd.grad(whole, leaves, g, retain_graph=True)
        again = torch.autograd.grad(whole, leaves, g, create_graph=True)
        seconds = torch.autograd.grad(sum(t.exp().sum() for t in again), leaves)
        with torch.no_grad():
            quiet = layer.eval()(start, hx)
        return out, h, c, firsts, again, seconds, quiet

    same(f, sample(5, 5, 3), tol=(1e-4, 1e-5))


@pytest.mark.parametrize("wanted", ["out", "hidden", "memory"])
def test_gradients_of_one_result(wanted: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        layer = torch.nn.LSTM(3, 4, bidirectional=True)
        layer.weight_hh_l0.requires_grad_(False)
        out, (h, c) = layer(x)
        one = {"out": out, "hidden": h, "memory": c}[wanted]
        one.backward(torch.linspace(-1, 1, one.numel()).view(one.shape))
        return x.grad, [p.grad for p in layer.parameters()]

    same(f, sample(4, 2, 3), tol=(1e-4, 1e-5))


def test_a_changed_weight_is_told() -> None:
    def f(torch: Any, x: Any) -> Any:
        layer = torch.nn.LSTM(3, 4)
        out, _ = layer(x)
        with torch.no_grad():
            layer.weight_hh_l0.add_(1)
        out.sum().backward()

    same(f, sample(5, 2, 3))


@pytest.mark.parametrize("bias", [True, False])
def test_what_the_node_keeps(bias: bool) -> None:
    """All that PyTorch's does; the bytes that only the way back reads have a size of their own."""

    def f(torch: Any, x: Any) -> Any:
        node = torch.nn.LSTM(3, 4, bias=bias)(x)[0].grad_fn
        kept = {
            name: getattr(node, name) for name in sorted(dir(node)) if name.startswith("_saved_")
        }
        room = kept.pop("_saved_result3")
        shapes = {n: tuple(v.shape) if hasattr(v, "shape") else v for n, v in kept.items()}
        return shapes, str(room.dtype), room.ndim

    same(f, sample(5, 2, 3))


def test_an_lstm_of_nothing() -> None:
    """oneDNN takes no input without elements, so PyTorch goes step by step."""

    def f(torch: Any, x: Any) -> Any:
        return torch.nn.LSTM(3, 4)(x)[0]

    same(f, sample(5, 0, 3))


def test_the_layer_alone() -> None:
    def f(torch: Any, x: Any, w: Any, bias: Any, h: Any) -> Any:
        options = False, [], 2, 4, 1, True, False, False, True
        made = torch.mkldnn_rnn_layer(x, w, w[:, :1].repeat(1, 4), bias, bias, h, h * 2, *options)
        return made[:3], made[3].dtype

    same(f, sample(5, 2, 3), sample(16, 3), sample(16), sample(2, 4), tol=(1e-4, 1e-5))


def test_a_layer_of_doubles_is_refused() -> None:
    def f(torch: Any, x: Any, w: Any, bias: Any, h: Any) -> Any:
        options = False, [], 2, 4, 1, True, False, False, True
        return torch.mkldnn_rnn_layer(x, w, w[:, :1].repeat(1, 4), bias, bias, h, h * 2, *options)

    double = {"dtype": torch.float64}
    same(f, sample(5, 2, 3, **double), sample(16, 3, **double), sample(16, **double),
         sample(2, 4, **double))  # fmt: skip


def test_the_flat_parts_of_tanh() -> None:
    """Cells far from 0, not a number and infinite."""

    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        layer = torch.nn.LSTM(3, 4)
        c = torch.tensor([[[30.0, -30.0, float("nan"), float("inf")]] * 2])
        return layer(x, (torch.zeros(1, 2, 4), c))

    same(f, sample(2, 2, 3), tol=(1e-4, 1e-5), grad=False)


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


@pytest.mark.parametrize("wrong", [0, 1])
def test_states_of_another_size_are_refused(wrong: int) -> None:
    """PyTorch reads what lies behind them."""
    layer = minitorch_np.nn.LSTM(3, 4)
    state = [minitorch_np.zeros(1, 1 if k == wrong else 2, 4) for k in range(2)]
    with pytest.raises(RuntimeError, match=r"expected .x_ of size \[2, 4\], got \[1, 4\]"):
        minitorch_np.lstm(
            minitorch_np.ones(5, 2, 3), state, list(layer.parameters()), True, 1, 0.0, True, False,
            False,
        )  # fmt: skip


def test_tangents_are_those_of_doubles() -> None:
    """PyTorch refuses them in single precision, where it has a node for all steps."""
    layer = minitorch_np.nn.LSTM(3, 4)
    wide = minitorch_np.nn.LSTM(3, 4).double()
    wide.load_state_dict({name: t.double() for name, t in layer.state_dict().items()})
    x, v = minitorch_np.randn(5, 2, 3), minitorch_np.randn(5, 2, 3)
    _, single = minitorch_np.func.jvp(lambda x: layer.forward(x)[0], (x,), (v,))
    _, double = minitorch_np.func.jvp(lambda x: wide.forward(x)[0], (x.double(),), (v.double(),))
    assert single.abs().max() > 1e-3
    minitorch_np.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-6)
