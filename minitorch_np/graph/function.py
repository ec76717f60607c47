"""Functions whose forward and backward the user writes: `torch.autograd.Function`.

They stand this low because modules and checkpoints are made of them.

Source: torch/autograd/function.py and torch/csrc/autograd/python_function.cpp.
"""

import functools
import inspect
import itertools
import types
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar, Concatenate, NoReturn, ParamSpec, TypeVar, cast

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import float32
from minitorch_np.graph.calls import call
from minitorch_np.graph.custom import CustomNode
from minitorch_np.graph.handle import RemovableHandle, registered
from minitorch_np.graph.modes import is_grad_enabled, no_grad, over, state
from minitorch_np.graph.node import Edge, Node, edge
from minitorch_np.graph.saved import with_history
from minitorch_np.tensor import Tensor

__all__ = [
    "BackwardCFunction", "Function", "FunctionCtx", "FunctionMeta", "InplaceFunction",
    "once_differentiable", "overrides", "refuse_joint", "vmap_rule",
]  # fmt: skip

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")
AUTOGRAD_FUNCTION_COUNTER = itertools.count()
_MODULE = "minitorch_np.autograd.function"
"""Where PyTorch has the classes of nodes, which their reprs say."""


class FunctionCtx:
    """What `forward`, `setup_context` and `backward` may do with their `ctx`."""

    @property
    def input_grad_buffers(self) -> tuple[Tensor | None, ...]:
        """For each argument of `forward`, the sum of the gradients that came for it so far.

        None where none came, or where the sum must not be written to. `backward` may add to one,
        and return None for that argument. Only to be read in a `backward` that is running.
        Raises: RuntimeError otherwise, under `create_graph`, and where the node has hooks.
        """
        return cast(Any, self)._input_grad_buffers

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors, or None, for `ctx.saved_tensors` in `backward`. To be called once.

        A tensor that is written to before then is an error there.
        """
        cast(Any, self).to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors, or None, for `ctx.saved_tensors` in `jvp`. To be called once."""
        for tensor in tensors:
            if not (isinstance(tensor, Tensor) or tensor is None):  # pyright: ignore[reportUnnecessaryIsInstance, reportUnnecessaryComparison]  # callers may be untyped
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should save "
                    "non-tensors as attributes on ctx."
                )
        cast(Any, self).saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which arguments `forward` wrote to; all of them must be returned. Call it once."""
        cast(Any, self).dirty_tensors = args

    def mark_shared_storage(self, *pairs: object) -> None:  # noqa: ARG002
        """Nothing: shared storages are known. Deprecated."""
        warnings.warn(
            "`mark_shared_storage` is deprecated. Tensors with shared storages are automatically "
            "tracked. Note that calls to `set_()` are not tracked",
            FutureWarning,
            stacklevel=2,
        )

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no gradient: `backward` gets zeros for them. Call it once."""
        cast(Any, self).non_differentiable = args

    def set_output_grad_dtype(self, *dtypes: Dtype | None) -> None:
        """Say, for each output, in which dtype `backward` gets its gradient; None for any.

        Raises: RuntimeError when called twice, and from `apply` for a wrong number of dtypes, or
        a dtype for an output that has no gradient.
        """
        if cast(Any, self).output_grad_dtypes is not None:
            raise RuntimeError("set_output_grad_dtype can only be called once")
        cast(Any, self).output_grad_dtypes = dtypes

    def set_materialize_grads(self, value: bool) -> None:
        """Say whether `backward` and `jvp` get zeros, or None, for a gradient that is missing."""
        cast(Any, self).materialize_grads = value


class _HookMixin:
    @staticmethod
    def _register_hook(
        backward_hooks: "OrderedDict[int, Any] | None", hook: Callable[..., Any]
    ) -> "tuple[OrderedDict[int, Any], RemovableHandle]":
        if backward_hooks is None:
            backward_hooks = OrderedDict()
        return backward_hooks, registered(backward_hooks, hook)


class BackwardCFunction(CustomNode, FunctionCtx, _HookMixin):
    """The node of a custom Function, and its `ctx`; `FunctionMeta` derives a class for each."""

    _autograd_function_id: ClassVar[int]

    def _get_user_fn(self) -> Callable[..., Any]:
        backward, vjp = self._forward_cls.backward, self._forward_cls.vjp
        if backward is not Function.backward and vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You "
                "should only implement one of them."
            )
        return vjp if vjp is not Function.vjp else backward

    def apply(self, *args: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ANN401  # torch's, which users call; the engine calls `run`
        """What the Function's `backward` returns for these gradients, unchecked."""
        if getattr(self._forward_cls, "boxed_grads_call", False):
            args = (list(args),)
        return self._get_user_fn()(self, *args)

    def apply_boxed(self, *args: Any) -> Any:  # noqa: ANN401
        """What `backward` returns for a list of gradients, which it may empty as it goes."""
        return self._get_user_fn()(self, *args)

    def __call__(self, *args: object) -> NoReturn:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG002  # as in torch
        raise TypeError(f"'{type(self).__name__}' object is not callable")

    def apply_jvp(self, *args: Any) -> Any:  # noqa: ANN401
        """What the Function's `jvp` returns for these tangents."""
        return self._forward_cls.jvp(self, *args)


class FunctionMeta(type):
    """The class of Functions: gives each its `_backward_cls`, the class of its nodes."""

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        own = {"_forward_cls": cls, "__module__": _MODULE}
        kind = cast(Any, type(f"{name}Backward", (BackwardCFunction,), own))
        kind._autograd_function_id = next(AUTOGRAD_FUNCTION_COUNTER)
        cast(Any, cls)._backward_cls = kind
        super().__init__(name, bases, attrs)


class _SingleLevelFunction(CustomNode, FunctionCtx, _HookMixin, metaclass=FunctionMeta):
    """What a Function is made of; see `Function`."""

    _backward_cls: ClassVar[type[BackwardCFunction]]

    clear_saved_tensors_on_access: bool = False
    """Whether `ctx.saved_tensors` gives the tensors once only, and lets go of them."""

    boxed_grads_call: bool = False
    """Whether `backward` gets its gradients as one list, from which it may take them."""

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The result for `(ctx, *args)`, or for `args` where `setup_context` is there too."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:  # noqa: ANN401
        """Save what `backward` needs, after `forward`, which then gets no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:  # noqa: ANN401
        """The gradient of each argument of `forward`, None where there is none."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:  # noqa: ANN401
        """The tangent of each output, given that of each argument."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )


class Function(_SingleLevelFunction):
    """A differentiable function of one's own: derive from it, and call `apply`.

    Write the static methods `forward(ctx, *args)` and `backward(ctx, *grads)`. Forward is not
    recorded, and backward only under `create_graph`; written in ops, it has derivatives itself.
    Source: torch/autograd/function.py.
    """

    generate_vmap_rule: bool = False
    """Whether vmap may derive its rule: forward, backward and jvp must be written in ops."""

    def __init__(self, *args: object, **kwargs: object) -> None:  # noqa: ARG002
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )
        super().__init__()

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:  # noqa: ARG002
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> Any:  # noqa: ANN401
        """`(output, out_dims)` for arguments that are batched along `in_dims`."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or "
            "set generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ANN401  # torch's: a node's is another
        """What `forward` returns for the arguments, with this function as its history.

        Keywords become positional arguments by the names of `forward`'s parameters, and defaults
        arguments where `setup_context` is overridden.
        """
        apart = overrides(cls, "setup_context")
        if apart:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        if state.transforms:
            return over.functions(cls, args)
        if kwargs:
            args = _positional(cls, args, kwargs, 0 if apart else 1)
        return call(cls, args, apart)


def overrides(function: type[Function], name: str) -> bool:
    """Whether a Function has a static method of its own: 'jvp', 'vmap', 'setup_context', ..."""
    return getattr(function, name) is not getattr(Function, name)


def refuse_joint(function: type[Function]) -> None:
    """Raise RuntimeError for a Function whose `forward` gets the ctx: transforms cannot take it.

    Source: THPFunction_apply, torch/csrc/autograd/python_function.cpp.
    """
    if not overrides(function, "setup_context"):
        raise RuntimeError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, "
            "jacrev, ...), it must override the setup_context staticmethod. For more details, "
            "please see https://pytorch.org/docs/main/notes/extending.func.html"
        )


def vmap_rule(function: type[Function]) -> Callable[..., Any] | None:
    """The `vmap` static method of a Function, None where the rule is to be derived.

    Raises: RuntimeError where there is neither or both. Source:
    torch/_functorch/autograd_function.py, custom_function_call_vmap.
    """
    own = overrides(function, "vmap")
    if function.generate_vmap_rule and own:
        raise RuntimeError(
            f"You tried to vmap over {function.__name__}, but it has both generate_vmap_rule=True "
            "and an overridden vmap staticmethod. Please set generate_vmap_rule=False or delete "
            "the overridden vmap staticmethod to avoid ambiguity. For more details, please see "
            "https://pytorch.org/docs/main/notes/extending.func.html"
        )
    if function.generate_vmap_rule:
        return None
    if not own:
        raise RuntimeError(
            f"You tried to vmap over {function.__name__}, but it does not have vmap support. "
            "Please override and implement the vmap staticmethod or set generate_vmap_rule=True. "
            "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"
        )
    return function.vmap


def _positional(
    function: type[Function], args: tuple[Any, ...], kwargs: dict[str, Any], skip: int
) -> tuple[Any, ...]:
    """The arguments of `apply` in the order of `forward`'s parameters, the first `skip` left out.

    Raises: TypeError. Source: resolve_kwargs_to_positional, python_function.cpp.
    """
    code = cast(types.FunctionType, function.forward).__code__
    names = code.co_varnames[skip : code.co_argcount]
    values = dict(enumerate(args))
    for key, value in kwargs.items():
        if key not in names:
            raise TypeError(f"forward() got an unexpected keyword argument '{key}'")
        if names.index(key) < len(args):
            raise TypeError(f"forward() got multiple values for argument '{key}'")
        values[names.index(key)] = value
    count = max(values) + 1
    if count > len(names):
        raise TypeError(f"forward() takes {len(names)} positional arguments but {count} were given")
    for at in range(count):
        if at not in values:
            raise TypeError(f"forward() missing required argument: '{names[at]}' (position {at})")
    return tuple([values[at] for at in range(count)])


class _Error(Node):
    """The history of what a once differentiable backward returned: to go through it is an error."""

    __slots__ = ()

    def apply(
        self,
        grads: list[Tensor | None],  # noqa: ARG002
        edges: tuple[Edge | None, ...],  # noqa: ARG002
    ) -> list[Tensor | None]:
        """Raise RuntimeError: there is no derivative."""
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )

    def name(self) -> str:
        """PyTorch's name of the node."""
        return "torch::autograd::Error"


def once_differentiable(fn: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[T, P], R]:
    """A `backward` that has no derivative: under `create_graph` its results raise on the way back.

    Source: torch/autograd/function.py, once_differentiable.
    """

    @functools.wraps(fn)
    def wrapper(ctx: T, *args: P.args, **kwargs: P.kwargs) -> R:
        with no_grad():
            outputs = fn(ctx, *args, **kwargs)
        wanted = any(isinstance(a, Tensor) and a.requires_grad for a in args)
        if not (is_grad_enabled() and wanted):
            return outputs
        several = cast("tuple[Any, ...]", outputs if isinstance(outputs, tuple) else (outputs,))
        return cast(R, _underivable(several))

    return wrapper


def _underivable(outputs: tuple[Tensor | None, ...]) -> Any:  # noqa: ANN401
    """The outputs, those that are tensors with a history that raises.

    Source: DelayedError, torch/csrc/autograd/functions/basic_ops.cpp.
    """
    leaves = [None if t is None else t.detach() for t in outputs]
    for leaf in leaves:
        if leaf is not None:
            leaf.requires_grad = True
    node = _Error(tuple([None if t is None else edge(t) for t in leaves]))
    node.expects = [((), float32) if t is None else (t.sizes, t.dtype) for t in leaves]
    results = [None if t is None else with_history(node, t, nr) for nr, t in enumerate(leaves)]
    return results[0] if len(results) == 1 else tuple(results)


class InplaceFunction(Function):
    """Kept for old code: `Function` is what to derive from."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


for _kind in (BackwardCFunction, Function, FunctionCtx, FunctionMeta, InplaceFunction):
    _kind.__module__ = _MODULE
