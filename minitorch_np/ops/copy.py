"""Copies: of values into a tensor, of a tensor, and to another dtype or memory format."""

import math
from collections.abc import Mapping, Sequence
from typing import cast, overload

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.casts import assign, clear
from minitorch_np.devices import device
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.form import NUMPYS_OWN, Form, Plans, form_of
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.graph.saved import LEGACY, legacy_type
from minitorch_np.guard import guarded, guarded_method
from minitorch_np.loops import quietly, resize_output
from minitorch_np.memory_format import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    memory_format,
    preserve_format,
)  # fmt: skip
from minitorch_np.op import composite, op
from minitorch_np.ops.factory import AS_IT_IS
from minitorch_np.overloads import Refusal, refusal
from minitorch_np.quiet import quiet
from minitorch_np.shapes import Shape, broadcast, unwritten
from minitorch_np.strides import Stride
from minitorch_np.tensor import Number, Tensor, blank, empty, method

Device = device
Format = memory_format
Array = NDArray[np.generic]

__all__ = ["clone", "fill", "is_same_size", "zero_"]


def new_stride(input: Tensor, memory_format: Format) -> Stride:
    """The stride of a copy of `input` in `memory_format`."""
    if memory_format is preserve_format:
        return strides.like(input.sizes, input.strides)
    return memory_format.stride(input.sizes)


def zeros_like(g: Tensor) -> Tensor:
    """Zeros of the shape, dtype and layout of a gradient, never written to yet."""
    made = empty(g.sizes, strides.like(g.sizes, g.strides), g.dtype)
    made.array.fill(0)
    return made


def zeros(g: Tensor, shape: Shape) -> Tensor:
    """Contiguous zeros of `shape` and of the dtype of a gradient, never written to yet.

    As `new_zeros` in ATen; for its `at::zeros` see `wiped`.
    """
    return g.zero_room(shape, strides.contiguous(shape), g.dtype)


def wiped(shape: Shape, dtype: Dtype) -> Tensor:
    """Contiguous zeros that count as written to, as those do that ATen makes of a shape alone."""
    return empty(shape, strides.contiguous(shape), dtype).zero_()


def plus(a: Tensor, b: Tensor) -> Tensor:
    """`a + b` in the memory of `a`, unless `b` stands for a batch, which has no place there."""
    return a + b if b.is_batch else a.add_(b)


def times(slope: Tensor, g: Tensor) -> Tensor:
    """`slope * g` in the memory of `slope`, unless `g` stands for a batch of gradients."""
    return slope * g if g.is_batch else slope.mul_(g)


def own(t: Tensor) -> Tensor:
    """A new result that a gradient may go on with in place: a copy if the graph may need it as is.

    Steps in place keep a layout that steps out of place would choose anew.
    """
    return t.clone() if is_grad_enabled() else t


def number_like(t: Tensor, value: Number) -> Tensor:
    """`value` everywhere, with the shape and dtype of `t` and the layout of `empty_like`.

    `number - t` and `number / t` in ATen's C++ start so and go on in place, while Python's are ops
    with a number as operand, whose strides differ in dims of size 1.
    Source: operator- and operator/ of a Scalar and a Tensor, torch/include/ATen/TensorOperators.h.
    """
    return empty(t.sizes, strides.like(t.sizes, t.strides), t.dtype).fill_(value)


def moved(result: Tensor, out: Tensor | None) -> Tensor:
    """A composite's result; in `out`, which gets its shape, where there is one."""
    if out is None:
        return result
    if out.sizes != result.sizes:
        resize_output(out, result.sizes, strides.contiguous(result.sizes))
    return out.copy_(result)


@op("like", node="torch::autograd::CopyBackwards", discrete=True)
def copy_(input: Tensor, src: Tensor | Number, non_blocking: bool = False) -> Tensor:
    """This tensor with the values of `src` written to it, broadcast and converted.

    Raises: RuntimeError where the shape does not broadcast to this one, or memory overlaps.
    Source: aten/src/ATen/native/Copy.cpp.
    """
    if not isinstance(src, Tensor):
        quietly(assign, input.array, np.asarray(src))
        return input
    if src is input:
        return input
    if src.form is input.form and _apart(input, src):
        input.array[...] = src.array
        return input
    if src.form == input.form and src.offset == input.offset and src.memory is input.memory:
        return input
    strides.check_no_internal_overlap(input.sizes, input.strides)
    if src.memory is input.memory and src.dtype is input.dtype:
        strides.check_no_partial_overlap(
            (input.offset, input.sizes, input.strides), (src.offset, src.sizes, src.strides)
        )
    if src.sizes != input.sizes:
        check_written(input.sizes, src.sizes)
    quietly(assign, input.array, src.array)
    return input


copy_.vjp(input=lambda g: zeros(g, g.sizes), src=lambda g, src_dtype: g.to(src_dtype))
copy_.jvp(input=lambda t: None, src=lambda t: t)


def _apart(input: Tensor, src: Tensor) -> bool:
    """Whether two small tensors of one dense form share no memory, or all: none is asked for its
    storage, which may not be there yet."""
    form = input.form
    if form.nbytes > NUMPYS_OWN or form.packed is None:
        return False
    return src.store is not input.store or src.store is None


def check_written(shape: Shape, source: Shape) -> None:
    """Raise unless values of shape `source` can be written to `shape`."""
    to = broadcast(shape, source)
    if to != shape:
        raise unwritten(shape, to)


def fitting(value: Number, dtype: Dtype) -> Number:
    """A number that an op stores as it is, in range for `dtype`.

    Raises: RuntimeError where it does not fit; uint8 wraps negative numbers, infinities are floats.
    Source: c10/util/TypeCast.h checked_convert, c10/util/overflows.h.
    """
    value, name = dtypes.in_64_bits(value), dtype.name
    if name == "bool":
        return bool(value)
    if dtype.is_floating_point:
        limit = dtypes.finfo(dtype).max
        fits = not math.isfinite(value) or abs(value) <= limit
    else:
        info = dtypes.iinfo(dtype)
        wraps = name == "uint8" and not isinstance(value, float)
        least = -info.max if wraps else info.min
        fits = math.isfinite(value) and least <= value < info.max + 1
    if not fits:
        raise RuntimeError(f"value cannot be converted to type {dtype.c_name} without overflow")
    return value if dtype.is_floating_point else int(value)


def filled(input: Tensor, value: Number | Tensor) -> Tensor:
    """`input` with `value` written to every element."""
    limit = AS_IT_IS.get((type(value), input.dtype))
    if limit is not None and abs(cast(Number, value)) <= limit and input.form.nbytes <= NUMPYS_OWN:
        input.array.fill(value)
        return input
    if isinstance(value, Tensor) and not value.sizes:  # a number is not checked there
        strides.check_no_internal_overlap(input.sizes, input.strides)
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value.ndim} dimensions."
            )
        quietly(assign, input.array, value.array)
    else:
        loose = input.dtype.is_half and input.numel() == 1  # ATen's scalar_fill checks as double
        kept = value if loose else fitting(value, input.dtype)
        quietly(assign, input.array, np.asarray(kept))
    return input


@op("like", node=lambda value: f"FillBackward{2 + isinstance(value, Tensor)}")
def fill_(input: Tensor, value: Number | Tensor) -> Tensor:
    """This tensor with every element set to `value`. Source: aten/src/ATen/native/Fill.cpp."""
    return filled(input, value)


fill_.vjp(input=lambda g: zeros_like(g), value=lambda g: g.sum())
fill_.jvp(input=lambda t: None, value=lambda t: t)


@op("like", method=False, node=lambda value: f"FillBackward{int(isinstance(value, Tensor))}")
def fill(input: Tensor, value: Number | Tensor) -> Tensor:
    """A tensor like `input` with every element `value`."""
    return filled(empty(input.sizes, new_stride(input, preserve_format), input.dtype), value)


fill.vjp(input=lambda g: zeros_like(g), value=lambda g: g.sum())
fill.jvp(input=lambda t: None, value=lambda t: t)


@op("like")
def zero_(input: Tensor) -> Tensor:
    """This tensor with every element set to 0."""
    clear(input.array)
    return input


zero_.vjp(input=lambda g: zeros_like(g))
zero_.jvp(input=lambda t: None)


@op("like")
def clone(input: Tensor, *, memory_format: Format = preserve_format) -> Tensor:
    """A copy in memory of its own: dense, in the order of `memory_format`.

    Source: aten/src/ATen/native/TensorFactories.cpp clone.
    """
    return copied(input, input.dtype, memory_format)


def copied(input: Tensor, dtype: Dtype, memory_format: Format) -> Tensor:
    """A copy of `input` in new memory."""
    key = (input.form, dtype, memory_format)
    known = _copies.get(key)
    if known is None:
        form = form_of(input.sizes, new_stride(input, memory_format), dtype)
        known = form, form.nbytes <= NUMPYS_OWN and _casts_alike(input.dtype, dtype)
        _copies.keep(key, known)
    form, simple = known
    out = blank(form)
    if simple:
        quiet.run(out.array.__setitem__, ..., input.array)
    else:
        quietly(assign, out.array, input.array)
    return out


_copies = Plans[tuple[Form, bool]]()
"""The form of a copy, by that of the tensor, the dtype and the memory format, and whether NumPy
alone makes it: a small one."""


def _casts_alike(old: Dtype, new: Dtype) -> bool:
    """Whether NumPy alone converts as `assign` does."""
    if old.is_half or new.is_half:
        return old is new or dtypes.float32 in (old, new)
    return new is not dtypes.uint8 or not old.is_floating_point


clone.vjp(input=lambda g: g)
clone.jvp("linear")


@composite()
def contiguous(input: Tensor, *, memory_format: Format = contiguous_format) -> Tensor:
    """The tensor itself if it lies in the order of `memory_format`, else a copy that does."""
    form = input.form
    if memory_format is contiguous_format and form.packed is not None and form.order is None:
        return input
    if input.is_contiguous(memory_format=memory_format):
        return input
    if memory_format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    return clone(input, memory_format=memory_format)


@op("like", method=False, node="ToCopyBackward0", discrete=True)
def convert(input: Tensor, dtype: Dtype, memory_format: Format) -> Tensor:
    """A copy in another dtype, rounded to nearest even or cut towards zero."""
    return copied(input, dtype, memory_format)


convert.vjp(input=lambda g, input_dtype: g.to(input_dtype))
convert.jvp("linear")

_PYTHON_TYPES = {bool: dtypes.bool_, int: dtypes.int64, float: dtypes.float64}


def dtype_of(given: "Dtype | type") -> Dtype:
    """A dtype that may be named by Python's type."""
    return given if isinstance(given, Dtype) else _PYTHON_TYPES[given]


@composite(python=True)
def to(
    input: Tensor,
    *args: "Dtype | type | str | int | device | Tensor | None",
    dtype: Dtype | type | None = None,
    device: "device | str | int | None" = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Format | None = None,
    tensor: Tensor | None = None,
) -> Tensor:
    """The tensor in another dtype or memory format; itself when nothing changes and no `copy`.

    `to(dtype)`, `to(device, dtype)` or `to(other)`, each followed by `non_blocking` and `copy`.
    Source: aten/src/ATen/native/TensorConversions.cpp to.
    """
    if tensor is not None:
        args = (tensor, *args)
    flags: list[bool] = []
    for arg in args:
        if isinstance(arg, bool):
            flags.append(arg)
        elif isinstance(arg, Tensor):
            dtype = arg.dtype
        elif isinstance(arg, (Dtype, type)):
            dtype = dtype_of(arg)
        elif isinstance(arg, Format):
            raise unfit_to(args, {}) or TypeError("to() takes a memory format by keyword only")
        else:
            device = arg
    try:
        _on_cpu(device)
        wanted = input.dtype if dtype is None else dtype_of(dtype)
    except (KeyError, RuntimeError, TypeError) as error:
        named = {"device": device if device not in args else None, "dtype": dtype}
        unfit = unfit_to(args, named)
        if unfit is not None:
            raise unfit from error
        raise
    format = preserve_format if memory_format is None else memory_format
    same = wanted is input.dtype and not (copy or flags[1:2] == [True])
    if same and (format is preserve_format or format is suggested_format(input)):
        return input
    return convert(input, wanted, format)


def suggested_format(input: Tensor) -> Format:
    """The format that the order of the strides suggests, gaps or not.

    Source: TensorBase::suggest_memory_format, aten/src/ATen/core/TensorBase.h.
    """
    if not strides.is_channels_last_like(input.sizes, input.strides):
        return contiguous_format
    return channels_last if input.ndim == 4 else channels_last_3d


def unfit_to(args: Sequence[object], named: Mapping[str, object]) -> Refusal | None:
    """torch's error for what `to` does not take, None where it is only not to be had."""
    return refusal("to", args, {n: v for n, v in named.items() if v is not None}, method=True)


def _on_cpu(where: "device | str | int | None") -> None:
    """Raise unless a device that was asked for is the CPU; a number means a GPU."""
    if where is not None:
        _ = Device(f"cuda:{where}" if isinstance(where, int) else where)


@composite()
def type_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype of `other`."""
    return to(input, other.dtype)


@overload
def type_method(self: Tensor, dtype: None = None, non_blocking: bool = False) -> str: ...
@overload
def type_method(self: Tensor, dtype: Dtype | type | str, non_blocking: bool = False) -> Tensor: ...
def type_method(
    self: Tensor,
    dtype: Dtype | type | str | None = None,
    non_blocking: bool = False,
) -> Tensor | str:
    """The tensor in another dtype; without one, the old name of its type: 'torch.FloatTensor'.

    Raises: ValueError for a name that is none.
    """
    if dtype is None:
        return legacy_type(self)
    if isinstance(dtype, Dtype):
        return to(self, dtype)
    named = getattr(dtype, "dtype", None) if isinstance(dtype, type) else None
    if isinstance(named, Dtype):  # that of `LongTensor`
        return to(self, named)
    if not isinstance(dtype, (str, type)):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise TypeError("dtype must be a type, str, or dtype object")
    name = dtype if isinstance(dtype, str) else dtype.__name__
    if name in LEGACY:
        return to(self, LEGACY[name])
    raise ValueError(f"invalid type: '{name}'")


method(guarded(type_method, "type", method=True), "type")


def _cast(name: str, dtype: Dtype) -> None:
    """Bind the method `name`, which converts to `dtype`."""

    def cast(self: Tensor, *, memory_format: Format = preserve_format) -> Tensor:
        if memory_format is preserve_format:  # what else `to` asks for is known
            return self if self.dtype is dtype else convert(self, dtype, preserve_format)
        return to(self, dtype, memory_format=memory_format)

    cast.__name__ = cast.__qualname__ = name
    cast.__doc__ = f"The tensor as {dtype}; itself if it is that already."
    guarded_method(cast)


for _name, _dtype in {
    "bool": dtypes.bool_, "byte": dtypes.uint8, "char": dtypes.int8, "short": dtypes.int16,
    "int": dtypes.int32, "long": dtypes.int64, "half": dtypes.float16,
    "bfloat16": dtypes.bfloat16, "float": dtypes.float32, "double": dtypes.float64,
}.items():  # fmt: skip
    _cast(_name, _dtype)


@composite()
def cpu(input: Tensor, *, memory_format: Format = preserve_format) -> Tensor:
    """The tensor itself, for it is on the CPU."""
    return to(input, memory_format=memory_format)


@composite()
def cuda(input: Tensor, device: "device | str | int | None" = None) -> Tensor:
    """Nothing: this engine runs on the CPU. Raises: RuntimeError."""
    _on_cpu(input.ndim * 0 if device is None else device)
    return input


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return input.sizes == other.sizes
