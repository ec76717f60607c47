"""What the functions of torch.autograd.functional share: inputs made, checked, and given back.

Source: torch/autograd/functional.py.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from minitorch_np.graph.backward import grad
from minitorch_np.ops.creation import zeros_like
from minitorch_np.tensor import Tensor

__all__ = [
    "as_tuple", "check_required", "check_scalar", "check_vector", "filled", "finished", "gradients",
    "prepared", "unpacked",
]  # fmt: skip

A = Any
Tensors = tuple[Tensor, ...]
Gradients = tuple[Tensor | None, ...]
Function = Callable[..., A]


def as_tuple(given: A, what: str, asker: str) -> tuple[bool, Tensors]:
    """Whether `given` is a tuple, and it as one. Raises: TypeError for anything but tensors."""
    several = isinstance(given, tuple)
    values = cast("tuple[object, ...]", given) if several else (cast(object, given),)
    for at, one in enumerate(values):
        if not isinstance(one, Tensor):
            where = f"value at index {at}" if several else f"given {what}"
            raise TypeError(
                f"The {what} given to {asker} must be either a Tensor or a tuple of Tensors but "
                f"the {where} has type {type(one)}."
            )
    return several, cast(Tensors, values)


def unpacked(result: tuple[A, ...], several: bool) -> A:
    """A tuple as it is, or its one element where a single tensor was given."""
    return result if several else result[0]


def prepared(inputs: Tensors, create_graph: bool, need_graph: bool) -> Tensors:
    """A new tensor for each input, so that one which the function captured is told from it."""
    return tuple(
        [
            x.view_as(x) if create_graph and x.requires_grad else
            x.detach().requires_grad_(need_graph)
            for x in inputs
        ]
    )  # fmt: skip


def finished(results: A, create_graph: bool) -> A:
    """Results without history, unless it was asked for."""
    if create_graph:
        return results
    return tuple([x.detach() if isinstance(x, Tensor) else finished(x, False) for x in results])


def check_vector(v: Tensors, other: Tensors, several: bool) -> None:
    """Raise RuntimeError unless a vector has the shapes of what it is multiplied with."""
    if len(other) != len(v):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(other)} but got {len(v)}."
            if several
            else "The given v should contain a single Tensor."
        )
    for at, (mine, its) in enumerate(zip(v, other, strict=True)):
        if mine.sizes != its.sizes:
            where = f"Entry {at} in " if several else ""
            raise RuntimeError(
                f"{where}v has invalid size: should be {its.size()} but got {mine.size()}."
            )


_INDEPENDENT = {
    "outputs": (
        "Output {} of the user-provided function does not require gradients. The outputs must be "
        "computed in a differentiable manner from the input when running in strict mode."
    ),
    "grad_inputs": (
        "The gradient with respect to input {} is independent of the inputs of the user-provided "
        "function. This is not allowed in strict mode."
    ),
    "jacobian": (
        "While computing the hessian, found that the jacobian of the user-provided function with "
        "respect to input {} is independent of the input. This is not allowed in strict mode. You "
        "should ensure that your function is twice differentiable and that the jacobian depends on "
        "the inputs (this would be violated by a linear function for example)."
    ),
    "hessian": (
        "The hessian of the user-provided function with respect to input {} is independent of the "
        "input. This is not allowed in strict mode. You should ensure that your function is thrice "
        "differentiable and that the hessian depends on the inputs."
    ),
}
"""What is said of tensors that need no gradient, by what they are."""

_UNUSED = {
    "back": "The output of the user-provided function is independent of input {}.",
    "back_trick": (
        "The gradient with respect to the input is independent of entry {} in the grad_outputs "
        "when using the double backward trick to compute forward mode gradients."
    ),
    "double_back": "The jacobian of the user-provided function is independent of input {}.",
}
"""What is said of gradients that are not there, by the stage of the computation."""


def check_required(tensors: Gradients, kind: str, strict: bool) -> None:
    """Raise RuntimeError, if `strict`, for what needs no gradient."""
    for at, one in enumerate(tensors if strict else ()):
        if one is None:
            raise RuntimeError(
                f"The output of the user-provided function is independent of input {at}. This is "
                "not allowed in strict mode."
            )
        if not one.requires_grad:
            raise RuntimeError(_INDEPENDENT[kind].format(at))


def gradients(
    outputs: Gradients,
    inputs: Tensors,
    grads: Gradients | None = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    batched: bool = False,
) -> Gradients:
    """The gradients of those outputs that need one; None for inputs that none depends on."""
    several = (None,) * len(outputs) if grads is None else grads
    pairs = [(o, g) for o, g in zip(outputs, several) if o is not None and o.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    return grad(
        [o for o, _ in pairs], inputs, [g for _, g in pairs], allow_unused=True,
        create_graph=create_graph, retain_graph=retain_graph, is_grads_batched=batched,
    )  # fmt: skip


def filled(
    grads: Gradients, inputs: Tensors, strict: bool, create_graph: bool, stage: str
) -> Tensors:
    """The gradients, zeros for those that are not there; if `strict`, RuntimeError instead."""
    found: list[Tensor] = []
    for at, (one, x) in enumerate(zip(grads, inputs, strict=True)):
        if one is None and strict:
            if stage == "double_back_trick":
                raise RuntimeError(
                    f"The hessian of the user-provided function is independent of entry {at} in "
                    "the grad_jacobian. This is not allowed in strict mode as it prevents from "
                    "using the double backward trick to replace forward mode AD."
                )
            raise RuntimeError(f"{_UNUSED[stage].format(at)} This is not allowed in strict mode.")
        if one is not None and strict and create_graph and not one.requires_grad:
            what = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {at}. This is "
                "not allowed in strict mode when create_graph=True."
            )
        found.append(zeros_like(x) if one is None else one)
    return tuple(found)


def check_scalar(several: bool, outputs: Sequence[Tensor], asker: str) -> None:
    """Raise RuntimeError unless a function returned one tensor of one element."""
    if several:
        raise RuntimeError(f"The function given to {asker} should return a single Tensor")
    if outputs[0].numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {asker} should contain a single element"
        )
