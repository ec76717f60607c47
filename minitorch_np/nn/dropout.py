"""Dropout modules. Source: torch/nn/modules/dropout.py."""

from minitorch_np.nn import functional as F
from minitorch_np.nn.module import Module
from minitorch_np.tensor import Tensor

__all__ = ["Dropout"]


class Dropout(Module):
    """Zeros with probability `p` and the rest times 1 / (1 - p), in training; else the input."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The input with elements dropped."""
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The options."""
        return f"p={self.p}, inplace={self.inplace}"
