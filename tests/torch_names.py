"""Writes the public names of torch to minitorch_np/absent.txt: `python -m tests.torch_names`.

A name that is there but not in minitorch_np gets an AttributeError that says just that.
"""

import importlib
import pkgutil
import types
import typing
from pathlib import Path

import torch

MODULES = [
    "torch", "torch.autograd", "torch.autograd.function", "torch.autograd.grad_mode",
    "torch.autograd.graph",
    "torch.backends", "torch.backends.cuda", "torch.backends.cudnn", "torch.backends.mps",
    "torch.cuda", "torch.func", "torch.linalg", "torch.nn",
    "torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.nn.utils.rnn", "torch.optim",
    "torch.optim.lr_scheduler", "torch.random", "torch.special", "torch.testing",
    "torch.utils", "torch.utils.data", "torch.utils.hooks",
]  # fmt: skip
CLASSES = {"torch.Tensor": torch.Tensor, "torch.nn.Module": torch.nn.Module}
TYPING = {
    "typing", "typing_extensions", "collections.abc", "__future__",
    "warnings", "_py_warnings",  # where Python 3.13 and 3.14 have `deprecated`
}  # fmt: skip
UNIONS = {typing.Union, types.UnionType}
VERSION = ".".join(torch.__version__.split(".")[:2])
TARGET = Path(__file__).parent.parent / "minitorch_np" / "absent.txt"


def public_names(owner: object) -> list[str]:
    """The names that a user may expect: no private ones, and of modules only the owner's own.

    Those are listed from disk, for which of them are loaded depends on what else ran.
    """
    path = getattr(owner, "__path__", [])
    names = {module.name for module in pkgutil.iter_modules(path)}
    for name in dir(owner):
        value = None if isinstance(owner, type) else getattr(owner, name, None)
        # what serves annotations differs between versions of Python
        serves = getattr(value, "__module__", None) in TYPING or typing.get_origin(value) in UNIONS
        if not isinstance(value, types.ModuleType) and not serves:
            names.add(name)
    return sorted(name for name in names if not name.startswith("_"))


def text() -> str:
    """The version, then one line a namespace: its name, a colon, its public names."""
    lines = [f"version: {VERSION}"]
    lines += [f"{m}: {' '.join(public_names(importlib.import_module(m)))}" for m in MODULES]
    for name, owner in CLASSES.items():
        lines.append(f"{name}: {' '.join(public_names(owner))}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
