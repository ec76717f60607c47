"""What PyTorch has and this library has not: the AttributeError of such a name says so.

absent.txt holds torch's public names, those we have included; `python -m tests.torch_names` writes
it.
"""

from functools import cache
from pathlib import Path

__all__ = ["absent", "names_of"]


@cache
def names_of(module: str) -> frozenset[str]:
    """The public names of a module (or class) of torch, by its name there."""
    for line in Path(__file__).with_name("absent.txt").read_text("utf-8").splitlines():
        owner, _, names = line.partition(": ")
        if owner == module:
            return frozenset(names.split())
    return frozenset()


def absent(module: str, name: str) -> AttributeError:
    """The error of `module.name`, which is not there: torch's text, and ours where torch has it.

    `module` is a module of this package by its full name, or 'Tensor'.
    """
    if module == "Tensor":
        text = f"'Tensor' object has no attribute '{name}'"
        theirs = "torch.Tensor"
    else:
        text = f"module '{module}' has no attribute '{name}'"
        theirs = module.replace("minitorch_np", "torch", 1)
    if name in names_of(theirs):
        text += f": {theirs}.{name} is PyTorch's, and minitorch_np does not have it yet"
    return AttributeError(text, name=name)
