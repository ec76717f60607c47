"""Forward mode of functions: `jvp`, and `linearize`, which pushes tangents through one call.

Source: torch/_functorch/eager_transforms.py.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from minitorch_np.dual.level import DualLevel
from minitorch_np.dual.tensors import dual, open_level, primal_and_tangent
from minitorch_np.func.following import Given, following
from minitorch_np.graph.modes import state
from minitorch_np.graph.tangents import below, forward
from minitorch_np.ops.creation import zeros_like
from minitorch_np.ops.view import same_view
from minitorch_np.tensor import Tensor
from minitorch_np.utils._pytree import TreeSpec, tree_flatten, tree_map, tree_unflatten

__all__ = ["jvp", "linearize"]

A = Any
Function = Callable[..., A]
JVP = "jvp(f, primals, tangents)"


def jvp(
    func: Function, primals: A, tangents: A, *, strict: bool = False, has_aux: bool = False
) -> A:
    """`(func(*primals), J @ tangents)`, J the Jacobian: the derivative in one direction.

    Arguments and results are tensors in containers of any depth. With `has_aux`, `func` returns
    `(output, aux)`, and aux is a third result. `strict` refuses an output that depends on no
    primal. Nests, and goes with `grad` and `vmap` in any order.
    Raises: RuntimeError for tangents of another structure or shape, and for what are no tensors.
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(
            f"{JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        )
    flat_primals, spec = tree_flatten(primals)
    flat_tangents, other = tree_flatten(tangents)
    if spec != other:
        raise RuntimeError(
            f"{JVP}: Expected primals and tangents to have the same python structure. For example, "
            "if primals is a tuple of 3 tensors, tangents also must be. Got primals with structure "
            f"{spec} and tangents with structure {other}"
        )
    _check_tensors(flat_primals, "primals")
    _check_tensors(flat_tangents, "tangents")
    before, forward.on = forward.on, True
    level = open_level(transform=True)
    state.transforms += 1
    given: Given = {}
    try:
        with following(given, partial(_follows, level), forward=True):
            duals = [_made(p, t, level) for p, t in zip(flat_primals, flat_tangents, strict=True)]
            given.update({id(d): (d, p) for d, p in zip(duals, flat_primals, strict=True)})
            return _pushed(func(*tree_unflatten(duals, spec)), level, strict, has_aux)
    finally:
        state.transforms -= 1
        level.close()
        forward.on = before


def _follows(level: DualLevel, tensor: Tensor) -> bool:
    """Whether a tensor has a tangent at a level."""
    return below(level, level.tangent_of, tensor) is not None


def _check_tensors(flat: Sequence[object], name: str) -> None:
    if not flat:
        raise RuntimeError(f"{JVP}: Expected {name} to contain at least one Tensor.")
    for one in flat:
        if not isinstance(one, Tensor):
            raise RuntimeError(f"{JVP}: Expected {name} to only contain Tensors, got {type(one)}")


def _made(primal: Tensor, tangent: Tensor, level: DualLevel) -> Tensor:
    for name, one in (("primal", primal), ("tangent", tangent)):
        if not one.is_floating_point():
            raise ValueError(
                f"Expected {name} to be floating point or complex, but got: {one.dtype}"
            )
    return dual(primal, tangent, level)


def _pushed(result: A, level: DualLevel, strict: bool, has_aux: bool) -> A:
    """The outputs of a function of dual tensors, and their tangents in the same structure."""
    aux: A = None
    if has_aux:
        pair: A = result
        if not isinstance(result, tuple) or len(pair) != 2:
            raise RuntimeError(
                f"{JVP}: output of function f should be a tuple: (output, aux) if has_aux is True"
            )
        result = pair[0]
        aux = tree_map(partial(_bare, level), pair[1])
    outputs, spec = tree_flatten(result)
    _check_outputs(outputs)
    pairs = [_apart(out, level, strict) for out in outputs]
    values = tree_unflatten([primal for primal, _ in pairs], spec)
    tangents = tree_unflatten([tangent for _, tangent in pairs], spec)
    return (values, tangents, aux) if has_aux else (values, tangents)


def _bare(level: DualLevel, leaf: A) -> Tensor:
    """A tensor of the auxiliary results, without its tangent."""
    if not isinstance(leaf, Tensor):
        raise RuntimeError(f"Expected tensors, got unsupported type {type(leaf)}")
    return primal_and_tangent(leaf, level)[0]


def _check_outputs(outputs: Sequence[object]) -> None:
    if not outputs or (len(outputs) == 1 and outputs[0] is None):
        raise RuntimeError(
            f"{JVP}: Expected f to be a function that has non-empty output (got output = {outputs})"
        )
    for out in outputs:
        if not isinstance(out, Tensor):
            raise RuntimeError(
                f"{JVP}: expected f(*primals) to return only tensors, got unsupported type "
                f"{type(out)}"
            )


def _apart(out: Tensor, level: DualLevel, strict: bool) -> tuple[Tensor, Tensor]:
    primal, tangent = primal_and_tangent(out, level)
    if tangent is None:
        if strict:
            raise RuntimeError(
                "jvp(f, primals, tangents, strict=True): The output of f is independent of the "
                "inputs. This is not allowed with strict=True."
            )
        tangent = zeros_like(primal)
    return same_view(primal), tangent


def linearize(func: Function, *primals: A) -> tuple[A, Function]:
    """`(func(*primals), push)`, where `push(*tangents)` is the derivative in that direction.

    Raises: RuntimeError from `push`, for tangents of another structure, shape or dtype.
    """
    output = func(*primals)
    flat, spec = tree_flatten(primals)

    def push(*tangents: A) -> A:
        given, structure = tree_flatten(tangents)
        _check_alike(flat, given, spec, structure)
        return jvp(func, primals, tangents)[1]

    return output, push


def _check_alike(
    primals: Sequence[Tensor], tangents: Sequence[Tensor], spec: TreeSpec, given: TreeSpec
) -> None:
    if given != spec:
        raise RuntimeError(
            f"Expected the tangents {given} to have the same argspec as the primals {spec}"
        )
    for at, (p, t) in enumerate(zip(primals, tangents, strict=True)):
        for fact in ("shape", "device", "dtype"):
            mine, its = getattr(t, fact), getattr(p, fact)
            if mine != its:
                raise RuntimeError(
                    f"tangent:{at} with {fact} {mine} in flattened pytree doesn't match the {fact} "
                    f"{its} of the corresponding primal."
                )
