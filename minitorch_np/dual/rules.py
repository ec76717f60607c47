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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, cast

from minitorch_np.dual.call import Call, Dual, groups
from minitorch_np.graph.backward import grad
from minitorch_np.graph.modes import enable_grad, state
from minitorch_np.plan import Plan
from minitorch_np.tensor import Tensor, empty_strided

__all__ = ["check", "how", "refuse", "refuse_unruled", "tangents_of_results"]

A = Any
Parts = Sequence[Tensor | None]
_FEATURE = (
    "it has not been implemented yet.\nPlease file an issue to PyTorch at https://github.com/"
    "pytorch/pytorch/issues/new?template=feature-request.yml so that we can prioritize its "
    "implementation"
)
_SUBMIT = " or submit a PR adding the implementation to derivatives.yaml"


def how(call: Call, arg: str) -> A:
    """The rule of one argument: a function, or one of the words above."""
    plan = call.plan
    declared = plan.jvps.get(arg)
    if declared is not None:
        return declared
    if plan.view:
        return "linear"
    if arg not in plan.rules:
        return "refused"
    pointwise = call.op.layout == "elementwise" and plan.results is None
    return "pointwise" if pointwise else "transposed"


def refuse(name: str, why: str) -> NoReturn:
    """Raise PyTorch's error of an op that forward mode does not support."""
    raise NotImplementedError(
        f"Trying to use forward AD with {name} that does not support it because {why}"
    )


def refuse_unruled(name: str) -> NoReturn:
    """Raise PyTorch's error of an op that has no forward rule; those in place have another."""
    refuse(name, f"{_FEATURE}." if name.endswith("_") else f"{_FEATURE}{_SUBMIT}")


def check(call: Call, duals: Mapping[str, Dual]) -> None:
    """Raise NotImplementedError where one of the arguments that have tangents has no rule."""
    if not (call.plan.rules or call.plan.jvps or call.plan.view):
        raise NotImplementedError(
            f"Trying to use forward AD with aten::{call.plan.aten} that does not support it."
        )
    if any(how(call, arg) == "refused" for arg in duals):
        refuse_unruled(call.plan.aten.rstrip("_") + "_" * call.op.name.endswith("_"))


def tangents_of_results(call: Call, duals: Mapping[str, Dual]) -> list[Tensor | None]:
    """The tangent of each result that has one: zeros where no argument adds to it."""
    if not any(_is_graded(call.plan, nr, result) for nr, result in enumerate(call.results)):
        return [None] * len(call.results)
    parts: list[Parts] = []
    left: dict[str, Dual] = {}
    joint: dict[str, Dual] = {}
    for arg, t in duals.items():
        rule = how(call, arg)
        if rule == "transposed":
            left[arg] = t
        elif rule == "joint":
            joint[arg] = t
        elif rule == "linear":
            parts.append(call.again({arg: _whole(call, arg, t)}))
        elif rule == "pointwise":
            assert isinstance(t, Tensor)
            parts.append([_pointwise(call, arg, t)])
        else:
            parts.append(_several(call.asked(rule, t=t)))
    if joint:
        together = [arg for arg, rule in call.plan.jvps.items() if rule == "joint"]
        parts.append(call.again({arg: _whole(call, arg, joint.get(arg)) for arg in together}))
    if left:
        parts.append(_transposed(call, left))
    odd = any(_is_odd(call, arg, t) for arg, t in duals.items())
    given = list(_tensors(duals.values()))
    tangents: list[Tensor | None] = []
    for nr, result in enumerate(call.results):
        total = _sum([part[nr] for part in parts if nr < len(part)])
        if not _is_graded(call.plan, nr, result):
            tangents.append(None)
        elif total is not None:
            tangents.append(_fitted(call.plan, total, result, given, odd))
        else:  # of several results, the rules say which have one
            tangents.append(_zeros(result) if left or len(call.results) == 1 else None)
    return tangents


def _several(value: A) -> Parts:
    return (value,) if value is None or isinstance(value, Tensor) else value


def _tensors(duals: Iterable[Dual]) -> Iterator[Tensor]:
    for t in duals:
        yield from [t] if isinstance(t, Tensor) else [one for one in t if one is not None]


def _sum(parts: Sequence[Tensor | None]) -> Tensor | None:
    total = None
    for part in parts:
        if part is not None:
            total = part if total is None else total + part
    return total


def _is_graded(plan: Plan, nr: int, result: Tensor | None) -> bool:
    return result is not None and result.dtype.is_floating_point and plan.has_history(nr)


def _is_odd(call: Call, arg: str, t: Dual) -> bool:
    """Whether a tangent was given in another dtype than its tensor's, and so keeps its own."""
    return isinstance(t, Tensor) and t.dtype is not cast(Tensor, call.arguments[arg]).dtype


def _fitted(
    plan: Plan, total: Tensor, result: Tensor, tangents: Sequence[Tensor], odd: bool
) -> Tensor:
    """A sum with the shape and dtype of the result, in memory of its own unless that is a view."""
    if total.dtype is not result.dtype and not odd:
        total = total.to(result.dtype)
    if total.sizes != result.sizes:
        total = total.expand(result.sizes)
    if not plan.view and (total.base is not None or any(total is t for t in tangents)):
        return total.clone()
    return total


def _zeros(like: Tensor) -> Tensor:
    zeros = empty_strided(like.sizes, like.strides, like.dtype)
    zeros.array.fill(0)
    return zeros


def _whole(call: Call, arg: str, t: Dual | None) -> object:
    """An argument's tangent, zeros where there was none."""
    given = call.arguments[arg]
    if isinstance(t, Tensor) or given is None:
        return t
    if isinstance(given, Tensor):
        return _zeros(given)
    if t is None:
        return 0
    several = zip(cast("Sequence[Tensor]", given), t, strict=True)
    return [_zeros(x) if one is None else one for x, one in several]


def _pointwise(call: Call, arg: str, t: Tensor) -> Tensor | None:
    """What an argument adds, whose gradient rule multiplies element by element."""
    [result] = call.results
    if t.dtype is not result.dtype and not _is_odd(call, arg, t):
        t = t.to(result.dtype)
    if t.sizes != result.sizes:
        t = t.expand(result.sizes)
    [found] = gradients(call, {arg: t}, {"g": t})
    return found


def gradients(
    call: Call, duals: Mapping[str, Dual], given: Mapping[str, object]
) -> list[Tensor | None]:
    """What the gradient rules of some arguments give, list after list; not summed to any shape."""
    found: dict[str, A] = {}
    for group in groups(call.op):
        wanted = tuple([arg in duals for arg in group])
        if any(wanted):
            values = call.asked(call.plan.rules[group[0]], **given, wanted=wanted)
            found.update(zip(group, values, strict=True))
    several: list[Tensor | None] = []
    for arg, t in duals.items():
        value = found[arg] if arg in found else call.asked(call.plan.rules[arg], **given)
        several += [value] if isinstance(t, Tensor) else list(value)
    return several


def _transposed(call: Call, duals: Mapping[str, Dual]) -> list[Tensor | None]:
    """What arguments add, by differentiating their gradient rules in the gradient.

    u -> J'u is linear, so its derivative, applied to the tangents, is J applied to them.
    """
    recorded = state.grad
    with enable_grad():
        seeds = [
            _zeros(r).requires_grad_() if _is_graded(call.plan, nr, r) else None
            for nr, r in enumerate(call.results)
        ]
        results = call.plan.results
        if results is None:
            given: dict[str, object] = {"g": seeds[0]}
        elif results:
            given = {f"g_{name}": seed for name, seed in zip(results, seeds, strict=True)}
        else:
            given = {"g": tuple(seeds)}
        outputs: list[Tensor] = []
        weights: list[Tensor] = []
        tangents = [t for d in duals.values() for t in ([d] if isinstance(d, Tensor) else d)]
        for found, t in zip(gradients(call, duals, given), tangents, strict=True):
            if found is None or t is None or not found.requires_grad:
                continue
            outputs.append(found if found.sizes == t.sizes else found.sum_to_size(t.sizes))
            weights.append(t)
    if not outputs:
        return [None] * len(seeds)
    inputs = [seed for seed in seeds if seed is not None]
    ways = grad(outputs, inputs, weights, create_graph=recorded, allow_unused=True)
    arrived = iter(ways)
    return [None if seed is None else next(arrived) for seed in seeds]
