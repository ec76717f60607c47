"""Loops over independent parts of arrays, shared between threads where there is enough to do.

A loop opts in by saying which of its arrays come in parts, and how many parts there are: elements,
rows, columns or planes, each of which it computes from what it reads, whatever the others hold. So
the bits of a result do not depend on the number of threads. What sums everything into one number
has no such parts, nor has what adds to memory that other parts add to: it stays whole.

Work is counted in nanoseconds that one thread takes, roughly: parts that are too short cost more to
hand over than they save.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import numpy as np

from minitorch_np.quiet import run_quietly

from . import threads
from .threads import Array

__all__ = ["each", "pointwise", "ranges", "shared", "sharing", "split"]

P = ParamSpec("P")
R = TypeVar("R")
Anything = Any  # arrays, and numbers of all kinds

LEAST = 300_000.0
"""Nanoseconds of work from which it is shared."""
ENOUGH = 8
"""Indices that make an axis long enough to be cut."""
PIECE = 100_000.0
"""Nanoseconds of work in a piece: twenty times what it costs to hand one over."""
MOST = 32
"""Pieces for each thread, where work is long: more would even nothing out."""
PYTHON = 4.0
"""How many times as long pieces are in which Python calls NumPy: only one thread can do that."""
LINE = 64
"""Elements that elementwise loops do not part."""
CHEAP = 0.4
"""Nanoseconds that an element costs where memory takes longer than arithmetic."""
MANY = int(LEAST / CHEAP)
"""Elements from which a function of each may be shared."""


class Cut(NamedTuple):
    """How the work of a loop comes apart."""

    arguments: str
    """A letter for each argument: `p` for an array in as many parts as there are, `<` and `>` for
    the numbers of the first part to compute and of the one behind the last, `.` for the rest."""
    count: Callable[..., int]
    """Called with the arguments: how many parts there are."""
    work: Callable[..., float]
    """Called with the arguments: the nanoseconds that all take."""
    grain: int
    """Parts that are not torn apart, such as columns on one line of memory."""


def shared(
    arguments: str,
    count: str,
    cost: float | str = CHEAP,
    grain: int = 1,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Lets `sharing` take a compiled loop apart; see `Cut`. What depends on the arguments is
    written in their names; a number is the cost of each element of the first. Of several cuts, the
    one nearest to the loop is taken that makes pieces enough.
    """

    def marked(loop: Callable[P, R]) -> Callable[P, R]:
        *names, _ = cast("dict[str, object]", cast(Any, loop).py_func.__annotations__)
        assert len(arguments) == len(names)

        def function(text: str) -> Callable[..., Any]:
            return eval(f"lambda {', '.join(names)}: {text}", {})

        work = cost if isinstance(cost, str) else f"{cost} * {names[0]}.size"
        cuts: list[Cut] = vars(loop).setdefault("cuts", [])
        cuts.append(Cut(arguments, function(count), function(work), grain))
        return loop

    return marked


def each(cost: float = CHEAP) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Lets `sharing` take a loop over the elements of flat arrays apart, at so many nanoseconds
    each. An array may have one element for all."""

    def marked(loop: Callable[P, R]) -> Callable[P, R]:
        vars(loop)["cost"] = cost
        return loop

    return marked


def ranges(count: int, work: float, grain: int = 1, piece: float = 1.0) -> list[tuple[int, int]]:
    """(first, last + 1) of the parts that make up each piece, so many times as long as usual; one
    range where that is best."""
    grains = -(-count // grain)
    if work < LEAST or grains < 2 or not threads.helps():
        return [(0, count)]
    some = min(grains, int(work / PIECE / piece) + 1, MOST * threads.get_num_threads())
    edges = [min(count, k * grains // some * grain) for k in range(some + 1)]
    return list(itertools.pairwise(edges))


def sharing(loop: Callable[..., Any], compiled: Callable[..., Any]) -> Callable[..., Any]:
    """A loop as callers get it, from what was marked and what it was compiled to: the latter where
    one thread is all there is, or where the work does not come apart."""
    known = vars(loop)
    if threads.get_num_threads() == 1:
        return compiled
    if "cost" in known:
        hints = cast(Any, loop).py_func.__annotations__
        arrays = sum(hint not in _NUMBERS for hint in hints.values())
        return _by_element(compiled, arrays, known["cost"])
    return _by_parts(compiled, known["cuts"]) if "cuts" in known else compiled


def _by_element(loop: Callable[..., Any], k: int, cost: float) -> Callable[..., None]:
    """A loop over elements of the first k arguments that is shared where there are many."""
    least = LEAST / cost

    def run(*args: Anything) -> None:
        size = args[k - 1].size
        if size < least:
            loop(*args)
            return
        parts = ranges(size, size * cost, LINE)
        if len(parts) == 1:
            loop(*args)
            return
        flat = [a.reshape(-1) for a in args[:k]]
        calls = [[*[a[i:j] if a.size == size else a for a in flat], *args[k:]] for i, j in parts]
        _ = _shared_out(loop, calls)

    return run


_NUMBERS = (int, float, bool, float | np.float32, None)
"""What loops are annotated with that are no arrays."""


def _by_parts(loop: Callable[..., Any], cuts: Sequence[Cut]) -> Callable[..., object]:
    """A loop that is shared where it has enough to do."""

    def run(*args: Anything) -> object:
        work = cuts[0].work(*args)
        if work < LEAST:
            return loop(*args)
        found = [(cut, cut.count(*args)) for cut in cuts]
        enough = 2 * threads.get_num_threads()
        grains = [-(-count // cut.grain) for cut, count in found]
        k = next((k for k, n in enumerate(grains) if n >= enough), grains.index(max(grains)))
        cut, count = found[k]
        parts = ranges(count, work, cut.grain)
        if len(parts) == 1:
            return loop(*args)
        return _shared_out(loop, [list(_cut(cut.arguments, args, count, *p)) for p in parts])

    return run


def _cut(letters: str, args: Sequence[Any], count: int, start: int, stop: int) -> Iterator[Any]:
    """The arguments for some of the parts."""
    for letter, arg in zip(letters, args, strict=True):
        if letter == "p":
            size = arg.size // count
            yield arg.reshape(-1)[start * size : stop * size]
        else:
            yield {"<": start, ">": stop}.get(letter, arg)


def _shared_out(f: Callable[..., Any], calls: Sequence[Sequence[Any]]) -> bool:
    """Call `f` with each of the arguments, on several threads; whether no result was False."""
    refused: list[int] = []

    def call(k: int) -> None:
        if f(*calls[k]) is False:
            refused.append(k)

    threads.run([(functools.partial(call, k),) for k in range(len(calls))], True)
    return not refused


def split(
    f: Callable[..., object], arrays: Sequence[Array], axis: int = 0, cost: float = CHEAP
) -> None:
    """f(*arrays), by ranges along an axis that all of them have, where that pays.

    `f` writes to some of them, and must compute each index of the axis from the same one. The first
    array tells how much there is to do, at so many nanoseconds an element.
    """
    first = arrays[0]
    parts = (
        ranges(first.shape[axis], first.size * cost, 1, PYTHON)
        if first.size * cost >= LEAST
        else ()
    )
    if len(parts) < 2:
        f(*arrays)
        return
    head = (slice(None),) * axis
    calls = [[f, *[a[(*head, slice(i, j))] for a in arrays]] for i, j in parts]
    _ = _shared_out(run_quietly, calls)


def pointwise(f: np.ufunc, arrays: Sequence[Any], out: Array) -> None:
    """f(*arrays, out=out), of arrays and numbers that broadcast to it.

    Cut along the axis of `out` that takes the longest steps in memory.
    """
    if out.size < MANY or not threads.helps() or _entangled(arrays, out):
        f(*arrays, out=out)
        return
    if out.flags.c_contiguous and all(np.shape(a) == out.shape for a in arrays):
        if all(a.flags.c_contiguous for a in arrays):
            arrays, out = [a.reshape(-1) for a in arrays], out.reshape(-1)
    axis = max(range(out.ndim), key=lambda d: (out.shape[d] >= ENOUGH, abs(out.strides[d])))
    from_end = out.ndim - axis

    def part(a: Anything, some: slice) -> Anything:
        if np.ndim(a) < from_end or a.shape[-from_end] == 1:
            return a
        return a[(..., some, *[slice(None)] * (from_end - 1))]

    parts = ranges(out.shape[axis], out.size * CHEAP, LINE if out.ndim == 1 else 1)

    def compute(i: int, j: int) -> None:
        some = slice(i, j)
        run_quietly(f, *[part(a, some) for a in arrays], out=part(out, some))

    _ = _shared_out(compute, parts)


def _entangled(arrays: Sequence[Any], out: Array) -> bool:
    """Whether a part of `out` may lie in memory that another part is computed from."""
    here = out.ctypes.data, out.strides, out.shape
    for a in arrays:
        if np.ndim(a) and np.may_share_memory(a, out):
            if (a.ctypes.data, a.strides, a.shape) != here:
                return True
    return False
