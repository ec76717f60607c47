"""jacrev: every row of a Jacobian at once, by vmap over the basis of the outputs.

Source: torch/_functorch/eager_transforms.py.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from minitorch_np.func.arguments import Argnums, chosen
from minitorch_np.func.gradients import vjp_with_argnums
from minitorch_np.func.vmap import chunk_sizes, vmap
from minitorch_np.ops.join import cat
from minitorch_np.tensor import Tensor
from minitorch_np.utils._pytree import TreeSpec, tree_flatten, tree_leaves, tree_unflatten

__all__ = ["basis", "jacrev"]

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
