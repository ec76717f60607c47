"""Watching an engine's ops as they run, so that their rounding can be followed."""

import contextlib
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np

from experiments.harness import formulas, rules, scans
from experiments.harness.rounding import (
    EXACT,
    ROUNDOFF,
    Call,
    Ledger,
    Scale,
    UnknownOp,
    array,
    dtype_name,
    is_tensor,
    tensors_in,
)

# Names under which an engine's op differs from the rule's.
ALIASES = {
    "multiply": "mul",
    "subtract": "sub",
    "divide": "div",
    "__rsub__": "rsub",
    "div_scalar": "div",
    "where_self": "where",
    "softmax_along": "softmax",
    "log_softmax_along": "log_softmax",
    "softmax_backward_data": "softmax_backward",
    "log_softmax_backward_data": "log_softmax_backward",
    "normal_of": "normal",
    "max_all": "max",
    "max_dim": "max",
    "min_all": "min",
    "min_dim": "min",
    "median_all": "median",
    "median_dim": "median",
    "nanmedian_all": "nanmedian",
    "nanmedian_dim": "nanmedian",
}
# `rules` finds what these register.
assert formulas.rule is scans.rule is rules.rule
FIRST = ("a", "x", "tensor")


def settled(name: str) -> tuple[str, bool]:
    """An op's name without the underscore of in-place ops, and whether it had one."""
    inplace = name.endswith("_") and not name.endswith("__")
    return name.rstrip("_") if inplace and not name.startswith("_") else name, inplace


class Eye(Protocol):
    """What can watch: it gets every op of its library while it is active, and runs it."""

    library: Any
    active: bool

    def follow(
        self,
        name: str,
        args: dict[str, Any],
        run: Callable[..., Any],
        *,
        view: bool,
        pointwise: bool,
    ) -> Any: ...


class Follower:
    """Keeps the ledger of variances up to date while ops run; off between observed steps."""

    def __init__(self, library: Any, scale: Scale | None = None) -> None:
        self.library = library
        self.scale = scale or Scale()
        self.ledger = Ledger()
        self.active = True
        self.calls = 0

    def follow(
        self,
        name: str,
        args: dict[str, Any],
        run: Callable[..., Any],
        *,
        view: bool,
        pointwise: bool,
    ) -> Any:
        """The op's result, its noise written down beside it."""
        name, inplace = settled(name)
        self.ledger.calls[name] += 1
        target = next(iter(args.values())) if inplace else args.get("out")
        if name == "__setitem__":
            inplace, target = True, args["input"]
        with np.errstate(invalid="ignore"):
            before = self._before(args, target) if is_tensor(target) else {}
        result = run(args)
        self.calls += 1
        if view or (not inplace and self._aliases(args, result) and target is None):
            return result
        outputs = [target] if name == "__setitem__" else list(tensors_in(result))
        if not outputs:
            return result
        call = Call(
            name, args, outputs[0], self.ledger, self.scale, self.library, run, before, pointwise,
            given=outputs,
        )  # fmt: skip
        with np.errstate(all="ignore"):
            noise = rules.noise_of(call)
        noises = noise if isinstance(noise, tuple) else (noise,)
        for output, one in zip(outputs, noises, strict=False):
            self.ledger.write(output, one)
        for output in outputs[len(noises) :]:
            if dtype_name(output) in ROUNDOFF:
                raise UnknownOp(f"the rule of `{call.name}` has {len(noises)} results, not more")
            self.ledger.write(output, EXACT)
        if call.name in ("relu", "tanh", "gelu", "leaky_relu", "max", "argmax"):
            self.ledger.name(outputs[0], call.name)
        return result

    def _before(self, args: dict[str, Any], target: Any) -> dict[str, Any]:
        """Copies of what an in-place op is about to overwrite."""
        storage = target.untyped_storage()
        return {
            name: array(value).astype(np.float64)
            for name, value in args.items()
            if is_tensor(value) and value.untyped_storage() is storage
        }

    def _aliases(self, args: dict[str, Any], result: Any) -> bool:
        if not is_tensor(result):
            return False
        storage = result.untyped_storage()
        return any(t.untyped_storage() is storage for v in args.values() for t in tensors_in(v))


def _renamed(names: list[str]) -> list[str]:
    return ["input" if n == "self" or (i == 0 and n in FIRST) else n for i, n in enumerate(names)]


@dataclass(frozen=True, slots=True)
class _Signature:
    """How an op of the engine takes arguments, its parameters by the rules' names."""

    shown: dict[str, str]  # by the op's own names, in order
    positional: int
    defaults: dict[str, Any]
    variadic: bool


@cache
def _signature(op: Any) -> _Signature:
    sources = (getattr(op, name, None) for name in ("function", "fn", "__wrapped__"))
    source = next((source for source in sources if callable(source)), op)
    parameters = inspect.signature(source).parameters
    shown = dict(zip(parameters, _renamed(list(parameters)), strict=True))
    kinds = [p.kind for p in parameters.values()]
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    return _Signature(
        shown,
        sum(kind not in named for kind in kinds),
        {shown[n]: p.default for n, p in parameters.items() if p.default is not p.empty},
        inspect.Parameter.VAR_POSITIONAL in kinds,
    )


def _bind(
    op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[dict[str, Any], Callable]:
    """Arguments by the rules' names, and a function that calls the op with such arguments."""
    signature = _signature(op)
    shown, last = signature.shown, signature.positional - 1
    spread = signature.variadic and len(args) > last
    given = dict(zip(shown.values(), args[:last] if spread else args, strict=False))
    if spread:
        given[list(shown.values())[last]] = list(args[last:])
    complete = signature.defaults | given | {shown.get(k, k): v for k, v in kwargs.items()}

    def run(values: dict[str, Any]) -> Any:
        ordered = [values[name] for name in given]
        if spread:
            ordered[last:] = ordered[last]
        return op(*ordered, **{k: values[shown.get(k, k)] for k in kwargs})

    return complete, run


def watching(eye: Eye) -> contextlib.AbstractContextManager[Any]:
    """A context in which an eye watches every op of its library."""
    library = eye.library
    if library.__name__ == "torch":
        return _torch_mode(eye)
    return _engine_mode(eye)


def _engine_mode(eye: Eye) -> contextlib.AbstractContextManager[Any]:
    modes = importlib.import_module(f"{eye.library.__name__}.graph.modes")

    class Watch(modes.OpMode):
        """Shows the engine's ops."""

        def __op__(self, op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if not eye.active:
                return op(*args, **kwargs)
            bound, run = _bind(op, args, kwargs)
            return eye.follow(
                ALIASES.get(op.name, op.name), bound, run,
                view=op.layout == "view", pointwise=op.layout == "elementwise",
            )  # fmt: skip

    return Watch()


@dataclass(frozen=True, slots=True)
class _Aten:
    """What PyTorch's schema says of an op; its arguments go by the rules' names."""

    name: str
    defaults: dict[str, Any]
    view: bool
    pointwise: bool


@cache
def _aten(func: Any) -> _Aten | None:
    schema = func._schema
    if not schema.name.startswith("aten::"):
        return None
    names = _renamed([a.name for a in schema.arguments])
    defaults = {n: a.default_value for n, a in zip(names, schema.arguments, strict=True)}
    pointwise = any(tag.name == "pointwise" for tag in func.tags)
    return _Aten(schema.name.removeprefix("aten::"), defaults, func.is_view, pointwise)


def _torch_mode(eye: Eye) -> contextlib.AbstractContextManager[Any]:
    base = importlib.import_module("torch.utils._python_dispatch").TorchDispatchMode

    class Watch(base):
        """Shows PyTorch's ops."""

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            if not eye.active:
                return func(*args, **kwargs)
            aten = _aten(func)
            if aten is None:
                return func(*args, **kwargs)
            given = dict(zip(aten.defaults, args, strict=False))

            def run(values: dict[str, Any]) -> Any:
                return func(*(values[n] for n in given), **{k: values[k] for k in kwargs})

            return eye.follow(
                aten.name, aten.defaults | given | kwargs, run,
                view=aten.view, pointwise=aten.pointwise,
            )  # fmt: skip

    return Watch()
