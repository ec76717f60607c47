"""Random fills against PyTorch: the same bits from the same seed, the same state after."""

import numpy as np
import pytest
import torch

from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample
from tests.test_random import needs_avx2, needs_mersenne_bernoulli

LAID_OUT = [*LAYOUTS, "channels_last"]


def seeded(f, *inputs, **options):
    """`same` with both default generators at one seed, their states compared after the call."""

    def run(library, *args):
        library.manual_seed(11)
        result = f(library, *args)
        return result, library.get_rng_state()

    same(run, *inputs, exact=True, **options)


FILLS = {
    "uniform_": [(), (-1.0, 3.0)], "random_": [(), (5,), (-3, 9)], "exponential_": [(), (2.5,)],
    "cauchy_": [(), (1.0, 0.5)], "log_normal_": [(), (0.5, 0.25)], "geometric_": [(0.3,)],
}  # fmt: skip


@pytest.mark.parametrize("name", FILLS)
@pytest.mark.parametrize("layout", LAID_OUT)
def test_fills(name, layout):
    for args in FILLS[name]:
        for shape in [(), (3,), (0, 2), (4, 6), (2, 3, 4, 2)]:
            x = sample(*shape, layout=layout, grad=False)
            seeded(lambda torch, x, a=args: getattr(x, name)(*a), x)


@pytest.mark.parametrize("name", FILLS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_fills_of_every_dtype(name, dtype):
    for args in FILLS[name]:
        seeded(lambda torch, x, a=args: getattr(x, name)(*a), sample(4, 5, dtype=dtype, grad=False))


@needs_avx2
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAID_OUT)
def test_normal_(layout, dtype):
    for shape in [(), (3,), (4, 6), (2, 3, 4, 2), (5, 7)]:
        x = sample(*shape, layout=layout, dtype=dtype, grad=False)
        seeded(lambda torch, x: (x.normal_(), x.clone().normal_(2.0, 0.5)), x)


@needs_mersenne_bernoulli
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAID_OUT)
def test_bernoulli_(layout, dtype):
    for shape in [(), (3,), (4, 6), (2, 3, 4, 2)]:
        x = sample(*shape, layout=layout, dtype=dtype, grad=False)
        seeded(lambda torch, x: (x.clone().bernoulli_(), x.bernoulli_(0.3)), x)


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("layout", LAID_OUT)
def test_bernoulli_of_probabilities(layout, dtype):
    for shape in [(), (3,), (4, 6), (2, 3, 4, 2)]:
        p = sample(*shape, layout=layout, dtype=dtype, low=0.0, high=1.0, grad=False)
        seeded(lambda torch, p: torch.bernoulli(p), p)
        seeded(lambda torch, p: p.new_zeros(p.shape).bernoulli_(p), p)
        seeded(lambda torch, p: torch.zeros_like(p, dtype=torch.int64).bernoulli_(p), p)
    x = sample(4, 6, layout=layout, grad=False)
    p = sample(6, dtype=dtype, low=0.0, high=1.0, grad=False)
    seeded(lambda torch, x, p: x.bernoulli_(p), x, p)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: (x * 1).uniform_(),
        lambda t, x: (x * 1).normal_(),
        lambda t, x: (x * 1).random_(),
        lambda t, x: (x * 1).random_(3),
        lambda t, x: (x * 1).random_(3, 5),
        lambda t, x: (x * 1).exponential_(),
        lambda t, x: (x * 1).bernoulli_(t.ones(3) / 2),
        lambda t, x: (x * 1).cauchy_(),
        lambda t, x: (x * 1).log_normal_(),
        lambda t, x: (x * 1).geometric_(0.5),
        lambda t, x: t.bernoulli(x.abs() / 4),
        lambda t, x: x.uniform_(),
        lambda t, x: x.detach().uniform_(2, 1),
        lambda t, x: x.detach().normal_(0, -1),
        lambda t, x: x.detach().random_(5, 3),
        lambda t, x: t.bernoulli(x.detach() * 9),
        lambda t, x: t.bernoulli(t.ones(2, dtype=t.int64)),
        lambda t, x: x.detach().exponential_(-1.0),
        lambda t, x: x.detach().bernoulli_(1.5),
        lambda t, x: t.zeros(3).expand(2, 3).uniform_(),
        lambda t, x: x.detach().geometric_(1.5),
    ],
)
def test_graphs_and_errors(call):
    seeded(call, sample(3))


@needs_mersenne_bernoulli
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0, 1.5])
def test_dropout(p, dtype):
    for shape, layout in [
        ((), "contiguous"),
        ((4, 5), "transposed"),
        ((6, 4), "sliced"),
        ((0,), "offset"),
    ]:
        x = sample(*shape, dtype=dtype, layout=layout)
        seeded(lambda torch, x: torch.dropout(x, p, True), x)
        seeded(lambda torch, x: torch.dropout_(x.clone(), p, True), x)
        seeded(lambda torch, x: torch.dropout(x, p, False), x)


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial(replacement, dtype):
    w = sample(5, 7, dtype=dtype, low=0.1, high=3.0, grad=False)
    # without replacement the half types tie, and PyTorch's partial sort decides on their order
    for n in (1, 4) if replacement or dtype.itemsize > 2 else (1,):
        seeded(lambda torch, w, n=n: torch.multinomial(w, n, replacement), w)
        seeded(lambda torch, w, n=n: w[0].multinomial(n, replacement), w)
        seeded(lambda torch, w, n=n: torch.multinomial(w.t(), n, replacement), w)


def test_multinomial_of_equal_rates():
    for seed, dtype in enumerate([torch.float32, torch.bfloat16] * 3):
        w = torch.rand(4, 100, generator=torch.Generator().manual_seed(seed)).to(dtype)
        seeded(lambda torch, w: torch.multinomial(w, 70), w)
        seeded(lambda torch, w: torch.multinomial(w * (w > 0.9), 70), w)  # most weights are 0
        seeded(lambda torch, w: torch.multinomial(w, 1), w)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, w: t.multinomial(w, 9),
        lambda t, w: t.multinomial(w, 0),
        lambda t, w: t.multinomial(-w, 2),
        lambda t, w: t.multinomial(w * 0, 2),
        lambda t, w: t.multinomial(w.long(), 2),
        lambda t, w: t.multinomial(t.ones(2, 2, 2), 1),
        lambda t, w: t.multinomial(w / 0, 2),
    ],
)
def test_multinomial_refuses(call):
    seeded(call, sample(3, 4, low=0.5, high=2.0, grad=False))


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3), (0, 0)])
@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("n", [1, 2])
def test_multinomial_of_nothing(shape, replacement, n):
    seeded(lambda torch: torch.multinomial(torch.ones(shape), n, replacement))


def test_generators_are_independent():
    def f(torch):
        g = torch.Generator().manual_seed(3)
        x, y = torch.zeros(5), torch.zeros(5)
        x.uniform_(generator=g)
        state = g.get_state()
        y.uniform_(generator=g)
        again = torch.zeros(5).uniform_(generator=g.set_state(state))
        return x, y, again, g.initial_seed(), state, str(g.device)

    seeded(f)


def test_states_cross():
    import minitorch_np

    torch.manual_seed(5)
    torch.rand(7), torch.randn(3)
    minitorch_np.set_rng_state(minitorch_np.from_numpy(torch.get_rng_state().numpy()))
    assert np.array_equal(minitorch_np.randn(5).numpy(), torch.randn(5).numpy())
    torch.set_rng_state(torch.from_dlpack(minitorch_np.get_rng_state()))
    assert np.array_equal(minitorch_np.rand(5).numpy(), torch.rand(5).numpy())
