"""In-place writes: who may be written to, and what the write does to the history of views.

Source: torch/csrc/autograd/VariableTypeUtils.h, variable.cpp and functions/tensor.cpp.
"""

import sys
from collections import deque
from collections.abc import Collection, Mapping
from types import FunctionType
from typing import NoReturn
from weakref import ref as reference

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import float64
from minitorch_np.flight import KEPT, calling, inside
from minitorch_np.graph.modes import RECORD, Creation, recording, state
from minitorch_np.graph.node import Edge, Node, edge
from minitorch_np.graph.saved import freed, short_name
from minitorch_np.memory_format import contiguous_format
from minitorch_np.shapes import listed, noted
from minitorch_np.storage import allocate
from minitorch_np.strides import extent
from minitorch_np.tensor import INFERENCE, Tensor, method, over

__all__ = [
    "bump", "bump_and_note", "check_inplace", "made", "rebase", "recheck", "refresh_history",
    "refuse_gradient", "refuse_history", "refuse_in_transform", "refuse_leaf",
    "refuse_outside_inference", "regard", "settle",
]  # fmt: skip


def check_inplace(tensor: Tensor, requires_grad: bool) -> None:
    """Raise when a write to `tensor` that autograd must know of is not allowed."""
    if not (requires_grad and state.grad):
        return
    if tensor.base is not None:
        _check_view(tensor)
        if tensor.requires_grad and tensor.base.is_leaf:
            text = (
                "a view of a leaf Variable that requires grad is being used in an in-place "
                "operation."
            )
            raise noted(RuntimeError(text), _LEAF.format(listed(tensor.base.sizes)))
    if tensor.requires_grad and (tensor.meta is None or tensor.meta.grad_fn is None):
        text = "a leaf Variable that requires grad is being used in an in-place operation."
        raise noted(RuntimeError(text), _LEAF.format(listed(tensor.sizes)))


_LEAF = (
    "Its gradient would belong to values that are gone. The leaf has shape {}: to change "
    "the leaf itself, as an optimizer does, write under torch.no_grad(); to go on with other "
    "values, write to a clone()."
)


def made(view: Tensor, how: Creation) -> None:
    """Note how a view was made, unless its parent was made in inference mode.

    Source: propagate_creation_meta, torch/csrc/autograd/VariableTypeUtils.h.
    """
    if view.creation != Creation.INFERENCE_MODE:
        view.creation = how


def recheck(tensor: Tensor, arguments: Mapping[str, object], edges: bool = False) -> None:
    """Raise what PyTorch would have raised first, after an op could not write to `tensor`.

    It looks at the tensor that is written before it looks for anybody's history, of which nobody
    asked for the `edges` so far. What looked at the write first has called the op again, and that
    checked.
    """
    if state.derivatives and state.write_route > RECORD:
        return
    wanted = [t for t in arguments.values() if isinstance(t, Tensor) and t.requires_grad]
    check_inplace(tensor, bool(wanted))
    for t in wanted if edges and state.grad else ():
        edge(t)


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


def refuse_history(dtype: Dtype) -> NoReturn:
    """Raise: integers have no gradient. Source: set_history, autograd/functions/utils.h."""
    raise RuntimeError(f"Autograd not support dtype: {dtype.aten_name}") from None


def refuse_leaf(name: str, out: Tensor) -> None:
    """Raise where what wants a gradient, and cannot have another history, is given as `out=`.

    That is a leaf or a view of one, or a view that may not be written to.
    """
    if not (state.grad and out.requires_grad):
        return
    base = out.base
    fixed = out.is_leaf if base is None else base.is_leaf or out.creation != Creation.DEFAULT
    if fixed or out.is_leaf:
        refuse_gradient(f"aten::{name}")


def bump(tensor: Tensor) -> None:
    """Count a write to the memory of `tensor`."""
    clock = tensor.ticks or tensor.clock
    if clock is not INFERENCE:
        clock.value += 1
    elif not state.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make "
            "a clone to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details."
        )


def bump_and_note(tensor: Tensor) -> None:
    """`bump` while the flight recorder is on, which takes this body: the log knows who wrote."""
    clock = tensor.ticks or tensor.clock
    if clock is INFERENCE:
        _bump(tensor)
        return
    clock.value = version = clock.value + 1
    log = clock.log
    if log is None:
        log = clock.log = deque(maxlen=KEPT)
    frame = _getframe(1)
    recorder = called = code = frame.f_code
    if code.co_filename[0] != "<":
        recorder, called, code, at = calling()
    else:  # an op itself: as `calling`, whose call would take as long
        outer = frame.f_back
        while outer is not None:
            frame = outer
            code = frame.f_code
            if not inside[code.co_filename]:
                break
            called = code
            outer = frame.f_back
        at = frame.f_lasti
    base, made = tensor.base is None, None
    if tensor.store is not None:  # else it is no view, nor what `detach` gave
        try:
            made = tensor.whence
        except AttributeError:  # which takes long, so not again
            tensor.whence = None
    log.append((version, recorder, called, code, at, tensor.form, tensor.offset, base, made))


_getframe = sys._getframe  # pyright: ignore[reportPrivateUsage]  # inspect's costs twice as much
_bump = FunctionType(bump.__code__, bump.__globals__)


def rebase(tensor: Tensor, node: Node, nr: int = 0) -> None:
    """Make `tensor` output `nr` of `node`; of a view, also its base and its views."""
    node.expects = [(tensor.sizes, tensor.dtype)]
    base = tensor.base
    if base is not None:
        node.on_view = reference(tensor)
        meta = tensor.autograd()
        if meta.grad_fn is None:
            meta.grad_fn = node  # no leaf any more; what it is shows at the next look
        node = CopySlices(edge(base), base, tensor, node)
        tensor = base
    _proceed(tensor, node, nr)


def _proceed(tensor: Tensor, node: Node, nr: int = 0) -> None:
    """Set the history of `tensor`, which keeps its gradient there if it did in the old one.

    Source: update_tensor_hooks_on_new_gradfn, torch/csrc/autograd/variable.cpp.
    """
    meta = tensor.autograd()
    old = meta.grad_fn
    if old is None and meta.hooks is not None:  # a leaf no more: what it was keeps none of them
        leaf = None if meta.accumulator is None else meta.accumulator()
        if isinstance(leaf, Node):
            leaf.tensor_hooks = None
        meta.hooks = None
    if meta.retains_grad and isinstance(old, Node) and old.retainers is not None:
        node.retainers = {**(node.retainers or {}), nr: old.retainers.pop(meta.output_nr)}
    meta.grad_fn, meta.output_nr = node, nr


@method
def refuse_in_transform(tensor: Tensor, name: str) -> None:  # noqa: ARG001  # a method
    """Raise where a method that only a tape of the user's knows is called inside a transform."""
    if state.transforms:
        also = " (or perhaps using torch.autograd.functional.* APIs)" * (name == "requires_grad_")
        raise RuntimeError(
            f"You are attempting to call Tensor.{name}(){also} inside of a function being "
            "transformed by a functorch transform. This is unsupported, please attempt to use the "
            "functorch transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call "
            f"{name}() outside of a function being transformed instead."
        )


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
    places = view.offset + extent(view.sizes, view.strides)
    # a write gave integers a history, which no view has; set_ may have taken the memory away
    if not base.dtype.is_floating_point or places * base.dtype.itemsize > base.memory.length:
        memory = allocate(places * float64.itemsize)
        stand_in = over(memory, base.sizes, base.strides, base.offset, float64)
    stand_in.autograd().requires_grad = True
    with recording():
        node = stand_in.as_strided(view.sizes, view.strides, view.offset).grad_fn
    assert isinstance(node, Node)
    node.edges, node.expects = (edge(base),), [(view.sizes, view.dtype)]
    made = node.edges[0]
    if made is not None and isinstance(made[0], CopySlices) and made[0].write is not None:
        write = made[0].write
        if write.on_view() is view:
            write.on_view = reference(node)
    _proceed(view, node)


def settle(base: Tensor) -> None:
    """Give the view that was written to last the history that `base` has now, but not for long.

    PyTorch gave it that at once; here a view's history waits for the next look at it.
    """
    meta = base.meta
    node = None if meta is None else meta.grad_fn
    if isinstance(node, CopySlices) and node.write is not None:
        view = node.write.on_view()
        if isinstance(view, Tensor) and view.base is base and view.born != view.clock.value:
            refresh_history(view)


def regard(tensor: Tensor, node: Node) -> None:
    """Make `node` the history of `tensor` after its own geometry changed; its base has not."""
    if not tensor.dtype.is_floating_point:
        refuse_history(tensor.dtype)
    node.expects = [(tensor.sizes, tensor.dtype)]
    meta = tensor.autograd()
    meta.grad_fn = node
    meta.output_nr = 0
    tensor.born = tensor.clock.value


class CopySlices(Node):
    """The history of a base after a write to one of its views: `write` sees the slice alone.

    What reaches the old base is everything but the slice, and what `write` makes of the slice.
    """

    __slots__ = ("hidden", "offset", "shape", "stride", "write")

    hidden: Collection[int]
    write: Node | None

    def __init__(self, base_edge: Edge | None, base: Tensor, view: Tensor, write: Node) -> None:
        super().__init__((base_edge, *write.edges[1:]))
        self.expects = [(base.sizes, base.dtype)]
        self.hidden = hidden = write.hidden
        if 0 in hidden:  # PyTorch takes the first edge that there is for the view's own
            after = [at for at in range(len(self.edges)) if at not in hidden]
            self.hidden = {*hidden, *after[:1]} - {0}
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
            freed(self)
        if g is None:
            return [None] * len(edges)
        whole = g.room(g.sizes, self.stride, g.dtype).copy_(g)
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
