"""What is known of an op before its recorder is written: parameters, rules, and what those name.

What each rule names decides what a node keeps: `g` is the gradient of the output (`g_<field>` of a
named result), `out` the result (or a field's name), a parameter's name its argument - a tensor is
kept with its version - and `<arg>_shape`, `<arg>_stride`, `<arg>_dtype` are facts that keep no
tensor. A rule that names `wanted` is the rule of several arguments: it is called once, told which
of them want a gradient, and returns one for each; a gradient that did not arrive is None to it.

A forward rule says what an argument's tangent `t` adds to that of the result, in the same names
(one for each of several results), or is a word, which `dual/rules.py` explains.
"""

import functools
import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union, get_args, get_origin

from minitorch_np.tensor import Number, Tensor

__all__ = ["Plan", "Rule", "asked", "plan_of", "slot", "version_slot"]

FACTS = {"shape": "sizes", "stride": "strides", "offset": "offset", "dtype": "dtype"}
TORCH_NAMES = {"out": "result", "bias_sym_sizes": "bias_sym_sizes_opt"}
TORCH_FACTS = {"shape": "sym_sizes", "stride": "sym_strides"}

A = Any
Rule = (
    Callable[[A], object] | Callable[[A, A], object] | Callable[[A, A, A], object]
    | Callable[[A, A, A, A], object] | Callable[[A, A, A, A, A], object]
    | Callable[[A, A, A, A, A, A], object] | Callable[[A, A, A, A, A, A, A], object]
    | Callable[[A, A, A, A, A, A, A, A], object] | Callable[[A, A, A, A, A, A, A, A, A], object]
    | Callable[[A, A, A, A, A, A, A, A, A, A], object]
    | Callable[[A, A, A, A, A, A, A, A, A, A, A], object]
    | Callable[[A, A, A, A, A, A, A, A, A, A, A, A], object]
    | Callable[[A, A, A, A, A, A, A, A, A, A, A, A, A], object]
)  # fmt: skip
"""A gradient rule. What it takes, its parameters' names say, so only their number is typed."""


def asked(rule: Callable[..., object]) -> tuple[str, ...]:
    """The names of a rule's parameters. `inspect.signature` takes many times as long, and an
    import asks two thousand times.
    """
    if type(rule) is not types.FunctionType or rule.__dict__:
        return tuple(inspect.signature(rule).parameters)
    code = rule.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


@dataclass
class Plan:
    """What the templates need to know of one op."""

    name: str
    node: str
    signature: inspect.Signature
    kinds: dict[str, str]
    """Of each parameter that may be a tensor: 'tensor', 'maybe' or 'list'."""
    results: tuple[str, ...] | None
    """The fields of a named result; () for a plain tuple of tensors; None for one tensor."""
    rules: dict[str, Rule] = field(default_factory=dict[str, Rule])
    jvps: dict[str, "Rule | str"] = field(default_factory=dict[str, "Rule | str"])
    """The forward rules of arguments that have one of their own."""
    graded: int | None = None
    """How many of the results have a gradient, the first ones; None for all."""
    constants: frozenset[str] = frozenset()
    """Tensor arguments that never have a gradient, such as indices: no edge leads to them."""
    view: bool = False
    differentiable: bool = True
    has_out: bool = False
    refuses: str = ""
    """Whose gradients rule out `out=`: 'any' argument's, or its own if it is a 'leaf'."""
    discrete: bool = False
    """Whether integers that it makes of floating numbers just have no history, without an error."""
    aten: str = ""
    """torch's name, where the function's says which of its overloads it is."""
    quick: Callable[..., A] | None = None
    swift: str = ""
    """What it is on arrays of one form, and on an array and a number: see shortcuts.py."""
    into: Callable[..., object] | None = None
    """What fills the memory of its result from arrays of forms that met before, and from numbers:
    see shortcuts.py."""
    whole: bool = False
    """Whether `quick` and `into` do with integers what the op does."""
    beside: bool = True
    """Whether a number is an operand of ATen's loop, or only what its kernel is told."""
    planned: bool = False
    """Whether a view follows from the form and from arguments that are ints: see shortcuts.py."""
    called: str = "self"
    """What PyTorch's node calls the argument `input`."""
    frugal: bool = False
    """Whether what several rules name is kept only if one of them will run."""
    title: Callable[..., str] | None = None
    """Computes the node's name from arguments, where PyTorch has several overloads."""

    def wants(self, name: str) -> list[str]:
        """The inputs whose rules name `name`."""
        return [arg for arg, rule in self.rules.items() if name in asked(rule)]

    def keepers(self, name: str) -> list[str]:
        """The inputs of which one must need a gradient for `name` to be kept; [] for always.

        As PyTorch has it: what several rules name is kept even where none of those will run, and so
        is a tensor that may be left out. Source: guard_for, tools/autograd/gen_variable_type.py.
        """
        users = self.wants(name)
        if name not in self.kinds or self.output(name) is not None or "backward" in self.name:
            return []
        optional = types.NoneType in get_args(self.signature.parameters[name].annotation)
        several = len(users) != 1 and not self.frugal
        return [] if several or optional or len(users) == len(self.inputs()) else users

    def names(self) -> list[str]:
        """Everything that any rule names, once, gradients left out."""
        found = [n for rule in self.rules.values() for n in asked(rule)]
        return [n for n in dict.fromkeys(found) if not self.is_gradient(n)]

    def is_gradient(self, name: str) -> bool:
        """Whether a rule's parameter is the gradient of an output."""
        named = name.startswith("g_") and name[2:] in (self.results or ())
        return name in ("g", "wanted") or named

    def shared(self) -> list[list[str]]:
        """The arguments of each rule that is for several."""
        found: dict[int, list[str]] = {}
        for arg, rule in self.rules.items():
            if "wanted" in asked(rule):
                found.setdefault(id(rule), []).append(arg)
        return list(found.values())

    def has_history(self, output: int) -> bool:
        """Whether an output leads back to the node."""
        return self.graded is None or output < self.graded

    def numbers(self) -> list[str]:
        """The parameters that are given by keyword and must be numbers."""
        given = self.signature.parameters.values()
        return [p.name for p in given if p.annotation == Number and p.kind is p.KEYWORD_ONLY]

    def inputs(self) -> list[str]:
        """The arguments that an edge may lead to."""
        return [arg for arg in self.kinds if arg != "out" and arg not in self.constants]

    def scalar(self, name: str) -> bool:
        """Whether an argument may be a number that PyTorch has an overload for.

        Such an overload has a node of its own; without one, a number is wrapped as a tensor.
        """
        titled = asked(self.title) if self.title else ()
        return self.kinds.get(name) == "maybe" and name in titled

    def look(self, name: str) -> str:
        """How PyTorch's node shows an argument that is no tensor: see graph/shown.py."""
        parameter = self.signature.parameters.get(name)
        if parameter is None or name in self.kinds:
            return ""
        if name == "reduction":
            return name
        words = set(re.findall(r"\w+", str(parameter.annotation)))
        if "int" not in words or words & {"float", "Number"}:
            return ""
        return "ints" if words & {"tuple", "Sequence"} else "int"

    def output(self, name: str) -> int | None:
        """Which output a rule's parameter names, None when it is not an output."""
        if self.results and name in self.results:
            return self.results.index(name)
        return 0 if name == "out" else None

    def kept_tensor(self, name: str) -> bool:
        """Whether what a rule's parameter names is a tensor that is kept, with its version."""
        return self.output(name) is not None or (name in self.kinds and name != "out")

    def fact(self, name: str) -> tuple[str, str] | None:
        """The parameter and the field that a name such as `input_shape` stands for."""
        arg, _, what = name.rpartition("_")
        return (arg, FACTS[what]) if arg in self.kinds and what in FACTS else None

    def set_jvps(self, every: str, rules: "Mapping[str, Rule | str]") -> None:
        """Take forward rules, after the gradient rules: `every` stands for all of those.

        Raises: TypeError for one whose names mean nothing to this op.
        """
        self.jvps = {**dict.fromkeys(self.rules if every else (), every), **rules}
        for arg, rule in rules.items():
            if arg not in self.kinds:
                raise TypeError(f"{self.name}: a rule for {arg!r}, which is no tensor argument")
            for n in () if isinstance(rule, str) else asked(rule):
                known = n == "t" or n in self.signature.parameters
                if not (known or self.output(n) is not None or self.fact(n)):
                    raise TypeError(f"{self.name}: the forward rule for {arg!r} names {n!r}")

    def set_rules(self, rules: Mapping[str, Rule | None]) -> None:
        """Take the rules. Raises: TypeError for one whose names mean nothing to this op."""
        self.rules = {arg: rule for arg, rule in rules.items() if rule is not None}
        self.constants = frozenset(rules) - frozenset(self.rules)
        for arg, rule in self.rules.items():
            if arg not in self.kinds:
                raise TypeError(f"{self.name}: a rule for {arg!r}, which is no tensor argument")
            for n in asked(rule):
                known = n in self.signature.parameters or self.is_gradient(n)
                if not (known or self.output(n) is not None or self.fact(n)):
                    raise TypeError(f"{self.name}: the rule for {arg!r} names {n!r}")


def torch_name(plan: Plan, name: str) -> str:
    """What PyTorch calls a name in a rule, after `_saved_`."""
    arg, what = name.rsplit("_", 1) if plan.fact(name) else (name, "")
    found = plan.called if arg == "input" else arg
    if what:
        found = f"{found}_{TORCH_FACTS.get(what, what)}"
    return TORCH_NAMES.get(found, found)


def slot(plan: Plan, name: str) -> str:
    """The node's field for a name in a rule; `node._saved_self` reads `_kept_self` and checks."""
    return f"_kept_{torch_name(plan, name)}"


def version_slot(plan: Plan, name: str) -> str:
    """The node's field for the version of a tensor that is kept."""
    return f"_version_{torch_name(plan, name)}"


@functools.cache
def kind_of(annotation: object) -> str | None:
    """Whether a parameter is a tensor, maybe one, a list of them, or none."""
    if annotation is Tensor:
        return "tensor"
    parts = get_args(annotation)
    if isinstance(annotation, types.UnionType) or get_origin(annotation) is Union:
        return "maybe" if any(kind_of(p) for p in parts) else None
    if get_origin(annotation) in (list, tuple, Sequence) and any(kind_of(p) for p in parts):
        return "list"
    return None


def plan_of(
    name: str,
    signature: inspect.Signature,
    node: str,
    results: tuple[str, ...] | None,
    *,
    view: bool,
    differentiable: bool,
) -> Plan:
    """The plan of an op from its name and signature."""
    kinds = {p.name: kind_of(p.annotation) for p in signature.parameters.values()}
    return Plan(
        name, node, signature, {n: k for n, k in kinds.items() if k}, results,
        view=view, differentiable=differentiable, has_out="out" in signature.parameters,
    )  # fmt: skip
