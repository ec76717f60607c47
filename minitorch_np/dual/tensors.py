"""Dual tensors: a tensor made to carry a tangent, and taken apart again.

Source: ATen/native/AutogradComposite.cpp, and torch/csrc/autograd/VariableTypeManual.cpp.
"""

from minitorch_np.dual.level import DualLevel, below, innermost
from minitorch_np.graph.modes import state
from minitorch_np.graph.tangents import stand_apart
from minitorch_np.op import op
from minitorch_np.tensor import Tensor

__all__ = ["close_level", "dual", "open_level", "primal_and_tangent", "tangent"]


@op("view", method=False, node="torch::autograd::Identity")
def _fw_primal(input: Tensor, level: int) -> Tensor:
    """A view of a dual tensor that is none."""
    return input.alias(input.sizes, input.strides, input.offset)


_fw_primal.vjp(input=lambda g: g)


def open_level(nested: bool = False) -> DualLevel:
    """A new level, inside the one that is open if `nested` says that this is meant.

    Raises: RuntimeError where another is open, as PyTorch has one only.
    """
    if innermost() is not None and not nested:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    return DualLevel().__enter__()


def close_level(level: DualLevel) -> None:
    """Close a level: the tangents that tensors have at it are gone."""
    level.close()


def dual(tensor: Tensor, tangent: Tensor, level: DualLevel) -> Tensor:
    """A view of `tensor` that carries `tangent`: itself, or a copy where its layout is another.

    Raises: RuntimeError for one of another shape, or where one of both is dual already.
    """
    return below(level, _dual, tensor, tangent, level)


def _dual(tensor: Tensor, tangent: Tensor, level: DualLevel) -> Tensor:
    if level.tangent_of(tensor) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the "
            "same level 0 is not supported."
        )
    made = tensor.view(tensor.sizes)
    if level.tangent_of(tangent) is not None:
        raise RuntimeError(
            "Setting a forward grad that itself has a forward gradient at the same level0 is not "
            "supported."
        )
    if tangent.sizes != tensor.sizes:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original "
            f"Tensor, this is not supported. Tensor is of size {list(tensor.sizes)} while the given "
            f"forward gradient is of size {list(tangent.sizes)}."
        )
    stand_apart(made)
    level.begin(made, tangent)
    return made


def primal_and_tangent(tensor: Tensor, level: DualLevel) -> tuple[Tensor, Tensor | None]:
    """A view of `tensor` that is not dual at this level, and its tangent."""
    return below(level, _unpacked, tensor, level)


def _unpacked(tensor: Tensor, level: DualLevel) -> tuple[Tensor, Tensor | None]:
    primal = _fw_primal(tensor, 0)
    stand_apart(primal)
    return primal, level.tangent_of(tensor) if level.open() else None


def tangent(tensor: Tensor) -> Tensor | None:
    """The tangent of a tensor at the innermost level; None where it has none, or none is open."""
    level = innermost() if state.modes else None
    if level is None or not level.open():
        return None
    return below(level, level.tangent_of, tensor)
