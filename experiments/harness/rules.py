"""How each op passes variances on, by the op's torch name and its argument names.

A rule gets a `Call` and returns the noise of the result. Families: exact and view ops add
nothing; moves carry variances as the op carries values; products, sums and the softmax family
have their formulas; any other elementwise op is differenced in float64, which also finds its kinks.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

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
    is_tensor,
    tensors_in,
)

Rule = Callable[[Call], Noise | tuple[Noise, ...]]
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
randint randperm random_ bernoulli geometric_ one_hot repeated_indices tril_indices triu_indices
set_ resize_ lift_fresh
from_numpy as_tensor""".split()

# Rounded once on the way from the generator's bits.
DRAWN = """rand randn uniform normal_ rand_like randn_like linspace logspace log_normal_
exponential_ cauchy_""".split()

# Ops that carry values unchanged, with the arguments whose values they carry.
MOVES: dict[str, tuple[str, ...]] = dict.fromkeys(
    """clone contiguous reshape flatten repeat flip fliplr flipud roll tril triu index_select
    gather index take constant_pad_nd pad diag repeat_interleave masked_select alias_copy
    take_along_dim expand_copy embedding view_copy _reshape_copy rot90 select_copy movedim ravel
    tile convert diag_embed diagonal_copy""".split(),
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
    "index_backward": ("grad_output",),
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
# Ops of floating results that jump somewhere; those of other results always do.
JUMPS = frozenset(
    """leaky_relu_backward elu_backward hardtanh_backward hardshrink softshrink_backward sign sgn
    floor ceil round trunc frac fmod remainder floor_divide div heaviside copysign threshold
    abs_backward where masked_fill""".split()
)
# Elementwise ops that no library marks as such everywhere.
POINTWISE = frozenset(
    """leaky_relu leaky_relu_backward elu elu_backward gelu gelu_backward silu silu_backward
    softplus softplus_backward hardtanh hardtanh_backward selu celu threshold abs sgn
    nan_to_num log_sigmoid mse_loss_backward smooth_l1_loss_backward huber_loss_backward
    binary_cross_entropy_backward""".split()
)


def noise_of(call: Call) -> Noise | tuple[Noise, ...]:
    """Noise of the call's results, or of the first if only that can have any.

    Raises: UnknownOp for an op without a rule, or an argument that its rule leaves out.
    """
    doubtful = {n for n, v in call.args.items() if any(call.ledger.read(t) for t in tensors_in(v))}
    noise = _noise(call, bool(doubtful))
    if left := doubtful - call.asked - {"out"}:
        raise UnknownOp(f"the rule of `{call.name}` leaves out what {sorted(left)} bring")
    return noise


def known(name: str, *, view: bool = False, pointwise: bool = False) -> bool:
    """Whether some rule describes an op, by its name without the underscore of in-place ops."""
    tables = (GIVEN, DRAWN, RULES, MOVES, SUMS, PARTIALS, POINTWISE)
    return view or pointwise or any(name in t or f"{name}_" in t for t in tables)


def _noise(call: Call, noisy: bool) -> Noise | tuple[Noise, ...]:
    name = call.name
    if not noisy and (call.rounding == 0.0 or (name in MOVES and not _narrowed(call, MOVES[name]))):
        return EXACT
    if name in GIVEN or f"{name}_" in GIVEN:
        call.asked.update(call.args)
        return EXACT
    if name in DRAWN or f"{name}_" in DRAWN:
        call.asked.update(call.args)
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

    call.asked.update(names)
    carried = [t for name in names for t in tensors_in(call.args.get(name))]
    if all(getattr(call.ledger.read(t), channel) is None for t in carried):
        return None
    return {name: variance(call.args[name]) for name in names if name in call}


def _carried(call: Call, names: tuple[str, ...]) -> Noise:
    channels = {
        channel: None if (args := _channel(call, names, channel)) is None else call.replay(args)
        for channel in ("plain", "fence")
    }
    shape = tuple(call.result.shape)
    carried = [t for name in names for t in tensors_in(call.args.get(name))]
    shared = [call.ledger.read(t).shared for t in carried if tuple(t.shape)[-1:] == shape[-1:]]
    alike = [call.ledger.read(t).alike for t in carried if tuple(t.shape)[-2:] == shape[-2:]]
    return Noise(**channels, shared=max(shared, default=0.0), alike=max(alike, default=0.0))


def moved(call: Call, names: tuple[str, ...]) -> Noise:
    """Variances carried as values are; a doubtful condition or index adds all it may move."""
    noise = _carried(call, names)
    if call.name == "copy":  # what it overwrites is gone
        call.asked.add("input")
    if _narrowed(call, names):
        noise = call.rounded(noise)
    return noise + _doubtful_choice(call)


def _narrowed(call: Call, names: tuple[str, ...]) -> bool:
    """Whether values are moved into a narrower floating type, and so are rounded."""
    kinds = {dtype_name(t) for name in names for t in tensors_in(call.args.get(name))}
    return any(ROUNDOFF[k] < ROUNDOFF.get(call.dtype, 0.0) for k in kinds & ROUNDOFF.keys())


def _doubtful_choice(call: Call) -> Noise:
    for name in ("condition", "mask", "index", "indices"):
        call.asked.add(name)
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
    noise = _together(call, names[0], _carried(call, names))
    if call.rounding == 0.0:
        return noise
    squares = {
        name: call.value(name) ** 2 if is_tensor(call.args[name]) else call.args[name]
        for name in names
        if name in call
    }
    return call.rounded(noise, call.replay(squares) + call.out**2)


def _together(call: Call, name: str, noise: Noise) -> Noise:
    """Noise of a sum over rows whose errors are alike: those add up as they are, not as squares."""
    own, before, after = call.noise(name), call.args[name].shape, call.result.shape
    if own.plain is None or not own.alike or len(before) != 2 or after[-1:] != before[-1:]:
        return noise
    assert noise.plain is not None
    whole = np.square(call.replay({name: np.sqrt(own.plain)}))
    return replace(noise, plain=noise.plain + own.alike * (whole - noise.plain))


def by_partials(call: Call) -> Noise:
    """Squared derivatives times the arguments' variances, plus the rounding of the result."""
    noise = EXACT
    for name, partial in PARTIALS[call.name].items():
        own = call.noise(name)
        if own:
            square = np.square(partial(call))
            noise = noise + own.map(lambda v, w=square: np.asarray(v * w))
    if call.name in FACTORS:
        noise = _second_order(call, noise, *FACTORS[call.name])
    noise = broadcast(noise, call)
    return noise if call.name in UNROUNDED else call.rounded(noise)


# Ops that multiply two of their arguments.
FACTORS = {"mul": ("input", "other"), "addcmul": ("tensor1", "tensor2")}


def _second_order(call: Call, noise: Noise, a: str, b: str) -> Noise:
    """Noise of a product with the term that counts where a factor is no larger than its error.

    What is judged is a bound of WIDTH sigma, and so must the term be: of da and db within WIDTH
    sigma each, the product is within WIDTH (WIDTH sigma_a sigma_b).
    """
    first, second = call.noise(a), call.noise(b)
    if not first or not second:
        return noise
    value = call.args.get("value", 1) ** 2
    if call.args[a] is call.args[b]:  # d(x x) is 2 x dx, twice what two independent factors give
        noise = noise + noise
    shape = tuple(call.result.shape)
    whole = [np.broadcast_to(n.total(tuple(call.args[k].shape)), shape)
             for n, k in ((first, a), (second, b))]  # fmt: skip
    product = WIDTH**2 * value * whole[0] * whole[1]
    if first.fence is None and second.fence is None:
        return noise + Noise(product)
    return noise + Noise(fence=product)


def broadcast(noise: Noise, call: Call) -> Noise:
    """Noise of the shape of the call's result."""
    shape = tuple(call.result.shape)
    return noise.map(lambda v: np.broadcast_to(v, shape))


def differenced(call: Call) -> Noise:
    """Elementwise noise from float64 differences: near ones for the slope, far ones for kinks.

    The far step is as wide as the error may be. Where it changes the result of an op that jumps by
    more than the slope explains, the unit stands on the fence and the whole change counts; where
    an op only curves, the change is spread over that width.
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
        if call.dtype in ROUNDOFF and call.name not in JUMPS:
            noise = noise + Noise(np.where(on, (jump / WIDTH) ** 2, 0.0))
        elif on.any():
            noise = noise + Noise(fence=on * jump**2)
            if on.shape == tuple(value.shape):
                call.ledger.stand(call.name, value, on, np.where(on, jump**2, 0.0))
    noise = broadcast(noise, call)
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
    return call.rounded(broadcast(noise, call))


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
    return call.rounded(broadcast(noise, call), call.out**2 + term)


@rule("lerp")
def _lerp(call: Call) -> Noise:
    w = call.value("weight")
    noise = call.noise("input").map(lambda v: v * np.square(1 - w))
    noise = noise + call.noise("end").map(lambda v: v * np.square(w))
    a, b = call.value("input"), call.value("end")
    noise = noise + call.noise("weight").map(lambda v: v * np.square(b - a))
    return call.rounded(
        broadcast(noise, call), np.square(call.out) + np.square(a) + np.square(w * b)
    )
