"""Largest and smallest elements, and where they are.

Ties: `amax`, `amin`, and `max` and `min` of everything share their gradient evenly; along
one dimension the element at the returned index takes it all. NaN is larger and smaller than
everything. Source: aten/src/ATen/native/ReduceOps.cpp and TensorCompare.cpp.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, return_types
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.form import Form, form_of
from minitorch_np.graph.inplace import bump
from minitorch_np.kernels.large import folded, loop
from minitorch_np.loops import (
    converted,
    exact_result_for,
    finish,
    holding,
    quietly,
)
from minitorch_np.op import composite, op
from minitorch_np.ops.points import along
from minitorch_np.ops.power import maximum, minimum
from minitorch_np.ops.reduce import MAX_DIMS, Dims, at_once, dims_of, looped, remembered
from minitorch_np.overloads import unfitting
from minitorch_np.shapes import Shape, need_bool, reduced, wrap_dim
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max", "min"]

Array = NDArray[np.generic]
Pair = tuple[Tensor, Tensor]
Indices = NDArray[np.int64]
Arg = Callable[..., Indices]


def values_of(t: Tensor) -> Array:
    """The elements, half types as float32."""
    array = converted(t, t.dtype)
    assert isinstance(array, np.ndarray)
    return array


def check_dim(name: str, shape: Shape, dim: int, ending: str = "()") -> None:
    """Nothing, when `dim` has elements. Raises: IndexError when it has none.

    RuntimeError for more dims than a reduction takes.
    """
    if len(shape) > MAX_DIMS:
        raise RuntimeError(f"only tensors with up to {MAX_DIMS} dims are supported")
    if shape and shape[dim] == 0:
        raise IndexError(f"{name}{ending}: Expected reduction dim {dim} to have non-zero size.")


def selected(
    input: Tensor, indices: Indices, dim: int, keepdim: bool, out: Pair | None
) -> tuple[Tensor, Tensor]:
    """The elements at `indices` (one along `dim`, which it has, of size 1), and the indices."""
    if input.sizes:
        values = along(input.array, indices, dim)
        shape = reduced(input.sizes, (dim,), keepdim)
        values, indices = values.reshape(shape), indices.reshape(shape)
    else:
        values = input.array
    if out is None:
        first = row_major(values.shape, input.dtype)
        return holding(values, first), holding(indices, row_major(values.shape, dtypes.int64))
    for t, kind in zip(out, (input.dtype, dtypes.int64), strict=True):
        _ = exact_result_for(t, values.shape, kind)
    return finish(values, input.dtype, out[0]), finish(indices, dtypes.int64, out[1])


def row_major(shape: Shape, dtype: Dtype) -> Form:
    """The form of a contiguous result."""
    return form_of(shape, contiguous(shape), dtype)


def picked_backward(g: Tensor, indices: Tensor, shape: Shape, dim: int, keepdim: bool) -> Tensor:
    """The gradient of elements picked along `dim`: theirs, and 0 elsewhere.

    Source: value_selecting_reduction_backward.
    """
    if not keepdim and shape:
        g, indices = g.unsqueeze(dim), indices.unsqueeze(dim)
    whole = g.zero_room(shape, contiguous(shape), g.dtype)
    bump(whole)  # at::zeros, unlike torch.zeros, counts as a write
    return whole.scatter_(dim, indices, g)


def picked(t: Tensor, indices: Tensor, dim: int, keepdim: bool) -> Tensor:
    """The elements of a tangent at `indices` along `dim`.

    Source: gather_with_keepdimed_indices, torch/csrc/autograd/FunctionsManual.cpp.
    """
    if keepdim or not t.ndim:
        return t.gather(dim, indices)
    return t.gather(dim, indices.unsqueeze(dim)).squeeze(dim)


def shared_backward(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    """The gradient of one extreme of everything, shared by all elements equal to it.

    Source: evenly_distribute_backward.
    """
    same = input.isnan() if bool(np.isnan(values_of(out))) else input == out
    whole = g.zero_room(input.sizes, contiguous(input.sizes), input.dtype)
    return whole.masked_fill_(same, g / same.sum())


def shared(t: Tensor, input: Tensor, out: Tensor) -> Tensor:
    """The tangent of one extreme of everything: the mean over all elements equal to it.

    Source: evenly_read_jvp.
    """
    same = input == out
    return (same * (t / same.sum())).sum()


def _along(name: str, arg: Arg, input: Tensor, dim: int, keepdim: bool, out: Pair | None) -> Pair:
    d = wrap_dim(dim, len(input.sizes))
    check_dim(name, input.sizes, d)
    if not input.sizes:
        return selected(input, np.zeros((), np.int64), d, keepdim, out)
    if input.numel():
        indices = arg(values_of(input), d, None, keepdims=True)
    else:
        indices = np.zeros(reduced(input.sizes, (d,), True), np.int64)
    return selected(input, indices, d, keepdim, out)


def _of_all(name: str, f: np.ufunc, input: Tensor, out: Tensor | None) -> Tensor:
    done = at_once(f, input, None, False) if out is None else None
    if done is not None:
        return done
    if not input.numel():
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
            "reduction dim with the 'dim' argument."
        )
    if out is not None and not dtypes.can_cast(input.dtype, out.dtype):
        raise RuntimeError(
            "Expected canCast( typeMetaToScalarType(self.dtype()), "
            "typeMetaToScalarType(out.dtype())) to be true, but got false.  (Could this error "
            "message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    values = quietly(f.reduce, values_of(input), None)
    done = finish(np.asarray(values), input.dtype, out)
    return remembered(f, input, None, False, done) if out is None else done


@op("reduction", method=False, node="MaxBackward1", aten="max")
def max_all(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The largest element."""
    return _of_all("max", np.maximum, input, out)


max_all.vjp(input=lambda g, input, out: shared_backward(g, input, out))
max_all.jvp(input=lambda t, input, out: shared(t, input, out))


@op("reduction", method=False, node="MinBackward1", aten="min")
def min_all(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smallest element."""
    return _of_all("min", np.minimum, input, out)


min_all.vjp(input=lambda g, input, out: shared_backward(g, input, out))
min_all.jvp(input=lambda t, input, out: shared(t, input, out))


@op("reduction", method=False, node="MaxBackward0", aten="max")
def max_dim(
    input: Tensor, dim: int, keepdim: bool = False, *, out: Pair | None = None
) -> return_types.max:
    """The largest elements along `dim` and the indices where they stand first."""
    return return_types.max(*_along("max", np.ndarray.argmax, input, dim, keepdim, out))


max_dim.vjp(
    input=lambda g_values, indices, input_shape, dim, keepdim: picked_backward(
        g_values, indices, input_shape, dim, keepdim
    )
)
max_dim.jvp(input=lambda t, dim, keepdim, indices: picked(t, indices, dim, keepdim))


@op("reduction", method=False, node="MinBackward0", aten="min")
def min_dim(
    input: Tensor, dim: int, keepdim: bool = False, *, out: Pair | None = None
) -> return_types.min:
    """The smallest elements along `dim` and the indices where they stand first."""
    return return_types.min(*_along("min", np.ndarray.argmin, input, dim, keepdim, out))


min_dim.vjp(
    input=lambda g_values, indices, input_shape, dim, keepdim: picked_backward(
        g_values, indices, input_shape, dim, keepdim
    )
)
min_dim.jvp(input=lambda t, dim, keepdim, indices: picked(t, indices, dim, keepdim))


_ONE_OUT = (
    "{}() received an invalid combination of arguments - got (Tensor, int, out=Tensor), but "
    "expected one of:\n * (Tensor input, *, Tensor out = None)\n      didn't match because some of "
    "the keywords were incorrect: out\n * (Tensor input, Tensor other, *, Tensor out = None)\n * "
    "(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)\n"
)


@composite()
def max(
    input: Tensor,
    dim: int | Tensor | None = None,
    keepdim: bool = False,
    *,
    other: Tensor | None = None,
    out: Tensor | Pair | None = None,
) -> Tensor | return_types.max:
    """The largest element; or (values, indices) along `dim`; or `maximum` of two tensors."""
    if not isinstance(input, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise unfitting("max", input, other if dim is None else dim)
    if dim is None and other is None:
        assert not isinstance(out, tuple)
        return max_all(input, out=out)
    other = dim if isinstance(dim, Tensor) else other
    if isinstance(dim, int):
        if isinstance(out, Tensor):
            raise TypeError(_ONE_OUT.format("max"))
        return max_dim(input, dim, keepdim, out=out)
    assert not isinstance(out, tuple)
    if other is not None:
        return maximum(input, other, out=out)
    raise unfitting("max", input, dim)


@composite()
def min(
    input: Tensor,
    dim: int | Tensor | None = None,
    keepdim: bool = False,
    *,
    other: Tensor | None = None,
    out: Tensor | Pair | None = None,
) -> Tensor | return_types.min:
    """The smallest element; or (values, indices) along `dim`; or `minimum` of two tensors."""
    if not isinstance(input, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise unfitting("min", input, other if dim is None else dim)
    if dim is None and other is None:
        assert not isinstance(out, tuple)
        return min_all(input, out=out)
    other = dim if isinstance(dim, Tensor) else other
    if isinstance(dim, int):
        if isinstance(out, Tensor):
            raise TypeError(_ONE_OUT.format("min"))
        return min_dim(input, dim, keepdim, out=out)
    assert not isinstance(out, tuple)
    if other is not None:
        return minimum(input, other, out=out)
    raise unfitting("min", input, dim)


def _over(
    name: str, f: np.ufunc, input: Tensor, dim: Dims, keepdim: bool, out: Tensor | None
) -> Tensor:
    dim = None if isinstance(dim, tuple) and not dim else dim
    done = at_once(f, input, dim, keepdim) if out is None else None
    if done is not None:
        return done
    if out is not None and out.dtype is not input.dtype:
        raise RuntimeError(
            "Expected the dtype for input and out to match, but got "
            f"{input.dtype.aten_name} for input's dtype and "
            f"{out.dtype.aten_name} for out's dtype."
        )
    dims = dims_of(dim, input.ndim)
    if not input.numel():
        if dim is None or (not isinstance(dim, int) and not len(dim)):
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify "
                "the reduction dim with the 'dim' argument."
            )
        for d in dims:
            check_dim(name, input.sizes, d)
    if keepdim is not False:
        need_bool(keepdim)
    shape = reduced(input.sizes, dims, keepdim)
    if not input.numel():
        return finish(np.empty(shape, input.dtype.np), input.dtype, out, apart=False)
    array = values_of(input)
    sizes = folded(array, dims)
    if sizes is None:
        values = quietly(f.reduce, array, dims)
    else:
        values = looped("largest" if f is np.maximum else "smallest", array, dims, sizes)
    done = finish(np.reshape(values, shape), input.dtype, out, apart=False)
    return remembered(f, input, dim, keepdim, done) if out is None else done


@op("reduction")
def amax(
    input: Tensor, dim: Dims = (), keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The largest elements over `dim`, which may be several."""
    return _over("amax", np.maximum, input, dim, keepdim, out)


amax.vjp(input=lambda g, input, out, dim, keepdim: extreme_backward(g, input, out, dim, keepdim))
amax.jvp(input=lambda t, input, out, dim, keepdim: extreme_pushed(t, input, out, dim, keepdim))


@op("reduction")
def amin(
    input: Tensor, dim: Dims = (), keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The smallest elements over `dim`, which may be several."""
    return _over("amin", np.minimum, input, dim, keepdim, out)


amin.vjp(input=lambda g, input, out, dim, keepdim: extreme_backward(g, input, out, dim, keepdim))
amin.jvp(input=lambda t, input, out, dim, keepdim: extreme_pushed(t, input, out, dim, keepdim))


def extreme_backward(g: Tensor, input: Tensor, out: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    """The gradient of extremes, shared evenly by ties."""
    g, out = restored(g, input, dim, keepdim), restored(out, input, dim, keepdim)
    return scaled_by_count(g, out == input, dim)


def extreme_pushed(t: Tensor, input: Tensor, out: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    """The tangents of extremes, the means over ties. Source: amaxamin_jvp."""
    same = input == restored(out, input, dim, keepdim)
    return (t * same).sum(dim, keepdim) / same.sum(dim, keepdim)


def restored(out: Tensor, input: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    """A reduction's result with the dims it went over, of size 1. Source: restore_reduced_dims."""
    if keepdim or not input.ndim or dim is None or dim == ():
        return out
    return out.reshape(reduced(input.sizes, dims_of(dim, input.ndim), True))


def scaled_by_count(g: Tensor, mask: Tensor, dim: Dims) -> Tensor:
    """A gradient shared evenly by the elements along `dim` where `mask` holds.

    Source: scale_grad_by_count.
    """
    return g / mask.sum(() if dim is None or not mask.ndim else dim, True) * mask


@op("reduction")
def aminmax(
    input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Pair | None = None
) -> return_types.aminmax:
    """The smallest and the largest elements, of everything or along `dim`."""
    if dim is None:
        if not input.numel():
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
                "identity."
            )
        axes = tuple(range(input.ndim))
    else:
        _ = wrap_dim(dim, input.ndim)
        axes = dims_of(dim, input.ndim) if input.ndim else ()
        for d in axes:
            check_dim("aminmax", input.sizes, d, "")
    if keepdim is not False:
        need_bool(keepdim)
    shape = reduced(input.sizes, axes, keepdim)
    pair: list[Tensor] = []
    for t in out or ():
        _ = exact_result_for(t, shape, input.dtype)
    for values, t in zip(_ends(values_of(input), axes), out or (None, None), strict=True):
        pair.append(finish(np.reshape(values, shape), input.dtype, t))
    return return_types.aminmax(*pair)


def _ends(a: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """The smallest and the largest elements over `axes`, in C order."""
    if not a.size:
        none = np.empty(0, a.dtype)
        return none, none
    sizes = folded(a, axes)
    if sizes is None or sizes[-1] != 1:
        return quietly(np.minimum.reduce, a, axes), quietly(np.maximum.reduce, a, axes)
    least, most = np.empty(sizes[0], a.dtype), np.empty(sizes[0], a.dtype)
    loop("reductions.ends_rows")(a, least, most)
    return least, most


aminmax.vjp(
    input=lambda g_min, g_max, input, min, max, dim, keepdim, wanted: ends_backward(
        [(g_min, min), (g_max, max)], input, dim, keepdim, wanted
    )
)


def ends_backward(
    ends: Sequence[tuple[Tensor | None, Tensor]],
    input: Tensor,
    dim: Dims,
    keepdim: bool,
    wanted: Sequence[bool],
) -> list[Tensor | None]:
    """The gradient of `aminmax`, of those ends that one has come for."""
    given = [(g, end) for g, end in ends if g is not None and all(wanted)]
    parts = [end_backward(g, input, end, dim, keepdim) for g, end in given]
    return [parts[0].add_(parts[1]) if len(parts) == 2 else parts[0] if parts else None]


def end_backward(g: Tensor, input: Tensor, end: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    """`extreme_backward` for aminmax, which compares the other way round: strides may differ.

    Source: aminmax_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    g, end = restored(g, input, dim, keepdim), restored(end, input, dim, keepdim)
    return scaled_by_count(g, input == end, dim)


def _index(
    name: str, arg: Arg, input: Tensor, dim: int | None, keepdim: bool, out: Tensor | None
) -> Tensor:
    if input.dtype.category == 0:
        raise NotImplementedError(f"{name}(): does not support bool input")
    if dim is None and not input.numel():
        raise IndexError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
        )
    d = None if dim is None else wrap_dim(dim, input.ndim)
    if d is not None:
        check_dim(name, input.sizes, d)
    axes = tuple(range(input.ndim)) if d is None else (d,)
    if keepdim is not False:
        need_bool(keepdim)
    shape = reduced(input.sizes, axes, keepdim) if input.ndim else ()
    if out is not None:
        _ = exact_result_for(out, shape, dtypes.int64, apart=False)
    if 0 in shape:
        return finish(np.empty(shape, np.int64), dtypes.int64, out, apart=False)
    indices = np.asarray(arg(values_of(input), d) if input.sizes else 0, np.int64).reshape(shape)
    if out is None:
        return holding(indices, row_major(shape, dtypes.int64))
    return finish(indices, dtypes.int64, out, apart=False)


@op("reduction", differentiable=False)
def argmax(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The index of the first largest element, along `dim` or in the flattened tensor."""
    return _index("argmax", np.ndarray.argmax, input, dim, keepdim, out)


@op("reduction", differentiable=False)
def argmin(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The index of the first smallest element, along `dim` or in the flattened tensor."""
    return _index("argmin", np.ndarray.argmin, input, dim, keepdim, out)
