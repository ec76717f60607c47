"""Writes minitorch_np/absent.txt: `python -m tests.torch_names`. The public names of torch's modules.

A name that is there but not in minitorch_np gets an AttributeError that says just that.
"""

import importlib
import types
from pathlib import Path

import torch

MODULES = [
    "torch", "torch.autograd", "torch.cuda", "torch.nn", "torch.nn.functional", "torch.nn.init",
    "torch.nn.utils", "torch.optim", "torch.optim.lr_scheduler", "torch.random", "torch.testing",
    "torch.utils", "torch.utils.data",
]  # fmt: skip
TARGET = Path(__file__).parent.parent / "minitorch_np" / "absent.txt"


def public_names(owner: object) -> list[str]:
    """The names that a user may expect: no private ones, no modules from elsewhere."""
    names: list[str] = []
    for name in dir(owner):
        value = getattr(owner, name, None) if not isinstance(owner, type) else None
        foreign = isinstance(value, types.ModuleType) and not value.__name__.startswith("torch")
        typing = getattr(value, "__module__", None) in ("typing", "collections.abc", "__future__")
        if not name.startswith("_") and not foreign and not typing:
            names.append(name)
    return names


def text() -> str:
    """One line a namespace: its name, a colon, its public names."""
    lines = [f"{m}: {' '.join(public_names(importlib.import_module(m)))}" for m in MODULES]
    return "\n".join([*lines, f"torch.Tensor: {' '.join(public_names(torch.Tensor))}"]) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
