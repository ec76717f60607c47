"""The handle that registering a hook returns. Source: torch/utils/hooks.py."""

import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeVar, cast

__all__ = ["RemovableHandle", "registered"]

T = TypeVar("T")


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook off; a context manager, too.

    `hooks_dict` is the dict of hooks, by `id`, and `extra_dict` one or a list of dicts that lose
    the same key; the handle keeps none of them alive. Pickled, it holds them.
    Source: torch/utils/hooks.py, RemovableHandle.
    """

    id: int
    next_id: int = 0

    def __init__(self, hooks_dict: Mapping[int, Any], *, extra_dict: object = None) -> None:
        self.hooks_dict_ref: weakref.ref[Any] = weakref.ref(hooks_dict)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        extra: Sequence[dict[int, Any]] = ()
        if isinstance(extra_dict, dict):
            extra = [cast("dict[int, Any]", extra_dict)]
        elif isinstance(extra_dict, list):
            extra = cast("list[dict[int, Any]]", extra_dict)
        self.extra_dict_ref: tuple[weakref.ref[Any], ...] = tuple([weakref.ref(d) for d in extra])

    def remove(self) -> None:
        """Take the hook off; once more is no error."""
        for reference in (self.hooks_dict_ref, *self.extra_dict_ref):
            known = reference()
            if known is not None and self.id in known:
                del known[self.id]

    def __getstate__(self) -> tuple[object, ...]:
        return self.hooks_dict_ref(), self.id, tuple([d() for d in self.extra_dict_ref])

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        hooks, self.id = state[:2]
        # of a dict that nobody else has, only a dead reference is left
        self.hooks_dict_ref = weakref.ref(cast(Any, OrderedDict() if hooks is None else hooks))
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)
        extra = () if len(state) < 3 or state[2] is None else state[2]
        self.extra_dict_ref = tuple([weakref.ref(d) for d in extra])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


RemovableHandle.__module__ = "minitorch_np.utils.hooks"  # where PyTorch has it


def registered(
    hooks: "OrderedDict[int, T]",
    hook: T,
    *marks: "tuple[OrderedDict[int, bool], bool]",
    prepend: bool = False,
) -> RemovableHandle:
    """The handle of `hook`, now the last of `hooks` or, with `prepend`, the first.

    Each mark is a dict that may say something more of the hook, and whether it does.
    """
    handle = RemovableHandle(hooks, extra_dict=[of for of, _ in marks])
    hooks[handle.id] = hook
    for of, marked in marks:
        if marked:
            of[handle.id] = True
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle
