"""Samples for the corners that the database's random numbers do not reach: by hand.

Ties, limits that are met exactly, zeros, steps that do not come out even, and tensors of no dims
beside others. Each is a text of arguments, in which `m` and `n` are (2, 3), `v` (3,) and `s` 0-d,
all of the dtype and with gradients where there are any; `wide` is a 0-d float64 and `long` a 0-d
int64, without.
"""

from collections.abc import Iterator
from typing import Any

import torch

__all__ = ["CORNERS", "corners"]

ALONE = ("m",)
CORNERS: dict[str, tuple[str, ...]] = {
    "max.reduction_no_dim": ("m", "m[:1]", "s"),
    "min.reduction_no_dim": ("m", "m[:1]", "s"),
    "max.reduction_with_dim": ("m, 0", "m, 1", "s, 0"),
    "min.reduction_with_dim": ("m, 0", "m, 1", "s, 0"),
    "amax": ("m", "m[:1]", "m, 0", "m, (0, 1), True", "s"),
    "amin": ("m", "m, 1", "m, (0, 1), True", "s"),
    "aminmax": ("m", "m, dim=1"),
    "argmax": ("m", "m, 0", "m, 1"),
    "argmin": ("m", "m, 0", "m, 1"),
    "maximum": ("m, n", "m, m[0]", "m, wide", "m, long"),
    "minimum": ("m, n", "m, m[0]", "m, wide", "m, long"),
    "max.binary": ("m, n",),
    "min.binary": ("m, n",),
    "fmax": ("m, n",),
    "fmin": ("m, n",),
    "clamp": ("m, 0, 1", "m, 1", "m, None, 1", "m, v, v", "m, 1, 0", "m, s"),
    "clamp_min": ("m, 1", "m, n"),
    "clamp_max": ("m, 1", "m, n"),
    "abs": ALONE,
    "sgn": ALONE,
    "sign": ALONE,
    "sqrt": ALONE,
    "log": ALONE,
    "prod": ("m", "m, 0", "m, 1"),
    "cumprod": ("m, 0", "m, 1"),
    "cummax": ("m, 0", "m, 1"),
    "cummin": ("m, 0", "m, 1"),
    "median": ("m", "m[:1]", "m, 1", "s"),
    "mode": ("m, 1",),
    "kthvalue": ("m, 2, 1",),
    "topk": ("m, 1, 1",),
    "unique_consecutive": ALONE,
    "count_nonzero": ("m", "m, 1"),
    "searchsorted": ("v.sort()[0].detach(), m.detach()",),
    "norm": ("m - m", "m, 1", "m, 3"),
    "linalg.vector_norm": ("m - m", "m - m, 1", "m, 0", "m - m, 3"),
    "dist": ("m, m", "m, n"),
    "hypot": ("m, n",),
    "atan2": ("m, n",),
    "pow": ("m, n", "m, 0", "m, 1", "m, wide", "2, m"),
    "xlogy": ("m, n",),
    "fmod": ("m, 2", "m, n"),
    "remainder": ("m, 2", "m, -2"),
    "floor_divide": ("m, 2", "m, -2"),
    "div.floor_rounding": ("m, 2, rounding_mode='floor'", "m, -2, rounding_mode='floor'"),
    "add": ("m, wide", "m, long", "wide, m", "m, s", "s, wide", "m, 2", "m, 0.5"),
    "sub": ("m, wide", "m, long", "wide, m", "m, s", "s, wide"),
    "mul": ("m, wide", "m, long", "wide, m", "m, s", "s, wide"),
    "div.no_rounding_mode": ("m, wide", "m, long", "wide, m", "s, wide"),
    "where": ("m > 0, m, wide", "m > 0, m, long", "m > 0, 1, n"),
    "eq": ("m, wide", "m, n", "m, 1"),
    "lt": ("m, wide", "m, n", "m, 1"),
    "cat": ("[m, long.reshape(1, 1).expand(2, 1)], 1",),
    "lerp": ("m, n, 0.5", "m, n, 0"),
    "slice": ("m, 1, 0, 3, 2", "m, 1, 0, 2, 2", "m, 1, 1, 3, 2", "m, 1, 0, 9, 4"),
    "__getitem__": (
        "m, (slice(None), slice(0, 3, 2))",
        "m, (slice(None), slice(0, 2, 2))",
        "m, (slice(0, 1, 2), slice(1, 9, 4))",
        "m, m > 0",
    ),
    "nn.functional.relu": ALONE,
    "nn.functional.relu6": ("m * 6",),
    "nn.functional.hardtanh": ("m, 0.0, 1.0", "m"),
    "nn.functional.hardsigmoid": ("m * 3", "m * -3"),
    "nn.functional.hardswish": ("m * 3", "m * -3"),
    "nn.functional.leaky_relu": ALONE,
    "nn.functional.elu": ALONE,
    "nn.functional.celu": ALONE,
    "nn.functional.selu": ALONE,
    "nn.functional.prelu": ("m, v",),
    "nn.functional.threshold": ("m, 1, 5",),
    "nn.functional.softshrink": ("m, 1.0",),
    "nn.functional.hardshrink": ("m, 1.0",),
    "nn.functional.softplus": ("m, 1, 1",),
    "nn.functional.l1_loss": ("m, n.detach()",),
    "nn.functional.smooth_l1_loss": ("m, n.detach(), beta=1.0", "m, n.detach(), beta=0"),
    "nn.functional.huber_loss": ("m, n.detach(), delta=1.0",),
    "nn.functional.max_pool1d": ("m, 2, 1",),
    "nn.functional.max_pool2d": ("m[None], 2, 1",),
    "nn.functional.normalize": ("m - m",),
    "nn.functional.cosine_similarity": ("m - m, n",),
}


def corners(
    name: str, dtype: torch.dtype, wants: bool
) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """The text and the arguments of each call written down for an entry, by its full name."""
    for text in CORNERS.get(name, ()):

        def made(data: Any) -> torch.Tensor:
            return torch.tensor(data, dtype=dtype, requires_grad=wants)

        tensors = {
            "m": made([[0, 1, 1], [1, 0, 2]]), "n": made([[0, 1, 0], [2, 0, 2]]),
            "v": made([1, 0, 2]), "s": made(1), "long": torch.tensor(3),
            "wide": torch.tensor(0.5, dtype=torch.float64),
        }  # fmt: skip
        scope = {"torch": torch, "call": lambda *args, **kwargs: (args, kwargs)}
        yield text, *eval(f"call({text})", scope, tensors)
