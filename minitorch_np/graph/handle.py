"""The handle that registering a hook returns. Source: torch/utils/hooks.py."""

import itertools
from typing import TypeVar

__all__ = ["RemovableHandle"]

T = TypeVar("T")
_ids = itertools.count()


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook off; a context manager, too."""

    def __init__(self, hooks: dict[int, T], hook: T) -> None:
        self.id = next(_ids)
        self._take_off = hooks.pop
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook off; once more is no error."""
        self._take_off(self.id, None)

    def __enter__(self) -> "RemovableHandle":
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()
