"""Recurrent networks, step by step: RNN, LSTM and GRU, and one step of each.

Parameters of a layer and direction are weight_ih, weight_hh, then bias_ih and bias_hh if there are
biases, then weight_hr if there are projections. Source: aten/src/ATen/native/RNN.cpp.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from minitorch_np.dtypes import float32
from minitorch_np.op import composite
from minitorch_np.ops.activation import relu
from minitorch_np.ops.copy import plus, zeros_like
from minitorch_np.ops.dropout import dropout
from minitorch_np.ops.join import cat, stack
from minitorch_np.ops.linalg import linear
from minitorch_np.ops.recurrent_layer import LSTM, mkldnn_rnn_layer
from minitorch_np.ops.trig import tanh
from minitorch_np.tensor import Tensor

__all__ = [
    "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh",
    "rnn_tanh_cell",
]  # fmt: skip

Pair = tuple[Tensor, Tensor]
State = tuple[Tensor, ...]
"""What is handed on from step to step: the hidden state, and of an LSTM the cell too."""


class Cell(NamedTuple):
    """The parameters of one layer in one direction."""

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None = None
    b_hh: Tensor | None = None
    w_hr: Tensor | None = None


Step = Callable[[Tensor, State, Cell], State]
"""From the projected input and the last state to the next one, which begins with the output."""


def simple_step(nonlinearity: Callable[[Tensor], Tensor]) -> Step:
    """The step of an RNN."""

    def step(x: Tensor, state: State, cell: Cell) -> State:
        return (nonlinearity(plus(linear(state[0], cell.w_hh, cell.b_hh), x)),)

    return step


def lstm_step(x: Tensor, state: State, cell: Cell) -> State:
    """The step of an LSTM, by the gates for input, forgetting, cell and output."""
    hidden, memory = state
    gates = plus(linear(hidden, cell.w_hh, cell.b_hh), x).chunk(4, 1)
    into, keep, new, out = gates[0].sigmoid(), gates[1].sigmoid(), gates[2].tanh(), gates[3]
    memory = plus(keep * memory, into * new)
    hidden = out.sigmoid() * memory.tanh()
    return hidden if cell.w_hr is None else linear(hidden, cell.w_hr), memory


def gru_step(x: Tensor, state: State, cell: Cell) -> State:
    """The step of a GRU, by the gates for resetting, input and news."""
    (hidden,) = state
    of_x = x.chunk(3, 1)
    of_h = linear(hidden, cell.w_hh, cell.b_hh).chunk(3, 1)
    reset, keep = ((h + i).sigmoid() for h, i in zip(of_h[:2], of_x[:2], strict=True))
    new = (of_x[2] + of_h[2] * reset).tanh()
    return ((hidden - new).mul_(keep).add_(new),)


def cells_of(params: Sequence[Tensor], has_biases: bool, projects: bool) -> list[Cell]:
    """The parameters by layer and direction."""
    n = 2 + 2 * has_biases + projects
    if len(params) % n:
        raise RuntimeError("got an incorrect number of RNN parameters")
    made: list[Cell] = []
    for first in range(0, len(params), n):
        own = list(params[first : first + n])
        w_hr = own.pop() if projects else None
        b_ih, b_hh = own[2:] if has_biases else (None, None)
        made.append(Cell(own[0], own[1], b_ih, b_hh, w_hr))
    return made


def walked(step: Step, input: Tensor, state: State, cell: Cell, back: bool) -> tuple[Tensor, State]:
    """The outputs of all steps, (L, N, H), and the last state; from the end if `back`."""
    steps = linear(input, cell.w_ih, cell.b_ih).unbind(0)
    outputs: list[Tensor] = []
    for x in reversed(steps) if back else steps:
        state = step(x, state, cell)
        outputs.append(state[0])
    return stack(outputs[::-1] if back else outputs, 0), state


class Layers(NamedTuple):
    """What is the same for all layers."""

    num_layers: int
    dropout: float
    train: bool
    bidirectional: bool


def layered(
    step: Step, input: Tensor, states: Sequence[State], cells: Sequence[Cell], to: Layers
) -> tuple[Tensor, list[Tensor]]:
    """The outputs of the last layer, and the last states of all, each stacked."""
    directions = 2 if to.bidirectional else 1
    last: list[State] = []
    for layer in range(to.num_layers):
        outputs: list[Tensor] = []
        for back in range(directions):
            at = layer * directions + back
            made, state = walked(step, input, states[at], cells[at], back == 1)
            outputs.append(made)
            last.append(state)
        input = cat(outputs, 2) if to.bidirectional else outputs[0]
        if to.dropout != 0 and to.train and layer < to.num_layers - 1:
            input = dropout(input, to.dropout, True)
    return input, [stack(parts, 0) for parts in zip(*last, strict=True)]


def by_hidden(
    step: Step,
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    to: Layers,
    batch_first: bool,
) -> Pair:
    """A network whose only state is the hidden one."""
    cells = cells_of(params, has_biases, False)
    states = [(h,) for h in hx.unbind(0)]
    given = input.transpose(0, 1) if batch_first else input
    out, (hidden,) = layered(step, given, states, cells, to)
    return out.transpose_(0, 1) if batch_first else out, hidden


@composite(method=False)
def rnn_tanh(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Pair:
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh), step by step: (L, N, D * H), and the last h."""
    to = Layers(num_layers, dropout, train, bidirectional)
    return by_hidden(simple_step(tanh), input, hx, params, has_biases, to, batch_first)


@composite(method=False)
def rnn_relu(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Pair:
    """`rnn_tanh` with relu in the place of tanh."""
    to = Layers(num_layers, dropout, train, bidirectional)
    return by_hidden(simple_step(relu), input, hx, params, has_biases, to, batch_first)


@composite(method=False)
def gru(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Pair:
    """Gated recurrent units: (L, N, D * H), and the last hidden states.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (2014).
    """
    to = Layers(num_layers, dropout, train, bidirectional)
    return by_hidden(gru_step, input, hx, params, has_biases, to, batch_first)


@composite(method=False)
def lstm(
    input: Tensor,
    hx: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Long short-term memory: (L, N, D * H), and the last hidden states and cells.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory (1997).
    """
    if len(hx) != 2:
        raise RuntimeError("lstm expects two hidden states")
    to = Layers(num_layers, dropout, train, bidirectional)
    projects = hx[0].size(2) != hx[1].size(2)
    cells = cells_of(params, has_biases, projects)
    if input.dtype is float32 and input.numel() and not projects:
        return at_once(input, hx, cells, to, batch_first)
    states = list(zip(hx[0].unbind(0), hx[1].unbind(0), strict=True))
    given = input.transpose(0, 1) if batch_first else input
    out, (hidden, memory) = layered(lstm_step, given, states, cells, to)
    return out.transpose(0, 1) if batch_first else out, hidden, memory


def at_once(
    input: Tensor, hx: Sequence[Tensor], cells: Sequence[Cell], to: Layers, batch_first: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """An LSTM, whose layers are a node each. Source: mkldnn_rnn, native/mkldnn/RNN.cpp."""
    h, c = hx[0].contiguous(), hx[1].contiguous()
    directions, size = 2 if to.bidirectional else 1, h.sizes[2]
    given = (input.transpose(0, 1) if batch_first else input).contiguous()
    hidden: list[Tensor] = []
    memory: list[Tensor] = []
    for layer in range(to.num_layers):
        outputs: list[Tensor] = []
        for back in range(directions):
            at = layer * directions + back
            w_ih, w_hh, b_ih, b_hh, _ = cells[at]
            biased = b_ih is not None
            b_ih = zeros_like(w_ih) if b_ih is None else b_ih  # of a weight's size, as there
            b_hh = zeros_like(w_hh) if b_hh is None else b_hh
            out, last, cell, _ = mkldnn_rnn_layer(
                given, w_ih, w_hh, b_ih, b_hh, h[at], c[at], back == 1, [], LSTM, size,
                to.num_layers, biased, to.bidirectional, batch_first, to.train,
            )  # fmt: skip
            outputs.append(out)
            hidden.append(last)
            memory.append(cell)
        given = cat(outputs, -1) if to.bidirectional else outputs[0]
        if to.dropout != 0 and to.train and layer < to.num_layers - 1:
            given = dropout(given, to.dropout, True)
    out = given.transpose(0, 1) if batch_first else given
    return out, stack(hidden, 0), stack(memory, 0)


def check_cell(input: Tensor, states: State, cell: Cell) -> None:
    """Raise RuntimeError for sizes that do not fit together."""
    if input.ndim != 2:
        raise RuntimeError(f"Expected 2D input (batch x feature), but got {input.ndim}D input")
    size = cell.w_ih.size(1)
    if input.size(1) != size:
        raise RuntimeError(
            f"input has inconsistent input_size: got {input.size(1)} expected {size}"
        )
    for k, hidden in enumerate(states):
        if hidden.size(0) != input.size(0):
            raise RuntimeError(
                f"Input batch size {input.size(0)} doesn't match hidden{k} batch size "
                f"{hidden.size(0)}"
            )
        if hidden.size(1) != cell.w_hh.size(1):
            raise RuntimeError(
                f"hidden{k} has inconsistent hidden_size: got {hidden.size(1)}, expected "
                f"{cell.w_hh.size(1)}"
            )


def once(step: Step, input: Tensor, states: State, cell: Cell) -> State:
    """One step."""
    check_cell(input, states, cell)
    return step(linear(input, cell.w_ih, cell.b_ih), states, cell)


@composite(method=False)
def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """tanh(W_ih x + b_ih + W_hh h + b_hh)."""
    return once(simple_step(tanh), input, (hx,), Cell(w_ih, w_hh, b_ih, b_hh))[0]


@composite(method=False)
def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """relu(W_ih x + b_ih + W_hh h + b_hh)."""
    return once(simple_step(relu), input, (hx,), Cell(w_ih, w_hh, b_ih, b_hh))[0]


@composite(method=False)
def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of `gru`: the next hidden state."""
    return once(gru_step, input, (hx,), Cell(w_ih, w_hh, b_ih, b_hh))[0]


@composite(method=False)
def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Pair:
    """One step of `lstm`: the next hidden state and cell."""
    if len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    hidden, memory = once(lstm_step, input, tuple(hx), Cell(w_ih, w_hh, b_ih, b_hh))
    return hidden, memory
