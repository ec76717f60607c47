"""gradcheck of forward mode: tangents against central differences.

Source: torch/autograd/gradcheck.py, _get_analytical_jacobian_forward_ad and
_test_undefined_forward_mode.
"""

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from minitorch_np.dual.tensors import jvp_of
from minitorch_np.random import Generator
from minitorch_np.tensor import Tensor, stored
from minitorch_np.testing.jacobian import (
    Function,
    GradcheckError,
    Inputs,
    Matrix,
    derivatives,
    directions,
    numerical,
)
from minitorch_np.testing.mismatch import mismatch, slowly

__all__ = ["check_forward"]

_MODE = "computed with forward mode "


def check_forward(
    func: Function, inputs: Inputs, results: Inputs, outputs: tuple[Tensor, ...], *,
    eps: float, atol: float, rtol: float, fast: bool, undefined: bool,
) -> None:  # fmt: skip
    """Compare the tangents of all outputs along each element of each input, or one direction of it.

    With `undefined`, an input without a tangent is compared with one whose tangent is zeros.
    Raises: GradcheckError; NotImplementedError for an op that forward mode does not support.
    """
    given = [t for t in inputs if isinstance(t, Tensor) and t.requires_grad]
    several = cast("tuple[Tensor, ...]", results)
    if not outputs:
        steps = [numerical(func, inputs, tensor, eps) for tensor in given]
        if any(derivatives(t) and j.any() for s in steps for t, j in zip(several, s, strict=True)):
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    kept = [at for at, out in enumerate(several) if out.requires_grad]
    if fast:
        _fast(func, inputs, given, outputs, kept, eps, atol, rtol)
    else:
        found = [_jacobian(func, inputs, i) for i in range(len(given))]
        expected = [numerical(func, inputs, tensor, eps) for tensor in given]
        for o, at in enumerate(kept):
            for i in range(len(given)):
                a, n = found[i][at], expected[i][at]
                if not np.allclose(a, n, rtol, atol, equal_nan=False):
                    raise GradcheckError(mismatch(o, i, n, a, outputs[o], _MODE))
    if undefined:
        _check_undefined(func, inputs, directions(given, Generator()))


def _fast(
    func: Function, inputs: Inputs, given: Sequence[Tensor], outputs: tuple[Tensor, ...],
    kept: Sequence[int], eps: float, atol: float, rtol: float,
) -> None:  # fmt: skip
    for i, u in enumerate(directions(given, Generator())):
        along = cast(Matrix, u.array)
        found = _pushed(func, inputs, i, u)
        expected = numerical(func, inputs, given[i], eps, along)
        for o, at in enumerate(kept):
            a, n = found[at], expected[at].reshape(-1)
            if not np.allclose(a, n, rtol, atol * float(along.sum()), equal_nan=False):
                exact = _jacobian(func, inputs, i)[at]
                again = numerical(func, inputs, given[i], eps)[at]
                text = mismatch(o, i, n, a, outputs[o], _MODE)
                raise GradcheckError(text + slowly(again, exact, outputs[o], rtol, atol))


def _bare(inputs: Inputs) -> list[object]:
    return [t.detach() if isinstance(t, Tensor) and t.requires_grad else t for t in inputs]


def _places(inputs: Inputs) -> list[int]:
    return [at for at, t in enumerate(inputs) if isinstance(t, Tensor) and t.requires_grad]


def _shaped(u: Tensor, like: Tensor) -> Tensor:
    return stored(np.array(u.array).reshape(like.sizes).astype(like.dtype.np), like.dtype)


def _pushed(func: Function, inputs: Inputs, which: int, u: Tensor) -> list[Matrix]:
    """The tangent of each output, flat, for that one of an input; the others' are zeros."""
    tangents: list[Tensor | None] = [None] * len(inputs)
    for nr, at in enumerate(_places(inputs)):
        like = cast(Tensor, inputs[at])
        tangents[at] = _shaped(u, like) if nr == which else like.detach().clone().zero_()
    pairs = jvp_of(func, _bare(inputs), tangents)
    return [
        np.zeros(primal.numel()) if t is None else t.detach().array.astype(np.float64).reshape(-1)
        for primal, t in pairs
    ]


def _jacobian(func: Function, inputs: Inputs, which: int) -> list[Matrix]:
    """The Jacobian of each output by an input, (elements of the input, of the output)."""
    like = cast(Tensor, inputs[_places(inputs)[which]])
    rows = [_pushed(func, inputs, which, unit) for unit in _units(like)]
    if not rows:
        zero = stored(np.zeros(like.sizes), like.dtype)
        return [np.zeros((0, t.size)) for t in _pushed(func, inputs, which, zero)]
    return [np.array(column) for column in zip(*rows, strict=True)]


def _units(like: Tensor) -> Iterator[Tensor]:
    for at in np.ndindex(like.sizes):
        unit = np.zeros(like.sizes)
        unit[at] = 1
        yield stored(unit, like.dtype)


def _check_undefined(func: Function, inputs: Inputs, along: Sequence[Tensor]) -> None:
    """Raise where an input's missing tangent gives something else than one of zeros."""
    places = _places(inputs)
    full: list[Tensor | None] = [None] * len(inputs)
    for at, u in zip(places, along, strict=True):
        full[at] = _shaped(u, cast(Tensor, inputs[at]))
    for at in places:
        like = cast(Tensor, inputs[at])
        zero: list[Tensor | None] = [*full[:at], like.detach().clone().zero_(), *full[at + 1 :]]
        none: list[Tensor | None] = [*full[:at], None, *full[at + 1 :]]
        both = [jvp_of(func, _bare(inputs), one) for one in (zero, none)]
        for o, ((_, a), (_, b)) in enumerate(zip(*both, strict=True)):
            if a is not None and b is not None and not np.allclose(a.array, b.array):
                raise GradcheckError(
                    "Mismatch in tangent values for output with index: ", o, " when input: ", like,
                    " has an undefined tangent value. ", " Got: ", a, " but expected: ", b,
                )  # fmt: skip
