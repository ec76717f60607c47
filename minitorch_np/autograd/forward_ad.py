"""torch.autograd.forward_ad: dual tensors, which carry their derivative along one direction.

Source: torch/autograd/forward_ad.py.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar

from minitorch_np.dual.level import innermost
from minitorch_np.dual.tensors import dual, open_level, primal_and_tangent
from minitorch_np.graph.tangents import forward
from minitorch_np.tensor import Tensor

__all__ = [
    "UnpackedDualTensor",
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]

P = ParamSpec("P")
R = TypeVar("R")


def _current() -> int:
    """The number of the innermost level: there is only 0, and -1 stands for none."""
    return -1 if innermost() is None else 0


def enter_dual_level() -> int:
    """Open the level at which tensors can be made dual; its number. Raises: RuntimeError if one is.

    To nest derivatives, use `torch.func.jvp`.
    """
    _ = open_level()
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: every tangent is gone. Raises: RuntimeError for a level that is not open."""
    if level is not None and level != _current():
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is "
            "not supported."
        )
    last = innermost()
    if last is None:
        raise RuntimeError("Dual level must be a positive number.")
    last.close()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A view of `tensor` that carries `tangent`, of the same shape, through every op.

    The tangent is taken as it is, or copied where its layout is another. Differentiable in both.
    Raises: RuntimeError for another shape, no level, or one that is dual already; ValueError for
    tensors that are not floating point.
    """
    if level is None:
        level = _current()
    last = innermost()
    if level < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    for name, one in (("primal", tensor), ("tangent", tangent)):
        if not (one.is_floating_point() or one.is_complex()):
            raise ValueError(
                f"Expected {name} to be floating point or complex, but got: {one.dtype}"
            )
    if level > 0 or last is None:
        raise RuntimeError("Invalid level given to _make_dual")
    return dual(tensor, tangent, last)


class UnpackedDualTensor(NamedTuple):
    """What `unpack_dual` returns: a tensor without its tangent, and that, None if it has none."""

    primal: Tensor
    tangent: Tensor | None


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The primal, a view of `tensor`, and the tangent of a dual tensor. Differentiable."""
    if level is None:
        level = _current()
    last = innermost()
    if level < 0 or last is None:
        return UnpackedDualTensor(tensor, None)
    if not isinstance(tensor, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise TypeError(
            "_unpack_dual(): argument 'dual' (position 1) must be Tensor, not "
            f"{type(tensor).__name__}"
        )
    primal, tangent = primal_and_tangent(tensor, last)
    if level > 0:
        if tangent is not None:
            raise RuntimeError("Invalid level given to _fw_primal")
        return UnpackedDualTensor(primal, None)
    return UnpackedDualTensor(primal, tangent)


class dual_level:
    """A context, or decorator, inside which tensors can be made dual."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exception: object) -> None:
        exit_dual_level()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, run inside a level of its own each time."""

        @functools.wraps(function)
        def leveled(*args: P.args, **kwargs: P.kwargs) -> R:
            with dual_level():
                return function(*args, **kwargs)

        return leveled


def _is_fwd_grad_enabled() -> bool:  # pyright: ignore[reportUnusedFunction]  # torch's name
    """Whether ops carry tangents in this thread."""
    return forward.on


class _set_fwd_grad_enabled:  # pyright: ignore[reportUnusedClass]  # torch's name
    """Forward mode on or off from now on; as a context, until its end."""

    def __init__(self, mode: bool) -> None:
        self.prev = forward.on
        forward.on = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        forward.on = self.prev
