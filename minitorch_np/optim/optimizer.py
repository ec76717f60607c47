"""Optimizer: parameter groups, their options, and what is remembered of each parameter.

Source: torch/optim/optimizer.py.
"""

import functools
import itertools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, ClassVar, TypeVar, cast

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.handle import RemovableHandle, registered
from minitorch_np.graph.modes import enable_grad, set_grad_enabled
from minitorch_np.graph.modes import state as modes
from minitorch_np.nn.conversion import clear_grad
from minitorch_np.nn.hooks import Hook, Hooks
from minitorch_np.nn.parameter import typename
from minitorch_np.ops.from_data import tensor as new_tensor
from minitorch_np.optim.loading import counts_in_float32, fitting
from minitorch_np.tensor import Tensor

__all__ = [
    "Closure", "Group", "Loss", "Optimizer", "ParamsT", "State", "check_fused", "evaluated",
    "differentiable_step", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook",
    "scalar_dtype", "to_scalar", "value_of", "with_grads",
]  # fmt: skip

Group = dict[str, Any]
State = dict[str, Any]
Loss = Tensor | float
Closure = Callable[[], Loss]
ParamsT = Iterable[Tensor] | Iterable[Group] | Iterable[tuple[str, Tensor]]
F = TypeVar("F", bound=Callable[..., Any])

_step_pre_hooks: Hooks = OrderedDict()
_step_post_hooks: Hooks = OrderedDict()


def register_optimizer_step_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before the step of every optimizer."""
    return registered(_step_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after the step of every optimizer."""
    return registered(_step_post_hooks, hook)


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
"""A default that says: the caller has to give this option in each group."""


def evaluated(closure: Closure | None) -> Loss | None:
    """What the closure returns, its history recorded; None without a closure."""
    if closure is None:
        return None
    with enable_grad():
        return closure()


def differentiable_step(step: F) -> F:
    """`step` outside any graph, or inside one if the optimizer is `differentiable`."""

    @functools.wraps(step)
    def stepped(self: "Optimizer", *args: object, **kwargs: object) -> object:
        before, inside = modes.grad, self.defaults.get("differentiable", False)
        try:
            if inside is False:  # mostly, and without a check
                modes.record(inside)
            else:
                set_grad_enabled(inside)
            return step(self, *args, **kwargs)
        finally:
            modes.record(before)

    return cast(F, stepped)


def with_grads(group: Group) -> Iterator[tuple[Tensor, Tensor]]:
    """(parameter, gradient) of those that have one; the gradient negated where one maximises.

    A fused step leaves the parameter's version as it was, for PyTorch's kernels count no writes.
    """
    fused, maximize = group.get("fused"), group.get("maximize")
    for parameter in group["params"]:
        grad = parameter.grad
        if grad is None:
            continue
        version = parameter.clock.value if fused else None
        yield parameter, -grad if maximize else grad
        if version is not None:
            parameter.clock.value = version


def scalar_dtype(fused: bool | None = None) -> Dtype:
    """The dtype of step counts: float64 if that is the default dtype, else float32."""
    double = dtypes.get_default_dtype() is dtypes.float64
    return dtypes.float64 if double and not fused else dtypes.float32


def to_scalar(x: Tensor | float) -> Tensor | float:
    """An option that may be a 1-element tensor, of 0 dimensions then."""
    return x.squeeze() if isinstance(x, Tensor) and x.ndim else x


def value_of(x: Tensor | float) -> float:
    """A number, or the element of a tensor."""
    return float(x.item()) if isinstance(x, Tensor) else x


def check_fused(fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """Raise for options that exclude one another."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def check_capturable(
    capturable: bool, what: str = "params and state_steps", xla: bool = True
) -> None:
    """Raise, for there are no graphs to capture on a CPU."""
    if capturable:
        devices = ["cuda", "xpu", "hpu", "privateuseone", *(["xla"] if xla else [])]
        raise AssertionError(f"If capturable=True, {what} must be on supported devices: {devices}.")


def _hooked(step: Callable[..., object]) -> Callable[..., object]:
    """A class's step with the hooks around it."""

    @functools.wraps(step)
    def stepped(self: Optimizer, *rest: object, **kwargs: object) -> object:
        args: tuple[Any, ...] = (self, *rest)
        if _step_pre_hooks or self._step_pre_hooks:  # pyright: ignore[reportPrivateUsage]  # of one module
            args, kwargs = _shown(self, step, args, kwargs)
        result = step(*args, **kwargs)
        if _step_post_hooks or self._step_post_hooks:  # pyright: ignore[reportPrivateUsage]  # of one module
            for hook in (*self._step_post_hooks.values(), *_step_post_hooks.values()):  # pyright: ignore[reportPrivateUsage]  # of one module
                hook(self, args, kwargs)
        return result

    return stepped


def _shown(
    optimizer: "Optimizer",
    step: Callable[..., object],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What the hooks before a step make of its arguments."""
    for hook in (*_step_pre_hooks.values(), *optimizer._step_pre_hooks.values()):  # pyright: ignore[reportPrivateUsage]  # of one module
        changed = hook(optimizer, args, kwargs)
        if changed is None:
            continue
        if not (isinstance(changed, tuple) and len(changed) == 2):  # pyright: ignore[reportUnknownArgumentType]  # isinstance leaves its parts unknown
            raise RuntimeError(
                f"{step} must return None or a tuple of (new_args, new_kwargs), but got {changed}."
            )
        args, kwargs = cast("tuple[tuple[Any, ...], dict[str, Any]]", changed)
    return args, kwargs


class Optimizer:
    """Changes parameters by their gradients, each group with its own options.

    `param_groups` is a list of dicts of options and 'params'; `state` remembers, parameter by
    parameter, what a subclass's `step` put there; `defaults` are the options of a group that
    names none.
    """

    _hook_kinds: ClassVar[tuple[str, ...]] = (
        "_step_pre_hooks", "_step_post_hooks", "_state_dict_pre_hooks", "_state_dict_post_hooks",
        "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
    )  # fmt: skip
    _step_pre_hooks: Hooks
    _step_post_hooks: Hooks
    _state_dict_pre_hooks: Hooks
    _state_dict_post_hooks: Hooks
    _load_state_dict_pre_hooks: Hooks
    _load_state_dict_post_hooks: Hooks

    state: "defaultdict[Tensor, State]"
    param_groups: list[Group]
    defaults: dict[str, Any]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = cast(Any, _hooked(cls.step))

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or "
                f"dicts, but got {typename(params)}"
            )
        if isinstance(params, set):
            warnings.warn(
                "optimizer parameters need to be organized in ordered collections, but the "
                "ordering of tensors in sets will change between runs. Please use a list instead. "
                "This will be an error in a future release.",
                FutureWarning,
                stacklevel=2,
            )
        self.state = defaultdict(dict)
        self.param_groups = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _make_hooks(self) -> None:
        for kind in self._hook_kinds:
            self.__dict__.setdefault(kind, OrderedDict())

    def __getstate__(self) -> dict[str, Any]:
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._make_hooks()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for nr, group in enumerate(self.param_groups):
            options = [f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params"]
            text += f"\nParameter Group {nr}\n{''.join(options)}"
        return f"{text})"

    def step(self, closure: Closure | None = None) -> Loss | None:
        """Change every parameter that has a gradient, once; the loss, if a closure computes it."""
        raise NotImplementedError

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or fill them with zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                clear_grad(parameter, set_to_none)

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters, with options that differ from the defaults."""
        if not isinstance(param_group, dict):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the "
                "ordering of tensors in sets will change between runs. Please use a list instead."
            )
        given: list[Any] = [params] if isinstance(params, Tensor) else list(params)
        named = [cast("tuple[str, Tensor]", p) for p in given if isinstance(p, tuple)]
        names = [name for name, _ in named]
        tensors: list[Any] = [cast(Any, p)[1] if isinstance(p, tuple) else p for p in given]
        param_group["params"] = tensors
        if names:
            if len(names) != len(tensors):
                raise ValueError(
                    "all optimizer params should be with/without names. Some param names are "
                    "missing"
                )
            param_group["param_names"] = names
        self._check_tensors(tensors)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter "
                    f"{name}"
                )
            param_group.setdefault(name, default)
        self._check_known(param_group, tensors)
        self.param_groups.append(param_group)

    def _check_tensors(self, tensors: list[Any]) -> None:
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is "
                    f"{typename(tensor)}"
                )
            if not self.defaults.get("differentiable") and not (
                tensor.is_leaf or tensor.retains_grad
            ):
                raise ValueError("can't optimize a non-leaf Tensor")

    def _check_known(self, param_group: Group, tensors: list[Tensor]) -> None:
        """Raise where a new group does not go together with those there are."""
        if len(tensors) != len(set(tensors)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
                stacklevel=4,
            )
        named = "param_names" in param_group
        known: set[Tensor] = set()
        for group in self.param_groups:
            known.update(group["params"])
            if named != ("param_names" in group):
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param "
                    f"group {'with names' if named else 'without names'} to the optimizer"
                )
        if not known.isdisjoint(tensors):
            raise ValueError("some parameters appear in more than one parameter group")

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return both, changed."""
        return registered(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return registered(self._step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before the state dict is made."""
        return registered(self._state_dict_pre_hooks, hook, prepend=prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` afterwards; it may return another dict."""
        return registered(self._state_dict_post_hooks, hook, prepend=prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Hook, prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before loading; it may return another dict."""
        return registered(self._load_state_dict_pre_hooks, hook, prepend=prepend)

    def register_load_state_dict_post_hook(
        self, hook: Hook, prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(optimizer)` after loading."""
        return registered(self._load_state_dict_post_hooks, hook, prepend=prepend)

    def state_dict(self) -> dict[str, Any]:
        """The groups, parameters as numbers, and the state by those numbers: PyTorch's format."""
        for hook in self._state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        start = 0
        groups: list[Group] = []
        for group in self.param_groups:
            for nr, parameter in enumerate(group["params"], start):
                numbers.setdefault(id(parameter), nr)
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            groups.append(packed)
            start += len(packed["params"])
        state = {
            numbers[id(key)] if isinstance(key, Tensor) else key: value  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            for key, value in self.state.items()
        }
        made: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._state_dict_post_hooks.values():
            changed = hook(self, made)
            made = made if changed is None else changed
        return made

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a state dict, ours or PyTorch's; parameters are matched by their order.

        State takes its parameter's dtype, 'step' excepted. Tensors of ours are kept, not copied.
        Raises: ValueError unless groups have as many parameters as those saved.
        """
        given = dict(cast(Any, state_dict).copy())
        for hook in self._load_state_dict_pre_hooks.values():
            changed = hook(self, given)
            given = given if changed is None else changed
        groups, saved = self.param_groups, deepcopy(given["param_groups"])
        if len(groups) != len(saved):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(g["params"]) != len(s["params"]) for g, s in zip(groups, saved, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group"
            )
        flat = itertools.chain.from_iterable
        numbered = dict(
            zip(flat(s["params"] for s in saved), flat(g["params"] for g in groups), strict=True)
        )
        state: defaultdict[Any, Any] = defaultdict(dict)
        for number, value in given["state"].items():
            if number in numbered:
                parameter = numbered[number]
                counts = counts_in_float32(number, given["param_groups"])
                state[parameter] = fitting(value, parameter, counts)
            else:
                state[number] = value
        for group, new in zip(groups, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group:
                new.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._load_state_dict_post_hooks.values():
            hook(self)


def counted(state: State, group: Group) -> None:
    """Make the step count of a state a tensor, where an older checkpoint has a number."""
    if state and not isinstance(state["step"], Tensor):
        dtype = scalar_dtype(group.get("fused"))
        state["step"] = new_tensor(float(state["step"]), dtype=dtype)
