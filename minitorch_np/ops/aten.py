"""torch.ops.aten: ops under the names they are registered by, for those torch has nowhere else.

`aten.max_pool2d_with_indices_backward.default(...)` runs the op; there is one overload of each.
"""

from collections.abc import Callable

from minitorch_np.op import REGISTRY

__all__: list[str] = []


class Packet:
    """An op with its one overload, `default`; calling either runs the op."""

    __slots__ = ("default",)

    def __init__(self, function: Callable[..., object]) -> None:
        self.default = function

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Run the op."""
        return self.default(*args, **kwargs)


def __getattr__(name: str) -> Packet:
    """The registered op of this name. Raises: AttributeError, with torch's text, if there is none.

    Source: torch/_ops.py, _OpNamespace.
    """
    found = REGISTRY.get(name)
    if found is None:
        raise AttributeError(f"'_OpNamespace' 'aten' object has no attribute '{name}'", name=name)
    return Packet(found.function)
