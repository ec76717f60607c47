"""How each op passes variances on, by the op's torch name and its argument names.

A rule gets a `Call` and returns the noise of the result. Families: exact and view ops add
nothing; moves carry variances as the op carries values; products, sums and the softmax family
have their formulas; any other elementwise op is differenced in float64, which also finds its kinks.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.harness.rounding import (
    EXACT,
    WIDTH,
    Array,
    Call,
    Noise,
    UnknownOp,
    array,
    is_tensor,
    tensors_in,
)

Rule = Callable[[Call], Noise]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers a rule under each of its ops' names."""

    def register(f: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, f))
        return f

    return register


# Values chosen, not computed: both engines are told the same numbers.
GIVEN = """zeros ones full empty empty_like zeros_like ones_like full_like new_zeros new_ones
new_empty new_full new_empty_strided empty_strided arange eye tensor scalar_tensor zero_ fill_
randint randperm random_ bernoulli one_hot tril_indices triu_indices set_ resize_ lift_fresh
from_numpy as_tensor""".split()

# Rounded once on the way from the generator's bits.
DRAWN = """rand randn uniform normal_ rand_like randn_like linspace logspace log_normal_
exponential_""".split()

# Ops that carry values unchanged, with the arguments whose values they carry.
MOVES: dict[str, tuple[str, ...]] = dict.fromkeys(
    """clone contiguous reshape flatten repeat flip fliplr flipud roll tril triu index_select
    gather index take constant_pad_nd pad diag repeat_interleave masked_select alias_copy
    take_along_dim expand_copy embedding view_copy _reshape_copy rot90 select_copy movedim ravel
    tile""".split(),
    ("input",),
) | {
    "copy": ("src",),
    "where": ("input", "other"),
    "masked_fill": ("input", "value"),
    "cat": ("tensors",),
    "concat": ("tensors",),
    "stack": ("tensors",),
    "scatter": ("input", "src", "value"),
    "index_copy": ("input", "source"),
    "index_put": ("input", "values"),
    "setitem": ("input", "value"),
    "__setitem__": ("input", "value"),
    "getitem": ("input",),
    "__getitem__": ("input",),
    "index_fill": ("input", "value"),
    "masked_scatter": ("input", "source"),
    "slice_scatter": ("input", "src"),
    "select_scatter": ("input", "src"),
    "diagonal_scatter": ("input", "src"),
    "select_backward": ("grad_output",),
    "slice_backward": ("grad_output",),
    "diagonal_backward": ("grad_output",),
    "value_selecting_reduction_backward": ("grad",),
    "_to_copy": ("input",),
    "to": ("input",),
    "vstack": ("tensors",),
    "hstack": ("tensors",),
}

# Sums of some cells into each result, all with derivative 1.
SUMS: dict[str, tuple[str, ...]] = {
    "sum": ("input",),
    "sum_to_size": ("input",),
    "_sum_to_size": ("input",),
    "cumsum": ("input",),
    "trace": ("input",),
    "nansum": ("input",),
    "scatter_add": ("input", "src"),
    "index_add": ("input", "source"),
    "embedding_dense_backward": ("grad_output",),
    "unfold_backward": ("grad_in",),
    "as_strided_backward": ("grad", "g"),
    "as_strided_scatter": ("input", "src"),
}

# Derivatives of elementwise ops by argument; an elementwise op that is missing is differenced.
PARTIALS: dict[str, dict[str, Callable[[Call], Any]]] = {
    "add": {"input": lambda c: 1.0, "other": lambda c: c.args.get("alpha", 1)},
    "sub": {"input": lambda c: 1.0, "other": lambda c: c.args.get("alpha", 1)},
    "rsub": {"other": lambda c: 1.0, "input": lambda c: c.args.get("alpha", 1)},
    "mul": {"input": lambda c: c.value("other"), "other": lambda c: c.value("input")},
    "neg": {"input": lambda c: 1.0},
    "positive": {"input": lambda c: 1.0},
    "abs": {"input": lambda c: 1.0},
    "exp": {"input": lambda c: c.out},
    "expm1": {"input": lambda c: c.out + 1},
    "square": {"input": lambda c: 2 * c.value("input")},
    "tanh": {"input": lambda c: 1 - c.out**2},
    "sigmoid": {"input": lambda c: c.out * (1 - c.out)},
    "sin": {"input": lambda c: np.cos(c.value("input"))},
    "cos": {"input": lambda c: np.sin(c.value("input"))},
    "tanh_backward": {
        "grad_output": lambda c: 1 - c.value("output") ** 2,
        "output": lambda c: 2 * c.value("grad_output") * c.value("output"),
    },
    "sigmoid_backward": {
        "grad_output": lambda c: c.value("output") * (1 - c.value("output")),
        "output": lambda c: c.value("grad_output") * (1 - 2 * c.value("output")),
    },
    "addcmul": {
        "input": lambda c: 1.0,
        "tensor1": lambda c: c.args.get("value", 1) * c.value("tensor2"),
        "tensor2": lambda c: c.args.get("value", 1) * c.value("tensor1"),
    },
    "outer": {
        "input": lambda c: c.value("vec2")[None, :],
        "vec2": lambda c: c.value("input")[:, None],
    },
}
UNROUNDED = frozenset(
    """neg positive abs relu clamp clamp_min clamp_max maximum minimum sign sgn floor ceil round
    trunc hardtanh threshold threshold_backward leaky_relu nan_to_num fmax fmin detach
    hardtanh_backward""".split()
)
# Elementwise ops that no library marks as such everywhere.
POINTWISE = frozenset(
    """leaky_relu leaky_relu_backward elu elu_backward gelu gelu_backward silu silu_backward
    softplus softplus_backward hardtanh hardtanh_backward selu celu threshold abs sgn
    nan_to_num""".split()
)


def noise_of(call: Call) -> Noise:
    """Noise of the call's first result. Raises UnknownOp for an op without a rule."""
    name = call.name
    noisy = any(call.ledger.read(t) for v in call.args.values() for t in tensors_in(v))
    if not noisy and (call.rounding == 0.0 or (name in MOVES and not _narrowed(call, MOVES[name]))):
        return EXACT
    if name in GIVEN or f"{name}_" in GIVEN:
        return EXACT
    if name in DRAWN or f"{name}_" in DRAWN:
        return call.rounded(EXACT)
    if name in RULES:
        return RULES[name](call)
    if name in MOVES:
        return moved(call, MOVES[name])
    if name in SUMS:
        return summed(call, SUMS[name])
    if name in PARTIALS:
        return by_partials(call)
    if call.pointwise or name in POINTWISE:
        return differenced(call)
    raise UnknownOp(f"no rule says how `{name}` rounds; add one to experiments/harness/rules.py")


def _channel(call: Call, names: tuple[str, ...], channel: str) -> dict[str, Any] | None:
    """Arguments with their variances of one channel in place of values, or None if all are 0."""

    def variance(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [variance(item) for item in value]
        if not is_tensor(value):
            return 0.0
        noise = getattr(call.ledger.read(value), channel)
        return np.zeros(tuple(value.shape)) if noise is None else np.array(noise)

    carried = [t for name in names for t in tensors_in(call.args.get(name))]
    if all(getattr(call.ledger.read(t), channel) is None for t in carried):
        return None
    return {name: variance(call.args[name]) for name in names if name in call}


def _carried(call: Call, names: tuple[str, ...]) -> Noise:
    channels = {
        channel: None if (args := _channel(call, names, channel)) is None else call.replay(args)
        for channel in ("plain", "fence")
    }
    return Noise(**channels)


def moved(call: Call, names: tuple[str, ...]) -> Noise:
    """Variances carried as values are; a doubtful condition or index adds all it may move."""
    noise = _carried(call, names)
    if is_tensor(call.result) and "src" not in call.args and _narrowed(call, names):
        noise = call.rounded(noise)
    return noise + _doubtful_choice(call)


def _narrowed(call: Call, names: tuple[str, ...]) -> bool:
    kinds = {str(t.dtype) for name in names for t in tensors_in(call.args.get(name))}
    return bool(kinds) and kinds != {str(call.result.dtype)}


def _doubtful_choice(call: Call) -> Noise:
    for name in ("condition", "mask", "index", "indices"):
        doubt = [call.ledger.read(t) for t in tensors_in(call.args.get(name))]
        if any(doubt):
            if name in ("condition", "mask") and len(doubt) == 1:
                on = doubt[0].total(tuple(call.args[name].shape)) > 0
                if "input" not in call:
                    continue
                other = call.value("other" if "other" in call else "value")
                jump = on * (call.value("input") - other) ** 2
                call.ledger.stand(call.name, call.args[name], on, np.where(on, jump, 0.0))
                return Noise(fence=jump)
            values = [t for n in ("input", "src", "grad") for t in tensors_in(call.args.get(n))]
            reach = max(float(np.ptp(array(t).astype(np.float64))) for t in values)
            return Noise(fence=np.full(call.out.shape, reach**2))
    return EXACT


def summed(call: Call, names: tuple[str, ...]) -> Noise:
    """Variances added as the op adds values, plus the rounding of the partial sums."""
    noise = _carried(call, names)
    if call.rounding == 0.0:
        return noise
    squares = {
        name: call.value(name) ** 2 if is_tensor(call.args[name]) else call.args[name]
        for name in names
        if name in call
    }
    return call.rounded(noise, call.replay(squares) + call.out**2)


def by_partials(call: Call) -> Noise:
    """Squared derivatives times the arguments' variances, plus the rounding of the result."""
    noise = EXACT
    for name, partial in PARTIALS[call.name].items():
        own = call.noise(name)
        if own:
            square = np.square(partial(call))
            noise = noise + own.map(lambda v, w=square: np.asarray(v * w))
    noise = _broadcast(noise, call)
    return noise if call.name in UNROUNDED else call.rounded(noise)


def _broadcast(noise: Noise, call: Call) -> Noise:
    shape = tuple(call.result.shape)
    return noise.map(lambda v: np.broadcast_to(v, shape))


def differenced(call: Call) -> Noise:
    """Elementwise noise from float64 differences: near ones for the slope, far ones for kinks.

    The far step is as wide as the error may be. Where it changes the result by more than the slope
    explains, the unit stands on the fence and the whole change counts.
    """
    noise = EXACT
    for name, value in call.args.items():
        if not is_tensor(value) or not call.noise(name):
            continue
        own, x = call.noise(name), call.value(name)
        if name == "grad_output":
            noise = noise + _linear(call, name, own)
            continue
        sigma = np.sqrt(own.total(x.shape))
        near = np.maximum(sigma / 1024, 1e-10 * np.abs(x)) * (sigma > 0)
        far = np.maximum(WIDTH * sigma, 4 * near)
        here, below, above = (call.replay({name: x + h}) * 1.0 for h in (0 * near, -near, near))
        step = np.minimum(np.abs(above - here), np.abs(here - below))
        slope = np.divide(step, near, out=np.zeros(step.shape), where=near > 0)
        wide = [np.abs(call.replay({name: x + h}) * 1.0 - here) for h in (-far, far)]
        jump = np.maximum(*wide)
        on = jump > 4 * slope * far + 1e-300
        noise = noise + own.map(lambda v, s=slope: np.broadcast_to(v, s.shape) * s**2)
        if on.any():
            noise = noise + Noise(fence=on * jump**2)
            if on.shape == tuple(value.shape):
                call.ledger.stand(call.name, value, on, np.where(on, jump**2, 0.0))
    noise = _broadcast(noise, call)
    if call.name in UNROUNDED:
        return noise
    magnitude = MAGNITUDES.get(call.name)
    return call.rounded(noise, None if magnitude is None else magnitude(call))


# Squared sizes of what an op adds up, where that cancels and leaves a smaller result.
MAGNITUDES: dict[str, Callable[[Call], Array]] = {
    # x (1 + erf(x / sqrt 2)) / 2, and the derivative of that: 1 + erf cancels for negative x.
    "gelu": lambda c: np.square(c.out) + np.square(c.value("input")),
    "gelu_backward": lambda c: np.square(c.out) + np.square(c.value("grad_output")),
}


def _linear(call: Call, name: str, own: Noise) -> Noise:
    """Noise through an argument that the result is linear in: its factor, squared."""
    factor = call.replay({name: np.ones(tuple(call.args[name].shape))})
    return own.map(lambda v: np.asarray(v * factor**2))


@rule("relu")
def _relu(call: Call) -> Noise:
    z, own = call.value("input"), call.noise("input")
    margin = WIDTH * np.sqrt(own.total(z.shape))
    return own.map(lambda v: np.where(z > -margin, v, 0.0))


@rule("threshold_backward")
def _threshold_backward(call: Call) -> Noise:
    own, g, z = call.noise("grad_output"), call.value("grad_output"), call.value("input")
    margin = WIDTH * np.sqrt(call.noise("input").total(z.shape))
    gap = np.abs(z - call.args.get("threshold", 0))
    on = (gap <= margin) & (margin > 0)
    noise = own.map(lambda v: np.where(on | (z > call.args.get("threshold", 0)), v, 0.0))
    if on.any():
        jump = np.where(on, g**2, 0.0)
        call.ledger.stand("relu", call.args["input"], on, jump)
        noise = noise + Noise(fence=jump)
    return noise


@rule("sqrt")
def _sqrt(call: Call) -> Noise:
    # Near 0 the derivative is infinite, yet |sqrt(a) - sqrt(b)| is never above sqrt(|a - b|).
    x = np.maximum(call.value("input"), 0)
    slope = np.divide(0.25, x, out=np.full(x.shape, np.inf), where=x > 0)
    return call.rounded(
        call.noise("input").map(
            lambda v: np.where(v > 0, np.minimum(np.sqrt(v), v * np.minimum(slope, 1e300)), 0.0)
        )
    )


@rule("div", "true_divide")
def _div(call: Call) -> Noise:
    if call.args.get("rounding_mode") is not None:
        return differenced(call)
    b, out = call.value("other"), call.out
    with np.errstate(all="ignore"):
        inverse = np.square(1.0 / np.asarray(b, np.float64))
        noise = call.noise("input").map(lambda v: np.where(v == 0, 0.0, v * inverse))
        noise = noise + call.noise("other").map(
            lambda v: np.where(v == 0, 0.0, v * out**2 * inverse)
        )
    return call.rounded(_broadcast(noise, call))


@rule("addcdiv")
def _addcdiv(call: Call) -> Noise:
    a, b, value = call.value("tensor1"), call.value("tensor2"), call.args.get("value", 1)
    with np.errstate(all="ignore"):
        inverse = np.square(value / np.asarray(b, np.float64))
        noise = call.noise("input")
        noise = noise + call.noise("tensor1").map(lambda v: np.where(v == 0, 0.0, v * inverse))
        noise = noise + call.noise("tensor2").map(
            lambda v: np.where(v == 0, 0.0, v * np.square(a / b) * inverse)
        )
        term = np.where(a == 0, 0.0, a**2 * inverse)
    return call.rounded(_broadcast(noise, call), call.out**2 + term)


@rule("lerp")
def _lerp(call: Call) -> Noise:
    w = call.value("weight")
    noise = call.noise("input").map(lambda v: v * np.square(1 - w))
    noise = noise + call.noise("end").map(lambda v: v * np.square(w))
    a, b = call.value("input"), call.value("end")
    noise = noise + call.noise("weight").map(lambda v: v * np.square(b - a))
    return call.rounded(
        _broadcast(noise, call), np.square(call.out) + np.square(a) + np.square(w * b)
    )


# Products


def contracted(call: Call, a: str, b: str, multiply: Callable[[Array, Array], Array]) -> Noise:
    """(c u)^2 (A^2)(B^2) + Var(A) B^2 + A^2 Var(B) of a sum of products."""
    a2, b2 = np.square(call.value(a)), np.square(call.value(b))
    # The first two terms share their right factor, and so are one product.
    noise = (call.noise(a) + Noise(call.product * a2)).map(lambda v: multiply(v, b2))
    return noise + call.noise(b).map(lambda v: multiply(a2, v))


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
        _broadcast(noise, call), np.broadcast_to(added, call.out.shape) + call.out**2
    )


@rule("linear")
def _linear_layer(call: Call) -> Noise:
    noise = contracted(call, "input", "weight", lambda a, b: a @ b.T)
    if "bias" in call:
        noise = noise + call.noise("bias")
    return call.rounded(_broadcast(noise, call))


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
        lambda v: _kept(call, np.sum(np.where(v == 0, 0.0, v * weight), dims, keepdims=True), dims)
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


@rule("amax", "amin", "max", "min", "argmax", "argmin", "all", "any")
def _selected(call: Call) -> Noise:
    if "other" in call:
        return differenced(call)
    x, own = call.value("input"), call.noise("input")
    if not own:
        return EXACT
    dims = _dims(call, x.ndim)
    sign = -1.0 if call.name.endswith("min") else 1.0
    variance = own.total(x.shape)
    best = np.max(sign * x, dims, keepdims=True)
    at_best = np.max(np.where(sign * x == best, variance, 0), dims, keepdims=True)
    near = best - sign * x <= WIDTH * np.sqrt(variance + at_best)
    tied = near & (variance + at_best > 0)
    doubtful = _kept(call, np.sum(tied, dims, keepdims=True) > 1, dims)
    if call.name.startswith("a") and call.name not in ("amax", "amin"):
        width = 1 if call.name in ("all", "any") else np.prod([x.shape[d] for d in dims])
        if doubtful.any():
            call.ledger.stand(call.name, call.result, doubtful, np.ones(doubtful.shape))
        return Noise(fence=np.where(doubtful, float(width) ** 2, 0.0))
    return own.map(lambda v: _kept(call, np.max(np.where(near, v, 0), dims, keepdims=True), dims))


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


# Losses that pick


@rule("nll_loss_forward", "nll_loss")
def _nll_loss(call: Call) -> Noise:
    x = np.atleast_2d(call.value("input"))
    weight = _picked_weights(call, x.shape)
    if call.args.get("reduction", 1) in (0, "none"):
        noise = call.noise("input").map(lambda v: np.sum(np.atleast_2d(v) * weight**2, 1))
        return call.rounded(noise.map(lambda v: v.reshape(call.out.shape)))
    if call.args.get("reduction", 1) in (1, "mean"):
        weight = weight / max(weight.sum(), 1e-300)
    noise = call.noise("input").map(lambda v: np.sum(np.atleast_2d(v) * weight**2))
    return call.rounded(noise, np.sum(np.square(weight * x)) + call.out**2)


def _picked_weights(call: Call, shape: tuple[int, ...]) -> Array:
    target = np.atleast_1d(array(call.args["target"])).astype(np.int64)
    kept = target != call.args.get("ignore_index", -100)
    weight = np.zeros(shape)
    rows = np.arange(len(target))[kept]
    weight[rows, target[kept]] = call.value("weight")[target[kept]] if "weight" in call else 1.0
    return weight


@rule("nll_loss_backward")
def _nll_loss_backward(call: Call) -> Noise:
    g, out = call.value("grad_output"), call.out
    factor = np.divide(out, g, out=np.zeros(out.shape), where=np.broadcast_to(g != 0, out.shape))
    noise = call.noise("grad_output").map(lambda v: np.asarray(v * factor**2))
    return call.rounded(_broadcast(noise, call))
