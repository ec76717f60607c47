"""Saved tensors that are not kept, but made again when backward asks for them.

While a function runs under `Forgetting`, each tensor that a node saves is dropped and a `Holder`
is kept in its place. The first of them that is unpacked in a walk runs the function again, under
`Remembering`, and the tensors saved then, in the same order, are those that were dropped.

Source: torch/utils/checkpoint.py, which tells why at length, in its notes on nested checkpoints.
"""

import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NoReturn, Self
from weakref import WeakKeyDictionary

from minitorch_np.graph.custom import Packed, pack, unpack
from minitorch_np.graph.modes import enable_grad, no_grad, state
from minitorch_np.graph.saving import saved_tensors_hooks
from minitorch_np.tensor import Tensor

__all__ = ["CheckpointError", "Forgetting", "Frame", "GraphExecGroup"]

Metadata = Callable[[Tensor], object]


class CheckpointError(RuntimeError):
    """A function that saves other tensors when it runs again."""


class StopRecomputation(Exception):
    """Everything that was dropped is there again: the rest need not run."""


class _Handle:
    """Keeps one tensor that was made again, for as long as a holder has it."""


class _Temporary:
    """Stands for the walk where something is unpacked outside of any."""


class Holder:
    """What a node keeps in place of a tensor: by walk, the handle of the one made again; None once
    that was unpacked."""

    def __init__(self) -> None:
        self.handles: WeakKeyDictionary[object, _Handle | None] = WeakKeyDictionary()


class Run:
    """What one walk's second run of the function made."""

    def __init__(self) -> None:
        self.count = 0
        self.done = False
        self.tensors: WeakKeyDictionary[_Handle, Tensor] = WeakKeyDictionary()


class Frame:
    """One call of a checkpointed function: how to repeat it, and who waits for what it saves."""

    def __init__(
        self,
        recompute: Callable[..., object],
        early_stop: bool,
        metadata: Metadata,
        on_error: Callable[[CheckpointError], NoReturn] | None,
    ) -> None:
        self.recompute = recompute
        self.early_stop = early_stop
        self.metadata = metadata
        self.on_error = on_error
        self.arguments: list[Packed | object] = []
        self.holders: list[weakref.ref[Holder]] = []
        self.saved: list[object] = []
        """The metadata of what the holders stand for."""
        self.runs: WeakKeyDictionary[object, Run] = WeakKeyDictionary()
        self.completed = False
        """Whether the function has returned; until then backward may come from inside of it."""
        self.uneven = False
        """Whether a run saved more because the function had not returned yet."""

    def keep(self, arguments: Sequence[object]) -> None:
        """Save the arguments as a node would, so that checkpoints around this one see them."""
        self.arguments = [pack(a, False) if isinstance(a, Tensor) else a for a in arguments]

    def run(self, walk: object) -> Run:
        """What the function makes in this walk, where it is run once."""
        run = self.runs.get(walk)
        if run is None:
            run = self.runs[walk] = Run()
        if run.done:
            return run
        arguments = [unpack(a, None) if isinstance(a, Packed) else a for a in self.arguments]
        try:
            with Remembering(self, run, walk), enable_grad():
                self.recompute(*arguments)
        except StopRecomputation:
            pass
        run.done = True
        self.check(run, walk)
        return run

    def check(self, run: Run, walk: object) -> None:
        """Raise CheckpointError where the second run saved other tensors than the first."""
        if self.uneven:
            return
        if len(self.holders) != run.count:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self.holders)}\n"
                f"Number of tensors saved during recomputation: {run.count}.\n{TIP}"
            )
        unlike = ""
        for at, reference in enumerate(self.holders):
            holder = reference()
            if holder is None:
                continue
            handle = holder.handles[walk]
            assert handle is not None
            metadata = self.metadata(run.tensors[handle])
            if metadata != self.saved[at]:
                unlike += (
                    f"tensor at position {at}:\nsaved metadata: {self.saved[at]}\n"
                    f"recomputed metadata: {metadata}\n"
                )
        if unlike:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                f"different metadata than during the forward pass.\n{unlike}.\n{TIP}"
            )


class Forgetting(saved_tensors_hooks):
    """The hooks of the first run: nothing is kept but holders."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        super().__init__(self.pack, self.unpack)

    def pack(self, tensor: Tensor) -> Holder:
        """A holder, which the frame knows by its place in the order."""
        holder = Holder()
        self.frame.holders.append(weakref.ref(holder))
        with no_grad():
            self.frame.saved.append(self.frame.metadata(tensor))
        return holder

    def unpack(self, holder: Holder) -> Tensor:
        """The tensor again: the first one asked for in a walk runs the function."""
        try:
            return self._made_again(holder)
        except CheckpointError as error:
            if self.frame.on_error is not None:
                self.frame.on_error(error)
            raise

    def _made_again(self, holder: Holder) -> Tensor:
        walk = GraphExecGroup.current or state.task or _Temporary()
        run = self.frame.run(walk)
        handle = holder.handles[walk]
        if handle is None:
            extra = ""
            if GraphExecGroup.current is not None:
                extra = (
                    "Performing two backward calls that overlap (i.e. require the same saved "
                    "activation in order to compute gradients) is not allowed while under the "
                    "torch.utils.checkpoint.GraphExecGroup context. "
                )
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already "
                f"unpacked once. {extra}If you are calling ctx.saved_tensors in backward, make "
                "sure to do so only once. Otherwise please open an issue with details on your use "
                "case."
            )
        made = run.tensors[handle]
        holder.handles[walk] = None
        return made


class Remembering(saved_tensors_hooks):
    """The hooks of a later run: each tensor is given to the holder of the same place.

    It is saved in the new graph as well, for the function may go backward itself.
    """

    def __init__(self, frame: Frame, run: Run, walk: object) -> None:
        target = weakref.ref(frame)  # or what is saved would keep the frame alive

        def pack(tensor: Tensor) -> Tensor:
            tensor = tensor.detach() if tensor.requires_grad else tensor
            frame = target()
            assert frame is not None
            at = run.count
            run.count += 1
            if at >= len(frame.holders):
                if frame.completed:
                    raise CheckpointError(
                        "torch.utils.checkpoint: trying to save more tensors during recomputation "
                        f"than during the original forward pass.\n{TIP}"
                    )
                frame.uneven = True
                return tensor
            holder = frame.holders[at]()
            if holder is not None:  # else backward came from inside of the function, and is done
                handle = holder.handles[walk] = _Handle()
                run.tensors[handle] = tensor
            if frame.early_stop and run.count == len(frame.holders):
                raise StopRecomputation
            return tensor

        super().__init__(pack, lambda tensor: tensor)


class GraphExecGroup:
    """A context in which a checkpointed function is run again once at most, however many walks ask
    for what it saved. Those must not ask for the same tensor.

    Raises: RuntimeError inside of another. Source: torch/utils/checkpoint.py.
    """

    current: "GraphExecGroup | None" = None

    def __enter__(self) -> Self:
        if GraphExecGroup.current is not None:
            raise RuntimeError(
                "GraphExecGroup contexts cannot be nested. "
                f"Already inside group {GraphExecGroup.current}"
            )
        GraphExecGroup.current = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        GraphExecGroup.current = None


TIP = """
Tip: To see a more detailed error message, either pass `debug=True` to
`torch.utils.checkpoint.checkpoint(...)` or wrap the code block
with `with torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to
enable checkpoint\u2011debug mode globally.

If this error occurs under torch.compile with automatic_dynamic_shapes enabled,
it may be because the recomputation selected a different compiled graph than the
forward pass (e.g., a dynamic graph instead of the original static graph).
To fix this, either:
  - Use torch._dynamo.mark_dynamic() to explicitly mark varying dimensions as
    dynamic upfront, avoiding the static-to-dynamic transition.
  - Call torch._C._dynamo.eval_frame._set_lru_cache(False) to disable LRU cache
    reordering, which can change which graph is checked first between forward
    and recompute.
See https://github.com/pytorch/pytorch/issues/166926 for more details and
workaround examples.
"""
