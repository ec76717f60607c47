"""Ops that touch each element once or fold it away, beside PyTorch's, on 512 x 784 float32.

    python -m benchmarks.elementwise [--seconds 0.05] [--only WORD]

One process, one thread, the two take turns. Not here, and why: views move no data; products of
matrices are in `benchmarks.matmul`; ops on integers alone (bitwise, bincount) and those whose work
depends on the values (unique, nonzero, multinomial) are no elementwise loops.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

import minitorch_np
from benchmarks.timing import OURS, Row, take_turns

PEER = "PyTorch"
ROWS, COLUMNS = 512, 784
TARGETS = {PEER: 1.5}

Library = Any
Case = Callable[[Library, "Inputs"], Any]


class Inputs:
    """The same values for one of the libraries. `a`, `b`, `c` are normal, `p` lies in (0.05, 0.95),
    `above` in (1.05, 2), `turned` is a transposed view, and `narrow` and `cubes` show `a` as a
    matrix of four columns and as many small ones."""

    def __init__(self, lib: Library) -> None:
        random = np.random.default_rng(0)

        def normal(*shape: int) -> Any:
            return lib.tensor(random.standard_normal(shape, np.float32))

        shape = (ROWS, COLUMNS)
        self.a, self.b, self.c = normal(*shape), normal(*shape), normal(*shape)
        self.p = lib.tensor(random.uniform(0.05, 0.95, shape).astype(np.float32))
        self.q = lib.tensor(random.uniform(0.05, 0.95, shape).astype(np.float32))
        self.above = lib.tensor(random.uniform(1.05, 2, shape).astype(np.float32))
        self.row, self.column = normal(COLUMNS), normal(ROWS, 1)
        self.turned = normal(COLUMNS, ROWS).t()
        self.narrow, self.cubes = self.a.view(-1, 4), self.a.view(-1, 16, 8)
        self.mask = self.a > 0
        self.double, self.half = self.a.to(lib.float64), self.a.to(lib.float16)
        self.brain, self.int = self.a.to(lib.bfloat16), (self.a * 100).to(lib.int64)
        self.order = lib.tensor(random.permutation(ROWS))
        self.places = lib.tensor(random.integers(0, COLUMNS, shape))
        self.row_places = lib.tensor(random.integers(0, ROWS, shape))
        self.labels = lib.tensor(random.integers(0, COLUMNS, (ROWS,)))
        self.work = lib.empty(ROWS, COLUMNS)
        self.halves = {
            kind: Halves(*[x.to(kind) for x in (self.a, self.b, self.row, self.column)])
            for kind in (lib.float16, lib.bfloat16)
        }


class Halves:
    """Some of `Inputs` in a half type."""

    def __init__(self, a: Any, b: Any, row: Any, column: Any) -> None:
        self.a, self.b, self.row, self.column = a, b, row, column


def named(names: str, case: Callable[[str], Case]) -> dict[str, Case]:
    """A case for each of the names."""
    return {name: case(name) for name in names.split()}


UNARY: dict[str, Case] = {
    **named(
        "abs atan asinh ceil cos cosh deg2rad erf erfc exp exp2 expm1 floor frac isfinite isinf "
        "isnan isneginf isposinf isreal logical_not nan_to_num neg rad2deg reciprocal round sgn "
        "sigmoid sign signbit sin sinc sinh square tan tanh trunc",
        lambda name: lambda lib, t: getattr(lib, name)(t.a),
    ),
    **named(
        "acos asin atanh erfinv log log10 log1p log2 logit rsqrt sqrt",
        lambda name: lambda lib, t: getattr(lib, name)(t.p),
    ),
    "acosh": lambda lib, t: lib.acosh(t.above),
}

ACTIVATION: dict[str, Case] = {
    **named(
        "celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu "
        "relu6 selu silu softplus softshrink softsign tanhshrink",
        lambda name: lambda lib, t: getattr(lib.nn.functional, name)(t.a),
    ),
    "gelu tanh": lambda lib, t: lib.nn.functional.gelu(t.a, approximate="tanh"),
    "glu": lambda lib, t: lib.nn.functional.glu(t.a),
    "threshold": lambda lib, t: lib.nn.functional.threshold(t.a, 0.1, 2.0),
    "prelu": lambda lib, t: lib.prelu(t.a, t.row),
    "softmax dim 0": lambda lib, t: lib.softmax(t.a, 0),
    "softmax dim 1": lambda lib, t: lib.softmax(t.a, 1),
    "log_softmax dim 0": lambda lib, t: lib.log_softmax(t.a, 0),
    "log_softmax dim 1": lambda lib, t: lib.log_softmax(t.a, 1),
    "softmin dim 1": lambda lib, t: lib.nn.functional.softmin(t.a, 1),
}

BINARY: dict[str, Case] = {
    **named(
        "add sub mul div atan2 copysign eq ne lt le gt ge fmax fmin fmod hypot logaddexp "
        "logaddexp2 logical_and logical_or logical_xor maximum minimum remainder xlogy "
        "floor_divide rsub",
        lambda name: lambda lib, t: getattr(lib, name)(t.a, t.b),
    ),
    "pow": lambda lib, t: lib.pow(t.p, t.b),
    **{
        f"{name} number": case
        for name, case in named(
            "add sub mul div eq lt gt fmod remainder floor_divide rsub",
            lambda name: lambda lib, t: getattr(lib, name)(t.a, 1.5),
        ).items()
    },
    **{
        f"{name} row": case
        for name, case in named(
            "add mul div lt maximum", lambda name: lambda lib, t: getattr(lib, name)(t.a, t.row)
        ).items()
    },
    **{
        f"{name} column": case
        for name, case in named(
            "add mul div lt maximum", lambda name: lambda lib, t: getattr(lib, name)(t.a, t.column)
        ).items()
    },
    **{f"pow {n}": (lambda lib, t, n=n: lib.pow(t.p, n)) for n in (2, 3, 0.5, -1, 1.7)},
    "number pow": lambda lib, t: lib.pow(1.7, t.a),
    "add alpha": lambda lib, t: lib.add(t.a, t.b, alpha=0.3),
    "add transposed": lambda lib, t: lib.add(t.a, t.turned),
    "div floor": lambda lib, t: lib.div(t.a, t.b, rounding_mode="floor"),
    "div trunc": lambda lib, t: lib.div(t.a, t.b, rounding_mode="trunc"),
}

CONDITIONAL: dict[str, Case] = {
    "where": lambda lib, t: lib.where(t.mask, t.a, t.b),
    "where number": lambda lib, t: lib.where(t.mask, t.a, 0.5),
    "masked_fill": lambda lib, t: lib.masked_fill(t.a, t.mask, 0.5),
    "clamp": lambda lib, t: lib.clamp(t.a, -0.5, 0.5),
    "clamp tensors": lambda lib, t: lib.clamp(t.a, t.b, t.c),
    "clamp_min": lambda lib, t: lib.clamp_min(t.a, 0.1),
    "clamp_max": lambda lib, t: lib.clamp_max(t.a, 0.1),
    "lerp": lambda lib, t: lib.lerp(t.a, t.b, 0.3),
    "lerp tensor": lambda lib, t: lib.lerp(t.a, t.b, t.p),
    "addcmul": lambda lib, t: lib.addcmul(t.a, t.b, t.c, value=0.5),
    "addcdiv": lambda lib, t: lib.addcdiv(t.a, t.b, t.above, value=0.5),
    "isclose": lambda lib, t: lib.isclose(t.a, t.b),
}

_ALONG = "sum mean amax amin max min argmax argmin var std nansum prod median"
REDUCTION: dict[str, Case] = {
    **named(
        f"{_ALONG} all any count_nonzero aminmax",
        lambda name: lambda lib, t: getattr(lib, name)(t.p if name == "prod" else t.a),
    ),
    "norm": lambda lib, t: lib.linalg.vector_norm(t.a),
    "std_mean": lambda lib, t: lib.std_mean(t.a),
    "logsumexp": lambda lib, t: lib.logsumexp(t.a, (0, 1)),
    **{
        f"{name} dim {dim}": (
            lambda lib, t, name=name, dim=dim: getattr(lib, name)(
                t.p if name == "prod" else t.a, dim=dim
            )
        )
        for name in f"{_ALONG} all any count_nonzero aminmax logsumexp".split()
        for dim in (0, 1)
    },
    **{
        f"norm {order} dim {dim}": (
            lambda lib, t, order=order, dim=dim: lib.linalg.vector_norm(t.a, order, dim)
        )
        for order in (1, 2, 3, math.inf)
        for dim in (0, 1)
    },
    "all mask": lambda lib, t: lib.all(t.mask),
    "any mask dim 1": lambda lib, t: lib.any(t.mask, 1),
    "sum mask": lambda lib, t: lib.sum(t.mask),
    "sum transposed": lambda lib, t: lib.sum(t.turned, 1),
}

SCAN: dict[str, Case] = {
    f"{name} dim {dim}": (
        lambda lib, t, name=name, dim=dim: getattr(lib, name)(
            t.p if name == "cumprod" else t.a, dim
        )
    )
    for name in ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp")
    for dim in (0, 1)
}

NARROW: dict[str, Case] = {
    f"{name} {where}": (
        lambda lib, t, name=name, where=where: getattr(lib, name)(
            t.cubes if "matrices" in where else t.narrow, dim=0 if "columns" in where else 1
        )
    )
    for name in "sum nansum prod amax cumsum cumprod cummax softmax log_softmax logsumexp".split()
    for where in ("of 4 columns", "of rows of 4", "within 16x8 matrices")
}

LOSS: dict[str, Case] = {
    **named(
        "mse_loss l1_loss smooth_l1_loss huber_loss",
        lambda name: lambda lib, t: getattr(lib.nn.functional, name)(t.a, t.b),
    ),
    "mse_loss none": lambda lib, t: lib.nn.functional.mse_loss(t.a, t.b, reduction="none"),
    "binary_cross_entropy": lambda lib, t: lib.nn.functional.binary_cross_entropy(t.p, t.q),
    "bce with logits": lambda lib, t: lib.nn.functional.binary_cross_entropy_with_logits(t.a, t.q),
    "cross_entropy": lambda lib, t: lib.nn.functional.cross_entropy(t.a, t.labels),
    "nll_loss": lambda lib, t: lib.nn.functional.nll_loss(t.a, t.labels),
    "kl_div": lambda lib, t: lib.nn.functional.kl_div(t.a, t.q, reduction="batchmean"),
    "normalized rows": lambda lib, t: (
        (t.a - t.a.mean(1, True)) * lib.rsqrt(t.a.var(1, keepdim=True, correction=0) + 1e-5)
    ),
}

COPY: dict[str, Case] = {
    "clone": lambda lib, t: t.a.clone(),
    "clone transposed": lambda lib, t: t.turned.clone(),
    "contiguous transposed": lambda lib, t: t.turned.contiguous(),
    "copy_": lambda lib, t: t.work.copy_(t.a),
    "copy_ transposed": lambda lib, t: t.work.copy_(t.turned),
    "fill_": lambda lib, t: t.work.fill_(0.5),
    "zero_": lambda lib, t: t.work.zero_(),
    "cat dim 0": lambda lib, t: lib.cat([t.a, t.b], 0),
    "cat dim 1": lambda lib, t: lib.cat([t.a, t.b], 1),
    "stack dim 0": lambda lib, t: lib.stack([t.a, t.b], 0),
    "stack dim 2": lambda lib, t: lib.stack([t.a, t.b], 2),
    "flip dim 0": lambda lib, t: lib.flip(t.a, (0,)),
    "flip dim 1": lambda lib, t: lib.flip(t.a, (1,)),
    "roll": lambda lib, t: lib.roll(t.a, 5),
    "roll dim 1": lambda lib, t: lib.roll(t.a, 5, 1),
    "rot90": lambda lib, t: lib.rot90(t.a),
    "repeat": lambda lib, t: t.a.repeat(2, 1),
    "repeat_interleave": lambda lib, t: t.a.repeat_interleave(2, 0),
    "tril": lambda lib, t: lib.tril(t.a),
    "triu": lambda lib, t: lib.triu(t.a),
    "diag_embed": lambda lib, t: lib.diag_embed(t.row),
}

INDEX: dict[str, Case] = {
    "index_select dim 0": lambda lib, t: lib.index_select(t.a, 0, t.order),
    "index_select dim 1": lambda lib, t: lib.index_select(t.a, 1, t.order),
    "index rows": lambda lib, t: t.a[t.order],
    "embedding": lambda lib, t: lib.embedding(t.a, t.order),
    "gather dim 0": lambda lib, t: lib.gather(t.a, 0, t.row_places),
    "gather dim 1": lambda lib, t: lib.gather(t.a, 1, t.places),
    "take": lambda lib, t: lib.take(t.a, t.places),
    "index_add": lambda lib, t: lib.index_add(t.a, 0, t.order, t.b),
    "index_copy": lambda lib, t: lib.index_copy(t.a, 0, t.order, t.b),
    "index_fill": lambda lib, t: lib.index_fill(t.a, 0, t.order[:50], 0.5),
    "scatter dim 1": lambda lib, t: lib.scatter(t.a, 1, t.places, t.b),
    "scatter_add dim 1": lambda lib, t: lib.scatter_add(t.a, 1, t.places, t.b),
    "masked_select": lambda lib, t: lib.masked_select(t.a, t.mask),
    "masked_scatter": lambda lib, t: lib.masked_scatter(t.a, t.mask, t.b),
}

SORT: dict[str, Case] = {
    "sort dim 1": lambda lib, t: lib.sort(t.a, 1),
    "sort dim 0": lambda lib, t: lib.sort(t.a, 0),
    "topk 5": lambda lib, t: lib.topk(t.a, 5, 1),
    "kthvalue": lambda lib, t: lib.kthvalue(t.a, 5, 1),
}

CAST: dict[str, Case] = {
    f"{source} to {target}": (
        lambda lib, t, source=source, target=target: getattr(t, source).to(getattr(lib, target))
    )
    for source, targets in {
        "a": "float64 float16 bfloat16 int32 int64 uint8 bool",
        "double": "float32",
        "half": "float32",
        "brain": "float32",
        "int": "float32",
        "mask": "float32",
    }.items()
    for target in targets.split()
}

INPLACE: dict[str, Case] = {
    **named(
        "abs_ ceil_ cos_ erf_ exp_ logical_not_ neg_ reciprocal_ sigmoid_ sin_ tanh_ trunc_",
        lambda name: lambda lib, t: getattr(t.work, name)(),
    ),
    **named(
        "add_ sub_ div_ eq_ lt_ copysign_",
        lambda name: lambda lib, t: getattr(t.work, name)(t.b),
    ),
    **named(
        "hardsigmoid hardtanh leaky_relu relu",
        lambda name: lambda lib, t: getattr(lib.nn.functional, name)(t.work, inplace=True),
    ),
    "mul_": lambda lib, t: t.work.mul_(t.above),
    "add_ number": lambda lib, t: t.work.add_(1.5),
    "mul_ number": lambda lib, t: t.work.mul_(1.5),
    "add_ row": lambda lib, t: t.work.add_(t.row),
    "clamp_": lambda lib, t: t.work.clamp_(-0.5, 0.5),
    "lerp_": lambda lib, t: t.work.lerp_(t.b, 0.3),
    "addcmul_": lambda lib, t: t.work.addcmul_(t.b, t.c, value=0.5),
    "addcdiv_": lambda lib, t: t.work.addcdiv_(t.b, t.above, value=0.5),
    "masked_fill_": lambda lib, t: t.work.masked_fill_(t.mask, 0.5),
    "cumsum_": lambda lib, t: t.work.cumsum_(1),
    "index_add_": lambda lib, t: t.work.index_add_(0, t.order, t.b),
    "tril_": lambda lib, t: t.work.tril_(),
}
"""Each goes on from its own result, which stays normal or becomes infinite."""

RANDOM: dict[str, Case] = {
    **named(
        "uniform_ normal_ random_ bernoulli_ exponential_ cauchy_ log_normal_",
        lambda name: lambda lib, t: getattr(t.work, name)(),
    ),
    "geometric_": lambda lib, t: t.work.geometric_(0.3),
    "rand": lambda lib, t: lib.rand(ROWS, COLUMNS),
    "randn": lambda lib, t: lib.randn(ROWS, COLUMNS),
    "rand float64": lambda lib, t: lib.rand(ROWS, COLUMNS, dtype=lib.float64),
    "randn float64": lambda lib, t: lib.randn(ROWS, COLUMNS, dtype=lib.float64),
    "randint": lambda lib, t: lib.randint(10, (ROWS, COLUMNS)),
    "randperm": lambda lib, t: lib.randperm(ROWS * COLUMNS),
    "bernoulli": lambda lib, t: lib.bernoulli(t.p),
    "dropout": lambda lib, t: lib.nn.functional.dropout(t.a),
}

FADING: dict[str, Case] = {
    **named(
        "elu hardswish mish selu silu",
        lambda name: lambda lib, t: getattr(lib.nn.functional, name)(t.work, inplace=True),
    ),
    "pow_": lambda lib, t: t.work.pow_(2),
}
"""Those whose results would fade into denormal numbers, and so start anew each time."""

_OF_HALVES: dict[str, Callable[[Library, Inputs, Halves], Any]] = {
    **{
        name: (lambda lib, _, h, name=name: getattr(lib, name)(h.a))
        for name in ("abs", "relu", "exp", "sum")
    },
    **{
        name: (lambda lib, _, h, name=name: getattr(lib, name)(h.a, h.b)) for name in ("add", "mul")
    },
    "mul number": lambda lib, _, h: lib.mul(h.a, 1.5),
    "add row": lambda lib, _, h: lib.add(h.a, h.row),
    "add column": lambda lib, _, h: lib.add(h.a, h.column),
    "sum dim 0": lambda lib, _, h: lib.sum(h.a, 0),
    "mean dim 1": lambda lib, _, h: lib.mean(h.a, 1),
    "max dim 1": lambda lib, _, h: lib.max(h.a, 1),
    "softmax dim 1": lambda lib, _, h: lib.softmax(h.a, 1),
    "layer_norm": lambda lib, _, h: lib.nn.functional.layer_norm(h.a, (COLUMNS,), h.row, h.row),
    "cross_entropy": lambda lib, t, h: lib.nn.functional.cross_entropy(h.a, t.labels),
    "where": lambda lib, t, h: lib.where(t.mask, h.a, h.b),
    "cumsum dim 1": lambda lib, _, h: lib.cumsum(h.a, 1),
    "sort dim 1": lambda lib, _, h: lib.sort(h.a, 1),
    "topk 10": lambda lib, _, h: lib.topk(h.a, 10, 1),
    "kthvalue": lambda lib, _, h: lib.kthvalue(h.a, 5, 1),
}
HALF: dict[str, Case] = {
    f"{name} {kind}": (
        lambda lib, t, case=case, kind=kind: case(lib, t, t.halves[getattr(lib, kind)])
    )
    for kind in ("float16", "bfloat16")
    for name, case in _OF_HALVES.items()
}

FAMILIES = {
    "unary": UNARY, "activation": ACTIVATION, "binary": BINARY, "conditional": CONDITIONAL,
    "reduction": REDUCTION, "scan": SCAN, "narrow": NARROW, "loss": LOSS, "copy": COPY,
    "index": INDEX, "sort": SORT, "cast": CAST, "inplace": INPLACE, "in-place, anew": FADING,
    "random": RANDOM, "half": HALF,
}  # fmt: skip

DIFFERENTIABLE: dict[str, list[str]] = {
    "unary": "abs acos asin atan cos cosh erf exp expm1 log log1p reciprocal rsqrt sigmoid sin "
    "sqrt tan tanh".split(),
    "activation": "celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid "
    "mish relu selu silu softplus softshrink glu prelu".split()
    + ["softmax dim 0", "softmax dim 1", "log_softmax dim 1", "gelu tanh"],
    "binary": ["add", "mul", "div", "pow", "atan2", "maximum", "add row", "mul row"],
    "conditional": ["where", "clamp", "lerp", "addcmul", "masked_fill"],
    "reduction": ["sum", "mean", "amax dim 1", "max dim 1", "var", "std", "norm"]
    + ["logsumexp dim 1", "prod dim 1"],
    "scan": ["cumsum dim 1", "cumprod dim 1"],
    "loss": ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy"]
    + ["bce with logits", "cross_entropy", "nll_loss", "kl_div", "normalized rows"],
    "copy": ["cat dim 1", "flip dim 0", "tril", "repeat"],
    "index": ["index_select dim 0", "gather dim 1", "embedding"],
}
"""Cases whose gradients are timed too."""


def backward(case: Case, lib: Library, t: Inputs) -> Callable[[], object]:
    """A call that goes backward through `case`, again and again, to all that it reads."""
    leaves = (t.a, t.b, t.c, t.p, t.row)
    for leaf in leaves:
        leaf.requires_grad_()
    out = case(lib, t)
    out = out if isinstance(out, lib.Tensor) else out[0]
    g = lib.ones_like(out)

    def call() -> None:
        for leaf in leaves:
            leaf.grad = None
        out.backward(g, retain_graph=True)

    return call


def nbytes(result: object, t: Inputs) -> float:
    """Bytes of the result and of one full input: what a case must move at least."""
    tensors = result if isinstance(result, tuple) else (result,)
    return float(t.a.nbytes + sum(x.nbytes for x in tensors))


def row(
    name: str,
    calls: dict[str, Callable[[], object]],
    moved: float,
    seconds: float,
    setup: Callable[[], object] | None,
) -> Row:
    """One line of the table. Each finds its own 1.6 MB in the cache, where both have no room."""
    times = take_turns(calls, seconds, kept=0 if setup else 2, setup=setup)
    return Row("elementwise", name, times, nbytes=moved, targets=TARGETS)


def rows(seconds: float, only: str = "") -> Iterator[Row]:
    """The table, forward first; `seconds` for each row, and only rows whose name holds `only`."""
    libraries = {OURS: minitorch_np, PEER: torch}
    inputs = {name: Inputs(lib) for name, lib in libraries.items()}

    crowd = np.zeros(1 << 21)  # written last, so that no copy is nearer than the other

    def refresh() -> None:
        for t in inputs.values():
            t.work.copy_(t.a)
        crowd.fill(0)

    for family, cases in FAMILIES.items():
        for case_name, case in cases.items():
            name = f"{family}: {case_name}"
            if only in name:
                refresh()
                calls = {
                    who: (lambda case=case, lib=lib, t=inputs[who]: case(lib, t))
                    for who, lib in libraries.items()
                }
                moved = nbytes(calls[PEER](), inputs[PEER])
                yield row(name, calls, moved, seconds, refresh if cases is FADING else None)
    for family, names in DIFFERENTIABLE.items():
        for case_name in names:
            name = f"backward: {case_name}"
            if only in name:
                case = FAMILIES[family][case_name]
                calls = {who: backward(case, lib, Inputs(lib)) for who, lib in libraries.items()}
                yield row(name, calls, 2.0 * inputs[PEER].a.nbytes, seconds, None)


def main() -> None:
    """Prints the table, the slowest row last, and the geometric mean."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.05, help="time for each row")
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose name holds it")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    minitorch_np.set_num_threads(1)
    done: list[Row] = []
    for one in rows(arguments.seconds, arguments.only):
        done.append(one)
        ours, theirs = (one.times[who].best * 1e6 for who in (OURS, PEER))
        print(
            f"{one.case:32} {ours:>9.1f} us  PyTorch {theirs:>9.1f}  ratio {one.ratio(PEER):.2f}",
            flush=True,
        )
    ratios = [one.ratio(PEER) for one in done]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"{len(done)} rows, geometric mean {mean:.2f}")
    for limit in (1.5, 1.0):
        above = sorted((one.ratio(PEER), one.case) for one in done if one.ratio(PEER) > limit)
        print(f"above {limit}: {len(above)}:", ", ".join(f"{n} {r:.2f}" for r, n in above))


if __name__ == "__main__":
    main()
