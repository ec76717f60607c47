"""jacrev, jacfwd and hessian: all rows or columns at once, by vmap over a basis.

Source: torch/_functorch/eager_transforms.py.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from minitorch_np.func.arguments import Argnums, chosen, replaced
from minitorch_np.func.gradients import vjp_with_argnums
from minitorch_np.func.pushforward import jvp
from minitorch_np.func.vmap import chunk_sizes, vmap
from minitorch_np.ops.join import cat
from minitorch_np.tensor import Tensor
from minitorch_np.utils._pytree import TreeSpec, tree_flatten, tree_leaves, tree_map, tree_unflatten

__all__ = ["basis", "hessian", "jacfwd", "jacrev"]

A = Any
Function = Callable[..., A]


def basis(tensors: Sequence[Tensor], chunk_size: int | None = None) -> Iterator[tuple[Tensor, ...]]:
    """Unit vectors of all elements of several tensors, row by row, split and shaped like those.

    All rows at once, or `chunk_size` at a time. Source: _chunked_standard_basis_for_.
    """
    counts = [t.numel() for t in tensors]
    total = sum(counts)
    rows = chunk_sizes(total, chunk_size) if chunk_size and chunk_size < total else [total]
    done = 0
    for n in rows:
        parts: list[Tensor] = []
        start = 0
        for t, count in zip(tensors, counts, strict=True):
            part = t.new_zeros(n, count)
            part.diagonal(done - start).fill_(1)
            parts.append(part.view(n, *t.sizes))
            start += count
        yield tuple(parts)
        done += n


def _rows(pull: Function, outputs: Sequence[Tensor], spec: TreeSpec, chunk_size: int | None) -> A:
    """The gradients of all outputs' elements: for each input, one tensor with a row for each."""
    found: list[list[Tensor]] = []
    for part in basis(outputs, chunk_size):
        if chunk_size == 1:  # as a loop does it, without what vmap refuses
            one = tree_leaves(pull(tree_unflatten([t.squeeze(0) for t in part], spec)))
            found.append([t.unsqueeze(0) for t in one])
        else:
            found.append(tree_leaves(vmap(pull)(tree_unflatten(part, spec))))
    return found[0] if len(found) == 1 else [cat(t, 0) for t in zip(*found, strict=True)]


def jacrev(
    func: Function, argnums: Argnums = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Function:
    """The Jacobian of `func` by the arguments numbered `argnums`, by reverse mode.

    Each output of shape O and input of shape I give a tensor of shape (*O, *I), in the outputs'
    structure and within it the inputs'. `chunk_size` bounds how many rows are found at a time; 1
    finds them one by one, without vmap. With `has_aux`, the result is `(jacobian, aux)`.
    Raises: ValueError for a chunk_size below 1. Source: jacrev.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def jacobian(*args: A) -> A:
        output, pull, aux = vjp_with_argnums(func, args, argnums, has_aux)
        outputs, spec = tree_flatten(output)
        inputs, structure = tree_flatten(chosen(args, argnums))
        counts = [out.numel() for out in outputs]
        columns = [
            [
                part.view(*out.sizes, *x.sizes)
                for part, out in zip(rows.split(counts, 0), outputs, strict=True)
            ]
            for rows, x in zip(_rows(pull, outputs, spec, chunk_size), inputs, strict=True)
        ]
        cells = [tree_unflatten(row, structure) for row in zip(*columns, strict=True)]
        if isinstance(argnums, int):
            cells = [cell[0] for cell in cells]
        result = tree_unflatten(cells, spec)
        return (result, aux) if has_aux else result

    return jacobian


def jacfwd(
    func: Function, argnums: Argnums = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Function:
    """The Jacobian of `func` as `jacrev` gives it, by forward mode: by columns, not by rows.

    Fewer runs where inputs have fewer elements than outputs. `randomness` is vmap's.
    Source: jacfwd.
    """

    @functools.wraps(func)
    def jacobian(*args: A) -> A:
        primals = chosen(args, argnums)
        inputs, structure = tree_flatten(primals)
        units = tree_unflatten(next(basis(inputs)), structure)

        def push(tangents: A) -> A:
            found = jvp(
                lambda *duals: func(*replaced(args, duals, argnums)),
                primals, tangents, has_aux=has_aux,
            )  # fmt: skip
            return found[1:] if has_aux else found[1]

        columns = vmap(push, randomness=randomness)(units)
        aux: A = None
        if has_aux:
            columns, aux = columns
            aux = tree_map(_first, aux)
        outputs, spec = tree_flatten(columns)
        counts = [x.numel() for x in inputs]
        cells = [
            tree_unflatten(_reshaped(out.movedim(0, -1).split(counts, -1), inputs), structure)
            for out in outputs
        ]
        if isinstance(argnums, int):
            cells = [cell[0] for cell in cells]
        result = tree_unflatten(cells, spec)
        return (result, aux) if has_aux else result

    return jacobian


def _first(tensor: Tensor) -> Tensor:
    """What the first example returned, for all return the same."""
    return tensor[0]


def _reshaped(parts: Sequence[Tensor], inputs: Sequence[Tensor]) -> list[Tensor]:
    """Parts whose last dimension counts the elements of an input, with that input's shape there."""
    return [
        part.unflatten(-1, x.sizes) if x.ndim else part.squeeze(-1)
        for part, x in zip(parts, inputs, strict=True)
    ]


def hessian(func: Function, argnums: Argnums = 0) -> Function:
    """The Hessian of `func`, a function to a scalar: `jacfwd(jacrev(func))`, forward over reverse.

    Source: hessian.
    """
    return jacfwd(jacrev(func, argnums), argnums)
