"""grad, vjp and jacrev: reverse mode as functions of functions.

Each transform takes fresh views of its inputs, runs the function, and walks back to those views.
What it returns has a history only where something outside of it needs a gradient.
Source: torch/_functorch/eager_transforms.py.
"""

import functools
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from minitorch_np.dual.level import DualLevel
from minitorch_np.func.arguments import Argnums, sliced
from minitorch_np.func.batched import levels_of, physical
from minitorch_np.func.following import Given, following
from minitorch_np.func.shown import leads_to
from minitorch_np.func.strip import (
    batch_dims,
    matched,
    relevelled,
    running_levels,
    spread_at,
    without,
)
from minitorch_np.graph import backward
from minitorch_np.graph.modes import enable_grad, inference_mode, no_grad, state
from minitorch_np.graph.node import AccumulateGrad, Node, edge
from minitorch_np.graph.saving import disable_saved_tensors_hooks
from minitorch_np.graph.tangents import below
from minitorch_np.ops.creation import zeros_like
from minitorch_np.ops.view import same_view
from minitorch_np.tensor import Tensor
from minitorch_np.utils._pytree import TreeSpec, tree_flatten, tree_map, tree_unflatten

__all__ = ["Tape", "gradients", "grad", "grad_and_value", "taped", "vjp", "vjp_with_argnums"]

A = Any
Function = Callable[..., A]


_NO_HOOKS = (
    "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open an "
    "issue with your use case."
)


class Tape:
    """One transform's inputs: which leaves are its own, and whether anything outside may track."""

    def __init__(self, outside: bool) -> None:
        self.outside = outside
        self.own: set[Node] = set()
        self.given: Given = {}
        """Each fresh view, which also keeps its leaf alive, and what it is a view of."""
        self.inside: set[Node] = set()
        """Nodes known to lead to the transform's own leaves alone."""

    def fresh(self, tensor: A) -> Tensor:
        """A view of an input that a gradient can stop at. Raises: ValueError for no tensor."""
        if not isinstance(tensor, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(tensor)}")
        given = tensor
        for level in running_levels():
            tensor = spread_at(tensor, level)
        tracked = self.outside and physical(tensor).requires_grad
        view = same_view(tensor) if tracked else cut(tensor)
        leaf = physical(view)
        if not tracked:
            if not leaf.dtype.is_floating_point:
                raise RuntimeError("only Tensors of floating point dtype can require gradients")
            leaf.requires_grad = True
            at = edge(leaf)
            assert at is not None
            self.own.add(at[0])
        self.given[id(view)] = view, given
        return view

    def follows(self, tensor: Tensor) -> bool:
        """Whether a tensor with memory depends on an input."""
        views = [edge(physical(view)) for view, _ in self.given.values()]
        return leads_to(tensor, {at[0] for at in views if at is not None})

    def tracks(self, tensor: Tensor) -> bool:
        """Whether a gradient of `tensor` reaches something outside of this transform."""
        if not self.outside:
            return False
        at = edge(physical(tensor))
        stack = [] if at is None else [at[0]]
        seen = set(stack)
        while stack:
            node = stack.pop()
            if node in self.inside or node in self.own:
                continue
            if isinstance(node, AccumulateGrad):
                return True
            children = [e[0] for e in node.edges if e is not None and e[0] not in seen]
            seen.update(children)
            stack.extend(children)
        self.inside |= seen
        return False

    def surfaced(self, leaf: A) -> A:
        """A tensor as it is outside: without history unless something there is tracked.

        Raises: RuntimeError for what is no tensor.
        """
        if not isinstance(leaf, Tensor):
            raise RuntimeError(f"Expected tensors, got unsupported type {type(leaf)}")
        if id(leaf) in self.given:
            return self.given[id(leaf)][1]
        if edge(physical(leaf)) is None or self.tracks(leaf):
            return leaf
        return cut(leaf)


def cut(tensor: Tensor) -> Tensor:
    """The same memory without history, as `detach`, but with the tangents of forward mode."""
    with no_grad():
        view = same_view(tensor)
    leaf = physical(view)
    for mode in state.modes:
        if isinstance(mode, DualLevel):
            _ = below(mode, mode.tangent_of, leaf)  # or it would look for it in its base
    leaf.base = None
    return view


@contextmanager
def taped() -> Generator[Tape]:
    """A transform that records, whatever the grad mode outside; see `Tape`."""
    with disable_saved_tensors_hooks(_NO_HOOKS):
        yield from _recording()


def _recording() -> Generator[Tape]:
    outside = state.grad
    levels = running_levels()
    state.transforms += 1
    for level in levels:
        level.gradients += 1
    inference = state.inference
    tape = Tape(outside)
    try:
        with (
            inference_mode(False) if inference else enable_grad(),
            enable_grad(),
            following(tape.given, tape.follows),
        ):
            yield tape
    finally:
        state.transforms -= 1
        for level in levels:
            level.gradients -= 1


def gradients(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    cotangents: Sequence[Tensor] | None,
    create_graph: bool,
    retain_graph: bool = True,
) -> list[Tensor]:
    """The gradient of each input; zeros for one that no output depends on.

    The walk starts from the tensors with memory, with the batches of the levels that they have as
    dimensions; only levels at which cotangents alone are batched are seen by it.
    """
    several = [None] * len(outputs) if cotangents is None else cotangents
    wanted = [(o, c) for o, c in zip(outputs, several, strict=True) if physical(o).requires_grad]
    if not wanted:
        return [zeros_like(x) for x in inputs]
    levels = levels_of([*[o for o, _ in wanted], *inputs])
    firsts: list[Tensor] = []
    for out, cotangent in wanted:
        one = ones(out) if cotangent is None else cotangent
        check_shape(len(firsts), one, out)
        firsts.append(matched(one, batch_dims(out, levels)))
    with without(levels):
        found = backward.grad(
            [physical(o) for o, _ in wanted],
            [physical(x) for x in inputs],
            firsts,
            retain_graph=retain_graph,
            create_graph=create_graph,
            allow_unused=True,
        )
    return [
        zeros_like(x) if g is None else relevelled(g, batch_dims(x, levels))
        for x, g in zip(inputs, found, strict=True)
    ]


def ones(tensor: Tensor) -> Tensor:
    """The gradient of a scalar."""
    return tensor.new_ones(tensor.sizes)


def check_shape(at: int, cotangent: Tensor, out: Tensor) -> None:
    """Raise RuntimeError for a cotangent that has another shape than its output."""
    if cotangent.sizes != out.sizes:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{at}] has a shape of {cotangent.shape} and "
            f"output[{at}] has a shape of {out.shape}."
        )


def _split(name: str, output: A, has_aux: bool) -> tuple[A, A]:
    """The output of a function and what it returns beside, which is not differentiated."""
    if not has_aux:
        return output, None
    if isinstance(output, tuple):
        pair = cast("tuple[A, ...]", output)
        if len(pair) == 2:
            return pair
    raise RuntimeError(
        f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True"
    )


def _checked_outputs(output: A) -> tuple[list[Tensor], TreeSpec]:
    """The leaves of what vjp's function returned. Raises: RuntimeError unless tensors of floats."""
    flat, spec = tree_flatten(output)
    if (len(flat) == 1 and flat[0] is None) or not flat:
        raise RuntimeError(
            "vjp(f, *primals): Expected f to be a function that has non-empty output (got output = "
            f"{flat})"
        )
    for one in flat:
        if not isinstance(one, Tensor):
            raise RuntimeError(
                "vjp(f, *primals): expected f(*primals) to return only tensors, got unsupported "
                f"type {type(one)}"
            )
    for one in flat:
        if not one.dtype.is_floating_point:
            raise RuntimeError(
                "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got "
                f"Tensor with dtype {one.dtype}"
            )
    return flat, spec


def vjp_with_argnums(
    func: Function, primals: tuple[A, ...], argnums: Argnums | None, has_aux: bool
) -> tuple[A, Function, A]:
    """`vjp` by some of the arguments only, and None for `aux` where there is none."""
    with taped() as tape:
        if argnums is None:
            primals = differentiated = tree_map(tape.fresh, primals)
        else:
            primals, differentiated = sliced(primals, argnums, tape.fresh)
        output, aux = _split("vjp(f, *primals)", func(*primals), has_aux)
        if has_aux:
            aux = tree_map(tape.surfaced, aux)
        flat, spec = _checked_outputs(output)
        inputs, structure = tree_flatten(differentiated)
        results = tree_map(tape.surfaced, output)
        tracked = any(tape.tracks(one) for one in flat)

    def pull(cotangents: A, retain_graph: bool = True, create_graph: bool | None = None) -> A:
        given, found = tree_flatten(cotangents)
        if found != spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                f"outputs to the function. cotangents: {pretty(found)}, primal output: "
                f"{pretty(spec)}"
            )
        create = state.grad if create_graph is None else create_graph
        outside = tracked or any(physical(c).requires_grad for c in given)
        with inference_off():
            grads = gradients(flat, inputs, given, create and outside, retain_graph)
            after = Tape(create)
            after.own, after.given = tape.own, tape.given
            return tree_unflatten([after.surfaced(g) for g in grads], structure)

    return results, pull, aux


@contextmanager
def inference_off() -> Generator[None]:
    """A stretch outside of inference mode, whose grad mode stays."""
    if not state.inference:
        yield
        return
    before = state.grad
    with inference_mode(False):
        state.grad = before
        state.route_again()
        yield


def pretty(spec: TreeSpec) -> str:
    """A structure with stars for leaves, as messages show it."""
    return repr(tree_unflatten([_Star()] * spec.num_leaves, spec))


class _Star:
    """Stands for a leaf."""

    def __repr__(self) -> str:
        return "*"


def vjp(func: Function, *primals: A, has_aux: bool = False) -> A:
    """`(func(*primals), pull)`, where `pull(cotangents)` is the gradient of each primal.

    Arguments and results are tensors in containers of any depth; cotangents have the structure of
    the result. With `has_aux`, `func` returns `(output, aux)`, and aux is a third result.
    Raises: RuntimeError for outputs that are no tensors of floating point. Source: vjp.
    """
    output, pull, aux = vjp_with_argnums(func, primals, None, has_aux)
    return (output, pull, aux) if has_aux else (output, pull)


def _grad_and_value(
    func: Function, argnums: Argnums, has_aux: bool, args: tuple[A, ...], kwargs: dict[str, A]
) -> tuple[A, A, A]:
    """The gradient, the value, and what the function returns beside."""
    name = "grad_and_value(f)(*args)"
    with taped() as tape:
        args, differentiated = sliced(args, argnums, tape.fresh)
        output, aux = _split(name, func(*args, **kwargs), has_aux)
        if not isinstance(output, Tensor):
            raise RuntimeError(f"{name}: Expected f(*args) to return a Tensor, got {type(output)}")
        if output.ndim:
            raise RuntimeError(
                f"{name}: Expected f(*args) to return a scalar Tensor, got tensor with "
                f"{output.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
            )
        flat, spec = tree_flatten(differentiated)
        grads = gradients([output], flat, None, tape.tracks(output), retain_graph=True)
        grad = tree_unflatten([tape.surfaced(g) for g in grads], spec)
        value = tape.surfaced(output)
        if has_aux:
            aux = tree_map(tape.surfaced, aux)
    return grad, value, aux


def grad(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The gradient of `func`, which returns a scalar, by the arguments numbered `argnums`.

    Each may be a container of tensors, and has a gradient of that structure; a tuple of numbers
    gives a tuple. With `has_aux`, `func` returns `(output, aux)`, and the result is
    `(gradient, aux)`. Raises: RuntimeError unless `func` returns a 0-d tensor. Source: grad.
    """

    @functools.wraps(func)
    def differentiated(*args: A, **kwargs: A) -> A:
        found, _, aux = _grad_and_value(func, argnums, has_aux, args, kwargs)
        return (found, aux) if has_aux else found

    return differentiated


def grad_and_value(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """As `grad`, but `(gradient, value)`; `(gradient, (value, aux))` with `has_aux`.

    Source: grad_and_value.
    """

    @functools.wraps(func)
    def differentiated(*args: A, **kwargs: A) -> A:
        found, value, aux = _grad_and_value(func, argnums, has_aux, args, kwargs)
        return (found, (value, aux)) if has_aux else (found, value)

    return differentiated
