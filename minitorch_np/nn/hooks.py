"""Hooks around a module's forward and backward. Source: torch/utils/hooks.py, module.py."""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from minitorch_np.flight import depth
from minitorch_np.graph.function import Function, FunctionCtx
from minitorch_np.graph.handle import RemovableHandle, registered
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.graph.node import Node
from minitorch_np.tensor import Tensor

if TYPE_CHECKING:
    from minitorch_np.nn.module import Module

__all__ = [
    "BackwardHook",
    "BackwardHookFunction",
    "Hook",
    "Hooks",
    "backward_hooks_of",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

Hook = Callable[..., Any]
"""A user's function; what it takes and may return is said where it is registered."""

Hooks = OrderedDict[int, Hook]
Grads = tuple[Tensor | None, ...]


forward_pre_hooks: Hooks = OrderedDict()
forward_hooks: Hooks = OrderedDict()
forward_hooks_with_kwargs: OrderedDict[int, bool] = OrderedDict()
forward_hooks_always_called: OrderedDict[int, bool] = OrderedDict()
backward_pre_hooks: Hooks = OrderedDict()
backward_hooks: Hooks = OrderedDict()
buffer_registration_hooks: Hooks = OrderedDict()
module_registration_hooks: Hooks = OrderedDict()
parameter_registration_hooks: Hooks = OrderedDict()
"""The hooks of every module there is; a module's own run after these."""


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module; it may return new args."""
    return registered(forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after every forward; it may return a new output."""
    named = forward_hooks_with_kwargs, with_kwargs
    always = forward_hooks_always_called, always_call
    return registered(forward_hooks, hook, named, always)


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the gradients of every module's input are made."""
    return registered(backward_pre_hooks, hook)


class _BackwardKind:
    """Whether the backward hooks of every module are full ones; None while there were none."""

    full: bool | None = None


def _keep_backward_hooks(full: bool) -> None:
    """Raise where backward hooks of every module of the other kind are there."""
    if _BackwardKind.full is (not full):
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module "
            "hook. Please use only one of them."
        )
    _BackwardKind.full = full


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` when a module's input gradients are there."""
    _keep_backward_hooks(full=True)
    return registered(backward_hooks, hook)


def register_module_backward_hook(hook: Hook) -> RemovableHandle:
    """The first kind of backward hook for every module: it sees the last op of forward alone.

    Deprecated: `register_module_full_backward_hook` is what takes its place.
    """
    _keep_backward_hooks(full=False)
    return registered(backward_hooks, hook)


def backward_hooks_of(hooks: Hooks, full: bool | None) -> tuple[list[Hook], list[Hook]]:
    """Full and other backward hooks, those of every module before a module's own `hooks`."""
    both: tuple[list[Hook], list[Hook]] = ([], [])
    for known, kind in ((backward_hooks, _BackwardKind.full), (hooks, full)):
        if kind is not None:
            both[not kind].extend(known.values())
    return both


def register_module_buffer_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, buffer)` when a buffer is registered; it may return another."""
    return registered(buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, submodule)` when one is registered; it may return another."""
    return registered(module_registration_hooks, hook)


def register_module_parameter_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, parameter)` when one is registered; it may return another."""
    return registered(parameter_registration_hooks, hook)


class BackwardHookFunction(Function):
    """An identity at the edge of a module, so that its gradients pass one place where hooks sit."""

    @staticmethod
    def forward(ctx: FunctionCtx, *args: Tensor) -> tuple[Tensor, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]  # as in torch
        """The arguments, which `apply` makes views of."""
        ctx.mark_non_differentiable(*[arg for arg in args if not arg.requires_grad])
        return args

    @staticmethod
    def backward(ctx: FunctionCtx, *args: Tensor) -> tuple[Tensor, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG004  # as in torch
        """The gradients as they came."""
        return args


def _spread(at: Sequence[int], values: Sequence[Tensor | None], size: int) -> Grads:
    """`values` at the places `at` of a tuple of `size`, None elsewhere."""
    found = dict(zip(at, values, strict=True))
    return tuple([found.get(i) for i in range(size)])


class BackwardHook:
    """The full backward hooks of one call of a module, wrapped around its inputs and outputs.

    Source: torch/utils/hooks.py, BackwardHook.
    """

    def __init__(
        self, module: "Module", user_hooks: Sequence[Hook], user_pre_hooks: Sequence[Hook]
    ) -> None:
        self.module = module
        self.user_hooks = user_hooks
        self.user_pre_hooks = user_pre_hooks
        self.grad_outputs: Grads | None = None
        self.input_tensors_index: list[int] | None = None
        """Which arguments are tensors; None when no input needs a gradient."""
        self.output_tensors_index: list[int] | None = None
        self.n_inputs = self.n_outputs = -1

    def setup_input_hook(self, args: tuple[object, ...]) -> tuple[object, ...]:
        """The arguments, those that are tensors passed through a node that calls the hooks."""
        result, self.input_tensors_index = self._wrapped(args, self._on_inputs)
        self.n_inputs = len(args)
        return result

    def setup_output_hook(self, args: object) -> object:
        """The result, its tensors passed through a node that takes note of their gradients."""
        one = not isinstance(args, tuple)
        several: tuple[object, ...] = (args,) if one else cast("tuple[object, ...]", args)
        self.n_outputs = len(several)
        wrapped, self.output_tensors_index = self._wrapped(several, self._on_outputs)
        return wrapped[0] if one else wrapped

    def _wrapped(
        self, args: tuple[object, ...], act: Callable[[Grads, Grads], Grads | None]
    ) -> tuple[tuple[object, ...], list[int] | None]:
        at = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        tensors = [arg for arg in args if isinstance(arg, Tensor)]
        if not (is_grad_enabled() and any(t.requires_grad for t in tensors)):
            return args, None
        views: tuple[Tensor, ...] = BackwardHookFunction.apply(*tensors)

        def hook(inputs: Grads, outputs: Grads) -> Grads | None:  # by this name errors call it
            return act(inputs, outputs)

        node = next(v.grad_fn for v in views if v.grad_fn is not None)
        cast(Node, node).register_hook(hook)
        replaced = dict(zip(at, views, strict=True))
        values = [replaced.get(i, arg) for i, arg in enumerate(args)]
        if type(args) is tuple:
            return tuple(values), at
        return cast(Any, type(args))(*values), at  # a NamedTuple takes its fields one by one

    def _on_inputs(self, grad_inputs: Grads, _: Grads) -> Grads | None:
        if self.grad_outputs is None:
            return None
        assert self.input_tensors_index is not None
        grads = _spread(self.input_tensors_index, grad_inputs, self.n_inputs)
        for hook in self.user_hooks:
            changed = hook(self.module, grads, self.grad_outputs)
            if changed is None:
                continue
            if len(changed) != len(grads):
                raise RuntimeError(
                    f"Backward hook returned an invalid number of grad_input, got {len(changed)}, "
                    f"but expected {len(grads)}"
                )
            grads = changed
        self.grad_outputs = None
        return tuple([grads[i] for i in self.input_tensors_index])

    def _on_outputs(self, _: Grads, grad_outputs: Grads) -> Grads | None:
        assert self.output_tensors_index is not None
        grads = _spread(self.output_tensors_index, grad_outputs, self.n_outputs)
        count = len(grads)
        for hook in self.user_pre_hooks:
            changed = hook(self.module, grads)
            if changed is None:
                continue
            if len(changed) != count:
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, got "
                    f"{len(changed)}, but expected {count}"
                )
            grads = changed
        self.grad_outputs = grads
        if self.input_tensors_index is None:
            self._without_inputs(grads)
        return tuple([grads[i] for i in self.output_tensors_index])

    def _without_inputs(self, grads: Grads) -> None:
        """Call the hooks at once: no gradient will ever reach the inputs."""
        if self.user_hooks:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module "
                "outputs since no inputs require gradients. See "
                "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.register_full_backward_hook for more details.",
                stacklevel=depth(),  # who called Tensor.backward
            )
        for hook in self.user_hooks:
            changed = hook(self.module, (None,) * self.n_inputs, grads)
            nothing = isinstance(changed, tuple) and all(g is None for g in changed)  # pyright: ignore[reportUnknownVariableType]  # isinstance leaves its parts unknown
            if changed is not None and not nothing:
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None
