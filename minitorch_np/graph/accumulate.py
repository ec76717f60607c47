"""What a leaf does with a gradient: makes it its `.grad`, or adds it to that.

A gradient that nobody else holds need not be copied, and a sum that nobody else holds is added to
in place; who holds one is read from Python's own count of references.
"""

import sys
import warnings
from collections.abc import Callable, Sequence
from threading import RLock
from weakref import getweakrefcount

from minitorch_np import strides
from minitorch_np.graph.modes import state
from minitorch_np.graph.node import AccumulateGrad, Edge, checked, laid_out
from minitorch_np.storage import UNSHARED
from minitorch_np.tensor import Tensor

__all__ = ["accumulate", "is_ours"]


def is_ours(there: Tensor) -> bool:
    """Whether a gradient that nobody else holds is dense, and its memory nobody else's.

    Source: can_accumulate_inplace, torch/csrc/autograd/input_buffer.cpp.
    """
    form = there.form
    if not (form.in_order or strides.is_dense(form.shape, form.stride)):
        return False
    if there.store is None:
        return sys.getrefcount(there.nd) <= UNSHARED
    alone = sys.getrefcount(there.store) <= UNSHARED + _by_clock(there)
    return alone and not _is_seen_outside(there)


def _by_clock(tensor: Tensor) -> bool:
    """Whether the version counter, which nobody else has any more, holds the storage as well."""
    clock = tensor.ticks
    if clock is None or clock.memory is not tensor.store:
        return False
    del clock
    return sys.getrefcount(tensor.ticks) <= UNSHARED


def _is_seen_outside(tensor: Tensor) -> bool:
    """Whether an array of NumPy's, or what DLPack was given, looks at the tensor's memory: it holds
    the ndarray or the buffer below, but not the tensor, as it does in PyTorch. There is a storage.
    """
    below = tensor.memory
    if not below.seen_outside():
        return False
    mine = _layers_over(tensor) + (0 if tensor.base is None else _layers_over(tensor.base))
    if sys.getrefcount(below.buffer) > UNSHARED + mine:
        return True
    if tensor.nd is None:
        return False
    above = below.buffer is tensor.nd or below.buffer.base is tensor.nd
    return sys.getrefcount(tensor.nd) > UNSHARED + above


def _layers_over(tensor: Tensor) -> bool:
    """Whether the tensor's own ndarray is, or holds, the buffer of its storage."""
    array, buffer = tensor.nd, tensor.memory.buffer
    return array is not None and (array is buffer or array.base is buffer)


_turn = RLock()
"""Held while a leaf's `.grad` is added to: several threads may go backward to the same leaf."""


def accumulate(
    node: AccumulateGrad, arrived: Sequence[Tensor | None], held: int = UNSHARED
) -> None:
    """Add the gradient that arrived to the leaf's `.grad`, whose strides are the leaf's if dense.

    A first gradient that nobody else holds becomes `.grad` itself, without its base and history:
    PyTorch takes its `detach()`, which nobody could tell from it. Source:
    torch/csrc/autograd/functions/accumulate_grad.h, the gradient layout contract. `held` counts the
    references to it where nobody else has it.
    """
    grad = arrived[0]
    assert grad is not None
    leaf = node.variable
    if leaf.base is not None and leaf.grad_fn is not None:
        raise RuntimeError("leaf variable has been moved into the graph interior")
    meta = leaf.meta or leaf.autograd()
    if meta.grad_fn is not None:
        raise RuntimeError("leaf variable has been moved into the graph interior")
    if not (meta.requires_grad or leaf.requires_grad):  # any more: only its hooks are called
        if meta.post_hooks is not None:
            _show(leaf, meta.post_hooks)
        return
    _turn.acquire()  # not `with`, which takes twice as long
    try:
        there = meta.grad
        if there is not None:
            if state.grad:
                there = meta.grad = there + grad
            else:
                there.add_(grad)
            if there.form is not leaf.form and not _obeys_contract(leaf, there):
                _warn_of_strides(there, leaf)
        elif (
            state.grad
            or sys.getrefcount(arrived[0]) > held + 1  # of which `grad` is one
            or (
                sys.getrefcount(grad.nd) > UNSHARED
                if grad.store is None
                else _is_seen_outside(grad)
            )
            or not _obeys_contract(leaf, grad)
        ):
            meta.grad = laid_out(leaf, grad)
        elif held > UNSHARED or type(grad) is not Tensor or getweakrefcount(grad) or grad.__dict__:
            meta.grad = grad.untracked()
        else:
            grad.base = grad.meta = None  # nobody can tell it from its own `detach()`
            meta.grad = grad
    finally:
        _turn.release()
    if meta.post_hooks is not None:
        _show(leaf, meta.post_hooks)


def _warn_of_strides(grad: Tensor, leaf: Tensor) -> None:
    warnings.warn(
        "grad and param do not obey the gradient layout contract. This is not an error, but may "
        f"impair performance.\ngrad.sizes() = {list(grad.sizes)}, strides() = {list(grad.strides)}"
        f"\nparam.sizes() = {list(leaf.sizes)}, strides() = {list(leaf.strides)}",
        UserWarning,
        stacklevel=8,
    )


def _accumulated(
    self: AccumulateGrad,
    grads: list[Tensor | None],
    edges: tuple[Edge | None, ...],  # noqa: ARG001
) -> list[Tensor | None]:
    """Add a gradient to the leaf's, as calling its node does; nothing goes on from there."""
    if grads[0] is not None:
        accumulate(self, grads)
    return []


setattr(AccumulateGrad, "apply", _accumulated)  # noqa: B010  # what adds stands here


def _show(leaf: Tensor, hooks: dict[int, Callable[[Tensor], None]]) -> None:
    """Call the hooks on a leaf whose gradient is there.

    Raises: RuntimeError for a hook that returns another tensor, TypeError for what is none.
    Source: PyFunctionTensorPostAccGradHooks, torch/csrc/autograd/python_hook.cpp.
    """
    given = leaf
    for hook in list(hooks.values()):
        result = hook(given)
        if result is not None and result is not given:  # pyright: ignore[reportUnnecessaryComparison]  # callers may be untyped
            given = checked(hook, given, result)
    if given is not leaf:
        raise RuntimeError("Tensor post accumulate grad hooks should return None.")


def _obeys_contract(leaf: Tensor, grad: Tensor) -> bool:
    """Whether `grad` has the strides of a dense leaf; a size of 1 only must not be expanded.

    Source: obeys_layout_contract, torch/csrc/autograd/utils/grad_layout_contract.h.
    """
    if grad.form is leaf.form and leaf.form.packed is not None:
        return True
    shape = leaf.sizes
    if not strides.is_dense(shape, leaf.strides):
        return strides.is_contiguous(grad.sizes, grad.strides)
    for n, mine, its in zip(grad.sizes, leaf.strides, grad.strides):  # `.data` may have changed
        if its == 0 if n == 1 else its != mine:
            return False
    return True
