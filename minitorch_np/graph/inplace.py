"""In-place writes: who may be written to, and what the write does to the history of views.

Source: torch/csrc/autograd/VariableTypeUtils.h, variable.cpp and functions/tensor.cpp.
"""

from typing import NoReturn

from minitorch_np.dtypes import float64
from minitorch_np.graph.modes import Creation, recording, state
from minitorch_np.graph.node import Edge, Node, edge
from minitorch_np.graph.saved import freed, short_name
from minitorch_np.memory_format import contiguous_format
from minitorch_np.storage import allocate
from minitorch_np.tensor import INFERENCE, Tensor, empty_strided, method, over

__all__ = ["bump", "check_inplace", "rebase", "refresh_history", "refuse_gradient", "refuse_leaf",
           "refuse_outside_inference",
           "regard"]  # fmt: skip


def check_inplace(tensor: Tensor, requires_grad: bool) -> None:
    """Raise when a write to `tensor` that autograd must know of is not allowed."""
    if not (requires_grad and state.grad):
        return
    if tensor.base is not None:
        _check_view(tensor)
        if tensor.requires_grad and tensor.base.is_leaf:
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place "
                "operation."
            )
    if tensor.requires_grad and tensor.is_leaf:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )


def _check_view(view: Tensor, indirect: bool = False) -> None:
    """Raise when the way this view was made rules out a write to it or, `indirect`, to its base.

    Source: handle_view_on_rebase, torch/csrc/autograd/variable.cpp.
    """
    creation = view.creation
    if creation == Creation.DEFAULT:
        return
    was = "its base or another view of its base has been" if indirect else "is being"
    meta = view.meta  # not view.grad_fn, which would come back here
    node = None if meta is None else meta.grad_fn
    made, output = "A view was created in", ""
    if node is not None:
        output = f"Output {view.output_nr} of {short_name(node)}"
        made = f"{output} is a view of a view which was created in"
    if creation == Creation.INFERENCE_MODE:
        text = f"{made} inference mode and {was} modified inplace in normal mode."
    elif creation == Creation.NO_GRAD_MODE or node is None:
        text = f"{made} no_grad mode and {was} modified inplace with grad mode enabled."
    else:
        text = f"{output} is a view and {was} modified inplace."
    raise RuntimeError(f"{text} {_REASONS[Creation(creation)]}")


_AMBIGUOUS = (
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your "
    "code by moving both the view and the inplace either both inside the {} block (if you don't "
    "want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)

_REASONS = {
    Creation.MULTI_OUTPUT_NODE: (
        "This view is the output of a function that returns multiple views. Such functions do not "
        "allow the output views to be modified inplace. You should replace the inplace operation "
        "by an out-of-place one."
    ),
    Creation.IN_CUSTOM_FUNCTION: (
        "This view was created inside a custom Function (or because an input was returned as-is) "
        "and the autograd logic to handle view+inplace would override the custom backward "
        "associated with the custom Function, leading to incorrect gradients. This behavior is "
        "forbidden. You can fix this by cloning the output of the custom Function."
    ),
    Creation.NO_GRAD_MODE: _AMBIGUOUS.format("no_grad"),
    Creation.INFERENCE_MODE: _AMBIGUOUS.format("inference_mode"),
}


def refuse_gradient(name: str) -> NoReturn:
    """Raise: a result written to `out=` cannot have a history."""
    raise RuntimeError(
        f"{name}(): functions with out=... arguments don't support automatic differentiation, but "
        "one of the arguments requires grad."
    )


def refuse_leaf(name: str, out: Tensor) -> None:
    """Raise where a leaf that wants a gradient is given to a function that has no derivative."""
    if state.grad and out.requires_grad and out.is_leaf:
        refuse_gradient(f"aten::{name}")


def bump(tensor: Tensor) -> None:
    """Count a write to the memory of `tensor`."""
    clock = tensor.clock
    if clock is not INFERENCE:
        clock.value += 1
    elif not state.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make "
            "a clone to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details."
        )


def rebase(tensor: Tensor, node: Node, nr: int = 0) -> None:
    """Make `tensor` output `nr` of `node`; of a view, also its base and its views."""
    node.expects = [(tensor.sizes, tensor.dtype)]
    base = tensor.base
    if base is not None:
        node = CopySlices(edge(base), base, tensor, node)
        tensor = base
    _proceed(tensor, node, nr)


def _proceed(tensor: Tensor, node: Node, nr: int = 0) -> None:
    """Set the history of `tensor`, which keeps its gradient there if it did in the old one.

    Source: update_tensor_hooks_on_new_gradfn, torch/csrc/autograd/variable.cpp.
    """
    meta = tensor.autograd()
    old = meta.grad_fn
    if meta.retains_grad and isinstance(old, Node) and old.retainers is not None:
        node.retainers = {**(node.retainers or {}), nr: old.retainers.pop(meta.output_nr)}
    meta.grad_fn, meta.output_nr = node, nr


@method
def refuse_outside_inference(tensor: Tensor) -> None:
    """Raise when an inference tensor is to require a gradient, but in inference mode."""
    if tensor.ticks is INFERENCE and not state.inference:
        raise RuntimeError(
            "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
        )


@method
def refresh_history(view: Tensor) -> None:
    """Give `view` the history of its base as it is now, seen through `as_strided`."""
    base = view.base
    assert base is not None
    _check_view(view, indirect=True)
    view.born = view.clock.value
    stand_in = base.untracked()  # so that there is a node even where the base needs no gradient
    if not base.dtype.is_floating_point:  # a write gave integers a history, which no view has
        memory = allocate(base.memory.length * float64.itemsize)
        stand_in = over(memory, base.sizes, base.strides, base.offset, float64)
    stand_in.autograd().requires_grad = True
    with recording():
        node = stand_in.as_strided(view.sizes, view.strides, view.offset).grad_fn
    assert isinstance(node, Node)
    node.edges, node.expects = (edge(base),), [(view.sizes, view.dtype)]
    _proceed(view, node)


def regard(tensor: Tensor, node: Node) -> None:
    """Make `node` the history of `tensor` after its own geometry changed; its base has not."""
    node.expects = [(tensor.sizes, tensor.dtype)]
    meta = tensor.autograd()
    meta.grad_fn = node
    meta.output_nr = 0
    tensor.born = tensor.clock.value


class CopySlices(Node):
    """The history of a base after a write to one of its views: `write` sees the slice alone.

    What reaches the old base is everything but the slice, and what `write` makes of the slice.
    """

    __slots__ = ("offset", "shape", "stride", "write")

    write: Node | None

    def __init__(self, base_edge: Edge | None, base: Tensor, view: Tensor, write: Node) -> None:
        super().__init__((base_edge, *write.edges[1:]))
        self.expects = [(base.sizes, base.dtype)]
        self.stride = base.strides
        self.shape = view.sizes, view.strides, view.offset - base.offset
        self.write = write

    def name(self) -> str:
        """PyTorch's name of the node."""
        return "torch::autograd::CopySlices"

    def apply(
        self, grads: list[Tensor | None], edges: tuple[Edge | None, ...]
    ) -> list[Tensor | None]:
        """The base's gradient with the slice's replaced, then those of the write's other inputs."""
        g, write = grads[0], self.write
        if write is None:
            freed()
        if g is None:
            return [None] * len(edges)
        whole = empty_strided(g.sizes, self.stride, g.dtype).copy_(g)
        part = whole.as_strided(*self.shape)
        first = None if edges[0] is None else (write, 0)
        results = write.run([part.clone(memory_format=contiguous_format)], (first, *edges[1:]))
        written = results[0]
        if first is None or written is None:  # a custom Function may say so
            results[0] = None
            return results
        part.copy_(written)
        results[0] = whole
        return results

    def release(self) -> None:
        """Let go of the write and of what it saved."""
        if self.write is not None:
            self.write.release()
        self.write = None
