"""The gradients of the gradients of a normalisation, in ops that have gradients themselves.

With x the input brought to mean 0 and variance 1, h the gradient times the weight and m a mean over
what was normalised together, the gradient of the input is P(h) = rstd * (h - m(h) - x * m(h * x)).
P is its own adjoint. Source: batchnorm_double_backward, torch/csrc/autograd/FunctionsManual.cpp.
"""

from dataclasses import dataclass

from minitorch_np.tensor import Tensor

__all__ = ["Curvature", "curvature"]


@dataclass
class Curvature:
    """What a gradient was made of, in shapes that broadcast, and what arrived for its parts."""

    input: Tensor
    grad_out: Tensor
    weight: Tensor | None
    mean: Tensor
    rstd: Tensor
    ggI: Tensor | None
    ggG: Tensor | None
    ggB: Tensor | None

    def weighed(self, t: Tensor) -> Tensor:
        """A tensor times the weight."""
        return t if self.weight is None else t * self.weight


def curvature(
    c: Curvature, dims: tuple[int, ...], across: tuple[int, ...]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The gradients for input, weight and incoming gradient.

    Numbers along `dims` were normalised together; a weight serves all along `across`.
    """
    apart = c.input - c.mean
    x = apart * c.rstd
    g_input = g_weight = g_grad = None
    if c.ggI is not None:
        v, h = c.ggI, c.weighed(c.grad_out)
        hx = (h * x).mean(dims, True)
        vx = (v * x).mean(dims, True)
        level = v - v.mean(dims, True) - x * vx
        # by the square of rstd, which may be too large for a half, as PyTorch has it
        turn = (v * apart).mean(dims, True) * c.rstd.pow(2)
        through = (v - v.mean(dims, True) - apart * turn) * c.rstd
        g_grad = c.weighed(through)
        if c.weight is not None:
            g_weight = (through * c.grad_out).sum(across, True)
        turned = -(v * hx + h * vx) * c.rstd
        g_input = _through(turned, x, c.rstd, dims) - x * c.rstd.pow(2) * (level * h).mean(
            dims, True
        )
    if c.ggG is not None:
        g_grad = _sum(g_grad, c.ggG * x)
        g_input = _sum(g_input, _through(c.ggG * c.grad_out, x, c.rstd, dims))
    if c.ggB is not None:
        g_grad = _sum(g_grad, c.ggB.expand_as(c.grad_out))
    return g_input, g_weight, g_grad


def _through(q: Tensor, x: Tensor, rstd: Tensor, dims: tuple[int, ...]) -> Tensor:
    """P(q)."""
    return (q - q.mean(dims, True) - x * (q * x).mean(dims, True)) * rstd


def _sum(a: Tensor | None, b: Tensor) -> Tensor:
    return b if a is None else a + b
