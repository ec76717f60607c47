"""Every sampler against PyTorch: the same bits from the same seed, the same state after."""

import copy
import itertools
import pickle
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch

from minitorch_np import dtypes, random
from minitorch_np.random import Generator

SEED = 7
SIZES = (0, 1, 2, 5, 15, 16, 17, 31, 32, 100, 625)
CAPABILITY = torch.backends.cpu.get_cpu_capability()


def words_of_three_bernoulli_draws() -> int:
    g = torch.Generator().manual_seed(0)
    torch.empty(3).bernoulli_(0.5, generator=g)
    return int(g.get_state()[16:24].numpy().view(np.uint64)[0])


FROM_MKL = words_of_three_bernoulli_draws() == 1
needs_avx2 = pytest.mark.skipif(
    CAPABILITY not in ("AVX2", "AVX512"),
    reason="PyTorch's float32 normal numbers take another kernel without AVX2",
)
needs_mersenne_bernoulli = pytest.mark.skipif(
    FROM_MKL, reason="with MKL on an Intel CPU PyTorch draws bernoulli_(p) from MKL's generator"
)
every_dtype = pytest.mark.parametrize("d", dtypes.ALL, ids=lambda d: d.name)


def of_torch(d: dtypes.dtype) -> torch.dtype:
    return getattr(torch, d.name)


def bits(a: object) -> np.ndarray:
    """The memory of a tensor or ndarray as unsigned integers, so that signed zeros count."""
    if isinstance(a, torch.Tensor):
        a = a.contiguous()
        a = a.view(torch.int16).numpy() if a.element_size() == 2 else a.numpy()
    return a.view(f"u{a.itemsize}")


def outcome(f: Callable[[], object]) -> tuple[object, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = f()
        except Exception as error:  # noqa: BLE001 - the other library must raise the same
            result = error
    # PyTorch names the line of C++ that warned
    return result, [str(w.message).split(" (Triggered internally")[0] for w in caught]


def same(
    ours: Callable[[Generator], object],
    theirs: Callable[[torch.Generator], object],
    seed: int = SEED,
) -> None:
    g, t = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    (a, a_warned), (b, b_warned) = outcome(lambda: ours(g)), outcome(lambda: theirs(t))
    assert a_warned == b_warned
    if isinstance(a, Exception) or isinstance(b, Exception):
        assert (type(a), str(a)) == (type(b), str(b))
        return
    np.testing.assert_array_equal(bits(a), bits(b), strict=True)
    np.testing.assert_array_equal(g.state_bytes(), t.get_state().numpy(), strict=True)


@pytest.fixture(autouse=True)
def always_warn():
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)


@every_dtype
@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0.0, 1.0),
        (-3.0, 0.1),
        (2.0, 2.0),
        (1e-3, 7.0),
        (1.0, 1.0000001),
        (2.0, 1.0),
        (0.0, float("nan")),
        (-1e39, 0.0),
        (-6e4, 6e4),
        (-3e38, 3e38),
        (-1.7e308, 1.7e308),
    ],
)
def test_uniform(d, low, high):
    for n in SIZES:
        same(
            lambda g, n=n: g.uniform(n, d, low, high),
            lambda g, n=n: torch.empty(n, dtype=of_torch(d)).uniform_(low, high, generator=g),
        )


@needs_avx2
@every_dtype
@pytest.mark.parametrize(
    ("mean", "std"),
    [(0.0, 1.0), (2.5, 0.3), (1.0, 0.0), (1e3, 1e-3), (0.0, 3.0), (0.0, float("inf")), (0.0, -1.0)],
)
def test_normal(d, mean, std):
    for n in SIZES:
        same(
            lambda g, n=n: g.normal(n, d, mean, std),
            lambda g, n=n: torch.empty(n, dtype=of_torch(d)).normal_(mean, std, generator=g),
        )


@needs_avx2
@pytest.mark.parametrize("d", [dtypes.float32, dtypes.float64, dtypes.bfloat16], ids=repr)
def test_normal_over_several_chunks(d):
    same(
        lambda g: g.normal(20_003, d, 0.1, 1.7),
        lambda g: torch.empty(20_003, dtype=of_torch(d)).normal_(0.1, 1.7, generator=g),
    )


@every_dtype
def test_normal_of_other_layouts_keeps_its_second_number(d):
    def theirs(g):
        parts = [
            torch.empty(2 * n, dtype=of_torch(d))[::2].normal_(0.5, 2.0, generator=g)
            for n in (33, 3, 18, 2, 7)
        ]
        return torch.cat(parts)

    def ours(g):
        return np.concatenate(
            [g.normal(n, d, 0.5, 2.0, contiguous=False) for n in (33, 3, 18, 2, 7)]
        )

    same(ours, theirs)


@every_dtype
@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0, 2),
        (-5, 7),
        (0, 100),
        (0, 2**28 - 1),
        (0, 2**28),
        (-(2**40), 2**50),
        (-(2**63), 2**63 - 1),
        (3, 3),
        (0, 2049),
        (2049, 2050),
        (2**24 + 1, 2**24 + 2),
        (-70000, 70000),
        (0, None),
        (7, None),
        (2**30, None),
        (-(2**63), None),
        (2**62, None),
    ],
)
def test_integers(d, low, high):
    for n in (0, 1, 9, 700):
        same(
            lambda g, n=n: g.integers(n, low, high, d),
            lambda g, n=n: torch.empty(n, dtype=of_torch(d)).random_(low, high, generator=g),
        )


@every_dtype
def test_random_(d):
    for n in (0, 1, 9, 700):
        same(
            lambda g, n=n: g.random_(n, d),
            lambda g, n=n: torch.empty(n, dtype=of_torch(d)).random_(generator=g),
        )


@every_dtype
def test_permutation(d):
    for n in (-1, 0, 1, 2, 17, 128, 129, 256, 257, 1000, 2049, 2050, 2**15 + 1):
        same(
            lambda g, n=n: g.permutation(n, d),
            lambda g, n=n: torch.randperm(n, dtype=of_torch(d), generator=g),
        )


def test_permutation_of_a_training_set():
    same(lambda g: g.permutation(60_000), lambda g: torch.randperm(60_000, generator=g))


@needs_mersenne_bernoulli
@every_dtype
@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0, 1, -0.1, 1.5, float("nan")])
def test_bernoulli_of_a_number(d, p):
    for n in SIZES:
        same(
            lambda g, n=n: g.bernoulli(n, p, d),
            lambda g, n=n: torch.empty(n, dtype=of_torch(d)).bernoulli_(p, generator=g),
        )


@every_dtype
def test_bernoulli_of_probabilities(d):
    for n, of, scale in itertools.product((0, 1, 40), dtypes.ALL, (1.0, 1.5)):
        p = (torch.linspace(0, 1, n) * scale).to(of_torch(of))
        a = bits(p).view(of.np)
        same(
            lambda g, n=n, a=a: g.bernoulli(n, a, d),
            lambda g, n=n, p=p: torch.empty(n, dtype=of_torch(d)).bernoulli_(p, generator=g),
        )


@every_dtype
@pytest.mark.parametrize("rate", [1.0, 0.3, float("inf"), 0.0, -1.0])
def test_exponential(d, rate):
    for n in SIZES:
        same(
            lambda g, n=n: g.exponential(n, d, rate),
            lambda g, n=n: torch.empty(n, dtype=of_torch(d)).exponential_(rate, generator=g),
        )


@every_dtype
@pytest.mark.parametrize(("median", "sigma"), [(0.0, 1.0), (1.3, 0.7), (0.0, 0.0)])
def test_cauchy(d, median, sigma):
    for n in SIZES:
        same(
            lambda g, n=n: g.cauchy(n, d, median, sigma),
            lambda g, n=n: torch.empty(n, dtype=of_torch(d)).cauchy_(median, sigma, generator=g),
        )


@every_dtype
@pytest.mark.parametrize(("mean", "std"), [(1.0, 2.0), (0.3, 0.1), (0.0, 400.0), (0.0, 0.0)])
def test_log_normal(d, mean, std):
    for n in SIZES:
        same(
            lambda g, n=n: g.log_normal(n, d, mean, std),
            lambda g, n=n: torch.empty(n, dtype=of_torch(d)).log_normal_(mean, std, generator=g),
        )


@every_dtype
@pytest.mark.parametrize("p", [0.1, 0.5, 0.999, 0.0, 1.0])
def test_geometric(d, p):
    for n in SIZES:
        same(
            lambda g, n=n: g.geometric(n, p, d),
            lambda g, n=n: torch.empty(n, dtype=of_torch(d)).geometric_(p, generator=g),
        )


LAYOUTS = {
    "contiguous": lambda t: t,
    "transposed": lambda t: t.transpose(0, 2),
    "permuted": lambda t: t.permute(1, 2, 0),
    "sliced": lambda t: t[:, 1:, ::2],
    "permuted slice": lambda t: t.permute(2, 0, 1)[1:, :, ::2],
    "size one": lambda t: t[:, :1].transpose(0, 1),
}


def filled(values: np.ndarray, t: torch.Tensor) -> np.ndarray:
    """`values` written through the dimensions of `t` sorted by stride, as the module says."""
    order = sorted(range(t.ndim), key=lambda d: -t.stride(d))
    dense = values.reshape([t.shape[d] for d in order])
    return dense.transpose(np.argsort(order))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_order_of_filling(layout):
    t = LAYOUTS[layout](torch.empty(4, 5, 6))
    n, contiguous = t.numel(), t.is_contiguous()
    p = torch.linspace(0, 1, n, dtype=torch.float64).reshape(t.shape)
    order = sorted(range(t.ndim), key=lambda d: -t.stride(d))
    in_order = p.permute(order).flatten().numpy()
    d = dtypes.float32
    cases = [
        (lambda g: g.uniform(n, d), lambda g: t.uniform_(generator=g)),
        (lambda g: g.integers(n, 0, 50, d), lambda g: t.random_(50, generator=g)),
        (lambda g: g.exponential(n, d), lambda g: t.exponential_(generator=g)),
        (lambda g: g.bernoulli(n, in_order, d), lambda g: t.bernoulli_(p, generator=g)),
    ]
    if CAPABILITY in ("AVX2", "AVX512"):
        cases.append(
            (lambda g: g.normal(n, d, contiguous=contiguous), lambda g: t.normal_(generator=g))
        )
    if not FROM_MKL:
        cases.append((lambda g: g.bernoulli(n, 0.4, d), lambda g: t.bernoulli_(0.4, generator=g)))
    for ours, theirs in cases:
        same(lambda g, f=ours: np.ascontiguousarray(filled(f(g), t)), theirs)


@pytest.mark.parametrize("seed", [3, -3, 1.5, True, "4", "a", None, 2**64, np.int64(3)])
def test_seed_of_the_default_generator(seed):
    a, _ = outcome(lambda: random.manual_seed(seed))
    b, _ = outcome(lambda: torch.manual_seed(seed))
    if isinstance(b, Exception):
        assert (type(a), str(a)) == (type(b), str(b))
        return
    assert a is random.default_generator
    assert random.initial_seed() == torch.initial_seed()
    np.testing.assert_array_equal(a.uniform(3, dtypes.float32), torch.rand(3).numpy(), strict=True)


def test_seed_is_fresh():
    g = Generator()
    assert g.initial_seed() == torch.Generator().initial_seed()
    seeds = {g.seed(), g.seed(), random.seed(), random.seed()}
    assert len(seeds) == 4
    assert g.initial_seed() in seeds
    again = Generator().manual_seed(g.initial_seed())
    np.testing.assert_array_equal(again.state_bytes(), g.state_bytes())


def test_copies_continue_alike_and_apart():
    g = Generator().manual_seed(5)
    g.normal(3, dtypes.float32)
    before = g.state_bytes()
    for twin in (copy.copy(g), copy.deepcopy(g), pickle.loads(pickle.dumps(g)), g.clone_state()):
        np.testing.assert_array_equal(twin.state_bytes(), before)
        twin.uniform(2, dtypes.float32)
        np.testing.assert_array_equal(g.state_bytes(), before)


def test_device():
    assert repr(Generator("cpu").device) == repr(torch.Generator("cpu").device)
    with pytest.raises(RuntimeError, match="device 'cuda' is not available"):
        Generator("cuda")
