"""One call of one op under both libraries: everything that can be compared about it."""

import contextlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch

import minitorch_np
from experiments.conformance import compare
from experiments.conformance.bridge import (
    Unshared,
    counterpart,
    ours,
    plain,
    tensors_in,
    twin,
)
from experiments.conformance.call import Call, Side, chosen, cotangents
from experiments.conformance.compare import FACTS, Differences, note
from experiments.conformance.exact import forgiven, is_rounding
from experiments.conformance.pushing import pushed
from minitorch_np.tensor import Tensor

__all__ = ["COLUMNS", "Call", "examine", "gradients", "refusal", "versions"]

COLUMNS = (
    *FACTS, "alias", "version", "grad", "grad stride", "grad 2", "jvp", "in-place", "out=",
    "method", "errors", "state", "repr",
)  # fmt: skip
"""The last two are of layers and optimizers only."""

Pair = tuple[Any, Any]
"""Ours, and torch's."""

GEOMETRY = ("value", "dtype", "shape", "stride", "offset")
HALF = {torch.float16: (4e-3, 4e-3), torch.bfloat16: (3e-2, 3e-2)}
"""Looser tolerances: PyTorch's kernels round intermediate results to half here and there, ours only
the result, so that sums of numbers that cancel differ by a few units."""
CHAIN = 5
"""How much more than a value a gradient may differ."""


def both(
    call: Call, mine: Callable[..., Any] | None, theirs: Callable[..., Any], found: Differences,
    name: str, change: Callable[[Any], Any] | None = None,
) -> tuple[Side, Side] | None:  # fmt: skip
    """Both sides of a call, run; None where one or both raised, which is compared under `name`."""
    a, t = Side(call, True, change), Side(call, False, change)
    t.run(theirs)
    if mine is None:
        if t.error is None:
            note(found, name, "there is none")
        return None
    a.run(mine)
    if t.error is None and a.error is None:
        return a, t
    fine = a.message == t.message
    raised = f"raised {a.message}" if a.error else "did not raise"
    note(found, name, "" if fine else f"{raised}, not {t.message or 'a result'}")
    return None


def examine(call: Call) -> Differences:
    """Of each property that the call can show, the difference, '' where there is none.

    Empty for a call that only torch has arguments for.
    """
    found: Differences = {}
    with contextlib.suppress(Unshared):
        _examine(call, found)
        _forgive(call, found)
    return found


def _forgive(call: Call, found: Differences) -> None:
    """Takes back differences that are rounding, in which PyTorch is no nearer to the truth."""
    numbers = [name for name, told in found.items() if told and is_rounding(told)]
    if not numbers or call.device != "cpu":
        return
    fine = forgiven(call)
    for name in numbers:  # forms of the op may differ in what the function itself differs in
        told = found[name].partition(":")[0]
        about = "grad 2" if "second" in told else "grad" if "gradient" in told else "value"
        if about in fine and about in numbers:
            found[name] = ""


def _examine(call: Call, found: Differences) -> None:
    entry = call.entry
    try:
        mine = counterpart(entry.function, entry.name)
    except AttributeError as error:
        found["value"] = f"missing: {str(error).partition(': ')[0]}"
        return
    sides = both(call, mine, entry.function, found, "value")
    if sides is None:
        return
    a, t = sides
    compare.result(a.result, t.result, found, "result", facts_of=call.facts,
                   tolerance=call.tolerance)  # fmt: skip
    compare.aliases(a.result, t.result, a.inputs, t.inputs, found)
    note(found, "version", versions(a, t) or afterwards(call, a, t))
    if not found.get("shape") and _fine(found.get("value")):
        gradients(call, a, t, found)
    if call.device != "cpu":
        return
    _method(call, found)
    _inplace(call, found)
    _forward_mode(call, mine, found)
    if entry.takes_out:
        _out(call, mine, found)


def _fine(difference: str | None) -> bool:
    """Whether there is no difference, or one of numbers, after which more can be compared."""
    return not difference or is_rounding(difference)


def versions(a: Side, t: Side) -> str:
    """The first input that was written to more or less often than torch's, in words."""
    for i, (x, y) in enumerate(zip(a.inputs, t.inputs, strict=True)):
        if x._version != y._version:
            return f"input {i} has version {x._version}, not {y._version}"
    return ""


def afterwards(call: Call, a: Side, t: Side) -> str:
    """The first input that holds something else than torch's after the call, in words.

    All inputs, whatever their versions: running statistics are written to without a count.
    """
    held: Differences = {}
    for i, (x, y) in enumerate(zip(a.inputs, t.inputs, strict=True)):
        compare.facts(x, y, held, f"input {i} afterwards", ("value", "shape", "stride"),
                      call.tolerance)  # fmt: skip
    return next(filter(None, held.values()), "") if not call.undefined else ""


def gradients(call: Call, a: Side, t: Side, found: Differences) -> None:
    """Compares gradients of random cotangents, their strides, and second derivatives."""
    outs = [
        (x, y)
        for x, y in zip(chosen(call, a.result, True), chosen(call, t.result, False), strict=True)
        if y.grad_fn and y.dtype.is_floating_point
    ]
    leaves = [
        (x, y) for x, y in zip(a.inputs, t.inputs, strict=True) if y.requires_grad and y.is_leaf
    ]
    if not outs or not leaves or any(x.grad_fn is None for x, _ in outs):
        return
    twice = call.twice
    weights = _weights(call, outs, twice)
    first = _differentiate(outs, leaves, weights, found, "grad", twice)
    if first is None:
        return
    for i, (x, y) in enumerate(first):
        if (x is None) != (y is None):
            note(found, "grad", f"gradient {i}: {x}, not {y}")
        elif y is not None:
            _gradient(call, x, y, found, f"gradient {i}")
    again = [(x, y) for x, y in first if x is not None and y is not None and y.requires_grad]
    if not twice or not again or not _fine(found.get("grad")):
        return
    if not all(x.requires_grad for x, _ in again):
        note(found, "grad 2", "the gradient has no history")
        return
    ends = [*leaves, *weights]
    second = _differentiate(again, ends, _weights(call, again, False), found, "grad 2")
    for i, (x, y) in enumerate(second or ()):
        zero = y is None or not bool(y.detach().any())
        if x is None or y is None:
            fine = zero and (x is None or not x.array.any())
            note(found, "grad 2", "" if fine else f"second derivative {i}: {x}, not {y}")
        else:
            held: Differences = {}
            compare.facts(x, y, held, f"second derivative {i}", ("value", "dtype", "shape"),
                          _loose(call, y.dtype))  # fmt: skip
            note(found, "grad 2", next(filter(None, held.values()), ""))


def _gradient(call: Call, x: Tensor, y: torch.Tensor, found: Differences, where: str) -> None:
    held: Differences = {}
    compare.facts(x, y, held, where, ("value", "dtype", "shape"), _loose(call, y.dtype))
    note(found, "grad", next(filter(None, held.values()), ""))
    held = {}
    compare.facts(x, y, held, where, ("stride",))
    note(found, "grad stride", held["stride"])


def _loose(call: Call, dtype: torch.dtype) -> tuple[float, float]:
    """The tolerance of gradients, which are chains of several roundings."""
    if call.tolerance or dtype in HALF:
        return call.tolerance or HALF[dtype]
    relative, absolute = compare.TOLERANCE[str(dtype).removeprefix("torch.")]
    return CHAIN * relative, CHAIN * absolute


def _weights(call: Call, outs: Sequence[Pair], differentiable: bool) -> list[Pair]:
    """Random cotangents, which may be differentiated themselves."""
    made: list[Pair] = []
    for t in cotangents([(y.shape, y.dtype) for _, y in outs]):
        t.requires_grad_(differentiable)
        made.append((ours(t), t if call.device == "cpu" else twin(t, call.device)))
    return made


def _differentiate(
    outs: Sequence[Pair], leaves: Sequence[Pair], weights: Sequence[Pair], found: Differences,
    name: str, again: bool = False,
) -> list[Pair] | None:  # fmt: skip
    """Pairs of gradients, to be differentiated again; None where one or both libraries refused."""

    def derived(library: Any, side: int) -> Any:
        return library.autograd.grad(
            [pair[side] for pair in outs], [pair[side] for pair in leaves],
            [pair[side] for pair in weights], allow_unused=True, retain_graph=True,
            create_graph=again,
        )  # fmt: skip

    def attempt(*args: Any) -> tuple[Any, str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return derived(*args), ""
            except Exception as error:  # noqa: BLE001  compared with the other library's
                return None, plain(f"{type(error).__name__}: {error}")

    theirs, refused = attempt(torch, 1)
    mine, ours_refused = attempt(minitorch_np, 0)
    if refused or ours_refused:
        fine = refused == ours_refused
        told = f"raised {ours_refused}" if ours_refused else "did not raise"
        note(found, name, "" if fine else f"{told}, not {refused or 'a gradient'}")
        return None
    return list(zip(mine, theirs, strict=True))


def _method(call: Call, found: Differences) -> None:
    """Compares the method, and that other names of the op are there."""
    entry = call.entry
    for alias in entry.aliases:
        here = [f for f in (_ours_at(alias), getattr(Tensor, alias, None)) if f is not None]
        note(found, "method", "" if here else f"no alias {alias}")
    if call.brief or entry.method is None or not isinstance(call.sample.args[0], torch.Tensor):
        return
    mine = _ours_for(entry.method)
    sides = both(call, mine, entry.method, found, "method")
    if sides is not None:
        _all(call, sides, found, "method")


def _ours_for(function: Callable[..., Any]) -> Callable[..., Any] | None:
    try:
        return counterpart(function)
    except AttributeError:
        return None


def _ours_at(name: str) -> Any:
    try:
        root: Any = minitorch_np
        for part in name.removeprefix("torch.").split("."):
            root = getattr(root, part)
    except AttributeError:
        return None
    return root


def _all(call: Call, sides: tuple[Side, Side], found: Differences, name: str) -> None:
    """Compares results by all facts, under one name."""
    a, t = sides
    held: Differences = {}
    compare.result(a.result, t.result, held, "result", facts_of=call.facts,
                   tolerance=call.tolerance)  # fmt: skip
    compare.aliases(a.result, t.result, a.inputs, t.inputs, held)
    held["version"] = versions(a, t)
    note(found, name, next(filter(None, held.values()), ""))


def _inplace(call: Call, found: Differences) -> None:
    """Compares the in-place form: on the tensor itself without a history, on a clone with one."""
    entry = call.entry
    first = call.sample.args[0]
    if entry.inplace is None or not isinstance(first, torch.Tensor):
        return
    mine = _ours_for(entry.inplace)
    change = (lambda t: t.clone()) if first.requires_grad else None
    sides = both(call, mine, entry.inplace, found, "in-place", change)
    if sides is None:
        return
    a, t = sides
    if (a.result is a.args[0]) != (t.result is t.args[0]):
        note(found, "in-place", "the result is not the tensor")
    if a.args[0]._version != t.args[0]._version:
        note(found, "in-place", f"version {a.args[0]._version}, not {t.args[0]._version}")
    _all(call, sides, found, "in-place")
    if first.requires_grad and not found["in-place"]:
        held: Differences = {}
        gradients(call, a, t, held)
        note(found, "in-place", next(filter(None, held.values()), ""))


def _forward_mode(call: Call, mine: Callable[..., Any], found: Differences) -> None:
    """Compares tangents, of the function and of its in-place form."""
    entry = call.entry
    if call.brief or not entry.differentiable:
        return
    pushed(call, mine, entry.function, found)
    there = None if entry.inplace is None or call.sample.broadcasts else _ours_for(entry.inplace)
    if there is not None and isinstance(call.sample.args[0], torch.Tensor):
        pushed(call, there, entry.inplace, found)


def _out(call: Call, mine: Callable[..., Any], found: Differences) -> None:
    """Compares `out=`: a tensor that fits and lies otherwise, an empty one, another dtype."""
    with torch.no_grad():
        plain_side = Side(call, False, None)
        plain_side.run(call.entry.function)
    results = tensors_in(plain_side.result)
    if not results:
        return
    single = isinstance(plain_side.result, torch.Tensor)
    makes = (_laid_otherwise,) if call.brief else (_laid_otherwise, _empty, _of_another_dtype)
    for make in makes[call.unsafe :]:
        held: Differences = {}
        outs = [make(r) for r in results]
        a, t = Side(call, True), Side(call, False)
        given = [ours(o) for o in outs], [twin(o) for o in outs]
        for side, function, out in ((t, call.entry.function, given[1]), (a, mine, given[0])):
            with side.library.no_grad():
                side.run(function, out=out[0] if single else tuple(out))
        if a.error or t.error:
            raised = f"raised {a.message}" if a.error else "did not raise"
            fine = a.message == t.message
            note(found, "out=", "" if fine else f"{raised}, not {t.message or 'a result'}")
            continue
        facts = [f for f in GEOMETRY if f in call.facts]
        compare.result(a.result, t.result, held, "result", facts_of=facts,
                       tolerance=call.tolerance)  # fmt: skip
        compare.result(given[0], given[1], held, "out", facts_of=facts, tolerance=call.tolerance)
        compare.aliases(a.result, t.result, given[0], given[1], held)
        note(found, "out=", next(filter(None, held.values()), ""))


def _laid_otherwise(t: torch.Tensor) -> torch.Tensor:
    """Room for `t`, its dims in memory in reverse order."""
    order = tuple(range(t.ndim - 1, -1, -1))
    turned = t.detach().permute(order)
    return torch.zeros_like(turned, memory_format=torch.contiguous_format).permute(order)


def _empty(t: torch.Tensor) -> torch.Tensor:
    return torch.empty(0, dtype=t.dtype)


def _of_another_dtype(t: torch.Tensor) -> torch.Tensor:
    other = torch.int64 if t.dtype.is_floating_point else torch.float32
    return torch.zeros(t.shape, dtype=other)


def refusal(call: Call) -> Differences:
    """Compares what is raised by a call that PyTorch refuses: class and text."""
    found: Differences = {}
    entry = call.entry
    try:
        mine = counterpart(entry.function, entry.name)
    except AttributeError as error:
        return {"errors": f"missing: {str(error).partition(': ')[0]}"}
    with contextlib.suppress(Unshared):
        _ = both(call, mine, entry.function, found, "errors")
    return found
