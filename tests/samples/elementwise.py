"""Samples of ops that treat each element alone: arithmetic, activations, losses, random fills."""

from collections.abc import Iterator
from typing import Any

from tests.samples.spec import (
    POSITIVE,
    UNIT,
    In,
    Sample,
    both,
    drawn,
    functions,
    mask,
    one,
    scalar,
    whole,
    written,
    x,
)

POINTWISE = [
    *both(
        "abs asinh atan ceil cos cosh deg2rad erf erfc exp exp2 expm1 floor frac logical_not "
        "nan_to_num neg rad2deg relu round sgn sigmoid sign sin sinc sinh tanh trunc",
        x(),
    ),
    *both("acos asin atanh erfinv tan", x(low=-0.9, high=0.9)),
    *both("acosh", x(low=1.2, high=3)),
    *both("log log10 log1p log2 reciprocal rsqrt sqrt", x(**POSITIVE)),
    *both("logit", x(**UNIT)),
    *both("bitwise_not", x()),
    *functions("isfinite isinf isnan isneginf isposinf isreal signbit", x()),
    one("logit", lambda torch, x: torch.logit(x, eps=0.3), x(**UNIT)),
    one("logit_", lambda torch, x: x.clone().logit_(0.3), x(**UNIT)),
    one("round", lambda torch, x: torch.round(x, decimals=1), x()),
    one("round_", lambda torch, x: x.clone().round_(decimals=1), x()),
    one("nan_to_num", lambda torch, x: torch.nan_to_num(x / x, nan=0.5, posinf=1.0), x(low=0)),
]

ARITHMETIC = [
    *both("add sub mul atan2 hypot eq ne lt le gt ge", x(), x()),
    *both("div floor_divide fmod remainder", x(), x(low=1, high=3)),
    *both("logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor", x(), x()),
    *both("bitwise_left_shift bitwise_right_shift", x(low=0, high=3), x(low=0, high=3)),
    *both("copysign", x(), x()),
    *both("xlogy", x(), x(**POSITIVE)),
    *functions("fmax fmin logaddexp logaddexp2 maximum minimum rsub", x(), x()),
    *both("add mul sub", x(2, 3, 2, 2), x(3, 1, 2)),
    one("add", lambda torch, x, y: torch.add(x, y, alpha=2), x(), x()),
    one("add", lambda torch, x: 2 + x, x()),
    one("sub", lambda torch, x: x - 1, x()),
    one("mul", lambda torch, x: 3 * x, x()),
    one("reciprocal", lambda torch, x: 3 / x, x(**POSITIVE)),
    one("div", lambda torch, x, y: x.div(y, rounding_mode="trunc"), x(), x(low=1, high=3)),
    one(
        "div_", lambda torch, x, y: x.clone().div_(y, rounding_mode="floor"), x(), x(low=1, high=3)
    ),
    one("rsub", lambda torch, x: 1 - x, x()),
    one("eq", lambda torch, x: x == 1, x()),
    one("remainder", lambda torch, x: 3 % x, x(**POSITIVE)),
    *both("addcdiv", x(), x(), x(low=1, high=3)),
    *both("addcmul", x(), x(), x()),
    one("addcmul", lambda torch, x, y, z: x.addcmul(y, z, value=2), x(), x(), x()),
    *both("lerp", x(), x(), x(**UNIT)),
    one("lerp", lambda torch, x, y: torch.lerp(x, y, 0.3), x(), x()),
    one("pow", lambda torch, x, y: torch.pow(x, y), x(**POSITIVE), x(low=0, high=3)),
    one("pow", lambda torch, x: x**3, x()),
    one("pow", lambda torch, x: 2**x, x(low=0, high=3)),
    one("pow", lambda torch, x: x**0.5, x(**POSITIVE)),
    one("pow_", lambda torch, x, y: x.clone().pow_(y), x(**POSITIVE), x(low=0, high=3)),
    one("pow_", lambda torch, x: x.clone().pow_(2), x()),
    one(
        "clamp",
        lambda torch, x, a, b: torch.clamp(x, a, b),
        x(),
        x(low=-1, high=0),
        x(low=0, high=1),
    ),
    one("clamp", lambda torch, x: x.clamp(-1, 1), x()),
    one(
        "clamp_",
        lambda torch, x, a, b: x.clone().clamp_(a, b),
        x(),
        x(low=-1, high=0),
        x(low=0, high=1),
    ),
    one("clamp_", lambda torch, x: x.clone().clamp_(max=1), x()),
    *both("clamp_max clamp_min", x(), x()),
    one("clamp_min", lambda torch, x: torch.clamp_min(x, 0), x()),
    one("where_self", lambda torch, c, x, y: torch.where(c, x, y), mask(), x(), x()),
    one("where_self", lambda torch, c, x: torch.where(c, x, 0), mask(), x()),
    one("masked_fill", lambda torch, x, m: x.masked_fill(m, 1), x(), mask()),
    one("masked_fill", lambda torch, x, m, v: x.masked_fill(m, v), x(), mask(), scalar()),
    one("masked_fill_", lambda torch, x, m: x.clone().masked_fill_(m, 1), x(), mask()),
    one("masked_fill_", lambda torch, x, m, v: x.clone().masked_fill_(m, v), x(), mask(), scalar()),
    one("fill", lambda torch, x: torch.fill(x, 2), x()),
    one("fill", lambda torch, x, v: torch.fill(x, v), x(), scalar()),
    one("fill_", lambda torch, x: x.clone().fill_(2), x()),
    one("fill_", lambda torch, x, v: x.clone().fill_(v), x(), scalar()),
    *written("zero_", x()),
    *written("copy_", x(), x()),
    one("copy_", lambda torch, x, y: x.clone().copy_(y), x(2, 3, 2, 2), x(3, 1, 2)),
    one("clone", lambda torch, x: x.clone(), x()),
    one("clone", lambda torch, x: x.clone(memory_format=torch.contiguous_format), x()),
    one("convert", lambda torch, x: x.to(torch.float32), x()),
    one("convert", lambda torch, x: x.half(), x()),
    one("detach", lambda torch, x: x.detach(), x()),
]

ACTIVATIONS = [
    one("celu", lambda torch, x: torch.nn.functional.celu(x, 0.7), x()),
    one("celu_", lambda torch, x: torch.nn.functional.celu_(x.clone(), 0.7), x()),
    one("elu", lambda torch, x: torch.nn.functional.elu(x, 0.7), x()),
    one("elu_", lambda torch, x: torch.nn.functional.elu_(x.clone(), 0.7), x()),
    one("elu", lambda torch, x: torch.selu(x), x()),
    one("gelu", lambda torch, x: torch.nn.functional.gelu(x), x()),
    one("gelu", lambda torch, x: torch.nn.functional.gelu(x, approximate="tanh"), x()),
    one("hardshrink", lambda torch, x: torch.hardshrink(x, 0.7), x()),
    one("hardsigmoid", lambda torch, x: torch.nn.functional.hardsigmoid(x), x(low=-4, high=4)),
    one("hardsigmoid_", lambda torch, x: torch.nn.functional.hardsigmoid(x.clone(), True), x()),
    one("hardswish", lambda torch, x: torch.nn.functional.hardswish(x), x(low=-4, high=4)),
    one("hardswish_", lambda torch, x: torch.nn.functional.hardswish(x.clone(), True), x()),
    one("hardtanh", lambda torch, x: torch.nn.functional.hardtanh(x, -0.7, 0.9), x()),
    one("hardtanh_", lambda torch, x: torch.nn.functional.hardtanh_(x.clone(), -0.7, 0.9), x()),
    one("hardtanh", lambda torch, x: torch.nn.functional.relu6(x), x()),
    one("leaky_relu", lambda torch, x: torch.nn.functional.leaky_relu(x, 0.1), x()),
    one("leaky_relu_", lambda torch, x: torch.nn.functional.leaky_relu_(x.clone(), 0.1), x()),
    one("log_sigmoid_forward", lambda torch, x: torch.nn.functional.logsigmoid(x), x()),
    one("mish", lambda torch, x: torch.nn.functional.mish(x), x()),
    one("mish_", lambda torch, x: torch.nn.functional.mish(x.clone(), True), x()),
    one("prelu_kernel", lambda torch, x, w: torch.prelu(x, w), x(2, 3, 2, 2), x(3)),
    one("glu", lambda torch, x: torch.nn.functional.glu(x, 0), x(2, 3)),
    one("silu", lambda torch, x: torch.nn.functional.silu(x), x()),
    one("silu_", lambda torch, x: torch.nn.functional.silu(x.clone(), True), x()),
    one("softplus", lambda torch, x: torch.nn.functional.softplus(x, 2, 1.5), x()),
    one("softshrink", lambda torch, x: torch.nn.functional.softshrink(x, 0.7), x()),
    one("threshold", lambda torch, x: torch.threshold(x, 0.3, 2), x()),
    one("threshold_", lambda torch, x: torch.nn.functional.threshold_(x.clone(), 0.3, 2), x()),
    one("softmax_along", lambda torch, x: x.softmax(1), x(2, 3, 2, 2)),
    one("log_softmax_along", lambda torch, x: x.log_softmax(-1), x(2, 3, 4)),
    one("log_softmax_along", lambda torch, x: x.log_softmax(0), x(2, 3)),
]

RANDOM = [
    drawn("bernoulli", lambda torch, x: torch.bernoulli(x), x(low=0, high=1)),
    drawn("bernoulli_", lambda torch, x: x.clone().bernoulli_(0.3), x()),
    drawn("bernoulli_", lambda torch, x, p: x.clone().bernoulli_(p), x(), x(low=0, high=1)),
    drawn("cauchy_", lambda torch, x: x.clone().cauchy_(), x()),
    drawn("exponential_", lambda torch, x: x.clone().exponential_(2), x()),
    drawn("geometric_", lambda torch, x: x.clone().geometric_(0.3), x()),
    drawn("log_normal_", lambda torch, x: x.clone().log_normal_(), x()),
    drawn("multinomial", lambda torch, x: torch.multinomial(x, 2), x(2, 4, low=1, high=3)),
    drawn("normal_", lambda torch, x: x.clone().normal_(1, 2), x()),
    drawn("normal_of", lambda torch, x, y: torch.normal(x, y), x(), x(low=1, high=2)),
    drawn("normal_of", lambda torch, x: torch.normal(x, 2.0), x()),
    drawn("random_", lambda torch, x: x.clone().random_(0, 5), x()),
    drawn("uniform_", lambda torch, x: x.clone().uniform_(-1, 1), x()),
]


def losses(name: str, *given: In, op: str | None = None, **options: Any) -> Iterator[Sample]:
    """A loss of `torch.nn.functional` with each reduction."""
    for reduction in ("mean", "none", "sum"):
        known = dict(options, reduction=reduction)
        yield Sample(
            op or name,
            lambda torch, *t, k=known: getattr(torch.nn.functional, name)(*t, **k),
            given,
        )


LOSSES = [
    one(
        "embedding",
        lambda torch, i, w: torch.embedding(w, i),
        whole([0, 2], [2, 1]),
        x(3, 2),
    ),
    one(
        "embedding",
        lambda torch, i, w: torch.embedding(w, i, 2),
        whole(0, 2),
        x(3, 2),
    ),
    *losses("mse_loss", x(), x()),
    *losses("smooth_l1_loss", x(), x(), beta=0.7),
    *losses("huber_loss", x(), x(), delta=0.7),
    *losses("binary_cross_entropy", x(**UNIT), x(**UNIT)),
    *losses("binary_cross_entropy", x(**UNIT), x(**UNIT), x(**UNIT, grad=False)),
    *losses("binary_cross_entropy_with_logits", x(), x(**UNIT)),
    *losses("binary_cross_entropy_with_logits", x(), x(**UNIT), x(**UNIT, grad=False)),
    one(
        "binary_cross_entropy_with_logits",
        lambda torch, x, y, w, p: torch.nn.functional.binary_cross_entropy_with_logits(
            x, y, w, pos_weight=p, reduction="none"
        ),
        x(),
        x(**UNIT),
        x(**UNIT, grad=False),
        x(**POSITIVE, grad=False),
    ),
    *losses("nll_loss", x(3, 4), whole(1, 3, 0), op="nll_loss_forward"),
    *losses("cross_entropy", x(3, 4), whole(1, 3, 0), op="nll_loss_forward"),
    one(
        "div_scalar",
        lambda torch, x, p: torch.nn.functional.cross_entropy(x, p),
        x(3, 4),
        x(3, 4, **UNIT),
    ),
    *losses(
        "nll_loss", x(3, 4), whole(1, 3, 0), x(4, **POSITIVE, grad=False), op="nll_loss_forward"
    ),
]
