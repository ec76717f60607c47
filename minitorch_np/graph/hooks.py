"""Hooks on tensors, and what a tensor shows of its gradient. Source: torch/_tensor.py."""

import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import cast

from minitorch_np.graph.handle import RemovableHandle, registered
from minitorch_np.graph.node import Node, edge
from minitorch_np.tensor import Tensor, attribute, method

__all__ = ["get_grad", "register_hook", "register_post_accumulate_grad_hook", "set_grad"]

Hook = Callable[[Tensor], Tensor | None]


def _hooks_of(tensor: Tensor) -> OrderedDict[int, Hook]:
    """The hooks on a tensor: its node keeps them, for the tensor may die before backward."""
    at = edge(tensor)
    assert at is not None
    node, nr = at
    if tensor.is_leaf:
        meta = tensor.autograd()
        if meta.hooks is None:
            meta.hooks = OrderedDict()
        node.tensor_hooks = {0: meta.hooks}
        return meta.hooks
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
    if self.is_leaf or self.retains_grad:
        return
    meta = self.autograd()
    meta.retains_grad = True
    node = meta.grad_fn
    at = edge(self)
    assert at is not None and node is not None
    if at[0].retainers is None:
        at[0].retainers = {}
    at[0].retainers[at[1]] = weakref.ref(self)


def get_grad(self: Tensor) -> Tensor | None:
    """The gradient collected so far; None before the first backward. Adds up until zeroed."""
    meta = self.meta
    if meta is not None and meta.grad is not None:
        return meta.grad
    if self.requires_grad and not self.is_leaf and not self.retains_grad:
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
    if value.dtype is not self.dtype:
        raise RuntimeError(
            f"attempting to assign a gradient with dtype '{value.dtype.cpp_name}' to a tensor with "
            f"grad_dtype '{self.dtype.aten_name}'. The gradient must match the tensor's grad_dtype "
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


attribute("grad", get_grad, set_grad, del_grad)
attribute("_backward_hooks", get_backward_hooks)
