"""Module: what layers and networks derive from. Source: torch/nn/modules/module.py."""

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar, cast

from minitorch_np.flight import depth
from minitorch_np.graph.handle import RemovableHandle, registered
from minitorch_np.nn import hooks
from minitorch_np.nn.hooks import BackwardHook, Hook, Hooks, backward_hooks_of
from minitorch_np.nn.regular_hooks import hook_last_node
from minitorch_np.nn.state import Stateful
from minitorch_np.nn.whereabouts import say_where
from minitorch_np.tensor import Tensor

__all__ = ["Module", "indented"]

_HOOKS = (
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


def indented(text: str, spaces: int) -> str:
    """`text` with every line but the first indented."""
    first, *rest = text.split("\n")
    return "\n".join([first, *[" " * spaces + line if line.strip() else "" for line in rest]])


class _Call:
    """One call of a module: its arguments and result as hooks leave them, and who was called."""

    __slots__ = ("args", "called", "kwargs", "result")

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs = args, kwargs
        self.result: Any = None
        self.called: set[int] = set()


class Module(Stateful):
    """A function with parameters: write `forward`, and assign parameters and modules in `__init__`.

    Calling the module calls `forward`, with the hooks around it.
    """

    call_super_init: ClassVar[bool] = False
    """Whether `__init__` hands its arguments on to the next class in line."""

    _backward_pre_hooks: Hooks
    _backward_hooks: Hooks
    _is_full_backward_hook: bool | None
    """Whether the backward hooks are full ones; None while there are none."""
    _forward_hooks: Hooks
    _forward_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks_always_called: OrderedDict[int, bool]
    _forward_pre_hooks: Hooks
    _forward_pre_hooks_with_kwargs: OrderedDict[int, bool]

    def __init__(self, *args: object, **kwargs: object) -> None:
        name = type(self).__name__
        if not self.call_super_init and kwargs:
            raise TypeError(
                f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
            )
        if not self.call_super_init and args:
            raise TypeError(
                f"{name}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )
        # straight into the dict: __setattr__ would look for what is made here
        mine = self.__dict__
        mine["training"] = True
        mine["_parameters"] = {}
        mine["_buffers"] = {}
        mine["_non_persistent_buffers_set"] = set()
        for kind in _HOOKS:
            mine[kind] = OrderedDict()
        mine["_is_full_backward_hook"] = None
        mine["_modules"] = {}
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def _forward_unimplemented(self, *input: object) -> None:
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    # Any: what a module takes and returns is its own business, as in PyTorch
    forward: Callable[..., Any] = _forward_unimplemented

    def _call(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """What `forward` makes of the arguments, hooks called."""
        if not (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or hooks.forward_hooks
            or hooks.forward_pre_hooks
            or hooks.backward_hooks
            or hooks.backward_pre_hooks
        ):
            try:
                return self.forward(*args, **kwargs)
            except (RuntimeError, ValueError, IndexError, TypeError) as error:
                say_where(self, args, error)
                raise
        call = _Call(args, kwargs)
        try:
            self._hooked_call(call)
        except Exception as error:
            self._call_despite_error(call)
            say_where(self, args, error)
            raise
        return call.result

    __call__: Callable[..., Any] = _call

    def _hooked_call(self, call: "_Call") -> None:
        """The call with every hook."""
        pre = [*hooks.backward_pre_hooks.values(), *self._backward_pre_hooks.values()]
        full, regular = backward_hooks_of(self._backward_hooks, self._is_full_backward_hook)
        self._before_forward(call)
        around = BackwardHook(self, full, pre) if full or pre else None
        if around is not None:
            call.args = around.setup_input_hook(call.args)
        call.result = self.forward(*call.args, **call.kwargs)
        for nr, hook in [*hooks.forward_hooks.items(), *self._forward_hooks.items()]:
            if nr in self._forward_hooks_always_called or nr in hooks.forward_hooks_always_called:
                call.called.add(nr)
            changed = self._call_forward_hook(nr, hook, call)
            if changed is not None:
                call.result = changed
        if around is not None:
            if not isinstance(call.result, (Tensor, tuple)):
                warnings.warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple "
                    f"of Tensors but received {type(call.result)}",
                    stacklevel=depth(),
                )
            call.result = around.setup_output_hook(cast(object, call.result))
        if regular:
            hook_last_node(self, regular, call.args, call.result)

    def _before_forward(self, call: "_Call") -> None:
        """Let the forward pre-hooks change the arguments."""
        for nr, hook in [*hooks.forward_pre_hooks.items(), *self._forward_pre_hooks.items()]:
            if nr not in self._forward_pre_hooks_with_kwargs:
                changed = hook(self, call.args)
                if changed is not None:
                    call.args = (changed,)
                    if isinstance(changed, tuple):
                        call.args = cast("tuple[Any, ...]", changed)
                continue
            changed = hook(self, call.args, call.kwargs)
            if changed is None:
                continue
            if not (isinstance(changed, tuple) and len(changed) == 2):  # pyright: ignore[reportUnknownArgumentType]  # isinstance leaves its parts unknown
                raise RuntimeError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but "
                    f"got {changed}."
                )
            call.args, call.kwargs = cast("tuple[tuple[Any, ...], dict[str, Any]]", changed)

    def _call_forward_hook(self, nr: int, hook: Hook, call: "_Call") -> object:
        if nr in self._forward_hooks_with_kwargs or nr in hooks.forward_hooks_with_kwargs:
            return hook(self, call.args, call.kwargs, call.result)
        return hook(self, call.args, call.result)

    def _call_despite_error(self, call: "_Call") -> None:
        """Call the forward hooks that want to be called even when something raised.

        Those of every module get no keywords here, whether they were registered for them or not:
        so it is in PyTorch.
        """
        everyone = hooks.forward_hooks, hooks.forward_hooks_always_called, "global module"
        mine = self._forward_hooks, self._forward_hooks_always_called, "module"
        for known, always, whose in (everyone, mine):
            for nr, hook in known.items():
                if nr not in always or nr in call.called:
                    continue
                try:
                    if nr in self._forward_hooks_with_kwargs:
                        changed = hook(self, call.args, call.kwargs, call.result)
                    else:
                        changed = hook(self, call.args, call.result)
                    call.result = call.result if changed is None else changed
                except Exception as error:  # noqa: BLE001  # the first error matters more
                    warnings.warn(
                        f"{whose} forward hook with ``always_call=True`` raised an exception that "
                        f"was silenced as another error was raised in forward: {error}",
                        stacklevel=depth(),
                    )

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; what it returns replaces the arguments.

        With `with_kwargs`: `hook(module, args, kwargs)`, which may return both.
        """
        marked = self._forward_pre_hooks_with_kwargs, with_kwargs
        return registered(self._forward_pre_hooks, hook, marked, prepend=prepend)

    def register_forward_hook(
        self,
        hook: Hook,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output.

        With `with_kwargs`: `hook(module, args, kwargs, output)`. With `always_call` the hook is
        called even when `forward` raises.
        """
        named = self._forward_hooks_with_kwargs, with_kwargs
        always = self._forward_hooks_always_called, always_call
        return registered(self._forward_hooks, hook, named, always, prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` on the way back; what it returns takes its place."""
        return registered(self._backward_pre_hooks, hook, prepend=prepend)

    def register_backward_hook(self, hook: Hook) -> RemovableHandle:
        """The first kind of backward hook, which sees the last op of `forward` alone.

        `register_full_backward_hook` is what takes its place.
        """
        self._keep_backward_hooks(full=False)
        return registered(self._backward_hooks, hook)

    def _keep_backward_hooks(self, full: bool) -> None:
        """Raise where backward hooks of the other kind are there."""
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single "
                "Module. Please use only one of them."
            )
        self._is_full_backward_hook = full

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)`; what it returns replaces grad_input."""
        self._keep_backward_hooks(full=True)
        return registered(self._backward_hooks, hook, prepend=prepend)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        mine = self.__dict__
        mine.update(state)
        for kind in _HOOKS:
            mine.setdefault(kind, OrderedDict())
        mine.setdefault("_non_persistent_buffers_set", set())
        mine.setdefault("_is_full_backward_hook", None)

    def extra_repr(self) -> str:
        """What the repr says between the parentheses; override it."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {indented(repr(m), 2)}" for name, m in self._modules.items()]
        if not lines and not children:
            inside = ""
        elif len(lines) == 1 and not children:
            inside = lines[0]
        else:
            inside = "\n  " + "\n  ".join(lines + children) + "\n"
        return f"{self._get_name()}({inside})"
