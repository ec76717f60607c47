"""Strides against the installed torch: every layout of a small storage, and random mixtures."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_np import shapes, strides
from minitorch_np.shapes import Shape
from minitorch_np.strides import Geometry, Overlap, Stride

many = settings(max_examples=300, deadline=None)


def of(t: torch.Tensor) -> Geometry:
    return tuple(t.shape), t.stride()


def view_of(geometry: Geometry, offset: int = 0) -> torch.Tensor:
    shape, stride = geometry
    storage = torch.arange(float(offset + max(strides.extent(shape, stride), 1)))
    return storage.as_strided(shape, stride, offset)


def answer(f: Callable[[], object]) -> object:
    try:
        return f()
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        return type(error), str(error).split("\nException raised from")[0]


def reachable() -> list[Geometry]:
    """Every (shape, stride) that permute and slicing with steps reach from a (2, 3, 4) storage."""
    found: set[Geometry] = set()
    for order in itertools.permutations(range(3)):
        base = torch.empty(2, 3, 4).permute(order)
        spans = [
            sorted(
                {(len(range(n)[i:j:k]), k) for i in range(n) for j in range(n + 1) for k in (1, 2)}
            )
            for n in base.shape
        ]
        for cut in itertools.product(*spans):
            t = base
            for d, (length, step) in enumerate(cut):
                t = t[
                    (slice(None),) * d
                    + (slice(0, max((length - 1) * step + 1, 0) if length else 0, step),)
                ]
            found.add(of(t))
    return sorted(found)


LAYOUTS = reachable()


def mixture(rng: random.Random, shape: Shape) -> Geometry:
    """A geometry of `shape`: permuted, with gaps, expanded, channels_last, or arbitrary strides."""
    ndim, kind = len(shape), rng.random()
    if kind < 0.15:
        return shape, strides.contiguous(shape)
    if kind < 0.3 and ndim == 4:
        return shape, strides.channels_last(shape)
    if kind < 0.35 and ndim == 5:
        return shape, strides.channels_last_3d(shape)
    if kind < 0.38:
        return shape, tuple(rng.choice((0, 1, 1, 2, 3, 4, 6, 12)) for _ in shape)
    out, step = [0] * ndim, 1
    gaps = rng.random() < 0.5
    for d in rng.sample(range(ndim), ndim):
        out[d] = step * (rng.choice((1, 1, 2)) if gaps else 1)
        step = out[d] * max(shape[d] + (rng.choice((0, 0, 1)) if gaps else 0), 1)
    if rng.random() < 0.15:
        out = [0 if rng.random() < 0.4 else s for s in out]
    return shape, tuple(out)


def random_shape(rng: random.Random) -> Shape:
    ndim = rng.choice((0, 1, 2, 3, 3, 4, 4, 4, 5))
    return tuple(0 if rng.random() < 0.01 else rng.choice((1, 1, 2, 3, 4)) for _ in range(ndim))


def broadcastable(rng: random.Random, shape: Shape) -> Shape:
    if rng.random() < 0.5:
        return shape
    part = tuple(1 if rng.random() < 0.3 else n for n in shape)
    return part[rng.randint(0, len(part)) :] if rng.random() < 0.3 else part


def eager(operands: list[Geometry]) -> Geometry:
    ts = [view_of(g) for g in operands]
    if len(ts) == 1:
        return of(ts[0].neg())
    return of(ts[0] + ts[1] if len(ts) == 2 else torch.addcmul(*ts))


def test_layouts_are_all_reached() -> None:
    assert len(LAYOUTS) > 300
    assert sum(not strides.is_contiguous(*g) for g in LAYOUTS) > 200


def test_rules_of_one_operand_on_every_layout() -> None:
    for g in LAYOUTS:
        t = view_of(g)
        assert strides.elementwise(g[0], (g,)) == t.neg().stride(), g
        assert strides.elementwise(g[0], (g, ((), ()))) == (t + 1).stride(), g
        assert strides.like(*g) == t.clone().stride() == torch.empty_like(t).stride(), g
        for dim, keepdim in itertools.product(range(3), (False, True)):
            out = t.sum(dim, keepdim)
            assert strides.reduction(tuple(out.shape)) == out.stride(), g
        assert strides.is_contiguous(*g) == t.is_contiguous(), g
        assert strides.is_dense(*g) == torch.ops.aten.is_non_overlapping_and_dense(t), g


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize("name", ["mean", "var", "amax", "prod", "argmax", "all", "logsumexp"])
def test_reductions_are_row_major(name: str) -> None:
    rng = random.Random(name)
    rule = strides.LAYOUTS["reduction"]
    assert rule is not None
    for _ in range(100):
        t = view_of(mixture(rng, random_shape(rng)[:4] or (2,)))
        if t.numel():
            out = getattr(t, name)(rng.randrange(t.ndim), keepdim=rng.random() < 0.5)
            assert rule(tuple(out.shape), (of(t),)) == out.stride(), of(t)


def test_elementwise_of_pairs_of_layouts() -> None:
    rng = random.Random(0)
    by_shape: dict[Shape, list[Geometry]] = {}
    for g in LAYOUTS:
        by_shape.setdefault(g[0], []).append(g)
    for _ in range(6000):
        a = rng.choice(LAYOUTS)
        b = rng.choice(by_shape[a[0]])
        assert strides.elementwise(a[0], (a, b)) == eager([a, b])[1], (a, b)


def test_elementwise_of_mixtures() -> None:
    rng = random.Random(1)
    for _ in range(8000):
        shape = random_shape(rng)
        operands = [
            mixture(rng, broadcastable(rng, shape)) for _ in range(rng.choice((1, 2, 2, 3)))
        ]
        out, stride = eager(operands)
        assert shapes.broadcast(*[s for s, _ in operands]) == out
        assert strides.elementwise(out, tuple(operands)) == stride, operands


def test_facts_of_mixtures() -> None:
    rng = random.Random(2)
    rule = strides.LAYOUTS["suggested"]
    assert rule is not None
    for _ in range(3000):
        g = mixture(rng, random_shape(rng))
        t = view_of(g)
        assert strides.is_contiguous(*g) == t.is_contiguous(), g
        last, last_3d = torch.channels_last, torch.channels_last_3d
        assert strides.is_channels_last(*g) == t.is_contiguous(memory_format=last), g
        assert strides.is_channels_last_3d(*g) == t.is_contiguous(memory_format=last_3d), g
        assert strides.is_dense(*g) == torch.ops.aten.is_non_overlapping_and_dense(t), g
        assert strides.like(*g) == torch.empty_like(t).stride() == t.clone().stride(), g
        assert strides.contiguous(g[0]) == torch.empty(g[0]).stride(), g
        if t.ndim:
            cat = torch.cat([t, t])
            assert rule(tuple(cat.shape), (g, g)) == cat.stride(), g
        names = {Overlap.NO: 0, Overlap.YES: 1, Overlap.TOO_HARD: 2}
        assert names[strides.internal_overlap(*g)] == torch._debug_has_internal_overlap(t), g


@many
@given(st.lists(st.integers(0, 4), min_size=1, max_size=6).map(tuple))
def test_channels_last(shape: Shape) -> None:
    for ours, form in (
        (strides.channels_last, torch.channels_last),
        (strides.channels_last_3d, torch.channels_last_3d),
    ):
        theirs = answer(lambda f=form: torch.empty(shape, memory_format=f).stride())
        assert answer(lambda f=ours: f(shape)) == theirs


def factors(rng: random.Random, n: int) -> Shape:
    """Sizes that multiply to n, ones among them."""
    out: list[int] = []
    while n > 1:
        f = rng.choice([f for f in range(2, n + 1) if n % f == 0])
        out.append(f)
        n //= f
    out += [1] * rng.randint(0, 2)
    rng.shuffle(out)
    return tuple(out) if n else (*out, 0)


def test_view() -> None:
    rng = random.Random(3)
    for g in LAYOUTS + [mixture(rng, random_shape(rng)) for _ in range(1500)]:
        t = view_of(g)
        for to in {factors(rng, t.numel()) for _ in range(3)} | {g[0]}:
            expected = answer(lambda t=t, to=to: t.view(to).stride())
            stride = strides.view(*g, to)
            assert (stride is None) == (not expected or isinstance(expected[0], type)) or to == ()
            assert stride is None or stride == expected, (g, to)
            assert (strides.view_note(*g, to) is None) == (stride is not None)


def test_view_note_names_the_dims_that_cannot_merge() -> None:
    note = strides.view_note((3, 2), (1, 3), (6,), 4)
    assert note == (
        "Dimensions 0 (size 3, stride 1) and 1 (size 2, stride 3) cannot merge: stride 1 is not "
        "2 * 3 = 6. A copy (reshape or contiguous) costs 24 bytes."
    )
    rng = random.Random(4)
    for g in LAYOUTS:
        for to in {factors(rng, shapes.numel(g[0])) for _ in range(3)}:
            note = strides.view_note(*g, to)
            if note:  # the two dims it names do not merge on their own either
                a, b = (
                    int(note.split(word)[1].split(" ")[0]) for word in ("Dimensions ", ") and ")
                )
                pair = view_of(((g[0][a], g[0][b]), (g[1][a], g[1][b])))
                with pytest.raises(RuntimeError, match="not compatible"):
                    pair.view(-1)


@many
@given(st.data())
def test_expand(data: st.DataObject) -> None:
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    shape = random_shape(rng)
    g = mixture(rng, broadcastable(rng, shape))
    to = tuple(rng.choice((n, n, n, n, -1, 1, 5)) for n in shape[len(shape) - len(g[0]) :])
    to = tuple(rng.choice((1, 2, 3)) for _ in range(rng.randint(0, 2))) + to
    assert answer(lambda: strides.expand(*g, to)) == answer(lambda: view_of(g).expand(to).stride())


offset_in = st.integers(0, 6)


@many
@given(offset_in, offset_in, st.data())
def test_overlap_of_two(a: int, b: int, data: st.DataObject) -> None:
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    shape = tuple(rng.choice((1, 2, 3)) for _ in range(rng.randint(0, 2)))
    base = torch.arange(80.0)
    ga, gb = mixture(rng, shape), mixture(rng, shape)
    x, y = base.as_strided(*ga, a), base.as_strided(*gb, b)
    if strides.internal_overlap(*gb) is Overlap.YES:
        expected = answer(lambda: y.neg_() is None)  # copy_ of a tensor to itself does nothing
        assert answer(lambda: strides.check_no_internal_overlap(*gb)) == expected
        return
    strides.check_no_internal_overlap(*gb)
    pairs: list[tuple[Callable[..., None], Callable[[], object]]] = [
        (strides.check_no_partial_overlap, lambda: torch.neg(x, out=y)),
        (strides.check_no_overlap, lambda: torch.take(x, index, out=y)),
    ]
    index = torch.zeros(shape, dtype=torch.int64)
    for check, op in pairs:
        expected = answer(lambda op=op: op() is None)
        assert (answer(lambda c=check: c((b, *gb), (a, *ga))) or False) == expected, (ga, gb, a, b)


@many
@given(
    st.lists(st.integers(-1, 4), max_size=3).map(tuple),
    st.lists(st.integers(-1, 3), max_size=3).map(tuple),
    st.integers(-1, 4),
)
def test_check_strided(shape: Shape, stride: Stride, offset: int) -> None:
    t = torch.empty(6)
    ours = answer(lambda: strides.check_strided(shape, stride, offset, 4, 24))
    theirs = answer(lambda: t.as_strided(shape, stride, offset).shape and None)
    assert ours == (theirs if isinstance(theirs, tuple) and theirs else None)


def test_named_rules() -> None:
    g = ((2, 3, 4), (1, 2, 6))
    t = view_of(g)
    expected = {
        "elementwise": t.neg(),
        "reduction": torch.empty(2, 3, 4),
        "contiguous": t.softmax(0),
        "like": t.clone(),
        "suggested": torch.cat([t]),
    }
    for name, rule in strides.LAYOUTS.items():
        if rule is None:
            assert name == "view"
        else:
            assert rule(g[0], (g,)) == expected[name].stride(), name


@pytest.mark.parametrize("shape", [(3, 1, 1, 1), (1, 4, 1, 1), (3, 1, 4, 1), (3, 1, 1, 1, 1)])
def test_suggested_where_strides_are_ambiguous(shape: Shape) -> None:
    for stride in itertools.product((1, 2, 4), repeat=len(shape)):
        t = view_of((shape, stride))
        assert strides.suggested(shape, stride) == torch.cat([t]).stride(), (shape, stride)


def test_permuted() -> None:
    assert strides.permuted((2, 3, 4), (2, 0, 1)) == tuple(
        torch.empty(2, 3, 4).permute(2, 0, 1).shape
    )
