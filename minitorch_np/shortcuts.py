"""Source text for the common cases, in which an op is one call and nothing needs to be decided.

Small floating tensors of one form, or of two that met before, go straight to NumPy; a view of a
form that was taken before is made of what was remembered.
"""

from collections.abc import Iterator, Sequence

from minitorch_np.plan import Plan

__all__ = ["filled", "met", "planned", "quick", "quick_inplace"]


def met(name: str) -> str:
    """The test that a tensor, or what it is a view of, may have met autograd."""
    return f"{name}.meta is not None or {name}.base is not None and {name}.base.meta is not None"


def _untracked(plan: Plan) -> str:
    """The test that no input ever met autograd; for ops whose inputs are known to be tensors."""
    return " and ".join([_untracked_one(arg) for arg in plan.inputs()])


def _untracked_one(arg: str) -> str:
    return f"{arg}.meta is None and ({arg}.base is None or {arg}.base.meta is None)"


def quick(plan: Plan) -> Iterator[str]:
    """Lines that set `result` in the common case: small floating tensors of one form, or of two
    forms that met before, and all other arguments left out. NumPy then allocates, and nothing else
    needs to be decided."""
    first, *rest = inputs = plan.inputs()
    yield from _quick_form(plan)
    arrays = ", ".join([f"a_{arg}" for arg in inputs])
    made = [
        *_fetched(inputs),
        f"result = owning(to, quiet.run(quick, {arrays}))",
        f"if {_untracked(plan)} or not state.route:",
        "    return result",
    ]
    end = made[-2:]
    single = [
        *_fetched(inputs),
        "result = blank(form)",
        f"quiet.run(quick, {arrays}, out=result.nd)",
    ]
    yield f"if {_quick_tests(plan, '')}:"
    if not rest:
        usual = ["to = form.alike", "if to is not None:", *[f"    {line}" for line in made]]
        usual += ["elif form.alone is not None:", *[f"    {line}" for line in [*single, *end]]]
        yield from [f"    {line}" for line in _swift(plan, usual, end)]
        return
    other = rest[0]
    yield f"    if isinstance({other}, Tensor):"
    usual = [f"to = form.alike if {other}.form is form else None", "if to is None:"]
    usual += [f"    to = pairs.get((form, {other}.form))", "if to is not None:"]
    usual += [f"    {line}" for line in made]
    usual += [f"elif form.alone is not None and {other}.form is form:"]
    usual += [f"    {line}" for line in [*single, *end]]
    yield from [f"        {line}" for line in _swift(plan, usual, end)]
    if plan.kinds[other] == "maybe":
        yield f"    elif {_plain_number(other)}:"
        yield f"        to = {'form.beside' if plan.beside else 'form.alike'}"
        yield "        if to is not None:"
        yield f"            number = quiet.run(quick, {first}.array, float({other}))"
        yield "            result = owning(to, number)"
        yield "        elif form.alone is not None:"
        yield "            result = blank(form)"
        yield f"            quiet.run(quick, {first}.array, float({other}), out=result.nd)"
        if plan.whole:  # one that every dtype of integers holds
            yield f"        elif type({other}) is int and 0 <= {other} < 128:"
            yield "            to = pairs.get((form, int))"
            yield "            if to is not None:"
            yield f"                number = quiet.run(quick, {first}.array, {other})"
            yield "                result = owning(to, number)"
        yield f"        if result is not None and ({_untracked_one(first)} or not state.route):"
        yield "            return result"


def _swift(plan: Plan, usual: Sequence[str], end: Sequence[str]) -> Iterator[str]:
    """The usual lines; but first, once compiled code is loaded, those that let it fill the result
    of tensors of one form."""
    if not plan.swift:
        yield from usual
        return
    inputs = plan.inputs()
    same = "".join([f" and {arg}.form is form" for arg in inputs[1:]])
    yield f"if swift is not None and form.each is not None{same}:"
    yield from [f"    {line}" for line in _fetched(inputs)]
    yield "    result = blank(form)"
    yield f"    swift[form.each]({', '.join([f'a_{arg}' for arg in inputs])}, result.nd)"
    yield from [f"    {line}" for line in end]
    yield "else:"
    yield from [f"    {line}" for line in usual]


def _quick_form(plan: Plan) -> Iterator[str]:
    """The line that looks at the form of the first argument."""
    first = plan.inputs()[0]
    may = plan.kinds[first] == "maybe"
    yield f"form = {first}.form" + (f" if isinstance({first}, Tensor) else NO_FORM" if may else "")


def _quick_tests(plan: Plan, without: str) -> str:
    """The test that all arguments but the inputs were left out, and that nobody watches."""
    given = [p for p in plan.signature.parameters if p not in plan.inputs() and p != without]
    watching = "WRITERS" if without else "WATCHERS"
    return " and ".join([*[f"{p} is default_{p}" for p in given], f"not {watching}"])


def _fetched(inputs: Sequence[str]) -> Iterator[str]:
    """Lines that read the ndarrays of tensors: from their slots, where they are nearly always."""
    for arg in inputs:
        yield f"a_{arg} = {arg}.nd"
        yield f"if a_{arg} is None:"
        yield f"    a_{arg} = {arg}.array"


def filled(plan: Plan) -> Iterator[str]:
    """Lines that set `result` where operands of these forms met before, and nothing else is given:
    what `into` leaves in memory of the form that was found then."""
    inputs = plan.inputs()
    numbers = [arg for arg in inputs if plan.kinds[arg] == "maybe"]
    asked = [
        f"{arg}.form if isinstance({arg}, Tensor) else type({arg})"
        if arg in numbers
        else f"{arg}.form"
        for arg in inputs
    ]
    key = asked[0] if len(inputs) == 1 else f"({', '.join(asked)})"
    yield f"if {_quick_tests(plan, '')}:"
    yield f"    to = pairs.get({key})"
    yield "    if to is not None:"
    yield from [f"        {line}" for line in _fetched([a for a in inputs if a not in numbers])]
    for arg in numbers:
        yield f"        if {_plain_number(arg)}:"
        yield f"            a_{arg} = float({arg})"
        yield "        else:"
        given = f"{arg}.array if isinstance({arg}, Tensor) else float(in_64_bits({arg}))"
        yield f"            a_{arg} = {given}"
    yield "        result = blank(to)"
    yield f"        into({', '.join([f'a_{arg}' for arg in inputs])}, result.nd)"
    if plan.discrete or not plan.differentiable:  # bools, which ask for nobody's history
        yield "        return result"
        return
    yield f"        if {_untracked(plan)} or not state.route:"
    yield "            return result"


def quick_inplace(plan: Plan) -> Iterator[str]:
    """Lines that write to the first argument in the common case, when memory is not shared."""
    first, *rest = inputs = plan.inputs()
    yield from _quick_form(plan)
    single = "form.alike is not None or form.alone is not None"
    yield f"if ({single}) and {_quick_tests(plan, 'out')}:"
    apart = [f"({arg} is {first} or {arg}.store is not {first}.store or {first}.store is None)"
             for arg in rest]  # fmt: skip
    tests = " and ".join([*apart, f"({_untracked(plan)} or not state.route)"])
    arrays = ", ".join([f"a_{arg}" for arg in inputs])
    written = [f"bump({first})", f"return {first}"]
    done = [
        f"if {tests}:",
        *[f"    {line}" for line in _fetched(inputs)],
        *[f"    {line}" for line in _written(plan, arrays, first)],
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
        yield f"    elif ({_plain_number(other)}) and {free}:"
        yield f"        a_{first} = {first}.array"
        yield f"        quiet.run(quick, a_{first}, float({other}), out=a_{first})"
        yield from [f"        {line}" for line in written]


def _plain_number(arg: str) -> str:
    """The test that an argument is a number that needs no look: a float, or an int of few bits."""
    return f"type({arg}) is float or type({arg}) is int and -FEW_BITS < {arg} < FEW_BITS"


def _written(plan: Plan, arrays: str, first: str) -> Iterator[str]:
    """Lines that write to the first of arrays of one form. Memory that somebody else gave might be
    read-only, which NumPy finds out."""
    line = f"quiet.run(quick, {arrays}, out=a_{first})"
    if plan.swift:
        yield f"if swift is not None and form.swift is not None and {first}.store is None:"
        yield f"    swift[form.swift]({arrays}, a_{first})"
        yield "else:"
        line = f"    {line}"
    yield line


def planned(plan: Plan) -> Iterator[str]:
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
    yield "        if result.creation is not MADE_IN_INFERENCE:"
    yield "            result.creation = MADE_IN_INFERENCE if state.inference else MADE_UNRECORDED"
    yield "        return result"
    yield f"    if {_untracked(plan)}:"
    yield "        return result"
