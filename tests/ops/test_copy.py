import itertools
import random
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.kernels import copies
from tests.ops.layouts import on_every_layout, pairs
from tests.oracle import DTYPES, FLOATING, LAYOUTS, ours, same, sample

NAMES = [str(d).removeprefix("torch.") for d in DTYPES]


def dtype_of(library: Any, name: str) -> Any:
    """A dtype of either library."""
    if library is minitorch_np:
        return next(d for d in minitorch_np.dtypes.ALL if d.name == name)
    return getattr(library, name)


ON_LAYOUTS: dict[str, Callable[..., Any]] = {
    "clone": lambda torch, x: x.clone(),
    "clone_contiguous": lambda torch, x: x.clone(memory_format=torch.contiguous_format),
    "contiguous": lambda torch, x: x.contiguous(),
    "to": lambda torch, x: [x.to(torch.int32), x.to(torch.float64), x.to(torch.int64)],
    "to_copy": lambda torch, x: x.to(torch.int64, copy=True),
    "fill": lambda torch, x: torch.fill(x, 3),
    "fill_": lambda torch, x: x.clone().fill_(7),
}


@pytest.mark.parametrize("name", ON_LAYOUTS)
def test_every_layout(name: str) -> None:
    on_every_layout(ON_LAYOUTS[name], shares=False, every=2)


def test_copies_between_pairs_of_layouts() -> None:
    rng = random.Random(0)
    by_shape: dict[Any, Any] = {}
    for pair in pairs():
        by_shape.setdefault(pair[0].sizes, []).append(pair)
    for _ in range(300):
        (a, t), (b, u) = rng.choices(rng.choice(list(by_shape.values())), k=2)
        mine, theirs = ours(t), t.clone(memory_format=torch.preserve_format)
        whole = torch.zeros(24, dtype=torch.int64)
        target = ours(whole)
        theirs = whole.as_strided(t.shape, t.stride(), t.storage_offset()).copy_(u)
        mine = target.alias(a.sizes, a.strides, a.offset).copy_(b)
        assert np.array_equal(target.array, whole.numpy())
        assert mine.stride() == theirs.stride()


RECORDED: dict[str, Callable[..., Any]] = {
    "clone": lambda torch, x: [x.clone(), torch.clone(x)],
    "contiguous": lambda torch, x: [x.contiguous(), x.mT.contiguous()],
    "to": lambda torch, x: [x.to(torch.float64), x.to(torch.float16), x.to(torch.int32)],
    "to_keyword": lambda torch, x: x.to(dtype=torch.float64),
    "to_device": lambda torch, x: [x.to("cpu"), x.to("cpu", torch.float64), x.to(device="cpu")],
    "to_other": lambda torch, x: x.to(x.detach().double()),
    "to_same": lambda torch, x: [x.to(torch.float32), x.to(), x.to(None), x.cpu(), x.float()],
    "to_copy": lambda torch, x: [
        x.to(torch.float32, copy=True), x.to("cpu", torch.float32, False, True),
    ],
    "to_flags": lambda torch, x: x.to(torch.float32, True, True),
    "to_python": lambda torch, x: [x.to(float), x.to(int), x.to(bool)],
    "type": lambda torch, x: [x.type(torch.float64), x.type("torch.DoubleTensor"), x.type()],
    "type_as": lambda torch, x: x.type_as(x.detach().half()),
    "float": lambda torch, x: [x.float(), x.double(), x.half(), x.bfloat16()],
    "int": lambda torch, x: [x.int(), x.long(), x.short(), x.char(), x.bool(), x.abs().byte()],
    "fill": lambda torch, x: torch.fill(x, 2.5),
    "fill_tensor": lambda torch, x: torch.fill(x, x.sum()),
    "fill_": lambda torch, x: (x * x).fill_(2),
    "fill_tensor_": lambda torch, x: (x * x).fill_((x * x).sum()),
    "zero_": lambda torch, x: [(x * x).zero_(), torch.zero_(x * x)],
    "copy_": lambda torch, x: (x * 1).copy_(x * x),
    "copy_broadcast": lambda torch, x: (x * 1).copy_((x * x).select(-1, 0).unsqueeze(-1)),
    "copy_number": lambda torch, x: (x * 1).copy_(3),
    "copy_itself": lambda torch, x: x.detach().copy_(x.detach()),
    "copy_converts": lambda torch, x: (x * 1).copy_((x * x).double()),
    "is_same_size": lambda torch, x: [torch.is_same_size(x, x.mT), x.is_same_size(x)],
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_copies(name: str) -> None:
    f = RECORDED[name]
    same(f, sample(2, 3, 4), second=True, exact="sum" not in name)
    same(lambda torch, x: f(torch, x * x), sample(2, 3, dtype=torch.float64), second=True)
    same(f, sample(2, 0))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["clone", "contiguous", "to", "fill", "copy_", "copy_broadcast"])
def test_gradients_of_other_layouts(name: str, layout: str) -> None:
    same(RECORDED[name], sample(2, 3, 4, layout=layout))


FORMATS: dict[str, Callable[..., Any]] = {
    "clone": lambda torch, x, f: x.clone(memory_format=f),
    "to": lambda torch, x, f: x.to(memory_format=f),
    "to_dtype": lambda torch, x, f: x.to(torch.float64, memory_format=f),
    "contiguous": lambda torch, x, f: x.contiguous(memory_format=f),
    "double": lambda torch, x, f: x.double(memory_format=f),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("layout", [*LAYOUTS, "channels_last"])
def test_memory_formats(name: str, layout: str) -> None:
    f = FORMATS[name]
    for shape in [(2, 3, 2, 4), (2, 1, 1, 4), (2, 3, 2, 2, 2), (2, 3)]:
        x = sample(*shape, layout=layout)
        same(lambda torch, x: f(torch, x, torch.channels_last), x)
        same(lambda torch, x: f(torch, x, torch.channels_last_3d), x)
        same(lambda torch, x: f(torch, x, torch.contiguous_format), x)
        same(lambda torch, x: f(torch, x, torch.preserve_format), x)


CASTS: list[float] = [
    0.0, -0.0, 0.4, 0.5, 1.5, 2.5, -0.5, -1.5, 3.7, 100.3, -100.3, 127.0, 128.0, 200.0, 255.0,
    256.0, 300.0, -1.0, -129.0, 32767.0, 40000.0, 65504.0, 65519.0, 65520.0, 1e5, 2049.0,
    2050.0, 2051.0, 1 + 2**-11 + 2**-30, 1 + 2**-8 + 2**-28, 6e-8, 2e-8, 3e-8, 1e-40, 3e38,
    3.4e38, 3.395e38,
]  # fmt: skip
"""In range, out of range where C++ still defines the answer, and on the edges of rounding."""


@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("target", NAMES)
def test_conversions(source: str, target: str) -> None:
    numbers = torch.tensor(CASTS, dtype=torch.float64)
    if target.startswith(("int", "uint")):
        limit = 2 ** (31 if target.startswith("int32") or target == "int64" else 15)
        numbers = numbers[numbers.abs() < min(limit, 2**15)]
    x = numbers.to(getattr(torch, source))
    if target.startswith(("int", "uint")):
        x = x[x.double().isfinite()]
    same(lambda torch, x: x.to(dtype_of(torch, target)), x, exact=True, grad=False)
    same(lambda torch, x: torch.cat([x, x]).to(dtype_of(torch, target)), x, exact=True, grad=False)


@pytest.mark.parametrize("dtype", FLOATING)
def test_infinities_and_nan(dtype: torch.dtype) -> None:
    x = torch.tensor([float("inf"), -float("inf"), float("nan")], dtype=dtype)
    for name in ("bool", "float16", "bfloat16", "float32", "float64"):
        same(lambda torch, x, name: x.to(dtype_of(torch, name)), x, name)


def around_halves(name: str) -> torch.Tensor:
    """Every number of a half type as float32, the middles between neighbours, and what is next to
    both: infinities, nans of all kinds, the smallest numbers and those too large among them."""
    every = torch.arange(1 << 16).to(torch.int16).view(getattr(torch, name)).float()
    middles = (every + torch.roll(every, -1)) / 2
    bits = torch.cat([every, middles]).view(torch.int32)
    return torch.cat([bits, bits + 1, bits - 1]).view(torch.float32)


def bits_but_nan(torch: Any, x: Any) -> Any:
    """The bits of a tensor of a half type, and which of its elements are nan, whose bits differ
    between CPUs."""
    return x.isnan(), torch.where(x.isnan(), 0, x.view(torch.int16))


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_halves_are_rounded_to_even_everywhere(name: str) -> None:
    x = around_halves(name)
    given = {
        "whole": x, "double": x.double(), "double between": x.double() * (1 + 2**-40),
        "transposed": x.view(-1, 256).t(), "strided": x.view(-1, 256)[:, ::3],
        "backwards": x.view(-1, 256).flip(1)[1:, 1:],
    }  # fmt: skip
    for tensor in given.values():
        same(lambda torch, x: bits_but_nan(torch, x.to(dtype_of(torch, name))), tensor, exact=True)
        same(lambda torch, x: x.to(dtype_of(torch, name)), tensor, exact=True)
        same(
            lambda torch, x: x.new_empty(x.shape, dtype=dtype_of(torch, name)).copy_(x),
            tensor,
            exact=True,
        )


@np.errstate(invalid="ignore")  # which the comparison of signalling nans raises
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_every_half_is_widened(name: str) -> None:
    every = torch.arange(1 << 16).to(torch.int16).view(getattr(torch, name))
    for x in (every, every.view(-1, 256).t(), every.view(-1, 256)[:, ::3]):
        for target in ("float32", "float64", "bool", "float16", "bfloat16"):
            same(lambda torch, x, target: x.to(dtype_of(torch, target)), x, target, exact=True)
        same(lambda torch, x: torch.signbit(x.float()), x)


def test_every_byte_is_widened() -> None:
    every = torch.arange(1 << 15).to(torch.uint8).view(-1, 256)
    for x in (every, every.t(), every[:, ::3]):
        same(lambda torch, x: [x.float(), x.to(torch.float32, copy=True)], x, exact=True)
        same(lambda torch, x: torch.zeros(x.shape).copy_(x), x, exact=True)


@numba.njit
def round_by_arithmetic(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = copies.rounded_half(x[i])


@numba.njit
def widen_by_arithmetic(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = copies.widened_half(x[i])


def test_halves_by_arithmetic_are_those_of_the_cpu() -> None:
    x = around_halves("float16").numpy()
    halves = np.empty(x[::7].shape, np.uint16)
    round_by_arithmetic(x[::7], halves)
    theirs = torch.from_numpy(x[::7].copy()).half().view(torch.int16).numpy().view(np.uint16)
    quiet = np.where(np.isnan(x[::7]), halves & 0x7E00, halves)
    assert np.array_equal(quiet, np.where(np.isnan(x[::7]), theirs & 0x7E00, theirs))
    every = np.arange(1 << 16, dtype=np.uint16)
    wide = np.empty(every.shape, np.float32)
    widen_by_arithmetic(every, wide)
    theirs = torch.from_numpy(every.view(np.int16)).view(torch.float16).float().numpy()
    assert np.array_equal(wide, theirs, equal_nan=True)
    assert np.array_equal(np.signbit(wide), np.signbit(theirs))


FILLED = [
    0, 3, -1, 2.5, -2.5, True, 127.5, 128, -128.5, 255.9, 256, -200, -256, 300, 65519.0,
    65520.0, 1e6, 3.4e38, 1e60, 1e308, 2**40, -(2**40), 2**62, 2**70, 2.0**63, float("nan"),
    float("inf"),
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_tensors_are_filled(dtype: torch.dtype) -> None:
    x = torch.zeros(70, 90, dtype=dtype) + 1
    for value in (-0.0, 2.5, 1, True, 3e-42):
        for given in (x, x.t(), x[:, 1:], x[::2], x.view(7, 10, 90).transpose(0, 1)):
            same(lambda torch, x, value: x.fill_(value), given, value, exact=True)
            same(lambda torch, x, value: x.copy_(torch.tensor(value)), given, value, exact=True)
            same(lambda torch, x: x.zero_(), given, exact=True)
    same(lambda torch, x: torch.signbit(x.float().fill_(-0.0)), x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_fill_converts_or_refuses(dtype: torch.dtype) -> None:
    for value in FILLED:
        same(lambda torch, x, value: x.fill_(value), torch.zeros(2, dtype=dtype), value)


ERRORS: dict[str, Callable[..., Any]] = {
    "copy_": lambda torch, x: x.copy_(x.t()),
    "copy_larger": lambda torch, x: x.select(0, 0).copy_(x.clone()),
    "copy_clash": lambda torch, x: x.copy_(x.clone().narrow(1, 0, 2)),
    "copy_expanded": lambda torch, x: x.select(0, 0).expand(2, 3).copy_(x),
    "copy_overlap": lambda torch, x: x.view(-1).narrow(0, 1, 3).copy_(x.view(-1).narrow(0, 0, 3)),
    "copy_transposed": lambda torch, x: x.view(-1).narrow(0, 0, 4).view(2, 2).copy_(
        x.view(-1).narrow(0, 0, 4).view(2, 2).t()
    ),
    "fill_": lambda torch, x: x.fill_(x),
    "fill_one": lambda torch, x: x.fill_(x.view(-1).narrow(0, 0, 1)),
    "contiguous": lambda torch, x: x.contiguous(memory_format=torch.preserve_format),
    "channels": lambda torch, x: x.clone(memory_format=torch.channels_last),
    "device": lambda torch, x: x.to("nonsense"),
    "to_format": lambda torch, x: x.to(torch.preserve_format),
    "type": lambda torch, x: x.type("nonsense"),
    "leaf": lambda torch, x: x.requires_grad_().zero_(),
    "leaf_copy": lambda torch, x: x.requires_grad_().copy_(x),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    same(ERRORS[name], sample(2, 3, grad=False))


def test_expanded_tensors_can_be_filled() -> None:
    same(lambda torch, x: x.expand(4, 3).fill_(2), torch.zeros(3))
    same(lambda torch, x: x.expand(4, 3).zero_(), torch.ones(3))


def test_there_is_no_other_device() -> None:
    for f in (lambda x: x.cuda(), lambda x: x.to("cuda:1"), lambda x: x.to(0), lambda x: x.cuda(1)):
        with pytest.raises(RuntimeError, match=r"^minitorch_np runs on the CPU only: .*cuda.*$"):
            f(ours(sample(2)))


def test_copies_into_integers_have_no_history() -> None:
    same(lambda torch, x, y: x.copy_(y), torch.zeros(2, 3, dtype=torch.int64), sample(2, 3))


@pytest.mark.parametrize(
    "dtypes", list(itertools.product(["float16", "float32", "float64"], repeat=2))
)
def test_gradients_come_back_in_the_inputs_dtype(dtypes: tuple[str, str]) -> None:
    a, b = [getattr(torch, name) for name in dtypes]
    same(lambda torch, x, y: (x * 1).copy_(y * y), sample(2, 3, dtype=a), sample(2, 3, dtype=b))
    same(lambda torch, x: x.to(dtype_of(torch, dtypes[1])), sample(2, 3, dtype=a))


def test_a_write_is_counted_once() -> None:
    def write(torch: Any, x: Any) -> Any:
        versions = [x._version]
        for change in (x.zero_, lambda: x.fill_(2), lambda: x.copy_(x), lambda: x.copy_(3)):
            change()
            versions.append(x._version)
        return versions

    same(write, sample(2, 3, grad=False))


EXTREME = [0.0, -0.0, 1.5, -1.5, 300.7, -300.7, 70000.0, 3000000123.0, -1e19, 1e39, 1e-42]
EXTREME += [float("inf"), -float("inf"), float("nan")]


@pytest.mark.parametrize("source", NAMES)
def test_conversions_of_a_form_met_before(source: str) -> None:
    """The second one goes by what the first decided; all values, bit by bit where they are ints."""
    values = torch.tensor(EXTREME, dtype=torch.float64).view(2, -1)
    safe = values.nan_to_num(0.0).clamp(0, 100).to(dtype_of(torch, source))  # in C all else is not
    x = values.to(dtype_of(torch, source)) if safe.is_floating_point() else safe

    def f(torch: Any, x: Any, safe: Any) -> Any:
        floats = [dtype_of(torch, n) for n in NAMES if "float" in n]
        others = [dtype_of(torch, n) for n in NAMES if "float" not in n]
        found = []
        for _ in range(2):
            for y in (x, x.t(), x[:, ::2], x[0, 2], x[:0], x[:, :1].expand(2, 3), x[:1]):
                found += [y.to(d) for d in floats]
            found += [y.to(d) for d in others for y in (safe, safe.t(), safe[0, 2])]
            found += [
                y.clamp(-5e9, 5e9).to(torch.uint8) for y in (x, x[0, 6]) if x.dtype.itemsize > 2
            ]
            found += [x.clone(), x.t().clone(), x[:1].t().clone(), x[:0].clone(), x[0, 1].clone()]
            found += [x.t().clone(memory_format=torch.contiguous_format)]
        return found

    same(f, x, safe, exact=True, grad=False)


def test_copies_into_the_same_form() -> None:
    """Memory that is shared in part is refused, and what is shared in whole is left alone."""

    def f(torch: Any, how: str) -> Any:
        x, y = torch.arange(12.0).view(3, 4), torch.arange(12.0, 24.0).view(3, 4)
        names = {"torch": torch, "x": x, "y": y, "p": torch.nn.Parameter(torch.ones(3, 4))}
        again = [eval(how, names) for _ in range(2)]
        return x, y, x._version, y._version, again

    for how in [
        "x.copy_(y)", "x.t().copy_(y.t())", "x[:2].copy_(x[1:])", "x[1:].copy_(x[:2])",
        "x.view(-1)[:3].copy_(x.view(-1)[2:5])", "x.copy_(x.detach())", "x[0].copy_(x[1])",
        "x[:, ::2].copy_(y[:, ::2])", "x[:, 0].copy_(y[:, 0])", "x[:0].copy_(y[:0])",
        "x[0, 0].copy_(y[0, 0])", "x[0].expand(2, 4).copy_(y[:2].clone())",
        "x[0].expand(2, 4).copy_(y[0].expand(2, 4))", "x.copy_(p)", "(x * p).copy_(y)",
        "p.copy_(y)", "p.detach().copy_(y)", "p.data.copy_(y)", "x.view_as(x).copy_(y)",
        "torch.no_grad()(lambda: p.copy_(y))()",
        "torch.inference_mode()(lambda: torch.ones(3, 4).copy_(y))()",
    ]:  # fmt: skip
        same(lambda torch, how=how: f(torch, how))


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_that_fill_as_they_are(dtype: torch.dtype) -> None:
    name = str(dtype).removeprefix("torch.")
    numbers = [0, 1, -1, True, 0.0, 2.5, -2.5, float("nan"), float("inf"), 127, 128, 2**24 + 1]
    numbers += [2**53 + 1, 2**62 + 1, -(2**63), 1e300, 3.5e38, 65535.0, 1e-300]
    for number in numbers:

        def f(torch: Any, n: Any = number) -> Any:
            x = torch.zeros(3, 4, dtype=dtype_of(torch, name))
            return x.fill_(n), x.t()[1:].fill_(n), x[:, ::2].fill_(n), x._version

        same(f, exact=True)
