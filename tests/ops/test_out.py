"""`out=` of every op that has it: gradients, dtypes, shapes and overlaps that PyTorch refuses."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from minitorch_np.op import REGISTRY
from reference.opdb import entries
from tests import versions
from tests.oracle import same, sample

UNARY = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh deg2rad erf erfc erfinv exp exp2 expm1 "
    "floor frac isneginf isposinf log log10 log1p log2 logical_not logit nan_to_num neg rad2deg "
    "reciprocal round rsqrt sigmoid sign signbit sgn sin sinc sinh sqrt tan tanh tril triu trunc"
)
BINARY = (
    "add atan2 copysign div eq floor_divide fmax fmin fmod ge gt hypot le logaddexp logaddexp2 "
    "logical_and logical_or logical_xor lt maximum minimum mul ne pow remainder sub xlogy"
)
BITS = "bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor"
ALONG = (
    "all amax amin any argmax argmin cummax cummin cumprod cumsum kthvalue log_softmax "
    "logcumsumexp logsumexp max mean median min nanmedian nansum prod softmax sort std sum topk var"
)
X, Y, V, INT, MASK = "x", "y", "v", "i", "m"
"""Stand for tensors: two matrices, a vector, indices, and bools."""

CALLS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(UNARY.split(), (X,)),
    **dict.fromkeys(BINARY.split(), (X, Y)),
    **dict.fromkeys(BITS.split(), (INT, INT)),
    **dict.fromkeys(ALONG.split(), (X, 1)),
    "bitwise_not": (INT,), "addbmm": (X, "b", "b"), "addcdiv": (X, Y, Y), "addcmul": (X, Y, Y),
    "addmm": (X, X, Y), "addmv": (V, X, V), "addr": (X, V, V), "aminmax": (X,),
    "baddbmm": ("b", "b", "b"),
    "bernoulli": ("p",), "bmm": ("b", "b"), "cat": ([X, Y],), "clamp": (X, 0.5, 1.0),
    "clamp_max": (X, 1.0), "clamp_min": (X, 0.5), "dot": (V, V), "gather": (X, 1, INT),
    "index_add": (X, 0, "j", Y), "index_copy": (X, 0, "j", Y), "index_select": (X, 0, "j"),
    "kthvalue": (X, 2), "lerp": (X, Y, 0.5), "linalg.cross": (X, Y), "linalg.vector_norm": (X,),
    "masked_select": (X, MASK), "mm": (X, Y), "multinomial": ("p", 2), "mv": (X, V),
    "nonzero": (X,), "normal": (X, 1.0), "scatter": (X, 1, INT, Y), "scatter_add": (X, 1, INT, Y),
    "searchsorted": (V, X), "stack": ([X, Y],), "take": (X, INT), "topk": (X, 2),
    "vdot": (V, V), "where": (MASK, X, Y), "alias_copy": (X,), "detach_copy": (X,),
    "as_strided_copy": (X, (2, 2), (1, 2)), "diagonal_copy": (X,), "expand_copy": (X, (3, 3)),
    "permute_copy": (X, (1, 0)), "select_copy": (X, 0, 1),
    "slice_copy": (X, 0, 1, 3), "squeeze_copy": (X,), "t_copy": (X,), "transpose_copy": (X, 0, 1),
    "unfold_copy": (X, 0, 2, 1), "unsqueeze_copy": (X, 0), "view_copy": (X, (9,)),
    "histc": (X, 5), "slice_scatter": (X, Y, 0), "index_reduce": (X, 0, "j", Y, "prod"),
    "scatter_reduce": (X, 1, INT, Y, "sum"),
}  # fmt: skip

COMPOSED: dict[str, tuple[Any, ...]] = {
    "bucketize": (X, V), "diff": (X,), "float_power": (X, 2), "inner": (X, X),
    "kron": (X, Y), "linalg.matrix_norm": (X, 1),
    "linalg.norm": (X,), "msort": (X,), "square": (X,), "tensordot": (X, Y, 1),
}  # fmt: skip
"""Functions with `out=` that are built from ops."""

CALLS |= COMPOSED

PUBLIC = {
    "max_all": "max", "max_dim": "max", "min_all": "min", "min_dim": "min",
    "median_dim": "median", "nanmedian_dim": "nanmedian", "where_self": "where",
    "vector_norm": "linalg.vector_norm", "linalg_cross": "linalg.cross", "normal_of": "normal",
    "softmax_along": "softmax", "log_softmax_along": "log_softmax", "nonzero_matrix": "nonzero",
    "view_size_copy": "view_copy", "view_dtype_copy": "view_copy",
}  # fmt: skip
"""The public names of ops that have another here."""

UNREACHED = set(
    "celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu log_sigmoid mish relu silu "
    "softplus softshrink threshold narrow_copy nonzero_static".split()
)
"""Ops whose `out=` torch's public functions do not take; the last two have tests of their own."""

OUTS: dict[str, Callable[[Any, Any], Any]] = {
    "fits": lambda torch, t: torch.empty_like(t),
    "leaf": lambda torch, t: torch.zeros(t.shape, requires_grad=True),
    "no leaf": lambda torch, t: torch.zeros(t.shape, requires_grad=True) * 1,
    "empty": lambda torch, t: torch.empty(0, dtype=t.dtype),
    "strided": lambda torch, t: torch.empty((*t.shape, 2), dtype=t.dtype)[..., 0],
    "float64": lambda torch, t: torch.empty(t.shape, dtype=torch.float64),
    "expanded": lambda torch, t: torch.empty((1,) * t.dim(), dtype=t.dtype).expand(t.shape),
}
"""Results of many kinds, from one that fits."""

UNUSABLE = set("amax amin argmax argmin histc nansum prod std sum var".split())
"""Ops that take a result whose elements overlap, and leave there what nobody can use."""


def tensors(grad: bool) -> dict[str, torch.Tensor]:
    """What the letters stand for."""
    return {
        X: sample(3, 3, low=0.1, high=2, grad=grad),
        Y: sample(3, 3, low=0.1, high=2, seed=1, grad=grad),
        V: sample(3, grad=grad),
        "b": sample(3, 3, 3, grad=grad),
        "p": sample(3, 3, low=0.1, high=0.9, grad=grad),
        INT: torch.tensor([[0, 2, 1], [1, 1, 0], [2, 0, 2]]),
        "j": torch.tensor([2, 0, 1]),
        MASK: torch.tensor([[True, False, True]] * 3),
    }


def filled(spec: Any, values: dict[str, Any]) -> Any:
    """Arguments with tensors in place of their letters."""
    if isinstance(spec, (tuple, list)):
        return type(spec)(filled(s, values) for s in spec)
    return values.get(spec, spec) if isinstance(spec, str) else spec


def compare(
    name: str, make: Callable[[Any, Any, Any], Any], grad: bool, usable: bool = True
) -> None:
    """The same call under both libraries; `make` is given the first input and the result."""
    values = tensors(grad)
    names = [n for n in values if n in str(CALLS[name])]

    def f(torch: Any, *given: Any) -> Any:
        function = torch
        for part in name.split("."):
            function = getattr(function, part)
        args = filled(CALLS[name], dict(zip(names, given, strict=True)))
        torch.manual_seed(0)
        with torch.no_grad():
            usual = function(*args)
        several = usual if isinstance(usual, tuple) else (usual,)
        out = tuple(make(torch, args[0], t) for t in several)
        torch.manual_seed(0)
        done = function(*args, out=out if isinstance(usual, tuple) else out[0])
        return done if usable else done.shape

    same(f, *[values[n] for n in names], grad=False)


def test_every_op_with_out_is_here() -> None:
    have = {n for n, op in REGISTRY.items() if op.plan.has_out and n == op.plan.name}
    named = {PUBLIC.get(n, n) for n in have - UNREACHED}
    called = CALLS.keys() - COMPOSED.keys()
    assert called <= named
    database = {e.name for e in entries() if e.takes_out}  # and compared with it
    forms = {
        n: {n, n.replace("special_", "special."), f"nn.functional.{n}"} for n in named - called
    }
    assert {n for n, spelled in forms.items() if not spelled & database} <= {"conjugated"}


@pytest.mark.parametrize("name", CALLS)
def test_out(name: str) -> None:
    for what, make in OUTS.items():
        if what == "float64" and versions.unlike(name, "out"):
            continue
        for grad in (False, True):
            try:
                usable = what != "expanded" or name not in UNUSABLE
                compare(name, lambda torch, x, t, make=make: make(torch, t), grad, usable)
            except AssertionError as error:
                error.add_note(f"out is {what}; inputs that need gradients: {grad}")
                raise


@pytest.mark.parametrize("name", [n for n, args in CALLS.items() if args[0] in (X, INT, "p")])
def test_out_over_part_of_the_input(name: str) -> None:
    def part(torch: Any, x: Any, t: Any) -> Any:
        flat = torch.zeros(x.numel() + 1, dtype=x.dtype)
        x.data = flat[1:].view(x.shape)
        return flat[: t.numel()].view(t.shape) if t.dtype is x.dtype else torch.empty_like(t)

    compare(name, part, False)


@pytest.mark.parametrize("name", ["zeros", "ones", "rand", "eye", "arange", "linspace", "empty"])
def test_functions_without_inputs(name: str) -> None:
    def f(torch: Any, make: Any) -> Any:
        args = (0, 1, 3) if name == "linspace" else (3,)
        torch.manual_seed(0)
        return getattr(torch, name)(*args, out=make(torch, torch.zeros(3))).shape

    for what in ("fits", "leaf", "no leaf", "expanded"):
        same(f, OUTS[what])


@pytest.mark.parametrize("name", ["dot", "vdot"])
def test_out_that_is_resized_though_it_is_read(name: str) -> None:
    for n in (1, 3):
        same(lambda torch, x, y: getattr(torch, name)(x, y, out=x), *[sample(n, grad=False)] * 2)


def test_what_is_no_tensor() -> None:
    same(lambda torch, x: torch.exp(x, out=3), sample(3, grad=False))
    same(lambda torch, x: torch.neg(x, out="x"), sample(3, 3, grad=False))
    same(lambda torch, x: torch.exp(x, out=None), sample(3))


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_diff_writes_its_last_step(n: int) -> None:
    for x in (sample(3, grad=False), torch.tensor([True, False, False]), torch.arange(3)):
        for make in (OUTS["empty"], OUTS["fits"]):
            same(lambda torch, x, make=make: torch.diff(x, n, out=make(torch, x)), x)
    same(lambda torch, x: torch.diff(x, n, out=torch.zeros(1, dtype=torch.int64)), x.double())
