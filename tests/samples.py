"""One table of calls that reach every registered op; `test_every_op` and `cuda` run it.

A sample is a body that reads as PyTorch, and what its tensors are like. `x(...)` has the dtype
under test, `whole(...)` is int64 and `mask(...)` bool whatever that is. Shapes left out may be any:
such ops are tried on several. Ops that only a gradient reaches stand in BACKWARD.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch

import minitorch_np.nn.functional
from minitorch_np.op import REGISTRY
from tests.oracle import arrange, sample, tensors_in

__all__ = ["BACKWARD", "SAMPLES", "In", "Sample", "inputs", "labelled", "missing", "samples_of", "surplus"]

Body = Callable[..., Any]


class In(NamedTuple):
    """One tensor of a sample: its shape (None for any), range, fixed dtype, or fixed elements."""

    shape: tuple[int, ...] | None
    low: float = -2.0
    high: float = 2.0
    dtype: torch.dtype | None = None
    grad: bool = True
    elements: tuple[Any, ...] | None = None


class Sample(NamedTuple):
    """A call that reaches op `op` by `f(library, *tensors)`; `random` results depend on the device."""

    op: str
    f: Body
    inputs: tuple[In, ...]
    random: bool = False


def x(*shape: int, low: float = -2.0, high: float = 2.0, grad: bool = True) -> In:
    """A tensor of the dtype under test; no dims mean any shape."""
    return In(shape or None, low, high, grad=grad)


def scalar(low: float = -2.0, high: float = 2.0) -> In:
    """A 0-d tensor of the dtype under test."""
    return In((), low, high)


def whole(*elements: Any) -> In:
    """An int64 tensor of these elements, nested as `torch.tensor` takes them."""
    return In(None, dtype=torch.int64, grad=False, elements=elements)


def mask(*shape: int) -> In:
    """A bool tensor."""
    return In(shape or None, dtype=torch.bool, grad=False)


def functions(names: str, *given: In) -> Iterator[Sample]:
    """`torch.name(*tensors)` for each name."""
    for name in names.split():
        yield Sample(name, lambda torch, *t, n=name: getattr(torch, n)(*t), given)


def written(names: str, *given: In) -> Iterator[Sample]:
    """`x.clone().name(*rest)` for each name: in place, on no leaf."""
    for name in names.split():
        yield Sample(name, lambda torch, x, *t, n=name: getattr(x.clone(), n)(*t), given)


def both(names: str, *given: In) -> Iterator[Sample]:
    """Each name as a function, and in place."""
    yield from functions(names, *given)
    yield from written(" ".join(f"{n}_" for n in names.split()), *given)


def drawn(name: str, f: Body, *given: In) -> Sample:
    """A sample that draws from the generator, seeded first."""

    def seeded(torch: Any, *t: Any) -> Any:
        torch.manual_seed(0)
        return f(torch, *t)

    return Sample(name, seeded, given, random=True)


def one(name: str, f: Body, *given: In) -> Sample:
    """A sample of one op."""
    return Sample(name, f, given)


UNIT = {"low": 0.1, "high": 0.9}
POSITIVE = {"low": 0.5, "high": 3.0}

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
    one("div", lambda torch, x: 3 / x, x(**POSITIVE)),
    one("div", lambda torch, x, y: x.div(y, rounding_mode="trunc"), x(), x(low=1, high=3)),
    one("div_", lambda torch, x, y: x.clone().div_(y, rounding_mode="floor"), x(), x(low=1, high=3)),
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
    one("clamp", lambda torch, x, a, b: torch.clamp(x, a, b), x(), x(low=-1, high=0), x(low=0, high=1)),
    one("clamp", lambda torch, x: x.clamp(-1, 1), x()),
    one("clamp_", lambda torch, x, a, b: x.clone().clamp_(a, b), x(), x(low=-1, high=0), x(low=0, high=1)),
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
    one("convert", lambda torch, x: x.to(torch.float64), x()),
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
    one("log_sigmoid", lambda torch, x: torch.nn.functional.logsigmoid(x), x()),
    one("mish", lambda torch, x: torch.nn.functional.mish(x), x()),
    one("mish_", lambda torch, x: torch.nn.functional.mish(x.clone(), True), x()),
    one("prelu_kernel", lambda torch, x, w: torch.prelu(x, w), x(2, 3, 2, 2), x(3)),
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

REDUCTIONS = [
    *functions(
        "all any amax amin aminmax argmax argmin count_nonzero mean nansum prod std std_mean sum "
        "var var_mean",
        x(2, 3, 2, 2),
    ),
    *(
        one(name, lambda torch, x, n=name: getattr(torch, n)(x, 1, keepdim=True), x(2, 3, 4))
        for name in "all any amax amin argmax argmin mean nansum prod std std_mean sum var var_mean".split()
    ),
    *(
        one(name, lambda torch, x, n=name: getattr(torch, n)(x, (0, 2)), x(2, 3, 4))
        for name in "all any amax amin mean nansum std std_mean sum var var_mean".split()
    ),
    one("aminmax", lambda torch, x: torch.aminmax(x, dim=1), x(2, 3, 4)),
    one("count_nonzero", lambda torch, x: torch.count_nonzero(x, 0), x(2, 3)),
    one("sum", lambda torch, x: x.sum(0, dtype=torch.float64), x(2, 3)),
    one("var", lambda torch, x: x.var(-1, correction=0), x(2, 3)),
    one("logsumexp", lambda torch, x: torch.logsumexp(x, 1), x(2, 3, 4)),
    *(
        one(f"{n}_all", lambda torch, x, n=n: getattr(torch, n)(x), x(2, 3, 2, 2))
        for n in ("max", "min", "median", "nanmedian")
    ),
    *(
        one(f"{n}_dim", lambda torch, x, n=n: getattr(torch, n)(x, 1), x(2, 3, 4))
        for n in ("max", "min", "median", "nanmedian")
    ),
    one("vector_norm", lambda torch, x: torch.norm(x), x(2, 3, 2, 2)),
    one("vector_norm", lambda torch, x: torch.norm(x, 3, 1), x(2, 3, 4)),
    one("vector_norm", lambda torch, x: torch.norm(x, float("inf"), (0, 1)), x(2, 3, 4)),
    one("vector_norm", lambda torch, x: torch.norm(x, 1, -1), x(2, 3)),
]

SCANS = [
    *(
        one(n, lambda torch, x, n=n: getattr(torch, n)(x, 1), x(2, 3, 4))
        for n in ("cummax", "cummin", "cumprod", "cumsum", "logcumsumexp")
    ),
    one("cumprod_", lambda torch, x: x.clone().cumprod_(1), x(2, 3)),
    one("cumsum_", lambda torch, x: x.clone().cumsum_(0), x(2, 3)),
    one("sort", lambda torch, x: x.sort(1), x(2, 5, 2)),
    one("sort", lambda torch, x: x.sort(dim=0, descending=True, stable=True), x(5, 2)),
    one("topk", lambda torch, x: x.topk(2, 1)[0], x(2, 5, 2)),
    one("kthvalue", lambda torch, x: x.kthvalue(2, 1)[0], x(2, 5, 2)),
    one("_unique2", lambda torch, x: torch.unique(x, return_inverse=True), x(2, 3)),
    one("consecutive", lambda torch, x: torch.unique_consecutive(x), x(2, 3)),
    one("unique_dim", lambda torch, x: torch.unique(x, dim=1), x(2, 3)),
    one("bincount", lambda torch, x: torch.bincount(x), x(5, low=0, high=3)),
    one("histc", lambda torch, x: torch.histc(x, 4, -2, 2), x(2, 3)),
    one(
        "searchsorted", lambda torch, x, y: torch.searchsorted(x.sort()[0], y), x(5), x(2, 3)
    ),
    *functions("trace", x(3, 3)),
]

PRODUCTS = [
    *both("addbmm", x(2, 4), x(3, 2, 3), x(3, 3, 4)),
    *both("addmm", x(2, 4), x(2, 3), x(3, 4)),
    *both("addmv", x(2), x(2, 3), x(3)),
    *both("addr", x(2, 3), x(2), x(3)),
    *both("baddbmm", x(3, 2, 4), x(3, 2, 3), x(3, 3, 4)),
    one("addmm", lambda torch, x, y, z: torch.addmm(x, y, z, beta=2, alpha=3), x(4), x(2, 3), x(3, 4)),
    one("addmm", lambda torch, x, w, b: torch.nn.functional.linear(x, w, b), x(2, 3), x(4, 3), x(4)),
    *functions("bmm", x(3, 2, 3), x(3, 3, 4)),
    *functions("dot vdot", x(4), x(4)),
    *functions("mm", x(2, 3), x(3, 4)),
    *functions("mv", x(2, 3), x(3)),
    one("bmm", lambda torch, x, y: x @ y, x(2, 1, 2, 3), x(2, 3, 2)),
    one("squeezed", lambda torch, x, y: x @ y, x(3), x(3, 4)),
    one("linalg_cross", lambda torch, x, y: torch.linalg.cross(x, y), x(2, 3), x(2, 3)),
    one("qr", lambda torch, x: torch.linalg.qr(x), x(3, 2, grad=False)),
    one("unsafe_view", lambda torch, x, y: x @ y, x(2, 2, 3), x(3, 2)),
]

VIEWS = [
    one("as_strided", lambda torch, x: x.as_strided((2, 2), (1, 2), 1), x(3, 4)),
    one("as_strided_", lambda torch, x: x.clone().as_strided_((2, 2), (1, 2), 1), x(3, 4)),
    *functions("diagonal", x(3, 4, 2)),
    one("diagonal", lambda torch, x: x.diagonal(-1, 2, 0), x(3, 4, 2)),
    one("expand", lambda torch, x: x.expand(2, -1, 3), x(2, 1)),
    one("permute", lambda torch, x: x.permute(2, 0, 1), x(2, 3, 4)),
    one("reshape_alias", lambda torch, x: x.reshape(6, 4), x(2, 3, 4)),
    one("same_view", lambda torch, x: x[...], x(2, 3)),
    one("select", lambda torch, x: x.select(1, -1), x(2, 3, 4)),
    one("slice", lambda torch, x: x[:, 1::2], x(2, 4)),
    one("split", lambda torch, x: x.split([1, 2], 1), x(2, 3, 2)),
    one("squeeze", lambda torch, x: x.squeeze(), x(2, 1, 3, 1)),
    one("squeeze", lambda torch, x: x.squeeze((1, 3)), x(2, 1, 3, 1)),
    one("squeeze_", lambda torch, x: x.clone().squeeze_(1), x(2, 1, 3)),
    *functions("t", x(2, 3)),
    *written("t_", x(2, 3)),
    one("transpose", lambda torch, x: x.transpose(0, -1), x(2, 3, 4)),
    one("transpose_", lambda torch, x: x.clone().transpose_(0, 1), x(2, 3, 4)),
    one("unbind", lambda torch, x: x.unbind(1), x(2, 3, 2)),
    one("unfold", lambda torch, x: x.unfold(1, 2, 1), x(2, 4)),
    one("unsqueeze", lambda torch, x: x.unsqueeze(-1), x(2, 3)),
    one("unsqueeze_", lambda torch, x: x.clone().unsqueeze_(1), x(2, 3)),
    one("view", lambda torch, x: x.view(3, 2, 4), x(6, 4)),
    one("view_dtype", lambda torch, x: x.view(torch.uint8), x(2, 4)),
]

REARRANGED = [
    one("cat", lambda torch, x, y: torch.cat([x, y], 1), x(2, 3, 2, 2), x(2, 1, 2, 2)),
    one("stack", lambda torch, x, y: torch.stack([x, y], 1), x(2, 3, 4), x(2, 3, 4)),
    one("diag_embed", lambda torch, x: torch.diag_embed(x, 1, 0, 2), x(2, 3)),
    *functions("diagonal_copy", x(3, 4, 2)),
    one("diagonal_scatter", lambda torch, x, y: torch.diagonal_scatter(x, y, 1), x(3, 4), x(3)),
    one("select_scatter", lambda torch, x, y: torch.select_scatter(x, y, 1, 0), x(2, 3, 4), x(2, 4)),
    one("slice_scatter", lambda torch, x, y: x.slice_scatter(y, 1, 0, 4, 2), x(2, 4), x(2, 2)),
    one("flip", lambda torch, x: x.flip(0, -1), x(2, 3, 2, 2)),
    one("repeat", lambda torch, x: x.repeat(2, 1, 3), x(2, 3)),
    one("repeated_indices", lambda torch, x, n: torch.repeat_interleave(x, n, 0), x(3, 2), whole(1, 0, 2)),
    one("roll", lambda torch, x: x.roll(2, 1), x(2, 3, 2, 2)),
    one("roll", lambda torch, x: x.roll((1, 2), (0, 1)), x(2, 3, 4)),
    one("rot90", lambda torch, x: torch.rot90(x, 1, (0, 2)), x(2, 3, 4)),
    one("rot90", lambda torch, x: torch.rot90(x, 2), x(2, 3)),
    *both("tril triu", x(3, 4)),
    one("tril", lambda torch, x: torch.tril(x, -1), x(2, 3, 3)),
]

ROWS = whole(2, 0, 2)

INDEXED = [
    one("index", lambda torch, x, i: x[i], x(3, 2, 2, 2), ROWS),
    one("index", lambda torch, x, i, j: x[:, i, j], x(2, 3, 4), whole(0, -1), whole([1], [3])),
    one("index", lambda torch, x, m: x[m], x(2, 3), mask(2, 3)),
    one("index_put", lambda torch, x, i, v: torch.index_put(x, (i,), v), x(3, 2), whole(2, 0), x(2, 2)),
    one(
        "index_put", lambda torch, x, i, v: x.index_put((i,), v, accumulate=True), x(3, 2), ROWS, x(3, 2)
    ),
    one(
        "index_put_", lambda torch, x, i, v: x.clone().index_put_((i,), v), x(3, 2), whole(2, 0), x(2, 2)
    ),
    one("index_select", lambda torch, x, i: x.index_select(1, i), x(2, 3, 4), ROWS),
    one("index_add", lambda torch, x, i, y: x.index_add(0, i, y, alpha=2), x(3, 2), ROWS, x(3, 2)),
    one("index_add_", lambda torch, x, i, y: x.clone().index_add_(0, i, y), x(3, 2), ROWS, x(3, 2)),
    one("index_copy", lambda torch, x, i, y: x.index_copy(0, i, y), x(3, 2), whole(2, 0), x(2, 2)),
    one(
        "index_copy_", lambda torch, x, i, y: x.clone().index_copy_(0, i, y), x(3, 2), whole(2, 0), x(2, 2)
    ),
    one("index_fill", lambda torch, x, i: x.index_fill(0, i, 1), x(3, 2), whole(2, 0)),
    one("index_fill", lambda torch, x, i, v: x.index_fill(1, i, v), x(2, 3), whole(2, 0), scalar()),
    one("index_fill_", lambda torch, x, i: x.clone().index_fill_(0, i, 1), x(3, 2), whole(2, 0)),
    one("index_fill_", lambda torch, x, i, v: x.clone().index_fill_(0, i, v), x(3, 2), whole(0), scalar()),
    one("gather", lambda torch, x, i: x.gather(1, i), x(2, 3), whole([0, 2, 2, 1], [1, 1, 0, 0])),
    one("scatter", lambda torch, x, i, y: x.scatter(1, i, y), x(2, 4), whole([0, 2], [3, 1]), x(2, 2)),
    one("scatter", lambda torch, x, i: x.scatter(1, i, 1), x(2, 4), whole([0, 2], [3, 1])),
    one(
        "scatter_", lambda torch, x, i, y: x.clone().scatter_(1, i, y), x(2, 4), whole([0, 2], [3, 1]), x(2, 2)
    ),
    one(
        "scatter_add", lambda torch, x, i, y: x.scatter_add(1, i, y), x(2, 4), whole([0, 0], [3, 1]), x(2, 2)
    ),
    one(
        "scatter_add_",
        lambda torch, x, i, y: x.clone().scatter_add_(1, i, y),
        x(2, 4), whole([0, 0], [3, 1]), x(2, 2),
    ),
    *functions("masked_select", x(2, 3), mask(2, 3)),
    *both("masked_scatter", x(2, 3), mask(2, 3), x(2, 3)),
    one("nonzero_matrix", lambda torch, x: torch.nonzero(x), x(2, 3)),
    one("nonzero_numpy", lambda torch, x: torch.nonzero(x, as_tuple=True), x(2, 3)),
    *functions("take", x(2, 3), whole([0, 5], [5, -1])),
    one("put", lambda torch, x, i, y: torch.put(x, i, y), x(2, 3), whole(5, 1), x(2)),
    one("put", lambda torch, x, i, y: x.put(i, y, accumulate=True), x(2, 3), whole(5, 5), x(2)),
    one("put_", lambda torch, x, i, y: x.clone().put_(i, y), x(2, 3), whole(5, 1), x(2)),
]  # fmt: skip

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
            op or name, lambda torch, *t, k=known: getattr(torch.nn.functional, name)(*t, **k), given
        )


LOSSES = [
    *losses("mse_loss", x(), x()),
    *losses("smooth_l1_loss", x(), x(), beta=0.7),
    *losses("huber_loss", x(), x(), delta=0.7),
    *losses("binary_cross_entropy", x(**UNIT), x(**UNIT)),
    *losses("binary_cross_entropy", x(**UNIT), x(**UNIT), x(**UNIT, grad=False)),
    *losses("binary_cross_entropy_with_logits", x(), x(**UNIT)),
    *losses("nll_loss", x(3, 4), whole(1, 3, 0), op="nll_loss_forward"),
    *losses("cross_entropy", x(3, 4), whole(1, 3, 0), op="nll_loss_forward"),
    *losses("cross_entropy", x(3, 4), x(3, 4, **UNIT), op="div_scalar"),
    *losses("nll_loss", x(3, 4), whole(1, 3, 0), x(4, **POSITIVE, grad=False), op="nll_loss_forward"),
]

SAMPLES: list[Sample] = [
    *POINTWISE, *ARITHMETIC, *ACTIVATIONS, *REDUCTIONS, *SCANS, *PRODUCTS, *VIEWS, *REARRANGED, *INDEXED,
    *RANDOM, *LOSSES,
]  # fmt: skip

BACKWARD = {
    "binary_cross_entropy_backward": "binary_cross_entropy",
    "diagonal_backward": "diagonal",
    "elu_backward": "elu",
    "gelu_backward": "gelu",
    "hardshrink_backward": "hardshrink",
    "hardsigmoid_backward": "hardsigmoid",
    "hardswish_backward": "hardswish",
    "hardtanh_backward": "hardtanh",
    "huber_loss_backward": "huber_loss",
    "index_backward": "index",
    "leaky_relu_backward": "leaky_relu",
    "log_sigmoid_backward": "log_sigmoid",
    "log_softmax_backward_data": "log_softmax_along",
    "mish_backward": "mish",
    "mse_loss_backward": "mse_loss",
    "nll_loss_backward": "nll_loss_forward",
    "select_backward": "select",
    "sigmoid_backward": "sigmoid",
    "silu_backward": "silu",
    "slice_backward": "slice",
    "smooth_l1_loss_backward": "smooth_l1_loss",
    "softmax_backward_data": "softmax_along",
    "softplus_backward": "softplus",
    "softshrink_backward": "softshrink",
    "tanh_backward": "tanh",
    "threshold_backward": "relu",
    "unfold_backward": "unfold",
}
"""Ops that the gradient of a sampled op runs, and which."""


def missing() -> list[str]:
    """Registered ops that no sample reaches."""
    return sorted(REGISTRY.keys() - {s.op for s in SAMPLES} - BACKWARD.keys())


def surplus() -> list[str]:
    """Names in the table that no registered op has."""
    return sorted(({s.op for s in SAMPLES} | BACKWARD.keys()) - REGISTRY.keys())


def samples_of(op: str) -> list[Sample]:
    """The samples of an op, or those whose gradient reaches it."""
    return [s for s in SAMPLES if s.op == BACKWARD.get(op, op)]


def accepts(s: Sample, dtype: torch.dtype) -> bool:
    """Whether PyTorch on the CPU runs a sample on this dtype."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            s.f(torch, *inputs(s, dtype))
    except Exception:  # any refusal is one
        return False
    return True


def usual(s: Sample, dtype: torch.dtype = torch.float32) -> torch.dtype:
    """`dtype`, or int64 for a sample that takes no floating numbers."""
    return dtype if accepts(s, dtype) else torch.int64


def derivatives(s: Sample) -> int:
    """How often PyTorch differentiates a sample in float64: not at all, once, or twice."""
    given = inputs(s, torch.float64)
    leaves = [t for t in given if t.requires_grad]
    if not leaves or not accepts(s, torch.float64):
        return 0
    for order in range(2):
        out = [t for t in tensors_in(s.f(torch, *given) if not order else found) if t.requires_grad]
        weights = [torch.ones_like(t).requires_grad_() for t in out]
        try:
            found = torch.autograd.grad(out, leaves, weights, create_graph=True, allow_unused=True)
        except (RuntimeError, NotImplementedError):
            return order
        leaves = [*leaves, *weights]
    return 2


def labelled() -> list[tuple[str, Sample]]:
    """Every sample with a name of its own: that of its op, numbered from the second on."""
    count: dict[str, int] = {}
    found: list[tuple[str, Sample]] = []
    for s in SAMPLES:
        count[s.op] = count.get(s.op, 0) + 1
        found.append((s.op if count[s.op] == 1 else f"{s.op}-{count[s.op]}", s))
    return found


def inputs(
    s: Sample, dtype: torch.dtype, shape: tuple[int, ...] = (2, 3), layouts: tuple[str, ...] = ()
) -> list[torch.Tensor]:
    """A sample's tensors for one dtype; `shape` where any will do, `layouts` in turn for each."""
    made: list[torch.Tensor] = []
    for seed, spec in enumerate(s.inputs):
        if spec.elements is not None:
            made.append(torch.tensor(spec.elements, dtype=spec.dtype))
            continue
        t = sample(
            *(shape if spec.shape is None else spec.shape), dtype=spec.dtype or dtype, seed=seed,
            low=spec.low, high=spec.high, grad=spec.grad,
        )  # fmt: skip
        layout = layouts[seed % len(layouts)] if layouts else "contiguous"
        if layout == "expanded" and t.ndim:
            t = t.detach()[..., :1].expand(t.shape).requires_grad_(t.requires_grad)
        elif layout != "contiguous":
            t = arrange(t, layout)
        made.append(t)
    return made
