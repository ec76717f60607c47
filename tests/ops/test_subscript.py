"""Subscripts against PyTorch: what `x[...]` gives, what `x[...] = y` does, and every refusal."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_np
from minitorch_np.graph.modes import OpMode
from minitorch_np.ops.index import index as indexed
from tests.oracle import DTYPES, LAYOUTS, arrange, same, sample

NAMESPACE = {"np": np, "slice": slice, "range": range, "object": object, "memoryview": memoryview}


def expression(text: str) -> Callable[..., Any]:
    """`text` as a function of the library and x; M and I make bool and int64 tensors."""
    code = compile(text, text, "eval")

    def run(library: Any, x: Any, *rest: Any) -> Any:
        names = dict(NAMESPACE, x=x, torch=library, y=rest[0] if rest else None)
        names["I"] = lambda data, dtype=None: library.tensor(data, dtype=dtype or library.int64)
        names["M"] = lambda *shape: library.ones(shape, dtype=library.bool)
        return eval(code, names)

    return run


def assignment(text: str) -> Callable[..., Any]:
    """`x[text] = ...` on a clone as a function that returns the clone and its version."""
    code = compile(text, text, "exec")

    def run(library: Any, x: Any, *rest: Any) -> Any:
        names = dict(NAMESPACE, torch=library, y=rest[0] if rest else None)
        names["I"] = lambda data, dtype=None: library.tensor(data, dtype=dtype or library.int64)
        names["M"] = lambda *shape: library.ones(shape, dtype=library.bool)
        names["x"] = clone = x.clone()
        exec(code, names)
        return clone, clone._version

    return run


VIEWS = """
x[0]; x[-1]; x[1, 2]; x[1, 2, 3]; x[()]; x[...]; x[:]; x[:, :]; x[0:2, 0:3]; x[None]; x[..., None]
x[None, None]; x[..., 0]; x[0, ..., 0]; x[0, ..., None, 0]; x[:, 1]; x[:, ::2]; x[1:, :-1, ::3]
x[1:0]; x[10:]; x[-10:10]; x[..., None, :]; x[0, None, ..., None, 0]; x[0, ..., 0, ..., 0]
x[0, ..., 0, ...]; x[np.int64(1)]; x[np.int64(0):np.int64(1)]; x[I(0):I(1)]; x[I([1]):]
x[I(True):]; x[:True]; x[::I(2)]; x[2**64:]; x[I(1)]; x[I(-1), I(2)]; x[I(1, torch.int8)]
x[np.array(1)]; x[np.array(1.7)]; x[0][1][2][...]; x[0, 0, 0][None]; x[0, 0, 0][()]
""".replace("\n", ";")

COPIES = """
x[True]; x[False]; x[True,]; x[True, True]; x[True, False]; x[True, 0]; x[0, True]; x[None, True]
x[:, True]; x[True, [0, 1]]; x[[0, 1], True]; x[I(True, torch.bool)]; x[I(False, torch.bool)]
x[I(1, torch.uint8)]; x[0, I(1, torch.uint8)]; x[np.array(True)]; x[0, 0, 0][True]; x[[0, 1]]
x[[0]]; x[[1, -1, 0, 1]]; x[[]]; x[[], []]; x[[], [0]]; x[:, [0, 2]]; x[..., [0, 2]]
x[I([[0, 1]])]; x[I([0, 1], torch.int32)]; x[I([0], torch.int32), I([[1], [0]], torch.int32)]
x[[0, 1], [0, 1]]; x[0, [0, 1]]; x[0:1, [0, 1]]; x[:, ::2, [0, 1]]; x[[0, 1], :, [0, 1]]
x[[0, 1], None, [0, 1]]; x[0, :, [0, 1]]; x[[0, 1], 0, [2, 3]]; x[[[0], [1]], :, [[2, 3]]]
x[[0, 1], ..., [0, 1]]; x[..., [0, 1], [0, 3]]; x[None, [0, 1]]; x[[0, 1], None]
x[:, [[0, 1], [2, 0]]]; x[range(2)]; x[range(0)]; x[np.array([0, 1])]; x[np.array([True, False])]
x[np.array([0.5])]; x[np.array([1, 0], np.int32)]; x[np.array([1, 0], np.uint8)]; x[[1.5]]
x[[True, False]]; x[[True, 0]]; x[[0] * 40]; x[[[0]] * 40]; x[[I(0), 1],]; x[((0, 1), (1, 2))]
x[[0, 1], [0, 1], [0, 1]]; x[I([True, False], torch.bool)]; x[M(2, 3)]; x[M(2, 3), 0]
x[M(2, 3), 0:2]; x[M(2, 3), [0]]; x[M(2, 3), None]; x[..., M(3, 4)]; x[M(2, 3), ..., 0]
x[M(2, 3), :]; x[None, M(2, 3)]; x[:, M(3, 4)]; x[0, :, M(4)]; x[M(2, 3), True]; x[True, M(2, 3)]
x[M(2, 3), None, :]; x[..., M(4), None]; x[None, ..., M(3, 4)]; x[np.ones((2, 3), bool)]
x[np.ones((2, 3), bool), 0]; x[np.ones((2, 3), bool), :, :]; x[np.ones((2, 3), bool), None, 0]
x[M(2, 3, 4)]; x[M(2, 3), [3] * 6]; x[I([1, 0], torch.uint8)]; x[x.detach() > 0]
x[x.detach()[:, 0, 0] > 0]; x[x.detach() > 9]; x[[[0, 1], [0, 1]]]; x[[slice(0, 1), 0]]; x[[None]]
x[[[]]]; x[[I(0), I(1)]]; x[[(0, 1), (1, 2)]]; x[M(2), [0]]; x[[0, 1, 0], M(3)]; x[[1], M(3)]
x[memoryview(b"\\0\\1")]
""".replace("\n", ";")

REFUSED = """
x[1.0]; x[0, 1.0]; x["a"]; x[0, "a"]; x[b"a"]; x[{}]; x[{0}]; x[object()]; x[1j]; x[np.float32(1)]
x[np.True_]; x[iter([0])]; x[0, 0, 0, 0]; x[5, 0, 0, 0]; x["a", 0, 0, 0]; x[5, "a"]; x[5]; x[-3]
x[0, 5]; x[None, 5]; x[0, None, 5]; x[..., 5]; x[2**63]; x[-2**63]; x[[2**63]]; x[::-1]; x[::0]
x[:, ::-1]; x[::0, 5]; x[1.0:2]; x[0.5:]; x["":]; x[I([0, 1]):1]; x[torch.tensor(1.5):]; x[I([]):]
x[0][0][0][0]; x[0, 0, 0][0]; x[0, 0, 0][1]; x[0, 0, 0][-1]; x[0, 0, 0][:]; x[0, 0, 0][0,]
x[0, 0, 0][:,]; x[0, 0, 0][[0]]; x[0, 0, 0][I(0)]; x[0, 0, 0][M(1)]
x[I([[True, False]], torch.bool)]; x[I([True, False, True], torch.bool)]; x[:, M(2)]; x[0, M(4)]
x[M(2, 3, 4, 5)]; x[M(2, 3), 0, 0]; x[M(2, 3), :, :]; x[M(2, 3), M(4)]; x[M(2, 3), None, M(4)]
x[np.ones((2, 3), bool), 0:3, 1:2]; x[np.ones((2, 3), bool), ..., 1:2]
x[..., np.ones((3, 4), bool)]; x[torch.tensor([1.0])]; x[torch.tensor(1.0)]
x[torch.tensor(1.5), 0]; x[torch.tensor([])]; x[I([1], torch.int8)]; x[I([1], torch.int16)]
x[[0, 1], [0, 1, 2]]; x[I([5])]; x[I([-3])]; x[0, [5]]; x[:, [5]]; x[:, [0], [9]]
x[[0, 1], [8, 0]]; x[I([[0, 9], [8, 0]])]; x[[0, 7], [0, 8]]; x[range(5)]; x[[0, 7], [8, 0]]
x[[[0], [1]], :, [[8, 0]]]; x[[[0, 7]], ...]; x[(1, 2),]; x[np.array([1, 0])[::-1]]; x[["a"],]
x[[object()],]; x[[None, 1],]; x[[np.float32(0), 1]]; x[(0, [1]),]; x[np.array(["a"])]; x[[0, 5]]
x[[True, 5]]; x[np.array([5])]; x.__delitem__(0)
""".replace("\n", ";")


def cases(text: str) -> list[str]:
    return [one.strip() for one in text.split(";") if one.strip()]


# the warning comes in backward too, where the oracle does not listen
BYTES = pytest.mark.filterwarnings("ignore:indexing with dtype torch.uint8")


@BYTES
@pytest.mark.parametrize("text", cases(VIEWS) + cases(COPIES))
def test_getitem(text: str) -> None:
    x = sample(2, 3, 4)
    same(expression(text), x, second=True)
    same(expression(text), arrange(x, "reversed"))


@pytest.mark.parametrize("text", cases(REFUSED))
def test_refused(text: str) -> None:
    same(expression(text), sample(2, 3, 4))


@pytest.mark.parametrize(
    "text",
    cases(
        """x[[0]]; x[[5]]; x[:, [0]]; x[:, []]; x[[]]; x[M(3, 0)]; x[M(3)]; x[0]; x[:, 0]; x[:, :2]
    x[[0, 1], [0, 0]]; x[True]; x[:, False]; x[[], [0]]; x[[[]], [[]]]""".replace("\n", ";")
    ),
)
def test_empty(text: str) -> None:
    same(expression(text), sample(3, 0))
    same(expression(text), sample(0, 3))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str) -> None:
    x = sample(4, 3, 5, 2, layout=layout)
    for text in cases(
        """x[[1, 3]]; x[:, [0, 2]]; x[..., [1, 0, 1]]; x[[0, 1], :, [2, 3]]; x[1:, [[0], [2]]]
    x[:, :, [1, 4, 0]]; x[:, [0, 1], [4, 2]]; x[[3, 0]][:, 1]; x[::2, ..., 1]""".replace("\n", ";")
    ):
        same(expression(text), x, second=True)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    x = sample(3, 4, dtype=dtype)
    for text in cases("x[1]; x[1:, ::2]; x[[0, 2, 0]]; x[:, [1, 1]]; x[x == x]; x[[0, 1], [2, 2]]"):
        same(expression(text), x)
    for text in cases("x[1] = 1; x[[0, 2]] = 1; x[x == x] = 1; x[[0], [1]] = 1; x[:, 1] = x[:, 2]"):
        same(assignment(text), x)
    for number in ("1.5", "-1", "300", "1e6", "True", "float('nan')", "float('inf')", "2**40"):
        for place in ("0", "[0]", "[0], [0]", "x == x"):
            same(assignment(f"x[{place}] = {number}"), x, grad=False)


ASSIGNED = """
x[0] = 1; x[...] = 1; x[:] = 1; x[()] = 1; x[None] = 1; x[True] = 1; x[False] = 1; x[True,] = 1
x[False,] = 1; x[0, 0] = 1; x[0, 0, 0] = 1; x[I(0)] = 1; x[:, I(0)] = 1; x[1:, ::2] = 2.5
x[0:0] = 1; x[[0]] = 1; x[[0, 1]] = 1.5; x[[-1]] = 1; x[[]] = 1; x[[0], :] = 1; x[:, [0, 2]] = 1
x[..., [0, 1]] = 1; x[0, [0, 1]] = 1; x[:, [0], None] = 1; x[:, [0], 1:] = 1; x[[0], None] = 1
x[None, [0]] = 1; x[[0], 0] = 1; x[I([[0, 1], [1, 0]])] = 1; x[I([[0, 1], [1, 0]]).t()] = 1
x[I([0], torch.int32)] = 1; x[[0], [0]] = 1; x[[0], [[0]]] = 1; x[[0, 1], :, [1, 2]] = 1
x[x.detach() > 0] = 1; x[:, x.detach()[0] > 0] = 1; x[M(2)] = 1; x[:, M(3)] = 1; x[1:, M(3)] = 1
x[M(2), [0]] = 1; x[M(2), M(3)[:1]] = 1; x[[False, True]] = 1; x[..., x.detach()[0] > 0] = 1
x[x.detach() > 0, ...] = 1; x[:, True] = 1; x[True, True] = 1; x[I(1, torch.uint8)] = 1
x[I(False, torch.bool)] = 1; x[[0.5]] = 1; x[[0]] = np.int64(3); x[0] = np.uint8(3)
x[[0]] = np.float64(3); x[0] = np.float64(3); x[0] = True; x[[0]] = True; x[0, 0, 0] = True
x[I([1, 1], torch.uint8), [0]] = 1; x[[0], [0], [0]] = 1; x[0] = torch.ones(3, 4)
x[0] = torch.ones(4); x[0] = torch.ones(1, 1, 1, 4); x[0] = torch.ones(3, 1)
x[0] = torch.ones(4, dtype=torch.float64); x[...] = torch.arange(4); x[0, 0, 0] = torch.ones(1, 1)
x[0:0] = torch.ones(4); x[0] = torch.tensor(2); x[...] = torch.tensor(2)
x[0, 0, 0] = torch.tensor(2); x[[0, 1]] = torch.ones(4); x[[0, 1]] = torch.ones(1, 1, 1, 4)
x[[0, 1]] = torch.ones(2, 1, 4); x[[0], [0]] = torch.ones(1, 1, 4); x[[0]] = torch.tensor(1.0)
x[x.detach() > 0] = torch.tensor(1.0); x[x.detach() > 0] = torch.ones(1, 1, 1)
x[x.detach() > 0] = torch.tensor(1.0, dtype=torch.float64)
x[x.detach() > -9] = torch.arange(24.0); x[M(2, 3)] = torch.ones(4)
x[M(2, 3)] = torch.arange(6.0)[:, None]; x[[]] = torch.zeros(0, 3, 4); x[0] = x[1]; x[:1] = x[:1]
x[0] = x[0]; x[0:1] = x[1:2]; x[:, [0]] = x[:, 1:2]; x[[0, 1]] = x.clone()[[1, 0]]
x[x.detach() > 0] = x.sum(); x[:, [1, 0]] = x.clone()[:, :2]
""".replace("\n", ";")

ASSIGNED_REFUSED = """
x[0:1] = torch.zeros(5); x[0] = torch.zeros(2, 2); x[[0, 1]] = torch.zeros(5)
x[...] = torch.ones(5, 2, 3, 4); x[0] = torch.ones(2, 3, 4); x[0, 0, 0] = torch.ones(2)
x[[0], [0]] = torch.ones(0); x[0:0] = torch.ones(3)
x[I([True, False], torch.bool)] = torch.zeros(5); x[x > 0] = torch.zeros(3)
x[[]] = torch.zeros(3); x[[0]] = torch.tensor(1); x[[0]] = torch.tensor([1])
x[[0]] = torch.ones(1, dtype=torch.float64); x[0] = "a"; x[0] = [1, 2]; x[0] = (1,)
x[0] = np.zeros(4); x[0] = np.float32(1); x[0] = np.bool_(1); x[0] = None; x[[0]] = None
x[0] = object(); x[5] = "a"; x[[5]] = "a"; x[1.0] = "a"; x[False] = "a"; x[0] = 1j; x[5] = 1j
x[[0]] = 1j; x[[0], [0]] = 1j; x[0] = 2**70; x[False] = 2**70; x[5] = 2**70; x[...] = 2**63
x[5] = 1e300; x[0] = 1e300; x[[5]] = 1e300; x[False] = 1e300; x[False,] = 1e300
x[:, :, 5] = 1e300; x[x.detach() > -9] = 1e300; x[[0], [0]] = 1e300
x[I([5], torch.int32)] = 1e300; x["a"] = 1e300; x[[0]] = 2**63; x[5] = 1; x[[5]] = 1
x[:, [5]] = 1; x[[-5]] = 1; x[..., I([[0, 5], [1, 0]])] = 1; x[I(5)] = 1; x[None, [5]] = 1
x[[5], 0, 0] = 1; x[[5], 0:1] = 1; x[[5], [0]] = 1; x[[0], [5]] = 1; x[1.0] = 1
x[[0], [0], [0], [0]] = 1; x[I([1, 0], torch.int16)] = 1; x[torch.tensor([5.0])] = 1
x[I([1, 1], torch.uint8)] = 1; x[:, I([1, 1, 0], torch.uint8)] = 1
x[I([1, 1], torch.uint8)] = torch.tensor(1.0); x[M(3)] = 1; x[:, M(2)] = 1; x[:, M(1, 2)] = 1
x[..., M(3, 1)] = 1; x[M(3, 1)] = torch.ones(5); x[True] = torch.zeros(7)
x[0, M(3)] = torch.zeros(3, 5); x[True, M(1, 2)] = 1; x[M(2, 3, 4, 5)] = 1; x[[0]] = x[1]
x[[0]] = x[0]; x[[0]] = x; x[[0, 1]] = x; x[M(2)] = x[:1]; x[::-1] = 1
x[x.detach() > 0] = torch.tensor(1e300, dtype=torch.float64); x[0, 0, 0][0] = 1; x[0, 0, 0][:] = 1
x[x.detach() > 0] = torch.ones(2, dtype=torch.float16)
x[[0]] = torch.tensor(1.0, dtype=torch.float16)
""".replace("\n", ";")


@BYTES
@pytest.mark.parametrize("text", cases(ASSIGNED))
def test_setitem(text: str) -> None:
    x = sample(2, 3, 4)
    same(assignment(text), x, second=True)
    same(assignment(text), arrange(x, "reversed"))


@pytest.mark.parametrize("text", cases(ASSIGNED_REFUSED))
def test_setitem_refused(text: str) -> None:
    same(assignment(text), sample(2, 3, 4))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("x[0] = y", (3, 4)), ("x[0] = y", (4,)), ("x[0] = y", ()), ("x[...] = y", ()),
        ("x[0, 0, 0] = y", ()), ("x[1:, ::2] = y", (2, 1)), ("x[[0, 1]] = y", (3, 4)),
        ("x[[0, 1]] = y", ()), ("x[[0, 1]] = y", (1, 1, 4)), ("x[:, [2, 0]] = y", (2, 2, 4)),
        ("x[[0, 1], :, [1, 2]] = y", (2, 3)), ("x[x.detach() > 0] = y", ()),
        ("x[x.detach() > 0] = y", (1,)), ("x[:, M(3)] = y", (3, 1)), ("x[0, [0, 1]] = y", (4,)),
        ("x[..., None] = y", (3, 4, 1)), ("x[None] = y", (1, 1, 3, 4)),
        ("x[[1, 0], [2, 1]] = y.relu() if False else y * y", (2, 4)),
    ],
)  # fmt: skip
def test_gradient_to_both(text: str, shape: tuple[int, ...]) -> None:
    same(assignment(text), sample(2, 3, 4), sample(*shape, seed=3), second=True)


def test_writes_to_views_and_leaves() -> None:
    def into_leaf(torch: Any, x: Any) -> Any:
        x[0] = 1

    def mask_into_leaf(torch: Any, x: Any) -> Any:
        x[x > 0] = 1

    same(into_leaf, sample(2, 3))
    same(mask_into_leaf, sample(2, 3))

    def through_view(torch: Any, x: Any, y: Any) -> Any:
        whole = x * 1
        part = whole[1:]
        part[:, [0, 2]] = y
        part[0] *= 2
        return whole, part

    same(through_view, sample(3, 4), sample(2, 2), second=True)

    def saved(torch: Any, x: Any) -> Any:
        at = torch.tensor([0, 1])
        out = x[at]
        at[0] = 1
        return out

    same(saved, sample(3, 4))


def test_expanded_memory_warns() -> None:
    for place in ("[0]", "[0], [0]", "x > 0", "0, 0", "..."):
        for value in ("1", "torch.tensor(1.0)", "torch.ones(1)"):

            def run(torch: Any, x: Any, place: str = place, value: str = value) -> Any:
                e = x.expand(2, 3)
                exec(f"e[{place}] = {value}", {"e": e, "x": e.clone(), "torch": torch})
                return e

            same(run, sample(3, grad=False))


BOUND = st.integers(-5, 5) | st.none()
ITEM = st.one_of(
    st.integers(-4, 3),
    st.builds(slice, BOUND, BOUND, st.integers(1, 3) | st.none()),
    st.none(),
    st.just(...),
    st.booleans(),
    st.lists(st.integers(-3, 2), max_size=4),
    st.tuples(st.just("mask"), st.lists(st.integers(0, 4), max_size=2), st.integers(0, 9)),
    st.tuples(st.just("long"), st.lists(st.integers(0, 3), max_size=2), st.integers(0, 9)),
    st.tuples(st.just("view"), st.integers(0, 3), st.integers(0, 9)),
    st.tuples(st.just("fit"), st.integers(0, 3), st.integers(0, 9)),
)  # fmt: skip


def made(library: Any, item: Any, shape: tuple[int, ...]) -> Any:
    """The index that an item of the strategy stands for, as a tensor of `library`."""
    if not isinstance(item, tuple):
        return item
    kind, sizes, seed = item
    random = np.random.default_rng(seed)
    if kind == "mask":
        return library.tensor(random.integers(0, 2, tuple(sizes)) > 0)
    if kind == "fit":  # a mask of the right size for some dims
        first = min(sizes, len(shape))
        return library.tensor(random.integers(0, 2, shape[first : first + 2]) > 0)
    if kind == "view":
        return library.tensor(random.integers(-1, 2, (4, 3))).t()[: sizes + 1, ::2]
    return library.tensor(random.integers(-2, 2, tuple(sizes)))


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    shape=st.lists(st.integers(0, 4), max_size=4).map(tuple),
    # after a second ellipsis PyTorch reads sizes beyond the last
    items=st.lists(ITEM, max_size=4).filter(lambda items: items.count(...) < 2),
    layout=st.sampled_from(LAYOUTS),
    seed=st.integers(0, 5),
)
def test_random_subscripts(
    shape: tuple[int, ...], items: list[Any], layout: str, seed: int
) -> None:
    def read(torch: Any, x: Any) -> Any:
        return x[tuple([made(torch, item, shape) for item in items])]

    def write(torch: Any, x: Any) -> Any:
        clone = x.clone()
        clone[tuple([made(torch, item, shape) for item in items])] = seed
        return clone

    x = sample(*shape, layout=layout, seed=seed)
    same(read, x)
    same(write, x)
    for _ in range(2):  # the second time what a view is like is known
        same(read, x.detach())


def test_fast_path_of_rows() -> None:
    x = sample(50, 7, grad=False)
    at = torch.tensor([3, -1, 0, 49, 3])
    same(lambda torch, x, at: x[at], x, at, exact=True)
    same(lambda torch, x, at: x[at], x.t(), at % 7, exact=True)
    same(lambda torch, x, at: x[:, at % 7], x, at, exact=True)
    same(lambda torch, x, at: x[at], x, at + 49)


NUMBERS = [1, 2.5, -0.0, True, 1e39, 3e38, 2**53 + 1, 2**62 + 1, -(2**63), 2**63, 1e-46, -1, 300,
           float("inf"), float("nan")]  # fmt: skip


@pytest.mark.parametrize("value", NUMBERS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_written_to_elements_and_rows(dtype: torch.dtype, value: Any) -> None:
    def write(index: Any) -> Callable[..., Any]:
        def run(_: Any, x: Any) -> Any:
            x = x.clone()
            with np.errstate(all="raise"):
                x[index] = value
            return x, x._version

        return run

    x = torch.arange(12).reshape(3, 4).to(dtype)
    places: list[Any] = [(1, -1), (-3, 0), 1, (2,), (), (True, 1), (1, 4), -4, (0, 0, 0)]
    places += [slice(1, None), (slice(None), 1), (slice(-2, 9, 2), slice(None, -1)), slice(2, 1)]
    places += [slice(None, None, -1), (slice(None, None, 0), 0), slice(True), slice(2**70)]
    for index in places:
        same(write(index), x, exact=True)
    same(write(()), x[0, 0], exact=True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_values_written_to_rows_of_any_layout(layout: str) -> None:
    def write(_: Any, x: Any, y: Any) -> Any:
        base = x.detach()
        base[1] = y
        base[-1, 0] = 7
        base[0] = base[1]
        base[0, 1] = y[0, 1]
        base[:, 1:] = y[1:]
        base[..., 0:2] = y[:, :2]
        base[:, :, 1] = base[:, :, 0]
        base[base > 3] = 3
        base[base < 0] = y[0, 0]
        return base, base._version, y._version

    same(write, sample(2, 3, 4, layout=layout, grad=False), torch.arange(12.0).reshape(3, 4))
    same(write, sample(2, 3, 4, layout=layout, grad=False), torch.arange(4.0))  # is broadcast
    same(write, sample(2, 3, 4, layout=layout, grad=False), torch.arange(12).reshape(3, 4))


def test_rows_of_expanded_memory_and_of_itself() -> None:
    def stretched(value: Any) -> Callable[..., Any]:
        def write(_: Any, x: Any, y: Any) -> Any:
            x.expand(2, 3, 4)[1] = y if value is None else value
            return x, x._version

        return write

    def shifted(_: Any, x: Any, _y: Any) -> Any:
        x.view(2, 2)[0] = x[1:3]
        return x

    def overlapping(_: Any, x: Any, _y: Any) -> Any:
        x.as_strided((2, 3), (1, 1))[0] = x[1:]
        return x

    for f in (stretched(1.0), stretched(None), overlapping, shifted):
        same(f, torch.arange(4.0), torch.ones(3, 4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_written_where_a_mask_holds(dtype: torch.dtype) -> None:
    def run(torch: Any, x: Any, mask: Any) -> Any:
        x = x.clone()
        x[mask] = 1
        x[:, 1][mask[:, 0]] = True
        x.t()[mask.t()] = 0
        x[mask[0]] = 2
        return x, x._version

    def by_itself(torch: Any, mask: Any) -> Any:
        mask[mask] = False
        mask.view(-1)[mask.view(-1)[:]] = True
        return mask, mask._version

    def expanded(torch: Any, x: Any, mask: Any) -> Any:
        x[:1].expand(3, 3)[mask] = 2
        return x

    mask = torch.tensor([[True, False, True], [False, False, True], [True, True, False]])
    x = torch.arange(9).reshape(3, 3).to(dtype)
    same(run, x, mask)
    same(run, x, mask.to(torch.uint8))
    same(run, x, mask[:, :2])
    same(by_itself, mask)
    same(expanded, x, mask)


def test_writes_that_autograd_minds() -> None:
    def to(make: Callable[..., Any], index: Any, value: Any = 1.0) -> Callable[..., Any]:
        def run(torch: Any, x: Any) -> Any:
            target = make(torch, x)
            target[index] = value if value is not None else x[0] * 2
            return target, target._version

        return run

    def hidden(torch: Any, x: Any) -> Any:
        with torch.no_grad():
            return x.view(4, 3)

    x = sample(3, 4)
    makers: list[Callable[..., Any]] = [
        lambda torch, x: x,
        lambda torch, x: x * 1,
        lambda torch, x: x.detach(),
        lambda torch, x: x.detach().clone(),
        lambda torch, x: (x * 1).view(4, 3),
        lambda torch, x: x.unbind()[0],
        hidden,
        lambda torch, x: x.detach().unbind()[0],
        lambda torch, x: x.detach().clone().view(4, 3),
    ]

    def unrecorded(torch: Any, x: Any) -> Any:
        with torch.no_grad():
            view = x[1:]
            view[0, 0] = 5
            x[0] = view[1]
        return x, x._version

    def inferred(torch: Any, x: Any) -> Any:
        with torch.inference_mode():
            made = torch.ones(3, 4)
            made[0] = x[0]
            made[1, 1] = 3
        made[0, 0] = 2
        return made

    for make in makers:
        for index in (1, (1, 2), (slice(None), 0)):
            same(to(make, index), x)
        same(to(make, 1, None), x)
    same(unrecorded, x)
    same(inferred, x)


def test_modes_see_what_is_written_to_elements() -> None:
    x, seen = minitorch_np.zeros(3, 4), []

    class Watch(OpMode):
        def __op__(self, op: Any, args: Any, kwargs: Any) -> object:
            seen.append(op.name)
            return op(*args, **kwargs)

    with Watch():
        x[1, 1] = 2.0
        x[1] = minitorch_np.ones(4)
    assert seen == ["select", "select", "fill_", "select", "copy_"]


def test_one_index_beside_one_dim() -> None:
    x = sample(3, 4, 5)
    for at in ([0, 2, -1], [3], [-4], [[0, 1], [1, -3]]):
        for kind in (torch.int64, torch.int32):
            i = torch.tensor(at, dtype=kind)
            same(lambda torch, x, i: x[i], x, i, exact=True)
            same(lambda torch, x, i: x[:, i], x, i, exact=True)
            same(lambda torch, x, i: x[i], x.detach().permute(2, 0, 1), i, exact=True)
            same(lambda torch, x, i: x[..., i], x.detach()[:, ::2], i, exact=True)
    same(lambda torch, x, i: x[i], torch.arange(5.0), torch.tensor([4, 0]))
    same(lambda torch, x, i: x[i], torch.tensor(5.0), torch.tensor([0]))
    same(lambda torch, x, i: x[i], x, torch.zeros(2, 3, 4, 5, 6, dtype=torch.bool))
    assert indexed(minitorch_np.arange(3), [minitorch_np.tensor(1)]).tolist() == 1


def test_views_met_again_are_as_those_that_were_not() -> None:
    def run(torch: Any, x: Any) -> Any:
        y = x * 2
        y[1:, 0].mul_(3)
        return (
            y[1:, 0],
            y[None, 1, ..., -2:],
            y[:, True],
            y[1, 0],
            y[True, 0],
            y[1],
            y[True],
            y._version,
        )

    def unrecorded(torch: Any, x: Any) -> Any:
        with torch.no_grad():
            view = x[1:, 0]
        return view.mul_(3)

    def inferred(torch: Any, x: Any) -> Any:
        with torch.inference_mode():
            view = x[1:, 0]
            made = (x * 2)[1:, 0]
        return view.is_inference(), view._is_view(), made.is_inference(), made[:, None]._is_view()

    def kin(torch: Any, x: Any) -> Any:
        row = x[1]
        one = row[1:, 2:3]
        one.mul_(2)
        return one._base is x, one._version, x

    def leaf(torch: Any, x: Any) -> Any:
        view = x[1:, 0]
        x.requires_grad_()
        return view, x[1:, 0], view[0, None]

    for _ in range(3):
        for grad in (False, True):
            x = sample(2, 3, 4, grad=grad)
            for f in (run, unrecorded, inferred, kin):
                same(f, x)
        same(leaf, sample(2, 3, 4, grad=False))
        for bad in ((1, 3), (0, 0, 0, 0), (slice(None), 3), (1.0, 0), (slice(None, None, -1), 0)):
            same(lambda torch, x: x[bad], sample(2, 3, 4, grad=False))  # at once


def test_modes_see_the_views_on_the_way() -> None:
    x, seen = minitorch_np.zeros(3, 4), []

    class Watch(OpMode):
        def __op__(self, op: Any, args: Any, kwargs: Any) -> object:
            seen.append(op.name)
            return op(*args, **kwargs)

    for _ in range(2):
        x[1:, 1]
        with Watch():
            x[1:, 1]
    assert seen == ["slice", "select"] * 2
