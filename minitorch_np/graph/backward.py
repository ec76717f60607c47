"""backward() and grad(): roots and first gradients checked, then the walk.

Source: torch/autograd/__init__.py and torch/csrc/autograd/python_engine.cpp.
"""

import warnings
from collections.abc import Sequence
from typing import cast

from minitorch_np import strides
from minitorch_np.graph.cuts import why_cut
from minitorch_np.graph.engine import walk
from minitorch_np.graph.node import Edge, edge
from minitorch_np.shapes import listed, noted
from minitorch_np.tensor import Tensor, empty, method

__all__ = ["backward", "grad"]

Tensors = Tensor | Sequence[Tensor]
Grads = Tensor | Sequence[Tensor | None] | None


def _several(tensors: Tensors) -> tuple[Tensor, ...]:
    return (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)


def _given(grads: Grads, count: int) -> Sequence[Tensor | None]:
    """The gradients that a caller gave for `count` roots, None for each where there are none."""
    if grads is None:
        return [None] * count
    return (grads,) if isinstance(grads, Tensor) else tuple(grads)


def _first_gradients(outputs: tuple[Tensor, ...], grads: Sequence[Tensor | None]) -> list[Tensor]:
    """A gradient for each root: the one given, checked, or ones for a scalar."""
    first: list[Tensor] = []
    for out, grad in zip(outputs, grads):
        if not isinstance(out, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise AssertionError("Expected output to be a torch.Tensor")
        if grad is not None:
            if not isinstance(grad, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # as above
                raise TypeError(
                    f"gradients can be either Tensors or None, but got {type(grad).__name__}"
                )
            if grad.sizes != out.sizes:
                at = len(first)
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{at}] has a shape of {grad.shape} and "
                    f"output[{at}] has a shape of {out.shape}."
                )
            first.append(grad)
            continue
        if out.requires_grad:
            if out.sizes and out.numel() != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if not out.dtype.is_floating_point:
                raise RuntimeError(
                    "grad can be implicitly created only for real scalar outputs but got "
                    f"{out.dtype}"
                )
        stride = out.strides if out.form.contiguous else strides.like(out.sizes, out.strides)
        ones = empty(out.sizes, stride, out.dtype)
        ones.array[...] = 1
        first.append(ones)
    if len(first) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(first)} gradients")
    return first


def _roots(outputs: tuple[Tensor, ...]) -> list[Edge]:
    roots: list[Edge] = []
    for at, out in enumerate(outputs):
        root = edge(out)
        if root is None:
            text = f"element {at} of tensors does not require grad and does not have a grad_fn"
            raise noted(RuntimeError(text), why_cut(out))
        roots.append(root)
    return roots


def backward(
    tensors: Tensors,
    grad_tensors: Grads = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Grads = None,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradient of `tensors` to the `.grad` of every leaf they came from, or of `inputs`.

    `grad_tensors` are the gradients of the roots themselves; a scalar root needs none.
    `grad_variables` is their old name.
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
    targets = None if inputs is None else _several(inputs)
    if targets == ():
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
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


def _wanted(inputs: tuple[Tensor, ...], keep: bool = False) -> list[Edge]:
    """Where the gradients of `inputs` arrive; with `keep`, they stay in `.grad` as well."""
    edges: list[Edge] = []
    for tensor in inputs:
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


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Grads = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradient of `outputs` with respect to each of `inputs`; nothing accumulates.

    None for an input that was not used, if `allow_unused`, else an error. `is_grads_batched` is
    refused: it needs vmap.
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
    first = _first_gradients(roots, _given(grad_outputs, len(roots)))
    targets = _several(inputs)
    if not targets:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
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
    if materialize_grads:
        return tuple(
            [_zeros_like(t) if g is None else g for g, t in zip(grads, targets, strict=True)]
        )
    for at, found_grad in enumerate(grads):
        if found_grad is None and not allow_unused:
            text = (
                f"The differentiated Tensor at index {at} appears to not have been used in the "
                "graph. Set allow_unused=True if this is the desired behavior."
            )
            raise noted(RuntimeError(text), _unused(targets[at]))
    return tuple(grads)


def _unused(tensor: Tensor) -> str:
    """What is known of a tensor that no gradient reached."""
    node = tensor.grad_fn
    what = "a leaf" if node is None else f"the output of {node.name()}"
    return (
        f"It is {what}, of shape {listed(tensor.sizes)}: no path leads to it from the outputs. "
        "What was computed from it was detached, or computed from a copy, or is not in them."
    )


def _zeros_like(tensor: Tensor) -> Tensor:
    zeros = empty(tensor.sizes, strides.like(tensor.sizes, tensor.strides), tensor.dtype)
    zeros.array.fill(0)
    return zeros


def tensor_backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradient of this tensor to the `.grad` of every leaf it came from, or of `inputs`."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


tensor_backward.__qualname__ = "Tensor.backward"  # which Python's errors show
method(tensor_backward, "backward")
