"""Rules of ops that run along a dimension, count, or place values by index."""

import numpy as np

from experiments.harness.rounding import EXACT, WIDTH, Array, Call, Noise, only
from experiments.harness.rules import broadcast, moved, rule, summed

# Along a dimension


@rule("cummax", "cummin")
def _extreme_so_far(call: Call) -> tuple[Noise, Noise]:
    """The extreme so far, and the doubt about where it stands, from the first near tie onwards."""
    x, own, dim = call.value("input"), call.noise("input"), call.args["dim"]
    if not own or not x.ndim:
        return own, EXACT
    widest = np.maximum.accumulate(own.total(x.shape), dim)
    shorter = tuple(slice(None, -1) if d == dim % x.ndim else slice(None) for d in range(x.ndim))
    later = tuple(slice(1, None) if d == dim % x.ndim else slice(None) for d in range(x.ndim))
    near = np.zeros(x.shape, bool)
    near[later] = np.abs(x[later] - call.out[shorter]) <= WIDTH * np.sqrt(2 * widest[later])
    doubtful = np.logical_or.accumulate(near & (widest > 0), dim)
    if doubtful.any():
        call.stand(doubtful, np.ones(x.shape), np.array, 1)
    reach = float(x.shape[dim]) ** 2
    values = own.map(lambda v: np.maximum.accumulate(v, dim))
    return values, Noise(fence=only(doubtful, reach))


@rule("logcumsumexp")
def _logcumsumexp(call: Call) -> Noise:
    x, out, dim = np.atleast_1d(call.value("input")), np.atleast_1d(call.out), call.args["dim"]
    top = np.nan_to_num(np.max(x, dim, keepdims=True, initial=-np.inf), neginf=0.0)
    # d out_j / d x_i = exp(x_i - out_j), for i up to j.
    up, down = np.exp(2 * (x - top)), np.exp(2 * (top - out))
    some = np.isfinite(down)  # else no term so far is more than log 0, or the least number for it

    def summed_up(v: Array) -> Array:
        terms = only(up != 0, np.reshape(v, x.shape) * up)
        return only(some, np.cumsum(terms, dim) * down).reshape(call.out.shape)

    steps = np.cumsum(only(some, 1 + np.square(out)), dim).reshape(call.out.shape)
    return call.rounded(call.noise("input").map(summed_up), steps)


@rule("cumprod")
def _cumprod(call: Call) -> Noise:
    x, out, dim = call.value("input"), call.out, call.args["dim"]
    with np.errstate(all="ignore"):
        relative = np.where(x == 0, 1e300, 1.0 / np.square(x))
        noise = call.noise("input").map(
            lambda v: only(out != 0, out**2) * np.cumsum(v * relative, dim)
        )
    return call.rounded(noise, out**2 * np.cumsum(np.ones(x.shape), dim))


@rule("linalg_cross")
def _cross(call: Call) -> Noise:
    a, b, dim = call.value("input"), call.value("other"), call.args.get("dim", -1)
    a2, b2 = np.square(a), np.square(b)

    def both(v: Array, w: Array) -> Array:
        """The squared terms of a vector product, added."""
        ahead, behind = (lambda t: np.roll(t, -1, dim)), (lambda t: np.roll(t, -2, dim))
        return ahead(v) * behind(w) + behind(v) * ahead(w)

    noise = call.noise("input").map(lambda v: both(np.broadcast_to(v, a.shape), b2))
    noise = noise + call.noise("other").map(lambda v: both(a2, np.broadcast_to(v, b.shape)))
    return call.rounded(broadcast(noise, call), both(a2, b2) + np.square(call.out))


# Counts


@rule("histc")
def _histc(call: Call) -> Noise:
    x, low, high = call.value("input").ravel(), call.args["min"], call.args["max"]
    if not call.noise("input") or not x.size:
        return EXACT
    if low == high:
        low, high = x.min(), x.max()
    edges = np.linspace(low, high, call.args["bins"] + 1)
    sigma = np.sqrt(call.noise("input").total(call.value("input").shape)).ravel()
    gap = np.min(np.abs(x[:, None] - edges), 1)
    return Noise(fence=np.full(call.out.shape, float(np.sum(gap <= WIDTH * sigma)) ** 2))


@rule("bincount")
def _bincount(call: Call) -> Noise:
    weighted = "weights" in call
    noise = summed(call, ("weights",)) if weighted else EXACT
    x = call.value("input")
    doubtful = call.noise("input").total(x.shape) > 0
    if not doubtful.any():
        return noise
    moved_by = np.abs(call.value("weights")) if weighted else np.ones(x.shape)
    return noise + Noise(fence=np.full(call.out.shape, float(np.sum(moved_by[doubtful])) ** 2))


@rule("searchsorted")
def _searchsorted(call: Call) -> Noise:
    """As many places as there are edges near a value, within its error and theirs."""
    x, edges = np.asarray(call.value("input"), np.float64), call.value("sorted_sequence")
    own = call.noise("sorted_sequence").total(edges.shape)
    if "sorter" in call:
        order = call.value("sorter").astype(np.int64)
        edges, own = (np.take_along_axis(t, order, -1) for t in (edges, own))
    if edges.ndim > 1:
        edges, own = edges[..., None, :], own[..., None, :]
    sigma = np.sqrt(call.noise("input").total(x.shape)[..., None] + own)
    near = (np.abs(x[..., None] - edges) <= WIDTH * sigma) & (sigma > 0)
    return Noise(fence=np.square(np.sum(near, -1).astype(np.float64)))


# Placed by index


@rule("put")
def _put(call: Call) -> Noise:
    return (summed if call.args.get("accumulate") else moved)(call, ("input", "source"))


@rule("index_put")
def _index_put(call: Call) -> Noise:
    return (summed if call.args.get("accumulate") else moved)(call, ("input", "values"))
