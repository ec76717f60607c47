"""All steps of one layer of an LSTM, in one direction, as one node: `mkldnn_rnn_layer`.

PyTorch hands float32 to oneDNN so. Here a product makes the gates of all steps from the input, and
each step then adds what the hidden state gives and opens them. Source:
aten/src/ATen/native/mkldnn/RNN.cpp.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import backends, dtypes
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.kernels.large import loop
from minitorch_np.op import op
from minitorch_np.ops.copy import plus, zeros_like
from minitorch_np.ops.join import cat
from minitorch_np.ops.linalg import linear
from minitorch_np.plan import Rule
from minitorch_np.shapes import Shape, listed, numel
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, empty

__all__ = ["LSTM", "mkldnn_rnn_layer"]

Array = NDArray[Any]
LSTM = 2
"""What ideep calls the kind of network."""
Gradients = tuple[
    Tensor | None, Tensor | None, Tensor | None, Tensor | None, Tensor | None, Tensor | None,
    Tensor | None,
]  # fmt: skip


@op("contiguous", method=False, graded=3, called="input")
def mkldnn_rnn_layer(
    input: Tensor,
    weight0: Tensor,
    weight1: Tensor,
    weight2: Tensor,
    weight3: Tensor,
    hx_: Tensor,
    cx_: Tensor,
    reverse: bool,
    batch_sizes: Sequence[int],
    mode: int,
    hidden_size: int,
    num_layers: int,
    has_biases: bool,
    bidirectional: bool,
    batch_first: bool,
    train: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The hidden states of all steps of (L, N, I), (L, N, H), the last one and the last cells.

    Weights are weight_ih, weight_hh, bias_ih and bias_hh. `reverse` begins at the end. The last
    result holds gates and cells for the way back, None where there is none.
    Raises: RuntimeError for other dtypes than float32, for states of another size;
        NotImplementedError for other networks.
    """
    del batch_sizes, num_layers, bidirectional, batch_first, train
    if input.dtype is not dtypes.float32:
        raise RuntimeError("get_mkldnn_dtype: unsupported data type")
    if mode != LSTM:
        raise NotImplementedError(f"mkldnn_rnn_layer: mode {mode} is not {LSTM}, LSTM")
    steps, n, _ = input.sizes
    for name, state in (("hx_", hx_), ("cx_", cx_)):  # which PyTorch reads past the end of
        if state.sizes != (n, hidden_size):
            raise RuntimeError(
                f"mkldnn_rnn_layer: expected {name} of size {listed((n, hidden_size))}, got "
                f"{listed(state.sizes)}"
            )
    out, hidden, memory = (made(shape) for shape in ((steps, n, hidden_size), hx_.sizes, cx_.sizes))
    kept = is_grad_enabled()
    room = Room.of(steps, n, hidden_size, steps if kept else 2)
    gates = room.gates.reshape(steps * n, 4 * hidden_size)
    x = np.ascontiguousarray(input.array).reshape(steps * n, -1)
    if has_biases:
        backends.added(x, weight0.array.T, gates, np.add(weight2.array, weight3.array))
    else:
        backends.plain(x, weight0.array.T, gates)
    to, turned, rows = loop("recurrent.step"), weight1.array.T, out.array
    h, c = hx_.array, np.ascontiguousarray(cx_.array)
    for k, t in enumerate(order(steps, reverse)):
        opening, new = room.gates[t], room.cells[t if kept else k % 2]
        backends.added(h, turned, opening, opening)
        to(opening, c, new, rows[t], hidden_size)
        h, c = rows[t], new
    hidden.array[...], memory.array[...] = h, c
    workspace = room.tensor if kept else None
    return out, hidden, memory, workspace  # pyright: ignore[reportReturnType]  # as PyTorch's undefined


def made(shape: Shape) -> Tensor:
    """A new contiguous tensor of float32."""
    return empty(shape, contiguous(shape), dtypes.float32)


class Room(NamedTuple):
    """The bytes of gates, (L, N, 4 H), and cells, (L or 2, N, H)."""

    tensor: Tensor
    gates: Array
    cells: Array

    @classmethod
    def of(cls, steps: int, n: int, size: int, cells: int, tensor: Tensor | None = None) -> "Room":
        """New ones, or those in a tensor of bytes."""
        shapes = (steps, n, 4 * size), (cells, n, size)
        first, last = (dtypes.float32.itemsize * numel(shape) for shape in shapes)
        if tensor is None:
            tensor = empty((first + last,), (1,), dtypes.uint8)
        parts = tensor.array[:first], tensor.array[first:]
        views = [b.view(np.float32).reshape(s) for b, s in zip(parts, shapes, strict=True)]
        return cls(tensor, *views)


def order(steps: int, reverse: bool) -> range:
    """The steps in the order in which they are taken."""
    return range(steps - 1, -1, -1) if reverse else range(steps)


def _backward(
    g_result0: Tensor | None,
    g_result1: Tensor | None,
    g_result2: Tensor | None,
    input: Tensor,
    weight0: Tensor,
    weight1: Tensor,
    weight2: Tensor,
    weight3: Tensor,
    hx_: Tensor,
    cx_: Tensor,
    reverse: bool,
    batch_sizes: Sequence[int],
    mode: int,
    hidden_size: int,
    num_layers: int,
    has_biases: bool,
    bidirectional: bool,
    batch_first: bool,
    train: bool,
    result0: Tensor,
    result1: Tensor,
    result2: Tensor,
    result3: Tensor,
    wanted: tuple[bool, ...],
) -> Gradients:
    """The gradients of input, weights, biases and states.

    PyTorch's node keeps all of these, whether it reads them or not.
    """
    del result1, result2, batch_sizes, mode, hidden_size, num_layers
    del bidirectional, batch_first, train
    if g_result0 is None and g_result1 is None and g_result2 is None:
        return None, None, None, None, None, None, None
    g = zeros_like(result0) if g_result0 is None else g_result0
    g_h = zeros_like(hx_) if g_result1 is None else g_result1
    g_c = zeros_like(cx_) if g_result2 is None else g_result2
    if is_grad_enabled():
        weights = weight0, weight1, weight2 if has_biases else None, weight3 if has_biases else None
        return in_public(g, g_h, g_c, input, weights, hx_, cx_, reverse)
    asked = (*wanted[:3], has_biases and (wanted[3] or wanted[4]))
    d_input, d_ih, d_hh, d_bias, d_hx, d_cx = mkldnn_rnn_layer_backward(
        input, weight0, weight1, hx_, cx_, result0, g, g_h, g_c, reverse, result3, asked
    )
    other = d_bias.clone() if wanted[4] and asked[3] else None
    return d_input, d_ih, d_hh, d_bias, other, d_hx, d_cx


@op("contiguous", method=False, node="torch::autograd::NotImplemented", called="input")
def mkldnn_rnn_layer_backward(
    input: Tensor,
    weight1: Tensor,
    weight2: Tensor,
    hx_: Tensor,
    cx_tmp: Tensor,
    output: Tensor,
    grad_output: Tensor,
    grad_hy: Tensor,
    grad_cy: Tensor,
    reverse: bool,
    workspace: Tensor,
    output_mask: Sequence[bool],
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The gradients of input, weight_ih, weight_hh and a bias, None where the mask says so, and of
    both states, by what the layer kept of its gates and cells."""
    steps, n, size = output.sizes
    slope = slopes(grad_output, grad_hy, grad_cy, weight2, cx_tmp, workspace, reverse)
    by, flat = slope[0].array, slope[0].array.reshape(steps * n, 4 * size)
    d_input = d_ih = d_hh = d_bias = None
    if output_mask[0]:
        d_input = made(input.sizes)
        backends.plain(flat, weight1.array, d_input.array.reshape(steps * n, -1))
    if output_mask[1]:
        d_ih = made(weight1.sizes)
        x = np.ascontiguousarray(input.array).reshape(steps * n, -1)
        backends.plain(flat.T, x, d_ih.array)
    if output_mask[2]:
        d_hh = made(weight2.sizes)
        # of each step with the hidden state before it: the first one's was given
        first, (later, before) = order(steps, reverse)[0], (slice(1, None), slice(steps - 1))
        at, of = (before, later) if reverse else (later, before)
        backends.plain(by[first].T, hx_.array, d_hh.array)
        rest = by[at].reshape(-1, 4 * size).T, output.array[of].reshape(-1, size)
        backends.added(*rest, d_hh.array, d_hh.array)
    if output_mask[3]:
        d_bias = made((4 * size,))
        np.add.reduce(flat, 0, out=d_bias.array)
    return d_input, d_ih, d_hh, d_bias, *slope[1:]  # pyright: ignore[reportReturnType]  # as above


def slopes(
    g: Tensor, g_h: Tensor, g_c: Tensor, w_hh: Tensor, cx: Tensor, kept: Tensor, reverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of gates before they opened, (L, N, 4 H), and of the states at the start."""
    steps, n, size = g.sizes
    room = Room.of(steps, n, size, steps, kept)
    by, d_hx, d_cx = made(room.gates.shape), made(g_h.sizes), made(g_c.sizes)
    back, whole = loop("recurrent.step_back"), np.ascontiguousarray(g.array)
    d_hx.array[...], d_cx.array[...] = g_h.array, g_c.array
    start = np.ascontiguousarray(cx.array)
    taken = order(steps, reverse)
    for k in range(steps - 1, -1, -1):
        t = taken[k]
        old = room.cells[taken[k - 1]] if k else start
        states = old, room.cells[t], whole[t], d_hx.array, d_cx.array
        back(room.gates[t], *states, by.array[t], size)
        backends.plain(by.array[t], w_hh.array, d_hx.array)
    return by, d_hx, d_cx


Weights = tuple[Tensor, Tensor, Tensor | None, Tensor | None]


def in_public(
    g: Tensor, g_h: Tensor, g_c: Tensor, input: Tensor, weights: Weights, hx: Tensor, cx: Tensor,
    reverse: bool,
) -> Gradients:  # fmt: skip
    """The gradients in public ops, which have gradients of their own; gates are made again.

    Source: mkldnn_rnn_layer_differentiable_backward.
    """
    w_ih, w_hh, b_ih, b_hh = weights
    steps = input.sizes[0]
    taken = order(steps, reverse)
    gates: list[tuple[Tensor, ...]] = []
    states = [(hx, cx)]
    for t in taken:
        h, c = states[-1]
        whole = plus(linear(input[t], w_ih, b_ih), linear(h, w_hh, b_hh)).chunk(4, 1)
        i, f, n, o = whole[0].sigmoid(), whole[1].sigmoid(), whole[2].tanh(), whole[3].sigmoid()
        gates.append((i, f, n, o))
        c = f * c + i * n
        states.append((o * c.tanh(), c))
    by_step: list[Tensor] = [g] * steps
    d_ih = d_hh = d_bias = g
    for k in range(steps - 1, -1, -1):
        t = taken[k]
        (i, f, n, o), (h, c), seen = gates[k], states[k], states[k + 1][1].tanh()
        g_h = g[t] + g_h
        g_c = g_c + g_h * o * (1 - seen * seen)
        of_gates = (
            g_c * n * i * (1 - i), g_c * c * f * (1 - f), g_c * i * (1 - n * n),
            g_h * seen * o * (1 - o),
        )  # fmt: skip
        by = cat(of_gates, 1)
        by_step[t] = by.mm(w_ih).unsqueeze(0)
        found = by.sum(0), by.t().mm(input[t]), by.t().mm(h)
        if k < steps - 1:
            found = d_bias + found[0], d_ih + found[1], d_hh + found[2]
        d_bias, d_ih, d_hh = found
        g_h, g_c = by.mm(w_hh), g_c * f
    return cat(by_step, 0), d_ih, d_hh, d_bias, d_bias, g_h, g_c


_rule = cast("Rule", _backward)
mkldnn_rnn_layer.vjp(
    input=_rule, weight0=_rule, weight1=_rule, weight2=_rule, weight3=_rule, hx_=_rule, cx_=_rule
)
