"""Recurrent layers. Source: torch/nn/modules/rnn.py."""

import math
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

from minitorch_np.devices import device
from minitorch_np.dtypes import dtype
from minitorch_np.flight import depth
from minitorch_np.nn import init
from minitorch_np.nn.module import Module
from minitorch_np.nn.parameter import Parameter
from minitorch_np.ops import recurrent
from minitorch_np.ops.creation import empty, zeros
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}
"""Rows of a weight for each hidden number, by mode."""

PROJECTED = "proj_size argument is only supported for LSTM, not RNN or GRU"


def is_number(value: object) -> bool:
    """Whether a dropout is a number in [0, 1]."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def bound_of(hidden_size: int) -> float:
    """What initial parameters are smaller than."""
    return 1.0 / math.sqrt(hidden_size) if hidden_size > 0 else 0


class RNNBase(Module):
    """What RNN, LSTM and GRU share: parameters by layer and direction, uniform at the start in
    [-1/sqrt(hidden_size), 1/sqrt(hidden_size)), and the checks of what they are given.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_options(dropout)
        self._names: list[list[str]] = []
        for layer in range(num_layers):
            for direction in range(self._directions):
                self._add_layer(layer, "_reverse" if direction else "", device, dtype)
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _output_size(self) -> int:
        return self.proj_size if self.proj_size > 0 else self.hidden_size

    def _check_options(self, dropout: float) -> None:
        """Raise TypeError or ValueError for options that make no network."""
        if not is_number(dropout):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                "element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                f"dropout expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={self.num_layers}",
                stacklevel=depth(),
            )
        kinds = {"bias": bool, "batch_first": bool, "input_size": int, "hidden_size": int}
        for name, kind in kinds.items():
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(
                    f"{name} should be of type {kind.__name__}, got: {type(value).__name__}"
                )
            if kind is int and value <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if self.mode not in GATES:
            raise ValueError(f"Unrecognized RNN mode: {self.mode}")

    def _add_layer(
        self, layer: int, suffix: str, device: "device | str | None", dtype: dtype | None
    ) -> None:
        rows = GATES[self.mode] * self.hidden_size
        size = self._output_size * self._directions if layer else self.input_size
        shapes: dict[str, Shape] = {
            "weight_ih": (rows, size),
            "weight_hh": (rows, self._output_size),
        }
        if self.bias:
            shapes.update(bias_ih=(rows,), bias_hh=(rows,))
        if self.proj_size > 0:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        names: list[str] = []
        for name, shape in shapes.items():
            names.append(f"{name}_l{layer}{suffix}")
            made = Parameter(empty(shape, device=device, dtype=dtype))
            self.register_parameter(names[-1], made)
        self._names.append(names)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._names]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [weight for weights in self.all_weights for weight in weights]

    def flatten_parameters(self) -> None:
        """Nothing: parameters lie together for other devices only."""

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        bound = bound_of(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _check_input(self, input: Tensor) -> None:
        kind = self._flat_weights[0].dtype
        if input.dtype is not kind:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({kind}). Convert "
                f"input: input.to({kind}), or convert model: model.to({input.dtype})"
            )
        if self.input_size != input.size(-1):
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{input.size(-1)}"
            )

    def _expected(self, input: Tensor, size: int) -> tuple[int, int, int]:
        batch = input.size(0 if self.batch_first else 1)
        return (self.num_layers * self._directions, batch, size)

    def _check_hidden(self, hx: Tensor, size: tuple[int, int, int], name: str = "hidden") -> None:
        if hx.sizes != size:
            raise RuntimeError(f"Expected {name} size {size}, got {list(hx.sizes)}")

    def _start(self, input: Tensor, size: int) -> Tensor:
        return zeros(self._expected(input, size), dtype=input.dtype)

    def _batched(self, input: Tensor, name: str, ending: str = "") -> Tensor:
        """The input with a batch. Raises: ValueError for other dims."""
        if input.ndim not in (2, 3):
            raise ValueError(
                f"{name}: Expected input to be 2D or 3D, got {input.ndim}D{ending} instead"
            )
        return input if input.ndim == 3 else input.unsqueeze(0 if self.batch_first else 1)

    def _options(self) -> tuple[bool, int, float, bool, bool, bool]:
        return (
            self.bias, self.num_layers, self.dropout, self.training, self.bidirectional,
            self.batch_first,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The sizes, and the options that are not as usual."""
        usual: dict[str, object] = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0,
            "bidirectional": False,
        }  # fmt: skip
        parts = [f"{self.input_size}, {self.hidden_size}"]
        parts += [f"{k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v]
        return ", ".join(parts)


class _OneState(RNNBase):
    """A network whose only state is the hidden one: (L, N, I) to (L, N, D * H) and (D * K, N, H).

    D is the number of directions, K that of layers. N comes first if `batch_first`, or is left out.
    """

    runs: ClassVar[dict[str, Callable[..., tuple[Tensor, Tensor]]]] = {
        "RNN_TANH": recurrent.rnn_tanh, "RNN_RELU": recurrent.rnn_relu, "GRU": recurrent.gru,
    }  # fmt: skip

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The outputs of all steps, and the last hidden states."""
        name = "GRU" if self.mode == "GRU" else "RNN"
        given = self._batched(input, name, "" if name == "GRU" else " tensor")
        alone = given is not input
        if hx is not None and hx.ndim != (2 if alone else 3):
            kind, n = ("unbatched", 2) if alone else ("batched", 3)
            raise RuntimeError(
                f"For {kind} {n}-D input, hx should also be {n}-D but got {hx.ndim}-D tensor"
            )
        if hx is None:
            hidden = self._start(given, self.hidden_size)
        else:
            hidden = hx.unsqueeze(1) if alone else hx
        self._check_input(given)
        self._check_hidden(hidden, self._expected(given, self.hidden_size))
        out, last = self.runs[self.mode](given, hidden, self._flat_weights, *self._options())
        if alone:
            return out.squeeze(0 if self.batch_first else 1), last.squeeze(1)
        return out, last


class RNN(_OneState):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh) for each step, or relu of it."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        if "proj_size" in kwargs:
            raise ValueError(PROJECTED)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(mode, input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class GRU(_OneState):
    """Gated recurrent units."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        if "proj_size" in kwargs:
            raise ValueError(PROJECTED)
        super().__init__("GRU", *args, **kwargs)


class LSTM(RNNBase):
    """Long short-term memory: (L, N, I) to (L, N, D * H), and the last hidden states and cells.

    `proj_size` projects hidden states to as many numbers. See `_OneState` for the letters.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__("LSTM", *args, **kwargs)

    def _given(self, hx: tuple[Tensor, Tensor], alone: bool) -> tuple[Tensor, Tensor]:
        n, kind = (2, "unbatched") if alone else (3, "batched")
        if hx[0].ndim != n or hx[1].ndim != n:
            raise RuntimeError(
                f"For {kind} {n}-D input, hx and cx should also be {n}-D but got ({hx[0].ndim}-D, "
                f"{hx[1].ndim}-D) tensors"
            )
        return (hx[0].unsqueeze(1), hx[1].unsqueeze(1)) if alone else hx

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The outputs of all steps, and the last hidden states and cells."""
        given = self._batched(input, "LSTM")
        alone = given is not input
        sizes = self._output_size, self.hidden_size
        if hx is None:
            state = self._start(given, sizes[0]), self._start(given, sizes[1])
        else:
            state = self._given(hx, alone)
        self._check_input(given)
        for k, size in enumerate(sizes):
            self._check_hidden(state[k], self._expected(given, size), f"hidden[{k}]")
        out, hidden, memory = recurrent.lstm(given, state, self._flat_weights, *self._options())
        if alone:
            out = out.squeeze(0 if self.batch_first else 1)
            hidden, memory = hidden.squeeze(1), memory.squeeze(1)
        return out, (hidden, memory)


class RNNCellBase(Module):
    """What the cells share: parameters of so many gates, uniform at the start as in `RNNBase`."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        shapes: dict[str, Shape] = {
            "weight_ih": (rows, input_size),
            "weight_hh": (rows, hidden_size),
        }
        shapes.update(bias_ih=(rows,), bias_hh=(rows,))
        for name, shape in shapes.items():
            there = bias or len(shape) == 2
            made = Parameter(empty(shape, device=device, dtype=dtype)) if there else None
            self.register_parameter(name, made)
        self.reset_parameters()

    def extra_repr(self) -> str:
        """The sizes, and the options that are not as usual."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.bias is not True:
            parts.append(f"bias={self.bias}")
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        if nonlinearity != "tanh":
            parts.append(f"nonlinearity={nonlinearity}")
        return ", ".join(parts)

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        bound = bound_of(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _batched(self, input: Tensor, name: str, **states: Tensor) -> Tensor:
        """The input with a batch. Raises: ValueError for other dims."""
        for called, t in {"input": input, **states}.items():
            if t.ndim not in (1, 2):
                raise ValueError(f"{name}: Expected {called} to be 1D or 2D, got {t.ndim}D instead")
        return input if input.ndim == 2 else input.unsqueeze(0)

    def _start(self, input: Tensor) -> Tensor:
        return zeros((input.size(0), self.hidden_size), dtype=input.dtype)

    def _weights(self) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh


class _OneStateCell(RNNCellBase):
    """A cell whose only state is the hidden one: (N, I) and (N, H) to (N, H); N may be left out."""

    def _run(self, name: str, f: Callable[..., Tensor], input: Tensor, hx: Tensor | None) -> Tensor:
        given = self._batched(input, name, **({} if hx is None else {"hidden": hx}))
        alone = given is not input
        if hx is None:
            hx = self._start(given)
        elif alone:
            hx = hx.unsqueeze(0)
        out = f(given, hx, *self._weights())
        return out.squeeze(0) if alone else out


class RNNCell(_OneStateCell):
    """tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next hidden state."""
        runs = {"tanh": recurrent.rnn_tanh_cell, "relu": recurrent.rnn_relu_cell}
        if self.nonlinearity not in runs:
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._run("RNNCell", runs[self.nonlinearity], input, hx)


class GRUCell(_OneStateCell):
    """One step of a GRU."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next hidden state."""
        return self._run("GRUCell", recurrent.gru_cell, input, hx)


class LSTMCell(RNNCellBase):
    """One step of an LSTM: the next hidden state and cell."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """The next hidden state and cell."""
        states = {f"hx[{k}]": t for k, t in enumerate(hx or ())}
        given = self._batched(input, "LSTMCell", **states)
        alone = given is not input
        if hx is None:
            start = self._start(given)
            hx = start, start
        elif alone:
            hx = hx[0].unsqueeze(0), hx[1].unsqueeze(0)
        hidden, memory = recurrent.lstm_cell(given, hx, *self._weights())
        return (hidden.squeeze(0), memory.squeeze(0)) if alone else (hidden, memory)
