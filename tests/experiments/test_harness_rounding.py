"""Propagated variances against variances measured by perturbing the inputs."""

import numpy as np
import pytest
import torch

from experiments.harness.calibrate import measure
from experiments.harness.engines import Engine
from experiments.harness.rounding import (
    EXACT,
    WIDTH,
    C,
    Ledger,
    Noise,
    Scale,
    UnknownOp,
    array,
)
from experiments.harness.watch import Follower, watching
from tests.experiments.programs import LIBRARIES

SAMPLES = 400


def tensors(library, *shapes, low=-2.0, high=2.0, seed=0):
    rng = np.random.default_rng(seed)
    return [library.from_numpy(rng.uniform(low, high, shape)) for shape in shapes]


def propagated(library, f, inputs, sigma):
    follower = Follower(library, Scale(c=0.0))
    for tensor in inputs:
        follower.ledger.write(tensor, Noise(np.full(tuple(tensor.shape), sigma**2)))
    with watching(follower):
        out = f(*inputs)
    return follower.ledger.read(out).total(tuple(out.shape)), follower


def measured(library, f, inputs, sigma):
    rng = np.random.default_rng(1)
    values = [array(t).copy() for t in inputs]
    outs = []
    for _ in range(SAMPLES):
        moved = [library.from_numpy(v + sigma * rng.choice([-1.0, 1.0], v.shape)) for v in values]
        outs.append(array(f(*moved)))
    return np.var(np.stack(outs), axis=0)


def backward(f):
    """The gradient of f by its first input, for a cotangent that is fixed."""

    def gradient(*inputs):
        leaf = inputs[0].detach().requires_grad_()
        out = f(leaf, *inputs[1:])
        cotangent = np.random.default_rng(2).standard_normal(tuple(out.shape))
        out.backward(_like(out, cotangent))
        return leaf.grad

    return gradient


def _like(out, values):
    module = type(out).__module__.partition(".")[0]
    return next(lib for lib in LIBRARIES if lib.__name__ == module).from_numpy(np.asarray(values))


CASES = {
    "add": (lambda a, b: a.add(b, alpha=3), [(3, 4), (4,)]),
    "sub": (lambda a, b: a - b, [(3, 4), (3, 1)]),
    "rsub": (lambda a: 1 - a, [(3, 4)]),
    "mul": (lambda a, b: a * b, [(3, 4), (4,)]),
    "a square": (lambda a: a * a, [(3, 4)]),
    "addcmul": (lambda a, b: a.addcmul(b, b, value=0.5), [(3, 4), (3, 4)]),
    "div": (lambda a, b: a / (b + 5), [(3, 4), (4,)]),
    "exp": (lambda a: a.exp(), [(3, 4)]),
    "tanh": (lambda a: a.tanh(), [(3, 4)]),
    "log": (lambda a: (a + 5).log(), [(3, 4)]),
    "sqrt": (lambda a: (a + 5).sqrt(), [(3, 4)]),
    "pow": (lambda a: (a + 5) ** 3, [(3, 4)]),
    "relu": (lambda a: a.relu(), [(3, 4)]),
    "in place": (lambda a, b: a.clone().mul_(b).add_(b), [(3, 4), (3, 4)]),
    "write through a view": (lambda a, b: _written(a, b), [(3, 4), (4,)]),
    "permute": (lambda a: a.t()[1:, ::2], [(3, 4)]),
    "index": (lambda a: a[[0, 2, 2]], [(3, 4)]),
    "mm": (lambda a, b: a.mm(b), [(3, 5), (5, 2)]),
    "mm of views": (lambda a, b: a.t().mm(b[::2]), [(5, 3), (10, 2)]),
    "bmm": (lambda a, b: a @ b, [(2, 3, 5), (2, 5, 4)]),
    "sum": (lambda a: a.sum(1), [(3, 4)]),
    "mean": (lambda a: a.mean(0), [(3, 4)]),
    "softmax": (lambda a: a.softmax(-1), [(3, 4)]),
    "log_softmax": (lambda a: a.log_softmax(-1), [(3, 4)]),
    "max": (lambda a: a.amax(1), [(3, 4)]),
    "cumprod": (lambda a: a.cumprod(1), [(3, 4)]),
    "logcumsumexp": (lambda a: a.logcumsumexp(1), [(3, 4)]),
    "cummax": (lambda a: a.cummax(1)[0], [(3, 4)]),
    "cummin": (lambda a: a.cummin(0)[0], [(3, 4)]),
    "grad of cummax": (backward(lambda a: a.cummax(1)[0] ** 2), [(3, 4)]),
    "deg2rad": (lambda a: a.deg2rad(), [(3, 4)]),
    "cross": (lambda a, b: _library(a).linalg.cross(a, b), [(4, 3), (4, 3)]),
    "put": (lambda a, b: a.put(_placed(a), b), [(3, 4), (3,)]),
    "put, accumulated": (lambda a, b: a.put(_placed(a), b, accumulate=True), [(3, 4), (3,)]),
    "index_put, accumulated": (
        lambda a, b: a.index_put((_placed(a),), b, accumulate=True),
        [(8, 2), (3, 2)],
    ),
    "bincount": (lambda a: _placed(a).bincount(a), [(3,)]),
    "binary_cross_entropy": (lambda a: _binary(a), [(3, 4)]),
    "grad of binary_cross_entropy": (backward(lambda a: _binary(a)), [(3, 4)]),
    "grad of exp": (backward(lambda a: a.exp()), [(3, 4)]),
    "grad of tanh": (backward(lambda a: a.tanh()), [(3, 4)]),
    "grad of mm": (backward(lambda a, b: a.mm(b)), [(3, 5), (5, 2)]),
    "grad of log_softmax": (backward(lambda a: a.log_softmax(-1)), [(3, 4)]),
    "grad of softmax": (backward(lambda a: a.softmax(-1)), [(3, 4)]),
}


def _binary(a):
    functional = _library(a).nn.functional
    return functional.binary_cross_entropy(a / 8 + 0.5, a * 0 + 0.25)


def _library(a):
    return next(lib for lib in LIBRARIES if isinstance(a, lib.Tensor))


def _placed(a):
    return _library(a).tensor([7, 2, 0])


def _written(a, b):
    a = a.clone()
    a[1] = b * 3
    return a


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
@pytest.mark.parametrize("name", CASES)
def test_variance_is_what_perturbed_inputs_show(library, name):
    f, shapes = CASES[name]
    inputs = tensors(library, *shapes)
    estimate, _ = propagated(library, f, inputs, 1e-4)
    truth = measured(library, f, inputs, 1e-4)
    assert estimate.shape == truth.shape
    # Errors that meet again are taken as independent, which may cost a factor; never an order.
    assert truth.mean() * 0.4 < estimate.mean() < truth.mean() * 4
    assert np.all(estimate[truth < 1e-16] < 1e-12)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_float32_errors_stay_inside_their_estimate(library):
    found = measure(Engine(library.__name__, library, "reference"), 0)
    assert 0.3 < max(found.values()) < C * WIDTH / 2


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_unit_on_the_fence_counts_whole_and_is_named(library):
    z = library.from_numpy(np.array([1e-9, 1.0, -1e-9, -1.0]))
    follower = Follower(library, Scale(c=0.0))
    with watching(follower):
        leaf = z.clone().requires_grad_()
        follower.ledger.write(leaf, Noise(np.full(4, 1e-16)))
        out = leaf.relu()
        out.backward(library.from_numpy(np.array([3.0, 3.0, 3.0, 3.0])))
        noise = follower.ledger.read(leaf.grad)
    np.testing.assert_array_equal(noise.fence, [9.0, 0.0, 9.0, 0.0])
    (fence,) = follower.ledger.fences
    assert fence.label == "relu 1"
    assert fence.units.tolist() == [[0], [2]]


def test_exact_zeros_stay_exact_through_a_dead_layer():
    follower = Follower(torch)
    with watching(follower):
        x, w = torch.rand(5, 4), -torch.rand(3, 4)
        follower.ledger.clear()
        w.requires_grad_()
        h = torch.relu(x @ w.t())
        z = h @ torch.randn(3, 2)
        z.backward(torch.randn(5, 2))
    assert not np.any(follower.ledger.read(z).total((5, 2)))
    assert not np.any(follower.ledger.read(w.grad).total((3, 4)))


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
@pytest.mark.parametrize("square", [lambda x: x * x, lambda x: x**2], ids=["mul", "pow"])
def test_square_of_what_is_smaller_than_its_error(library, square):
    x = library.from_numpy(np.array([0.0, 1e-12]))
    follower = Follower(library, Scale(c=0.0))
    follower.ledger.write(x, Noise(np.full(2, 1e-16)))
    with watching(follower):
        noise = follower.ledger.read(square(x))
    assert noise.fence is None
    # The square of an error of 1e-8.
    assert np.all((noise.plain > 1e-33) & (noise.plain < 1e-29))


def test_comparison_of_values_inside_their_error_is_doubtful():
    follower = Follower(torch, Scale(c=0.0))
    a = torch.tensor([1.0, 2.0], dtype=torch.float64)
    follower.ledger.write(a, Noise(np.array([1e-12, 1e-12])))
    with watching(follower):
        count = (a > 1.0).sum()
    noise = follower.ledger.read(count)
    assert noise.fence is not None
    assert noise.fence == 1.0


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_the_logarithm_of_no_terms_has_no_error(library):
    """The gradient sums its positive and its negative terms alone, from log 0 onwards."""
    inputs, gradient = tensors(library, (3, 4)), backward(lambda a: a.logcumsumexp(1))
    estimate, _ = propagated(library, gradient, inputs, 1e-4)
    truth = measured(library, gradient, inputs, 1e-4)
    # The two sums err alike where they cancel, and are taken as independent.
    assert truth.mean() * 0.4 < estimate.mean() < truth.mean() * 20


# Values 1e-9 apart from an edge, or from one another, that are known to 1e-8 only.
DOUBTS = {
    "histc": (lambda x: x.histc(4, 0, 4), [1 + 1e-9, 2.5, 3.5], [1.0] * 4),
    "cummax": (lambda x: x.cummax(0)[1], [1, 1 + 1e-9, 3], [0, 9, 9]),
    "searchsorted": (
        lambda x: _library(x).searchsorted(_library(x).tensor([1.0, 2.0]).to(x.dtype), x),
        [1 + 1e-9, 1.5, 2 - 1e-9], [1, 0, 1],
    ),
    "bincount of doubtful numbers": (lambda x: (x > 1).long().bincount(), [1 + 1e-9, 3, 0], [1, 1]),
}  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
@pytest.mark.parametrize("name", DOUBTS)
def test_what_may_count_or_stand_elsewhere_is_doubtful(library, name):
    f, values, fence = DOUBTS[name]
    for sigma, expected in ((1e-8, fence), (1e-11, np.zeros(len(fence)))):
        x = library.from_numpy(np.array(values, np.float64))
        follower = Follower(library, Scale(c=0.0))
        follower.ledger.write(x, Noise(np.full(3, sigma**2)))
        with watching(follower):
            out = f(x)
        np.testing.assert_array_equal(follower.ledger.read(out).total((len(fence),)), expected)


def test_unknown_op_is_named():
    follower = Follower(torch)
    with watching(follower), pytest.raises(UnknownOp, match="`_linalg_eigh`"):
        torch.linalg.eigh(torch.eye(3))


def test_ledger_forgets_with_the_storage():
    ledger = Ledger()
    x = torch.ones(3)
    ledger.write(x, Noise(np.ones(3)))
    assert ledger.read(x[1:]).plain.shape == (2,)
    del x
    assert not ledger.entries
    assert ledger.read(torch.ones(3)) == EXACT


def test_switched_off_follower_records_nothing():
    follower = Follower(torch)
    follower.active = False
    with watching(follower):
        out = torch.rand(3, 3) @ torch.rand(3, 3)
    assert not follower.ledger.read(out)


@pytest.mark.parametrize(("tf32", "ratio"), [(False, 1.0), (True, 2.0**25)])
def test_tf32_widens_products_only(tf32, ratio):
    scale, plain = Scale(tf32=tf32), Scale()
    assert scale.pointwise("float32") == plain.pointwise("float32")
    assert scale.product("float64") == plain.product("float64")
    assert scale.product("float32") / plain.product("float32") == pytest.approx(ratio, rel=1e-3)


def test_argument_that_a_rule_leaves_out_is_named():
    follower = Follower(torch)
    weight = torch.ones(2)
    follower.ledger.write(weight, Noise(np.ones(2)))
    with watching(follower), pytest.raises(UnknownOp, match="leaves out what"):
        torch.nn.functional.nll_loss(torch.zeros(3, 2), torch.tensor([0, 1, 1]), weight)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_pick_between_values_inside_their_error_is_doubtful(library):
    follower = Follower(library, Scale(c=0.0))
    x = library.from_numpy(np.array([[1.0, 1.0 + 1e-9, 0.0], [1.0, 2.0, 3.0]]))
    follower.ledger.write(x, Noise(np.full((2, 3), 1e-16)))
    with watching(follower):
        values, indices = x.max(1)
        best = x.argmax(1)
    assert follower.ledger.read(values).fence is None
    np.testing.assert_array_equal(follower.ledger.read(values).plain, [1e-16, 1e-16])
    np.testing.assert_array_equal(follower.ledger.read(indices).fence, [9.0, 0.0])
    np.testing.assert_array_equal(follower.ledger.read(best).fence, [9.0, 0.0])


@pytest.mark.parametrize("sign", ["mixed", "one"])
def test_errors_that_units_share_add_up_in_depth(sign):
    """Weights of one sign make every unit err alike; ten layers on, that is all there is."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((32, 32)) / 6 for _ in range(10)]
    weights = [torch.from_numpy(np.abs(w) if sign == "one" else w) for w in weights]

    def deep(x):
        for weight in weights:
            x = x @ weight.t()
        return x

    inputs = tensors(torch, (6, 32))
    estimate, _ = propagated(torch, deep, inputs, 1e-6)
    truth = measured(torch, deep, inputs, 1e-6)
    assert 0.3 < estimate.mean() / truth.mean() < 3


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_errors_of_equal_rows_add_up_over_the_batch(library):
    """Where every sample looks the same, all rows err alike, and their sum errs as often."""
    follower = Follower(library, Scale(c=1.0))
    rows = np.ones((64, 1)) * np.random.default_rng(0).standard_normal((1, 8))
    for x in (rows, rows + np.arange(64)[:, None]):
        weight = library.from_numpy(np.random.default_rng(1).standard_normal((8, 3)))
        with watching(follower):
            out = library.from_numpy(x) @ weight
            noise = follower.ledger.read(out)
            total = follower.ledger.read(out.sum(0))
        alike = x is rows
        assert noise.alike == float(alike)
        expected = noise.plain.sum(0) * (64 if alike else 1)
        assert np.all(total.plain >= expected) and np.all(total.plain < 100 * expected)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda lib: lib.__name__)
def test_square_of_a_unit_on_the_fence_is_allowed_what_the_unit_is(library):
    """A gradient that may move by 8 sigma may move its square by the square of that."""
    sigma = 1e-3
    follower = Follower(library, Scale(c=0.0))
    g = library.from_numpy(np.array([0.0, 1e-9]))
    square = library.from_numpy(np.zeros(2))
    follower.ledger.write(g, Noise(fence=np.full(2, sigma**2)))
    with watching(follower):
        square.addcmul_(g, g, value=0.5)
    allowed = WIDTH * np.sqrt(follower.ledger.read(square).total((2,)))
    assert np.all(allowed >= 0.5 * (WIDTH * sigma) ** 2)
    assert np.all(allowed <= 0.51 * (WIDTH * sigma) ** 2)
