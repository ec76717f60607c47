"""What a level of vmap does with an op: its rule on all examples at once, else one by one.

A rule takes the level, the op, and the arguments by name, as one example has them; it returns the
result of all examples, stacked along dimension 0, or NotImplemented where it is not for these.
Source: aten/src/ATen/functorch/BatchedFallback.cpp and BatchRulesRandomness.cpp.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, cast

from minitorch_np.func.batched import Level, batched, refreshed
from minitorch_np.graph.modes import RegisteredOp
from minitorch_np.op import Op
from minitorch_np.ops.join import stack
from minitorch_np.tensor import Tensor

__all__ = ["RANDOM", "RULES", "Args", "Kwargs", "Rule", "VmapLevel", "refuse_target", "rule"]

A = Any

Args = tuple[Any, ...]
Kwargs = dict[str, Any]
Rule = Callable[[Level, RegisteredOp, Kwargs], Any]

RULES: dict[str, Rule] = {}
"""The rule of each op that has one, by its name."""

LAYOUT_RULES: dict[str, Rule] = {}
"""The rule of all other ops of a layout."""

RANDOM = frozenset(
    """uniform_ normal_ random_ bernoulli_ exponential_ cauchy_ log_normal_ geometric_ bernoulli
    normal_of multinomial native_dropout""".split()
)
"""Ops that draw, whose examples see what the level's `randomness` says."""

_UNSUPPORTED = {"rrelu_with_noise": "rrelu", "rrelu_with_noise_": "rrelu_"}
"""Ops that draw and have no rule in PyTorch, and what ATen calls them."""

_DYNAMIC = {
    "_unique2": "_unique2", "consecutive": "unique_consecutive", "nonzero_matrix": "nonzero",
    "unique_dim": "unique_dim",
}  # fmt: skip
"""Ops whose result has a shape that depends on the elements, and what ATen calls them."""

_NAMED = frozenset(
    "fill_ index_add_ index_fill_ index_put_ scatter_add_ scatter_reduce_ zero_".split()
)
_ARITHMETIC = frozenset(
    """sub_ mul_ div_ copy_ masked_fill_ logical_and_ logical_or_ logical_xor_ clamp_min_
    clamp_max_""".split()
)
_AS_IT_IS = frozenset(
    """add_ atan2_ bitwise_and_ bitwise_or_ bitwise_xor_ bitwise_left_shift_ bitwise_right_shift_
    copysign_ gcd_ lcm_""".split()
)
"""Ops that PyTorch runs on such a target, to see them refuse the shapes."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register a function as the rule of some ops."""

    def register(function: Rule) -> Rule:
        for name in names:
            assert name not in RULES, name
            RULES[name] = function
        return function

    return register


def mapped(f: Callable[[Tensor], Any], argument: A) -> A:
    """An argument with `f` of each tensor in it, in lists as well."""
    if isinstance(argument, Tensor):
        return f(argument)
    if isinstance(argument, (list, tuple)):
        parts = [mapped(f, part) for part in cast("Sequence[object]", argument)]
        if hasattr(cast(object, argument), "_fields"):
            return cast(Any, type(cast(object, argument)))(*parts)
        return tuple(parts) if isinstance(argument, tuple) else parts
    return argument


@functools.cache
def parameters(op: RegisteredOp) -> tuple[str, ...]:
    """The names of an op's parameters."""
    return tuple(cast(Op, op).plan.signature.parameters)


def refuse_target(level: Level, name: str, args: Args = ()) -> NoReturn:
    """Raise: what is written differs between examples, and the target is one for all."""
    where = "in a vmap"
    if name == "masked_fill_" and isinstance(args[2], Tensor):
        what = name
    elif name in _ARITHMETIC:
        what = "inplace arithmetic"
    elif name in _NAMED:
        what = name
    elif name == "bernoulli_":
        what = "inplace bernoulli"
    else:
        what, where = f"aten::{name}", f"at level {level.depth}"
    raise RuntimeError(
        f"vmap: {what}(self, *extra_args) is not possible because there exists a Tensor `other` in "
        "extra_args that has more elements than `self`. This happened due to `other` being vmapped "
        f"over but `self` not being vmapped over {where}. Please try to use out-of-place operators "
        f"instead of {what}. If said operator is being called inside the PyTorch framework, please "
        "file a bug report instead."
    )


def _refuse_dynamic(what: str, outputs: str = "can output") -> NoReturn:
    raise RuntimeError(
        f"vmap: We do not support batching operators that {outputs} dynamic shape. {what}"
    )


class VmapLevel(Level):
    """A level that runs: it takes each op apart from the examples' views, and wraps the result."""

    def __op__(self, op: RegisteredOp, args: Args, kwargs: Kwargs) -> object:
        """The op for every example, where one of its tensors is batched here."""
        if not self.any_held(args) and not self.any_held(tuple(kwargs.values())):
            return self.drawn(op, args, kwargs) if op.name in RANDOM else op(*args, **kwargs)
        name = op.name
        if name in _UNSUPPORTED:
            raise RuntimeError(
                f"vmap: we do not yet support aten::{_UNSUPPORTED[name]}. Please file an issue"
            )
        if kwargs.get("out") is not None:
            raise RuntimeError(
                f"Batching rule not implemented for aten::{name}.out; the fallback path doesn't "
                "work on out= or view ops."
            )
        if name in RANDOM:
            return self.drawn(op, args, kwargs)
        if name in _DYNAMIC:
            _refuse_dynamic(
                f"Attempted to vmap over aten::{_DYNAMIC[name]}. Please file an issue at "
                "https://github.com/pytorch/pytorch/issues if you need this feature."
            )
        inplace = name.endswith("_")
        if inplace and not self.holds(args[0]) and name not in _AS_IT_IS:
            refuse_target(self, name, args)
        found = RULES.get(name) or LAYOUT_RULES.get(op.layout)
        result = NotImplemented
        if found is not None:
            result = found(self, op, dict(zip(parameters(op), args), **kwargs))
        if result is NotImplemented:
            return self.one_by_one(op, args, kwargs)
        if inplace:
            return refreshed(args[0])
        return mapped(self.wrapped, result)

    def any_held(self, arguments: Args) -> bool:
        """Whether a tensor among some arguments is batched here."""
        for one in arguments:
            if isinstance(one, (list, tuple)):
                if self.any_held(tuple(cast("Sequence[object]", one))):
                    return True
            elif self.holds(one):
                return True
        return False

    def wrapped(self, value: Tensor) -> Tensor:
        """One example's view of a result of all."""
        return batched(value, 0, self)

    def one_by_one(self, op: RegisteredOp, args: Args, kwargs: Kwargs) -> object:
        """The op on each example alone; results are stacked, and writes go to views."""
        if not self.size:
            raise RuntimeError(
                f"Batching rule not implemented for aten::{op.name}. The fallback path does not "
                "support vmap over dims of size 0."
            )

        results: list[Any] = []
        for at in range(self.size):
            given, named = mapped(self._example(at), args), mapped_values(self._example(at), kwargs)
            results.append(op(*given, **named))
        if op.name.endswith("_"):
            return args[0]
        first = results[0]
        if isinstance(first, Tensor):
            return self.wrapped(stack(results))
        columns = [
            None if column[0] is None else self.wrapped(stack(column))
            for column in zip(*results, strict=True)
        ]
        return type(first)(*columns) if hasattr(first, "_fields") else type(first)(columns)

    def _example(self, at: int) -> Callable[[Tensor], Tensor]:
        def example(tensor: Tensor) -> Tensor:
            return self.front(tensor).select(0, at) if self.holds(tensor) else tensor

        return example

    def check_random(self) -> None:
        """Raise where this level says that nothing may be drawn."""
        if self.randomness == "error":
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Please either use "
                "the 'same' or 'different' randomness flags on vmap or perform the randomness "
                "operation out of vmap"
            )

    def drawn(self, op: RegisteredOp, args: Args, kwargs: Kwargs) -> object:
        """What an op draws: once for all examples, or for each."""
        name, first = op.name, args[0]
        held = self.holds(first)
        if name == "native_dropout" and args[2] is False:
            return mapped(self.wrapped, op(self.front(first), *args[1:])) if held else op(*args)
        self.check_random()
        if self.randomness == "same":
            return self._drawn_once(op, args, kwargs)
        if name.endswith("_"):
            others = self.any_held(args[1:])
            if not held and others:
                refuse_target(self, name)
            if not held:
                raise RuntimeError(
                    "vmap: Cannot ask for different inplace randomness on an unbatched tensor. "
                    "This will appear like same randomness. If this is necessary for your usage, "
                    "please file an issue with functorch."
                )
        if name == "multinomial" and len(first.sizes) > held:
            return self._drawn_rows(op, args, kwargs)
        given = tuple([self.spread(a) if isinstance(a, Tensor) else a for a in args])
        result = op(*given, **kwargs)
        return first if name.endswith("_") else mapped(self.wrapped, result)

    def _drawn_once(self, op: RegisteredOp, args: Args, kwargs: Kwargs) -> object:
        """What is drawn once for all examples."""
        first = args[0]
        fills = op.name.endswith("_") and self.holds(first) and not self.any_held(args[1:])
        if fills:  # an example is filled, and the others are copies of it
            all_examples = self.front(first)
            one = all_examples.select(0, 0)
            op(one, *args[1:], **kwargs)
            all_examples.copy_(one.clone())
            return first
        if op.name == "native_dropout" and self.holds(first):
            value = self.front(first)
            ones = value.select(0, 0).detach()
            _, mask = cast(Any, op(ones, *args[1:]))
            scale = 0.0 if args[1] == 1 else 1.0 / (1.0 - args[1])
            return cast(Any, (self.wrapped(value * mask * scale), mask))
        if self.any_held(args):
            raise RuntimeError(
                "Vmap does not currently support same randomness with a batched tensor input. "
                "Please file an issue with functorch"
            )
        return op(*args, **kwargs)

    def _drawn_rows(self, op: RegisteredOp, args: Args, kwargs: Kwargs) -> object:
        """Draws from each row of each example: a matrix more than the op takes."""
        value = self.spread(args[0])
        if value.ndim < 3:
            return self.wrapped(cast(Tensor, op(value, *args[1:], **kwargs)))
        n, rows = value.sizes[:2]
        drawn = cast(Tensor, op(value.reshape(n * rows, -1), *args[1:], **kwargs))
        return self.wrapped(drawn.reshape(n, rows, -1))

    def __make__(self, function: Callable[..., object], args: Args, kwargs: Kwargs) -> object:
        """What a function makes that is no op: like a batched tensor, or of random numbers."""
        draws = function.__name__ in DRAWN
        if draws:
            self.check_random()
        held = self.any_held(args)
        if draws and kwargs.get("out") is not None:
            return function(*args, **kwargs)
        if draws and self.randomness == "different":
            return DRAWN[function.__name__](self, function, args, kwargs)
        if not held:
            return function(*args, **kwargs)
        if draws:
            value = self.front(next(a for a in args if self.holds(a))).select(0, 0)
            given = [value if self.holds(a) else a for a in args]
            return function(*given, **kwargs)
        like = next(a for a in args if self.holds(a))
        given = [like.value if a is like else a for a in args]
        return batched(cast(Tensor, function(*given, **kwargs)), like.bdim, self)


def mapped_values(f: Callable[[Tensor], Any], kwargs: Kwargs) -> Kwargs:
    """Keyword arguments with `f` of each tensor in them."""
    return {name: mapped(f, value) for name, value in kwargs.items()}


def _of_size(level: VmapLevel, function: Callable[..., Any], args: Args, kwargs: Kwargs) -> object:
    """Numbers of a size, which is the first argument: one more dimension."""
    *given, size = args
    return level.wrapped(function(*given, (level.size, *size), **kwargs))


def _of_like(level: VmapLevel, function: Callable[..., Any], args: Args, kwargs: Kwargs) -> object:
    """Numbers like a tensor, which is the first argument."""
    return level.wrapped(function(level.spread(args[0]), *args[1:], **kwargs))


def _each(level: VmapLevel, function: Callable[..., Any], args: Args, kwargs: Kwargs) -> object:
    """One draw after the other."""
    return level.wrapped(stack([function(*args, **kwargs) for _ in range(level.size)]))


DRAWN: dict[str, Callable[..., object]] = {
    "rand": _of_size, "randn": _of_size, "randint": _of_size, "normal": _of_size,
    "rand_like": _of_like, "randn_like": _of_like, "randint_like": _of_like, "randperm": _each,
}  # fmt: skip
"""How functions that are no op draw for each example."""
