"""Watching an engine's ops as they run, so that their rounding can be followed."""

import contextlib
import importlib
import inspect
from collections.abc import Callable
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


@cache
def _parameters(op: Any) -> tuple[list[str], int, dict[str, Any], bool]:
    """An op's parameter names, how many are positional, its defaults, whether *args ends them."""
    for source in (
        getattr(op, "function", None),
        getattr(op, "fn", None),
        getattr(op, "__wrapped__", None),
        op,
    ):
        if source is not None and callable(source):
            parameters = list(inspect.signature(source).parameters.values())
            break
    positional = [p for p in parameters if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return [p.name for p in parameters], len(positional), defaults, variadic


def _bind(
    op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[dict[str, Any], Callable]:
    """Arguments by the rules' names, and a function that calls the op with such arguments."""
    names, positional, defaults, variadic = _parameters(op)
    shown = _renamed(names)
    count = len(args)
    if variadic and count >= positional:
        head = positional - 1
        bound = dict(zip(shown, args[:head], strict=False)) | {shown[head]: list(args[head:])}
    else:
        bound = dict(zip(shown, args, strict=False))
    given = list(bound)
    bound |= {shown[names.index(k)] if k in names else k: v for k, v in kwargs.items()}
    complete = {s: defaults[n] for n, s in zip(names, shown, strict=True) if n in defaults} | bound

    def run(values: dict[str, Any]) -> Any:
        ordered: list[Any] = []
        for i, name in enumerate(given):
            value = values[name]
            if variadic and i == positional - 1:
                ordered.extend(value)
            else:
                ordered.append(value)
        return op(*ordered, **{k: values[_shown(k)] for k in kwargs})

    def _shown(k: str) -> str:
        return shown[names.index(k)] if k in names else k

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


def _torch_mode(eye: Eye) -> contextlib.AbstractContextManager[Any]:
    torch = eye.library
    base = importlib.import_module("torch.utils._python_dispatch").TorchDispatchMode

    class Watch(base):
        """Shows PyTorch's ops."""

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            if not eye.active:
                return func(*args, **kwargs)
            schema = func._schema
            if not schema.name.startswith("aten::"):
                return func(*args, **kwargs)
            names = _renamed([a.name for a in schema.arguments])
            defaults = {n: a.default_value for n, a in zip(names, schema.arguments, strict=True)}
            bound = defaults | dict(zip(names, args, strict=False)) | kwargs
            given = names[: len(args)]

            def run(values: dict[str, Any]) -> Any:
                return func(*(values[n] for n in given), **{k: values[k] for k in kwargs})

            return eye.follow(
                schema.name[6:], bound, run,
                view=func.is_view, pointwise=torch.Tag.pointwise in func.tags,
            )  # fmt: skip

    return Watch()
