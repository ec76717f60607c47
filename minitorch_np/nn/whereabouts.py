"""Which module an error was raised in, as a note on it; costs nothing while none is raised.

The innermost module writes the note, and each module around it puts its own name for the one
inside before it: the note ends up with the path that `get_submodule` of the outermost takes.
"""

from collections.abc import Iterable
from typing import Any, Protocol
from weakref import ref

from minitorch_np.tensor import Tensor

__all__ = ["say_where"]

_HEAD = "Raised in "


class Modular(Protocol):
    """What is known here of a module."""

    _modules: dict[str, Any]

    def extra_repr(self) -> str:
        """Its options, as `repr` shows them."""
        ...


def say_where(module: Modular, args: Iterable[object], error: Exception) -> None:
    """Add to the note on an error that it was raised below `module`, or in it."""
    found: tuple[Any, str, int] | None = error.__dict__.get("_raised_in")
    if found is None:
        shapes = [f"{tuple(a.sizes)} {a.dtype.name}" for a in args if isinstance(a, Tensor)]
        given = f", given {' and '.join(shapes)}" if shapes else ""
        error.add_note(f"{_HEAD}{type(module).__name__}({module.extra_repr()}){given}.")
        error.__dict__["_raised_in"] = (ref(module), "", len(error.__notes__) - 1)
        return
    below, path, at = found
    inner = below()
    name = next((n for n, m in module._modules.items() if m is inner), None)  # pyright: ignore[reportPrivateUsage]  # of our own class
    if name is None:  # called by another than the one that holds it
        return
    longer = f"{name}.{path}" if path else name
    note = error.__notes__[at]
    after = note.removeprefix(f"{_HEAD}'{path}', ") if path else note.removeprefix(_HEAD)
    error.__notes__[at] = f"{_HEAD}'{longer}', {after}"
    error.__dict__["_raised_in"] = (ref(module), longer, at)
