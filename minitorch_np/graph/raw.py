"""SavedTensor: one tensor that a node keeps, as the node keeps it, for hooks of its own.

Source: torch/csrc/autograd/saved_variable.cpp and init.cpp.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from minitorch_np.graph.saved import FREED, Packed, detached, packed
from minitorch_np.tensor import Tensor

__all__ = ["SavedTensor", "saved_tensor"]


class SavedTensor:
    """What `node._raw_saved_self` is: a place in a node where a tensor is kept, or was.

    Not to be made from Python: raises RuntimeError.
    """

    __slots__ = ("_own", "_read", "_unpack", "_write")

    _own: bool
    """Whether the tensor is an output of the node itself."""
    _read: Callable[[], object]
    _unpack: Callable[[], object]
    _write: Callable[[Packed], None]

    def __init__(self) -> None:
        raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")

    def unpack(self) -> object:
        """The tensor, None where none is kept. Raises: RuntimeError if it is gone, or was written
        to since, or is an output of the node: nobody tells the place which node that is."""
        if self._own and self._read() is not None and self._read() is not FREED:
            detached()
        return self._unpack()

    @property
    def data(self) -> object:
        """The tensor, a result without its history; under hooks, what they packed; None if it is
        gone."""
        kept = self._read()
        if isinstance(kept, Packed):
            return kept.content
        return None if kept is FREED else kept

    @property
    def unpack_hook(self) -> Callable[[Any], object] | None:
        """The hook that unpacks it, None where there is none."""
        kept = self._read()
        return kept.unpack_hook if isinstance(kept, Packed) else None

    def register_hooks(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        """Pack the tensor now, and unpack it when backward asks for it; see `saved_tensors_hooks`.

        Raises: RuntimeError where hooks are there already, or no tensor is.
        """
        if not (callable(pack_hook) and callable(unpack_hook)):
            raise TypeError(
                "register_hooks(): incompatible function arguments. The following argument types "
                "are supported:\n    1. (self: torch._C._autograd.SavedTensor, arg0: "
                "collections.abc.Callable, arg1: collections.abc.Callable) -> None\n\nInvoked "
                f"with: {self!r}, {pack_hook!r}, {unpack_hook!r}"
            )
        kept = self._read()
        if isinstance(kept, Packed):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: "
                "only one pair of hooks is allowed at a time."
            )
        if kept is FREED:
            _refuse_freed()
        if not isinstance(kept, Tensor):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor with value None is forbidden"
            )
        self._write(packed(kept, (pack_hook, unpack_hook), self._own, kept.detach()))


def _refuse_freed() -> NoReturn:
    raise RuntimeError(
        "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate "
        "values of the graph are freed when you call .backward() or autograd.grad(). Specify "
        "retain_graph=True if you need to backward through the graph a second time or if you need "
        "to access saved variables after calling backward."
    )


def saved_tensor(
    read: Callable[[], object],
    write: Callable[[Packed], None],
    unpack: Callable[[], object],
    own: bool,
) -> SavedTensor:
    """The place that `read` reads and `write` writes."""
    made = object.__new__(SavedTensor)
    made._read, made._write, made._unpack, made._own = read, write, unpack, own  # pyright: ignore[reportPrivateUsage]  # nobody else may make one
    return made
