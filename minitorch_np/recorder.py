"""Source text of an op's recorder and of its node's class, specialised to its parameters and rules.

A tensor that one rule alone names is kept only if the input of that rule needs a gradient.
"""

import inspect
import re
from collections.abc import Iterator, Sequence

from minitorch_np.plan import Plan, asked, slot, version_slot
from minitorch_np.shortcuts import filled, met, planned, quick, quick_inplace

__all__ = [
    "call_text", "inplace_source", "maker_source", "node_source", "odd_text", "parameters_text",
    "record_source", "surplus_text",
]  # fmt: skip


def parameters_text(signature: inspect.Signature, without: str = "") -> str:
    """The parameter list, with defaults as the names `default_<parameter>`.

    What must be given has one, too, and what is too many or has another name is taken: Python's own
    errors have other words than torch's, and some of those names are NumPy's, which torch knows.
    """
    given = [p for p in signature.parameters.values() if p.name != without]
    by_name = [p for p in given if p.kind is p.KEYWORD_ONLY]
    parts = [f"{p.name}=default_{p.name}" for p in given if p not in by_name]
    parts += ["*more", *[f"{p.name}=default_{p.name}" for p in by_name], "**named"]
    return ", ".join(parts)


def surplus_text(blame: str, again: str) -> str:
    """The lines for arguments that no parameter stands for: they are refused, or some have NumPy's
    names, and the function is called `again` with torch's."""
    return f"    if more or named:\n        return {again}(**{blame})"


def call_text(signature: inspect.Signature, out: str | None = None) -> str:
    """The arguments of a call that passes every parameter on; `out` replaces the `out` argument."""
    parts: list[str] = []
    for p in signature.parameters.values():
        value = out if out is not None and p.name == "out" else p.name
        parts.append(f"{p.name}={value}" if p.kind is p.KEYWORD_ONLY or value != p.name else p.name)
    return ", ".join(parts)


def odd_text(signature: inspect.Signature) -> str:
    """The test that an argument is of another type than is mostly given for its parameter: what
    PyTorch may refuse. "" where no parameter asks for numbers or flags.

    Of several, PyTorch looks at the first. To Python a bool is an int, and 1 may be a bool.
    `class_of` is Python's `type`, for there is a method of that name.
    """
    tests: list[str] = []
    for name, parameter in signature.parameters.items():
        text = str(parameter.annotation)
        kinds = set(re.findall(r"\b(?:Tensor|str|bool|int|float|None|tuple|Sequence)\b", text))
        if not kinds & {"bool", "int", "float"} or "str" in kinds:
            continue
        if "Tensor" in kinds:  # or an int
            tests += [] if kinds & {"bool", "float"} else [f"class_of({name}) is bool"]
            continue
        odd = [f"{name} is not None"] if "None" in kinds else []
        several = bool(kinds & {"tuple", "Sequence"})
        if not several or re.search(r"(^|\| )(int|float)\b", text):
            odd += [f"class_of({name}) is not {k}" for k in ("int", "float", "bool") if k in kinds]
            if "float" in kinds and "int" not in kinds:
                odd.append(f"class_of({name}) is not int")
        if several:
            first = f"class_of({name}) not in SEVERAL"
            if "int" in kinds and not kinds & {"bool", "float"}:
                first += f" or {name} and class_of({name}[0]) is not int"
            odd.append(f"({first})")
        tests.append(" and ".join(odd))
    return " or ".join(tests)


def _odd(plan: Plan, without: str = "") -> Iterator[str]:
    """Lines that have a look at arguments of types that PyTorch's op may refuse."""
    test = odd_text(plan.signature)
    if test:
        yield f"if {test}:"
        yield f"    again = unfit(op, {_arguments(plan, without)}, method)"
        yield "    if again is not None:"
        yield "        return op.function(**again)"


def _surplus(plan: Plan, without: str = "") -> str:
    arguments = _arguments(plan, without)
    return surplus_text(f"surplus(op, {arguments}, method, more, named)", "op.function")


def _edges(plan: Plan) -> Iterator[str]:
    """Lines that find the edge of each argument that has a rule: `e_<arg>`."""
    for arg in plan.inputs():
        kind = plan.kinds[arg]
        has = met(arg)
        if kind == "tensor":
            yield f"e_{arg} = edge({arg}) if {has} else None"
        elif kind == "maybe":
            yield f"e_{arg} = edge({arg}) if isinstance({arg}, Tensor) and ({has}) else None"
        else:
            yield f"e_{arg} = [None if t is None else edge(t) for t in {arg}]"


def _known_edges(plan: Plan) -> Iterator[str]:
    """`_edges` where a result was found ahead: nobody looked yet at who met autograd."""
    for arg in plan.inputs():
        number = plan.kinds[arg] == "maybe"
        yield f"e_{arg} = edge({arg})" + (
            f" if isinstance({arg}, Tensor) else None" if number else ""
        )


def _nothing_needed(plan: Plan) -> str:
    """The test that no input needs a gradient.

    A view of a base that does counts even where no gradient can reach it (made under no_grad, or
    before the base's flag was set): PyTorch then leaves a node that leads nowhere.
    """
    edges: list[str] = []
    bases: list[str] = []  # looked at last, for mostly there is an edge
    for arg in plan.inputs():
        if plan.kinds[arg] == "list":
            edges.append(f"not any(e_{arg})")
            bases.append(f"not based({arg})")
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
    return "".join(f"*e_{a}, " if plan.kinds[a] == "list" else f"e_{a}, " for a in plan.inputs())


def _needed(plan: Plan, name: str) -> str:
    """The test that `name` is to be kept; empty where it always is."""
    return _any_edge(plan, plan.keepers(name))


def _save_outputs(plan: Plan, inplace: bool) -> Iterator[str]:
    """Lines that keep the results the rules name, without their history.

    PyTorch keeps them even where no rule that names them will run, but in an overload for numbers.
    """
    for name in plan.names():
        output = plan.output(name)
        if output is None or _kept_with_node(plan, name, inplace):
            continue
        source = f"result[{output}]" if plan.results else "result"
        keep = "kept_output" if plan.results else "kept_result"
        yield f"k_{name} = {keep}({source}){_unless_numbers(plan, name)}"
        yield f"v_{name} = ({source}.ticks or UNWRITTEN).value"


def _kept_with_node(plan: Plan, name: str, inplace: bool) -> bool:
    """Whether what makes the node also keeps the result itself, for it is the only one and new."""
    if plan.output(name) is None or inplace or plan.results is not None:
        return False
    return not _unless_numbers(plan, name)


def _unless_numbers(plan: Plan, name: str) -> str:
    """The condition that a result is wanted: not by the rule of what was given as a number."""
    users = plan.wants(name)
    if not users or not all(plan.scalar(arg) for arg in users):
        return ""
    return f" if {' or '.join(f'isinstance({arg}, Tensor)' for arg in users)} else None"


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
            yield f"k_{name} = {one}"
        else:
            yield f"k_{name} = {name}"


def _save_tensor(plan: Plan, name: str, source: str, needed: str) -> Iterator[str]:
    kind = plan.kinds[name]
    kept, version = f"k_{name}", f"v_{name}"
    yield f"{kept} = {source}" + (f" if {needed} else None" if needed else "")
    if kind == "list":
        each = f"[None if t is None else version_of(t) for t in {kept}]"
        yield f"{version} = None if {kept} is None else {each}"
        return
    none = f"{kept} is None or " if needed else ""
    test = {"tensor": none, "maybe": f"not isinstance({kept}, Tensor) or "}[kind]
    yield f"{version} = 0 if {test}{kept}.ticks is None else version_of({kept})"


def _slots(plan: Plan, inplace: bool) -> dict[str, str]:
    """The node's fields for what is kept, by the local names under which a recorder has that."""
    kept: dict[str, str] = {}
    for name in plan.names():
        if not _kept_with_node(plan, name, inplace):
            kept[f"k_{name}"] = slot(plan, name)
            if plan.kept_tensor(name):
                kept[f"v_{name}"] = version_slot(plan, name)
    return kept


def _one_history(plan: Plan, inplace: bool) -> bool:
    """Whether the node is at once the history of one new result."""
    return not inplace and (plan.results is None or (plan.graded == 1 and not plan.view))


def _make(plan: Plan, inplace: bool) -> Iterator[str]:
    """Lines that make the node, and of it the history of new results; a write in place was
    announced before."""
    kind, order = ("kind", "order") if inplace else (_kind(plan, False), "next(recorded)")
    given = [kind, f"({_edge_tuple(plan)})", order]
    if _one_history(plan, inplace):
        given.append("result" if plan.results is None else "result[0]")
    call = f"born({', '.join([*given, *_slots(plan, inplace)])})"
    if _one_history(plan, inplace):
        yield call
        return
    yield f"node = {call}"
    if not inplace:
        rest = "" if plan.graded is None else f", {plan.graded}"
        yield f"attach(node, result{', None, True' if plan.view else rest})"


def _kind(plan: Plan, inplace: bool) -> str:
    """The node's class, whose name may depend on the arguments."""
    if not plan.title:
        return "Node_"
    given = [str(inplace) if n == "inplace" else n for n in asked(plan.title)]
    return f"titled(Node_, title_of({', '.join(given)}))"


def maker_source(plan: Plan, inplace: bool) -> str:
    """The function that makes a node of what a recorder found for it."""
    kept, one = _slots(plan, inplace), _one_history(plan, inplace)
    body = [
        "node = new(kind)",
        "node.edges = edges",
        "node.order = order",
        "node.tensor_hooks = node.pre_hooks = node.post_hooks = node.retainers = None",
        *[f"node.{field} = {local}" for local, field in kept.items()],
    ]
    for name in plan.names():
        if _kept_with_node(plan, name, inplace):
            body.append(f"node.{slot(plan, name)} = kept_result(result)")
            body.append(f"node.{version_slot(plan, name)} = (result.ticks or UNWRITTEN).value")
    if one:
        body += ["node.expects = result.form.expects", "result.meta = history(node, 0)"]
    parameters = ", ".join(["kind", "edges", "order", *["result"] * one, *kept])
    lines = [f"def born({parameters}):", *[f"    {line}" for line in [*body, "return node"]]]
    return "\n".join(lines)


def _into_out(plan: Plan, run: str) -> Iterator[str]:
    """Lines for a call with `out=`: a refusal where a gradient is wanted, or the call."""
    given = ", ".join(f"*{a}" if plan.kinds[a] == "list" else a for a in plan.inputs())
    if plan.refuses:
        # tensors that never met autograd want none: looking at that saves the call
        tests = ["True"] if plan.results is not None else [met("out")]
        for arg in plan.inputs():
            kind = plan.kinds[arg]
            whole = f"isinstance({arg}, Tensor) and ({met(arg)})" if kind == "maybe" else met(arg)
            tests.append("True" if kind == "list" else whole)
        yield f"if {' or '.join(tests)}:"
        yield f"    refuse_out(op, out, ({given},))"
    yield f"return underived(op, {run}, ({given},))" if plan.refuses == "leaf" else f"return {run}"


def _foreign(plan: Plan) -> Iterator[str]:
    """The line by which Python's operators leave what is no operand to its own class."""
    first, *rest = plan.inputs()
    if (plan.quick or plan.into) and rest and plan.kinds[rest[0]] == "maybe":
        yield f"if foreign is not None and not isinstance({rest[0]}, OPERANDS):"
        yield f"    return foreign({first}, {rest[0]})"


def record_source(plan: Plan) -> str:
    """The recorder of the op: run it, and leave a node when an input needs a gradient."""
    call = call_text(plan.signature)
    ahead: list[str] = []
    if plan.quick or plan.into or plan.planned:
        ahead += quick(plan) if plan.quick else filled(plan) if plan.into else planned(plan)
    once = f"impl({call})"
    if plan.planned:
        once = f"learnt(plans, key, {next(iter(plan.kinds))}, {once})"
    if plan.quick and len(plan.inputs()) == 2:
        to = "out" if plan.has_out else "None"
        once = f"met(pairs, quick, whole, {', '.join(plan.inputs())}, {to}, {once})"
    if plan.into:
        to = "out" if plan.has_out else "None"
        once = f"paired(pairs, whole, ({', '.join(plan.inputs())},), {to}, {once})"
    run = f"counted({once}, out)" if plan.has_out else once
    slow = [*_foreign(plan), *_odd(plan), "route = state.route", "if not route:"]
    slow += [f"    return unrecorded({once})" if plan.view else f"    return {run}"]
    slow += ["if route > 1:", f"    return watched(op, {watched_text(plan.signature)})"]
    if plan.has_out:
        slow += ["if out is not None:", *[f"    {line}" for line in _into_out(plan, run)]]
    body = slow
    found = ["if not result.dtype.is_floating_point:", "    return result"]
    if not plan.differentiable:
        body = [*ahead, *slow, f"return {once}"]
    else:
        edges = [*_edges(plan), f"if {_nothing_needed(plan)}:"]
        if plan.discrete:  # bools ask for nobody's history
            slow += [f"result = {once}", *found, *edges, "    return result"]
        else:
            slow += [*edges, f"    return {once}", f"result = {once}"]
        body = [*ahead, *slow]
        if ahead and not plan.discrete:
            known = [*_known_edges(plan), f"if {_nothing_needed(plan)}:", "    return result"]
            body = ["result = None", *ahead, "if result is None:", *[f"    {e}" for e in slow]]
            body += ["else:", *[f"    {line}" for line in known]]
        body += [*_saves(plan, False), *_save_outputs(plan, False)]
        body += [*_make(plan, False), "return result"]
    lines = [f"def {plan.name}({parameters_text(plan.signature)}):", _surplus(plan), "    try:"]
    lines += [f"        {line}" for line in body]
    lines += [
        "    except Exception as error:",
        f"        again = blame(op, error, {_arguments(plan)}, method)",
        "        if again is None:",
        "            raise",
        "    return op.function(**again)",
    ]
    return "\n".join(lines)


def inplace_source(plan: Plan, name: str) -> str:
    """The recorder of the in-place form: write to the first argument, count the write, rebase."""
    native = plan.name == name
    signature = plan.signature
    first = next(iter(signature.parameters))
    call = call_text(signature, None if native else first)
    plain = [f"impl({call})", f"bump({first})", f"return {first}"]
    body = list(quick_inplace(plan)) if plan.quick and not native else []
    body += list(_odd(plan, "out"))
    body += ["route = state.write_route", "if not route:", *[f"    {line}" for line in plain]]
    body += ["if route > 1:"]
    body += [f"    return watched(op, {watched_text(signature, 'out')})"]
    if plan.differentiable:
        # a view whose base was written to is judged by the history it had: `edge` gives it another
        old = f"{first}.base is not None and {first}.born != {first}.clock.value"
        floats = f" and {first}.dtype.is_floating_point" if native and plan.discrete else ""
        body += [f"if {old}{floats}:", f"    recheck({first}, {_arguments(plan, 'out')})"]
        body += _edges(plan)
        body += [f"if {_nothing_needed(plan)}:"]
        body += [f"    {line}" for line in plain]
        if native and plan.discrete:
            body += [f"if not {first}.dtype.is_floating_point:", *[f"    {line}" for line in plain]]
        body += [f"check_inplace({first}, True)"]
        if first in plan.names():
            needed = _needed(plan, first)
            body += [f"before = {first}.clone()" + (f" if {needed} else None" if needed else "")]
        body += [f"kind, order = {_kind(plan, True)}, next(recorded)", *_saves(plan, True)]
        body += [f"impl({call})", f"bump({first})", f"result = {first}"]
        write = "regard" if plan.view else "rebase"
        body += [*_save_outputs(plan, True), *_make(plan, True)]
        body += [f"{write}({first}, node)", f"return {first}"]
    else:
        body += plain
    lines = [f"def {name}({parameters_text(signature, 'out')}):", _surplus(plan, "out"), "    try:"]
    lines += [f"        {line}" for line in body]
    lines += [
        "    except Exception as error:",
        f"        again = blame(op, error, {_arguments(plan, 'out')}, method)",
    ]
    if plan.differentiable or plan.refuses == "leaf":
        # PyTorch looks at floating targets only
        floats = f" and {first}.dtype.is_floating_point" if native and plan.discrete else ""
        edges = "" if plan.differentiable else ", True"
        lines += [f"        if isinstance(error, RuntimeError){floats}:"]
        lines += [f"            recheck({first}, {_arguments(plan, 'out')}{edges})"]
    lines += ["        if again is None:", "            raise", "    return op.function(**again)"]
    return "\n".join(lines)


def _arguments(plan: Plan, without: str = "") -> str:
    names = plan.signature.parameters
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
    tensors = [n for n in names if plan.kept_tensor(n)]
    tensors.sort(key=lambda n: (plan.output(n) is not None, slot(plan, n)))  # as PyTorch unpacks
    slots = [slot(plan, n) for n in names] + [version_slot(plan, n) for n in tensors]
    lines = [f"class {plan.node}(Node):", f"    __slots__ = {tuple(slots)!r}"]
    lines += [f"    saves = { {slot(plan, n): _edge_of(plan, n) for n in tensors}!r}"]
    made = {slot(plan, n): at for n in tensors if _with_history(plan, at := plan.output(n))}
    lines += [f"    outputs = {made!r}"]
    lines += [f"    scalars = { {slot(plan, n) for n in names if plan.scalar(n)}!r}"]
    lines += [f"    looks = { {slot(plan, n): kind for n in names if (kind := plan.look(n))}!r}"]
    lines += ["    def apply(self, grads, edges):"]
    body: list[str] = []
    body += [f"{n} = self.{slot(plan, n)}" for n in names if n not in tensors]
    for n in tensors:
        body += _unpack(plan, n)
    body += _arrived(plan)
    values: list[str] = []
    inputs = plan.inputs()
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
    lines += [f"        {line}" for line in body]
    if tensors:
        lines += ["    def let_go(self):", *[f"        {_freed(plan, n)}" for n in tensors]]
    return "\n".join(lines)


def _freed(plan: Plan, name: str) -> str:
    """The line that lets go of what was kept, unless that is a number the op was given as one."""
    kept = f"self.{slot(plan, name)}"
    test = f"isinstance({kept}, Tensor)" if plan.scalar(name) else f"{kept} is not None"
    return f"if {test}: {kept} = FREED"


def _arrived(plan: Plan) -> Iterator[str]:
    """Lines that name the gradients that came, or end where none did.

    They stand behind what was saved, for a node that gets nothing complains of that, too.
    """
    nothing = "return [None] * len(edges)"
    if plan.results is None:
        yield from ("g = grads[0]", "if g is None:", f"    {nothing}")
        return
    if not plan.results:
        yield from ("g = tuple(grads)", "if g[0] is None and nothing(g):", f"    {nothing}")
        return
    for nr, result in enumerate(plan.results):
        every = [asked(rule) for rule in plan.rules.values()]
        every = [names for names in every if f"g_{result}" in names]
        if every:
            yield f"g_{result} = grads[{nr}]"
        if any("wanted" not in names for names in every):
            yield from (f"if g_{result} is None:", "    if nothing(grads):", f"        {nothing}")
            yield f"    g_{result} = zeros(self, {nr})"


def _with_history(plan: Plan, output: int | None) -> bool:
    return output is not None and plan.has_history(output)


def _edge_of(plan: Plan, name: str) -> int | None:
    """Which of a node's edges leads to a saved argument; from the end, behind a list of them."""
    inputs = plan.inputs()
    if name not in inputs or plan.kinds[name] == "list":
        return None
    at = inputs.index(name)
    return at - len(inputs) if "list" in [plan.kinds[a] for a in inputs[:at]] else at


def _rule_call(plan: Plan, arg: str) -> str:
    if arg not in plan.rules:
        return f"no_rule(op, {arg!r})"
    return f"rule_{arg}({', '.join(asked(plan.rules[arg]))})"


def _unpack(plan: Plan, name: str) -> Iterator[str]:
    """Lines that give back a kept tensor, unless it was written to since; `stale` unpacks."""
    yield f"{name} = self.{slot(plan, name)}"
    nr = plan.output(name)
    if nr is not None:
        yield f"if {name} is not None:"
        yield f"    if ({name}.ticks or UNWRITTEN).value != self.{version_slot(plan, name)}:"
        yield f"        {name} = stale({name}, self.{version_slot(plan, name)}, self, {nr})"
        if _with_history(plan, nr):
            yield f"    {name} = as_output(self, {name}, {nr})"
    elif plan.kinds[name] == "list":
        yield f"if {name} is not None:"
        yield f"    {name} = fresh_all(self, {name}, self.{version_slot(plan, name)})"
    else:
        test = f"{name} is not None"
        if plan.kinds[name] == "maybe":
            # a number was kept without a version, and what stands for it now has one
            yield f"if {name} is FREED:"
            yield "    freed(self)"
            test = f"isinstance({name}, Tensor)"
        yield f"if {test} and ({name}.ticks or UNWRITTEN).value != self.{version_slot(plan, name)}:"
        yield f"    {name} = stale({name}, self.{version_slot(plan, name)}, self)"
