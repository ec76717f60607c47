"""One use of one layer under both libraries: what it holds, what it computes, what it refuses."""

import contextlib
import warnings
from typing import Any

import torch

import minitorch_np
from experiments.conformance import compare, scope
from experiments.conformance.board import Row
from experiments.conformance.bridge import (
    Unshared,
    counterpart,
    found_at,
    mapped,
    ours,
    plain,
    tensors_in,
    twin,
)
from experiments.conformance.call import Call, Side
from experiments.conformance.compare import Differences, note
from experiments.conformance.examine import gradients, versions
from experiments.conformance.tally import Settings, Tally, numbered
from reference.moduledb import Layer, Use, layers

__all__ = ["examine_layer", "examine_use", "layer_of", "refused_use"]

DTYPES = (torch.float32, torch.float64)
FACTS = ("value", "dtype", "shape", "stride", "offset")
LAYER = torch.nn.TransformerEncoderLayer
EXACT = (0.0, 0.0)
"""The tolerance of parameters: both libraries draw the same random numbers."""


class Made(Side):
    """One library's layer, the arguments of its call, and what it made of them."""

    def __init__(self, call: Call, use: Use, mine: bool) -> None:
        super().__init__(call, mine)
        convert = ours if mine else twin
        self.made_with = (
            [_our_layer(a) if mine and isinstance(a, LAYER) else mapped(a, convert, to_ours=mine)
             for a in use.args],
            mapped(use.kwargs, convert, to_ours=mine),
        )  # fmt: skip
        theirs = call.entry.function
        self.kind = found_at(minitorch_np, call.entry.full_name, strict=True) if mine else theirs
        self.layer: Any = None

    def make(self) -> None:
        """Calls the constructor, with the same random numbers on either side."""
        args, kwargs = self.made_with
        self.seed()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self.layer = self.kind(*args, **kwargs)
            except Exception as error:  # noqa: BLE001  compared with the other library's
                self.error = error

    def call(self) -> None:
        """Calls the layer, if it could be made."""
        if self.layer is not None:
            self.run(self.layer)


def _our_layer(value: torch.nn.TransformerEncoderLayer) -> Any:
    """Our layer for one that is an argument of another's constructor."""
    attention = value.self_attn
    made = minitorch_np.nn.TransformerEncoderLayer(
        attention.embed_dim, attention.num_heads, value.linear1.out_features, value.dropout.p,
        counterpart(value.activation), value.norm1.eps, attention.batch_first, value.norm_first,
        value.linear1.bias is not None,
    )  # fmt: skip
    made.to(ours(value.linear1.weight.detach()).dtype)
    made.load_state_dict(mapped(dict(value.state_dict()), ours, to_ours=True))
    return made


def examine_use(layer: Layer, use: Use, dtype: torch.dtype, training: bool) -> Differences:
    """Of each property that the use can show, the difference; '' where there is none.

    Empty for one that only torch has arguments for.
    """
    found: Differences = {}
    with contextlib.suppress(Unshared):
        _examine(_call(layer, use, dtype), use, dtype, training, found)
    return found


def _call(layer: Layer, use: Use, dtype: torch.dtype) -> Call:
    tolerance = scope.tolerance(layer.full_name, str(dtype).removeprefix("torch."))
    return Call(layer, use.call, tolerance=tolerance)


def _examine(call: Call, use: Use, dtype: torch.dtype, training: bool, found: Differences) -> None:
    try:
        a, t = Made(call, use, True), Made(call, use, False)
    except AttributeError as error:
        found["value"] = f"missing: {error}"
        return
    for side in (a, t):
        side.make()
    if _raised(a, t, found, "value"):
        return
    _held(a, t, "made", found, EXACT)
    a.layer.to(ours(torch.empty(0, dtype=dtype)).dtype).train(training)
    t.layer.to(dtype).train(training)
    note(found, "repr", _unlike(plain(repr(a.layer)), repr(t.layer)))
    for side in (a, t):
        side.call()
    if _raised(a, t, found, "value"):
        return
    compare.result(a.result, t.result, found, "result", tolerance=call.tolerance)
    compare.aliases(a.result, t.result, a.inputs, t.inputs, found)
    note(found, "version", versions(a, t))
    _held(a, t, "called", found, call.tolerance)
    for side in (a, t):
        side.inputs += list(side.layer.parameters())
    if not (found.get("value") or found.get("shape")):
        gradients(call, a, t, found)


def _raised(a: Made, t: Made, found: Differences, name: str) -> bool:
    """Whether one of the sides raised, which is compared."""
    if a.error is None and t.error is None:
        return False
    raised = f"raised {a.message}" if a.error else "did not raise"
    fine = a.message == t.message
    note(found, name, "" if fine else f"{raised}, not {t.message or 'a result'}")
    return True


def _held(
    a: Made, t: Made, when: str, found: Differences, tolerance: tuple[float, float] | None
) -> None:
    """Compares parameters and buffers: names, order, geometry, values, which are trained."""
    mine, theirs = a.layer.state_dict(), t.layer.state_dict()
    note(found, "state", _unlike(list(mine), list(theirs)))
    if list(mine) != list(theirs):
        return
    held: Differences = {}
    for name, value in theirs.items():
        compare.result(mine[name], value, held, f"{name}, {when}", facts_of=FACTS,
                       tolerance=tolerance)  # fmt: skip
    note(found, "state", next(filter(None, held.values()), ""))
    for of in ("named_parameters", "named_buffers", "named_modules"):
        named = [[(n, getattr(x, "requires_grad", None)) for n, x in getattr(s.layer, of)()]
                 for s in (a, t)]  # fmt: skip
        note(found, "state", _unlike(*named))


def _unlike(a: Any, t: Any) -> str:
    return "" if a == t else f"{a!r}, not {t!r}"


def refused_use(layer: Layer, use: Use) -> Differences:
    """Whether a use that torch refuses is refused in the same words."""
    found: Differences = {}
    call = _call(layer, use, torch.float32)
    with contextlib.suppress(Unshared):
        try:
            a, t = Made(call, use, True), Made(call, use, False)
        except AttributeError as error:
            return {"errors": f"missing: {error}"}
        for side in (a, t):
            side.make()
            side.call()
        if not _raised(a, t, found, "errors"):
            note(found, "errors", "neither raised")
    return found


def layer_of(name: str) -> Layer:
    """The entry of this name."""
    return next(one for one in layers() if one.full_name == name)


def examine_layer(name: str, settings: Settings) -> Row:
    """Compares one layer, all its properties, in training and in evaluation.

    Inputs that are spread out in memory are of one dtype only in a quick run.
    """
    layer, tally = layer_of(name), Tally(name)
    wanted = [d for d in DTYPES if not settings.dtypes or str(d)[6:] in settings.dtypes]
    for dtype in wanted:
        uses = [(mode, use) for mode in layer.modes for use in layer.uses(dtype, mode)]
        for number, (training, use) in numbered(uses, settings):
            elements = sum(t.numel() for t in tensors_in([use.call.args, use.call.kwargs]))
            for spread in (False, True)[: 1 if settings.quick and dtype is not DTYPES[-1] else 2]:
                tally.count += 1
                one = use.spread() if spread else use
                found = examine_use(layer, one, dtype, training)
                tally.add(found, str(dtype)[6:], number, spread=spread, elements=elements)
            if tally.missing:
                return tally.row(DTYPES, settings)
    if settings.whole:
        for number, use in enumerate(layer.refused(torch.float32)):
            tally.add(refused_use(layer, use), "any", number)
    return tally.row(DTYPES, settings)
