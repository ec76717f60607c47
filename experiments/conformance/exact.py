"""Whose rounding is it: results in few digits beside what PyTorch computes in float64.

Where both libraries round, and differ by more than the tolerance, neither is wrong for that alone:
PyTorch's kernels round halves between their steps, ours once, and sums that cancel show the order
in which they were added. Ours holds if it is about as near to the float64 answer as PyTorch's is.
"""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from experiments.conformance.bridge import Array, counterpart, mapped, ours, tensors_in, values
from experiments.conformance.call import Call, Side, chosen, cotangents
from reference.opdb import Sample

__all__ = ["forgiven", "is_rounding"]

MARGIN = 4
"""How many times as far as PyTorch's from the float64 answer ours may be."""
FAR = 1024
"""Units of the last place, of the largest element, from which on it is not rounding at all."""
MOST = 0.5
"""The part of the largest element that is not rounding in any dtype."""
NARROW = {torch.float32: 2.0**-24, torch.float16: 2.0**-11, torch.bfloat16: 2.0**-8}
"""Half a unit of the last place of 1, of the dtypes that are judged."""

Answers = Mapping[str, list[Array]]
"""Elements of the result, of gradients and of second derivatives, as float64."""


def is_rounding(difference: str) -> bool:
    """Whether a difference, in words, is one of numbers."""
    return re.search(r": -?[\d.]+(e[-+]?\d+)? at \[[\d, ]*\], not -?[\d.]", difference) is not None


def forgiven(call: Call) -> set[str]:
    """Of 'value', 'grad' and 'grad 2', those in which ours is as near to float64 as PyTorch's."""
    narrow = [t.dtype for t in tensors_in([call.sample.args, call.sample.kwargs])]
    units = [NARROW[dtype] for dtype in narrow if dtype in NARROW]
    if not units:
        return set()
    wide = replace(call, sample=widened(call.sample))
    theirs, exact = answers(call, False, torch.Tensor.detach), answers(wide, False, _narrowed(call))
    mine = answers(call, True, torch.Tensor.detach)
    return {
        name for name in exact
        if name in theirs and name in mine
        and all(map(near, mine[name], theirs[name], exact[name], [max(units)] * len(exact[name])))
    }  # fmt: skip


def widened(sample: Sample) -> Sample:
    """The sample with its floating tensors, and dtypes it names, in float64."""

    def wide(value: Any) -> Any:
        if isinstance(value, torch.Tensor) and value.dtype in NARROW:
            made = torch.empty_strided(value.shape, value.stride(), dtype=torch.float64)
            return made.copy_(value.detach()).requires_grad_(value.requires_grad)
        return torch.float64 if value in NARROW and isinstance(value, torch.dtype) else value

    args = mapped(sample.args, wide, to_ours=False)
    kwargs = {k: wide(mapped(v, wide, to_ours=False)) for k, v in sample.kwargs.items()}
    return replace(sample, args=args, kwargs=kwargs)


def _narrowed(call: Call) -> Callable[[torch.Tensor], torch.Tensor]:
    """Rounds a cotangent to the dtype that the call has, and back."""
    dtypes = [t.dtype for t in tensors_in([call.sample.args, call.sample.kwargs])]
    dtype = next(d for d in dtypes if d in NARROW)
    return lambda t: t.detach().to(dtype).to(t.dtype)


def answers(
    call: Call, mine: bool, rounded: Callable[[torch.Tensor], torch.Tensor]
) -> dict[str, list[Array]]:
    """What one library makes of a call, as far as it goes."""
    side = Side(call, mine)
    function = call.entry.function
    side.run(counterpart(function, call.entry.name) if mine else function)
    if side.error is not None:
        return {}
    found = {"value": _elements(tensors_in(side.result))}
    outs = [t for t in chosen(call, side.result, mine) if t.grad_fn and t.dtype.is_floating_point]
    leaves = [t for t in side.inputs if t.requires_grad and t.is_leaf]
    for name in ("grad", "grad 2"):
        if not outs or not leaves or (name == "grad 2" and not call.twice):
            break
        weights = [rounded(t) for t in cotangents([(t.shape, _torch_dtype(t)) for t in outs])]
        given = [ours(w) if mine else w for w in weights]
        for one in given:
            one.requires_grad_(call.twice)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                grads = side.library.autograd.grad(
                    outs, leaves, given, allow_unused=True, retain_graph=True,
                    create_graph=call.twice and name == "grad",
                )  # fmt: skip
            except Exception:  # noqa: BLE001  compared elsewhere
                break
        there = [g for g in grads if g is not None]
        found[name] = _elements(there)
        outs = [g for g in there if g.requires_grad]
        leaves = [*leaves, *given]
    return found


def _torch_dtype(t: Any) -> torch.dtype:
    return getattr(torch, str(t.dtype).removeprefix("torch."))


def _elements(tensors: Sequence[Any]) -> list[Array]:
    return [values(t).astype(np.float64) for t in tensors]


def near(mine: Array, theirs: Array, exact: Array, unit: float) -> bool:
    """Whether ours is about as near to the exact answer as PyTorch's, which is near itself."""
    if not mine.shape == theirs.shape == exact.shape:
        return False
    if not mine.size or np.array_equal(mine, theirs, equal_nan=True):
        return True
    finite = np.isfinite(exact) & np.isfinite(theirs)
    if not np.array_equal(mine[~finite], theirs[~finite], equal_nan=True):
        return False
    size = max(1.0, float(np.abs(exact[finite]).max(initial=0)))
    off = np.abs(mine - exact)[finite].max(initial=0)
    allowed = np.abs(theirs - exact)[finite].max(initial=0)
    return bool(off <= MARGIN * allowed and allowed <= min(FAR * unit, MOST) * size)
