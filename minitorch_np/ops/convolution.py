"""Convolutions and transposed convolutions over one, two and three spatial dims.

`convolution` is the op that all of them are, and its gradients are ops of the same kind, so that
they can be differentiated again: each is a product of two of input, weight and output.
Source: aten/src/ATen/native/Convolution.cpp.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np import backends, kernels, notes, strides
from minitorch_np.dtypes import float32, int64
from minitorch_np.form import Form, Plans
from minitorch_np.graph.saved import type_text
from minitorch_np.kernels.large import loop
from minitorch_np.loops import not_implemented, quietly
from minitorch_np.op import op
from minitorch_np.ops.copy import zeros, zeros_like
from minitorch_np.ops.windows import TOGETHER, Window, correlate, spread, weigh
from minitorch_np.shapes import Shape, are_ints, listed, noted, numel
from minitorch_np.strides import Stride
from minitorch_np.tensor import Tensor, blank, empty

__all__ = ["convolution"]

Array = NDArray[Any]
Ints = int | Sequence[int]


class Plan(NamedTuple):
    """The numbers of a convolution, one a spatial dim, in the order of its arguments."""

    stride: Shape
    padding: Shape
    dilation: Shape
    transposed: bool
    output_padding: Shape
    groups: int

    def window(self, weight: Tensor) -> Window:
        """What slides over the images."""
        return Window(weight.sizes[2:], self.stride, self.padding, self.dilation)

    def result_shape(self, input: Shape, weight: Shape) -> Shape:
        """(N, O, *grid). Source: conv_output_size and conv_input_size, ConvUtils.h."""
        numbers = zip(
            input[2:], weight[2:], self.stride, self.padding, self.dilation, self.output_padding,
            strict=True,
        )  # fmt: skip
        if self.transposed:
            sizes = [(n - 1) * s - 2 * p + d * (k - 1) + o + 1 for n, k, s, p, d, o in numbers]
            return (input[0], weight[1] * self.groups, *sizes)
        sizes = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d, _ in numbers]
        return (input[0], weight[0] if input[1] else 0, *sizes)


def planned(
    weight: Tensor,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> Plan:
    """The numbers, one of each a spatial dim. Raises: RuntimeError for too few or too many."""
    dims = weight.ndim - 2
    if dims <= 0:
        raise RuntimeError("weight should have at least three dimensions")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    return Plan(
        each(stride, "stride", dims),
        each(padding, "padding", dims),
        each(dilation, "dilation", dims),
        transposed,
        each(output_padding, "output_padding", dims),
        groups,
    )


def each(value: Ints, name: str, dims: int) -> Shape:
    """One number a spatial dim. Source: expand_param_if_needed, ParamUtils.h."""
    given = (value,) if isinstance(value, int) else tuple(value)
    if len(given) == 1:
        return given * dims
    if len(given) != dims:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {dims} values to match "
            f"the convolution dimensions, but got {name}={listed(given)}"
        )
    return given


def check(input: Tensor, weight: Tensor, bias: Tensor | None, plan: Plan) -> None:
    """Raise RuntimeError for shapes that do not belong together. Source: check_shape_forward."""
    groups, (k, *_), size = plan.groups, weight.sizes, listed(weight.sizes)
    if any(p < 0 for p in plan.padding):
        raise RuntimeError("negative padding is not supported")
    if any(p < 0 for p in plan.output_padding):
        raise RuntimeError("negative output_padding is not supported")
    if any(s <= 0 for s in plan.stride):
        raise RuntimeError("non-positive stride is not supported")
    if any(d < 0 for d in plan.dilation):
        raise RuntimeError("dilation should be greater than zero")
    if input.ndim != weight.ndim:
        n = weight.ndim
        raise RuntimeError(
            f"Expected {n}-dimensional input for {n}-dimensional weight {size}, but got "
            f"{input.ndim}-dimensional input of size {listed(input.sizes)} instead"
        )
    start = f"Given groups={groups}, expected weight to be "
    if k < groups:
        raise RuntimeError(
            f"{start}at least {groups} at dimension 0, but got weight of size {size} instead"
        )
    if k % groups:
        raise RuntimeError(
            f"{start}divisible by {groups} at dimension 0, but got weight of size [{size}] instead"
        )
    check_channels(input, weight, bias, plan)
    if 0 in weight.sizes[2:]:
        kernel = weight.sizes[2:]
        told = f"kernel_height: {([1, *kernel])[-2]} kernel_width: {kernel[-1]}"
        if len(kernel) == 3:
            told = f": {kernel[0]} x {kernel[1]} x {kernel[2]} (TxHxW)"
        raise RuntimeError(
            f"kernel size should be greater than zero, but got{' ' * (len(kernel) < 3)}{told}"
        )


def check_channels(input: Tensor, weight: Tensor, bias: Tensor | None, plan: Plan) -> None:
    """The second half of `check`: channels, the bias, and windows larger than the image."""
    size, found = listed(weight.sizes), input.sizes[1]
    if plan.transposed:
        outputs, wanted, given = weight.sizes[1] * plan.groups, weight.sizes[0], "transposed=1"
    else:
        outputs, wanted = weight.sizes[0], weight.sizes[1] * plan.groups
        given = f"groups={plan.groups}"
    if found != wanted:
        text = (
            f"Given {given}, weight of size {size}, expected input{listed(input.sizes)} to have "
            f"{wanted} channels, but got {found} channels instead"
        )
        raise noted(RuntimeError(text), notes.channels(input.sizes, wanted))
    if bias is not None and bias.sizes != (outputs,):
        given = "transposed=1, " if plan.transposed else ""
        raise RuntimeError(
            f"Given {given}weight of size {size}, expected bias to be 1-dimensional with "
            f"{outputs} elements, but got bias of size {listed(bias.sizes)} instead"
        )
    if plan.transposed:
        return
    numbers = zip(input.sizes[2:], plan.padding, strict=True)
    wide = [n + 2 * p for n, p in numbers]
    kernel = [d * (k - 1) + 1 for k, d in zip(weight.sizes[2:], plan.dilation, strict=True)]
    if any(n < k for n, k in zip(wide, kernel, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({by(wide)}). Kernel size: ({by(kernel)})."
            " Kernel size can't be greater than actual input size"
        )
    if 0 in plan.dilation and numel(input.sizes):
        if plan.groups > 1:
            raise RuntimeError("non-positive dilation is not supported")
        shown = plan.dilation if len(plan.dilation) > 1 else (1, *plan.dilation)
        raise RuntimeError(f"dilation should be greater than zero, but got {listed(shown)}")


def by(sizes: Sequence[int]) -> str:
    """Sizes as messages have them: 3 x 4."""
    return " x ".join(map(str, sizes))


def check_dtypes(input: Tensor, weight: Tensor, plan: Plan) -> None:
    """Raise for dtypes that differ, and for those that no kernel of ATen's takes.

    For half types in the words of a PyTorch that runs on a CPU whose oneDNN computes them.
    """
    dtype = input.dtype
    if dtype is not weight.dtype:
        if dtype.is_half:
            raise RuntimeError(
                f"Input type ({type_text(input)}) and weight type ({type_text(weight)}) should "
                "be the same or input should be a MKLDNN tensor and weight is a dense tensor"
            )
        raise RuntimeError(
            f"expected scalar type {dtype.aten_name} but found {weight.dtype.aten_name}"
        )
    if dtype.is_floating_point or dtype is int64:
        return
    solid = weight.ndim == 5
    if plan.transposed:
        raise not_implemented(f"slow_conv_transpose{3 if solid else 2}d_out_cpu", dtype)
    if any(d != 1 for d in plan.dilation):
        raise not_implemented("slow_conv_dilated<>", dtype)
    if dtype.category == 0:
        raise not_implemented("compute_columns3d" if solid else "slow_conv2d_cpu", dtype)


def check_transposed(input: Tensor, shape: Shape, plan: Plan) -> None:
    """Raise RuntimeError for what a transposed convolution cannot have.

    Source: slow_conv_transpose2d_shape_check, NaiveConvolutionTranspose2d.cpp, and 3d.
    """
    one = len(plan.stride) == 1
    names = ["height", "width"] if len(plan.stride) < 3 else ["depth", "height", "width"]
    stride, dilation, more = (
        ((first, *numbers) if one else numbers)
        for first, numbers in (
            (1, plan.stride), (1, plan.dilation), (0, plan.output_padding),
        )
    )  # fmt: skip
    if any(o >= s and o >= d for o, s, d in zip(more, stride, dilation, strict=True)):
        kinds = (("output_padding", more), ("stride", stride), ("dilation", dilation))
        parts = [f"{k}_{n}: {x}" for k, xs in kinds for n, x in zip(names, xs, strict=True)]
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            + " ".join(parts)
        )
    if any(n < 1 for n in shape[2:]):
        first = (1,) if one else ()
        raise RuntimeError(
            f"Given input size per channel: ({by((*first, *input.sizes[2:]))}). Calculated output "
            f"size per channel: ({by((*first, *shape[2:]))}). Output size is too small"
        )


def result_stride(shape: Shape, input: Tensor, weight: Tensor, plan: Plan) -> Stride:
    """Row-major, or channels last if input or weight is.

    With one spatial dim, PyTorch makes the input row-major and adds a dim to both. With three, only
    oneDNN keeps channels last. Source: determine_backend_memory_format, Convolution.cpp.
    """
    if weight.ndim == 3:
        (o, c, k), (so, sc, sk) = weight.sizes, weight.strides
        if strides.is_channels_last_like((o, c, 1, k), (so, sc, k * sk, sk)):
            first, between, _, last = strides.channels_last((*shape[:2], 1, shape[2]))
            return first, between, last
        return strides.contiguous(shape)
    if weight.ndim == 5 and not by_onednn(input, weight, plan):
        return strides.contiguous(shape)
    if not any(strides.is_channels_last_like(t.sizes, t.strides) for t in (input, weight)):
        return strides.contiguous(shape)
    return (strides.channels_last if weight.ndim == 4 else strides.channels_last_3d)(shape)


def by_onednn(input: Tensor, weight: Tensor, plan: Plan) -> bool:
    """Whether PyTorch, on one thread, leaves this to oneDNN. Source: ConvParams::use_mkldnn."""
    dtype = input.dtype
    if not dtype.is_half and dtype is not float32:
        return False
    if plan.transposed and any(
        o >= s for o, s in zip(plan.output_padding, plan.stride, strict=True)
    ):
        return False
    if dtype.is_half:
        return True
    images, height, width = input.sizes[0], *weight.sizes[-2:]
    moves = any(n != 1 for n in (*plan.stride, *plan.dilation))
    works = moves or images >= 16 or (height, width) != (1, 1)
    large = (height > 3 and width > 3) or images > 1 or numel(input.sizes[:4]) > 20480
    return works and (plan.groups > 1 or large)


def is_rough(input: Tensor, weight: Tensor, plan: Plan) -> bool:
    """Whether sums of half types are rounded on the way, as the kernels of transposed ones do."""
    return plan.transposed and input.dtype.is_half and not by_onednn(input, weight, plan)


def made(values: Array, stride: Stride, like: Tensor) -> Tensor:
    """A tensor of these values, rounded if the dtype is narrower."""
    done = empty(values.shape, stride, like.dtype)
    quietly(np.copyto, done.array, values, casting="unsafe")
    return done


@op("suggested", method=False, called="input")
def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> Tensor:
    """Filters `weight` slid over images: (N, C, *size) to (N, O, *grid).

    The weight is (O, C / groups, *kernel), of a transposed one (C, O / groups, *kernel).
    Raises: RuntimeError, with PyTorch's texts. Source: Convolution.cpp _convolution.
    """
    numbers = stride, padding, dilation, output_padding
    forms = input.form, weight.form, None if bias is None else bias.form
    key = (forms, numbers, transposed) if are_ints(*numbers, (groups,)) and groups == 1 else None
    found = _few.get(key)
    if found is not None and not kernels.waiting:
        return _of_few(input, weight, bias, found)
    plan = planned(weight, stride, padding, dilation, transposed, output_padding, groups)
    check(input, weight, bias, plan)
    shape = plan.result_shape(input.sizes, weight.sizes)
    if 0 in input.sizes[:2]:
        return zeros(input, shape)
    if 0 in input.sizes:
        raise RuntimeError(
            "Only zero batch or zero channel inputs are supported, but got input shape: "
            f"{listed(input.sizes)}"
        )
    if plan.transposed:
        check_transposed(input, shape, plan)
    check_dtypes(input, weight, plan)
    a, b, added = input.array, weight.array, None if bias is None else bias.array
    w = plan.window(weight)
    done = empty(shape, result_stride(shape, input, weight, plan), input.dtype)
    if plan.transposed:
        rough = is_rough(input, weight, plan)
        _ = quietly(spread, a, b, added, w, groups, shape[2:], rough=rough, out=done.array)
    else:
        _ = quietly(correlate, a, b, added, w, groups, shape[2:], done.array)
    if key is not None and not transposed:
        _note(key, input, weight, bias, w, done.form)
    return done


class Few(NamedTuple):
    """A convolution of few elements as one product: its form, the shapes of the filters, of the
    columns and of the product, and what slides, as the loop that copies the columns reads it; None
    where windows are just the elements of the images."""

    form: Form
    filters: Shape
    columns: Shape
    product: Shape
    window: NDArray[np.int64] | None


_few = Plans[Few]()
"""In one group: by the forms of the operands and by the other arguments."""


def _note(
    key: object,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    w: Window,
    form: Form,
) -> None:
    """Keep a plan for small tensors that lie in order."""
    operands = [t.form for t in (input, weight, bias) if t is not None]
    cells, k = math.prod(form.shape[2:]), math.prod(weight.sizes[1:])
    few = form.in_order and all(of.swift is not None for of in operands) and form.shape[0]
    if not few or input.sizes[0] * k * cells > TOGETHER:
        return
    window = None if w.is_point() else w.numbers(input.sizes[2:], form.shape[2:])
    n, o = form.shape[:2]
    _few.keep(key, Few(form, (1, o, k), (n, k, cells), (n, o, cells), window))


def _of_few(input: Tensor, weight: Tensor, bias: Tensor | None, few: Few) -> Tensor:
    """The convolution of small tensors."""
    a, done = input.array, blank(few.form)
    if few.window is None:
        columns = a.reshape(few.columns)
    else:
        columns = np.empty(few.columns, a.dtype)
        loop("windows.columns", a.dtype)(a, columns, few.window)
    filters, out = weight.array.reshape(few.filters), done.array.reshape(few.product)
    if bias is not None:
        out[...] = bias.array[:, None]
    backends.product(filters, columns, out, beta=0 if bias is None else 1)
    return done


convolution.vjp(
    input=lambda g, input, weight, stride, padding, dilation, transposed, output_padding, groups: (
        convolution_input_backward(
            g,
            input,
            weight,
            planned(weight, stride, padding, dilation, transposed, output_padding, groups),
        )
    ),
    weight=lambda g, input, weight, stride, padding, dilation, transposed, output_padding, groups: (
        convolution_weight_backward(
            g,
            input,
            weight,
            planned(weight, stride, padding, dilation, transposed, output_padding, groups),
        )
    ),
    bias=lambda g, input, weight, bias_shape: convolution_bias_backward(
        g, input, weight, bias_shape
    ),
)
convolution.jvp(
    input=lambda t, weight, stride, padding, dilation, transposed, output_padding, groups: (
        convolution(t, weight, None, stride, padding, dilation, transposed, output_padding, groups)
    ),
    weight=lambda t, input, stride, padding, dilation, transposed, output_padding, groups: (
        convolution(input, t, None, stride, padding, dilation, transposed, output_padding, groups)
    ),
    bias=lambda t, input_shape: t.reshape(-1, *[1] * (len(input_shape) - 2)),
)


@op("suggested", method=False, node="ConvolutionBackwardBackward0", called="input")
def convolution_input_backward(
    grad_output: Tensor, input: Tensor, weight: Tensor, plan: Plan
) -> Tensor:
    """The gradient of the images: the transpose of the convolution, applied to `grad_output`.

    Of `input`, only its geometry is asked. Source: convolution_backward, Convolution.cpp.
    """
    if not input.numel():
        return zeros(input, input.sizes)
    w, size = plan.window(weight), input.sizes[2:]
    done = empty(input.sizes, result_stride(input.sizes, input, weight, plan), input.dtype)
    a, b = grad_output.array, weight.array
    if plan.transposed:
        _ = quietly(correlate, a, b, None, w, plan.groups, size, done.array)
    else:
        _ = quietly(spread, a, b, None, w, plan.groups, size, out=done.array)
    return done


convolution_input_backward.vjp(
    grad_output=lambda g, weight, plan: convolution(g, weight, None, *plan),
    input=lambda g, input: zeros_like(input),
    weight=lambda g, grad_output, weight, plan: convolution_weight_backward(
        grad_output, g, weight, plan
    ),
)


@op("suggested", method=False, node="ConvolutionBackwardBackward0", called="input")
def convolution_weight_backward(
    grad_output: Tensor, input: Tensor, weight: Tensor, plan: Plan
) -> Tensor:
    """The gradient of the filters, of which only the geometry is asked.

    Source: convolution_backward, Convolution.cpp.
    """
    if not input.numel():
        return zeros(weight, weight.sizes)
    images, slopes = input.array, grad_output.array
    if plan.transposed:
        images, slopes = slopes, images
    rough = is_rough(input, weight, plan)
    values = quietly(weigh, images, slopes, plan.window(weight), plan.groups, rough=rough)
    stride = result_stride(weight.sizes, input, weight, plan)
    if lies_as_suggested(input, weight, plan) and packed_alike(weight, stride):
        stride = strides.suggested(weight.sizes, weight.strides)
    return made(values, stride, weight)


def lies_as_suggested(input: Tensor, weight: Tensor, plan: Plan) -> bool:
    """Whether a gradient that lies in both formats, as of a kernel of size 1, has the strides that
    the weight suggests. oneDNN, and loops for dilated windows, know channels last from the input.
    """
    if weight.ndim == 3:
        return False
    last = strides.is_channels_last_like(input.sizes, input.strides)
    if by_onednn(input, weight, plan):
        return not last
    dilated = not plan.transposed and any(d != 1 for d in plan.dilation)
    return weight.ndim == 4 and not (last and dilated)


def packed_alike(t: Tensor, stride: Stride) -> bool:
    """Whether a tensor has this stride in all dims that have more than one element."""
    pairs = zip(t.sizes, t.strides, stride, strict=True)
    return all(n == 1 or mine == other for n, mine, other in pairs)


convolution_weight_backward.vjp(
    grad_output=lambda g, input, plan: convolution(input, g, None, *plan),
    input=lambda g, grad_output, input, plan: convolution_input_backward(
        grad_output, input, g, plan
    ),
    weight=lambda g, weight: zeros_like(weight),
)


@op("contiguous", method=False, node="ConvolutionBackwardBackward0", called="input")
def convolution_bias_backward(
    grad_output: Tensor, input: Tensor, weight: Tensor, shape: Shape
) -> Tensor:
    """The gradient of a bias of this shape: the sum over images and places.

    It depends on neither input nor weight, but PyTorch's one node for all gradients has edges to
    both. Source: convolution_backward, Convolution.cpp.
    """
    del input, weight
    if not grad_output.numel():
        return zeros(grad_output, shape)
    dims = (0, *range(2, grad_output.ndim))
    values = quietly(np.add.reduce, grad_output.array, dims, grad_output.dtype.compute)
    return made(values, (1,), grad_output)


convolution_bias_backward.vjp(
    grad_output=lambda g, grad_output: g.view((-1, *[1] * (grad_output.ndim - 2))).expand(
        grad_output.shape
    ),
    input=lambda g, input: zeros_like(input),
    weight=lambda g, weight: zeros_like(weight),
)
