"""In-place writes: versions, stale saved tensors, and histories of bases and views."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import same, sample

Case = Callable[[Any, Any, Any], Any]


def chain(*writes: Callable[[Any, Any], Any]) -> Case:
    """A non-leaf, written to by each of `writes`; returns it and something computed from it."""

    def f(torch: Any, x: Any, y: Any) -> Any:
        a = x * 2
        for write in writes:
            write(a, y)
        return a, a * 3, a._version

    return f


WRITES: dict[str, Case] = {
    "mul_": chain(lambda a, y: a.mul_(y)),
    "add_ twice": chain(lambda a, y: a.add_(y), lambda a, y: a.add_(y)),
    "self": chain(lambda a, y: a.mul_(a)),
    "through a view": chain(lambda a, y: a.transpose(0, 1).mul_(y.transpose(0, 1))),
    "through a view of a view": chain(lambda a, y: a.view(-1).view(3, 2).add_(1)),
    "copy_": chain(lambda a, y: a.copy_(y)),
    "copy_ into a part": chain(lambda a, y: a.transpose(0, 1)[0].copy_(y[:, 0])),
    "fill_": chain(lambda a, y: a.fill_(3)),
    "zero_ a part": chain(lambda a, y: a[0].zero_()),
    "two parts": chain(lambda a, y: a[0].mul_(2), lambda a, y: a[1].mul_(y[0])),
}


@pytest.mark.parametrize("case", WRITES)
def test_history_after_a_write(case: str) -> None:
    same(WRITES[case], sample(2, 3), sample(2, 3, seed=1), second=True)


def test_a_view_made_before_sees_the_write() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        a = x * 2
        v = a.view(3, 2)
        a.mul_(y)
        return v, v.grad_fn.name(), v * 2

    same(f, sample(2, 3), sample(2, 3, seed=1), second=True)


def test_a_base_that_needed_no_gradient_gets_one() -> None:
    def f(torch: Any, x: Any) -> Any:
        base = torch.zeros(2, 3)
        row = base[0]
        row.copy_(x)
        other = base[1]
        return base, row.requires_grad, other.requires_grad, base * 2

    same(f, sample(3))


def test_a_view_written_under_no_grad() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        with torch.no_grad():
            v = a.view(-1)
        v.mul_(2)
        return a

    same(f, sample(2, 3))


STALE: dict[str, Case] = {
    "saved input": lambda torch, x, y: _after(x * 2, lambda a: a * y, lambda a: a.add_(1)),
    "saved through a view": lambda torch, x, y: _after(
        x * 2, lambda a: a.view(-1) * 2 * a.view(-1), lambda a: a.add_(1)
    ),
    "saved output": lambda torch, x, y: _after(x.exp(), lambda a: a * 2, lambda a: a.mul_(2)),
    "saved leaf of no gradient": lambda torch, x, y: _after(
        y.detach().clone(), lambda a: a * x, lambda a: a.add_(1)
    ),
    "detach shares the version": lambda torch, x, y: _after(
        x * 2, lambda a: a * y, lambda a: a.detach().zero_()
    ),
    "not saved": lambda torch, x, y: _after(x * 2, lambda a: a + y, lambda a: a.add_(1)),
}


def _after(a: Any, use: Callable[[Any], Any], write: Callable[[Any], Any]) -> Any:
    result = use(a)
    write(a)
    return result


@pytest.mark.parametrize("case", STALE)
def test_stale_saved_tensors_are_refused(case: str) -> None:
    same(STALE[case], sample(2, 3), sample(2, 3, seed=1))


def test_data_shares_memory_but_no_version() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        b = a * a
        a.data.zero_()
        return b, a._version

    same(f, sample(3))
