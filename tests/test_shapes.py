"""Shapes against the installed torch, by Hypothesis: results, exception types and texts."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_np import shapes
from minitorch_np.shapes import Size

sizes = st.integers(0, 4)
small = st.lists(sizes, max_size=4).map(tuple)
dim = st.integers(-6, 6)
dims = st.lists(dim, max_size=4)
many = settings(max_examples=300, deadline=None)


def answer(f: Callable[[], object]) -> object:
    """What `f` returns, or its exception's type and text without C++'s trace."""
    try:
        return f()
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        return type(error), str(error).split("\nException raised from")[0]


def empty(shape: tuple[int, ...]) -> torch.Tensor:
    return torch.empty(shape)


def same(ours: Callable[[], object], torchs: Callable[[], object]) -> None:
    assert answer(ours) == answer(torchs)


@pytest.mark.parametrize(
    "f",
    [
        lambda S: S(),
        lambda S: S((2, 3)),
        lambda S: S([True, 2]),
        lambda S: S([1.5]),
        lambda S: S([1, "a"]),
        lambda S: S(3),
        lambda S: S((2, 3))[0],
        lambda S: S((2, 3))[-1:],
        lambda S: S((2, 3))[5],
        lambda S: S((2, 3))[::-1],
        lambda S: S((2, 3)) + (4,),
        lambda S: (4,) + S((2, 3)),
        lambda S: S((2, 3)) + S((1,)),
        lambda S: S((2, 3)) + [1],
        lambda S: S((2, 3)) + 1,
        lambda S: S((2, 3)) + (1.5,),
        lambda S: ("a",) + S((2, 3)),
        lambda S: S((2, 3)) * 2,
        lambda S: 2 * S((2, 3)),
        lambda S: S((2, 3)) * 1.5,
        lambda S: S((2, 3)).numel(),
        lambda S: S().numel(),
        lambda S: S((2, -3)).numel(),
        lambda S: S((2, 3)) == (2, 3),
        lambda S: hash(S((2, 3))) == hash((2, 3)),
        lambda S: copy.deepcopy(S((2, 3))),
        lambda S: pickle.loads(pickle.dumps(S((2, 3)))),
        lambda S: S(torch.tensor([1, 2])),
        lambda S: S((2, 3)).__reduce__()[1],
    ],
)
def test_size(f: Callable[[object], object]) -> None:
    ours, torchs = answer(lambda: f(Size)), answer(lambda: f(torch.Size))
    assert repr(ours) == repr(torchs)
    assert (type(ours) is Size) == (type(torchs) is torch.Size)


@pytest.mark.parametrize("left", [1, [1]])
def test_size_added_to_something_else(left: object) -> None:
    ours, torchs = (answer(lambda S=S: left + S((2, 3))) for S in (Size, torch.Size))
    # Python prints the type's own name here, and ours is not torch's.
    assert repr(ours) == repr(torchs).replace("torch.Size", "Size")


def test_size_of_ints_is_not_checked() -> None:
    assert type(shapes.size((2, 3))) is Size
    assert shapes.size((2, 3)) == (2, 3)


@many
@given(small)
def test_numel(shape: tuple[int, ...]) -> None:
    assert shapes.numel(shape) == empty(shape).numel()


@many
@given(small, dim)
def test_wrap_dim(shape: tuple[int, ...], d: int) -> None:
    t = torch.empty(shape)
    same(
        lambda: shapes.reduced(shape, (shapes.wrap_dim(d, len(shape)),)),
        lambda: tuple(t.sum(d).shape),
    )
    same(lambda: shape[shapes.wrap_dim(d, len(shape), wrap_scalar=False)], lambda: t.size(d))


@many
@given(small, dims.filter(bool), st.booleans())
def test_reduced(shape: tuple[int, ...], ds: list[int], keepdim: bool) -> None:
    same(
        lambda: shapes.reduced(shape, shapes.wrap_dims(ds, len(shape)), keepdim),
        lambda: tuple(empty(shape).sum(ds, keepdim=keepdim).shape),
    )


def test_wrap_dims_keeps_the_order() -> None:
    assert shapes.wrap_dims((-1, 0), 3) == (2, 0)


broadcastable = st.lists(st.sampled_from([0, 1, 1, 2, 2, 3]), max_size=4).map(tuple)


@many
@given(broadcastable, broadcastable, broadcastable)
def test_broadcast(a: tuple[int, ...], b: tuple[int, ...], c: tuple[int, ...]) -> None:
    same(lambda: shapes.broadcast(a, b), lambda: tuple((empty(a) + empty(b)).shape))
    same(
        lambda: shapes.broadcast(a, b, c),
        lambda: tuple(torch.addcmul(empty(a), empty(b), empty(c)).shape),
    )


def test_broadcast_of_few() -> None:
    assert shapes.broadcast() == ()
    result = shapes.broadcast(Size((2, 3)), Size((2, 3)))
    assert (result, type(result)) == ((2, 3), tuple)


def test_broadcast_note_aligns_the_shapes() -> None:
    with pytest.raises(RuntimeError) as info:
        shapes.broadcast((2, 10, 3), (4, 3))
    rows = info.value.__notes__[0].splitlines()[1:]
    assert rows == ["  a: 2  10  3", "  b:     4  3", "        ^^"]


@many
@given(broadcastable, st.lists(st.sampled_from([-2, -1, -1, 0, 1, 2, 3]), max_size=5).map(tuple))
def test_expanded(shape: tuple[int, ...], to: tuple[int, ...]) -> None:
    if len(to) < len(shape):
        return
    same(lambda: shapes.expanded(shape, to), lambda: tuple(empty(shape).expand(to).shape))
    if all(n >= 0 for n in to):
        possible = isinstance(answer(lambda: empty(shape).expand(to)), torch.Tensor)
        assert shapes.is_expandable(shape, to) == possible


@pytest.mark.parametrize(("shape", "to"), [((2, 3), (3,)), ((2,), ())])
def test_is_expandable_to_fewer_dims(shape: tuple[int, ...], to: tuple[int, ...]) -> None:
    assert not shapes.is_expandable(shape, to)


@many
@given(small, st.lists(st.sampled_from([-2, -1, -1, 0, 1, 2, 3, 4, 6]), max_size=4).map(tuple))
def test_infer(shape: tuple[int, ...], to: tuple[int, ...]) -> None:
    t = empty(shape)
    same(lambda: shapes.infer(to, t.numel()), lambda: tuple(t.view(to).shape))


@many
@given(small, dims)
def test_permutation(shape: tuple[int, ...], ds: list[int]) -> None:
    same(
        lambda: tuple(shape[d] for d in shapes.permutation(ds, len(shape))),
        lambda: tuple(empty(shape).permute(ds).shape),
    )


@many
@given(st.permutations([-1, -2, 0, 1]).map(list))
def test_permutation_of_four(ds: list[int]) -> None:
    shape = (2, 3, 4, 5)
    same(
        lambda: tuple(shape[d] for d in shapes.permutation(ds, 4)),
        lambda: tuple(empty(shape).permute(ds).shape),
    )


@many
@given(small, dims.map(lambda d: d[:2]), dims.map(lambda d: d[:2]))
def test_movement(shape: tuple[int, ...], source: list[int], destination: list[int]) -> None:
    t = empty(shape)
    same(
        lambda: tuple(shape[d] for d in shapes.movement(source, destination, len(shape))),
        lambda: tuple(t.movedim(tuple(source), tuple(destination)).shape),
    )


@many
@given(small, dim, dim)
def test_flattened(shape: tuple[int, ...], start: int, end: int) -> None:
    same(
        lambda: shapes.flattened(shape, start, end),
        lambda: tuple(empty(shape).flatten(start, end).shape),
    )


@many
@given(small, dim, st.lists(st.sampled_from([-2, -1, -1, 0, 1, 2, 3]), max_size=3).map(tuple))
def test_unflattened(shape: tuple[int, ...], d: int, to: tuple[int, ...]) -> None:
    same(
        lambda: shapes.unflattened(shape, d, to),
        lambda: tuple(torch.unflatten(empty(shape), d, to).shape),
    )


@many
@given(small, dim, dim, st.integers(-1, 4))
def test_narrow(shape: tuple[int, ...], d: int, start: int, length: int) -> None:
    t = torch.arange(shapes.numel(shape)).view(shape)
    same(
        lambda: (shapes.narrow_start(shape, d, start, length), length),
        lambda: (
            (view := t.narrow(d, start, length)).storage_offset() // max(t.stride(d), 1),
            view.size(d),
        ),
    )


@many
@given(small, dim, dim)
def test_select(shape: tuple[int, ...], d: int, index: int) -> None:
    t = empty(shape)
    same(
        lambda: shapes.select_index(shape, d, index),
        lambda: t.select(d, index).storage_offset() // t.stride(d),
    )


bound = st.none() | st.integers(-7, 7)


@many
@given(sizes, bound, bound, st.integers(-1, 4))
def test_slice(size: int, start: int | None, stop: int | None, step: int) -> None:
    t = empty((size,))

    def torchs() -> tuple[int, int]:
        view = torch.ops.aten.slice(t, 0, start, stop, step)
        return view.storage_offset(), view.numel()

    same(lambda: shapes.slice_bounds(size, start, stop, step), torchs)


@many
@given(small, dim, st.integers(-1, 5), st.integers(-1, 3))
def test_unfold(shape: tuple[int, ...], d: int, size: int, step: int) -> None:
    t = empty(shape)
    # A 0-d tensor has one element to take windows of, and its result no dim that counts them.
    torchs = (
        (lambda: t.unfold(d, size, step).shape[:-1][d])
        if shape
        else (lambda: t.unfold(d, size, step).ndim and t.view(1).unfold(0, size, step).size(0))
    )
    same(lambda: shapes.window_count(shape, d, size, step), torchs)


@many
@given(small, st.integers(-5, 5), dim, dim)
def test_diagonal(shape: tuple[int, ...], offset: int, d1: int, d2: int) -> None:
    same(
        lambda: shapes.diagonal_length(shape, offset, d1, d2)[2],
        lambda: empty(shape).diagonal(offset, d1, d2).size(-1),
    )


@many
@given(small, st.integers(-1, 5), dim)
def test_split(shape: tuple[int, ...], split_size: int, d: int) -> None:
    same(
        lambda: shapes.split_lengths(shape, split_size, d),
        lambda: tuple(t.size(d) for t in empty(shape).split(split_size, d)),
    )


@many
@given(small, st.lists(st.integers(-1, 4), max_size=3), dim)
def test_split_with_sizes(shape: tuple[int, ...], sections: list[int], d: int) -> None:
    same(
        lambda: shapes.check_sections(shape, sections, d) or tuple(sections),
        lambda: tuple(t.size(d) for t in empty(shape).split_with_sizes(sections, d)),
    )
