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
    dtype_name,
    is_tensor,
    only,
    tensors_in,
)
from experiments.harness.tables import (
    DRAWN,
    FACTORS,
    GIVEN,
    JUMPS,
    MAGNITUDES,
    MOVES,
    PARTIALS,
    POINTWISE,
    SUMS,
    UNROUNDED,
)

Rule = Callable[[Call], Noise | tuple[Noise, ...]]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers a rule under each of its ops' names."""

    def register(f: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, f))
        return f

    return register


def noise_of(call: Call) -> Noise | tuple[Noise, ...]:
    """Noise of the call's results, or of the first if only that can have any.

    Raises: UnknownOp for an op without a rule, or an argument that its rule leaves out.
    """
    doubtful = {n for n, v in call.args.items() if any(map(call.ledger.doubts, tensors_in(v)))}
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
                if on.shape == jump.shape:
                    call.stand(on, jump, lambda v: v != 0, name)
                return Noise(fence=jump)
            return Noise(fence=np.full(call.out.shape, _reach(call) ** 2))
    return EXACT


def _reach(call: Call) -> float:
    """The most that a cell of the result moves when another index picks or places a value."""
    names = ("input", "src", "source", "values", "grad", "grad_output")
    cells = [call.value(n).ravel() for n in names if is_tensor(call.args.get(n))]
    if call.name.endswith("backward"):  # what is placed nowhere else leaves zeros
        cells.append(np.zeros(1))
    return float(np.ptp(np.concatenate(cells)))


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
            noise = noise + Noise(only(on, (jump / WIDTH) ** 2))
        elif on.any():
            noise = noise + Noise(fence=on * jump**2)
            if on.shape == tuple(value.shape):
                call.stand(on, jump**2, _nearer(call, name, x, far), name)
    noise = broadcast(noise, call)
    if call.name in UNROUNDED:
        return noise
    magnitude = MAGNITUDES.get(call.name)
    return call.rounded(noise, None if magnitude is None else magnitude(call))


def _nearer(call: Call, name: str, x: Array, far: Array) -> Callable[[Array], Array]:
    """Where an argument's values bring a result nearer to that far above `x` than far below."""
    low, high = (call.replay({name: x + h}) * 1.0 for h in (-far, far))

    def side(values: Array) -> Array:
        out = call.replay({name: values.astype(np.float64)}) * 1.0
        return np.abs(out - high) < np.abs(out - low)

    return side


def _linear(call: Call, name: str, own: Noise) -> Noise:
    """Noise through an argument that the result is linear in: its factor, squared."""
    factor = call.replay({name: np.ones(tuple(call.args[name].shape))})
    return own.map(lambda v: np.asarray(v * factor**2))


@rule("relu")
def _relu(call: Call) -> Noise:
    z, own = call.value("input"), call.noise("input")
    margin = WIDTH * np.sqrt(own.total(z.shape))
    return own.map(lambda v: only(z > -margin, v))


@rule("threshold_backward")
def _threshold_backward(call: Call) -> Noise:
    own, g, z = call.noise("grad_output"), call.value("grad_output"), call.value("input")
    margin, threshold = WIDTH * np.sqrt(call.noise("input").total(z.shape)), call.args["threshold"]
    on = (np.abs(z - threshold) <= margin) & (margin > 0)
    noise = own.map(lambda v: only(on | (z > threshold), v))
    if on.any():
        jump = only(on, g**2)
        call.stand(on, jump, lambda v: v > threshold, "input")
        noise = noise + Noise(fence=jump)
    return noise


@rule("sqrt")
def _sqrt(call: Call) -> Noise:
    # Near 0 the derivative is infinite, yet |sqrt(a) - sqrt(b)| is never above sqrt(|a - b|).
    x = np.maximum(call.value("input"), 0)
    slope = np.divide(0.25, x, out=np.full(x.shape, np.inf), where=x > 0)
    return call.rounded(
        call.noise("input").map(
            lambda v: only(v > 0, np.minimum(np.sqrt(v), v * np.minimum(slope, 1e300)))
        )
    )


@rule("div", "true_divide")
def _div(call: Call) -> Noise:
    if call.args.get("rounding_mode") is not None:
        return differenced(call)
    b, out = call.value("other"), call.out
    with np.errstate(all="ignore"):
        inverse = np.square(1.0 / np.asarray(b, np.float64))
        noise = call.noise("input").map(lambda v: only(v != 0, v * inverse))
        noise = noise + call.noise("other").map(lambda v: only(v != 0, v * out**2 * inverse))
    return call.rounded(broadcast(noise, call))


@rule("addcdiv")
def _addcdiv(call: Call) -> Noise:
    a, b, value = call.value("tensor1"), call.value("tensor2"), call.args.get("value", 1)
    with np.errstate(all="ignore"):
        inverse = np.square(value / np.asarray(b, np.float64))
        noise = call.noise("input")
        noise = noise + call.noise("tensor1").map(lambda v: only(v != 0, v * inverse))
        noise = noise + call.noise("tensor2").map(
            lambda v: only(v != 0, v * np.square(a / b) * inverse)
        )
        term = only(a != 0, a**2 * inverse)
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
