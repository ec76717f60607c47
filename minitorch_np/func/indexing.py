"""Rules of indexing: indices of each example say where in that example, all at once.

Source: aten/src/ATen/functorch/BatchRulesScatterOps.cpp.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from minitorch_np import dtypes
from minitorch_np.func.batched import Level
from minitorch_np.func.dispatch import Kwargs, rule
from minitorch_np.func.elementwise import padded
from minitorch_np.graph.modes import RegisteredOp
from minitorch_np.op import REGISTRY
from minitorch_np.ops.conditional import where
from minitorch_np.ops.from_data import tensor
from minitorch_np.ops.ranges import arange
from minitorch_np.shapes import broadcast, wrap_dim
from minitorch_np.tensor import Tensor

__all__ = ["own_index"]

A = Any

Indices = list[Tensor | None]


class Places(NamedTuple):
    """Indices among all examples, and the order of dims that puts what they name in order."""

    indices: Indices
    order: tuple[int, ...]
    """Dims of the result: the batch's, then those of one example's result."""


def _unmasked(level: Level, indices: Sequence[Tensor | None]) -> Indices:
    """The indices, with those of the true elements for each mask."""
    found: Indices = []
    for t in indices:
        if t is None or t.dtype not in (dtypes.bool_, dtypes.uint8):
            found.append(t)
        elif level.holds(t):
            raise RuntimeError(
                "vmap: We do not support batching operators that can support dynamic shape. "
                "Attempting to batch over indexing with a boolean mask."
            )
        else:
            found += list(t.nonzero(as_tuple=True))  # pyright: ignore[reportArgumentType]  # a tuple so
    return found


def _places(level: Level, held: bool, ndim: int, given: Sequence[Tensor | None]) -> Places:
    """Where indices point among all examples of a tensor of `ndim` dims; `held` if it has such."""
    indices = _unmasked(level, given)
    named = [d for d, t in enumerate(indices) if t is not None]
    common = max([t.ndim for t in indices if t is not None])
    adjacent = named[-1] - named[0] == len(named) - 1
    at = named[0] if adjacent else 0
    total = ndim - len(named) + common + 1
    if not any(level.holds(t) for t in indices):
        batch = 0 if adjacent else common
        order = [batch, *[d for d in range(total) if d != batch]]
        return Places([None, *indices], tuple(order))
    spread = [padded(level, t, common) if level.holds(t) else t for t in indices]  # pyright: ignore[reportArgumentType]  # None is not held
    if not held:
        return Places(spread, (at, *[d for d in range(total) if d != at]))
    each = arange(level.size).view(level.size, *(1,) * common)
    order = [0, *range(common + 1, common + 1 + at), *range(1, common + 1)]
    return Places([each, *spread], (*order, *range(common + 1 + at, total)))


def _ordered(result: Tensor, order: tuple[int, ...]) -> Tensor:
    return result if order == tuple(range(len(order))) else result.permute(order)


@rule("index")
def index(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The elements that indices name."""
    input, held = given["input"], level.holds(given["input"])
    places = _places(level, held, input.ndim, given["indices"])
    value = level.front(input) if held else input
    return _ordered(value[tuple(_sliced(places.indices))], places.order)


def _sliced(indices: Indices) -> list[Any]:
    return [slice(None) if t is None else t for t in indices]


def _written(level: Level, value: Tensor, ndim: int, given: Kwargs, values: Tensor) -> A:
    """`values` written to all examples, where indices say; NotImplemented for unusual shapes."""
    places = _places(level, True, ndim, given["indices"])
    wanted = len(places.order) - 1
    if values.ndim > wanted:
        return NotImplemented
    straight = places.order == tuple(range(wanted + 1))
    if level.holds(values):
        source = padded(level, values, wanted)
    elif straight:
        source = values
    else:
        source = values.view(1, *(1,) * (wanted - values.ndim), *values.sizes)
    if not straight:
        back = [0] * (wanted + 1)
        for to, d in enumerate(places.order):
            back[d] = to
        source = source.permute(tuple(back))
    return REGISTRY["index_put_"](value, places.indices, source, given.get("accumulate", True))


@rule("index_put", "index_put_")
def index_put(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Values written where indices say."""
    input = given["input"]
    value = level.spread(input) if op.name == "index_put" else level.front(input)
    value = value.clone() if op.name == "index_put" else value
    return _written(level, value, input.ndim, given, given["values"])


@rule("index_backward")
def index_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Zeros with the gradients added where indices named."""
    g, sizes = given["grad_output"], given["input_sizes"]
    zeros = (level.front(g) if level.holds(g) else g).new_zeros((level.size, *sizes))
    return _written(level, zeros, len(sizes), given, g)


def own_index(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """`index_select`, `index_add`, `index_copy` or `index_fill` where the vector of indices, or the
    number to fill with, is each example's own: the same with indices as wide as what they name.

    NotImplemented for numbers without dims. Source: index_select_decomp, BatchRulesScatterOps.cpp.
    """
    input, index, kind = given["input"], given["index"], op.name.rstrip("_")
    if not input.ndim or index.ndim != 1 or kind == "index_reduce":
        return NotImplemented
    dim = wrap_dim(given["dim"], input.ndim) + 1
    value = level.front(input) if op.name.endswith("_") else level.spread(input)
    long = level.spread(index).view(
        -1, *(1,) * (dim - 1), index.sizes[0], *(1,) * (input.ndim - dim)
    )
    wide = long.expand(*value.sizes[:dim], -1, *value.sizes[dim + 1 :])
    if kind == "index_select":
        return value.gather(dim, wide)
    inplace = "_" * op.name.endswith("_")
    if kind == "index_fill":
        filling = given["value"]
        if isinstance(filling, Tensor):
            if filling.ndim:
                return NotImplemented
            filling = level.spread(filling).to(input.dtype).view(-1, *(1,) * input.ndim)
            filling = filling.expand(wide.sizes)
        return REGISTRY[f"scatter{inplace}"](value, dim, wide, filling)
    source = given["source"]
    if source.sizes != wide.sizes[1:]:
        return NotImplemented
    source = level.spread(source)
    if kind == "index_copy":
        return REGISTRY[f"scatter{inplace}"](value, dim, wide, source)
    source = source if given["alpha"] == 1 else source * given["alpha"]
    return REGISTRY[f"scatter_add{inplace}"](value, dim, wide, source)


@rule("embedding")
def embedding(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Rows of one table, or of each example's own."""
    weight, indices = given["weight"], given["indices"]
    if not level.holds(weight):
        return op(**dict(given, indices=level.front(indices)))
    if weight.ndim != 2:
        return NotImplemented
    rows, padding = weight.sizes[0], given["padding_idx"]
    table = level.front(weight).reshape(level.size * rows, -1)
    ready = dict(given, weight=table, indices=_own(level, indices, rows), padding_idx=-1)
    found = cast(Tensor, op(**ready))
    if padding < 0:
        return found
    still = (level.spread(indices) == padding).unsqueeze(-1)  # rows that have no gradient
    return where(still, found.detach(), found)


def _own(level: Level, indices: Tensor, rows: int) -> Tensor:
    """Each example's indices, in all tables one after the other."""
    start = arange(0, level.size * rows, rows) if rows else arange(level.size) * 0
    return level.spread(indices) + start.view(level.size, *(1,) * indices.ndim)


@rule("embedding_dense_backward")
def embedding_dense_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The gradient of each example's rows."""
    rows, padding = given["num_weights"], given["padding_idx"]
    g = level.spread(given["grad_output"])
    own = _own(level, given["indices"], rows)
    flat = op(g, own, rows * level.size, -1, given["scale_grad_by_freq"])
    found = cast(Tensor, flat).view(level.size, rows, -1)
    return found if padding < 0 else found.index_fill(1, tensor([padding]), 0)


@rule("take")
def take(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Elements by their number in each example."""
    flat = level.spread(given["input"]).reshape(level.size, -1)
    where = level.spread(given["index"])
    where = where.remainder(flat.sizes[1]) if flat.sizes[1] else where
    return flat.gather(1, where.reshape(level.size, -1)).view(where.sizes)


@rule("masked_select")
def masked_select(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The elements that one mask for all names."""
    input, mask = given["input"], given["mask"]
    if level.holds(given["mask"]):
        raise RuntimeError(
            "vmap: Attempted to vmap over `mask` in torch.masked_select(self, mask) We cannot "
            "support this because for each batch this would return a differently shaped Tensor. "
            "Please file an issue at https://github.com/pytorch/pytorch/issues if you need this "
            "feature."
        )
    shape = broadcast(input.sizes, mask.sizes)
    value = padded(level, input, len(shape)).expand(level.size, *shape)
    places = mask.expand(shape).reshape(-1).nonzero().squeeze(1)
    return value.reshape(level.size, -1).index_select(1, places)


@rule("repeated_indices")
def repeated_indices(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Raises: RuntimeError, for examples would have results of different sizes."""
    raise RuntimeError(
        "repeat_interleave: vmapping over the `repeats` tensor requires the `output_size` argument "
        "to be specified, because the size of the output equals the sum of `repeats`, which is "
        "data-dependent and may differ between batch elements. Please pass output_size, e.g. "
        "output_size=int(repeats.sum(-1).max())."
    )
