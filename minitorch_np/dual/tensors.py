"""Dual tensors: a tensor made to carry a tangent, and taken apart again.

The levels of forward mode lie below those of vmap, whichever were opened first: for a vmap of
derivatives is the derivative of a vmap, and so tangents are tangents of all examples, and what is
recorded below is recorded of dual tensors.
Source: ATen/native/AutogradComposite.cpp, and torch/csrc/autograd/VariableTypeManual.cpp.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Protocol, cast

from minitorch_np.dual.level import DualLevel, innermost
from minitorch_np.graph.modes import state
from minitorch_np.graph.tangents import below, check_sizes, stand_apart
from minitorch_np.op import op
from minitorch_np.tensor import Tensor

__all__ = ["Batching", "dual", "jvp_of", "open_level", "primal_and_tangent", "tangent"]


class Batching(Protocol):
    """A mode inside which some tensors are one example's view of a batch."""

    def holds(self, tensor: object) -> bool:
        """Whether a tensor is such a view."""
        ...

    def spread(self, tensor: Tensor) -> Tensor:
        """All examples along dimension 0, each the same where the tensor is no such view."""
        ...

    def wrapped(self, value: Tensor) -> Tensor:
        """One example's view of all examples."""
        ...


@op("view", method=False, node="torch::autograd::Identity")
def _fw_primal(input: Tensor) -> Tensor:
    """A view of a dual tensor that is none."""
    return input.alias(input.sizes, input.strides, input.offset)


_fw_primal.vjp(input=lambda g: g)


@op("view", method=False, node="ViewBackward0")
def _make_dual(input: Tensor) -> Tensor:
    """A view of a tensor, of the same geometry, that is to be dual."""
    return input.alias(input.sizes, input.strides, input.offset)


_make_dual.vjp(input=lambda g, input_shape: g.reshape(input_shape))  # as of a view


def _batching() -> list[Batching]:
    """The modes that batch, innermost first."""
    return [cast("Batching", mode) for mode in reversed(state.modes) if mode.batches]


def open_level(transform: bool = False) -> DualLevel:
    """A new level; that of a function transform may be inside another such one.

    Raises: RuntimeError where another is open, as PyTorch has one only.
    """
    last = innermost()
    if last is not None and not (transform and last.transform):
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    level = DualLevel(transform)
    state.modes.insert(len(state.modes) - len(_batching()), level)
    state.route_again()
    return level


@contextmanager
def _physical() -> Generator[None]:
    """A stretch in which no mode batches."""
    modes = state.modes
    state.modes = modes[: len(modes) - len(_batching())]
    state.route_again()
    try:
        yield
    finally:
        state.modes = modes
        state.route_again()


def dual(tensor: Tensor, tangent: Tensor, level: DualLevel) -> Tensor:
    """A view of `tensor` that carries `tangent`: itself, or a copy where its layout is another.

    Raises: RuntimeError for one of another shape, or where one of both is dual already.
    """
    check_sizes(tensor, tangent)
    batching = _batching()
    if not batching:
        return below(level, _dual, tensor, tangent, level)
    around: list[Batching] = []
    for mode in batching:
        if mode.holds(tensor) or mode.holds(tangent):
            tensor = mode.spread(tensor) if mode.holds(tensor) else mode.spread(tensor).clone()
            tangent = mode.spread(tangent)
            around.append(mode)
    with _physical():
        made = below(level, _dual, tensor, tangent, level)
        for mode in reversed(around):
            made = mode.wrapped(made)
    return made


def _dual(tensor: Tensor, tangent: Tensor, level: DualLevel) -> Tensor:
    if level.tangent_of(tensor) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the "
            "same level 0 is not supported."
        )
    if level.tangent_of(tangent) is not None:
        raise RuntimeError(
            "Setting a forward grad that itself has a forward gradient at the same level0 is not "
            "supported."
        )
    made = _make_dual(tensor)
    stand_apart(made)
    level.begin(made, tangent)
    return made


def primal_and_tangent(tensor: Tensor, level: DualLevel) -> tuple[Tensor, Tensor | None]:
    """A view of `tensor` that is not dual at this level, and its tangent."""
    batching = _batching()
    if not batching:
        return below(level, _unpacked, tensor, level)
    around: list[Batching] = []
    for mode in batching:
        if mode.holds(tensor):
            tensor = mode.spread(tensor)
            around.append(mode)
    with _physical():
        primal, found = below(level, _unpacked, tensor, level)
        for mode in reversed(around):
            primal = mode.wrapped(primal)
            found = None if found is None else mode.wrapped(found)
    return primal, found


def _unpacked(tensor: Tensor, level: DualLevel) -> tuple[Tensor, Tensor | None]:
    primal = _fw_primal(tensor)
    stand_apart(primal)
    return primal, level.tangent_of(tensor) if level.open() else None


def tangent(tensor: Tensor) -> Tensor | None:
    """The tangent of a tensor at the innermost level; None where it has none, or none is open."""
    level = innermost() if state.modes else None
    if level is None or not level.open():
        return None
    return primal_and_tangent(tensor, level)[1]


def jvp_of(
    fn: Callable[..., object], inputs: Sequence[object], tangents: Sequence[Tensor | None]
) -> list[tuple[Tensor, Tensor | None]]:
    """Each result of `fn(*inputs)`, one tensor or a sequence, with its tangent, None for none.

    An input without a tangent goes in as it is. What a check of derivatives asks for.
    """
    level = open_level()
    try:
        given = [
            x if t is None else dual(cast(Tensor, x), t, level)
            for x, t in zip(inputs, tangents, strict=True)
        ]
        result = fn(*given)
        several = (result,) if isinstance(result, Tensor) else cast("Sequence[Tensor]", result)
        return [primal_and_tangent(out, level) for out in several]
    finally:
        level.close()
