from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.storage import UntypedStorage
from tests.oracle import LAYOUTS, same, sample

RECORDED: dict[str, Callable[..., Any]] = {
    "transpose_": lambda x: x.transpose_(0, 2),
    "swapaxes_": lambda x: x.swapaxes_(0, 1),
    "swapdims_": lambda x: x.swapdims_(-1, 1),
    "t_": lambda x: x.select(0, 0).clone().t_(),
    "squeeze_": lambda x: x.squeeze_(),
    "squeeze_dim": lambda x: x.squeeze_(1),
    "squeeze_dims": lambda x: x.squeeze_((0, 1)),
    "squeeze_no": lambda x: x.squeeze_(0),
    "unsqueeze_": lambda x: x.unsqueeze_(-1),
    "as_strided_": lambda x: x.as_strided_((2, 2), (1, 2), 1),
}


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_changes(name: str) -> None:
    f = RECORDED[name]

    def change(torch: Any, x: Any) -> Any:
        y = x * x
        view = y.view(-1)
        z = f(y)
        return z * z, y, view, z._version, y._version, z is y

    same(change, sample(2, 1, 3), second=True)
    same(lambda torch, x: f(x), sample(2, 1, 3, grad=False))
    same(lambda torch, x: f(x), sample(2, 1, 3))


@pytest.mark.parametrize("name", RECORDED)
def test_changes_of_a_view_leave_its_base_alone(name: str) -> None:
    f = RECORDED[name]

    def change(torch: Any, x: Any) -> Any:
        base = x * x
        view = base.narrow(0, 0, 2)
        z = f(view)
        return base * base, z, base.shape == x.shape

    same(change, sample(3, 1, 3))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str) -> None:
    x = sample(2, 1, 3, grad=False, layout=layout)
    for f in RECORDED.values():
        same(lambda torch, x, f: f(x.detach()), x, f)


def fresh(x: Any) -> Any:
    """A tensor whose storage its library owns, and so may grow."""
    return x.detach().clone()


CHANGES: dict[str, Callable[..., Any]] = {
    "resize_": lambda x: fresh(x).resize_(3, 2),
    "resize_tuple": lambda x: fresh(x).resize_((2, 2)),
    "resize_none": lambda x: fresh(x).t().resize_(3, 2),
    "resize_to_nothing": lambda x: fresh(x).resize_(0),
    "resize_scalar": lambda x: fresh(x).resize_(()),
    "resize_as_": lambda x: fresh(x).resize_as_(x.select(0, 0)),
    "resize_version": lambda x: fresh(x).resize_(2)._version,
    "resize_larger": lambda x: fresh(x).resize_(4, 3).narrow(0, 0, 2),
    "set_": lambda x: fresh(x).set_(),
    "set_tensor": lambda x: fresh(x).set_(x.detach().t()),
    "set_storage": lambda x: fresh(x).set_(x.detach().untyped_storage(), 1, (2, 2), (2, 1)),
    "set_whole": lambda x: fresh(x).set_(x.detach().untyped_storage()),
    "set_size": lambda x: fresh(x).set_(x.detach().untyped_storage(), 0, (3, 2)),
    "detach_": lambda x: (x * 1).detach_(),
    "detach_leaf": lambda x: x.detach_(),
    "detach_again": lambda x: (x * 1).detach_().requires_grad_(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes(name: str) -> None:
    same(lambda torch, x: CHANGES[name](x), sample(2, 3))


def test_resize_as_function() -> None:
    same(lambda torch, x, y: torch.resize_as_(fresh(x), y), sample(2, 3), sample(2, 2))
    same(lambda torch, x, y: torch.resize_as_(x, y), sample(2, 3), sample(2, 2))


ERRORS: dict[str, Callable[..., Any]] = {
    "resize": lambda torch, x: x.resize_(2),
    "resize_negative": lambda torch, x: fresh(x).resize_(-1),
    "set": lambda torch, x: fresh(x).set_(x.detach().double()),
    "set_bounds": lambda torch, x: fresh(x).set_(x.detach().untyped_storage(), 1, (2, 3), (3, 1)),
    "detach_": lambda torch, x: (x * 1).view(-1).detach_(),
    "t_": lambda torch, x: x.unsqueeze(0).clone().t_(),
    "leaf": lambda torch, x: x.t_(),
    "view_of_leaf": lambda torch, x: x.view(-1).unsqueeze_(0),
    "as_strided": lambda torch, x: fresh(x).as_strided_((7,), (1,)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    same(ERRORS[name], sample(2, 3))


def test_data_is_the_memory_without_the_history() -> None:
    def write(torch: Any, x: Any) -> Any:
        data = x.data
        data.mul_(2)
        y = x.detach() * 1
        inner = y.view(-1).data
        return x, data, data._version, x._version, data._base is None, inner._base is None

    same(write, sample(2, 3))


def test_writes_through_data_are_not_noticed_by_backward() -> None:
    def write(torch: Any, x: Any) -> Any:
        y = x * x
        x.data.mul_(2)
        return y

    same(write, sample(2, 3))


def test_assigning_data() -> None:
    def assign(torch: Any, x: Any, other: Any) -> Any:
        before = x._version
        x.data = other
        return x, x._version == before, x.requires_grad, x.is_leaf, x * 2

    for other in (
        sample(2, 3, grad=False),
        sample(4),
        sample(3, 2, layout="transposed"),
        sample(2).double(),
    ):
        same(assign, sample(2, 3), other)
        same(assign, sample(2, 3, grad=False), other.detach())
    same(assign, sample(2, 3), torch.ones(2, dtype=torch.int64))
    same(assign, sample(2, 3), 3)


def test_data_cannot_be_deleted() -> None:
    def delete(torch: Any, x: Any) -> Any:
        del x.data

    same(delete, sample(2))


def looked_at(x: Any) -> Any:
    """The tensor, after its elements were read."""
    x.tolist()
    return x


MOVES: dict[str, Callable[[Any, Any], Any]] = {
    "resize_": lambda torch, x: x.resize_(5000).resize_(2, 3),
    "out=": lambda torch, x: torch.add(torch.ones(50), 1, out=x[:0]),
    "a view's": lambda torch, x: x.view(-1)[2:].resize_(5000)[:1],
    "the storage": lambda torch, x: x.untyped_storage().resize_(5000) and None,
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_every_tensor_over_memory_that_moves_sees_it(move: Callable[[Any, Any], Any]) -> None:
    def f(torch: Any, x: Any) -> Any:
        x = x * 1
        kept = [looked_at(t) for t in (x, x.t(), x.detach(), x[1], x.data, x[:, 1:])]
        moved = move(torch, x)
        kept[2].fill_(7)
        kept[-1].mul_(2)
        return moved, kept, len({t.untyped_storage().data_ptr() for t in kept})

    same(f, sample(2, 3, grad=False))


OTHERS: dict[str, Callable[[Any], Any]] = {
    "view": lambda x: x.view(-1),
    "row": lambda x: x[1],
    "detached": lambda x: x.detach(),
    "data": lambda x: x.data,
    "storage": lambda x: x.untyped_storage(),
}


@pytest.mark.parametrize("made", [lambda x: x * 1, lambda x: (x * 1).exp(), lambda x: x.clone()[:]])
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_the_only_other_that_looks_at_memory_that_moves(
    made: Callable[[Any], Any], other: Callable[[Any], Any]
) -> None:
    def f(torch: Any, x: Any) -> Any:
        x = made(x)
        kept = looked_at(other(x))
        x.resize_(5000).fill_(3)
        return kept.tolist()[:4], x.untyped_storage().data_ptr() == (
            kept.data_ptr() - 4 * kept.storage_offset()
            if hasattr(kept, "shape")
            else kept.data_ptr()
        )

    same(f, sample(2, 3, grad=False))


@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")
def test_memory_that_one_tensor_looks_at_moves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a look at every object there is."""
    searches: list[object] = []
    monkeypatch.setattr(UntypedStorage, "moved", staticmethod(searches.append))
    x = minitorch_np.ones(3)
    assert minitorch_np.add(minitorch_np.ones(50), 1, out=x) is x
    assert x.resize_(500).resize_(9000)[:50].tolist() == [2] * 50
    assert searches == []
    y = x.view(-1)
    x.resize_(20000)
    assert searches == [y.untyped_storage()]


SHARED: dict[str, Callable[[Any, Any], Any]] = {
    "numpy": lambda torch, x: x.numpy() is None,
    "of a view": lambda torch, x: x[1].numpy() is None,
    "asarray": lambda torch, x: np.asarray(x) is None,
    "dlpack": lambda torch, x: np.from_dlpack(x) is None,
    "nothing": lambda torch, x: x.tolist() is None,
}


@pytest.mark.parametrize("share", SHARED.values(), ids=SHARED)
def test_memory_that_others_look_at_does_not_move(share: Callable[[Any, Any], Any]) -> None:
    def f(torch: Any, x: Any) -> Any:
        share(torch, x)
        x.resize_(1).resize_(6)
        return x.untyped_storage().resizable(), x.resize_(7).resize_(6)

    same(f, sample(2, 3, grad=False))


@pytest.mark.parametrize("make", ["from_numpy", "as_tensor", "from_dlpack", "tensor"])
def test_memory_of_others_does_not_move(make: str) -> None:
    same(lambda torch: getattr(torch, make)(np.zeros(3)).resize_(4).shape)
    same(lambda torch: getattr(torch, make)(np.zeros(0)).resize_(4).shape)


SETS: dict[str, Callable[..., Any]] = {
    "tensor": lambda torch, x, y: (x * 1).set_(y.detach()),
    "nothing": lambda torch, x, y: (x * 1).set_(),
    "storage": lambda torch, x, y: (x * 1).set_(y.detach().untyped_storage()),
    "source": lambda torch, x, y: torch.zeros(2).set_(y),
    "computed source": lambda torch, x, y: torch.zeros(2).set_(y * 1),
    "leaf": lambda torch, x, y: x.set_(y.detach()),
    "integers": lambda torch, x, y: torch.arange(3).set_(torch.arange(2)),
}


@pytest.mark.parametrize("name", SETS)
def test_set_has_no_derivative(name: str) -> None:
    x, y = sample(2, 3), sample(4, seed=1)
    same(SETS[name], x, y, grad=False)
    same(lambda torch, x, y: SETS[name](torch, x, y).sum().backward(), x, y)

    def unrecorded(torch: Any, x: Any, y: Any) -> Any:
        with torch.no_grad():
            return SETS[name](torch, x, y)

    same(unrecorded, x, y, grad=False)


def test_set_of_a_view() -> None:
    def histories(torch: Any, x: Any, y: Any) -> Any:
        view = (x * 1)[0]
        view.set_(y)
        return view, view.grad_fn.name(), view._base.grad_fn.name()

    same(histories, sample(2, 3), sample(4, seed=1, grad=False), grad=False)
