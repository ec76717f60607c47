"""The tangents of a custom Function's outputs: its `jvp`, called at each level of forward mode.

Source: torch/csrc/autograd/custom_function.cpp, _process_forward_mode_AD.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

from minitorch_np.graph.modes import state
from minitorch_np.graph.tangents import Level, below, check_sizes
from minitorch_np.tensor import Tensor, empty_strided

__all__ = ["push_custom"]

A = Any


def push_custom(
    jvp: Callable[..., A], args: Sequence[object], outputs: Sequence[object],
    passive: Collection[int] = (), materialize: bool = True,
) -> None:  # fmt: skip
    """Give the outputs the tangents that `jvp(*tangents)` returns for those of the arguments.

    To be called where `forward` ran without tangents (`forward_off`). `passive` are the ids of
    outputs without a derivative; `materialize` says that a tensor without a tangent has zeros.
    Raises: RuntimeError for a wrong number of tangents, or wrong ones.
    """
    for level in [mode for mode in state.modes if isinstance(mode, Level) and mode.open()]:
        below(level, _push, level, jvp, args, outputs, passive, materialize)


def _push(
    level: Level, jvp: Callable[..., A], args: Sequence[object], outputs: Sequence[object],
    passive: Collection[int], materialize: bool,
) -> None:  # fmt: skip
    given = [level.tangent_of(a) if isinstance(a, Tensor) else None for a in args]
    if all(t is None for t in given):
        return
    own = {id(a): t for a, t in zip(args, given, strict=True) if isinstance(a, Tensor)}
    filled = [
        _zeros(a) if materialize and t is None and isinstance(a, Tensor) else t
        for a, t in zip(args, given, strict=True)
    ]
    versions = {id(t): t.clock.value for t in given if t is not None}
    returned = jvp(*filled)
    tangents = cast("tuple[A, ...]", returned if isinstance(returned, tuple) else (returned,))
    if len(tangents) != len(outputs):
        raise RuntimeError(
            "Function's jvp returned an invalid number of forward gradients (expected "
            f"{len(outputs)} but got {len(tangents)})"
        )
    for nr, (out, t) in enumerate(zip(outputs, tangents, strict=True)):
        if t is not None and not isinstance(t, Tensor):
            raise RuntimeError(
                f"expected Variable or None (got {type(t).__name__}) for grad output {nr}."
            )
        if isinstance(out, Tensor) and out.dtype.is_floating_point and id(out) not in passive:
            _give(level, nr, out, t, own, versions)
        elif t is not None:
            raise RuntimeError(
                f"Function's jvp returned a gradient at position {nr}, but  the corresponding "
                "forward output is not a differentiable Tensor.You should return None at that "
                "position instead."
            )


def _zeros(like: Tensor) -> Tensor:
    zeros = empty_strided(like.sizes, like.strides, like.dtype)
    zeros.array.fill(0)
    return zeros


def _give(
    level: Level, nr: int, out: Tensor, t: Tensor | None, own: dict[int, Tensor | None],
    versions: dict[int, int],
) -> None:  # fmt: skip
    """Make `t` the tangent of output `nr`, after the checks; `own` are those of the arguments, and
    `versions` theirs before `jvp`."""
    if t is None:
        raise RuntimeError(
            f"Function's jvp returned None at position {nr}, but the corresponding forward output "
            "is differentiable: return zeros there where the output does not depend on the inputs."
        )
    check_sizes(out, t)
    before = own.get(id(out))
    if before is not None:
        _check_written(before, t, versions[id(before)])
    elif id(out) in own:
        level.begin(out, t, written=True)
    elif level.sees_base(out) and t.base is None:
        raise RuntimeError(
            "A custom Function's forward is returning a view (or an input as-is) but the jvp is "
            "not returning a view."
        )
    else:
        level.begin(out, t)


def _check_written(before: Tensor, t: Tensor, version: int) -> None:
    """Raise where `forward` wrote to an argument, and `jvp` not to its tangent."""
    if t.clock.value == version:
        raise RuntimeError(
            "An inplace custom Function is not modifying the forward mode gradients inplace. If "
            "the forward is modifying an input inplace, then the jvp function must modify the "
            "corresponding gradient inplace."
        )
    if t is not before:
        raise RuntimeError(
            "An inplace custom Function is not returning the forward mode gradients as-is. If the "
            "forward is modifying an input inplace, then the jvp function must modify the gradient "
            "inplace and return it as-is."
        )
