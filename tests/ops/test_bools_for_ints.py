"""Bools and floats where ints are asked for: to Python bools are some, to PyTorch they are not."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np

CALLS = """
x.flip(True); x.flip((True,)); x.flip([0, True]); x.sum(True); x.sum((True,)); x.mean(True);
x.transpose(True, 0); x.squeeze(True); x.squeeze((True,)); x.unsqueeze(True); x.select(True, 0);
x.narrow(0, True, 1); x.chunk(True); x.tensor_split(True); x.flatten(True); x.flatten(0, True);
x.roll(True); x.roll((True,)); x.repeat(True, 1); x.expand(True, 3, 3); x.permute(True, 0);
x.topk(True); x.cumsum(True); x.sort(True); x.argmax(True); x.max(True); x.unbind(True);
x.gather(True, x.long() * 0); x.index_select(True, place); x.index_fill(True, place, 1);
x.diagonal(True); x.tril(True); x.unfold(True, 1, 1); lib.cat([x, x], True); x.rot90(True);
lib.stack([x, x], True); x.softmax(True); F.softmax(x, True); x.logsumexp(True); x.median(True);
x.movedim(True, 0); x.kthvalue(True); x.repeat_interleave(True); x.quantile(0.5, True);
x.diff(True); x.swapaxes(True, 0); x.as_strided((True,), (1,)); x.amax(True); x.prod(True);
lib.convolution(i, w, None, (True, 1), (0, 0), (1, 1), False, (0, 0), 1); F.glu(i, True);
F.conv2d(i, w, stride=True); F.conv2d(i, w, stride=(True, 1)); F.conv2d(i, w, stride=(1, True));
F.max_pool2d(i, True); F.max_pool2d(i, (True, 2)); F.pad(x, (True, 1)); x.clamp(True); x.pow(True);
F.avg_pool2d(i, 2, divisor_override=True); x.fill_(True); lib.zeros(True); lib.ones((True, 2));
lib.eye(True); lib.arange(True); lib.full((True,), 1); F.group_norm(i, True); x.var(True);
x.var(True, keepdim=True); x.std(False, keepdim=True); lib.var_mean(x, True, keepdim=True);
lib.std_mean(x, False, keepdim=True); x.split(True); lib.split(x, True); x.split((True, 2));
x.split([1, 1], True); x.norm(2, True); lib.norm(x, 2, (True, 0)); x.unflatten(True, (3, 1));
lib.unflatten(x, 0, (True, 3)); F.adaptive_avg_pool1d(i[0], True);
F.adaptive_max_pool1d(i[0], True);
F.adaptive_avg_pool2d(i, True); F.adaptive_avg_pool2d(i, (True, 2)); F.adaptive_max_pool2d(i, True);
F.adaptive_avg_pool3d(i[None], True); F.adaptive_max_pool3d(i[None], True); F.one_hot(place, True);
F.cross_entropy(x, y, ignore_index=True); F.cross_entropy(x, x, ignore_index=True);
F.cross_entropy(x, y, True); F.nll_loss(x, y, ignore_index=True); F.nll_loss(x, y, True);
F.interpolate(i, True); F.interpolate(i, (True, 2)); F.interpolate(i, True, mode="bilinear");
F.interpolate(i, True, mode="area"); F.interpolate(i[0], True, mode="linear"); x.view(True);
F.interpolate(i, True, mode="bicubic", antialias=True); F.interpolate(i[None], True)
"""
FLOATS = """
x.split(1.0); lib.split(x, 3.0); x.split([1, 2.0]); x.split([1.0, 2]); lib.split(x, [2, 1.0], 1);
x.split_with_sizes([1, 2.0]); x.unsafe_split_with_sizes([1, 2.0]); x.split(1, 0.0);
F.cross_entropy(x, y, ignore_index=1.0); F.nll_loss(x, y, ignore_index=1.0);
F.avg_pool2d(i, 2, divisor_override=2.0); F.avg_pool3d(i[None], 2, 2, 0, False, True, 2.0);
F.one_hot(place, 2.0); F.one_hot(place, num_classes=2.0); F.interpolate(i, 2.0);
F.interpolate(i, (2.0, 2)); F.interpolate(i, 2.0, mode="bilinear"); x.norm(2, 1.0);
F.interpolate(i, 2.0, mode="area"); F.interpolate(i, 2.0, mode="nearest-exact"); x.view(9.0);
F.adaptive_avg_pool2d(i, 2.0); x.unflatten(0.0, (3, 1)); x.unflatten(0, (3.0, 1)); x.view(3, 3.0);
x.norm(2, (0, 1.0))
"""


def told(lib: Any, call: str) -> str:
    """What a call gives, or the error that it raises."""
    F = lib.nn.functional
    x, i, w = lib.arange(9.0).view(3, 3), lib.arange(16.0).view(1, 1, 4, 4), lib.ones(1, 1, 2, 2)
    names = {"lib": lib, "F": F, "x": x, "i": i, "w": w, "place": lib.tensor([0])}
    names |= {"y": lib.tensor([0, 1, 2]), "n": np.int64(1)}
    try:
        with warnings.catch_warnings(action="ignore"):
            return repr(eval(call, names)).replace("minitorch_np.", "torch.")
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("call", [each.strip() for each in CALLS.split(";")])
def test_bools(call: str) -> None:
    for _ in range(2):  # the second time by what was remembered, if anything was
        assert told(minitorch_np, call) == told(torch, call)
        _ = told(minitorch_np, call.replace("True", "1"))


@pytest.mark.parametrize("call", [each.strip() for each in FLOATS.split(";")])
def test_floats(call: str) -> None:
    for _ in range(2):  # as above
        assert told(minitorch_np, call) == told(torch, call)
        _ = told(minitorch_np, call.replace(".0", ""))


def test_ints_of_numpy() -> None:
    for call in (
        "F.cross_entropy(x, y, ignore_index=n)", "F.nll_loss(x, y, ignore_index=n)",
        "x.split([n, n, n])", "F.one_hot(place, n)", "x.unflatten(0, (3, n))", "x.split(n)",
        "F.avg_pool2d(i, 2, divisor_override=n)",
    ):  # fmt: skip
        assert told(minitorch_np, call) == told(torch, call)
