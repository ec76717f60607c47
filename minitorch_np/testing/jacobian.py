"""Jacobians twice over: from differences of values, and from backward. gradcheck compares them.

A Jacobian here is (elements of the input, elements of the output). Source:
torch/autograd/gradcheck.py.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np.dtypes import float32
from minitorch_np.graph.backward import grad
from minitorch_np.graph.node import Edge, Node, edge
from minitorch_np.ops.random_creation import rand
from minitorch_np.random import Generator
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, empty, stored

__all__ = [
    "Function", "GradcheckError", "Inputs", "Matrix", "analytical", "as_tuple", "derivatives",
    "differentiable", "directions", "numerical", "undefined", "wanted",
]  # fmt: skip

Matrix = NDArray[np.float64]
Inputs = tuple[object, ...]
Function = Callable[..., object]


class GradcheckError(RuntimeError):
    """A gradient that is not the derivative, or no gradient that `gradcheck` could use."""


NONDETERMINISTIC = """

NOTE: If your op relies on non-deterministic operations i.e., it is listed here:
https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
this failure might be expected.

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.
If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `nondet_tol=<tol>` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_nondet_tol=<tol>`.
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_nondet_tol=<tol>`
"""


def as_tuple(values: object) -> Inputs:
    """Several values as a tuple, one as a tuple of it."""
    if isinstance(values, (tuple, list)):
        return tuple(cast("Sequence[object]", values))
    return (values,)


def differentiable(values: object) -> tuple[Tensor, ...]:
    """The tensors among some values that require a gradient."""
    return tuple([t for t in cast("tuple[Tensor, ...]", as_tuple(values)) if t.requires_grad])


def wanted(inputs: object) -> Iterator[Tensor]:
    """The tensors that require a gradient among some inputs, in sequences of them too."""
    if isinstance(inputs, Tensor):
        if inputs.requires_grad:
            yield inputs
    elif isinstance(inputs, (tuple, list)):
        for each in cast("Sequence[object]", inputs):
            yield from wanted(each)


def derivatives(tensor: Tensor) -> bool:
    """Whether values of this kind have a derivative."""
    return tensor.dtype.is_floating_point


def _values(func: Function, inputs: Inputs) -> list[Tensor]:
    outputs = cast("tuple[Tensor, ...]", as_tuple(func(*inputs)))
    return [out.detach().clone() for out in outputs]


def _difference(low: Tensor, high: Tensor, step: float, at: tuple[int, ...] | None) -> Matrix:
    """The central difference of one output. Raises: AssertionError where the step changed its
    shape or dtype."""
    where = "" if at is None else f"on index {at} "
    for what, one, other in (
        ("shape", low.shape, high.shape), ("dtype", low.dtype, high.dtype),
    ):  # fmt: skip
        if one != other:
            raise AssertionError(
                f"Expected `func` to return outputs with the same {what} when inputs are perturbed "
                f"{where}by {step}, but got: {what}s {one} and {other}."
            )
    apart = high.array.astype(np.float64) - low.array.astype(np.float64)
    return apart.reshape(-1) / (2 * step)


def numerical(
    func: Function, inputs: Inputs, tensor: Tensor, eps: float, along: Matrix | None = None
) -> list[Matrix]:
    """The Jacobian of each output of `func` by `tensor`, one of its inputs; of a step `along` a
    direction, one row."""
    values = cast(Matrix, tensor.data.array)
    before = values.copy()
    columns: list[list[Matrix]] = []
    steps: Iterator[tuple[tuple[int, ...] | None, Matrix | float]] = (
        iter([(None, along.reshape(values.shape) * eps)])
        if along is not None
        else ((at, eps) for at in np.ndindex(values.shape))
    )
    for at, step in steps:
        sides: list[list[Tensor]] = []
        for sign in (-1, 1):
            here = ... if at is None else at
            values[here] = before[here] + sign * step
            sides.append(_values(func, inputs))
            values[here] = before[here]
        columns.append([_difference(a, b, eps, at) for a, b in zip(*sides, strict=True)])
    if not columns:  # an input without elements
        return [np.zeros((0, out.numel())) for out in _values(func, inputs)]
    return [np.array(rows) for rows in zip(*columns, strict=True)]


def analytical(
    inputs: Inputs, output: Tensor, tolerance: float, check_dtypes: bool = False,
    along: Tensor | None = None,
) -> list[Matrix]:  # fmt: skip
    """The Jacobian of one output by each input that requires a gradient, from backward; for one
    cotangent `along`, one column of each.

    Raises: GradcheckError where backward, run twice, does not give the same within `tolerance`, or
    gradients of another shape, or dtype if `check_dtypes`.
    """
    several = list(wanted(inputs))
    once, dtypes_fit, sizes_fit = _columns(several, output, along)
    again, _, _ = _columns(several, output, along)
    if not dtypes_fit and check_dtypes:
        raise GradcheckError("Gradient has dtype mismatch")
    if not sizes_fit:
        raise GradcheckError("Analytical gradient has incorrect size")
    if any(np.abs(a - b).max(initial=0.0) > tolerance for a, b in zip(once, again, strict=True)):
        raise GradcheckError(
            "Backward is not reentrant, i.e., running backward with same input and grad_output "
            "multiple times gives different values, although analytical gradient matches numerical "
            f"gradient.The tolerance for nondeterminism was {tolerance}.{NONDETERMINISTIC}"
        )
    return once


def _columns(
    inputs: list[Tensor], output: Tensor, along: Tensor | None
) -> tuple[list[Matrix], bool, bool]:
    """The Jacobians by each input, and whether dtypes and sizes of the gradients fit the inputs."""
    count = output.numel() if along is None else 1
    found = [np.zeros((t.numel(), count)) for t in inputs]
    dtypes_fit = sizes_fit = True
    for at in range(count):
        if along is None:
            unit = np.zeros(output.numel())
            unit[at] = 1
            cotangent = stored(unit.reshape(output.sizes), output.dtype)
        else:
            cotangent = along.reshape(output.sizes)
        grads = grad(output, inputs, cotangent, retain_graph=True, allow_unused=True)
        for matrix, tensor, g in zip(found, inputs, grads, strict=True):
            if g is None:
                continue
            if g.sizes != tensor.sizes:
                sizes_fit = False
            elif g.dtype is not tensor.dtype:
                dtypes_fit = False
            matrix[:, at] = g.detach().array.reshape(-1)
    return found, dtypes_fit, sizes_fit


def directions(tensors: Sequence[Tensor], generator: Generator) -> list[Tensor]:
    """For each tensor a random vector of length 1 with as many elements, none negative."""
    found: list[Tensor] = []
    for tensor in tensors:
        vector = rand(tensor.numel(), generator=generator, dtype=float32).to(tensor.dtype)
        found.append(vector.div_(vector.norm()))
    return found


class UndefinedGradBackward(Node):
    """Passes no gradient on. Source: torch/csrc/autograd/functions/basic_ops.h, UndefinedGrad."""

    __slots__ = ()

    def name(self) -> str:
        """PyTorch's name of the node."""
        return "torch::autograd::UndefinedGradBackward"

    def apply(
        self, grads: list[Tensor | None], edges: tuple[Edge | None, ...]
    ) -> list[Tensor | None]:
        """Nothing, for each input."""
        del grads
        return [None] * len(edges)


def undefined(tensor: Tensor) -> Tensor:
    """A copy of `tensor` that passes no gradient on to it."""
    copy = empty(tensor.sizes, contiguous(tensor.sizes), tensor.dtype).copy_(tensor.detach())
    node = UndefinedGradBackward((edge(tensor),))
    node.expects = copy.form.expects
    copy.autograd().grad_fn = node
    return copy
