"""Hooks on tensors, and what a tensor shows of its gradient. Source: torch/_tensor.py."""

import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import cast

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.handle import RemovableHandle, registered
from minitorch_np.graph.node import AccumulateGrad, Node, edge, reference
from minitorch_np.tensor import Tensor, attribute, method

__all__ = ["get_grad", "register_hook", "register_post_accumulate_grad_hook", "set_grad"]

Hook = Callable[[Tensor], Tensor | None]


def _hooks_of(tensor: Tensor) -> OrderedDict[int, Hook]:
    """The hooks on a tensor: its node keeps them, for the tensor may die before backward."""
    at = edge(tensor)
    if at is None or tensor.is_leaf:
        meta = tensor.autograd()
        if meta.hooks is None:
            meta.hooks = OrderedDict()
        if at is not None:  # else a view of no history, which only its base makes want a gradient
            at[0].tensor_hooks = {0: meta.hooks}
        return meta.hooks
    node, nr = at
    if node.tensor_hooks is None:
        node.tensor_hooks = {}
    return node.tensor_hooks.setdefault(nr, OrderedDict())


@method
def register_hook(self: Tensor, hook: Hook) -> RemovableHandle:
    """Call `hook` with this tensor's gradient when it is ready; a tensor returned replaces it."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    return registered(_hooks_of(self), hook)


def get_backward_hooks(self: Tensor) -> OrderedDict[int, Hook] | None:
    """The hooks on this tensor as it is now, by number; None where there were none."""
    node = self.grad_fn
    if node is None:
        return None if self.meta is None else self.meta.hooks
    return (cast(Node, node).tensor_hooks or {}).get(self.output_nr)


@method
def register_post_accumulate_grad_hook(
    self: Tensor, hook: Callable[[Tensor], None]
) -> RemovableHandle:
    """Call `hook` with this leaf after its `.grad` was added to."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if not self.is_leaf:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    meta = self.autograd()
    if meta.post_hooks is None:
        meta.post_hooks = OrderedDict()
    return registered(meta.post_hooks, hook)


@method
def retain_grad(self: Tensor) -> None:
    """Keep the gradient of a tensor that is no leaf in its `.grad`, too."""
    if not self.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    self.refuse_in_transform("retain_grad")
    meta = self.meta
    if meta is None or meta.grad_fn is None or meta.retains_grad:
        return  # a leaf, or a view that was none when its history was last looked at
    at = edge(self)
    assert at is not None
    meta.retains_grad = True
    if at[0].retainers is None:
        at[0].retainers = {}
    at[0].retainers[at[1]] = weakref.ref(self)


def get_grad(self: Tensor) -> Tensor | None:
    """The gradient collected so far; None before the first backward. Adds up until zeroed."""
    meta = self.meta
    if meta is not None and meta.grad is not None:
        return meta.grad
    made = meta is not None and meta.grad_fn is not None
    if made and self.requires_grad and not self.retains_grad:
        warnings.warn(
            "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
            ".grad attribute won't be populated during autograd.backward(). If you indeed want the "
            ".grad field to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf "
            "Tensor. If you access the non-leaf Tensor by mistake, make sure you access the leaf "
            "Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information.",
            UserWarning,
            stacklevel=2,
        )
    return None


def del_grad(self: Tensor) -> None:
    """Forget the gradient, as `x.grad = None` does."""
    set_grad(self, None)


def set_grad(self: Tensor, value: Tensor | None) -> None:
    """Replace the gradient. Raises: RuntimeError unless shape and dtype are the tensor's."""
    if value is None:
        if self.meta is not None:
            self.meta.grad = None
        return
    if not isinstance(value, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise TypeError(
            "assigned grad expected to be a Tensor or None but got grad of type "
            f"{type(value).__name__}"
        )
    if value is self:
        raise RuntimeError("can't assign Variable as its own grad")
    _ = self.grad_fn  # a view whose base was written to may refuse
    expected = get_grad_dtype(self)
    if expected is not None and value.dtype is not expected:
        raise RuntimeError(
            f"attempting to assign a gradient with dtype '{value.dtype.cpp_name}' to a tensor with "
            f"grad_dtype '{expected.aten_name}'. The gradient must match the tensor's grad_dtype "
            "(defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with "
            "a specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging "
            "the dtypes of a tensor and its gradient may break downstream systems that assume they "
            "match."
        )
    if value.sizes != self.sizes:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(value.sizes)}' to a tensor of size "
            f"'{list(self.sizes)}'. Please ensure that the gradient and the tensor are the same "
            "size"
        )
    self.autograd().grad = value


def get_grad_dtype(self: Tensor) -> Dtype | None:
    """The dtype of the gradient, None for any: the tensor's own, unless a leaf was given another.

    Gradients that arrive are cast to it. Source: torch/csrc/autograd/python_variable.cpp.
    """
    node: AccumulateGrad | None = getattr(self.meta, "typed", None)
    return self.dtype if node is None else node.expects[0][1]


def set_grad_dtype(self: Tensor, value: Dtype | None) -> None:
    """Set the dtype of a leaf's gradient. Raises: RuntimeError for what is no leaf, or where a
    gradient of another dtype is there already."""
    if value is not None and not isinstance(value, Dtype):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise RuntimeError(
            f"grad_dtype must be a torch.dtype or None, but got {type(value).__name__}"
        )
    if not self.is_leaf:
        raise RuntimeError("grad_dtype can only be set on leaf tensors.")
    meta = self.autograd()
    if value is not None and meta.grad is not None and meta.grad.dtype is not value:
        raise RuntimeError(
            f"Cannot set grad_dtype to '{value.aten_name}' because there is already a gradient "
            f"with dtype '{meta.grad.dtype.cpp_name}'. Please clear the gradient (.grad = None) "
            "before changing grad_dtype, or ensure the new grad_dtype matches the existing "
            "gradient's dtype."
        )
    node = None if meta.accumulator is None else meta.accumulator()
    node = node if isinstance(node, AccumulateGrad) else AccumulateGrad(self)
    node.tensor_hooks = {0: meta.hooks} if meta.hooks else None
    node.expects = ((self.sizes, value),)  # pyright: ignore[reportAttributeAccessIssue]  # None is no dtype, so that each gradient is looked at
    meta.typed, meta.accumulator = node, reference(node)


attribute("grad_dtype", get_grad_dtype, set_grad_dtype)
attribute("grad", get_grad, set_grad, del_grad)
attribute("_backward_hooks", get_backward_hooks)
