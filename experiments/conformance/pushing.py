"""Forward mode on a call of the database: dual arguments with random tangents, in both libraries."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.autograd.forward_ad as their_forward

import minitorch_np
from experiments.conformance import compare
from experiments.conformance.bridge import mapped, ours, tensors_in, twin
from experiments.conformance.call import Call, Side, cotangents
from experiments.conformance.compare import Differences, note
from minitorch_np.autograd import forward_ad as our_forward

__all__ = ["pushed"]

LOOSE = 5
"""How much more than a value a tangent may differ: it is a chain of several roundings."""


def pushed(
    call: Call, mine: Callable[..., Any], theirs: Callable[..., Any], found: Differences,
    change: Callable[[Any], Any] | None = None,
) -> None:  # fmt: skip
    """Compares the tangents of results, or what is raised in their place, under 'jvp'.

    `change` is made of the first argument, for forms that write to it.
    """
    duals = [t for t in tensors_in([call.sample.args, call.sample.kwargs]) if t.requires_grad]
    if not duals:
        return
    tangents = cotangents([(t.shape, t.dtype) for t in duals])
    with torch.no_grad(), minitorch_np.no_grad():
        t = _run(call, theirs, False, tangents, change)
        a = _run(call, mine, True, tangents, change)
    if t.error is not None or a.error is not None:
        told = f"raised {a.message}" if a.error else "did not raise"
        fine = a.message == t.message
        note(found, "jvp", "" if fine else f"{told}, not {t.message or 'a tangent'}")
        return
    for i, (x, y) in enumerate(zip(a.result, t.result, strict=True)):
        if (x is None) != (y is None):
            note(found, "jvp", f"tangent {i}: {x}, not {y}")
        elif y is not None:
            held: Differences = {}
            compare.facts(x, y, held, f"tangent {i}", ("value", "dtype", "shape", "stride"),
                          _tolerance(call, y.dtype))  # fmt: skip
            note(found, "jvp", next(filter(None, held.values()), ""))


def _run(
    call: Call, function: Callable[..., Any], mine: bool, tangents: list[torch.Tensor],
    change: Callable[[Any], Any] | None,
) -> Side:  # fmt: skip
    """One library's call with dual arguments; the result is the list of the tangents."""
    side = Side(call, mine)
    library = our_forward if mine else their_forward
    with library.dual_level():
        given = iter(tangents)
        side.args = list(_dual(call.sample.args, given, mine))
        side.kwargs = _dual(call.sample.kwargs, given, mine)
        if change is not None:
            side.args[0] = change(side.args[0])
        side.run(function)
        if side.error is None:
            outs = tensors_in(side.result)
            side.result = [library.unpack_dual(out).tangent for out in outs]
    return side


def _dual(arguments: Any, tangents: Iterator[torch.Tensor], mine: bool) -> Any:
    """Arguments with each tensor that wants a gradient made dual, and without that wish."""
    convert: Callable[[torch.Tensor], Any] = ours if mine else twin
    library: Any = our_forward if mine else their_forward

    def made(tensor: torch.Tensor) -> Any:
        own = convert(tensor).requires_grad_(False)
        if not tensor.requires_grad:
            return own
        return library.make_dual(own, convert(next(tangents)))

    return mapped(arguments, made, to_ours=mine)


def _tolerance(call: Call, dtype: torch.dtype) -> tuple[float, float]:
    relative, absolute = compare.TOLERANCE[str(dtype).removeprefix("torch.")]
    return call.tolerance or (LOOSE * relative, LOOSE * absolute)
