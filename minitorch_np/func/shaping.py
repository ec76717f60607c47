"""Rules of ops that look at the same elements in another shape, and of ops along a dimension.

A dimension counts from the batch's on, and a size gets the batch's before it.
Source: aten/src/ATen/functorch/BatchRulesViews.cpp and BatchRulesReduceOps.cpp.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from minitorch_np.func.batched import BatchedTensor, Level
from minitorch_np.func.dispatch import RULES, Kwargs, mapped, rule
from minitorch_np.func.elementwise import padded
from minitorch_np.func.indexing import own_index
from minitorch_np.graph.modes import RegisteredOp
from minitorch_np.op import REGISTRY
from minitorch_np.ops.join import cat
from minitorch_np.ops.padding import constant_pad_nd
from minitorch_np.shapes import wrap_dim
from minitorch_np.tensor import Tensor

__all__ = ["along", "shifted"]

A = Any


def shifted(dim: int | Sequence[int], ndim: int) -> A:
    """One dimension, or several, of an example of `ndim` dimensions, among all examples."""
    if isinstance(dim, int):
        return wrap_dim(dim, ndim) + 1
    return tuple([wrap_dim(d, ndim) + 1 for d in dim])


class Along(NamedTuple):
    """What an op's parameters say of dimensions."""

    dims: tuple[str, ...]
    sizes: str = ""
    """The parameter that is a size, from which dimensions count."""
    shared: tuple[str, ...] = ()
    """Tensors that are the same for all examples, and have no dimension of the batch."""
    more: int = 0
    """How many dimensions the result has that the dimensions count, too."""


_ONE = Along(("dim",))
_BACK = Along(("dim",), "input_sizes")
ALONG: dict[str, Along] = {
    **dict.fromkeys(
        """softmax_along log_softmax_along softmax_backward_data log_softmax_backward_data
        _safe_softmax cumsum cumsum_ cumprod cumprod_ cummax cummin logcumsumexp sort topk kthvalue
        mode median_dim nanmedian_dim max_dim min_dim norm_along select slice split unbind
        unsafe_split unsafe_split_with_sizes split_pieces split_sections unbind_pieces select_copy
        slice_copy narrow_copy select_scatter slice_scatter gather scatter scatter_ scatter_add
        scatter_add_ scatter_reduce scatter_reduce_ glu glu_backward linalg_cross
        squeezed""".split(),
        _ONE,
    ),
    **dict.fromkeys(
        """index_select index_add index_add_ index_copy index_copy_ index_fill index_fill_
        index_reduce index_reduce_""".split(),
        Along(("dim",), shared=("index",)),
    ),
    **dict.fromkeys(["transpose", "transpose_copy"], Along(("dim0", "dim1"))),
    **dict.fromkeys(["diagonal", "diagonal_copy", "diagonal_scatter"], Along(("dim1", "dim2"))),
    "diag_embed": Along(("dim1", "dim2"), more=1),
    **dict.fromkeys(["unfold", "unfold_copy"], Along(("dimension",))),
    **dict.fromkeys(["flip", "rot90"], Along(("dims",))),
    **dict.fromkeys(["select_backward", "slice_backward", "unfold_backward"], _BACK),
    "diagonal_backward": Along(("dim1", "dim2"), "input_sizes"),
}  # fmt: skip


def along(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """An op along dimensions, each of which counts from behind the batch's on."""
    spec = ALONG[op.name]
    first = next(iter(given.values()))
    ndim = len(given[spec.sizes]) if spec.sizes else first.ndim
    ready = dict(given)
    for name, t in given.items():
        if not isinstance(t, Tensor):
            continue
        if name in spec.shared or name == "value":
            if level.holds(t):
                return own_index(level, op, given)
        else:
            ready[name] = level.spread(t)
            if not ndim and not spec.sizes:
                ready[name] = ready[name].unsqueeze(1)
    for name in spec.dims:
        ready[name] = shifted(given[name], (ndim or 1) + spec.more)
    if spec.sizes:
        ready[spec.sizes] = (level.size, *given[spec.sizes])
    result = op(**ready)
    if ndim or spec.sizes or op.name.endswith("_"):
        return result
    return mapped(lambda t: t.squeeze(1) if t.ndim > 1 else t, result)


RULES.update(dict.fromkeys(ALONG, along))


@rule("roll")
def roll(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """`roll` of each example; without dimensions, of its elements in a row."""
    value, dims = level.front(given["input"]), given["dims"]
    if isinstance(dims, int) or len(dims):
        return op(value, given["shifts"], shifted(dims, given["input"].ndim))
    flat = value.reshape(level.size, -1)
    shift = given["shifts"]
    shift = shift if isinstance(shift, int) else shift[0]
    return flat.roll(shift, 1).reshape(value.sizes)


@rule("view", "unsafe_view", "view_size_copy", "repeat")
def of_size(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """An op whose argument is the shape of the result, or how often to repeat each dimension."""
    name = "repeats" if op.name == "repeat" else "size"
    size = given[name]
    if op.name == "repeat":
        return op(padded(level, given["input"], len(size)), (1, *size))
    return op(level.front(given["input"]), (level.size, *size))


@rule("expand", "expand_copy")
def expand(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Each example expanded to a size."""
    input, size = given["input"], given["size"]
    if len(size) < input.ndim:
        return NotImplemented
    value = padded(level, input, len(size))
    return op(value, (level.size, *size), implicit=given["implicit"])


@rule("unsqueeze", "unsqueeze_copy")
def unsqueeze(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """A dimension of size 1 in each example."""
    return op(level.front(given["input"]), shifted(given["dim"], given["input"].ndim + 1))


@rule("squeeze", "squeeze_copy")
def squeeze(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Each example without dimensions of size 1; the batch may have one example."""
    input, dim = given["input"], given["dim"]
    if dim is None:
        dims = tuple([d + 1 for d, n in enumerate(input.sizes) if n == 1])
    elif not input.ndim:
        _ = shifted(dim, 1)
        dims = ()
    else:
        dims = shifted(dim, input.ndim)
    return op(level.front(input), dims)


@rule("permute", "permute_copy")
def permute(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The dimensions of each example in another order."""
    dims = shifted(given["dims"], given["input"].ndim)
    if len(dims) != given["input"].ndim:
        return NotImplemented
    return op(level.front(given["input"]), (0, *dims))


@rule("t", "t_copy")
def t(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Each matrix transposed."""
    value = level.front(given["input"])
    if value.ndim > 3:
        return NotImplemented
    if op.name == "t_copy":
        return REGISTRY["transpose_copy"](value, value.ndim - 1, 1)
    return value.transpose(1, 2) if value.ndim == 3 else value.view(value.sizes)


@rule("as_strided", "as_strided_copy")
def as_strided(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The geometry of one example, and the step from each to the next.

    Source: as_strided_batching_rule, BatchRulesViews.cpp.
    """
    value = level.front(given["input"])
    offset = given["storage_offset"]
    size, stride = (level.size, *given["size"]), (value.strides[0], *given["stride"])
    return op(value, size, stride, value.offset if offset is None else offset)


@rule("as_strided_scatter")
def as_strided_scatter(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Raises: RuntimeError, as PyTorch's."""
    raise RuntimeError(
        "Error: aten::as_strided_scatter requires special handling, and does not yet have a "
        "batching rule. Feel free to file a github issue!"
    )


@rule("reshape_alias")
def reshape_alias(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """A view of another shape, whose stride one example's geometry gave."""
    return level.front(given["input"]).view(level.size, *given["size"])


@rule("transpose_", "t_", "squeeze_", "unsqueeze_", "as_strided_")
def restrided(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """A change of the tensor's own geometry: it looks through another view from now on."""
    target = cast(BatchedTensor, given["input"])
    changed = RULES.get(op.name[:-1]) or along
    plain = REGISTRY[op.name[:-1]]
    target.value = changed(level, plain, dict(given))
    target.bdim = 0
    return target


@rule("tril", "triu", "tril_", "triu_")
def triangle(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The triangle of each matrix."""
    if given["input"].ndim < 2:
        return NotImplemented
    return op(**dict(given, input=level.front(given["input"])))


@rule("matrix_exp", "qr")
def of_matrices(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """What is of each matrix of a batch."""
    name = next(iter(given))
    return op(**dict(given, **{name: level.front(given[name])}))


@rule("cdist_forward", "euclidean_dist")
def distances(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Distances of all rows of two matrices, or of batches of them."""
    ndim = max(given["x1"].ndim, given["x2"].ndim)
    pair = {
        name: padded(level, t, ndim) if level.holds(t) else t
        for name, t in given.items()
        if isinstance(t, Tensor)
    }
    return op(**dict(given, **pair))


@rule("cdist_backward")
def distances_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Their gradients."""
    ndim = max(given["x1"].ndim, given["x2"].ndim)
    ready = dict(given)
    for name, t in given.items():
        if isinstance(t, Tensor):
            ready[name] = level.spread(t).view(level.size, *(1,) * (ndim - t.ndim), *t.sizes)
    return op(**ready)


@rule("blocks")
def blocks(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Matrices of each example on the diagonal: wide rows, one below the other."""
    if any(t.ndim > 2 for t in given["tensors"]):
        return NotImplemented
    parts = [level.spread(t) for t in given["tensors"]]
    parts = [t.view(level.size, *(1,) * (3 - t.ndim), *t.sizes[1:]) for t in parts]
    width, column = sum([t.sizes[2] for t in parts]), 0
    rows: list[Tensor] = []
    for t in parts:
        rows.append(constant_pad_nd(t, (column, width - column - t.sizes[2])))
        column += t.sizes[2]
    return cat(rows, 1)


@rule("trilinear")
def trilinear(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The products of each example, one dimension further in."""
    ready = {name: level.spread(t) for name, t in given.items() if isinstance(t, Tensor)}
    shifts = {n: tuple([d + 1 for d in dims]) for n, dims in given.items() if n not in ready}
    return op(**ready, **shifts)


@rule("searchsorted")
def searchsorted(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Places in each example's rows, or of each example's elements in the rows of all."""
    rows, input, sorter = given["sorted_sequence"], given["input"], given["sorter"]
    if not isinstance(input, Tensor):
        return NotImplemented
    if rows.ndim == 1 and not (level.holds(rows) or level.holds(sorter)):
        return op(**dict(given, input=level.front(input)))
    values = level.spread(input)
    flat = values.reshape(level.size, -1) if rows.ndim == 1 else values
    ready = dict(given, sorted_sequence=level.spread(rows), input=flat)
    if sorter is not None:
        ready["sorter"] = level.spread(sorter)
    return cast(Tensor, op(**ready)).view(values.sizes)


@rule("cat", "stack")
def joined(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Tensors of each example, joined along one of its dimensions."""
    tensors: list[Tensor] = list(given["tensors"])
    ndim = tensors[0].ndim
    if any(t.ndim != ndim for t in tensors):
        return NotImplemented
    if not ndim and op.name == "cat":
        return NotImplemented
    dim = shifted(given["dim"], ndim + (op.name == "stack"))
    return op([level.spread(t) for t in tensors], dim)
