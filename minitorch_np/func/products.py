"""Rules of products: the examples are one more dimension of matmul's batch.

Source: aten/src/ATen/functorch/BatchRulesLinearAlgebra.cpp.
"""

from typing import Any

from minitorch_np.func.batched import Level
from minitorch_np.func.dispatch import Kwargs, rule
from minitorch_np.func.elementwise import padded
from minitorch_np.graph.modes import RegisteredOp
from minitorch_np.op import REGISTRY
from minitorch_np.ops.linalg import matmul
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor

__all__: list[str] = []

A = Any


def _values(level: Level, given: Kwargs) -> list[Tensor]:
    """The tensors of a product, with all examples of those that are batched."""
    tensors = [t for t in given.values() if isinstance(t, Tensor)]
    return [level.front(t) if level.holds(t) else t for t in tensors]


def _dims(given: Kwargs) -> Shape:
    return tuple([t.ndim for t in given.values() if isinstance(t, Tensor)])


@rule("mm", "bmm")
def mm(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Products of matrices, or of batches of them."""
    if _dims(given) != ((2, 2) if op.name == "mm" else (3, 3)):
        return NotImplemented
    left, right = _values(level, given)
    return matmul(left, right)


@rule("mv")
def mv(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Products of matrices and vectors."""
    if _dims(given) != (2, 1):
        return NotImplemented
    left, right = _values(level, given)
    if not level.holds(given["vec"]):
        return matmul(left, right)
    return matmul(left, right.unsqueeze(-1)).squeeze(-1)


@rule("dot", "vdot")
def dot(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Products of vectors."""
    if _dims(given) != (1, 1):
        return NotImplemented
    left, right = _values(level, given)
    if left.ndim == right.ndim:
        return matmul(left.unsqueeze(-2), right.unsqueeze(-1)).squeeze(-1).squeeze(-1)
    return matmul(left, right) if left.ndim > 1 else matmul(right, left)


_FACTORS = {
    "addmm": ("mat1", "mat2", (2, 2)), "addmv": ("mat", "vec", (2, 1)),
    "baddbmm": ("batch1", "batch2", (3, 3)), "addbmm": ("batch1", "batch2", (3, 3)),
}  # fmt: skip


@rule(*_FACTORS)
def added(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """`beta * input + alpha * product`."""
    left, right, dims = _FACTORS[op.name]
    input = given["input"]
    ndim = 3 if op.name == "baddbmm" else dims[1]
    if (given[left].ndim, given[right].ndim) != dims or input.ndim > ndim:
        return NotImplemented
    factors = {"left": given[left], "vec": given[right]}
    product = (mv if op.name == "addmv" else mm)(level, _AS_BATCH[dims], factors)
    if product is NotImplemented:
        return product
    if op.name == "addbmm":
        product, ndim = product.sum(1 if product.ndim > 3 else 0), 2
    if product.ndim == ndim:  # neither factor is batched
        product = product.unsqueeze(0)
    alpha, beta = given["alpha"], given["beta"]
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return product.expand(level.size, *product.sizes[1:])
    base = padded(level, input, ndim) if level.holds(input) else input
    return (base if beta == 1 else base * beta) + product


@rule(*[f"{name}_" for name in _FACTORS])
def added_to(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """`added`, written to its first argument."""
    result = added(level, REGISTRY[op.name[:-1]], given)
    return result if result is NotImplemented else level.front(given["input"]).copy_(result)


class _Named:
    """Stands for an op that a rule asks the name of."""

    def __init__(self, name: str) -> None:
        self.name, self.layout = name, "contiguous"

    def __call__(self, *args: object, **kwargs: object) -> object:
        raise NotImplementedError(self.name)


_AS_BATCH = {(2, 2): _Named("mm"), (2, 1): _Named("mv"), (3, 3): _Named("bmm")}
