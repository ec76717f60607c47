"""Calls that PyTorch refuses, of ops for which its database has none or few: by hand.

Each is a text of arguments, in which `x`, `m`, `b`, `v`, `s`, `i` and `e` are tensors: (2, 3, 4),
(2, 3), (2, 3, 4) for batches, (3,), 0-d, integers (2, 3), and empty (0, 3).
"""

from collections.abc import Iterator
from typing import Any

import torch

__all__ = ["REFUSED", "refused"]

REFUSED: dict[str, tuple[str, ...]] = {
    "matmul": ("m, m", "s, m", "m, s", "x, m", "m, torch.ones(3, 2).int()"),
    "nn.functional.linear": (
        "m, torch.ones(4, 2)",
        "m, m, torch.ones(5)",
        "s, m",
        "m, x",
        "m, m, i",
        "1, m",
        "m, 1",
    ),
    "permute": ("x, (0, 1)", "x, (0, 1, 1)", "x, (0, 1, 3)", "x, (0, 1, -4)", "s, (0,)"),
    "squeeze": ("x, 3", "x, -4", "s, 1"),
    "squeeze.multiple": ("x, (0, 0)", "x, (0, 5)"),
    "unsqueeze": ("x, 4", "x, -5"),
    "transpose": ("x, 0, 3", "x, -4, 0"),
    "t": ("x",),
    "movedim": ("x, 0, 5", "x, (0, 1), (0,)", "x, (0, 0), (1, 2)"),
    "flatten": ("x, 2, 1", "x, 0, 3"),
    "unflatten": ("x, 0, (3, 2)", "x, 3, (2,)", "x, 0, ()"),
    "reshape": ("x, (5,)", "x, (-1, -1)", "x, (-1, 7)", "x, (-2, 12)"),
    "expand": ("x, (2, 4, 4)", "x, (4,)", "m, (-1, 2, 3)"),
    "broadcast_to": ("x, (2, 4, 4)", "x, (4,)"),
    "repeat": ("x, 2", "x, (1, 1)"),
    "tile": ("x, (-1,)",),
    "flip": ("x, (0, 0)", "x, (3,)"),
    "rot90": ("v", "x, 1, (0, 0)", "x, 1, (0, 3)"),
    "select": ("x, 0, 2", "x, 3, 0", "s, 0, 0"),
    "narrow": ("x, 0, 1, 2", "x, 0, 3, 1", "s, 0, 0, 1", "x, 0, 0, -1"),
    "split": ("x, -1", "s, 1", "x, 2, 5"),
    "chunk": ("x, 0", "s, 2", "x, 2, 5"),
    "unbind": ("s", "x, 3"),
    "diagonal": ("v", "x, 0, 1, 1", "x, 0, 0, 3"),
    "tril": ("v", "s"),
    "triu": ("v", "s"),
    "stack": ("[m, v]", "[]", "[m, m], 3"),
    "cat": ("[m, x]", "[m, torch.ones(3, 3)], 1", "[m, m], 2", "[s, s]"),
    "hstack": ("[m, x]", "[]"),
    "vstack": ("[m, torch.ones(2, 4)]",),
    "sum": ("x, 3", "x, (0, 0)", "x, -4"),
    "mean": ("i", "x, 3", "x, (1, 1)"),
    "prod": ("x, 3",),
    "std": ("i", "x, 3"),
    "var": ("i", "x, 3"),
    "all": ("x, 3",),
    "any": ("x, 3",),
    "amax": ("e, 0", "x, 3"),
    "argmax": ("e", "e, 0", "x, 3"),
    "argmin": ("e", "x, 3"),
    "max.reduction_no_dim": ("e",),
    "max.reduction_with_dim": ("e, 0", "x, 3"),
    "min.reduction_no_dim": ("e",),
    "median": ("x, 3",),
    "logsumexp": ("x, 3",),
    "cumsum": ("x, 3", "x, -4"),
    "cumprod": ("x, 3",),
    "cummax": ("x, 3",),
    "softmax": ("x, 3", "i, 0"),
    "log_softmax": ("x, -4", "i, 0"),
    "sort": ("x, 3",),
    "topk": ("x, 5", "x, 1, 3", "x, -1"),
    "kthvalue": ("x, 5", "x, 0"),
    "mm": ("m, m", "x, m", "m, torch.ones(3, 2).double()"),
    "mv": ("m, torch.ones(2)", "m, m", "m, torch.ones(3).double()"),
    "dot": ("v, torch.ones(4)", "m, v", "v, torch.ones(3).double()"),
    "bmm": ("b, b", "m, m", "b, torch.ones(3, 4, 2)"),
    "addmm": ("m, m, m", "m, x, m", "v, m, torch.ones(3, 4)"),
    "outer": ("m, v", "v, m"),
    "tensordot": ("m, m, 1", "m, m, 3", "m, m, -1"),
    "add": ("m, torch.ones(4)", "i > 0, i > 0, alpha=1.5", "i, i, alpha=0.5"),
    "sub": ("i > 0, i > 0", "m, torch.ones(4)"),
    "mul": ("m, torch.ones(4)",),
    "pow": ("i, -1", "m, torch.ones(4)"),
    "neg": ("i > 0",),
    "bitwise_not": ("m",),
    "bitwise_and": ("m, m", "i, m"),
    "clamp": ("m", "m, torch.ones(4)", "m, v, 1"),
    "where": ("i, m, m", "m > 0, m, torch.ones(4)"),
    "masked_fill": ("m, i, 0.0", "m, m > 0, v", "m, torch.ones(4) > 0, 0.0"),
    "masked_select": ("m, i", "m, torch.ones(4) > 0"),
    "gather": ("m, 0, v", "m, 2, i", "m, 0, i + 5"),
    "index_select": ("m, 0, m", "m, 2, i[0]", "m, 0, i[0] + 9"),
    "take": ("m, m", "m, i + 9"),
    "nn.functional.relu": ("i > 0",),
    "nn.functional.leaky_relu": ("i",),
    "nn.functional.gelu": ("i", "m, approximate='x'"),
    "nn.functional.softplus": ("i",),
    "nn.functional.glu": ("v", "m, 2"),
    "nn.functional.dropout": ("m, -0.1", "m, 1.5"),
    "nn.functional.mse_loss": ("m, torch.ones(4)", "m, m, reduction='x'"),
    "nn.functional.l1_loss": ("m, torch.ones(4)",),
    "nn.functional.nll_loss": (
        "m, i",
        "m, torch.tensor([0, 3])",
        "m, torch.tensor([0])",
        "s, i[0]",
    ),
    "nn.functional.cross_entropy": ("m, torch.tensor([0, 3])", "m, i[0]"),
    "nn.functional.layer_norm": ("m, (2,)", "m, ()", "m, (3,), torch.ones(2)"),
    "nn.functional.one_hot": ("m", "i - 9", "i + 1, 1"),
    "nn.functional.embedding": ("i + 9, m", "m, m", "i, v"),
}


def refused(name: str) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Arguments of the calls written down for an entry, by its full name."""
    for text in REFUSED.get(name, ()):
        tensors = {
            "x": torch.arange(24.0).view(2, 3, 4), "m": torch.arange(6.0).view(2, 3),
            "b": torch.arange(24.0).view(2, 3, 4), "v": torch.arange(3.0), "s": torch.tensor(2.0),
            "i": torch.arange(6).view(2, 3) % 3, "e": torch.empty(0, 3),
        }  # fmt: skip
        scope = {"torch": torch, "call": lambda *args, **kwargs: (args, kwargs)}
        yield eval(f"call({text})", scope, tensors)
