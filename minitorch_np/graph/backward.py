"""backward() and grad(): roots and first gradients checked, then the walk.

Source: torch/autograd/__init__.py and torch/csrc/autograd/python_engine.cpp.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import cast, overload

from minitorch_np import strides
from minitorch_np.dtypes import get_default_dtype
from minitorch_np.graph.cuts import why_cut
from minitorch_np.graph.engine import walk
from minitorch_np.graph.gradient_edge import GradientEdge
from minitorch_np.graph.modes import over, state
from minitorch_np.graph.node import Edge, Node, edge, sums_to
from minitorch_np.shapes import Shape, Size, listed, noted, numel
from minitorch_np.tensor import Tensor, blank, empty, method

__all__ = ["backward", "grad"]

Place = Tensor | GradientEdge
"""What backward goes from, or to."""
Places = Place | Sequence[Place]
Inputs = Places | Mapping[str, Tensor]
Grads = Tensor | Sequence[Tensor | None] | None


def _several(places: Places) -> tuple[Place, ...]:
    return (places,) if isinstance(places, (Tensor, GradientEdge)) else tuple(places)


def _inputs(inputs: Inputs, asker: str) -> tuple[Place, ...]:
    """The inputs that a caller gave, one, in a sequence or in a dict, checked to be any."""
    if isinstance(inputs, (Tensor, GradientEdge)):
        return (inputs,)
    if type(inputs) is dict:
        inputs = tuple(cast("dict[str, Tensor]", inputs).values())
    elif not isinstance(inputs, (list, tuple)) and isinstance(inputs, Mapping):
        raise TypeError(
            f"`inputs` argument to `{asker}()` must be a dict, not {type(inputs).__name__}. Other "
            "Mapping types are not supported."
        )
    several = tuple(cast("Sequence[Place]", inputs))
    if not several:
        raise RuntimeError(f"`inputs` argument to `{asker}()` cannot be empty.")
    return several


def _given(grads: Grads, count: int) -> Sequence[Tensor | None]:
    """The gradients that a caller gave for `count` roots, None for each where there are none."""
    if grads is None:
        return [None] * count
    return (grads,) if isinstance(grads, Tensor) else tuple(grads)


def _ones(out: Place) -> Tensor:
    """The gradient of a root that none was given for; it has the root's geometry."""
    if isinstance(out, Tensor) and out.form.contiguous:
        ones = blank(out.form)
    elif isinstance(out, Tensor):
        ones = empty(out.sizes, strides.like(out.sizes, out.strides), out.dtype)
    else:
        shape, dtype = out.node.expects[out.output_nr]
        ones = empty(shape, strides.contiguous(shape), dtype or get_default_dtype())
    ones.array.fill(1)
    return ones


_BATCHED = (
    "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
    "dimension. The sizes of the remaining dimensions are expected to match the shape of "
    "corresponding output, but a mismatch was detected: "
)


def _mismatch(at: int, given: Shape, shape: Shape, batched: bool) -> RuntimeError:
    start, end = "Mismatch in shape: ", ""
    if batched:
        start, given = _BATCHED, given[1:]  # PyTorch takes the batch off twice
        end = (
            " If you only want some tensors in `grad_output` to be considered batched, consider "
            "using vmap."
        )
    return RuntimeError(
        f"{start}grad_output[{at}] has a shape of {Size(given)} and output[{at}] has a shape of "
        f"{Size(shape)}.{end}"
    )


def _first_gradients(
    outputs: tuple[Place, ...], grads: Sequence[Tensor | None], batched: bool = False
) -> list[Tensor]:
    """A gradient for each root: the one given, checked, or ones for a scalar."""
    first: list[Tensor] = []
    for out, grad in zip(outputs, grads):
        if isinstance(out, Tensor):
            shape, dtype = out.sizes, out.dtype
        elif isinstance(out, GradientEdge):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            shape, dtype = out.node.expects[out.output_nr]
        else:
            raise AssertionError("Expected output to be a torch.Tensor")
        if grad is not None:
            if not isinstance(grad, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # as above
                raise TypeError(
                    f"gradients can be either Tensors or None, but got {type(grad).__name__}"
                )
            given = grad[0].sizes if batched else grad.sizes
            if given != shape:
                raise _mismatch(len(first), given, shape, batched)
            first.append(grad)
            continue
        if not isinstance(out, Tensor) or out.requires_grad:
            if shape and numel(shape) != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if dtype is not None and not dtype.is_floating_point:
                raise RuntimeError(
                    f"grad can be implicitly created only for real scalar outputs but got {dtype}"
                )
        first.append(_ones(out))
    if len(first) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(first)} gradients")
    return first


def _roots(outputs: tuple[Place, ...]) -> list[Edge]:
    """Where the first gradients arrive."""
    roots: list[Edge] = []
    for at, out in enumerate(outputs):
        root = edge(out) if isinstance(out, Tensor) else out[:2]
        if root is None:
            text = f"element {at} of tensors does not require grad and does not have a grad_fn"
            raise noted(RuntimeError(text), why_cut(cast(Tensor, out)))
        roots.append(root)
    return roots


def _loss(place: Places) -> tuple[list[Edge], list[Tensor]] | None:
    """Where the gradient of one number arrives, and that gradient; None for other places, and where
    there is more to check or something to refuse."""
    if not isinstance(place, Tensor) or place.sizes or not place.dtype.is_floating_point:
        return None
    root = edge(place)
    if root is None or root[0].expects[root[1]] != ((), place.dtype):
        return None
    return [root], [_ones(place)]


def _fitting(roots: Sequence[Edge], grads: Sequence[Tensor]) -> list[Tensor]:
    """The roots' gradients as the graph expects them: a leaf's `.data` may have changed.

    Source: validate_outputs of the roots, torch/csrc/autograd/engine.cpp.
    """
    fitting: list[Tensor] = []
    for at, ((node, nr), grad) in enumerate(zip(roots, grads, strict=True)):
        shape, dtype = node.expects[nr]
        if grad.sizes != shape:
            if not sums_to(grad.sizes, shape):
                raise RuntimeError(
                    f"invalid gradient at index {at} - got {list(grad.sizes)} but expected shape "
                    f"compatible with {list(shape)}"
                )
            grad = grad.sum_to_size(shape)
        fitting.append(grad if dtype in (None, grad.dtype) else grad.to(dtype))
    return fitting


def backward(
    tensors: Places,
    grad_tensors: Grads = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Grads = None,
    inputs: Inputs | None = None,
) -> None:
    """Add the gradient of `tensors` to the `.grad` of every leaf they came from, or of `inputs`.

    `grad_tensors` are the gradients of the roots themselves; a scalar root needs none.
    `grad_variables` is their old name. Roots and inputs may be GradientEdges; inputs, a dict.
    """
    if state.transforms:
        raise RuntimeError(
            "backward() called inside a functorch transform. This is not supported, please use "
            "functorch.grad or functorch.vjp instead or call backward() outside of functorch "
            "transforms."
        )
    if grad_variables is not None:
        warnings.warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.",
            FutureWarning,
            stacklevel=2,
        )
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                "`backward()`. Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    targets = None if inputs is None else _inputs(inputs, "backward")
    loss = _loss(tensors) if grad_tensors is None else None
    if loss is not None:
        roots, first = loss
    else:
        outputs = _several(tensors)
        first = _first_gradients(outputs, _given(grad_tensors, len(outputs)))
        roots = _roots(outputs)
        first = _fitting(roots, first)
    wanted = None if targets is None else set(_wanted(targets, keep=True))
    try:
        walk(
            roots,
            first,
            keep_graph=create_graph if retain_graph is None else retain_graph,
            create_graph=create_graph,
            wanted=wanted,
            accumulating=True,
        )
    finally:
        if create_graph:  # PyTorch's engine warns when all is done
            warnings.warn(_CYCLE, UserWarning, stacklevel=3)


_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak."
)


def _wanted(inputs: tuple[Place, ...], keep: bool = False) -> list[Edge]:
    """Where the gradients of `inputs` arrive; with `keep`, they stay in `.grad` as well."""
    edges: list[Edge] = []
    for tensor in inputs:
        if isinstance(tensor, GradientEdge):
            edges.append(tensor[:2])
            continue
        if not isinstance(tensor, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise RuntimeError(
                "all inputs have to be Tensors or GradientEdges, but got "
                f"{type(cast(object, tensor)).__name__}"
            )
        if keep:
            tensor.retain_grad()
        at = edge(tensor)
        if not tensor.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        edges.append((Node(()), 0) if at is None else at)  # no path leads to a view of no history
    return edges


def _found(
    roots: list[Edge], first: Sequence[Tensor], edges: list[Edge], keep: bool, create_graph: bool
) -> list[Tensor | None]:
    """The gradients that arrive at some edges."""
    fitting = _fitting(roots, first)
    found = walk(roots, fitting, keep_graph=keep, create_graph=create_graph, wanted=set(edges))
    return [found[at] for at in edges]


@overload
def grad(
    outputs: Places,
    inputs: Places,
    grad_outputs: Grads = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]: ...
@overload
def grad(
    outputs: Places,
    inputs: Mapping[str, Tensor],
    grad_outputs: Grads = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> dict[str, Tensor | None]: ...
def grad(
    outputs: Places,
    inputs: Inputs,
    grad_outputs: Grads = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...] | dict[str, Tensor | None]:
    """The gradient of `outputs` with respect to each of `inputs`; nothing accumulates.

    None for an input that was not used, if `allow_unused`, else an error; zeros, if
    `materialize_grads`. Inputs in a dict give a dict. `is_grads_batched` says that `grad_outputs`
    have a dimension more, the first, and so have the results.
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To "
            "accumulate gradient for other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    roots = _several(outputs)
    targets = _inputs(inputs, "grad")
    first = _first_gradients(roots, _given(grad_outputs, len(roots)), is_grads_batched)
    starts = _roots(roots)
    edges = _wanted(targets)
    keep = create_graph if retain_graph is None else retain_graph
    grads = (
        over.batches(lambda each: _found(starts, each, edges, keep, create_graph), first)
        if is_grads_batched
        else _found(starts, first, edges, keep, create_graph)
    )
    for at, place in enumerate(targets):
        if grads[at] is None and materialize_grads:
            grads[at] = _zeros_for(place, create_graph)
        elif grads[at] is None and not allow_unused:
            text = (
                f"The differentiated Tensor at index {at} appears to not have been used in the "
                "graph. Set allow_unused=True if this is the desired behavior."
            )
            raise noted(RuntimeError(text), _unused(place))
    if type(inputs) is dict:
        return dict(zip(cast("dict[str, Tensor]", inputs), grads, strict=True))
    return tuple(grads)


def _unused(place: Place) -> str:
    """What is known of an input that no gradient reached."""
    if isinstance(place, GradientEdge):
        node, shape = place.node, place.node.expects[place.output_nr][0]
    else:
        node, shape = place.grad_fn, place.sizes
    what = "a leaf" if node is None else f"the output of {node.name()}"
    return (
        f"It is {what}, of shape {listed(shape)}: no path leads to it from the outputs. "
        "What was computed from it was detached, or computed from a copy, or is not in them."
    )


def _zeros_for(place: Place, requires_grad: bool) -> Tensor:
    """The gradient of an input that was not used."""
    if isinstance(place, GradientEdge):
        raise RuntimeError(
            "materialize_grads cannot be used when the given input is a GradientEdge"
        )
    zeros = empty(place.sizes, strides.like(place.sizes, place.strides), place.dtype)
    zeros.array.fill(0)
    return zeros.requires_grad_(requires_grad)


def tensor_backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Inputs | None = None,
) -> None:
    """Add the gradient of this tensor to the `.grad` of every leaf it came from, or of `inputs`."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


tensor_backward.__qualname__ = "Tensor.backward"  # which Python's errors show
method(tensor_backward, "backward")
