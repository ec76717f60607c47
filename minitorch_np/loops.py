"""The two loops behind most ops: promote, broadcast, choose the output's stride, allocate, run.

Kernels are functions of ndarrays. `pointwise` calls `f(*arrays, out)`; `reduce` calls
`f(array, axes)`. Half types reach a kernel as float32 and are rounded once, at the end.
Source: aten/src/ATen/TensorIterator.cpp and native/ReduceOps.cpp.
"""

import builtins
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, cast, overload

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.casts import (
    TURNED,
    as_dtype,
    by_blocks,
    flat,
    large_copy,
    narrow_loop,
    read_by_loops,
)
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.form import Form, Plans, form_of
from minitorch_np.kernels import shares
from minitorch_np.kernels.large import MANY, Beside, Compiled
from minitorch_np.quiet import quiet, quietly, run_quietly
from minitorch_np.shapes import Shape, broadcast, need_bool, reduced, unwritten
from minitorch_np.strides import Stride
from minitorch_np.tensor import Number, Tensor, blank, empty, owning, plain

__all__ = [
    "blank_like",
    "common_dtype",
    "converted",
    "exactly",
    "filling",
    "finish",
    "holding",
    "not_implemented",
    "number",
    "other_dtype",
    "pointwise",
    "quietly",
    "reduce",
    "result_for",
    "rounded",
    "scalar",
    "untrue",
]

Array = NDArray[np.generic]
A = NDArray[Any]
Kernel = (
    Callable[[A, A], object] | Callable[[A, A, A], object] | Callable[[A, A, A, A], object]
    | Callable[[A, A, A, A, A], object] | Callable[[A, A, A, A, A, A], object]
)  # fmt: skip
"""Takes the inputs and, last, the array to write. What dtypes they have, its op knows."""


def untrue(told: str) -> RuntimeError:
    """PyTorch's error for what has to be true and is not, where it says no more. Source:
    TORCH_CHECK, c10/util/Exception.h."""
    return RuntimeError(
        f"Expected {told} to be true, but got false.  (Could this error message be improved?  If "
        "so, please report an enhancement request to PyTorch.)"
    )


def not_implemented(kernel: str, dtype: Dtype) -> NotImplementedError:
    """The error of a kernel that has no version for `dtype`. Source: aten/src/ATen/Dispatch.h."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{dtype.aten_name}'")


def scalar(value: Number, dtype: Dtype) -> Number:
    """A Python number as ATen's kernels of `dtype` receive an argument such as `alpha`.

    Raises: RuntimeError for a number that the dtype does not hold.
    Source: c10/core/Scalar.h, Scalar::to; c10/util/TypeCast.h, overflows.
    """
    value = plain(value)
    if dtype.category == dtypes.BOOL:
        return builtins.bool(value)
    if dtype.category == dtypes.FLOATING:
        if math.isfinite(value) and abs(value) > _LARGEST[dtype.name]:
            raise RuntimeError(f"value cannot be converted to type {dtype.c_name} without overflow")
        return float(value)
    limits = np.iinfo(dtype.name)
    wraps = dtype is dtypes.uint8 and not isinstance(value, float)  # negative integers do
    low = -limits.max if wraps else limits.min
    if not low <= value <= limits.max:
        raise RuntimeError(f"value cannot be converted to type {dtype.c_name} without overflow")
    return int(value) & 255 if wraps else int(value)


_LARGEST = {
    "float16": 65504.0, "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38,
    "float64": 1.7976931348623157e308,
}  # fmt: skip


def rounded(value: Number, dtype: Dtype) -> Number:
    """A Python number as a half type holds it; other dtypes take it as it is."""
    value = dtypes.in_64_bits(value)
    return (
        float(quietly(np.asarray(value, np.float64).astype, dtype.np)) if dtype.is_half else value
    )


def common_dtype(*inputs: Tensor | Number) -> Dtype:
    """The dtype that tensors and Python numbers promote to together."""
    dims = zero = wrapped = None
    for x in inputs:
        if isinstance(x, Tensor):
            d = x.dtype
            if x.sizes:
                dims = d if dims is None or dims is d else dtypes.promote_types(dims, d)
            else:
                zero = d if zero is None or zero is d else dtypes.promote_types(zero, d)
        else:
            d = dtypes.of_number(x)
            wrapped = d if wrapped is None else dtypes.promote_types(wrapped, d)
    return dtypes.combine(dims, zero, wrapped)


@overload
def converted(x: Tensor, dtype: Dtype) -> Array: ...
@overload
def converted(x: Tensor | Number, dtype: Dtype) -> Array | np.generic | float: ...
def converted(x: Tensor | Number, dtype: Dtype) -> Array | np.generic | float:
    """An operand as a kernel computing in `dtype` wants it: half types wider, numbers as scalars
    that do not promote."""
    if isinstance(x, Tensor):
        to = dtype.compute
        array = x.array
        if dtype.is_half and x.dtype is not dtype:  # what the half type loses is lost
            array = quietly(as_dtype, array, dtype.np)
        return array if array.dtype is to else quietly(as_dtype, array, to)
    return number(x, dtype)


def number(x: Number, dtype: Dtype) -> float | np.generic:
    """A Python number as a kernel computing in `dtype` takes it: a float, or a wrapped integer."""
    x = dtypes.in_64_bits(x)
    if dtype.is_floating_point:
        return float(x)
    if dtype.category == 0:
        return np.bool_(x)
    if isinstance(x, float):
        values = quietly(np.asarray(x).astype, dtype.np)
    else:
        try:
            return dtype.np.type(x)
        except OverflowError:  # it wraps
            values = np.asarray(int(x) & _ALL_BITS, np.uint64).astype(dtype.np)
    return values[()]  # pyright: ignore[reportReturnType]  # no stub says that () leaves a scalar


_ALL_BITS = (1 << 64) - 1


def pointwise(
    f: Kernel,
    *inputs: Tensor | Number,
    out: Tensor | None = None,
    floating: bool = False,
    result: Dtype | None = None,
    common: Dtype | None = None,
    numbers: bool = False,
    casts: bool = True,
) -> Tensor:
    """The elementwise result of `f` on broadcast inputs, with PyTorch's dtype and strides.

    `floating` turns integers to the default dtype first (exp, division); `result` is the result's
    dtype where it is not the common one (comparisons); `common` overrides the promotion; `numbers`
    says that numbers alone will do; `casts` whether PyTorch computes in the common dtype before it
    writes to an `out` of another. Raises: TypeError where there is no tensor and one must be.
    """
    if out is not None and out is not inputs[0]:
        return _into(f, inputs, out, floating, result, common, casts)
    if len(inputs) == 1:
        asked: object = inputs[0].form if isinstance(inputs[0], Tensor) else type(inputs[0])
    else:
        asked = tuple([x.form if isinstance(x, Tensor) else type(x) for x in inputs])
    key = (asked, floating, result, common, numbers, dtypes.get_default_dtype())
    plan = _plans.get(key)
    if plan is None:
        done = None if out is None else _into(f, inputs, out, floating, result, common, casts)
        plan = _plan(inputs, floating, result, common, numbers)
        _plans.keep(key, plan)
        if done is not None:
            return done
    dtype, form, direct, walks, large, turned = plan
    done = blank(form) if out is None else out
    if out is not None and not (direct and form is out.form and _apart(inputs, out)):
        return _into(f, inputs, out, floating, result, common, casts)
    if not direct:
        _run(f, inputs, dtype, done)
        return done
    arrays = [number(x, dtype) if not isinstance(x, Tensor) else x.array if x.nd is None else x.nd
              for x in inputs]  # fmt: skip
    target = done.array
    if turned:
        copies = [turned_like(form, cast("Tensor", inputs[k])) for k in turned]
        for k, copy in zip(turned, copies, strict=True):  # which hold their memory until the end
            arrays[k] = copy.array
    if isinstance(f, np.ufunc):
        if large:
            run_quietly(shares.pointwise, f, arrays, target)
        else:
            quiet.run(f, *arrays, target)
    elif not (walks and isinstance(f, Compiled) and f.walk(cast("list[A]", arrays), target)):
        run_quietly(f, *arrays, target)
    return done


def filling(f: Kernel) -> Callable[..., object]:
    """The kernel of an elementwise op as its `into`; see `op`."""
    few = f.otherwise if isinstance(f, Compiled) else cast("Callable[..., object]", f)

    def fill(*arrays: Array) -> None:
        size = arrays[-1].size
        if not isinstance(few, np.ufunc):
            run_quietly(few if size < MANY else f, *arrays)
        elif size < MANY:
            quiet.run(few, *arrays)
        elif few is f:
            run_quietly(shares.pointwise, f, arrays[:-1], arrays[-1])
        else:
            run_quietly(f, *arrays)

    return fill


def exactly(f: Kernel, *inputs: Tensor | Number, out: Tensor | None) -> Tensor:
    """`pointwise`, for ops that do not cast to the dtype of an `out`.

    Source: build_borrowing_unary_op and TensorIteratorConfig, aten/src/ATen/TensorIterator.cpp.
    """
    if out is not None:
        dtype = common_dtype(*inputs)
        if out.dtype is not dtype:
            raise other_dtype(out, dtype)
    return pointwise(f, *inputs, out=out)


def _apart(inputs: tuple[Tensor | Number, ...], out: Tensor) -> bool:
    """Whether no input but `out` itself can share its memory, nor its own elements any."""
    store = out.store
    for x in inputs:
        if isinstance(x, Tensor) and x is not out and x.store is store and store is not None:
            return False
    return out.form.packed is not None


def turned_like(form: Form, input: Tensor) -> Tensor:
    """A copy of a transposed matrix in the order of `form`: made by tiles, which takes a fraction
    of what walking two orders at once does."""
    made = blank(form_of(form.shape, form.stride, input.dtype))
    return made if large_copy(made.array, input.array) else input


_Plan = tuple[Dtype, Form, bool, bool, bool, tuple[int, ...]]
"""The dtype to compute in, the form of the result, whether kernels take all as it is, whether all
are float32 in C order, of one shape, whether there may be enough for several threads, and which of
the inputs are large and lie in the other order than the result."""

_plans = Plans[_Plan]()


def _plan(
    inputs: tuple[Tensor | Number, ...],
    floating: bool,
    result: Dtype | None,
    common: Dtype | None,
    numbers: bool,
) -> _Plan:
    """What follows from the forms of the inputs, and from the types of those that are numbers."""
    dtype = _dtype(inputs, floating, common)
    tensors = [x for x in inputs if isinstance(x, Tensor)]
    if not tensors and not numbers:
        raise TypeError("expected a tensor among the operands, but got numbers only")
    shape = _shape(tensors)
    form = form_of(shape, strides.elementwise(shape, _operands(inputs, dtype)), result or dtype)
    same = not dtype.is_half and all(t.dtype is dtype for t in tensors)
    # alone, Python's floats would be computed with as float64
    direct = bool(same and tensors and not form.dtype.is_half)
    walks = direct and dtype is dtypes.float32 and len(tensors) == len(inputs) and form.contiguous
    walks = walks and form.dtype in (dtypes.float32, dtypes.bool_)
    return (
        dtype,
        form,
        direct,
        walks and all(t.form.contiguous and t.sizes == shape for t in tensors),
        form.nbytes >= shares.MANY * form.dtype.itemsize,
        () if form.count < TURNED or len(shape) != 2 else _turned(inputs, form),
    )


def _turned(inputs: tuple[Tensor | Number, ...], form: Form) -> tuple[int, ...]:
    """Which of the inputs are matrices in the other order than a large one of `form`."""
    across = {form.stride, (1, form.shape[0]), (form.shape[1], 1)}
    if len(across) > 2 or 1 in form.shape:
        return ()
    return tuple([
        k for k, x in enumerate(inputs)
        if isinstance(x, Tensor) and x.sizes == form.shape and x.dtype.itemsize == 4
        and x.strides != form.stride and x.strides in across
    ])  # fmt: skip


def _into(
    f: Kernel,
    inputs: tuple[Tensor | Number, ...],
    out: Tensor,
    floating: bool,
    result: Dtype | None,
    common: Dtype | None,
    casts: bool,
) -> Tensor:
    """`pointwise` where it writes to `out`."""
    dtype = _dtype(inputs, floating, common)
    tensors = [x for x in inputs if isinstance(x, Tensor)]
    check_overlap(out, tensors)
    shape = _shape(tensors)
    to = result or dtype
    if out.sizes != shape and casts and out.dtype not in (to, dtype):
        if dtypes.can_cast(to, out.dtype) and not any(t is out for t in tensors):
            warn_of_resizing(out, shape)  # once more, of what is computed in the common dtype
    done = _fitted(
        out, shape, to, tensors, lambda: strides.elementwise(shape, _operands(inputs, dtype))
    )
    _run(f, inputs, dtype, done, to)
    return done


def refuse_kernel(
    kernel: str, dtype: Dtype, *inputs: Tensor | Number, out: Tensor | None = None
) -> NoReturn:
    """Raise that a kernel has no version for `dtype`, or what PyTorch finds before it asks for one.

    Source: TensorIteratorBase::build, aten/src/ATen/TensorIterator.cpp.
    """
    tensors = [x for x in inputs if isinstance(x, Tensor)]
    if out is not None:
        check_overlap(out, tensors)
    shape = _shape(tensors)
    if out is not None:
        _fitted(out, shape, dtype, tensors, None)
    raise not_implemented(kernel, dtype)


def _dtype(inputs: tuple[Tensor | Number, ...], floating: bool, common: Dtype | None) -> Dtype:
    """The dtype to compute in."""
    dtype = common or common_dtype(*inputs)
    if floating and not dtype.is_floating_point:
        return dtypes.get_default_dtype()
    return dtype


def _shape(tensors: Sequence[Tensor]) -> Shape:
    """The shape that tensors broadcast to; of none, that of a number."""
    shape = tensors[0].sizes if tensors else ()
    for t in tensors:
        if t.sizes != shape:
            return broadcast(*[t.sizes for t in tensors])
    return shape


def _operands(inputs: tuple[Tensor | Number, ...], dtype: Dtype) -> tuple[strides.Geometry, ...]:
    """The geometry of each operand, once it has been converted to `dtype`.

    Source: TensorIteratorBase::compute_types, which comes before strides are looked at.
    """
    return tuple([_geometry(x, dtype) if isinstance(x, Tensor) else _NUMBER for x in inputs])


def _geometry(x: Tensor, dtype: Dtype) -> strides.Geometry:
    """The geometry of an operand, or of its copy in another dtype."""
    return x.sizes, x.strides if x.dtype is dtype else strides.like(x.sizes, x.strides)


def _run(
    f: Kernel,
    inputs: tuple[Tensor | Number, ...],
    dtype: Dtype,
    done: Tensor,
    to: Dtype | None = None,
) -> None:
    """Call the kernel on converted operands, and round what it wrote if `done` is narrower."""
    to = to or done.dtype
    if dtype.is_half and _by_blocks(f, inputs, dtype, done):
        return
    arrays = [converted(x, dtype) for x in inputs]
    if not any(isinstance(x, Tensor) for x in inputs):
        arrays = [np.asarray(x, dtype.compute) for x in arrays]
    target = done.array
    exact = target.dtype is to.compute and not to.is_half
    wide = target if exact else np.empty(done.sizes, to.compute)
    if isinstance(f, np.ufunc) and wide.size >= shares.MANY:
        run_quietly(shares.pointwise, f, arrays, wide)
    else:
        run_quietly(f, *arrays, wide)
    if not exact:
        rounded = to.is_half and done.dtype is not to  # to what is written, and then cast
        quietly(_assign, target, quietly(as_dtype, wide, to.np) if rounded else wide)


def _by_blocks(f: Kernel, inputs: tuple[Tensor | Number, ...], dtype: Dtype, done: Tensor) -> bool:
    """Whether the kernel was called on many elements of a half type and on numbers, without a copy
    of all of them: by a loop that reads the type, or on block after block. All are of one form and
    without gaps, or some for all."""
    form = done.form
    if form.dtype is not dtype or form.count < MANY:
        return False
    if isinstance(f, Beside):
        return _beside(f, inputs, dtype, done)
    if not isinstance(f, (np.ufunc, Compiled)):  # others may look at the whole
        return False
    if any(isinstance(x, Tensor) and x.form is not form for x in inputs):
        return False
    given = [flat(x.array) if isinstance(x, Tensor) else number(x, dtype) for x in inputs]
    target = flat(done.array)
    if target is None or any(a is None for a in given):
        return False
    are_many = [isinstance(x, Tensor) for x in inputs]
    in_one_pass = narrow_loop(f, given, are_many, target)
    if in_one_pass is not None:
        in_one_pass()
    else:
        run_quietly(by_blocks, f, given, are_many, target)
    return True


def _beside(f: Beside, inputs: tuple[Tensor | Number, ...], dtype: Dtype, done: Tensor) -> bool:
    """Whether a compiled loop wrote what a half type's rows or columns give with one for all."""
    a, b = inputs
    if not (isinstance(a, Tensor) and isinstance(b, Tensor) and a.dtype is b.dtype is dtype):
        return False
    return read_by_loops(dtype.np) and f.walk(a.array, b.array, done.array)


_NUMBER: tuple[Shape, Stride] = ((), ())


def blank_like(input: Tensor, dtype: Dtype | None = None) -> Tensor:
    """An uninitialised result with the strides of `empty_like`, for ops that PyTorch starts so."""
    stride = strides.like(input.sizes, input.strides)
    return empty(input.sizes, stride, dtype or input.dtype)


def holding(values: Array, form: Form) -> Tensor:
    """A tensor of values of its dtype that nobody else holds; a few, in order, are not copied."""
    if form.brief and values.flags.carray:
        return owning(form, values)
    done = blank(form)
    np.copyto(done.array, values)
    return done


def _assign(target: Array, values: Array) -> None:
    if target.size < MANY or target.dtype == values.dtype or not large_copy(target, values):
        np.copyto(target, values, casting="unsafe")


def result_for(
    out: Tensor,
    shape: Shape,
    dtype: Dtype,
    inputs: Sequence[Tensor],
    stride: Callable[[], Stride] | None = None,
) -> Tensor:
    """`out`, checked and made ready to receive a result of `shape` and `dtype`.

    Raises: RuntimeError where the dtype cannot be cast, the memory overlaps, or an input that is
    also the output would have to grow. Source: TensorIterator.cpp, Resize.cpp, MemoryOverlap.cpp.
    """
    check_overlap(out, inputs)
    return _fitted(out, shape, dtype, inputs, stride)


def _fitted(
    out: Tensor,
    shape: Shape,
    dtype: Dtype,
    inputs: Sequence[Tensor],
    stride: Callable[[], Stride] | None,
) -> Tensor:
    """`out` with `shape`, once its memory has been checked."""
    if out.sizes != shape and any(t is out for t in inputs):
        raise unwritten(out.sizes, shape)
    if not dtypes.can_cast(dtype, out.dtype):
        raise RuntimeError(
            f"result type {dtype.aten_name} can't be cast to the desired output type "
            f"{out.dtype.aten_name}"
        )
    if out.sizes != shape:
        resize_output(out, shape, stride() if stride else strides.contiguous(shape))
    return out


def check_overlap(out: Tensor, inputs: Sequence[Tensor]) -> None:
    """Raise RuntimeError where elements of `out` share memory among them, or in part with an input.

    Source: TensorIteratorBase::compute_mem_overlaps, which comes before any shape is looked at.
    """
    strides.check_no_internal_overlap(out.sizes, out.strides)
    mine = (out.offset, out.sizes, out.strides)
    for t in inputs:
        if t is not out and t.memory is out.memory:
            strides.check_no_partial_overlap(mine, (t.offset, t.sizes, t.strides))


def check_dtype(out: Tensor, dtype: Dtype) -> None:
    """Raise RuntimeError where `out` has another dtype."""
    if out.dtype is not dtype:
        raise RuntimeError(
            f"Expected out tensor to have dtype {dtype.cpp_name}, "
            f"but got {out.dtype.cpp_name} instead"
        )


def exact_result_for(
    out: Tensor, shape: Shape, dtype: Dtype, inputs: Sequence[Tensor] = (), *, apart: bool = True,
    stride: Stride | None = None,
) -> Tensor:  # fmt: skip
    """`out`, made ready to receive a result of `shape`, for ops that never cast to `out`'s dtype.

    Raises: RuntimeError for another dtype, or for memory that overlaps itself or one of `inputs`.
    Source: check_dtype in RegisterCPU's structured kernels.
    """
    check_dtype(out, dtype)
    if out.sizes != shape:
        resize_output(out, shape, stride or strides.contiguous(shape))
    if apart:
        check_overlap(out, inputs)
    return out


def other_dtype(out: Tensor, dtype: Dtype) -> RuntimeError:
    """The error of a loop that does not cast. Source: TensorIterator.cpp compute_types."""
    found, expected = out.dtype.aten_name, dtype.aten_name
    return RuntimeError(f"Found dtype {found} but expected {expected}")


def resize_output(out: Tensor, shape: Shape, stride: Stride) -> None:
    """Give `out` new geometry over memory large enough, with PyTorch's warning if it held elements.

    Source: resize_output_check, aten/src/ATen/native/Resize.cpp.
    """
    warn_of_resizing(out, shape)
    out.restride(shape, stride, out.offset)


def warn_of_resizing(out: Tensor, shape: Shape) -> None:
    """Warn of elements that will be lost."""
    if out.numel():
        warnings.warn(
            "An output with one or more elements was resized since it had shape "
            f"{list(out.sizes)}, which does not match the required output shape {list(shape)}. "
            "This behavior is deprecated, and in a future PyTorch release outputs will not be "
            "resized unless they have zero elements. You can explicitly reuse an out tensor t by "
            "resizing it, inplace, to zero elements with t.resize_(0).",
            UserWarning,
            stacklevel=depth(),
        )


def finish(
    values: Array,
    dtype: Dtype,
    out: Tensor | None,
    inputs: Sequence[Tensor] = (),
    *,
    apart: bool = True,
) -> Tensor:
    """A kernel's `values` as a contiguous result of `dtype`, written to `out` if given.

    Reductions write without minding whether elements of `out` lie `apart`.
    """
    shape = values.shape
    if out is None:
        done = empty(shape, strides.contiguous(shape), dtype)
    elif apart:
        done = result_for(out, shape, dtype, inputs)
    else:
        done = _fitted(out, shape, dtype, inputs, None)
    target = done.array
    if values.dtype == target.dtype:
        target[...] = values
    else:
        quietly(_assign, target, values)
    return done


def reduce(
    f: Callable[[Array, tuple[int, ...]], Array],
    input: Tensor,
    dims: tuple[int, ...],
    keepdim: bool,
    *,
    dtype: Dtype,
    result: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The result of `f` over `dims` of `input`, computed in `dtype` and stored as `result`.

    `dims` are wrapped and distinct; an empty tuple reduces over all dimensions only if the caller
    says so. `f` may keep the reduced dimensions or drop them.
    """
    to = result or dtype
    if keepdim is not False:
        need_bool(keepdim)
    shape = reduced(input.sizes, dims, keepdim)
    if out is None:
        done = empty(shape, strides.reduction(shape), to)
    else:
        done = _fitted(out, shape, to, [input], None)  # no check: a reduction may overlap
    run_quietly(_fold, f, converted(input, dtype), dims, done.array)
    return done


def _fold(
    f: Callable[[Array, tuple[int, ...]], Array],
    array: Array,
    dims: tuple[int, ...],
    target: Array,
) -> None:
    values = f(array, dims)
    if target.dtype.kind in "iu":
        values = np.asarray(values)  # a number that does not fit would be refused, not wrapped
    target[...] = values if values.ndim == target.ndim else np.reshape(values, target.shape)
