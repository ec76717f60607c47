"""Gradients that somebody outside looks at stay as they are, and so do modes and signals."""

import copy
import signal
from typing import Any

import numpy as np
import pytest

import minitorch_np
from minitorch_np import storage
from tests.oracle import same, sample


@pytest.mark.parametrize("size", [3, 10_000])
@pytest.mark.parametrize("way", ["numpy", "dlpack"])
def test_an_array_that_a_hook_keeps_is_not_added_to(size: int, way: str) -> None:
    kept: list[Any] = []

    def keep(g: Any) -> None:
        kept.append(g.numpy() if way == "numpy" else np.from_dlpack(g))

    x = minitorch_np.ones(size, requires_grad=True)
    h = x * 2
    b = h * 4
    a = h + 0
    a.register_hook(keep)
    x.register_hook(keep)
    (a * 3 + b).sum().backward()
    assert kept[0].tolist() == [3.0] * size and kept[1].tolist() == [14.0] * size
    (x * 5).sum().backward()
    assert kept[1].tolist() == [14.0] * size and x.grad.tolist() == [19.0] * size


def test_a_kept_tensor_is_the_gradients_own() -> None:
    def f(torch: Any, x: Any) -> Any:
        x.register_hook(lambda g: torch.nn.Parameter(g * 1))
        (x * 3).sum().backward()
        return type(x.grad).__name__, x.grad

    same(f, sample(3))


def test_what_a_hook_switches_ends_with_the_walk() -> None:
    def f(torch: Any, x: Any) -> Any:
        x.register_hook(lambda g: torch.set_grad_enabled(True) and None)
        y = (x * x).sum()
        with torch.no_grad():
            y.backward()
            return torch.is_grad_enabled()

    same(f, sample(3))


def test_the_gradient_of_a_bias_is_a_view() -> None:
    def f(torch: Any, x: Any, b: Any) -> Any:
        loss = torch.nn.functional.linear(x, torch.ones(3, 2), b).sum()
        g = torch.autograd.grad(loss, [b])[0]
        viewed = g._is_view()
        return viewed, g, g.mul_(torch.ones(3, requires_grad=True))

    same(f, sample(4, 2), sample(3))


def test_a_plain_base_gets_no_gradient_through_its_view() -> None:
    def f(torch: Any, w: Any) -> Any:
        v = torch.ones(2, 3)[0:1]
        v.mul_(w)
        v.sum().backward()
        return w.grad

    same(f, sample(1, 3))


def test_copies_of_storages_are_their_own() -> None:
    def f(torch: Any) -> Any:
        x = torch.ones(10_000)
        storages = x.untyped_storage(), copy.deepcopy(x.untyped_storage())
        return (
            copy.deepcopy(x).data_ptr() == x.data_ptr(),
            storages[0][:8].tolist() == storages[1][:8].tolist(),
            storages[0].data_ptr() == storages[1].data_ptr(),
        )

    same(f)


def test_resized_storages_are_counted_and_not_kept() -> None:
    before = minitorch_np.memory_stats()["allocated_bytes.all.current"]
    x = minitorch_np.empty(10_000)
    x.untyped_storage().resize_(400_000)
    assert minitorch_np.memory_stats()["allocated_bytes.all.current"] - before == 400_000
    x.untyped_storage().resize_(0)
    del x
    assert minitorch_np.memory_stats()["allocated_bytes.all.current"] == before
    assert not storage._dead.get(0)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer on this platform")
def test_a_signal_may_come_in_the_middle_of_a_kernel() -> None:
    def handler(*_: object) -> None:
        minitorch_np.ones(2) * 2

    before = signal.signal(signal.SIGALRM, handler)
    x = minitorch_np.ones(3, 4)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for _ in range(2000):
            x.var(0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
