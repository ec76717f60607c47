"""How an op's results get their tangents from those of its arguments: what each adds, summed.

Of every argument one of these holds, the first three by the op's kind if nothing is declared:
- "linear": the result is linear in it, so the op itself is applied to the tangent. So are views.
- "pointwise": each element of the result depends on one of it, so its gradient rule, with the
  tangent in the gradient's place, is the rule here, too. So are ops with the layout "elementwise".
- "transposed": its gradient rule is linear in the gradient, and forward mode is that map's
  transpose; differentiating the rule transposes it. So are all other ops.
- "joint": the result is linear in all arguments of this kind together, so the op is applied to
  their tangents, and to zeros for those that have none.
- "refused": PyTorch has no forward rule, and neither have we.
- a function of the tangent `t` and whatever else it names.
Source: tools/autograd/derivatives.yaml, auto_linear and auto_element_wise.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, cast

from minitorch_np.dual.call import Call
from minitorch_np.dual.recipe import Dual, Recipe
from minitorch_np.graph.engine import walk
from minitorch_np.graph.modes import enable_grad, state
from minitorch_np.graph.node import edge, recorded
from minitorch_np.plan import Plan
from minitorch_np.tensor import Tensor, empty_strided

__all__ = ["refuse", "refuse_unruled", "tangent_of_result", "tangents_of_results"]

A = Any
Parts = Sequence[Tensor | None]
_FEATURE = (
    "it has not been implemented yet.\nPlease file an issue to PyTorch at https://github.com/"
    "pytorch/pytorch/issues/new?template=feature-request.yml so that we can prioritize its "
    "implementation"
)
_SUBMIT = " or submit a PR adding the implementation to derivatives.yaml"


def refuse(name: str, why: str) -> NoReturn:
    """Raise PyTorch's error of an op that forward mode does not support."""
    raise NotImplementedError(
        f"Trying to use forward AD with {name} that does not support it because {why}"
    )


def refuse_unruled(name: str) -> NoReturn:
    """Raise PyTorch's error of an op that has no forward rule; those in place have another."""
    refuse(name, f"{_FEATURE}." if name.endswith("_") else f"{_FEATURE}{_SUBMIT}")


def tangent_of_result(
    recipe: Recipe, args: tuple[A, ...], kwargs: Mapping[str, A], result: Tensor,
    duals: Mapping[str, A],
) -> Tensor | None:  # fmt: skip
    """The tangent of the one result of an op each of whose arguments has a rule of its own."""
    if not result.dtype.is_floating_point:
        return None
    sizes, dtype = result.sizes, result.dtype
    direct, results = recipe.direct, (result,)
    total = None
    for arg, t in duals.items():
        pointwise, way = direct[arg]
        if t.__class__ is list:
            t = _whole(Call(recipe, args, kwargs, results), arg, t)
        elif pointwise and (t.sizes != sizes or t.dtype is not dtype):
            t = _spread(Call(recipe, args, kwargs, results), arg, t)
        part = way(args, kwargs, results, t)
        if part is not None:
            total = part if total is None else total + part
    if total is None:
        return _zeros(result)
    return _fitted(Call(recipe, args, kwargs, results), duals, total, result)


def tangents_of_results(call: Call, duals: Mapping[str, Dual]) -> list[Tensor | None]:
    """The tangent of each result that has one: zeros where no argument adds to it.

    Raises: NotImplementedError where one of the arguments has no rule.
    """
    recipe, results = call.recipe, call.results
    if recipe.unruled:
        raise NotImplementedError(
            f"Trying to use forward AD with aten::{recipe.plan.aten} that does not support it."
        )
    totals: list[Tensor | None] = [None] * len(results)
    graded = any(_is_graded(recipe.plan, nr, result) for nr, result in enumerate(results))
    left: dict[str, Dual] = {}
    joint: dict[str, Dual] = {}
    for arg, t in duals.items():
        word, way = recipe.ways[arg]
        if word == "refused":
            refuse_unruled(recipe.plan.aten.rstrip("_") + "_" * recipe.name.endswith("_"))
        elif not graded:
            continue
        elif word == "joint":
            joint[arg] = t
        elif way is None:
            left[arg] = t
        else:
            given = _spread(call, arg, t) if word == "pointwise" else t
            given = _whole(call, arg, t) if word == "linear" else given
            _add(totals, way(call.args, call.kwargs, results, given))
    if joint:
        together = [arg for arg, rule in recipe.plan.jvps.items() if rule == "joint"]
        _add(totals, call.again({arg: _whole(call, arg, joint.get(arg)) for arg in together}))
    if left:
        _add(totals, _transposed(call, left))
    for nr, result in enumerate(results):
        total = totals[nr]
        if not graded or not _is_graded(recipe.plan, nr, result):
            totals[nr] = None
        elif total is not None:
            totals[nr] = _fitted(call, duals, total, result)
        elif left or len(totals) == 1:  # of several results, the rules say which have one
            totals[nr] = _zeros(result)
    return totals


def _add(totals: list[Tensor | None], parts: "Tensor | Sequence[Tensor | None] | None") -> None:
    """Add what some arguments give to the tangents so far."""
    if parts is None or isinstance(parts, Tensor):
        parts = (parts,)
    for nr, part in enumerate(parts):
        if part is not None:
            there = totals[nr]
            totals[nr] = part if there is None else there + part


def _fitted(call: Call, duals: Mapping[str, Dual], total: Tensor, result: Tensor) -> Tensor:
    """A sum with the shape and dtype of the result, in memory of its own unless that is a view."""
    if total.dtype is not result.dtype and not _any_odd(call, duals):
        total = total.to(result.dtype)
    if total.sizes != result.sizes:
        total = total.expand(result.sizes)
    if not call.recipe.view and (total.base is not None or _is_given(total, duals)):
        return total.clone()
    return total


def _is_given(total: Tensor, duals: Mapping[str, Dual]) -> bool:
    """Whether a sum is the tangent of an argument, itself."""
    for t in duals.values():
        if t is total or (not isinstance(t, Tensor) and any(one is total for one in t)):
            return True
    return False


def _is_graded(plan: Plan, nr: int, result: Tensor | None) -> bool:
    graded = plan.graded is None or nr < plan.graded
    return graded and result is not None and result.dtype.is_floating_point


def _is_odd(call: Call, arg: str, t: Dual) -> bool:
    """Whether a tangent was given in another dtype than its tensor's, and so keeps its own."""
    return isinstance(t, Tensor) and t.dtype is not cast(Tensor, call.argument(arg)).dtype


def _any_odd(call: Call, duals: Mapping[str, Dual]) -> bool:
    return any(_is_odd(call, arg, t) for arg, t in duals.items())


def _zeros(like: Tensor) -> Tensor:
    zeros = empty_strided(like.sizes, like.strides, like.dtype)
    zeros.array.fill(0)
    return zeros


def _seed(like: Tensor) -> Tensor:
    seed = _zeros(like)
    seed.requires_grad = True
    return seed


def _whole(call: Call, arg: str, t: Dual | None) -> object:
    """An argument's tangent, zeros where there was none."""
    if isinstance(t, Tensor):
        return t
    given = call.argument(arg)
    if given is None:
        return t
    if isinstance(given, Tensor):
        return _zeros(given)
    if t is None:
        return 0
    several = zip(cast("Sequence[Tensor]", given), t, strict=True)
    return [_zeros(x) if one is None else one for x, one in several]


def _spread(call: Call, arg: str, t: Dual) -> Tensor:
    """A tangent as wide as the result, element by element of which a gradient rule multiplies."""
    assert isinstance(t, Tensor)
    result = call.results[0]
    if t.dtype is not result.dtype and not _is_odd(call, arg, t):
        t = t.to(result.dtype)
    return t if t.sizes == result.sizes else t.expand(result.sizes)


def _gradients(call: Call, duals: Mapping[str, Dual], given: dict[str, object]) -> Iterator[A]:
    """What the gradient rules of some arguments give, list after list; not summed to any shape."""
    rules = call.recipe.rules
    found: dict[str, A] = {}
    for group in call.recipe.groups:
        given["wanted"] = wanted = tuple([arg in duals for arg in group])
        if any(wanted):
            values = rules[group[0]](call.args, call.kwargs, call.results, given)
            found.update(zip(group, values, strict=True))
    for arg, t in duals.items():
        if arg not in found:
            found[arg] = rules[arg](call.args, call.kwargs, call.results, given)
        yield from [found[arg]] if isinstance(t, Tensor) else found[arg]


def _transposed(call: Call, duals: Mapping[str, Dual]) -> list[Tensor | None]:
    """What arguments add, by differentiating their gradient rules in the gradient.

    u -> J'u is linear, so its derivative, applied to the tangents, is J applied to them. What was
    recorded before u was made cannot lead to it, however much that is.
    """
    recorded_here = state.grad
    since = next(recorded)
    with enable_grad():
        seeds = [
            _seed(r) if _is_graded(call.recipe.plan, nr, r) else None
            for nr, r in enumerate(call.results)
        ]
        results = call.recipe.plan.results
        if results is None:
            given: dict[str, object] = {"g": seeds[0]}
        elif results:
            given = {f"g_{name}": seed for name, seed in zip(results, seeds, strict=True)}
        else:
            given = {"g": tuple(seeds)}
        outputs: list[Tensor] = []
        weights: list[Tensor] = []
        tangents = [t for d in duals.values() for t in ([d] if isinstance(d, Tensor) else d)]
        for found, t in zip(_gradients(call, duals, given), tangents, strict=True):
            if found is None or t is None or not found.requires_grad:
                continue
            outputs.append(found if found.sizes == t.sizes else found.sum_to_size(t.sizes))
            weights.append(t)
    if not outputs:
        return [None] * len(seeds)
    ends = [None if seed is None else edge(seed) for seed in seeds]
    arrived = walk(
        [at for at in map(edge, outputs) if at is not None],
        [t if t.dtype is o.dtype else t.to(o.dtype) for o, t in zip(outputs, weights, strict=True)],
        keep_graph=recorded_here,
        create_graph=recorded_here,
        wanted={at for at in ends if at is not None},
        since=since,
    )
    return [None if at is None else arrived[at] for at in ends]
