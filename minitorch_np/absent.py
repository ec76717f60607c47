"""What PyTorch has and this library has not: the AttributeError of such a name says so.

absent.txt holds torch's public names, those we have included; `python -m tests.torch_names` writes
it.
"""

from functools import cache
from pathlib import Path

__all__ = ["absent", "absent_member", "names_of"]


@cache
def names_of(module: str) -> frozenset[str]:
    """The public names of a module (or class) of torch, by its name there."""
    for line in Path(__file__).with_name("absent.txt").read_text("utf-8").splitlines():
        owner, _, names = line.partition(": ")
        if owner == module:
            return frozenset(names.split())
    return frozenset()


def _remark(owner: str, name: str) -> str:
    """What is added to the error of a name that `owner` of torch has."""
    if name not in names_of(owner):
        return ""
    return f": {owner}.{name} is PyTorch's, and minitorch_np does not have it yet"


def absent(module: str, name: str) -> AttributeError:
    """The error of `module.name`, which is not there: torch's text, and ours where torch has it.

    `module` is a module of this package by its full name.
    """
    theirs = module.replace("minitorch_np", "torch", 1)
    text = f"module '{module}' has no attribute '{name}'{_remark(theirs, name)}"
    return AttributeError(text, name=name)


def absent_member(kind: str, owner: str, name: str) -> AttributeError:
    """The same of an attribute of an object: `kind` is its class, `owner` the class in torch."""
    text = f"'{kind}' object has no attribute '{name}'{_remark(owner, name)}"
    return AttributeError(text, name=name)
