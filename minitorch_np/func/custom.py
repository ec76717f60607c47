"""Custom Functions under vmap: by their own `vmap`, or by one that is derived from their methods.

Source: torch/_functorch/autograd_function.py.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from minitorch_np.func.batched import BatchedTensor, Level, batched, moved
from minitorch_np.func.strip import running_levels, without
from minitorch_np.func.vmap import flat_dims, running
from minitorch_np.graph.calls import call
from minitorch_np.graph.function import Function, overrides, vmap_rule
from minitorch_np.graph.modes import over
from minitorch_np.tensor import Tensor
from minitorch_np.utils._pytree import tree_flatten, tree_unflatten

__all__ = ["VmapInfo"]

A = Any
Dims = tuple[int | None, ...]


class VmapInfo(NamedTuple):
    """What a Function's `vmap` is told: how many examples, and what random numbers they see."""

    batch_size: int
    randomness: str


def applied(function: type[Function], args: tuple[A, ...]) -> A:
    """What `function.apply` gives inside a function transform.

    Raises: RuntimeError for a Function without `setup_context`, or without support for vmap.
    """
    if not overrides(function, "setup_context"):
        raise RuntimeError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, "
            "jacrev, ...), it must override the setup_context staticmethod. For more details, "
            "please see https://pytorch.org/docs/main/notes/extending.func.html"
        )
    flat, spec = tree_flatten(args)
    inside = running_levels()
    held = [level for level in inside if any(level.holds(one) for one in flat)]
    own = vmap_rule(function) if inside else None
    if not held:
        return call(function, args, True)
    level = held[-1]
    dims = [_dim(one, level) for one in flat]
    values = tree_unflatten([_value(one, level) for one in flat], spec)
    with without(inside[inside.index(level) :]):
        if own is not None:
            info = VmapInfo(level.size, level.randomness)
            result = own(info, tree_unflatten(dims, spec), *values)
            output, out_dims = _pair(result)
            spread = flat_dims(out_dims, tree_flatten(output)[1])
        else:
            output, spread = _Derived(function, level, tuple(dims)).applied(values)
    outputs, structure = tree_flatten(output)
    given = dict(zip([id(v) for v in tree_flatten(values)[0]], flat, strict=True))
    return tree_unflatten(
        [
            given[id(one)] if id(one) in given else _wrapped(one, dim, level)
            for one, dim in zip(outputs, cast(A, spread), strict=True)
        ],
        structure,
    )


over.functions = applied


def _dim(one: object, level: Level) -> int | None:
    return one.bdim if isinstance(one, BatchedTensor) and one.level is level else None


def _value(one: A, level: Level) -> A:
    return one.value if isinstance(one, BatchedTensor) and one.level is level else one


def _wrapped(one: A, dim: int | None, level: Level) -> A:
    return one if dim is None else batched(one, dim, level)


def _pair(result: A) -> tuple[A, A]:
    """What a `vmap` static method returned. Raises: RuntimeError unless two things."""
    start = (
        "Expected the vmap staticmethod to have two returns, an output and out_dims with pytree "
        "structure compatible with the output. "
    )
    if not isinstance(result, tuple):
        raise RuntimeError(f"{start}Got a {type(result)} instead")
    pair = cast("tuple[A, ...]", result)
    if len(pair) != 2:
        raise RuntimeError(f"{start}Got {len(pair)} returns instead")
    return pair


class _Derived:
    """A Function on all examples made of one on an example: its methods run under vmap."""

    def __init__(self, function: type[Function], level: Level, dims: Dims) -> None:
        self.function = function
        self.size, self.randomness = level.size, level.randomness
        self.dims = dims
        self.out_dims: list[int | None] = []
        self.saved_dims: list[int | None] = []
        self.forward_dims: list[int | None] | None = None
        self.shapes: list[A] = []

    def applied(self, values: tuple[A, ...]) -> tuple[A, list[int | None]]:
        """The output, and where its batches are."""
        methods: dict[str, object] = {
            "generate_vmap_rule": True,
            "forward": staticmethod(self.forward),
            "setup_context": staticmethod(self.setup_context),
            "backward": staticmethod(self.backward),
        }
        if overrides(self.function, "jvp"):
            methods["jvp"] = staticmethod(self.jvp)
        made = type(f"Vmapped{self.function.__name__}", (Function,), methods)
        return applied(made, values), self.out_dims

    def forward(self, *values: A) -> A:
        """The function's forward of every example."""
        with running(self.size, self.randomness) as level:
            output = self.function.forward(*self._inputs(values, self.dims, level))
            flat, spec = tree_flatten(output)
            self.out_dims = [_dim(one, level) for one in flat]
            return tree_unflatten([_value(one, level) for one in flat], spec)

    def setup_context(self, ctx: A, inputs: A, output: A) -> None:
        """The function's own, which sees one example's shapes."""
        with running(self.size, self.randomness) as level:
            given = self._inputs(inputs, self.dims, level)
            self.shapes = [one.sizes if isinstance(one, Tensor) else None for one in given]
            made = self._inputs(output, self.out_dims, level)
            self.function.setup_context(_Saving(ctx, self, level), given, made)

    def backward(self, ctx: A, *grads: A) -> A:
        """The function's backward of every example, summed for arguments that all share."""
        dims = [None if g is None else dim for g, dim in zip(grads, self.out_dims, strict=True)]
        with running(self.size, self.randomness) as level:
            saved = [
                _wrapped(one, dim, level)
                for one, dim in zip(ctx.saved_tensors, self.saved_dims, strict=True)
            ]
            given = self._inputs(grads, dims, level)
            result = self.function.backward(_Saved(ctx, tuple(saved)), *given)
            several = cast("tuple[A, ...]", result) if isinstance(result, tuple) else (result,)
            return tuple(
                [
                    self._fitted(one, dim, shape, level)
                    for one, dim, shape in zip(several, self.dims, self.shapes, strict=True)
                ]
            )

    def jvp(self, ctx: A, *tangents: A) -> A:
        """The function's jvp of every example, batched as the outputs are."""
        dims = [None if t is None else dim for t, dim in zip(tangents, self.dims, strict=True)]
        with running(self.size, self.randomness) as level:
            kept = self.saved_dims if self.forward_dims is None else self.forward_dims
            saved = [
                _wrapped(one, dim, level) for one, dim in zip(ctx.saved_tensors, kept, strict=True)
            ]
            given = self._inputs(tangents, dims, level)
            result = self.function.jvp(_Saved(ctx, tuple(saved)), *given)
            flat, spec = tree_flatten(result)
            pushed = zip(flat, self.out_dims, strict=True)
            return tree_unflatten([_placed(t, dim, level) for t, dim in pushed], spec)

    def _inputs(self, values: A, dims: Sequence[int | None], level: Level) -> A:
        flat, spec = tree_flatten(values)
        return tree_unflatten(
            [_wrapped(one, dim, level) for one, dim in zip(flat, dims, strict=True)], spec
        )

    def _fitted(self, g: A, dim: int | None, shape: A, level: Level) -> A:
        """All examples' gradients of an argument; their sum where it has no batch."""
        if not isinstance(g, Tensor):
            return g
        if dim is None:
            return level.front(g).sum(0) if level.holds(g) else g
        return moved(level.spread(g.sum_to_size(shape)), 0, dim)


def _placed(tangent: A, dim: int | None, level: Level) -> A:
    """All examples' tangents of an output, along the dimension that its batch has."""
    if tangent is None or dim is None:
        return tangent
    return moved(level.spread(tangent), 0, dim)


class _Saving:
    """A ctx that takes the batches off what is saved, and remembers where they were."""

    def __init__(self, ctx: A, derived: _Derived, level: Level) -> None:
        self.__dict__.update(_ctx=ctx, _derived=derived, _level=level)

    def save_for_backward(self, *tensors: A) -> None:
        """Keep tensors for backward."""
        self._derived.saved_dims = [_dim(t, self._level) for t in tensors]
        self._ctx.save_for_backward(*[_value(t, self._level) for t in tensors])

    def save_for_forward(self, *tensors: A) -> None:
        """Keep tensors for jvp."""
        self._derived.forward_dims = [_dim(t, self._level) for t in tensors]
        self._ctx.save_for_forward(*[_value(t, self._level) for t in tensors])

    def __getattr__(self, name: str) -> A:
        return getattr(self._ctx, name)

    def __setattr__(self, name: str, value: A) -> None:
        setattr(self._ctx, name, value)


class _Saved:
    """A ctx whose saved tensors are one example's views."""

    def __init__(self, ctx: A, saved: tuple[A, ...]) -> None:
        self.__dict__.update(_ctx=ctx, saved_tensors=saved)

    def __getattr__(self, name: str) -> A:
        return getattr(self._ctx, name)

    def __setattr__(self, name: str, value: A) -> None:
        setattr(self._ctx, name, value)
