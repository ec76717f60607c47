"""gradcheck: the gradients of a function against central differences of its values.

Source: torch/autograd/gradcheck.py.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import numpy as np

from minitorch_np.dtypes import float64
from minitorch_np.graph.backward import grad
from minitorch_np.random import Generator
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, empty
from minitorch_np.testing.batched import check_batched, check_batched_forward
from minitorch_np.testing.forward import check_forward
from minitorch_np.testing.jacobian import (
    Function,
    GradcheckError,
    Inputs,
    Matrix,
    analytical,
    as_tuple,
    derivatives,
    differentiable,
    directions,
    numerical,
    undefined,
    wanted,
)
from minitorch_np.testing.mismatch import mismatch, slowly
from minitorch_np.testing.samples import make_tensor

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

Compare = Callable[[Function, Inputs, Inputs, tuple[Tensor, ...]], None]
"""Compares Jacobians of a function of these inputs, results and differentiable ones of those."""


def gradcheck(
    func: Function,
    inputs: Tensor | Sequence[object],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradient of every output of `func` is its derivative by every input.

    Inputs that require a gradient should be float64: a step of `eps` drowns in float32's rounding.
    Each element of the Jacobian is compared or, in `fast_mode`, one random combination of all.
    With `check_forward_ad`, tangents are compared, too; with `check_batched_grad` and
    `check_batched_forward_grad`, what vmap makes of a batch of them. Raises: GradcheckError, unless
    `raise_exception` is false.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    if check_batched_grad and not check_backward_ad:
        raise AssertionError(
            "Setting check_batched_grad=True requires check_backward_ad to be True"
        )
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError(
            "Setting check_batched_forward_grad=True requires check_forward_ad to be True"
        )
    compare = partial(
        _fast if fast_mode else _slow,
        eps=eps, atol=atol, rtol=rtol, nondet_tol=nondet_tol, check_dtypes=check_grad_dtypes,
    )  # fmt: skip
    forward = partial(
        check_forward, eps=eps, atol=atol, rtol=rtol, fast=fast_mode, undefined=check_undefined_grad
    )
    several, backward = as_tuple(inputs), compare if check_backward_ad else None
    try:
        _check(
            func, several, backward, forward if check_forward_ad else None,
            check_undefined_grad, bool(masked), (check_batched_grad, check_batched_forward_grad),
        )  # fmt: skip
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check(
    func: Function,
    inputs: Inputs,
    backward: Compare | None,
    forward: Compare | None,
    check_undefined: bool,
    masked: bool,
    batched: tuple[bool, bool],
) -> None:
    """All checks, in PyTorch's order; `batched` says whether of gradients and of tangents, too."""
    _check_inputs(inputs)
    results = func(*inputs)
    outputs = differentiable(results)
    for compare in (backward, forward):
        if compare is not None:
            compare(func, inputs, as_tuple(results), outputs)
    if batched[1]:
        check_batched_forward(func, inputs)
    if backward is None:
        return
    if batched[0]:
        check_batched(inputs, outputs)
    _check_zero_cotangents(outputs, inputs, masked)
    if check_undefined:
        _check_undefined(func, inputs, len(outputs))


def _check_inputs(inputs: Inputs) -> None:
    """Raise where no input can be checked, or one of them cannot."""
    any_wanted = False
    for at, one in enumerate(inputs):
        if not isinstance(one, Tensor) or not one.requires_grad:
            continue
        any_wanted = True
        if one.dtype is not float64:
            warnings.warn(
                f"Input #{at} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                stacklevel=2,
            )
        if not all(s > 0 or n <= 1 for s, n in zip(one.stride(), one.sizes, strict=True)):
            raise RuntimeError(
                f"The {at}th input has a dimension with stride 0. gradcheck only supports inputs "
                "that are non-overlapping to be able to compute the numerical gradients correctly. "
                "You should call .contiguous on the input before passing it to gradcheck."
            )
    if not any_wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )


def _slow(
    func: Function,
    inputs: Inputs,
    results: Inputs,
    outputs: tuple[Tensor, ...],
    *,
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
    check_dtypes: bool,
) -> None:
    """Compare every element of every Jacobian."""
    by_input = [numerical(func, inputs, tensor, eps) for tensor in wanted(inputs)]
    tensors = cast("tuple[Tensor, ...]", results)
    if not outputs:
        for jacobians in by_input:
            if any(derivatives(t) and j.any() for t, j in zip(tensors, jacobians, strict=True)):
                raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    kept = [at for at, out in enumerate(tensors) if out.requires_grad]
    several = list(wanted(inputs))
    for o, out in enumerate(outputs):
        for i, found in enumerate(analytical(inputs, out, nondet_tol, check_dtypes)):
            expected = by_input[i][kept[o]]
            if not np.allclose(found, expected, rtol, atol, equal_nan=False):
                raise GradcheckError(mismatch(o, i, expected, found, out, by=several[i]))


def _fast(
    func: Function,
    inputs: Inputs,
    results: Inputs,
    outputs: tuple[Tensor, ...],
    *,
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
    check_dtypes: bool,
) -> None:
    """Compare v @ J @ u for random v and u: that costs one step and one backward.

    Source: https://github.com/pytorch/pytorch/issues/53876.
    """
    generator = Generator()
    several = [t for t in inputs if isinstance(t, Tensor) and t.requires_grad]
    all_u = directions(several, generator)
    all_v = directions(outputs, generator)
    tensors = cast("tuple[Tensor, ...]", results)
    steps = [
        numerical(func, inputs, tensor, eps, cast(Matrix, u.array))
        for tensor, u in zip(several, all_u)
    ]
    if not outputs:
        if any(np.abs(row).max(initial=0.0) > nondet_tol for rows in steps for row in rows):
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    kept = [at for at, out in enumerate(tensors) if out.requires_grad]
    columns = [
        analytical(inputs, out, nondet_tol, check_dtypes, v) for out, v in zip(outputs, all_v)
    ]
    for i, u in enumerate(all_u):
        for o, v in enumerate(all_v):
            one, other = cast(Matrix, u.array), cast(Matrix, v.array)
            expected = cast(Matrix, np.array((steps[i][kept[o]] * other).sum()))
            found = cast(Matrix, np.array((columns[o][i][:, 0] * one).sum()))
            scaled = atol * float(one.sum()) * float(other.sum())
            if not np.allclose(found, expected, rtol, scaled, equal_nan=False):
                text = mismatch(o, i, expected, found, outputs[o])
                again = numerical(func, inputs, several[i], eps)[kept[o]]
                exact = analytical(inputs, outputs[o], float("inf"))[i]
                raise GradcheckError(text + slowly(again, exact, outputs[o], rtol, atol))


def _zeros(tensors: Sequence[Tensor]) -> list[Tensor]:
    zeros = [empty(t.sizes, contiguous(t.sizes), t.dtype) for t in tensors]
    for one in zeros:
        one.array.fill(0)
    return zeros


def _check_zero_cotangents(outputs: tuple[Tensor, ...], inputs: Inputs, masked: bool) -> None:
    """Raise where cotangents of zeros give something else than zeros."""
    several = list(wanted(inputs))
    if not several:
        raise GradcheckError("no Tensors requiring grad found in input")
    grads = grad(outputs, several, _zeros(outputs), allow_unused=True)
    for found, tensor in zip(grads, several, strict=True):
        if found is None:
            continue
        values = found.detach().array
        if not (np.allclose(values, 0) if masked else (values == 0).all()):
            raise GradcheckError("backward not multiplied by grad_output")
        if found.dtype is not tensor.dtype:
            raise GradcheckError("grad is incorrect type")
        if found.sizes != tensor.sizes:
            raise GradcheckError("grad is incorrect size")


_NOTES = (
    'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
)


def _check_undefined(func: Function, inputs: Inputs, count: int) -> None:
    """Raise where backward does not take a gradient that never arrives for one of zeros: for all
    outputs at once, and where there are several for each."""
    _take_undefined([undefined(out) for out in differentiable(func(*inputs))], inputs)
    for which in range(count) if count > 1 else ():
        outputs = differentiable(func(*inputs))
        some = [undefined(out) if at == which else out for at, out in enumerate(outputs)]
        _take_undefined(some, inputs)


def _take_undefined(outputs: list[Tensor], inputs: Inputs) -> None:
    error: Exception | None = None
    grads: tuple[Tensor | None, ...] = ()
    try:
        grads = grad(outputs, list(wanted(inputs)), _zeros(outputs), allow_unused=True)
    except RuntimeError as raised:
        error = raised
    if error is None and all(g is None or (g.detach().array == 0).all() for g in grads):
        return
    warnings.warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by "
        "default, but it may break existing callers of this function. If this is true for you, you "
        'can call this function with "check_undefined_grad=False" to disable the feature',
        stacklevel=2,
    )
    if error is not None:
        raise GradcheckError(
            f"Expected backward function to handle undefined output grads. {_NOTES}"
        ) from error
    raise GradcheckError(
        "Expected all input grads to be undefined or zero when all output grads are undefined "
        f"or zero. {_NOTES}"
    )


def gradgradcheck(
    func: Function,
    inputs: Tensor | Sequence[object],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the second derivatives of `func` are right: gradcheck of its gradient.

    The gradient is taken for `grad_outputs`, random ones if none are given, and checked by the
    inputs and by those. Raises: GradcheckError, unless `raise_exception` is false.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError(
            "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
        )
    for name, given in (
        ("check_undefined_grad", check_undefined_grad), ("check_batched_grad", check_batched_grad),
    ):  # fmt: skip
        if given and not check_rev_over_rev:
            raise AssertionError(f"Setting {name}=True requires check_rev_over_rev to be True")
    several = as_tuple(inputs)
    if grad_outputs is None:
        cotangents = tuple([
            make_tensor(
                out.sizes, dtype=out.dtype, low=-1, high=1, requires_grad=True,
                noncontiguous=gen_non_contig_grad_outputs,
            )
            for out in differentiable(func(*several))
        ])  # fmt: skip
    else:
        cotangents = cast("tuple[Tensor, ...]", as_tuple(grad_outputs))
    count = len(several)

    wants = [isinstance(t, Tensor) and t.requires_grad for t in (*several, *cotangents)]

    def first(*given_both: object) -> tuple[Tensor, ...]:
        # forward mode is given tensors without a history
        both = [
            t.requires_grad_() if want and isinstance(t, Tensor) else t
            for t, want in zip(given_both, wants, strict=True)
        ]
        mine = both[:count]
        sources = [t for t in mine if isinstance(t, Tensor) and t.requires_grad]
        given = cast("tuple[Tensor, ...]", both[count:])
        outputs = differentiable(func(*mine))
        found = grad(outputs, sources, given, create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    return gradcheck(
        first, (*several, *cotangents), eps=eps, atol=atol, rtol=rtol,
        raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad, fast_mode=fast_mode,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev, masked=masked,
    )  # fmt: skip
