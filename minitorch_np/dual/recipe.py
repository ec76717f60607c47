"""What forward mode decides of an op once: where its duals may be, and how each passes on.

Every rule is compiled to a function of a call's arguments and results, for to look up what its
parameters name costs more, on small tensors, than the rule itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from minitorch_np.op import REGISTRY
from minitorch_np.plan import Plan, Rule, asked
from minitorch_np.tensor import Tensor

__all__ = ["RECIPES", "Dual", "Planned", "Recipe", "Way", "recipe_of"]

A = Any
Dual = Tensor | Sequence[Tensor | None]
"""The tangent of an argument, or of each tensor of a list."""
Way = Callable[[tuple[A, ...], Mapping[str, A], Sequence[Tensor], A], A]
"""What an argument adds to the results' tangents: of a call's arguments by position and by name,
its results, and the tangent."""


class Planned(Protocol):
    """An op, as far as forward mode knows it."""

    name: str
    layout: str
    plan: Plan
    function: Callable[..., object]


class Recipe:
    """How one op passes tangents on; `ways` has a word for each argument, and what does it."""

    __slots__ = ("at", "direct", "function", "groups", "inplace", "looks_back", "name", "plan",
                 "rules", "slots", "unruled", "view", "ways")  # fmt: skip

    def __init__(self, op: Planned) -> None:
        plan = op.plan
        self.name = op.name
        self.function = op.function
        self.plan = plan
        self.view = plan.view
        self.inplace = op.name.endswith("_") and not op.name.endswith("__")
        self.unruled = not (plan.rules or plan.jvps or plan.view)
        parameters = plan.signature.parameters.values()
        self.at = {p.name: i for i, p in enumerate(parameters) if p.kind is not p.KEYWORD_ONLY}
        self.looks_back = "joint" in plan.jvps.values()
        """Whether a rule may look at the values of the first argument."""
        self.slots = self._slots()
        self.groups = plan.shared()
        """The arguments of each gradient rule that is for several."""
        self.rules = {arg: self._gradient(arg) for arg in plan.rules}
        """The gradient rules; one that is for several arguments gives all their gradients."""
        self.ways = {arg: self._way(op, arg) for arg, _, _ in self.slots}
        self.direct = self._direct()
        """Where each argument has a way of its own to the one result: whether that is pointwise,
        and the way. Else empty."""

    def _direct(self) -> dict[str, tuple[bool, Way]]:
        plan = self.plan
        found = {arg: (word == "pointwise", way) for arg, (word, way) in self.ways.items() if way}
        every = len(found) == len(self.slots)
        return found if every and plan.results is None and plan.graded is None else {}

    def _slots(self) -> list[tuple[str, int | None, bool]]:
        """The arguments that the results depend on smoothly, where each is, and whether it is a
        list: those with a rule, or all where there is none at all, for then the op is refused."""
        plan = self.plan
        ruled = {*plan.rules, *plan.jvps}
        named = [arg for arg in plan.inputs() if not ruled or arg in ruled]
        return [(a, self.at.get(a), plan.kinds[a] == "list") for a in named if plan.differentiable]

    def source(self, name: str) -> str:
        """The text of what a rule's parameter names, in a call's arguments and results."""
        plan = self.plan
        output = plan.output(name)
        if output is not None:
            return f"results[{output}]"
        if name in plan.signature.parameters:
            self.looks_back |= self.at.get(name) == 0
            return self._place(name)
        fact = plan.fact(name)
        assert fact is not None, name
        of, kind = self._place(fact[0]), plan.kinds[fact[0]]
        if kind == "list":
            return f"[each.{fact[1]} for each in {of}]"
        return f"{of}.{fact[1]}" if kind == "tensor" else f"getattr({of}, {fact[1]!r}, None)"

    def _place(self, name: str) -> str:
        return f"args[{self.at[name]}]" if name in self.at else f"kwargs[{name!r}]"

    def _compiled(self, rule: Rule, names: Mapping[str, str], result: str = "rule({})") -> Way:
        """A rule as a `Way`: `names` says what is given for some of its parameters."""
        given = [names.get(n) or self.source(n) for n in asked(rule)]
        text = result.format(", ".join(given))
        return eval(f"lambda args, kwargs, results, t: {text}", {"rule": rule})

    def _gradient(self, arg: str) -> Way:
        """The gradient rule of an argument: `t` is a dict of what it is given by name."""
        names = ["g", "wanted", *[f"g_{result}" for result in self.plan.results or ()]]
        return self._compiled(self.plan.rules[arg], {n: f"t[{n!r}]" for n in names})

    def _way(self, op: Planned, arg: str) -> tuple[str, Way | None]:
        plan = self.plan
        declared = plan.jvps.get(arg)
        if declared is not None and not isinstance(declared, str):
            return "rule", self._compiled(declared, {"t": "t"})
        word = declared or _usual(op, arg)
        if word == "linear":
            return word, self._again(arg)
        return word, self._pointwise(arg) if word == "pointwise" else None

    def _pointwise(self, arg: str) -> Way:
        """The gradient rule, with the tangent in the gradient's place."""
        rule = self.plan.rules[arg]
        for group in self.groups:
            if arg in group:
                wanted = tuple([one == arg for one in group])
                at = f"rule({{}})[{group.index(arg)}]"
                return self._compiled(rule, {"g": "t", "wanted": repr(wanted)}, at)
        return self._compiled(rule, {"g": "t"})

    def _again(self, arg: str) -> Way:
        """The op with a tangent instead of one argument, in new memory."""
        plan = self.plan
        parts: list[str] = []
        for p in plan.signature.parameters.values():
            if p.name != "out":
                value = "t" if p.name == arg else self.source(p.name)
                if not parts and self.name == plan.name and self.name.endswith("_"):
                    value = f"{value}.clone()"  # no other form
                parts.append(value if p.name in self.at else f"{p.name}={value}")
        space = {"op": cast(A, REGISTRY[plan.name]).function}
        return eval(f"lambda args, kwargs, results, t: op({', '.join(parts)})", space)


def _usual(op: Planned, arg: str) -> str:
    """The word for an argument that nothing is declared for."""
    if op.plan.view:
        return "linear"
    if arg not in op.plan.rules:
        return "refused"
    pointwise = op.layout == "elementwise" and op.plan.results is None
    return "pointwise" if pointwise else "transposed"


RECIPES: dict[object, Recipe] = {}
"""The recipe of every op that was asked for."""


def recipe_of(op: Planned) -> Recipe:
    """The recipe of an op, made when first asked for."""
    found = RECIPES.get(op)
    if found is None:
        found = RECIPES[op] = Recipe(op)
    return found
