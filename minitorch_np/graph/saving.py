"""What is done with the tensors that nodes save: hooks that pack them, copies before writes.

Source: torch/autograd/graph.py.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakKeyDictionary, WeakValueDictionary

from minitorch_np.graph.inplace import bump
from minitorch_np.graph.modes import OpMode, RegisteredOp, state
from minitorch_np.memory_format import contiguous_format
from minitorch_np.tensor import INFERENCE, Tensor

__all__ = [
    "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "increment_version",
    "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip


class saved_tensors_hooks:
    """A context in which each tensor that a node saves is packed by `pack_hook(tensor)`, and made
    again by `unpack_hook(packed)` when backward asks for it.

    The innermost pair alone is used. Pack hooks run without a graph, and must not write to what
    they get. Raises: RuntimeError where hooks are disabled, TypeError for what cannot be called.
    """

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        both = (self.pack_hook, self.unpack_hook)
        if not all(map(callable, both)):
            raise TypeError(
                "_push_saved_tensors_default_hooks(): incompatible function arguments. The "
                "following argument types are supported:\n    1. (arg0: collections.abc.Callable, "
                "arg1: collections.abc.Callable) -> None\n\nInvoked with: "
                f"{both[0]!r}, {both[1]!r}"
            )
        _refuse()
        state.packing.append(both)
        state.route_again()

    def __exit__(self, *exception: object) -> None:
        state.packing.pop()
        state.route_again()


def _refuse() -> None:
    if state.unpackable is not None:
        raise RuntimeError(state.unpackable)


class save_on_cpu(saved_tensors_hooks):
    """A context in which saved tensors are kept on the CPU. They are there already: nothing is
    copied, and nobody notices a later write, as ever under hooks.

    With `pin_memory` a copy is kept, in memory like any other. `device_type` is where tensors
    would come from.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        del device_type

        def pack(tensor: Tensor) -> Tensor:
            return tensor.clone(memory_format=contiguous_format) if pin_memory else tensor

        super().__init__(pack, lambda kept: kept)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Generator[None]:
    """A context in which hooks on saved tensors raise RuntimeError with `error_message`."""
    before = state.unpackable
    try:
        state.unpackable = error_message
        if state.packing:
            _refuse()
        yield
    finally:
        state.unpackable = before


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count a write to the memory of `tensor`, or of each, that autograd could not see.

    Tensors made in inference mode have no version, and are left as they are.
    """
    several = (tensor,) if isinstance(tensor, Tensor) else tensor
    if not isinstance(several, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input")
    for one in several:
        if not isinstance(one, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # as above
            raise RuntimeError(
                "increment_version expects each element of the iterable to be a tensor"
            )
        if one.ticks is not INFERENCE:
            bump(one)


class _Handle:
    """What a node keeps of a tensor that may be written to."""


class AllowMutationOnSavedContext:
    """What `allow_mutation_on_saved_tensors` remembers: the saved tensors, and copies of those
    that were written to since."""

    def __init__(self) -> None:
        self.cloned: WeakKeyDictionary[_Handle, Tensor] = WeakKeyDictionary()
        self.original: WeakKeyDictionary[_Handle, Tensor] = WeakKeyDictionary()
        self.tid_to_weakhandle: WeakValueDictionary[object, _Handle] = WeakValueDictionary()
        self.sid_to_tid: defaultdict[object, set[object]] = defaultdict(set)

    def clear(self) -> None:
        """Forget everything."""
        self.cloned.clear()
        self.original.clear()
        self.tid_to_weakhandle.clear()
        self.sid_to_tid.clear()

    def pack(self, tensor: Tensor) -> _Handle:
        """The handle of a saved tensor, one for each tensor and version."""
        place = (tensor.data_ptr(), tensor._version)  # pyright: ignore[reportPrivateUsage]  # torch's name
        whole = (id(tensor), *place)
        self.sid_to_tid[place].add(whole)
        handle = self.tid_to_weakhandle.get(whole)
        if handle is None:
            handle = self.tid_to_weakhandle[whole] = _Handle()
            self.original[handle] = tensor
        return handle

    def unpack(self, handle: _Handle) -> Tensor:
        """The tensor as it was when it was saved."""
        found = self.cloned.get(handle)
        if found is None:
            found = self.original.get(handle)
        if found is None or not _enabled:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context"
                "in which the graph was originally recorded."
            )
        return found

    def keep(self, tensor: Tensor) -> None:
        """Copy what was saved of the memory that is about to be written to."""
        place = (tensor.data_ptr(), tensor._version)  # pyright: ignore[reportPrivateUsage]  # torch's name
        for whole in self.sid_to_tid.get(place, ()):
            handle = self.tid_to_weakhandle.get(whole)
            if handle is not None and handle not in self.cloned:
                self.cloned[handle] = self.original.pop(handle).clone()


class _CloneBeforeWrite(OpMode):
    """Shows the context what each op writes to."""

    def __init__(self, context: AllowMutationOnSavedContext) -> None:
        self.context = context

    def __op__(
        self, op: RegisteredOp, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> object:
        """Copy what was saved of what the op writes to, then run it."""
        written = [kwargs.get("out")]
        if op.name.endswith("_") and not op.name.endswith("__"):
            written.append(args[0])
        for one in written:
            several = cast("Iterable[object]", one if isinstance(one, (list, tuple)) else [one])
            for tensor in several:
                if isinstance(tensor, Tensor):
                    self.context.keep(tensor)
        return op(*args, **kwargs)


_enabled = False


@contextmanager
def allow_mutation_on_saved_tensors() -> Generator[AllowMutationOnSavedContext]:
    """A context in which saved tensors are copied before something writes to them, so that
    backward, inside the same context, still finds what was saved.

    Raises: RuntimeError where there is such a context already.
    """
    global _enabled
    context = AllowMutationOnSavedContext()
    with saved_tensors_hooks(context.pack, context.unpack), _CloneBeforeWrite(context):
        try:
            if _enabled:
                raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
            _enabled = True
            yield context
        finally:
            context.clear()
            _enabled = False
