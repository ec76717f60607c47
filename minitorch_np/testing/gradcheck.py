"""gradcheck: the gradients of a function against central differences of its values.

Source: torch/autograd/gradcheck.py.
"""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np.dtypes import float64
from minitorch_np.graph.backward import grad
from minitorch_np.ops.random_creation import randn
from minitorch_np.random import Generator
from minitorch_np.tensor import Tensor, stored

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

Matrix = NDArray[np.float64]
Function = Callable[..., Tensor | Sequence[Tensor]]


class GradcheckError(RuntimeError):
    """A gradient that is not the derivative."""


def gradcheck(
    func: Function,
    inputs: Tensor | Sequence[object],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
) -> bool:
    """Whether the gradient of every output of `func` is its derivative by every input.

    Inputs that require a gradient should be float64: a step of `eps` drowns in float32's rounding.
    Every element of the Jacobian is compared. Raises: GradcheckError, unless `raise_exception` is
    false.
    """
    try:
        _check(
            func,
            (inputs,) if isinstance(inputs, Tensor) else tuple(inputs),
            eps,
            atol,
            rtol,
            nondet_tol,
        )
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Function,
    inputs: Tensor | Sequence[object],
    grad_outputs: Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
) -> bool:
    """Whether the second derivatives of `func` are right: gradcheck of its gradient.

    The gradient is taken for `grad_outputs`, random ones if none are given, and checked by the
    inputs and by those.
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    outputs = [o for o in _outputs(func, given) if o.requires_grad]
    if grad_outputs is None:
        generator = Generator().manual_seed(0)
        grad_outputs = [randn(o.sizes, dtype=o.dtype, generator=generator) for o in outputs]
        for cotangent in grad_outputs:
            cotangent.requires_grad = True
    count = len(grad_outputs)

    def first(*both: object) -> tuple[Tensor, ...]:
        mine, cotangents = both[:-count], cast("tuple[Tensor, ...]", both[-count:])
        results = [o for o in _outputs(func, mine) if o.requires_grad]
        wanted = [t for t in mine if isinstance(t, Tensor) and t.requires_grad]
        found = grad(results, wanted, cotangents, create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    return gradcheck(
        first, (*given, *grad_outputs), eps=eps, atol=atol, rtol=rtol,
        raise_exception=raise_exception, nondet_tol=nondet_tol,
    )  # fmt: skip


def _outputs(func: Function, inputs: tuple[object, ...]) -> list[Tensor]:
    result = func(*inputs)
    return [result] if isinstance(result, Tensor) else list(result)


def _check(
    func: Function,
    inputs: tuple[object, ...],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
) -> None:
    wanted = [t for t in inputs if isinstance(t, Tensor) and t.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    outputs = _outputs(func, inputs)
    if not any(o.requires_grad for o in outputs):
        if any(
            _numerical(func, inputs, t, i, eps).any() for t in wanted for i in range(len(outputs))
        ):
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    for o, output in enumerate(outputs):
        if not output.requires_grad:
            continue
        analytical = _analytical(output, wanted)
        again = _analytical(output, wanted)
        for i, tensor in enumerate(wanted):
            if np.abs(analytical[i] - again[i]).max(initial=0.0) > nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives different values, although analytical "
                    "gradient matches numerical gradient."
                    f"The tolerance for nondeterminism was {nondet_tol}."
                )
            numerical = _numerical(func, inputs, tensor, o, eps)
            if not np.allclose(analytical[i], numerical, rtol, atol):
                raise GradcheckError(
                    f"Jacobian mismatch for output {o} with respect to input {i},\n"
                    f"numerical:{stored(numerical, float64)!r}\n"
                    f"analytical:{stored(analytical[i], float64)!r}\n"
                )


def _analytical(output: Tensor, inputs: list[Tensor]) -> list[Matrix]:
    """The Jacobian by each input, (inputs' elements, outputs' elements), one backward a column."""
    columns = [np.zeros((t.numel(), output.numel())) for t in inputs]
    for j in range(output.numel()):
        unit = np.zeros(output.numel())
        unit[j] = 1
        cotangent = stored(unit.reshape(output.sizes), output.dtype)
        found = grad(output, inputs, cotangent, retain_graph=True, allow_unused=True)
        for column, g in zip(columns, found, strict=True):
            if g is not None:
                column[:, j] = g.array.reshape(-1)
    return columns


def _numerical(
    func: Function, inputs: tuple[object, ...], tensor: Tensor, which: int, eps: float
) -> Matrix:
    """The Jacobian of output `which` by `tensor`, from central differences of step `eps`."""
    rows: list[Matrix] = []
    values = tensor.array
    for index in np.ndindex(values.shape):
        before = values[index].item()
        sides: list[Matrix] = []
        for step in (eps, -eps):
            values[index] = before + step
            out = _outputs(func, inputs)[which]
            sides.append(out.array.astype(np.float64).reshape(-1))
        values[index] = before
        rows.append((sides[0] - sides[1]) / (2 * eps))
    out_size = rows[0].size if rows else 0
    return np.array(rows).reshape(tensor.numel(), out_size)
