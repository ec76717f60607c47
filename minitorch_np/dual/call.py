"""One call of an op as forward rules see it: every value that a rule may name."""

import functools
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from minitorch_np.op import REGISTRY
from minitorch_np.plan import Plan, Rule
from minitorch_np.tensor import Tensor

__all__ = ["Call", "Dual", "Planned", "contents", "groups", "smooth"]

A = Any
Dual = Tensor | Sequence[Tensor | None]
"""The tangent of an argument, or of each tensor of a list."""


class Planned(Protocol):
    """An op, as far as forward mode knows it."""

    name: str
    layout: str
    plan: Plan

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Run the op under the modes that are on."""
        ...


@functools.cache
def names_of(rule: Rule) -> tuple[str, ...]:
    """The parameters of a rule."""
    return tuple(inspect.signature(rule).parameters)


@functools.cache
def smooth(op: Planned) -> tuple[tuple[str, bool], ...]:
    """The arguments that the results depend on smoothly, and whether each is a list: those with a
    rule, or all where there is no rule at all, for then forward mode refuses the op."""
    plan = op.plan
    ruled = {*plan.rules, *plan.jvps}
    named = [arg for arg in plan.inputs() if not ruled or arg in ruled]
    return tuple([(arg, plan.kinds[arg] == "list") for arg in named if plan.differentiable])


@functools.cache
def groups(op: Planned) -> tuple[tuple[str, ...], ...]:
    """The arguments of each gradient rule that is for several."""
    return tuple([tuple(group) for group in op.plan.shared()])


class Call:
    """A call of `op`: the arguments by name and, once it ran, the results.

    Of an in-place form the first argument is what it was before the write.
    """

    __slots__ = ("arguments", "op", "plan", "results")

    results: Sequence[Tensor]

    def __init__(self, op: Planned, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        self.op = op
        self.plan = op.plan
        self.arguments: dict[str, object] = dict(zip(op.plan.signature.parameters, args))
        self.arguments.update(kwargs)

    def value(self, name: str) -> A:
        """What a rule's parameter names."""
        output = self.plan.output(name)
        if output is not None:
            return self.results[output]
        if name in self.arguments:
            return self.arguments[name]
        fact = self.plan.fact(name)
        assert fact is not None, name
        of, attribute = self.arguments[fact[0]], fact[1]
        if self.plan.kinds[fact[0]] == "list":
            return [getattr(t, attribute) for t in cast("Sequence[Tensor]", of)]
        return getattr(of, attribute) if isinstance(of, Tensor) else None

    def asked(self, rule: Rule, **given: object) -> A:
        """What a rule gives, some of its parameters `given` and the others found."""
        named = names_of(rule)
        return cast(A, rule)(*[given[n] if n in given else self.value(n) for n in named])

    def again(self, changes: Mapping[str, object]) -> Sequence[Tensor | None]:
        """The results of the op with other values of some arguments, in new memory."""
        values = {**self.arguments, **changes}
        op = REGISTRY[self.plan.name]
        parameters = op.plan.signature.parameters.values()
        first = next(iter(values))
        if self.op.name == self.plan.name and self.op.name.endswith("_"):  # no other form
            values[first] = cast(Tensor, values[first]).clone()
        positional = [values[p.name] for p in parameters if p.kind is not p.KEYWORD_ONLY]
        keyword = {
            p.name: values[p.name]
            for p in parameters
            if p.kind is p.KEYWORD_ONLY and p.name != "out"
        }
        return contents(op(*positional, **keyword))


def contents(result: object) -> Sequence[Tensor]:
    """The tensors of an op's result."""
    return (result,) if isinstance(result, Tensor) else cast("Sequence[Tensor]", result)
