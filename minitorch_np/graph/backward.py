"""backward() and grad(): roots and first gradients checked, then the walk.

Source: torch/autograd/__init__.py and torch/csrc/autograd/python_engine.cpp.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import cast, overload

from minitorch_np import strides
from minitorch_np.dtypes import get_default_dtype
from minitorch_np.graph.engine import walk
from minitorch_np.graph.gradient_edge import GradientEdge
from minitorch_np.graph.node import Edge, edge
from minitorch_np.shapes import Size, numel
from minitorch_np.tensor import Tensor, empty, method

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
    if isinstance(out, Tensor):
        stride = out.strides if out.form.contiguous else strides.like(out.sizes, out.strides)
        ones = empty(out.sizes, stride, out.dtype)
    else:
        shape, dtype = out.node.expects[out.output_nr]
        ones = empty(shape, strides.contiguous(shape), dtype or get_default_dtype())
    ones.array[...] = 1
    return ones


def _first_gradients(outputs: tuple[Place, ...], grads: Sequence[Tensor | None]) -> list[Tensor]:
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
            if grad.sizes != shape:
                at = len(first)
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{at}] has a shape of {grad.shape} and "
                    f"output[{at}] has a shape of {Size(shape)}."
                )
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
            raise RuntimeError(
                f"element {at} of tensors does not require grad and does not have a grad_fn"
            )
        roots.append(root)
    return roots


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
    outputs = _several(tensors)
    first = _first_gradients(outputs, _given(grad_tensors, len(outputs)))
    if create_graph:
        warnings.warn(
            "Using backward() with create_graph=True will create a reference cycle between the "
            "parameter and its gradient which can cause a memory leak. We recommend using "
            "autograd.grad when creating the graph to avoid this. If you have to use this "
            "function, make sure to reset the .grad fields of your parameters to None after use "
            "to break the cycle and avoid the leak.",
            UserWarning,
            stacklevel=3,
        )
    roots = _roots(outputs)
    walk(
        roots,
        first,
        keep_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        wanted=None if targets is None else set(_wanted(targets, keep=True)),
        accumulating=True,
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
        if at is None:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        edges.append(at)
    return edges


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
    `materialize_grads`. Inputs in a dict give a dict. `is_grads_batched` is refused: it needs vmap.
    """
    if is_grads_batched:
        raise NotImplementedError(
            "minitorch_np has no vmap, so is_grads_batched=True is not available: call grad() once "
            "for each gradient"
        )
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
    first = _first_gradients(roots, _given(grad_outputs, len(roots)))
    starts = _roots(roots)
    edges = _wanted(targets)
    found = walk(
        starts,
        first,
        keep_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        wanted=set(edges),
    )
    grads = [found[at] for at in edges]
    for at, place in enumerate(targets):
        if grads[at] is None and materialize_grads:
            grads[at] = _zeros_for(place, create_graph)
        elif grads[at] is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {at} appears to not have been used in the "
                "graph. Set allow_unused=True if this is the desired behavior."
            )
    if type(inputs) is dict:
        return dict(zip(cast("dict[str, Tensor]", inputs), grads, strict=True))
    return tuple(grads)


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


method(tensor_backward, "backward")
