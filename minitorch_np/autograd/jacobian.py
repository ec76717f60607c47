"""Jacobians and Hessians, row by row or all rows at once. Source: torch/autograd/functional.py."""

from collections.abc import Callable, Sequence
from typing import Any

from minitorch_np.autograd.arguments import (
    as_tuple,
    check_required,
    check_scalar,
    finished,
    gradients,
    prepared,
    unpacked,
)
from minitorch_np.func.jacobians import basis, jacfwd, jacrev
from minitorch_np.graph.modes import enable_grad
from minitorch_np.ops.creation import zeros_like
from minitorch_np.ops.join import stack
from minitorch_np.tensor import Tensor

__all__ = ["hessian", "jacobian"]

A = Any
Function = Callable[..., A]
Tensors = tuple[Tensor, ...]


def jacobian(
    func: Function,
    inputs: A,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> A:
    """The Jacobian of `func`: for outputs of shape O and inputs of shape I, (*O, *I).

    A tuple of outputs gives a tuple, and within it a tuple of inputs another. `vectorize` finds all
    rows in one walk, by vmap. `create_graph` keeps the history; `strict` refuses an output that an
    input has no influence on, whose part is zeros otherwise.
    Raises: RuntimeError for options that exclude one another. Source: jacobian.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                "torch.autograd.functional.jacobian: `create_graph=True` and "
                '`strategy="forward-mode"` are not supported together (yet). Please either set '
                '`create_graph=False` or `strategy="reverse-mode"`.'
            )
        return _forward(func, inputs, strict, vectorize)
    with enable_grad():
        several, given = as_tuple(inputs, "inputs", "jacobian")
        given = prepared(given, create_graph, need_graph=True)
        several_out, outputs = as_tuple(
            func(*given), "outputs of the user-provided function", "jacobian"
        )
        check_required(outputs, "outputs", strict)
        if vectorize and strict:
            raise RuntimeError(
                "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not "
                "supported together. Please either set `strict=False` or `vectorize=False`."
            )
        rows = (
            _at_once(outputs, given, create_graph)
            if vectorize
            else [
                _one_by_one(at, out, given, create_graph, strict) for at, out in enumerate(outputs)
            ]
        )
        cells = finished(tuple(rows), create_graph)
    return unpacked(tuple([unpacked(row, several) for row in cells]), several_out)


def _forward(func: Function, inputs: A, strict: bool, vectorize: bool) -> A:
    """The Jacobian by forward mode, for all elements of the inputs at once; in lists, as torch's.

    Source: _jacfwd.
    """
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are '
            "not supported together (yet). Please either set `strict=False` or "
            '`strategy="reverse-mode"`.'
        )
    several, given = as_tuple(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly "
            "implemented for `vectorize=True`."
        )
    kinds: list[bool] = []

    def pushed(*args: Tensor) -> Tensors:
        several_out, outputs = as_tuple(func(*args), "outputs", "None")
        kinds.append(several_out)
        return outputs

    cells = [list(row) for row in jacfwd(pushed, tuple(range(len(given))))(*given)]
    if not several:
        return cells[0][0] if not kinds[0] else tuple([row[0] for row in cells])
    return cells if kinds[0] else cells[0]


def _at_once(outputs: Tensors, inputs: Tensors, create_graph: bool) -> list[Tensors]:
    """The Jacobian by one walk for all elements of all outputs."""
    counts = [out.numel() for out in outputs]
    total = sum(counts)
    units = next(basis(outputs))
    flat = tuple([out.reshape(-1) for out in outputs])
    weights = tuple([u.reshape(total, n) for u, n in zip(units, counts, strict=True)])
    found = gradients(flat, inputs, weights, create_graph, batched=True)
    columns = [
        (zeros_like(x).expand(total, *x.sizes) if g is None else g).split(counts, 0)
        for g, x in zip(found, inputs, strict=True)
    ]
    return [
        tuple(
            [
                column[at].view((*out.sizes, *x.sizes))
                for column, x in zip(columns, inputs, strict=True)
            ]
        )
        for at, out in enumerate(outputs)
    ]


def _one_by_one(at: int, out: Tensor, inputs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The rows of one output, by a walk for each of its elements."""
    rows: list[list[Tensor]] = [[] for _ in inputs]
    for j in range(out.numel()):
        found = gradients(
            (out.reshape(-1)[j],), inputs, create_graph=create_graph, retain_graph=True
        )
        for nr, (g, x) in enumerate(zip(found, inputs, strict=True)):
            _check_row(at, nr, g, create_graph, strict)
            rows[nr].append(zeros_like(x) if g is None else g)
    return tuple([_stacked(row, out, x) for row, x in zip(rows, inputs, strict=True)])


def _check_row(at: int, nr: int, g: Tensor | None, create_graph: bool, strict: bool) -> None:
    if not strict:
        return
    if g is None:
        raise RuntimeError(
            f"Output {at} of the user-provided function is independent of input {nr}. This is not "
            "allowed in strict mode."
        )
    if create_graph and not g.requires_grad:
        raise RuntimeError(
            f"The jacobian of the user-provided function is independent of input {at}. This is not "
            "allowed in strict mode when create_graph=True."
        )


def _stacked(rows: Sequence[Tensor], out: Tensor, x: Tensor) -> Tensor:
    return stack(rows, 0).view((*out.sizes, *x.sizes))


def hessian(
    func: Function,
    inputs: A,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> A:
    """The Hessian of a function to one number: the Jacobian of its Jacobian.

    Options as `jacobian` has them; with a tuple of inputs, a tuple of tuples.
    Raises: RuntimeError unless `func` returns one tensor of one element. Source: hessian.
    """
    several, given = as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    forward = outer_jacobian_strategy == "forward-mode"

    def single(*args: Tensor) -> Tensor:
        out = func(*args)
        several_out, outputs = as_tuple(out, "outputs of the user-provided function", "hessian")
        check_required(outputs, "outputs", strict)
        check_scalar(several_out, outputs, "hessian")
        return outputs[0].squeeze()

    def slopes(*args: Tensor) -> A:
        if forward:  # the arguments are dual there, and go through a transform
            return jacrev(single, tuple(range(len(args))))(*args)
        found = jacobian(single, args, create_graph=True)
        check_required(found, "jacobian", strict)
        return found

    result = jacobian(
        slopes, given, create_graph, strict, vectorize, strategy=outer_jacobian_strategy
    )
    return unpacked(tuple([unpacked(row, several) for row in result]), several)
