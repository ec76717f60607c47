"""Views that come several at once: a tensor cut along a dim."""

from collections.abc import Sequence
from contextlib import suppress
from operator import index

from minitorch_np import shapes
from minitorch_np.dtypes import int64
from minitorch_np.form import form_of
from minitorch_np.graph.modes import Creation, state
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.join import cat, stack
from minitorch_np.ops.slicing import slice
from minitorch_np.overloads import refuse, unfitting
from minitorch_np.shapes import Shape, wrap_dim
from minitorch_np.tensor import Tensor, method, over, view_of

__all__ = [
    "chunk", "dsplit", "hsplit", "split", "split_tensor", "split_with_sizes", "tensor_split",
    "unbind", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "vsplit",
]  # fmt: skip

Sections = int | Sequence[int]
Grads = tuple[Tensor | None, ...]


def lengths(shape: Shape, split_size_or_sections: Sections, dim: int) -> Shape:
    """The lengths of the pieces that a split cuts `dim` into."""
    if isinstance(split_size_or_sections, int):
        return shapes.split_lengths(shape, shapes.in_int64(split_size_or_sections), dim)
    shapes.check_sections(shape, split_size_or_sections, dim)
    return tuple([index(n) for n in split_size_or_sections])


@op(
    "view",
    method=False,
    node=lambda split_size_or_sections: (
        "SplitBackward0" if isinstance(split_size_or_sections, int) else "SplitWithSizesBackward0"
    ),
)
def split(input: Tensor, split_size_or_sections: Sections, dim: int = 0) -> tuple[Tensor, ...]:
    """The tensor cut along `dim` into pieces of one size, the last smaller, or of the given sizes.

    Views, none of which may be written to in place while autograd records.
    Source: aten/src/ATen/native/TensorShape.cpp split, split_with_sizes.
    """
    shape, stride, start = input.sizes, input.strides, input.offset
    sizes = lengths(shape, split_size_or_sections, dim)
    d = wrap_dim(dim, len(shape))
    step = stride[d]
    form, length = input.form, shape[d]
    pieces: list[Tensor] = []
    for n in sizes:
        if n != length:
            form, length = form_of((*shape[:d], n, *shape[d + 1 :]), stride, input.dtype), n
        pieces.append(view_of(input, form, start))
        start += n * step
    return together(pieces)


def together(pieces: list[Tensor]) -> tuple[Tensor, ...]:
    """Views of one tensor, marked as made by a function that gives several; but those made where
    nothing is recorded will say that instead, and those of an inference mode's say so already."""
    if state.route and pieces and pieces[0].creation != Creation.INFERENCE_MODE:
        for piece in pieces:
            piece.creation = Creation.MULTI_OUTPUT_NODE
    return tuple(pieces)


split.vjp(
    input=lambda g, input_shape, split_size_or_sections, dim: split_backward(
        g, input_shape, lengths(input_shape, split_size_or_sections, dim), dim
    )
)


def split_backward(g: Grads, shape: Shape, sizes: Shape, dim: int) -> Tensor:
    """The pieces' gradients joined, zeros where there is none."""
    d = wrap_dim(dim, len(shape))
    one = next(each for each in g if each is not None)
    whole = [
        zeros(one, (*shape[:d], n, *shape[d + 1 :])) if each is None else each
        for each, n in zip(g, sizes, strict=True)
    ]
    return cat(whole, d)


def split_method(self: Tensor, split_size: Sections, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of the tensor cut along `dim` into pieces of one size, or of the given sizes."""
    if isinstance(split_size, Tensor):  # PyTorch takes what `int` takes
        with suppress(ValueError, RuntimeError):
            split_size = int(split_size)
    if not isinstance(split_size, (int, tuple, list)):
        refuse("split_with_sizes", (self, split_size, dim), {}, TypeError())
    try:
        return split(self, split_size, dim)
    except Exception as error:
        name = "split" if isinstance(split_size, int) else "split_with_sizes"
        refuse(name, (self, split_size, dim), {}, error)
        raise


split_method.__name__, split_method.__qualname__ = "split", "Tensor.split"  # as errors name it
method(split_method, "split")


def split_tensor(
    tensor: Tensor, split_size_or_sections: Sections, dim: int = 0
) -> tuple[Tensor, ...]:
    """The tensor cut along `dim` into pieces of one size, the last smaller, or of given sizes."""
    return tensor.split(split_size_or_sections, dim)


split_tensor.__name__ = split_tensor.__qualname__ = "split"


@composite()
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """The tensor cut along `dim` into pieces of the given sizes."""
    return split(input, split_sizes, dim)


@composite()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """The tensor cut along `dim` into `chunks` equal pieces, the last smaller; perhaps fewer."""
    n = check_chunks(input, shapes.in_int64(chunks), dim)
    size = (n + chunks - 1) // chunks
    return split(input, size if n else [0] * chunks, dim)


def check_chunks(input: Tensor, chunks: int, dim: int) -> int:
    """The size of the dim that is cut. Raises: RuntimeError for nothing to cut, or into nothing."""
    sizes = input.sizes
    if not sizes:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    return sizes[wrap_dim(dim, len(sizes))]


def apart(input: Tensor, sizes: Shape, dim: int) -> tuple[Tensor, ...]:
    """Pieces of `input` along `dim` that autograd does not know as views of it."""
    d = wrap_dim(dim, input.ndim)
    shape, stride, start = input.sizes, input.strides, input.offset
    pieces: list[Tensor] = []
    for n in sizes:
        cut = (*shape[:d], n, *shape[d + 1 :])
        pieces.append(over(input.memory, cut, stride, start, input.dtype))
        start += n * stride[d]
    return tuple(pieces)


@op("contiguous")
def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split` into pieces of one size that may be written to in place, as if they were copies.

    Their memory is that of `input`, and nobody minds. Source: TensorShape.cpp unsafe_split.
    """
    return apart(input, lengths(input.sizes, split_size, dim), dim)


@op("contiguous")
def unsafe_split_with_sizes(
    input: Tensor, split_sizes: Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """`split` into pieces of the given sizes, written to in place as those of `unsafe_split`."""
    return apart(input, lengths(input.sizes, split_sizes, dim), dim)


unsafe_split.vjp(
    input=lambda g, input_shape, split_size, dim: split_backward(
        g, input_shape, lengths(input_shape, split_size, dim), dim
    )
)
unsafe_split.jvp("linear")
unsafe_split_with_sizes.vjp(
    input=lambda g, input_shape, split_sizes, dim: split_backward(g, input_shape, split_sizes, dim)
)
unsafe_split_with_sizes.jvp("linear")


@composite()
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`chunk` into pieces that may be written to in place; see `unsafe_split`."""
    n = check_chunks(input, chunks, dim)
    if not n:
        return unsafe_split_with_sizes(input, [0] * chunks, dim)
    return unsafe_split(input, (n + chunks - 1) // chunks, dim)


@op("view")
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices of `dim`, without it; as many as its size. Views, as those of `split`."""
    shape, stride, offset = input.sizes, input.strides, input.offset
    d = wrap_dim(dim, len(shape))
    if not shape:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    part, steps = shape[:d] + shape[d + 1 :], stride[:d] + stride[d + 1 :]
    form, step = form_of(part, steps, input.dtype), stride[d]
    return together([view_of(input, form, offset + i * step) for i in range(shape[d])])


unbind.vjp(input=lambda g, dim: unbind_backward(g, dim))


def unbind_backward(g: Grads, dim: int) -> Tensor:
    """The slices' gradients stacked, zeros where there is none."""
    one = next(each for each in g if each is not None)
    return stack([zeros(one, one.sizes) if each is None else each for each in g], dim)


@composite()
def tensor_split(
    input: Tensor,
    indices_or_sections: Sections | Tensor | None = None,
    dim: int = 0,
    *,
    sections: int | None = None,
    indices: Sequence[int] | None = None,
    tensor_indices_or_sections: Tensor | None = None,
) -> tuple[Tensor, ...]:
    """The tensor cut along `dim` before each index, or into so many pieces, the first ones larger.

    By name, a number of pieces is `sections`, several indices are `indices`, and either may be a
    tensor. Source: aten/src/ATen/native/TensorShape.cpp tensor_split.
    """
    given = _only("tensor_split", input, indices_or_sections, sections, indices,
                  tensor_indices_or_sections)  # fmt: skip
    if not input.ndim:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    d = wrap_dim(dim, input.ndim)
    at = _numbers(given)
    n = input.sizes[d]
    if isinstance(at, int):
        if at <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {at}")
        small, larger = divmod(n, at)
        ends = [small * (i + 1) + min(i + 1, larger) for i in range(at)]
    else:
        ends = [*at, n]
    return tuple([slice(input, d, a, b, 1) for a, b in zip([0, *ends], ends, strict=False)])


def _only(name: str, input: Tensor, *ways: Sections | Tensor | None) -> Sections | Tensor:
    """Where to cut, which was given in one way. Raises: TypeError for none, and for several."""
    given = [way for way in ways if way is not None]
    if len(given) != 1:
        raise unfitting(name, input, *given)
    return given[0]


def _numbers(given: Sections | Tensor) -> Sections:
    """Indices or a number of sections that may have been given as a tensor."""
    if not isinstance(given, Tensor):
        return given
    if given.dtype is not int64:
        raise RuntimeError(
            "tensor_split expected tensor_indices_or_sections to have dtype of long, "
            f"but got {given.dtype.aten_name}"
        )
    if given.ndim > 1:
        raise RuntimeError(
            "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or "
            f"one-dimensional tensor, but got a tensor with {given.ndim} dims"
        )
    return given.array.tolist()


def _named_split(
    name: str, input: Tensor, ways: tuple[Sections | None, ...], dim: int, least: int
) -> tuple[Tensor, ...]:
    """What hsplit, vsplit and dsplit have in common."""
    given = _only(name, input, *ways)
    if not isinstance(given, (int, tuple, list, Tensor)):
        raise unfitting(name, input, given)
    if input.ndim < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor "
            f"with {input.ndim} dimensions!"
        )
    if isinstance(given, int) and (given == 0 or input.sizes[dim] % given):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
            f"{input.sizes[dim]} is not divisible by the split_size {given}!"
        )
    return tensor_split(input, given, dim)


@composite()
def hsplit(
    input: Tensor,
    indices_or_sections: Sections | None = None,
    *,
    sections: int | None = None,
    indices: Sequence[int] | None = None,
) -> tuple[Tensor, ...]:
    """The tensor cut into columns: along dim 1, or dim 0 if that is the only one."""
    ways = indices_or_sections, sections, indices
    return _named_split("hsplit", input, ways, 0 if input.ndim == 1 else 1, 1)


@composite()
def vsplit(
    input: Tensor,
    indices_or_sections: Sections | None = None,
    *,
    sections: int | None = None,
    indices: Sequence[int] | None = None,
) -> tuple[Tensor, ...]:
    """The tensor cut into rows: along dim 0."""
    return _named_split("vsplit", input, (indices_or_sections, sections, indices), 0, 2)


@composite()
def dsplit(
    input: Tensor,
    indices_or_sections: Sections | None = None,
    *,
    sections: int | None = None,
    indices: Sequence[int] | None = None,
) -> tuple[Tensor, ...]:
    """The tensor cut along dim 2."""
    return _named_split("dsplit", input, (indices_or_sections, sections, indices), 2, 3)
