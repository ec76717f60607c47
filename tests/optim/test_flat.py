"""Steps in one loop over memory: the bits of the ops they stand for, and when they do not stand in.

PyTorch is compared with in the files of each optimizer; here ours is its own oracle.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_np
from minitorch_np.graph.modes import OpMode
from minitorch_np.kernels.large import loop
from minitorch_np.optim import adam, sgd
from minitorch_np.optim.flat import flat
from minitorch_np.optim.optimizer import Optimizer

MAKERS: dict[str, Callable[..., Optimizer]] = {
    "SGD": lambda p: minitorch_np.optim.SGD(p, lr=0.3),
    "SGD decay": lambda p: minitorch_np.optim.SGD(p, lr=0.3, weight_decay=0.1, maximize=True),
    "momentum": lambda p: minitorch_np.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.3),
    "nesterov": lambda p: minitorch_np.optim.SGD(
        p, lr=0.1, momentum=0.7, nesterov=True, weight_decay=0.01
    ),
    "Adam": lambda p: minitorch_np.optim.Adam(p, lr=0.01),
    "Adam decay": lambda p: minitorch_np.optim.Adam(p, betas=(0.6, 0.99), weight_decay=0.1),
    "Adam from the other end": lambda p: minitorch_np.optim.Adam(p, betas=(0.50000001, 0.9)),
    "AdamW": lambda p: minitorch_np.optim.AdamW(p, lr=0.05, eps=1e-3, maximize=True),
}


class Watch(OpMode):
    """Sees every op, so that no loop may stand for them."""

    def __op__(self, op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return op(*args, **kwargs)


def trained(maker: str, dtype: Any, watched: bool) -> list[Any]:
    """Parameters, their versions and the state after some steps, as bytes."""
    rng = np.random.default_rng(3)

    def drawn(*shape: int) -> Any:
        return minitorch_np.from_numpy(rng.normal(size=shape)).to(dtype)

    parameters = [drawn(5, 7), drawn(6, 4).t().contiguous().t(), drawn(3), drawn(0, 2)]
    for p in parameters:
        p.requires_grad_()
    optimizer = MAKERS[maker](parameters)
    for _ in range(7):
        for p in parameters:
            p.grad = minitorch_np.empty_like(p.detach()).copy_(drawn(*p.shape))
        if watched:
            with Watch():
                optimizer.step()
        else:
            optimizer.step()
    state = [t for held in optimizer.state.values() for t in held.values()]
    bits = [t.detach().contiguous().numpy().tobytes() for t in [*parameters, *state]]
    return [bits, [p._version for p in parameters]]


@pytest.mark.parametrize("dtype", [minitorch_np.float32, minitorch_np.float64], ids=str)
@pytest.mark.parametrize("maker", MAKERS)
def test_bits_of_the_ops(maker: str, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = trained(maker, dtype, watched=True)
    ran = []
    for module in (sgd, adam):
        monkeypatch.setattr(module, "loop", lambda *key: (ran.append(key), loop(*key))[1])
    assert trained(maker, dtype, watched=False) == expected
    # 1 - 0.50000001 is a half in float32, and just below it in float64
    assert bool(ran) == (maker != "Adam from the other end" or dtype is minitorch_np.float64)


def test_what_lies_otherwise_is_left_to_the_ops() -> None:
    x = minitorch_np.ones(4, 3)
    with minitorch_np.no_grad():
        assert flat(x, x.clone()) is not None
        assert flat(x.t(), x.t().clone()) is not None
        assert flat(x, minitorch_np.ones(3, 4).t()) is None
        assert flat(x, minitorch_np.ones(4, 1).expand(4, 3)) is None
        assert flat(x[:, :2], x[:, :2]) is None
        assert flat(x.half(), x.half()) is None
        assert flat(x, x.double()) is None
        with Watch():
            assert flat(x, x) is None
    assert flat(x, x) is None  # a graph may be recorded


def test_offsets_are_kept() -> None:
    with minitorch_np.no_grad():
        x = minitorch_np.arange(6.0)[2:]
        found = flat(x)
        assert found is not None and found[0].tolist() == [2, 3, 4, 5]
        found[0][0] = 9
        assert x[0] == 9
