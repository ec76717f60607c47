"""Denormal numbers, computed with and flushed to zero, beside PyTorch in the same thread."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np

CASES = {
    "mul": lambda lib, x: x * 0.5,
    "add": lambda lib, x: x + x,
    "operand": lambda lib, x: x * 1e30,
    "result": lambda lib, x: lib.full((1,), lib.finfo(x.dtype).tiny, dtype=x.dtype) * 0.5,
    "many": lambda lib, x: (x.repeat(5000) * 1.5)[-1:],
    "sum": lambda lib, x: x.sum(),
    "mm": lambda lib, x: (x.view(1, 1) @ lib.ones(1, 40, dtype=x.dtype))[0, :1],
    "sgd": lambda lib, x: stepped(lib, x),
}


def stepped(lib: Any, x: Any) -> Any:
    """The momentum left of a gradient after a step without one."""
    p = lib.zeros(1, dtype=x.dtype, requires_grad=True)
    optimizer = lib.optim.SGD([p], lr=1.0, momentum=0.5)
    for g in (x, x * 0):
        p.grad = g.clone()
        optimizer.step()
    return optimizer.state[p]["momentum_buffer"]


@pytest.fixture
def as_usual() -> Iterator[None]:
    yield
    assert torch.set_flush_denormal(False)


def test_it_ends() -> None:
    x = minitorch_np.from_numpy(np.array([3e-39], np.float32))
    seen: list[bool] = []
    for mode in (False, True, True, False):
        assert minitorch_np.set_flush_denormal(mode)
        seen.append(bits(x * 0.5) == bits(x * 1e30) == 0)
    assert seen == [False, True, True, False]


def bits(x: Any) -> int:
    """Of one float32 or float64, read without computing with it."""
    array = x.detach().reshape(-1).numpy()
    return int(array.view(f"i{array.itemsize}")[0])


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("kind", "tiny"), [("float32", 3e-39), ("float64", 3e-309)])
@pytest.mark.usefixtures("as_usual")
def test_ops_take_them_as_pytorch_does(kind: str, tiny: float, name: str, mode: bool) -> None:
    small = np.array([tiny], kind)
    found: list[int] = []
    for lib in (torch, minitorch_np):
        assert lib.set_flush_denormal(mode) is True
        found.append(bits(CASES[name](lib, lib.from_numpy(small.copy()))))
        assert torch.set_flush_denormal(False)  # the other library finds the thread as usual
    assert found[0] == found[1]
    assert (found[0] == 0) == mode


@pytest.mark.usefixtures("as_usual")
def test_other_threads_go_on_as_they_were() -> None:
    assert minitorch_np.set_flush_denormal(True)
    x, found = minitorch_np.from_numpy(np.array([3e-39], np.float32)), list[int]()
    started = threading.Thread(target=lambda: found.append(bits(x * 0.5)))
    started.start()
    started.join()
    inherited = list[int]()
    asked = torch.from_numpy(np.array([3e-39], np.float32))
    other = threading.Thread(target=lambda: inherited.append(bits(asked * 0.5)))
    other.start()
    other.join()
    assert found == inherited


@pytest.mark.parametrize("mode", [1, None, "x", 1.0])
def test_what_is_no_bool(mode: Any) -> None:
    errors: list[str] = []
    for lib in (torch, minitorch_np):
        with pytest.raises(RuntimeError) as raised:
            lib.set_flush_denormal(mode)
        errors.append(str(raised.value))
    assert errors[0] == errors[1]
