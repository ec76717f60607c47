"""Source text of an op's recorder and of its node's class, specialised to its parameters and rules.

What each rule names decides what its node keeps: `g` is the gradient of the output (`g_<field>` of
a named result), `out` the result (or a field's name), a parameter's name its argument - a tensor is
kept with its version - and `<arg>_shape`, `<arg>_stride`, `<arg>_dtype` are facts that keep no
tensor. A tensor is kept only if an input whose rule names it needs a gradient. A rule that names
`wanted` is the rule of several arguments: it is called once, told which of them want a gradient,
and returns one for each; a gradient that did not arrive is None to it.
"""

import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union, get_args, get_origin

from minitorch_np.tensor import Number, Tensor

__all__ = ["Plan", "inplace_source", "node_source", "plan_of", "record_source"]

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
    """What it is on arrays of one form, and on an array and a number: see `_quick`."""
    beside: bool = True
    """Whether a number is an operand of ATen's loop, or only what its kernel is told."""
    planned: bool = False
    """Whether a view follows from the form and from arguments that are ints: see `_planned`."""
    called: str = "self"
    """What PyTorch's node calls the argument `input`."""
    title: Callable[..., str] | None = None
    """Computes the node's name from arguments, where PyTorch has several overloads."""

    def wants(self, name: str) -> list[str]:
        """The inputs whose rules name `name`."""
        return [
            arg for arg, rule in self.rules.items() if name in inspect.signature(rule).parameters
        ]

    def names(self) -> list[str]:
        """Everything that any rule names, once, gradients left out."""
        found = [n for rule in self.rules.values() for n in inspect.signature(rule).parameters]
        return [n for n in dict.fromkeys(found) if not self.is_gradient(n)]

    def is_gradient(self, name: str) -> bool:
        """Whether a rule's parameter is the gradient of an output."""
        named = name.startswith("g_") and name[2:] in (self.results or ())
        return name in ("g", "wanted") or named

    def shared(self) -> list[list[str]]:
        """The arguments of each rule that is for several."""
        found: dict[int, list[str]] = {}
        for arg, rule in self.rules.items():
            if "wanted" in inspect.signature(rule).parameters:
                found.setdefault(id(rule), []).append(arg)
        return list(found.values())

    def has_history(self, output: int) -> bool:
        """Whether an output leads back to the node."""
        return self.graded is None or output < self.graded

    def numbers(self) -> list[str]:
        """The parameters that are given by keyword and must be numbers."""
        given = self.signature.parameters.values()
        return [p.name for p in given if p.annotation == Number and p.kind is p.KEYWORD_ONLY]

    def scalar(self, name: str) -> bool:
        """Whether an argument may be a number that PyTorch has an overload for.

        Such an overload has a node of its own; without one, a number is wrapped as a tensor.
        """
        titled = inspect.signature(self.title).parameters if self.title else ()
        return self.kinds.get(name) == "maybe" and name in titled

    def output(self, name: str) -> int | None:
        """Which output a rule's parameter names, None when it is not an output."""
        if self.results and name in self.results:
            return self.results.index(name)
        return 0 if name == "out" else None

    def fact(self, name: str) -> tuple[str, str] | None:
        """The parameter and the field that a name such as `input_shape` stands for."""
        arg, _, what = name.rpartition("_")
        return (arg, FACTS[what]) if arg in self.kinds and what in FACTS else None

    def set_rules(self, rules: Mapping[str, Rule | None]) -> None:
        """Take the rules. Raises: TypeError for one whose names mean nothing to this op."""
        self.rules = {arg: rule for arg, rule in rules.items() if rule is not None}
        self.constants = frozenset(rules) - frozenset(self.rules)
        for arg, rule in self.rules.items():
            if arg not in self.kinds:
                raise TypeError(f"{self.name}: a rule for {arg!r}, which is no tensor argument")
            for n in inspect.signature(rule).parameters:
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


def parameters_text(signature: inspect.Signature, without: str = "") -> str:
    """The parameter list, with defaults as the names `default_<parameter>`."""
    parts: list[str] = []
    starred = False
    for p in signature.parameters.values():
        if p.name == without:
            continue
        if p.kind is p.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        parts.append(p.name if p.default is p.empty else f"{p.name}=default_{p.name}")
    return ", ".join(parts)


def call_text(signature: inspect.Signature, out: str | None = None) -> str:
    """The arguments of a call that passes every parameter on; `out` replaces the `out` argument."""
    parts: list[str] = []
    for p in signature.parameters.values():
        value = out if out is not None and p.name == "out" else p.name
        parts.append(f"{p.name}={value}" if p.kind is p.KEYWORD_ONLY or value != p.name else p.name)
    return ", ".join(parts)


def _edges(plan: Plan) -> Iterator[str]:
    """Lines that find the edge of each argument that has a rule: `e_<arg>`."""
    for arg in _inputs(plan):
        kind = plan.kinds[arg]
        has = _met(arg)
        if kind == "tensor":
            yield f"e_{arg} = edge({arg}) if {has} else None"
        elif kind == "maybe":
            yield f"e_{arg} = edge({arg}) if isinstance({arg}, Tensor) and ({has}) else None"
        else:
            yield f"e_{arg} = [None if t is None else edge(t) for t in {arg}]"


def _known_edges(plan: Plan) -> Iterator[str]:
    """`_edges` where a result was found ahead: nobody looked yet at who met autograd."""
    for arg in _inputs(plan):
        number = plan.kinds[arg] == "maybe"
        yield f"e_{arg} = edge({arg})" + (
            f" if isinstance({arg}, Tensor) else None" if number else ""
        )


def _inputs(plan: Plan) -> list[str]:
    return [arg for arg in plan.kinds if arg != "out" and arg not in plan.constants]


def _nothing_needed(plan: Plan) -> str:
    """The test that no input needs a gradient.

    A view of a base that does counts even where no gradient can reach it (made under no_grad, or
    before the base's flag was set): PyTorch then leaves a node that leads nowhere.
    """
    edges: list[str] = []
    bases: list[str] = []
    for arg in _inputs(plan):
        if plan.kinds[arg] == "list":
            edges.append(f"not any(e_{arg})")
            continue
        through_base = f"{arg}.base is None or not {arg}.base.requires_grad"
        if plan.kinds[arg] == "maybe":
            through_base = f"not isinstance({arg}, Tensor) or {through_base}"
        edges.append(f"e_{arg} is None")
        bases.append(f"({through_base})")
    return " and ".join([*edges, *bases]) or "True"


def _any_edge(plan: Plan, arguments: Sequence[str]) -> str:
    return " or ".join(
        f"any(e_{a})" if plan.kinds[a] == "list" else f"e_{a} is not None" for a in arguments
    )


def _edge_tuple(plan: Plan) -> str:
    return "".join(f"*e_{a}, " if plan.kinds[a] == "list" else f"e_{a}, " for a in _inputs(plan))


def _needed(plan: Plan, name: str) -> str:
    """The test that some rule that names `name` will run; empty where one always will."""
    users = plan.wants(name)
    return "" if len(users) == len(_inputs(plan)) else _any_edge(plan, users)


def _save_outputs(plan: Plan) -> Iterator[str]:
    """Lines that keep the results the rules name, without their history."""
    for name in plan.names():
        output = plan.output(name)
        if output is None:
            continue
        source = f"result[{output}]" if plan.results else "result"
        needed = _needed(plan, name)
        condition = f" if {needed} else None" if needed else ""
        yield f"node.{slot(plan, name)} = kept_result({source}){condition}"
        yield f"node.{version_slot(plan, name)} = ({source}.ticks or UNWRITTEN).value"


def _saves(plan: Plan, inplace: bool) -> Iterator[str]:
    """Lines that keep the arguments the rules name; before the op runs, if it writes in place."""
    for name in plan.names():
        fact = plan.fact(name)
        needed = _needed(plan, name)
        if plan.output(name) is not None:
            continue
        if name in plan.kinds:
            source = "before" if inplace and name == next(iter(plan.kinds)) else name
            yield from _save_tensor(plan, name, source, needed)
        elif fact:
            arg, attribute = fact
            one = f"{arg}.{attribute}"
            if plan.kinds[arg] == "list":
                one = f"[t.{attribute} for t in {arg}]"
            elif plan.kinds[arg] == "maybe":
                one = f"{one} if isinstance({arg}, Tensor) else None"
            yield f"node.{slot(plan, name)} = {one}"
        else:
            yield f"node.{slot(plan, name)} = {name}"


def _save_tensor(plan: Plan, name: str, source: str, needed: str) -> Iterator[str]:
    kind, version = plan.kinds[name], version_slot(plan, name)
    only = f" if {needed} else None" if needed else ""
    yield f"node.{slot(plan, name)} = kept = {source}{only}"
    if kind == "list":
        yield "if kept is not None:"
        yield f"    node.{version} = [None if t is None else version_of(t) for t in kept]"
        return
    test = {"tensor": "kept is not None" if needed else "", "maybe": "isinstance(kept, Tensor)"}[
        kind
    ]
    pad = ""
    if test:
        yield f"if {test}:"
        pad = "    "
    yield f"{pad}node.{version} = 0 if kept.ticks is None else version_of(kept)"


def _node(plan: Plan, inplace: bool) -> Iterator[str]:
    """Lines that make the node and fill it."""
    if plan.title:
        asked = inspect.signature(plan.title).parameters
        given = [str(inplace) if n == "inplace" else n for n in asked]
        yield f"node = new(titled(Node_, title_of({', '.join(given)})))"
    else:
        yield "node = new(Node_)"
    yield f"node.edges = ({_edge_tuple(plan)})"
    yield "node.order = next(recorded)"
    yield "node.tensor_hooks = node.pre_hooks = node.post_hooks = node.retainers = None"
    yield from _saves(plan, inplace)


def _attach(plan: Plan) -> Iterator[str]:
    """Lines that make the node the history of the results."""
    if plan.results is None:
        yield "node.expects = result.form.expects"
        yield "meta = result.meta = new(AutogradMeta)"
        yield "meta.grad_fn = node"
        yield "meta.output_nr = 0"
        yield "meta.requires_grad = meta.retains_grad = False"
        yield "meta.grad = meta.hooks = meta.post_hooks = meta.accumulator = None"
    else:
        yield (
            "attach(node, result)"
            if plan.graded is None
            else f"attach(node, result, {plan.graded})"
        )


def _into_out(plan: Plan, run: str) -> Iterator[str]:
    """Lines for a call with `out=`: a refusal where a gradient is wanted, or the call."""
    given = ", ".join(f"*{a}" if plan.kinds[a] == "list" else a for a in _inputs(plan))
    if plan.refuses:
        # tensors that never met autograd want none: looking at that saves the call
        tests = ["True"] if plan.results is not None else [_met("out")]
        for arg in _inputs(plan):
            kind = plan.kinds[arg]
            whole = f"isinstance({arg}, Tensor) and ({_met(arg)})" if kind == "maybe" else _met(arg)
            tests.append("True" if kind == "list" else whole)
        yield f"if {' or '.join(tests)}:"
        yield f"    refuse_out(op, out, ({given},))"
    yield f"return underived(op, {run}, ({given},))" if plan.refuses == "leaf" else f"return {run}"


def _met(name: str) -> str:
    """The test that a tensor may have met autograd."""
    return f"{name}.meta is not None or {name}.base is not None"


def _untracked(plan: Plan) -> str:
    """The test that no input ever met autograd; for ops whose inputs are known to be tensors."""
    return " and ".join([_untracked_one(arg) for arg in _inputs(plan)])


def _untracked_one(arg: str) -> str:
    return f"{arg}.meta is None and {arg}.base is None"


def _quick(plan: Plan) -> Iterator[str]:
    """Lines that set `result` in the common case: small floating tensors of one form, or of two
    forms that met before, and all other arguments left out. NumPy then allocates, and nothing else
    needs to be decided."""
    first, *rest = inputs = _inputs(plan)
    yield from _quick_form(plan)
    arrays = ", ".join([f"a_{arg}" for arg in inputs])
    made = [
        *_fetched(inputs),
        f"result = owning(to, quiet.run(quick, {arrays}))",
        f"if {_untracked(plan)} or not state.route:",
        "    return result",
    ]
    yield f"if {_quick_tests(plan, '')}:"
    if not rest:
        yield "    to = form.alike"
        yield "    if to is not None:"
        yield from [f"        {line}" for line in made]
        return
    other = rest[0]
    yield f"    if isinstance({other}, Tensor):"
    yield f"        to = form.alike if {other}.form is form else pairs.get((form, {other}.form))"
    yield "        if to is not None:"
    yield from [f"            {line}" for line in made]
    if plan.kinds[other] == "maybe":
        to = "form.beside" if plan.beside else "form.alike"
        yield f"    elif type({other}) in NUMBERS and {to} is not None:"
        yield f"        number = quiet.run(quick, {first}.array, float({other}))"
        yield f"        result = owning({to}, number)"
        yield f"        if {_untracked_one(first)} or not state.route:"
        yield "            return result"


def _quick_form(plan: Plan) -> Iterator[str]:
    """The line that looks at the form of the first argument."""
    first = _inputs(plan)[0]
    may = plan.kinds[first] == "maybe"
    yield f"form = {first}.form" + (f" if isinstance({first}, Tensor) else NO_FORM" if may else "")


def _quick_tests(plan: Plan, without: str) -> str:
    """The test that all arguments but the inputs were left out, and that nobody watches."""
    given = [p for p in plan.signature.parameters if p not in _inputs(plan) and p != without]
    return " and ".join([*[f"{p} is default_{p}" for p in given], "not WATCHERS"])


def _fetched(inputs: Sequence[str]) -> Iterator[str]:
    """Lines that read the ndarrays of tensors: from their slots, where they are nearly always."""
    for arg in inputs:
        yield f"a_{arg} = {arg}.nd"
        yield f"if a_{arg} is None:"
        yield f"    a_{arg} = {arg}.array"


def _quick_inplace(plan: Plan) -> Iterator[str]:
    """Lines that write to the first argument in the common case, when memory is not shared."""
    first, *rest = inputs = _inputs(plan)
    yield from _quick_form(plan)
    yield f"if form.alike is not None and {_quick_tests(plan, 'out')}:"
    apart = [f"({arg} is {first} or {arg}.store is not {first}.store or {first}.store is None)"
             for arg in rest]  # fmt: skip
    tests = " and ".join([*apart, f"({_untracked(plan)} or not state.route)"])
    arrays = ", ".join([f"a_{arg}" for arg in inputs])
    written = [f"bump({first})", f"return {first}"]
    done = [
        f"if {tests}:",
        *[f"    {line}" for line in _fetched(inputs)],
        f"    quiet.run(quick, {arrays}, out=a_{first})",
        *[f"    {line}" for line in written],
    ]
    if not rest:
        yield from [f"    {line}" for line in done]
        return
    other = rest[0]
    yield f"    if isinstance({other}, Tensor) and {other}.form is form:"
    yield from [f"        {line}" for line in done]
    if plan.kinds[other] == "maybe":
        free = f"({_untracked_one(first)} or not state.route)"
        yield f"    elif type({other}) in NUMBERS and {free}:"
        yield f"        a_{first} = {first}.array"
        yield f"        quiet.run(quick, a_{first}, float({other}), out=a_{first})"
        yield from [f"        {line}" for line in written]


def _planned(plan: Plan) -> Iterator[str]:
    """Lines that set `result` where this view of this form was taken before, from the same ints.

    Types must be known to be those of ints, for 1, 1.0 and True are one key.
    """
    first, *rest = plan.signature.parameters
    tests: list[str] = []
    several: list[str] = []
    for p in rest:
        kind = plan.signature.parameters[p].annotation
        if kind in (int, bool):
            tests.append(f"type({p}) is {kind.__name__}")
        elif kind == int | None:
            tests.append(f"({p} is None or type({p}) is int)")
        else:
            tests.append(f"type({p}) is tuple")
            several.append(p)
    yield "key = None"
    yield f"if {' and '.join(tests) or 'True'}:"
    pad = "    "
    for p in several:  # without a call, which would cost as much as all the rest
        yield f"{pad}for n in {p}:"
        yield f"{pad}    if type(n) is not int:"
        yield f"{pad}        break"
        yield f"{pad}else:"
        pad += "    "
    yield f"{pad}key = ({first}.form, {', '.join(rest)})"
    yield "known = plans.get(key)"
    yield "if known is not None and not WATCHERS:"
    yield f"    result = seen({first}, known[0], {first}.offset + known[1])"
    yield "    if not state.route:"
    yield "        return unrecorded(result)"
    yield f"    if {_untracked(plan)}:"
    yield "        return result"


def record_source(plan: Plan) -> str:
    """The recorder of the op: run it, and leave a node when an input needs a gradient."""
    call = call_text(plan.signature)
    ahead = list(_quick(plan)) if plan.quick else list(_planned(plan)) if plan.planned else []
    once = f"impl({call})"
    if plan.planned:
        once = f"learnt(plans, key, {next(iter(plan.kinds))}, {once})"
    if plan.quick and len(_inputs(plan)) == 2:
        to = "out" if plan.has_out else "None"
        once = f"met(pairs, quick, {', '.join(_inputs(plan))}, {to}, {once})"
    run = f"counted({once}, out)" if plan.has_out else once
    slow = ["route = state.route", "if not route:"]
    slow += [f"    return unrecorded({once})" if plan.view else f"    return {run}"]
    slow += ["if route > 1:", f"    return watched(op, {watched_text(plan.signature)})"]
    if plan.has_out:
        slow += ["if out is not None:", *[f"    {line}" for line in _into_out(plan, run)]]
    body = slow
    found = ["if not result.dtype.is_floating_point:"]
    found += ["    return result" if plan.discrete else "    refuse_history(result)"]
    if not plan.differentiable:
        body = [*slow, f"return {once}"]
    else:
        slow += [*_edges(plan), f"if {_nothing_needed(plan)}:", f"    return {once}"]
        slow += [f"result = {once}", *(found if plan.results is None else ())]
        body = slow
        if ahead:
            known = [*_known_edges(plan), f"if {_nothing_needed(plan)}:", "    return result"]
            body = ["result = None", *ahead, "if result is None:", *[f"    {e}" for e in slow]]
            body += ["else:", *[f"    {line}" for line in known]]
        body += [*_node(plan, False), *_save_outputs(plan), *_attach(plan), "return result"]
    lines = [f"def {plan.name}({parameters_text(plan.signature)}):", "    try:"]
    lines += [f"        {line}" for line in body]
    lines += [
        "    except (AttributeError, TypeError, ValueError) as error:",
        f"        blame(op, error, {_arguments(plan)})",
        "        raise",
    ]
    return "\n".join(lines)


def inplace_source(plan: Plan, name: str) -> str:
    """The recorder of the in-place form: write to the first argument, count the write, rebase."""
    native = plan.name == name
    signature = plan.signature
    first = next(iter(signature.parameters))
    call = call_text(signature, None if native else first)
    plain = [f"impl({call})", f"bump({first})", f"return {first}"]
    body = list(_quick_inplace(plan)) if plan.quick and not native else []
    body += ["route = state.route", "if not route:", *[f"    {line}" for line in plain]]
    body += ["if route > 1:"]
    body += [f"    return watched(op, {watched_text(signature, 'out')})"]
    if plan.differentiable:
        body += _edges(plan)
        body += [f"if {_nothing_needed(plan)}:"]
        body += [f"    {line}" for line in plain]
        if native and plan.discrete:
            body += [f"if not {first}.dtype.is_floating_point:", *[f"    {line}" for line in plain]]
        body += [f"check_inplace({first}, True)"]
        if first in plan.names():
            body += [f"before = {first}.clone() if {_any_edge(plan, plan.wants(first))} else None"]
        body += _node(plan, True)
        body += [f"impl({call})", f"bump({first})", f"result = {first}"]
        write = "regard" if plan.view else "rebase"
        body += [*_save_outputs(plan), f"{write}({first}, node)", f"return {first}"]
    else:
        body += plain
    lines = [f"def {name}({parameters_text(signature, 'out')}):", "    try:"]
    lines += [f"        {line}" for line in body]
    lines += [
        "    except (AttributeError, TypeError, ValueError) as error:",
        f"        blame(op, error, {_arguments(plan, 'out')})",
    ]
    lines += ["        raise"]
    return "\n".join(lines)


def _arguments(plan: Plan, without: str = "") -> str:
    names = [*plan.kinds, *plan.numbers()]
    return "{" + ", ".join(f"{a!r}: {a}" for a in names if a != without) + "}"


def watched_text(signature: inspect.Signature, without: str = "") -> str:
    """The arguments as a tuple and a dict, defaults included, for a mode to see."""
    positional = ""
    keyword: list[str] = []
    for p in signature.parameters.values():
        if p.name == without:
            continue
        if p.kind is p.KEYWORD_ONLY:
            keyword.append(f"{p.name!r}: {p.name}")
        else:
            positional += f"{p.name}, "
    return f"({positional}), {{{', '.join(keyword)}}}"


def node_source(plan: Plan) -> str:
    """The class of the node: a slot for everything kept, and `apply`, which calls the rules."""
    names = plan.names()
    tensors = [n for n in names if plan.output(n) is not None or (n in plan.kinds and n != "out")]
    slots = [slot(plan, n) for n in names] + [version_slot(plan, n) for n in tensors]
    lines = [f"class {plan.node}(Node):", f"    __slots__ = {tuple(slots)!r}"]
    lines += [f"    saves = { {slot(plan, n): _edge_of(plan, n) for n in tensors}!r}"]
    made = {slot(plan, n): at for n in tensors if _with_history(plan, at := plan.output(n))}
    lines += [f"    outputs = {made!r}"]
    lines += [f"    scalars = { {slot(plan, n) for n in names if plan.scalar(n)}!r}"]
    lines += ["    def apply(self, grads, edges):"]
    body: list[str] = []
    if plan.results is None:
        body += ["g = grads[0]", "if g is None:", "    return [None] * len(edges)"]
    elif not plan.results:
        body += ["g = tuple(grads)"]
    else:
        for nr, result in enumerate(plan.results):
            asked = [inspect.signature(r).parameters for r in plan.rules.values()]
            asked = [names for names in asked if f"g_{result}" in names]
            if asked:
                body += [f"g_{result} = grads[{nr}]"]
            if any("wanted" not in names for names in asked):
                body += [f"if g_{result} is None:", f"    g_{result} = zeros(self, {nr})"]
    body += [f"{n} = self.{slot(plan, n)}" for n in names if n not in tensors]
    for n in tensors:
        body += _unpack(plan, n)
    values: list[str] = []
    inputs = _inputs(plan)
    several = plan.shared()
    for group in several:
        wanted = [f"edges[{_edge_of(plan, arg)}] is not None" for arg in group]
        body += [f"wanted = ({', '.join(wanted)},)"]
        body += [f"{', '.join([f'd_{a}' for a in group])}, = {_rule_call(plan, group[0])}"]
    together = [arg for group in several for arg in group]
    for at, arg in enumerate(inputs):
        if plan.kinds[arg] == "list":
            body += [f"e_{arg} = edges[{at}:len(edges) - {len(inputs) - at - 1}]"]
            values.append(f"*({_rule_call(plan, arg)} if any(e_{arg}) else [None] * len(e_{arg}))")
        else:
            value = f"d_{arg}" if arg in together else _rule_call(plan, arg)
            values.append(f"{value} if edges[{_edge_of(plan, arg)}] is not None else None")
    body += [f"return [{', '.join(values)}]"]
    return "\n".join(lines + [f"        {line}" for line in body])


def _with_history(plan: Plan, output: int | None) -> bool:
    return output is not None and plan.has_history(output)


def _edge_of(plan: Plan, name: str) -> int | None:
    """Which of a node's edges leads to a saved argument; from the end, behind a list of them."""
    inputs = _inputs(plan)
    if name not in inputs or plan.kinds[name] == "list":
        return None
    at = inputs.index(name)
    return at - len(inputs) if "list" in [plan.kinds[a] for a in inputs[:at]] else at


def _rule_call(plan: Plan, arg: str) -> str:
    if arg not in plan.rules:
        return f"no_rule(op, {arg!r})"
    return f"rule_{arg}({', '.join(inspect.signature(plan.rules[arg]).parameters)})"


def _unpack(plan: Plan, name: str) -> Iterator[str]:
    """Lines that give back a kept tensor, unless it was written to since."""
    yield f"{name} = self.{slot(plan, name)}"
    nr = plan.output(name)
    if nr is not None:
        yield f"if {name} is not None:"
        yield f"    if ({name}.ticks or UNWRITTEN).value != self.{version_slot(plan, name)}:"
        yield f"        stale({name}, self.{version_slot(plan, name)}, self, {nr})"
        if _with_history(plan, nr):
            yield f"    {name} = as_output(self, {name}, {nr})"
    elif plan.kinds[name] == "list":
        yield f"if {name} is not None:"
        yield f"    fresh_all({name}, self.{version_slot(plan, name)})"
    else:
        test = f"{name} is not None"
        if plan.kinds[name] == "maybe":
            # a number was kept without a version, and what stands for it now has one
            yield f"if {name} is FREED:"
            yield "    freed()"
            test = f"isinstance({name}, Tensor)"
        yield f"if {test} and ({name}.ticks or UNWRITTEN).value != self.{version_slot(plan, name)}:"
        yield f"    stale({name}, self.{version_slot(plan, name)})"


def plan_of(
    function: Callable[..., object],
    node: str,
    results: tuple[str, ...] | None,
    *,
    view: bool,
    differentiable: bool,
) -> Plan:
    """The plan of an op from its signature."""
    signature = inspect.signature(function)
    kinds = {p.name: kind_of(p.annotation) for p in signature.parameters.values()}
    return Plan(
        function.__name__, node, signature, {n: k for n, k in kinds.items() if k}, results,
        view=view, differentiable=differentiable, has_out="out" in signature.parameters,
    )  # fmt: skip
