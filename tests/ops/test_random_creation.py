"""rand, randn, randint, randperm, normal and their kin against PyTorch, bit for bit."""

import pytest

from tests.ops.test_sampling import LAID_OUT, seeded
from tests.oracle import DTYPES, FLOATING, same, sample
from tests.test_random import needs_avx2


def named(library, dtype):
    """The dtype of the same name in `library`."""
    return getattr(library, str(dtype).removeprefix("torch."))


@needs_avx2
@pytest.mark.parametrize("dtype", DTYPES)
def test_of_every_dtype(dtype):
    for shape in [(), (3,), (5, 7), (2, 0)]:
        seeded(lambda torch, s=shape: torch.rand(s, dtype=named(torch, dtype)))
        seeded(lambda torch, s=shape: torch.randn(s, dtype=named(torch, dtype)))
        seeded(lambda torch, s=shape: torch.randint(9, s, dtype=named(torch, dtype)))
        seeded(lambda torch, s=shape: torch.randint(-3, 9, s, dtype=named(torch, dtype)))
        seeded(lambda torch, s=shape: torch.normal(1.0, 2.0, s, dtype=named(torch, dtype)))
    seeded(lambda torch: torch.randperm(20, dtype=named(torch, dtype)))


@needs_avx2
@pytest.mark.parametrize("layout", LAID_OUT)
def test_like(layout):
    for shape in [(), (3,), (4, 6), (2, 3, 4, 2)]:
        x = sample(*shape, layout=layout)
        seeded(lambda torch, x: torch.rand_like(x), x)
        seeded(lambda torch, x: torch.randn_like(x, requires_grad=True), x, grad=False)
        seeded(lambda torch, x: torch.randint_like(x, 7), x)
        seeded(lambda torch, x: torch.randint_like(x, -7, 7, dtype=torch.int8), x)
        seeded(lambda torch, x: torch.rand_like(x, memory_format=torch.contiguous_format), x)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.rand(2, out=t.zeros(3)),
        lambda t: t.rand(3, 4, out=t.ones(4, 3).t()),
        lambda t: t.rand(2, generator=t.Generator().manual_seed(4)),
        lambda t: t.rand(2, generator=None),
        lambda t: t.rand(2, requires_grad=True),
        lambda t: t.rand(2)._version,
        lambda t: t.randn(20, out=t.zeros(40)[::2]),
        lambda t: t.randn(2, dtype=t.int64),
        lambda t: t.randint(5, (2,)),
        lambda t: t.randint(5, 2),
        lambda t: t.randint(2, 5, (2,)),
        lambda t: t.randint(5.0, (2,)),
        lambda t: t.randint(high=5, size=(2,)),
        lambda t: t.randint(low=2, high=5, size=(2,)),
        lambda t: t.randint(5, 2, (2,)),
        lambda t: t.randint(0, (2,)),
        lambda t: t.randint(2**40, (4,)),
        lambda t: t.randint(5, (2,), dtype=t.bool),
        lambda t: t.randint(-5, 2**62, (3,)),
        lambda t: t.randint(300, (2,), dtype=t.uint8),
        lambda t: t.randperm(0),
        lambda t: t.randperm(1),
        lambda t: t.randperm(-1),
        lambda t: t.randperm(5.0),
        lambda t: t.randperm(5, out=t.zeros(3, dtype=t.int64)),
        lambda t: t.randperm(300, dtype=t.uint8),
        lambda t: t.randperm(9, generator=t.Generator().manual_seed(2)),
        lambda t: t.randperm(6, out=t.zeros(12, dtype=t.int64)[::2]),
        lambda t: t.normal(0.0, -1.0, (2,)),
        lambda t: t.normal(0.0, 1.0, (2,), out=t.zeros(2)),
        lambda t: t.manual_seed(-1).initial_seed(),
        lambda t: t.manual_seed(2**64),
        lambda t: t.manual_seed("a"),
        lambda t: t.initial_seed(),
        lambda t: t.set_rng_state(t.zeros(3)),
        lambda t: t.set_rng_state(3),
        lambda t: t.set_rng_state(t.zeros(3, dtype=t.uint8)),
        lambda t: t.rand_like(t.arange(3)),
        lambda t: t.randint_like(t.ones(3), t.tensor(5)),
        lambda t: t.randint_like(t.ones(3), 5, 2),
        lambda t: t.randint_like(t.ones(3), True),
    ],
)
def test_calls(call):
    seeded(call)


@needs_avx2
@pytest.mark.parametrize("dtype", FLOATING)
def test_normal_of_tensors(dtype):
    mean = sample(4, 5, dtype=dtype, layout="transposed")
    std = sample(5, dtype=dtype, low=0.1, high=2.0)
    seeded(lambda torch, m: torch.normal(m), mean, grad=False)
    seeded(lambda torch, m: torch.normal(m, 0.5), mean, grad=False)
    seeded(lambda torch, s: torch.normal(1.5, s), std, grad=False)
    seeded(lambda torch, m, s: torch.normal(m, s), mean, std, grad=False)
    seeded(lambda torch, m, s: torch.normal(m[0], s[:4].detach().neg()), mean, std)
    seeded(lambda torch, m: torch.normal(m, -0.5), mean)


def test_normal_of_tensors_has_no_gradient():
    def f(torch, mean, std):
        torch.manual_seed(1)
        return torch.normal(mean, std)

    same(f, sample(3, 4), sample(3, 4, low=0.5, high=2.0), exact=True)


def test_fork_rng():
    def f(torch):
        torch.manual_seed(3)
        with torch.random.fork_rng(devices=[]):
            torch.rand(5)
        return torch.rand(3)

    same(f, exact=True)
