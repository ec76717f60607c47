"""Stamps: what they make beside what their functions make, and what they leave to them."""

import gc
import subprocess
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minitorch_np
from minitorch_np import kernels, stamped
from minitorch_np.form import Form, form_of
from minitorch_np.graph import anomaly, saved
from minitorch_np.graph import node as nodes
from minitorch_np.op import REGISTRY
from minitorch_np.tensor import Tensor

stamps = kernels.stamps
MODULE: Any = sys.modules["minitorch_np.tensor"]  # as an attribute, the function has its name
pytestmark = pytest.mark.skipif(not stamps.POSSIBLE, reason="this Python has no stamps")


class Pair:
    """Two fields and no dict."""

    __slots__ = ("a", "b")

    def __init__(self, a: object, b: object) -> None:
        self.a, self.b = a, b


class Triple(Pair):
    """A field more, behind those of `Pair`."""

    __slots__ = ("c",)


def slots(one: object) -> dict[str, object]:
    """The slots that are set."""
    names = [n for kind in type(one).__mro__ for n in vars(kind).get("__slots__", ())]
    return {n: getattr(one, n) for n in names if not n.startswith("__") and hasattr(one, n)}


def swapped(pair: Pair) -> Pair:
    return Pair(pair.b, pair.a)


def test_fields_come_from_where_the_example_had_them() -> None:
    stamp = stamps.cut(swapped, stamps.example(Pair))
    made = stamp(Pair("left", "right"))
    assert (made.a, made.b) == ("right", "left")


def test_what_lies_deeper_and_what_is_constant() -> None:
    def make(kind: type, pair: Pair, other: object) -> Triple:
        made = object.__new__(kind)
        made.a, made.b, made.c = pair.a.b, other, 7
        return made

    inner = stamps.example(Pair)
    stamp = stamps.cut(make, Triple, stamps.example(Pair, a=inner), object())
    made = stamp(Triple, Pair(Pair(1, "deep"), 2), "other")
    assert type(made) is Triple
    assert (made.a, made.b, made.c) == ("deep", "other", 7)


def test_fields_of_arguments_are_set_and_their_old_objects_let_go() -> None:
    def bind(pair: Pair, to: object) -> Pair:
        made = Pair(to, None)
        pair.a = made
        made.b = Pair(made.a, pair.b)
        return made

    stamp = stamps.cut(bind, stamps.example(Pair, a=None, b=object()), object())
    pair, to, behind = Pair(None, object()), object(), object()
    pair.b = behind
    counts = sys.getrefcount(to), sys.getrefcount(behind)
    made = stamp(pair, to)
    assert pair.a is made
    assert made.a is made.b.a is to
    assert made.b.b is behind
    pair.a = made = None
    assert (sys.getrefcount(to), sys.getrefcount(behind)) == counts


def asked(calls: list[tuple[object, ...]]) -> Callable[..., Pair]:
    def first_of(pair: Pair) -> Pair:
        calls.append((pair,))
        return Pair(pair.a, None)

    return first_of


@pytest.mark.parametrize(
    "given",
    [(), (Pair(1, None), 2), (Pair(None, None),), (Pair(1, 2),), (3,), (object.__new__(Pair),)],
    ids=["none", "two", "missing", "more", "other", "empty"],
)
def test_other_arguments_are_for_the_function(given: tuple[object, ...]) -> None:
    """Those are: too few and too many, None that is copied, and something where None was."""
    calls: list[tuple[object, ...]] = []
    function = asked(calls)
    stamp = stamps.cut(function, stamps.example(Pair, a=object(), b=None))
    calls.clear()
    assert stamp(Pair(1, None)).a == 1
    assert stamp(Triple(2, None)).a == 2
    assert not calls
    results: list[object] = []
    for each in (stamp, function):
        try:
            results.append(slots(each(*given)))
        except (TypeError, AttributeError) as error:
            results.append((type(error), str(error)))
    assert results[0] == results[1]
    assert len(calls) == 2 * (len(given) == 1)


def test_a_chain_of_stamps_and_a_switch() -> None:
    calls: list[tuple[object, ...]] = []
    function = asked(calls)
    switch = np.zeros(1, np.int64)
    second = stamps.cut(function, stamps.example(Pair, a=object(), b=object()), switch=switch)
    first = stamps.cut(
        function, stamps.example(Pair, a=object(), b=None), otherwise=second, switch=switch
    )
    calls.clear()
    assert first(Pair(1, 2)).a == first(Pair(1, None)).a == 1
    assert not calls
    switch[0] = 1
    assert first(Pair(1, 2)).a == 1
    assert len(calls) == 1


def test_what_comes_from_nowhere_is_refused() -> None:
    with pytest.raises(TypeError, match="store a a that is no argument's"):
        stamps.cut(lambda: Pair([], None))
    few = [object() for _ in range(40)]

    def many(*given: object) -> Pair:
        return Pair(given[0], given[-1])

    assert stamps.cut(many, *few) is many


def test_no_reference_is_lost_or_left() -> None:
    x = minitorch_np.ones(3, 4, requires_grad=True)
    y = minitorch_np.ones(3, 4)
    _ = y.mm(y.t())
    held = [y.form, y.array, None, x, (), Tensor, nodes.AccumulateGrad]

    def run() -> None:
        for _ in range(200):
            z = (x.exp() * y + y).relu().view(12)[2:]
            z.sum().backward()
            x.grad = None

    run()
    _ = gc.collect()
    before = [sys.getrefcount(one) for one in held]
    run()
    _ = gc.collect()
    after = [sys.getrefcount(one) for one in held]
    assert all(abs(a - b) < 50 for a, b in zip(before, after, strict=True)), (before, after)


def test_what_is_made_dies_without_the_collector() -> None:
    gc.disable()
    try:
        x = minitorch_np.ones(3, 4, requires_grad=True)
        y = x.exp()
        dead = [weakref.ref(one) for one in (y, y.grad_fn, y.grad_fn.next_functions[0][0])]
        del y
        assert [one() for one in dead] == [None] * 3
    finally:
        gc.enable()


def tensors() -> Iterator[Tensor]:
    """Tensors as `seen` and `kept_result` meet them, new ones each time."""
    yield minitorch_np.empty(3, 4)
    yield minitorch_np.empty(3, 4).double()
    yield minitorch_np.empty(200, 300)
    yield minitorch_np.empty(4, 3).t()
    yield minitorch_np.empty(4, 3).t().contiguous().t().clone()
    yield minitorch_np.empty(4, 3)[1:]
    yield minitorch_np.empty(())
    yield minitorch_np.empty(0, 3)
    yield minitorch_np.empty(2, 3, 4, 5).to(memory_format=minitorch_np.channels_last)
    yield minitorch_np.zeros(3, 4).add_(1)
    shared = minitorch_np.ones(3, 4, requires_grad=True).exp().detach()
    yield shared
    with minitorch_np.inference_mode():
        yield minitorch_np.ones(2)


@pytest.mark.parametrize("at", range(len(list(tensors()))))
def test_views_are_as_the_function_takes_them(at: int) -> None:
    native, function = MODULE.seen, anomaly.seen
    assert native is not function
    found: list[Tensor] = []
    for take in (native, function):
        tensor = list(tensors())[at]
        view = take(tensor, form_of((2,), (1,), tensor.dtype), 3)
        assert view.store is tensor.store
        assert view.ticks is tensor.ticks
        assert view.base is (tensor if tensor.base is None else tensor.base)
        again = take(view, form_of((1,), (1,), tensor.dtype), 4)
        assert again.base is view.base
        found.append(view)
    a, b = map(slots, found)
    assert a.keys() == b.keys()
    for name in ("form", "sizes", "strides", "dtype", "offset", "creation", "meta", "nd", "born"):
        assert a[name] is b[name] or a[name] == b[name], name
    assert found[0].memory.length == found[1].memory.length


@pytest.mark.parametrize("at", range(len(list(tensors()))))
@pytest.mark.parametrize("name", ["exp", "relu", "mul", "view"])
def test_nodes_are_as_the_function_makes_them(name: str, at: int) -> None:
    op = REGISTRY[name]
    assert op.source
    space = op.function.__globals__
    made = []
    for born in (space["born"], function_of(space)):
        result = list(tensors())[at]
        if result.ticks is saved.INFERENCE:
            return
        kept = [marks[nr] for nr in range(function_of(space).__code__.co_argcount - 4)]
        node = born(space["Node_"], ("edges",), 5, result, *kept)
        assert result.meta.grad_fn is node
        made.append((node, result))
    (a, mine), (b, theirs) = made
    rest, other = slots(a), slots(b)
    assert rest.keys() == other.keys()
    for key, value in rest.items():
        if isinstance(value, Tensor):
            assert value.ticks is mine.ticks
            assert value.store is mine.store or mine.base is not None
            assert value.form is other[key].form
            assert mine.ticks.memory == theirs.ticks.memory or mine.store is not None
        else:
            assert value is other[key] or value == other[key], key
    assert slots(mine.meta).keys() == slots(theirs.meta).keys()
    assert all(v is slots(theirs.meta)[k] for k, v in slots(mine.meta).items() if k != "grad_fn")


marks = [object() for _ in range(16)]


def function_of(space: dict[str, Any]) -> Any:
    """The function of Python that a recorder's stamp was cut from."""
    source = space["op"].source
    own: dict[str, Any] = dict(space)
    exec(source[source.index("def born(") : source.index(f"def {space['op'].name}(")], own)
    return own["born"]


def test_new_tensors_are_as_the_functions_make_them() -> None:
    for shape, stride in (((3, 4), (4, 1)), ((), ()), ((0, 2), (2, 1)), ((3, 4), (1, 3))):
        for dtype in (minitorch_np.float32, minitorch_np.bfloat16, minitorch_np.int8):
            form = form_of(shape, stride, dtype)
            for _ in range(2):  # the first time, the function is asked
                made = MODULE.blank(form)
                assert made.form is form
                assert made.nd.shape == shape
                assert made.nd.dtype == dtype.np
                assert made.nd.strides == form.steps or made.numel() == 0
                assert made.nd.flags.writeable
                assert made.nd.flags.owndata or made.nd.base.flags.owndata
                assert (made.offset, made.store, made.base, made.meta, made.ticks) == (
                    0,
                    *[None] * 4,
                )
                own = MODULE.owning(form, made.nd)
                assert {n: id(v) for n, v in slots(own).items()} == {
                    n: id(v) for n, v in slots(made).items()
                }


def test_places_are_found_by_looking() -> None:
    assert stamps.places(Pair) == {"a": 16, "b": 24}
    assert stamps.places(Triple)["a"] == 16
    assert set(stamps.places(Form)) == set(Form.__slots__)


def test_edges_are_as_the_function_finds_them() -> None:
    native, function = REGISTRY["exp"].function.__globals__["edge"], nodes.edge
    leaf = minitorch_np.ones(3, requires_grad=True)
    cases = [
        minitorch_np.ones(3), leaf, leaf * 2, leaf[1:], minitorch_np.ones(3)[1:],
        (leaf * 2).detach(), leaf.detach().requires_grad_(False),
        minitorch_np.nn.Parameter(minitorch_np.ones(2)), leaf.split(2)[1],
    ]  # fmt: skip
    for tensor in cases:
        got, expected = native(tensor), function(tensor)
        assert (got is None) == (expected is None)
        if got is not None:
            assert got[0] is expected[0]
            assert got == expected
    hooked = minitorch_np.ones(3, requires_grad=True)
    hooked.register_hook(lambda g: g * 3)
    assert native(hooked)[0].tensor_hooks == {0: hooked.meta.hooks}
    for wrong in ((), (3,), (leaf, leaf)):
        with pytest.raises((TypeError, AttributeError)) as a:
            native(*wrong)
        with pytest.raises(type(a.value)) as b:
            function(*wrong)
        assert str(a.value) == str(b.value)


def test_an_end_of_paths_is_kept_by_its_users_alone() -> None:
    native = REGISTRY["exp"].function.__globals__["edge"]
    leaf = minitorch_np.ones(3, requires_grad=True)
    first = native(leaf)
    assert native(leaf)[0] is first[0]
    dead = weakref.ref(first[0])
    del first
    assert dead() is None
    assert native(leaf)[0].variable is leaf


def test_threads_record_at_once() -> None:
    leaf = minitorch_np.ones(3, 4, requires_grad=True)
    _ = leaf.mm(leaf.t())
    ends: set[int] = set()
    kept = leaf.exp()  # so that there is one end

    def run() -> None:
        for _ in range(300):
            y = (leaf.exp() * leaf).relu().view(-1)
            ends.add(id(leaf.exp().grad_fn.next_functions[0][0]))
            assert y.grad_fn.name() == "ViewBackward0"

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 1
    del kept


def test_every_op_that_is_built_goes_by_stamps() -> None:
    for space in anomaly.GENERATED:
        if "plain" in space:
            made = space["plain"]
            if isinstance(made, types.FunctionType):  # built where a test let numba wait
                made = stamped.maker(made, space["Node_"])
            few = space["Node_"] and len(slots_of(space)) < 20
            assert type(made).__name__ == "builtin_function_or_method" or not few, space["op"]


def slots_of(space: dict[str, Any]) -> list[str]:
    return [n for n in space["Node_"].__slots__ if n.startswith("_")]


def test_without_stamps_functions_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "POSSIBLE", False)

    def make(kind: type, edges: object) -> object:
        return (kind, edges)

    assert stamped.hasten() == {}
    assert stamped.maker(make, nodes.Node) is make


WATCHED = {
    "flight recorder": """
m.autograd.set_flight_recorder(True)
v = x.exp().mm(x).view(-1)
assert hasattr(v, "whence") and hasattr(x.view(-1), "whence")
v.sum().backward()
m.autograd.set_flight_recorder(False)
""",
    "anomaly mode": """
with warnings.catch_warnings(), m.autograd.detect_anomaly():
    y = x.exp().mm(x)
    assert y.grad_fn.metadata and x.exp().grad_fn.next_functions[0][0].metadata
    y.sum().backward()
""",
    "a transform": """
def f(t):
    y = t.mm(t)
    assert (t * 2).ticks is not None and m.ones(3).ticks is not None
    return y.exp().sum()
m.func.grad(f)(x.detach())
""",
}


@pytest.mark.parametrize("name", WATCHED)
def test_stamps_that_are_cut_while_somebody_watches(name: str) -> None:
    """Compiled code is first loaded there; what is made later bears no trace of it."""
    code = f"""
import sys, warnings
warnings.simplefilter("ignore")
import minitorch_np as m
x = m.rand(4, 4, requires_grad=True)
assert "numba" not in sys.modules
{WATCHED[name]}
assert "numba" in sys.modules
for y in (x.exp(), m.ones(4), x.detach() * 2):
    view = y.view(-1)
    assert not hasattr(view, "whence")
y, z = m.ones(4).exp(), x.exp()
assert y.ticks is None
for node in (z.grad_fn, z.grad_fn.next_functions[0][0]):
    assert not hasattr(node, "whence") and not node.metadata
    assert node._kept_result.ticks.epoch == 0 if hasattr(node, "_kept_result") else True
"""
    subprocess.run([sys.executable, "-c", code], check=True)
