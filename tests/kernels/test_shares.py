"""Loops that share their work: the same bits for any number of threads, and when they share it."""

from collections.abc import Callable, Iterator
from types import BuiltinFunctionType
from typing import Any

import numpy as np
import pytest

import minitorch_np
from minitorch_np import casts
from minitorch_np.kernels import large, shares, threads

F = minitorch_np.nn.functional
Case = Callable[["Inputs"], Any]


class Inputs:
    """Tensors, the same in each run. `turned` and `stepped` are views that are not contiguous."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)

        def normal(*shape: int) -> Any:
            values = random.standard_normal(shape).astype(np.float32)
            return minitorch_np.tensor(values, requires_grad=True)

        self.a, self.b = normal(96, 200), normal(96, 200)
        self.wide, self.side = normal(40, 1200), normal(1200)
        self.row, self.column = normal(200), normal(96, 1)
        self.turned, self.stepped = normal(200, 96).t(), normal(96, 400)[:, ::2]
        self.cube, self.images = normal(20, 30, 200), normal(3, 8, 18, 22)
        self.last = normal(3, 18, 22, 8).permute(0, 3, 1, 2)
        self.grid = (normal(3, 15, 17, 2) / 2).detach().requires_grad_()
        self.channels = normal(8)
        self.p = minitorch_np.tensor(
            random.uniform(0.1, 0.9, (96, 200)).astype(np.float32), requires_grad=True
        )
        self.places = minitorch_np.tensor(random.integers(0, 200, (96, 200)))
        self.words = minitorch_np.tensor(random.integers(0, 96, (200,)))
        self.speech, self.labels = (
            normal(40, 8, 30),
            minitorch_np.tensor(random.integers(1, 30, (8, 6))),
        )
        self.table, self.filters = normal(96, 300), normal(8, 1, 3, 3)
        self.long, self.other = normal(270, 270), normal(270, 270)  # longer than `Form.each` has
        self.leaves = [t for t in vars(self).values() if t.is_leaf and t.requires_grad]


def unary(name: str) -> Case:
    return lambda t: getattr(minitorch_np, name)(t.a)


CASES: dict[str, Case] = {
    "relu": lambda t: minitorch_np.relu(t.long),
    "var of rows": lambda t: t.a.var(1),
    "var of columns": lambda t: t.wide.var(0),
    "var within": lambda t: t.a.view(-1, 40, 2).var(1),
    **{name: unary(name) for name in ("exp", "tanh", "sigmoid", "sin", "erf", "square")},
    **{
        name: lambda t, name=name: getattr(F, name)(t.a)
        for name in ("gelu", "silu", "elu", "hardswish", "softplus", "glu", "mish", "logsigmoid")
    },
    "lgamma": lambda t: minitorch_np.lgamma(t.p),
    "erfinv": lambda t: minitorch_np.erfinv(t.p),
    "i0e": lambda t: minitorch_np.special.i0e(t.p),
    "gammainc": lambda t: minitorch_np.special.gammainc(t.p.detach(), t.p.detach()),
    "bessel_j0": lambda t: minitorch_np.special.bessel_j0(t.p.detach()),
    "hermite": lambda t: minitorch_np.special.hermite_polynomial_h(t.p.detach(), 3),
    "add": lambda t: t.long + t.other,
    "add in place": lambda t: (t.a * 1).add_(t.b).mul_(t.row),
    "add to views": lambda t: t.turned + t.stepped,
    "into a view": lambda t: minitorch_np.add(
        t.a.detach(), t.b.detach(), out=minitorch_np.empty(200, 96).t()
    ),
    "add float64": lambda t: t.a.double() + t.turned,
    "add bfloat16": lambda t: t.a.bfloat16() + t.b.bfloat16(),
    "compare": lambda t: t.a > t.turned,
    "times a row": lambda t: t.a * t.row,
    "over a column": lambda t: t.a / t.column,
    "of a row and a column": lambda t: t.row + t.column,
    "where": lambda t: minitorch_np.where(t.a > 0, t.a, t.b),
    "fmod": lambda t: minitorch_np.fmod(t.a, t.b),
    "prelu": lambda t: F.prelu(t.a, t.row),
    "mse": lambda t: F.mse_loss(t.a, t.b, reduction="none"),
    "transposed copy": lambda t: t.turned.contiguous(),
    "flip": lambda t: t.a.flip(1),
    **{
        f"{name} {dim}": lambda t, name=name, dim=dim: getattr(t.cube, name)(dim)
        for name in (
            "sum",
            "nansum",
            "mean",
            "logsumexp",
            "softmax",
            "log_softmax",
            "cumsum",
            "cumprod",
        )
        for dim in (0, 1, 2)
    },
    **{name: lambda t, name=name: getattr(t.a, name)(1) for name in ("amax", "amin", "prod")},
    "sum 0 of a matrix": lambda t: t.wide.sum(0),
    "sum of a view": lambda t: t.turned.sum(0),
    "cumsum of a matrix": lambda t: t.wide.cumsum(0),
    **{f"cummax {dim}": lambda t, dim=dim: t.cube.cummax(dim)[0] for dim in (0, 1, 2)},
    "softmax of a view": lambda t: t.turned.softmax(1),
    "layer_norm": lambda t: F.layer_norm(t.wide, (1200,), t.side, t.side),
    "batch_norm": lambda t: F.batch_norm(t.images, None, None, t.channels, t.channels, True),
    "batch_norm of a matrix": lambda t: F.batch_norm(t.wide, None, None, t.side, t.side, True),
    "group_norm": lambda t: F.group_norm(t.images, 4, t.channels, t.channels),
    "instance_norm": lambda t: F.instance_norm(t.images),
    "max_pool": lambda t: F.max_pool2d(t.images, 3, 2, 1),
    "lp_pool": lambda t: F.lp_pool2d(t.images.abs() + 1, 2, 2),
    **{
        mode: lambda t, mode=mode: F.interpolate(t.images, size=(25, 31), mode=mode)
        for mode in ("nearest", "bilinear", "bicubic")
    },
    "bilinear of channels last": lambda t: F.interpolate(t.last, scale_factor=2, mode="bilinear"),
    **{
        f"grid_sample {mode}": lambda t, mode=mode: F.grid_sample(
            t.images, t.grid, mode=mode, align_corners=False
        )
        for mode in ("bilinear", "nearest", "bicubic")
    },
    "sort": lambda t: t.a.sort(1)[0],
    "sort down": lambda t: t.cube.sort(0, True)[0],
    "topk": lambda t: t.a.topk(3)[0],
    "gather": lambda t: t.a.gather(1, t.places),
    "scatter_add": lambda t: t.b.scatter_add(1, t.places, t.a),
    "index_select": lambda t: t.a.index_select(1, t.places[0]),
    "embedding": lambda t: F.embedding(t.words, t.table),
    "ctc_loss": lambda t: F.ctc_loss(t.speech.log_softmax(2), t.labels, [40] * 8, [6] * 8),
    "cdist": lambda t: minitorch_np.cdist(t.a, t.b),
    "depthwise": lambda t: F.conv2d(t.images, t.filters, groups=8),
}


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list of how many pieces each work that is shared from now on has."""
    found: list[int] = []
    run = threads.run

    def count(pieces: Any, direct: bool = False) -> None:
        found.append(len(pieces))
        run(pieces, direct)

    monkeypatch.setattr(threads, "run", count)
    return found


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Work of microseconds is shared; a list of how many pieces each had."""
    monkeypatch.setattr(shares, "LEAST", 500.0)
    monkeypatch.setattr(shares, "PIECE", 200.0)
    monkeypatch.setattr(shares, "MANY", large.MANY)
    monkeypatch.setattr(casts, "TURNED", 1)
    found = counted(monkeypatch)
    before = threads.get_num_threads()
    yield found
    threads.set_num_threads(before)


def bits(case: Case, count: int) -> list[bytes]:
    """What a case and its gradients are made of, on so many threads."""
    threads.set_num_threads(count)
    for known in threads.forgetting:
        known.clear()
    inputs = Inputs()
    result = case(inputs)
    result = result[0] if isinstance(result, tuple) else result
    if result.requires_grad:
        random = np.random.default_rng(1)
        g = random.standard_normal(tuple(result.shape)).astype(np.float32)
        result.backward(minitorch_np.tensor(g).to(result.dtype))
    found = [result.detach(), *[t.grad for t in inputs.leaves if t.grad is not None]]
    return [
        t.view(minitorch_np.int16 if t.itemsize == 2 else t.dtype).numpy().tobytes() for t in found
    ]


@pytest.mark.parametrize("name", CASES)
def test_bits_do_not_depend_on_threads(name: str, soon: list[int]) -> None:
    alone = bits(CASES[name], 1)
    assert not soon
    for count in (2, 3):
        soon.clear()
        assert bits(CASES[name], count) == alone
        assert soon and max(soon) > 1


SIZES = {
    "relu": 4_000_000, "softmax": 2_000_000, "sum": 8_000_000, "lgamma": 200_000,
    "sort": 100_000, "add": 4_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_work_is_shared_where_there_is_enough(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large tensors come in pieces, small ones in one, and one thread does without them."""
    found = counted(monkeypatch)
    before = threads.get_num_threads()
    f: Callable[[Any], Any] = {
        "softmax": lambda x: x.softmax(1), "sum": lambda x: x.sum(1), "sort": lambda x: x.sort(1),
        "add": lambda x: x + x,
    }.get(name, lambda x: getattr(minitorch_np, name)(x))  # fmt: skip
    try:
        for count in (1, 2):
            threads.set_num_threads(count)
            for size in (100, 8_000, SIZES[name]):
                found.clear()
                f(minitorch_np.ones(size // 100, 100))
                assert bool(found) == (count == 2 and size == SIZES[name])
    finally:
        threads.set_num_threads(before)


def test_one_thread_gets_the_loop_itself() -> None:
    before = threads.get_num_threads()
    threads.set_num_threads(1)
    assert isinstance(large.loop("elementwise.relu"), BuiltinFunctionType)
    threads.set_num_threads(2)
    assert not isinstance(large.loop("elementwise.relu"), BuiltinFunctionType)
    threads.set_num_threads(before)


def test_whether_all_pieces_agree_is_known(soon: list[int]) -> None:
    """topk takes another way where two of the largest are equal, in whatever piece they are."""
    random = np.random.default_rng(0)
    a = random.permutation(96 * 200).astype(np.float32).reshape(96, 200)
    for row in (0, 50, 95):
        tied = a.copy()
        tied[row] = random.integers(0, 3, 200)
        found: list[Any] = []
        for count in (1, 3):
            threads.set_num_threads(count)
            found.append(minitorch_np.tensor(tied).topk(20)[1])
        assert (found[0] == found[1]).all()


def test_memory_that_is_read_elsewhere_is_written_last(soon: list[int]) -> None:
    """Parts of a result may lie where other parts are read: NumPy then copies, if all is one."""
    base = np.arange(20_000, dtype=np.float32)
    expected = base[:-100] + base[:-100]
    threads.set_num_threads(3)
    shares.pointwise(np.add, (base[:-100], base[:-100]), base[100:])
    np.testing.assert_array_equal(base[100:], expected)
