"""Forward mode on a call of the database: random tangents go through both libraries."""

import importlib
import warnings
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

with warnings.catch_warnings():  # the first dual tensor would load them, with warnings of torch's
    warnings.simplefilter("ignore")
    importlib.import_module("torch._decomp.decompositions_for_jvp")

PRECISE = (torch.float32, torch.float64)
LOOSE = 10
"""How much more than a value a tangent may differ: it is a chain of several roundings."""


def pushed(
    call: Call, mine: Callable[..., Any], theirs: Callable[..., Any], found: Differences,
) -> None:  # fmt: skip
    """Compares the tangents of results, or what is raised in their place, under 'jvp'.

    In single and double precision: in half, tangents are chains of too many roundings.
    """
    duals = [t for t in tensors_in([call.sample.args, call.sample.kwargs]) if t.requires_grad]
    if not duals or any(t.dtype not in PRECISE for t in duals):
        return
    tangents = cotangents([(t.shape, t.dtype) for t in duals])
    with torch.no_grad(), minitorch_np.no_grad():
        t = _run(call, theirs, False, tangents)
        a = _run(call, mine, True, tangents)
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
            compare.facts(x, y, held, f"tangent {i}", ("value", "dtype", "shape"),
                          _tolerance(call, y.dtype))  # fmt: skip
            if steps(x) != steps(y):
                note(held, "stride", f"tangent {i}: stride {x.stride()}, not {y.stride()}")
            note(found, "jvp", next(filter(None, held.values()), ""))


def steps(t: Any) -> list[int] | None:
    """The strides that place elements: PyTorch leaves the others to a tangent's own way."""
    return [s for n, s in zip(t.shape, t.stride(), strict=True) if n > 1] if t.numel() else None


def _run(
    call: Call, function: Callable[..., Any], mine: bool, tangents: list[torch.Tensor]
) -> Side:
    """One library's call with dual arguments; the result is the list of the tangents."""
    side = Side(call, mine)
    library = our_forward if mine else their_forward
    with library.dual_level():
        given = iter(tangents)
        side.args = list(_dual(call.sample.args, given, mine))
        side.kwargs = _dual(call.sample.kwargs, given, mine)
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
