"""Choosing and limiting: where, masked_fill, clamp and nan_to_num."""

import builtins
import math
import warnings
from typing import Any, cast, overload

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.form import Form, Plans
from minitorch_np.guard import guarded
from minitorch_np.kernels.large import MANY, Compiled, kept, loop
from minitorch_np.loops import (
    Kernel,
    blank_like,
    common_dtype,
    not_implemented,
    number,
    other_dtype,
    pointwise,
    quietly,
    result_for,
    rounded,
    scalar,
)
from minitorch_np.op import alias, composite, op
from minitorch_np.ops.power import larger, smaller
from minitorch_np.overloads import unfitting
from minitorch_np.quiet import quiet
from minitorch_np.shapes import broadcast, unwritten
from minitorch_np.strides import Overlap
from minitorch_np.tensor import Number, Tensor, blank, empty, method

__all__ = [
    "where", "masked_fill", "clamp", "clamp_min", "clamp_max", "clip", "nan_to_num",
]  # fmt: skip

Array = NDArray[Any]


@op("elementwise", method=False, node="WhereBackward0", aten="where")
def where_self(
    condition: Tensor,
    input: Tensor | Number,
    other: Tensor | Number,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """`input` where the condition holds, `other` elsewhere, all three broadcast.

    Source: ATen/native/TensorCompare.cpp where.
    """
    key = (
        condition.form,
        input.form if isinstance(input, Tensor) else type(input),
        other.form if isinstance(other, Tensor) else type(other),
        dtypes.get_default_dtype(),
    )
    form = _briefly.get(key)
    if form is not None and out is None:
        done = blank(form)
        array = done.array
        np.copyto(array, values_of(other, form.dtype))
        quiet.run(np.copyto, array, values_of(input, form.dtype), where=condition.array)
        return done
    check_condition(condition)
    operands = (condition, input, other)
    dtype = common_dtype(input, other)
    tensors = [x for x in operands if isinstance(x, Tensor)]
    if out is not None and out.dtype is not dtype:
        expected, found = dtype.aten_name, out.dtype.aten_name
        raise RuntimeError(f"Expected out type to be {expected} but got {found}")
    shape = broadcast(*[t.sizes for t in tensors])
    stride = strides.elementwise(
        shape,
        tuple([_seen(x, dtype if x is not condition else condition.dtype) for x in operands]),
    )
    if out is None:
        done = empty(shape, stride, dtype)
        same = condition.dtype is dtypes.bool_ and all(t.dtype is dtype for t in tensors[1:])
        if same and done.form.count < MANY:
            _briefly.keep(key, done.form)
    else:
        done = result_for(out, shape, dtype, tensors, lambda: stride)
    chosen, rest = values_of(input, dtype), values_of(other, dtype)
    quietly(_choose, condition.array.astype(bool, copy=False), chosen, rest, done.array)
    return done


_briefly = Plans[Form]()
"""The form of what is chosen, by the forms of tensors, and the types of numbers, where there are
few elements and none needs to be converted."""

where_self.vjp(
    condition=None,
    input=lambda g, condition: where_self(condition, g, 0),
    other=lambda g, condition: where_self(condition, 0, g),
)
where_self.jvp("joint")


def _seen(x: Tensor | Number, dtype: Dtype) -> strides.Geometry:
    """The geometry of an operand, or of its copy in another dtype."""
    if not isinstance(x, Tensor):
        return (), ()
    return x.sizes, x.strides if x.dtype is dtype else strides.like(x.sizes, x.strides)


def values_of(x: Tensor | Number, dtype: Dtype) -> Array | np.generic:
    """The elements of an operand as they are, or a number as memory of `dtype` holds it.

    Raises: RuntimeError for a number that it does not hold, but halves make that infinite.
    """
    if isinstance(x, Tensor):
        return x.array
    return held(x if dtype.is_half or x == 0 else scalar(x, dtype), dtype)


def held(x: Number, dtype: Dtype) -> np.generic:
    """A Python number as memory of `dtype` holds it."""
    value = quiet.run(np.asarray(number(x, dtype)).astype, dtype.np)
    return cast(np.generic, value[()])  # as () leaves a scalar


def check_condition(condition: Tensor) -> None:
    """Raise torch's error for a condition that is not bool, and warn of uint8."""
    if condition.dtype is dtypes.uint8:
        warnings.warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be "
            "removed in a future version of PyTorch. Use a boolean condition instead.",
            UserWarning,
            stacklevel=depth(),
        )
    elif condition.dtype is not dtypes.bool_:
        name = condition.dtype.aten_name
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {name}"
        )


def _choose(
    condition: Array, chosen: Array | np.generic, rest: Array | np.generic, out: Array
) -> None:
    if out.size >= MANY and _chosen_by_loop(condition, chosen, rest, out):
        return
    if np.may_share_memory(condition, out) or np.may_share_memory(chosen, out):
        chosen, condition = np.array(chosen), np.array(condition)
    np.copyto(out, rest, casting="unsafe")
    np.copyto(out, chosen, casting="unsafe", where=condition)


def _chosen_by_loop(
    condition: Array, chosen: Array | np.generic, rest: Array | np.generic, out: Array
) -> bool:
    """Whether a compiled loop made the choice."""
    name = _CHOICES.get(out.dtype)
    if name is None or condition.shape != out.shape:
        return False
    if not (condition.flags.carray and out.flags.carray):
        return False
    operands = [np.asarray(x) for x in (chosen, rest)]
    if any(a.dtype != out.dtype or (a.size > 1 and a.shape != out.shape) for a in operands):
        return False
    if not all(a.flags.carray for a in operands):
        return False
    loop(name)(condition, *operands, out)
    return True


_CHOICES = {
    dtypes.float32.np: "copies.choose", dtypes.float16.np: "copies.choose_halves",
    dtypes.bfloat16.np: "copies.choose_halves",
}  # fmt: skip
"""The loops that choose, by dtype."""


@composite(method=False)
def where(
    condition: Tensor,
    input: Tensor | Number | None = None,
    other: Tensor | Number | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """`input` where the condition holds, `other` elsewhere; alone, the indices where it holds."""
    if input is None and other is None:
        if condition.is_batch:
            raise RuntimeError(
                "vmap: We do not support batching operators that can output dynamic shape. "
                "Attempted to vmap over aten::where. Please file an issue at "
                "https://github.com/pytorch/pytorch/issues if you need this feature."
            )
        return condition.nonzero(as_tuple=True)
    if input is None or other is None:
        raise unfitting("where", *[x for x in (condition, input, other) if x is not None])
    return where_self(condition, input, other, out=out)


def where_method(self: Tensor, condition: Tensor, other: Tensor | Number) -> Tensor:
    """This tensor where the condition holds, `other` elsewhere."""
    return where_self(condition, self, other)


where_method.__name__ = "where"
method(guarded(where_method, method=True), "where")


def check_mask(input: Tensor, mask: Tensor, value: Tensor | Number) -> None:
    """Raise torch's errors of masked_fill. Source: ATen/native/TensorAdvancedIndexing.cpp."""
    if isinstance(value, Tensor) and value.sizes:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.ndim} dimension(s)."
        )
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype "
            f"{mask.dtype.cpp_name}"
        )
    if isinstance(value, complex) and value.imag:
        raise RuntimeError(
            f"value cannot be converted to type {input.dtype.c_name} without overflow"
        )
    if not isinstance(value, Tensor):
        scalar(value, input.dtype)


def overload_of_value(value: Tensor | Number) -> str:
    """The name of PyTorch's node for each overload of masked_fill."""
    return f"MaskedFillBackward{int(isinstance(value, Tensor))}"


def _fill(out: Array, mask: Array, value: Array | np.generic) -> None:
    if out.size >= MANY and _chosen_by_loop(mask, value, out, out):
        return
    np.copyto(out, value, casting="unsafe", where=mask)


def filled(out: Array, mask: Array, value: Tensor | Number, dtype: Dtype) -> None:
    """Write a value to the elements of a dtype where the mask, broadcast, holds."""
    if isinstance(value, Tensor):
        quietly(_fill, out, mask, value.array)
    else:
        _fill(out, mask, held(value, dtype))  # which is not converted any more


@op("contiguous", node=overload_of_value)
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """A copy with `value` where the mask holds, both broadcast; the copy is contiguous.

    Source: ATen/native/TensorAdvancedIndexing.cpp masked_fill.
    """
    known = _fills.get((input.form, mask.form)) if type(value) in NUMBERS else None
    if known is not None:
        number = scalar(cast(Number, value), known.dtype)
        done = blank(known)
        np.copyto(done.array, input.array)
        quiet.run(np.putmask, done.array, mask.array, number)
        return done
    shape = input.sizes
    if mask.sizes != shape:
        shape = broadcast(mask.sizes, shape)
    check_mask(input, mask, value)
    done = empty(shape, strides.contiguous(shape), input.dtype)
    np.copyto(done.array, input.array)
    filled(done.array, mask.array, value, input.dtype)
    if shape == mask.sizes and done.form.count < MANY and input.dtype in FULL:
        _fills.keep((input.form, mask.form), done.form)
    return done


_fills = Plans[Form]()
"""The form of the result, by the forms of few floats and of a mask that is as large as the result:
NumPy then takes a number as it is."""

NUMBERS = frozenset([int, float])
FULL = frozenset([dtypes.float32, dtypes.float64])

masked_fill.vjp(
    input=lambda g, mask: g.masked_fill(mask, 0),
    mask=None,
    value=lambda g, mask: where_self(mask, g, 0).sum(),
)
masked_fill.jvp("joint")


@op("like", node=overload_of_value)
def masked_fill_(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """This tensor with `value` written where the mask, broadcast to it, holds.

    Source: ATen/native/TensorAdvancedIndexing.cpp masked_fill_.
    """
    check_mask(input, mask, value)
    if strides.internal_overlap(input.sizes, input.strides) is Overlap.YES:
        warnings.warn(
            "Use of masked_fill_ on expanded tensors is deprecated. Please clone() the tensor "
            "before performing this operation. This also applies to advanced indexing e.g. "
            "tensor[mask] = scalar",
            UserWarning,
            stacklevel=depth(),
        )
    shape = broadcast(input.sizes, mask.sizes)
    if shape != input.sizes:
        raise unwritten(input.sizes, shape)
    filled(input.array, mask.array, value, input.dtype)
    return input


masked_fill_.vjp(
    input=lambda g, mask: g.masked_fill(mask, 0),
    mask=None,
    value=lambda g, mask: where_self(mask, g, 0).sum(),
)
masked_fill_.jvp("joint")

Limit = Tensor | Number | None


@overload
def limit(x: Number, dtype: Dtype, name: str) -> Number: ...
@overload
def limit(x: Number | None, dtype: Dtype, name: str) -> Number | None: ...
def limit(x: Number | None, dtype: Dtype, name: str) -> Number | None:
    """A limit as `dtype` holds it; one that no integer of the dtype can cross is no limit.

    Raises: RuntimeError where none could meet it. Source: ATen/native/TensorCompare.cpp clamp.
    """
    if x is None:
        return None
    if dtype.category != dtypes.INTEGER:
        return rounded(scalar(x, dtype), dtype)
    info, x = np.iinfo(dtype.name), dtypes.in_64_bits(x)
    low, high = info.min, info.max
    if (name == "min" and x > high) or (name == "max" and x < low):
        raise RuntimeError(
            f"Clamp {name} value {x:g} is outside the representable range of {dtype.aten_name}"
        )
    return int(builtins.min(builtins.max(x, low), high))


def _limited(a: Array, low: Array, high: Array, o: Array) -> None:
    np.minimum(np.maximum(a, low), high, out=o)


_limited_each = Compiled("elementwise.clamp_each", _limited)


def limited(input: Tensor, low: Limit, high: Limit, out: Tensor | None, kernel: str) -> Tensor:
    """`input` raised to `low` and lowered to `high`: a unary op where both are numbers."""
    if not isinstance(low, Tensor) and not isinstance(high, Tensor):
        if input.dtype.is_floating_point and (out is None or out.dtype is input.dtype):
            return pointwise(between_numbers(input.dtype, low, high), input, out=out)
    bounds = [x for x in (low, high) if x is not None]
    dtype = common_dtype(input, *bounds)
    given = any(isinstance(x, Tensor) for x in bounds)
    if out is input and not given and not dtypes.can_cast(dtype, input.dtype):
        raise RuntimeError(
            f"result type {dtype.aten_name} can't be cast to the desired output type "
            f"{input.dtype.cpp_name}"
        )
    if dtype is dtypes.bool_ and kernel:
        raise not_implemented(kernel, dtype)
    if given:
        if low is None or high is None:
            f = smaller if low is None else larger
            return pointwise(f, input, bounds[0], out=out, common=dtype)
        return pointwise(_limited_each, input, low, high, out=out, common=dtype)
    assert not isinstance(low, Tensor) and not isinstance(high, Tensor)
    if out is not None and out.dtype is not dtype:
        raise other_dtype(out, dtype)
    return pointwise(between_numbers(dtype, low, high), input, out=out, common=dtype)


def need_one_kind(*limits: Number) -> None:
    """Raise RuntimeError for an int beyond int64 beside one within: its dtype is uint64, which
    PyTorch promotes with no other integers."""
    names = ["UInt64" if x >= 1 << 63 else dtypes.of_number(x).aten_name for x in limits]
    if "UInt64" in names and len({*names}) > 1:
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            + " and ".join(names)
        )


@kept
def between_numbers(dtype: Dtype, low: Number | None, high: Number | None) -> Kernel:
    """`between`, where a limit may be left out, or be nan."""
    if dtype.category == dtypes.INTEGER and low is not None and high is not None:
        need_one_kind(low, high)
    numbers = [limit(low, dtype, "min"), limit(high, dtype, "max")]
    if any(x is not None and x != x for x in numbers):
        return lambda a, o: o.fill(math.nan)
    info = dtypes.iinfo(dtype) if dtype.category == dtypes.INTEGER else None
    ends = (-math.inf, math.inf) if info is None else (info.min, info.max)
    least, most = [end if x is None else x for x, end in zip(numbers, ends, strict=True)]
    return between(dtype, least, most)


@kept
def between(_dtype: Dtype, least: Number, most: Number) -> Compiled:
    """The kernel that keeps elements within two limits of their dtype, nan as nan."""
    # np.maximum with a number is five times slower
    return Compiled(
        "elementwise.clamp", lambda a, o: a.clip(least, most, o), least, most, alike=True
    )


def clamp_node(min: Limit, max: Limit) -> str:
    """The name of PyTorch's node for each overload of clamp."""
    return f"ClampBackward{int(not isinstance(min, Tensor) and not isinstance(max, Tensor))}"


@op("elementwise", inplace=True, node=clamp_node)
def clamp(
    input: Tensor,
    min: Tensor | Number | None = None,
    max: Tensor | Number | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """`input` kept within [min, max], nan kept as nan; at a limit the derivative is 0.

    Source: ATen/native/TensorCompare.cpp clamp.
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if out is None and type(min) in _PLAIN and type(max) in _PLAIN:
        if input.dtype.is_floating_point:  # what `limited` comes to
            low, high = cast("Number | None", min), cast("Number | None", max)
            return pointwise(between_numbers(input.dtype, low, high), input)
    tensors = isinstance(min, Tensor) or isinstance(max, Tensor)
    if tensors and (isinstance(min, Number) or isinstance(max, Number)):
        if not (_is_number(min) and _is_number(max)):
            raise unfitting("clamp", input, min, max)
        min, max, tensors = _number(min), _number(max), False
    if tensors:
        kernel = "" if min is None or max is None else "clamp_cpu"
    else:
        one = "" if min is not None and max is not None else "_min" if max is None else "_max"
        kernel = f"clamp{one}_scalar_cpu"
    return limited(input, min, max, out, kernel)


_PLAIN = frozenset([int, float, type(None)])
"""The types of limits, mostly."""


def _is_number(limit: Limit) -> bool:
    """Whether torch's parser takes a limit for a number: a 0-d tensor without gradient, too."""
    return not isinstance(limit, Tensor) or not (limit.sizes or limit.requires_grad)


def _number(limit: Limit) -> Number | None:
    return limit.item() if isinstance(limit, Tensor) else limit


def clamp_backward(g: Tensor, input: Tensor, min: Limit, max: Limit) -> Tensor:
    """The gradient strictly within limits that are numbers; with tensors a tie is shared.

    Source: torchgen's derivatives.yaml of PyTorch 2.15; before, a limit passed the whole gradient.
    """
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        if min is None or max is None:
            edge = max if min is None else min
            assert edge is not None
            return share(g, input, edge, input > edge if min is None else input < edge)
        tie = (input == min).logical_or(input == max).logical_and(cast(Tensor, min < max))
        outside = either(input < min, input > max)
        return where_self(tie, g / 2, g).masked_fill_(outside, 0)
    inside = None if min is None else input > min
    if max is not None:
        inside = input < max if inside is None else both(inside, input < max)
    assert inside is not None
    return where_self(inside, g, 0)


def both(a: Tensor, b: Tensor) -> Tensor:
    """Where both hold; in the first one's memory, and so its layout, unless it has to grow."""
    grows = broadcast(a.sizes, b.sizes) != a.sizes
    return a.logical_and(b) if grows else a.logical_and_(b)


def either(a: Tensor, b: Tensor) -> Tensor:
    """Where one of them holds; in the first one's memory as `both`."""
    grows = broadcast(a.sizes, b.sizes) != a.sizes
    return a.logical_or(b) if grows else a.logical_or_(b)


def share(g: Tensor, input: Tensor, limit: Tensor | Number, without: Tensor) -> Tensor:
    """A gradient halved where input and limit tie, 0 where `without` holds."""
    return where_self(input == limit, g / 2, g).masked_fill_(without, 0)


def _clamp_min_grad(g: Tensor, input: Tensor, min: Tensor, max: Limit) -> Tensor:
    if max is None:
        return share(g, input, min, input > min)
    within, equal = min < max, min == max
    below = either(both(within, input <= min), both(equal, input < min))
    return share(g, input, min, below.logical_not_())


def _clamp_max_grad(g: Tensor, input: Tensor, min: Limit, max: Tensor) -> Tensor:
    if min is None:
        return share(g, input, max, input < max)
    assert isinstance(min, Tensor)
    within, equal = min < max, min == max
    above = (max < min).logical_or(within.logical_and(input >= max))
    above = above.logical_or(equal.logical_and(input > max))
    tie = (input == max).logical_and(within)
    return where_self(tie, g / 2, g).masked_fill_(above.logical_not_(), 0)


clamp.vjp(
    input=lambda g, input, min, max: clamp_backward(g, input, min, max),
    min=lambda g, input, min, max: _clamp_min_grad(g, input, min, max),
    max=lambda g, input, min, max: _clamp_max_grad(g, input, min, max),
)


@op(
    "elementwise",
    inplace=True,
    node=lambda min: f"ClampMinBackward{int(isinstance(min, Tensor))}",
)
def clamp_min(input: Tensor, min: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input` raised to `min` where it is below. Source: ATen/native/TensorCompare.cpp."""
    return limited(input, min, None, out, "" if isinstance(min, Tensor) else "clamp_min_scalar_cpu")


clamp_min.vjp(
    input=lambda g, input, min: clamp_backward(g, input, min, None),
    min=lambda g, input, min: _clamp_min_grad(g, input, min, None),
)


@op(
    "elementwise",
    inplace=True,
    node=lambda max: f"ClampMaxBackward{int(isinstance(max, Tensor))}",
)
def clamp_max(input: Tensor, max: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input` lowered to `max` where it is above. Source: ATen/native/TensorCompare.cpp."""
    return limited(input, None, max, out, "" if isinstance(max, Tensor) else "clamp_max_scalar_cpu")


clamp_max.vjp(
    input=lambda g, input, max: clamp_backward(g, input, None, max),
    max=lambda g, input, max: _clamp_max_grad(g, input, None, max),
)


@op("like", inplace=True)
def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """A copy with nan replaced by 0 and infinities by the largest finite numbers, or as given.

    Source: ATen/native/cpu/UnaryOpsKernel.cpp nan_to_num_kernel.
    """
    kind = input.dtype
    if out is not None and out.dtype is not kind:
        found, expected = out.dtype.aten_name, kind.aten_name
        raise RuntimeError(f"nan_to_num: dtype of out: {found} should be same as input: {expected}")
    largest = float(dtypes.finfo(kind).max) if kind.is_floating_point else 0.0

    def replaced(a: Array, o: Array) -> None:
        values = np.where(np.isnan(a), 0.0 if nan is None else nan, a)
        values = np.where(a == np.inf, largest if posinf is None else posinf, values)
        values = np.where(a == -np.inf, -largest if neginf is None else neginf, values)
        np.copyto(o, values, casting="unsafe")

    if out is input and not kind.is_floating_point:
        return input  # nothing to replace, and nothing is written
    done = blank_like(input) if out is None else out
    if not kind.is_floating_point:
        return pointwise(_same, input, out=done)
    numbers = (
        0.0 if nan is None else nan,
        largest if posinf is None else posinf,
        -largest if neginf is None else neginf,
    )
    return pointwise(Compiled("elementwise.nan_to_num", replaced, *numbers), input, out=done)


nan_to_num.vjp(input=lambda g, input: g * input.isfinite())


def _same(a: Array, o: Array) -> None:
    np.copyto(o, a, casting="unsafe")


clip = alias(clamp, "clip")
