"""vmap: a function of one example, made one of a whole batch. Source: torch/_functorch/vmap.py."""

import functools
import itertools
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, ParamSpec, cast

from minitorch_np.func.batched import BatchedTensor, batched, moved
from minitorch_np.func.dispatch import VmapLevel
from minitorch_np.graph.modes import over, state
from minitorch_np.ops.join import cat
from minitorch_np.random import get_rng_state, set_rng_state
from minitorch_np.tensor import Tensor
from minitorch_np.utils._pytree import TreeSpec, tree_flatten, tree_leaves, tree_unflatten

__all__ = ["chunk_sizes", "flat_dims", "name_of", "running", "unwrapped", "vmap"]

P = ParamSpec("P")
A = Any
Dims = int | tuple[A, ...] | None


def name_of(func: Callable[..., A]) -> str:
    """What messages call a function."""
    name = getattr(func, "__name__", None)
    if name is not None:
        return str(name)
    if isinstance(func, functools.partial):
        return f"functools.partial({name_of(func.func)}, ...)"
    return repr(func)


def flat_dims(dims: A, spec: TreeSpec) -> list[A] | None:
    """A dimension for each leaf of a structure: one stands for all leaves below it.

    None where the structures differ. Source: _broadcast_to_and_flatten, torch/utils/_pytree.py.
    """
    if not isinstance(dims, (tuple, list, dict)):
        return [dims] * spec.num_leaves
    if spec.is_leaf():
        return None
    given, own = tree_flatten(dims, lambda node: node is not dims)
    if own.type is not spec.type or own.context != spec.context:
        return None
    if len(given) != spec.num_children:
        return None
    found: list[A] = []
    for one, child in zip(given, spec.children(), strict=True):
        part = flat_dims(one, child)
        if part is None:
            return None
        found += part
    return found


def _check_in_dim(func: Callable[..., A], in_dims: Dims, arg: object, in_dim: object) -> None:
    """Raise ValueError unless an argument has the dimension that it is to be batched along."""
    start = f"vmap({name_of(func)}, in_dims={in_dims}, ...)(<inputs>): Got in_dim={in_dim} for "
    if in_dim is None:
        return
    if not isinstance(in_dim, int):
        raise ValueError(f"{start}an input but in_dim must be either an integer dimension or None.")
    if not isinstance(arg, Tensor):
        raise ValueError(
            f"{start}an input but the input is of type {type(arg)}. We cannot vmap over non-Tensor "
            "arguments, please use None as the respective in_dim"
        )
    if not -arg.ndim <= in_dim < arg.ndim:
        raise ValueError(
            f"{start}some input, but that input is a Tensor of dimensionality {arg.ndim} so "
            f"expected in_dim to satisfy -{arg.ndim} <= in_dim < {arg.ndim}."
        )


def _inputs(
    in_dims: Dims, args: tuple[A, ...], func: Callable[..., A]
) -> tuple[int, list[int | None], list[A], TreeSpec]:
    """The batch's size, and the leaves of the arguments with the dimension of each."""
    start = f"vmap({name_of(func)}, in_dims={in_dims}, ...)(<inputs>): "
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{start}expected `in_dims` to be int or a (potentially nested) tuple matching the "
            f"structure of inputs, got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name_of(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or "
            "you are trying to vmap over a function with no inputs. The latter is unsupported."
        )
    flat, spec = tree_flatten(args)
    dims = flat_dims(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{start}in_dims is not compatible with the structure of `inputs`. in_dims has "
            f"structure {tree_flatten(in_dims)[1]} but inputs has structure {spec}."
        )
    for at, (arg, dim) in enumerate(zip(flat, dims, strict=True)):
        _check_in_dim(func, in_dims, arg, dim)
        if dim is not None and dim < 0:
            dims[at] = dim % arg.ndim
    return batch_size(dims, flat), dims, flat, spec


def batch_size(dims: Sequence[int | None], flat: Sequence[A]) -> int:
    """The size that all batched arguments have. Raises: ValueError where they differ."""
    sizes = [arg.size(dim) for dim, arg in zip(dims, flat, strict=True) if dim is not None]
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if any(size != sizes[0] for size in sizes):
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return sizes[0]


@contextmanager
def running(size: int, randomness: str) -> Generator[VmapLevel]:
    """A level of vmap, from now to the end of the block."""
    state.transforms += 1
    try:
        with VmapLevel(size, randomness, state.transforms) as level:
            yield level
    finally:
        state.transforms -= 1


def unwrapped(tensor: Tensor, level: VmapLevel, out_dim: int) -> Tensor:
    """All examples of a result, along `out_dim`; of one that is the same for all, copies."""
    if isinstance(tensor, BatchedTensor) and tensor.level is level:
        ndim = tensor.value.ndim
        return moved(tensor.value, tensor.bdim, _wrapped(out_dim, ndim))
    spread = tensor.unsqueeze(0).expand(level.size, *tensor.sizes)
    return moved(spread, 0, _wrapped(out_dim, spread.ndim))


def _wrapped(dim: int, ndim: int) -> int:
    if not -ndim <= dim < ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got "
            f"{dim})"
        )
    return dim % ndim


def _outputs(outputs: A, out_dims: A, level: VmapLevel, func: Callable[..., A]) -> A:
    """The results of a function with all examples, in the structure that it returned."""
    flat, spec = tree_flatten(outputs)
    name = name_of(func)

    def incompatible() -> NoReturn:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with "
            f"the structure of `outputs`. out_dims has structure {tree_flatten(out_dims)[1]} but "
            f"outputs has structure {spec}."
        )

    dims: list[A] | None
    if isinstance(outputs, Tensor):
        dims = [out_dims]
        if out_dims is not None and not isinstance(out_dims, int):
            dims = list(cast("tuple[A, ...]", out_dims)) if isinstance(out_dims, tuple) else []
        if len(dims) != 1:
            incompatible()
    else:
        dims = flat_dims(out_dims, spec)
    if dims is None:
        incompatible()
    results = [_output(name, one, level, dim) for one, dim in zip(flat, dims, strict=True)]
    return tree_unflatten(results, spec)


def _output(name: str, output: A, level: VmapLevel, out_dim: int | None) -> A:
    if out_dim is None:
        if isinstance(output, BatchedTensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None"
            )
        return output
    if not isinstance(output, Tensor):
        raise ValueError(
            f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(output)}. Did "
            "you mean to set out_dims= to None for output?"
        )
    return unwrapped(output, level, out_dim)


def _check_out_dims(out_dims: A, func: Callable[..., A]) -> None:
    for dim in tree_leaves(out_dims):
        if dim is not None and not isinstance(dim, int):
            raise ValueError(
                f"vmap({name_of(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None "
                "or a python collection of ints representing where in the outputs the vmapped "
                "dimension should appear."
            )


def _mapped(
    func: Callable[..., A], size: int, dims: Sequence[int | None], flat: Sequence[A],
    spec: TreeSpec, out_dims: A, randomness: str, kwargs: dict[str, A],
) -> A:  # fmt: skip
    """One run of the function on all examples."""
    with running(size, randomness) as level:
        inputs = [
            arg if dim is None else batched(arg, dim, level)
            for dim, arg in zip(dims, flat, strict=True)
        ]
        outputs = func(*tree_unflatten(inputs, spec), **kwargs)
        return _outputs(outputs, out_dims, level, func)


def chunk_sizes(total: int, chunk_size: int) -> list[int]:
    """How many examples each chunk has."""
    sizes = [chunk_size] * (total // chunk_size)
    return [*sizes, total % chunk_size] if total % chunk_size else sizes


def _in_chunks(
    func: Callable[..., A], dims: Sequence[int | None], chunks: Sequence[Sequence[A]],
    spec: TreeSpec, out_dims: A, randomness: str, kwargs: dict[str, A],
) -> A:  # fmt: skip
    """Runs of the function on some examples each, and their results one after the other."""
    drawn = get_rng_state() if randomness == "same" else None
    runs: list[list[A]] = []
    structure: TreeSpec | None = None
    for flat in chunks:
        size = batch_size(dims, flat)
        if not size:
            continue
        if drawn is not None:
            set_rng_state(drawn)
        outputs = _mapped(func, size, dims, flat, spec, out_dims, randomness, kwargs)
        leaves, found = tree_flatten(outputs)
        structure = structure or found
        runs.append(leaves)
    if structure is None:
        raise AssertionError("arg_spec must not be None")
    whole = flat_dims(out_dims, structure)
    assert whole is not None
    columns = zip(*runs, strict=True)
    return tree_unflatten(
        [cat(column, dim=dim) for column, dim in zip(columns, whole, strict=True)], structure
    )


def _over_batches(
    walk: Callable[[list[Tensor]], list[Tensor | None]], firsts: Sequence[Tensor]
) -> list[Tensor | None]:
    """What a walk gives for a batch of first gradients, along dimension 0 of each.

    Source: torch/_vmap_internals.py, in whose words it refuses.
    """
    for first in firsts:
        if not first.ndim:
            raise ValueError(
                "vmap(vjp, in_dims=0, ...)(<inputs>): Got in_dim=0 for some input, but that input "
                "is a Tensor of dimensionality 0 so expected in_dim to satisfy 0 <= in_dim < 0."
            )
    size = batch_size([0] * len(firsts), firsts)
    with VmapLevel(size, "error", state.transforms + 1) as level:
        found = walk([batched(first, 0, level) for first in firsts])
        return [None if one is None else unwrapped(one, level, 0) for one in found]


over.batches = _over_batches


def _chunks(
    flat: Sequence[A], dims: Sequence[int | None], size: int, chunk_size: int
) -> list[tuple[A, ...]]:
    """The arguments of each chunk."""
    ends = tuple(itertools.accumulate(chunk_sizes(size, chunk_size)))
    parts = [
        [arg] * len(ends) if dim is None else arg.tensor_split(ends, dim=dim)
        for arg, dim in zip(flat, dims, strict=True)
    ]
    return list(zip(*parts))  # the empty part behind the last end falls away where one is None


def vmap(
    func: Callable[..., A],
    in_dims: Dims = 0,
    out_dims: A = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., A]:
    """`func` of one example as a function of many, which runs each op once for all of them.

    `in_dims` says along which dimension each argument holds the examples (None: one for all), as
    one int or in the arguments' structure; `out_dims` where results shall hold them. `randomness`
    is 'error', 'same' or 'different' numbers for each example; `chunk_size` bounds how many run at
    a time. Raises: ValueError where arguments do not fit; RuntimeError for what one example alone
    decides, as `.item()`. Source: torch/_functorch/apis.py vmap.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness}"
        )
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def mapped(*args: A, **kwargs: A) -> A:
        _check_out_dims(out_dims, func)
        size, dims, flat, spec = _inputs(in_dims, args, func)
        if chunk_size is None:
            return _mapped(func, size, dims, flat, spec, out_dims, randomness, kwargs)
        chunks = _chunks(flat, dims, size, chunk_size)
        return _in_chunks(func, dims, chunks, spec, out_dims, randomness, kwargs)

    return mapped
