"""The choke point: `@op` records what an op did, derives its in-place form, and binds its methods.

For each op a recorder and a node class are written out as source text for exactly its parameters
and rules, and compiled once, as namedtuple and dataclass do: on small tensors a generic recorder
costs more than the arithmetic. `REGISTRY[name].source` shows the text; `recorder.py` writes it.
"""

import inspect
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ParamSpec, Protocol, TypeVar, cast, get_args, get_origin

from minitorch_np import kernels, recorder, stamped
from minitorch_np.dtypes import float32, float64
from minitorch_np.form import Plans
from minitorch_np.graph.anomaly import GENERATED, maker
from minitorch_np.guard import guarded
from minitorch_np.kernels.large import loop
from minitorch_np.missing import MISSING, unpacked_value
from minitorch_np.overloads import refuse
from minitorch_np.plan import Plan, Rule, plan_of
from minitorch_np.quiet import Anew
from minitorch_np.recording import SPACE
from minitorch_np.strides import LAYOUTS
from minitorch_np.tensor import Tensor
from minitorch_np.titles import plans

__all__ = [
    "ALIASES",
    "COMPOSITES",
    "REGISTRY",
    "RENAMED",
    "Op",
    "Recorded",
    "Swift",
    "alias",
    "composite",
    "op",
    "special",
]

P = ParamSpec("P")
R = TypeVar("R", covariant=True)
F = TypeVar("F", bound=Callable[..., object])
A = Any
Title = Callable[[A], str] | Callable[[A, A], str] | Callable[[A, A, A], str]
"""Names a node from the arguments that its parameters name, so only their number is typed."""


class Recorded(Protocol[P, R]):
    """An op as its users see it: the function, which records, and `vjp`, which gives it rules."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the op and record it."""
        ...

    def vjp(self, **rules: Rule | None) -> None:
        """Set the rule of each argument that has a gradient; see `recorder` for what names mean.

        None says that an argument never has one, as no index has: the node gets no edge to it.
        """
        ...

    def vjp_(self, **rules: Rule | None) -> None:
        """Set the rules of the in-place form, where they keep something else."""
        ...

    def jvp(self, every: str = "", /, **rules: Rule | str) -> None:
        """Set the forward rule of each argument that has one of its own, or one word for `every`
        argument that has a gradient rule; see `plan`. The in-place form goes by them as well."""
        ...

    def jvp_(self, every: str = "", /, **rules: Rule | str) -> None:
        """Set the forward rules of the in-place form alone."""
        ...


class Op:
    """A registered op. `name` is torch's, `layout` one of `strides.LAYOUTS`; calling it runs it."""

    __slots__ = (
        "bound", "called", "foreign", "function", "impl", "layout", "name", "of", "plan", "text",
        "variadic",
    )  # fmt: skip

    function: Callable[..., object]
    bound: Callable[..., object]
    """The function again, as the Tensor method: its errors do not count the tensor itself."""
    impl: Callable[..., object]
    called: str
    """The name that errors say, where it is not the op's own; else ''."""

    def __init__(self, name: str, layout: str, plan: Plan) -> None:
        self.name = name
        self.layout = layout
        self.plan = plan
        self.text = ""
        self.variadic: str | None = None
        self.called = ""
        self.foreign: Callable[..., object] | None = None  # what an operator does with no operand
        self.of: Op | None = None  # what it is another name of

    @property
    def source(self) -> str:
        """The generated source text of the recorder and the node's class."""
        if not self.text:
            build(self)
        return self.text

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Run the op."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<op {self.name}>"


REGISTRY: dict[str, Op] = {}
"""Every op that records, by name, in-place forms ('add_') included."""

COMPOSITES: dict[str, Callable[..., object]] = {}
"""Every op built from other ops, by name."""


def op(
    layout: str,
    *,
    inplace: bool = False,
    method: bool = True,
    differentiable: bool = True,
    variadic: str | None = None,
    node: "str | Title | None" = None,
    aten: str | None = None,
    refuses: str | None = None,
    discrete: bool = False,
    quick: Callable[..., A] | None = None,
    swift: str = "",
    into: Callable[..., object] | None = None,
    whole: bool = False,
    beside: bool = True,
    planned: bool = False,
    graded: int | None = None,
    called: str = "self",
    frugal: bool = False,
) -> Callable[[Callable[P, R]], Recorded[P, R]]:
    """Register a function on tensors as an op whose results have the strides of rule `layout`.

    The first parameter is `input` (or `self`'s torch name), and the function becomes a Tensor
    method. A name ending in '_' writes to its first argument in place; `inplace=True` derives that
    form from the `out` parameter. `variadic` names a parameter that the method takes as separate
    arguments too (`x.permute(1, 0)`). `node` overrides the node's name, or computes it from
    arguments it names. `quick`, such as np.add, is the op on small float arrays of one form with
    nothing else given: then only it runs; `swift` names the loop in `kernels.small` that does so
    once compiled code is loaded; `into` fills the result of float arrays that met before; `whole`
    says that integers go these ways, too. `planned` says that a view follows from form and ints.
    The rest is the plan's. An op that has neither rules nor `differentiable=False` raises on the
    way back.
    """
    assert layout in LAYOUTS, layout

    def register(function: Callable[P, R]) -> Recorded[P, R]:
        name = function.__name__
        title = node.split("::")[-1] if isinstance(node, str) else f"{_camel(name)}Backward0"
        signature = inspect.signature(function)
        plan = plan_of(
            name, signature, title, _fields(signature.return_annotation), view=layout == "view",
            differentiable=differentiable,
        )  # fmt: skip
        if isinstance(node, str) and "::" in node:
            full = node
            plan.title = lambda: full
        elif not isinstance(node, str):
            plan.title = node
        plan.aten = aten or name
        plan.discrete = discrete
        plan.quick = quick
        plan.swift = swift
        plan.into = into
        plan.whole = whole
        plan.beside = beside
        plan.planned = planned
        plan.graded = graded
        plan.called = called
        plan.frugal = frugal
        plan.refuses = ("any" if differentiable else "") if refuses is None else refuses
        made = [Op(name, layout, plan)]
        if inplace:
            made.append(Op(f"{name}_", layout, plan))
        for one in made:
            one.variadic = variadic
            REGISTRY[one.name] = one
            derived = one.name != name
            one.impl = function
            one.function = types.FunctionType(_unbuilt.__code__, {"op": one, "build": build})
            _dress(one.function, function, one, derived)
            one.bound = _method(one) if method else one.function

        recorded = cast(Any, made[0].function)
        _take_rules(recorded, made)
        for one in made:
            if method:
                _bind(one)
        return cast("Recorded[P, R]", recorded)

    return register


def _take_rules(recorded: A, made: Sequence[Op]) -> None:
    """Give an op the functions that set its rules; its in-place form, if any, stands behind it."""

    def own(one: Op) -> Plan:
        """The plan of the in-place form alone."""
        if one.plan is made[0].plan:
            one.plan = replace(one.plan)
        return one.plan

    def vjp(**rules: Rule | None) -> None:
        made[0].plan.set_rules(rules)

    def vjp_(**rules: Rule | None) -> None:
        own(made[1]).set_rules(rules)

    def jvp(every: str = "", /, **rules: Rule | str) -> None:
        for one in made:
            one.plan.set_jvps(every, rules)

    def jvp_(every: str = "", /, **rules: Rule | str) -> None:
        own(made[1]).set_jvps(every, rules)

    recorded.vjp, recorded.vjp_, recorded.jvp, recorded.jvp_ = vjp, vjp_, jvp, jvp_


def composite(
    *,
    method: bool = True,
    variadic: str | None = None,
    python: bool = False,
) -> Callable[[F], F]:
    """Bind a function built from other ops; it needs no rule, and modes see what it calls.

    A guard refuses arguments as torch's parser does. `python` says that there is none: PyTorch's is
    a Python function, or this one parses its arguments itself.
    """

    def register(function: F) -> F:
        name = function.__name__
        COMPOSITES[name] = function if python else guarded(function)
        if method:
            bound = function if python else guarded(function, method=True)
            setattr(Tensor, name, _spread(bound, variadic) if variadic else bound)
        return cast(F, COMPOSITES[name])

    return register


ALIASES: dict[str, str] = {}
"""torch's other names of ops and composites, and which they stand for."""


RENAMED: dict[str, Op] = {}
"""The ops that those names are bound to, in-place forms included."""


def alias(function: F, name: str) -> F:
    """Bind an op, and its in-place form, under another name that torch has for it; what has it."""
    one: Op = cast(Any, function).op
    made = _renamed(one, name)
    ALIASES[name], RENAMED[name] = one.name, made
    if f"{one.name}_" in REGISTRY:
        RENAMED[f"{name}_"] = _renamed(REGISTRY[f"{one.name}_"], f"{name}_")
    return cast(F, made.function)


def special(name: str, function: Callable[..., object], foreign: Callable[..., object]) -> None:
    """Bind an op as Python's special method `name`; what is no operand of its is `foreign`'s."""
    made = _renamed(cast(Any, function).op, name)
    made.called, made.foreign = "", foreign


def _renamed(one: Op, name: str) -> Op:
    """An op under another name, which its errors say; it shares all that is generated."""
    made = Op(one.name, one.layout, one.plan)
    made.called, made.of, made.impl = name, one, one.impl
    made.function = types.FunctionType(_unbuilt.__code__, {"op": made, "build": build})
    _dress(made.function, one.impl, made, one.name != one.plan.name)
    made.function.__name__ = made.function.__qualname__ = name
    made.bound = _method(made)
    if hasattr(Tensor, one.name):
        setattr(Tensor, name, made.bound)
    return made


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.strip("_").split("_"))


def _fields(result: object) -> tuple[str, ...] | None:
    """The fields of a named result, `result0` and on for a tuple of so many tensors, () for a tuple
    of any number, None for one tensor."""
    if isinstance(result, type) and hasattr(result, "_fields"):
        return tuple(cast("Sequence[str]", result._fields))
    if get_origin(result) is not tuple:
        return None
    each = get_args(result)
    return () if each[-1] is ... else tuple([f"result{i}" for i in range(len(each))])


def _unbuilt(*args: object, **kwargs: object) -> object:
    """The body of every op until its first call."""
    return build(op)(*args, **kwargs)  # pyright: ignore[reportArgumentType]  # of the op's own globals


def build(one: Op) -> Callable[..., object]:
    """The op's function, now with the recorder that was generated for it.

    Importers hold the function already, so it is given a new body. Source text is compiled at the
    first call: compiling all of it would be most of the package's import time.
    """
    if one.of is not None:
        _give_body(one, one.of.source, cast(types.FunctionType, one.of.function))
        return one.function
    plan, function = one.plan, cast(types.FunctionType, one.function)
    native = plan.name.endswith("_") and not plan.name.endswith("__")
    space: dict[str, Any] = dict(SPACE, impl=one.impl, op=one, title_of=plan.title)
    space.update(quick=plan.quick, into=plan.into, plans=Plans(), pairs=Plans(), foreign=None)
    space["whole"] = plan.whole
    space["swift"] = None if kernels.waiting or not plan.swift else Swift(plan.swift)
    if isinstance(plan.quick, types.FunctionType):  # in which a signal handler may run
        space["quiet"] = Anew
    for p in plan.signature.parameters.values():
        space[f"default_{p.name}"] = MISSING if p.default is p.empty else p.default
    space.update({f"rule_{arg}": rule for arg, rule in plan.rules.items()})
    inplace = native or one.name != plan.name
    text = recorder.inplace_source(plan, one.name) if inplace else recorder.record_source(plan)
    if plan.differentiable:
        parts = recorder.node_source(plan), recorder.maker_source(plan, inplace), text
        text = "\n\n\n".join(parts)
    exec(compile(text, f"<op {one.name}>", "exec"), space)
    made: types.FunctionType = space[one.name]
    if plan.differentiable:
        space["Node_"] = space[plan.node]
        space["plain"] = stamped.maker(space["born"], space["Node_"])
        space["born"] = maker(space["plain"])
        plans[space[plan.node]] = plan
    _give_body(one, text, made)
    return function


def _give_body(one: Op, text: str, made: types.FunctionType) -> None:
    """Let an op's function and its method run what was made of a text.

    Each its own copy, for what one remembers of its globals is no use to the other.
    """
    function = cast(types.FunctionType, one.function)
    for each in dict.fromkeys((function, cast(types.FunctionType, one.bound))):  # one, or two
        own = {"op": one, "method": each is not function, "foreign": one.foreign}
        each.__globals__.update(made.__globals__ | own)
        GENERATED.append(each.__globals__)
        each.__defaults__, each.__kwdefaults__ = made.__defaults__, made.__kwdefaults__
        each.__code__ = made.__code__.replace()
    one.text = text


class Swift(dict[int, Callable[..., object]]):
    """The loops of a name in `kernels.small`, each compiled when it is first asked for."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __missing__(self, kind: int) -> Callable[..., object]:
        found = self[kind] = loop(f"small.{self.name}", (float32, float64)[kind].np)
        return found


def _hasten() -> None:
    """Let recorders that exist go by compiled loops, too, and ops by the stamps they import."""
    made = stamped.hasten()
    before = {name: SPACE[name] for name in made}
    SPACE.update(made)
    for name, module in list(sys.modules.items()):
        if name.startswith((f"{__package__}.ops.", f"{__package__}.loops")):
            names = vars(module)
            names.update({n: new for n, new in made.items() if names.get(n) is before[n]})
    for space in GENERATED:
        space.update(made)
        plan = space["op"].plan
        if plan.swift:
            space["swift"] = Swift(plan.swift)
        if "plain" in space:
            space["plain"] = stamped.maker(space["plain"], space["Node_"])
            space["born"] = maker(space["plain"])


kernels.waiting.append(_hasten)


def _build_method(one: Op) -> Callable[..., object]:
    """`build` for the function that is the Tensor method."""
    build(one)
    return one.bound


def _dress(
    made: types.FunctionType, function: Callable[..., object], one: Op, derived: bool
) -> None:
    """Give the generated function the name, documentation and signature of the original."""
    made.__name__ = made.__qualname__ = one.name
    made.__module__ = function.__module__
    signature = one.plan.signature
    if derived:
        kept = [p for p in signature.parameters.values() if p.name != "out"]
        signature = signature.replace(parameters=kept, return_annotation=Tensor)
        made.__doc__ = f"In-place version of `{function.__name__}`."
    else:
        made.__doc__ = function.__doc__
    cast(Any, made).__signature__ = signature
    cast(Any, made).op = one


def _method(one: Op) -> types.FunctionType:
    """The op's function once more, for Tensor."""
    made = types.FunctionType(_unbuilt.__code__, {"op": one, "build": _build_method})
    made.__name__, made.__qualname__ = one.function.__name__, one.function.__qualname__
    made.__module__, made.__doc__ = one.function.__module__, one.function.__doc__
    made.__dict__ = one.function.__dict__
    return made


def _bind(one: Op) -> None:
    function = one.bound
    setattr(Tensor, one.name, _spread(function, one.variadic) if one.variadic else function)


def _spread(function: Callable[..., object], variadic: str) -> Callable[..., object]:
    """The method form of a function whose second parameter may be given as separate arguments."""
    name = function.__name__

    def method(self: Tensor, *args: object, **kwargs: object) -> object:
        try:
            if variadic in kwargs:
                return function(self, *args, **kwargs)
            if not args:
                raise TypeError(f'{name}() missing 1 required positional arguments: "{variadic}"')
            if len(args) == 1 and not isinstance(args[0], int):
                return function(self, args[0], **kwargs)
            return function(self, args, **kwargs)
        except Exception as error:
            refuse(name, args, kwargs, error, method=True)
            again = unpacked_value(args)
            if again is args:
                raise
        return method(self, *cast("tuple[object, ...]", again), **kwargs)

    method.__name__ = method.__qualname__ = function.__name__
    method.__doc__ = function.__doc__
    method.__module__ = function.__module__
    return method
