"""Rules with formulas of their own: products, reductions, the softmax family, losses that pick."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from experiments.harness.rounding import (
    EXACT,
    ROUNDOFF,
    WIDTH,
    Array,
    Call,
    Noise,
    UnknownOp,
    array,
    dtype_name,
    only,
)
from experiments.harness.rules import RULES, broadcast, differenced, rule

# Products


def contracted(call: Call, a: str, b: str, multiply: Callable[[Array, Array], Array]) -> Noise:
    """(c u)^2 (A^2)(B^2) + Var(A) B^2 + A^2 Var(B) of a sum of products."""
    left, right = call.value(a), call.value(b)
    a2, b2 = np.square(left), np.square(right)
    own, other = call.noise(a), call.noise(b)
    # The first two terms share their right factor, and so are one product.
    noise = Noise(own.plain, own.fence, alike=own.alike) + Noise(call.product * a2)
    noise = noise.map(lambda v: multiply(v, b2)) + other.map(lambda v: multiply(a2, v))
    if left.ndim < 2 or right.ndim != 2:
        return Noise(noise.plain, noise.fence)
    transposed = call.name == "linear"
    if other.plain is not None and other.alike and not transposed and noise.plain is not None:
        common = other.alike * np.square(left @ np.sqrt(other.plain))
        noise = replace(noise, plain=noise.plain + common)
    noise = replace(noise, shared=0.0, alike=max(noise.alike, equal_rows(left, own)))
    if own.plain is None or noise.plain is None:
        return noise
    return _mixed(own, right.T if transposed else right, noise)


def equal_rows(a: Array, noise: Noise) -> float:
    """Part, 0 to 1, of the pairs of rows that equal the first one within their error, and so each
    other: saturated units send every sample on alike, and both engines err alike in all of them.
    """
    if a.ndim != 2 or len(a) < 2 or not a.shape[1]:
        return 0.0
    sigma = np.sqrt(noise.total(a.shape))
    for rows in (slice(len(a) // 2, len(a) // 2 + 1), slice(None)):  # one that differs often tells
        near = np.abs(a[rows] - a[0]) <= WIDTH * (sigma[rows] + sigma[0])
        equal = float(np.mean(near.all(1)))
        if not equal:
            return 0.0
    return equal**2


def _mixed(left: Noise, b: Array, noise: Noise) -> Noise:
    """Noise of a product whose left factor has errors in common, and what its result has."""
    assert left.plain is not None and noise.plain is not None
    plain, mean = noise.plain, b.mean(-1)
    alone = (1 - left.shared) * left.plain
    together = np.mean(alone @ np.square(mean))
    if left.shared * b.shape[0] > 0.5:
        sigma = np.sqrt(left.plain)
        plain = plain + left.shared * np.square(sigma @ b)
        together = together + left.shared * np.mean(np.square(sigma @ mean))
    size = float(np.mean(plain))
    shared = min(float(together) / size, 1.0) if size > 0 else 0.0
    return replace(noise, plain=plain, shared=shared)


PRODUCTS = {
    "mm": ("input", "mat2"),
    "bmm": ("input", "mat2"),
    "matmul": ("input", "other"),
    "mv": ("input", "vec"),
    "dot": ("input", "tensor"),
    "vdot": ("input", "other"),
    "inner": ("input", "other"),
    "addmm": ("mat1", "mat2"),
    "addmv": ("mat", "vec"),
    "addbmm": ("batch1", "batch2"),
    "baddbmm": ("batch1", "batch2"),
    "_addmm_activation": ("mat1", "mat2"),
}


@rule(*PRODUCTS)
def _product(call: Call) -> Noise:
    a, b = PRODUCTS[call.name]
    noise = contracted(call, a, b, np.matmul)
    if not call.name.startswith("add") and call.name != "baddbmm":
        return call.rounded(noise)
    alpha, beta = call.args.get("alpha", 1) or 0, call.args.get("beta", 1)
    noise = noise.map(lambda v: v * alpha**2) + call.noise("input").map(lambda v: v * beta**2)
    added = np.square(call.value("input") * beta)
    return call.rounded(
        broadcast(noise, call), np.broadcast_to(added, call.out.shape) + call.out**2
    )


@rule("linear")
def _linear_layer(call: Call) -> Noise:
    noise = contracted(call, "input", "weight", lambda a, b: a @ b.T)
    if "bias" in call:
        noise = noise + call.noise("bias")
    return call.rounded(broadcast(noise, call))


# Reductions


def _dims(call: Call, ndim: int) -> tuple[int, ...]:
    dim = call.args.get("dim")
    if dim is None or dim == [] or dim == ():
        return tuple(range(ndim))
    return tuple(d % max(ndim, 1) for d in (dim if isinstance(dim, list | tuple) else [dim]))


def _kept(call: Call, reduced: Array, dims: tuple[int, ...]) -> Array:
    return reduced if call.args.get("keepdim") else np.squeeze(reduced, dims)


def reduced(call: Call, derivative: Array, magnitude: Array | None = None) -> Noise:
    """Noise of a reduction over `dim` from its derivative by each cell."""
    x = call.value("input")
    dims = _dims(call, x.ndim)
    weight = np.square(derivative)
    noise = call.noise("input").map(
        lambda v: _kept(call, np.sum(only(v != 0, v * weight), dims, keepdims=True), dims)
    )
    if magnitude is not None:
        magnitude = _kept(call, np.sum(magnitude, dims, keepdims=True), dims) + call.out**2
    return call.rounded(noise, magnitude)


@rule("mean")
def _mean(call: Call) -> Noise:
    x = call.value("input")
    n = x.size / max(call.out.size, 1)
    return reduced(call, np.full(x.shape, 1 / n), np.square(x / n))


@rule("var")
def _var(call: Call) -> Noise:
    x, _ = _centred(call)
    n = x.size / max(call.out.size, 1)
    correction = call.args.get("correction", call.args.get("unbiased", 1))
    divisor = max(n - (1 if correction is None else int(correction)), 1)
    return reduced(call, 2 * x / divisor, np.square(np.square(x) / divisor))


@rule("std")
def _std(call: Call) -> Noise:
    x, dims = _centred(call)
    n = x.size / max(call.out.size, 1)
    correction = call.args.get("correction", call.args.get("unbiased", 1))
    divisor = max(n - (1 if correction is None else int(correction)), 1)
    out = np.sqrt(np.sum(x**2, dims, keepdims=True) / divisor)
    return reduced(call, np.divide(x, out * divisor, out=np.zeros(x.shape), where=out > 0))


def _centred(call: Call) -> tuple[Array, tuple[int, ...]]:
    x = call.value("input")
    dims = _dims(call, x.ndim)
    return x - x.mean(dims, keepdims=True), dims


@rule("norm", "linalg_vector_norm", "vector_norm")
def _norm(call: Call) -> Noise:
    p = call.args.get("p", call.args.get("ord", 2))
    x = call.value("input")
    dims = _dims(call, x.ndim)
    if p not in (None, 2, 2.0, "fro"):
        raise UnknownOp(f"no rule says how a norm of order {p} rounds")
    out = np.sqrt(np.sum(x**2, dims, keepdims=True))
    return reduced(call, np.divide(x, out, out=np.zeros(x.shape), where=out > 0))


@rule("prod")
def _prod(call: Call) -> Noise:
    x = call.value("input")
    dims = _dims(call, x.ndim)
    with np.errstate(all="ignore"):
        derivative = np.nan_to_num(np.prod(x, dims, keepdims=True) / x)
    return reduced(call, derivative, np.square(derivative * x))


@rule("logsumexp")
def _logsumexp(call: Call) -> Noise:
    x = call.value("input")
    dims = _dims(call, x.ndim)
    shifted = np.exp(x - x.max(dims, keepdims=True))
    y = shifted / shifted.sum(dims, keepdims=True)
    return reduced(call, y, np.square(y))


@rule("amax", "amin", "max", "min", "argmax", "argmin", "median", "nanmedian")
def _selected(call: Call) -> Noise | tuple[Noise, Noise]:
    """A value that is picked, and the doubt about which, where others come within their error."""
    if "other" in call:
        return differenced(call)
    x, own = call.value("input"), call.noise("input")
    if not own:
        return EXACT, EXACT
    dims = _dims(call, x.ndim)
    variance = own.total(x.shape)
    picked = _picked(call, x, dims)
    at_picked = np.max(only(x == picked, variance), dims, keepdims=True)
    near = np.abs(picked - x) <= WIDTH * np.sqrt(variance + at_picked)
    tied = near & (variance + at_picked > 0)
    doubtful = _kept(call, np.sum(tied, dims, keepdims=True) > 1, dims)
    if doubtful.any() and doubtful.shape == tuple(call.result.shape):
        last = len(call.results) - 1  # indices, of those that give any; values tell nothing
        side = np.zeros_like if dtype_name(call.results[last]) in ROUNDOFF else np.array
        call.stand(doubtful, np.ones(doubtful.shape), side, last)
    reach = float(np.prod([x.shape[d] for d in dims])) ** 2
    which = Noise(fence=only(doubtful, reach))
    if call.name.startswith("arg"):
        return which
    value = own.map(lambda v: _kept(call, np.max(only(near, v), dims, keepdims=True), dims))
    return value, which


def _picked(call: Call, x: Array, dims: tuple[int, ...]) -> Array:
    if "median" in call.name:
        return call.out.reshape(tuple(1 if d in dims else n for d, n in enumerate(x.shape)))
    pick = np.min if call.name.endswith("min") else np.max
    return pick(x, dims, keepdims=True)


@rule("aminmax")
def _aminmax(call: Call) -> tuple[Noise, ...]:
    return tuple(_as(call, name, i) for i, name in enumerate(("amin", "amax")))


@rule("var_mean", "std_mean")
def _moments(call: Call) -> tuple[Noise, ...]:
    return tuple(_as(call, name, i) for i, name in enumerate((call.name[:3], "mean")))


def _as(call: Call, name: str, result: int) -> Noise:
    """Noise of one of several results, by the rule of the op that gives it alone."""
    alone = replace(call, name=name, result=call.results[result])
    noise = RULES[name](alone)
    return noise[0] if isinstance(noise, tuple) else noise


@rule("all", "any", "count_nonzero")
def _counted(call: Call) -> Noise:
    x, own = call.value("input"), call.noise("input")
    dims = _dims(call, x.ndim)
    sigma = np.sqrt(own.total(x.shape))
    on = (np.abs(x) <= WIDTH * sigma) & (sigma > 0)
    count = _kept(call, np.sum(on, dims, keepdims=True).astype(np.float64), dims)
    return Noise(fence=count if call.name == "count_nonzero" else np.minimum(count, 1.0))


@rule("sort", "topk", "kthvalue")
def _sorted(call: Call) -> tuple[Noise, Noise]:
    x, own = call.value("input"), call.noise("input")
    if not own:
        return EXACT, EXACT
    dim = call.args.get("dim", -1)
    # Any place may hold a neighbour's value; that differs by no more than the error of either.
    widest = np.max(own.total(x.shape), dim, keepdims=True)
    shape = call.out.shape
    values = Noise(np.broadcast_to(widest, shape).copy()) if len(shape) == x.ndim else Noise(widest)
    gaps = np.diff(np.sort(x, dim), axis=dim)
    doubtful = np.any(gaps <= WIDTH * np.sqrt(2 * widest), dim, keepdims=True)
    reach = only(doubtful, float(x.shape[dim]) ** 2)
    return values, Noise(fence=np.broadcast_to(reach, shape).copy())


# The softmax family


def _axis_sum(v: Array, dim: int) -> Array:
    return np.sum(v, dim, keepdims=True)


@rule("softmax", "_softmax")
def _softmax(call: Call) -> Noise:
    y, dim, x = call.out, call.args["dim"], call.value("input")
    shifted = x - x.max(dim, keepdims=True) if x.size else x
    noise = call.noise("input").map(
        lambda v: y**2 * (v * np.maximum(1 - 2 * y, 0) + _axis_sum(y**2 * v, dim))
    )
    return call.rounded(noise, y**2 * (1 + shifted**2))


@rule("log_softmax", "_log_softmax")
def _log_softmax(call: Call) -> Noise:
    out, dim = call.out, call.args["dim"]
    y = np.exp(out)
    noise = call.noise("input").map(
        lambda v: v * np.maximum(1 - 2 * y, 0) + _axis_sum(y**2 * v, dim)
    )
    return call.rounded(noise, 1 + out**2)


@rule("_softmax_backward_data", "softmax_backward")
def _softmax_backward(call: Call) -> Noise:
    g, y, dim = call.value("grad_output"), call.value("output"), call.args["dim"]
    s = _axis_sum(g * y, dim)
    noise = call.noise("grad_output").map(
        lambda v: y**2 * (v * np.maximum(1 - 2 * y, 0) + _axis_sum(y**2 * v, dim))
    )
    noise = noise + call.noise("output").map(
        lambda v: (g - s) ** 2 * v + y**2 * _axis_sum(g**2 * v, dim)
    )
    return call.rounded(noise, y**2 * (g**2 + _axis_sum((g * y) ** 2, dim) + s**2))


@rule("_log_softmax_backward_data", "log_softmax_backward")
def _log_softmax_backward(call: Call) -> Noise:
    g, out, dim = call.value("grad_output"), call.value("output"), call.args["dim"]
    y, total = np.exp(out), _axis_sum(g, dim)
    noise = call.noise("grad_output").map(lambda v: v + y**2 * _axis_sum(v, dim))
    noise = noise + call.noise("output").map(lambda v: np.square(y * total) * v)
    summands = y**2 * (_axis_sum(g**2, dim) + total**2 * (1 + out**2))
    return call.rounded(noise, g**2 + summands)


# Losses


@rule("binary_cross_entropy")
def _binary_cross_entropy(call: Call) -> Noise:
    x, t = call.value("input"), call.value("target")
    w = np.broadcast_to(call.value("weight") if "weight" in call else 1.0, x.shape)
    with np.errstate(all="ignore"):
        loss = -(t * np.log(x).clip(-100) + (1 - t) * np.log1p(-x).clip(-100))
    slope = (x - t) / np.maximum(x * (1 - x), 1e-12)
    noise = call.noise("input").map(lambda v: v * np.square(w * slope))
    noise = noise + call.noise("target").map(lambda v: v * np.square(w * (100 + np.abs(slope))))
    squares, reduction = np.square(w * loss), call.args.get("reduction", 1)
    if reduction in (0, "none"):
        return call.rounded(noise, squares)
    share = 1.0 / x.size**2 if reduction in (1, "mean") else 1.0
    noise = noise.map(lambda v: np.sum(np.broadcast_to(v, x.shape)) * share)
    return call.rounded(Noise(noise.plain, noise.fence), np.sum(squares) * share + call.out**2)


# Losses that pick


@rule("nll_loss_forward", "nll_loss")
def _nll_loss(call: Call) -> tuple[Noise, Noise]:
    # The second result is the sum of the given weights.
    return _picked_loss(call), EXACT


def _picked_loss(call: Call) -> Noise:
    x = np.atleast_2d(call.value("input"))
    weight = _picked_weights(call, x.shape)
    if call.args.get("reduction", 1) in (0, "none"):
        noise = call.noise("input").map(lambda v: np.sum(np.atleast_2d(v) * weight**2, 1))
        return call.rounded(noise.map(lambda v: v.reshape(call.out.shape)))
    if call.args.get("reduction", 1) in (1, "mean"):
        weight = weight / max(weight.sum(), 1e-300)
    own = call.noise("input")
    noise = own.map(lambda v: np.sum(np.atleast_2d(v) * weight**2))
    if own.plain is not None and own.alike:
        whole = np.square(np.sum(np.sqrt(np.atleast_2d(own.plain)) * weight))
        noise = noise + Noise(own.alike * whole)
    return call.rounded(
        Noise(noise.plain, noise.fence), np.sum(np.square(weight * x)) + call.out**2
    )


def _picked_weights(call: Call, shape: tuple[int, ...]) -> Array:
    target = np.atleast_1d(array(call.args["target"])).astype(np.int64)
    kept = target != call.args.get("ignore_index", -100)
    weight = np.zeros(shape)
    rows = np.arange(len(target))[kept]
    weight[rows, target[kept]] = call.value("weight")[target[kept]] if "weight" in call else 1.0
    return weight


@rule("nll_loss_backward")
def _nll_loss_backward(call: Call) -> Noise:
    # Only the shape of the input counts.
    call.asked.add("input")
    g, out = call.value("grad_output"), call.out
    factor = np.divide(out, g, out=np.zeros(out.shape), where=np.broadcast_to(g != 0, out.shape))
    noise = call.noise("grad_output").map(lambda v: np.asarray(v * factor**2))
    return call.rounded(broadcast(noise, call))
