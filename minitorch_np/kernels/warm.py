"""The modules of loops, each of which can compile what it has ahead of use."""

from collections.abc import Callable

from . import (
    bessel,
    broadcast,
    channels,
    copies,
    ctc,
    cylinder,
    decay,
    depthwise,
    distances,
    doubles,
    draws,
    edges,
    elementwise,
    gamma,
    grids,
    halves,
    incomplete,
    little,
    modes,
    permutation,
    places,
    polynomials,
    pools,
    recurrent,
    reductions,
    remainders,
    resampling,
    sampling,
    scans,
    selections,
    small,
    smooth,
    softmax,
    stamps,
    steps,
    transcendental,
    windows,
)

__all__ = ["builders"]

MODULES = (
    bessel, broadcast, channels, copies, ctc, cylinder, decay, depthwise, distances, doubles, draws,
    edges, elementwise, gamma, grids, halves, incomplete, little, modes, permutation, places,
    polynomials, pools, recurrent, reductions, remainders, resampling, sampling, scans,
    selections, small, smooth, softmax, stamps, steps, transcendental, windows,
)  # fmt: skip


def builders() -> dict[str, Callable[[], None]]:
    """What compiles every function of a module, by the module's name."""
    return {module.__name__.rpartition(".")[2]: module.build for module in MODULES}
