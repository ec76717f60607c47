"""Which arguments a transform differentiates. Source: torch/_functorch/eager_transforms.py."""

from collections.abc import Callable
from typing import Any

from minitorch_np.utils._pytree import tree_map

__all__ = ["Argnums", "chosen", "replaced", "sliced"]

A = Any
Argnums = int | tuple[int, ...]


def _wrapped(argnum: object, count: int) -> int:
    """An argument's number, from 0 on."""
    if not isinstance(argnum, int):
        raise RuntimeError(f"argnum must be int, got: {type(argnum)}")
    if 0 <= argnum < count:
        return argnum
    if -count <= argnum < 0:
        return argnum + count
    raise RuntimeError(f"Got argnum={argnum}, but only {count} positional inputs")


def numbers(argnums: Argnums, count: int) -> Argnums:
    """The numbers of arguments. Raises: RuntimeError for none, for equal ones, for no number."""
    if isinstance(argnums, int):
        return _wrapped(argnums, count)
    if not isinstance(argnums, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    found = tuple([_wrapped(n, count) for n in argnums])
    if not found:
        raise RuntimeError("argnums must be non-empty")
    if len(set(found)) != len(found):
        raise RuntimeError(f"argnums elements must be unique, got {found}")
    return found


def chosen(args: tuple[A, ...], argnums: Argnums) -> tuple[A, ...]:
    """The arguments that are differentiated, as a tuple."""
    found = numbers(argnums, len(args))
    return (args[found],) if isinstance(found, int) else tuple([args[n] for n in found])


def replaced(args: tuple[A, ...], new: tuple[A, ...], argnums: Argnums) -> tuple[A, ...]:
    """All arguments, with others in the places of those that are differentiated."""
    found = numbers(argnums, len(args))
    where = (found,) if isinstance(found, int) else found
    given = dict(zip(where, new, strict=True))
    return tuple([given.get(n, arg) for n, arg in enumerate(args)])


def sliced(
    args: tuple[A, ...], argnums: Argnums, fresh: Callable[[A], A]
) -> tuple[tuple[A, ...], A]:
    """All arguments with `fresh` of each leaf that is differentiated, and those arguments alone:
    one for an int, a tuple for several."""
    new = tuple([tree_map(fresh, arg) for arg in chosen(args, argnums)])
    return replaced(args, new, argnums), new[0] if isinstance(argnums, int) else new
